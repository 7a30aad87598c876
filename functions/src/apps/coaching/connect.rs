//! Connecting an account to HubSpot and to Fathom, looking at that, ending it.

use serde_json::{Map, Value, json};

use super::{Coaching, Source, ok};
use crate::apps::{Asked, decision};
use crate::connections::issuer::Issuer;
use crate::connections::sealed::Column;
use crate::connections::{COACHING, Connection, Held, all, flow};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind};
use crate::providers::fathom::Webhook;
use crate::record::request_id;
use crate::transport::Runtime;

/// Where the id of Fathom's webhook stands in a connection's cursor: Fathom lists none.
const WEBHOOK_ID: &str = "webhook_id";
/// What tells the cursor of one connecting from that of another, wherever they stand.
const CONNECTED: &str = "connected";

impl<R: Runtime> Coaching<'_, R> {
    /// How the account's connection stands, as the database's own function says it to the caller.
    pub(super) async fn status(
        &self,
        of: Source,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let function = match of {
            Source::Fathom => "get_fathom_connection",
            Source::HubSpot => "get_hubspot_connection",
        };
        let account = asked.tenant()?;
        let arguments = json!({ "p_account_id": account });
        let found = self.desk.as_caller().call(function, &arguments).await?;
        let connection = found.get(0).cloned().map(|mut connection| {
            let active = connection.get("status") == Some(&json!("active"));
            if let Some(members) = connection.as_object_mut() {
                members.insert("reconnect".to_owned(), (!active).into());
            }
            connection
        });
        Ok(ok(
            &json!({ "account_id": account, "connection": connection }),
        ))
    }

    /// Gives the address of the provider's page, and sets the cookie that belongs to it.
    pub(super) fn start(
        &self,
        of: Source,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let whose = self.desk.whose(asked.tenant()?)?;
        let (issuer, now) = (self.issuer(of)?, self.desk.runtime.now_ms());
        flow::start(issuer, &self.sealer(of)?, &COACHING, whose, now, asked)
    }

    /// Where people come back to. It is believed for its state and its cookie, if whoever began may still
    /// do it.
    pub(super) async fn callback(
        &self,
        of: Source,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let (issuer, sealer) = (self.issuer(of)?, self.sealer(of)?);
        let now = self.desk.runtime.now_ms();
        let state = flow::came_back(issuer, &sealer, &COACHING, now, asked)?;
        let back = |outcome| {
            let more = Map::from_iter([("account_id".to_owned(), json!(state.tenant))]);
            flow::back(issuer, state.return_to.as_deref(), outcome, more)
        };
        let Some(code) = asked.parameter("code") else {
            return Ok(back("refused"));
        };
        decision::still(&self.desk, &state, of.needs()).await?;
        let line = self.desk.line_to(of.provider(), issuer.reading());
        let grant = issuer.exchange(&line, code, &state.verifier).await?;
        let malformed = || Failure::new(of.provider(), "oauth.exchange", Kind::Malformed);
        if of == Source::HubSpot && grant.portal.is_none() {
            return Err(malformed().into());
        }
        // The cursor is of what was connected before.
        let row = json!({
            "account_id": state.tenant, "provider": of.provider().word(), "connected_by": state.user,
            "external_account_id": grant.portal.map(|id| id.to_string()), "status": "pending",
            "sync_cursor": { CONNECTED: request_id(None) }, "last_synced_at": null,
        });
        let Value::Object(row) = row else {
            return Err(malformed().into());
        };
        let service = self.desk.as_service()?;
        let now = self.desk.runtime.now_ms();
        let before = all(&service, &COACHING, of.provider(), &state.tenant).await?;
        let kept = flow::store(&service, &sealer, (issuer, &COACHING), row, &grant, now).await?;
        let held = self.held(of, kept)?;
        let error = match issuer {
            Issuer::Fathom(_) => {
                // Of another account there it stays: nobody has its tokens any more.
                for before in &before {
                    self.delete_webhook(&held, &before.sync_cursor).await;
                }
                self.set_up_webhook(&held).await?
            }
            Issuer::HubSpot(_) => None,
        };
        let id = &held.connection.id;
        // Only now is it synchronised: until here its cursor is nobody else's.
        flow::mark(&service, &COACHING, id, "active", error).await?;
        Ok(back("connected"))
    }

    /// Has Fathom tell of new recordings. Without that they are found by looking: the connection
    /// stands, and says so.
    async fn set_up_webhook(&self, held: &Held<'_, R>) -> Result<Option<&'static str>, Problem> {
        let fathom = self.fathom(held)?;
        let address = format!("{}/{}", fathom.settings.webhook_uri, held.connection.id);
        let Ok(made) = fathom.create_webhook(&address).await else {
            return Ok(Some("NO_WEBHOOK"));
        };
        let kept = self.keep_webhook(held, &made).await;
        if kept.is_err() {
            // Nobody would know of it.
            let _ = fathom.delete_webhook(&made.id).await;
        }
        kept.map(|()| None)
    }

    async fn keep_webhook(&self, held: &Held<'_, R>, made: &Webhook) -> Result<(), Problem> {
        let mut cursor = held.connection.sync_cursor.clone();
        if let Some(cursor) = cursor.as_object_mut() {
            cursor.insert(WEBHOOK_ID.to_owned(), made.id.as_str().into());
        }
        self.go_on(&held.connection, &json!({ "sync_cursor": cursor }))
            .await?;
        let place = held.place().binding(Column::WebhookSecret);
        let sealed = held.sealer.seal(&place, made.secret.expose())?;
        let row = json!({ "webhook_secret": sealed }).to_string();
        let id = &held.connection.id;
        held.service
            .rows::<Value>(COACHING.secrets, |table| {
                table.update(row).eq("connection_id", id).select("id")
            })
            .await
            .map(drop)
    }

    /// Deletes the webhook that a cursor names. What it still sends if that fails is not believed: its
    /// secret is not kept.
    async fn delete_webhook(&self, held: &Held<'_, R>, cursor: &Value) {
        let id = cursor.get(WEBHOOK_ID).and_then(Value::as_str);
        if let (Some(id), Ok(fathom)) = (id, self.fathom(held)) {
            let _ = fathom.delete_webhook(id).await;
        }
    }

    /// Ends a connection, there as far as the provider has a way to, and here.
    pub(super) async fn disconnect(
        &self,
        of: Source,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let account = asked.tenant()?;
        let found = all(&self.desk.as_caller(), &COACHING, of.provider(), account).await?;
        let not_connected = || Failure::new(of.provider(), "connection", Kind::NotConnected);
        let connection = found.into_iter().next().ok_or_else(not_connected)?;
        let held = self.held(of, connection)?;
        self.delete_webhook(&held, &held.connection.sync_cursor)
            .await;
        let revoked = flow::end(&held).await?;
        Ok(ok(
            &json!({ "account_id": account, "status": "revoked", "revoked_there": revoked }),
        ))
    }

    /// Writes where the synchronisation goes on, over the cursor that the connection was read with: not
    /// if it was connected anew meanwhile. Gives whether it did.
    pub(super) async fn go_on(
        &self,
        connection: &Connection,
        changes: &Value,
    ) -> Result<bool, Problem> {
        let service = self.desk.as_service()?;
        let changed = service.rows::<Value>(COACHING.connections, |table| {
            let write = table.update(changes.to_string()).eq("id", &connection.id);
            write
                .eq("sync_cursor", connection.sync_cursor.to_string())
                .select("id")
        });
        Ok(!changed.await?.is_empty())
    }
}
