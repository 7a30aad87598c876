//! The official descriptions are there, with their source, and say what they are taken to say.

use countersign_simulators::Simulators;
use countersign_simulators::message::{Answer, Request};
use countersign_simulators::spec::Spec;
use serde_json::json;

const FIXTURES: [(&str, &str, usize); 5] = [
    (
        "hubspot v3",
        include_str!("../../specs/hubspot/v3.json"),
        85,
    ),
    (
        "hubspot 2026-09",
        include_str!("../../specs/hubspot/2026-09.json"),
        15,
    ),
    ("fathom v1", include_str!("../../specs/fathom/v1.json"), 5),
    ("openai v1", include_str!("../../specs/openai/v1.json"), 2),
    (
        "wealthbox v1",
        include_str!("../../specs/wealthbox/v1.json"),
        3,
    ),
];

#[test]
fn every_operation_is_there_with_its_source() {
    for (name, fixture, operations) in FIXTURES {
        let spec = Spec::parse(fixture).unwrap();
        assert_eq!(spec.operations.len(), operations, "{name}");
        let dated = spec.source.contains('@') && spec.date.len() == 10;
        let said_not_to_be = spec.source.contains("not the official file");
        assert!(dated || said_not_to_be, "{name}");
    }
}

/// The bridge's contract is ours; the document itself is what requests and answers are held against.
#[test]
fn the_bridges_document_is_its_description() {
    let document = include_str!("../../../docs/crm-bridge.openapi.json");
    let spec = Spec::of_openapi(document, "docs").unwrap();
    let operations: Vec<&str> = spec.operations.keys().map(String::as_str).collect();
    assert_eq!(
        operations,
        [
            "DELETE /webhook",
            "GET /accounts",
            "GET /accounts/{}/transactions",
            "GET /clients",
            "GET /clients/{}",
            "GET /households",
            "GET /me",
            "PUT /webhook",
        ]
    );
    let request = |path: &str, query: &str| Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        ..Request::default()
    };
    let missing = spec.request(&request("/accounts/1/transactions", "start_date=x"));
    assert_eq!(missing, ["query: `end_date` is missing"]);
    let unknown = spec.request(&request("/clients", "colour=red"));
    assert_eq!(unknown, ["query: `colour` is not described"]);
    let answer = Answer::json(200, &json!({ "id": "1", "name": 5 }));
    let found = spec.answer(&request("/clients/1", ""), &answer);
    assert_eq!(
        found,
        [
            "answer.name: does not hold `type`",
            "answer: `updated_at` is missing"
        ]
    );
}

/// The check can fail: requests that are not as described are told so.
#[test]
fn a_deviation_is_noticed() {
    let mut simulators = Simulators::new().unwrap();
    for (path, body) in [
        (
            "/hubspot/crm/v3/objects/contacts/search",
            json!({ "limit": "20" }),
        ),
        (
            "/hubspot/crm/v3/objects/contacts",
            json!({ "properties": { "email": 5 }, "associations": [] }),
        ),
        (
            "/hubspot/crm/v3/objects/contacts",
            json!({ "properties": {} }),
        ),
        ("/hubspot/crm/v3/objects/unicorns", json!({})),
        ("/llm/v1/chat/completions", json!({ "messages": [] })),
        (
            "/llm/v1/embeddings",
            json!({ "model": "m", "input": ["a"], "colour": "red" }),
        ),
    ] {
        let request = Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
            body: body.to_string(),
            ..Request::default()
        };
        let before = simulators.deviations().len();
        simulators.answer(&request, 0);
        assert!(simulators.deviations().len() > before, "{path} {body}");
    }
}
