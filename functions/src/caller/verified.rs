//! Tokens whose signature held a moment ago.
//!
//! A frontend shows the same token for an hour. What is remembered of it is a digest and what it
//! said, never the token; and only that its signature held: its times, its issuer and its audience
//! are compared at every request, and the key it was verified with has to be the one that
//! [`keys`](super::keys) has under its name now. So nothing is believed longer than without this
//! memory. It is plain values in one isolate, and may vanish at any time.
//!
//! The digest is SipHash-2-4 of 128 bits under a random key of the isolate's own. Whoever wants a
//! forged token to be taken for a remembered one has to meet one of at most 1,024 digests of a
//! pseudorandom function whose key and values they never see: a chance of one in 2^118 for each
//! token they send. A digest without a key would have to be collision-resistant, and SHA-256 takes
//! several times as long in WebAssembly.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::rc::Rc;

use siphasher::sip128::SipHasher24;

use super::claims::Claims;
use super::keys::Key;
use super::token::Algorithm;

/// For how long a signature counts as verified. Then it is verified again.
const KEPT_MS: u64 = 5 * 60 * 1_000;
/// How many tokens each of the two generations holds.
const GENERATION: usize = 512;

/// The keyed digest of a token's text, of one isolate and for no other. The signature is part of it
/// (11): another signature of the same words is another token, to be verified for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(u128);

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
    /// What the log calls its subject.
    pub log_name: Option<Rc<str>>,
}

/// The tokens verified last, in two generations: when the younger is full it becomes the older, and
/// what was not asked for since the last time is forgotten.
#[derive(Default)]
pub struct VerifiedTokens {
    hasher: Option<SipHasher24>,
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

impl fmt::Debug for VerifiedTokens {
    /// Without the hasher, whose state is its key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens")
            .field("young", &self.young)
            .field("old", &self.old)
            .finish_non_exhaustive()
    }
}

impl VerifiedTokens {
    /// The digest of a token. There is none without randomness for the key: then nothing is
    /// remembered.
    pub fn digest(&mut self, token: &str) -> Option<Digest> {
        let hasher = match &self.hasher {
            Some(hasher) => hasher,
            None => {
                let mut key = [0; 16];
                getrandom::getrandom(&mut key).ok()?;
                self.hasher.insert(SipHasher24::new_with_key(&key))
            }
        };
        Some(Digest(hasher.hash(token.as_bytes()).as_u128()))
    }

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
            log_name: None,
        }
    }

    fn ending(exp: u64) -> Verified {
        verified(&format!(r#"{{"exp":{exp}}}"#))
    }

    #[test]
    fn a_token_is_found_for_five_minutes_and_never_behind_its_end() {
        let mut tokens = VerifiedTokens::default();
        let [long, short, other] =
            ["long", "short", "other"].map(|text| tokens.digest(text).unwrap());
        let seconds = NOW / 1_000;
        tokens.keep(long, &ending(seconds + 3_600), NOW);
        tokens.keep(short, &ending(seconds + 10), NOW);
        assert!(tokens.find(&other, NOW).is_none());
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
        let a = tokens.digest("a").unwrap();
        let seconds = NOW / 1_000;
        for claims in [
            format!(r#"{{"exp":{}}}"#, seconds - 31),
            format!(r#"{{"exp":{},"nbf":{}}}"#, seconds + 60, seconds + 31),
        ] {
            tokens.keep(a, &verified(&claims), NOW);
            assert!(tokens.find(&a, NOW).is_none(), "{claims}");
        }
    }

    #[test]
    fn it_does_not_grow_and_keeps_what_is_asked_for() {
        let mut tokens = VerifiedTokens::default();
        let good = ending(NOW / 1_000 + 3_600);
        let busy = tokens.digest("busy").unwrap();
        let first = tokens.digest("0").unwrap();
        tokens.keep(busy, &good, NOW);
        for n in 0..10 * GENERATION {
            let digest = tokens.digest(&n.to_string()).unwrap();
            tokens.keep(digest, &good, NOW);
            assert!(tokens.young.len() + tokens.old.len() <= 2 * GENERATION);
            assert!(tokens.find(&busy, NOW).is_some(), "{n}");
        }
        assert!(tokens.find(&first, NOW).is_none());
    }

    #[test]
    fn no_token_is_kept() {
        let mut tokens = VerifiedTokens::default();
        let text = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";
        let digest = tokens.digest(text).unwrap();
        tokens.keep(digest, &ending(NOW / 1_000 + 60), NOW);
        let printed = format!("{tokens:?}");
        for part in text.split('.') {
            assert!(!printed.contains(part), "{printed}");
        }
    }

    #[test]
    fn a_digest_is_of_every_character_and_of_one_isolate() {
        let mut tokens = VerifiedTokens::default();
        let text = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";
        let digest = tokens.digest(text);
        assert_eq!(digest, tokens.digest(text));
        for at in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[at] ^= 1;
            assert_ne!(
                digest,
                tokens.digest(&String::from_utf8(other).unwrap()),
                "{at}"
            );
            assert_ne!(digest, tokens.digest(text.split_at(at).0), "{at}");
        }
        assert_ne!(digest, VerifiedTokens::default().digest(text));
    }
}
