//! A place in a text that is being read.

use std::fmt;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    at: usize,
}

/// Text that is not of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Malformed {
    /// How many characters were read before the fault.
    pub(in super::super) at: usize,
    /// What should have stood there.
    pub(in super::super) expected: &'static str,
}

pub(super) type Read<T> = Result<T, Malformed>;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, at: 0 }
    }

    /// Reads all of `text` with `reader`.
    pub(super) fn whole<T>(text: &'a str, reader: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let mut cursor = Self::new(text);
        let read = reader(&mut cursor)?;
        if cursor.is_done() {
            Ok(read)
        } else {
            cursor.fail("the end")
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn looks_at(&self, token: &str) -> bool {
        self.rest.starts_with(token)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        self.at += 1;
        Some(next)
    }

    /// Reads `token` if it comes next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else {
            return false;
        };
        self.rest = rest;
        self.at += token.chars().count();
        true
    }

    pub(super) fn expect(&mut self, token: &'static str) -> Read<()> {
        if self.eat(token) {
            Ok(())
        } else {
            self.fail(token)
        }
    }

    pub(super) fn take_while(&mut self, mut belongs: impl FnMut(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.at += taken.chars().count();
        taken
    }

    pub(super) fn take_rest(&mut self) -> &'a str {
        self.take_while(|_| true)
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(is_blank);
    }

    /// Reads with `reader` if that succeeds; else nothing was read.
    pub(super) fn attempt<T>(&mut self, reader: impl FnOnce(&mut Self) -> Read<T>) -> Option<T> {
        let mut ahead = *self;
        let read = reader(&mut ahead).ok()?;
        *self = ahead;
        Some(read)
    }

    /// Reads one or more with `reader`, commas and blanks between them.
    pub(super) fn list<T>(&mut self, mut reader: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut all = Vec::new();
        loop {
            self.skip_blanks();
            all.push(reader(self)?);
            self.skip_blanks();
            if !self.eat(",") {
                return Ok(all);
            }
        }
    }

    pub(super) fn fail<T>(&self, expected: &'static str) -> Read<T> {
        Err(Malformed {
            at: self.at,
            expected,
        })
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} was expected after {} characters",
            self.expected, self.at
        )
    }
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
