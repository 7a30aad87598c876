//! The portal's tables are Better Auth's: what the library makes by itself is all there.

use std::fs;

use crate::support::{Database, root};

/// Columns of a schema, and the unique ones among them.
const COLUMNS: &str = "
    select c.table_name || '.' || c.column_name || ' ' || c.data_type ||
      case when c.is_nullable = 'NO' then ' not null' else '' end ||
      case when exists (
        select from pg_catalog.pg_index i
        where i.indrelid = format('%I.%I', c.table_schema, c.table_name)::regclass
          and i.indisunique and i.indkey::text = c.ordinal_position::text
      ) then ' unique' else '' end
    from information_schema.columns c
    where c.table_schema = $1
    order by c.table_name, c.column_name";

#[test]
fn the_portal_has_what_the_library_makes() {
    let Some(database) = Database::migrated("better_auth") else {
        return;
    };
    let made = fs::read_to_string(root().join("tests/auth/better-auth-1.6.0.sql")).unwrap();
    database.run_text("the library's output", &made).unwrap();
    let columns = |schema: &str| -> Vec<String> {
        let rows = database.client().query(COLUMNS, &[&schema]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let (library, portal) = (columns("public"), columns("portal"));
    let missing: Vec<&String> = library.iter().filter(|c| !portal.contains(c)).collect();
    let more: Vec<&String> = portal.iter().filter(|c| !library.contains(c)).collect();
    // A name may be null here, and no two people share a member.
    assert_eq!(
        missing,
        ["user.baserowMemberId text", "user.name text not null"]
    );
    assert_eq!(more, ["user.baserowMemberId text unique", "user.name text"]);
    assert!(library.len() > 30, "{library:?}");
}
