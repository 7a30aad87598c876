//! The database's side: what the Worker works with there, and the keys that open what is sealed.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_sealing::KeyRing;
use postgres::Transaction;

use super::Finding;
use super::deployment::Deployment;
use super::form::APPS;
use crate::connect;
use crate::live::{self, Limits, LiveError};

/// The Worker's schema, and its role.
const EDGE: &str = "countersign_edge";

/// What the migrations make in the Worker's schema: its kind, its name, and the file that makes it.
const MADE: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/edge.rs"));

/// Looks at the database at `url`, and changes nothing.
///
/// # Errors
/// If it cannot be reached or read.
pub fn look(deployment: &Deployment, url: &str) -> Result<Vec<Finding>, LiveError> {
    let mut client = connect::open(url)?;
    let limits = Limits {
        statement: Duration::from_secs(10),
        ..Limits::default()
    };
    look_in(deployment, &mut live::begin(&mut client, true, limits)?)
}

/// Looks at what a transaction sees.
///
/// # Errors
/// If it cannot be read.
pub fn look_in(
    deployment: &Deployment,
    transaction: &mut Transaction<'_>,
) -> Result<Vec<Finding>, LiveError> {
    let mut found = role(transaction)?;
    found.extend(objects(deployment, transaction)?);
    found.extend(exposed(deployment, transaction)?);
    found.extend(keys(deployment, transaction)?);
    Ok(found)
}

fn failed(what: &'static str) -> impl FnOnce(postgres::Error) -> LiveError {
    move |source| LiveError::Query { what, source }
}

/// The role that the Worker takes on.
fn role(transaction: &mut Transaction<'_>) -> Result<Vec<Finding>, LiveError> {
    let text = "select r.rolsuper or r.rolbypassrls, r.rolcanlogin,
          (select pg_catalog.pg_has_role(a.oid, r.oid, 'member')
           from pg_catalog.pg_roles a where a.rolname = 'authenticator')
        from pg_catalog.pg_roles r where r.rolname = $1";
    let row = transaction
        .query_opt(text, &[&EDGE])
        .map_err(failed("the roles"))?;
    let Some(row) = row else {
        return Ok(vec![Finding::error(
            "no-role",
            EDGE,
            "is no role of this database: no workflow can act for itself",
            "apply the migrations",
        )]);
    };
    let mut found = Vec::new();
    if row.get::<_, bool>(0) {
        found.push(Finding::error(
            "unbound-role",
            EDGE,
            "is bound by no row-level security",
            "alter role countersign_edge nosuperuser nobypassrls",
        ));
    }
    if row.get::<_, bool>(1) {
        found.push(Finding::warning(
            "login-role",
            EDGE,
            "can log in, and nothing of Countersign does so",
            "alter role countersign_edge nologin",
        ));
    }
    match row.get::<_, Option<bool>>(2) {
        Some(true) => {}
        Some(false) => found.push(Finding::error(
            "no-membership",
            EDGE,
            "is not granted to `authenticator`, so PostgREST cannot take it on",
            "grant countersign_edge to authenticator",
        )),
        None => found.push(Finding::note(
            "no-authenticator",
            "authenticator",
            "is no role of this database: PostgREST logs in as somebody else",
            "grant countersign_edge to the role that PostgREST logs in as",
        )),
    }
    Ok(found)
}

/// The app that a migration is for; most of the Worker's are for all.
fn app_of(file: &str) -> Option<&'static str> {
    APPS.into_iter()
        .find(|app| file.split(['_', '.']).any(|word| word == *app))
}

/// What the migrations should have made.
fn objects(
    deployment: &Deployment,
    transaction: &mut Transaction<'_>,
) -> Result<Vec<Finding>, LiveError> {
    let apps = deployment.apps();
    let text = "select 'table', c.relname::text from pg_catalog.pg_class c
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind in ('r', 'p')
        union select 'function', p.proname::text from pg_catalog.pg_proc p
          join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = $1";
    let rows = transaction
        .query(text, &[&EDGE])
        .map_err(failed("the Worker's schema"))?;
    let there: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (kind, name, file) in MADE {
        let served = app_of(file).is_none_or(|app| apps.contains(&app));
        let is_there = there.iter().any(|(of, found)| of == kind && found == name);
        if served && !is_there {
            let lacks = missing.entry(file).or_default();
            lacks.push(format!("{kind} `{name}`"));
        }
    }
    let mut found: Vec<Finding> = missing
        .into_iter()
        .map(|(file, lacks)| {
            Finding::error(
                "migration",
                format!("migrations/{file}"),
                format!("is not applied: {} is missing", lacks.join(", ")),
                "apply it, and those after it, in their order",
            )
        })
        .collect();
    let text = "select a.app from unnest($1::text[]) with ordinality a (app, place)
        where pg_catalog.to_regnamespace(pg_catalog.quote_ident(a.app)) is null order by a.place";
    let rows = transaction
        .query(text, &[&apps])
        .map_err(failed("the apps' schemas"))?;
    for row in rows {
        let app: String = row.get(0);
        found.push(Finding::error(
            "no-schema",
            app,
            "is served, and the database has no such schema",
            "apply its migrations, or take it out of APPS",
        ));
    }
    Ok(found)
}

/// The schemas that PostgREST serves, where that is a setting of its role, as on Supabase.
fn exposed(
    deployment: &Deployment,
    transaction: &mut Transaction<'_>,
) -> Result<Vec<Finding>, LiveError> {
    let text = "select split_part(setting, '=', 2)
        from pg_catalog.pg_db_role_setting s
        join pg_catalog.pg_roles r on r.oid = s.setrole and r.rolname = 'authenticator'
        cross join unnest(s.setconfig) setting
        where split_part(setting, '=', 1) = 'pgrst.db_schemas'
          and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
        order by s.setdatabase desc limit 1";
    let row = transaction
        .query_opt(text, &[])
        .map_err(failed("PostgREST's settings"))?;
    let Some(row) = row else {
        return Ok(vec![Finding::note(
            "exposed-unknown",
            "pgrst.db_schemas",
            "is no setting of `authenticator`: which schemas PostgREST serves is in a file of its own",
            format!("see that it serves the apps' schemas, and `{EDGE}` last"),
        )]);
    };
    let listed: String = row.get(0);
    let listed: Vec<&str> = listed
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
        .collect();
    let mut found = Vec::new();
    for schema in deployment.apps().into_iter().chain([EDGE]) {
        if !listed.contains(&schema) {
            found.push(Finding::error(
                "not-exposed",
                schema,
                "is no schema that PostgREST serves",
                "add it to the exposed schemas (on Supabase: API settings), the Worker's last",
            ));
        }
    }
    if listed.first() == Some(&EDGE) {
        found.push(Finding::error(
            "exposed-first",
            EDGE,
            "is the first schema that PostgREST serves: requests that name none go there",
            "put it last",
        ));
    }
    Ok(found)
}

/// The keys that have sealed what is there.
fn keys(
    deployment: &Deployment,
    transaction: &mut Transaction<'_>,
) -> Result<Vec<Finding>, LiveError> {
    let text = "select c.oid::regclass::text, pg_catalog.has_table_privilege(c.oid, 'select')
        from pg_catalog.pg_class c
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'key_id' and not a.attisdropped
        where c.relkind in ('r', 'p') and c.relname ilike '%secret%' order by 1";
    let tables = transaction
        .query(text, &[])
        .map_err(failed("the tables of secrets"))?;
    let mut used: BTreeMap<String, i64> = BTreeMap::new();
    let mut found = Vec::new();
    for row in tables {
        let table: String = row.get(0);
        if !row.get::<_, bool>(1) {
            found.push(Finding::note(
                "not-read",
                table,
                "is closed to this role: which keys have sealed what is there is not known",
                "look again as the owner of the tables",
            ));
            continue;
        }
        // The name is the database's own, quoted by it.
        let text = format!("select key_id, count(*) from {table} group by 1");
        let rows = transaction
            .query(&text, &[])
            .map_err(failed("the keys of what is sealed"))?;
        for row in rows {
            if let (Some(key), count) = (row.get::<_, Option<String>>(0), row.get::<_, i64>(1)) {
                *used.entry(key).or_default() += count;
            }
        }
    }
    let ring = deployment
        .text("SEALING_KEYS")
        .and_then(|text| KeyRing::parse(text).ok());
    match ring {
        Some(ring) => found.extend(used.iter().filter_map(|(key, count)| {
            if ring.find(key).is_none() {
                Some(Finding::error(
                    "lost-key",
                    "SEALING_KEYS",
                    format!("has no key `{key}`, which has sealed {count} rows: those connections are lost without it"),
                    "put it back behind the others, or have these people connect again",
                ))
            } else if ring.current().id() != key {
                Some(Finding::note(
                    "older-key",
                    "SEALING_KEYS",
                    format!("seals with another key than `{key}`, which has sealed {count} rows"),
                    "`countersign seal` seals them again; keep the key until then",
                ))
            } else {
                None
            }
        })),
        None if used.is_empty() => {}
        None => {
            let names: Vec<String> = used.keys().map(|key| format!("`{key}`")).collect();
            found.push(Finding::note(
                "keys-in-use",
                "SEALING_KEYS",
                format!("is not known here; what is sealed needs {}", names.join(", ")),
                "give the keys with --vars to have them compared",
            ));
        }
    }
    Ok(found)
}
