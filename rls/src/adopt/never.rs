//! What no rule can allow: restrictive policies about the row alone.
//!
//! A restrictive policy lets a row pass for which it is true. `never` forbids rows for which it is not
//! false. So what stands in `never` is the opposite: false exactly where the policy is true, and
//! unknown where it is unknown. Whoever adds a rule later is bound by it, as by the policy.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::catalogue::Relation;
use policy_core::condition::Comparison;

use super::expression::{self, Column, Expr, Literal};
use super::policies::Test;
use super::recognise::caller::{self, Property};
use super::recognise::{Role, condition};
use crate::live::{Policy, Table};

/// The restrictive policies of a table that `never` says.
#[derive(Clone, Debug, Default)]
pub struct Never {
    /// What is forbidden, by policy and test.
    said: BTreeMap<(String, Test), Vec<String>>,
}

impl Never {
    /// Finds them. `opens` tells whether a role has any way to pass a test.
    #[must_use]
    pub fn of(
        table: &Table,
        relation: &Relation,
        opens: &mut dyn FnMut(Role, Test) -> bool,
    ) -> Self {
        let mut said = BTreeMap::new();
        for policy in table.policies.iter().filter(|policy| !policy.permissive) {
            for test in Test::ALL {
                // It binds clients alike, with an id or without.
                let binds = |role: Role| role.is_bound(policy);
                let alike = [Role::Anon, Role::Authenticated]
                    .into_iter()
                    .all(|role| binds(role) || !opens(role, test));
                if test.concerns(policy)
                    && binds(Role::Authenticated)
                    && alike
                    && let Some(sql) = test.of(policy)
                    && let Some(conditions) = forbidden(sql, relation)
                {
                    said.insert((policy.name.clone(), test), conditions);
                }
            }
        }
        Self { said }
    }

    /// Whether a policy is said here, so that no rule has to repeat it.
    #[must_use]
    pub fn says(&self, policy: &Policy, test: Test) -> bool {
        self.said.contains_key(&(policy.name.clone(), test))
    }

    /// The statements, for tests that somebody passes.
    #[must_use]
    pub fn text(&self, opens: &dyn Fn(Test) -> bool) -> Vec<String> {
        let of = |test: Test| -> BTreeSet<&String> {
            let ours = self.said.iter().filter(|((_, of), _)| *of == test);
            ours.filter(|_| opens(test))
                .flat_map(|(_, conditions)| conditions)
                .collect()
        };
        let each = |word: &'static str, test: Test| {
            let all: Vec<String> = of(test)
                .into_iter()
                .map(|condition| format!("never {word} {condition}"))
                .collect();
            all
        };
        let (old, new) = (of(Test::Old), of(Test::New));
        let both = old.union(&new).map(|condition| {
            let before = old
                .contains(condition)
                .then(|| format!(" where {condition}"));
            let after = new
                .contains(condition)
                .then(|| format!(" check {condition}"));
            format!(
                "never update{}{}",
                before.unwrap_or_default(),
                after.unwrap_or_default()
            )
        });
        let mut all = each("select where", Test::Select);
        all.extend(each("insert check", Test::Insert));
        all.extend(both);
        all.extend(each("delete where", Test::Delete));
        all
    }
}

/// The conditions of which none may be anything but false; nothing if it cannot be said so.
fn forbidden(sql: &str, relation: &Relation) -> Option<Vec<String>> {
    let read = expression::expression(sql).map_columns(&mut |column| {
        let of = column.of.filter(|of| *of != relation.name);
        Expr::Column(Column { of, ..column })
    });
    let parts = read.conjuncts().into_iter();
    let parts = parts.filter(|part| *part != Expr::Literal(Literal::Bool(true)));
    let each = parts.map(|part| {
        let opposite = match part {
            Expr::IsFalse(inner) => *inner,
            other => opposite(other, relation)?,
        };
        let mut other = false;
        opposite.visit(&mut |part| {
            // Whose row it is is for rules to say.
            other |= caller::property(part) == Some(Property::Id)
                || matches!(part, Expr::IsTrue(_) | Expr::IsFalse(_));
        });
        if other {
            return None;
        }
        condition::condition(&opposite, relation).ok()
    });
    let all: Vec<String> = each.collect::<Option<_>>()?;
    (!all.is_empty()).then_some(all)
}

/// What is false exactly where this is true, and true where it is false.
fn opposite(of: Expr, row: &Relation) -> Option<Expr> {
    let each = |parts: Vec<Expr>| -> Option<Vec<Expr>> {
        parts.into_iter().map(|part| opposite(part, row)).collect()
    };
    let distinct = |column: Box<Expr>, value: bool| {
        let value = Expr::Literal(Literal::Bool(value));
        Expr::Not(Box::new(Expr::Distinct(column, Box::new(value))))
    };
    Some(match of {
        Expr::Not(inner) => match *inner {
            // Never unknown, so the opposite must not be, either.
            Expr::IsTrue(column) => distinct(column, true),
            Expr::IsFalse(column) => distinct(column, false),
            other => other,
        },
        Expr::All(parts) => Expr::Any(each(parts)?),
        Expr::Any(parts) => Expr::All(each(parts)?),
        Expr::Compare(how, left, right) => Expr::Compare(how.opposite(), left, right),
        Expr::Distinct(left, right) if is_known(&left, row) && is_known(&right, row) => {
            Expr::Compare(Comparison::Equal, left, right)
        }
        same @ (Expr::Column(_)
        | Expr::Distinct(..)
        | Expr::IsNull(_)
        | Expr::OneOf(..)
        | Expr::Like(..)
        | Expr::Ilike(..)) => Expr::Not(Box::new(same)),
        _ => return None,
    })
}

/// Whether a value is never NULL.
fn is_known(of: &Expr, row: &Relation) -> bool {
    match of.bare() {
        Expr::Column(column) if column.of.is_none() => {
            let column = row.column(&column.name);
            column.is_some_and(|column| !column.nullable)
        }
        Expr::Literal(literal) => *literal != Literal::Null,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_opposite_is_false_where_the_policy_is_true() {
        let row: Relation = serde_json::from_value(json!({
            "name": "notes", "kind": "table", "primary_key": ["id"], "columns": [
                { "name": "id", "type": "uuid" },
                { "name": "owner", "type": "uuid", "nullable": true },
                { "name": "status", "type": "text" },
                { "name": "stage", "type": "text", "nullable": true },
                { "name": "pinned", "type": "boolean", "nullable": true }]
        }))
        .unwrap();
        for (sql, expected) in [
            ("(status <> 'locked'::text)", Some("status = 'locked'")),
            ("(NOT pinned)", Some("pinned")),
            ("pinned", Some("not pinned")),
            (
                "(pinned IS NOT TRUE)",
                Some("pinned is not distinct from true"),
            ),
            ("((pinned = true) IS FALSE)", Some("pinned = true")),
            ("((stage = 'sent'::text) IS FALSE)", Some("stage = 'sent'")),
            (
                "(status IS DISTINCT FROM 'locked'::text)",
                Some("status = 'locked'"),
            ),
            (
                "(stage IS DISTINCT FROM 'locked'::text)",
                Some("stage is not distinct from 'locked'"),
            ),
            ("(stage IS NULL)", Some("stage is not null")),
            (
                "(stage = ANY (ARRAY['a'::text, 'b'::text]))",
                Some("stage not in ('a', 'b')"),
            ),
            (
                "((status <> 'a'::text) OR (stage IS NULL))",
                Some("status = 'a' and stage is not null"),
            ),
            (
                "((status <> 'a'::text) AND (stage IS NULL))",
                Some("status = 'a'; stage is not null"),
            ),
            (
                "(NOT ((status = 'a'::text) AND (stage = 'b'::text)))",
                Some("status = 'a' and stage = 'b'"),
            ),
            (
                "((auth.jwt() ->> 'aal'::text) = 'aal2'::text)",
                Some("caller.aal <> 'aal2'"),
            ),
            ("(upper(status) = status)", None),
            ("false", None),
            ("true", None),
            ("(owner = auth.uid())", None),
        ] {
            let found = forbidden(sql, &row).map(|all| all.join("; "));
            assert_eq!(found.as_deref(), expected, "{sql}");
        }
    }
}
