//! HubSpot: CRM objects, search, associations, OAuth.

pub mod oauth;
pub mod objects;

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::below;
use super::budget::pause;
use super::call::{Call, Line, Reading, Repeat, Reply, Told, retry_after};
use super::failure::{Failure, FieldError, Kind, Provider};
use super::oauth::{Tokens, send};
use super::settings::{HubSpotSettings, Version};
use crate::limit::Limit;
use crate::transport::Runtime;
use objects::{Associated, Many, ObjectKind, Page, Properties, Record, Search, WithHistory};

/// What a batch says of an object that is not there.
const NOT_FOUND: &str = "OBJECT_NOT_FOUND";

/// How HubSpot says no.
pub const READING: Reading = told;
/// How long HubSpot counts the requests for a portal: 110 of an app with OAuth, searches apart.
const WINDOW: Duration = Duration::from_secs(10);
/// What has a limit of its own: five in a second. Nobody here counts for less than ten, so that HubSpot
/// still refuses many at once, and is asked again a second later.
const SEARCH: &str = "objects.search";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// HubSpot, for one connection.
#[derive(Debug)]
pub struct HubSpot<'a, R, T> {
    /// The way there.
    pub line: Line<'a, R>,
    /// Which HubSpot, in which version.
    pub settings: &'a HubSpotSettings,
    /// The connection's tokens.
    pub tokens: T,
    /// The portal, whose requests are counted together whoever's connection they go through.
    pub portal: String,
}

impl<R: Runtime, T: Tokens> HubSpot<'_, R, T> {
    /// A page of all objects of a kind.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn list(
        &self,
        kind: ObjectKind,
        properties: &[&str],
        limit: u32,
        after: Option<&str>,
    ) -> Result<Page, Failure> {
        let mut url = self.objects(kind, &[])?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", &limit.to_string());
            query.append_pair("properties", &properties.join(","));
            if let Some(after) = after {
                query.append_pair("after", after);
            }
        }
        let call = self.call("objects.list", Method::GET, url, None, Repeat::Safe);
        read("objects.list", self.send(call).await?)
    }

    /// The pages of a kind, one after the other.
    pub fn pages<'p>(
        &'p self,
        kind: ObjectKind,
        properties: &'p [&'p str],
        limit: u32,
    ) -> Pages<'p, Self> {
        Pages {
            hubspot: self,
            kind,
            properties,
            limit,
            next: Next::First,
        }
    }

    /// The objects that a search finds. What was written seconds ago may be missing.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn search(
        &self,
        kind: ObjectKind,
        properties: &[&str],
        search: &Search,
    ) -> Result<Page, Failure> {
        let url = self.objects(kind, &["search"])?;
        let body = search.body(properties);
        let call = self.call(SEARCH, Method::POST, url, Some(&body), Repeat::Safe);
        read(SEARCH, self.send(call).await?)
    }

    /// One object.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn get(
        &self,
        kind: ObjectKind,
        id: &str,
        properties: &[&str],
    ) -> Result<Record, Failure> {
        self.get_by(kind, id, None, properties).await
    }

    /// The object that has this value in a unique property.
    async fn get_by(
        &self,
        kind: ObjectKind,
        id: &str,
        unique: Option<&str>,
        properties: &[&str],
    ) -> Result<Record, Failure> {
        let mut url = self.objects(kind, &[id])?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("properties", &properties.join(","));
            if let Some(property) = unique {
                query.append_pair("idProperty", property);
            }
        }
        let call = self.call("objects.get", Method::GET, url, None, Repeat::Safe);
        read("objects.get", self.send(call).await?)
    }

    /// One object, with every value that these properties have had, the newest first.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn get_with_history(
        &self,
        kind: ObjectKind,
        id: &str,
        properties: &[&str],
    ) -> Result<WithHistory, Failure> {
        let mut url = self.objects(kind, &[id])?;
        url.query_pairs_mut()
            .append_pair("propertiesWithHistory", &properties.join(","));
        let call = self.call("objects.history", Method::GET, url, None, Repeat::Safe);
        read("objects.history", self.send(call).await?)
    }

    /// Up to a hundred objects at once: those that there are, and the ids of those that are not there
    /// for this connection.
    ///
    /// # Errors
    /// See [`Kind`]; [`Kind::Malformed`] if HubSpot says of one neither.
    pub async fn get_many(
        &self,
        kind: ObjectKind,
        ids: &[&str],
        properties: &[&str],
    ) -> Result<(Vec<Record>, Vec<String>), Failure> {
        let url = self.objects(kind, &["batch", "read"])?;
        let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let body =
            json!({ "inputs": inputs, "properties": properties, "propertiesWithHistory": [] });
        let call = self.call(
            "objects.batch_read",
            Method::POST,
            url,
            Some(&body),
            Repeat::Safe,
        );
        let mut read: Many = read("objects.batch_read", self.send(call).await?)?;
        let failed = read.errors.iter().any(|error| error.category != NOT_FOUND);
        if failed {
            return Err(self.failure("objects.batch_read", Kind::Malformed));
        }
        let mut missing = Vec::new();
        for id in ids {
            if read.results.iter().any(|record| record.id == *id) {
                continue;
            }
            // What was merged into another is answered as that one.
            let told = read
                .errors
                .iter()
                .any(|error| error.context.ids.iter().any(|of| of == id));
            if !told {
                match self.get(kind, id, properties).await {
                    Ok(record) if record.id == *id => {
                        read.results.push(record);
                        continue;
                    }
                    Err(failure) if failure.kind != Kind::NotFound => return Err(failure),
                    _ => {}
                }
            }
            missing.push((*id).to_owned());
        }
        Ok((read.results, missing))
    }

    /// Creates an object. Where nobody knows whether that worked, a contact is looked up by its
    /// e-mail; other kinds have no unique property.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn create(
        &self,
        kind: ObjectKind,
        properties: &Properties,
        associations: &[(ObjectKind, String)],
    ) -> Result<Record, Failure> {
        let began = self.line.runtime.now_ms();
        let url = self.objects(kind, &[])?;
        let associations: Option<Vec<Value>> = associations
            .iter()
            .map(|(to, id)| {
                let type_id = objects::association_type(kind, *to)?;
                Some(json!({
                    "to": { "id": id },
                    "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id }],
                }))
            })
            .collect();
        let Some(associations) = associations else {
            let mut failure = self.failure("objects.create", Kind::Invalid(Vec::new()));
            failure.message = Some("HubSpot does not associate objects of these kinds".to_owned());
            return Err(failure);
        };
        let body = json!({ "properties": written(properties), "associations": associations });
        let call = self.call(
            "objects.create",
            Method::POST,
            url,
            Some(&body),
            Repeat::Unsafe,
        );
        let created = match self.send(call).await {
            Ok(reply) => read("objects.create", reply),
            Err(failure) => Err(failure),
        };
        let uncertain = created
            .as_ref()
            .is_err_and(|failure| failure.kind == Kind::Uncertain);
        let email = properties.get("email").and_then(Option::as_deref);
        match (uncertain && kind == ObjectKind::Contacts, email) {
            (true, Some(email)) => self.made_after_all(email, properties, began, created).await,
            _ => created,
        }
    }

    /// The contact that a create without an answer made, if there is one with these properties that
    /// is no older than the create.
    async fn made_after_all(
        &self,
        email: &str,
        properties: &Properties,
        began: u64,
        otherwise: Result<Record, Failure>,
    ) -> Result<Record, Failure> {
        let names: Vec<&str> = properties.keys().map(String::as_str).collect();
        let kind = ObjectKind::Contacts;
        let Ok(found) = self.get_by(kind, email, Some("email"), &names).await else {
            return otherwise;
        };
        let same = |(name, value): (&String, &Option<String>)| {
            let there = found.properties.get(name).cloned().flatten();
            there.unwrap_or_default() == value.clone().unwrap_or_default()
        };
        // The clocks of two systems are not one.
        let young =
            crate::time::milliseconds(&found.created_at).is_some_and(|at| at + 60_000 >= began);
        if young && properties.iter().all(same) {
            Ok(found)
        } else {
            otherwise
        }
    }

    /// Changes an object's properties.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn update(
        &self,
        kind: ObjectKind,
        id: &str,
        properties: &Properties,
    ) -> Result<Record, Failure> {
        let url = self.objects(kind, &[id])?;
        let body = json!({ "properties": written(properties) });
        let call = self.call(
            "objects.update",
            Method::PATCH,
            url,
            Some(&body),
            Repeat::Safe,
        );
        read("objects.update", self.send(call).await?)
    }

    /// Moves an object to the recycling bin.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn archive(&self, kind: ObjectKind, id: &str) -> Result<(), Failure> {
        let url = self.objects(kind, &[id])?;
        let call = self.call("objects.archive", Method::DELETE, url, None, Repeat::Safe);
        self.send(call).await.map(drop)
    }

    /// What objects of another kind an object is associated with.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn associations(
        &self,
        from: ObjectKind,
        id: &str,
        to: ObjectKind,
    ) -> Result<Vec<Associated>, Failure> {
        let words = ["batch", "read"];
        let url = match &self.settings.version {
            Version::V3 => self.url(
                &["crm", "v4", "associations", from.word(), to.word()],
                &words,
            )?,
            Version::Dated(date) => self.url(
                &["crm", "associations", date, from.word(), to.word()],
                &words,
            )?,
        };
        let body = json!({ "inputs": [{ "id": id }] });
        let call = self.call(
            "associations.read",
            Method::POST,
            url,
            Some(&body),
            Repeat::Safe,
        );
        let found: objects::AssociationsOf = read("associations.read", self.send(call).await?)?;
        Ok(found.results.into_iter().flat_map(|of| of.to).collect())
    }

    /// Associates two objects, without a label.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn associate(
        &self,
        (from, id): (ObjectKind, &str),
        (to, to_id): (ObjectKind, &str),
    ) -> Result<(), Failure> {
        let words = ["associations", "default", to.word(), to_id];
        let url = self.association(from, id, &words)?;
        let call = self.call("associations.create", Method::PUT, url, None, Repeat::Safe);
        self.send(call).await.map(drop)
    }

    /// Ends every association of two objects.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn dissociate(
        &self,
        (from, id): (ObjectKind, &str),
        (to, to_id): (ObjectKind, &str),
    ) -> Result<(), Failure> {
        let url = self.association(from, id, &["associations", to.word(), to_id])?;
        let call = self.call(
            "associations.delete",
            Method::DELETE,
            url,
            None,
            Repeat::Safe,
        );
        self.send(call).await.map(drop)
    }

    fn association(&self, from: ObjectKind, id: &str, rest: &[&str]) -> Result<Url, Failure> {
        match &self.settings.version {
            Version::V3 => self.url(&["crm", "v4", "objects", from.word(), id], rest),
            Version::Dated(date) => self.url(&["crm", "objects", date, from.word(), id], rest),
        }
    }

    fn objects(&self, kind: ObjectKind, rest: &[&str]) -> Result<Url, Failure> {
        match &self.settings.version {
            Version::V3 => self.url(&["crm", "v3", "objects", kind.word()], rest),
            Version::Dated(date) => self.url(&["crm", "objects", date, kind.word()], rest),
        }
    }

    fn url(&self, path: &[&str], rest: &[&str]) -> Result<Url, Failure> {
        let all = path.iter().chain(rest).copied();
        below(&self.settings.base, all)
            .ok_or_else(|| self.failure("address", Kind::Settings("HUBSPOT_URL")))
    }

    fn call(
        &self,
        operation: &'static str,
        method: Method,
        url: Url,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Call {
        Call {
            operation,
            method,
            url,
            bearer: None,
            body: body.map(|body| ("application/json", body.to_string().into_bytes())),
            repeat,
            patience: PATIENCE,
        }
    }

    async fn send(&self, call: Call) -> Result<Reply, Failure> {
        self.wait(call.operation).await?;
        send(&self.line, &self.tokens, call).await
    }

    /// Waits until the portal may be asked again, on whichever isolate, while there is time.
    async fn wait(&self, operation: &'static str) -> Result<(), Failure> {
        let (runtime, mut tries) = (self.line.runtime, 0);
        let limit = match operation {
            SEARCH => Limit::Search,
            _ => Limit::Portal,
        };
        while !runtime.within(limit, &self.portal).await {
            tries += 1;
            let left = self.line.budget.left(runtime.now_ms());
            let Some(wait) = pause(tries, Some(WINDOW), left, 0) else {
                return Err(self.failure(operation, Kind::Limited(Some(WINDOW))));
            };
            runtime.pause(wait).await;
        }
        Ok(())
    }

    fn failure(&self, operation: &'static str, kind: Kind) -> Failure {
        Failure::new(Provider::HubSpot, operation, kind)
    }
}

/// The pages of a kind.
#[derive(Debug)]
pub struct Pages<'a, H> {
    hubspot: &'a H,
    kind: ObjectKind,
    properties: &'a [&'a str],
    limit: u32,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    After(String),
    None,
}

impl<R: Runtime, T: Tokens> Pages<'_, HubSpot<'_, R, T>> {
    /// The next page; `None` after the last one. A failure can be tried again.
    pub async fn next(&mut self) -> Option<Result<Vec<Record>, Failure>> {
        let after = match &self.next {
            Next::First => None,
            Next::After(after) => Some(after.as_str()),
            Next::None => return None,
        };
        let hubspot = self.hubspot;
        let page = hubspot.list(self.kind, self.properties, self.limit, after);
        Some(page.await.map(|page| {
            self.next = page
                .after()
                .map_or(Next::None, |after| Next::After(after.to_owned()));
            page.results
        }))
    }
}

/// Properties as HubSpot takes them: what has no value is empty.
fn written(properties: &Properties) -> BTreeMap<&str, &str> {
    let of = properties.iter();
    of.map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
        .collect()
}

fn read<T: DeserializeOwned>(operation: &'static str, reply: Reply) -> Result<T, Failure> {
    super::read(Provider::HubSpot, operation, reply)
}

/// HubSpot's errors. Every field is optional, whatever the description says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Refusal {
    message: Option<String>,
    correlation_id: Option<String>,
    policy_name: Option<String>,
    errors: Vec<Detail>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    message: Option<String>,
    #[serde(rename = "in")]
    at: Option<String>,
    context: Context,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    property_name: Vec<String>,
    missing_scopes: Vec<String>,
    required_granular_scopes: Vec<String>,
}

fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    let refusal = Refusal::deserialize(body).unwrap_or_default();
    let wish = retry_after(headers);
    let code = status.as_u16();
    let (kind, again) = match code {
        401 => (Kind::Expired, None),
        403 => (Kind::Forbidden(scopes(&refusal)), None),
        404 => (Kind::NotFound, None),
        409 => (Kind::Conflict, None),
        // Another request holds it.
        423 => (
            Kind::Down,
            Some(Some(wish.unwrap_or(Duration::from_secs(2)))),
        ),
        429 => limited(&refusal, wish),
        // The portal is being moved; it may take a day.
        477 => (Kind::Limited(wish), wish.map(Some)),
        400 | 405..=499 => (Kind::Invalid(fields(&refusal)), None),
        500..=599 => (Kind::Down, Some(wish)),
        // A redirect is not followed: the token would go with it.
        _ => (Kind::Malformed, None),
    };
    let readable = matches!(kind, Kind::Invalid(_) | Kind::Conflict | Kind::Forbidden(_));
    Told {
        kind,
        again,
        message: refusal.message.filter(|_| readable),
        correlation: refusal.correlation_id,
    }
}

/// The page on limits names no `Retry-After`; which limit it was says how long it lasts.
fn limited(refusal: &Refusal, wish: Option<Duration>) -> (Kind, Option<Option<Duration>>) {
    let lasts = match refusal.policy_name.as_deref() {
        // Until midnight where the portal is.
        Some("DAILY") => None,
        Some("SECONDLY") => Some(Duration::from_secs(1)),
        _ => Some(Duration::from_secs(10)),
    };
    let wait = wish.or(lasts);
    (Kind::Limited(wait), wait.map(Some))
}

fn scopes(refusal: &Refusal) -> Vec<String> {
    let context = refusal.errors.iter().map(|error| &error.context);
    context
        .flat_map(|context| {
            context
                .missing_scopes
                .iter()
                .chain(&context.required_granular_scopes)
        })
        .cloned()
        .collect()
}

fn fields(refusal: &Refusal) -> Vec<FieldError> {
    let one = |detail: &Detail| FieldError {
        field: detail
            .context
            .property_name
            .first()
            .cloned()
            .or(detail.at.clone()),
        message: detail.message.clone().unwrap_or_default(),
    };
    refusal.errors.iter().map(one).collect()
}
