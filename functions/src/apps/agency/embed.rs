//! What is new or has changed gets its vector, by call and by the schedule. A change of the text takes
//! the old one away, in the database, so nothing is ever found by what it said before.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::runs::Question;
use super::{Agency, RAISE, Within};
use crate::apps::Asked;
use crate::apps::llm::Purse;
use crate::apps::vectors::{Bare, refused};
use crate::lease::Lease;
use crate::problem::Problem;
use crate::transport::Runtime;

/// As many rows as one request takes.
const MOST: u32 = 50;
/// Organizations of which one run embeds a part.
const ORGANIZATIONS_AT_ONCE: u32 = 5;
/// For how long an organization is left alone that cannot be served: its budget is spent, or the model is
/// away.
const PAUSE_SECONDS: u64 = 1_800;
/// What is left of a run's time when nothing more is begun.
const RESERVE: Duration = Duration::from_secs(8);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    within: Within,
}

impl<R: Runtime> Agency<'_, R> {
    /// Embeds the oldest rows that the caller sees and that have no vector.
    pub(super) async fn embed(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let Order { within } = asked.json()?;
        let columns = match within {
            Within::Documents => "id,updated_at,tenant:org_id,title,content",
            Within::Interactions => "id,updated_at,tenant:org_id,title:subject,content:summary",
        };
        let of = json!({ "p_app": "agency", "p_source": within.table(), "p_tenant": self.org });
        let alone = self.desk.own()?.call("refused_embeddings", &of).await?;
        let alone: Vec<String> = serde_json::from_value(alone).unwrap_or_default();
        let caller = self.desk.as_caller();
        let rows = caller.rows::<Bare>(within.table(), |table| {
            let query = table.select(columns).eq("org_id", &self.org);
            let query = query.eq("record_status", "active").is("embedding", "null");
            let query = query.not("in", "id", format!("({})", alone.join(",")));
            query
                .order("created_at.asc,id.asc")
                .limit(MOST as usize + 1)
        });
        let mut rows = rows.await?;
        let more = rows.len() > MOST as usize;
        rows.truncate(MOST as usize);
        if rows.is_empty() {
            return Ok(json!({ "embedded": 0, "more": false, "run_id": null }));
        }
        let (stored, run) = self.embed_now(self.purse().await?, within, &rows).await?;
        Ok(json!({ "embedded": stored, "more": more, "run_id": run }))
    }

    /// Embeds what is new or has changed, of some organizations and for nobody, each within its budget.
    pub(in crate::apps) async fn embed_due(mut self) -> Result<(), Problem> {
        let Ok(settings) = self.desk.llm_settings() else {
            return Ok(());
        };
        let own = self.desk.own()?;
        let wanted = json!({ "p_organizations": ORGANIZATIONS_AT_ONCE });
        let due = own.call("due_agency_embeddings", &wanted).await?;
        let due: Vec<Bare> = serde_json::from_value(due).unwrap_or_default();
        for rows in
            due.chunk_by(|one, other| (&one.tenant, &one.source) == (&other.tenant, &other.source))
        {
            let Some(first) = rows.first() else { continue };
            let mut all = [Within::Documents, Within::Interactions].into_iter();
            let within = all.find(|within| within.table() == first.source);
            let Some(within) = within.filter(|within| settings.embeds(within.places())) else {
                continue;
            };
            if self.desk.budget.left(self.desk.runtime.now_ms()) <= RESERVE {
                break;
            }
            first.tenant.clone_into(&mut self.org);
            let name = format!("agency/embed/{}", self.org);
            let holder = self.desk.request_id;
            let Some(lease) = Lease::take(&own, &name, holder, PAUSE_SECONDS).await? else {
                continue;
            };
            let purse = Purse {
                tenant: &self.org,
                cents: first.budget_cents,
                hint: RAISE,
            };
            // Else it keeps the lease, and no other organization waits for that.
            match self.embed_now(purse, within, rows).await {
                Err(problem) if !refused(&problem) => {}
                _ => lease.give_back().await,
            }
        }
        Ok(())
    }

    /// Embeds rows of the organization. Gives how many it was, and the run.
    async fn embed_now(
        &self,
        purse: Purse<'_>,
        within: Within,
        rows: &[Bare],
    ) -> Result<(Value, String), Problem> {
        let model = self.desk.llm_settings()?.embedding_model();
        let question = Question {
            purpose: "embed",
            project: None,
            model,
            key: String::new(),
        };
        let table = within.table();
        let called = self.desk.embed_rows(purse, table, rows, within.places());
        let (vectors, run) = self.finish(&question, called.await?, |_| None).await?;
        let arguments = json!({
            "p_org": self.org, "p_table": table, "p_model": model, "p_rows": vectors,
        });
        let own = self.desk.own()?;
        let stored = own.call("store_agency_embeddings", &arguments).await?;
        Ok((stored, run))
    }
}
