//! The CRM bridge: clients, households, and what they hold at Schwab. The contract is ours:
//! `docs/crm-bridge.openapi.json`.

pub mod schwab;

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::below;
use super::call::{Call, Line, Reading, Repeat, Reply, Told, retry_after};
use super::crm::{Client, Crm, Holder, Household, LARGEST_PAGE, Page, Wanted};
use super::failure::{Failure, FieldError, Kind, Provider};
use crate::secret::Secret;
use crate::time;
use crate::transport::Runtime;
use schwab::{Account, Holdings, Transaction};

/// How the bridge says no.
pub const READING: Reading = told;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How far back transactions are read, in milliseconds: as far as Schwab lets anybody ask at once.
pub const SPAN_MS: u64 = 60 * 24 * 60 * 60 * 1_000;
/// Nobody has more accounts, or more transactions in that time, than so many pages.
const MOST_PAGES: u32 = 30;

/// The bridge, by a firm's key.
#[derive(Debug)]
pub struct Bridge<'a, R> {
    /// The way there.
    pub line: Line<'a, R>,
    /// Where it answers, up to and with its version.
    pub base: &'a Url,
    /// The key.
    pub key: Secret,
}

impl<R: Runtime> Crm for Bridge<'_, R> {
    async fn holder(&self) -> Result<Holder, Failure> {
        let reply = self.get("me", &["me"], &[]).await?;
        let text = |name: &str| reply.body.get(name).and_then(Value::as_str);
        let scopes = reply.body.get("scopes").and_then(Value::as_array);
        let scopes = scopes.ok_or_else(|| malformed("me", reply.status))?;
        Ok(Holder {
            name: text("name").map(str::to_owned),
            environment: text("environment").map(str::to_owned),
            holdings: scopes.iter().any(|scope| scope == "holdings"),
        })
    }

    async fn households(&self, wanted: Wanted<'_>) -> Result<Page<Household>, Failure> {
        self.page("households", "households.list", wanted).await
    }

    async fn clients(&self, wanted: Wanted<'_>) -> Result<Page<Client>, Failure> {
        self.page("clients", "clients.list", wanted).await
    }

    async fn client(&self, id: &str) -> Result<Client, Failure> {
        const OPERATION: &str = "clients.get";
        named(OPERATION, id)?;
        let reply = self.get(OPERATION, &["clients", id], &[]).await?;
        read(OPERATION, reply)
    }
}

impl<R: Runtime> Bridge<'_, R> {
    /// What a client holds: their accounts, positions, and the transactions of the last 60 days.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn holdings(&self, client: &str) -> Result<Holdings, Failure> {
        const OPERATION: &str = "accounts.list";
        named(OPERATION, client)?;
        let filter = [("client_id", client)];
        let (rows, source, _) = self
            .rows(OPERATION, &["accounts"], "accounts", &filter)
            .await?;
        let decoded: Option<Vec<_>> = rows
            .iter()
            .map(|row| schwab::account(row, client))
            .collect();
        let decoded = decoded.ok_or_else(|| malformed(OPERATION, StatusCode::OK))?;
        let mut accounts: Vec<Account> = Vec::new();
        for (mut account, number) in decoded {
            if accounts.iter().any(|one| one.id == account.id) {
                return Err(malformed(OPERATION, StatusCode::OK));
            }
            let (transactions, as_of) = self.transactions(&account.id, &number).await?;
            account.transactions = transactions;
            account.transactions_as_of = as_of;
            accounts.push(account);
        }
        Ok(Holdings { source, accounts })
    }

    async fn transactions(
        &self,
        account: &str,
        number: &str,
    ) -> Result<(Vec<Transaction>, Option<String>), Failure> {
        const OPERATION: &str = "transactions.list";
        named(OPERATION, account)?;
        let now = self.line.runtime.now_ms();
        let (start, end) = (
            time::rfc3339(now.saturating_sub(SPAN_MS)),
            time::rfc3339(now),
        );
        let filter = [("start_date", &*start), ("end_date", &*end)];
        let path = ["accounts", account, "transactions"];
        let (rows, _, as_of) = self.rows(OPERATION, &path, "transactions", &filter).await?;
        let mut all: Vec<Transaction> = Vec::new();
        for row in &rows {
            let one = schwab::transaction(row, number);
            let one = one.ok_or_else(|| malformed(OPERATION, StatusCode::OK))?;
            // One that Schwab calls invalid did not happen; and a page may have moved under us.
            all.extend(one.filter(|one| all.iter().all(|known| known.id != one.id)));
        }
        Ok((all, as_of))
    }

    /// All rows of a list, with every number as text; where they are from, and of when they are.
    async fn rows(
        &self,
        operation: &'static str,
        path: &[&str],
        name: &str,
        filter: &[(&str, &str)],
    ) -> Result<(Vec<Value>, String, Option<String>), Failure> {
        let mut all = Vec::new();
        for number in 1..=MOST_PAGES {
            let (number, size) = (number.to_string(), LARGEST_PAGE.to_string());
            let mut query = filter.to_vec();
            query.extend([("page", &*number), ("per_page", &*size)]);
            let call = self.call(operation, path, &query)?;
            let reply = self.line.send_exact(&call).await?;
            let failed = || malformed(operation, reply.status);
            let text = |name: &str| reply.body.get(name).and_then(Value::as_str);
            let rows = reply.body.get(name).and_then(Value::as_array);
            let rows = rows.ok_or_else(failed)?;
            let total = reply.body.pointer("/meta/total_count");
            let total = total.and_then(|total| total.as_str()?.parse::<usize>().ok());
            all.extend(rows.iter().cloned());
            if all.len() >= total.ok_or_else(failed)? {
                let source = text("source").ok_or_else(failed)?.to_owned();
                let as_of = match text("as_of") {
                    Some(text) => Some(schwab::instant(text).ok_or_else(failed)?),
                    None => None,
                };
                return Ok((all, source, as_of));
            }
            if rows.is_empty() {
                break;
            }
        }
        // Less than it says it has: not all of what a client holds.
        Err(malformed(operation, StatusCode::OK))
    }

    /// Where the bridge is to tell of changes.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn set_webhook(&self, url: &Url, secret: &Secret) -> Result<(), Failure> {
        let body = json!({ "url": url.as_str(), "secret": secret.expose() });
        let call = Call {
            method: Method::PUT,
            body: Some(("application/json", body.to_string().into_bytes())),
            ..self.call("webhook.set", &["webhook"], &[])?
        };
        self.line.send(&call).await.map(drop)
    }

    /// It is to tell of them no more.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn remove_webhook(&self) -> Result<(), Failure> {
        let call = Call {
            method: Method::DELETE,
            ..self.call("webhook.remove", &["webhook"], &[])?
        };
        self.line.send(&call).await.map(drop)
    }

    async fn page<T: DeserializeOwned>(
        &self,
        name: &str,
        operation: &'static str,
        wanted: Wanted<'_>,
    ) -> Result<Page<T>, Failure> {
        let (page, size) = (wanted.page.to_string(), wanted.size.to_string());
        let since = wanted.since_ms.map(time::rfc3339);
        let mut query = vec![("page", &*page), ("per_page", &*size)];
        query.extend(wanted.search.map(|search| ("search", search)));
        query.extend(since.as_deref().map(|since| ("updated_since", since)));
        let mut reply = self.get(operation, &[name], &query).await?;
        let failed = || malformed(operation, reply.status);
        let total = reply.body.pointer("/meta/total_count");
        let total = total.and_then(Value::as_u64).ok_or_else(failed)?;
        let items = reply.body.get_mut(name).map(Value::take);
        let items: Vec<T> = read(
            operation,
            Reply {
                status: reply.status,
                body: items.unwrap_or_default(),
            },
        )?;
        let seen = u64::from(wanted.page).saturating_mul(u64::from(wanted.size));
        let more = !items.is_empty() && seen < total;
        Ok(Page { items, total, more })
    }

    async fn get(
        &self,
        operation: &'static str,
        parts: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, Failure> {
        self.line.send(&self.call(operation, parts, query)?).await
    }

    fn call(
        &self,
        operation: &'static str,
        parts: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Call, Failure> {
        let url = below(self.base, parts.iter().copied());
        let mut url = url.ok_or_else(|| {
            let setting = Kind::Settings("CRM_BRIDGE_URL");
            Failure::new(Provider::Bridge, operation, setting)
        })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Call {
            operation,
            method: Method::GET,
            url,
            bearer: Some(self.key.clone()),
            body: None,
            repeat: Repeat::Safe,
            patience: PATIENCE,
        })
    }
}

/// An id that can stand in a path as one part of it.
fn named(operation: &'static str, id: &str) -> Result<(), Failure> {
    let plain = (1..=200).contains(&id.len()) && !matches!(id, "." | "..");
    plain
        .then_some(())
        .ok_or_else(|| Failure::new(Provider::Bridge, operation, Kind::NotFound))
}

fn read<T: DeserializeOwned>(operation: &'static str, reply: Reply) -> Result<T, Failure> {
    super::read(Provider::Bridge, operation, reply)
}

fn malformed(operation: &'static str, status: StatusCode) -> Failure {
    Failure::malformed(Provider::Bridge, operation, status)
}

fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    let wish = retry_after(headers);
    let errors = body.get("errors").and_then(Value::as_array);
    let errors = errors.map(Vec::as_slice).unwrap_or_default();
    let (kind, again) = match status.as_u16() {
        401 => (Kind::Expired, None),
        403 => (Kind::Forbidden(Vec::new()), None),
        404 => (Kind::NotFound, None),
        409 => (Kind::Conflict, None),
        429 => (Kind::Limited(wish), Some(wish)),
        400..=499 => (Kind::Invalid(errors.iter().map(field).collect()), None),
        500..=599 => (Kind::Down, Some(wish)),
        // A redirect is not followed: the key would go with it.
        _ => (Kind::Malformed, None),
    };
    let first = |name: &str| errors.first()?.get(name)?.as_str().map(str::to_owned);
    Told {
        message: first("detail").filter(|_| matches!(kind, Kind::Forbidden(_))),
        kind,
        again,
        correlation: first("id"),
    }
}

fn field(error: &Value) -> FieldError {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let source = error.get("source").and_then(Value::as_object);
    let message = error.get("detail").or_else(|| error.get("title"));
    FieldError {
        field: source.and_then(|source| source.values().next().and_then(text)),
        message: message.and_then(text).unwrap_or_default(),
    }
}
