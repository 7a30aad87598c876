//! The CRM bridge: clients of one firm only, holdings to the last digit, and each failure told apart.

use countersign_functions::providers::crm::{Client, Crm as _, Household, Pages, Wanted};
use countersign_functions::providers::failure::{FieldError, Kind};
use countersign_functions::providers::settings::{CrmSettings, Version};
use countersign_functions::secret::Secret;
use countersign_simulators::bridge::KEYS;
use reqwest::Url;
use serde_json::json;

use super::world::{World, run, settings};

fn crm() -> CrmSettings {
    settings(Version::V3).crm
}

#[test]
fn a_key_opens_one_firm() {
    let (world, settings) = (World::new(), crm());
    let mut bridge = world.bridge(&settings);
    let holder = run(bridge.holder()).unwrap();
    assert_eq!(holder.name.as_deref(), Some("Whitfield Partners"));
    assert_eq!(holder.environment.as_deref(), Some("sandbox"));
    assert!(holder.holdings);
    assert_eq!(
        run(bridge.client("crm-501")).unwrap().name,
        "Elena Castellan"
    );
    bridge.key = Secret::new(KEYS[1].0);
    assert_eq!(run(bridge.client("crm-501")).unwrap().name, "Nils Ekström");
    assert_eq!(
        run(bridge.client("crm-502")).unwrap_err().kind,
        Kind::NotFound
    );
    for id in ["", ".", "..", "crm 1/2?x=#"] {
        assert_eq!(
            run(bridge.client(id)).unwrap_err().kind,
            Kind::NotFound,
            "{id}"
        );
    }
    let mut pages = Pages::of(&bridge, None);
    while run(pages.next::<Household>()).unwrap().is_some() {}
    assert_eq!((pages.seen(), pages.complete()), (1, true));
    world.as_described();
}

#[test]
fn names_are_searched_and_changes_come_alone() {
    let (world, settings) = (World::new(), crm());
    let bridge = world.bridge(&settings);
    let wanted = Wanted {
        page: 1,
        size: 1,
        search: Some("CASTELLAN"),
        since_ms: None,
    };
    let found = run(bridge.clients(wanted)).unwrap();
    assert_eq!((found.items.len(), found.total, found.more), (1, 2, true));
    world.control(
        "/bridge/alter",
        json!({ "list": "clients", "set": { "id": "crm-503", "status": "prospect" } }),
    );
    let mut pages = Pages::of(&bridge, Some(world.now_ms.get() - 60_000));
    let changed: Vec<Client> = run(pages.next()).unwrap().unwrap();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].status.as_deref(), Some("prospect"));
    world.as_described();
}

#[test]
fn holdings_are_whole_exact_and_without_a_number() {
    let (world, settings) = (World::new(), crm());
    let bridge = world.bridge(&settings);
    let holdings = run(bridge.holdings("crm-501")).unwrap();
    assert_eq!(holdings.source, "schwab");
    let [joint, roth] = &holdings.accounts[..] else {
        panic!("{holdings:#?}");
    };
    assert_eq!(joint.number_ending.as_deref(), Some("4471"));
    assert_eq!(
        (joint.market_value_cents, joint.cash_cents),
        (Some(183_789_511), Some(3_120_055))
    );
    assert_eq!(
        (roth.market_value_cents, roth.cash_cents),
        (Some(41_874_409), Some(90_210))
    );
    let positions: Vec<_> = joint
        .positions
        .iter()
        .map(|of| (&*of.id, &*of.quantity, of.market_value_cents))
        .collect();
    assert_eq!(
        positions,
        [
            ("922908769", "4120.50000001", Some(124_076_496)),
            ("912810TM0", "570000", Some(56_914_500)),
            ("VTI   270115C00320000", "-10", Some(-321_540)),
        ]
    );
    // Neither the one that is invalid, nor the one of more than 60 days ago.
    let transactions: Vec<_> = joint
        .transactions
        .iter()
        .map(|of| (&*of.kind, of.quantity.as_deref(), of.amount_cents))
        .collect();
    assert_eq!(
        transactions,
        [
            ("TRADE", Some("4.9897"), -150_250),
            ("DIVIDEND_OR_INTEREST", None, 361_200)
        ]
    );
    let all = serde_json::to_string(&holdings).unwrap();
    assert!(!all.contains("60214471") && all.contains("BUY TRADE IN …4471"));
    assert!(joint.transactions_as_of.is_some());
    world.as_described();
    assert_eq!(
        run(bridge.holdings("crm-999")).unwrap_err().kind,
        Kind::NotFound
    );
    assert_eq!(run(bridge.holdings("crm-503")).unwrap().accounts, []);
}

/// Half of what a client holds is not what they hold.
#[test]
fn a_failure_on_the_way_is_no_answer() {
    let settings = crm();
    for (path, effect, kind) in [
        (
            "/accounts",
            json!({ "answer": { "status": 500 } }),
            Kind::Down,
        ),
        ("/transactions", "truncated".into(), Kind::Down),
        ("/transactions", "malformed".into(), Kind::Malformed),
        (
            "/accounts",
            json!({ "answer": { "status": 200, "body": { "accounts": [], "source": "schwab" } } }),
            Kind::Malformed,
        ),
        (
            "/accounts",
            json!({ "answer": { "status": 200, "body": { "accounts": [], "source": "schwab", "meta": { "total_count": 2 } } } }),
            Kind::Malformed,
        ),
        (
            "/accounts",
            json!({ "answer": { "status": 200, "body": { "accounts": [{ "id": "A", "client_id": "crm-502" }], "source": "schwab", "meta": { "total_count": 1 } } } }),
            Kind::Malformed,
        ),
    ] {
        let world = World::new();
        world.control(
            "/faults",
            json!({ "provider": "bridge", "path": path, "times": 3, "effect": effect }),
        );
        let failure = run(world.bridge(&settings).holdings("crm-501")).unwrap_err();
        assert_eq!(failure.kind, kind, "{path} {effect}");
    }
}

#[test]
fn each_failure_is_told_apart() {
    let settings = crm();
    let world = World::new();
    world.control("/bridge/permit", json!({ "scopes": ["clients"] }));
    let bridge = world.bridge(&settings);
    assert!(!run(bridge.holder()).unwrap().holdings);
    let failure = run(bridge.holdings("crm-501")).unwrap_err();
    assert_eq!(failure.kind, Kind::Forbidden(vec![]));
    assert_eq!(
        failure.message.as_deref(),
        Some("The key does not open this")
    );
    assert!(
        failure
            .correlation
            .is_some_and(|id| id.starts_with("b41d9e00-"))
    );
    world.control("/bridge/permit", json!({ "revoked": ["whitfield"] }));
    assert_eq!(run(bridge.holder()).unwrap_err().kind, Kind::Expired);
    world.as_described();

    let world = World::new();
    let bridge = world.bridge(&settings);
    let wanted = Wanted {
        page: 1,
        size: 101,
        search: None,
        since_ms: None,
    };
    let wrong = FieldError {
        field: Some("per_page".to_owned()),
        message: "From 1 to 100".to_owned(),
    };
    assert_eq!(
        run(bridge.clients(wanted)).unwrap_err().kind,
        Kind::Invalid(vec![wrong])
    );
    world.control("/bridge/limits", json!({ "calls": 0 }));
    assert!(matches!(
        run(bridge.holder()).unwrap_err().kind,
        Kind::Limited(Some(_))
    ));
}

#[test]
fn a_webhook_is_set_and_removed() {
    let (world, settings) = (World::new(), crm());
    let bridge = world.bridge(&settings);
    let url = Url::parse("https://edge.example/hook").unwrap();
    let secret = Secret::new("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
    run(bridge.set_webhook(&url, &secret)).unwrap();
    let delivery = world.control("/bridge/webhook", json!({ "ids": ["crm-501"] }));
    assert_eq!(delivery["url"], url.as_str());
    assert!(
        delivery["headers"]["webhook-signature"]
            .as_str()
            .unwrap()
            .starts_with("v1,")
    );
    run(bridge.remove_webhook()).unwrap();
    assert_eq!(world.control("/bridge/webhook", json!({}))["url"], "");
    world.as_described();
}
