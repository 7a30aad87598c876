//! The portal's workflows without workerd: the database is the local stack's, Baserow the simulators'.
//!
//! `cargo xtask test` says where they are; without them there is nothing to test. The simulators have
//! one state, so the parts run one after the other.

#![cfg(test)]
#![cfg(not(target_arch = "wasm32"))]

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_functions::caller::keys::Key;
use countersign_functions::message::{Body, Request, Response};
use countersign_functions::schedule;
use countersign_functions::serve::{Setup, serve};
use countersign_functions::transport::{Outgoing, Runtime, Unreachable, Unreadable};
use hmac::{Hmac, Mac as _};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};
use sha2::Sha256;

const MIA: &str = "demoMiaLaptop0000000000000000001";
const MIA_ENDED: &str = "demoMiaPhone00000000000000000002";
const NOEL: &str = "demoNoel000000000000000000000003";
const UNA: &str = "demoUna0000000000000000000000004";
const ORIGIN: &str = "https://portal.example.test";

struct Native(Client);

impl Runtime for Native {
    type Stream = Vec<u8>;

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let Outgoing {
            mut request,
            patience,
            ..
        } = outgoing;
        *request.timeout_mut() = Some(patience);
        let broken = |error: reqwest::Error| Unreachable::Broken(error.to_string());
        let response = self.0.execute(request).await.map_err(broken)?;
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: Body::Stream(response.bytes().await.map_err(broken)?.to_vec()),
        })
    }

    async fn read(&self, stream: Vec<u8>, limit: usize) -> Result<Vec<u8>, Unreadable> {
        if stream.len() > limit {
            Err(Unreadable::TooLong)
        } else {
            Ok(stream)
        }
    }

    async fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        let Key::Hs256(secret) = key else {
            return false;
        };
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose()).unwrap();
        hmac.update(message);
        hmac.verify_slice(signature).is_ok()
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    }

    fn log(&self, _: &str) {}
}

/// The Worker, the database behind its policies, and Baserow.
struct World {
    native: Native,
    setup: Setup,
    facts: Value,
    /// Tells the people of this run from those of an earlier one.
    run: u64,
}

/// Somebody who signed up, with a verified address and a session.
struct Member {
    email: String,
    token: String,
}

impl World {
    fn new() -> Option<Self> {
        let Some(file) = env::var_os("COUNTERSIGN_STACK_JSON") else {
            eprintln!("skipped: COUNTERSIGN_STACK_JSON is not set; `cargo xtask test` sets it");
            return None;
        };
        let facts: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let setup = Setup::new(|name| {
            let fact = match name {
                "SUPABASE_URL" => &facts["stack"]["url"],
                "SUPABASE_JWT_SECRET" => &facts["stack"]["jwtSecret"],
                "SUPABASE_PUBLISHABLE_KEY" => &facts["stack"]["publishableKey"],
                "APPS" => return Some("portal agency assistant".to_owned()),
                "PUBLIC_URL" => return Some("https://edge.example.test".to_owned()),
                "ALLOWED_ORIGINS" => return Some(ORIGIN.to_owned()),
                "BASEROW_CLOSED_FIELDS" => return Some("Level".to_owned()),
                other => &facts["simulators"]["settings"][other],
            };
            fact.as_str().map(str::to_owned)
        });
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        let native = Native(client);
        let run = native.now_ms();
        Some(Self {
            native,
            setup,
            facts,
            run,
        })
    }

    /// A session's token as Better Auth signs it.
    fn signed(&self, token: &str) -> String {
        let secret = self.facts["simulators"]["settings"]["BETTER_AUTH_SECRET"]
            .as_str()
            .unwrap();
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        hmac.update(token.as_bytes());
        format!("{token}.{}", STANDARD.encode(hmac.finalize().into_bytes()))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<&Value>,
    ) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let header = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        let request = Request {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.iter().map(header).collect::<HeaderMap>(),
            body: body.map(|body| body.to_string().into_bytes()),
        };
        let response = serve(&self.setup, &self.native, request).await;
        let body = match response.body {
            Body::Bytes(bytes) | Body::Stream(bytes) => {
                serde_json::from_slice(&bytes).unwrap_or_default()
            }
            Body::Empty => Value::Null,
        };
        (response.status.as_u16(), body)
    }

    /// A workflow of the portal, by a session's bearer.
    async fn by(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.signed(token));
        let path = format!("/functions/v1/portal-{path}");
        self.ask(method, &path, &[("authorization", &bearer)], body)
            .await
    }

    async fn sync(&self, token: &str) -> (u16, Value) {
        self.by(token, Method::POST, "sync", None).await
    }

    async fn outside(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.send().await.unwrap();
        let status = response.status();
        let bytes = response.bytes().await.unwrap();
        assert!(
            status.is_success(),
            "{status}: {}",
            String::from_utf8_lossy(&bytes)
        );
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// The tables, as their owner's API key has them.
    async fn table(&self, method: Method, address: &str, schema: &str, body: Value) -> Value {
        let stack = &self.facts["stack"];
        let url = format!("{}/rest/v1/{address}", stack["url"].as_str().unwrap());
        let key = stack["secretKey"].as_str().unwrap();
        let request = self
            .native
            .0
            .request(method.clone(), url)
            .header("apikey", key);
        let request = request.header("authorization", format!("Bearer {key}"));
        let request = request.header("prefer", "return=representation");
        let request = request
            .header("accept-profile", schema)
            .header("content-profile", schema);
        let request = if method == Method::GET {
            request
        } else {
            request
                .header("content-type", "application/json")
                .body(body.to_string())
        };
        self.outside(request).await
    }

    async fn link_of(&self, email: &str) -> Value {
        let address = format!("user?email=eq.{email}&select=baserowMemberId");
        let rows = self
            .table(Method::GET, &address, "portal", Value::Null)
            .await;
        rows[0]["baserowMemberId"].clone()
    }

    async fn sign_up(&self, name: &str) -> Member {
        let id = format!("portal-test-{name}-{}", self.run);
        let email = format!("{name}-{}@portal.example.test", self.run);
        let user = json!({ "id": id, "name": name, "email": email, "emailVerified": true });
        self.table(Method::POST, "user", "portal", user).await;
        let token = format!("portalTest{name}{}", self.run);
        let session = json!({ "userId": id, "token": token, "expiresAt": "2999-01-01T00:00:00Z" });
        self.table(Method::POST, "session", "portal", session).await;
        Member { email, token }
    }

    async fn simulator(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!(
            "{}{path}",
            self.facts["simulators"]["url"].as_str().unwrap()
        );
        let token = self.facts["simulators"]["settings"]["BASEROW_TOKEN"]
            .as_str()
            .unwrap();
        let request = self.native.0.request(method.clone(), url);
        let request = request.header("authorization", format!("Token {token}"));
        let request = if method == Method::GET {
            request
        } else {
            request
                .header("content-type", "application/json")
                .body(body.to_string())
        };
        self.outside(request).await
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        self.simulator(Method::POST, &format!("/control{path}"), &body)
            .await
    }

    async fn members(&self, email: &str) -> Vec<Value> {
        let path = format!(
            "/baserow/api/database/rows/table/501/?user_field_names=true&size=200&filter__Email__equal={email}"
        );
        let page = self.simulator(Method::GET, &path, &Value::Null).await;
        page["results"].as_array().unwrap().clone()
    }

    async fn add_member(&self, fields: Value) -> u64 {
        let path = "/baserow/api/database/rows/table/501/?user_field_names=true";
        let row = self.simulator(Method::POST, path, &fields).await;
        row["id"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn the_portal_as_a_whole() {
    let Some(world) = World::new() else { return };
    sessions(&world).await;
    cookies(&world).await;
    logins(&world).await;
    races(&world).await;
    records(&world).await;
    lists(&world).await;
    webhooks(&world).await;
    let made = "user?id=like.portal-test-*";
    world
        .table(Method::DELETE, made, "portal", Value::Null)
        .await;
}

async fn sessions(world: &World) {
    const MEMBER: &str = "/functions/v1/portal-member";
    let good = world.signed(MIA);
    let (status, body) = world.by(MIA, Method::GET, "member", None).await;
    assert_eq!((status, &body["id"]), (200, &json!("101")), "{body}");
    let ended = world.signed(MIA_ENDED);
    let unknown = world.signed("nobodysSession000000000000000000");
    let forged = good.replace(MIA, NOEL);
    let cut = good.trim_end_matches('=');
    let bearer = |text: &str| format!("Bearer {text}");
    for bad in [ended.as_str(), &unknown, &forged, cut, MIA, "x.y", "."] {
        let (status, body) = world
            .ask(
                Method::GET,
                MEMBER,
                &[("authorization", &bearer(bad))],
                None,
            )
            .await;
        assert_eq!((status, &body["code"]), (401, &json!("PGRST301")), "{bad}");
        let cookie = format!("better-auth.session_token={}", bad.replace('=', "%3D"));
        let (status, body) = world
            .ask(Method::GET, MEMBER, &[("cookie", &cookie)], None)
            .await;
        assert_eq!((status, &body["code"]), (401, &json!("PGRST301")), "{bad}");
        // Nor does a good cookie help a bad bearer.
        let cookie = format!("better-auth.session_token={good}");
        let both = [("authorization", bearer(bad)), ("cookie", cookie)];
        let both: Vec<_> = both
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(
            world.ask(Method::GET, MEMBER, &both, None).await.0,
            401,
            "{bad}"
        );
    }
    let (status, body) = world.ask(Method::GET, MEMBER, &[], None).await;
    assert_eq!((status, &body["code"]), (401, &json!("42501")));

    // The database knows the member as themselves, in the portal and nowhere else.
    let good = bearer(&good);
    let mine = [
        ("authorization", good.as_str()),
        ("accept-profile", "portal"),
    ];
    let (status, body) = world
        .ask(Method::GET, "/rest/v1/user?select=email", &mine, None)
        .await;
    assert_eq!(
        (status, body),
        (200, json!([{ "email": "mia@portal.example.test" }]))
    );
    let (_, body) = world
        .ask(Method::GET, "/rest/v1/session?select=userId", &mine, None)
        .await;
    assert_eq!(body.as_array().map(Vec::len), Some(2), "{body}");
    let (status, body) = world
        .ask(Method::GET, "/rest/v1/session?select=token", &mine, None)
        .await;
    assert!(
        (400..500).contains(&status) && !body.to_string().contains(MIA),
        "{body}"
    );
    let elsewhere = [
        ("authorization", good.as_str()),
        ("accept-profile", "agency"),
    ];
    assert_eq!(
        world
            .ask(Method::GET, "/rest/v1/clients", &elsewhere, None)
            .await
            .0,
        401
    );
    let other = "/functions/v1/assistant-contacts";
    assert_eq!(world.ask(Method::GET, other, &mine[..1], None).await.0, 401);
}

async fn cookies(world: &World) {
    let cookie = format!(
        "__Secure-better-auth.session_token={}",
        world.signed(MIA).replace('=', "%3D")
    );
    let change = json!({ "fields": { "Phone": "+45 1" } });
    for (origin, expected) in [
        (Some(ORIGIN), 200),
        (None, 200),
        (Some("https://evil.example.test"), 403),
        (Some("null"), 403),
    ] {
        let mut headers = vec![
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let (status, body) = world
            .ask(
                Method::PATCH,
                "/functions/v1/portal-member",
                &headers,
                Some(&change),
            )
            .await;
        assert_eq!(status, expected, "{origin:?} {body}");
    }
}

async fn logins(world: &World) {
    let (status, body) = world.sync(MIA).await;
    let found = (&body["linked"], &body["member"]["id"]);
    assert_eq!(
        (status, found),
        (200, (&json!("already"), &json!("101"))),
        "{body}"
    );
    // In Baserow the address has capitals.
    let shouting = world.sign_up("shouting").await;
    let email = shouting.email.to_uppercase();
    let id = world
        .add_member(json!({ "Email": email }))
        .await
        .to_string();
    let (status, body) = world.sync(&shouting.token).await;
    let found = (&body["linked"], &body["member"]["id"]);
    assert_eq!(
        (status, found),
        (200, (&json!("found"), &json!(id))),
        "{body}"
    );
    assert_eq!(world.link_of(&shouting.email).await, id.as_str());
    assert_eq!(world.sync(&shouting.token).await.1["linked"], "already");
    // Una's address is a member's, and not known to be hers.
    let (status, body) = world.sync(UNA).await;
    assert_eq!(
        (status, &body["code"]),
        (403, &json!("email_not_verified")),
        "{body}"
    );
    assert_eq!(world.link_of("una@portal.example.test").await, Value::Null);
    assert_eq!(
        world.by(UNA, Method::GET, "member", None).await.1["code"],
        "not_linked"
    );

    let twin = world.sign_up("twin").await;
    for email in [twin.email.clone(), twin.email.to_uppercase()] {
        world.add_member(json!({ "Email": email })).await;
    }
    let (status, body) = world.sync(&twin.token).await;
    assert_eq!(
        (status, &body["code"]),
        (409, &json!("ambiguous_member")),
        "{body}"
    );
    assert_eq!(world.link_of(&twin.email).await, Value::Null);

    // A member who is somebody else's account already.
    let taken = world.sign_up("taken").await;
    let row = format!("/baserow/api/database/rows/table/501/{id}/?user_field_names=true");
    world
        .simulator(Method::PATCH, &row, &json!({ "Email": taken.email }))
        .await;
    let (status, body) = world.sync(&taken.token).await;
    assert_eq!(
        (status, &body["code"]),
        (409, &json!("ambiguous_member")),
        "{body}"
    );
    assert_eq!(world.link_of(&taken.email).await, Value::Null);
    world
        .simulator(Method::PATCH, &row, &json!({ "Email": shouting.email }))
        .await;

    // Baserow is away: nothing is linked, and the next login does it.
    let down =
        json!({ "provider": "baserow", "times": 3, "effect": { "answer": { "status": 503 } } });
    world.control("/faults", down).await;
    let (status, body) = world.sync(&taken.token).await;
    assert_eq!(
        (status, &body["code"]),
        (503, &json!("provider_down")),
        "{body}"
    );
    let (status, body) = world.sync(&taken.token).await;
    assert_eq!(
        (status, &body["linked"]),
        (200, &json!("created")),
        "{body}"
    );
    assert_eq!(body["member"]["fields"]["Name"], "taken");
    assert_eq!(world.members(&taken.email).await.len(), 1);
}

async fn races(world: &World) {
    for round in 0..3 {
        let racer = world.sign_up(&format!("racer{round}")).await;
        // Without the lease both have looked before either adds: each look takes its time.
        let slow = json!({ "provider": "baserow", "method": "GET", "times": 2, "effect": { "latency": 300 } });
        world.control("/faults", slow).await;
        let (one, other) = tokio::join!(world.sync(&racer.token), world.sync(&racer.token));
        assert_eq!((one.0, other.0), (200, 200), "{one:?} {other:?}");
        assert_eq!(one.1["member"]["id"], other.1["member"]["id"]);
        assert_eq!(world.members(&racer.email).await.len(), 1);
        assert_eq!(world.link_of(&racer.email).await, one.1["member"]["id"]);
    }
    // It was added, and the answer was lost.
    let lost = world.sign_up("lost").await;
    let fault =
        json!({ "provider": "baserow", "method": "POST", "when": "after", "effect": "dropped" });
    world.control("/faults", fault).await;
    let (status, body) = world.sync(&lost.token).await;
    assert_eq!(
        (status, &body["linked"]),
        (200, &json!("created")),
        "{body}"
    );
    assert_eq!(world.members(&lost.email).await.len(), 1);
    // It was not added, as far as anybody knows: the next login waits until the lease has run out, and
    // this one says so.
    let unknown = world.sign_up("unknown").await;
    let fault = json!({ "provider": "baserow", "method": "POST", "effect": "dropped" });
    world.control("/faults", fault).await;
    let (status, body) = world.sync(&unknown.token).await;
    assert_eq!(
        (status, &body["code"]),
        (502, &json!("provider_uncertain")),
        "{body}"
    );
    assert_eq!(world.link_of(&unknown.email).await, Value::Null);
}

async fn records(world: &World) {
    let (_, before) = world.by(MIA, Method::GET, "member", None).await;
    let field = |body: &Value, name: &str| {
        let schema = body["schema"].as_array().unwrap();
        schema.iter().find(|field| field["name"] == name).cloned()
    };
    assert_eq!(
        field(&before, "Interests").unwrap()["choices"],
        json!(["Rowing", "Chess", "Gardening"])
    );
    for (name, writable) in [
        ("Name", true),
        ("Email", false),
        ("Level", false),
        ("Card", false),
    ] {
        assert_eq!(
            field(&before, name).unwrap()["writable"],
            writable,
            "{name}"
        );
    }
    let change = |fields: Value| json!({ "fields": fields });
    let body = change(json!({ "About me": "I row.", "Interests": ["Chess", "Rowing"] }));
    let (status, after) = world.by(MIA, Method::PATCH, "member", Some(&body)).await;
    assert_eq!(
        (status, &after["fields"]["About me"]),
        (200, &json!("I row.")),
        "{after}"
    );
    assert_eq!(after["fields"]["Interests"][0]["value"], "Chess");

    for (fields, code, status) in [
        (
            json!({ "About me": "no", "Boat": "Ruth" }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "Card": "#1" }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "Email": "noel@portal.example.test" }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "id": 102 }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "Website": "nowhere" }),
            "provider_invalid",
            422,
        ),
        (json!({}), "CS400", 400),
    ] {
        let (was, body) = world
            .by(MIA, Method::PATCH, "member", Some(&change(fields.clone())))
            .await;
        assert_eq!(
            (was, &body["code"]),
            (status, &json!(code)),
            "{fields} {body}"
        );
        if code == "field_not_writable" {
            assert!(
                body["hint"].as_str().unwrap().contains("`About me`"),
                "{body}"
            );
        }
    }
    assert_eq!(
        world.by(MIA, Method::GET, "member", None).await.1["fields"],
        after["fields"]
    );

    // A field that somebody adds is there in the next request, and gone in the one after.
    let boat = json!({ "id": 5098, "name": "Boat", "type": "text" });
    world
        .control("/baserow/alter", json!({ "table": 501, "add": boat }))
        .await;
    let body = change(json!({ "Boat": "Ruth" }));
    let (status, now) = world.by(MIA, Method::PATCH, "member", Some(&body)).await;
    assert_eq!(
        (status, &now["fields"]["Boat"]),
        (200, &json!("Ruth")),
        "{now}"
    );
    world
        .control("/baserow/alter", json!({ "table": 501, "remove": "Boat" }))
        .await;
    assert_eq!(
        world.by(MIA, Method::PATCH, "member", Some(&body)).await.0,
        422
    );
}

async fn lists(world: &World) {
    let (status, body) = world.by(MIA, Method::GET, "quick-links?size=2", None).await;
    assert_eq!(
        (status, &body["count"], &body["next"]),
        (200, &json!(3), &json!(2)),
        "{body}"
    );
    let (_, body) = world
        .by(MIA, Method::GET, "quick-links?size=2&page=2", None)
        .await;
    assert_eq!(
        (&body["results"][0]["fields"]["Title"], &body["next"]),
        (&json!("Lost and found"), &Value::Null)
    );
    assert_eq!(
        world.by(MIA, Method::GET, "events", None).await.1["count"],
        1
    );
    let (status, body) = world.by(MIA, Method::GET, "deals", None).await;
    assert_eq!(
        (status, &body["code"]),
        (404, &json!("not_set_up")),
        "{body}"
    );
    assert_eq!(
        world.by(MIA, Method::GET, "events?size=201", None).await.0,
        400
    );
    let (status, _) = world
        .ask(Method::GET, "/functions/v1/portal-events", &[], None)
        .await;
    assert_eq!(status, 401);
}

async fn webhooks(world: &World) {
    const PATH: &str = "/functions/v1/portal-baserow-webhook";
    let deliver = async |about: Value| {
        let made = world.control("/baserow/webhook", about).await;
        let body: Value = serde_json::from_str(made["body"].as_str().unwrap()).unwrap();
        let secret = made["headers"]["x-webhook-secret"].as_str().unwrap();
        let headers = [("x-webhook-secret", secret)];
        world.ask(Method::POST, PATH, &headers, Some(&body)).await
    };
    let leaver = world.sign_up("leaver").await;
    let (_, body) = world.sync(&leaver.token).await;
    let id: u64 = body["member"]["id"].as_str().unwrap().parse().unwrap();
    let event = format!("portal-test-{}", world.run);
    let deleted = json!({ "event_id": event, "row_ids": [id, 7] });
    let mut forged = deleted.clone();
    forged["secret"] = json!("not-the-secret-of-this-webhook");
    let (status, body) = deliver(forged).await;
    assert_eq!(
        (status, &body["code"]),
        (401, &json!("webhook_not_verified"))
    );
    let nothing = json!({ "stored": 0, "repeated": 0 });
    assert_eq!(
        deliver(json!({ "table": 502, "row_ids": [id] })).await.1,
        nothing
    );
    // What was in the row of an update is not kept, nor looked at.
    assert_eq!(
        deliver(json!({ "event_type": "rows.updated", "row_ids": [id] }))
            .await
            .1,
        nothing
    );
    assert_eq!(world.link_of(&leaver.email).await, id.to_string());

    let (status, body) = deliver(deleted.clone()).await;
    assert_eq!((status, body), (200, json!({ "stored": 2, "repeated": 0 })));
    let (_, body) = deliver(deleted).await;
    assert_eq!(body, json!({ "stored": 0, "repeated": 2 }));
    // Nobody but the schedule works after an answer here.
    assert_eq!(world.link_of(&leaver.email).await, id.to_string());
    let report = schedule::run(&world.setup, &world.native).await.unwrap();
    assert!(report.events_done >= 2, "{report:?}");
    assert_eq!(world.link_of(&leaver.email).await, Value::Null);
    assert_eq!(world.link_of("mia@portal.example.test").await, "101");

    // A row that is gone, and no webhook said so: the next login adds another.
    assert_eq!(world.sync(&leaver.token).await.1["linked"], "found");
    let row = format!("/baserow/api/database/rows/table/501/{id}/");
    world.simulator(Method::DELETE, &row, &json!({})).await;
    let (_, body) = world.by(&leaver.token, Method::GET, "member", None).await;
    assert_eq!(body["code"], "not_linked", "{body}");
    assert_eq!(world.sync(&leaver.token).await.1["linked"], "created");
}
