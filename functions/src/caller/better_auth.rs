//! Callers who signed in to Better Auth: by its session's cookie, or by the same text as a bearer.
//!
//! What they show is a session's token and its HMAC under Better Auth's secret. Both have to hold, and
//! the session has to be in the database and not to have ended; then the caller is exchanged for a
//! token that PostgREST knows, like anybody whose own it cannot verify. A session that is shown and
//! does not hold is refused, whatever else the request brings: nobody becomes anonymous by it.
//!
//! Better Auth's bearer plugin also takes a session's bare token. That is not taken here: it lies in
//! plain text in the database, so whoever reads a copy of that would be everybody.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sha2::Sha256;

use super::api_key::ApiKey;
use super::{Caller, Person, Who, bearer, exchange};
use crate::config::BetterAuth;
use crate::cors::Origins;
use crate::database::{Database, OWN_SCHEMA};
use crate::edge::Edge;
use crate::message::Request;
use crate::problem::Problem;
use crate::record::log_name;
use crate::secret::Secret;
use crate::time;
use crate::transport::Runtime;

/// The only app whose members these are: their ids mean nothing in the others.
pub const APP: &str = "portal";
const COOKIE: &str = "session_token";
/// An HMAC-SHA-256 in base64, with its padding.
const SIGNATURE_LENGTH: usize = 44;
/// Better Auth's tokens have 32 characters; another generator may make longer ones.
const LONGEST: usize = 1_024;

/// What a request shows of a session, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The cookie, which a browser sends by itself.
    Cookie(Secret),
    /// The bearer, which somebody means to send.
    Bearer(Secret),
}

/// What a request shows of a session, if it shows any. A bearer counts and the cookie beside it does
/// not; one that is a JWT, or the API key, is somebody else's to read.
///
/// # Errors
/// If there are several cookies of the name: another host of the domain may have set one of them.
pub fn shown(headers: &HeaderMap, settings: &BetterAuth) -> Result<Option<Shown>, Problem> {
    let key = headers.get("apikey").and_then(|key| key.to_str().ok());
    if let Some(text) = bearer(headers)?.filter(|text| Some(*text) != key) {
        let jwt = text.split('.').count() == 3;
        let other = jwt || text.starts_with("sb_");
        return Ok((!other).then(|| Shown::Bearer(Secret::new(text))));
    }
    let prefix = &settings.cookie_prefix;
    for name in [
        format!("__Secure-{prefix}.{COOKIE}"),
        format!("{prefix}.{COOKIE}"),
    ] {
        let mut found = cookies(headers, &name);
        match (found.next(), found.next()) {
            (Some(one), None) => return Ok(Some(Shown::Cookie(Secret::new(one)))),
            (Some(_), Some(_)) => return Err(refused("several cookies of a session")),
            (None, _) => {}
        }
    }
    Ok(None)
}

fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all("cookie").into_iter();
    let all = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let pairs = all.filter_map(|pair| pair.trim().split_once('='));
    pairs.filter_map(move |(of, value)| (of == name).then_some(value))
}

/// The token in a signed value, percent-encoded or not, if its signature holds.
#[must_use]
pub fn token(signed: &str, secret: &Secret) -> Option<Secret> {
    if signed.len() > LONGEST {
        return None;
    }
    let plain = percent_decode_str(signed).decode_utf8().ok()?;
    let (token, signature) = plain.rsplit_once('.')?;
    if token.is_empty() || signature.len() != SIGNATURE_LENGTH {
        return None;
    }
    let signature = STANDARD.decode(signature).ok()?;
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(token.as_bytes());
    // In constant time.
    mac.verify_slice(&signature).ok()?;
    Some(Secret::new(token))
}

/// Who shows a session.
///
/// # Errors
/// If the session does not hold, or the database does not say.
pub async fn identify<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    settings: &BetterAuth,
    origins: &Origins,
    request: &Request<R::Stream>,
    (shown, request_id): (&Shown, &str),
) -> Result<Caller, Problem> {
    let api_key = ApiKey::of(edge, runtime, request.header("apikey")).await?;
    let signed = match shown {
        Shown::Bearer(signed) => signed,
        Shown::Cookie(signed) => {
            meant(request, origins)?;
            signed
        }
    };
    let token = token(signed.expose(), &settings.secret);
    let token = token.ok_or_else(|| refused("the session's signature does not hold"))?;
    let own = Database::of_service(edge, runtime, OWN_SCHEMA, request_id)?;
    let arguments = json!({ "p_token": token.expose() });
    let found = own.call("portal_session", &arguments).await?;
    let held = found.as_array().and_then(|rows| rows.first());
    let text = |name: &str| held.and_then(|row| row.get(name)?.as_str());
    // The database compares with its clock; a Worker whose clock is ahead believes it no longer.
    let now = runtime.now_ms();
    let ends = text("expires_at")
        .and_then(time::milliseconds)
        .filter(|ends| *ends > now);
    let user = text("user_id").filter(|user| !user.is_empty());
    let (Some(user), Some(ends)) = (user, ends) else {
        return Err(refused("the session has ended"));
    };
    let person = Person {
        subject: Some(user.to_owned()),
        anonymous: false,
        // The exchanged token does not carry it, so the database decides without it.
        email: None,
        aal: None,
        expires: ends / 1_000,
        log_name: Some(log_name(user)),
    };
    let secret = edge.config.jwt_secret.as_ref();
    let token = secret.and_then(|secret| exchange::sign(&person, secret, now / 1_000));
    let token = token.ok_or_else(|| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "CS500", "the Worker cannot sign a token")
    })?;
    Ok(Caller {
        who: Who::Person(person),
        token: Some(token),
        api_key: api_key.public(&edge.config),
    })
}

/// Whether a request with the cookie is one that a page of ours sends. Browsers send the cookie along
/// with what other pages make them send, and name the page's origin where it is more than a look.
fn meant<S>(request: &Request<S>, origins: &Origins) -> Result<(), Problem> {
    let looks = matches!(request.method, Method::GET | Method::HEAD);
    match request.headers.get("origin") {
        Some(origin) if !looks && !origin.to_str().is_ok_and(|origin| origins.lists(origin)) => {
            Err(
                Problem::forbidden("a session's cookie is not taken from pages of this origin")
                    .hint("list the origin in ALLOWED_ORIGINS, or send the session as a bearer"),
            )
        }
        _ => Ok(()),
    }
}

fn refused(why: &'static str) -> Problem {
    Problem::unauthorized(why).hint("sign in again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "better-auth-secret-12345678901234567890";
    const TOKEN: &str = "abcdefghijklmnopqrstuvwxyzABCDEF";
    /// By Better Auth's own rule, computed with OpenSSL.
    const SIGNATURE: &str = "QmaNojtZSUlZhDy0KckVS/NKGUOtxYFA44h2iQBuCz4=";
    const ON_THE_WIRE: &str =
        "abcdefghijklmnopqrstuvwxyzABCDEF.QmaNojtZSUlZhDy0KckVS%2FNKGUOtxYFA44h2iQBuCz4%3D";

    fn settings() -> BetterAuth {
        BetterAuth {
            secret: Secret::new(SECRET),
            cookie_prefix: "better-auth".to_owned(),
        }
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn held(signed: &str) -> Option<Secret> {
        token(signed, &Secret::new(SECRET))
    }

    #[test]
    fn the_vector_holds_as_a_cookie_and_as_a_bearer() {
        let expected = Some(Secret::new(TOKEN));
        assert_eq!(held(ON_THE_WIRE), expected);
        assert_eq!(held(&format!("{TOKEN}.{SIGNATURE}")), expected);
        assert_eq!(token(ON_THE_WIRE, &Secret::new("another-secret")), None);
    }

    #[test]
    fn what_is_not_signed_just_so_is_refused() {
        for wrong in [
            "",
            ".",
            TOKEN,
            &format!("{TOKEN}."),
            &format!(".{SIGNATURE}"),
            &format!("{TOKEN}.{}", SIGNATURE.trim_end_matches('=')),
            &format!("{TOKEN}.{}", SIGNATURE.replace('/', "_")),
            // The last letter's unused bits are set: the same bytes to a careless reader.
            &format!("{TOKEN}.{}", SIGNATURE.replace("z4=", "z5=")),
            &format!("{TOKEN}.{SIGNATURE}.{SIGNATURE}"),
            &format!("{TOKEN}x.{SIGNATURE}"),
            &format!("{}.{SIGNATURE}", TOKEN.to_lowercase()),
            &format!("{TOKEN}%00.{SIGNATURE}"),
            &format!("{TOKEN}.{SIGNATURE}%ff"),
            &format!("{}.{SIGNATURE}", "a".repeat(LONGEST)),
        ] {
            assert_eq!(held(wrong), None, "{wrong}");
        }
    }

    proptest! {
        /// No change of one character passes.
        #[test]
        fn every_character_counts(at in 0_usize..77, to in "[ -~]") {
            let good = format!("{TOKEN}.{SIGNATURE}");
            let mut bad = good.clone();
            bad.replace_range(at..=at, &to);
            prop_assume!(bad != good);
            prop_assert_eq!(held(&bad), None);
        }
    }

    #[test]
    fn a_bearer_counts_before_a_cookie_and_a_secure_one_before_a_plain_one() {
        let see = |all: &[(&'static str, &str)]| shown(&headers(all), &settings());
        let cookie = |text: &str| Ok(Some(Shown::Cookie(Secret::new(text))));
        assert_eq!(see(&[]), Ok(None));
        assert_eq!(
            see(&[("cookie", "a=b; better-auth.session_token=one")]),
            cookie("one")
        );
        let both = "better-auth.session_token=one; __Secure-better-auth.session_token=two";
        assert_eq!(see(&[("cookie", both)]), cookie("two"));
        let with_bearer = see(&[("cookie", both), ("authorization", "Bearer three.four")]);
        assert_eq!(
            with_bearer,
            Ok(Some(Shown::Bearer(Secret::new("three.four"))))
        );
        // supabase-js sends its key as a bearer while it has no other.
        let key = [
            ("cookie", both),
            ("authorization", "Bearer key"),
            ("apikey", "key"),
        ];
        assert_eq!(see(&key), cookie("two"));
        assert_eq!(
            see(&[("cookie", both), ("authorization", "Bearer a.b.c")]),
            Ok(None)
        );
        let twice = "better-auth.session_token=one; better-auth.session_token=two";
        assert_eq!(
            see(&[("cookie", twice)]).unwrap_err().status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            see(&[("cookie", "xbetter-auth.session_token=one")]),
            Ok(None)
        );
        assert!(see(&[("cookie", both), ("authorization", "Basic x")]).is_err());
    }

    #[test]
    fn a_cookie_is_believed_for_writes_of_listed_origins_only() {
        let origins = Origins::parse("https://portal.example");
        let request = |method: Method, origin: Option<&str>| Request::<()> {
            method,
            path: "/functions/v1/portal-sync".to_owned(),
            query: String::new(),
            headers: headers(
                &origin
                    .map(|origin| ("origin", origin))
                    .into_iter()
                    .collect::<Vec<_>>(),
            ),
            body: None,
        };
        for (method, origin, good) in [
            (Method::POST, Some("https://portal.example"), true),
            (Method::POST, Some("https://evil.example"), false),
            (Method::PATCH, Some("null"), false),
            (Method::POST, None, true),
            (Method::GET, Some("https://evil.example"), true),
        ] {
            let found = meant(&request(method.clone(), origin), &origins);
            assert_eq!(found.is_ok(), good, "{method} {origin:?}");
        }
        assert!(
            meant(
                &request(Method::POST, Some("https://a.example")),
                &Origins::Any
            )
            .is_err()
        );
    }
}
