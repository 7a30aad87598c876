//! The database that a verification runs in: made, migrated, and gone afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::VerifyError;
use super::in_place::InPlace;
use super::session::Session;
use super::sql;
use crate::connect::Address;

const SUPABASE: &str = include_str!("scratch.sql");

/// The roles that the verification or the migrations may bring to the server.
const ROLES: &str = "'anon', 'authenticated', 'service_role', 'supabase_auth_admin', 'authenticator', 'countersign_edge'";

/// What new objects are open to, whatever schema they are made in. A generated migration changes
/// it, no schema holds it, and whoever comes next would get functions that nobody may execute.
const DEFAULTS: &str = "select r.rolname, d.defaclobjtype::text, d.defaclacl::text
     from pg_catalog.pg_default_acl d join pg_catalog.pg_roles r on r.oid = d.defaclrole
     where d.defaclnamespace = 0";

/// Where the verification takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A database of its own on the server, dropped at the end.
    Fresh,
    /// The database that `--db` names, which holds nothing and is thrown away by its owner.
    Scratch,
    /// The database that `--db` names, while it is in use. Nothing is left behind.
    InPlace(InPlace),
}

/// What has to be removed from the server again.
#[derive(Debug)]
pub(super) struct Scratch {
    server: Address,
    database: Option<String>,
    /// The roles that were there before.
    known: Vec<String>,
    /// The schemas that were there before, where the database is not the verification's own.
    schemas: Vec<String>,
    /// And what new objects of every schema were open to, as rows of `pg_default_acl`.
    defaults: Vec<Vec<Option<String>>>,
}

impl Scratch {
    /// Makes the database, if it is to be made.
    pub(super) async fn make(url: &str, place: Place) -> Result<Self, VerifyError> {
        let server = Address::parse(url)?;
        let session = Session::connect(&server).await?;
        if place == Place::Scratch {
            refuse_used(&session).await?;
            let schemas = schemas(&session).await?;
            let defaults = session
                .rows("looking for default privileges", DEFAULTS)
                .await?;
            session.close().await;
            return Ok(Self {
                server,
                database: None,
                known: Vec::new(),
                schemas,
                defaults,
            });
        }
        let query = format!("select rolname from pg_catalog.pg_roles where rolname in ({ROLES})");
        let known = session.rows("looking for roles", &query).await?;
        let known = known.into_iter().flatten().flatten().collect();
        let name = format!("countersign_verify_{}", unique());
        let create = format!("create database {}", sql::name(&name));
        session
            .run("creating the scratch database", &create)
            .await?;
        session.close().await;
        Ok(Self {
            server,
            database: Some(name),
            known,
            schemas: Vec::new(),
            defaults: Vec::new(),
        })
    }

    /// Opens it and brings it to where the migrations lead.
    pub(super) async fn open(&self, migrations: &Path) -> Result<Session, VerifyError> {
        let name = self.database.as_deref();
        let address = name.map(|name| self.server.with_database(name));
        let session = Session::connect(address.as_ref().unwrap_or(&self.server)).await?;
        session
            .run("preparing the scratch database", SUPABASE)
            .await?;
        for file in scripts(migrations)? {
            apply(&session, file).await?;
        }
        Ok(session)
    }

    /// Removes the database, and the roles that were not there before unless another database
    /// has come to need them. A database that is somebody else's is left as empty as it was.
    pub(super) async fn remove(self) -> Result<(), VerifyError> {
        let session = Session::connect(&self.server).await?;
        let Some(name) = self.database else {
            for schema in schemas(&session).await? {
                if !self.schemas.contains(&schema) {
                    let drop = format!("drop schema if exists {} cascade", sql::name(&schema));
                    session.run("emptying the scratch database", &drop).await?;
                }
            }
            let what = "restoring the default privileges";
            session.run(what, &restored(&self.defaults)).await?;
            session.close().await;
            return Ok(());
        };
        let drop = format!("drop database if exists {} with (force)", sql::name(&name));
        session.run("dropping the scratch database", &drop).await?;
        let query = format!("select rolname from pg_catalog.pg_roles where rolname in ({ROLES})");
        let now = session.rows("looking for roles", &query).await?;
        for role in now.into_iter().flatten().flatten() {
            if !self.known.contains(&role) {
                let _ = session
                    .raw(&format!("drop role {}", sql::name(&role)))
                    .await;
            }
        }
        session.close().await;
        Ok(())
    }
}

/// The statement that brings the default privileges back to what they were: what was not there is
/// granted as PostgreSQL does by itself, upon which it forgets the entry.
fn restored(before: &[Vec<Option<String>>]) -> String {
    let known = before.iter().map(|row| {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| sql::literal(cell.as_deref()))
            .collect();
        format!("({})", cells.join(", "))
    });
    let known: Vec<String> = known.chain(["(null, null, null)".to_owned()]).collect();
    format!(
        "do $restore$ declare of record; one record; verb text; begin
           for of in
             select d.defaclrole as role, r.rolname as name, d.defaclacl as acl,
               coalesce(known.acl::aclitem[],
                 pg_catalog.acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)) as wanted,
               case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                 when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end as kind
             from pg_catalog.pg_default_acl d
             join pg_catalog.pg_roles r on r.oid = d.defaclrole
             left join (values {known}) known (name, kind, acl) on known.name = r.rolname and known.kind = d.defaclobjtype::text
             where d.defaclnamespace = 0 and known.acl is distinct from d.defaclacl::text
           loop
             verb := format('alter default privileges for role %I ', of.name);
             for one in select distinct grantee::regrole::text as name, grantee from pg_catalog.aclexplode(of.acl) loop
               execute verb || format('revoke all on %s from %s', of.kind, case one.grantee when 0 then 'public' else one.name end);
             end loop;
             for one in select grantee::regrole::text as name, grantee, privilege_type, is_grantable from pg_catalog.aclexplode(of.wanted) loop
               execute verb || format('grant %s on %s to %s%s', one.privilege_type, of.kind,
                 case one.grantee when 0 then 'public' else one.name end,
                 case when one.is_grantable then ' with grant option' else '' end);
             end loop;
           end loop;
         end $restore$",
        known = known.join(", ")
    )
}

/// The names of all schemas but PostgreSQL's own.
async fn schemas(session: &Session) -> Result<Vec<String>, VerifyError> {
    let query = "select nspname from pg_catalog.pg_namespace
                 where nspname not like 'pg\\_%' and nspname <> 'information_schema'";
    let names = session.rows("looking for schemas", query).await?;
    Ok(names.into_iter().flatten().flatten().collect())
}

async fn refuse_used(session: &Session) -> Result<(), VerifyError> {
    let used = session
        .value(
            "looking for tables",
            "select string_agg(c.oid::regclass::text, ', ') from (select c.oid from pg_catalog.pg_class c
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and n.nspname not in ('information_schema', 'pg_catalog', 'pg_toast')
             limit 3) c",
        )
        .await?;
    if used.is_empty() {
        Ok(())
    } else {
        Err(VerifyError::NotEmpty(used))
    }
}

/// The migrations in the order of their names.
fn scripts(directory: &Path) -> Result<Vec<PathBuf>, VerifyError> {
    let fault = |source| VerifyError::File {
        path: directory.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

async fn apply(session: &Session, file: PathBuf) -> Result<(), VerifyError> {
    let script = match fs::read_to_string(&file) {
        Ok(script) => script,
        Err(source) => return Err(VerifyError::File { path: file, source }),
    };
    // Several statements in one message share a transaction, which a concurrent index refuses.
    let alone = script.to_ascii_lowercase().contains("index concurrently");
    let parts = if alone {
        sql::statements(&script)
    } else {
        vec![script]
    };
    for part in parts {
        if let Err(source) = session.raw(&part).await {
            return Err(VerifyError::Migration { file, source });
        }
    }
    session.run("resetting the session", "reset all").await
}

/// Different for every run on a server: the time and the process.
fn unique() -> String {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_nanos());
    format!("{:x}_{:x}", nanos & 0xffff_ffff_ffff, std::process::id())
}
