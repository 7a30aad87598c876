//! What an isolate keeps between requests: settings, policies, and caches of plain values that may
//! vanish at any time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::caller::keys::{Key, KeyCache, Lookup, PATIENCE_MS, Published, parse_set};
use crate::caller::token::Algorithm;
use crate::caller::verified::VerifiedTokens;
use crate::config::Config;
use crate::membership::MembershipCache;
use crate::message::Body;
use crate::policies::Policies;
use crate::problem::Problem;
use crate::transport::{Outgoing, Runtime};

const KEYS_PATIENCE: Duration = Duration::from_millis(PATIENCE_MS);
/// The time between two looks for keys that others are fetching, and how many looks there are.
const PAUSE: Duration = Duration::from_millis(25);
const LOOKS: u64 = PATIENCE_MS / 25;
const LARGEST_KEY_SET: usize = 64 * 1024;

/// The Worker between requests.
#[derive(Debug)]
pub struct Edge {
    /// The settings.
    pub config: Config,
    /// The policies.
    pub policies: Policies,
    /// The secret that PostgREST shares, as a key.
    pub shared_key: Option<Rc<Key>>,
    /// The published keys.
    pub keys: RefCell<KeyCache>,
    /// The tokens that were verified a moment ago.
    pub tokens: RefCell<VerifiedTokens>,
    /// Who belongs to what, as of a moment ago.
    pub memberships: RefCell<MembershipCache>,
    /// The run after an answer that is under way.
    pub turn: Turn,
}

/// Runs after answers take turns within an isolate: one that finds another at it leaves its work to
/// that one, which would take it anyway.
#[derive(Debug, Default)]
pub struct Turn {
    /// When the one that is at it must have ended, in milliseconds since the epoch.
    ends_ms: Cell<u64>,
    /// Whether there was another one since it looked last.
    asked: Cell<bool>,
}

impl Turn {
    /// Whether it is the caller's turn, until then at most. If not, whoever has it is told.
    #[must_use]
    pub fn begin(&self, now_ms: u64, until_ms: u64) -> bool {
        if now_ms < self.ends_ms.get() {
            self.asked.set(true);
            return false;
        }
        self.asked.set(false);
        self.ends_ms.set(until_ms);
        true
    }

    /// Whether to look once more, since another came. If not, the turn is over.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        let asked = self.asked.take();
        if !asked {
            self.end();
        }
        asked
    }

    /// It is over.
    pub fn end(&self) {
        self.ends_ms.set(0);
    }
}

impl Edge {
    /// A Worker that has not seen a request yet.
    #[must_use]
    pub fn new(config: Config, policies: Policies) -> Self {
        let secret = config.jwt_secret.as_ref();
        let shared_key = secret.and_then(|secret| Key::shared(secret.expose().as_bytes()));
        let keys = KeyCache::new(config.keys_max_age);
        Self {
            config,
            policies,
            shared_key: shared_key.map(Rc::new),
            keys: RefCell::new(keys),
            tokens: RefCell::default(),
            memberships: RefCell::default(),
            turn: Turn::default(),
        }
    }

    /// The key of this algorithm and name.
    pub(crate) async fn key_for<R: Runtime>(
        &self,
        runtime: &R,
        algorithm: Algorithm,
        id: Option<&str>,
    ) -> Result<Rc<Key>, Problem> {
        if algorithm == Algorithm::Hs256 {
            return self.shared_key.clone().ok_or_else(|| {
                Problem::unauthorized("HS256 tokens are not accepted").hint(
                    "set SUPABASE_JWT_SECRET, or sign in with a project that has asymmetric keys",
                )
            });
        }
        let unavailable = || Problem::unavailable("the keys of the tokens cannot be read now");
        for _ in 0..LOOKS {
            let now = runtime.now_ms();
            let lookup = self.keys.borrow_mut().find(algorithm, id, now);
            match lookup {
                Lookup::Key(key) => return Ok(key),
                Lookup::Unknown => {
                    return Err(Problem::unauthorized("the token's key is not known"));
                }
                Lookup::Unavailable => return Err(unavailable()),
                Lookup::Wait => runtime.pause(PAUSE).await,
                Lookup::Fetch => {
                    let fetched = self.fetch_keys(runtime).await;
                    let mut keys = self.keys.borrow_mut();
                    keys.fetched(fetched, id, runtime.now_ms());
                }
            }
        }
        Err(unavailable())
    }

    async fn fetch_keys<R: Runtime>(&self, runtime: &R) -> Option<Vec<Published>> {
        let request = reqwest::Request::new(Method::GET, self.config.jwks.clone());
        let outgoing = Outgoing {
            request,
            upload: None,
            patience: KEYS_PATIENCE,
        };
        let response = runtime.send(outgoing).await.ok()?;
        if response.status != StatusCode::OK {
            return None;
        }
        let json = match response.body {
            Body::Stream(stream) => runtime.read(stream, LARGEST_KEY_SET).await.ok()?,
            Body::Bytes(bytes) => bytes,
            Body::Empty => return None,
        };
        let mut set = parse_set(&json)?;
        let revoked = &self.config.revoked_keys;
        set.retain(|key| !revoked.iter().any(|revoked| key.id() == Some(revoked)));
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_one_at_a_time_and_nobody_who_came_is_forgotten() {
        let turn = Turn::default();
        assert!(turn.begin(1_000, 2_000));
        assert!(!turn.begin(1_500, 2_500));
        assert!(turn.goes_on(), "for the one that came");
        assert!(!turn.goes_on());
        assert!(turn.begin(1_600, 2_600));
        // Whoever died in their turn loses it.
        assert!(turn.begin(2_600, 3_600));
    }
}
