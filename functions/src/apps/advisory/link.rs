//! A connection to a CRM: its row, its key, and the CRM behind it.
//!
//! Where a CRM answers is the operator's setting and nobody else's. A connection's `config` may be
//! changed by its manager, so nothing there decides where a key is sent.

use countersign_sealing::Binding;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Advisory, Whose};
use crate::apps::Asked;
use crate::connections::sealed::Sealer;
use crate::problem::Problem;
use crate::providers::bridge::{self, Bridge};
use crate::providers::crm::{Client, Crm, Holder, Household, Page, Wanted};
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::wealthbox::{self, Wealthbox};
use crate::secret::Secret;
use crate::transport::Runtime;

pub(super) const CONNECTIONS: &str = "crm_connections";
pub(super) const SECRETS: &str = "crm_connection_secrets";
pub(super) const COLUMNS: &str =
    "id,firm_id,owner_id,provider,config,status,last_synced_at,last_error";

/// A row of `crm_connections`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) firm_id: String,
    /// Whose it is; the firm's, if nobody's.
    pub(super) owner_id: Option<String>,
    pub(super) provider: String,
    pub(super) config: Value,
    pub(super) status: String,
    pub(super) last_synced_at: Option<String>,
    pub(super) last_error: Option<String>,
}

impl Connection {
    /// Which CRM; the table knows no other two.
    pub(super) fn provider(&self) -> Provider {
        if self.provider == "wealthbox" {
            Provider::Wealthbox
        } else {
            Provider::Bridge
        }
    }

    /// Where a key lies.
    pub(super) fn binding(&self) -> Binding<'_> {
        Binding {
            app: "advisory",
            tenant: &self.firm_id,
            provider: &self.provider,
            connection: &self.id,
            column: "secret",
        }
    }
}

/// The CRM behind a connection.
#[derive(Debug)]
pub(super) enum Linked<'a, R> {
    Wealthbox(Wealthbox<'a, R>),
    Bridge(Bridge<'a, R>),
}

impl<R: Runtime> Crm for Linked<'_, R> {
    async fn holder(&self) -> Result<Holder, Failure> {
        match self {
            Self::Wealthbox(crm) => crm.holder().await,
            Self::Bridge(crm) => crm.holder().await,
        }
    }

    async fn households(&self, wanted: Wanted<'_>) -> Result<Page<Household>, Failure> {
        match self {
            Self::Wealthbox(crm) => crm.households(wanted).await,
            Self::Bridge(crm) => crm.households(wanted).await,
        }
    }

    async fn clients(&self, wanted: Wanted<'_>) -> Result<Page<Client>, Failure> {
        match self {
            Self::Wealthbox(crm) => crm.clients(wanted).await,
            Self::Bridge(crm) => crm.clients(wanted).await,
        }
    }

    async fn client(&self, id: &str) -> Result<Client, Failure> {
        match self {
            Self::Wealthbox(crm) => crm.client(id).await,
            Self::Bridge(crm) => crm.client(id).await,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Sealed {
    secret: String,
    key_id: String,
    /// Changes with every write: who writes compares it.
    updated_at: String,
}

impl<'a, R: Runtime> Advisory<'a, R> {
    pub(super) fn sealer(&self) -> Result<Sealer<'a>, Problem> {
        let ring = self.0.edge.config.providers.sealing.as_ref();
        ring.map(Sealer).ok_or_else(|| {
            Failure::new(
                Provider::Bridge,
                "connection",
                Kind::Settings("SEALING_KEYS"),
            )
            .into()
        })
    }

    /// The connections that the caller may use, the firm's first.
    pub(super) async fn connections(&self, firm: &str) -> Result<Vec<Connection>, Problem> {
        let mut all: Vec<Connection> = self
            .0
            .as_caller()
            .rows(CONNECTIONS, |table| {
                table.select(COLUMNS).eq("firm_id", firm)
            })
            .await?;
        let user = self.0.user()?;
        // The database shows no others; if it ever did, they would not be used.
        all.retain(|one| one.owner_id.as_deref().is_none_or(|owner| owner == user));
        all.sort_by_key(|one| one.owner_id.is_some());
        Ok(all)
    }

    /// The connection that a request is about: the one that it names, `firm` or `own`; else the firm's,
    /// or the caller's own if the firm has none.
    pub(super) async fn connection(&self, asked: &Asked<'_>) -> Result<Connection, Problem> {
        let whose = match asked.parameter("connection") {
            None => None,
            Some("firm") => Some(Whose::Firm),
            Some("own") => Some(Whose::Own),
            Some(_) => {
                return Err(Problem::bad_request(
                    "`connection` is neither `firm` nor `own`",
                ));
            }
        };
        self.connection_of(asked.tenant()?, whose).await
    }

    pub(super) async fn connection_of(
        &self,
        firm: &str,
        whose: Option<Whose>,
    ) -> Result<Connection, Problem> {
        let fits = |one: &Connection| match whose {
            None => true,
            Some(Whose::Firm) => one.owner_id.is_none(),
            Some(Whose::Own) => one.owner_id.is_some(),
        };
        let found = self.connections(firm).await?.into_iter().find(fits);
        found.ok_or_else(|| {
            let whose = if whose == Some(Whose::Own) {
                "you have"
            } else {
                "the firm has"
            };
            let message = format!("{whose} not connected a CRM");
            Problem::new(StatusCode::CONFLICT, "not_connected", message)
                .hint("connect one with its API key: POST /functions/v1/advisory-connect")
        })
    }

    /// The CRM of this name, by this key.
    pub(super) fn linked(&self, provider: Provider, key: Secret) -> Result<Linked<'a, R>, Problem> {
        let settings = &self.0.edge.config.providers.crm;
        let missing = |setting| Failure::new(provider, "settings", Kind::Settings(setting));
        Ok(if provider == Provider::Wealthbox {
            let base = settings.wealthbox.as_ref();
            Linked::Wealthbox(Wealthbox {
                line: self.0.line_to(provider, wealthbox::READING),
                base: base.ok_or_else(|| missing("WEALTHBOX_URL"))?,
                key,
            })
        } else {
            let base = settings.bridge.as_ref();
            Linked::Bridge(Bridge {
                line: self.0.line_to(provider, bridge::READING),
                base: base.ok_or_else(|| missing("CRM_BRIDGE_URL"))?,
                key,
            })
        })
    }

    /// The CRM behind a connection, with its key opened for this request.
    pub(super) async fn open(&self, connection: &Connection) -> Result<Linked<'a, R>, Problem> {
        let failed = |kind| Problem::from(Failure::new(connection.provider(), "connection", kind));
        if connection.status != "active" {
            return Err(failed(Kind::Expired));
        }
        let rows = self.0.as_service()?;
        let rows = rows.rows(SECRETS, |table| {
            let wanted = table.select("secret,key_id,updated_at");
            wanted
                .eq("connection_id", &connection.id)
                .eq("firm_id", &connection.firm_id)
        });
        let mut rows: Vec<Sealed> = rows.await?;
        // A connection without a key was left by a connect that did not end.
        let sealed = rows.pop().ok_or_else(|| failed(Kind::Expired))?;
        let sealer = self.sealer()?;
        let key = sealer
            .open_at(&connection.binding(), &sealed.secret)
            .map_err(failed)?;
        if sealed.key_id != sealer.key_id() {
            self.seal_again(connection, &sealed, &key).await?;
        }
        self.linked(connection.provider(), key)
    }

    /// Seals with the current key what an older one sealed, unless somebody wrote meanwhile.
    async fn seal_again(
        &self,
        connection: &Connection,
        over: &Sealed,
        key: &Secret,
    ) -> Result<(), Problem> {
        let sealer = self.sealer()?;
        let secret = sealer.seal(&connection.binding(), key.expose())?;
        let row = json!({ "secret": secret, "key_id": sealer.key_id() }).to_string();
        let service = self.0.as_service()?;
        service
            .rows::<Value>(SECRETS, |table| {
                let written = table.update(row).eq("connection_id", &connection.id);
                written.eq("updated_at", &over.updated_at).select("id")
            })
            .await
            .map(drop)
    }

    /// The problem of a failure. A key that is not taken any more is noted at its connection.
    pub(super) async fn failed(&self, connection: &Connection, failure: Failure) -> Problem {
        if failure.kind == Kind::Expired && connection.status == "active" {
            let marked = self.mark(&connection.id, "expired", Some("UNAUTHORIZED"));
            if let Err(problem) = marked.await {
                return problem;
            }
        }
        failure.into()
    }

    pub(super) async fn mark(
        &self,
        connection: &str,
        status: &str,
        error: Option<&str>,
    ) -> Result<(), Problem> {
        let changes = json!({ "status": status, "last_error": error }).to_string();
        let service = self.0.as_service()?;
        service
            .rows::<Value>(CONNECTIONS, |table| {
                table.update(changes).eq("id", connection).select("id")
            })
            .await
            .map(drop)
    }
}
