//! The keys that tokens are verified with, and where the published ones come from.

mod rsa;

use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::token::{Algorithm, Present, is_key_id};
use crate::secret::SecretBytes;

/// The shortest secret that HS256 may be used with (RFC 7518, section 3.2).
pub(crate) const SHORTEST_SECRET: usize = 32;
/// How many bytes a coordinate on P-256 has (RFC 7518, section 6.2.1.2).
const COORDINATE: usize = 32;

/// The most keys that are read of a published set.
const MOST_KEYS: usize = 32;
/// The longest time between two requests for the set, whatever callers send.
const COOLDOWN_MS: u64 = 30 * 1_000;
/// How many times its age at which it is fetched anew a set is used when no newer one is to be had.
const USABLE: u64 = 6;
/// How many requests may fetch the set at once. One cannot await another's fetch on Workers, but it
/// can look again in a moment.
const MOST_AT_ONCE: usize = 8;
/// For how long a fetch may be under way.
pub(crate) const PATIENCE_MS: u64 = 5 * 1_000;
/// For how long a name that is not in the set is not asked for again.
const UNKNOWN_MS: u64 = 60 * 1_000;
/// How many such names are kept.
const MOST_UNKNOWN: usize = 64;

/// A key with its algorithm: a key is never used with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A point on P-256, its coordinates in base64url.
    Es256 {
        /// The first coordinate.
        x: String,
        /// The second coordinate.
        y: String,
    },
    /// A shared secret.
    Hs256(SecretBytes),
    /// An RSA key, its numbers in base64url.
    Rs256 {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
}

impl Key {
    /// A shared secret; `None` if it is too short to be one.
    #[must_use]
    pub fn shared(secret: &[u8]) -> Option<Self> {
        (secret.len() >= SHORTEST_SECRET).then(|| Self::Hs256(SecretBytes::new(secret)))
    }

    /// The algorithm it is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256 { .. } => Algorithm::Es256,
            Self::Hs256(_) => Algorithm::Hs256,
            Self::Rs256 { .. } => Algorithm::Rs256,
        }
    }
}

/// A key and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    id: Option<String>,
    key: Rc<Key>,
}

/// Reads a JSON Web Key Set. A key that is not for verifying ES256 or RS256 is read over, a shared
/// secret in a public place above all (2).
#[must_use]
pub fn parse_set(json: &[u8]) -> Option<Vec<Published>> {
    #[derive(Deserialize)]
    struct Set<'a> {
        #[serde(borrow)]
        keys: Vec<&'a RawValue>,
    }
    let set: Set<'_> = serde_json::from_slice(json).ok()?;
    (set.keys.len() <= MOST_KEYS).then(|| {
        set.keys
            .iter()
            .filter_map(|key| published(key.get()))
            .collect()
    })
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(default)]
    d: Present,
}

/// Everything that a key says of itself has to agree. One that is published with its private part
/// is everybody's.
fn published(json: &str) -> Option<Published> {
    let jwk: Jwk = serde_json::from_str(json).ok()?;
    let verifies = jwk.purpose.is_none_or(|purpose| purpose == "sig")
        && jwk
            .key_ops
            .is_none_or(|operations| operations.iter().any(|o| o == "verify"))
        && jwk.kid.as_deref().is_none_or(is_key_id)
        && !jwk.d.0;
    if !verifies {
        return None;
    }
    let alg = |name| jwk.alg.as_deref().is_none_or(|alg| alg == name);
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("EC", Some("P-256")) if alg("ES256") => Key::Es256 {
            x: coordinate(jwk.x?)?,
            y: coordinate(jwk.y?)?,
        },
        ("RSA", None) if alg("RS256") => {
            let (n, e) = (jwk.n?, jwk.e?);
            rsa::is_sound(&n, &e).then_some(Key::Rs256 { n, e })?
        }
        _ => return None,
    };
    Some(Published {
        id: jwk.kid,
        key: Rc::new(key),
    })
}

/// A number of the field's full length. That the point is on the curve is WebCrypto's to check.
fn coordinate(text: String) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(&text).ok()?;
    (bytes.len() == COORDINATE).then_some(text)
}

/// The published keys as they were last seen, and when to look again.
#[derive(Debug)]
pub struct KeyCache {
    /// For how long a set counts as fresh.
    fresh_ms: u64,
    set: Vec<Published>,
    /// When the set was fetched.
    fetched: Option<u64>,
    /// When a fetch last ended, well or not.
    tried: Option<u64>,
    /// When the fetches began that have not ended. One that nobody waits for any more never does.
    under_way: Vec<u64>,
    unknown: Vec<(String, u64)>,
}

/// What the cache says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// This key.
    Key(Rc<Key>),
    /// No such key.
    Unknown,
    /// Fetch the set, tell the cache how it went, and ask again.
    Fetch,
    /// There is no set, and it is too early to try again.
    Unavailable,
    /// Enough others are fetching the set: ask again in a moment.
    Wait,
}

impl KeyCache {
    /// An empty cache whose sets are fresh for so long.
    #[must_use]
    pub fn new(fresh: Duration) -> Self {
        Self {
            fresh_ms: u64::try_from(fresh.as_millis()).unwrap_or(u64::MAX),
            set: Vec::new(),
            fetched: None,
            tried: None,
            under_way: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Looks for a key. After [`Lookup::Fetch`] the cache expects to be told how it went.
    pub fn find(&mut self, algorithm: Algorithm, id: Option<&str>, now: u64) -> Lookup {
        let since = |at: u64| now.saturating_sub(at);
        self.under_way.retain(|at| since(*at) <= PATIENCE_MS);
        let cooldown = COOLDOWN_MS.min(self.fresh_ms);
        let cooling = self.tried.is_some_and(|at| since(at) < cooldown);
        let age = self.fetched.map_or(u64::MAX, since);
        let fresh = age < self.fresh_ms;
        let usable = fresh || age < self.fresh_ms.saturating_mul(USABLE);
        let found = usable.then(|| self.candidate(algorithm, id)).flatten();
        match found {
            Some(key) if fresh || cooling || !self.under_way.is_empty() => Lookup::Key(key),
            None if fresh && self.is_known_unknown(id, now) => Lookup::Unknown,
            None if cooling && usable => Lookup::Unknown,
            None if cooling => Lookup::Unavailable,
            None if self.under_way.len() >= MOST_AT_ONCE => Lookup::Wait,
            _ => {
                self.under_way.push(now);
                Lookup::Fetch
            }
        }
    }

    /// The one key that fits; two are as bad as none.
    fn candidate(&self, algorithm: Algorithm, id: Option<&str>) -> Option<Rc<Key>> {
        let mut fitting = self.set.iter().filter(|published| {
            published.key.algorithm() == algorithm
                && (id.is_none() || published.id.as_deref() == id)
        });
        let key = Rc::clone(&fitting.next()?.key);
        fitting.next().is_none().then_some(key)
    }

    fn is_known_unknown(&self, id: Option<&str>, now: u64) -> bool {
        let id = id.unwrap_or_default();
        self.unknown
            .iter()
            .any(|(known, at)| known == id && now.saturating_sub(*at) < UNKNOWN_MS)
    }

    /// Takes in what a fetch brought, `None` if it failed. `wanted` is the name it was for.
    pub fn fetched(&mut self, set: Option<Vec<Published>>, wanted: Option<&str>, now: u64) {
        self.tried = Some(now);
        self.under_way.pop();
        let Some(set) = set else { return };
        if self.set != set {
            self.set = set;
        }
        self.fetched = Some(now);
        let wanted = wanted.unwrap_or_default();
        if !self
            .set
            .iter()
            .any(|published| published.id.as_deref() == Some(wanted))
        {
            self.unknown
                .retain(|(_, at)| now.saturating_sub(*at) < UNKNOWN_MS);
            if self.unknown.len() < MOST_UNKNOWN {
                self.unknown.push((wanted.to_owned(), now));
            }
        }
    }
}

impl Published {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = r#""kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA""#;

    const EC_SHORT: &str = r#"{"kty":"EC","crv":"P-256","x":"eA","y":"eQ"}"#;

    fn modulus() -> String {
        URL_SAFE_NO_PAD.encode([0xbf; 256])
    }

    fn set(keys: &[String]) -> Vec<Published> {
        parse_set(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
    }

    fn ec(id: &str) -> String {
        format!(r#"{{{EC},"kid":"{id}"}}"#)
    }

    #[test]
    fn what_a_key_says_of_itself_has_to_agree() {
        let n = modulus();
        for (jwk, good) in [
            (format!("{{{EC}}}"), true),
            (
                format!(r#"{{{EC},"alg":"ES256","use":"sig","key_ops":["verify"]}}"#),
                true,
            ),
            (format!(r#"{{{EC},"alg":"HS256"}}"#), false),
            (format!(r#"{{{EC},"alg":"RS256"}}"#), false),
            (format!(r#"{{{EC},"use":"enc"}}"#), false),
            (format!(r#"{{{EC},"key_ops":["sign"]}}"#), false),
            (format!(r#"{{{EC},"kid":"a","kid":"b"}}"#), false),
            (format!(r#"{{{EC},"kid":"a b"}}"#), false),
            (format!(r#"{{{EC},"d":"AA"}}"#), false),
            (EC_SHORT.to_owned(), false),
            (
                r#"{"kty":"EC","crv":"P-384","x":"eA","y":"eQ"}"#.to_owned(),
                false,
            ),
            (r#"{"kty":"EC","crv":"P-256","x":"eA"}"#.to_owned(), false),
            (
                r#"{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}"#.to_owned(),
                false,
            ),
            (
                r#"{"kty":"OKP","crv":"Ed25519","x":"eA"}"#.to_owned(),
                false,
            ),
            (format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#), true),
            (
                format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB","alg":"PS256"}}"#),
                false,
            ),
            (r#"{"kty":"RSA","n":"short","e":"AQAB"}"#.to_owned(), false),
            ("5".to_owned(), false),
        ] {
            assert_eq!(set(std::slice::from_ref(&jwk)).len() == 1, good, "{jwk}");
        }
    }

    #[test]
    fn a_set_is_an_object_with_a_few_keys() {
        assert!(parse_set(b"[]").is_none());
        assert!(parse_set(b"{}").is_none());
        assert!(parse_set(b"<html>").is_none());
        let many = vec![ec("k"); 33];
        assert!(parse_set(format!(r#"{{"keys":[{}]}}"#, many.join(",")).as_bytes()).is_none());
    }

    const FRESH: Duration = Duration::from_secs(600);
    const FRESH_MS: u64 = 600_000;
    const USABLE_MS: u64 = 3_600_000;

    /// A cache that got this set at second zero.
    fn cache(keys: &[String]) -> KeyCache {
        let mut cache = KeyCache::new(FRESH);
        assert_eq!(find(&mut cache, "any", 0), Lookup::Fetch);
        cache.fetched(Some(set(keys)), None, 0);
        cache
    }

    fn find(cache: &mut KeyCache, id: &str, now: u64) -> Lookup {
        cache.find(Algorithm::Es256, Some(id), now)
    }

    fn is_key(lookup: &Lookup) -> bool {
        matches!(lookup, Lookup::Key(_))
    }

    #[test]
    fn exactly_one_key_has_to_fit() {
        let mut cache = cache(&[ec("a"), ec("twice"), ec("twice")]);
        assert!(is_key(&find(&mut cache, "a", 1)));
        for (algorithm, id) in [
            (Algorithm::Es256, Some("twice")),
            (Algorithm::Es256, None),
            (Algorithm::Rs256, Some("a")),
            (Algorithm::Hs256, Some("a")),
        ] {
            let found = cache.find(algorithm, id, 1);
            assert_eq!(found, Lookup::Unknown, "{algorithm:?} {id:?}");
        }
    }

    #[test]
    fn unknown_names_do_not_make_it_fetch_all_the_time() {
        let mut cache = cache(&[ec("a")]);
        let cache = &mut cache;
        assert_eq!(find(cache, "b", 1), Lookup::Unknown, "within the cooldown");
        assert_eq!(
            find(cache, "b", COOLDOWN_MS),
            Lookup::Fetch,
            "it may be new"
        );
        cache.fetched(Some(set(&[ec("a")])), Some("b"), COOLDOWN_MS);
        let later = 2 * COOLDOWN_MS + 1;
        assert_eq!(
            find(cache, "b", later),
            Lookup::Unknown,
            "asked for a moment ago"
        );
        assert_eq!(find(cache, "c", later), Lookup::Fetch);
        cache.fetched(Some(set(&[ec("a")])), Some("c"), later);
        let later = later + COOLDOWN_MS;
        assert_eq!(
            find(cache, "b", later.max(COOLDOWN_MS + UNKNOWN_MS)),
            Lookup::Fetch
        );
    }

    #[test]
    fn a_flood_fetches_a_few_times_at_once_and_then_not_for_half_a_minute() {
        // Nobody is answered yet while all of them ask.
        let mut cold = KeyCache::new(FRESH);
        let mut warm = cache(&[ec("a")]);
        for cache in [&mut cold, &mut warm] {
            let now = COOLDOWN_MS;
            let ask = |cache: &mut KeyCache, from: usize| -> Vec<Lookup> {
                (from..from + 100)
                    .map(|n| find(cache, &format!("flood-{n}"), now))
                    .collect()
            };
            let answers = ask(cache, 0);
            let (fetches, rest) = answers.split_at(MOST_AT_ONCE);
            assert!(fetches.iter().all(|answer| *answer == Lookup::Fetch));
            assert!(
                rest.iter().all(|answer| *answer == Lookup::Wait),
                "{rest:?}"
            );
            cache.fetched(Some(set(&[ec("a")])), Some("flood-0"), now);
            let answers = ask(cache, 0);
            assert!(answers.iter().all(|answer| *answer == Lookup::Unknown));
            assert!(is_key(&find(cache, "a", now)));
        }
    }

    #[test]
    fn the_names_that_nobody_has_are_bounded() {
        let mut cache = cache(&[ec("a")]);
        for n in 0..1_000 {
            let (id, now) = (format!("flood-{n}"), n * 50);
            cache.fetched(Some(set(&[ec("a")])), Some(&id), now);
            assert!(cache.unknown.len() <= MOST_UNKNOWN);
        }
    }

    #[test]
    fn fetches_that_never_end_do_not_bar_the_way() {
        let mut cache = KeyCache::new(FRESH);
        for _ in 0..MOST_AT_ONCE {
            assert_eq!(find(&mut cache, "a", 0), Lookup::Fetch);
        }
        assert_eq!(find(&mut cache, "a", PATIENCE_MS), Lookup::Wait);
        assert_eq!(find(&mut cache, "a", PATIENCE_MS + 1), Lookup::Fetch);
    }

    #[test]
    fn a_key_is_replaced_and_removed_when_the_set_says_so() {
        let mut cache = cache(&[ec("old")]);
        let cache = &mut cache;
        let now = COOLDOWN_MS;
        assert_eq!(find(cache, "new", now), Lookup::Fetch);
        cache.fetched(Some(set(&[ec("new")])), Some("new"), now);
        assert!(is_key(&find(cache, "new", now)));
        assert_eq!(find(cache, "old", now), Lookup::Unknown);
    }

    #[test]
    fn whoever_asks_during_a_fetch_gets_the_key_as_it_was() {
        let mut cache = cache(&[ec("a")]);
        assert_eq!(find(&mut cache, "a", FRESH_MS), Lookup::Fetch);
        assert!(is_key(&find(&mut cache, "a", FRESH_MS)));
    }

    #[test]
    fn an_outage_is_bridged_for_an_hour() {
        let mut cache = KeyCache::new(FRESH);
        let cache = &mut cache;
        assert_eq!(find(cache, "a", 0), Lookup::Fetch);
        cache.fetched(None, Some("a"), 0);
        assert_eq!(find(cache, "a", 1), Lookup::Unavailable);
        assert_eq!(find(cache, "a", COOLDOWN_MS), Lookup::Fetch);
        cache.fetched(Some(set(&[ec("a")])), Some("a"), 0);
        assert!(is_key(&find(cache, "a", FRESH_MS - 1)));
        assert_eq!(find(cache, "a", FRESH_MS), Lookup::Fetch);
        cache.fetched(None, Some("a"), FRESH_MS);
        assert!(is_key(&find(cache, "a", FRESH_MS + 1)));
        assert_eq!(find(cache, "b", FRESH_MS + 1), Lookup::Unknown);
        assert_eq!(
            find(cache, "a", FRESH_MS + COOLDOWN_MS),
            Lookup::Fetch,
            "it tries again"
        );
        cache.fetched(None, Some("a"), USABLE_MS);
        assert_eq!(find(cache, "a", USABLE_MS + 1), Lookup::Unavailable);
    }

    #[test]
    fn a_shorter_life_shortens_everything() {
        let mut cache = KeyCache::new(Duration::from_secs(2));
        let cache = &mut cache;
        assert_eq!(find(cache, "a", 0), Lookup::Fetch);
        cache.fetched(Some(set(&[ec("a")])), Some("a"), 0);
        assert!(is_key(&find(cache, "a", 1_999)));
        assert_eq!(find(cache, "b", 1_999), Lookup::Unknown);
        assert_eq!(find(cache, "b", 2_000), Lookup::Fetch);
        cache.fetched(None, Some("b"), 11_999);
        assert!(is_key(&find(cache, "a", 11_999)));
        assert_eq!(find(cache, "a", 12_000), Lookup::Unavailable);
    }
}
