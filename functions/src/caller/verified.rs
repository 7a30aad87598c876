//! Tokens whose signature held a moment ago.
//!
//! A frontend shows the same token for an hour. What is remembered of it is its SHA-256 digest and
//! what it said, never the token; and only that its signature held: its times, its issuer and its
//! audience are compared at every request, and the key it was verified with has to be the one that
//! [`keys`](super::keys) has under its name now. So nothing is believed longer than without this
//! memory. It is plain values in one isolate, and may vanish at any time.

use std::collections::HashMap;
use std::mem;
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::claims::Claims;
use super::keys::Key;
use super::token::Algorithm;

/// For how long a signature counts as verified. Then it is verified again.
const KEPT_MS: u64 = 5 * 60 * 1_000;
/// How many tokens each of the two generations holds.
const GENERATION: usize = 512;

/// The SHA-256 digest of a token's text. The signature is part of it (11): another signature of the
/// same words is another token, to be verified for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// A token whose signature holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The key's name in its header.
    pub key_id: Option<Rc<str>>,
    /// The key.
    pub key: Rc<Key>,
    /// What it says.
    pub claims: Rc<Claims>,
}

/// The tokens verified last, in two generations: when the younger is full it becomes the older, and
/// what was not asked for since the last time is forgotten.
#[derive(Debug, Default)]
pub struct VerifiedTokens {
    young: HashMap<Digest, Kept>,
    old: HashMap<Digest, Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    verified: Verified,
    at: u64,
}

impl Kept {
    fn counts(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.at) < KEPT_MS
            && self.verified.claims.check_time(now_ms / 1_000).is_ok()
    }
}

impl VerifiedTokens {
    /// What a token said, if it was verified in the last five minutes and its time is not over.
    pub fn find(&mut self, digest: &Digest, now_ms: u64) -> Option<Verified> {
        let kept = match self.young.get(digest) {
            Some(kept) => kept.clone(),
            None => {
                let kept = self.old.remove(digest)?;
                self.insert(*digest, kept.clone());
                kept
            }
        };
        if kept.counts(now_ms) {
            return Some(kept.verified);
        }
        self.forget(digest);
        None
    }

    /// Remembers a token whose time has come and is not over.
    pub fn keep(&mut self, digest: Digest, verified: &Verified, now_ms: u64) {
        let kept = Kept {
            verified: verified.clone(),
            at: now_ms,
        };
        if kept.counts(now_ms) {
            self.insert(digest, kept);
        }
    }

    /// Forgets a token.
    pub fn forget(&mut self, digest: &Digest) {
        self.young.remove(digest);
        self.old.remove(digest);
    }

    fn insert(&mut self, digest: Digest, kept: Kept) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(digest, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn verified(claims: &str) -> Verified {
        Verified {
            algorithm: Algorithm::Hs256,
            key_id: None,
            key: Rc::new(Key::shared(&[1; 32]).unwrap()),
            claims: Rc::new(serde_json::from_str(claims).unwrap()),
        }
    }

    fn ending(exp: u64) -> Verified {
        verified(&format!(r#"{{"exp":{exp}}}"#))
    }

    #[test]
    fn a_token_is_found_for_five_minutes_and_never_behind_its_end() {
        let mut tokens = VerifiedTokens::default();
        let (long, short) = (Digest::of("long"), Digest::of("short"));
        let seconds = NOW / 1_000;
        tokens.keep(long, &ending(seconds + 3_600), NOW);
        tokens.keep(short, &ending(seconds + 10), NOW);
        assert!(tokens.find(&Digest::of("other"), NOW).is_none());
        // 30 seconds of leeway, as for every token.
        assert!(tokens.find(&short, NOW + 39_999).is_some());
        assert!(tokens.find(&short, NOW + 40_000).is_none());
        assert!(tokens.find(&short, NOW).is_none(), "it is forgotten");
        assert!(tokens.find(&long, NOW + KEPT_MS - 1).is_some());
        assert!(
            tokens.find(&long, NOW + KEPT_MS).is_none(),
            "being asked for does not renew it"
        );
    }

    #[test]
    fn a_token_out_of_its_time_is_not_kept() {
        let mut tokens = VerifiedTokens::default();
        let seconds = NOW / 1_000;
        for claims in [
            format!(r#"{{"exp":{}}}"#, seconds - 31),
            format!(r#"{{"exp":{},"nbf":{}}}"#, seconds + 60, seconds + 31),
        ] {
            tokens.keep(Digest::of("a"), &verified(&claims), NOW);
            assert!(tokens.find(&Digest::of("a"), NOW).is_none(), "{claims}");
        }
    }

    #[test]
    fn it_does_not_grow_and_keeps_what_is_asked_for() {
        let mut tokens = VerifiedTokens::default();
        let good = ending(NOW / 1_000 + 3_600);
        let busy = Digest::of("busy");
        tokens.keep(busy, &good, NOW);
        for n in 0..10 * GENERATION {
            tokens.keep(Digest::of(&n.to_string()), &good, NOW);
            assert!(tokens.young.len() + tokens.old.len() <= 2 * GENERATION);
            assert!(tokens.find(&busy, NOW).is_some(), "{n}");
        }
        assert!(tokens.find(&Digest::of("0"), NOW).is_none());
    }

    #[test]
    fn no_token_is_kept() {
        let mut tokens = VerifiedTokens::default();
        let text = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";
        tokens.keep(Digest::of(text), &ending(NOW / 1_000 + 60), NOW);
        let printed = format!("{tokens:?}");
        for part in text.split('.') {
            assert!(!printed.contains(part), "{printed}");
        }
    }
}
