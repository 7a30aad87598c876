//! A JSON Web Token in its compact form, taken apart and not believed yet.
//!
//! Every rule here refuses something that other readers were fooled with; the numbers are those of
//! the [threats](super#threats).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};

/// Larger tokens are not looked at (12).
const LONGEST: usize = 8 * 1024;
/// The longest name of a key (4).
const LONGEST_KEY_ID: usize = 128;

/// What a token may be signed with (1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

/// A token, well-formed but not verified.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    /// How it claims to be signed.
    pub algorithm: Algorithm,
    /// Which key it claims to be signed with.
    pub key_id: Option<String>,
    /// What the signature is over.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
    payload: Vec<u8>,
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than any token has to be.
    #[error("the token is longer than 8 KB")]
    TooLong,
    /// Not three parts of canonical base64url.
    #[error("the token is not three parts of base64url")]
    Parts,
    /// The header or the claims are not what they have to be.
    #[error("the token's {0} cannot be read")]
    Json(&'static str),
    /// `none`, or something this Worker does not verify.
    #[error("the token's algorithm is none of ES256, RS256 and HS256")]
    Algorithm,
    /// A header member that would change how the token is to be read.
    #[error("the token's header has `{0}`")]
    Header(&'static str),
    /// The header says it is some other kind of token.
    #[error("the token's `typ` is not `JWT`")]
    Type,
    /// A name that no key has.
    #[error("the token's `kid` is not a name of a key")]
    KeyId,
    /// A signature of the wrong length for its algorithm.
    #[error("the token's signature does not have the length of its algorithm")]
    Signature,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// The first thing that a token of ours never has.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        check_length(text)?;
        let (signed, signature) = text.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(Malformed::Parts)?;
        let [header, payload, signature] = [decode(header)?, decode(payload)?, decode(signature)?];
        let header: Header = object(&header).ok_or(Malformed::Json("header"))?;
        let algorithm = header.check()?;
        if !algorithm.fits(signature.len()) {
            return Err(Malformed::Signature);
        }
        Ok(Self {
            algorithm,
            key_id: header.kid,
            signed,
            signature,
            payload,
        })
    }

    /// The claims. To be read after the signature was verified.
    ///
    /// # Errors
    /// If they are not an object of the expected shape.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, Malformed> {
        object(&self.payload).ok_or(Malformed::Json("claims"))
    }
}

/// Whether a text is short enough to be looked at.
pub(super) fn check_length(text: &str) -> Result<(), Malformed> {
    if text.len() > LONGEST {
        return Err(Malformed::TooLong);
    }
    Ok(())
}

impl Algorithm {
    fn fits(self, length: usize) -> bool {
        match self {
            Self::Es256 => length == 64,
            Self::Hs256 => length == 32,
            // Of keys from 2048 to 4096 bits.
            Self::Rs256 => (256..=512).contains(&length),
        }
    }
}

/// Strict base64url: no padding, no other alphabet, no white space, no stray bits (8). A dot is in
/// no alphabet, so more than three parts fail here (9).
fn decode(part: &str) -> Result<Vec<u8>, Malformed> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(Malformed::Parts),
    }
}

/// Reads an object. A derived reader refuses a member that occurs twice (7), but would take a list
/// for an object.
fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    if json.first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// The header's members that mean something here. All others are read over.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default)]
    crit: Present,
    #[serde(default)]
    b64: Present,
    #[serde(default)]
    jwk: Present,
    #[serde(default)]
    jku: Present,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    x5c: Present,
    #[serde(default)]
    zip: Present,
    #[serde(default)]
    enc: Present,
}

impl Header {
    fn check(&self) -> Result<Algorithm, Malformed> {
        let algorithm = match self.alg.as_str() {
            "ES256" => Algorithm::Es256,
            "HS256" => Algorithm::Hs256,
            "RS256" => Algorithm::Rs256,
            _ => return Err(Malformed::Algorithm),
        };
        // Sources of keys that the sender chooses (3); extensions nobody here understands (5, 6).
        for (name, Present(present)) in [
            ("crit", self.crit),
            ("b64", self.b64),
            ("jwk", self.jwk),
            ("jku", self.jku),
            ("x5u", self.x5u),
            ("x5c", self.x5c),
            ("zip", self.zip),
            ("enc", self.enc),
        ] {
            if present {
                return Err(Malformed::Header(name));
            }
        }
        // An ID token, an access token of RFC 9068, a logout token are something else (18).
        if self
            .typ
            .as_deref()
            .is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT"))
        {
            return Err(Malformed::Type);
        }
        if !self.kid.as_deref().is_none_or(is_key_id) {
            return Err(Malformed::KeyId);
        }
        Ok(algorithm)
    }
}

/// Whether a text can be the name of a key: it is compared, and nothing else is done with it (4).
pub(crate) fn is_key_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/@".contains(&byte);
    (1..=LONGEST_KEY_ID).contains(&text.len()) && text.bytes().all(plain)
}

/// Whether a member is there, whatever its value.
#[derive(Clone, Copy, Default)]
pub(super) struct Present(pub(super) bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> Result<Algorithm, Malformed> {
        let signature = URL_SAFE_NO_PAD.encode([1; 32]);
        let text = format!("{}.e30.{signature}", URL_SAFE_NO_PAD.encode(header));
        Token::parse(&text).map(|token| token.algorithm)
    }

    #[test]
    fn an_ordinary_header_is_read() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"k-1"}"#,
            r#"{"typ":"jwt","alg":"HS256","x5t":"abc","other":{"nested":[1]}}"#,
        ] {
            assert_eq!(token(header), Ok(Algorithm::Hs256), "{header}");
        }
    }

    #[test]
    fn only_three_algorithms_in_exactly_this_spelling() {
        for alg in [
            "none", "None", "NONE", "", "hs256", "HS384", "PS256", "EdDSA", "HS256 ",
        ] {
            assert_eq!(
                token(&format!(r#"{{"alg":"{alg}"}}"#)),
                Err(Malformed::Algorithm),
                "{alg}"
            );
        }
        for header in [
            r#"{}"#,
            r#"{"alg":null}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"ALG":"HS256"}"#,
        ] {
            assert_eq!(token(header), Err(Malformed::Json("header")), "{header}");
        }
    }

    #[test]
    fn keys_and_extensions_in_the_header_are_refused_even_if_null() {
        for name in ["crit", "b64", "jwk", "jku", "x5u", "x5c", "zip", "enc"] {
            for value in ["null", "false", "[]", "{}", "\"x\""] {
                let header = format!(r#"{{"alg":"HS256","{name}":{value}}}"#);
                assert_eq!(token(&header), Err(Malformed::Header(name)), "{header}");
            }
        }
    }

    #[test]
    fn duplicate_members_and_other_json_are_refused() {
        for header in [
            r#"{"alg":"none","alg":"HS256"}"#,
            r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
            r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
            r#"["HS256","JWT",null]"#,
            r#" {"alg":"HS256"}"#,
            r#"{"alg":"HS256"} {}"#,
            r#"{"alg":"HS256""#,
            "\"HS256\"",
        ] {
            assert_eq!(token(header), Err(Malformed::Json("header")), "{header}");
        }
        // What is read over is read over without recursion, however deep it is (13).
        let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
        assert_eq!(
            token(&format!(r#"{{"alg":"HS256","x":{deep}}}"#)),
            Ok(Algorithm::Hs256)
        );
        assert!(token(&format!(r#"{{"alg":{deep}}}"#)).is_err());
    }

    #[test]
    fn other_kinds_of_tokens_are_refused() {
        for typ in ["at+jwt", "logout+jwt", "secevent+jwt", "JOSE", "", "JWT "] {
            let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
            assert_eq!(token(&header), Err(Malformed::Type), "{typ}");
        }
    }

    #[test]
    fn a_key_id_is_a_plain_name() {
        for kid in [
            "",
            "../../dev/null",
            "a b",
            "' or 1=1 --",
            "k\\u0000",
            &"k".repeat(129),
        ] {
            let refused = token(&format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#));
            // A path of plain characters is only ever compared.
            let plain = kid == "../../dev/null";
            assert_eq!(refused.is_err(), !plain, "{kid}");
        }
        assert!(token(r#"{"alg":"HS256","kid":7}"#).is_err());
    }

    #[test]
    fn only_three_canonical_parts() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        let signature = URL_SAFE_NO_PAD.encode([1; 32]);
        let good = format!("{header}.e30.{signature}");
        assert!(Token::parse(&good).is_ok());
        for bad in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            format!("{header}.e30"),
            format!("{header}.e30."),
            format!("{header}..{signature}"),
            format!(".e30.{signature}"),
            format!("{good}.x"),
            format!("{good}.x.y"),
            format!("{good} "),
            format!("{good}="),
            format!("{good}\n"),
            format!("{header}.e30=.{signature}"),
            // The last character of 32 bytes carries two stray bits.
            format!("{header}.e30.{}F", signature.split_at(42).0),
            format!("{header}.e3 0.{signature}"),
            format!("{header}.e+/0.{signature}"),
            r#"{"payload":"e30","signatures":[]}"#.to_owned(),
        ] {
            assert_eq!(Token::parse(&bad).err(), Some(Malformed::Parts), "{bad}");
        }
        let long = format!("{header}.{}.{signature}", "a".repeat(9_000));
        assert_eq!(Token::parse(&long).err(), Some(Malformed::TooLong));
    }

    #[test]
    fn the_signature_has_its_algorithms_length() {
        for (alg, good, bad) in [
            ("HS256", 32, 31),
            ("ES256", 64, 70),
            ("RS256", 256, 128),
            ("RS256", 512, 513),
        ] {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}"}}"#));
            let token = |length| {
                let signature = URL_SAFE_NO_PAD.encode(vec![0; length]);
                Token::parse(&format!("{header}.e30.{signature}")).map(|_| ())
            };
            assert_eq!(token(good), Ok(()), "{alg}");
            assert_eq!(token(bad), Err(Malformed::Signature), "{alg}");
        }
    }
}
