//! What nothing names: closed to everybody but Supabase's own role.

use std::fmt::Write as _;

use policy_core::catalogue::RelationKind;

use super::{Context, Section, grants};

pub(super) fn section(context: &Context<'_>) -> Option<Section> {
    let mut body = String::new();
    for table in context
        .policy
        .tables
        .iter()
        .filter(|table| !table.is_named())
    {
        let relation = context.relation(&table.name);
        let _ = writeln!(
            body,
            "revoke all on {relation} from {everybody};
grant select, insert, update, delete on {relation} to service_role;
drop policy if exists countersign_closed on {relation};
create policy countersign_closed on {relation}
  as restrictive for all to anon, authenticated
  using (false)
  with check (false);
alter table {relation} enable row level security;
",
            everybody = grants::EVERYBODY,
        );
    }
    let others = context
        .catalogue
        .relations
        .iter()
        .filter(|r| r.kind == RelationKind::Other);
    for relation in others {
        let _ = writeln!(
            body,
            "-- Row-level security does not mean the same here, so no policy can open it.\nrevoke all on {} from {};\n",
            context.relation(&relation.name),
            grants::EVERYBODY
        );
    }
    let heading = vec!["Closed: nothing in the policy names these".to_owned()];
    (!body.is_empty()).then(|| Section {
        name: "closed".to_owned(),
        heading,
        body,
    })
}
