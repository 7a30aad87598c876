//! Sealing the provider tokens of a database in use: batch by batch, each a transaction of its own,
//! so that it can be stopped anywhere and goes on where it was.
//!
//! A row is locked, its tokens are sealed, what was sealed is opened again and compared, and only
//! then it is written. A row that somebody else has locked is passed over and met again later. No
//! token, sealed or not, is ever part of a message.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_sealing::{Binding, KeyRing, NONCE_BYTES, Nonce, OpenError, looks_sealed};
use postgres::{Client, Row, Transaction};
use serde::Serialize;

use crate::sql::literal;

/// Where an app keeps its tokens.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    app: &'static str,
    /// Where the tables are, if not in the app's schema.
    schema: Option<&'static str>,
    connections: &'static str,
    secrets: &'static str,
    /// The connection's tenant; where rows are a person's own, the person.
    tenant: &'static str,
    /// Whether the secrets table has the tenant's column, too.
    tenant_in_secrets: bool,
    /// The connection's provider; `None` for HubSpot's alone.
    provider: Option<&'static str>,
    columns: &'static [&'static str],
}

const LAYOUTS: [Layout; 5] = [
    Layout {
        app: "advisory",
        schema: None,
        connections: "crm_connections",
        secrets: "crm_connection_secrets",
        tenant: "firm_id",
        tenant_in_secrets: true,
        provider: Some("provider"),
        columns: &["secret", "refresh_token"],
    },
    Layout {
        app: "agency",
        schema: Some("countersign_edge"),
        connections: "agency_connections",
        secrets: "agency_connection_secrets",
        tenant: "org_id",
        tenant_in_secrets: true,
        provider: Some("provider"),
        columns: &["access_token", "refresh_token"],
    },
    Layout {
        app: "assistant",
        schema: None,
        connections: "hubspot_connections",
        secrets: "hubspot_connection_secrets",
        tenant: "user_id",
        tenant_in_secrets: false,
        provider: None,
        columns: &["access_token", "refresh_token"],
    },
    Layout {
        app: "coaching",
        schema: None,
        connections: "API_Connections",
        secrets: "API_Connection_Secrets",
        tenant: "account_id",
        tenant_in_secrets: true,
        provider: Some("provider"),
        columns: &["access_token", "refresh_token", "webhook_secret"],
    },
    Layout {
        app: "portal",
        schema: Some("countersign_edge"),
        connections: "portal_connections",
        secrets: "portal_connection_secrets",
        tenant: "app",
        tenant_in_secrets: false,
        provider: Some("provider"),
        columns: &["access_token"],
    },
];

/// How long a statement waits for a lock before the run is stopped.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// What was done and what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Rows whose tokens were sealed.
    pub sealed: u64,
    /// Rows that another key had sealed, and the current one does now.
    pub resealed: u64,
    /// Connections whose plaintext was emptied.
    pub emptied: u64,
    /// Rows that could not be done, by reason.
    pub failed: BTreeMap<String, u64>,
    /// Rows that are still to be done: locked by somebody else all the while, or failed.
    pub left: u64,
}

/// Why nothing more could be done. What was committed stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealingError {
    /// No tokens are kept for this app.
    #[error(
        "the app `{0}` keeps no provider tokens; those that do are advisory, agency, assistant, coaching and portal"
    )]
    App(String),
    /// The database said no. Its details may hold a row, and are left out.
    #[error("{doing}: {message} ({code})")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the server said, without details.
        message: String,
        /// Its SQLSTATE, or `connection`.
        code: String,
    },
    /// There is no source of randomness.
    #[error("the system gives no random numbers, and nothing is sealed without: {0}")]
    Randomness(String),
    /// A token that no ciphertext holds.
    #[error("the token is too long to be sealed")]
    TooLong,
    /// What was sealed does not open again.
    #[error("what was sealed did not open again; nothing of this batch was written")]
    Verification,
}

pub(crate) fn failed(doing: &'static str) -> impl Fn(postgres::Error) -> SealingError {
    move |error| match error.as_db_error() {
        Some(said) => SealingError::Database {
            doing,
            message: said.message().to_owned(),
            code: said.code().code().to_owned(),
        },
        None => SealingError::Database {
            doing,
            message: "the connection broke off".to_owned(),
            code: "connection".to_owned(),
        },
    }
}

/// Seals a token for its place, and opens it again to compare.
pub(crate) fn seal(
    ring: &KeyRing,
    binding: &Binding<'_>,
    token: &str,
) -> Result<String, SealingError> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::getrandom(&mut nonce)
        .map_err(|error| SealingError::Randomness(error.to_string()))?;
    let sealed = ring
        .seal(Nonce::from_random(nonce), binding, token)
        .map_err(|_| SealingError::TooLong)?;
    let opened = ring.open(binding, &sealed);
    if opened.is_ok_and(|opened| opened.expose() == token) {
        Ok(sealed)
    } else {
        Err(SealingError::Verification)
    }
}

/// A row's tokens by column, as they are to be stored; or why one of them cannot be.
type Tokens<'n> = Result<Vec<(&'n str, String)>, &'static str>;

/// A run over one app's tokens.
#[derive(Debug)]
pub struct Sealer<'a> {
    layout: Layout,
    schema: String,
    ring: &'a KeyRing,
    batch: i64,
    done: Sealed,
    /// Rows that are not tried again in this run.
    given_up: Vec<String>,
}

impl<'a> Sealer<'a> {
    /// For the tokens of an app in a schema, so many rows at a time.
    ///
    /// # Errors
    /// If the app keeps no tokens.
    pub fn new(
        app: &str,
        schema: &str,
        ring: &'a KeyRing,
        batch: u32,
    ) -> Result<Self, SealingError> {
        let layout = LAYOUTS.into_iter().find(|layout| layout.app == app);
        let layout = layout.ok_or_else(|| SealingError::App(app.to_owned()))?;
        Ok(Self {
            layout,
            schema: layout.schema.unwrap_or(schema).to_owned(),
            ring,
            batch: i64::from(batch.max(1)),
            done: Sealed::default(),
            given_up: Vec::new(),
        })
    }

    /// Seals what is not sealed with the current key; calls `step` after each batch.
    ///
    /// # Errors
    /// See [`SealingError`]; what was sealed before stays.
    pub fn seal(
        mut self,
        client: &mut Client,
        step: impl Fn(&Sealed),
    ) -> Result<Sealed, SealingError> {
        prepare(client)?;
        let old = self.plaintext_columns(client)?;
        while self.seal_batch(client)? {
            step(&self.done);
        }
        if !old.is_empty() {
            while self.copy_batch(client, &old)? {
                step(&self.done);
            }
        }
        self.done.left = left(client, &self.from(), &self.pending())?;
        if !old.is_empty() {
            self.done.left += left(client, &self.old(), &self.uncopied(&old))?;
        }
        Ok(self.done)
    }

    /// Empties the plaintext columns of connections whose tokens are sealed: each sealed token is
    /// opened and compared first.
    ///
    /// # Errors
    /// See [`SealingError`]; what was emptied before stays.
    pub fn drop_plaintext(
        mut self,
        client: &mut Client,
        step: impl Fn(&Sealed),
    ) -> Result<Sealed, SealingError> {
        prepare(client)?;
        let old = self.plaintext_columns(client)?;
        if old.is_empty() {
            return Ok(self.done);
        }
        while self.empty_batch(client, &old)? {
            step(&self.done);
        }
        self.done.left = left(client, &self.old(), &any_set(&old))?;
        Ok(self.done)
    }

    /// Begins a batch: its rows, locked, by the alias of the table whose rows they are. Each has its
    /// id, the connection's id, tenant and provider, and then the columns.
    fn batch<'c>(
        &self,
        client: &'c mut Client,
        alias: &str,
        columns: &str,
        from: &str,
        pending: &str,
    ) -> Result<(Transaction<'c>, Vec<Row>), SealingError> {
        let query = format!(
            "select {alias}.id::text, c.id::text, {}, {columns} from {from} \
             where {pending} and not {alias}.id::text = any ($1) \
             order by {alias}.id limit {} for update of {alias} skip locked",
            self.place(),
            self.batch
        );
        let mut batch = client.transaction().map_err(failed("beginning a batch"))?;
        let rows = batch
            .query(&query, &[&self.given_up])
            .map_err(failed("reading a batch"))?;
        Ok((batch, rows))
    }

    /// One batch of the secrets table. Whether there may be more.
    fn seal_batch(&mut self, client: &mut Client) -> Result<bool, SealingError> {
        let (from, columns) = (self.from(), of("s", self.layout.columns));
        let (mut batch, rows) = self.batch(client, "s", &columns, &from, &self.pending())?;
        let (mut sealed, mut resealed) = (0, 0);
        for row in &rows {
            let (id, place) = (text(row, 0)?, Place::of(row, self.layout.app)?);
            let tokens = (4..)
                .zip(self.layout.columns)
                .map(|(at, name)| Ok((*name, optional(row, at)?)));
            let tokens = tokens.collect::<Result<Vec<_>, SealingError>>()?;
            let had = tokens
                .iter()
                .any(|(_, token)| token.as_deref().is_some_and(looks_sealed));
            match self.sealed(&place, &tokens)? {
                Ok(texts) => {
                    self.write(&mut batch, &id, &texts)?;
                    if had { resealed += 1 } else { sealed += 1 }
                }
                Err(why) => self.give_up(id, why),
            }
        }
        batch.commit().map_err(failed("committing a batch"))?;
        self.done.sealed += sealed;
        self.done.resealed += resealed;
        Ok(!rows.is_empty())
    }

    fn write(
        &self,
        batch: &mut Transaction<'_>,
        id: &str,
        texts: &[(&str, String)],
    ) -> Result<(), SealingError> {
        let set: Vec<String> = texts
            .iter()
            .map(|(name, text)| format!("{} = {}", ident(name), literal(text)))
            .chain([format!("key_id = {}", literal(self.ring.current().id()))])
            .collect();
        let secrets = self.table(self.layout.secrets);
        let update = format!(
            "update {secrets} set {} where id::text = $1",
            set.join(", ")
        );
        batch
            .execute(&update, &[&id])
            .map_err(failed("writing a sealed row"))
            .map(|_| ())
    }

    /// One batch of connections whose tokens lie in columns of their own, and nowhere else.
    fn copy_batch(&mut self, client: &mut Client, old: &[&str]) -> Result<bool, SealingError> {
        let (from, columns) = (self.old(), of("c", old));
        let (mut batch, rows) = self.batch(client, "c", &columns, &from, &self.uncopied(old))?;
        let mut sealed = 0;
        for row in &rows {
            let (id, place) = (text(row, 0)?, Place::of(row, self.layout.app)?);
            let tokens = (4..)
                .zip(old)
                .map(|(at, name)| Ok((*name, optional(row, at)?)));
            let tokens = tokens.collect::<Result<Vec<_>, SealingError>>()?;
            let texts = match self.sealed(&place, &tokens)? {
                Ok(texts) => texts,
                Err(why) => {
                    self.give_up(id, why);
                    continue;
                }
            };
            let mut pairs = vec![
                ("connection_id", literal(&place.connection)),
                ("key_id", literal(self.ring.current().id())),
            ];
            if self.layout.tenant_in_secrets {
                pairs.push((self.layout.tenant, literal(&place.tenant)));
            }
            pairs.extend(texts.iter().map(|(name, text)| (*name, literal(text))));
            let names: Vec<String> = pairs.iter().map(|(name, _)| ident(name)).collect();
            let values: Vec<String> = pairs.into_iter().map(|(_, value)| value).collect();
            let insert = format!(
                "insert into {} ({}) values ({}) on conflict do nothing",
                self.table(self.layout.secrets),
                names.join(", "),
                values.join(", ")
            );
            batch
                .execute(&insert, &[])
                .map_err(failed("writing a sealed row"))?;
            sealed += 1;
        }
        batch.commit().map_err(failed("committing a batch"))?;
        self.done.sealed += sealed;
        Ok(!rows.is_empty())
    }

    fn empty_batch(&mut self, client: &mut Client, old: &[&str]) -> Result<bool, SealingError> {
        let secrets = self.table(self.layout.secrets);
        let from = format!(
            "{} left join {secrets} s on s.connection_id = c.id",
            self.old()
        );
        let columns = [of("c", old), of("s", old)].join(", ");
        let (mut batch, rows) = self.batch(client, "c", &columns, &from, &any_set(old))?;
        let (mut ready, mut emptied) = (Vec::new(), 0);
        for row in &rows {
            let (id, place) = (text(row, 0)?, Place::of(row, self.layout.app)?);
            let mut why = None;
            for (position, name) in old.iter().enumerate() {
                let Some(token) = optional(row, 4 + position)? else {
                    continue;
                };
                let opened = optional(row, 4 + old.len() + position)?
                    .ok_or("has no sealed token: run without --drop-plaintext first")
                    .and_then(|sealed| {
                        self.ring
                            .open(&place.binding(name), &sealed)
                            .map_err(|error| reason(&error))
                    });
                why = match opened {
                    Err(reason) => Some(reason),
                    Ok(opened) if opened.expose() != token => Some(
                        "the sealed token is another one: see which is right, and empty the column by hand",
                    ),
                    Ok(_) => why,
                };
            }
            match why {
                Some(why) => self.give_up(id, why),
                None => ready.push(id),
            }
        }
        if !ready.is_empty() {
            let set: Vec<String> = old
                .iter()
                .map(|name| format!("{} = null", ident(name)))
                .collect();
            let update = format!(
                "update {} set {} where id::text = any ($1)",
                self.table(self.layout.connections),
                set.join(", ")
            );
            emptied = batch
                .execute(&update, &[&ready])
                .map_err(failed("emptying plaintext"))?;
        }
        batch.commit().map_err(failed("committing a batch"))?;
        self.done.emptied += emptied;
        Ok(!rows.is_empty())
    }

    /// Tokens as they are to be stored; or why one of them cannot be.
    fn sealed<'n>(
        &self,
        place: &Place<'_>,
        tokens: &[(&'n str, Option<String>)],
    ) -> Result<Tokens<'n>, SealingError> {
        let mut texts = Vec::new();
        for (name, token) in tokens {
            let Some(token) = token else { continue };
            let binding = place.binding(name);
            let opened;
            let plain = if looks_sealed(token) {
                match self.ring.open(&binding, token) {
                    Ok(text) => {
                        opened = text;
                        opened.expose()
                    }
                    Err(error) => return Ok(Err(reason(&error))),
                }
            } else {
                token.as_str()
            };
            match seal(self.ring, &binding, plain) {
                Ok(text) => texts.push((*name, text)),
                Err(SealingError::TooLong) => {
                    return Ok(Err("the token is too long to be sealed"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(texts))
    }

    fn give_up(&mut self, id: String, why: &'static str) {
        self.given_up.push(id);
        *self.done.failed.entry(why.to_owned()).or_default() += 1;
    }

    fn table(&self, name: &str) -> String {
        format!("{}.{}", ident(&self.schema), ident(name))
    }

    fn from(&self) -> String {
        let (secrets, connections) = (
            self.table(self.layout.secrets),
            self.table(self.layout.connections),
        );
        format!("{secrets} s join {connections} c on c.id = s.connection_id")
    }

    fn old(&self) -> String {
        format!("{} c", self.table(self.layout.connections))
    }

    /// Tenant and provider of a connection.
    fn place(&self) -> String {
        let provider = self.layout.provider.map_or_else(
            || "'hubspot'".to_owned(),
            |column| format!("c.{}::text", ident(column)),
        );
        format!("c.{}::text, {provider}", ident(self.layout.tenant))
    }

    /// What tells a row that is still to be sealed.
    fn pending(&self) -> String {
        let bare = self
            .layout
            .columns
            .iter()
            .map(|name| format!("s.{} not like 'cs1.%'", ident(name)));
        let key = literal(self.ring.current().id());
        let parts: Vec<String> = bare.chain([format!("s.key_id <> {key}")]).collect();
        format!("({})", parts.join(" or "))
    }

    fn uncopied(&self, old: &[&str]) -> String {
        let secrets = self.table(self.layout.secrets);
        format!(
            "{} and not exists (select from {secrets} s where s.connection_id = c.id)",
            any_set(old)
        )
    }

    /// The columns of the connections that hold tokens, where the database is old enough for them.
    fn plaintext_columns(&self, client: &mut Client) -> Result<Vec<&'static str>, SealingError> {
        let query = "select column_name::text from information_schema.columns \
                     where table_schema = $1 and table_name = $2";
        let names: Vec<String> = client
            .query(query, &[&self.schema, &self.layout.connections])
            .map_err(failed("looking for plaintext"))?
            .iter()
            .map(|row| text(row, 0))
            .collect::<Result<_, _>>()?;
        let columns = self.layout.columns.iter().copied();
        Ok(columns
            .filter(|column| names.iter().any(|name| name == column))
            .collect())
    }
}

/// Columns of the table with this alias.
fn of(alias: &str, columns: &[&str]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|name| format!("{alias}.{}", ident(name)))
        .collect();
    columns.join(", ")
}

fn ident(name: &str) -> String {
    crate::sql::name(name).into_owned()
}

fn prepare(client: &mut Client) -> Result<(), SealingError> {
    let settings = format!(
        "set lock_timeout = {}; set statement_timeout = '60s'; set search_path = ''; \
         set idle_in_transaction_session_timeout = '60s'; set application_name = 'countersign seal'",
        LOCK_TIMEOUT.as_millis()
    );
    client
        .batch_execute(&settings)
        .map_err(failed("preparing the session"))
}

fn any_set(columns: &[&str]) -> String {
    let parts: Vec<String> = columns
        .iter()
        .map(|name| format!("c.{} is not null", ident(name)))
        .collect();
    format!("({})", parts.join(" or "))
}

fn reason(error: &OpenError) -> &'static str {
    match error {
        OpenError::NoSuchKey(_) => "is sealed with a key that is not in the key file",
        OpenError::Malformed(_) => "is not sealed: run without --drop-plaintext first",
        OpenError::Refused => "does not open: sealed for another place, or changed",
    }
}

/// Where a connection's tokens belong.
struct Place<'a> {
    app: &'a str,
    connection: String,
    tenant: String,
    provider: String,
}

impl<'a> Place<'a> {
    fn of(row: &Row, app: &'a str) -> Result<Self, SealingError> {
        Ok(Self {
            app,
            connection: text(row, 1)?,
            tenant: text(row, 2)?,
            provider: text(row, 3)?,
        })
    }

    fn binding<'b>(&'b self, column: &'b str) -> Binding<'b> {
        Binding {
            app: self.app,
            tenant: &self.tenant,
            provider: &self.provider,
            connection: &self.connection,
            column,
        }
    }
}

fn text(row: &Row, at: usize) -> Result<String, SealingError> {
    row.try_get(at).map_err(failed("reading a row"))
}

fn optional(row: &Row, at: usize) -> Result<Option<String>, SealingError> {
    row.try_get(at).map_err(failed("reading a row"))
}

/// How many rows are still to be done.
fn left(client: &mut Client, from: &str, pending: &str) -> Result<u64, SealingError> {
    let query = format!("select count(*) from {from} where {pending}");
    let row = client.query_one(&query, &[]);
    let count = row.and_then(|row| row.try_get::<_, i64>(0));
    let count = count.map_err(failed("counting what is left"))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
