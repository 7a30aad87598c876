//! `/rest/v1/*`: PostgREST behind the policy.

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::caller::{Caller, Who};
use crate::edge::Edge;
use crate::gate;
use crate::gateway::{self, Headers, Incoming, Plan, Refusal};
use crate::message::{Body, Request, Response};
use crate::policies::App;
use crate::problem::Problem;
use crate::record::Record;
use crate::transport::{Runtime, Unreadable};
use crate::upstream::{Forward, forward};

/// The largest body of a write.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

/// Answers a request for it; `path` is what stands behind `/rest/v1/`.
///
/// # Errors
/// If the policy refuses it, it cannot be understood, or there is no answer.
pub async fn answer<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    caller: &Caller,
    mut request: Request<R::Stream>,
    path: &str,
    record: &mut Record,
) -> Result<Response<R::Stream>, Problem> {
    let body = body(runtime, &mut request).await?;
    let plan = if caller.who == Who::ServiceRole {
        as_it_came(&request, path)
    } else {
        let incoming = incoming(&request, path, body.as_deref());
        let app = edge
            .policies
            .of_profile(incoming.profile())
            .ok_or_else(|| unknown_schema(edge))?;
        decide(edge, runtime, app, caller, &incoming).await?
    };
    let profile = match request.method {
        Method::GET | Method::HEAD => "accept-profile",
        _ => "content-profile",
    };
    if let Ok(schema) = HeaderValue::from_str(&plan.schema) {
        request.headers.insert(profile, schema);
    }
    let url = edge
        .config
        .below(&format!("/rest/v1/{}", plan.path), &plan.query);
    let url = url.ok_or_else(|| Problem::bad_request("the path is not in its plain form"))?;
    let passed = Forward {
        method: request.method,
        url,
        headers: &request.headers,
        token: caller.token.as_ref(),
        api_key: &caller.api_key,
        request_id: &record.request_id,
        body,
        upload: None,
    };
    let mut response = forward(edge, runtime, passed).await?;
    if response.status.is_client_error() || response.status.is_server_error() {
        named(runtime, &mut response, &record.request_id).await;
    }
    if let Some(reason) = &plan.reason {
        record.code = Some("empty");
        response.set("x-countersign-reason", &ascii(reason));
    }
    Ok(response)
}

/// Puts the request's id into an error that PostgREST has worded: into an object with a code and a
/// message. Whatever else it is goes out as it came; whatever is no answer, as one that broke off.
async fn named<R: Runtime>(runtime: &R, response: &mut Response<R::Stream>, request_id: &str) {
    let json = response.headers.get("content-type");
    let json = json.and_then(|kind| kind.to_str().ok());
    if !json.is_some_and(|kind| kind.starts_with("application/json")) {
        return;
    }
    let Body::Stream(stream) = std::mem::replace(&mut response.body, Body::Empty) else {
        return;
    };
    let Ok(mut bytes) = runtime.read(stream, LARGEST_BODY).await else {
        let problem = Problem::unavailable("the database's answer broke off, or is too long");
        let problem = problem.body(request_id).to_string();
        response.body = Body::Bytes(problem.into_bytes());
        return;
    };
    if let Ok(Value::Object(mut error)) = serde_json::from_slice(&bytes)
        && error.contains_key("code")
        && error.contains_key("message")
    {
        error.insert("request_id".to_owned(), request_id.into());
        bytes = Value::Object(error).to_string().into_bytes();
    }
    response.body = Body::Bytes(bytes);
}

async fn decide<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    app: &App,
    caller: &Caller,
    incoming: &Incoming<'_>,
) -> Result<Plan, Problem> {
    let rules = app.rules(edge.config.refuse_empty_reads);
    let judge = |facts: &policy_core::Caller<'_>| gateway::plan(&rules, facts, incoming);
    let allows =
        |outcome: &Result<Plan, Refusal>| outcome.as_ref().is_ok_and(|plan| plan.reason.is_none());
    Ok(gate::decide(edge, runtime, app, caller, judge, allows).await??)
}

fn incoming<'a, S>(request: &'a Request<S>, path: &'a str, body: Option<&'a [u8]>) -> Incoming<'a> {
    Incoming {
        method: request.method.as_str(),
        path,
        query: &request.query,
        headers: Headers {
            accept: request.header("accept"),
            accept_profile: request.header("accept-profile"),
            content_profile: request.header("content-profile"),
            content_type: request.header("content-type"),
            prefer: request.header("prefer"),
        },
        body,
    }
}

/// For whom the policy does not bind.
fn as_it_came<S>(request: &Request<S>, path: &str) -> Plan {
    let profile = incoming(request, path, None).profile();
    Plan {
        path: path.to_owned(),
        query: request.query.clone(),
        schema: profile.unwrap_or_default().to_owned(),
        reason: None,
    }
}

fn unknown_schema(edge: &Edge) -> Problem {
    let known: Vec<&str> = edge
        .policies
        .iter()
        .map(|app| app.policy.schema.as_str())
        .collect();
    let message = "no policy is for the schema of the profile header";
    Problem::new(StatusCode::NOT_ACCEPTABLE, "PGRST106", message)
        .hint(format!("the schemas are: {}", known.join(", ")))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::FORBIDDEN);
        let problem = Self::new(status, refusal.code, refusal.message);
        let problem = if status == StatusCode::UNAUTHORIZED {
            problem.header("www-authenticate", "Bearer")
        } else {
            problem
        };
        Self {
            details: refusal.details.map(Into::into),
            hint: refusal.hint.map(Into::into),
            ..problem
        }
    }
}

/// What a header can carry of a text.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| if (' '..='~').contains(&c) { c } else { '?' })
        .collect()
}

/// Reads a write's body, if it is not too large.
pub(crate) async fn body<R: Runtime>(
    runtime: &R,
    request: &mut Request<R::Stream>,
) -> Result<Option<Vec<u8>>, Problem> {
    body_up_to(runtime, request, LARGEST_BODY).await
}

/// The same, where bodies are of another size.
pub(crate) async fn body_up_to<R: Runtime>(
    runtime: &R,
    request: &mut Request<R::Stream>,
    largest: usize,
) -> Result<Option<Vec<u8>>, Problem> {
    let Some(stream) = request.body.take() else {
        return Ok(None);
    };
    if matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(None);
    }
    let declared = request
        .header("content-length")
        .and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|length| length > largest) {
        return Err(Problem::too_large(largest));
    }
    match runtime.read(stream, largest).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Unreadable::TooLong) => Err(Problem::too_large(largest)),
        Err(Unreadable::Broken) => Err(Problem::bad_request("the body broke off")),
    }
}
