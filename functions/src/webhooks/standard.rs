//! Standard Webhooks 1.0.0 with a shared secret: Fathom's, and the CRM bridge's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::header::HeaderMap;
use sha2::Sha256;

use super::{Unverified, digits, in_time};
use crate::secret::Secret;

/// A meeting with its whole transcript.
pub const LARGEST_BODY: usize = 5 * 1024 * 1024;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// Whether a delivery is from whoever shares the secret; its id, which is the same at every delivery.
///
/// # Errors
/// Why not.
pub fn verify<'h>(
    headers: &'h HeaderMap,
    body: &[u8],
    secret: &Secret,
    now_ms: u64,
) -> Result<&'h str, Unverified> {
    if body.len() > LARGEST_BODY {
        return Err(Unverified::TooLong);
    }
    let header = |name: &'static str| {
        let value = headers.get(name).ok_or(Unverified::Missing(name))?;
        value.to_str().map_err(|_| Unverified::Malformed(name))
    };
    let (id, timestamp, signatures) = (header(ID)?, header(TIMESTAMP)?, header(SIGNATURE)?);
    if id.is_empty() {
        return Err(Unverified::Missing(ID));
    }
    let sent = digits(timestamp).ok_or(Unverified::Malformed(TIMESTAMP))?;
    in_time(sent.saturating_mul(1_000), now_ms)?;
    let key = secret.expose();
    let key = STANDARD
        .decode(key.strip_prefix("whsec_").unwrap_or(key))
        .map_err(|_| Unverified::BadSecret)?;
    let mut hmac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| Unverified::BadSecret)?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        hmac.update(part);
    }
    // While a secret is replaced a delivery is signed with the old one and the new one.
    let good = signatures
        .split(' ')
        .filter_map(|entry| entry.strip_prefix("v1,"))
        .filter_map(|signature| STANDARD.decode(signature).ok())
        .any(|signature| hmac.clone().verify_slice(&signature).is_ok());
    good.then_some(id).ok_or(Unverified::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use serde::Deserialize;

    const VECTORS: &str = include_str!("../../tests/fixtures/webhooks/standard-webhooks.json");

    #[derive(Deserialize)]
    struct Vectors {
        official_sign: Vec<Signed>,
        verify_cases: Cases,
    }

    #[derive(Deserialize)]
    struct Signed {
        secret: String,
        msg_id: String,
        timestamp: u64,
        payload: String,
        expected: String,
    }

    #[derive(Deserialize)]
    struct Cases {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        secret: String,
        headers: BTreeMap<String, String>,
        payload: String,
        now: u64,
        valid: bool,
    }

    fn headers<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn every_vector_comes_out_as_it_says() {
        let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.official_sign.len(), 2);
        for of in vectors.official_sign {
            let time = of.timestamp.to_string();
            let headers = headers([
                (ID, &*of.msg_id),
                (TIMESTAMP, &time),
                (SIGNATURE, &of.expected),
            ]);
            let now = of.timestamp * 1_000;
            let secret = Secret::new(of.secret);
            assert_eq!(
                verify(&headers, of.payload.as_bytes(), &secret, now),
                Ok(&*of.msg_id)
            );
            assert_eq!(verify(&headers, b"", &secret, now), Err(Unverified::Wrong));
        }
        let valid = vectors
            .verify_cases
            .cases
            .iter()
            .filter(|case| case.valid)
            .count();
        assert_eq!((vectors.verify_cases.cases.len(), valid), COUNTS);
        for case in vectors.verify_cases.cases {
            let headers = headers(case.headers.iter().map(|(name, value)| (&**name, &**value)));
            let secret = Secret::new(case.secret);
            let verified = verify(&headers, case.payload.as_bytes(), &secret, case.now * 1_000);
            assert_eq!(verified.is_ok(), case.valid, "{}: {verified:?}", case.name);
        }
    }

    #[test]
    fn what_is_longer_than_any_delivery_is_not_even_hashed() {
        let secret = Secret::new("whsec_c2VjcmV0");
        let signed = headers([(ID, "m"), (TIMESTAMP, "1"), (SIGNATURE, "v1,AAAA")]);
        let sized = |length: usize| verify(&signed, &vec![b' '; length], &secret, 1_000);
        assert_eq!(sized(LARGEST_BODY), Err(Unverified::Wrong));
        assert_eq!(sized(LARGEST_BODY + 1), Err(Unverified::TooLong));
    }

    /// All cases, and those that are valid.
    const COUNTS: (usize, usize) = (15, 4);
}
