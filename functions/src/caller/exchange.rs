//! The token that PostgREST gets for a caller whose own token it cannot verify.
//!
//! `jsonwebtoken` puts it together. Of its cryptography only HMAC-SHA-256 is brought along: its
//! ready-made backends carry every algorithm and triple the size of the Worker, while signatures
//! of other people's tokens are the platform's to verify.

use std::sync::Once;

use hmac::{Hmac, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::signature::{Error as SignatureError, Signer};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use sha2::Sha256;

use super::Person;
use crate::secret::Secret;

/// How long the token holds.
const LIFETIME: u64 = 60;
/// Tokens of one caller are the same for this long, so that PostgREST, which remembers tokens it
/// has verified, need not verify each anew, and nothing has to be remembered here.
const STEP: u64 = 20;

/// Nothing more than PostgREST and the policies need.
#[derive(Serialize)]
struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aal: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_anonymous: bool,
    iat: u64,
    exp: u64,
}

/// Signs a token for `person` that ends with their own at the latest.
#[must_use]
pub fn sign(person: &Person, secret: &Secret, now: u64) -> Option<Secret> {
    let iat = now - now % STEP;
    let claims = Claims {
        sub: person.subject.as_deref(),
        role: "authenticated",
        aal: person.aal.as_deref(),
        is_anonymous: person.anonymous,
        iat,
        exp: (iat + LIFETIME).min(person.expires),
    };
    encode(&claims, secret)
}

fn encode(claims: &Claims<'_>, secret: &Secret) -> Option<Secret> {
    static PROVIDER: Once = Once::new();
    // It fails where the process has another provider already, and that one signs as well.
    PROVIDER.call_once(|| {
        let _ = HMAC_ONLY.install_default();
    });
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
        .ok()
        .map(Secret::new)
}

/// Signs a token for the Worker's own role.
#[must_use]
pub fn sign_service(secret: &Secret, now: u64) -> Option<Secret> {
    let iat = now - now % STEP;
    let claims = Claims {
        sub: None,
        role: "countersign_edge",
        aal: None,
        is_anonymous: false,
        iat,
        exp: iat + LIFETIME,
    };
    encode(&claims, secret)
}

static HMAC_ONLY: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: no_verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::HS256 => Hmac::new_from_slice(key.as_bytes())
            .map(|hmac| Box::new(Hs256(hmac)) as Box<dyn JwtSigner>)
            .map_err(|_| Error::from(ErrorKind::InvalidKeyFormat)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn no_verifier(_: &Algorithm, _: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

struct Hs256(Hmac<Sha256>);

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, SignatureError> {
        Ok(self
            .0
            .clone()
            .chain_update(message)
            .finalize()
            .into_bytes()
            .to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::token::Token;

    const NOW: u64 = 1_800_000_007;

    fn person() -> Person {
        Person {
            subject: Some("a0000000-0000-4000-8000-000000000001".to_owned()),
            anonymous: false,
            email: Some("a@example.test".to_owned()),
            aal: Some("aal2".to_owned()),
            expires: NOW + 3_600,
            log_name: None,
        }
    }

    fn claims(person: &Person) -> serde_json::Value {
        let secret = Secret::new("a-secret-of-more-than-thirty-two-bytes");
        let token = sign(person, &secret, NOW).unwrap();
        let token = Token::parse(token.expose()).unwrap();
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).unwrap();
        hmac.update(token.signed.as_bytes());
        hmac.verify_slice(&token.signature).unwrap();
        token.claims().unwrap()
    }

    #[test]
    fn it_says_who_and_nothing_more() {
        let expected = serde_json::json!({
            "sub": "a0000000-0000-4000-8000-000000000001", "role": "authenticated",
            "aal": "aal2", "iat": 1_800_000_000_u64, "exp": 1_800_000_060_u64,
        });
        assert_eq!(claims(&person()), expected);
        let guest = claims(&Person {
            anonymous: true,
            ..person()
        });
        assert_eq!(guest["is_anonymous"], true);
    }

    #[test]
    fn the_workers_own_token_names_its_role_and_nobody() {
        let secret = Secret::new("a-secret-of-more-than-thirty-two-bytes");
        let token = sign_service(&secret, NOW).unwrap();
        let claims: serde_json::Value = Token::parse(token.expose()).unwrap().claims().unwrap();
        let expected = serde_json::json!({
            "role": "countersign_edge", "iat": 1_800_000_000_u64, "exp": 1_800_000_060_u64,
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn it_does_not_outlive_the_callers_own() {
        assert_eq!(
            claims(&Person {
                expires: NOW + 5,
                log_name: None,
                ..person()
            })["exp"],
            NOW + 5
        );
    }
}
