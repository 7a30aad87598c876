//! Every case of [Wycheproof](https://github.com/C2SP/wycheproof) on JSON web signatures and keys,
//! through the reader, the choice of the key and the verifier that callers' tokens go through.
//!
//! It runs natively and, with WebCrypto as in the Worker, in WebAssembly. How many cases come out
//! in which way is pinned: a case that would come out otherwise fails here whatever it is.

use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::authenticate;
use super::keys::Key;
use super::token::Token;
use crate::config::tests::config;
use crate::edge::Edge;
use crate::policies::Policies;
use crate::testing::World;

#[derive(Deserialize)]
struct File {
    #[serde(rename = "numberOfTests")]
    tests: usize,
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    private: Value,
    public: Option<Value>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(rename = "tcId")]
    id: u32,
    /// Compact, or an object.
    #[serde(alias = "jwe")]
    jws: Value,
    result: String,
}

impl Test {
    fn text(&self) -> String {
        let text = self.jws.as_str().map(str::to_owned);
        text.unwrap_or_else(|| self.jws.to_string())
    }
}

/// Cases that are called invalid, for their padding, and have none: they are case 357, which is
/// valid, to the letter.
const VALID_AFTER_ALL: [u32; 2] = [367, 370];
const THEIR_TWIN: u32 = 357;

impl Group {
    /// A Worker whose only keys are the group's. A secret is the operator's to configure, who takes
    /// none that is for something else; all other keys, and sets of keys, are published.
    fn edge(&self) -> (Edge, Value) {
        let settings = config(&[("SUPABASE_JWT_SECRET", "")]).unwrap();
        let mut edge = Edge::new(settings, Policies::embedded().unwrap());
        let keys = self.public.as_ref().unwrap_or(&self.private);
        let keys = match keys["keys"].as_array().map(Vec::as_slice) {
            Some([alone]) => alone,
            _ => keys,
        };
        if keys["kty"] == "oct" && keys["alg"] == "HS256" && keys["use"] == "sig" {
            let secret = URL_SAFE_NO_PAD.decode(keys["k"].as_str().unwrap()).unwrap();
            edge.shared_key = Key::shared(&secret).map(Rc::new);
            return (edge, json!({ "keys": [] }));
        }
        let set = match keys.get("keys") {
            Some(_) => keys.clone(),
            None => json!({ "keys": [keys] }),
        };
        (edge, set)
    }
}

/// How the cases of a file came out: what is said of them, and how many valid and invalid ones
/// there are of each.
async fn outcomes(file: &str) -> BTreeMap<String, (usize, usize)> {
    let file: File = serde_json::from_str(file).unwrap();
    let mut outcomes = BTreeMap::<String, (usize, usize)>::new();
    let mut count = 0;
    for group in &file.groups {
        let (edge, set) = group.edge();
        let world = World::new(|_| Ok((200, set.clone())));
        let twin = group.tests.iter().find(|test| test.id == THEIR_TWIN);
        for test in &group.tests {
            count += 1;
            let text = test.text();
            let outcome = match Token::parse(&text) {
                Err(error) => error.to_string(),
                Ok(token) => match authenticate(&edge, &world, &token).await {
                    Ok(_) => "accepted".to_owned(),
                    Err(problem) => problem.message.into(),
                },
            };
            let invalid = match test.result.as_str() {
                "invalid"
                    if VALID_AFTER_ALL.contains(&test.id)
                        && twin.is_some_and(|twin| twin.text() == text) =>
                {
                    false
                }
                "invalid" => true,
                "valid" => false,
                other => panic!("{}: `{other}` is neither", test.id),
            };
            assert!(
                !invalid || outcome != "accepted",
                "{}: invalid, but accepted",
                test.id
            );
            let counts = outcomes.entry(outcome).or_default();
            *(if invalid {
                &mut counts.1
            } else {
                &mut counts.0
            }) += 1;
        }
    }
    assert_eq!(count, file.tests, "the file says how many cases it has");
    outcomes
}

/// Outcome, valid cases, invalid cases.
type Pinned = [(&'static str, usize, usize)];

async fn check(file: &str, pinned: &Pinned) {
    let outcomes = outcomes(file).await;
    let outcomes: Vec<(&str, usize, usize)> = outcomes
        .iter()
        .map(|(outcome, (valid, invalid))| (outcome.as_str(), *valid, *invalid))
        .collect();
    assert_eq!(outcomes, pinned);
}

const ACCEPTED: &str = "accepted";
const ALGORITHM: &str = "the token's algorithm is none of ES256, RS256 and HS256";
const JWK: &str = "the token's header has `jwk`";
const LENGTH: &str = "the token's signature does not have the length of its algorithm";
const NO_SECRET: &str = "HS256 tokens are not accepted";
const PARTS: &str = "the token is not three parts of base64url";
const SIGNATURE: &str = "the token's signature does not hold";
const UNKNOWN_KEY: &str = "the token's key is not known";

#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
async fn signatures() {
    check(
        include_str!("../../tests/fixtures/wycheproof/json_web_signature_test.json"),
        &[
            // The attack is HMAC with a published key.
            (NO_SECRET, 0, 1),
            (ACCEPTED, 19, 0),
            // Six of the valid ones have an empty payload, which claims never are; two have `?` in
            // their base64url.
            (PARTS, 8, 47),
            // RS384, RS512, the PS family and ES512, which nobody here signs with.
            (ALGORITHM, 21, 54),
            (JWK, 0, 1),
            (UNKNOWN_KEY, 0, 7),
            (LENGTH, 0, 7),
            (SIGNATURE, 0, 236),
        ],
    )
    .await;
}

#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
async fn keys() {
    check(
        include_str!("../../tests/fixtures/wycheproof/json_web_key_test.json"),
        &[
            // The valid one is in a set of two secrets: what is published is no secret. Of the
            // others, two secrets are too short.
            (NO_SECRET, 1, 7),
            (ACCEPTED, 2, 0),
            (PARTS, 0, 2),
            // HS384 and HS512.
            (ALGORITHM, 2, 4),
            // Small, weak (ROCA, e = 1), for something else, or at odds with themselves.
            (UNKNOWN_KEY, 0, 7),
            // A point off the curve.
            (SIGNATURE, 0, 1),
        ],
    )
    .await;
}

#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
async fn other_attacks() {
    check(
        include_str!("../../tests/fixtures/wycheproof/json_web_crypto_test.json"),
        &[
            // A set of two secrets: what is published is no secret.
            (NO_SECRET, 1, 3),
            (ACCEPTED, 3, 0),
            // The valid one is an encryption.
            (PARTS, 2, 63),
            (JWK, 0, 1),
            (UNKNOWN_KEY, 0, 3),
            (SIGNATURE, 0, 7),
        ],
    )
    .await;
}
