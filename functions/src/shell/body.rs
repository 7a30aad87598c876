//! Bodies that stay streams of the runtime.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

use crate::transport::Unreadable;

/// A body that is either passed on, or read, or given up.
#[derive(Debug)]
pub(crate) struct Stream {
    /// A stream, or what an answer has in place of it if both sides agreed to go on talking.
    body: Option<JsValue>,
    /// Another system's answer holds one of few connections until somebody takes it or says that
    /// nobody will.
    cancel: bool,
}

impl Stream {
    /// A client's.
    pub(super) fn incoming(stream: ReadableStream) -> Self {
        Self {
            body: Some(stream.into()),
            cancel: false,
        }
    }

    /// Another system's.
    pub(super) fn answered(stream: JsValue) -> Self {
        Self {
            body: Some(stream),
            cancel: true,
        }
    }

    /// A conversation.
    pub(super) fn conversation(socket: JsValue) -> Self {
        Self {
            body: Some(socket),
            cancel: false,
        }
    }

    /// What the runtime knows it as.
    pub(super) fn take(mut self) -> Option<JsValue> {
        self.body.take()
    }

    /// Reads it to its end, or until it is longer than `limit`.
    pub(super) async fn read(self, limit: usize) -> Result<Vec<u8>, Unreadable> {
        let Some(stream) = self.take() else {
            return Ok(Vec::new());
        };
        let stream: ReadableStream = stream.dyn_into().map_err(|_| Unreadable::Broken)?;
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        let mut bytes = Vec::new();
        while let Some(chunk) = next(&reader).await? {
            if bytes.len() + chunk.length() as usize > limit {
                // Nobody waits for the rest, nor for how its sender takes it.
                drop(reader.cancel());
                return Err(Unreadable::TooLong);
            }
            bytes.extend(chunk.to_vec());
        }
        Ok(bytes)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let given_up = self.body.take().filter(|_| self.cancel);
        if let Some(stream) = given_up.and_then(|body| body.dyn_into::<ReadableStream>().ok()) {
            drop(stream.cancel());
        }
    }
}

async fn next(reader: &ReadableStreamDefaultReader) -> Result<Option<Uint8Array>, Unreadable> {
    let read = JsFuture::from(reader.read())
        .await
        .map_err(|_| Unreadable::Broken)?;
    let member = |name: &str| Reflect::get(&read, &JsValue::from_str(name));
    if member("done").is_ok_and(|done| done.is_truthy()) {
        return Ok(None);
    }
    let chunk = member("value").map_err(|_| Unreadable::Broken)?;
    chunk.dyn_into().map(Some).map_err(|_| Unreadable::Broken)
}
