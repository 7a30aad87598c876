//! From text to tree.
//!
//! The grammar is in `docs/policy-language.md`. Names fold to lower case unless quoted, as in SQL;
//! `--` starts a comment. After an error the parser goes on at the next statement, so one run
//! reports them all.

mod conditions;
mod format;
mod names;
mod next;
mod parser;
mod spacing;
mod token;
pub mod tree;
mod words;

use crate::diagnostic::Diagnostic;
pub(crate) use conditions::literal_text;
pub use format::{COMMENT_COLUMN, WIDTH, format};
pub use names::{Meaning, Mention, mentions};
pub use next::{Next, Wanted, next};
pub use parser::KEYWORDS;
pub use tree::File;

/// Reads a policy text.
///
/// # Errors
/// Everything that could not be read, in the order of the text.
pub fn parse(source: &str) -> Result<File, Vec<Diagnostic>> {
    parser::Parser::new(source).file()
}
