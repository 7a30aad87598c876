//! CRM objects as HubSpot writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Properties by name. HubSpot writes every value as text, numbers and dates too.
pub type Properties = BTreeMap<String, Option<String>>;

/// The kinds of object, by the plural that the paths use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// Calls.
    Calls,
    /// Companies.
    Companies,
    /// Contacts.
    Contacts,
    /// Deals.
    Deals,
    /// E-mails.
    Emails,
    /// Meetings.
    Meetings,
    /// Notes.
    Notes,
    /// Tasks.
    Tasks,
}

impl ObjectKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Calls,
        Self::Companies,
        Self::Contacts,
        Self::Deals,
        Self::Emails,
        Self::Meetings,
        Self::Notes,
        Self::Tasks,
    ];

    /// Its name in paths.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Companies => "companies",
            Self::Contacts => "contacts",
            Self::Deals => "deals",
            Self::Emails => "emails",
            Self::Meetings => "meetings",
            Self::Notes => "notes",
            Self::Tasks => "tasks",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it is something that people did or plan, and may be processed.
    #[must_use]
    pub const fn is_activity(self) -> bool {
        !matches!(self, Self::Companies | Self::Contacts | Self::Deals)
    }

    /// The properties to read where the caller names none.
    #[must_use]
    pub const fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Calls => &[
                "hs_timestamp",
                "hs_call_title",
                "hs_call_body",
                "hs_call_direction",
                "hs_call_duration",
                "hs_call_status",
                "hubspot_owner_id",
            ],
            Self::Companies => &[
                "name",
                "domain",
                "city",
                "country",
                "industry",
                "phone",
                "hubspot_owner_id",
            ],
            Self::Contacts => &[
                "email",
                "firstname",
                "lastname",
                "phone",
                "company",
                "jobtitle",
                "lifecyclestage",
                "hubspot_owner_id",
            ],
            Self::Deals => &[
                "dealname",
                "amount",
                "deal_currency_code",
                "dealstage",
                "pipeline",
                "closedate",
                "hs_deal_stage_probability",
                "hubspot_owner_id",
            ],
            Self::Emails => &[
                "hs_timestamp",
                "hs_email_direction",
                "hs_email_status",
                "hs_email_subject",
                "hs_email_text",
                "hubspot_owner_id",
            ],
            Self::Meetings => &[
                "hs_timestamp",
                "hs_meeting_title",
                "hs_meeting_body",
                "hs_meeting_start_time",
                "hs_meeting_end_time",
                "hs_meeting_location",
                "hs_meeting_outcome",
                "hs_internal_meeting_notes",
                "hubspot_owner_id",
            ],
            Self::Notes => &["hs_timestamp", "hs_note_body", "hubspot_owner_id"],
            Self::Tasks => &[
                "hs_timestamp",
                "hs_task_subject",
                "hs_task_body",
                "hs_task_status",
                "hs_task_priority",
                "hs_task_type",
                "hubspot_owner_id",
            ],
        }
    }

    /// The properties that hold what an activity is about, its title first.
    #[must_use]
    pub const fn texts(self) -> &'static [&'static str] {
        match self {
            Self::Calls => &["hs_call_title", "hs_call_body"],
            Self::Emails => &["hs_email_subject", "hs_email_text"],
            Self::Meetings => &[
                "hs_meeting_title",
                "hs_meeting_body",
                "hs_internal_meeting_notes",
            ],
            Self::Notes => &["hs_note_body"],
            Self::Tasks => &["hs_task_subject", "hs_task_body"],
            Self::Companies | Self::Contacts | Self::Deals => &[],
        }
    }
}

/// A property that people's words go into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Its name.
    pub property: &'static str,
    /// Whether HubSpot takes what is in it for HTML.
    pub html: bool,
}

impl ObjectKind {
    /// Where words go that are added to an activity. Of a meeting not into what its guests read.
    #[must_use]
    pub const fn words(self) -> Option<Words> {
        let (property, html) = match self {
            Self::Calls => ("hs_call_body", true),
            Self::Emails => ("hs_email_text", false),
            Self::Meetings => ("hs_internal_meeting_notes", true),
            Self::Notes => ("hs_note_body", true),
            Self::Tasks => ("hs_task_body", true),
            Self::Companies | Self::Contacts | Self::Deals => return None,
        };
        Some(Words { property, html })
    }

    /// Where the beginning and the end of an activity go that is moved to these instants: a meeting
    /// has both, a task is due at its end, everything else has one time, which is its beginning.
    #[must_use]
    pub fn times(self, start: Option<&str>, due: Option<&str>) -> Vec<(&'static str, String)> {
        let one = |instant: Option<&str>| {
            let time = |instant: &str| ("hs_timestamp", instant.to_owned());
            instant.map(time).into_iter().collect()
        };
        match self {
            Self::Tasks => one(due.or(start)),
            Self::Calls | Self::Emails | Self::Notes => one(start.or(due)),
            Self::Meetings => {
                let begins = start.map(|start| ("hs_meeting_start_time", start));
                let ends = due.map(|due| ("hs_meeting_end_time", due));
                let shown = start.map(|start| ("hs_timestamp", start));
                let all = begins.into_iter().chain(ends).chain(shown);
                all.map(|(name, instant)| (name, instant.to_owned()))
                    .collect()
            }
            Self::Companies | Self::Contacts | Self::Deals => Vec::new(),
        }
    }
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Record {
    /// HubSpot's id.
    pub id: String,
    /// Its properties.
    pub properties: Properties,
    /// When it was made, as HubSpot writes it.
    #[serde(alias = "createdAt")]
    pub created_at: String,
    /// When it was changed last.
    #[serde(alias = "updatedAt")]
    pub updated_at: String,
    /// Whether it is in the recycling bin.
    #[serde(default)]
    pub archived: bool,
    /// Where people see it.
    #[serde(default)]
    pub url: Option<String>,
}

/// A page of objects.
#[derive(Clone, Debug, Deserialize)]
pub struct Page {
    /// The objects.
    pub results: Vec<Record>,
    /// How many a search found in all.
    #[serde(default)]
    pub total: Option<u64>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Clone, Debug, Deserialize)]
struct Paging {
    next: Option<After>,
}

#[derive(Clone, Debug, Deserialize)]
struct After {
    after: String,
}

impl Page {
    /// Where the next page begins; it goes back to HubSpot as it came.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        Some(&self.paging.as_ref()?.next.as_ref()?.after)
    }
}

/// An object with what its properties have been.
#[derive(Clone, Debug, Deserialize)]
pub struct WithHistory {
    /// When it was changed last.
    #[serde(alias = "updatedAt")]
    pub updated_at: String,
    /// The values of each property, the newest first.
    #[serde(default, rename = "propertiesWithHistory")]
    pub history: BTreeMap<String, Vec<Version>>,
}

/// A value that a property has or had.
#[derive(Clone, Debug, Deserialize)]
pub struct Version {
    /// The value.
    #[serde(default)]
    pub value: String,
    /// Since when.
    pub timestamp: String,
}

/// What a batch of reads finds, and what it says of the others.
#[derive(Debug, Deserialize)]
pub(super) struct Many {
    pub(super) results: Vec<Record>,
    #[serde(default)]
    pub(super) errors: Vec<BatchError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BatchError {
    #[serde(default)]
    pub(super) category: String,
    #[serde(default)]
    pub(super) context: BatchContext,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct BatchContext {
    #[serde(default)]
    pub(super) ids: Vec<String>,
}

/// What an object is associated with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Associated {
    /// The id at the other end; older documents have a number.
    #[serde(
        rename(deserialize = "toObjectId", serialize = "id"),
        deserialize_with = "id"
    )]
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct AssociationsOf {
    pub(super) results: Vec<AssociationsFrom>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AssociationsFrom {
    pub(super) to: Vec<Associated>,
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("an id is a text or a number")),
    }
}

/// A search, in the caller's words.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// Words to look for in the properties that HubSpot searches by default.
    pub query: Option<String>,
    /// Conditions that all have to hold.
    pub filters: Vec<Filter>,
    /// The property to sort by; with a `-` before it the largest value comes first.
    pub sort: Option<String>,
    /// How many: 1 to 200.
    pub limit: Option<u32>,
    /// Where the page begins.
    pub after: Option<String>,
}

/// A condition on a property.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filter {
    /// The property.
    #[serde(alias = "property")]
    property_name: String,
    /// How it is compared.
    operator: Operator,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(default, alias = "high_value", skip_serializing_if = "Option::is_none")]
    high_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<String>>,
}

/// HubSpot's operators.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "they are HubSpot's, and say what they are")]
pub enum Operator {
    Between,
    ContainsToken,
    Eq,
    Gt,
    Gte,
    HasProperty,
    In,
    Lt,
    Lte,
    Neq,
    NotContainsToken,
    NotHasProperty,
    NotIn,
}

impl Search {
    /// What HubSpot would say no to, said before it is asked.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self {
                limit: Some(0 | 201..),
                ..
            } => Some("`limit` is not from 1 to 200"),
            Self {
                query: Some(query), ..
            } if query.len() > 3_000 => Some("`query` is longer than 3000 bytes"),
            Self { filters, .. } if filters.len() > 6 => Some("there are more than 6 filters"),
            _ => None,
        }
    }

    pub(super) fn body(&self, properties: &[&str]) -> Value {
        let groups = if self.filters.is_empty() {
            json!([])
        } else {
            json!([{ "filters": self.filters }])
        };
        let sorts: Vec<Value> = self
            .sort
            .iter()
            .map(|sort| match sort.strip_prefix('-') {
                Some(property) => json!({ "propertyName": property, "direction": "DESCENDING" }),
                None => json!({ "propertyName": sort, "direction": "ASCENDING" }),
            })
            .collect();
        // The description wants all of these, needed or not.
        let mut body = json!({
            "filterGroups": groups, "sorts": sorts, "properties": properties,
            "limit": self.limit.unwrap_or(20), "after": self.after.as_deref().unwrap_or("0"),
        });
        if let (Some(query), Some(members)) = (&self.query, body.as_object_mut()) {
            members.insert("query".to_owned(), query.as_str().into());
        }
        body
    }
}

/// The number of the association without a label from one kind to another, if there is one
/// (HubSpot/hubspot-api-python, `hubspot/crm/association_type.py`; 1, 2, 5 and 6 are the primary ones).
#[must_use]
pub fn association_type(from: ObjectKind, to: ObjectKind) -> Option<u32> {
    use ObjectKind::{Calls, Companies, Contacts, Deals, Emails, Meetings, Notes, Tasks};
    Some(match (from, to) {
        (Contacts, Companies) => 279,
        (Companies, Contacts) => 280,
        (Deals, Contacts) => 3,
        (Contacts, Deals) => 4,
        (Deals, Companies) => 341,
        (Companies, Deals) => 342,
        (Calls, Contacts) => 194,
        (Calls, Companies) => 182,
        (Calls, Deals) => 206,
        (Emails, Contacts) => 198,
        (Emails, Companies) => 186,
        (Emails, Deals) => 210,
        (Meetings, Contacts) => 200,
        (Meetings, Companies) => 188,
        (Meetings, Deals) => 212,
        (Notes, Contacts) => 202,
        (Notes, Companies) => 190,
        (Notes, Deals) => 214,
        (Tasks, Contacts) => 204,
        (Tasks, Companies) => 192,
        (Tasks, Deals) => 216,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_and_its_texts_are_read() {
        for kind in ObjectKind::ALL {
            assert_eq!(ObjectKind::named(kind.word()), Some(kind));
            assert_eq!(kind.texts().is_empty(), !kind.is_activity());
            assert!(
                kind.texts()
                    .iter()
                    .all(|text| kind.properties().contains(text))
            );
        }
    }
}
