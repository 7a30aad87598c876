//! Wealthbox: contacts, who are clients and households alike. It has no holdings and no webhooks.
//!
//! Its key is a person's own and opens what that person sees. It publishes no description of its API;
//! every member of an answer but the id is taken as one that may be missing.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::below;
use super::call::{Call, Line, Reading, Repeat, Reply, Told, retry_after};
use super::crm::{Belongs, Client, Crm, Holder, Household, Page, Wanted};
use super::failure::{Failure, FieldError, Kind, Provider};
use crate::secret::Secret;
use crate::time;
use crate::transport::Runtime;

/// How Wealthbox says no.
pub const READING: Reading = told;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Wealthbox, by a person's key.
#[derive(Debug)]
pub struct Wealthbox<'a, R> {
    /// The way there.
    pub line: Line<'a, R>,
    /// Where its API answers, up to and with its version.
    pub base: &'a Url,
    /// The key.
    pub key: Secret,
}

impl<R: Runtime> Crm for Wealthbox<'_, R> {
    async fn holder(&self) -> Result<Holder, Failure> {
        let body = self.get("me", &["me"], &[]).await?.body;
        let accounts = body.get("accounts").and_then(Value::as_array);
        let first = accounts.and_then(|all| all.first());
        Ok(Holder {
            name: first.and_then(|first| text(first, "name")),
            environment: None,
            holdings: false,
        })
    }

    async fn households(&self, wanted: Wanted<'_>) -> Result<Page<Household>, Failure> {
        self.page("households.list", "Household", wanted, household)
            .await
    }

    async fn clients(&self, wanted: Wanted<'_>) -> Result<Page<Client>, Failure> {
        self.page("clients.list", "Person", wanted, client).await
    }

    async fn client(&self, id: &str) -> Result<Client, Failure> {
        const OPERATION: &str = "clients.get";
        if id.is_empty() || id.len() > 20 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::new(Provider::Wealthbox, OPERATION, Kind::NotFound));
        }
        let reply = self.get(OPERATION, &["contacts", id], &[]).await?;
        if text(&reply.body, "type").is_some_and(|kind| kind != "Person") {
            return Err(Failure::new(Provider::Wealthbox, OPERATION, Kind::NotFound));
        }
        client(&reply.body).ok_or_else(|| malformed(OPERATION, reply.status))
    }
}

impl<R: Runtime> Wealthbox<'_, R> {
    async fn page<T>(
        &self,
        operation: &'static str,
        kind: &str,
        wanted: Wanted<'_>,
        read: fn(&Value) -> Option<T>,
    ) -> Result<Page<T>, Failure> {
        let (page, size) = (wanted.page.to_string(), wanted.size.to_string());
        let since = wanted.since_ms.map(instant);
        let mut query = vec![("type", kind), ("page", &page), ("per_page", &size)];
        // By their ids, so that a change meanwhile moves none to another page.
        query.push(("order", "asc"));
        query.extend(wanted.search.map(|search| ("name", search)));
        query.extend(since.as_deref().map(|since| ("updated_since", since)));
        let reply = self.get(operation, &["contacts"], &query).await?;
        let failed = || malformed(operation, reply.status);
        let all = reply.body.get("contacts").and_then(Value::as_array);
        let all = all.ok_or_else(failed)?;
        let items: Option<Vec<T>> = all.iter().map(read).collect();
        let items = items.ok_or_else(failed)?;
        let total = reply.body.pointer("/meta/total_count");
        let total = total.and_then(Value::as_u64).ok_or_else(failed)?;
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
        let url = below(self.base, parts.iter().copied());
        let mut url = url.ok_or_else(|| {
            let setting = Kind::Settings("WEALTHBOX_URL");
            Failure::new(Provider::Wealthbox, operation, setting)
        })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let call = Call {
            operation,
            method: Method::GET,
            url,
            bearer: Some(self.key.clone()),
            body: None,
            repeat: Repeat::Safe,
            patience: PATIENCE,
        };
        self.line.send(&call).await
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn id(value: &Value) -> Option<String> {
    Some(value.get("id")?.as_u64()?.to_string())
}

fn household(contact: &Value) -> Option<Household> {
    let id = id(contact)?;
    Some(Household {
        name: text(contact, "name").unwrap_or_else(|| format!("Household {id}")),
        status: status(contact),
        updated_at: updated(contact),
        id,
    })
}

fn client(contact: &Value) -> Option<Client> {
    let id = id(contact)?;
    let (first, last) = (text(contact, "first_name"), text(contact, "last_name"));
    let names: Vec<&str> = first
        .as_deref()
        .into_iter()
        .chain(last.as_deref())
        .collect();
    let name = match names.as_slice() {
        [] => text(contact, "name").unwrap_or_else(|| format!("Contact {id}")),
        names => names.join(" "),
    };
    let belongs = contact.get("household").and_then(|household| {
        let id = self::id(household)?;
        Some(Belongs {
            name: text(household, "name").unwrap_or_else(|| format!("Household {id}")),
            title: text(household, "title"),
            id,
        })
    });
    Some(Client {
        name,
        status: status(contact),
        email: principal(contact, "email_addresses"),
        phone: principal(contact, "phone_numbers"),
        household: belongs,
        updated_at: updated(contact),
        first_name: first,
        last_name: last,
        id,
    })
}

/// Client, Prospect, …: the contact's kind; whether it is active is another thing.
fn status(contact: &Value) -> Option<String> {
    text(contact, "contact_type").or_else(|| text(contact, "status"))
}

/// The address or number that is marked as the first, else the first.
fn principal(contact: &Value, name: &str) -> Option<String> {
    let all = contact.get(name)?.as_array()?;
    let marked = all
        .iter()
        .find(|one| one.get("principal") == Some(&Value::Bool(true)));
    text(marked.or_else(|| all.first())?, "address")
}

fn updated(contact: &Value) -> Option<String> {
    let ms = read_instant(contact.get("updated_at")?.as_str()?)?;
    Some(time::rfc3339(ms))
}

/// An instant as Wealthbox writes it, to the minute before it: `2015-05-24 10:00 AM +0000`.
fn instant(ms: u64) -> String {
    let iso = time::iso(ms);
    let part = |from, to| iso.get(from..to).unwrap_or_default();
    let hour: u32 = part(11, 13).parse().unwrap_or_default();
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = match hour % 12 {
        0 => 12,
        hour => hour,
    };
    format!("{} {hour:02}:{} {half} +0000", part(0, 10), part(14, 16))
}

/// The milliseconds since the epoch of such an instant.
fn read_instant(text: &str) -> Option<u64> {
    let mut words = text.split(' ');
    let (date, clock, half, zone) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (hour, minute) = clock.split_once(':')?;
    let hour: u32 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let hour = match half {
        "AM" => hour % 12,
        "PM" => (hour % 12).saturating_add(12),
        _ => return None,
    };
    let (hours, minutes) = zone.split_at_checked(3)?;
    time::milliseconds(&format!("{date}T{hour:02}:{minute}:00{hours}:{minutes}"))
}

fn malformed(operation: &'static str, status: StatusCode) -> Failure {
    Failure::malformed(Provider::Wealthbox, operation, status)
}

fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    let wish = retry_after(headers);
    let (kind, again) = match status.as_u16() {
        401 => (Kind::Expired, None),
        // 402: the trial has ended.
        402 | 403 => (Kind::Forbidden(Vec::new()), None),
        404 => (Kind::NotFound, None),
        429 => (Kind::Limited(wish), Some(wish)),
        400..=499 => (Kind::Invalid(fields(body)), None),
        500..=599 => (Kind::Down, Some(wish)),
        // A redirect is not followed: the key would go with it.
        _ => (Kind::Malformed, None),
    };
    let readable = matches!(kind, Kind::Invalid(_) | Kind::Forbidden(_));
    Told {
        kind,
        again,
        message: text(body, "error").filter(|_| readable),
        correlation: None,
    }
}

/// What is wrong with which field: `{"errors": {"name": ["can't be blank"]}}`, or a list of texts.
fn fields(body: &Value) -> Vec<FieldError> {
    let words = |wrong: &Value| match wrong {
        Value::Array(all) => {
            let all = all.iter().filter_map(Value::as_str);
            all.collect::<Vec<_>>().join(" ")
        }
        Value::String(text) => text.clone(),
        _ => String::new(),
    };
    match body.get("errors") {
        Some(Value::Object(errors)) => {
            let one = |(field, wrong): (&String, &Value)| FieldError {
                field: Some(field.clone()),
                message: words(wrong),
            };
            errors.iter().map(one).collect()
        }
        Some(Value::Array(errors)) => {
            let one = |wrong: &Value| FieldError {
                field: None,
                message: words(wrong),
            };
            errors.iter().map(one).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_times_are_read_and_written() {
        for (text, ms) in [
            ("2027-01-15 08:00 AM +0000", 1_800_000_000_000),
            ("2027-01-15 12:00 PM +0000", 1_800_014_400_000),
            ("2027-01-15 12:05 AM +0000", 1_799_971_500_000),
            ("2027-01-15 11:59 PM +0000", 1_800_057_540_000),
        ] {
            assert_eq!(read_instant(text), Some(ms), "{text}");
            assert_eq!(instant(ms), text);
        }
        assert_eq!(
            read_instant("2015-05-24 10:00 AM -0400"),
            time::milliseconds("2015-05-24T14:00:00Z")
        );
        assert_eq!(instant(1_800_000_059_999), "2027-01-15 08:00 AM +0000");
        for text in [
            "",
            "2027-01-15",
            "2027-01-15 13:00 PM +0000",
            "2027-01-15 08:00 XM +0000",
        ] {
            assert_eq!(read_instant(text), None, "{text}");
        }
    }
}
