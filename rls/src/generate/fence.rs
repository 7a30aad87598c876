//! The fence: nothing of a tenant's rows for those who do not belong to it.

use policy_core::model::{Action, Place, Table};

use super::policies::Statement;
use super::rows::Rows;
use super::{Context, Role, client_rules, fence_rank, grants};
use crate::sql::test::{Place as Position, Test, any};

/// The restrictive policies of a table.
///
/// The tenant test stands here and, where nothing opens the fence, nowhere else: PostgreSQL
/// multiplies its guess for every repetition and then expects next to no rows.
pub(super) fn fences(context: &Context<'_>, table: &Table) -> Vec<Statement> {
    let mut fences = Vec::new();
    match table.place {
        Place::Tenant(_) => {
            let (using, check) = (
                old(
                    context,
                    table,
                    &[Action::Select, Action::Update, Action::Delete],
                ),
                new(context, table, &[Action::Insert, Action::Update]),
            );
            fences.push(fence("countersign_fence", "all", Some(using), Some(check)));
        }
        // A tenant has no members before it exists, so inserts are for the insert policy alone.
        Place::Root(_) => {
            let (select, update) = (
                any([
                    old(context, table, &[Action::Select]),
                    Rows::open(context, table, Role::Authenticated).founder(),
                ]),
                old(context, table, &[Action::Update]),
            );
            let (check, delete) = (
                new(context, table, &[Action::Update]),
                old(context, table, &[Action::Delete]),
            );
            fences.push(fence(
                "countersign_fence_select",
                "select",
                Some(select),
                None,
            ));
            fences.push(fence(
                "countersign_fence_update",
                "update",
                Some(update),
                Some(check),
            ));
            fences.push(fence(
                "countersign_fence_delete",
                "delete",
                Some(delete),
                None,
            ));
        }
        Place::Shared => {}
    }
    if !grants::any(&table.grants.anon) {
        fences.push(Statement {
            name: "countersign_fence_anon".to_owned(),
            restrictive: true,
            command: "all",
            role: Role::Anon,
            using: Some(Test::False),
            check: Some(Test::False),
            place: Position::Alternative,
            comment: "nothing here is for anon".to_owned(),
        });
    }
    fences
}

fn fence(name: &str, command: &'static str, using: Option<Test>, check: Option<Test>) -> Statement {
    Statement {
        name: name.to_owned(),
        restrictive: true,
        command,
        role: Role::Authenticated,
        using,
        check,
        place: Position::Alternative,
        comment: "the tenant fence".to_owned(),
    }
}

/// The existing rows that may pass.
fn old(context: &Context<'_>, table: &Table, actions: &[Action]) -> Test {
    let rows = Rows::open(context, table, Role::Authenticated);
    let tenant = fence_rank(table).map_or(Test::False, |rank| rows.rank(rank));
    let gates = client_rules(table)
        .filter(|rule| actions.contains(&rule.action) && !rule.fenced(table.place))
        .map(|rule| rows.existing(rule));
    any(std::iter::once(tenant).chain(gates))
}

/// The new rows that may pass.
fn new(context: &Context<'_>, table: &Table, actions: &[Action]) -> Test {
    let rows = Rows::open(context, table, Role::Authenticated);
    let tenant = fence_rank(table).map_or(Test::False, |rank| rows.rank(rank));
    let gates = client_rules(table)
        .filter(|rule| actions.contains(&rule.action) && !rule.fenced(table.place))
        .map(|rule| rows.proposed(rule));
    any(std::iter::once(tenant).chain(gates))
}
