//! Connecting a CRM by its API key, looking at connections, ending them.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::link::{COLUMNS, CONNECTIONS, Connection, Linked, SECRETS};
use super::{Advisory, Whose};
use crate::apps::Asked;
use crate::problem::Problem;
use crate::providers::crm::{Crm as _, Holder};
use crate::providers::failure::{Kind, Provider};
use crate::secret::Secret;
use crate::transport::Runtime;

/// No CRM's key is longer.
const LONGEST_KEY: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    provider: String,
    key: String,
}

impl<R: Runtime> Advisory<'_, R> {
    /// The firm's connection and the caller's own.
    pub(super) async fn status(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let all = self.connections(asked.tenant()?).await?;
        Ok(json!({ "connections": all.iter().map(shown).collect::<Vec<_>>() }))
    }

    /// Stores a key that the CRM takes. Until the last step the connection is one that has to be
    /// connected again, which is what it is if that step is never reached.
    pub(super) async fn connect(&self, whose: Whose, asked: &Asked<'_>) -> Result<Value, Problem> {
        let given: Given = asked.json()?;
        let provider = match given.provider.as_str() {
            "bridge" => Provider::Bridge,
            "wealthbox" => Provider::Wealthbox,
            _ => {
                return Err(Problem::bad_request(
                    "`provider` is neither `bridge` nor `wealthbox`",
                ));
            }
        };
        let key = given.key.trim();
        let plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > LONGEST_KEY || !plain {
            return Err(Problem::bad_request(
                "`key` is none: printed ASCII, 1000 at most",
            ));
        }
        let key = Secret::new(key);
        // Without it nothing can be kept: the CRM need not be asked.
        self.sealer()?;
        let crm = self.linked(provider, key.clone())?;
        let holder = crm.holder().await;
        let holder = holder.map_err(|failure| match failure.kind {
            Kind::Expired => {
                let message = format!("{} does not take the key", provider.name());
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key_refused", message)
                    .hint("nothing was stored; copy the key anew")
            }
            _ => failure.into(),
        })?;
        let owner = match whose {
            Whose::Firm => None,
            Whose::Own => Some(self.0.user()?),
        };
        let firm = asked.tenant()?;
        let earlier = self.earlier(firm, owner).await?;
        let store = async || {
            let of = (firm, owner, provider);
            self.link(of, earlier.as_ref(), (&key, &crm), &holder).await
        };
        let connection = match &earlier {
            Some(one) => self.alone(&one.id, store).await?,
            None => store().await?,
        };
        Ok(shown(&connection))
    }

    async fn link(
        &self,
        of: (&str, Option<&str>, Provider),
        earlier: Option<&Connection>,
        (key, crm): (&Secret, &Linked<'_, R>),
        holder: &Holder,
    ) -> Result<Connection, Problem> {
        let sealer = self.sealer()?;
        let connection = self.begin(of, earlier, holder).await?;
        let secret = sealer.seal(&connection.binding(), key.expose())?;
        let row = json!({
            "firm_id": of.0, "connection_id": connection.id, "secret": secret,
            "key_id": sealer.key_id(), "refresh_token": null, "token_expires_at": null,
        });
        self.0
            .as_service()?
            .rows::<Value>(SECRETS, |table| {
                let stored = table.upsert(row.to_string());
                stored.on_conflict("connection_id,firm_id").select("id")
            })
            .await?;
        // A bridge tells one address about one key, and that is the firm's.
        let told = of.1.is_some() || self.listen(&connection, crm).await;
        let error = (!told).then_some("WEBHOOK_NOT_SET");
        self.mark(&connection.id, "active", error).await?;
        Ok(Connection {
            status: "active".to_owned(),
            last_error: error.map(str::to_owned),
            ..connection
        })
    }

    /// What is connected so far.
    async fn earlier(
        &self,
        firm: &str,
        owner: Option<&str>,
    ) -> Result<Option<Connection>, Problem> {
        let service = self.0.as_service()?;
        let earlier = service.rows(CONNECTIONS, |table| {
            let of_firm = table.select(COLUMNS).eq("firm_id", firm);
            match owner {
                Some(owner) => of_firm.eq("owner_id", owner),
                None => of_firm.is("owner_id", "null"),
            }
        });
        Ok(earlier.await?.pop())
    }

    /// The row of a connection whose key is not stored yet. What came through another CRM goes: its
    /// ids are not this one's.
    async fn begin(
        &self,
        (firm, owner, provider): (&str, Option<&str>, Provider),
        earlier: Option<&Connection>,
        holder: &Holder,
    ) -> Result<Connection, Problem> {
        let service = self.0.as_service()?;
        let config = json!({
            "firm": holder.name, "schwab_environment": holder.environment, "holdings": holder.holdings,
        });
        let same = earlier.is_some_and(|one| {
            let of = |name: &str| one.config.get(name) == config.get(name);
            one.provider == provider.word() && of("firm") && of("schwab_environment")
        });
        if !same {
            let of = json!({ "p_firm": firm, "p_owner": owner });
            self.0.own()?.call("advisory_forget", &of).await?;
        }
        let kept = earlier.filter(|_| same);
        let begun = json!({
            "firm_id": firm, "owner_id": owner, "provider": provider.word(), "config": config,
            "status": "expired", "last_error": "CONNECTING",
            "last_synced_at": kept.and_then(|one| one.last_synced_at.as_ref()),
        });
        let mut made: Vec<Connection> = service
            .rows(CONNECTIONS, |table| {
                let stored = table.upsert(begun.to_string());
                stored.on_conflict("firm_id,owner_id").select(COLUMNS)
            })
            .await?;
        made.pop().ok_or_else(|| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the connection was not stored")
        })
    }

    /// Ends a connection: its key and everything that came through it are deleted. Neither CRM has a
    /// way to end a key; that is done there, by whoever made it.
    pub(super) async fn disconnect(
        &self,
        whose: Whose,
        asked: &Asked<'_>,
    ) -> Result<Value, Problem> {
        let connection = self.connection_of(asked.tenant()?, Some(whose)).await?;
        let end = async || self.unlink(whose, &connection).await;
        self.alone(&connection.id, end).await?;
        Ok(json!({ "provider": connection.provider, "status": "disconnected" }))
    }

    async fn unlink(&self, whose: Whose, connection: &Connection) -> Result<(), Problem> {
        if let (Whose::Firm, Ok(Linked::Bridge(bridge))) = (whose, self.open(connection).await) {
            // If it cannot be told, what it still tells of leads nowhere.
            let _ = bridge.remove_webhook().await;
        }
        let service = self.0.as_service()?;
        service
            .rows::<Value>(SECRETS, |table| {
                table
                    .delete()
                    .eq("connection_id", &connection.id)
                    .select("id")
            })
            .await?;
        let of = json!({ "p_firm": connection.firm_id, "p_owner": connection.owner_id });
        self.0.own()?.call("advisory_forget", &of).await?;
        service
            .rows::<Value>(CONNECTIONS, |table| {
                table.delete().eq("id", &connection.id).select("id")
            })
            .await
            .map(drop)
    }
}

/// A connection as it is told: never its key.
fn shown(connection: &Connection) -> Value {
    let config = |name: &str| connection.config.get(name).cloned().unwrap_or_default();
    json!({
        "whose": if connection.owner_id.is_some() { "own" } else { "firm" },
        "provider": connection.provider, "status": connection.status, "firm": config("firm"),
        "schwab_environment": config("schwab_environment"),
        "holdings": connection.provider == "bridge" && config("holdings") != Value::Bool(false),
        "last_synced_at": connection.last_synced_at, "last_error": connection.last_error,
        "reconnect": connection.status != "active",
    })
}
