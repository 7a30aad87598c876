//! What a policy's expression says, as a formula over tests that are not looked into.

use super::tokens::{Token, tokens};
use super::truths::{ANY_TRUTH, Truths};

/// A condition of three truth values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    Constant(bool),
    /// A test, by its text.
    Test(String),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
    /// `is [not] true`, `is [not] false`: what it is held against, and whether that is negated.
    Is(Box<Formula>, bool, bool),
    /// `coalesce(x, constant)`.
    Coalesce(Box<Formula>, bool),
}

impl Formula {
    /// Reads an expression as `pg_get_expr` prints it.
    pub(super) fn read(expression: &str) -> Self {
        let all: Vec<Token> = tokens(expression)
            .into_iter()
            .filter(|token| !matches!(token, Token::Blank(_)))
            .collect();
        read(&all)
    }

    /// The tests in it.
    pub(super) fn tests<'f>(&'f self, into: &mut Vec<&'f str>) {
        match self {
            Self::Constant(_) => {}
            Self::Test(text) => {
                if !into.contains(&text.as_str()) {
                    into.push(text);
                }
            }
            Self::Not(inner) | Self::Is(inner, ..) | Self::Coalesce(inner, _) => inner.tests(into),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.tests(into)),
        }
    }

    /// The same formula over other tests.
    pub(super) fn with_tests(&self, of: &dyn Fn(&str) -> String) -> Self {
        self.with(&|text| Self::Test(of(text)))
    }

    /// The same formula with something else for each test.
    pub(super) fn with(&self, of: &dyn Fn(&str) -> Self) -> Self {
        let inside = |inner: &Self| Box::new(inner.with(of));
        let all = |parts: &[Self]| parts.iter().map(|part| part.with(of)).collect();
        match self {
            Self::Constant(value) => Self::Constant(*value),
            Self::Test(text) => of(text),
            Self::Not(inner) => Self::Not(inside(inner)),
            Self::All(parts) => Self::All(all(parts)),
            Self::Any(parts) => Self::Any(all(parts)),
            Self::Is(inner, wanted, negated) => Self::Is(inside(inner), *wanted, *negated),
            Self::Coalesce(inner, otherwise) => Self::Coalesce(inside(inner), *otherwise),
        }
    }

    /// Its truth, `None` being unknown.
    pub(super) fn truth(&self, of: &impl Fn(&str) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Test(text) => of(text),
            Self::Not(inner) => inner.truth(of).map(|value| !value),
            Self::All(parts) => {
                let mut truth = Some(true);
                for part in parts {
                    match part.truth(of) {
                        Some(false) => return Some(false),
                        None => truth = None,
                        Some(true) => {}
                    }
                }
                truth
            }
            Self::Any(parts) => {
                let mut truth = Some(false);
                for part in parts {
                    match part.truth(of) {
                        Some(true) => return Some(true),
                        None => truth = None,
                        Some(false) => {}
                    }
                }
                truth
            }
            Self::Is(inner, wanted, negated) => {
                Some((inner.truth(of) == Some(*wanted)) != *negated)
            }
            Self::Coalesce(inner, otherwise) => inner.truth(of).or(Some(*otherwise)),
        }
    }
}

impl Formula {
    /// Whether another formula is true exactly where this one is, whatever the tests say.
    pub(super) fn same_truths(&self, other: &Self) -> bool {
        let mut tests = Vec::new();
        self.tests(&mut tests);
        other.tests(&mut tests);
        everywhere(&tests, &|of| {
            (self.truth(&of) == Some(true)) == (other.truth(&of) == Some(true))
        })
    }

    /// Whether the formula is true wherever some tests are, whatever the others say.
    pub(super) fn is_always(&self, so: &dyn Fn(&str) -> bool) -> bool {
        let mut tests = Vec::new();
        self.tests(&mut tests);
        tests.retain(|test| !so(test));
        everywhere(&tests, &|of| {
            let truth = |test: &str| if so(test) { Some(true) } else { of(test) };
            self.truth(&truth) == Some(true)
        })
    }
}

/// What tests say.
type Truth<'t> = dyn Fn(&str) -> Option<bool> + 't;

/// Whether something holds for every truth of some tests, as long as they are few.
fn everywhere(tests: &[&str], holds: &dyn Fn(&Truth<'_>) -> bool) -> bool {
    const FEW: usize = 9;
    let choices = vec![ANY_TRUTH; tests.len()];
    tests.len() <= FEW
        && Truths::new(choices, &[]).all(&mut Vec::new(), &|values| {
            holds(&|test| {
                let at = tests.iter().position(|known| *known == test)?;
                values.get(at).copied().flatten()
            })
        })
}

fn read(all: &[Token]) -> Formula {
    if let Some(inner) = unwrapped(all) {
        return read(inner);
    }
    for (word, join) in [
        ("or", Formula::Any as fn(Vec<Formula>) -> Formula),
        ("and", Formula::All),
    ] {
        let parts = split(all, word);
        if parts.len() > 1 {
            return join(parts.into_iter().map(read).collect());
        }
    }
    match all {
        [one] if one.is("true") => Formula::Constant(true),
        [one] if one.is("false") => Formula::Constant(false),
        [not, rest @ ..] if not.is("not") => Formula::Not(Box::new(read(rest))),
        [rest @ .., is, not, value] if is.is("is") && not.is("not") && truth(value).is_some() => {
            Formula::Is(Box::new(read(rest)), value.is("true"), true)
        }
        [rest @ .., is, value] if is.is("is") && truth(value).is_some() => {
            Formula::Is(Box::new(read(rest)), value.is("true"), false)
        }
        [name, rest @ ..] if name.is("coalesce") => coalesce(rest).unwrap_or_else(|| test(all)),
        _ => listed(all).unwrap_or_else(|| test(all)),
    }
}

fn truth(token: &Token) -> Option<bool> {
    (token.is("true") || token.is("false")).then(|| token.is("true"))
}

/// What stands between parentheses, if they belong together.
fn unwrapped(all: &[Token]) -> Option<&[Token]> {
    let [open, inner @ .., close] = all else {
        return None;
    };
    if !open.is("(") || !close.is(")") || inner.first().is_some_and(|first| first.is("select")) {
        return None;
    }
    let mut depth = 0_i32;
    for token in inner {
        depth += step(token);
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

fn step(token: &Token) -> i32 {
    if token.is("(") || token.is("[") {
        1
    } else if token.is(")") || token.is("]") {
        -1
    } else {
        0
    }
}

/// The parts between a word at the outermost level.
fn split<'t>(all: &'t [Token], word: &str) -> Vec<&'t [Token]> {
    let mut depth = 0;
    all.split(|token| {
        depth += step(token);
        depth == 0 && token.is(word)
    })
    .collect()
}

fn coalesce(rest: &[Token]) -> Option<Formula> {
    let [open, inner @ .., close] = rest else {
        return None;
    };
    let parts = split(inner, ",");
    match parts.as_slice() {
        [value, [constant]] if open.is("(") && close.is(")") => {
            Some(Formula::Coalesce(Box::new(read(value)), truth(constant)?))
        }
        _ => None,
    }
}

/// A test whether something is one of some literals, as the alternatives that it comes to: so it is
/// the same however it is written, and beside tests of single ones.
fn listed(all: &[Token]) -> Option<Formula> {
    let at = all
        .iter()
        .position(|token| ["=", "<>", "in"].iter().any(|word| token.is(word)))?;
    let (left, rest) = (all.get(..at)?, all.get(at + 1..)?);
    let operator = all.get(at)?;
    let list = match rest {
        [open, list @ .., close] if operator.is("in") && open.is("(") && close.is(")") => list,
        [any, outer, array, open, list @ .., close, end]
            if any.is(if operator.is("=") { "any" } else { "all" })
                && outer.is("(")
                && array.is("array")
                && open.is("[")
                && close.is("]")
                && end.is(")") =>
        {
            list
        }
        _ => return None,
    };
    let text = |of: &[Token]| -> Vec<String> { of.iter().map(|t| t.text().to_owned()).collect() };
    let literal = |of: &[Token]| {
        of.first()
            .is_some_and(|first| first.text().starts_with('\''))
    };
    let values = split(list, ",");
    if !values.iter().all(|value| literal(value)) {
        return None;
    }
    let one = |value: &[Token]| {
        let words = [text(left), vec!["=".to_owned()], text(value)].concat();
        Formula::Test(words.join(" "))
    };
    let any = Formula::Any(values.into_iter().map(one).collect());
    Some(if operator.is("<>") {
        Formula::Not(Box::new(any))
    } else {
        any
    })
}

/// With every helper's result named like the helper: the name says nothing.
fn renamed(words: Vec<&str>) -> Vec<&str> {
    let named = |at: usize| {
        let from = at.checked_sub(6)?;
        match words.get(from..=at)? {
            ["countersign", ".", name, "(", ")", "AS", _] => Some(*name),
            _ => None,
        }
    };
    let positions = words.iter().enumerate();
    positions
        .map(|(at, word)| named(at).unwrap_or(word))
        .collect()
}

/// A test; of two that are each other's opposite, one is the other's negation.
fn test(all: &[Token]) -> Formula {
    const OPPOSITES: [(&str, &str); 4] = [("<>", "="), (">=", "<"), ("<=", ">"), ("!~~", "~~")];
    let mut depth = 0;
    let operator = all.iter().position(|token| {
        depth += step(token);
        depth == 0 && OPPOSITES.iter().any(|(of, _)| token.is(of))
    });
    let text = |words: Vec<&str>| -> String { words.join(" ") };
    let words = renamed(all.iter().map(Token::text).collect());
    let Some((at, (_, plain))) = operator.and_then(|at| {
        let token = all.get(at)?;
        Some((at, OPPOSITES.iter().find(|(of, _)| token.is(of))?))
    }) else {
        return Formula::Test(text(words));
    };
    let every = all.get(at + 1).is_some_and(|next| next.is("all"));
    let changed = words.iter().enumerate().map(|(position, word)| {
        if position == at {
            plain
        } else if every && position == at + 1 {
            "ANY"
        } else {
            *word
        }
    });
    Formula::Not(Box::new(Formula::Test(text(changed.collect()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth_of(expression: &str, a: Option<bool>, b: Option<bool>) -> Option<bool> {
        Formula::read(expression).truth(&|test| match test {
            "a = 1" => a,
            "b = 2" => b,
            other => panic!("no such test: {other}"),
        })
    }

    #[test]
    fn formulas_have_sqls_three_values() {
        let all = [Some(true), Some(false), None];
        for a in all {
            for b in all {
                let and = truth_of("((a = 1) AND (b = 2))", a, b);
                assert_eq!(
                    and,
                    if a == Some(false) || b == Some(false) {
                        Some(false)
                    } else {
                        a.and(b)
                    }
                );
                let not = truth_of("(NOT ((a = 1) OR (b = 2)))", a, b);
                let or = truth_of("((a = 1) OR (b = 2))", a, b);
                assert_eq!(not, or.map(|x| !x));
                assert_eq!(truth_of("(((a <> 1) AND (b = 2)) IS FALSE)", a, b), {
                    let inner = truth_of("((NOT (a = 1)) AND (b = 2))", a, b);
                    Some(inner == Some(false))
                });
                assert_eq!(
                    truth_of("COALESCE((a = 1), false)", a, b),
                    Some(a == Some(true))
                );
            }
        }
    }

    #[test]
    fn a_subquery_is_one_test() {
        let text =
            "(EXISTS ( SELECT 1 FROM t parent WHERE ((parent.a = x.a) AND (parent.b = x.b))))";
        assert!(matches!(Formula::read(text), Formula::Test(_)));
        let one = Formula::Test("x = 'a' :: text".to_owned());
        let other = Formula::Test("x = 'b' :: text".to_owned());
        let both = Formula::Any(vec![one, other]);
        let list = "(x = ANY (ARRAY['a'::text, 'b'::text]))";
        assert_eq!(Formula::read(list), both);
        assert_eq!(Formula::read("x in ('a'::text, 'b'::text)"), both);
        let none = "(x <> ALL (ARRAY['a'::text, 'b'::text]))";
        assert_eq!(Formula::read(none), Formula::Not(Box::new(both)));
        let any = "(x = ANY (ARRAY( SELECT f() AS f)))";
        let none = "(x <> ALL (ARRAY( SELECT f() AS f)))";
        assert_eq!(
            Formula::read(none),
            Formula::Not(Box::new(Formula::read(any)))
        );
    }
}
