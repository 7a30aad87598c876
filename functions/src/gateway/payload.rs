//! The rows and arguments in a request's body.

mod csv;

use std::collections::BTreeSet;

use policy_core::Value;
use policy_core::model::Column;
use policy_core::value::{Kind, value_from_text};
use serde_json::{Map, Value as Json};

use super::refusal::Refusal;

/// The rows of a body, by column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Payload {
    /// The columns that are written, in every row the same.
    pub(super) columns: BTreeSet<String>,
    pub(super) rows: Vec<Map<String, Json>>,
}

/// What a body is, by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Form,
    Json,
    /// One value, for functions with one unnamed parameter.
    Raw,
}

impl Format {
    fn of(content_type: Option<&str>) -> Option<Self> {
        let essence = content_type
            .unwrap_or("application/json")
            .split(';')
            .next()?;
        match essence.trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "text/csv" => Some(Self::Csv),
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "text/plain" | "text/xml" | "application/octet-stream" => Some(Self::Raw),
            _ => None,
        }
    }
}

impl Payload {
    /// The rows of a body for a table. `columns` are those of `columns=`: without it every row must
    /// have the same keys, with it other keys are ignored.
    pub(super) fn read(
        content_type: Option<&str>,
        body: Option<&[u8]>,
        columns: Option<&[String]>,
    ) -> Result<Self, Refusal> {
        let body = body.unwrap_or_default();
        let rows = match Format::of(content_type) {
            Some(Format::Json) => json_rows(body)?,
            Some(_) if columns.is_some() => {
                return Err(Refusal::unsupported(
                    "`columns=` goes with a JSON body only",
                ));
            }
            Some(Format::Csv) => csv::rows(text(body)?)?,
            Some(Format::Form) => vec![form(body)?],
            Some(Format::Raw) | None => {
                return Err(Refusal::payload("rows of this content type cannot be read"));
            }
        };
        let keys = |row: &Map<String, Json>| row.keys().cloned().collect();
        let columns: BTreeSet<String> = match columns {
            Some(columns) => columns.iter().cloned().collect(),
            None => rows.first().map(keys).unwrap_or_default(),
        };
        Ok(Self { columns, rows })
    }

    /// Whether every row has exactly the written columns.
    pub(super) fn is_uniform(&self) -> bool {
        let whole = |row: &Map<String, Json>| {
            row.len() == self.columns.len() && row.keys().all(|key| self.columns.contains(key))
        };
        self.rows.iter().all(whole)
    }
}

/// The names of the arguments in a body for a function; `None` if it is one unnamed value.
pub(super) fn arguments(
    content_type: Option<&str>,
    body: Option<&[u8]>,
) -> Result<Option<BTreeSet<String>>, Refusal> {
    let body = body.unwrap_or_default();
    let object = match Format::of(content_type) {
        Some(Format::Json) if body.is_empty() => Map::new(),
        Some(Format::Json) => match json(body)? {
            Json::Object(object) => object,
            _ => return Ok(None),
        },
        Some(Format::Form) => form(body)?,
        Some(Format::Raw) => return Ok(None),
        Some(Format::Csv) | None => {
            return Err(Refusal::payload(
                "arguments of this content type cannot be read",
            ));
        }
    };
    Ok(Some(object.into_iter().map(|(name, _)| name).collect()))
}

/// What is known of a column that is given this value.
///
/// Whatever is not in the column's own form is either not accepted or becomes some value: it is no
/// NULL, and nothing else is known.
pub(super) fn value<'a>(column: &Column, given: &'a Json) -> Value<'a> {
    match given {
        Json::Null => Value::Null,
        Json::Bool(given) if column.kind == Kind::Bool => Value::Bool(*given),
        // Fractions have lost digits by now.
        Json::Number(given) if matches!(column.kind, Kind::Int | Kind::Decimal) => {
            given.as_i64().map_or(Value::Present, Value::Int)
        }
        // PostgreSQL rounds to the column's scale and cuts blanks off at its length.
        Json::String(given) if !fits(column, given) => Value::Present,
        Json::String(given) => value_from_text(column.kind, given).unwrap_or(Value::Present),
        _ => Value::Present,
    }
}

/// Whether a column keeps a text as it is given.
fn fits(column: &Column, given: &str) -> bool {
    let size = column.data_type.split(['(', ')']).nth(1);
    let Some(size) = size else { return true };
    let last = size.rsplit(',').next().and_then(|size| size.parse().ok());
    match column.kind {
        Kind::Text => last.is_none_or(|length: i64| given.chars().count() as i64 <= length),
        Kind::Decimal => {
            let scale = if size.contains(',') {
                last.unwrap_or(0)
            } else {
                0
            };
            let fraction = given
                .split_once('.')
                .map_or(0, |(_, fraction)| fraction.len());
            i64::try_from(fraction).is_ok_and(|fraction| fraction <= scale)
        }
        _ => true,
    }
}

fn json_rows(body: &[u8]) -> Result<Vec<Map<String, Json>>, Refusal> {
    let items = match json(body)? {
        Json::Array(items) => items,
        single => vec![single],
    };
    let rows = items.into_iter().map(|item| match item {
        Json::Object(row) => Ok(row),
        _ => Err(Refusal::payload(
            "the body must be an object or an array of objects",
        )),
    });
    rows.collect()
}

fn json(body: &[u8]) -> Result<Json, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::payload(format!("the body is no JSON: line {line}, column {column}"))
    })
}

fn form(body: &[u8]) -> Result<Map<String, Json>, Refusal> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
        decoded
            .map(String::from)
            .map_err(|_| Refusal::payload("the body is not UTF-8"))
    };
    let pairs = text(body)?
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, Json::String(decode(value)?)))
        });
    pairs.collect()
}

fn text(body: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(body).map_err(|_| Refusal::payload("the body is not UTF-8"))
}
