//! The one layout of a policy text.
//!
//! What comes out depends on the words, the comments, and where a line was left empty; not on how
//! the text was broken into lines or indented before. Words and comments are never changed, so the
//! meaning cannot change. The rules are in `docs/editors.md`; in short:
//!
//! - lines are at most [`WIDTH`] wide where the words allow it, two spaces a level;
//! - the block of a table has one item a line, any other block stands on one line if it fits;
//! - subjects of one word are padded to the longest of their block; the braces of one-line blocks
//!   that follow each other stand under each other;
//! - actions share a line if they fit and only the last has a condition, which otherwise would seem
//!   to belong to all of them;
//! - a comment behind words stands in column [`COMMENT_COLUMN`], or two spaces behind longer words.
//!
//! The layout knows the language by its punctuation and a few words at which lines break
//! (`pieces`), so that a new construct is laid out before anybody thinks of it here.

mod layout;
mod page;
mod pieces;
mod word;

use crate::diagnostic::Diagnostic;

/// The longest line, in characters.
pub const WIDTH: usize = 100;

/// Where a comment behind words stands, counted from 0.
pub const COMMENT_COLUMN: usize = 49;

/// Lays out a policy text.
///
/// # Errors
/// Everything that could not be read, if the text does not parse.
pub fn format(source: &str) -> Result<String, Vec<Diagnostic>> {
    super::parse(source)?;
    let words = word::words(source);
    Ok(layout::file(&words))
}
