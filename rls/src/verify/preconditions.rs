//! What must be true of the database for the reduced cells to stand for all of them.

use std::collections::BTreeSet;

use policy_core::model::{Policy, Subject, Table};

use super::error::VerifyError;
use super::report::Finding;
use super::session::Session;
use super::sql;

/// The API's database roles.
pub(super) const ROLES: [&str; 3] = ["anon", "authenticated", "countersign_edge"];

/// Refuses to start where the roles under test cannot be taken on.
pub(super) async fn roles(session: &Session) -> Result<(), VerifyError> {
    for role in ROLES {
        let sql = format!("begin; set local role {role}; rollback");
        if let Err(source) = session.raw(&sql).await {
            return Err(VerifyError::Role { role, source });
        }
    }
    Ok(())
}

/// Looks for everything that would make a table's rows depend on more than the policy says.
pub(super) async fn check(session: &Session, policy: &Policy) -> Result<Vec<Finding>, VerifyError> {
    let mut findings = Vec::new();
    let schema = sql::literal(Some(&policy.schema));
    let query = format!(
        "select c.relname, c.relrowsecurity, c.relhasrules or c.relispartition or c.relkind = 'p'
           or exists (select from pg_catalog.pg_inherits i where c.oid in (i.inhrelid, i.inhparent))
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where n.nspname = {schema} and c.relkind in ('r', 'p', 'f') order by 1"
    );
    for row in session.rows("looking at the tables", &query).await? {
        let [Some(table), Some(secured), Some(odd)] = row.as_slice() else {
            continue;
        };
        if secured == "f" {
            findings.push(Finding {
                code: "row-security-off",
                table: table.clone(),
                message: "row-level security is not enabled; apply the generated migrations"
                    .to_owned(),
            });
        }
        if odd == "t" {
            findings.push(Finding {
                code: "rows-by-other-means",
                table: table.clone(),
                message: "it has rules, partitions or an inheritance, so its rows do not depend on its policies alone".to_owned(),
            });
        }
    }
    findings.extend(triggers(session, &schema).await?);
    findings.extend(dependencies(session, policy, &schema).await?);
    findings.extend(excess(session, &schema).await?);
    Ok(findings)
}

/// Row triggers whose function the app's schema and `countersign` do not hold.
async fn triggers(session: &Session, schema: &str) -> Result<Vec<Finding>, VerifyError> {
    let query = format!(
        "select c.relname, g.tgname, p.oid::regprocedure::text
         from pg_catalog.pg_trigger g
         join pg_catalog.pg_class c on c.oid = g.tgrelid
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         join pg_catalog.pg_proc p on p.oid = g.tgfoid
         join pg_catalog.pg_namespace f on f.oid = p.pronamespace
         where n.nspname = {schema} and not g.tgisinternal and f.nspname not in ({schema}, 'countersign')"
    );
    let rows = session.rows("looking at the triggers", &query).await?;
    let finding = |row: Vec<Option<String>>| {
        let [Some(table), Some(name), Some(function)] = row.as_slice() else {
            return None;
        };
        Some(Finding {
            code: "foreign-trigger",
            table: table.clone(),
            message: format!(
                "trigger {name} calls {function}, which is neither the app's nor generated; what it does to rows is not part of the proof"
            ),
        })
    };
    Ok(rows.into_iter().filter_map(finding).collect())
}

/// What the policies name besides their own table.
async fn dependencies(
    session: &Session,
    policy: &Policy,
    schema: &str,
) -> Result<Vec<Finding>, VerifyError> {
    let query = format!(
        "select c.relname, l.polname,
           case when d.refclassid = 'pg_catalog.pg_class'::regclass then r.relname end,
           coalesce(rn.nspname, pn.nspname), d.refobjid::regprocedure::text
         from pg_catalog.pg_policy l
         join pg_catalog.pg_class c on c.oid = l.polrelid
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = l.oid
         left join pg_catalog.pg_class r on d.refclassid = 'pg_catalog.pg_class'::regclass and r.oid = d.refobjid
         left join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
         left join pg_catalog.pg_proc p on d.refclassid = 'pg_catalog.pg_proc'::regclass and p.oid = d.refobjid
         left join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
         where n.nspname = {schema} and (r.oid <> c.oid or p.oid is not null)
         group by 1, 2, 3, 4, 5"
    );
    let mut findings = Vec::new();
    for row in session
        .rows("looking at what policies depend on", &query)
        .await?
    {
        let [Some(table), Some(name), relation, of, function] = row.as_slice() else {
            continue;
        };
        let of = of.as_deref().unwrap_or("");
        let known = match relation {
            Some(relation) => {
                let named = policy
                    .table(table)
                    .map(|table| related(policy, table))
                    .unwrap_or_default();
                of == policy.schema && named.contains(relation.as_str())
            }
            None => matches!(of, "countersign" | "auth" | "pg_catalog"),
        };
        if !known {
            let what = relation
                .as_ref()
                .or(function.as_ref())
                .map_or("", String::as_str);
            findings.push(Finding {
                code: "foreign-dependency",
                table: table.clone(),
                message: format!("policy {name} depends on {of}.{what}, which the policy file does not name for this table"),
            });
        }
    }
    Ok(findings)
}

/// The tables whose rows a table's rules may look at.
fn related<'p>(policy: &'p Policy, table: &Table) -> BTreeSet<&'p str> {
    let parents = table.parents.iter().map(|parent| parent.table);
    let peers = table.rules.iter().filter_map(|rule| match rule.subject {
        Subject::Peer(peer) => Some(peer.table),
        _ => None,
    });
    parents
        .chain(peers)
        .filter_map(|t| policy.table_at(t))
        .map(|t| t.name.as_str())
        .collect()
}

/// Privileges that no rule gives: whoever can truncate needs no row-level security.
async fn excess(session: &Session, schema: &str) -> Result<Vec<Finding>, VerifyError> {
    let roles = ROLES.map(|role| format!("('{role}')")).join(", ");
    let query = format!(
        "select c.relname, r.name, string_agg(p.name, ', ')
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace,
           (values {roles}) r (name), (values ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) p (name)
         where n.nspname = {schema} and c.relkind in ('r', 'p')
           and pg_catalog.has_table_privilege(r.name, c.oid, p.name)
         group by 1, 2 order by 1, 2"
    );
    let rows = session.rows("looking at the privileges", &query).await?;
    let finding = |row: Vec<Option<String>>| {
        let [Some(table), Some(role), Some(privileges)] = row.as_slice() else {
            return None;
        };
        Some(Finding {
            code: "excess-privilege",
            table: table.clone(),
            message: format!(
                "{role} holds {privileges}, which no rule gives and no row-level security binds"
            ),
        })
    };
    Ok(rows.into_iter().filter_map(finding).collect())
}
