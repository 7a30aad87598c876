//! Wealthbox: people and households page by page, what changed since, and each failure told apart.

use countersign_functions::providers::crm::{Client, Crm as _, Household, Pages, Wanted};
use countersign_functions::providers::failure::{FieldError, Kind};
use countersign_functions::providers::settings::{CrmSettings, Version};

use countersign_simulators::message::Request;
use countersign_simulators::wealthbox::{CLIENT_ID, CLIENT_SECRET};
use serde_json::{Value, json};

use super::world::{World, run, settings};

fn crm() -> CrmSettings {
    settings(Version::V3).crm
}

const FIRST: Wanted<'_> = Wanted {
    page: 1,
    size: 2,
    search: None,
    since_ms: None,
};

#[test]
fn clients_and_households_come_apart_and_in_pages() {
    let (world, settings) = (World::new(), crm());
    let client = world.wealthbox(&settings);
    assert_eq!(
        run(client.holder()).unwrap().name.as_deref(),
        Some("Whitfield Partners")
    );
    let (mut page, mut names) = (1, Vec::new());
    loop {
        let found = run(client.clients(Wanted { page, ..FIRST })).unwrap();
        assert_eq!(found.total, 5);
        names.extend(found.items.into_iter().map(|one| one.name));
        if !found.more {
            break;
        }
        page += 1;
    }
    assert_eq!(
        names,
        [
            "Elena Castellan",
            "Marco Castellan",
            "Inês Duarte",
            "Sean O'Brien",
            "Noor"
        ]
    );
    let households = run(client.households(FIRST)).unwrap();
    assert_eq!((households.items.len(), households.total), (2, 3));
    let search = Some("o'br");
    let found = run(client.households(Wanted { search, ..FIRST })).unwrap();
    assert_eq!(found.items.first().map(|of| &*of.id), Some("78"));
    let elena = run(client.client("9")).unwrap();
    assert_eq!(elena.email.as_deref(), Some("elena@castellan.example.test"));
    assert_eq!(elena.household.unwrap().title.as_deref(), Some("Head"));
    // A household, an organisation, one that is not there, and what is no id.
    for id in ["77", "14", "999", "", "9/", "..", "crm-501"] {
        assert_eq!(
            run(client.client(id)).unwrap_err().kind,
            Kind::NotFound,
            "{id}"
        );
    }
    world.as_described();
}

#[test]
fn what_changed_since_is_all_that_comes() {
    let (world, settings) = (World::new(), crm());
    let client = world.wealthbox(&settings);
    let since = |hours: u64| Some(world.now_ms.get() - hours * 3_600_000);
    let ids = |since| {
        let mut pages = Pages::of(&client, since);
        let mut ids = Vec::new();
        while let Some(page) = run(pages.next::<Client>()).unwrap() {
            ids.extend(page.into_iter().map(|one| one.id));
        }
        (ids, pages.complete())
    };
    assert_eq!(ids(None).0.len(), 5);
    assert_eq!(ids(since(3)), (vec!["13".to_owned()], true));
    assert_eq!(ids(since(1)), (vec![], true));
    world.control(
        "/wealthbox/alter",
        json!({ "set": { "id": 10, "last_name": "Castellan-Reis" } }),
    );
    world.control("/wealthbox/alter", json!({ "remove": 12 }));
    assert_eq!(ids(since(1)), (vec!["10".to_owned()], true));
    assert_eq!(ids(None).0.len(), 4);
    world.as_described();
}

/// What was not seen is gone only if everything was seen.
#[test]
fn a_listing_that_moved_is_not_complete() {
    let (world, settings) = (World::new(), crm());
    let client = world.wealthbox(&settings);
    for id in 1_000..1_150 {
        let household = json!({ "id": id, "type": "Household", "name": format!("H {id}") });
        world.control("/wealthbox/alter", json!({ "set": household }));
    }
    let listing = |between: Option<Value>| {
        let mut pages = Pages::of(&client, None);
        assert_eq!(run(pages.next::<Household>()).unwrap().unwrap().len(), 100);
        assert!(!pages.complete());
        if let Some(change) = between {
            world.control("/wealthbox/alter", change);
        }
        while run(pages.next::<Household>()).unwrap().is_some() {}
        (pages.seen(), pages.complete())
    };
    assert_eq!(listing(None), (153, true));
    // One of the first page goes: one of the second moves there, and is never seen.
    assert_eq!(listing(Some(json!({ "remove": 76 }))), (152, false));
    let new = json!({ "set": { "id": 2_000, "type": "Household", "name": "New" } });
    assert_eq!(listing(Some(new)), (153, false));
    assert_eq!(listing(None), (153, true));
}

#[test]
fn each_failure_is_told_apart() {
    let settings = crm();
    let body = json!({ "errors": { "name": ["is too long", "is odd"] } });
    let wrong = FieldError {
        field: Some("name".to_owned()),
        message: "is too long is odd".to_owned(),
    };
    for (effect, times, kind) in [
        (
            json!({ "answer": { "status": 402, "body": { "error": "Your trial has expired" } } }),
            1,
            Kind::Forbidden(vec![]),
        ),
        (
            json!({ "answer": { "status": 403 } }),
            1,
            Kind::Forbidden(vec![]),
        ),
        (
            json!({ "answer": { "status": 422, "body": body } }),
            1,
            Kind::Invalid(vec![wrong]),
        ),
        (json!({ "answer": { "status": 302 } }), 1, Kind::Malformed),
        (json!({ "answer": { "status": 500 } }), 3, Kind::Down),
        (json!({ "latency": 60_000 }), 3, Kind::Down),
        ("dropped".into(), 3, Kind::Down),
        ("truncated".into(), 3, Kind::Down),
        ("malformed".into(), 3, Kind::Malformed),
        (json!({ "huge": 3_000_000 }), 3, Kind::Malformed),
        (
            json!({ "answer": { "status": 429, "retry_after": "120" } }),
            1,
            Kind::Limited(Some(std::time::Duration::from_secs(120))),
        ),
    ] {
        let world = World::new();
        let fault = json!({ "provider": "wealthbox", "times": times, "effect": effect });
        world.control("/faults", fault);
        let failure = run(world.wealthbox(&settings).clients(FIRST)).unwrap_err();
        assert_eq!(failure.kind, kind, "{effect}");
        assert_eq!(world.asked("GET", "/contacts"), times, "{effect}");
    }
    let world = World::new();
    world.control("/wealthbox/permit", json!({ "valid": false }));
    let failure = run(world.wealthbox(&settings).clients(FIRST)).unwrap_err();
    assert_eq!(failure.kind, Kind::Expired);
    // What is well again after a moment is not even noticed.
    let world = World::new();
    let effect = json!({ "answer": { "status": 503 } });
    world.control(
        "/faults",
        json!({ "provider": "wealthbox", "times": 2, "effect": effect }),
    );
    assert_eq!(
        run(world.wealthbox(&settings).clients(FIRST))
            .unwrap()
            .total,
        5
    );
}

#[test]
fn its_limit_is_kept_and_its_key_is_no_bearer() {
    let (world, settings) = (World::new(), crm());
    world.control("/wealthbox/limits", json!({ "calls": 1 }));
    let client = world.wealthbox(&settings);
    run(client.clients(FIRST)).unwrap();
    let failure = run(client.clients(FIRST)).unwrap_err();
    assert!(
        matches!(failure.kind, Kind::Limited(Some(_))),
        "{failure:?}"
    );
    let simulators = world.simulators.borrow();
    for entry in &simulators.control.log {
        assert_eq!(entry.request.header("authorization"), None);
        assert!(entry.request.header("access_token").is_some());
        assert!(!entry.request.query.contains("countersign-local"));
    }
    for line in world.lines.borrow().iter() {
        assert!(!line.contains("countersign-local"), "{line}");
    }
}

/// The simulator takes the tokens of an app as well, each refresh token once.
#[test]
fn an_apps_token_is_taken_until_it_ends() {
    let world = World::new();
    let ask = |method: &str, path: &str, query: String, body: String, token: Option<&str>| {
        let mut request = Request {
            method: method.to_owned(),
            path: format!("/wealthbox{path}"),
            query,
            body,
            ..Request::default()
        };
        if let Some(token) = token {
            request
                .headers
                .insert("authorization".to_owned(), format!("Bearer {token}"));
        }
        world
            .simulators
            .borrow_mut()
            .answer(&request, world.now_ms.get())
    };
    let query = format!(
        "client_id={CLIENT_ID}&redirect_uri=https://edge.example&response_type=code&scope=login+data&state=s"
    );
    let answer = ask("GET", "/oauth/authorize", query, String::new(), None);
    let (_, location) = &answer.headers[0];
    let code = location
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let token = |grant: String| {
        let form = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&{grant}");
        let answer = ask("POST", "/oauth/token", String::new(), form, None);
        serde_json::from_str::<Value>(&answer.body).unwrap()
    };
    let grant = format!("grant_type=authorization_code&code={code}");
    let first = token(grant.clone());
    assert_eq!(token(grant)["error"], "invalid_grant");
    let me = |token: &Value| {
        ask(
            "GET",
            "/v1/me",
            String::new(),
            String::new(),
            token.as_str(),
        )
        .status
    };
    assert_eq!(me(&first["access_token"]), 200);
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}",
        first["refresh_token"].as_str().unwrap()
    );
    let second = token(refresh.clone());
    assert_eq!(token(refresh)["error"], "invalid_grant");
    world.now_ms.set(world.now_ms.get() + 7_200_000);
    assert_eq!(
        (me(&first["access_token"]), me(&second["access_token"])),
        (401, 401)
    );
}
