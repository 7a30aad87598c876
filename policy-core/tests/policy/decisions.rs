//! What is decided, and that not knowing never changes it.

use policy_core::decide::{
    Caller, CallerKind, Command, Conflict, Decision, Membership, Privilege, Ranks, Reason, Row,
    Sight, Statement,
};
use policy_core::explain::explain;
use policy_core::model::Table;
use policy_core::value::Value;
use policy_core::{ColumnSet, Policy, decide};
use proptest::prelude::*;

use super::support::policy;

const A: Value<'static> = Value::Uuid(0xa);
const B: Value<'static> = Value::Uuid(0xb);
const ME: Value<'static> = Value::Uuid(1);
const NOW: Value<'static> = Value::Timestamp(1_000);
const OLD: Value<'static> = Value::Timestamp(0);

fn person<'a>(ranks: &'a [Membership<'a>]) -> Caller<'a> {
    Caller {
        kind: CallerKind::User,
        id: ME,
        email: Value::Null,
        aal: Value::Null,
        ranks: Ranks::Known(ranks),
    }
}

fn set(table: &Table, names: &[&str]) -> ColumnSet {
    names
        .iter()
        .map(|name| table.column(name).unwrap())
        .collect()
}

/// A project of A; `changes` are `(column, value)`.
fn project<'a>(table: &Table, changes: &[(&str, Value<'a>)]) -> Vec<Value<'a>> {
    let mut row = vec![Value::Null; table.columns.len()];
    let given = [
        ("id", Value::Uuid(7)),
        ("org_id", A),
        ("name", Value::Text("p")),
        ("status", Value::Text("draft")),
        ("updated_at", OLD),
    ];
    for (name, value) in given.iter().chain(changes) {
        row[usize::from(table.column(name).unwrap())] = *value;
    }
    row
}

fn row<'a>(values: &'a [Value<'a>]) -> Row<'a> {
    Row {
        values,
        parents: &[],
        peers: Sight::Hidden,
    }
}

fn update(
    policy: &Policy,
    ranks: &[(Value<'static>, u8)],
    old: &[(&str, Value<'static>)],
    new: &[(&str, Value<'static>)],
) -> Decision {
    let table = policy.table("projects").unwrap();
    let before = project(table, old);
    let merged: Vec<_> = old
        .iter()
        .chain(new)
        .copied()
        .chain([("updated_at", NOW)])
        .collect();
    let after = project(table, &merged);
    let written = set(
        table,
        &new.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
    );
    let statement = Statement {
        read: set(table, &["id"]),
        written,
        command: Command::Update {
            old: row(&before),
            new: row(&after),
        },
    };
    let ranks: Vec<_> = ranks
        .iter()
        .map(|(of, rank)| Membership::new(*of, *rank))
        .collect();
    decide(policy, table, &person(&ranks), &statement, NOW)
}

#[test]
fn columns_come_first() {
    let policy = policy();
    let secret = set(policy.table("projects").unwrap(), &["secret"]);
    let decision = update(policy, &[(A, 4)], &[], &[("secret", Value::Null)]);
    assert_eq!(decision, Decision::NotGranted(Privilege::Update, secret));
}

#[test]
fn rules_are_pairs_of_old_row_new_row_and_columns() {
    let policy = policy();
    let table = policy.table("projects").unwrap();
    assert!(table.guard.is_some());
    let review = [("status", Value::Text("review"))];
    // A member may hand a draft in, and then no longer touch it.
    assert!(matches!(
        update(policy, &[(A, 2)], &[], &review),
        Decision::Applies(_)
    ));
    let back = [("status", Value::Text("draft"))];
    assert!(matches!(
        update(policy, &[(A, 2)], &review, &back),
        Decision::Skipped(_)
    ));
    // The budget is in the admin's columns only, though the database role holds both lists.
    let budget = [("budget", Value::Int(5))];
    assert_eq!(
        update(policy, &[(A, 2)], &[], &budget),
        Decision::Refused(Reason::NoPair)
    );
    assert!(matches!(
        update(policy, &[(A, 3)], &[], &budget),
        Decision::Applies(_)
    ));
    // The rank counts in the row's own tenant.
    assert!(matches!(
        update(policy, &[(A, 1), (B, 4)], &[], &budget),
        Decision::Skipped(_)
    ));
}

#[test]
fn whoever_retires_a_row_sees_it_in_that_transaction_only() {
    let policy = policy();
    let table = policy.table("projects").unwrap();
    let deleted = [("status", Value::Text("deleted"))];
    assert!(matches!(
        update(policy, &[(A, 3)], &[], &deleted),
        Decision::Applies(_)
    ));
    assert_eq!(
        update(policy, &[(A, 2)], &[], &deleted),
        Decision::Refused(Reason::NoPair)
    );
    let select = |rank, stamp| {
        let values = project(
            table,
            &[("status", Value::Text("deleted")), ("updated_at", stamp)],
        );
        let statement = Statement {
            read: set(table, &["id"]),
            written: ColumnSet::EMPTY,
            command: Command::Select(row(&values)),
        };
        decide(
            policy,
            table,
            &person(&[Membership::new(A, rank)]),
            &statement,
            NOW,
        )
    };
    assert_eq!(select(1, OLD), Decision::Skipped(Reason::Retired));
    assert!(matches!(select(3, OLD), Decision::Applies(_)));
}

#[test]
fn never_binds_the_highest_role() {
    let policy = policy();
    let locked = [("status", Value::Text("locked"))];
    let decision = update(policy, &[(A, 4)], &locked, &[("name", Value::Text("x"))]);
    assert_eq!(decision, Decision::Skipped(Reason::Never(0)));
}

#[test]
fn explanations_name_the_rule_and_the_fact() {
    let policy = policy();
    let table = policy.table("projects").unwrap();
    let values = project(
        table,
        &[("status", Value::Text("locked")), ("lead_id", Value::Null)],
    );
    let mut out = String::new();
    for (who, caller) in [
        ("anon", Caller::ANON),
        ("stranger", person(&[])),
        ("viewer", person(&[Membership::new(A, 1)])),
        ("owner", person(&[Membership::new(A, 4)])),
        ("owner elsewhere", person(&[Membership::new(B, 4)])),
    ] {
        for command in [
            Command::Select(row(&values)),
            Command::Update {
                old: row(&values),
                new: row(&values),
            },
            Command::Insert {
                new: row(&values),
                returning: false,
            },
            Command::Delete(row(&values)),
        ] {
            let statement = Statement {
                read: set(table, &["id"]),
                written: set(table, &["name"]),
                command,
            };
            let statement = match command {
                Command::Select(_) | Command::Delete(_) => Statement {
                    written: ColumnSet::EMPTY,
                    ..statement
                },
                _ => statement,
            };
            let decision = decide(policy, table, &caller, &statement, NOW);
            let said = explain(policy, table, &caller, &statement, &decision);
            out.push_str(&format!("{who}: {}\n", said.message));
            if let Some(rule) = said.rule {
                out.push_str(&format!("    by line {}: {}\n", rule.line, rule.text));
            }
            for detail in said.details {
                out.push_str(&format!("    {detail}\n"));
            }
            if let Some(hint) = said.hint {
                out.push_str(&format!("    hint: {hint}\n"));
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn deciding_allocates_nothing() {
    let policy = policy();
    let table = policy.table("projects").unwrap();
    let ranks = [Membership::new(A, 2), Membership::new(B, 4)];
    let caller = person(&ranks);
    let values = project(table, &[("lead_id", ME)]);
    let read = set(table, &["id"]);
    let written = set(table, &["name", "status"]);
    for kind in 0..8 {
        let statement = Statement {
            read,
            written: if matches!(kind, 0 | 4) {
                ColumnSet::EMPTY
            } else {
                written
            },
            command: command(kind, row(&values), row(&values)),
        };
        let allocations = allocation_counter::measure(|| {
            std::hint::black_box(decide(policy, table, &caller, &statement, NOW));
        });
        assert_eq!(allocations.count_total, 0, "{:?}", statement.command);
    }
}

// What is not yet known can become anything, so a definite answer must hold for all of it.

fn any_value(kind: &'static str) -> BoxedStrategy<Value<'static>> {
    match kind {
        "status" => prop::sample::select(vec!["draft", "review", "locked", "deleted"])
            .prop_map(Value::Text)
            .boxed(),
        "org" => prop::sample::select(vec![A, B]).boxed(),
        "budget" => {
            prop::sample::select(vec![Value::Null, Value::Int(5), Value::Int(2_000)]).boxed()
        }
        "person" => prop::sample::select(vec![Value::Null, ME, Value::Uuid(2)]).boxed(),
        "open" => {
            prop::sample::select(vec![Value::Null, Value::Bool(true), Value::Bool(false)]).boxed()
        }
        _ => prop::sample::select(vec![OLD, NOW]).boxed(),
    }
}

fn any_project() -> impl Strategy<Value = Vec<Value<'static>>> {
    let picks = ["status", "org", "budget", "person", "open", "stamp"].map(any_value);
    picks.prop_map(|[status, org, budget, lead, open, stamp]| {
        let policy = policy();
        project(
            policy.table("projects").unwrap(),
            &[
                ("status", status),
                ("org_id", org),
                ("budget", budget),
                ("lead_id", lead),
                ("open", open),
                ("updated_at", stamp),
            ],
        )
    })
}

fn command<'a>(kind: usize, old: Row<'a>, new: Row<'a>) -> Command<'a> {
    match kind {
        0 => Command::Select(old),
        1 => Command::Insert {
            new,
            returning: true,
        },
        2 => Command::Insert {
            new,
            returning: false,
        },
        3 => Command::Update { old, new },
        4 => Command::Delete(old),
        5 => Command::Merge {
            proposed: new,
            conflict: Conflict::Row {
                existing: old,
                merged: new,
            },
        },
        6 => Command::Merge {
            proposed: new,
            conflict: Conflict::None,
        },
        _ => Command::Ignore {
            proposed: new,
            returning: true,
            conflict: Conflict::Row {
                existing: old,
                merged: new,
            },
        },
    }
}

fn possible(open: Decision, full: Decision) -> bool {
    match (open, full) {
        (Decision::Depends(open), Decision::Applies(_)) => open.applies,
        (Decision::Depends(open), Decision::Skipped(_)) => open.skipped,
        (Decision::Depends(open), Decision::Refused(_)) => open.refused,
        (Decision::Applies(_), Decision::Applies(_))
        | (Decision::Skipped(_), Decision::Skipped(_))
        | (Decision::Refused(_), Decision::Refused(_)) => true,
        (open, full) => open == full,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_early_answer_is_never_taken_back(
        old in any_project(),
        new in any_project(),
        hidden: u32,
        kind in 0_usize..8,
        rank in 0_u8..=4,
        elsewhere in 0_u8..=4,
        ranks_known: bool,
    ) {
        let policy = policy();
        let table = policy.table("projects").unwrap();
        let ranks = [Membership::new(A, rank), Membership::new(B, elsewhere)];
        let written = match kind { 0 | 4 => ColumnSet::EMPTY, _ => set(table, &["name", "status", "budget"]) };
        // What a trigger changes beside the statement cannot be foreseen: it counts where both values are given.
        let beside = |i: usize| old[i] != new[i] && !written.contains(u8::try_from(i).unwrap());
        let mask = |values: &[Value<'static>], shift: u32| -> Vec<Value<'static>> {
            values
                .iter()
                .enumerate()
                .map(|(i, v)| if hidden >> (i as u32 + shift) & 1 == 1 && !beside(i) { Value::NotYetKnown } else { *v })
                .collect()
        };
        let (old_open, new_open) = (mask(&old, 0), mask(&new, 13));
        let statement = |old: Row<'_>, new: Row<'_>, caller: &Caller<'_>| {
            let statement = Statement { read: set(table, &["id"]), written, command: command(kind, old, new) };
            decide(policy, table, caller, &statement, NOW)
        };
        let caller = person(&ranks);
        let full = statement(row(&old), row(&new), &caller);
        let unsure = Caller { ranks: if ranks_known { caller.ranks } else { Ranks::NotYetKnown }, ..caller };
        let open = statement(row(&old_open), row(&new_open), &unsure);
        prop_assert!(possible(open, full), "{open:?} became {full:?}");
        prop_assert!(!matches!(full, Decision::Depends(_)), "all is known, yet {full:?}");
    }
}
