//! Everything a policy can be asked.

use policy_core::decide::{
    Caller, CallerKind, Command, Conflict, Membership, Ranks, Row, Sight, Statement,
    decide_function, decide_operation, decide_view,
};
use policy_core::explain::explain;
use policy_core::model::Table;
use policy_core::value::{Decimal, Kind};
use policy_core::{ColumnSet, Policy, Value, decide};

/// Tables, views and functions beyond this are like those before.
const MOST: usize = 24;

const ME: Value<'static> = Value::Uuid(1);
const NOW: Value<'static> = Value::Timestamp(i64::MAX);

/// Asks a policy about each of its tables, views, functions and resources, and has the answers explained.
pub(crate) fn ask(policy: &Policy) {
    let kinds = [
        CallerKind::Anon,
        CallerKind::NoSubject,
        CallerKind::Guest,
        CallerKind::User,
        CallerKind::Service,
    ];
    let known = [
        Membership::new(ME, 1),
        Membership {
            attribute: Some((u8::MAX, ME)),
            ..Membership::new(Value::Text("x"), u8::MAX)
        },
    ];
    for kind in kinds {
        for ranks in [Ranks::NotYetKnown, Ranks::Known(&known)] {
            let caller = Caller {
                kind,
                id: if kind == CallerKind::User {
                    ME
                } else {
                    Value::Null
                },
                email: Value::Text("me@example.org"),
                aal: Value::NotYetKnown,
                ranks,
            };
            for view in policy.views.iter().take(MOST) {
                let _ = decide_view(view, &caller);
            }
            for function in policy.functions.iter().take(MOST) {
                let _ = decide_function(function, &caller);
            }
            for resource in policy.resources.iter().take(MOST) {
                for rule in resource.rules.iter().take(MOST) {
                    let _ = decide_operation(&caller, ME, resource, &rule.operation);
                }
            }
            for table in policy.tables.iter().take(MOST) {
                ask_table(policy, table, &caller);
            }
        }
    }
}

fn ask_table(policy: &Policy, table: &Table, caller: &Caller<'_>) {
    let values: Vec<Value<'_>> = table
        .columns
        .iter()
        .map(|column| value(column.kind))
        .collect();
    let nulls = vec![Value::Null; table.columns.len()];
    let parents = vec![Sight::Visible; table.parents.len()];
    let full = Row {
        values: &values,
        parents: &parents,
        peers: Sight::Visible,
    };
    let empty = Row {
        values: &nulls,
        parents: &[],
        peers: Sight::Hidden,
    };
    let all = ColumnSet::first(table.columns.len());
    for (old, new) in [
        (full, full),
        (full, empty),
        (empty, full),
        (Row::UNKNOWN, full),
        (full, Row::UNKNOWN),
    ] {
        let conflict = Conflict::Row {
            existing: old,
            merged: new,
        };
        let commands = [
            Command::Select(old),
            Command::Insert {
                new,
                returning: true,
            },
            Command::Update { old, new },
            Command::Delete(old),
            Command::Merge {
                proposed: new,
                conflict,
            },
            Command::Merge {
                proposed: new,
                conflict: Conflict::NotYetKnown,
            },
            Command::Ignore {
                proposed: new,
                returning: false,
                conflict,
            },
        ];
        for command in commands {
            for columns in [ColumnSet::EMPTY, table.grants.authenticated.update, all] {
                let statement = Statement {
                    read: columns,
                    written: columns,
                    command,
                };
                let decision = decide(policy, table, caller, &statement, NOW);
                if columns == all {
                    let _ = explain(policy, table, caller, &statement, &decision);
                }
            }
        }
    }
}

fn value(kind: Kind) -> Value<'static> {
    match kind {
        Kind::Bool => Value::Bool(true),
        Kind::Int => Value::Int(i64::MIN),
        Kind::Decimal => Decimal::parse("-0.50").map_or(Value::Present, Value::Decimal),
        Kind::Text | Kind::Enum => Value::Text("naïve %_\\"),
        Kind::Uuid => ME,
        Kind::Timestamp => NOW,
        Kind::Date => Value::Date(i32::MIN),
        Kind::Opaque => Value::Present,
    }
}
