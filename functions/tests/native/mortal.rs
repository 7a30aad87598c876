//! A world that ends when it is told to.

use std::cell::Cell;
use std::future::pending;

use countersign_functions::message::Response;
use countersign_functions::transport::{Outgoing, Runtime, Unreachable};
use reqwest::Method;

use crate::runtime::{Native, otherwise_native};

/// On which side of a request the world ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Nobody gets it.
    Before,
    /// It is done, and nobody gets the answer.
    After,
}

/// At which request the world ends. Not every run sends as many as the last one: a provider may ask for
/// patience and be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// The one of this number, counted from 1.
    Number(u32),
    /// The first that writes to HubSpot.
    Write,
}

impl At {
    fn is(self, number: u32, request: &reqwest::Request) -> bool {
        match self {
            Self::Number(wanted) => wanted == number,
            Self::Write => {
                request.method() == Method::PATCH && request.url().path().contains("/crm/")
            }
        }
    }
}

/// Where a world may end: both sides of each request, from the first on. Whoever goes through them stops
/// at the first world that has not ended.
pub(crate) fn ends() -> impl Iterator<Item = (u32, Side)> {
    (1..).flat_map(|number| [Side::Before, Side::After].map(|side| (number, side)))
}

/// The world until its end.
pub(crate) struct Mortal<'a> {
    native: &'a Native,
    /// How many requests were sent, to the database and to others.
    sent: Cell<u32>,
    end: Option<(At, Side)>,
    ended: Cell<bool>,
}

impl<'a> Mortal<'a> {
    pub(crate) fn new(native: &'a Native, end: Option<(At, Side)>) -> Self {
        Self {
            native,
            sent: Cell::new(0),
            end,
            ended: Cell::new(false),
        }
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended.get()
    }

    async fn end<T>(&self) -> T {
        self.ended.set(true);
        pending().await
    }
}

impl Runtime for Mortal<'_> {
    otherwise_native!(|this| this.native);

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let number = self.sent.get() + 1;
        self.sent.set(number);
        let ends = self.end.filter(|(at, _)| at.is(number, &outgoing.request));
        let ends = ends.map(|(_, side)| side);
        if ends == Some(Side::Before) {
            return self.end().await;
        }
        let answer = self.native.send(outgoing).await;
        if ends == Some(Side::After) {
            return self.end().await;
        }
        answer
    }
}
