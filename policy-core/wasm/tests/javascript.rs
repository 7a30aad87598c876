//! The library as JavaScript calls it, run as WASM in Node.
#![cfg(target_arch = "wasm32")]

use countersign_wasm::Policy;
use js_sys::{JSON, Reflect};
use policy_core::{Catalogue, compact, compile};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const POLICY: &str = include_str!("../../../policies/agency.policy");
const CATALOGUE: &str = include_str!("../../../policies/agency.catalogue.json");

fn library() -> Policy {
    let catalogue: Catalogue = serde_json::from_str(CATALOGUE).unwrap();
    let (policy, _) = compile(POLICY, &catalogue).unwrap();
    Policy::new(&compact::store(&policy).unwrap()).ok().unwrap()
}

/// What an answer to a question says under this key.
fn answered(question: &str, key: &str) -> Option<String> {
    let answer = library().decide(&JSON::parse(question).unwrap()).ok()?;
    Reflect::get(&answer, &JsValue::from_str(key))
        .ok()?
        .as_string()
}

fn brief(role: &str, status: &str) -> String {
    let organization = "a0000000-0000-4000-8000-000000000001";
    format!(
        r#"{{
          "caller": {{
            "id": "11111111-1111-4111-8111-111111111111",
            "memberships": [{{"tenant": "{organization}", "role": "{role}"}}]
          }},
          "table": "briefs",
          "action": "update",
          "row": {{"org_id": "{organization}", "status": "{status}", "record_status": "active"}},
          "changes": {{"title": "Another title"}},
          "parents": {{"client_id": true}}
        }}"#
    )
}

#[wasm_bindgen_test]
fn a_question_is_answered_from_the_policy() {
    for (role, status, decision) in [
        ("member", "draft", "applies"),
        ("member", "approved", "skipped"),
        ("admin", "approved", "applies"),
        ("viewer", "draft", "skipped"),
    ] {
        let said = answered(&brief(role, status), "decision");
        assert_eq!(said.as_deref(), Some(decision), "{role}, {status}");
    }
    let message = answered(&brief("viewer", "draft"), "message").unwrap();
    assert!(message.contains("no rule for `update`"), "{message}");
}

#[wasm_bindgen_test]
fn a_senseless_question_is_an_error_and_no_panic() {
    for question in ["null", "{}", r#"{"table": "nothing", "action": "select"}"#] {
        assert!(
            library().decide(&JSON::parse(question).unwrap()).is_err(),
            "{question}"
        );
    }
    assert!(Policy::new(b"CSP3").is_err());
}
