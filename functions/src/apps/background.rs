//! What the apps do when nobody waits for it: effects that a request left unfinished, events that came
//! in, and the deleting of what is past its time. The schedule calls it ([`crate::schedule`]), and for
//! events so does the run after an answer.
//!
//! **To hang something here**, add an arm to the function concerned; what it may do as the Worker's
//! role is the policy's matter, as ever. `Backstage::desk` gives an app's desk, with time of its own.

use std::time::Duration;

use reqwest::StatusCode;

use super::advisory::{self, Advisory};
use super::agency::{self, Agency};
use super::coaching::{self, Coaching};
use super::desk::Desk;
use super::{assistant, portal};
use crate::caller::Caller;
use crate::edge::Edge;
use crate::inbox::{Event, Fate};
use crate::outbox::{Entry, Outbox, Outcome};
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::transport::Runtime;

/// Connections that one run synchronises a part of.
const SYNCS_AT_ONCE: u32 = 2;

/// What is done as the Worker's role, `countersign_edge`, when nobody called; see
/// [`super::Workflow::as_service`].
pub const AS_SERVICE: &[(&str, &[&str])] = &[
    (
        "every run",
        &[
            "call take_lease, drop_lease, purge",
            "call claim_outbox, finish_effect",
            "call claim_webhooks, finish_webhooks",
        ],
    ),
    ("advisory: copies that are due", advisory::SYNCS),
    ("agency: texts without a vector", agency::EMBED),
    (
        "agency: what is left of an import",
        agency::IMPORT_AS_SERVICE,
    ),
    (
        "advisory: events of the CRM bridge",
        &[
            "read, update crm_connections",
            "read, update crm_connection_secrets",
            "read client_data_cache",
            "call advisory_store_client, advisory_store_listing, advisory_remove_absent",
        ],
    ),
    (
        "assistant: events of HubSpot",
        &[
            "read hubspot_connections",
            "read, update hubspot_connection_secrets",
            "update hubspot_connections",
            "call mirror_deals: insert, update, delete opportunities",
            "read, delete opportunities",
        ],
    ),
    (
        "assistant: the mirror is filled once a day, part by part",
        &[
            "read hubspot_connections",
            "read, update hubspot_connection_secrets",
            "call take_lease, drop_lease, store_webhooks",
            "call mirror_deals: insert, update, delete opportunities",
            "delete opportunities",
        ],
    ),
    (
        "assistant: a draft or a date that is to be applied",
        &[
            "read hubspot_connections",
            "read, update hubspot_connection_secrets",
            "update hubspot_connections",
            "call settle_assistant_apply: update ai_generated_drafts, touch_date_recommendations, ai_processing_logs",
        ],
    ),
    ("assistant: sessions that ended", &["read, delete sessions"]),
    (
        "coaching: events of HubSpot and Fathom, and connections that are due",
        coaching::SYNC,
    ),
    (
        "coaching: connections that are due",
        &["call due_coaching_syncs: read API_Connections, Sync_Logs"],
    ),
    (
        "coaching: outcomes without a vector of their text",
        &[
            "call due_coaching_outcomes: read Coaching_Outcomes",
            "call reserve_llm, settle_llm",
            "call store_coaching_embeddings: read, update Coaching_Outcomes",
            "call refuse_embeddings",
        ],
    ),
    (
        "coaching: activities that are gone",
        &["call remove_coaching_activities: delete Synced_Activities"],
    ),
    (
        "coaching: logs past their time, and analyses whose request died",
        &["call tidy_coaching: delete Sync_Logs; update Conversation_Analyses"],
    ),
    (
        "portal: events of Baserow",
        &["update user.baserowMemberId"],
    ),
];

/// What there is to work with when nobody called.
#[derive(Debug)]
pub struct Backstage<'a, R> {
    /// The Worker.
    pub edge: &'a Edge,
    /// The world.
    pub runtime: &'a R,
    /// Nobody.
    pub caller: &'a Caller,
    /// The name of this run, for the log and for whoever is asked.
    pub request_id: &'a str,
    /// How long one effect, or one batch of events, may take.
    pub time: Duration,
}

impl<'a, R: Runtime> Backstage<'a, R> {
    /// The names of the apps that this Worker serves.
    #[must_use]
    pub fn apps(&self) -> Vec<&'a str> {
        let all = self.edge.policies.iter();
        all.map(|app| app.policy.app.as_str()).collect()
    }

    /// An app's desk, at which nobody stands.
    fn desk(&self, app: &str) -> Result<Desk<'a, R>, Problem> {
        let served = self.edge.policies.of_app(Some(app)).ok_or_else(|| {
            let message = "this Worker does not serve the app";
            Problem::new(StatusCode::NOT_FOUND, "CS404", message)
        })?;
        let Self {
            edge,
            runtime,
            caller,
            request_id,
            time,
        } = *self;
        Ok(Desk::new(edge, runtime, served, caller, request_id, time))
    }

    /// Tries again what a request recorded and did not finish.
    pub async fn effect(&self, outbox: &Outbox<'a, R>, entry: &Entry) -> Outcome {
        let why = match (entry.operation.as_str(), self.desk(&entry.app)) {
            (assistant::APPLY, Ok(desk)) if entry.app == "assistant" => {
                return desk.apply_again(outbox, entry).await;
            }
            (agency::IMPORTS, Ok(desk)) if entry.app == "agency" => {
                let org = entry.tenant_id.as_deref().unwrap_or_default();
                let agency = Agency::behind(desk, org);
                return agency.import_again(outbox, entry).await;
            }
            (_, Ok(_)) => "no app declares it".into(),
            (_, Err(problem)) => problem.message,
        };
        // An older Worker may find what a newer one recorded.
        let failure = Failure::new(Provider::HubSpot, "effect", Kind::Storage(why));
        outbox.refuse(entry, failure).await
    }

    /// Works through events of one source, and says of each what became of it, in their order.
    pub async fn events(&self, events: &[Event]) -> Vec<Fate> {
        let Some(first) = events.first() else {
            return Vec::new();
        };
        let desk = match self.desk(&first.app) {
            Ok(desk) => desk,
            Err(problem) => return all(events, &failed(&problem)),
        };
        match (first.app.as_str(), first.source.as_str()) {
            ("advisory", advisory::webhook::BRIDGE) => Advisory::at(desk).changed(events).await,
            ("assistant", assistant::HUBSPOT) => desk.hubspot_events(events).await,
            ("coaching", coaching::HUBSPOT) => Coaching::at(desk).hubspot_events(events).await,
            ("coaching", coaching::FATHOM) => Coaching::at(desk).fathom_events(events).await,
            ("portal", portal::BASEROW) => portal::Portal::at(desk).deleted(events).await,
            _ => all(
                events,
                &Fate::Dead("unknown_source: no app works through it".to_owned()),
            ),
        }
    }

    /// What the apps do by the clock and for nobody's request, a part of it each time.
    ///
    /// # Errors
    /// If a database does not answer; what is left is done by the next run.
    pub async fn routine(&self) -> Result<(), Problem> {
        let mut done = match self.desk("advisory") {
            Ok(desk) => Advisory::at(desk).renew_due().await,
            Err(_) => Ok(()),
        };
        // One app does not wait for another.
        if let Ok(desk) = self.desk("agency") {
            done = Agency::behind(desk, "").embed_due().await.and(done);
        }
        if let Ok(desk) = self.desk("assistant") {
            done = desk.begin_fills().await.and(done);
        }
        if let Ok(desk) = self.desk("coaching") {
            let coaching = Coaching::at(desk);
            done = coaching.sync_due(SYNCS_AT_ONCE).await.and(done);
            done = coaching.embed_due().await.and(done);
        }
        done
    }

    /// Deletes what is past its time in the apps' own tables.
    ///
    /// # Errors
    /// If a database does not answer; what is left is deleted by the next run.
    pub async fn tidy(&self) -> Result<(), Problem> {
        if let Ok(desk) = self.desk("assistant") {
            desk.end_sessions().await?;
        }
        if let Ok(desk) = self.desk("coaching") {
            Coaching::at(desk).tidy().await?;
        }
        Ok(())
    }
}

/// The same for all.
pub(super) fn all(events: &[Event], fate: &Fate) -> Vec<Fate> {
    vec![fate.clone(); events.len()]
}

/// What a problem on the way means for events: they are worked through later.
pub(super) fn failed(problem: &Problem) -> Fate {
    let wish = problem.header.as_ref();
    let wish = wish.filter(|(name, _)| *name == "retry-after");
    let wish = wish.and_then(|(_, seconds)| seconds.parse().ok());
    Fate::Failed(
        format!("{}: {}", problem.code, problem.message),
        wish.map(Duration::from_secs),
    )
}
