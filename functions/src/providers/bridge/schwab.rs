//! Schwab's shapes, read into ours.
//!
//! Every number comes here as the text that it was sent as ([`Line::send_exact`]) and stays exact;
//! quantities keep eight places and money is whole cents, as the tables have them. An account's number
//! goes no further than this: what is kept of it are its last digits, and where it stands in a text it
//! is masked.
//!
//! [`Line::send_exact`]: crate::providers::call::Line::send_exact

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::providers::decimal::Decimal;
use crate::time;

/// As many places as a quantity is kept with.
const PLACES: u32 = 8;

/// What a client holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// Where the figures are from, in the bridge's word.
    pub source: String,
    /// The accounts.
    pub accounts: Vec<Account>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Schwab's hash of it.
    pub id: String,
    /// The household it belongs to, by its id in the CRM.
    pub household_id: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// The last digits of its number, four at most, and never all of them.
    pub number_ending: Option<String>,
    /// individual, joint, ira, trust, …
    pub kind: Option<String>,
    /// ISO 4217.
    pub currency: String,
    /// What it is worth, in cents.
    pub market_value_cents: Option<i64>,
    /// What of that is cash, in cents.
    pub cash_cents: Option<i64>,
    /// Of when the figures are, by the source's own words, in ISO 8601.
    pub as_of: String,
    /// What is in it.
    pub positions: Vec<Position>,
    /// What happened in it.
    pub transactions: Vec<Transaction>,
    /// Of when those are.
    pub transactions_as_of: Option<String>,
}

/// A position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The instrument's CUSIP, or its symbol where it has none.
    pub id: String,
    /// Its symbol.
    pub symbol: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// How much of it, less what is owed of it: a decimal number.
    pub quantity: String,
    /// Its closing price, if Schwab says: a decimal number.
    pub price: Option<String>,
    /// What it is worth, in cents.
    pub market_value_cents: Option<i64>,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Schwab's id of it.
    pub id: String,
    /// In Schwab's word: TRADE, DIVIDEND_OR_INTEREST, …
    pub kind: String,
    /// The symbol of what was traded.
    pub symbol: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// How much of it: a decimal number.
    pub quantity: Option<String>,
    /// What it brought, or cost, in cents.
    pub amount_cents: i64,
    /// When, in ISO 8601.
    pub occurred_at: String,
}

/// An account of this client, and its number, with which to mask what else is said of it. `None` if it
/// is not in its shape.
#[must_use]
pub fn account(row: &Value, client: &str) -> Option<(Account, String)> {
    let securities = row.pointer("/schwab/securitiesAccount")?;
    let number = text(securities, "accountNumber")?;
    let id = text(row, "id")?;
    // A number where the hash should be would be kept.
    let is_number = digits(&number).len() > 4 && id.contains(&digits(&number));
    if is_number || text(row, "client_id")? != client {
        return None;
    }
    let currency = text(row, "currency").unwrap_or_else(|| "USD".to_owned());
    let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    let balance = |names: [&str; 2]| {
        let balances = securities.get("currentBalances")?;
        names.iter().find_map(|name| balances.get(*name))
    };
    let aggregated = row.pointer("/schwab/aggregatedBalance/liquidationValue");
    let worth = balance(["liquidationValue", "equity"]).or(aggregated);
    let rows = securities.get("positions").and_then(Value::as_array);
    let mut positions: Vec<Position> = Vec::new();
    for row in rows.into_iter().flatten() {
        let next = position(row, &number)?;
        if next.quantity == "0" && next.market_value_cents.unwrap_or_default() == 0 {
            continue;
        }
        match positions.iter_mut().find(|one| one.id == next.id) {
            Some(one) => join(one, &next)?,
            None => positions.push(next),
        }
    }
    let account = Account {
        household_id: text(row, "household_id"),
        name: text(row, "name").map(|name| masked(&name, &number)),
        number_ending: ending(&number),
        kind: text(row, "registration"),
        currency: is_code.then_some(currency)?,
        market_value_cents: cents(worth)?,
        cash_cents: cents(balance(["cashBalance", "totalCash"]))?,
        as_of: instant(&text(row, "as_of")?)?,
        positions,
        transactions: Vec::new(),
        transactions_as_of: None,
        id,
    };
    Some((account, number))
}

/// An amount in cents. `None` within: it is not there. `None` around it: it is none.
fn cents(value: Option<&Value>) -> Option<Option<i64>> {
    match value {
        None => Some(None),
        Some(value) => decimal(value)?.cents().map(Some),
    }
}

fn position(row: &Value, number: &str) -> Option<Position> {
    let instrument = row.get("instrument")?;
    let symbol = text(instrument, "symbol");
    let amount = |name: &str| match row.get(name) {
        None => Some(Decimal::ZERO),
        Some(value) => decimal(value),
    };
    let quantity = amount("longQuantity")?.minus(amount("shortQuantity")?)?;
    let price = match instrument.get("closingPrice") {
        None => None,
        Some(price) => Some(decimal(price)?.to_places(PLACES)?.to_string()),
    };
    Some(Position {
        id: text(instrument, "cusip").or_else(|| symbol.clone())?,
        symbol,
        description: text(instrument, "description").map(|text| masked(&text, number)),
        quantity: quantity.to_places(PLACES)?.to_string(),
        price,
        market_value_cents: cents(row.get("marketValue"))?,
    })
}

/// The same instrument twice, as of two subaccounts.
fn join(one: &mut Position, more: &Position) -> Option<()> {
    let quantity = Decimal::parse(&one.quantity)?.plus(Decimal::parse(&more.quantity)?)?;
    one.quantity = quantity.to_string();
    one.market_value_cents = match (one.market_value_cents, more.market_value_cents) {
        (Some(one), Some(more)) => Some(one.checked_add(more)?),
        _ => None,
    };
    Some(())
}

/// A transaction of the account with this number. `None` if it is not in its shape; `None` within if
/// Schwab says itself that it is invalid.
#[must_use]
pub fn transaction(row: &Value, number: &str) -> Option<Option<Transaction>> {
    if text(row, "status").as_deref() == Some("INVALID") {
        return Some(None);
    }
    let items = row.get("transferItems").and_then(Value::as_array);
    let traded = items.into_iter().flatten().find(|item| {
        let kind = item
            .pointer("/instrument/assetType")
            .and_then(Value::as_str);
        kind != Some("CURRENCY")
    });
    let quantity = match traded.and_then(|item| item.get("amount")) {
        None => None,
        Some(amount) => Some(decimal(amount)?.to_places(PLACES)?.to_string()),
    };
    let time = text(row, "time").or_else(|| text(row, "tradeDate"))?;
    Some(Some(Transaction {
        id: text(row, "activityId")?,
        kind: text(row, "type")?,
        symbol: traded.and_then(|item| text(item.get("instrument")?, "symbol")),
        description: text(row, "description").map(|text| masked(&text, number)),
        quantity,
        amount_cents: decimal(row.get("netAmount")?)?.cents()?,
        occurred_at: instant(&time)?,
    }))
}

/// An instant in ISO 8601 with UTC. Schwab writes offsets without their colon.
#[must_use]
pub fn instant(text: &str) -> Option<String> {
    let plain = match text
        .len()
        .checked_sub(5)
        .and_then(|at| text.split_at_checked(at))
    {
        Some((before, offset)) if offset.starts_with(['+', '-']) => {
            let (hours, minutes) = offset.split_at_checked(3)?;
            format!("{before}{hours}:{minutes}")
        }
        _ => text.to_owned(),
    };
    time::milliseconds(&plain).map(time::rfc3339)
}

fn text(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn decimal(value: &Value) -> Option<Decimal> {
    Decimal::parse(value.as_str()?)
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The last digits of a number: no more than four, and no more than half of it.
fn ending(number: &str) -> Option<String> {
    let masked = number.contains(['*', 'x', 'X', '•']);
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    // Of one that comes masked all that is left may be shown.
    let most = if masked { 4 } else { 4.min(digits.len() / 2) };
    let from = digits.len().saturating_sub(most);
    let ending: String = digits.iter().skip(from).collect();
    (!ending.is_empty()).then_some(ending)
}

/// A text with the account's number in it, without.
fn masked(text: &str, number: &str) -> String {
    if digits(number).len() < 5 {
        return text.to_owned();
    }
    let ending = ending(number).unwrap_or_default();
    let short = format!("…{ending}");
    text.replace(number, &short)
        .replace(&digits(number), &short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(number: &str) -> Value {
        json!({
            "id": "AB01", "client_id": "7", "name": "Joint 60214471", "as_of": "2026-04-23T19:59:53Z",
            "schwab": { "securitiesAccount": {
                "type": "CASH", "accountNumber": number,
                "positions": [
                    { "longQuantity": "20.00000001", "shortQuantity": "0", "marketValue": "3800.005", "instrument": { "symbol": "AAPL", "cusip": "037833100" } },
                    { "longQuantity": "0.1", "instrument": { "symbol": "AAPL", "cusip": "037833100" } },
                    { "longQuantity": "0", "shortQuantity": "3", "marketValue": "-12.5", "instrument": { "symbol": "AAPL  270115C00320000" } },
                    { "longQuantity": "0", "instrument": { "symbol": "GONE" } },
                ],
                "currentBalances": { "cashBalance": "1000.10" },
            }, "aggregatedBalance": { "liquidationValue": "4800" } },
        })
    }

    #[test]
    fn an_account_is_read_to_the_last_digit() {
        let (account, number) = account(&row("60214471"), "7").unwrap();
        assert_eq!(number, "60214471");
        assert_eq!(account.number_ending.as_deref(), Some("4471"));
        assert_eq!(account.name.as_deref(), Some("Joint …4471"));
        assert_eq!(
            (account.market_value_cents, account.cash_cents),
            (Some(480_000), Some(100_010))
        );
        let positions: Vec<_> = account
            .positions
            .iter()
            .map(|of| (&*of.id, &*of.quantity, of.market_value_cents))
            .collect();
        assert_eq!(
            positions,
            [
                ("037833100", "20.10000001", None),
                ("AAPL  270115C00320000", "-3", Some(-1_250))
            ]
        );
        assert!(
            !serde_json::to_string(&account)
                .unwrap()
                .contains("60214471")
        );
    }

    #[test]
    fn a_number_is_never_whole() {
        for (number, ends) in [
            ("60214471", Some("4471")),
            ("6021-4471", Some("4471")),
            ("*****471", Some("471")),
            ("12345", Some("45")),
            ("1", None),
        ] {
            assert_eq!(ending(number).as_deref(), ends, "{number}");
        }
        let mut row = row("60214471");
        row["id"] = json!("acct-60214471");
        assert_eq!(account(&row, "7"), None);
    }

    #[test]
    fn what_is_not_in_its_shape_is_refused() {
        let bad = |change: fn(&mut Value)| {
            let mut row = row("60214471");
            change(&mut row);
            assert_eq!(account(&row, "7"), None, "{row}");
        };
        bad(|row| row["client_id"] = json!("8"));
        bad(|row| row["as_of"] = json!("yesterday"));
        bad(|row| row["currency"] = json!("usd"));
        bad(|row| {
            row["schwab"]["securitiesAccount"]["currentBalances"]["cashBalance"] = json!("many")
        });
        bad(|row| row["schwab"]["securitiesAccount"]["positions"][0]["longQuantity"] = json!(true));
    }

    #[test]
    fn a_trade_is_read_and_an_invalid_one_passed_over() {
        let row = json!({
            "activityId": "95512265692", "time": "2026-04-23T19:59:53+0000", "type": "TRADE", "status": "VALID",
            "description": "BUY IN 60214471", "netAmount": "-1502.5",
            "transferItems": [
                { "instrument": { "assetType": "CURRENCY", "symbol": "CURRENCY_USD" }, "amount": "0" },
                { "instrument": { "assetType": "EQUITY", "symbol": "AAPL" }, "amount": "10.50" },
            ],
        });
        let read = transaction(&row, "60214471").unwrap().unwrap();
        assert_eq!(
            (
                &*read.id,
                read.symbol.as_deref(),
                read.quantity.as_deref(),
                read.amount_cents
            ),
            ("95512265692", Some("AAPL"), Some("10.5"), -150_250)
        );
        assert_eq!(read.occurred_at, instant("2026-04-23T19:59:53Z").unwrap());
        assert_eq!(read.description.as_deref(), Some("BUY IN …4471"));
        let invalid = json!({ "status": "INVALID" });
        assert_eq!(transaction(&invalid, "60214471"), Some(None));
        assert_eq!(transaction(&json!({ "activityId": "1" }), "60214471"), None);
    }

    #[test]
    fn offsets_without_a_colon_are_read() {
        for (text, read) in [
            ("2026-04-23T19:59:53+0000", true),
            ("2026-04-23T19:59:53.000+0000", true),
            ("2026-04-23T15:59:53-0400", true),
            ("2026-04-23T19:59:53Z", true),
            ("2026-04-23", false),
        ] {
            let found = instant(text);
            assert_eq!(found.is_some(), read, "{text}");
            if let Some(found) = found {
                assert!(found.starts_with("2026-04-23T19:59:53"), "{found}");
            }
        }
    }
}
