//! Connections to providers: their tokens, sealed in the database and renewed in time.
//!
//! A token is opened only to be sent to its provider, in the request that needs it; nothing keeps it
//! beyond. It is renewed before it ends, by one request at a time: many may find it ended at once, on
//! several isolates, and a provider may take a refresh token once only. Who renews holds a lease in
//! the database, and writes only where nobody has written meanwhile.

pub mod flow;
pub mod issuer;
pub mod oauth;
pub mod sealed;

use std::cell::RefCell;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::Database;
use crate::lease::Lease;
use crate::problem::Problem;
use crate::providers::budget::milliseconds;
use crate::providers::call::Line;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::oauth::Tokens;
use crate::secret::Secret;
use crate::time;
use crate::transport::Runtime;
use issuer::Issuer;
use sealed::{Column, Place, Sealer};

/// A token that ends sooner than this is renewed first: it has to last through the request.
const MARGIN: Duration = Duration::from_secs(120);
/// How long one request may take to renew it.
const LEASE_SECONDS: u64 = 30;
/// How long others wait before they look again, and how often they look.
const PAUSE: Duration = Duration::from_millis(250);
const LOOKS: u32 = 80;

/// Where an app keeps its connections, and what it calls what they have in common.
#[derive(Debug, PartialEq, Eq)]
pub struct Tables {
    /// The app.
    pub app: &'static str,
    /// The table of connections.
    pub connections: &'static str,
    /// The table of their sealed tokens.
    pub secrets: &'static str,
    /// The columns of a [`Connection`].
    pub columns: &'static str,
    /// The column that says whose a connection is.
    pub tenant: &'static str,
    /// The column with the provider's id of the account there.
    pub external: &'static str,
    /// The column with the provider's name, where there are several.
    pub provider: Option<&'static str>,
    /// The query's parameter that names one of several.
    pub named: &'static str,
}

/// The assistant's: a person's, one for each portal.
pub const ASSISTANT: Tables = Tables {
    app: "assistant",
    connections: "hubspot_connections",
    secrets: "hubspot_connection_secrets",
    columns: "id,tenant:user_id,external:portal_id,scopes,status,token_expires_at,last_error",
    tenant: "user_id",
    external: "portal_id",
    provider: None,
    named: "portal",
};

/// Coaching's: an account's, one for each provider.
pub const COACHING: Tables = Tables {
    app: "coaching",
    connections: "API_Connections",
    secrets: "API_Connection_Secrets",
    columns: "id,tenant:account_id,external:external_account_id,scopes,status,token_expires_at,last_error,\
        last_synced_at,sync_cursor",
    tenant: "account_id",
    external: "external_account_id",
    provider: Some("provider"),
    named: "account_id",
};

/// The agency's: an organization's, in the Worker's own schema.
pub const AGENCY: Tables = Tables {
    app: "agency",
    connections: "agency_connections",
    secrets: "agency_connection_secrets",
    columns: "id,tenant:org_id,external:portal_id,scopes,status,token_expires_at,last_error",
    tenant: "org_id",
    external: "portal_id",
    provider: Some("provider"),
    named: "org_id",
};

/// A row of an app's table of connections.
#[derive(Clone, Debug, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: String,
    /// Whose it is: a person, or an account.
    pub tenant: String,
    /// The account there, as the provider calls it, if it says: HubSpot's portal.
    pub external: Option<String>,
    /// What was granted.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// `pending`, `active`, `expired` or `revoked`.
    pub status: String,
    /// When the access token ends, as PostgreSQL writes it.
    pub token_expires_at: Option<String>,
    /// Why it is not active: a code.
    #[serde(default)]
    pub last_error: Option<String>,
    /// When it was last synchronised to its end.
    #[serde(default)]
    pub last_synced_at: Option<String>,
    /// Where the synchronisation goes on; the app's own matter.
    #[serde(default)]
    pub sync_cursor: Value,
}

impl Connection {
    /// HubSpot's portal.
    #[must_use]
    pub fn portal(&self) -> &str {
        self.external.as_deref().unwrap_or_default()
    }
}

/// The sealed tokens of a connection.
#[derive(Debug, Deserialize)]
struct Secrets {
    access_token: String,
    refresh_token: Option<String>,
    key_id: String,
    /// Changes with every write: who writes compares it.
    updated_at: String,
}

/// All connections to a provider that the database shows, of one tenant.
///
/// # Errors
/// If the database does not answer.
pub async fn all<R: Runtime>(
    database: &Database<'_, R>,
    tables: &Tables,
    provider: Provider,
    tenant: &str,
) -> Result<Vec<Connection>, Problem> {
    database
        .rows(tables.connections, |table| {
            let query = table.select(tables.columns).eq(tables.tenant, tenant);
            match tables.provider {
                Some(column) => query.eq(column, provider.word()),
                None => query.order(format!("{}.asc", tables.external)),
            }
        })
        .await
}

/// The connection that a request is about: the one that there is, or the one that is named.
///
/// # Errors
/// [`Kind::NotConnected`], [`Kind::Expired`], or a problem of the request.
pub async fn active<R: Runtime>(
    database: &Database<'_, R>,
    tables: &Tables,
    provider: Provider,
    tenant: &str,
    external: Option<&str>,
) -> Result<Connection, Problem> {
    let all = all(database, tables, provider, tenant).await?.into_iter();
    let named = |one: &Connection| external.is_none() || external == one.external.as_deref();
    let all: Vec<Connection> = all.filter(named).collect();
    let failed = |kind| Problem::from(Failure::new(provider, "connection", kind));
    let none = all.is_empty();
    let mut active = all.into_iter().filter(|one| one.status == "active");
    match (active.next(), active.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Problem::bad_request("you are connected to several portals")
            .hint(format!("name one of them: `?{}=<its id>`", tables.named))),
        (None, _) if none => Err(failed(Kind::NotConnected)),
        (None, _) => Err(failed(Kind::Expired)),
    }
}

/// The tokens of one connection, for one request.
#[derive(Debug)]
pub struct Held<'a, R> {
    /// The app's schema, as the Worker's role.
    pub service: Database<'a, R>,
    /// The Worker's own schema, likewise.
    pub own: Database<'a, R>,
    /// What opens and seals.
    pub sealer: Sealer<'a>,
    /// Who gives the tokens.
    pub issuer: Issuer<'a>,
    /// Where they are kept.
    pub tables: &'static Tables,
    /// The way to the provider.
    pub line: Line<'a, R>,
    /// Which connection.
    pub connection: Connection,
    /// What was opened for this request.
    pub opened: RefCell<Option<Secret>>,
}

impl<R: Runtime> Tokens for Held<'_, R> {
    async fn token(&self, rejected: Option<&Secret>) -> Result<Secret, Failure> {
        let known = self.opened.borrow().clone();
        if let Some(known) = known.filter(|known| Some(known) != rejected) {
            return Ok(known);
        }
        let ends = self.ends(&self.connection);
        let token = match self.current(ends, rejected).await? {
            Some(token) => token,
            None => self.renew(rejected).await?,
        };
        *self.opened.borrow_mut() = Some(token.clone());
        Ok(token)
    }
}

impl<R: Runtime> Held<'_, R> {
    /// The access token, if it lasts and is not the rejected one. One that is sealed with an older
    /// key is sealed with the current one.
    async fn current(
        &self,
        ends: u64,
        rejected: Option<&Secret>,
    ) -> Result<Option<Secret>, Failure> {
        if ends
            <= self
                .line
                .runtime
                .now_ms()
                .saturating_add(milliseconds(MARGIN))
        {
            return Ok(None);
        }
        let secrets = self.secrets().await?;
        let access = self.open(Column::AccessToken, &secrets.access_token)?;
        if Some(&access) == rejected {
            return Ok(None);
        }
        if secrets.key_id != self.sealer.key_id() {
            let refresh = self.refresh_of(&secrets)?;
            self.write(&secrets, &access, &refresh).await?;
        }
        Ok(Some(access))
    }

    /// A new access token: renewed here, or by whoever holds the lease.
    async fn renew(&self, rejected: Option<&Secret>) -> Result<Secret, Failure> {
        let of = (self.tables.app, self.issuer.provider().word());
        let name = format!("{}/{}/{}", of.0, of.1, self.connection.id);
        let holder = crate::record::request_id(None);
        for _ in 0..LOOKS {
            let lease = Lease::take(&self.own, &name, &holder, LEASE_SECONDS).await;
            let lease = lease.map_err(|problem| self.stored(problem))?;
            // Whoever had it may have renewed it meanwhile, and so may whoever has it now.
            let connection = self.reread().await?;
            let current = self.current(self.ends(&connection), rejected).await;
            let renewed = match (current, lease.is_some()) {
                (Ok(Some(token)), _) => Some(Ok(token)),
                (Err(failure), _) => Some(Err(failure)),
                (Ok(None), true) => Some(self.renew_now(&connection).await),
                (Ok(None), false) => None,
            };
            if let Some(lease) = lease {
                lease.give_back().await;
            }
            match renewed {
                Some(renewed) => return renewed,
                None if self.line.budget.left(self.line.runtime.now_ms()) <= PAUSE => break,
                None => self.line.runtime.pause(PAUSE).await,
            }
        }
        Err(self.failure(Kind::Down))
    }

    async fn renew_now(&self, over: &Connection) -> Result<Secret, Failure> {
        let secrets = self.secrets().await?;
        let refresh = self.refresh_of(&secrets)?;
        match self.issuer.refresh(&self.line, &refresh).await {
            Ok(grant) => {
                self.write(&secrets, &grant.access, &grant.refresh).await?;
                let ends = self
                    .line
                    .runtime
                    .now_ms()
                    .saturating_add(milliseconds(grant.lifetime));
                let changes = json!({
                    "token_expires_at": time::iso(ends), "status": "active", "last_error": null,
                });
                self.change(over, &changes).await?;
                Ok(grant.access)
            }
            Err(failure) => {
                if failure.kind == Kind::Expired {
                    let changes = json!({ "status": "expired", "last_error": "BAD_REFRESH_TOKEN" });
                    self.change(over, &changes).await?;
                }
                Err(failure)
            }
        }
    }

    async fn reread(&self) -> Result<Connection, Failure> {
        let id = &self.connection.id;
        let rows = self.service.rows(self.tables.connections, |table| {
            table.select(self.tables.columns).eq("id", id)
        });
        let mut rows: Vec<Connection> = rows.await.map_err(|problem| self.stored(problem))?;
        let found = rows.pop().ok_or_else(|| self.failure(Kind::NotConnected))?;
        if found.status == "active" {
            Ok(found)
        } else {
            Err(self.failure(Kind::Expired))
        }
    }

    async fn secrets(&self) -> Result<Secrets, Failure> {
        let id = &self.connection.id;
        let columns = "access_token,refresh_token,key_id,updated_at";
        let rows = self.service.rows(self.tables.secrets, |table| {
            table.select(columns).eq("connection_id", id)
        });
        let mut rows: Vec<Secrets> = rows.await.map_err(|problem| self.stored(problem))?;
        // A connection without tokens was left by a connect that did not end.
        rows.pop().ok_or_else(|| self.failure(Kind::Expired))
    }

    /// Writes both tokens over the ones that were read, unless somebody else has.
    async fn write(
        &self,
        over: &Secrets,
        access: &Secret,
        refresh: &Secret,
    ) -> Result<(), Failure> {
        let row = self
            .sealer
            .row(&self.place(), access, refresh)
            .map_err(|problem| self.stored(problem))?;
        let id = &self.connection.id;
        let written: Vec<Value> = self
            .service
            .rows(self.tables.secrets, |table| {
                let write = table.update(row.to_string());
                write
                    .eq("connection_id", id)
                    .eq("updated_at", &over.updated_at)
                    .select("id")
            })
            .await
            .map_err(|problem| self.stored(problem))?;
        if written.is_empty() {
            self.line.runtime.log(&format!(
                r#"{{"level":"warning","message":"tokens of a connection were written by another first","request_id":"{}"}}"#,
                self.line.request_id
            ));
        }
        Ok(())
    }

    /// Changes what the connection says of its tokens, unless it has others by now: those that were to
    /// be renewed were of what was connected before.
    async fn change(&self, over: &Connection, changes: &Value) -> Result<(), Failure> {
        let changed = self
            .service
            .rows::<Value>(self.tables.connections, |table| {
                let write = table.update(changes.to_string()).eq("id", &over.id);
                let write = match &over.token_expires_at {
                    Some(ends) => write.eq("token_expires_at", ends),
                    None => write.is("token_expires_at", "null"),
                };
                write.select("id")
            });
        changed
            .await
            .map(drop)
            .map_err(|problem| self.stored(problem))
    }

    /// The refresh token, to end it.
    ///
    /// # Errors
    /// If there is none, or it does not open.
    pub async fn refresh_token(&self) -> Result<Secret, Failure> {
        self.refresh_of(&self.secrets().await?)
    }

    fn refresh_of(&self, secrets: &Secrets) -> Result<Secret, Failure> {
        let sealed = secrets.refresh_token.as_deref();
        // Without one there is nothing to renew with.
        let sealed = sealed.ok_or_else(|| self.failure(Kind::Expired))?;
        self.open(Column::RefreshToken, sealed)
    }

    /// What this connection's tokens are sealed for.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        Place::of(self.tables, self.issuer.provider(), &self.connection)
    }

    fn open(&self, column: Column, text: &str) -> Result<Secret, Failure> {
        let opened = self.sealer.open(&self.place(), column, text);
        opened.map_err(|kind| self.failure(kind))
    }

    fn ends(&self, connection: &Connection) -> u64 {
        let ends = connection.token_expires_at.as_deref();
        ends.and_then(time::milliseconds).unwrap_or_default()
    }

    fn failure(&self, kind: Kind) -> Failure {
        Failure::new(self.issuer.provider(), "connection", kind)
    }

    /// The database's problem, as a failure of the connection.
    fn stored(&self, problem: Problem) -> Failure {
        stored(self.issuer.provider(), problem)
    }
}

/// The database's problem, as a failure of the connection.
pub(crate) fn stored(provider: Provider, problem: Problem) -> Failure {
    let internal = problem.internal.unwrap_or(problem.message);
    Failure::new(provider, "connection", Kind::Storage(internal))
}
