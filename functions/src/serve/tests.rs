use hmac::{Hmac, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::tests::SECRET;
use crate::testing::{NOW, World, request, setup};
use crate::transport::Unreachable;

const CALLER: &str = "01a1fd9a-6f8b-7040-8992-132a13be477d";
const ORGANIZATION: &str = "a0000000-0000-4000-8000-000000000001";

fn token() -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    let claims = json!({
        "sub": CALLER, "role": "authenticated", "aud": "authenticated", "exp": NOW + 600,
    });
    let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut hmac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    hmac.update(text.as_bytes());
    format!(
        "Bearer {text}.{}",
        URL_SAFE_NO_PAD.encode(hmac.finalize().into_bytes())
    )
}

fn membership(role: &str) -> Value {
    json!([{ "org_id": ORGANIZATION, "role": role, "status": "active" }])
}

fn is_lookup(line: &str) -> bool {
    line.starts_with("GET /rest/v1/team_members?")
}

/// An insert that members may try and viewers may not.
fn insert() -> crate::message::Request<Vec<u8>> {
    let token = token();
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({ "org_id": ORGANIZATION, "client_id": ORGANIZATION, "name": "New" });
    request(Method::POST, "/rest/v1/projects", &headers, Some(body))
}

#[tokio::test]
async fn memberships_are_asked_with_the_callers_own_rights() {
    let world = World::new(|line| {
        Ok(if is_lookup(line) {
            (200, membership("owner"))
        } else {
            (200, json!([]))
        })
    });
    let token = token();
    let me = request(Method::GET, "/me", &[("authorization", &token)], None);
    let (status, body) = world.ask(&setup(&[]), me).await;
    assert_eq!(status, 200);
    let memberships = json!([{ "tenant": ORGANIZATION, "role": "owner" }]);
    assert_eq!(body["apps"]["agency"]["memberships"], memberships);
    let asked = world.asked.borrow();
    let query = "select=org_id%2Crole%2Cstatus&user_id=eq.";
    let [line] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert!(line.contains(query) && line.contains(CALLER), "{line}");
    let headers = world.headers.borrow();
    assert_eq!(headers["authorization"], token.as_str());
    assert_eq!(headers["apikey"], "sb_publishable_test");
    assert_eq!(headers["accept-profile"], "agency");
}

#[tokio::test]
async fn a_refusal_is_decided_again_on_live_memberships() {
    let promoted = std::cell::Cell::new(false);
    let world = World::new(|line| {
        let role = if promoted.get() { "member" } else { "viewer" };
        Ok(if is_lookup(line) {
            (200, membership(role))
        } else {
            (201, json!(null))
        })
    });
    let setup = setup(&[]);
    let lookups = || {
        world
            .asked
            .borrow()
            .iter()
            .filter(|line| is_lookup(line))
            .count()
    };

    let (status, body) = world.ask(&setup, insert()).await;
    assert_eq!((status, &body["code"]), (403, &json!("42501")), "{body}");
    assert_eq!(lookups(), 1, "what was read for this request is live");

    promoted.set(true);
    let (status, _) = world.ask(&setup, insert()).await;
    assert_eq!(status, 201, "the cached membership would refuse it");
    assert_eq!(lookups(), 2);

    let (status, _) = world.ask(&setup, insert()).await;
    assert_eq!(
        (status, lookups()),
        (201, 2),
        "what is allowed need not be read again"
    );

    world.now_ms.set((NOW + 5) * 1_000);
    world.ask(&setup, insert()).await;
    assert_eq!(lookups(), 3, "after a few seconds it is");
}

#[tokio::test]
async fn what_the_database_does_not_show_refuses_nobody() {
    let world = World::new(|line| {
        let denied = json!({ "code": "42501" });
        Ok(if is_lookup(line) {
            (403, denied)
        } else {
            (201, json!(null))
        })
    });
    let (status, _) = world.ask(&setup(&[]), insert()).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn without_a_database_nothing_is_decided() {
    for answer in [Err(Unreachable::Late), Ok((500, json!({})))] {
        let world = World::new(|_| answer.clone());
        let (status, body) = world.ask(&setup(&[]), insert()).await;
        assert_eq!((status, &body["code"]), (503, &json!("CS503")));
        assert_eq!(world.asked.borrow().len(), 1);
    }
}

#[tokio::test]
async fn a_read_that_is_empty_for_every_row_passes_with_its_reason_or_is_refused() {
    let world = World::new(|_| Ok((200, json!([]))));
    let token = token();
    let read = || {
        let headers = [("authorization", token.as_str())];
        request(Method::GET, "/rest/v1/projects?select=id", &headers, None)
    };
    let lenient = setup(&[]);
    let response = super::serve(&lenient, &world, read()).await;
    assert_eq!(response.status.as_u16(), 200);
    let reason = response.headers["x-countersign-reason"].to_str().unwrap();
    assert!(reason.contains("projects"), "{reason}");
    let (status, _) = world
        .ask(&setup(&[("REFUSE_EMPTY_READS", "true")]), read())
        .await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn the_service_role_passes_only_where_it_is_let_and_then_undecided() {
    let world = World::new(|_| Ok((200, json!([]))));
    let read = || {
        let headers = [("apikey", "sb_secret_x")];
        request(Method::GET, "/rest/v1/anything?select=*", &headers, None)
    };
    let (status, body) = world.ask(&setup(&[]), read()).await;
    assert_eq!((status, &body["code"]), (403, &json!("CS403")));
    assert!(world.asked.borrow().is_empty());
    let (status, _) = world
        .ask(&setup(&[("ALLOW_SERVICE_ROLE", "true")]), read())
        .await;
    assert_eq!(status, 200);
    assert_eq!(*world.asked.borrow(), ["GET /rest/v1/anything?select=*"]);
    assert_eq!(world.headers.borrow()["apikey"], "sb_secret_x");
}

#[tokio::test]
async fn a_request_is_one_line_in_the_log() {
    let world = World::new(|_| Err(Unreachable::Broken("refused by 192.0.2.1".to_owned())));
    world.ask(&setup(&[]), insert()).await;
    let lines = world.lines.borrow();
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["code"], "CS503");
    assert_eq!(line["route"], "/rest/v1/*");
    assert!(line["internal"].as_str().unwrap().contains("192.0.2.1"));
    assert!(!line.to_string().contains(CALLER));
}

#[tokio::test]
async fn an_app_without_a_policy_is_named() {
    let setup = super::Setup::new(|name| {
        let value = match name {
            "SUPABASE_URL" => "https://db.example",
            "SUPABASE_PUBLISHABLE_KEY" => "sb_publishable_test",
            "APPS" => "agency other",
            _ => return None,
        };
        Some(value.to_owned())
    });
    let world = World::new(|_| Err(Unreachable::Late));
    let (status, body) = world
        .ask(&setup, request(Method::GET, "/rest/v1/projects", &[], None))
        .await;
    assert_eq!((status, &body["code"]), (500, &json!("CS500")), "{body}");
    assert!(body["details"].as_str().unwrap().contains("APPS"));
}

/// A session of Better Auth: what the database says of it is what counts, and nobody becomes
/// anonymous by one that does not hold.
#[tokio::test]
async fn a_session_is_asked_for_and_exchanged() {
    const SESSION: &str = "abcdefghijklmnopqrstuvwxyzABCDEF";
    const SIGNATURE: &str = "QmaNojtZSUlZhDy0KckVS/NKGUOtxYFA44h2iQBuCz4=";
    let settings = [(
        "BETTER_AUTH_SECRET",
        "better-auth-secret-12345678901234567890",
    )];
    let policies = crate::policies::Policies::embedded().unwrap();
    let policies = policies.only(&["portal".to_owned(), "agency".to_owned()]);
    let config = crate::config::tests::config(&settings).unwrap();
    let edge = crate::edge::Edge::new(config, policies.unwrap());
    let setup = super::Setup::with(crate::cors::Origins::Any, edge);
    let held = |ends: &str| (200, json!([{ "user_id": "u1", "expires_at": ends }]));
    for (said, expected) in [
        (held("2027-01-15T08:00:30+00:00"), 200),
        // By the Worker's clock it has ended.
        (held("2027-01-15T08:00:00+00:00"), 401),
        (held("soon"), 401),
        (
            (
                200,
                json!([{ "user_id": "", "expires_at": "2999-01-01T00:00:00Z" }]),
            ),
            401,
        ),
        ((200, json!([])), 401),
        ((403, json!({ "code": "42501" })), 500),
        ((503, json!({})), 503),
    ] {
        let world = World::new(|line| {
            let is_session = line == "POST /rest/v1/rpc/portal_session";
            Ok(if is_session {
                said.clone()
            } else {
                (200, json!([]))
            })
        });
        let bearer = format!("Bearer {SESSION}.{SIGNATURE}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept-profile", "portal"),
        ];
        let read = request(Method::GET, "/rest/v1/user?select=email", &headers, None);
        let (status, body) = world.ask(&setup, read).await;
        assert_eq!(status, expected, "{said:?} {body}");
        let asked = world.asked.borrow().join("\n");
        assert!(!asked.contains(SESSION), "{asked}");
        assert_eq!(asked.contains("/rest/v1/user"), expected == 200, "{asked}");
        if expected == 200 {
            let sent = world.headers.borrow()["authorization"]
                .to_str()
                .unwrap()
                .to_owned();
            let claims = sent.split('.').nth(1).unwrap();
            let claims: Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
            assert_eq!(
                (&claims["sub"], &claims["role"]),
                (&json!("u1"), &json!("authenticated"))
            );
            // Not a second longer than the session.
            assert_eq!(claims["exp"], NOW + 30);
        }
        // In another app it is no token at all, and nobody is asked.
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept-profile", "agency"),
        ];
        let read = request(Method::GET, "/rest/v1/clients", &headers, None);
        let before = world.asked.borrow().len();
        assert_eq!(world.ask(&setup, read).await.0, 401);
        assert_eq!(world.asked.borrow().len(), before);
        let lines = world.lines.borrow().join("\n");
        assert!(
            !lines.contains(SESSION) && !lines.contains(SIGNATURE),
            "{lines}"
        );
    }
}

#[tokio::test]
async fn an_error_of_postgrest_has_the_requests_id() {
    let worded = json!({ "code": "23505", "message": "twice", "details": null, "hint": null });
    for (status, said, named) in [
        (409, worded.clone(), true),
        (500, worded.clone(), true),
        (404, json!([]), false),
        (400, json!({ "error": "another system's" }), false),
        (201, worded.clone(), false),
        // Longer than is looked at.
        (
            400,
            json!({ "code": "x", "message": "x".repeat(1_100_000) }),
            true,
        ),
    ] {
        let world = World::new(|line| {
            Ok(if is_lookup(line) {
                (200, membership("owner"))
            } else {
                (status, said.clone())
            })
        });
        let (answered, body) = world.ask(&setup(&[]), insert()).await;
        assert_eq!(answered, status);
        assert_eq!(body["request_id"].is_string(), named, "{status}");
        if !named {
            assert_eq!(body, said);
        } else if status != 400 {
            let mut plain = body;
            plain.as_object_mut().unwrap().remove("request_id");
            assert_eq!(plain, said, "the rest is as it was");
        } else {
            assert_eq!(body["code"], "CS503");
        }
    }
}
