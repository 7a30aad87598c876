//! Views and functions: closed first, then opened to whom the policy names.

use std::fmt::Write as _;

use policy_core::catalogue::RelationKind;
use policy_core::model::Subject;

use super::{Context, Role, Section, grants};
use crate::sql;

/// Views read as their caller, so their tables' policies decide; nobody writes through them.
pub(super) fn views(context: &Context<'_>) -> Option<Section> {
    let views = context
        .catalogue
        .relations
        .iter()
        .filter(|r| r.kind == RelationKind::View);
    let mut body = String::new();
    for view in views {
        let relation = context.relation(&view.name);
        let named = context
            .policy
            .views
            .iter()
            .find(|named| named.name == view.name);
        let roles = roles(
            named
                .map(|view| view.subjects.as_slice())
                .unwrap_or_default(),
        )
        .join(", ");
        let _ = writeln!(
            body,
            "revoke all on {relation} from {};\ngrant select on {relation} to {roles};",
            grants::EVERYBODY
        );
    }
    let heading = vec!["Views".to_owned()];
    (!body.is_empty()).then(|| Section {
        name: "views".to_owned(),
        heading,
        body,
    })
}

/// Functions run as their caller. Trigger functions stay closed: they fire without the right to
/// execute them.
pub(super) fn functions(context: &Context<'_>) -> Option<Section> {
    let schema = sql::name(&context.policy.schema);
    let mut body = format!(
        "revoke execute on all routines in schema {schema} from {};\n",
        grants::EVERYBODY
    );
    let callable: Vec<_> = context
        .catalogue
        .functions
        .iter()
        .filter(|f| !f.trigger)
        .collect();
    for function in &callable {
        let named = context
            .policy
            .functions
            .iter()
            .find(|named| named.name == function.name && named.arguments == function.arguments);
        let roles = roles(
            named
                .map(|named| named.subjects.as_slice())
                .unwrap_or_default(),
        )
        .join(", ");
        // A name that is not overloaded needs no types, which could lie in any schema.
        let all = &context.catalogue.functions;
        let overloaded = all
            .iter()
            .filter(|other| other.name == function.name)
            .count()
            > 1;
        let arguments = if overloaded {
            format!("({})", function.arguments.join(", "))
        } else {
            String::new()
        };
        let name = context.relation(&function.name);
        let _ = writeln!(
            body,
            "grant execute on function {name}{arguments} to {roles};"
        );
    }
    let heading = vec!["Functions".to_owned()];
    (!context.catalogue.functions.is_empty()).then(|| Section {
        name: "functions".to_owned(),
        heading,
        body,
    })
}

/// The database roles behind some subjects, and Supabase's own.
pub(super) fn roles(subjects: &[Subject]) -> Vec<&'static str> {
    let spoken = |role: &Role| subjects.iter().any(|subject| role.speaks_for(*subject));
    let mut roles: Vec<&str> = Role::ALL
        .into_iter()
        .filter(spoken)
        .map(Role::name)
        .collect();
    roles.push("service_role");
    roles
}
