//! Fields: what they take, what they make of it, and what they are when nobody wrote them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A field of a table.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Field {
    pub(super) id: u64,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) primary: bool,
    #[serde(default)]
    pub(super) read_only: bool,
    /// What else its type has to say: choices, decimals.
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// What is wrong with a value, and Baserow's code for it.
type Wrong = (String, &'static str);

impl Field {
    /// As the list of fields has it.
    pub(super) fn described(&self, table: u64, order: usize) -> Value {
        let mut all = json!({
            "id": self.id, "table_id": table, "name": self.name, "order": order, "type": self.kind,
            "primary": self.primary, "read_only": self.read_only, "description": null,
        });
        if let Some(all) = all.as_object_mut() {
            all.extend(self.more.clone());
        }
        all
    }

    /// As the MCP server has it, which does not say what is read-only.
    pub(super) fn summary(&self) -> Value {
        let mut all =
            json!({ "id": self.id, "name": self.name, "type": self.kind, "primary": self.primary });
        let told = [
            "select_options",
            "number_decimal_places",
            "date_include_time",
            "formula",
            "formula_type",
        ];
        if let Some(all) = all.as_object_mut() {
            let more = self
                .more
                .iter()
                .filter(|(name, _)| told.contains(&name.as_str()));
            all.extend(more.map(|(name, value)| (name.clone(), value.clone())));
        }
        all
    }

    /// What it is called in rows.
    pub(super) fn key(&self, named: bool) -> String {
        if named {
            self.name.clone()
        } else {
            format!("field_{}", self.id)
        }
    }

    /// What it is when nobody wrote it.
    pub(super) fn empty(&self) -> Value {
        match self.kind.as_str() {
            "text" | "long_text" | "email" | "url" | "phone_number" => json!(""),
            "boolean" => json!(false),
            "multiple_select" => json!([]),
            _ => Value::Null,
        }
    }

    /// What it makes of a value.
    pub(super) fn take(&self, given: &Value) -> Result<Value, Wrong> {
        let invalid = |error: &str| Err((error.to_owned(), "invalid"));
        let text = given.as_str();
        match self.kind.as_str() {
            _ if given.is_null() => match self.kind.as_str() {
                "boolean" => Err(("This field may not be null.".to_owned(), "null")),
                _ => Ok(self.empty()),
            },
            "text" | "long_text" => match (text, given.as_number()) {
                (Some(text), _) => Ok(json!(text)),
                (None, Some(number)) => Ok(json!(number.to_string())),
                (None, None) => invalid("Not a valid string."),
            },
            "email" => match text {
                Some(text) if text.is_empty() || is_address(text) => Ok(json!(text)),
                _ => invalid("Enter a valid email address."),
            },
            "url" => match text {
                Some(text) if text.is_empty() || url::Url::parse(text).is_ok() => Ok(json!(text)),
                _ => invalid("Enter a valid URL."),
            },
            "phone_number" => match text {
                Some(text)
                    if text
                        .chars()
                        .all(|c| c.is_ascii_digit() || " +-()Nx,*._;=#".contains(c)) =>
                {
                    Ok(json!(text))
                }
                _ => invalid("Enter a valid phone number."),
            },
            "number" => self.number(given),
            "boolean" => match given {
                Value::Bool(truth) => Ok(json!(truth)),
                _ => invalid("Must be a valid boolean."),
            },
            "date" => match text {
                Some(text) if is_date(text) => Ok(json!(text)),
                _ => {
                    invalid("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
                }
            },
            "single_select" => self.choice(given),
            "multiple_select" => match given.as_array() {
                Some(all) => all.iter().map(|one| self.choice(one)).collect(),
                None => Err((
                    "Expected a list of items but got another type.".to_owned(),
                    "not_a_list",
                )),
            },
            other => invalid(&format!("The simulator knows no fields of type {other}.")),
        }
    }

    fn number(&self, given: &Value) -> Result<Value, Wrong> {
        let number = match given {
            Value::String(text) => text.parse::<f64>().ok(),
            given => given.as_f64(),
        };
        let Some(number) = number.filter(|number| number.is_finite()) else {
            return Err(("A valid number is required.".to_owned(), "invalid"));
        };
        if number < 0.0 && self.more.get("number_negative") == Some(&Value::Bool(false)) {
            let error = "Ensure this value is greater than or equal to 0.";
            return Err((error.to_owned(), "min_value"));
        }
        let decimals = self
            .more
            .get("number_decimal_places")
            .and_then(Value::as_u64);
        let decimals = usize::try_from(decimals.unwrap_or_default()).unwrap_or_default();
        Ok(json!(format!("{number:.decimals$}")))
    }

    /// A choice by its id or its word.
    fn choice(&self, given: &Value) -> Result<Value, Wrong> {
        let options = self.more.get("select_options").and_then(Value::as_array);
        let mut options = options.into_iter().flatten();
        let chosen = options
            .find(|option| option.get("id") == Some(given) || option.get("value") == Some(given));
        chosen.cloned().ok_or_else(|| {
            (
                format!("The provided select option value '{given}' is not a valid select option."),
                "invalid_option",
            )
        })
    }
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(' '))
}

/// The form is enough: whether a month has so many days is not what anybody tests here.
fn is_date(text: &str) -> bool {
    let day = text.get(..10).unwrap_or_default();
    let digits = |(at, c): (usize, char)| {
        if matches!(at, 4 | 7) {
            c == '-'
        } else {
            c.is_ascii_digit()
        }
    };
    day.chars().enumerate().all(digits)
        && day.len() == 10
        && matches!(text.as_bytes().get(10), None | Some(b'T'))
}
