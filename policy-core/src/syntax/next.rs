//! What may come next in a text, for completion: found by reading the text up to there and noting
//! what the parser asks for at its end. So it follows the grammar by itself.

use super::parser::{ACTIONS, Parser};
use super::token::{Token, tokens};
use super::tree::Name;
use crate::diagnostic::Span;

/// What the parser asks for at the end of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// A keyword.
    Word(&'static str),
    /// A name, in the words of its message.
    Name(String),
}

/// What may come next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// The language's own words.
    pub words: Vec<String>,
    /// Kinds of names.
    pub names: Vec<Wanted>,
    /// The table or view whose columns are meant.
    pub table: Option<String>,
    /// The column whose values are meant, behind a comparison.
    pub compared: Option<String>,
}

/// A kind of name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A table.
    Table,
    /// A view.
    View,
    /// A function.
    Function,
    /// A column of [`Next::table`].
    Column,
    /// A role.
    Role,
    /// What memberships have beside their roles.
    Attribute,
    /// An action.
    Action,
    /// Something new or free, which nobody can complete.
    Free,
}

/// What may come next behind a text, which ends before the word that is being typed.
#[must_use]
pub fn next(text: &str) -> Next {
    let mut words = tokens(text);
    words.pop();
    let end = words.last().map_or(0, |(_, span)| span.end);
    let in_comment = text
        .get(end..)
        .and_then(|gap| gap.rsplit('\n').next())
        .is_some_and(|line| line.contains("--"));
    if in_comment {
        return Next::default();
    }
    let statement = statement(&words);
    let mut next = Next {
        table: table(text, statement),
        compared: compared(text, statement),
        ..Next::default()
    };
    let actions: &[&str] = match statement {
        [_, of, _, ..] if is(text, Some(of), "view") => &["select"],
        [_, of, _, ..] if is(text, Some(of), "function") => &["execute"],
        _ => ACTIONS.get(..ACTIONS.len() - 1).unwrap_or_default(),
    };
    for ask in Parser::new(text).asks() {
        match ask {
            Ask::Word(word) => next.word(word),
            Ask::Name(wanted) => {
                // The words a message offers beside a name: "a role or one of `anon`, ...".
                // What follows "such as" is no offer but an example.
                let offered = wanted.split("such as").next().unwrap_or_default();
                for (index, word) in offered.split('`').enumerate() {
                    if index % 2 == 1 {
                        next.word(word);
                    }
                }
                if wanted.contains("a literal") {
                    for word in ["true", "false", "null"] {
                        next.word(word);
                    }
                }
                if let Some(kind) = kind(&wanted)
                    && !next.names.contains(&kind)
                {
                    if kind == Wanted::Action {
                        actions.iter().for_each(|action| next.word(action));
                    }
                    next.names.push(kind);
                }
            }
        }
    }
    next
}

impl Next {
    fn word(&mut self, word: &str) {
        if word.starts_with(char::is_alphabetic) && !self.words.iter().any(|known| known == word) {
            self.words.push(word.to_owned());
        }
    }
}

/// The kind of name that a message asks for; nothing if it offers words only.
fn kind(wanted: &str) -> Option<Wanted> {
    let kinds = [
        ("membership has", Wanted::Attribute),
        ("column", Wanted::Column),
        ("role", Wanted::Role),
        ("action", Wanted::Action),
        ("view", Wanted::View),
        ("function", Wanted::Function),
        ("table", Wanted::Table),
        ("parent", Wanted::Table),
    ];
    if wanted.starts_with('`') {
        return None;
    }
    if wanted.contains("argument type") {
        return Some(Wanted::Free);
    }
    let found = kinds.into_iter().find(|(word, _)| wanted.contains(word));
    Some(found.map_or(Wanted::Free, |(_, kind)| kind))
}

/// The words since the last statement ended.
fn statement(words: &[(Token, Span)]) -> &[(Token, Span)] {
    let (mut start, mut depth) = (0, 0_usize);
    for (index, (token, _)) in words.iter().enumerate() {
        match token {
            Token::OpenBlock => depth += 1,
            Token::CloseBlock => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token, Token::Semicolon | Token::CloseBlock) {
            start = index + 1;
        }
    }
    words.get(start..).unwrap_or_default()
}

fn is(text: &str, word: Option<&(Token, Span)>, keyword: &str) -> bool {
    word.is_some_and(|(token, span)| {
        *token == Token::Word && span.text(text).eq_ignore_ascii_case(keyword)
    })
}

/// The table whose columns the end of a statement speaks of.
fn table(text: &str, statement: &[(Token, Span)]) -> Option<String> {
    let is = |index: usize, word: &str| is(text, statement.get(index), word);
    let name = |index: usize| Name::read(text, *statement.get(index)?);
    // `via <column> in <table> (`
    if let [.., (_, of), table, (Token::Open, _)] = statement
        && of.text(text).eq_ignore_ascii_case("in")
        && let Some(name) = Name::read(text, *table)
    {
        return Some(name.text);
    }
    let members = (1..statement.len())
        .rev()
        .find(|index| is(*index, "members"));
    let at = match members {
        Some(members) if is(0, "tenant") => members + 1,
        _ if is(0, "on") && (is(1, "view") || is(1, "function")) => 2,
        _ => 1,
    };
    name(at).map(|name| name.text)
}

/// The column that is being compared at the end of the text.
fn compared(text: &str, words: &[(Token, Span)]) -> Option<String> {
    let mut rest = words;
    if let Some((Token::Open | Token::Comma, _)) = rest.last() {
        while let Some((last, before)) = rest.split_last() {
            let literal = matches!(
                last.0,
                Token::Text | Token::Integer | Token::Decimal | Token::Comma | Token::Open
            );
            if !literal {
                break;
            }
            rest = before;
        }
        let is = |words: &[(Token, Span)], word: &str| is(text, words.last(), word);
        if !is(rest, "in") {
            return None;
        }
        rest = rest.split_last()?.1;
        if is(rest, "not") {
            rest = rest.split_last()?.1;
        }
    } else {
        let (last, before) = rest.split_last()?;
        let comparison = matches!(
            last.0,
            Token::Equal
                | Token::NotEqual
                | Token::Less
                | Token::LessOrEqual
                | Token::Greater
                | Token::GreaterOrEqual
        );
        if !comparison {
            return None;
        }
        rest = before;
    }
    Name::read(text, *rest.last()?).map(|name| name.text)
}
