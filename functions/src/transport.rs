//! The seam between the Worker and the world.
//!
//! Whatever has an effect outside or comes from there passes [`Runtime`]: requests to other
//! systems, signature checks by the platform, the clock, the log. In the Worker it is workerd
//! (`shell`); in the native tests it is what each test wants.

use std::future::Future;
use std::time::Duration;

use crate::caller::keys::Key;
use crate::limit::Limit;
use crate::message::Response;

/// A request to another system, built with `reqwest` (or `postgrest`, which builds with it).
#[derive(Debug)]
pub struct Outgoing<S> {
    /// Everything but a body that streams.
    pub request: reqwest::Request,
    /// A body that streams through; then `request` has none.
    pub upload: Option<S>,
    /// How long until the answer has to begin.
    pub patience: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// It took too long.
    #[error("no answer in time")]
    Late,
    /// There is no connection; the text is for the log.
    #[error("no connection: {0}")]
    Broken(String),
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is longer than it may be.
    #[error("longer than it may be")]
    TooLong,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
}

/// Work that need not keep anybody waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Working through what is in the inbox.
    Inbox,
}

/// The world. Futures need not be `Send`: an isolate has one thread.
pub trait Runtime {
    /// A body that streams.
    type Stream;

    /// Sends a request and waits for its answer to begin. Redirects are answers, never followed.
    fn send(
        &self,
        outgoing: Outgoing<Self::Stream>,
    ) -> impl Future<Output = Result<Response<Self::Stream>, Unreachable>>;

    /// Reads a body to its end, or until it is longer than `limit`.
    fn read(
        &self,
        stream: Self::Stream,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<u8>, Unreadable>>;

    /// Whether `signature` is the key owner's signature of `message`.
    fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> impl Future<Output = bool>;

    /// Counts a request of `key`, and says whether there were not too many. A world that does not
    /// count knows no limit.
    fn within(&self, _limit: Limit, _key: &str) -> impl Future<Output = bool> {
        std::future::ready(true)
    }

    /// Lets others go on for so long. A world in which nobody else waits need not.
    fn pause(&self, _duration: Duration) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    /// Has work done once the answer has gone out. A world that does not is one in which the schedule
    /// does it.
    fn later(&self, _job: Job) {}

    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// Writes a line to the log.
    fn log(&self, line: &str);
}
