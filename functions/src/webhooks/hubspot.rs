//! HubSpot's webhooks: signatures in three versions, and events.
//!
//! Version 3 signs method, address, body and time; the older ones sign no time, so whoever once saw
//! a delivery can send it again for ever. They are refused unless the settings say otherwise, and
//! never stand in for a version 3 that is missing or wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Unverified, digits, in_time, same};
use crate::secret::Secret;

/// A hundred events of some 400 bytes, with room.
pub const LARGEST_BODY: usize = 256 * 1024;
/// HubSpot sends no more at once.
pub const MOST_EVENTS: usize = 100;

const SIGNATURE_3: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
const SIGNATURE: &str = "x-hubspot-signature";
const VERSION: &str = "x-hubspot-signature-version";

/// What HubSpot takes out of its percent-encoding before it signs, and nothing else.
const DECODED: [(&str, char); 12] = [
    ("%3A", ':'),
    ("%2F", '/'),
    ("%3F", '?'),
    ("%40", '@'),
    ("%21", '!'),
    ("%24", '$'),
    ("%27", '\''),
    ("%28", '('),
    ("%29", ')'),
    ("%2A", '*'),
    ("%2C", ','),
    ("%3B", ';'),
];

/// A delivery as it came.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Its method.
    pub method: &'a str,
    /// The address it was sent to: the configured one, since a proxy may have changed the request's.
    pub uri: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, byte for byte.
    pub body: &'a [u8],
}

/// Which of the older versions are believed, where there is no version 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Older {
    /// Version 1: secret and body.
    pub v1: bool,
    /// Version 2: secret, method, address and body.
    pub v2: bool,
}

/// Whether a delivery is HubSpot's.
///
/// # Errors
/// Why not.
pub fn verify(
    delivery: &Delivery<'_>,
    secret: &Secret,
    older: Older,
    now_ms: u64,
) -> Result<(), Unverified> {
    if delivery.body.len() > LARGEST_BODY {
        return Err(Unverified::TooLong);
    }
    let header = |name: &'static str| match delivery.headers.get(name) {
        None => Ok(None),
        Some(value) => value
            .to_str()
            .map(Some)
            .map_err(|_| Unverified::Malformed(name)),
    };
    let Some(signature) = header(SIGNATURE_3)? else {
        let version = header(VERSION)?;
        let signed = match version {
            Some("v1") if older.v1 => v1(secret, delivery.body),
            Some("v2") if older.v2 => v2(secret, delivery),
            _ => return Err(Unverified::Missing(SIGNATURE_3)),
        };
        let signature = header(SIGNATURE)?.ok_or(Unverified::Missing(SIGNATURE))?;
        let good = same(signed.as_bytes(), signature.as_bytes());
        return good.then_some(()).ok_or(Unverified::Wrong);
    };
    let timestamp = header(TIMESTAMP)?.ok_or(Unverified::Missing(TIMESTAMP))?;
    let sent = digits(timestamp).ok_or(Unverified::Malformed(TIMESTAMP))?;
    in_time(sent, now_ms)?;
    let signature = STANDARD
        .decode(signature)
        .map_err(|_| Unverified::Malformed(SIGNATURE_3))?;
    let uri = decoded(delivery.uri);
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .map_err(|_| Unverified::BadSecret)?;
    for part in [
        delivery.method.as_bytes(),
        uri.as_bytes(),
        delivery.body,
        timestamp.as_bytes(),
    ] {
        hmac.update(part);
    }
    hmac.verify_slice(&signature).map_err(|_| Unverified::Wrong)
}

fn v1(secret: &Secret, body: &[u8]) -> String {
    hex(&[secret.expose().as_bytes(), body])
}

fn v2(secret: &Secret, delivery: &Delivery<'_>) -> String {
    let secret = secret.expose().as_bytes();
    hex(&[
        secret,
        delivery.method.as_bytes(),
        delivery.uri.as_bytes(),
        delivery.body,
    ])
}

fn hex(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An address as HubSpot signs it.
fn decoded(uri: &str) -> String {
    let mut rest = uri;
    let mut text = String::with_capacity(uri.len());
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let found = after.get(..2).and_then(|two| {
            let known = |(code, _): &&(&str, char)| {
                code.get(1..)
                    .is_some_and(|code| code.eq_ignore_ascii_case(two))
            };
            DECODED.iter().find(known)
        });
        match found {
            Some((_, plain)) => {
                text.push(*plain);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                text.push('%');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// An event, with what is needed to store it once.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Unlike any other event's, and the same at every delivery of this one. HubSpot's own `eventId`
    /// is documented as not unique.
    pub key: String,
    /// The portal it is from.
    pub portal: u64,
    /// What happened, such as `contact.propertyChange`.
    pub kind: String,
    /// When, in milliseconds since the epoch.
    pub occurred_at: u64,
    /// The whole of it.
    pub payload: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    portal_id: u64,
    #[serde(alias = "eventType")]
    subscription_type: String,
    occurred_at: u64,
}

/// What tells one event from another. `attemptNumber` is not among them: it counts deliveries.
const IDENTITY: [&str; 14] = [
    "appId",
    "eventId",
    "subscriptionId",
    "objectId",
    "objectTypeId",
    "propertyName",
    "propertyValue",
    "primaryObjectId",
    "mergedObjectIds",
    "fromObjectId",
    "toObjectId",
    "associationType",
    "associationRemoved",
    "messageId",
];

/// The events of a verified delivery. An event that cannot be read is no reason to lose the others:
/// it comes back as its position.
///
/// # Errors
/// If the body is no list, or longer than any that HubSpot sends.
pub fn events(body: &[u8]) -> Result<Vec<Result<Event, usize>>, &'static str> {
    let all: Vec<Value> =
        serde_json::from_slice(body).map_err(|_| "the body is not a list of events")?;
    if all.len() > MOST_EVENTS {
        return Err("there are more than 100 events");
    }
    let one = |(at, payload): (usize, Value)| event(payload).ok_or(at);
    Ok(all.into_iter().enumerate().map(one).collect())
}

fn event(payload: Value) -> Option<Event> {
    let head = Head::deserialize(&payload).ok()?;
    let mut digest = Sha256::new();
    let mut part = |text: &str| {
        digest.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(text);
    };
    part(&head.portal_id.to_string());
    part(&head.subscription_type);
    part(&head.occurred_at.to_string());
    for name in IDENTITY {
        part(&payload.get(name).map_or(String::new(), Value::to_string));
    }
    let key = digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(Event {
        key,
        portal: head.portal_id,
        kind: head.subscription_type,
        occurred_at: head.occurred_at,
        payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const VECTORS: &str = include_str!("../../tests/fixtures/webhooks/hubspot-signatures.json");
    const BOTH: Older = Older { v1: true, v2: true };

    #[derive(Deserialize)]
    struct Vectors {
        official: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        version: String,
        client_secret: String,
        #[serde(default)]
        method: String,
        #[serde(default)]
        uri: String,
        body: String,
        #[serde(default)]
        timestamp: String,
        expected: String,
    }

    impl Vector {
        fn headers(&self) -> HeaderMap {
            let mut headers = HeaderMap::new();
            if self.version == "v3" {
                headers.insert(SIGNATURE_3, self.expected.parse().unwrap());
                headers.insert(TIMESTAMP, self.timestamp.parse().unwrap());
            } else {
                headers.insert(SIGNATURE, self.expected.parse().unwrap());
                headers.insert(VERSION, self.version.parse().unwrap());
            }
            headers
        }

        fn verify(&self, headers: &HeaderMap, older: Older, now: u64) -> Result<(), Unverified> {
            let delivery = Delivery {
                method: &self.method,
                uri: &self.uri,
                headers,
                body: self.body.as_bytes(),
            };
            verify(&delivery, &Secret::new(&*self.client_secret), older, now)
        }

        fn now(&self) -> u64 {
            self.timestamp.parse().unwrap_or_default()
        }
    }

    fn vectors() -> Vec<Vector> {
        let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
        vectors.official
    }

    #[test]
    fn the_official_vectors_hold_and_nothing_near_them() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 8);
        for vector in &vectors {
            let (headers, now) = (vector.headers(), vector.now());
            assert_eq!(
                vector.verify(&headers, BOTH, now),
                Ok(()),
                "{}",
                vector.name
            );
            let mut changed = Vector {
                body: format!("{} ", vector.body),
                ..vectors_named(&vector.name)
            };
            assert_eq!(changed.verify(&headers, BOTH, now), Err(Unverified::Wrong));
            changed = vectors_named(&vector.name);
            changed.client_secret.push('x');
            assert_eq!(changed.verify(&headers, BOTH, now), Err(Unverified::Wrong));
            if vector.version != "v1" {
                changed = vectors_named(&vector.name);
                changed.uri.push('x');
                assert_eq!(changed.verify(&headers, BOTH, now), Err(Unverified::Wrong));
            }
        }
    }

    fn vectors_named(name: &str) -> Vector {
        vectors()
            .into_iter()
            .find(|vector| vector.name == name)
            .unwrap()
    }

    #[test]
    fn the_older_versions_are_refused_unless_enabled() {
        for vector in vectors().iter().filter(|vector| vector.version != "v3") {
            let refused = vector.verify(&vector.headers(), Older::default(), 0);
            assert_eq!(refused, Err(Unverified::Missing(SIGNATURE_3)));
        }
    }

    #[test]
    fn a_wrong_version_3_is_not_mended_by_a_right_version_1() {
        let vector = vectors_named("python-ruby-v1");
        let mut headers = vector.headers();
        headers.insert(SIGNATURE_3, "AAAA".parse().unwrap());
        headers.insert(TIMESTAMP, "1000".parse().unwrap());
        assert_eq!(vector.verify(&headers, BOTH, 1_000), Err(Unverified::Wrong));
    }

    #[test]
    fn what_is_old_or_without_a_time_is_refused() {
        let vector = vectors_named("python-v3-post");
        let (headers, now) = (vector.headers(), vector.now());
        let at = |now| vector.verify(&headers, BOTH, now);
        assert_eq!(at(now + 300_000), Ok(()));
        assert_eq!(at(now + 300_001), Err(Unverified::Stale));
        assert_eq!(at(now - 300_001), Err(Unverified::Early));
        for (text, error) in [
            ("", Unverified::Malformed(TIMESTAMP)),
            ("NaN", Unverified::Malformed(TIMESTAMP)),
        ] {
            let mut headers = headers.clone();
            headers.insert(TIMESTAMP, text.parse().unwrap());
            assert_eq!(vector.verify(&headers, BOTH, now), Err(error));
        }
        let mut headers = headers.clone();
        headers.remove(TIMESTAMP);
        assert_eq!(
            vector.verify(&headers, BOTH, now),
            Err(Unverified::Missing(TIMESTAMP))
        );
    }

    #[test]
    fn what_is_longer_than_any_delivery_is_not_even_hashed() {
        let vector = vectors_named("python-v3-post");
        let sized = |length: usize| {
            let body = vec![b' '; length];
            let delivery = Delivery {
                method: &vector.method,
                uri: &vector.uri,
                headers: &vector.headers(),
                body: &body,
            };
            let secret = Secret::new(&*vector.client_secret);
            verify(&delivery, &secret, BOTH, vector.now())
        };
        assert_eq!(sized(LARGEST_BODY), Err(Unverified::Wrong));
        assert_eq!(sized(LARGEST_BODY + 1), Err(Unverified::TooLong));
    }

    #[test]
    fn an_address_is_decoded_as_hubspot_does_it() {
        let table: Value = serde_json::from_str(VECTORS).unwrap();
        let table = table["uri_decode_table_v3"].as_object().unwrap().clone();
        assert_eq!(table.len(), DECODED.len());
        for (code, plain) in &table {
            assert_eq!(
                decoded(&format!("a{code}b")),
                format!("a{}b", plain.as_str().unwrap())
            );
            assert_eq!(decoded(&code.to_lowercase()), plain.as_str().unwrap());
        }
        assert_eq!(decoded("%20%26%3D%2B%2%"), "%20%26%3D%2B%2%");
    }

    #[test]
    fn an_event_has_one_key_whatever_its_delivery() {
        let first = json!({
            "eventId": 1, "subscriptionId": 25, "portalId": 33, "appId": 1160452, "occurredAt": 1462216307945_u64,
            "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": 1246978,
            "propertyName": "lifecyclestage", "propertyValue": "subscriber", "unheardOf": { "a": 1 },
        });
        let changed = |name: &str, value: Value| {
            let mut event = first.clone();
            event[name] = value;
            event
        };
        let again = changed("attemptNumber", json!(3));
        let others = [
            changed("objectId", json!(5)),
            changed("propertyValue", json!("lead")),
            changed("portalId", json!(34)),
            changed("occurredAt", json!(1)),
            changed("eventId", json!(2)),
        ];
        let key = |event: &Value| {
            events(json!([event]).to_string().as_bytes())
                .unwrap()
                .remove(0)
                .unwrap()
                .key
        };
        assert_eq!(key(&first), key(&again));
        let mut keys: Vec<String> = others.iter().map(key).collect();
        keys.push(key(&first));
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 6);
    }

    #[test]
    fn one_bad_event_does_not_lose_the_others() {
        let good = json!({ "portalId": 33, "occurredAt": 1, "eventType": "contact.creation" });
        let body = json!([good, { "portalId": "x" }, good]).to_string();
        let found = events(body.as_bytes()).unwrap();
        assert!(matches!(found.as_slice(), [Ok(_), Err(1), Ok(_)]));
        assert!(events(b"{}").is_err());
        assert!(events(json!(vec![good; 101]).to_string().as_bytes()).is_err());
    }
}
