//! Every failure of a provider and of the database, on every route of the agency, of advisory and of the
//! portal that reaches them: the right answer, and nothing changed. Coaching's and the assistant's routes
//! have theirs beside them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::away::Away;
use crate::world::World;

const ORG: &str = "a0000000-0000-4000-8000-000000000001";
const FIRM: &str = "a0000000-0000-4000-8000-000000010001";
const BRIDGE_KEY: &str = "countersign-local-bridge-key-whitfield";
const MIA: &str = "demoMiaLaptop0000000000000000001";

/// A route, and whom it reaches.
struct Route {
    app: &'static str,
    provider: &'static str,
    method: Method,
    path: &'static str,
    body: Value,
}

fn routes(run: u64) -> Vec<Route> {
    let route = |app, provider, method, path, body| Route {
        app,
        provider,
        method,
        path,
        body,
    };
    let (get, post) = (Method::GET, Method::POST);
    let none = Value::Null;
    let prompt = json!({ "purpose": "native-faults", "prompt": format!("{run}"), "fresh": true });
    let query = json!({ "query": format!("faults {run}"), "within": "documents" });
    let mut all = vec![
        route("agency", "llm", post.clone(), "complete", prompt),
        route("agency", "llm", post.clone(), "search", query),
        route(
            "agency",
            "llm",
            post.clone(),
            "embed",
            json!({ "within": "documents" }),
        ),
    ];
    for path in ["import/contacts", "import/deals"] {
        all.push(route("agency", "hubspot", post.clone(), path, json!({})));
    }
    for path in [
        "clients?fresh=true",
        "households?fresh=true",
        "clients/crm-999?fresh=true",
    ] {
        all.push(route("advisory", "bridge", get.clone(), path, none.clone()));
    }
    let meeting = json!({ "crm_client_id": "crm-999" });
    all.push(route(
        "advisory",
        "bridge",
        post.clone(),
        "meetings",
        meeting,
    ));
    all.push(route(
        "advisory",
        "bridge",
        post.clone(),
        "sync?all=true",
        none.clone(),
    ));
    let key = json!({ "provider": "bridge", "key": BRIDGE_KEY });
    all.push(route("advisory", "bridge", post.clone(), "connect", key));
    for path in ["member", "quick-links", "events"] {
        all.push(route("portal", "baserow", get.clone(), path, none.clone()));
    }
    all.push(route("portal", "baserow", post, "sync", none));
    let fields = json!({ "fields": { "Birthday": "2001-01-01" } });
    all.push(route("portal", "baserow", Method::PATCH, "member", fields));
    all
}

/// What goes wrong, by name: how the simulator fails, and what is answered then.
fn faults() -> Vec<(&'static str, Value, u16, &'static str)> {
    let answer = |status: u16| json!({ "answer": { "status": status } });
    let limited = json!({ "answer": { "status": 429, "retry_after": "3600" } });
    vec![
        ("forbidden", answer(403), 403, "provider_forbidden"),
        ("limited", limited, 429, "provider_limited"),
        ("down", answer(503), 503, "provider_down"),
        ("dropped", json!("dropped"), 503, "provider_down"),
        ("truncated", json!("truncated"), 503, "provider_down"),
        ("malformed", json!("malformed"), 502, "provider_malformed"),
        ("database", Value::Null, 503, "CS503"),
    ]
}

/// The same but where a route has reasons of its own.
fn expected(fault: &str, of: &Route, plain: (u16, &'static str)) -> (u16, &'static str) {
    match (fault, of.provider) {
        // The key is the Worker's own: whoever asks cannot mend it.
        ("forbidden", "llm") => (500, "CS500"),
        _ => plain,
    }
}

impl World {
    fn bearer(&self, app: &str) -> String {
        match app {
            "agency" => self.person("admin.a@example.test").to_owned(),
            "advisory" => self.person("grace@advisory.example.test").to_owned(),
            _ => {
                let secret = &self.facts["simulators"]["settings"]["BETTER_AUTH_SECRET"];
                let secret = secret.as_str().unwrap().as_bytes();
                let mut hmac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
                hmac.update(MIA.as_bytes());
                format!("{MIA}.{}", STANDARD.encode(hmac.finalize().into_bytes()))
            }
        }
    }

    /// What the routes could change, but for what says that they failed.
    async fn all_of_them(&self) -> Value {
        let of = async |schema: &str, address: &str| {
            self.table(Method::GET, address, schema, Value::Null).await
        };
        let columns = format!("org_id=eq.{ORG}&order=id&select=id,external_id,updated_at");
        let documents = format!("documents?org_id=eq.{ORG}&order=id&select=id,embedding_model");
        let connections =
            format!("crm_connections?firm_id=eq.{FIRM}&select=config,status,last_synced_at");
        let member = "/baserow/api/database/rows/table/501/?user_field_names=true&size=200";
        json!([
            of("agency", &format!("crm_contacts?{columns}")).await,
            of("agency", &format!("crm_deals?{columns}")).await,
            of("agency", &documents).await,
            of("agency", "ai_cache?order=id&select=id,hits").await,
            of("advisory", "sessions?order=id&select=id").await,
            of(
                "advisory",
                "client_data_cache?order=id&select=id,fetched_at"
            )
            .await,
            of("advisory", "households?order=id&select=id,fetched_at").await,
            of("advisory", &connections).await,
            of("portal", "user?order=id&select=id,baserowMemberId").await,
            self.simulator(Method::GET, member, &Value::Null).await,
        ])
    }
}

#[tokio::test]
async fn every_failure_has_its_answer_on_every_route() {
    let Some(world) = World::new() else { return };
    let clear = async || {
        world
            .simulator(Method::DELETE, "/control/faults", &Value::Null)
            .await
    };
    clear().await;
    let often = json!({ "burst": 1_000_000, "search": 1_000_000 });
    world.control("/hubspot/limits", often).await;
    world
        .control("/bridge/limits", json!({ "calls": 1_000_000 }))
        .await;
    world
        .connect_by(
            "/functions/v1/agency-hubspot-connect",
            "hubspot",
            "admin.a@example.test",
            json!({}),
        )
        .await;
    let key = json!({ "provider": "bridge", "key": BRIDGE_KEY });
    let member = Value::Null;
    for (app, path, body) in [
        ("advisory", "advisory-connect", &key),
        ("portal", "portal-sync", &member),
    ] {
        let path = format!("/functions/v1/{path}");
        let bearer = format!("Bearer {}", world.bearer(app));
        let headers = [("authorization", bearer.as_str())];
        let (status, answer) = world.ask(Method::POST, &path, &headers, Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }
    let bare = json!({ "org_id": ORG, "title": "native faults", "content": "Not embedded." });
    world.table(Method::POST, "documents", "agency", bare).await;

    let before = world.all_of_them().await;
    let routes = routes(world.run);
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (fault, effect, status, code) in faults() {
        for route in &routes {
            let at = format!("{fault}, {} {}-{}", route.method, route.app, route.path);
            if fault != "database" {
                let fault = json!({ "provider": route.provider, "times": 99, "effect": effect });
                world.control("/faults", fault).await;
            }
            let away = Away::new(&world, (fault != "database").then_some(0));
            let path = format!("/functions/v1/{}-{}", route.app, route.path);
            let token = world.bearer(route.app);
            let asked = (
                route.method.clone(),
                path.as_str(),
                token.as_str(),
                &route.body,
            );
            let (answered, answer) = world.ask_in(&away, || false, asked).await.unwrap();
            clear().await;
            world.let_go().await;
            tried += 1;
            let expected = expected(fault, route, (status, code));
            if (answered, answer["code"].as_str()) != (expected.0, Some(expected.1)) {
                wrong.push(format!("{at}: {answered} {answer}"));
            }
            assert!(
                answer["request_id"].is_string() || answered < 300,
                "{at}: {answer}"
            );
        }
        let after = world.all_of_them().await;
        assert_eq!(after, before, "{fault}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{tried} failures on {} routes", routes.len());
    assert_eq!(tried, 112);

    // What was recorded of imports would be finished by somebody else's schedule.
    let imports = format!("outbox?app=eq.agency&tenant_id=eq.{ORG}");
    let recorded = world
        .as_worker(Method::DELETE, &imports, "countersign_edge", Value::Null)
        .await;
    assert!(recorded.as_array().is_some_and(|all| all.len() >= 12));
    let made = "documents?title=eq.native%20faults";
    world
        .table(Method::DELETE, made, "agency", Value::Null)
        .await;
    let bearer = format!("Bearer {}", world.bearer("agency"));
    let (status, answer) = world
        .ask(
            Method::DELETE,
            "/functions/v1/agency-hubspot-connect",
            &[("authorization", &bearer)],
            None,
        )
        .await;
    assert_eq!(status, 200, "{answer}");
}
