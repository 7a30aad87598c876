//! A whole query string.

use std::fmt::{self, Display};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::cursor::{Cursor, Malformed, Read};
use super::filter::Filter;
use super::logic::Group;
use super::name::{Field, Name, name, write_quoted};
use super::order::{Term, Terms};
use super::select::{Item, List};

/// What a query string asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Query {
    /// `select=`; without it everything is meant.
    pub(in super::super) select: Option<Vec<Item>>,
    /// `columns=`: the keys of the payload that count.
    pub(in super::super) columns: Option<Vec<String>>,
    /// `on_conflict=`
    pub(in super::super) on_conflict: Option<Vec<String>>,
    pub(in super::super) filters: Vec<At<Filter>>,
    /// `and=`, `or=`, `not.and=` and `not.or=`
    pub(in super::super) logic: Vec<At<Group>>,
    /// `order=`
    pub(in super::super) order: Vec<At<Vec<Term>>>,
    /// `limit=` and `offset=`
    pub(super) ranges: Vec<At<(Range, u64)>>,
    /// What is passed to a function.
    pub(in super::super) arguments: Vec<(String, String)>,
}

/// Something that belongs to the resource at the end of a path of embedded ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct At<T> {
    pub(in super::super) path: Vec<String>,
    pub(in super::super) what: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    Limit,
    Offset,
}

/// What a parameter means that is not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Dialect {
    /// A filter.
    Filters,
    /// A filter if its value begins with an operator, else an argument of the function.
    Arguments,
}

/// A parameter that could not be read, or was given twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Trouble {
    /// Its name or value is not UTF-8.
    Encoding,
    /// Its name is malformed.
    Name(String, Malformed),
    /// Its value is.
    Value(String, Malformed),
    /// It stands there twice.
    Twice(String),
}

impl Query {
    pub(in super::super) fn read(text: &str, dialect: Dialect) -> Result<Self, Trouble> {
        let mut query = Self::default();
        for pair in text.split('&') {
            // As PostgREST has it, a name without `=` is no parameter.
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            query.parameter(&decode(name)?, &decode(value)?, dialect)?;
        }
        Ok(query)
    }

    fn parameter(&mut self, key: &str, value: &str, dialect: Dialect) -> Result<(), Trouble> {
        let in_value = |malformed| Trouble::Value(key.to_owned(), malformed);
        let once = |added: bool| {
            if added {
                Ok(())
            } else {
                Err(Trouble::Twice(key.to_owned()))
            }
        };
        match key {
            "select" => {
                let items = Cursor::whole(value, |cursor| Item::read_list(cursor, 0));
                return once(self.select.replace(items.map_err(in_value)?).is_none());
            }
            "columns" => {
                let names = Cursor::whole(value, |cursor| cursor.list(name));
                return once(self.columns.replace(names.map_err(in_value)?).is_none());
            }
            "on_conflict" => {
                let names = Cursor::whole(value, |cursor| cursor.list(name));
                return once(self.on_conflict.replace(names.map_err(in_value)?).is_none());
            }
            _ => {}
        }
        let (path, field) = Cursor::whole(key, target)
            .map_err(|malformed| Trouble::Name(key.to_owned(), malformed))?;
        match key.rsplit('.').next() {
            Some("order") => {
                let what = Cursor::whole(value, Term::read_list).map_err(in_value)?;
                once(add(&mut self.order, path, what, |_, _| true))
            }
            Some(word @ ("limit" | "offset")) => {
                let range = if word == "limit" {
                    Range::Limit
                } else {
                    Range::Offset
                };
                let number = Cursor::whole(value, number).map_err(in_value)?;
                once(add(&mut self.ranges, path, (range, number), |a, b| {
                    a.0 == b.0
                }))
            }
            Some(word @ ("and" | "or")) => {
                let negated = path.iter().any(|name| name == "not");
                let path = path.into_iter().filter(|name| name != "not").collect();
                let group = Cursor::whole(value, |cursor| {
                    Group::read(cursor, word == "or", negated, 0)
                });
                self.logic.push(At {
                    path,
                    what: group.map_err(in_value)?,
                });
                Ok(())
            }
            _ => self.filter(key, value, path, field, dialect),
        }
    }

    fn filter(
        &mut self,
        key: &str,
        value: &str,
        path: Vec<String>,
        field: Field,
        dialect: Dialect,
    ) -> Result<(), Trouble> {
        let plain = path.is_empty() && field.path.is_empty();
        let argument = field.name.clone();
        match Cursor::whole(value, |cursor| Filter::read_value(cursor, field)) {
            Ok(what) => self.filters.push(At { path, what }),
            Err(_) if dialect == Dialect::Arguments && plain && !is_operator(value) => {
                self.arguments.push((argument, value.to_owned()));
            }
            Err(malformed) => return Err(Trouble::Value(key.to_owned(), malformed)),
        }
        Ok(())
    }

    /// The query string, without a question mark.
    pub(in super::super) fn write(&self) -> String {
        let mut out = String::new();
        let mut add = |key: &dyn Display, value: &dyn Display| {
            if !out.is_empty() {
                out.push('&');
            }
            out.extend(utf8_percent_encode(&key.to_string(), ESCAPED));
            out.push('=');
            out.extend(utf8_percent_encode(&value.to_string(), ESCAPED));
        };
        if let Some(items) = &self.select {
            add(&"select", &List(items));
        }
        for (key, names) in [
            ("columns", &self.columns),
            ("on_conflict", &self.on_conflict),
        ] {
            if let Some(names) = names {
                let names: Vec<String> = names.iter().map(|name| Name(name).to_string()).collect();
                add(&key, &names.join(","));
            }
        }
        for At { path, what } in &self.filters {
            add(
                &format_args!("{}{}", dotted(path), Key(&what.field)),
                &what.value(),
            );
        }
        for At { path, what } in &self.logic {
            add(
                &format_args!("{}{}", dotted(path), what.word()),
                &what.members(),
            );
        }
        for At { path, what } in &self.order {
            add(&format_args!("{}order", dotted(path)), &Terms(what));
        }
        for At {
            path,
            what: (range, number),
        } in &self.ranges
        {
            let word = if *range == Range::Limit {
                "limit"
            } else {
                "offset"
            };
            add(&format_args!("{}{word}", dotted(path)), number);
        }
        for (name, value) in &self.arguments {
            let field = Field {
                name: name.clone(),
                path: Vec::new(),
            };
            add(&Key(&field), value);
        }
        out
    }
}

/// A filter's field as a parameter's name: one that is called like a reserved parameter takes
/// quotes.
struct Key<'a>(&'a Field);

impl Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_reserved = RESERVED_NAMES.contains(&self.0.name.as_str());
        if is_reserved && self.0.path.is_empty() {
            write_quoted(f, &self.0.name)
        } else {
            self.0.fmt(f)
        }
    }
}

const RESERVED_NAMES: [&str; 8] = [
    "select",
    "columns",
    "on_conflict",
    "order",
    "limit",
    "offset",
    "and",
    "or",
];

/// Text as it stands in a query string.
fn decode(text: &str) -> Result<String, Trouble> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| Trouble::Encoding)?;
    Ok(decoded.into_owned())
}

/// Everything but what the grammar is made of, so that a query stays readable.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'\'');

/// `embedded.embedded.field->key`
fn target(cursor: &mut Cursor<'_>) -> Read<(Vec<String>, Field)> {
    let mut path = Vec::new();
    loop {
        let field = Field::read(cursor)?;
        if !field.path.is_empty() || !cursor.eat(".") {
            return Ok((path, field));
        }
        path.push(field.name);
    }
}

fn number(cursor: &mut Cursor<'_>) -> Read<u64> {
    let start = *cursor;
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    digits.parse().or_else(|_| start.fail("a whole number"))
}

/// Whether PostgREST would take the text for a filter, well formed or not.
fn is_operator(value: &str) -> bool {
    ["not.", "in.", "is.", "isdistinct."]
        .iter()
        .any(|operator| value.starts_with(operator))
}

/// Adds to a list unless there is the same for the same path already.
fn add<T>(list: &mut Vec<At<T>>, path: Vec<String>, what: T, same: fn(&T, &T) -> bool) -> bool {
    let is_new = !list
        .iter()
        .any(|other| other.path == path && same(&other.what, &what));
    list.push(At { path, what });
    is_new
}

fn dotted(path: &[String]) -> String {
    path.iter().map(|name| format!("{}.", Name(name))).collect()
}
