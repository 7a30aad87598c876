//! Functions that policies call: their body stands for them, if it is one expression or query.

use super::{DEEPEST, Reader};
use crate::adopt::alternative::{Alternative, simplest};
use crate::adopt::expression::{self, Call, Column, Expr, Select, Source};
use crate::live::Function;
use crate::sql::lex::{self, Token};

/// What a function's body comes to.
enum Body {
    /// `select exists (...)`, `return x`.
    Value(Expr),
    /// `select x from ...`, `return query ...`; what a union joins, each.
    Rows(Vec<Select>),
}

impl Reader<'_> {
    /// A call that stands as a test.
    pub(super) fn helper(&mut self, call: &Call) -> Vec<Alternative> {
        match self.open(call) {
            Some((Body::Value(value), definer)) => {
                self.within(definer, |me| me.alternatives(&value))
            }
            _ => self.unknown(call),
        }
    }

    /// A call in whose rows the values on the left must be, in these columns; in all that it yields
    /// if none are named.
    pub(super) fn among(
        &mut self,
        left: &[Expr],
        call: &Call,
        columns: &[&str],
    ) -> Vec<Alternative> {
        let opened = self.open(call).and_then(|(body, definer)| match body {
            Body::Rows(all) => Some((self.yielded(call, columns, &all)?, definer)),
            Body::Value(_) => None,
        });
        match opened {
            Some((all, definer)) => self.within(definer, |me| {
                let each = all.iter().flat_map(|select| me.in_select(left, select));
                simplest(each.collect())
            }),
            _ => self.unknown(call),
        }
    }

    /// What a function yields, in some of its columns.
    fn yielded(&self, call: &Call, columns: &[&str], all: &[Select]) -> Option<Vec<Select>> {
        let of = self
            .ground
            .function(call.schema.as_deref(), &call.name, call.arguments.len())?;
        let count = call.arguments.len();
        let key = (of.schema.clone(), of.name.clone(), count);
        let names = self.ground.names.get(&key).map_or(&[][..], Vec::as_slice);
        // Behind what it is given stands what a table of several columns calls them; one value has
        // whatever name the caller gives it.
        let is_table = of.returns.to_lowercase().starts_with("table(");
        let names = names
            .get(count..)
            .filter(|names| is_table && names.len() > 1);
        let place = |column: &&str| match names {
            Some(names) => names.iter().position(|name| name == column),
            None => all
                .iter()
                .all(|select| select.items.len() == 1)
                .then_some(0),
        };
        let places: Vec<usize> = columns.iter().map(place).collect::<Option<_>>()?;
        let each = all.iter().map(|select| {
            if places.is_empty() {
                return Some(select.clone());
            }
            let items = places.iter().map(|place| select.items.get(*place).cloned());
            Some(Select {
                items: items.collect::<Option<_>>()?,
                ..select.clone()
            })
        });
        each.collect()
    }

    fn unknown(&mut self, call: &Call) -> Vec<Alternative> {
        let name = match &call.schema {
            Some(schema) => format!("{schema}.{}", call.name),
            None => call.name.clone(),
        };
        self.refuse(
            format!("what `{name}` answers cannot be read from its body"),
            "say in the policy what it tests; a helper is read if it is one `select` or one `return`, without limits, groups or branches",
        )
    }

    fn within(
        &mut self,
        definer: Option<String>,
        read: impl FnOnce(&mut Self) -> Vec<Alternative>,
    ) -> Vec<Alternative> {
        let before = std::mem::replace(&mut self.definer, definer);
        self.depth += 1;
        let all = read(self);
        self.depth -= 1;
        self.definer = before;
        all
    }

    fn open(&self, call: &Call) -> Option<(Body, Option<String>)> {
        // PostgreSQL prints only its own functions without a schema; a body's author may, too.
        if self.depth >= DEEPEST || self.depth == 0 && call.schema.is_none() {
            return None;
        }
        let count = call.arguments.len();
        let schema = call.schema.as_deref();
        let function = self.ground.function(schema, &call.name, count)?;
        // A strict function is NULL without its argument, and so is a comparison with it.
        let key = (function.schema.clone(), function.name.clone(), count);
        let names: &[String] = self.ground.names.get(&key).map_or(&[], Vec::as_slice);
        let body = match read(function)? {
            Body::Value(value) => Body::Value(self.resolved(value, &[])),
            Body::Rows(all) => {
                let each = all.into_iter().map(|select| self.inside(select, &[]));
                Body::Rows(each.collect())
            }
        };
        let mut put = |column: Column| {
            if column.of.is_some() {
                return Expr::Column(column);
            }
            let numbered = column
                .name
                .strip_prefix('$')
                .and_then(|digits| digits.parse::<usize>().ok())
                .and_then(|number| number.checked_sub(1));
            let position = numbered.or_else(|| names.iter().position(|name| *name == column.name));
            position
                .and_then(|position| call.arguments.get(position).cloned())
                .unwrap_or_else(|| Expr::Other(column.name.clone()))
        };
        let body = match body {
            Body::Value(value) => Body::Value(value.map_columns(&mut put)),
            Body::Rows(all) => {
                let each = all.into_iter().map(|select| select.map_columns(&mut put));
                Body::Rows(each.collect())
            }
        };
        let definer = function.security_definer.then(|| function.owner.clone());
        Some((body, definer))
    }

    /// Names of columns in subqueries get the relation they are of; what stays without one is an
    /// argument.
    fn resolved(&self, of: Expr, outer: &[Source]) -> Expr {
        let name = |column: Column| -> Expr {
            if column.of.is_some() {
                return Expr::Column(column);
            }
            let of = outer.iter().rev().find(|source| {
                let table = self.ground.live.table(&source.name);
                source.arguments.is_none()
                    && table.is_some_and(|table| table.column(&column.name).is_some())
            });
            Expr::Column(Column {
                of: of.map(|of| of.alias.clone()),
                ..column
            })
        };
        let each = |all: Vec<Expr>| -> Vec<Expr> {
            all.into_iter()
                .map(|one| self.resolved(one, outer))
                .collect()
        };
        let one = |of: Box<Expr>| Box::new(self.resolved(*of, outer));
        match of {
            Expr::Column(column) => name(column),
            Expr::Exists(select) => Expr::Exists(Box::new(self.inside(*select, outer))),
            Expr::Scalar(select) => Expr::Scalar(Box::new(self.inside(*select, outer))),
            Expr::InSelect(left, select) => {
                Expr::InSelect(each(left), Box::new(self.inside(*select, outer)))
            }
            Expr::All(parts) => Expr::All(each(parts)),
            Expr::Any(parts) => Expr::Any(each(parts)),
            Expr::Not(inner) => Expr::Not(one(inner)),
            Expr::IsTrue(inner) => Expr::IsTrue(one(inner)),
            Expr::IsFalse(inner) => Expr::IsFalse(one(inner)),
            Expr::IsNull(inner) => Expr::IsNull(one(inner)),
            Expr::Field(inner, key) => Expr::Field(one(inner), key),
            Expr::Cast(inner, to) => Expr::Cast(one(inner), to),
            Expr::Compare(how, left, right) => Expr::Compare(how, one(left), one(right)),
            Expr::Distinct(left, right) => Expr::Distinct(one(left), one(right)),
            Expr::Like(left, right) => Expr::Like(one(left), one(right)),
            Expr::Ilike(left, right) => Expr::Ilike(one(left), one(right)),
            Expr::OneOf(left, list) => Expr::OneOf(one(left), each(list)),
            Expr::Call(call) => Expr::Call(Call {
                arguments: each(call.arguments),
                ..call
            }),
            same @ (Expr::Literal(_) | Expr::Other(_)) => same,
        }
    }

    fn inside(&self, select: Select, outer: &[Source]) -> Select {
        let mut scope = outer.to_vec();
        scope.extend(select.from.iter().cloned());
        let items = select.items.into_iter();
        Select {
            items: items.map(|item| self.resolved(item, &scope)).collect(),
            filter: select.filter.map(|filter| self.resolved(filter, &scope)),
            from: select.from,
        }
    }
}

/// A body that is one query or one `return`.
fn read(function: &Function) -> Option<Body> {
    let statement = match function.language.as_str() {
        "sql" => standard(&function.body),
        "plpgsql" => returned(&function.body)?,
        _ => return None,
    };
    let all = expression::query(&statement)?;
    if all.iter().all(|select| !select.from.is_empty()) {
        return Some(Body::Rows(all));
    }
    match all.as_slice() {
        [
            Select {
                items,
                filter: None,
                ..
            },
        ] => match items.as_slice() {
            [value] => Some(Body::Value(value.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// The body of a function in the standard's form, as PostgreSQL prints it, or a body as it is.
fn standard(body: &str) -> String {
    let words: Vec<&str> = body.split_whitespace().take(2).collect();
    match words.as_slice() {
        [first, second]
            if first.eq_ignore_ascii_case("begin") && second.eq_ignore_ascii_case("atomic") =>
        {
            let inner = body.trim_start().get("begin".len()..).unwrap_or_default();
            let inner = inner.trim_start().get("atomic".len()..).unwrap_or_default();
            let inner = inner.trim_end();
            let end = inner.len().saturating_sub("end".len());
            inner.get(..end).unwrap_or_default().to_owned()
        }
        [first, _] if first.eq_ignore_ascii_case("return") => {
            let inner = body.trim_start().get("return".len()..).unwrap_or_default();
            format!("select {inner}")
        }
        _ => body.to_owned(),
    }
}

/// `begin return query q; end` is `q`, `begin return x; end` is `select x`.
fn returned(body: &str) -> Option<String> {
    let tokens: Vec<Token<'_>> = lex::tokens(body)
        .into_iter()
        .filter(|token| token.kind != lex::Kind::Comment)
        .collect();
    let words: Vec<usize> = (0..tokens.len())
        .filter(|at| tokens.get(*at).is_some_and(Token::counts))
        .collect();
    let word = |at: usize| words.get(at).and_then(|at| tokens.get(*at));
    if !word(0)?.is("begin") || !word(1)?.is("return") {
        return None;
    }
    let query = word(2)?.is("query");
    let start = *words.get(if query { 3 } else { 2 })?;
    let mut text = if query {
        String::new()
    } else {
        "select ".to_owned()
    };
    let mut rest = tokens.get(start..)?.iter();
    for token in rest.by_ref() {
        if token.text == ";" {
            break;
        }
        text.push_str(token.text);
    }
    let mut rest = rest.filter(|token| token.counts() && token.text != ";");
    (rest.next()?.is("end") && rest.next().is_none()).then_some(text)
}
