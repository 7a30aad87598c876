//! The workflows of the apps: what the Worker does with other systems, beyond passing requests on.
//!
//! [`workflows`] is the table of all of them: path, method, what the policy has to allow first, and
//! what is done as the Worker's role rather than as the caller. A request is read, decided and
//! answered here; what a workflow does is in its app's module.

pub mod advisory;
pub mod agency;
pub mod assistant;
pub mod background;
pub mod coaching;
pub mod decision;
mod delivery;
mod desk;
mod llm;
pub mod portal;
pub mod repeat;
mod vectors;

use std::pin::pin;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;

use crate::caller::Caller;
use crate::cors::Origins;
use crate::edge::Edge;
use crate::handlers::rest::{LARGEST_BODY, body_up_to};
use crate::message::{Request, Response};
use crate::problem::Problem;
use crate::providers::call::within;
use crate::transport::Runtime;
use advisory::Advisory;
use agency::Agency;
use coaching::Coaching;
use desk::Desk;
use portal::Portal;
use repeat::Once;

/// One workflow.
#[derive(Debug, PartialEq, Eq)]
pub struct Workflow {
    /// The app.
    pub app: &'static str,
    /// The method.
    pub method: Method,
    /// The path; `{name}` stands for one part of it.
    pub path: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The resource and the operation that the policy has to allow, in the tenant that the request is
    /// about; without them it is open, and says itself whom it believes.
    pub needs: Option<(&'static str, &'static str)>,
    /// What it does as the Worker's role, `countersign_edge`.
    pub as_service: &'static [&'static str],
    /// Whether a repeat would make the same thing twice: then it takes an `Idempotency-Key`.
    pub creates: bool,
    /// What is done.
    pub run: Run,
}

impl Workflow {
    /// Whether a provider delivers events to it, and does not wait for long.
    #[must_use]
    pub fn delivers(&self) -> bool {
        self.needs.is_none() && self.method == Method::POST
    }
}

/// What is done: a workflow of one of the apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Advisory's.
    Advisory(advisory::Do),
    /// The agency's.
    Agency(agency::Do),
    /// The assistant's.
    Assistant(assistant::Do),
    /// Coaching's.
    Coaching(coaching::Do),
    /// The portal's.
    Portal(portal::Do),
}

impl Run {
    const fn app(self) -> &'static str {
        match self {
            Self::Advisory(_) => "advisory",
            Self::Agency(_) => "agency",
            Self::Assistant(_) => "assistant",
            Self::Coaching(_) => "coaching",
            Self::Portal(_) => "portal",
        }
    }

    const fn creates(self) -> bool {
        match self {
            Self::Advisory(run) => matches!(run, advisory::Do::Start | advisory::Do::Record),
            Self::Agency(run) => matches!(run, agency::Do::Complete),
            Self::Assistant(run) => {
                matches!(run, assistant::Do::Create(_) | assistant::Do::Process)
            }
            Self::Coaching(run) => matches!(
                run,
                coaching::Do::Analyse | coaching::Do::Draft | coaching::Do::AddOutcome
            ),
            Self::Portal(_) => false,
        }
    }

    fn time(self) -> Duration {
        match self {
            Self::Advisory(_) => advisory::TIME,
            Self::Agency(run) => run.time(),
            Self::Assistant(run) => run.time(),
            Self::Coaching(run) => run.time(),
            Self::Portal(_) => portal::TIME,
        }
    }

    /// The longest body that it takes, in bytes, if that is another than elsewhere.
    fn longest_body(self) -> Option<usize> {
        match self {
            Self::Coaching(run) => run.longest_body(),
            Self::Advisory(_) | Self::Agency(_) | Self::Assistant(_) | Self::Portal(_) => None,
        }
    }
}

/// A row of an app's table; its app, and whether it creates something, go without saying.
const fn row(
    method: Method,
    path: &'static str,
    needs: Option<(&'static str, &'static str)>,
    as_service: &'static [&'static str],
    run: Run,
    summary: &'static str,
) -> Workflow {
    Workflow {
        app: run.app(),
        method,
        path,
        summary,
        needs,
        as_service,
        creates: run.creates(),
        run,
    }
}

const TABLES: [&[Workflow]; 5] = [
    advisory::WORKFLOWS,
    agency::WORKFLOWS,
    assistant::WORKFLOWS,
    coaching::WORKFLOWS,
    portal::WORKFLOWS,
];

/// What a workflow does as the Worker's role whose effect goes through the outbox.
pub const RECORDS: &str = "call record_effect, finish_effect";

/// What is done as the Worker's role for any request, beside what its workflow declares.
pub const FOR_ANY: &[(&str, &[&str])] = &[
    (
        "under an `Idempotency-Key`",
        &["call begin_request, finish_request, forget_request"],
    ),
    (
        "portal: whoever shows a session of Better Auth",
        &["call portal_session: read session"],
    ),
];

/// What all their paths begin with, so that a request to PostgREST is not held against each.
const BELOW: &str = "/functions/v1/";

/// All of them.
pub fn workflows() -> impl Iterator<Item = &'static Workflow> {
    TABLES.into_iter().flatten()
}

/// A request to a workflow.
#[derive(Debug)]
pub struct Asked<'a> {
    /// What the path has in place of its names.
    pub parts: Vec<String>,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The origins that browsers may call from.
    pub origins: &'a Origins,
    /// The tenant that it is about, where the app has tenants and the policy was asked.
    pub tenant: Option<String>,
}

impl Asked<'_> {
    /// A parameter of the query.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    /// The tenant that it is about.
    ///
    /// # Errors
    /// If nobody was asked for one: the workflow is open, or its app has none.
    pub fn tenant(&self) -> Result<&str, Problem> {
        self.tenant.as_deref().ok_or_else(|| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the workflow is in no tenant")
        })
    }

    /// A part of the path: an id of digits.
    ///
    /// # Errors
    /// If it is none.
    pub fn id(&self, at: usize) -> Result<&str, Problem> {
        let part = self.parts.get(at).map(String::as_str).unwrap_or_default();
        id(part).ok_or_else(|| Problem::bad_request("an id is up to 20 digits"))
    }

    /// The body, as what the workflow takes.
    ///
    /// # Errors
    /// If it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body = self.body.as_deref().unwrap_or_default();
        // By way of a plain value: reading every type from text as well would make the Worker larger.
        let value: serde_json::Result<serde_json::Value> = serde_json::from_slice(body);
        value.and_then(serde_json::from_value).map_err(|error| {
            Problem::bad_request("the body is not what this takes").details(error.to_string())
        })
    }
}

fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = query.iter().filter(|(of, _)| of == name);
    found.next().map(|(_, value)| value.as_str())
}

/// A HubSpot id, if it is one.
#[must_use]
pub fn id(text: &str) -> Option<&str> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (1..=20).contains(&text.len())).then_some(text)
}

/// The workflow of a request, and the parts of its path. `None` if the path is no workflow's.
///
/// # Errors
/// If the path is one's and the method is not.
pub fn find(
    method: &Method,
    path: &str,
) -> Result<Option<(&'static Workflow, Vec<String>)>, Problem> {
    if !path.starts_with(BELOW) {
        return Ok(None);
    }
    let mut allowed = Vec::new();
    for workflow in workflows() {
        if let Some(parts) = parts(workflow.path, path) {
            if workflow.method == *method {
                return Ok(Some((workflow, parts)));
            }
            allowed.push(workflow.method.as_str());
        }
    }
    if allowed.is_empty() {
        return Ok(None);
    }
    let message = format!("the path does not take {method}");
    Err(
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "CS405", message)
            .header("allow", allowed.join(", ")),
    )
}

/// The pattern of a path, if it is a workflow's.
#[must_use]
pub fn pattern(path: &str) -> Option<&'static str> {
    let mut found = workflows().map(|workflow| workflow.path);
    found.find(|pattern| parts(pattern, path).is_some())
}

fn parts(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut words = path.split('/');
    let mut parts = Vec::new();
    for wanted in pattern.split('/') {
        let word = words.next()?;
        if wanted.starts_with('{') {
            let plain = percent_encoding::percent_decode_str(word)
                .decode_utf8()
                .ok()?;
            parts.push(plain.into_owned());
        } else if wanted != word {
            return None;
        }
    }
    words.next().is_none().then_some(parts)
}

/// Decides on a request and answers it.
///
/// # Errors
/// If it is refused, it cannot be understood, or what it needs fails.
pub async fn answer<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    origins: &Origins,
    caller: &Caller,
    (workflow, parts): (&Workflow, Vec<String>),
    mut request: Request<R::Stream>,
    request_id: &str,
) -> Result<Response<R::Stream>, Problem> {
    let app = edge.policies.of_app(Some(workflow.app)).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "CS404",
            "this Worker does not serve the app",
        )
    })?;
    let query = reqwest::Url::parse(&format!("http://query/?{}", request.query));
    let query = query.map(|url| url.query_pairs().into_owned().collect());
    let query: Vec<(String, String)> = query.unwrap_or_default();
    let tenant = match workflow.needs {
        Some(needs) => {
            let named = decision::parameter(&app.policy);
            let named = named.and_then(|name| parameter(&query, name));
            decision::decide(edge, runtime, app, caller, needs, named).await?
        }
        None => None,
    };
    let longest = workflow.run.longest_body().unwrap_or(LARGEST_BODY);
    let body = body_up_to(runtime, &mut request, longest).await?;
    let asked = Asked {
        parts,
        query,
        headers: &request.headers,
        body,
        origins,
        tenant,
    };
    let time = workflow.run.time();
    let desk = Desk::new(edge, runtime, app, caller, request_id, time);
    let key = match workflow.creates {
        true => repeat::key(&request)?,
        false => None,
    };
    let once = match key {
        Some(key) => {
            let of = (workflow.app, desk.user()?, key);
            Some(Once::new(desk.own()?, of, &request, &asked))
        }
        None => None,
    };
    if let Some(once) = &once
        && let Some(mut kept) = once.begin().await?
    {
        kept.set("cache-control", "no-store");
        return Ok(kept);
    }
    let mut running = pin!(run(desk, workflow.run, &asked));
    let mut result = if workflow.delivers() {
        // Whoever sends it again finds stored what was stored after all.
        let late = || Problem::unavailable("the delivery was not stored in time; send it again");
        let done = within(runtime, edge.config.webhook_patience, running.as_mut()).await;
        done.unwrap_or_else(|| Err(late()))
    } else {
        running.await
    };
    if let Some(once) = &once {
        once.end(&result, request_id, runtime).await;
    }
    if let Ok(response) = &mut result {
        response.set("cache-control", "no-store");
    }
    result
}

async fn run<R: Runtime>(
    desk: Desk<'_, R>,
    run: Run,
    asked: &Asked<'_>,
) -> Result<Response<R::Stream>, Problem> {
    match run {
        Run::Advisory(run) => Advisory::at(desk).answer(run, asked).await,
        Run::Agency(run) => Agency::at(desk, asked).answer(run, asked).await,
        Run::Assistant(run) => desk.assist(run, asked).await,
        Run::Coaching(run) => Coaching::at(desk).answer(run, asked).await,
        Run::Portal(run) => Portal::at(desk).answer(run, asked).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::Policies;

    #[test]
    fn a_path_finds_its_workflow_and_its_parts() {
        let (found, parts) = find(&Method::GET, "/functions/v1/assistant-contacts/101")
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.path, parts.as_slice()),
            (
                "/functions/v1/assistant-contacts/{id}",
                &["101".to_owned()][..]
            )
        );
        assert!(
            find(&Method::GET, "/functions/v1/assistant-unicorns")
                .unwrap()
                .is_none()
        );
        let wrong = find(&Method::PUT, "/functions/v1/assistant-contacts").unwrap_err();
        assert_eq!(wrong.header, Some(("allow", "GET, POST".into())));
        assert_eq!(
            (id("101"), id(""), id("a"), id("..")),
            (Some("101"), None, None, None)
        );
    }

    /// What each workflow needs is in the app's policy, and no two answer the same request.
    #[test]
    fn the_table_and_the_policies_fit() {
        let policies = Policies::embedded().unwrap();
        let mut requests = Vec::new();
        for workflow in workflows() {
            let app = policies.of_app(Some(workflow.app)).unwrap();
            if let Some((resource, operation)) = workflow.needs {
                let declared = app.policy.resource(resource).unwrap();
                assert!(
                    declared.operations().contains(&operation),
                    "{resource} {operation}"
                );
            }
            assert!(workflow.path.starts_with(BELOW), "{}", workflow.path);
            // A key is a person's.
            assert!(!workflow.creates || workflow.needs.is_some());
            requests.push(format!("{} {}", workflow.method, workflow.path));
        }
        let all = requests.len();
        requests.sort_unstable();
        requests.dedup();
        assert_eq!(requests.len(), all);
    }

    #[test]
    fn what_is_open_is_a_delivery_or_the_way_back_from_a_consent() {
        let (deliveries, others): (Vec<_>, Vec<_>) = workflows()
            .filter(|workflow| workflow.needs.is_none())
            .partition(|workflow| workflow.delivers());
        let paths = |of: Vec<&Workflow>| -> Vec<&str> {
            let names = of.into_iter().map(|of| of.path.strip_prefix(BELOW));
            names.map(Option::unwrap).collect()
        };
        assert_eq!(
            paths(deliveries),
            [
                "advisory-bridge-webhook/{connection}",
                "assistant-hubspot-webhook",
                "coaching-hubspot-webhook",
                "coaching-fathom-webhook/{connection}",
                "portal-baserow-webhook",
            ]
        );
        assert!(paths(others).iter().all(|path| path.ends_with("-callback")));
    }

    /// Everything that is done as the Worker's role, for whoever reviews it.
    #[test]
    fn every_service_call_is_listed() {
        let mut by_calls: std::collections::BTreeMap<String, Vec<String>> = Default::default();
        for workflow in workflows() {
            let needs = workflow
                .needs
                .map_or("open".to_owned(), |(resource, operation)| {
                    format!("{resource} {operation}")
                });
            let line = format!("{:6} {}  [{needs}]", workflow.method, workflow.path);
            let calls = workflow.as_service.join("; ");
            by_calls.entry(calls).or_default().push(line);
        }
        by_calls.remove("");
        let groups = by_calls.into_iter().map(|(calls, mut lines)| {
            lines.sort();
            format!("{calls}\n  {}", lines.join("\n  "))
        });
        let unasked = background::AS_SERVICE
            .iter()
            .map(|(what, calls)| format!("{}\n  when nobody calls: {what}", calls.join("; ")));
        let any = FOR_ANY
            .iter()
            .map(|(what, calls)| format!("{}\n  any request: {what}", calls.join("; ")));
        let groups = groups.chain(unasked).chain(any);
        insta::assert_snapshot!(groups.collect::<Vec<_>>().join("\n\n"));
    }
}
