//! HubSpot: OAuth, CRM objects, search, associations, limits and webhooks, in API version v3 and in
//! the dated version 2026-09.

mod associations;
mod batch;
mod oauth;
mod objects;
mod search;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::spec::Spec;
use crate::{items, number, text};
use oauth::{Code, Consent, Token};

/// What it has at the start.
const DATA: &str = include_str!("../data/hubspot.json");
const V3: &str = include_str!("../../specs/hubspot/v3.json");
const DATED: &str = include_str!("../../specs/hubspot/2026-09.json");
/// The window that most requests are counted in.
const WINDOW_MS: u64 = 10_000;

/// The app that connects.
pub const CLIENT_ID: &str = "countersign-local-app";
/// Its secret, which signs webhooks too. For machines where this runs, and nowhere else.
pub const CLIENT_SECRET: &str = "countersign-local-app-secret";
const APP_ID: u64 = 54_321;

/// The kinds of object and what their properties are.
const KINDS: [(&str, &str, &[&str], &[&str]); 8] = [
    // name, singular in event names, properties shown unasked, further ones
    (
        "contacts",
        "contact",
        &["email", "firstname", "lastname"],
        &[
            "phone",
            "company",
            "jobtitle",
            "lifecyclestage",
            "hubspot_owner_id",
        ],
    ),
    (
        "companies",
        "company",
        &["domain", "name"],
        &["city", "country", "industry", "phone", "hubspot_owner_id"],
    ),
    (
        "deals",
        "deal",
        &["amount", "closedate", "dealname", "dealstage", "pipeline"],
        &[
            "deal_currency_code",
            "hs_deal_stage_probability",
            "hs_is_closed",
            "hs_is_closed_won",
            "hubspot_owner_id",
        ],
    ),
    (
        "tasks",
        "task",
        &["hs_timestamp"],
        &[
            "hs_task_subject",
            "hs_task_body",
            "hs_task_status",
            "hs_task_priority",
            "hs_task_type",
            "hubspot_owner_id",
        ],
    ),
    (
        "calls",
        "call",
        &["hs_timestamp"],
        &[
            "hs_call_title",
            "hs_call_body",
            "hs_call_direction",
            "hs_call_duration",
            "hs_call_status",
            "hs_call_external_id",
            "hubspot_owner_id",
        ],
    ),
    (
        "emails",
        "email",
        &["hs_timestamp"],
        &[
            "hs_email_direction",
            "hs_email_status",
            "hs_email_subject",
            "hs_email_text",
            "hs_email_html",
            "hubspot_owner_id",
        ],
    ),
    (
        "meetings",
        "meeting",
        &["hs_timestamp"],
        &[
            "hs_meeting_title",
            "hs_meeting_body",
            "hs_meeting_start_time",
            "hs_meeting_end_time",
            "hs_meeting_location",
            "hs_meeting_outcome",
            "hs_internal_meeting_notes",
            "hubspot_owner_id",
        ],
    ),
    (
        "notes",
        "note",
        &["hs_timestamp"],
        &["hs_note_body", "hubspot_owner_id"],
    ),
];

/// Requests a portal may make.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Within ten seconds, search apart.
    pub burst: u64,
    /// Searches within a second.
    pub search: u64,
    /// Objects on a page of a list, however many are asked for.
    pub page: u64,
}

/// The whole of it.
#[derive(Debug)]
pub struct HubSpot {
    v3: Spec,
    dated: Spec,
    portals: BTreeMap<String, Portal>,
    /// Access tokens that were given out.
    access: BTreeMap<String, Token>,
    /// Refresh tokens that work, with what they are for.
    refresh: BTreeMap<String, Token>,
    codes: BTreeMap<String, Code>,
    consent: Consent,
    /// Requests of a portal, by the window in which they came.
    counted: BTreeMap<(String, &'static str), (u64, u64)>,
    /// How much is let through.
    pub limits: Limits,
    /// Whether search does not know yet what was deleted.
    pub search_lags: bool,
    /// Numbers that were given out.
    next: u64,
}

/// The kind and id of an object.
type End = (&'static str, u64);

#[derive(Debug, Default)]
struct Portal {
    /// By kind and id.
    objects: BTreeMap<End, Object>,
    /// Pairs of kind and id; each is there in both directions.
    associations: BTreeSet<(End, End)>,
}

#[derive(Clone, Debug)]
struct Object {
    properties: BTreeMap<String, String>,
    created: u64,
    updated: u64,
    archived: Option<u64>,
    /// What was written since, and when: property, value.
    history: Vec<(u64, String, String)>,
}

/// What a request to the CRM is about, whatever the version says it with.
#[derive(Debug)]
enum Target {
    Objects(&'static str),
    Object(&'static str, String),
    Search(&'static str),
    Batch(&'static str, String),
    /// From, to; `default` or labelled.
    Association((&'static str, String), (&'static str, String), bool),
    Associations(&'static str, &'static str),
}

impl HubSpot {
    /// With its data.
    pub(crate) fn new() -> Result<Self, String> {
        let mut new = Self {
            v3: Spec::parse(V3)?,
            dated: Spec::parse(DATED)?,
            portals: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            codes: BTreeMap::new(),
            consent: Consent::default(),
            counted: BTreeMap::new(),
            limits: Limits {
                burst: 110,
                search: 5,
                page: 1_000,
            },
            search_lags: false,
            next: 900_000,
        };
        new.load()?;
        Ok(new)
    }

    fn load(&mut self) -> Result<(), String> {
        let data: Value = serde_json::from_str(DATA).map_err(|error| error.to_string())?;
        for (id, portal) in data.as_object().ok_or("the data is no object")? {
            let mut loaded = Portal::default();
            for (name, objects) in portal
                .get("objects")
                .and_then(Value::as_object)
                .ok_or("no objects")?
            {
                let kind = kind(name).ok_or_else(|| format!("no kind {name}"))?;
                for (id, properties) in objects.as_object().ok_or("no ids")? {
                    let properties = properties.as_object().ok_or("no properties")?.iter();
                    let properties = properties.map(|(name, value)| {
                        (name.clone(), value.as_str().unwrap_or_default().to_owned())
                    });
                    let object = Object {
                        properties: properties.collect(),
                        created: 1_767_225_600_000,
                        updated: 1_767_225_600_000,
                        archived: None,
                        history: Vec::new(),
                    };
                    loaded.objects.insert(
                        (kind, id.parse().map_err(|_| "an id is no number")?),
                        object,
                    );
                }
            }
            for pair in items(portal, "associations") {
                let end = |at: usize| {
                    let (name, id) = pair.get(at)?.as_str()?.split_once(' ')?;
                    Some((kind(name)?, id.parse().ok()?))
                };
                let (from, to) = end(0).zip(end(1)).ok_or("an association is none")?;
                loaded.associations.extend([(from, to), (to, from)]);
            }
            self.portals.insert(id.clone(), loaded);
        }
        Ok(())
    }

    /// The description that a path belongs to; the page on which a person consents has none.
    pub(crate) fn spec(&self, path: &str) -> Option<&Spec> {
        match path {
            "/oauth/authorize" => None,
            path if path.contains("/2026-09/") => Some(&self.dated),
            _ => Some(&self.v3),
        }
    }

    pub(crate) fn answer(&mut self, request: &Request, now: u64) -> Answer {
        let segments = request.segments();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["oauth", "authorize"] => return self.authorize(request, now),
            ["oauth", "v3" | "2026-09", "token"] => return self.token(request, now),
            ["oauth", "v3" | "2026-09", "token", "revoke"] => return self.revoke(request),
            _ => {}
        }
        let Some(target) = target(&words) else {
            return Answer::empty(404);
        };
        let token = match self.authenticate(request, now) {
            Ok(token) => token,
            Err(answer) => return answer,
        };
        if let Err(answer) = self.authorised(&token, &target, &request.method) {
            return answer;
        }
        let searches = matches!(target, Target::Search(_));
        if let Some(limited) = self.limited(&token.portal, searches, now) {
            return limited;
        }
        let answer = self.crm(&token.portal, &target, request, now);
        if searches {
            // The page on limits: search says nothing about them.
            return answer;
        }
        let (_, used) = self
            .counted
            .get(&(token.portal, "burst"))
            .copied()
            .unwrap_or_default();
        answer
            .header("x-hubspot-ratelimit-max", self.limits.burst.to_string())
            .header(
                "x-hubspot-ratelimit-remaining",
                self.limits.burst.saturating_sub(used).to_string(),
            )
            .header(
                "x-hubspot-ratelimit-interval-milliseconds",
                WINDOW_MS.to_string(),
            )
    }

    fn crm(&mut self, portal: &str, target: &Target, request: &Request, now: u64) -> Answer {
        let method = request.method.as_str();
        match (method, target) {
            ("GET", Target::Objects(kind)) => self.list(portal, kind, request),
            ("POST", Target::Objects(kind)) => {
                self.create(portal, kind, &request.json().unwrap_or_default(), now)
            }
            ("GET", Target::Object(kind, id)) => self.read(portal, kind, id, request),
            ("PATCH", Target::Object(kind, id)) => self.update(portal, kind, id, request, now),
            ("DELETE", Target::Object(kind, id)) => self.archive(portal, kind, id, now),
            ("POST", Target::Search(kind)) => {
                self.search(portal, kind, &request.json().unwrap_or_default())
            }
            ("POST", Target::Batch(kind, what)) => {
                self.batch(portal, kind, what, &request.json().unwrap_or_default(), now)
            }
            ("PUT", Target::Association(from, to, true)) => self.associate(portal, from, to, now),
            ("DELETE", Target::Association(from, to, false)) => self.dissociate(portal, from, to),
            ("POST", Target::Associations(from, to)) => {
                self.associations(portal, from, to, &request.json().unwrap_or_default(), now)
            }
            _ => Answer::empty(405),
        }
    }

    fn limited(&mut self, portal: &str, search: bool, now: u64) -> Option<Answer> {
        let (name, window, most) = if search {
            ("search", 1_000, self.limits.search)
        } else {
            ("burst", WINDOW_MS, self.limits.burst)
        };
        let at = now / window;
        let counted = self.counted.entry((portal.to_owned(), name)).or_default();
        *counted = if counted.0 == at {
            (at, counted.1 + 1)
        } else {
            (at, 1)
        };
        if counted.1 <= most {
            return None;
        }
        let (policy, message) = if search {
            ("SECONDLY", "You have reached your secondly limit.")
        } else {
            (
                "TEN_SECONDLY_ROLLING",
                "You have reached your ten_secondly_rolling limit.",
            )
        };
        let body = json!({
            "status": "error", "message": message, "errorType": "RATE_LIMIT", "policyName": policy,
            "correlationId": self.uuid(), "requestId": self.uuid(),
        });
        Some(Answer::json(429, &body))
    }

    /// What the next person who is asked says: `portal`, `user`, `scopes`, or `refuse`.
    pub(crate) fn consent(&mut self, body: &Value) {
        self.consent = Consent {
            portal: text(body, "portal").unwrap_or("24680135").to_owned(),
            user: number(body, "user", 7_001),
            scopes: text(body, "scopes")
                .map(|scopes| scopes.split(' ').map(str::to_owned).collect()),
            refuse: body.get("refuse") == Some(&Value::Bool(true)),
        };
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Not random, and unlike any other of this run.
    fn uuid(&mut self) -> String {
        format!("c0ffee00-0000-4000-8000-{:012x}", self.number())
    }

    /// An error in the documented shape.
    fn error(&mut self, status: u16, category: &str, message: &str, errors: Value) -> Answer {
        let mut body = json!({
            "status": "error", "message": message, "category": category, "correlationId": self.uuid(),
        });
        if let (Value::Array(all), Some(members)) = (&errors, body.as_object_mut())
            && !all.is_empty()
        {
            members.insert("errors".to_owned(), errors);
        }
        Answer::json(status, &body)
    }

    fn not_found(&mut self) -> Answer {
        self.error(404, "OBJECT_NOT_FOUND", "resource not found", json!([]))
    }
}

fn kind(name: &str) -> Option<&'static str> {
    KINDS
        .iter()
        .map(|(kind, ..)| *kind)
        .find(|kind| *kind == name)
}

/// The properties of a kind that are shown unasked.
fn shown(kind: &str) -> impl Iterator<Item = &'static str> {
    let found = KINDS.iter().find(|(name, ..)| *name == kind);
    let of = found
        .into_iter()
        .flat_map(|(_, _, shown, _)| shown.iter().copied());
    let changed = if kind == "contacts" {
        "lastmodifieddate"
    } else {
        "hs_lastmodifieddate"
    };
    let created = if matches!(kind, "contacts" | "companies" | "deals") {
        "createdate"
    } else {
        "hs_createdate"
    };
    of.chain(["hs_object_id", changed, created])
}

/// Whether a kind has a property.
fn has_property(kind: &str, name: &str) -> bool {
    let found = KINDS.iter().find(|(of, ..)| *of == kind);
    shown(kind).any(|of| of == name) || found.is_some_and(|(_, _, _, more)| more.contains(&name))
}

fn target(words: &[&str]) -> Option<Target> {
    let end = |of: &str, id: &str| Some((kind(of)?, id.to_owned()));
    Some(match words {
        ["crm", "v3", "objects", rest @ ..] | ["crm", "objects", "2026-09", rest @ ..]
            if !rest.contains(&"associations") =>
        {
            let (of, rest) = rest.split_first()?;
            let of = kind(of)?;
            match rest {
                [] => Target::Objects(of),
                ["search"] => Target::Search(of),
                ["batch", what] => Target::Batch(of, (*what).to_owned()),
                [id] => Target::Object(of, (*id).to_owned()),
                _ => return None,
            }
        }
        ["crm", "v4", "objects", of, id, "associations", rest @ ..]
        | [
            "crm",
            "objects",
            "2026-09",
            of,
            id,
            "associations",
            rest @ ..,
        ] => match rest {
            ["default", to, to_id] => Target::Association(end(of, id)?, end(to, to_id)?, true),
            [to, to_id] => Target::Association(end(of, id)?, end(to, to_id)?, false),
            _ => return None,
        },
        ["crm", "v4", "associations", from, to, "batch", "read"]
        | ["crm", "associations", "2026-09", from, to, "batch", "read"] => {
            Target::Associations(kind(from)?, kind(to)?)
        }
        _ => return None,
    })
}
