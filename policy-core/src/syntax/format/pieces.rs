//! Where a text may be taken apart: the only place that knows words of the language.

use super::word::Word;
use crate::syntax::token::Token;

/// Words that start a clause of the `tenant` declaration.
const TENANT_CLAUSES: [&str; 3] = ["members", "roles", "keep"];

/// Words after which a name follows, so that a clause's word is none there.
const BEFORE_NAMES: [&str; 15] = [
    "tenant", "members", "roles", "keep", "by", "stamped", "one", "where", "and", "or", "not",
    "from", "is", "same", "as",
];

/// Words that start a clause of a block's head.
const HEAD_CLAUSES: [&str; 5] = ["tenant", "via", "and", "append", "from"];

/// Words that start a clause of an action.
const ACTION_CLAUSES: [&str; 3] = ["where", "check", "blind"];

/// A statement of the text.
#[derive(Debug)]
pub(super) struct Statement<'w, 's> {
    /// All of its words.
    pub(super) words: &'w [Word<'s>],
    /// Its block, if it has one.
    pub(super) block: Option<Block<'w, 's>>,
}

/// What stands in braces.
#[derive(Debug)]
pub(super) struct Block<'w, 's> {
    /// The words before the items, with `{`.
    pub(super) head: &'w [Word<'s>],
    /// The items, each with its `;`.
    pub(super) items: Vec<&'w [Word<'s>]>,
    /// `}`
    pub(super) close: &'w [Word<'s>],
}

/// The statements of a text; what is left is its end.
pub(super) fn statements<'w, 's>(words: &'w [Word<'s>]) -> Vec<Statement<'w, 's>> {
    let mut statements = Vec::new();
    let mut rest = words;
    while let Some(end) = end(rest) {
        let (words, after) = rest.split_at(end);
        statements.push(Statement {
            words,
            block: block(words),
        });
        rest = after;
    }
    statements
}

/// The number of words up to the end of the first statement.
fn end(words: &[Word<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate() {
        match word.token {
            Token::OpenBlock => depth += 1,
            Token::CloseBlock => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(word.token, Token::Semicolon | Token::CloseBlock) {
            return Some(index + 1);
        }
    }
    None
}

fn block<'w, 's>(words: &'w [Word<'s>]) -> Option<Block<'w, 's>> {
    let open = words.iter().position(|w| w.token == Token::OpenBlock)?;
    let (head, body) = words.split_at(open + 1);
    let (body, close) = body.split_at(body.len().checked_sub(1)?);
    let items = body
        .split_inclusive(|word| word.token == Token::Semicolon)
        .collect();
    Some(Block { head, items, close })
}

impl Statement<'_, '_> {
    /// Whether it is the block of a table, which is never on one line. A table may be called
    /// `view` or `function`.
    pub(super) fn is_table(&self) -> bool {
        let [on, kind, name, ..] = self.words else {
            return false;
        };
        let other = kind.is_any(&["view", "function"])
            && matches!(name.token, Token::Word | Token::Quoted)
            && !name.is_any(&["tenant", "via", "append", "from"]);
        on.is("on") && !other
    }

    /// Whether it declares the tenants.
    pub(super) fn is_tenant(&self) -> bool {
        self.words.first().is_some_and(|word| word.is("tenant"))
    }
}

/// Splits before the words at these places.
fn split_at<'w, 's>(
    words: &'w [Word<'s>],
    starts: impl Iterator<Item = usize>,
) -> Vec<&'w [Word<'s>]> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for start in starts.chain([words.len()]) {
        if let Some(piece) = words.get(from..start).filter(|piece| !piece.is_empty()) {
            pieces.push(piece);
        }
        from = start;
    }
    pieces
}

/// Each word with its place and the depth of parentheses it stands in.
fn depths<'w, 's>(words: &'w [Word<'s>]) -> impl Iterator<Item = (usize, usize, &'w Word<'s>)> {
    let mut depth = 0_usize;
    words.iter().enumerate().map(move |(index, word)| {
        if word.token == Token::Close {
            depth = depth.saturating_sub(1);
        }
        let at = depth;
        if word.token == Token::Open {
            depth += 1;
        }
        (index, at, word)
    })
}

/// The clauses of the `tenant` declaration.
pub(super) fn tenant_clauses<'w, 's>(words: &'w [Word<'s>]) -> Vec<&'w [Word<'s>]> {
    let starts = depths(words).filter(|(index, depth, word)| {
        let previous = index.checked_sub(1).and_then(|before| words.get(before));
        *depth == 0 && word.is_any(&TENANT_CLAUSES) && previous.is_some_and(ends_clause)
    });
    split_at(words, starts.map(|(index, ..)| index))
}

/// The clauses of a block's head.
pub(super) fn head_clauses<'w, 's>(head: &'w [Word<'s>]) -> Vec<&'w [Word<'s>]> {
    let starts = depths(head)
        .filter(|(index, depth, word)| *index > 1 && *depth == 0 && word.is_any(&HEAD_CLAUSES));
    split_at(head, starts.map(|(index, ..)| index))
}

/// Whether a clause may end with this word.
fn ends_clause(word: &Word<'_>) -> bool {
    match word.token {
        Token::Word => !word.is_any(&BEFORE_NAMES),
        Token::Quoted | Token::Text | Token::Integer | Token::Decimal | Token::Close => true,
        Token::Open
        | Token::OpenBlock
        | Token::CloseBlock
        | Token::Comma
        | Token::Semicolon
        | Token::Colon
        | Token::Dot
        | Token::Equal
        | Token::NotEqual
        | Token::LessOrEqual
        | Token::Less
        | Token::GreaterOrEqual
        | Token::Greater
        | Token::Unreadable
        | Token::End => false,
    }
}

/// A rule's subject with its `:`, and what follows; nothing if the item is no rule.
pub(super) fn rule<'w, 's>(item: &'w [Word<'s>]) -> Option<(&'w [Word<'s>], &'w [Word<'s>])> {
    let colon = item.iter().position(|word| word.token == Token::Colon)?;
    Some(item.split_at(colon + 1))
}

/// A rule's actions, each with the `,` or `;` behind it.
pub(super) fn actions<'w, 's>(words: &'w [Word<'s>]) -> Vec<&'w [Word<'s>]> {
    let starts = depths(words).filter(|(_, depth, word)| *depth == 0 && word.token == Token::Comma);
    split_at(words, starts.map(|(index, ..)| index + 1))
}

/// An action's clauses: its word and columns, then `where` and `check`.
pub(super) fn clauses<'w, 's>(action: &'w [Word<'s>]) -> Vec<&'w [Word<'s>]> {
    let starts = depths(action)
        .filter(|(index, depth, word)| *index > 0 && *depth == 0 && word.is_any(&ACTION_CLAUSES));
    split_at(action, starts.map(|(index, ..)| index))
}

/// A condition's parts before each `or` or `and` outside parentheses; `between` keeps its `and`.
pub(super) fn parts<'w, 's>(words: &'w [Word<'s>], connective: &str) -> Vec<&'w [Word<'s>]> {
    let mut between = false;
    let mut starts = Vec::new();
    for (index, depth, word) in depths(words) {
        if depth > 0 {
            continue;
        }
        if word.is("between") {
            between = true;
        } else if word.is("and") && between {
            between = false;
        } else if index > 0 && word.is(connective) {
            starts.push(index);
        }
    }
    split_at(words, starts.into_iter())
}
