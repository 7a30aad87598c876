//! Which words stand side by side without a space.

use super::token::Token;
use crate::diagnostic::Span;

/// Whether a word follows the previous one without a space.
pub(super) fn glued(previous: Token, token: Token, next: Option<Token>) -> bool {
    match (previous, token) {
        (_, Token::Comma | Token::Semicolon | Token::Colon | Token::Close | Token::Dot)
        | (Token::Open | Token::Dot, _)
        | (Token::OpenBlock, Token::CloseBlock) => true,
        // `now()`
        (Token::Word | Token::Quoted, Token::Open) => next == Some(Token::Close),
        _ => false,
    }
}

/// Some words of a text on one line, comments left out.
pub(super) fn one_line(source: &str, tokens: &[(Token, Span)]) -> String {
    let mut line = String::new();
    let mut previous = None;
    for (index, (token, span)) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1).map(|(token, _)| *token);
        if previous.is_some_and(|previous| !glued(previous, *token, next)) {
            line.push(' ');
        }
        line.push_str(span.text(source));
        previous = Some(*token);
    }
    line
}
