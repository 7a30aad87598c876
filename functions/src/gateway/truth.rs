//! What filters are worth: whether they hold of every row of their table whatever is in it.
//!
//! A write needs a filter so that nobody reaches every row by forgetting one. A filter that holds
//! of every row is none. Only what the catalogue and the filter's own form say is looked at;
//! `id=neq.0` reaches every row too if no row has that id, and whoever writes it means it.

use policy_core::model::Table;

use super::grammar::{Filter, Group, Is, Operator, Test, Tree};

/// Of how many rows something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Always,
    Never,
    Depends,
}

impl Holds {
    fn negated(self, negated: bool) -> Self {
        match self {
            Self::Always if negated => Self::Never,
            Self::Never if negated => Self::Always,
            other => other,
        }
    }
}

/// A filter on a row of the table.
pub(super) fn filter(table: &Table, filter: &Filter) -> Holds {
    let required = is_required(table, filter);
    let holds = match &filter.test {
        Test::Is(Is::NotNull) if required => Holds::Always,
        Test::Is(Is::Null | Is::Unknown) if required => Holds::Never,
        // Any text is like `*`; only a NULL is not.
        Test::Compare {
            operator:
                Operator::Other {
                    name: "like" | "ilike",
                    ..
                },
            quantifier: None,
            value,
        } if required && value.text.bytes().all(|byte| b"*%".contains(&byte)) => {
            match value.text.is_empty() {
                true => Holds::Depends,
                false => Holds::Always,
            }
        }
        _ => Holds::Depends,
    };
    holds.negated(filter.negated)
}

/// Filters joined by `and` or `or`.
pub(super) fn group(table: &Table, all: &Group) -> Holds {
    let (decides, otherwise) = if all.any {
        (Holds::Always, Holds::Never)
    } else {
        (Holds::Never, Holds::Always)
    };
    let member = |member: &Tree| match member {
        Tree::Filter(one) => filter(table, one),
        Tree::Group(inner) => group(table, inner),
    };
    let members: Vec<Holds> = all.members.iter().map(member).collect();
    let holds = if members.contains(&decides) || has_opposites(table, &all.members) {
        decides
    } else if members.iter().all(|holds| *holds == otherwise) {
        otherwise
    } else {
        Holds::Depends
    };
    holds.negated(all.negated)
}

/// Whether a filter and its opposite stand side by side, of which one holds of every row.
fn has_opposites(table: &Table, members: &[Tree]) -> bool {
    let filters: Vec<&Filter> = members
        .iter()
        .filter_map(|member| match member {
            Tree::Filter(filter) => Some(filter),
            Tree::Group(_) => None,
        })
        .collect();
    filters.iter().enumerate().any(|(at, one)| {
        // Of a NULL a comparison is neither true nor false, and so is its opposite.
        let decided =
            matches!(one.test, Test::Is(_) | Test::IsDistinct(_)) || is_required(table, one);
        decided
            && filters
                .iter()
                .skip(at + 1)
                .any(|other| is_opposite(one, other))
    })
}

fn is_opposite(one: &Filter, other: &Filter) -> bool {
    let same = one.test == other.test;
    let opposite = match (&one.test, &other.test) {
        (Test::Is(Is::Null), Test::Is(Is::NotNull))
        | (Test::Is(Is::NotNull), Test::Is(Is::Null)) => true,
        (
            Test::Compare {
                operator: a,
                quantifier: None,
                value: x,
            },
            Test::Compare {
                operator: b,
                quantifier: None,
                value: y,
            },
        ) => x == y && a.is_opposite(*b),
        _ => false,
    };
    one.field == other.field
        && if one.negated == other.negated {
            opposite
        } else {
            same
        }
}

/// Whether the filter is on a column that is never NULL, and not on something inside of it.
fn is_required(table: &Table, filter: &Filter) -> bool {
    let column = table.column(&filter.field.name);
    filter.field.path.is_empty() && column.is_some_and(|column| table.not_null.contains(column))
}

#[cfg(test)]
mod tests {
    use policy_core::model::Policy;
    use serde_json::json;

    use super::super::grammar::{Dialect, Query};
    use super::*;

    fn policy() -> Policy {
        let column = |name: &str, kind: &str, not_null: bool| json!({ "name": name, "type": kind, "nullable": !not_null });
        let catalogue = json!({
            "schema": "s",
            "relations": [{
                "name": "notes", "kind": "table", "primary_key": ["id"],
                "columns": [column("id", "uuid", true), column("body", "text", true),
                    column("done", "boolean", false)],
            }],
        });
        let source = "app a in schema s; caller id uuid; on notes { self id: select; }";
        let catalogue = serde_json::from_value(catalogue).unwrap();
        policy_core::compile(source, &catalogue).unwrap().0
    }

    fn holds(query: &str) -> Holds {
        let policy = policy();
        let table = policy.table("notes").unwrap();
        let query = Query::read(query, Dialect::Filters).unwrap();
        match (query.filters.as_slice(), query.logic.as_slice()) {
            ([one], []) => filter(table, &one.what),
            ([], [one]) => group(table, &one.what),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_holds_of_every_row() {
        for query in [
            "id=not.is.null",
            "id=is.not_null",
            "id=not.is.unknown",
            "body=like.*",
            "body=ilike.%25",
            "or=(id.eq.1,id.not.is.null)",
            "or=(done.is.true,done.not.is.true)",
            "or=(done.is.null,done.is.not_null)",
            "or=(done.isdistinct.1,done.not.isdistinct.1)",
            "or=(id.eq.1,id.neq.1)",
            "or=(id.gt.1,body.eq.a,id.lte.1)",
            "or=(id.lt.1,id.not.lt.1)",
            "and=(id.not.is.null,body.like.*)",
            "not.and=(id.is.null,done.is.true)",
            "not.or=(id.is.null,body.is.null)",
            "and=(or(id.eq.1,id.neq.1))",
        ] {
            assert_eq!(holds(query), Holds::Always, "{query}");
        }
    }

    #[test]
    fn what_does_not() {
        for (query, expected) in [
            ("id=eq.1", Holds::Depends),
            ("done=not.is.null", Holds::Depends),
            ("done=not.is.true", Holds::Depends),
            ("id=is.null", Holds::Never),
            ("id=not.is.not_null", Holds::Never),
            ("body=like.a*", Holds::Depends),
            ("body=like.", Holds::Depends),
            ("body=not.like.*", Holds::Never),
            ("body=like(any).{*}", Holds::Depends),
            ("body->>a=not.is.null", Holds::Depends),
            ("or=(id.eq.1,id.eq.2)", Holds::Depends),
            ("or=(id.eq.1,id.neq.2)", Holds::Depends),
            ("or=(id.eq.1,body.neq.1)", Holds::Depends),
            ("or=(done.eq.true,done.neq.true)", Holds::Depends),
            ("and=(id.eq.1,id.neq.1)", Holds::Never),
            ("and=(id.eq.1,id.not.is.null)", Holds::Depends),
            ("not.or=(id.eq.1,id.neq.1)", Holds::Never),
        ] {
            assert_eq!(holds(query), expected, "{query}");
        }
    }
}
