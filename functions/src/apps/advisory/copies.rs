//! Copies of clients and of what they hold, as they lie in the database: in tables, or in documents.
//!
//! A client's record is in `client_data_cache` in both forms, so that clients can be listed from there.
//! What they hold is there as well, or in `accounts`, `positions` and `transactions`.

use std::collections::BTreeMap;

use postgrest::Builder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Advisory;
use super::link::Connection;
use crate::problem::Problem;
use crate::providers::bridge::schwab::{Account, Holdings, Position, Transaction};
use crate::providers::crm::Client;
use crate::providers::decimal::Decimal;
use crate::providers::settings::Copies;
use crate::time;
use crate::transport::Runtime;

pub(super) const CLIENTS: &str = "client_data_cache";
/// No client has more rows than so many.
const MOST_ROWS: usize = 10_000;

/// A client and what they hold, as of some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) client: Client,
    /// Which CRM it is from.
    pub(super) source: String,
    /// When it was, in milliseconds since the epoch.
    pub(super) fetched_ms: u64,
    pub(super) holdings: Option<Held>,
}

/// What a client holds, and when that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) fetched_ms: u64,
    pub(super) holdings: Holdings,
}

/// A document of `client_data_cache`.
#[derive(Serialize, Deserialize)]
struct Document {
    client: Client,
    source: String,
    holdings: Option<Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    fetched_at: String,
    source: String,
    /// Where they are not in tables.
    accounts: Option<Vec<Account>>,
    /// Where they are: what the tables have no columns for, by the account's id.
    #[serde(default)]
    beside: BTreeMap<String, Beside>,
}

#[derive(Default, Serialize, Deserialize)]
struct Beside {
    household_id: Option<String>,
    transactions_as_of: Option<String>,
}

#[derive(Deserialize)]
struct AccountRow {
    id: String,
    external_id: String,
    name: Option<String>,
    number_ending: Option<String>,
    kind: Option<String>,
    currency: String,
    market_value_cents: Option<i64>,
    cash_cents: Option<i64>,
    as_of: Option<String>,
}

#[derive(Deserialize)]
struct PositionRow {
    account_id: String,
    external_id: String,
    symbol: Option<String>,
    description: Option<String>,
    quantity: String,
    price: Option<String>,
    market_value_cents: Option<i64>,
}

#[derive(Deserialize)]
struct TransactionRow {
    account_id: String,
    external_id: String,
    kind: String,
    symbol: Option<String>,
    description: Option<String>,
    quantity: Option<String>,
    amount_cents: i64,
    occurred_at: String,
}

/// Only what came through this connection.
pub(super) fn through(query: Builder, connection: &Connection) -> Builder {
    let of_firm = query.eq("firm_id", &connection.firm_id);
    match &connection.owner_id {
        Some(owner) => of_firm.eq("owner_id", owner),
        None => of_firm.is("owner_id", "null"),
    }
}

impl<R: Runtime> Advisory<'_, R> {
    /// The copy of a client, if there is one: read as the caller, who sees what the policy shows.
    pub(super) async fn copy(
        &self,
        connection: &Connection,
        client: &str,
    ) -> Result<Option<Copy>, Problem> {
        #[derive(Deserialize)]
        struct Row {
            data: Value,
            fetched_at: String,
        }
        let database = self.0.as_caller();
        let rows = database.rows(CLIENTS, |table| {
            let wanted = table.select("data,fetched_at");
            through(wanted, connection).eq("crm_client_id", client)
        });
        let row: Option<Row> = rows.await?.pop();
        // A document of another making is none of ours.
        let read = |row: Row| {
            let document: Document = serde_json::from_value(row.data).ok()?;
            Some((document, time::milliseconds(&row.fetched_at)?))
        };
        let Some((document, fetched_ms)) = row.and_then(read) else {
            return Ok(None);
        };
        let holdings = match document.holdings {
            None => None,
            Some(kept) => {
                let fetched_ms = time::milliseconds(&kept.fetched_at).unwrap_or_default();
                let accounts = match kept.accounts {
                    Some(accounts) => accounts,
                    None => self.in_tables(connection, client, kept.beside).await?,
                };
                let source = kept.source;
                Some(Held {
                    fetched_ms,
                    holdings: Holdings { source, accounts },
                })
            }
        };
        Ok(Some(Copy {
            client: document.client,
            source: document.source,
            fetched_ms,
            holdings,
        }))
    }

    async fn in_tables(
        &self,
        connection: &Connection,
        client: &str,
        mut beside: BTreeMap<String, Beside>,
    ) -> Result<Vec<Account>, Problem> {
        const ACCOUNT: &str =
            "id,external_id,name,number_ending,kind,currency,market_value_cents,cash_cents,as_of";
        // As text: a decimal number that passes through JSON may come out as another one.
        const POSITION: &str = "account_id,external_id,symbol,description,quantity::text,price::text,market_value_cents";
        const TRANSACTION: &str = "account_id,external_id,kind,symbol,description,quantity::text,amount_cents,occurred_at";
        let database = self.0.as_caller();
        let accounts = database.rows("accounts", |table| {
            let wanted = through(table.select(ACCOUNT), connection);
            wanted.eq("crm_client_id", client).order("external_id.asc")
        });
        let accounts: Vec<AccountRow> = accounts.await?;
        let ids: Vec<&str> = accounts.iter().map(|one| one.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let positions = database.rows("positions", |table| {
            let wanted = table.select(POSITION).in_("account_id", &ids);
            wanted.order("external_id.asc").limit(MOST_ROWS)
        });
        let positions: Vec<PositionRow> = positions.await?;
        let transactions = database.rows("transactions", |table| {
            let wanted = table.select(TRANSACTION).in_("account_id", &ids);
            wanted.order("occurred_at.desc").limit(MOST_ROWS)
        });
        let transactions: Vec<TransactionRow> = transactions.await?;
        let whole = |row: AccountRow| {
            let of_account = positions.iter().filter(|one| one.account_id == row.id);
            let in_it = transactions.iter().filter(|one| one.account_id == row.id);
            let beside = beside.remove(&row.external_id).unwrap_or_default();
            Account {
                household_id: beside.household_id,
                name: row.name,
                number_ending: row.number_ending,
                kind: row.kind,
                currency: row.currency,
                market_value_cents: row.market_value_cents,
                cash_cents: row.cash_cents,
                as_of: row.as_of.map(plain_time).unwrap_or_default(),
                positions: of_account.map(position).collect(),
                transactions: in_it.map(transaction).collect(),
                transactions_as_of: beside.transactions_as_of,
                id: row.external_id,
            }
        };
        Ok(accounts.into_iter().map(whole).collect())
    }

    /// Keeps what the CRM said of a client at this time, all of it or nothing.
    pub(super) async fn store(&self, connection: &Connection, copy: &Copy) -> Result<(), Problem> {
        let copies = self.0.edge.config.providers.crm.copies;
        let held = copy.holdings.as_ref();
        let accounts = held.map_or(&[][..], |held| &held.holdings.accounts);
        let (documents, tables) = match copies {
            Copies::Documents => (Some(accounts.to_vec()), &[][..]),
            Copies::Tables => (None, accounts),
        };
        let beside = tables.iter().map(|one| {
            let beside = Beside {
                household_id: one.household_id.clone(),
                transactions_as_of: one.transactions_as_of.clone(),
            };
            (one.id.clone(), beside)
        });
        let document = Document {
            client: copy.client.clone(),
            source: copy.source.clone(),
            holdings: held.map(|held| Kept {
                fetched_at: time::rfc3339(held.fetched_ms),
                source: held.holdings.source.clone(),
                accounts: documents,
                beside: beside.collect(),
            }),
        };
        let stored = json!({
            "p_firm": connection.firm_id, "p_owner": connection.owner_id, "p_client": copy.client.id,
            "p_data": document, "p_accounts": tables, "p_fetched_at": time::rfc3339(copy.fetched_ms),
        });
        let own = self.0.own()?;
        own.call("advisory_store_client", &stored).await.map(drop)
    }
}

fn position(row: &PositionRow) -> Position {
    Position {
        id: row.external_id.clone(),
        symbol: row.symbol.clone(),
        description: row.description.clone(),
        quantity: plain_number(&row.quantity),
        price: row.price.as_deref().map(plain_number),
        market_value_cents: row.market_value_cents,
    }
}

fn transaction(row: &TransactionRow) -> Transaction {
    Transaction {
        id: row.external_id.clone(),
        kind: row.kind.clone(),
        symbol: row.symbol.clone(),
        description: row.description.clone(),
        quantity: row.quantity.as_deref().map(plain_number),
        amount_cents: row.amount_cents,
        occurred_at: plain_time(row.occurred_at.clone()),
    }
}

/// Without the zeros that the column's places make.
fn plain_number(text: &str) -> String {
    Decimal::parse(text).map_or_else(|| text.to_owned(), |number| number.to_string())
}

fn plain_time(text: String) -> String {
    time::milliseconds(&text).map_or(text, time::rfc3339)
}
