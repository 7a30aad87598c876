//! The bridge's webhooks: what changed, kept in the inbox and read anew afterwards.
//!
//! Each connection's secret is made from the Worker's own and the connection's id, and the connection's
//! id is in the address. So a delivery that holds under that secret is that connection's, and its tenant
//! is that connection's firm, whatever the body says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::link::{COLUMNS, CONNECTIONS, Connection, Linked};
use super::{Advisory, copies};
use crate::apps::Asked;
use crate::apps::background::failed;
use crate::apps::delivery::unverified;
use crate::inbox::{Arrival, Event, Fate, Inbox, Stored};
use crate::problem::Problem;
use crate::providers::crm::Crm as _;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::secret::Secret;
use crate::time;
use crate::transport::Runtime;
use crate::webhooks::standard::verify;

/// What the inbox calls the bridge.
pub const BRIDGE: &str = "bridge";
/// Where it tells of changes, before the connection's id.
pub const PATH: &str = "/functions/v1/advisory-bridge-webhook/";
const MOST_IDS: usize = 100;
const LONGEST_ID: usize = 200;

#[derive(Deserialize)]
struct Changed {
    #[serde(rename = "type")]
    kind: String,
    ids: Vec<String>,
}

/// What is kept of an event.
#[derive(Deserialize)]
struct Kept {
    connection: String,
    ids: Vec<String>,
}

impl<R: Runtime> Advisory<'_, R> {
    /// Has the bridge tell of changes of a firm's connection. Whether it does is no condition: copies
    /// are renewed by the schedule as well.
    pub(super) async fn listen(&self, connection: &Connection, crm: &Linked<'_, R>) -> bool {
        let settings = &self.0.edge.config.providers.crm;
        let (Linked::Bridge(bridge), Some((root, public))) = (crm, &settings.webhook) else {
            return true;
        };
        let address = format!(
            "{}{PATH}{}",
            public.as_str().trim_end_matches('/'),
            connection.id
        );
        match (Url::parse(&address), secret(root, &connection.id)) {
            (Ok(url), Some(secret)) => bridge.set_webhook(&url, &secret).await.is_ok(),
            _ => false,
        }
    }

    pub(super) async fn webhook(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let id = asked.parts.first().map(String::as_str).unwrap_or_default();
        let settings = &self.0.edge.config.providers.crm;
        let missing = || {
            let setting = Kind::Settings("CRM_BRIDGE_WEBHOOK_SECRET");
            Problem::from(Failure::new(Provider::Bridge, "webhook", setting))
        };
        let (root, _) = settings.webhook.as_ref().ok_or_else(missing)?;
        let secret = secret(root, id).ok_or_else(missing)?;
        let body = asked.body.as_deref().unwrap_or_default();
        let now = self.0.runtime.now_ms();
        let event = verify(asked.headers, body, &secret, now);
        let event = event.map_err(|why| unverified("the CRM bridge", &why))?;
        let changed: Changed = asked.json()?;
        let fits = |id: &String| (1..=LONGEST_ID).contains(&id.len());
        if changed.ids.len() > MOST_IDS || !changed.ids.iter().all(fits) {
            return Err(Problem::bad_request(
                "`ids` has no more than 100, each of 200 bytes at most",
            ));
        }
        let Some(connection) = self.known(id).await? else {
            return Ok(json!({ "stored": 0, "repeated": 0 }));
        };
        let arrival = Arrival {
            id: format!("{id}/{event}"),
            tenant: Some(connection.firm_id),
            kind: changed.kind,
            payload: Some(json!({ "connection": id, "ids": changed.ids })),
        };
        let inbox = Inbox::new(self.0.own()?, self.0.runtime);
        let Stored { stored, repeated } = inbox.take("advisory", BRIDGE, &[arrival]).await?;
        Ok(json!({ "stored": stored, "repeated": repeated }))
    }

    /// Works through events, by reading what they name: so it does not matter which comes first, nor
    /// how often.
    pub(in crate::apps) async fn changed(&self, events: &[Event]) -> Vec<Fate> {
        let mut fates = Vec::new();
        for event in events {
            fates.push(match self.one(event).await {
                Ok(fate) => fate,
                Err(problem) => failed(&problem),
            });
        }
        fates
    }

    async fn one(&self, event: &Event) -> Result<Fate, Problem> {
        let Ok(kept) = serde_json::from_value::<Kept>(event.payload.clone()) else {
            return Ok(Fate::Dead("malformed: no connection in it".to_owned()));
        };
        // Whoever disconnected or whose key has ended has nothing to renew.
        let connection = self.known(&kept.connection).await?;
        let Some(connection) = connection.filter(|one| one.status == "active") else {
            return Ok(Fate::Done);
        };
        match event.event_type.as_str() {
            "households.changed" => self.renew(&connection, false).await.map(|_| Fate::Done),
            "clients.changed" => self.renew_clients(&connection, &kept.ids).await,
            "holdings.changed" => self.renew_holdings(&connection, &kept.ids).await,
            _ => Ok(Fate::Dead("unknown_type: not in the contract".to_owned())),
        }
    }

    async fn renew_clients(
        &self,
        connection: &Connection,
        ids: &[String],
    ) -> Result<Fate, Problem> {
        let crm = self.open(connection).await?;
        let began = self.0.runtime.now_ms();
        let mut clients = Vec::new();
        for id in ids {
            match crm.client(id).await {
                Ok(client) => clients.push(client),
                // The next listing of all removes it.
                Err(failure) if failure.kind == Kind::NotFound => {}
                Err(failure) => return Err(self.failed(connection, failure).await),
            }
        }
        let stored = json!({
            "p_firm": connection.firm_id, "p_owner": connection.owner_id, "p_households": [],
            "p_source": connection.provider, "p_clients": clients, "p_fetched_at": time::rfc3339(began),
        });
        let own = self.0.own()?;
        own.call("advisory_store_listing", &stored).await?;
        Ok(Fate::Done)
    }

    /// Reads those again of whom there is a copy; the others are read when somebody asks for them.
    async fn renew_holdings(
        &self,
        connection: &Connection,
        ids: &[String],
    ) -> Result<Fate, Problem> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let service = self.0.as_service()?;
        let copied = service.rows(copies::CLIENTS, |table| {
            let wanted = table.select("crm_client_id");
            copies::through(wanted, connection).in_("crm_client_id", &ids)
        });
        let copied: Vec<Value> = copied.await?;
        let crm = self.open(connection).await?;
        for row in &copied {
            let id = row.get("crm_client_id").and_then(Value::as_str);
            match self.read(connection, &crm, id.unwrap_or_default()).await {
                Ok(_) => {}
                Err(problem) if problem.code == "provider_not_found" => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(Fate::Done)
    }

    async fn known(&self, id: &str) -> Result<Option<Connection>, Problem> {
        let service = self.0.as_service()?;
        let rows = service.rows(CONNECTIONS, |table| table.select(COLUMNS).eq("id", id));
        let mut rows: Vec<Connection> = rows.await?;
        Ok(rows.pop())
    }
}

/// The secret of a connection's webhooks.
fn secret(root: &Secret, connection: &str) -> Option<Secret> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(root.expose().as_bytes()).ok()?;
    hmac.update(b"countersign advisory bridge webhook ");
    hmac.update(connection.as_bytes());
    let key = STANDARD.encode(hmac.finalize().into_bytes());
    Some(Secret::new(format!("whsec_{key}")))
}
