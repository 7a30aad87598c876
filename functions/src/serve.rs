//! A request's way from its arrival to its answer.

use reqwest::{Method, StatusCode};

use crate::answer;
use crate::apps;
use crate::apps::assistant::CONNECT;
use crate::apps::{agency, coaching, portal};
use crate::caller::{self, Caller, better_auth};
use crate::config::{BadSetting, Config, UNKNOWN_APP};
use crate::cors::{self, Origins};
use crate::edge::Edge;
use crate::handlers::{access, health, me, pass, rest};
use crate::limit;
use crate::message::{Body, Request, Response};
use crate::openapi;
use crate::policies::Policies;
use crate::problem::Problem;
use crate::record::{Record, request_id};
use crate::route::{self, Handler};
use crate::transport::Runtime;

/// Longer addresses are not looked at.
const LONGEST_ADDRESS: usize = 16 * 1024;

/// What an isolate starts with. A Worker without its settings still answers, and says so.
#[derive(Debug)]
pub struct Setup {
    origins: Origins,
    edge: Result<Edge, Problem>,
}

impl Setup {
    /// Reads the settings and loads the policies.
    #[must_use]
    pub fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        let origins = Origins::parse(&variable("ALLOWED_ORIGINS").unwrap_or_default());
        let edge = Config::read(variable).map_err(|bad: BadSetting| Problem::from(&bad));
        let edge = edge.and_then(|config| {
            let policies = Policies::embedded().map_err(|error| {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Problem::new(status, "CS500", "the Worker's policies are damaged")
                    .internal(error.to_string())
            })?;
            let policies = if config.apps.is_empty() {
                Some(policies)
            } else {
                policies.only(&config.apps)
            };
            let policies = policies.ok_or_else(|| Problem::from(&UNKNOWN_APP))?;
            Ok(Edge::new(config, policies))
        });
        Self { origins, edge }
    }

    /// With settings and policies at hand.
    #[must_use]
    pub fn with(origins: Origins, edge: Edge) -> Self {
        Self {
            origins,
            edge: Ok(edge),
        }
    }

    /// What serves, if the settings are in order.
    ///
    /// # Errors
    /// The setting that is not.
    pub fn edge(&self) -> Result<&Edge, Problem> {
        self.edge.as_ref().map_err(Clone::clone)
    }
}

/// Answers a request, whatever happens.
pub async fn serve<R: Runtime>(
    setup: &Setup,
    runtime: &R,
    request: Request<R::Stream>,
) -> Response<R::Stream> {
    let started = runtime.now_ms();
    let origin = request.header("origin").map(str::to_owned);
    let id = request_id(request.header("x-request-id"));
    let mut record = Record::new(id, request.method.as_str(), route::pattern(&request.path));
    let begins = [CONNECT, agency::CONNECT].contains(&request.path.as_str())
        || coaching::CONNECTS.contains(&request.path.as_str());
    let with_cookie = begins || request.path.starts_with(portal::PATHS);
    let result = handle(setup, runtime, request, &mut record).await;
    let mut response = answer::finish(result, &setup.origins, origin.as_deref(), &mut record);
    if with_cookie && origin.is_some_and(|origin| setup.origins.lists(&origin)) {
        response.set("access-control-allow-credentials", "true");
    }
    let took = runtime.now_ms().saturating_sub(started);
    runtime.log(&record.line(response.status, took));
    response
}

async fn handle<R: Runtime>(
    setup: &Setup,
    runtime: &R,
    request: Request<R::Stream>,
    record: &mut Record,
) -> Result<Response<R::Stream>, Problem> {
    // A browser asks this without any credentials, before every other kind of request.
    if request.method == Method::OPTIONS {
        let mut response = Response::empty(StatusCode::NO_CONTENT);
        cors::allow(&mut response.headers);
        return Ok(response);
    }
    if request.path.len() + request.query.len() > LONGEST_ADDRESS {
        let message = format!("the address is longer than {LONGEST_ADDRESS} bytes");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "CS414", message));
    }
    let path = request.path.clone();
    if let Some(workflow) = apps::find(&request.method, &path)? {
        let edge = setup.edge.as_ref().map_err(Clone::clone)?;
        limit::address(&edge.config, runtime, &request).await?;
        let caller = if workflow.0.needs.is_some() {
            let app = Some(workflow.0.app);
            identify(setup, edge, runtime, &request, app, &record.request_id).await?
        } else {
            Caller::nobody(&edge.config)
        };
        record.caller(&caller);
        limit::caller(&edge.config, runtime, &caller).await?;
        let id = record.request_id.clone();
        let origins = &setup.origins;
        // In a place of its own: its state is by far the largest, and every request's would hold it.
        return Box::pin(apps::answer(
            edge, runtime, origins, &caller, workflow, request, &id,
        ))
        .await;
    }
    let (endpoint, rest) = route::find(&request.method, &path)?;
    if endpoint.handler == Handler::Health {
        return Ok(health::answer());
    }
    let edge = setup.edge.as_ref().map_err(Clone::clone)?;
    limit::address(&edge.config, runtime, &request).await?;
    if endpoint.handler == Handler::OpenApi {
        let mut response = Response::empty(StatusCode::OK);
        response.set("content-type", "application/json; charset=utf-8");
        response.body = Body::Bytes(openapi::DOCUMENT.as_bytes().to_vec());
        return Ok(response);
    }
    if let Handler::Pass(service) = endpoint.handler {
        return Box::pin(pass::answer(
            edge,
            runtime,
            request,
            service,
            &record.request_id,
        ))
        .await;
    }
    let app = (endpoint.handler == Handler::Rest).then(|| app_of(edge, &request));
    let app = app.flatten();
    let caller = identify(setup, edge, runtime, &request, app, &record.request_id).await?;
    record.caller(&caller);
    limit::caller(&edge.config, runtime, &caller).await?;
    match endpoint.handler {
        Handler::Me => Box::pin(me::answer(edge, runtime, &caller)).await,
        Handler::Check => Box::pin(access::answer(edge, runtime, &caller, request)).await,
        _ => rest::answer(edge, runtime, &caller, request, rest, record).await,
    }
}

/// Who calls: by a session of Better Auth where the request is about the app that has such, and it
/// shows one.
async fn identify<R: Runtime>(
    setup: &Setup,
    edge: &Edge,
    runtime: &R,
    request: &Request<R::Stream>,
    app: Option<&str>,
    request_id: &str,
) -> Result<Caller, Problem> {
    let settings = edge.config.better_auth.as_ref();
    if let Some(settings) = settings.filter(|_| app == Some(better_auth::APP))
        && let Some(shown) = better_auth::shown(&request.headers, settings)?
    {
        let origins = &setup.origins;
        let shown = (&shown, request_id);
        return Box::pin(better_auth::identify(
            edge, runtime, settings, origins, request, shown,
        ))
        .await;
    }
    caller::identify(edge, runtime, request).await
}

/// The app that a request to PostgREST is about, if it is one.
fn app_of<'a, S>(edge: &'a Edge, request: &Request<S>) -> Option<&'a str> {
    let profile = match request.method {
        Method::GET | Method::HEAD => "accept-profile",
        _ => "content-profile",
    };
    let app = edge.policies.of_profile(request.header(profile))?;
    Some(app.policy.app.as_str())
}

#[cfg(test)]
mod tests;
