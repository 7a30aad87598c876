//! The organization's connection to HubSpot: made and ended by its admins, looked at by everybody.

use std::cell::RefCell;

use serde_json::{Map, Value, json};

use super::{Agency, CONNECTING};
use crate::apps::{Asked, decision};
use crate::connections::issuer::Issuer;
use crate::connections::sealed::Sealer;
use crate::connections::{AGENCY, Connection, Held, active, all, flow};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::hubspot::{self, HubSpot};
use crate::providers::settings::HubSpotSettings;
use crate::transport::Runtime;

impl<'a, R: Runtime> Agency<'a, R> {
    /// How the connection stands. Never a token.
    pub(super) async fn status(&self) -> Result<Value, Problem> {
        let own = self.desk.own()?;
        let found = all(&own, &AGENCY, Provider::HubSpot, &self.org).await?;
        let connection = found.into_iter().next().map(|connection| {
            json!({
                "portal_id": connection.external, "status": connection.status, "scopes": connection.scopes,
                "last_error": connection.last_error, "reconnect": connection.status != "active",
            })
        });
        Ok(json!({ "org_id": self.org, "connection": connection }))
    }

    /// Gives the address of HubSpot's page, and sets the cookie that belongs to it.
    pub(super) fn start(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let issuer = Issuer::HubSpot(self.hubspot_settings()?);
        let whose = self.desk.whose(&self.org)?;
        let now = self.desk.runtime.now_ms();
        flow::start(issuer, &self.sealer()?, &AGENCY, whose, now, asked)
    }

    /// Where people come back to. It is believed for its state and its cookie, if whoever began may still
    /// do it.
    pub(super) async fn callback(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let (issuer, sealer) = (Issuer::HubSpot(self.hubspot_settings()?), self.sealer()?);
        let now = self.desk.runtime.now_ms();
        let state = flow::came_back(issuer, &sealer, &AGENCY, now, asked)?;
        let back = |outcome| {
            let more = Map::from_iter([("org_id".to_owned(), json!(state.tenant))]);
            flow::back(issuer, state.return_to.as_deref(), outcome, more)
        };
        let Some(code) = asked.parameter("code") else {
            return Ok(back("refused"));
        };
        decision::still(&self.desk, &state, CONNECTING).await?;
        let line = self.desk.line_to(Provider::HubSpot, hubspot::READING);
        let grant = issuer.exchange(&line, code, &state.verifier).await?;
        let malformed = || Failure::new(Provider::HubSpot, "oauth.exchange", Kind::Malformed);
        let portal = grant.portal.ok_or_else(malformed)?.to_string();
        let Value::Object(row) = json!({
            "org_id": state.tenant, "provider": Provider::HubSpot.word(), "portal_id": portal,
            "connected_by": state.user, "status": "pending",
        }) else {
            return Err(malformed().into());
        };
        let own = self.desk.own()?;
        flow::keep(&own, &sealer, (issuer, &AGENCY), row, &grant, now).await?;
        Ok(back("connected"))
    }

    /// Ends the connection, at HubSpot and here.
    pub(super) async fn disconnect(&self) -> Result<Value, Problem> {
        let own = self.desk.own()?;
        let found = all(&own, &AGENCY, Provider::HubSpot, &self.org).await?;
        let none = || Failure::new(Provider::HubSpot, "connection", Kind::NotConnected);
        let connection = found.into_iter().next().ok_or_else(none)?;
        let revoked = flow::end(&self.held(connection)?).await?;
        Ok(json!({ "org_id": self.org, "status": "revoked", "revoked_at_hubspot": revoked }))
    }

    /// HubSpot, through the organization's connection.
    pub(super) async fn hubspot(&self) -> Result<HubSpot<'a, R, Held<'a, R>>, Problem> {
        let settings = self.hubspot_settings()?;
        let own = self.desk.own()?;
        let connection = active(&own, &AGENCY, Provider::HubSpot, &self.org, None).await?;
        Ok(HubSpot {
            line: self.desk.line_to(Provider::HubSpot, hubspot::READING),
            settings,
            portal: connection.portal().to_owned(),
            tokens: self.held(connection)?,
        })
    }

    fn held(&self, connection: Connection) -> Result<Held<'a, R>, Problem> {
        Ok(Held {
            service: self.desk.own()?,
            own: self.desk.own()?,
            sealer: self.sealer()?,
            issuer: Issuer::HubSpot(self.hubspot_settings()?),
            tables: &AGENCY,
            line: self.desk.line_to(Provider::HubSpot, hubspot::READING),
            connection,
            opened: RefCell::default(),
        })
    }

    fn hubspot_settings(&self) -> Result<&'a HubSpotSettings, Problem> {
        let settings = self.desk.edge.config.providers.agency_hubspot.as_ref();
        settings.ok_or_else(|| missing("HUBSPOT_CLIENT_ID"))
    }

    fn sealer(&self) -> Result<Sealer<'a>, Problem> {
        let keys = self.desk.edge.config.providers.sealing.as_ref();
        keys.map(Sealer).ok_or_else(|| missing("SEALING_KEYS"))
    }
}

fn missing(setting: &'static str) -> Problem {
    Failure::new(Provider::HubSpot, "settings", Kind::Settings(setting)).into()
}
