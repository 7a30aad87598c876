//! The list of what the Worker does as its own role, held against what it does: whatever these tests
//! have it ask of the database in that role is looked up in the list, request by request, and one that
//! is not there fails the test in which it is made.
//!
//! A request to the database has the id of the request that it is made for, so it is known which
//! workflow makes it. What no request of these tests asked for is done by the schedule, or after an
//! answer. What PostgREST gives back of a write is part of that write.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_functions::apps::background::AS_SERVICE;
use countersign_functions::apps::{FOR_ANY, Workflow, find};
use countersign_functions::database::OWN_SCHEMA;
use countersign_functions::policies::Policies;
use reqwest::Method;
use serde_json::Value;

/// The Worker's role.
const ROLE: &str = "countersign_edge";
const VERBS: [&str; 5] = ["read", "insert", "create", "update", "delete"];

/// Which workflow a request is for, by its id; none if it is no workflow's.
static ASKED: Mutex<BTreeMap<String, Option<&'static Workflow>>> = Mutex::new(BTreeMap::new());
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// The apps, by their schemas.
static APPS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let policies = Policies::embedded().unwrap();
    let apps = policies.iter().map(|app| &app.policy);
    apps.map(|policy| (policy.schema.clone(), policy.app.clone()))
        .collect()
});

/// An id for a request to the Worker, by which what is done for it is known.
pub(crate) fn id(method: &Method, path: &str) -> String {
    let id = format!("native-{:08}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let workflow = find(method, path)
        .ok()
        .flatten()
        .map(|(workflow, _)| workflow);
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    asked.insert(id.clone(), workflow);
    id
}

/// One thing that is done in the database: a verb and a table, or `call` and a function.
type Done = (String, String);

/// Fails if the Worker's role asks for something that the list does not have.
pub(crate) fn check(request: &reqwest::Request) {
    let Some((schema, done)) = asked_of_database(request) else {
        return;
    };
    let id = request.headers().get("x-request-id");
    let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    let whose = asked.get(id).copied();
    drop(asked);
    let app = APPS.get(&schema).map(String::as_str);
    assert!(
        app.is_some() || schema == OWN_SCHEMA,
        "which app has {schema}?"
    );
    for one in done {
        assert!(
            lists(whose, app).any(|listed| covers(listed, &one)),
            "{one:?} in {schema} is done as the Worker's role and not listed: {}",
            match whose {
                Some(Some(workflow)) => format!("{} {}", workflow.method, workflow.path),
                Some(None) => "a request to no workflow".to_owned(),
                None => "when nobody calls".to_owned(),
            }
        );
    }
}

/// What is listed for whoever asks, as far as it may be about this app.
fn lists(
    whose: Option<Option<&'static Workflow>>,
    app: Option<&str>,
) -> impl Iterator<Item = &'static str> {
    let of_workflow = whose.flatten().into_iter();
    let of_workflow = of_workflow
        .filter(move |workflow| app.is_none_or(|app| workflow.app == app))
        .flat_map(|workflow| workflow.as_service);
    let unasked = AS_SERVICE.iter().filter(move |_| whose.is_none());
    let unasked = unasked
        .filter(move |(what, _)| {
            let of = what.split_once(": ").map(|(of, _)| of);
            app.is_none() || of == app
        })
        .flat_map(|(_, calls)| *calls);
    let any = FOR_ANY
        .iter()
        .filter(move |_| whose.is_some())
        .flat_map(|(_, calls)| *calls);
    of_workflow.chain(unasked).chain(any).copied()
}

/// What a line of the list names: `call f, g: what they do`, or `read, update t, u.column, column`.
fn named(listed: &str) -> Vec<Done> {
    if let Some(calls) = listed.strip_prefix("call ") {
        let functions = calls.split(':').next().unwrap_or_default().split(", ");
        return functions
            .map(|name| ("call".to_owned(), name.to_owned()))
            .collect();
    }
    let (mut verbs, mut tables, mut columns) = (Vec::new(), Vec::new(), false);
    for part in listed.split(", ") {
        let (verb, table) = part.split_once(' ').unwrap_or((part, ""));
        if VERBS.contains(&verb) {
            assert!(tables.is_empty(), "verbs come first: {listed}");
            verbs.push(verb);
        }
        let table = if VERBS.contains(&verb) { table } else { part };
        // What follows a column is one, too.
        if !table.is_empty() && !columns {
            let name = table.split('.').next().unwrap_or_default();
            columns = name != table;
            tables.push(name);
        }
    }
    assert!(
        !verbs.is_empty() && !tables.is_empty(),
        "what is that? {listed}"
    );
    let each = |verb: &str| {
        // A resource is created, and a row is inserted.
        let verb = if verb == "create" { "insert" } else { verb }.to_owned();
        tables
            .iter()
            .map(move |table| (verb.clone(), (*table).to_owned()))
            .collect::<Vec<_>>()
    };
    verbs.into_iter().flat_map(each).collect()
}

fn covers(listed: &str, done: &Done) -> bool {
    named(listed).contains(done)
}

/// The schema and what is done there, if a request asks it of PostgREST as the Worker's role.
fn asked_of_database(request: &reqwest::Request) -> Option<(String, Vec<Done>)> {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let object = request.url().path().split_once("/rest/v1/")?.1;
    let token = text("authorization")?.strip_prefix("Bearer ")?;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    if claims["role"] != ROLE {
        return None;
    }
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    let schema = text(if reads {
        "accept-profile"
    } else {
        "content-profile"
    });
    let schema = schema.expect("it names its schema").to_owned();
    if let Some(function) = object.strip_prefix("rpc/") {
        return Some((schema, vec![("call".to_owned(), function.to_owned())]));
    }
    let merges = text("prefer").is_some_and(|prefer| prefer.contains("merge-duplicates"));
    let verbs: &[&str] = match request.method().as_str() {
        "GET" | "HEAD" => &["read"],
        "POST" if merges => &["insert", "update"],
        "POST" => &["insert"],
        "PATCH" => &["update"],
        "DELETE" => &["delete"],
        other => panic!("{other} of {object}"),
    };
    let done = verbs
        .iter()
        .map(|verb| ((*verb).to_owned(), object.to_owned()));
    Some((schema, done.collect()))
}

#[test]
fn each_line_of_the_list_can_be_read() {
    let pair = |verb: &str, of: &str| (verb.to_owned(), of.to_owned());
    assert_eq!(
        named("call reserve_llm, settle_llm"),
        [pair("call", "reserve_llm"), pair("call", "settle_llm")]
    );
    assert_eq!(
        named("call due_coaching_syncs: read API_Connections, Sync_Logs"),
        [pair("call", "due_coaching_syncs")]
    );
    assert_eq!(
        named("read, update sessions, user"),
        [
            pair("read", "sessions"),
            pair("read", "user"),
            pair("update", "sessions"),
            pair("update", "user")
        ]
    );
    assert_eq!(
        named("update crm_connections.status, last_error"),
        [pair("update", "crm_connections")]
    );
    let workflows = countersign_functions::apps::workflows();
    let listed = workflows.flat_map(|workflow| workflow.as_service);
    let unasked = AS_SERVICE
        .iter()
        .chain(FOR_ANY)
        .flat_map(|(_, calls)| *calls);
    let all: BTreeSet<&str> = listed.chain(unasked).copied().collect();
    assert!(all.len() > 30);
    for line in all {
        assert!(!named(line).is_empty(), "{line}");
    }
}

/// A request to PostgREST as `role`, made for a request to the Worker.
#[cfg(test)]
fn made(role: &str, id: &str, method: Method, object: &str) -> reqwest::Request {
    let claims = URL_SAFE_NO_PAD.encode(serde_json::json!({ "role": role }).to_string());
    let url = format!("http://database/rest/v1/{object}");
    let mut request = reqwest::Request::new(method, url.parse().unwrap());
    let schema = if object.starts_with("rpc/") {
        OWN_SCHEMA
    } else {
        "agency"
    };
    for (name, value) in [
        ("authorization", format!("Bearer e30.{claims}.x")),
        ("x-request-id", id.to_owned()),
        ("accept-profile", schema.to_owned()),
        ("content-profile", schema.to_owned()),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

#[test]
fn what_is_not_listed_is_noticed() {
    let import = id(&Method::POST, "/functions/v1/agency-import/contacts");
    let rest = id(&Method::POST, "/rest/v1/crm_contacts");
    let nobody = "nobody-asked-for-it";
    for (id, method, object, listed) in [
        (&*import, Method::GET, "agency_connections", true),
        (&*import, Method::POST, "rpc/take_lease", true),
        // It creates nothing by itself; another workflow, or nobody, may.
        (&*import, Method::DELETE, "agency_connections", false),
        (&*import, Method::POST, "rpc/reserve_llm", false),
        (&*rest, Method::GET, "agency_connections", false),
        (&*rest, Method::POST, "rpc/portal_session", true),
        (nobody, Method::POST, "rpc/claim_outbox", true),
        (nobody, Method::POST, "rpc/begin_request", false),
        // Assistant's, and so not the agency's.
        (nobody, Method::DELETE, "sessions", false),
    ] {
        let one = |role: &str| {
            let request = made(role, id, method.clone(), object);
            catch_unwind(AssertUnwindSafe(|| check(&request))).is_ok()
        };
        assert_eq!(one(ROLE), listed, "{id} {method} {object}");
        // What the caller does is the caller's matter.
        assert!(one("authenticated"));
    }
}
