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

impl<R: Runtime> Desk<'_, R> {
    pub(super) async fn list(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let limit = match asked.parameter("limit").map(str::parse) {
            None => 20,
            Some(Ok(limit @ 1..=LARGEST_PAGE)) => limit,
            Some(_) => return Err(Problem::bad_request("`limit` is not from 1 to 100")),
        };
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        let names = properties(kind, asked);
        let found = hubspot
            .list(kind, &names, limit, asked.parameter("after"))
            .await?;
        Ok(page(&found))
    }

    pub(super) async fn search(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let search: Search = asked.json()?;
        if let Some(problem) = search.problem() {
            return Err(Problem::bad_request(problem));
        }
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        let found = hubspot
            .search(kind, &properties(kind, asked), &search)
            .await?;
        Ok(page(&found))
    }

    pub(super) async fn get(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let id = asked.id(0)?;
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        let found = hubspot.get(kind, id, &properties(kind, asked)).await?;
        Ok(ok(&json!(found)))
    }

    pub(super) async fn create(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let write: Write = asked.json()?;
        let properties = texts(write.properties)?;
        let associations: Vec<(ObjectKind, String)> = write
            .associations
            .iter()
            .map(|one| Some((ObjectKind::named(&one.kind)?, id(&one.id)?.to_owned())))
            .collect::<Option<_>>()
            .ok_or_else(|| {
                Problem::bad_request("an association has a kind of HubSpot's objects and an id")
            })?;
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        let made = hubspot.create(kind, &properties, &associations).await?;
        Ok(Response::json(StatusCode::CREATED, &json!(made)))
    }

    pub(super) async fn update(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let (id, write) = (asked.id(0)?, asked.json::<Write>()?);
        let properties = texts(write.properties)?;
        if properties.is_empty() || !write.associations.is_empty() {
            return Err(Problem::bad_request(
                "a change has properties, and no associations",
            ));
        }
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        Ok(ok(&json!(hubspot.update(kind, id, &properties).await?)))
    }

    pub(super) async fn archive(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let id = asked.id(0)?;
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        hubspot.archive(kind, id).await?;
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }

    pub(super) async fn associations(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let (id, other) = (asked.id(0)?, other(asked)?);
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        let found = hubspot.associations(kind, id, other).await?;
        Ok(ok(&json!({ "kind": other.word(), "results": found })))
    }

    pub(super) async fn associate(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let (id, other, other_id) = (asked.id(0)?, other(asked)?, asked.id(2)?);
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        hubspot.associate((kind, id), (other, other_id)).await?;
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }

    pub(super) async fn dissociate(
        &self,
        kind: ObjectKind,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let (id, other, other_id) = (asked.id(0)?, other(asked)?, asked.id(2)?);
        let hubspot = self.hubspot(asked.parameter("portal")).await?;
        hubspot.dissociate((kind, id), (other, other_id)).await?;
        Ok(Response::empty(StatusCode::NO_CONTENT))
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
fn other(asked: &Asked<'_>) -> Result<ObjectKind, Problem> {
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
