//! What the database roles are granted on a table.

use std::fmt::Write as _;

use policy_core::ColumnSet;
use policy_core::model::{Privileges, Table};

use super::{Context, Role};
use crate::sql;

/// The roles that lose everything before anything is granted.
pub(super) const EVERYBODY: &str = "public, anon, authenticated, service_role, countersign_edge";

/// What a role is granted on a table.
pub(super) fn of(table: &Table, role: Role) -> &Privileges {
    match role {
        Role::Anon => &table.grants.anon,
        Role::Authenticated => &table.grants.authenticated,
        Role::Edge => &table.grants.service,
    }
}

/// Whether a role is granted anything on a table.
pub(super) fn any(privileges: &Privileges) -> bool {
    let Privileges {
        select,
        insert,
        update,
        delete,
    } = privileges;
    *delete || !select.is_empty() || !insert.is_empty() || !update.is_empty()
}

/// Takes everything from everybody and gives what the policy says, column by column.
pub(super) fn write(context: &Context<'_>, table: &Table, text: &mut String) {
    let relation = context.relation(&table.name);
    let _ = writeln!(text, "revoke all on {relation} from {EVERYBODY};");
    for role in Role::ALL {
        let privileges = of(table, role);
        let lists = [
            ("select", privileges.select),
            ("insert", privileges.insert),
            ("update", privileges.update),
        ];
        let mut parts: Vec<String> = lists
            .into_iter()
            .filter(|(_, columns)| !columns.is_empty())
            .map(|(word, columns)| list(table, word, columns))
            .collect();
        if privileges.delete {
            parts.push("delete".to_owned());
        }
        if !parts.is_empty() {
            let _ = writeln!(
                text,
                "grant {}\n  on {relation} to {};",
                parts.join(",\n      "),
                role.name()
            );
        }
    }
    // Supabase's own role bypasses row-level security, but not privileges.
    let dml = if table.append {
        "select, insert"
    } else {
        "select, insert, update, delete"
    };
    let _ = writeln!(text, "grant {dml} on {relation} to service_role;");
}

fn list(table: &Table, word: &str, columns: ColumnSet) -> String {
    let names = sql::names(table.column_names(columns));
    format!(
        "{word} ({})",
        sql::wrapped(&names, sql::test::WIDTH - 16, &" ".repeat(14))
    )
}
