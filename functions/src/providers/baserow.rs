//! Baserow: the rows of a table, with the fields that the table has at the moment.
//!
//! Nothing of a table is known beforehand but its id: who runs Baserow adds, renames and removes
//! fields. So whoever reads or writes asks for them first, and nothing keeps them. That matters for
//! writes: of what it is sent, Baserow passes over without a word what is no field, or one that it
//! calculates itself.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, Line, Reading, Repeat, Reply, Told, retry_after};
use super::failure::{Failure, FieldError, Kind, Provider};
use super::settings::BaserowSettings;
use crate::secret::Secret;
use crate::transport::Runtime;

/// How Baserow says no.
pub const READING: Reading = told;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// As many rows as Baserow gives at once.
pub const LARGEST_PAGE: u32 = 200;
/// The message of a failure that is about the table and not about a row of it.
pub const NO_TABLE: &str = "ERROR_TABLE_DOES_NOT_EXIST";
/// The message of a failure that is about the row.
pub const NO_ROW: &str = "ERROR_ROW_DOES_NOT_EXIST";
/// What Baserow calculates, whatever the field's description says of itself: older versions say nothing.
const CALCULATED: [&str; 11] = [
    "ai",
    "autonumber",
    "count",
    "created_by",
    "created_on",
    "formula",
    "last_modified",
    "last_modified_by",
    "lookup",
    "rollup",
    "uuid",
];

/// Baserow, by a database token.
#[derive(Debug)]
pub struct Baserow<'a, R> {
    /// The way there.
    pub line: Line<'a, R>,
    /// Which Baserow.
    pub settings: &'a BaserowSettings,
    /// The token.
    pub token: Secret,
}

/// A field of a table, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type, in Baserow's word.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    select_options: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Choice {
    value: String,
}

impl Field {
    /// Whether it can be written at all.
    #[must_use]
    pub fn writable(&self) -> bool {
        !self.read_only && !CALCULATED.contains(&self.kind.as_str())
    }

    /// What can be chosen, if it is a choice.
    pub fn choices(&self) -> impl Iterator<Item = &str> {
        self.select_options
            .iter()
            .map(|choice| choice.value.as_str())
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id, never used again once it is deleted.
    pub id: u64,
    /// What is in it, by the names of the fields.
    pub fields: Map<String, Value>,
}

/// Some rows of a table.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many there are on all pages.
    pub count: u64,
    /// Whether there are more.
    pub more: bool,
}

impl<R: Runtime> Baserow<'_, R> {
    /// The fields of a table.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn fields(&self, table: u64) -> Result<Vec<Field>, Failure> {
        let url = self.url(&["fields", "table", &table.to_string()])?;
        let reply = self
            .send("fields.list", Method::GET, url, None, Repeat::Safe)
            .await?;
        let status = reply.status;
        serde_json::from_value(reply.body).map_err(|_| malformed("fields.list", status))
    }

    /// A page of a table; the first is 1.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn list(&self, table: u64, page: u32, size: u32) -> Result<Page, Failure> {
        let mut url = self.rows(table, None)?;
        url.query_pairs_mut()
            .append_pair("page", &page.to_string())
            .append_pair("size", &size.to_string());
        self.page("rows.list", url).await
    }

    /// The rows with this text in a field, no matter the case of ASCII letters, and nothing else in it.
    ///
    /// Other letters have to be the same: there are some beyond ASCII whose small form is an ASCII
    /// letter, so folding those would take two addresses for one.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn find(&self, table: u64, field: &str, text: &str) -> Result<Vec<Row>, Failure> {
        // Its `equal` knows capitals, its `contains` does not, and finds too much.
        let filter = json!({ "field": field, "type": "contains", "value": text });
        let filters = json!({ "filter_type": "AND", "filters": [filter], "groups": [] });
        let same = |row: &Row| {
            let there = row.fields.get(field).and_then(Value::as_str);
            there.is_some_and(|there| there.eq_ignore_ascii_case(text))
        };
        let (mut found, mut number) = (Vec::new(), 1_u32);
        if text.is_empty() {
            // A filter for nothing lets every row pass.
            return Ok(found);
        }
        loop {
            let mut url = self.rows(table, None)?;
            url.query_pairs_mut()
                .append_pair("page", &number.to_string())
                .append_pair("size", &LARGEST_PAGE.to_string())
                .append_pair("filters", &filters.to_string());
            let page = self.page("rows.find", url).await?;
            found.extend(page.rows.into_iter().filter(same));
            if !page.more {
                return Ok(found);
            }
            number = number.saturating_add(1);
        }
    }

    /// One row.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn get(&self, table: u64, id: u64) -> Result<Row, Failure> {
        let url = self.rows(table, Some(id))?;
        self.row("rows.get", Method::GET, url, None, Repeat::Safe)
            .await
    }

    /// Adds a row. Baserow has no key that would make a repeat harmless.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn create(&self, table: u64, fields: &Map<String, Value>) -> Result<Row, Failure> {
        let url = self.rows(table, None)?;
        self.row(
            "rows.create",
            Method::POST,
            url,
            Some(fields),
            Repeat::Unsafe,
        )
        .await
    }

    /// Changes fields of a row.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn update(
        &self,
        table: u64,
        id: u64,
        fields: &Map<String, Value>,
    ) -> Result<Row, Failure> {
        let url = self.rows(table, Some(id))?;
        self.row(
            "rows.update",
            Method::PATCH,
            url,
            Some(fields),
            Repeat::Safe,
        )
        .await
    }

    async fn page(&self, operation: &'static str, url: Url) -> Result<Page, Failure> {
        #[derive(Deserialize)]
        struct Found {
            count: u64,
            next: Option<String>,
            results: Vec<Value>,
        }
        let reply = self
            .send(operation, Method::GET, url, None, Repeat::Safe)
            .await?;
        let status = reply.status;
        let found: Found =
            serde_json::from_value(reply.body).map_err(|_| malformed(operation, status))?;
        let rows: Option<Vec<Row>> = found.results.into_iter().map(read_row).collect();
        Ok(Page {
            rows: rows.ok_or_else(|| malformed(operation, status))?,
            count: found.count,
            // The address itself may be that of a host behind a proxy.
            more: found.next.is_some(),
        })
    }

    async fn row(
        &self,
        operation: &'static str,
        method: Method,
        url: Url,
        fields: Option<&Map<String, Value>>,
        repeat: Repeat,
    ) -> Result<Row, Failure> {
        let reply = self.send(operation, method, url, fields, repeat).await?;
        let status = reply.status;
        read_row(reply.body).ok_or_else(|| malformed(operation, status))
    }

    /// The address of a table's rows, or of one of them. Its end is a slash: without it Baserow
    /// redirects, and the body is lost.
    fn rows(&self, table: u64, id: Option<u64>) -> Result<Url, Failure> {
        let (table, id) = (table.to_string(), id.map(|id| id.to_string()));
        let parts = ["rows", "table", &table].into_iter().chain(id.as_deref());
        let mut url = self.url(&parts.collect::<Vec<_>>())?;
        url.query_pairs_mut()
            .append_pair("user_field_names", "true");
        Ok(url)
    }

    fn url(&self, parts: &[&str]) -> Result<Url, Failure> {
        let mut url = self.settings.base.clone();
        let bad = || Failure::new(Provider::Baserow, "address", Kind::Settings("BASEROW_URL"));
        let mut path = url.path_segments_mut().map_err(|()| bad())?;
        path.pop_if_empty()
            .extend(["api", "database"])
            .extend(parts)
            .push("");
        drop(path);
        Ok(url)
    }

    async fn send(
        &self,
        operation: &'static str,
        method: Method,
        url: Url,
        fields: Option<&Map<String, Value>>,
        repeat: Repeat,
    ) -> Result<Reply, Failure> {
        let body =
            fields.map(|fields| ("application/json", json!(fields).to_string().into_bytes()));
        let call = Call {
            operation,
            method,
            url,
            bearer: Some(self.token.clone()),
            body,
            repeat,
            patience: PATIENCE,
        };
        self.line.send(&call).await
    }
}

fn read_row(body: Value) -> Option<Row> {
    let Value::Object(mut fields) = body else {
        return None;
    };
    let id = fields.remove("id")?.as_u64()?;
    fields.remove("order");
    Some(Row { id, fields })
}

fn malformed(operation: &'static str, status: StatusCode) -> Failure {
    Failure::malformed(Provider::Baserow, operation, status)
}

fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    let code = body
        .get("error")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let wish = retry_after(headers);
    let (kind, again) = match (status.as_u16(), code) {
        // Baserow says 401 for both: a token that is none, and one that may not.
        (401, "ERROR_NO_PERMISSION_TO_TABLE" | "PERMISSION_DENIED") | (403, _) => {
            (Kind::Forbidden(Vec::new()), None)
        }
        (401, _) => (Kind::Settings("BASEROW_TOKEN"), None),
        (404, _) => (Kind::NotFound, None),
        // Two writes met, and this one was undone.
        (409, "ERROR_DATABASE_DEADLOCK") => (Kind::Down, Some(wish)),
        (409, _) => (Kind::Conflict, None),
        (429, _) => (Kind::Limited(wish), Some(wish)),
        (400..=499, _) => (Kind::Invalid(fields(body)), None),
        (500..=599, _) => (Kind::Down, Some(wish)),
        // A redirect is not followed: the token would go with it.
        _ => (Kind::Malformed, None),
    };
    let readable = matches!(kind, Kind::Invalid(_) | Kind::NotFound | Kind::Conflict);
    Told {
        kind,
        again,
        message: (readable && !code.is_empty()).then(|| code.to_owned()),
        correlation: None,
    }
}

/// What is wrong with which field: `{"Email": [{"error": "Enter a valid email address."}]}`.
fn fields(body: &Value) -> Vec<FieldError> {
    let detail = body.get("detail").and_then(Value::as_object);
    let words = |wrong: &Value| {
        let list = wrong
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![wrong.clone()]);
        let one = |one: &Value| one.get("error").unwrap_or(one).as_str().map(str::to_owned);
        list.iter().filter_map(one).collect::<Vec<_>>().join(" ")
    };
    let one = |(field, wrong): (&String, &Value)| FieldError {
        field: Some(field.clone()),
        message: words(wrong),
    };
    detail.into_iter().flatten().map(one).collect()
}
