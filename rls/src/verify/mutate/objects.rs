//! The generated objects as they stand in the database: what is there to be mutated.

use crate::verify::error::VerifyError;
use crate::verify::preconditions::ROLES;
use crate::verify::session::Session;
use crate::verify::sql;

/// A row-level security policy.
#[derive(Clone, Debug)]
pub(super) struct RowPolicy {
    pub(super) name: String,
    /// `select`, `insert`, `update`, `delete` or `all`.
    pub(super) command: String,
    pub(super) permissive: bool,
    pub(super) roles: Vec<String>,
    pub(super) using: Option<String>,
    pub(super) check: Option<String>,
}

/// A column and what each of the API's roles may do with it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// No statement can set it, so who may is no question.
    pub(super) generated: bool,
    /// For each role `select`, `insert`, `update`.
    pub(super) held: Vec<[bool; 3]>,
}

/// A generated trigger.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    pub(super) definition: String,
    /// The function's name without its schema.
    pub(super) function: String,
}

/// A generated function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// With its schema and argument types.
    pub(super) signature: String,
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) body: String,
    pub(super) definer: bool,
    /// Whether statements of signed-in callers run it by its name.
    pub(super) executable: bool,
}

/// Everything generated for one table.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    pub(super) policies: Vec<RowPolicy>,
    pub(super) columns: Vec<Column>,
    /// For each role whether it may delete.
    pub(super) deletes: Vec<bool>,
    pub(super) triggers: Vec<Trigger>,
    /// For each role whether it may use the schema at all: who may not reads none of its objects,
    /// so what concerns such a role alone is not changed.
    pub(super) inside: Vec<bool>,
}

type Cells = Vec<Option<String>>;

fn text(row: &Cells, at: usize) -> String {
    row.get(at).cloned().flatten().unwrap_or_default()
}

fn yes(row: &Cells, at: usize) -> bool {
    text(row, at) == "t"
}

impl Objects {
    pub(super) async fn read(session: &Session, relation: &str) -> Result<Self, VerifyError> {
        let of = format!("{}::regclass", sql::literal(Some(relation)));
        let query = format!(
            "select polname, case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                 when 'd' then 'delete' else 'all' end, polpermissive,
               (select string_agg(case r when 0 then 'public' else (select rolname from pg_catalog.pg_roles where oid = r) end, ',')
                from unnest(polroles) r),
               pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid)
             from pg_catalog.pg_policy where polrelid = {of} order by 1"
        );
        let policies = session.rows("reading the policies", &query).await?;
        let policies = policies.into_iter().map(|row| RowPolicy {
            name: text(&row, 0),
            command: text(&row, 1),
            permissive: yes(&row, 2),
            roles: text(&row, 3).split(',').map(str::to_owned).collect(),
            using: row.get(4).cloned().flatten(),
            check: row.get(5).cloned().flatten(),
        });
        let held = |privilege: &str| {
            let each = ROLES.map(|role| {
                format!(
                    "pg_catalog.has_column_privilege('{role}', attrelid, attnum, '{privilege}')"
                )
            });
            each.join(", ")
        };
        let query = format!(
            "select attname, attgenerated <> '' or attidentity = 'a', {}, {}, {}
             from pg_catalog.pg_attribute where attrelid = {of} and attnum > 0 and not attisdropped order by attnum",
            held("select"),
            held("insert"),
            held("update")
        );
        let columns = session
            .rows("reading the column privileges", &query)
            .await?;
        let columns = columns.into_iter().map(|row| Column {
            name: text(&row, 0),
            generated: yes(&row, 1),
            held: (0..ROLES.len())
                .map(|role| [0, 1, 2].map(|kind| yes(&row, 2 + kind * ROLES.len() + role)))
                .collect(),
        });
        let deletes = ROLES
            .map(|role| format!("pg_catalog.has_table_privilege('{role}', {of}, 'delete')"))
            .join(", ");
        let deletes = session
            .rows("reading the table privileges", &format!("select {deletes}"))
            .await?;
        let deletes = deletes.into_iter().flatten();
        let inside = ROLES
            .map(|role| {
                format!(
                    "pg_catalog.has_schema_privilege('{role}', (select relnamespace from pg_catalog.pg_class where oid = {of}), 'usage')"
                )
            })
            .join(", ");
        let inside = session
            .rows(
                "reading the schema's privileges",
                &format!("select {inside}"),
            )
            .await?;
        let inside = inside.into_iter().flatten();
        let query = format!(
            "select tgname, pg_catalog.pg_get_triggerdef(g.oid), p.proname
             from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
             join pg_catalog.pg_namespace n on n.oid = p.pronamespace
             where tgrelid = {of} and not tgisinternal and n.nspname = 'countersign'
               and tgname like 'zz\\_countersign%' order by 1"
        );
        let triggers = session.rows("reading the triggers", &query).await?;
        let triggers = triggers.into_iter().map(|row| Trigger {
            name: text(&row, 0),
            definition: text(&row, 1),
            function: text(&row, 2),
        });
        Ok(Self {
            policies: policies.collect(),
            columns: columns.collect(),
            deletes: deletes.map(|cell| cell.as_deref() == Some("t")).collect(),
            triggers: triggers.collect(),
            inside: inside.map(|cell| cell.as_deref() == Some("t")).collect(),
        })
    }

    /// Whether a role may use the schema.
    pub(super) fn lets_in(&self, role: &str) -> bool {
        let at = ROLES.iter().position(|known| *known == role);
        role == "public" || at.and_then(|at| self.inside.get(at)) == Some(&true)
    }

    /// Whether seeing the table's rows runs a function.
    pub(super) fn asks_to_see(&self, function: &str) -> bool {
        let mut reading = self
            .policies
            .iter()
            .filter(|policy| matches!(policy.command.as_str(), "select" | "all"));
        let named = |text: &String| text.contains(&format!("{function}("));
        reading.any(|policy| policy.using.as_ref().is_some_and(named))
    }

    /// Whether statements on the table run a function, by what its policies and triggers name.
    pub(super) fn mention(&self, function: &str, functions: &[Function]) -> bool {
        let named = |text: &str| text.contains(&format!("{function}("));
        let own = self
            .policies
            .iter()
            .flat_map(|policy| [&policy.using, &policy.check])
            .flatten();
        let run = self
            .triggers
            .iter()
            .any(|trigger| trigger.function == function)
            || own.into_iter().any(|text| named(text));
        // A function may be run by another one.
        run || functions
            .iter()
            .any(|by| by.name != function && named(&by.body) && self.mention(&by.name, functions))
    }
}

/// All generated functions. An app keeps functions of its own triggers beside them.
pub(super) async fn functions(session: &Session) -> Result<Vec<Function>, VerifyError> {
    let query = "select p.oid::regprocedure::text, p.proname, pg_catalog.pg_get_functiondef(p.oid), p.prosrc, p.prosecdef,
           pg_catalog.has_function_privilege('authenticated', p.oid, 'execute')
         from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
         where n.nspname = 'countersign' and p.prokind = 'f' and not exists (
           select from pg_catalog.pg_trigger g where g.tgfoid = p.oid and g.tgname not like 'zz\\_countersign%')
         order by 1";
    let rows = session
        .rows("reading the generated functions", query)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Function {
            signature: text(&row, 0),
            name: text(&row, 1),
            definition: text(&row, 2),
            body: text(&row, 3),
            definer: yes(&row, 4),
            executable: yes(&row, 5),
        })
        .collect())
}
