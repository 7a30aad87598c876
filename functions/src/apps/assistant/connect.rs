//! Connecting HubSpot, looking at connections, ending them.

use serde_json::{Map, Value, json};

use super::{Desk, ok};
use crate::apps::Asked;
use crate::connections::issuer::Issuer;
use crate::connections::{ASSISTANT, Connection, active, all, flow};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::transport::Runtime;

impl<R: Runtime> Desk<'_, R> {
    /// Gives the address of HubSpot's page, and sets the cookie that belongs to it.
    pub(super) fn start(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let (issuer, user) = (Issuer::HubSpot(self.settings()?), self.user()?);
        let (whose, now) = (self.whose(user)?, self.runtime.now_ms());
        flow::start(issuer, &self.sealer()?, &ASSISTANT, whose, now, asked)
    }

    /// Where people come back to. It is believed for its state and its cookie.
    pub(super) async fn callback(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let issuer = Issuer::HubSpot(self.settings()?);
        let (sealer, now) = (self.sealer()?, self.runtime.now_ms());
        let state = flow::came_back(issuer, &sealer, &ASSISTANT, now, asked)?;
        let back = |outcome, portal: Option<&str>| {
            let more = Map::from_iter([("portal_id".to_owned(), json!(portal))]);
            flow::back(issuer, state.return_to.as_deref(), outcome, more)
        };
        let Some(code) = asked.parameter("code") else {
            return Ok(back("refused", None));
        };
        let grant = issuer.exchange(&self.line(), code, &state.verifier).await?;
        let malformed = || Failure::new(Provider::HubSpot, "oauth.exchange", Kind::Malformed);
        let portal = grant.portal.ok_or_else(malformed)?.to_string();
        let row = json!({
            "user_id": state.user, "portal_id": portal, "hubspot_user_id": grant.user.map(|id| id.to_string()),
            "status": "expired",
        });
        let Value::Object(row) = row else {
            return Err(malformed().into());
        };
        let (service, now) = (self.as_service()?, self.runtime.now_ms());
        flow::keep(&service, &sealer, (issuer, &ASSISTANT), row, &grant, now).await?;
        Ok(back("connected", Some(&portal)))
    }

    /// The caller's connections.
    pub(super) async fn status(&self) -> Result<Response<R::Stream>, Problem> {
        let all = all(
            &self.as_caller(),
            &ASSISTANT,
            Provider::HubSpot,
            self.user()?,
        )
        .await?;
        let one = |connection: &Connection| {
            json!({
                "portal_id": connection.external, "status": connection.status, "scopes": connection.scopes,
                "token_expires_at": connection.token_expires_at, "last_error": connection.last_error,
                "reconnect": connection.status != "active",
            })
        };
        Ok(ok(
            &json!({ "connections": all.iter().map(one).collect::<Vec<_>>() }),
        ))
    }

    /// Ends a connection, at HubSpot and here.
    pub(super) async fn disconnect(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let portal = asked.parameter("portal");
        let (caller, user) = (self.as_caller(), self.user()?);
        let connection = active(&caller, &ASSISTANT, Provider::HubSpot, user, portal).await?;
        let portal = connection.external.clone();
        let revoked = flow::end(&self.held(connection)?).await?;
        Ok(ok(
            &json!({ "portal_id": portal, "status": "revoked", "revoked_at_hubspot": revoked }),
        ))
    }
}
