//! What `entry.js` does for this program: it takes requests out and answers in. A call into JavaScript
//! costs more than what it does, so everything of one crosses at once, as a text of lines.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::transport::Unreachable;

#[wasm_bindgen]
extern "C" {
    /// An event that is under way.
    #[derive(Clone, Debug)]
    pub type Event;

    #[wasm_bindgen(method)]
    fn send(this: &Event, text: &str, body: &JsValue, patience_ms: u32) -> u32;

    /// Answers a request: headers as [`super::headers::written`] has them, and a stream, bytes or nothing.
    #[wasm_bindgen(method)]
    pub(super) fn answer(this: &Event, status: u16, headers: &str, body: &JsValue);

    /// Keeps the isolate at work after the answer.
    #[wasm_bindgen(method)]
    pub(super) fn later(this: &Event, work: &Promise);

    /// Ends an event that has no answer.
    #[wasm_bindgen(method)]
    pub(super) fn end(this: &Event);

    /// Writes a line to the log.
    #[wasm_bindgen(js_namespace = console)]
    pub(super) fn log(line: &str);
}

/// What came back of a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: String,
    /// A stream, or the other side of a conversation.
    pub(super) body: Option<JsValue>,
}

#[derive(Debug)]
enum Sent {
    Waits(Option<Waker>),
    Told(Result<Answer, Unreachable>),
}

thread_local! {
    /// The requests that are under way, by the number that `entry.js` gave them.
    static SENT: RefCell<BTreeMap<u32, Sent>> = const { RefCell::new(BTreeMap::new()) };
}

/// Sends a request: its method, its address and its headers, as lines.
pub(super) fn send(event: &Event, text: &str, body: &JsValue, patience_ms: u32) -> Waiting {
    let id = event.send(text, body, patience_ms);
    SENT.with_borrow_mut(|sent| sent.insert(id, Sent::Waits(None)));
    Waiting { id }
}

/// A request's answer, or why there is none.
#[derive(Debug)]
pub(super) struct Waiting {
    id: u32,
}

impl Future for Waiting {
    type Output = Result<Answer, Unreachable>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        SENT.with_borrow_mut(|sent| match sent.remove(&self.id) {
            Some(Sent::Told(told)) => Poll::Ready(told),
            _ => {
                let waker = context.waker().clone();
                sent.insert(self.id, Sent::Waits(Some(waker)));
                Poll::Pending
            }
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        SENT.with_borrow_mut(|sent| sent.remove(&self.id));
    }
}

/// Takes the answer to a request, or says that nobody waits for it.
#[wasm_bindgen]
pub fn answered(id: u32, status: u16, headers: String, body: Option<JsValue>) -> bool {
    tell(
        id,
        Ok(Answer {
            status,
            headers,
            body,
        }),
    )
}

/// Takes it that a request has no answer: why, or that it took too long.
#[wasm_bindgen]
pub fn unanswered(id: u32, why: Option<String>) {
    tell(id, Err(why.map_or(Unreachable::Late, Unreachable::Broken)));
}

fn tell(id: u32, told: Result<Answer, Unreachable>) -> bool {
    let before = SENT.with_borrow_mut(|sent| {
        let waits = sent.get_mut(&id)?;
        Some(std::mem::replace(waits, Sent::Told(told)))
    });
    if let Some(Sent::Waits(Some(waker))) = &before {
        waker.wake_by_ref();
    }
    before.is_some()
}
