//! The words of a policy text.

use logos::Logos;

use crate::diagnostic::Span;

/// A kind of word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Logos)]
#[logos(skip r"[ \t\r\n\f]+")]
#[logos(skip(r"--[^\n]*", allow_greedy = true))]
pub(super) enum Token {
    /// A name or keyword; `"quoted"` keeps its case.
    #[regex(r"[\p{L}_][\p{L}\p{N}_$]*")]
    Word,
    #[regex(r#""([^"]|"")+""#)]
    Quoted,
    /// A literal in single quotes, `''` for a quote inside.
    #[regex(r"'([^']|'')*'")]
    Text,
    #[regex(r"-?[0-9]+")]
    Integer,
    #[regex(r"-?[0-9]+\.[0-9]+")]
    Decimal,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token("{")]
    OpenBlock,
    #[token("}")]
    CloseBlock,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("=")]
    Equal,
    #[token("<>")]
    #[token("!=")]
    NotEqual,
    #[token("<=")]
    LessOrEqual,
    #[token("<")]
    Less,
    #[token(">=")]
    GreaterOrEqual,
    #[token(">")]
    Greater,
    /// Anything else.
    Unreadable,
    /// The end of the text.
    End,
}

/// Splits a text into its words, each with its place; always ends in [`Token::End`].
pub(super) fn tokens(source: &str) -> Vec<(Token, Span)> {
    let mut tokens: Vec<(Token, Span)> = Token::lexer(source)
        .spanned()
        .map(|(token, range)| {
            let span = Span {
                start: range.start,
                end: range.end,
            };
            (token.unwrap_or(Token::Unreadable), span)
        })
        .collect();
    tokens.push((
        Token::End,
        Span {
            start: source.len(),
            end: source.len(),
        },
    ));
    tokens
}
