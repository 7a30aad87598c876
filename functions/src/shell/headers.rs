//! Headers across the boundary: names and values in turn, each on a line. Neither can hold the end of
//! one: the runtime and [`HeaderValue`] both refuse that.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// Room for as many at first.
const USUAL: usize = 24;

/// What can be read; the runtime has joined repeated ones with a comma. A value outside ASCII is no
/// value that anything here looks at or sends on.
pub(super) fn read<'a>(mut lines: impl Iterator<Item = &'a str>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(USUAL);
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The other way, behind what the text is to begin with.
pub(super) fn written(begins: &[&str], headers: &HeaderMap) -> String {
    let begun: usize = begins.iter().map(|part| part.len()).sum();
    let lines = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 2);
    // One allocation, where growing would take several.
    let mut text = String::with_capacity(begun + lines.sum::<usize>());
    text.extend(begins.iter().copied());
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            text.push_str(name.as_str());
            text.push('\n');
            text.push_str(value);
            text.push('\n');
        }
    }
    text
}
