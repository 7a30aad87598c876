//! What an expression of a policy means, in the language's terms.
//!
//! An expression becomes alternatives ([`Alternative`]), each a conjunction of a test of the caller,
//! memberships, visible parents and plain conditions. What cannot be said is reported, and left out
//! of the alternatives: so what is written never allows more than the database does.

pub mod caller;
pub mod condition;
mod helper;
mod lookup;
mod team;
#[cfg(test)]
mod tests;

use policy_core::catalogue::Relation;
use policy_core::condition::Comparison;

use super::alternative::{Alternative, Who, product, simplest};
use super::expression::{Expr, Literal};
use super::ground::Ground;
use super::words;
use crate::live::Policy;
use caller::Property;

/// How deep helpers may call helpers, and policies read other tables' policies.
const DEEPEST: usize = 6;

/// The most alternatives that are followed.
const MOST: usize = 64;

/// A role of the database, as clients have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nobody in particular.
    Anon,
    /// Whoever has a token.
    Authenticated,
    /// The Worker's own.
    Edge,
}

impl Role {
    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::Authenticated => "authenticated",
            Self::Edge => "countersign_edge",
        }
    }

    /// Whether a policy is for it.
    #[must_use]
    pub fn is_bound(self, policy: &Policy) -> bool {
        let roles = &policy.roles;
        roles.iter().any(|of| of == "public" || of == self.name())
    }
}

/// Part of an expression that the language cannot say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// Why.
    pub why: String,
    /// What to do.
    pub mend: String,
}

impl Refusal {
    /// A reason, and what to do.
    pub fn new(why: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            mend: mend.into(),
        }
    }
}

impl<Text: Into<String>> From<Text> for Refusal {
    /// What other policies of the table say otherwise.
    fn from(why: Text) -> Self {
        Self::new(
            why,
            "say it the same way in all policies of the table, or split the table",
        )
    }
}

/// Reads the expressions of one table's policies for one role.
#[derive(Debug)]
pub struct Reader<'a> {
    ground: &'a Ground<'a>,
    row: &'a Relation,
    role: Role,
    depth: usize,
    /// The owner of the `security definer` function whose body is read, if it is one.
    definer: Option<String>,
    /// What could not be said.
    pub refusals: Vec<Refusal>,
}

impl<'a> Reader<'a> {
    /// A reader for the policies of `row`.
    #[must_use]
    pub fn new(ground: &'a Ground<'a>, row: &'a Relation, role: Role) -> Self {
        Self {
            ground,
            row,
            role,
            depth: 0,
            definer: None,
            refusals: Vec::new(),
        }
    }

    /// The alternatives of an expression as PostgreSQL prints it.
    pub fn text(&mut self, sql: &str) -> Vec<Alternative> {
        let table = self.row.name.clone();
        let read = super::expression::expression(sql).map_columns(&mut |column| {
            let of = column.of.filter(|of| *of != table);
            Expr::Column(super::expression::Column { of, ..column })
        });
        self.alternatives(&read)
    }

    /// For whom it reads.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    fn refuse(&mut self, why: impl Into<String>, mend: impl Into<String>) -> Vec<Alternative> {
        let refusal = Refusal::new(why, mend);
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
        Vec::new()
    }

    /// The alternatives of an expression whose columns are the row's.
    pub(super) fn alternatives(&mut self, of: &Expr) -> Vec<Alternative> {
        let all = self.each(of);
        if all.len() > MOST {
            return self.refuse(
                format!("it comes to {} alternatives", all.len()),
                "write it with fewer nested `and` and `or`",
            );
        }
        all
    }

    fn each(&mut self, of: &Expr) -> Vec<Alternative> {
        if caller::is_user(of) {
            return self.who(Who::User);
        }
        match of {
            Expr::Literal(Literal::Bool(true)) => vec![Alternative::default()],
            Expr::Literal(Literal::Bool(false) | Literal::Null) => Vec::new(),
            Expr::IsTrue(inner) => self.alternatives(inner),
            Expr::IsFalse(inner) => self.alternatives(&Expr::Not(inner.clone())),
            Expr::All(parts) => {
                let mut all = vec![Alternative::default()];
                for part in parts.iter().filter(|part| !is_repeated(part, parts)) {
                    let part = self.alternatives(part);
                    all = product(&all, &part);
                }
                all
            }
            Expr::Any(parts)
                if speaks_of_caller(of) || condition::condition(of, self.row).is_err() =>
            {
                let parts = parts.iter().flat_map(|part| self.alternatives(part));
                let parts = parts.collect();
                simplest(parts)
            }
            Expr::Not(inner) => self.opposite(of, inner),
            Expr::IsNull(inner) if caller::property(inner) == Some(Property::Id) => {
                // Only anon has no id, as far as the language goes.
                if self.role == Role::Authenticated {
                    Vec::new()
                } else {
                    vec![Alternative::default()]
                }
            }
            Expr::Compare(Comparison::Equal, left, right) => self.equal(of, left, right),
            Expr::OneOf(left, list) if caller::property(left) == Some(Property::Role) => {
                let any = list.iter().any(|one| self.is_role(one));
                self.when(any)
            }
            Expr::Exists(select) => self.exists(select),
            Expr::InSelect(left, select) => self.in_select(left, select),
            Expr::Call(call) if caller::property(of).is_none() => self.helper(call),
            other => self.plain(other),
        }
    }

    fn when(&self, holds: bool) -> Vec<Alternative> {
        if holds {
            vec![Alternative::default()]
        } else {
            Vec::new()
        }
    }

    fn who(&self, who: Who) -> Vec<Alternative> {
        if self.role == Role::Authenticated {
            vec![Alternative {
                who,
                ..Alternative::default()
            }]
        } else {
            Vec::new()
        }
    }

    fn is_role(&self, of: &Expr) -> bool {
        matches!(of.bare(), Expr::Literal(Literal::Text(text)) if text == self.role.name())
    }

    /// `not`, moved inwards where truth allows it.
    fn opposite(&mut self, of: &Expr, inner: &Expr) -> Vec<Alternative> {
        let not = |of: &Expr| Expr::Not(Box::new(of.clone()));
        match inner {
            Expr::Not(twice) => self.alternatives(twice),
            Expr::Literal(Literal::Bool(value)) => self.when(!value),
            Expr::IsNull(inner) if caller::property(inner) == Some(Property::Id) => {
                self.who(Who::Known)
            }
            Expr::All(parts) if speaks_of_caller(of) => {
                self.alternatives(&Expr::Any(parts.iter().map(not).collect()))
            }
            Expr::Any(parts) if speaks_of_caller(of) => {
                self.alternatives(&Expr::All(parts.iter().map(not).collect()))
            }
            Expr::Exists(_) | Expr::InSelect(..) => self.refuse(
                "the language cannot ask that there is no such row",
                "put what excludes people into a column, or into `members ... where`",
            ),
            _ => self.plain(of),
        }
    }

    fn equal(&mut self, of: &Expr, left: &Expr, right: &Expr) -> Vec<Alternative> {
        for (one, other) in [(left, right), (right, left)] {
            if self.definer.is_some() && caller::is_session(one) {
                return self.refuse(
                    "inside a `security definer` function that is the function's owner, whoever calls it",
                    "ask `auth.role()`",
                );
            }
            match caller::property(one) {
                Some(Property::Id) => {
                    if let Expr::Column(column) = other.bare()
                        && column.of.is_none()
                    {
                        return self.own(&column.name);
                    }
                }
                Some(Property::Role) => return self.when(self.is_role(other)),
                _ => {}
            }
            if let (Expr::Scalar(select), Expr::Column(_)) = (one, other) {
                return self.scalar(other, select);
            }
        }
        if let (Expr::Scalar(_), _) | (_, Expr::Scalar(_)) = (left, right) {
            return self.refuse(
                "what a subquery yields is compared with a constant: a role that holds in every tenant, or a setting",
                "a role belongs to a membership: write `column in (select tenant ... where user = auth.uid() and role in (...))`",
            );
        }
        self.plain(of)
    }

    /// A column that holds the caller's id.
    fn own(&mut self, column: &str) -> Vec<Alternative> {
        let Some(known) = self.row.column(column) else {
            return self.refuse(
                format!("`{column}` is no column of the row"),
                "name a column",
            );
        };
        if known.kind() != self.ground.caller_id {
            return self.refuse(
                format!(
                    "`{column}` is {}, and callers' ids are {} here",
                    known.data_type,
                    self.ground.caller_id.name()
                ),
                "give the column the type of the callers' ids",
            );
        }
        if self.role != Role::Authenticated {
            return Vec::new();
        }
        let mut one = Alternative::default();
        one.own.insert(column.to_owned());
        vec![one]
    }

    /// A condition on the row; whoever is nobody has no id, e-mail or level to compare.
    fn plain(&mut self, of: &Expr) -> Vec<Alternative> {
        if self.role != Role::Authenticated && speaks_of_caller(of) {
            if contains(of, &|part| {
                matches!(
                    part,
                    Expr::IsNull(_) | Expr::Distinct(..) | Expr::IsTrue(_) | Expr::IsFalse(_)
                )
            }) {
                return self.refuse(
                    format!(
                        "for {} the caller's claims are NULL, and this asks about NULL",
                        self.role.name()
                    ),
                    "write the policy `to authenticated`",
                );
            }
            return Vec::new();
        }
        match condition::condition(of, self.row) {
            Ok(text) => {
                let text = match of {
                    Expr::Any(_) => format!("({text})"),
                    _ => text,
                };
                let mut one = Alternative::default();
                one.conditions.insert(text);
                vec![one]
            }
            Err(why) => self.refuse(
                words::one_line(&why),
                "put it into a column, a membership or a resource, or leave it to a function",
            ),
        }
    }
}

/// Whether one value is looked for where another part looks for it together with others: what such a
/// part says follows, and an index can answer it.
fn is_repeated(of: &Expr, parts: &[Expr]) -> bool {
    let Expr::InSelect(left, select) = of else {
        return false;
    };
    let ([value], [item]) = (left.as_slice(), select.items.as_slice()) else {
        return false;
    };
    parts.iter().any(|part| match part {
        Expr::InSelect(all, wider) => {
            all.len() > 1
                && wider.from == select.from
                && wider.filter == select.filter
                && all
                    .iter()
                    .zip(&wider.items)
                    .any(|pair| pair == (value, item))
        }
        _ => false,
    })
}

fn contains(of: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    of.visit(&mut |part| found |= test(part));
    found
}

/// Whether anything but the row's own columns matters.
fn speaks_of_caller(of: &Expr) -> bool {
    contains(of, &|part| {
        caller::property(part).is_some()
            || matches!(part, Expr::Exists(_) | Expr::InSelect(..) | Expr::Scalar(_))
            || matches!(part, Expr::Call(call) if call.schema.as_deref().is_some_and(|schema| schema != "pg_catalog"))
    })
}
