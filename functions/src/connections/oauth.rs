//! The way to a provider's page of consent and back, which a browser goes without any token of ours.
//!
//! What has to be known on the way back is sealed into `state`: who began, the PKCE verifier, where
//! to go on to, and a digest of a cookie. The cookie was set by an answer that only the person who
//! signed in could ask for, so a consent that somebody else began, or gave, connects nobody.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_sealing::Binding;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::sealed::Sealer;
use crate::problem::Problem;

/// The cookie's name. With this prefix a browser takes it over HTTPS only, for this host alone.
pub const COOKIE: &str = "__Host-countersign-connect";
/// How long a person may take to consent.
pub const LIFETIME_SECONDS: u64 = 600;

/// A way of one app to one provider: what begins on it ends on no other.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The app.
    pub app: &'static str,
    /// The provider.
    pub provider: &'static str,
}

impl Way {
    fn place(self) -> Binding<'static> {
        Binding {
            app: self.app,
            tenant: "",
            provider: self.provider,
            connection: "",
            column: "state",
        }
    }
}

/// Who begins, and whose the connection is to be: theirs, or their account's.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// The person's id.
    pub user: &'a str,
    /// The assurance level of the token that they began with.
    pub aal: Option<&'a str>,
    /// Whether they signed in as a guest.
    pub guest: bool,
    /// The tenant, or the person again.
    pub tenant: &'a str,
}

/// What is sealed into `state`.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct State {
    /// Who began.
    pub user: String,
    /// The assurance level of the token that they began with.
    pub aal: Option<String>,
    /// Whether they signed in as a guest.
    pub guest: bool,
    /// Whose the connection is to be: theirs, or their account's.
    pub tenant: String,
    /// The verifier that the code is worth nothing without.
    pub verifier: String,
    /// Where the browser goes on to, if anywhere.
    pub return_to: Option<String>,
    /// The digest of the cookie.
    cookie: String,
    /// When it ends, in seconds since the epoch.
    ends: u64,
}

/// A way that begins.
#[derive(Debug)]
pub struct Begun {
    /// The sealed state.
    pub state: String,
    /// The cookie's value.
    pub cookie: String,
    /// The challenge that belongs to the verifier.
    pub challenge: String,
}

/// Begins it.
///
/// # Errors
/// If the platform gives no randomness.
pub fn begin(
    sealer: &Sealer<'_>,
    way: Way,
    whose: Whose<'_>,
    return_to: Option<String>,
    now: u64,
) -> Result<Begun, Problem> {
    let [cookie, verifier] = [random()?, random()?];
    let state = State {
        user: whose.user.to_owned(),
        aal: whose.aal.map(str::to_owned),
        guest: whose.guest,
        tenant: whose.tenant.to_owned(),
        return_to,
        cookie: digest(&cookie),
        ends: now + LIFETIME_SECONDS,
        verifier,
    };
    let text = serde_json::to_string(&state).unwrap_or_default();
    Ok(Begun {
        state: sealer.seal(&way.place(), &text)?,
        cookie,
        challenge: digest(&state.verifier),
    })
}

/// What was sealed, if this browser began it and it has not ended.
#[must_use]
pub fn resume(
    sealer: &Sealer<'_>,
    way: Way,
    state: &str,
    cookies: Option<&str>,
    now: u64,
) -> Option<State> {
    let opened = sealer.0.open(&way.place(), state).ok()?;
    let state: serde_json::Value = serde_json::from_str(opened.expose()).ok()?;
    let state: State = serde_json::from_value(state).ok()?;
    let cookie = cookies?
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)?
        .1;
    // Digests, so that where they differ says nothing about the cookie.
    (state.cookie == digest(cookie) && now < state.ends).then_some(state)
}

fn random() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    getrandom::getrandom(&mut bytes).map_err(|error| {
        let status = reqwest::StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "CS500", "there is no randomness").internal(error.to_string())
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_sealing::KeyRing;

    const WAY: Way = Way {
        app: "assistant",
        provider: "hubspot",
    };

    #[test]
    fn only_the_browser_that_began_resumes_and_in_time() {
        let ring = KeyRing::parse(&format!("k1:{}", "A".repeat(43) + "=")).unwrap();
        let other = KeyRing::parse(&format!("k1:{}", "B".repeat(42) + "A=")).unwrap();
        let sealer = Sealer(&ring);
        let whose = |user| Whose {
            user,
            aal: Some("aal2"),
            guest: false,
            tenant: "t",
        };
        let one = begin(&sealer, WAY, whose("u1"), None, 1_000).unwrap();
        let two = begin(&sealer, WAY, whose("u2"), None, 1_000).unwrap();
        let cookie = |of: &Begun| format!("a=b; {COOKIE}={}; c=d", of.cookie);
        let user = |state: &str, cookies: Option<&str>, now| {
            resume(&sealer, WAY, state, cookies, now).map(|state| state.user)
        };
        assert_eq!(
            user(&one.state, Some(&cookie(&one)), 1_599).as_deref(),
            Some("u1")
        );
        assert_eq!(user(&one.state, Some(&cookie(&one)), 1_600), None);
        assert_eq!(user(&one.state, Some(&cookie(&two)), 1_000), None);
        assert_eq!(user(&two.state, Some(&cookie(&one)), 1_000), None);
        assert_eq!(user(&one.state, None, 1_000), None);
        assert_eq!(user("cs1.AAAA", Some(&cookie(&one)), 1_000), None);
        let forged = begin(&Sealer(&other), WAY, whose("u1"), None, 1_000).unwrap();
        assert_eq!(user(&forged.state, Some(&cookie(&forged)), 1_000), None);
        for (app, provider) in [("coaching", "hubspot"), ("assistant", "fathom")] {
            let other = Way { app, provider };
            let cookie = cookie(&one);
            assert_eq!(
                resume(&sealer, other, &one.state, Some(&cookie), 1_000),
                None
            );
        }
        assert_ne!(one.cookie, two.cookie);
        assert!(!one.state.contains(&one.cookie));
    }
}
