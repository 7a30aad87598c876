//! A world in which something happens while a request is under way.

use std::cell::Cell;

use countersign_functions::message::Response;
use countersign_functions::transport::{Outgoing, Runtime, Unreachable};

use crate::runtime::{Native, otherwise_native};

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
    otherwise_native!(|this| this.native);

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let path = outgoing.request.url().path();
        if path.contains(self.before) && !self.happened.replace(true) {
            (self.other)().await;
        }
        self.native.send(outgoing).await
    }
}
