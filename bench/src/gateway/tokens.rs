//! An issuer of ES256 tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde_json::{Value, json};

use crate::error::BenchError;

/// A key pair, and what is signed with it.
pub(crate) struct Issuer {
    key: EncodingKey,
    jwks: Value,
}

impl Issuer {
    pub(crate) fn new() -> Result<Self, BenchError> {
        let secret = SecretKey::random(&mut rand_core::OsRng);
        let pem = secret.to_pkcs8_pem(LineEnding::LF).map_err(other)?;
        let point = secret.public_key().to_encoded_point(false);
        let part = |bytes: Option<&[u8]>| {
            use base64::Engine as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default())
        };
        let (x, y) = (point.x().map(|x| &x[..]), point.y().map(|y| &y[..]));
        Ok(Self {
            key: EncodingKey::from_ec_pem(pem.as_bytes()).map_err(other)?,
            jwks: json!({ "keys": [{
                "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "bench",
                "x": part(x), "y": part(y),
            }] }),
        })
    }

    pub(crate) fn jwks(&self) -> String {
        self.jwks.to_string()
    }

    /// A token of the person who is a member in the upstream's answer.
    pub(crate) fn token(&self, issuer: &str, number: u32) -> Result<String, BenchError> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(other)?
            .as_secs();
        let claims = json!({
            "iss": format!("{issuer}/auth/v1"),
            "sub": super::upstream::PERSON,
            "aud": "authenticated",
            "role": "authenticated",
            "aal": "aal1",
            "email": "a@example.com",
            "session_id": format!("00000000-0000-4000-8000-{number:012x}"),
            "iat": now - 5,
            "exp": now + 3_600,
        });
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("bench".to_owned());
        encode(&header, &claims, &self.key).map_err(other)
    }

    pub(crate) fn tokens(
        &self,
        issuer: &str,
        first: u32,
        count: usize,
    ) -> Result<Vec<String>, BenchError> {
        (first..)
            .take(count)
            .map(|n| self.token(issuer, n))
            .collect()
    }
}

fn other(error: impl std::fmt::Display) -> BenchError {
    BenchError::Http(error.to_string())
}
