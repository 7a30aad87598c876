//! Deciding allocates nothing: every table, view and function of the shipped policies, and a
//! resource, by every caller and command.

use std::hint::black_box;
use std::path::Path;

use policy_core::decide::{
    Caller, CallerKind, Command, Conflict, Membership, Ranks, Row, Sight, Statement,
    decide_function, decide_operation, decide_view,
};
use policy_core::model::Table;
use policy_core::value::Kind;
use policy_core::{Catalogue, ColumnSet, Policy, Value, compile, decide};

use super::support::{HEAD, catalogue};

const TENANT: Value<'static> = Value::Uuid(0xa);
const ME: Value<'static> = Value::Uuid(1);
const NOW: Value<'static> = Value::Timestamp(1_000);

fn shipped(app: &str) -> Policy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let text = std::fs::read_to_string(folder.join(format!("{app}.policy"))).unwrap();
    let catalogue = std::fs::read_to_string(folder.join(format!("{app}.catalogue.json"))).unwrap();
    let catalogue: Catalogue = serde_json::from_str(&catalogue).unwrap();
    compile(&text, &catalogue).unwrap().0
}

fn value(kind: Kind) -> Value<'static> {
    match kind {
        Kind::Bool => Value::Bool(true),
        Kind::Int => Value::Int(5),
        Kind::Text | Kind::Enum => Value::Text("active"),
        Kind::Uuid => TENANT,
        Kind::Timestamp => NOW,
        Kind::Date => Value::Date(1),
        _ => Value::Present,
    }
}

/// All commands on a table with these rows; how many were decided.
fn table(policy: &Policy, table: &Table, caller: &Caller<'_>) -> u64 {
    let known: Vec<Value<'_>> = table
        .columns
        .iter()
        .map(|column| value(column.kind))
        .collect();
    let nulls = vec![Value::Null; known.len()];
    let parents = vec![Sight::Visible; table.parents.len()];
    let full = Row {
        values: &known,
        parents: &parents,
        peers: Sight::Visible,
    };
    let empty = Row {
        values: &nulls,
        parents: &[],
        peers: Sight::Hidden,
    };
    let grants = caller.kind.privileges(&table.grants);
    let mut decided = 0;
    for (old, new) in [
        (full, full),
        (empty, full),
        (full, Row::UNKNOWN),
        (Row::UNKNOWN, full),
    ] {
        let conflict = Conflict::Row {
            existing: old,
            merged: new,
        };
        let commands = [
            (ColumnSet::EMPTY, Command::Select(old)),
            (
                grants.insert,
                Command::Insert {
                    new,
                    returning: true,
                },
            ),
            (
                grants.insert,
                Command::Insert {
                    new,
                    returning: false,
                },
            ),
            (grants.update, Command::Update { old, new }),
            (ColumnSet::EMPTY, Command::Delete(old)),
            (
                grants.insert,
                Command::Merge {
                    proposed: new,
                    conflict,
                },
            ),
            (
                grants.insert,
                Command::Merge {
                    proposed: new,
                    conflict: Conflict::None,
                },
            ),
            (
                grants.insert,
                Command::Ignore {
                    proposed: new,
                    returning: true,
                    conflict,
                },
            ),
        ];
        for (written, command) in commands {
            let statement = Statement {
                read: grants.select,
                written,
                command,
            };
            let allocations = allocation_counter::measure(|| {
                black_box(decide(policy, table, caller, &statement, NOW));
            });
            assert_eq!(allocations.count_total, 0, "{} {command:?}", table.name);
            decided += 1;
        }
    }
    decided
}

#[test]
fn deciding_on_the_shipped_policies_allocates_nothing() {
    let memberships = [Membership::new(TENANT, 2), Membership::new(ME, 4)];
    let kinds = [
        CallerKind::Anon,
        CallerKind::NoSubject,
        CallerKind::Guest,
        CallerKind::User,
        CallerKind::Service,
    ];
    let (mut tables, mut others, mut operations) = (0, 0, 0);
    let resources = format!("{HEAD}resource crm.contact {{ viewer: read; user: write; }}");
    let resources = compile(&resources, &catalogue()).unwrap().0;
    let shipped = ["agency", "assistant", "portal"].map(shipped);
    for policy in shipped.into_iter().chain([resources]) {
        for (kind, ranks) in kinds.into_iter().flat_map(|kind| {
            [Ranks::NotYetKnown, Ranks::Known(&memberships)].map(|ranks| (kind, ranks))
        }) {
            let id = if matches!(kind, CallerKind::Guest | CallerKind::User) {
                ME
            } else {
                Value::Null
            };
            let caller = Caller {
                kind,
                id,
                email: Value::Text("me@example.org"),
                aal: Value::Text("aal1"),
                ranks,
            };
            for each in &policy.tables {
                tables += table(&policy, each, &caller);
            }
            for view in &policy.views {
                let measured = allocation_counter::measure(|| {
                    black_box(decide_view(view, &caller));
                });
                others += 1;
                assert_eq!(measured.count_total, 0, "{}", view.name);
            }
            for function in &policy.functions {
                let measured = allocation_counter::measure(|| {
                    black_box(decide_function(function, &caller));
                });
                others += 1;
                assert_eq!(measured.count_total, 0, "{}", function.name);
            }
            for resource in &policy.resources {
                for rule in &resource.rules {
                    let measured = allocation_counter::measure(|| {
                        black_box(decide_operation(&caller, TENANT, resource, &rule.operation));
                    });
                    operations += 1;
                    assert_eq!(measured.count_total, 0, "{}", resource.object);
                }
            }
        }
    }
    assert!(
        tables > 10_000 && others > 100 && operations > 100,
        "{tables} {others} {operations}"
    );
}
