//! Contacts, companies, deals, tasks and activities, which stay in HubSpot.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Desk, ok};
use crate::apps::{Asked, id};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::hubspot::objects::{ObjectKind, Page, Properties, Search};
use crate::transport::Runtime;

/// As many as HubSpot gives at once.
const LARGEST_PAGE: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    /// Properties by name; null empties one.
    properties: Map<String, Value>,
    /// What it is associated with from the beginning; of a new object only.
    #[serde(default)]
    associations: Vec<Association>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Association {
    kind: String,
    id: String,
}

/// What is asked of HubSpot, read and found to make sense before anybody is asked.
#[derive(Debug)]
pub(super) enum Order<'a> {
    List { limit: u32, after: Option<&'a str> },
    Search(Search),
    Get(&'a str),
    Create(Properties, Vec<(ObjectKind, String)>),
    Update(&'a str, Properties),
    Archive(&'a str),
    Associations(&'a str, ObjectKind),
    Associate(&'a str, (ObjectKind, &'a str)),
    Dissociate(&'a str, (ObjectKind, &'a str)),
}

impl<'a> Order<'a> {
    pub(super) fn list(asked: &'a Asked<'_>) -> Result<Self, Problem> {
        let limit = match asked.parameter("limit").map(str::parse) {
            None => 20,
            Some(Ok(limit @ 1..=LARGEST_PAGE)) => limit,
            Some(_) => return Err(Problem::bad_request("`limit` is not from 1 to 100")),
        };
        Ok(Self::List {
            limit,
            after: asked.parameter("after"),
        })
    }

    pub(super) fn search(asked: &Asked<'_>) -> Result<Self, Problem> {
        let search: Search = asked.json()?;
        match search.problem() {
            Some(problem) => Err(Problem::bad_request(problem)),
            None => Ok(Self::Search(search)),
        }
    }

    pub(super) fn create(asked: &Asked<'_>) -> Result<Self, Problem> {
        let write: Write = asked.json()?;
        let one = |one: &Association| {
            let kind = ObjectKind::named(&one.kind)?;
            Some((kind, id(&one.id)?.to_owned()))
        };
        let associations: Option<_> = write.associations.iter().map(one).collect();
        let associations = associations.ok_or_else(|| {
            Problem::bad_request("an association has a kind of HubSpot's objects and an id")
        })?;
        Ok(Self::Create(texts(write.properties)?, associations))
    }

    pub(super) fn update(asked: &'a Asked<'_>) -> Result<Self, Problem> {
        let (id, write) = (asked.id(0)?, asked.json::<Write>()?);
        let properties = texts(write.properties)?;
        if properties.is_empty() || !write.associations.is_empty() {
            return Err(Problem::bad_request(
                "a change has properties, and no associations",
            ));
        }
        Ok(Self::Update(id, properties))
    }
}

impl<R: Runtime> Desk<'_, R> {
    /// Carries an order out, through the caller's connection.
    pub(super) async fn carry_out(
        &self,
        kind: ObjectKind,
        order: Order<'_>,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        let names = properties(kind, asked);
        let done = StatusCode::NO_CONTENT;
        Ok(match order {
            Order::List { limit, after } => page(&hubspot.list(kind, &names, limit, after).await?),
            Order::Search(search) => page(&hubspot.search(kind, &names, &search).await?),
            Order::Get(id) => ok(&json!(hubspot.get(kind, id, &names).await?)),
            Order::Create(properties, associations) => {
                let made = hubspot.create(kind, &properties, &associations).await?;
                Response::json(StatusCode::CREATED, &json!(made))
            }
            Order::Update(id, properties) => {
                ok(&json!(hubspot.update(kind, id, &properties).await?))
            }
            Order::Archive(id) => {
                hubspot.archive(kind, id).await?;
                Response::empty(done)
            }
            Order::Associations(id, other) => {
                let found = hubspot.associations(kind, id, other).await?;
                ok(&json!({ "kind": other.word(), "results": found }))
            }
            Order::Associate(id, other) => {
                hubspot.associate((kind, id), other).await?;
                Response::empty(done)
            }
            Order::Dissociate(id, other) => {
                hubspot.dissociate((kind, id), other).await?;
                Response::empty(done)
            }
        })
    }
}

fn page<S>(found: &Page) -> Response<S> {
    ok(&json!({ "results": found.results, "total": found.total, "next": found.after() }))
}

/// The properties to read: those of the query, or the kind's own.
fn properties<'a>(kind: ObjectKind, asked: &'a Asked<'_>) -> Vec<&'a str> {
    match asked.parameter("properties") {
        Some(names) => names.split(',').filter(|name| !name.is_empty()).collect(),
        None => kind.properties().to_vec(),
    }
}

/// The kind at the other end of an association.
pub(super) fn other(asked: &Asked<'_>) -> Result<ObjectKind, Problem> {
    let word = asked.parts.get(1).map(String::as_str).unwrap_or_default();
    ObjectKind::named(word)
        .ok_or_else(|| Problem::bad_request("HubSpot has no objects of this kind"))
}

/// Properties as HubSpot takes them: all are texts.
fn texts(given: Map<String, Value>) -> Result<Properties, Problem> {
    let text = |(name, value): (String, Value)| {
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Array(_) | Value::Object(_) => {
                return Err(Problem::bad_request(format!(
                    "`{name}` is neither text, number nor truth value"
                )));
            }
        };
        Ok((name, value))
    };
    given.into_iter().map(text).collect()
}
