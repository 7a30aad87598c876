//! What is new or has changed gets its vector. A change of the text takes the old one away, in the
//! database, so nothing is ever found by what it said before.

use serde::Deserialize;
use serde_json::{Value, json};

use super::runs::Question;
use super::{Agency, Within};
use crate::apps::Asked;
use crate::apps::llm::vector_text;
use crate::problem::Problem;
use crate::transport::Runtime;

/// As many rows as one request takes, and how much of each: models read 8,192 tokens of a text.
const MOST: u32 = 50;
const LONGEST: usize = 8_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    within: Within,
}

/// A row without its vector.
#[derive(Deserialize)]
struct Row {
    id: String,
    updated_at: String,
    title: Option<String>,
    content: String,
}

impl<R: Runtime> Agency<'_, R> {
    /// Embeds the oldest rows that the caller sees and that have no vector.
    pub(super) async fn embed(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let order: Order = asked.json()?;
        let (table, columns) = match order.within {
            Within::Documents => ("documents", "id,updated_at,title,content"),
            Within::Interactions => (
                "crm_interactions",
                "id,updated_at,title:subject,content:summary",
            ),
        };
        let caller = self.desk.as_caller();
        let rows = caller.rows::<Row>(table, |table| {
            let query = table.select(columns).eq("org_id", &self.org);
            let query = query.eq("record_status", "active").is("embedding", "null");
            query
                .order("created_at.asc,id.asc")
                .limit(MOST as usize + 1)
        });
        let mut rows = rows.await?;
        let more = rows.len() > MOST as usize;
        rows.truncate(MOST as usize);
        let mut texts: Vec<String> = rows.iter().map(whole).collect();
        // One that says nothing is near to nothing; but it is asked about, so that it is not left over.
        for text in texts.iter_mut().filter(|text| text.is_empty()) {
            text.push('-');
        }
        if texts.is_empty() {
            return Ok(json!({ "embedded": 0, "more": false, "run_id": null }));
        }
        let settings = self.desk.llm_settings()?;
        let model = settings.embedding.as_ref().map(|(model, _)| model.as_str());
        let model = model.unwrap_or_default();
        let question = Question {
            purpose: "embed",
            project: None,
            model,
            key: String::new(),
        };
        let purse = self.purse().await?;
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        let called = self.desk.embed(purse, &all, order.within.places()).await?;
        let (vectors, run) = self.finish(&question, called, |_| None).await?;
        let embedded: Vec<Value> = rows
            .iter()
            .zip(&vectors)
            .map(|(row, vector)| {
                json!({ "id": row.id, "updated_at": row.updated_at, "vector": vector_text(vector) })
            })
            .collect();
        let arguments = json!({
            "p_org": self.org, "p_table": table, "p_model": model, "p_rows": embedded,
        });
        let own = self.desk.own()?;
        let stored = own.call("store_agency_embeddings", &arguments).await?;
        Ok(json!({ "embedded": stored, "more": more, "run_id": run }))
    }
}

fn whole(row: &Row) -> String {
    let title = row.title.as_deref().unwrap_or_default();
    let mut text = format!("{title}\n\n{}", row.content).trim().to_owned();
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}
