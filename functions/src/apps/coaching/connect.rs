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
use crate::providers::fathom::Fathom;
use crate::transport::Runtime;

/// Where the id of Fathom's webhook stands in a connection's cursor: Fathom lists none.
pub(super) const WEBHOOK_ID: &str = "webhook_id";

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
            "sync_cursor": {}, "last_synced_at": null,
        });
        let Value::Object(row) = row else {
            return Err(malformed().into());
        };
        let service = self.desk.as_service()?;
        let now = self.desk.runtime.now_ms();
        let kept = flow::keep(&service, &sealer, (issuer, &COACHING), row, &grant, now).await?;
        if let Issuer::Fathom(_) = issuer {
            self.set_up_webhook(self.held(of, kept)?).await?;
        }
        Ok(back("connected"))
    }

    /// Has Fathom tell of new recordings. Without that they are found by looking: the connection
    /// stands, and says so.
    async fn set_up_webhook(&self, held: Held<'_, R>) -> Result<(), Problem> {
        let Issuer::Fathom(settings) = held.issuer else {
            return Ok(());
        };
        let address = format!("{}/{}", settings.webhook_uri, held.connection.id);
        let fathom = Fathom {
            line: self
                .desk
                .line_to(held.issuer.provider(), held.issuer.reading()),
            settings,
            tokens: &held,
        };
        let changes = match fathom.create_webhook(&address).await {
            Ok(made) => {
                let place = held.place().binding(Column::WebhookSecret);
                let sealed = held.sealer.seal(&place, made.secret.expose())?;
                let row = json!({ "webhook_secret": sealed }).to_string();
                let id = &held.connection.id;
                held.service
                    .rows::<Value>(COACHING.secrets, |table| {
                        table.update(row).eq("connection_id", id).select("id")
                    })
                    .await?;
                json!({ "sync_cursor": { WEBHOOK_ID: made.id } })
            }
            Err(_) => json!({ "last_error": "NO_WEBHOOK" }),
        };
        self.change(&held.connection, &changes).await
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
        let webhook = held.connection.sync_cursor.get(WEBHOOK_ID).cloned();
        if let (Issuer::Fathom(settings), Some(id)) =
            (held.issuer, webhook.as_ref().and_then(Value::as_str))
        {
            let fathom = Fathom {
                line: self.desk.line_to(of.provider(), held.issuer.reading()),
                settings,
                tokens: &held,
            };
            // What it still sends is not believed: the secret goes.
            let _ = fathom.delete_webhook(id).await;
        }
        let revoked = flow::end(&held).await?;
        Ok(ok(
            &json!({ "account_id": account, "status": "revoked", "revoked_there": revoked }),
        ))
    }

    /// Changes the row of a connection.
    pub(super) async fn change(
        &self,
        connection: &Connection,
        changes: &Value,
    ) -> Result<(), Problem> {
        let service = self.desk.as_service()?;
        let changed = service.rows::<Value>(COACHING.connections, |table| {
            let write = table.update(changes.to_string());
            write.eq("id", &connection.id).select("id")
        });
        changed.await.map(drop)
    }
}
