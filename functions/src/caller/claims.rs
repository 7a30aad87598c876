//! What a verified token says, and whether it is meant for this Worker, now.
//!
//! Claims are read by name into a struct, so a member that occurs twice is an error; nothing that
//! users can write themselves (`user_metadata`) is read at all (19).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

/// By how much two clocks may differ; PostgREST's own allowance.
const LEEWAY: u64 = 30;
/// The last second of the year 9999.
const LATEST: u64 = 253_402_300_799;
/// How many audiences a token may name (17).
const MOST_AUDIENCES: usize = 8;

/// The claims that mean something here.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    /// Until when it holds.
    pub exp: Seconds,
    /// From when it holds.
    pub nbf: Option<Seconds>,
    /// When it was made.
    pub iat: Option<Seconds>,
    /// Who made it.
    pub iss: Option<String>,
    /// Whom it is for.
    pub aud: Option<Audience>,
    /// Whom it speaks of.
    pub sub: Option<String>,
    /// The database role.
    pub role: Option<String>,
    /// The authenticator assurance level.
    pub aal: Option<String>,
    /// The e-mail.
    pub email: Option<String>,
    /// Whether it is an anonymous sign-in.
    pub is_anonymous: Option<bool>,
}

/// What the claims have to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer, exactly (25).
    pub issuer: &'a str,
    /// Whether a token may leave its issuer out: only one signed with the secret that this Worker
    /// and PostgREST share, which says by itself whose it is.
    pub issuer_optional: bool,
    /// The audience.
    pub audience: &'a str,
}

/// Why claims do not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come, or it was made in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// Somebody else's.
    #[error("the token is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("the token is for another audience")]
    Audience,
}

impl Claims {
    /// Whether the token is meant for this Worker and holds at this second.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self, expected: &Expected<'_>, now: u64) -> Result<(), Unacceptable> {
        self.check_time(now)?;
        match self.iss.as_deref() {
            Some(issuer) if issuer == expected.issuer => {}
            None if expected.issuer_optional => {}
            _ => return Err(Unacceptable::Issuer),
        }
        match &self.aud {
            Some(Audience(names)) if names.iter().any(|name| name == expected.audience) => Ok(()),
            _ => Err(Unacceptable::Audience),
        }
    }

    /// Whether the token holds at this second, whoever it is of and for.
    ///
    /// # Errors
    /// If its time is over or has not come.
    pub fn check_time(&self, now: u64) -> Result<(), Unacceptable> {
        if now >= self.exp.0.saturating_add(LEEWAY) {
            return Err(Unacceptable::Expired);
        }
        let future = |time: Option<Seconds>| time.is_some_and(|Seconds(time)| time > now + LEEWAY);
        if future(self.nbf) || future(self.iat) {
            return Err(Unacceptable::NotYet);
        }
        Ok(())
    }
}

/// A time in whole seconds since the Unix epoch, of the years 1970 to 9999 (14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u64::deserialize(deserializer)?;
        if seconds > LATEST {
            return Err(D::Error::custom("no time before the year 10000"));
        }
        Ok(Self(seconds))
    }
}

/// One name, or a list of a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a list of names")
    }

    fn visit_str<E>(self, name: &str) -> Result<Audience, E> {
        Ok(Audience(vec![name.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Audience, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            if names.len() == MOST_AUDIENCES {
                return Err(A::Error::custom("too many names"));
            }
            names.push(name);
        }
        Ok(Audience(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;
    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://db.example/auth/v1",
        issuer_optional: false,
        audience: "authenticated",
    };

    /// A good token's claims with some members changed or, where the value is empty, left out.
    fn claims(changes: &[(&str, &str)]) -> Option<Result<(), Unacceptable>> {
        let mut members = vec![
            ("exp", "1800000060"),
            ("iss", r#""https://db.example/auth/v1""#),
            ("aud", r#""authenticated""#),
            ("sub", r#""a""#),
        ];
        for change in changes {
            members.retain(|(name, _)| *name != change.0);
            members.push(*change);
        }
        members.retain(|(_, value)| !value.is_empty());
        let text: Vec<String> = members
            .iter()
            .map(|(name, value)| format!(r#""{name}":{value}"#))
            .collect();
        let claims: Claims = serde_json::from_str(&format!("{{{}}}", text.join(","))).ok()?;
        Some(claims.check(&EXPECTED, NOW))
    }

    #[test]
    fn times() {
        for (change, result) in [
            (("exp", "1799999971"), Some(Ok(()))),
            (("exp", "1799999970"), Some(Err(Unacceptable::Expired))),
            (("exp", "0"), Some(Err(Unacceptable::Expired))),
            (("exp", "253402300799"), Some(Ok(()))),
            (("exp", "253402300800"), None),
            (("exp", "18446744073709551615"), None),
            (("exp", "1e400"), None),
            (("exp", "1800000060.0"), None),
            (("exp", "1.8e9"), None),
            (("exp", "-1"), None),
            (("exp", r#""1800000060""#), None),
            (("exp", "null"), None),
            (("exp", "true"), None),
            (("exp", ""), None),
            (("nbf", "1800000030"), Some(Ok(()))),
            (("nbf", "1800000031"), Some(Err(Unacceptable::NotYet))),
            (("nbf", "1.5"), None),
            (("iat", "1800000030"), Some(Ok(()))),
            (("iat", "1800000031"), Some(Err(Unacceptable::NotYet))),
            (("iat", r#""now""#), None),
        ] {
            assert_eq!(claims(&[change]), result, "{change:?}");
        }
    }

    #[test]
    fn the_issuer_is_exact() {
        for issuer in [
            "",
            "5",
            "[\"https://db.example/auth/v1\"]",
            "{}",
            "\"https://db.example/auth/v1/\"",
            "\"HTTPS://db.example/auth/v1\"",
            "\"https://db.example.evil.example/auth/v1\"",
            "\"\"",
        ] {
            let result = claims(&[("iss", issuer)]);
            assert!(!matches!(result, Some(Ok(()))), "{issuer}");
        }
        let claims: Claims =
            serde_json::from_str(r#"{"exp":1800000060,"aud":"authenticated"}"#).unwrap();
        let optional = Expected {
            issuer_optional: true,
            ..EXPECTED
        };
        assert_eq!(claims.check(&optional, NOW), Ok(()));
        assert_eq!(claims.check(&EXPECTED, NOW), Err(Unacceptable::Issuer));
    }

    #[test]
    fn one_audience_has_to_be_ours() {
        for (audience, good) in [
            (r#""authenticated""#, true),
            (r#"["other","authenticated"]"#, true),
            (r#""authenticated ""#, false),
            (r#""other""#, false),
            ("[]", false),
            ("", false),
            ("null", false),
            ("{}", false),
            ("5", false),
            (r#"["authenticated",5]"#, false),
            (
                r#"["1","2","3","4","5","6","7","8","authenticated"]"#,
                false,
            ),
        ] {
            let result = claims(&[("aud", audience)]);
            assert_eq!(matches!(result, Some(Ok(()))), good, "{audience}");
        }
    }

    #[test]
    fn members_are_of_their_type_and_occur_once() {
        for (name, value) in [
            ("sub", "5"),
            ("role", "[]"),
            ("is_anonymous", "\"true\""),
            ("aal", "2"),
            ("email", "{}"),
        ] {
            assert_eq!(claims(&[(name, value)]), None, "{name}");
        }
        for twice in ["exp", "sub", "role", "iss", "aud", "is_anonymous"] {
            let text = format!(r#"{{"exp":1,"{twice}":null,"{twice}":null}}"#);
            assert!(serde_json::from_str::<Claims>(&text).is_err(), "{twice}");
        }
    }
}
