//! Random conditions as policy text, made smaller piece by piece.

use crate::dice::Dice;
use crate::sorts::{Asks, SORTS, Sort, random_text};

/// A condition, with its comparisons as text.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    All(Vec<Written>),
    Any(Vec<Written>),
    Not(Box<Written>),
    Atom(String),
}

impl Written {
    pub(crate) fn random(dice: &mut Dice, depth: usize) -> Self {
        match dice.below(if depth == 0 { 1 } else { 5 }) {
            2 => Self::Not(Box::new(Self::random(dice, depth - 1))),
            3 => Self::All(Self::some(dice, depth)),
            4 => Self::Any(Self::some(dice, depth)),
            _ => Self::Atom(atom(dice)),
        }
    }

    fn some(dice: &mut Dice, depth: usize) -> Vec<Self> {
        (0..2 + dice.below(2))
            .map(|_| Self::random(dice, depth - 1))
            .collect()
    }

    /// The condition's direct simplifications.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        match self {
            Self::Atom(_) => Vec::new(),
            Self::Not(inner) => {
                let mut all = vec![(**inner).clone()];
                all.extend(inner.smaller().into_iter().map(|s| Self::Not(Box::new(s))));
                all
            }
            Self::All(parts) | Self::Any(parts) => {
                let again = |parts| match self {
                    Self::All(_) => Self::All(parts),
                    _ => Self::Any(parts),
                };
                let mut all = parts.clone();
                for (position, part) in parts.iter().enumerate() {
                    for less in part.smaller() {
                        let mut parts = parts.clone();
                        parts[position] = less;
                        all.push(again(parts));
                    }
                    if parts.len() > 2 {
                        let mut parts = parts.clone();
                        parts.remove(position);
                        all.push(again(parts));
                    }
                }
                all
            }
        }
    }
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let join = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| format!("({part})")).collect();
            parts.join(word)
        };
        match self {
            Self::All(parts) => f.write_str(&join(parts, " and ")),
            Self::Any(parts) => f.write_str(&join(parts, " or ")),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Atom(text) => f.write_str(text),
        }
    }
}

/// One comparison.
fn atom(dice: &mut Dice) -> String {
    let sort = dice.pick(SORTS);
    let at = dice.below(3);
    let column = sort.column(at);
    let not = if dice.once_in(2) { "not " } else { "" };
    if dice.once_in(8) || sort.asks == Asks::NullOnly {
        return format!("{column} is {not}null");
    }
    if sort.asks == Asks::Flag && dice.once_in(3) {
        return format!("{not}{column}");
    }
    if sort.asks == Asks::Text && dice.once_in(3) {
        return if dice.once_in(2) {
            format!("{column} {not}like '{}'", pattern(dice))
        } else {
            format!("{column} {not}ilike '{}'", ascii(&pattern(dice)))
        };
    }
    if dice.once_in(6) {
        let list: Vec<String> = (0..=dice.below(3)).map(|_| sort.literal(dice)).collect();
        return format!("{column} {not}in ({})", list.join(", "));
    }
    if sort.asks == Asks::Order && dice.once_in(6) {
        let (low, high) = (operand(sort, dice), operand(sort, dice));
        return format!("{column} {not}between {low} and {high}");
    }
    let operator = if dice.once_in(5) {
        ["is distinct from", "is not distinct from"][dice.below(2)]
    } else if sort.asks == Asks::Order {
        dice.pick(&["=", "<>", "<", "<=", ">", ">="])
    } else {
        dice.pick(&["=", "<>"])
    };
    let other = operand(sort, dice);
    if dice.once_in(4) {
        format!("{other} {operator} {column}")
    } else {
        format!("{column} {operator} {other}")
    }
}

/// Something to compare with.
fn operand(sort: &Sort, dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => sort.column(dice.below(3)),
        1 if sort.name == "ref" => "caller.id".to_owned(),
        1 if sort.name == "txt" => (*dice.pick(&["caller.email", "caller.aal"])).to_owned(),
        1 if sort.name == "at" => "now()".to_owned(),
        _ => sort.literal(dice),
    }
}

/// The same without letters beyond ASCII, which `ilike` refuses.
fn ascii(pattern: &str) -> String {
    pattern.replace(|c: char| !c.is_ascii(), "k")
}

/// A pattern that does not end in its escape.
fn pattern(dice: &mut Dice) -> String {
    let mut text = random_text(dice);
    let escapes = text.chars().rev().take_while(|c| *c == '\\').count();
    if escapes % 2 == 1 {
        text.push('\\');
    }
    text.replace('\'', "''")
}
