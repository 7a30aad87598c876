//! Moving over the words of a text: what the grammar is written in.

use super::next::Ask;
use super::parser::{Parser, Read, Stop};
use super::spacing::one_line;
use super::token::Token;
use super::tree::{Literal, Name, Value};
use crate::diagnostic::{Diagnostic, Span};

impl Name {
    /// A word of a text as a name, if it is one.
    pub(super) fn read(source: &str, (token, span): (Token, Span)) -> Option<Self> {
        let text = span.text(source);
        let text = match token {
            Token::Word => text.to_lowercase(),
            Token::Quoted => text
                .get(1..text.len().saturating_sub(1))
                .unwrap_or("")
                .replace("\"\"", "\""),
            _ => return None,
        };
        Some(Self { text, span })
    }
}

impl Parser<'_> {
    pub(super) fn literal(&mut self) -> Read<Literal> {
        let span = self.here();
        let text = span.text(self.source);
        let value = match self.peek() {
            Token::Text => {
                let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
                Value::Text(inner.replace("''", "'"))
            }
            Token::Decimal => Value::Decimal(text.to_owned()),
            Token::Integer => match text.parse() {
                Ok(number) => Value::Integer(number),
                Err(_) => {
                    return self.fail(
                        "number-too-large",
                        "whole numbers end at 9223372036854775807",
                        "does not fit in a bigint",
                    );
                }
            },
            Token::Word if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            Token::Word if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            Token::Word if text.eq_ignore_ascii_case("null") => Value::Null,
            _ => {
                return self.fail(
                    "unexpected",
                    "a literal is needed here",
                    "expected a literal",
                );
            }
        };
        self.advance();
        Ok(Literal { value, span })
    }

    pub(super) fn peek(&self) -> Token {
        self.tokens
            .get(self.position)
            .map_or(Token::End, |(token, _)| *token)
    }

    pub(super) fn here(&self) -> Span {
        self.tokens
            .get(self.position)
            .map_or_else(Span::default, |(_, span)| *span)
    }

    pub(super) fn previous(&self) -> Span {
        self.position
            .checked_sub(1)
            .and_then(|position| self.tokens.get(position))
            .map_or_else(Span::default, |(_, span)| *span)
    }

    pub(super) fn advance(&mut self) {
        if self.peek() != Token::End {
            self.position += 1;
        }
    }

    /// Whether the next word is this keyword.
    pub(super) fn at(&mut self, word: &'static str) -> bool {
        if self.peek() == Token::End {
            self.ask(Ask::Word(word));
        }
        self.peek() == Token::Word && self.here().text(self.source).eq_ignore_ascii_case(word)
    }

    /// Whether a name follows the next word, so that a table may be called `view`.
    pub(super) fn at_name_after(&self) -> bool {
        self.tokens
            .get(self.position + 1)
            .is_some_and(|(token, span)| match token {
                Token::Quoted => true,
                Token::Word => !["tenant", "via", "append", "from"]
                    .iter()
                    .any(|word| span.text(self.source).eq_ignore_ascii_case(word)),
                Token::End => self.asked.is_some(),
                _ => false,
            })
    }

    pub(super) fn take(&mut self, word: &'static str) -> bool {
        let found = self.at(word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn take_token(&mut self, token: Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, token: Token, wanted: &str) -> Read<()> {
        if self.take_token(token) {
            Ok(())
        } else {
            self.expected(wanted)
        }
    }

    pub(super) fn expect_word(&mut self, word: &'static str) -> Read<()> {
        if self.take(word) {
            Ok(())
        } else {
            self.expected(&format!("`{word}`"))
        }
    }

    pub(super) fn name(&mut self, wanted: &str) -> Read<Name> {
        match Name::read(self.source, (self.peek(), self.here())) {
            Some(name) => {
                self.advance();
                Ok(name)
            }
            None => {
                if self.peek() == Token::End {
                    self.ask(Ask::Name(wanted.to_owned()));
                }
                self.expected(wanted)
            }
        }
    }

    /// Whether it is asked what could follow, and the text ends where something new could start.
    pub(super) fn asks_for_more(&self) -> bool {
        let previous = self.position.checked_sub(1);
        let previous = previous.and_then(|previous| self.tokens.get(previous));
        let starts = previous.is_some_and(|(token, _)| {
            matches!(
                token,
                Token::Semicolon | Token::OpenBlock | Token::CloseBlock
            )
        });
        starts && self.peek() == Token::End && self.asked.as_ref().is_some_and(Vec::is_empty)
    }

    /// Notes what could stand at the end of the text.
    fn ask(&mut self, ask: Ask) {
        if let Some(asked) = &mut self.asked {
            asked.push(ask);
        }
    }

    pub(super) fn expected<T>(&mut self, wanted: &str) -> Read<T> {
        let found = match self.peek() {
            Token::End => "the end of the text".to_owned(),
            _ => format!("`{}`", self.here().text(self.source)),
        };
        self.fail(
            "unexpected",
            &format!("expected {wanted}, found {found}"),
            &format!("expected {wanted}"),
        )
    }

    pub(super) fn fail<T>(&mut self, code: &'static str, message: &str, label: &str) -> Read<T> {
        self.diagnostics
            .push(Diagnostic::error(code, self.here(), message).label(label));
        Err(Stop)
    }

    /// The words since a position on one line, comments left out.
    pub(super) fn one_line(&self, from: usize) -> String {
        let words = self.tokens.get(from..self.position).unwrap_or(&[]);
        one_line(self.source, words)
    }

    pub(super) fn keep(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn line(&self) -> u32 {
        let before = self.source.get(..self.here().start).unwrap_or("");
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    }

    /// Goes on after the statement that could not be read.
    pub(super) fn recover(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Token::End => return,
                Token::OpenBlock => depth += 1,
                Token::CloseBlock => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.advance();
                        return;
                    }
                }
                Token::Semicolon if depth == 0 => {
                    self.advance();
                    return;
                }
                _ => {}
            }
            self.advance();
        }
    }

    /// Goes on after the item of a block that could not be read.
    pub(super) fn recover_item(&mut self) {
        while !matches!(self.peek(), Token::End | Token::CloseBlock) {
            if self.take_token(Token::Semicolon) {
                return;
            }
            self.advance();
        }
    }
}
