//! A world without a database.

use std::cell::Cell;

use countersign_functions::message::Response;
use countersign_functions::transport::{Outgoing, Runtime, Unreachable};
use reqwest::StatusCode;

use crate::runtime::otherwise_native;
use crate::world::World;

/// A world whose database is away: always, or for the one request of this number.
pub(crate) struct Away<'a> {
    world: &'a World,
    only: Option<u32>,
    /// How many requests it was sent.
    pub(crate) asked: Cell<u32>,
}

impl<'a> Away<'a> {
    pub(crate) fn new(world: &'a World, only: Option<u32>) -> Self {
        Self {
            world,
            only,
            asked: Cell::new(0),
        }
    }
}

impl Runtime for Away<'_> {
    otherwise_native!(|this| this.world.native);

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        if outgoing.request.url().path().starts_with("/rest/v1/") {
            self.asked.set(self.asked.get() + 1);
            if self.only.is_none() {
                return Err(Unreachable::Late);
            }
            if self.only == Some(self.asked.get()) {
                return Ok(Response::empty(StatusCode::SERVICE_UNAVAILABLE));
            }
        }
        self.world.native.send(outgoing).await
    }
}
