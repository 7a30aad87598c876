//! A text as words that carry their comments.

use crate::syntax::spacing::glued;
use crate::syntax::token::{Token, tokens};

/// A word with what stood around it that is not a word.
#[derive(Debug)]
pub(super) struct Word<'s> {
    pub(super) token: Token,
    /// As written.
    pub(super) text: &'s str,
    /// Comments on lines of their own before it.
    pub(super) before: Vec<Comment<'s>>,
    /// Whether a line was left empty before it, behind those comments.
    pub(super) blank: bool,
    /// The comment behind it on its line, and the lines that go on below in the same column.
    pub(super) after: Vec<&'s str>,
    /// Whether it follows the previous word without a space.
    pub(super) glued: bool,
}

/// A comment on a line of its own.
#[derive(Debug)]
pub(super) struct Comment<'s> {
    pub(super) text: &'s str,
    /// Whether a line was left empty before it.
    pub(super) blank: bool,
}

impl Word<'_> {
    /// Whether it is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.token == Token::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is one of these keywords.
    pub(super) fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// In characters, the space before it left out.
    pub(super) fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// Reads a text that parses; the last word is the end, which is empty.
pub(super) fn words(source: &str) -> Vec<Word<'_>> {
    let tokens = tokens(source);
    let mut words: Vec<Word<'_>> = Vec::with_capacity(tokens.len());
    let mut end = 0;
    for (index, (token, span)) in tokens.iter().enumerate() {
        let gap = source.get(end..span.start).unwrap_or("");
        let column = column(source, end);
        let (after, before, blank) = comments(gap, words.last().map(|_| column));
        if let Some(last) = words.last_mut() {
            last.after = after;
        }
        let next = tokens.get(index + 1).map(|(token, _)| *token);
        let glued = words.last().is_some_and(|previous| {
            glued(previous.token, *token, next) || *token == Token::Open && is_function_head(&words)
        });
        words.push(Word {
            token: *token,
            text: span.text(source),
            before,
            blank,
            after: Vec::new(),
            glued,
        });
        end = span.end;
    }
    words
}

/// Whether a text so far ends in `on function <name>`, whose types follow without a space.
fn is_function_head(words: &[Word<'_>]) -> bool {
    let [.., before, on, function, _] = words else {
        return false;
    };
    let starts = matches!(before.token, Token::Semicolon | Token::CloseBlock);
    starts && on.is("on") && function.is("function")
}

/// The comments between two words, and whether a line was left empty before the second.
///
/// `column` is where the first word ended, if there is one.
fn comments(gap: &str, column: Option<usize>) -> (Vec<&str>, Vec<Comment<'_>>, bool) {
    let (mut after, mut before, mut blank) = (Vec::new(), Vec::new(), false);
    let mut behind = None;
    let mut lines = gap.split('\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let text = line.trim();
        if text.is_empty() {
            // The last piece is the start of the second word's own line.
            blank |= index > 0 && lines.peek().is_some();
            continue;
        }
        let indent = line.chars().take_while(|c| *c != '-').count();
        match (index, column) {
            (0, Some(column)) => {
                after.push(text);
                behind = Some(column + indent);
            }
            _ if behind == Some(indent) && !blank => after.push(text),
            _ => {
                behind = None;
                before.push(Comment { text, blank });
                blank = false;
            }
        }
    }
    (after, before, blank)
}

/// The column of a place in a text, in characters from 0.
fn column(source: &str, at: usize) -> usize {
    let before = source.get(..at).unwrap_or("");
    before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
}
