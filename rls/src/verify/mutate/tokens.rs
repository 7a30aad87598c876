//! SQL as PostgreSQL prints it back, split into tokens, and changed in one place.
//!
//! Expressions come from `pg_get_expr`, which puts every operation into its own parentheses, so
//! that what belongs together can be told without knowing how operators bind.

use std::iter;
use std::ops::Range;

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Space and comments.
    Blank(String),
    /// A word, number, quoted name or operator.
    Word(String),
    /// A literal, with its quotes.
    Text(String),
}

impl Token {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Blank(text) | Self::Word(text) | Self::Text(text) => text,
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

const OPERATORS: &str = "=<>~!+-*/|&@#%^";

pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let (mut all, mut rest) = (Vec::new(), sql);
    while let Some(first) = rest.chars().next() {
        let while_ =
            |wanted: &dyn Fn(char) -> bool| rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        let (length, make): (usize, fn(String) -> Token) = match first {
            c if c.is_whitespace() => (while_(&char::is_whitespace), Token::Blank),
            '-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), Token::Blank),
            '\'' => (quoted(rest, '\''), Token::Text),
            '"' => (quoted(rest, '"'), Token::Word),
            c if c.is_alphanumeric() || c == '_' => {
                (while_(&|c| c.is_alphanumeric() || c == '_'), Token::Word)
            }
            c if OPERATORS.contains(c) => (while_(&|c| OPERATORS.contains(c)), Token::Word),
            ':' if rest.starts_with("::") || rest.starts_with(":=") => (2, Token::Word),
            c => (c.len_utf8(), Token::Word),
        };
        let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        all.push(make(taken.to_owned()));
        rest = after;
    }
    all
}

/// The length of what is quoted at the beginning; a doubled quote stands for one.
fn quoted(text: &str, quote: char) -> usize {
    let mut open = true;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote {
            open = !open;
        } else if !open {
            return at;
        }
    }
    text.len()
}

/// Names that stand for each other in mutants: the helpers from the lowest rank up, and the table
/// whose rows a policy is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The generated helpers, from the lowest rank up, without their schema.
    pub(super) helpers: Vec<String>,
    /// The table as PostgreSQL prints it.
    pub(super) table: String,
}

/// A text changed in one place.
#[derive(Clone, Debug)]
pub(super) struct Mutated {
    /// What was changed.
    pub(super) what: String,
    /// The text with the change.
    pub(super) text: String,
    /// The pieces that the change lies in, the smallest first: their name, and the text without
    /// them.
    pub(super) within: Vec<(String, String)>,
}

/// Every text that differs from this one in one place, with what was changed.
pub(super) fn mutants(sql: &str, names: &Names) -> Vec<Mutated> {
    let tokens = tokens(sql);
    let changes: Vec<Change> = (0..tokens.len())
        .flat_map(|position| {
            let place = Place {
                tokens: &tokens,
                position,
            };
            place.changes(names)
        })
        .collect();
    let mut all: Vec<Mutated> = Vec::new();
    for change in &changes {
        let text = change.apply(&tokens);
        if text == sql || all.iter().any(|known| known.text == text) {
            continue;
        }
        let mut within: Vec<&Change> = changes.iter().filter(|of| of.holds(change)).collect();
        within.sort_by_key(|of| of.range.len());
        all.push(Mutated {
            what: change.what.clone(),
            text,
            within: within
                .into_iter()
                .map(|of| (of.what.clone(), of.apply(&tokens)))
                .collect(),
        });
    }
    all
}

#[derive(Clone, Debug)]
struct Change {
    what: String,
    /// The tokens that go.
    range: Range<usize>,
    /// What stands there instead.
    new: String,
    /// Of a change that leaves a piece out, the tokens that the piece is made of.
    piece: Vec<Range<usize>>,
}

impl Change {
    fn apply(&self, tokens: &[Token]) -> String {
        let mut text = String::new();
        for (at, token) in tokens.iter().enumerate() {
            if at == self.range.start {
                text.push_str(&self.new);
            }
            if !self.range.contains(&at) {
                text.push_str(token.text());
            }
        }
        text
    }

    /// Whether this leaves out a piece that another change lies in, or the other is this one.
    fn holds(&self, other: &Self) -> bool {
        let inside =
            |piece: &Range<usize>| piece.start <= other.range.start && other.range.end <= piece.end;
        let itself = self.range == other.range && self.new == other.new;
        !self.piece.is_empty() && (itself || self.piece.iter().any(inside))
    }
}

struct Place<'a> {
    tokens: &'a [Token],
    position: usize,
}

impl Place<'_> {
    fn at(&self, position: usize) -> Option<&Token> {
        self.tokens.get(position)
    }

    /// The position of the next token that is not blank.
    fn after(&self, position: usize) -> Option<usize> {
        (position + 1..self.tokens.len()).find(|at| !matches!(self.at(*at), Some(Token::Blank(_))))
    }

    fn before(&self, position: usize) -> Option<usize> {
        (0..position)
            .rev()
            .find(|at| !matches!(self.at(*at), Some(Token::Blank(_))))
    }

    fn word(&self, position: Option<usize>) -> &str {
        position.and_then(|at| self.at(at)).map_or("", Token::text)
    }

    fn changes(&self, names: &Names) -> Vec<Change> {
        let here = self.position;
        let Some(token) = self.at(here) else {
            return Vec::new();
        };
        let made = |what: &str, range: Range<usize>, new: &str| Change {
            what: what.to_owned(),
            range,
            new: new.to_owned(),
            piece: Vec::new(),
        };
        let one = |what: String, new: &str| made(&what, here..here + 1, new);
        let swap = |new: &str| one(format!("{} made {new}", token.text()), new);
        match token {
            Token::Blank(_) => Vec::new(),
            Token::Text(text) => self
                .literal(text)
                .into_iter()
                .map(|new| swap(&new))
                .collect(),
            Token::Word(text) => {
                let next = self.after(here);
                let mut all: Vec<Change> = match text.to_ascii_lowercase().as_str() {
                    "=" if self.word(next).eq_ignore_ascii_case("any") => next
                        .map(|next| made("= any made <> all", here..next + 1, "<> ALL"))
                        .into_iter()
                        .collect(),
                    "=" => vec![swap("<>")],
                    "<>" => vec![swap("=")],
                    "<" => vec![swap("<="), swap(">")],
                    "<=" => vec![swap("<"), swap(">=")],
                    ">" => vec![swap(">="), swap("<")],
                    ">=" => vec![swap(">"), swap("<=")],
                    "~~" => vec![swap("!~~")],
                    "and" => vec![swap("OR")],
                    "or" => vec![swap("AND")],
                    "not" => vec![one("not dropped".to_owned(), "")],
                    "is" => self.is_test(next),
                    "true" => vec![swap("false")],
                    "false" => vec![swap("true")],
                    "exists" => self.group(next).map_or_else(Vec::new, |end| {
                        let mut left_out = made("exists made true", here..end, "true");
                        left_out.piece.push(here..end);
                        vec![left_out]
                    }),
                    "coalesce" => self.coalesced(next),
                    "now" => self.group(next).map_or_else(Vec::new, |end| {
                        let later = "(now() + '1 day'::interval)";
                        vec![made("now() made a day later", here..end, later)]
                    }),
                    // What an existence test selects is of no interest.
                    "1" if ["select", "perform"]
                        .iter()
                        .any(|verb| self.word(self.before(here)).eq_ignore_ascii_case(verb)) =>
                    {
                        Vec::new()
                    }
                    number if number.parse::<i64>().is_ok() => number.parse::<i64>().map_or_else(
                        |_| Vec::new(),
                        |n| vec![swap(&(n + 1).to_string()), swap(&(n - 1).to_string())],
                    ),
                    "(" => self.parts(),
                    _ => Vec::new(),
                };
                let called = self.word(next) == "(";
                let helper = names.helpers.iter().position(|helper| helper == text);
                if let Some(rank) = helper.filter(|_| called) {
                    let near = [rank.checked_sub(1), Some(rank + 1)];
                    let near = near.into_iter().flatten();
                    all.extend(near.filter_map(|n| Some(swap(names.helpers.get(n)?))));
                }
                if !names.table.is_empty() && *text == names.table && self.word(next) == "." {
                    all.push(swap("parent"));
                }
                all
            }
        }
    }

    /// `is [not] null`, `is [not] true`, `is distinct from`.
    fn is_test(&self, next: Option<usize>) -> Vec<Change> {
        let (Some(next), here) = (next, self.position) else {
            return Vec::new();
        };
        let change = |what: &str, new: &str| Change {
            what: what.to_owned(),
            range: here..next + 1,
            new: new.to_owned(),
            piece: Vec::new(),
        };
        match self.word(Some(next)).to_ascii_lowercase().as_str() {
            "null" => vec![change("is null made is not null", "IS NOT NULL")],
            "true" => vec![change("is true made is not false", "IS NOT FALSE")],
            "false" => vec![
                change("is false made is not true", "IS NOT TRUE"),
                change("is false made is true", "IS TRUE"),
            ],
            "distinct" => vec![change(
                "is distinct made is not distinct",
                "IS NOT DISTINCT",
            )],
            _ => Vec::new(),
        }
    }

    /// `coalesce(x, false)` without the coalesce, and with what it must not be.
    fn coalesced(&self, next: Option<usize>) -> Vec<Change> {
        let Some((open, end)) = next.and_then(|open| Some((open, self.group(Some(open))?))) else {
            return Vec::new();
        };
        let mut depth = 0;
        let comma = (open..end).find(|at| {
            match self.word(Some(*at)) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ => {}
            }
            depth == 1 && self.word(Some(*at)) == ","
        });
        let Some(comma) = comma else {
            return Vec::new();
        };
        let inner: String = (open + 1..comma).map(|at| self.word(Some(at))).collect();
        vec![Change {
            what: "coalesce dropped".to_owned(),
            range: self.position..end,
            new: inner,
            // What is inside it stays.
            piece: vec![self.position..open + 1, comma..end],
        }]
    }

    /// The end of the group that opens at a position.
    fn group(&self, open: Option<usize>) -> Option<usize> {
        let open = open.filter(|open| self.word(Some(*open)) == "(")?;
        let mut depth = 0_usize;
        for at in open..self.tokens.len() {
            match self.word(Some(at)) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 {
                return Some(at + 1);
            }
        }
        None
    }

    /// A group of several parts joined by `and` or `or`, with each part left out.
    fn parts(&self) -> Vec<Change> {
        let here = self.position;
        let Some(end) = self.group(Some(here)) else {
            return Vec::new();
        };
        let mut depth = 0_usize;
        let mut cuts = Vec::new();
        for at in here..end {
            match self.word(Some(at)).to_ascii_lowercase().as_str() {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "and" | "or" if depth == 1 => cuts.push(at),
                // `where` and the like open a clause: what stands before is no part.
                "select" if depth == 1 => return Vec::new(),
                _ => {}
            }
        }
        if cuts.is_empty() {
            return Vec::new();
        }
        let text =
            |range: Range<usize>| -> String { range.map(|at| self.word(Some(at))).collect() };
        let mut all = Vec::new();
        let last = end.saturating_sub(1);
        for (number, cut) in cuts.iter().enumerate() {
            let from = number
                .checked_sub(1)
                .and_then(|before| cuts.get(before))
                .map_or(here + 1, |before| before + 1);
            let part = text(from..*cut);
            all.push(Change {
                what: format!("dropped: {}", part.trim()),
                range: from..cut + 1,
                new: String::new(),
                piece: iter::once(from..*cut).collect(),
            });
        }
        if let Some(cut) = cuts.last() {
            let part = text(cut + 1..last);
            all.push(Change {
                what: format!("dropped: {}", part.trim()),
                range: *cut..last,
                new: String::new(),
                piece: iter::once(cut + 1..last).collect(),
            });
        }
        all
    }

    /// Other literals in place of one, that its type can read.
    fn literal(&self, text: &str) -> Vec<String> {
        let inner = text.trim_matches('\'');
        let cast = self
            .after(self.position)
            .filter(|at| self.word(Some(*at)) == "::")
            .and_then(|at| self.after(at));
        let kind = self.word(cast).to_ascii_lowercase();
        // What is compared with `->>` or handed to a function is a name, not a value.
        let before = self.before(self.position);
        if matches!(self.word(before), "->>" | "->") {
            return vec![format!("'{inner}x'")];
        }
        // What an error says decides nothing.
        let said = before.filter(|at| self.word(Some(*at)) == "=");
        let said = self.word(said.and_then(|at| self.before(at)));
        if matches!(said, "message" | "hint" | "detail") {
            return Vec::new();
        }
        match kind.as_str() {
            "timestamp" | "timestamptz" | "date" => inner
                .split_once('-')
                .and_then(|(year, rest)| Some((year.parse::<i32>().ok()?, rest)))
                .map(|(year, rest)| format!("'{}-{rest}'", year + 1))
                .into_iter()
                .collect(),
            "integer" | "bigint" | "smallint" | "numeric" => inner
                .parse::<i64>()
                .map(|n| format!("'{}'", n + 1))
                .into_iter()
                .collect(),
            "uuid" => inner
                .strip_suffix(|_: char| true)
                .map(|most| format!("'{most}{}'", if inner.ends_with('0') { '1' } else { '0' }))
                .into_iter()
                .collect(),
            _ => vec![format!("'{inner}!'")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<String> {
        let names = Names {
            helpers: ["app_viewer", "app_owner"].map(str::to_owned).into(),
            table: "tasks".to_owned(),
        };
        mutants(sql, &names)
            .into_iter()
            .map(|mutated| mutated.text)
            .collect()
    }

    #[test]
    fn tokens_put_together_are_the_text() {
        let sql = "((a.\"b c\" = 'it''s'::text) -- why\n AND (x <= (now() - 1)))";
        let again: String = tokens(sql)
            .iter()
            .map(|token| token.text().to_owned())
            .collect();
        assert_eq!(again, sql);
    }

    #[test]
    fn every_operator_changes_once() {
        let all = texts("((a = 'x'::text) AND (b > 3))");
        for wanted in [
            "((a <> 'x'::text) AND (b > 3))",
            "((a = 'x!'::text) AND (b > 3))",
            "((a = 'x'::text) OR (b > 3))",
            "((a = 'x'::text) AND (b >= 3))",
            "((a = 'x'::text) AND (b > 4))",
            "( (b > 3))",
            "((a = 'x'::text) )",
        ] {
            assert!(
                all.iter().any(|text| text == wanted),
                "{wanted} not in {all:#?}"
            );
        }
    }

    #[test]
    fn a_change_knows_the_pieces_that_it_lies_in() {
        let sql = "((a = 1) AND COALESCE((b = 2), false))";
        let all = mutants(sql, &Names::default());
        let within = |wanted: &str| -> Vec<&str> {
            let found = all.iter().find(|mutated| mutated.text == wanted).unwrap();
            found.within.iter().map(|(what, _)| what.as_str()).collect()
        };
        let other = within("((a = 1) AND COALESCE((b <> 2), false))");
        assert_eq!(other, ["dropped: COALESCE((b = 2), false)"]);
        let wrapped = within("((a = 1) AND COALESCE((b = 2), true))");
        assert_eq!(wrapped.first(), Some(&"coalesce dropped"));
        assert_eq!(wrapped.len(), 2);
        assert_eq!(within("( COALESCE((b = 2), false))"), ["dropped: (a = 1)"]);
        assert!(within("((a = 1) OR COALESCE((b = 2), false))").is_empty());
    }

    #[test]
    fn helpers_and_nulls_and_parents_change() {
        let all = texts("(x = ANY (ARRAY( SELECT app_viewer() AS v)))");
        assert!(
            all.iter().any(|text| text.contains("app_owner()")),
            "{all:?}"
        );
        assert!(all.iter().any(|text| text.contains("<> ALL")), "{all:?}");
        let all = texts("((a = 1) IS FALSE)");
        assert!(
            all.iter().any(|text| text == "((a = 1) IS NOT TRUE)"),
            "{all:?}"
        );
        let all = texts("(parent.org = tasks.org)");
        assert!(
            all.iter().any(|text| text == "(parent.org = parent.org)"),
            "{all:?}"
        );
        let all = texts("COALESCE((a = 1), false)");
        assert!(all.iter().any(|text| text == "(a = 1)"), "{all:?}");
    }
}
