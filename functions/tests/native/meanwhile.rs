//! A world in which something happens while a request is under way.

use std::cell::Cell;
use std::time::Duration;

use countersign_functions::caller::keys::Key;
use countersign_functions::message::Response;
use countersign_functions::transport::{Outgoing, Runtime, Unreachable, Unreadable};

use crate::runtime::Native;

/// Before the first request whose path has a text in it, something else is done.
pub(crate) struct Meanwhile<'a, F> {
    native: &'a Native,
    before: &'static str,
    other: F,
    happened: Cell<bool>,
}

impl<'a, F: AsyncFn()> Meanwhile<'a, F> {
    pub(crate) fn new(native: &'a Native, before: &'static str, other: F) -> Self {
        Self {
            native,
            before,
            other,
            happened: Cell::new(false),
        }
    }

    pub(crate) fn happened(&self) -> bool {
        self.happened.get()
    }
}

impl<F: AsyncFn()> Runtime for Meanwhile<'_, F> {
    type Stream = Vec<u8>;

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let path = outgoing.request.url().path();
        if path.contains(self.before) && !self.happened.replace(true) {
            (self.other)().await;
        }
        self.native.send(outgoing).await
    }

    async fn read(&self, stream: Vec<u8>, limit: usize) -> Result<Vec<u8>, Unreadable> {
        self.native.read(stream, limit).await
    }

    async fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        self.native.verify(key, message, signature).await
    }

    async fn pause(&self, duration: Duration) {
        self.native.pause(duration).await;
    }

    fn now_ms(&self) -> u64 {
        self.native.now_ms()
    }

    fn log(&self, _: &str) {}
}
