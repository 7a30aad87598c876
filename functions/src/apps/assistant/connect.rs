//! Connecting HubSpot, looking at connections, ending them.

use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Desk, ok};
use crate::apps::Asked;
use crate::connections::oauth::{COOKIE, LIFETIME_SECONDS, begin, resume};
use crate::connections::{COLUMNS, CONNECTIONS, Connection, SECRETS, of_caller};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::budget::milliseconds;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::hubspot::oauth::{Grant, authorize_url, exchange, revoke};
use crate::time;
use crate::transport::Runtime;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// Where the browser is to go on to when it comes back: a page of an origin in ALLOWED_ORIGINS.
    return_to: Option<String>,
}

impl<R: Runtime> Desk<'_, R> {
    /// Gives the address of HubSpot's page, and sets the cookie that belongs to it.
    pub(super) fn start(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let settings = self.settings()?;
        let start = match &asked.body {
            Some(body) if !body.is_empty() => asked.json()?,
            _ => Start::default(),
        };
        let ours = |page: &String| {
            Url::parse(page)
                .is_ok_and(|url| asked.origins.lists(&url.origin().ascii_serialization()))
        };
        if start.return_to.as_ref().is_some_and(|page| !ours(page)) {
            return Err(Problem::bad_request(
                "`return_to` is no page of an origin in ALLOWED_ORIGINS",
            ));
        }
        let now = self.runtime.now_ms() / 1_000;
        let begun = begin(&self.sealer()?, self.user()?, start.return_to, now)?;
        let url = authorize_url(settings, &begun.state, &begun.challenge);
        let mut response = ok(&json!({ "url": url.as_str(), "expires_in": LIFETIME_SECONDS }));
        // Lax: HubSpot's page sends the browser back with a plain link.
        let attributes =
            format!("Max-Age={LIFETIME_SECONDS}; Path=/; HttpOnly; Secure; SameSite=Lax");
        response.set(
            "set-cookie",
            &format!("{COOKIE}={}; {attributes}", begun.cookie),
        );
        Ok(response)
    }

    /// Where people come back to. It is believed for its state and its cookie.
    pub(super) async fn callback(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let settings = self.settings()?;
        let cookies = asked
            .headers
            .get("cookie")
            .and_then(|cookies| cookies.to_str().ok());
        let now = self.runtime.now_ms() / 1_000;
        let state = asked.parameter("state").unwrap_or_default();
        let state = resume(&self.sealer()?, state, cookies, now).ok_or_else(|| {
            Problem::bad_request(
                "this browser did not begin to connect HubSpot, or more than ten minutes ago",
            )
            .hint("begin again")
        })?;
        let Some(code) = asked.parameter("code") else {
            return Ok(back(state.return_to.as_deref(), "refused", None));
        };
        let granted = exchange(&self.line(), settings, code, &state.verifier).await;
        let portal = self.keep(&state.user, granted?).await?;
        Ok(back(state.return_to.as_deref(), "connected", Some(&portal)))
    }

    /// Stores a grant. Until its last step the connection is one that has to be connected again, which
    /// is what it is if that step is never reached.
    async fn keep(&self, user: &str, grant: Grant) -> Result<String, Problem> {
        let malformed = || Failure::new(Provider::HubSpot, "oauth.exchange", Kind::Malformed);
        let portal = grant.portal.ok_or_else(malformed)?.to_string();
        let ends = self
            .runtime
            .now_ms()
            .saturating_add(milliseconds(grant.lifetime));
        let service = self.as_service()?;
        let begun = json!({
            "user_id": user, "portal_id": portal, "hubspot_user_id": grant.user.map(|id| id.to_string()),
            "scopes": grant.scopes, "status": "expired", "last_error": "CONNECTING",
            "token_expires_at": time::iso(ends),
        });
        let mut made: Vec<Connection> = service
            .rows(CONNECTIONS, |table| {
                table
                    .upsert(begun.to_string())
                    .on_conflict("user_id,portal_id")
                    .select(COLUMNS)
            })
            .await?;
        let connection = made.pop().ok_or_else(malformed)?;
        let mut secrets = self
            .sealer()?
            .row(&connection, &grant.access, &grant.refresh)?;
        if let Some(row) = secrets.as_object_mut() {
            row.insert("connection_id".to_owned(), connection.id.as_str().into());
        }
        service
            .rows::<Value>(SECRETS, |table| {
                table
                    .upsert(secrets.to_string())
                    .on_conflict("connection_id")
                    .select("id")
            })
            .await?;
        self.mark(&connection.id, "active", None).await?;
        Ok(portal)
    }

    /// The caller's connections.
    pub(super) async fn status(&self) -> Result<Response<R::Stream>, Problem> {
        let user = self.user()?;
        let all: Vec<Connection> = self
            .as_caller()
            .rows(CONNECTIONS, |table| {
                table
                    .select(COLUMNS)
                    .eq("user_id", user)
                    .order("portal_id.asc")
            })
            .await?;
        let one = |connection: &Connection| {
            json!({
                "portal_id": connection.portal_id, "status": connection.status, "scopes": connection.scopes,
                "token_expires_at": connection.token_expires_at, "last_error": connection.last_error,
                "reconnect": connection.status != "active",
            })
        };
        Ok(ok(
            &json!({ "connections": all.iter().map(one).collect::<Vec<_>>() }),
        ))
    }

    /// Ends a connection: its tokens are deleted here whatever HubSpot says to it.
    pub(super) async fn disconnect(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let portal = asked.parameter("portal");
        let connection = of_caller(&self.as_caller(), self.user()?, portal).await?;
        let (id, portal) = (connection.id.clone(), connection.portal_id.clone());
        let held = self.held(connection)?;
        let revoked = match held.refresh_token().await {
            Ok(token) => revoke(&self.line(), self.settings()?, &token).await.is_ok(),
            Err(_) => false,
        };
        self.as_service()?
            .rows::<Value>(SECRETS, |table| {
                table.delete().eq("connection_id", &id).select("id")
            })
            .await?;
        self.mark(&id, "revoked", (!revoked).then_some("REVOCATION_FAILED"))
            .await?;
        Ok(ok(
            &json!({ "portal_id": portal, "status": "revoked", "revoked_at_hubspot": revoked }),
        ))
    }

    async fn mark(&self, id: &str, status: &str, error: Option<&str>) -> Result<(), Problem> {
        let changes = json!({ "status": status, "last_error": error });
        let marked = self.as_service()?;
        let marked = marked.rows::<Value>(CONNECTIONS, |table| {
            table.update(changes.to_string()).eq("id", id).select("id")
        });
        marked.await.map(drop)
    }
}

/// The end of the way: on to the page that was asked for, or an answer to read.
fn back<S>(return_to: Option<&str>, outcome: &str, portal: Option<&str>) -> Response<S> {
    let page = return_to.and_then(|page| Url::parse(page).ok());
    let mut response = match page {
        Some(mut page) => {
            page.query_pairs_mut().append_pair("hubspot", outcome);
            let mut response = Response::empty(StatusCode::SEE_OTHER);
            response.set("location", page.as_str());
            response
        }
        None => ok(&json!({ "hubspot": outcome, "portal_id": portal })),
    };
    response.set(
        "set-cookie",
        &format!("{COOKIE}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"),
    );
    response.set("referrer-policy", "no-referrer");
    response
}
