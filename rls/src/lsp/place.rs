//! Places: the protocol counts lines and UTF-16 units, the compiler bytes.

use lsp_types::{Position, Range};
use policy_core::diagnostic::Span;

/// A byte's place. Beyond the end of the text it is the end; within a character its start.
pub(super) fn position(text: &str, byte: usize) -> Position {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = text.get(..byte).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Position {
        line: number(before.matches('\n').count()),
        character: number(line.encode_utf16().count()),
    }
}

/// A stretch's places.
pub(super) fn range(text: &str, span: Span) -> Range {
    Range {
        start: position(text, span.start),
        end: position(text, span.end),
    }
}

/// A place's byte. Beyond the end of a line it is that end, beyond the last line the end of the
/// text, and within a character its start.
pub(super) fn byte(text: &str, position: Position) -> usize {
    let mut start = 0;
    let mut lines = text.split_inclusive('\n');
    for _ in 0..position.line {
        match lines.next() {
            Some(line) => start += line.len(),
            None => return text.len(),
        }
    }
    let line = lines.next().unwrap_or_default();
    let line = line.trim_end_matches(['\n', '\r']);
    let mut units = position.character;
    for (index, character) in line.char_indices() {
        let width = number(character.len_utf16());
        if units < width {
            return start + index;
        }
        units -= width;
    }
    start + line.len()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_utf_16_units() {
        let text = "-- 😀é\r\nапп x;\n";
        for (at, _) in text.char_indices() {
            let place = position(text, at);
            // A line's break belongs to its end.
            if !matches!(text.as_bytes()[at], b'\n') {
                assert_eq!(byte(text, place), at, "{place:?}");
            }
        }
        assert_eq!(position(text, text.find('é').unwrap()).character, 5);
        assert_eq!(byte(text, Position::new(0, 4)), text.find('😀').unwrap());
        assert_eq!(byte(text, Position::new(0, 99)), text.find('\r').unwrap());
        assert_eq!(byte(text, Position::new(9, 0)), text.len());
        assert_eq!(position(text, 4), position(text, 3));
        assert_eq!(position(text, 999), Position::new(2, 0));
    }
}
