//! Clients and households, from a copy that is young enough, else from the CRM, else from an old copy
//! with a warning.

use std::time::Duration;

use postgrest::Builder;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::copies::{CLIENTS, Copy, Held, through};
use super::link::{Connection, Linked};
use super::{Advisory, flag, warning};
use crate::apps::Asked;
use crate::lease::Lease;
use crate::problem::Problem;
use crate::providers::bridge::schwab::Account;
use crate::providers::budget::milliseconds;
use crate::providers::crm::{Client, Crm as _, Household, LARGEST_PAGE, Record, Wanted};
use crate::providers::failure::{Failure, Kind};
use crate::record::request_id;
use crate::time;
use crate::transport::Runtime;

/// Longer than a request may go on asking the CRM.
const LEASE_SECONDS: u64 = 30;
/// How long others wait before they look again.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_SEARCH: usize = 100;

/// Which page, and of what.
struct Listed<'a> {
    search: Option<&'a str>,
    page: u32,
    size: u32,
}

impl<'a> Listed<'a> {
    fn of(asked: &'a Asked<'_>) -> Result<Self, Problem> {
        let number = |name: &str, default: u32, most: u32| {
            let number = asked.parameter(name).map_or(Ok(default), str::parse);
            number
                .ok()
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| Problem::bad_request(format!("`{name}` is not from 1 to {most}")))
        };
        let search = asked.parameter("search").map(str::trim);
        let search = search.filter(|text| !text.is_empty());
        if search.is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
            return Err(Problem::bad_request(
                "`search` is longer than 100 characters",
            ));
        }
        Ok(Self {
            search,
            page: number("page", 1, 10_000)?,
            size: number("size", 25, LARGEST_PAGE)?,
        })
    }

    /// The rows of a copy that are on the page, and one more if there are more.
    fn paged(&self, query: Builder, name: &str) -> Builder {
        let query = match self.search {
            // What PostgREST and LIKE would take for more than a letter is one letter, any.
            Some(search) => {
                let plain = |c: char| {
                    if c.is_alphanumeric() || c == ' ' {
                        c
                    } else {
                        '_'
                    }
                };
                let plain: String = search.chars().map(plain).collect();
                query.ilike(name, format!("*{plain}*"))
            }
            None => query,
        };
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let before = usize::try_from(self.page.saturating_sub(1)).unwrap_or(usize::MAX);
        let from = before.saturating_mul(size);
        query
            .order(format!("{name}.asc"))
            .range(from, from.saturating_add(size))
    }
}

impl<R: Runtime> Advisory<'_, R> {
    pub(super) async fn households(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        const COLUMNS: &str = "external_id,name,status,fetched_at";
        let read = |row: &Value| {
            let text = |name: &str| row.get(name).and_then(Value::as_str);
            let fetched = time::milliseconds(text("fetched_at")?)?;
            let household = Household {
                id: text("external_id")?.to_owned(),
                name: text("name")?.to_owned(),
                status: text("status").map(str::to_owned),
                updated_at: None,
            };
            Some((household, fetched))
        };
        self.list(asked, ("households", "name", COLUMNS), read)
            .await
    }

    pub(super) async fn clients(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        const COLUMNS: &str = "client:data->client,fetched_at";
        let read = |row: &Value| {
            let fetched = time::milliseconds(row.get("fetched_at")?.as_str()?)?;
            let client: Client = serde_json::from_value(row.get("client")?.clone()).ok()?;
            Some((client, fetched))
        };
        self.list(asked, (CLIENTS, "data->client->>name", COLUMNS), read)
            .await
    }

    async fn list<T: Record + Serialize>(
        &self,
        asked: &Asked<'_>,
        (table, name, columns): (&str, &str, &str),
        read: fn(&Value) -> Option<(T, u64)>,
    ) -> Result<Value, Problem> {
        let listed = Listed::of(asked)?;
        let fresh = flag(asked, "fresh")?;
        let connection = self.connection(asked).await?;
        let now = self.0.runtime.now_ms();
        // Copies are a list only if all of them were made.
        let synced = connection.last_synced_at.as_deref();
        let synced = synced.and_then(time::milliseconds);
        let young = synced.is_some_and(|at| self.young(at, now));
        let mut failed = None;
        if fresh || !young {
            match self.ask::<T>(&connection, &listed).await {
                Ok(answer) => return Ok(answer),
                Err(problem) if synced.is_none() || !passing(&problem) => return Err(problem),
                Err(problem) => failed = Some(problem),
            }
        }
        let rows: Vec<Value> = self
            .0
            .as_caller()
            .rows(table, |table| {
                listed.paged(through(table.select(columns), &connection), name)
            })
            .await?;
        let size = usize::try_from(listed.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        let items = rows
            .iter()
            .take(size)
            .filter_map(read)
            .map(|(one, at)| item(&one, &connection.provider, at));
        let at = synced.unwrap_or_default();
        Ok(page(items.collect(), None, &listed, more, at, now, failed))
    }

    async fn ask<T: Record + Serialize>(
        &self,
        connection: &Connection,
        listed: &Listed<'_>,
    ) -> Result<Value, Problem> {
        let crm = self.open(connection).await?;
        let wanted = Wanted {
            page: listed.page,
            size: listed.size,
            search: listed.search,
            since_ms: None,
        };
        let found = match T::page(&crm, wanted).await {
            Ok(found) => found,
            Err(failure) => return Err(self.failed(connection, failure).await),
        };
        let now = self.0.runtime.now_ms();
        let items = found.items.iter();
        let items = items.map(|one| item(one, &connection.provider, now));
        let (total, more) = (Some(found.total), found.more);
        Ok(page(items.collect(), total, listed, more, now, now, None))
    }

    /// A client with what they hold.
    pub(super) async fn client(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let id = asked.parts.first().map(String::as_str).unwrap_or_default();
        let fresh = flag(asked, "fresh")?;
        let connection = self.connection(asked).await?;
        let began = self.0.runtime.now_ms();
        let copy = self.copy(&connection, id).await?;
        let young = |copy: &&Copy| !fresh && self.young(oldest(copy, &connection), began);
        if let Some(copy) = copy.as_ref().filter(young) {
            return Ok(self.detail(copy, &connection, None));
        }
        match self.refresh(&connection, id, began).await {
            Ok(copy) => Ok(self.detail(&copy, &connection, None)),
            Err(problem) => match copy.filter(|_| passing(&problem)) {
                Some(copy) => Ok(self.detail(&copy, &connection, Some(&problem))),
                None => Err(problem),
            },
        }
    }

    /// Reads a client anew, one request at a time: the others wait for what that one brings.
    async fn refresh(
        &self,
        connection: &Connection,
        id: &str,
        began: u64,
    ) -> Result<Copy, Problem> {
        let crm = self.open(connection).await?;
        let own = self.0.own()?;
        let name = format!("advisory/client/{}/{id}", connection.id);
        let holder = request_id(None);
        let lease = loop {
            if let Some(lease) = Lease::take(&own, &name, &holder, LEASE_SECONDS).await? {
                break lease;
            }
            if self.0.budget.left(self.0.runtime.now_ms()) <= PAUSE {
                let down = Failure::new(connection.provider(), "refresh", Kind::Down);
                return Err(down.into());
            }
            self.0.runtime.pause(PAUSE).await;
            let copy = self.copy(connection, id).await?;
            if let Some(copy) = copy.filter(|copy| oldest(copy, connection) >= began) {
                return Ok(copy);
            }
        };
        let read = self.read(connection, &crm, id).await;
        lease.give_back().await;
        read
    }

    /// Reads a client and what they hold, and keeps it.
    pub(super) async fn read(
        &self,
        connection: &Connection,
        crm: &Linked<'_, R>,
        id: &str,
    ) -> Result<Copy, Problem> {
        // As old as the beginning: what changes meanwhile is not in it.
        let fetched_ms = self.0.runtime.now_ms();
        let asked = async {
            let client = crm.client(id).await?;
            let holdings = match crm {
                Linked::Bridge(bridge) if has_holdings(connection) => {
                    Some(bridge.holdings(id).await?)
                }
                _ => None,
            };
            Ok((client, holdings))
        };
        let (client, holdings) = match asked.await {
            Ok(found) => found,
            Err(failure) => return Err(self.failed(connection, failure).await),
        };
        let copy = Copy {
            client,
            source: connection.provider.clone(),
            fetched_ms,
            holdings: holdings.map(|holdings| Held {
                fetched_ms,
                holdings,
            }),
        };
        self.store(connection, &copy).await?;
        Ok(copy)
    }

    fn young(&self, at: u64, now: u64) -> bool {
        now.saturating_sub(at) < milliseconds(self.lifetime())
    }

    fn detail(&self, copy: &Copy, connection: &Connection, failed: Option<&Problem>) -> Value {
        let now = self.0.runtime.now_ms();
        let oldest = oldest(copy, connection);
        let accounts = copy.holdings.as_ref().map(|held| {
            let mut accounts: Vec<&Account> = held.holdings.accounts.iter().collect();
            accounts.sort_by(|one, other| one.id.cmp(&other.id));
            let shown = accounts.into_iter();
            let shown = shown.map(|one| account(one, &held.holdings.source));
            shown.collect::<Vec<_>>()
        });
        json!({
            "client": item(&copy.client, &copy.source, copy.fetched_ms), "accounts": accounts,
            "fetched_at": time::rfc3339(oldest), "age_seconds": now.saturating_sub(oldest) / 1_000,
            "stale": failed.is_some(), "warning": failed.map(warning),
        })
    }
}

/// Whether the connection's key opens holdings.
fn has_holdings(connection: &Connection) -> bool {
    connection.config.get("holdings") != Some(&Value::Bool(false))
        && connection.provider == "bridge"
}

/// When the older part of a copy was fetched; what is missing is as old as can be.
fn oldest(copy: &Copy, connection: &Connection) -> u64 {
    match &copy.holdings {
        Some(held) => held.fetched_ms.min(copy.fetched_ms),
        None if has_holdings(connection) => 0,
        None => copy.fetched_ms,
    }
}

/// Whether it is the CRM's state that is wrong, and not the request: then an old copy is better than
/// nothing.
fn passing(problem: &Problem) -> bool {
    matches!(
        problem.code,
        "provider_down"
            | "provider_limited"
            | "provider_malformed"
            | "provider_forbidden"
            | "connection_expired"
    )
}

/// Something of the CRM's, with where it is from and of when it is.
fn item<T: Serialize>(one: &T, source: &str, at: u64) -> Value {
    let mut shown = match serde_json::to_value(one) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    shown.insert("source".to_owned(), source.into());
    shown.insert("as_of".to_owned(), time::rfc3339(at).into());
    shown.into()
}

fn page(
    items: Vec<Value>,
    total: Option<u64>,
    listed: &Listed<'_>,
    more: bool,
    at: u64,
    now: u64,
    failed: Option<Problem>,
) -> Value {
    json!({
        "results": items, "total": total, "next": more.then(|| listed.page.saturating_add(1)),
        "fetched_at": time::rfc3339(at), "age_seconds": now.saturating_sub(at) / 1_000,
        "stale": failed.is_some(), "warning": failed.as_ref().map(warning),
    })
}

/// An account, each figure with where it is from and of when it is.
fn account(account: &Account, source: &str) -> Value {
    let with = |value: serde_json::Result<Value>, as_of: &str| {
        let mut shown = value.unwrap_or_default();
        if let Some(members) = shown.as_object_mut() {
            members.insert("as_of".to_owned(), as_of.into());
            members.insert("source".to_owned(), source.into());
        }
        shown
    };
    let mut positions: Vec<_> = account.positions.iter().collect();
    positions.sort_by(|one, other| one.id.cmp(&other.id));
    let positions = positions
        .into_iter()
        .map(|one| with(serde_json::to_value(one), &account.as_of));
    let mut transactions: Vec<_> = account.transactions.iter().collect();
    transactions
        .sort_by(|one, other| (&other.occurred_at, &other.id).cmp(&(&one.occurred_at, &one.id)));
    let of_transactions = account
        .transactions_as_of
        .as_ref()
        .unwrap_or(&account.as_of);
    let transactions = transactions
        .into_iter()
        .map(|one| with(serde_json::to_value(one), of_transactions));
    json!({
        "id": account.id, "household_id": account.household_id, "name": account.name,
        "number_ending": account.number_ending, "kind": account.kind, "currency": account.currency,
        "market_value_cents": account.market_value_cents, "cash_cents": account.cash_cents,
        "as_of": account.as_of, "source": source, "positions": positions.collect::<Vec<_>>(),
        "transactions": transactions.collect::<Vec<_>>(),
    })
}
