//! Headers across the boundary: all of them as one text of JSON. A call into JavaScript costs more
//! than what it does, and each header by itself would take several.

use js_sys::{Array, JSON};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use wasm_bindgen::JsValue;

/// What can be read; the runtime has joined repeated ones with a comma. A value outside ASCII is no
/// value that anything here looks at or sends on.
pub(super) fn read(headers: &web_sys::Headers) -> HeaderMap {
    let pairs = Array::from(headers.as_ref());
    let text = JSON::stringify(&pairs)
        .map(String::from)
        .unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_json::from_str(&text).unwrap_or_default();
    let pairs = pairs.into_iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&value).ok()?))
    });
    pairs.collect()
}

/// The names and values, as the platform's `HeadersInit`.
pub(super) fn pairs(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let pairs = headers.iter();
    let pairs = pairs.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    pairs.collect()
}

/// A `RequestInit` or a `ResponseInit`.
pub(super) fn init(init: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(init).map_err(|error| error.to_string())?;
    JSON::parse(&text)
}
