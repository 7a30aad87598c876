//! From a schema that exists, with its policies, to a policy text that means the same.
//!
//! 1. [`expression`] reads what PostgreSQL prints of a policy into a tree;
//! 2. [`recognise`] finds in it what the language speaks of: owners, memberships, visible parents,
//!    conditions on the row; functions are read through their bodies;
//! 3. [`policies`] adds the policies of a table up as PostgreSQL does;
//!    [`mod@never`] takes those that forbid something of the row;
//! 4. [`tenancy`] finds the roles and their order in what memberships are asked for;
//! 5. [`table`] and [`rules`] say it, by the grants' columns; [`retire`] takes soft deletion out of the rules;
//! 6. [`draft`] puts the text together and holds it against the schema.
//!
//! What the language cannot say is left out and listed, so that the text never allows more than the
//! database does.

pub mod alternative;
pub mod draft;
pub mod expression;
pub mod grants;
pub mod ground;
pub mod never;
pub mod policies;
pub mod recognise;
pub mod report;
pub mod retire;
pub mod rules;
pub mod table;
pub mod tenancy;
pub mod words;

use std::collections::BTreeSet;

use policy_core::catalogue::RelationKind;
use policy_core::value::Kind;

use crate::connect;
use crate::live::{self, Limits, Live, LiveError, Table, TableKind};
use ground::{ArgumentNames, Ground};
use recognise::Role;
pub use report::{Adoption, Assumption, Unsaid};
use table::{Notes, Read, called};
use tenancy::Tenancy;

/// Reads a schema of the database at `url` and writes its policy.
///
/// # Errors
/// If the database cannot be reached or read, or has no such schema.
pub fn read(
    url: &str,
    schema: &str,
    app: &str,
    limits: Limits,
) -> Result<(Adoption, Live), LiveError> {
    let mut client = connect::open(url)?;
    let mut transaction = live::begin(&mut client, true, limits)?;
    let live = live::introspect(&mut transaction, schema)?;
    let names = ground::argument_names(&mut transaction)?;
    Ok((adopt(&live, &names, app), live))
}

/// Writes the policy of a schema that was read.
#[must_use]
pub fn adopt(live: &Live, names: &ArgumentNames, app: &str) -> Adoption {
    let mut ground = Ground {
        live,
        names,
        caller_id: caller_id(live),
        root: None,
    };
    // Which table has the tenants is known from what the policies ask of others; then it can be a
    // source of memberships itself.
    let asked: Vec<_> = tables(&ground, &mut Notes::default())
        .iter()
        .flat_map(Read::memberships)
        .cloned()
        .collect();
    let root = tenancy::root(&asked, &live.catalogue);
    let mut notes = Notes::default();
    ground.root = root.as_ref().ok().cloned().flatten();
    let mut read = tables(&ground, &mut notes);
    let owners: BTreeSet<_> = read
        .iter()
        .flat_map(Read::memberships)
        .map(|member| member.source.clone())
        .filter(|source| ground.is_root(&source.table, &source.tenant))
        .collect();
    for table in &mut read {
        table.settle(&owners);
    }
    let tenancy = root.and_then(|root| match root {
        None => Ok(None),
        Some(root) => {
            let tests: Vec<_> = read.iter().flat_map(|table| table.asked(&root.0)).collect();
            declared(&tests, &root, &ground, &mut notes)
        }
    });
    let tenancy = tenancy.unwrap_or_else(|(why, mend)| {
        notes.unsaid("memberships", why, mend);
        None
    });
    let tenants = read
        .iter()
        .filter_map(|table| Some((table.live.name.clone(), table.tenant(tenancy.as_ref())?)))
        .collect();
    let blocks = read
        .iter()
        .map(|table| {
            let block = table.block(tenancy.as_ref(), &tenants, &mut notes);
            (table.live.name.clone(), block)
        })
        .collect();
    let policies = live.tables.iter().map(|table| table.policies.len()).sum();
    let rowless = draft::rowless(live, &mut notes);
    let draft = draft::Draft {
        app: app.to_owned(),
        schema: live.schema.clone(),
        caller_id: ground.caller_id,
        tenancy: tenancy.as_ref().map(Tenancy::text),
        blocks,
        rowless,
    };
    draft.finish(live, notes, policies)
}

/// The tenancy, without sources that the checker refuses; these are noted.
fn declared(
    tests: &[tenancy::Asked<'_>],
    root: &(String, String),
    ground: &Ground<'_>,
    notes: &mut Notes,
) -> Result<Option<Tenancy>, tenancy::NoTenancy> {
    let catalogue = &ground.live.catalogue;
    let mut without = BTreeSet::new();
    loop {
        let Some(tenancy) = Tenancy::of(tests, root.clone(), catalogue, &without)? else {
            return Ok(None);
        };
        let before = without.len();
        for (rows, refusal) in tenancy.refused(catalogue, ground.caller_id) {
            let object = format!("memberships in {}", words::name(&rows.source.table));
            notes.unsaid(&object, refusal.why, refusal.mend);
            without.insert(rows);
        }
        if without.len() == before {
            return Ok(Some(tenancy));
        }
    }
}

/// The policies of all tables; the others are noted.
fn tables<'a>(ground: &'a Ground<'a>, notes: &mut Notes) -> Vec<Read<'a>> {
    let live = ground.live;
    let mut read = Vec::new();
    for table in &live.tables {
        match live.catalogue.relation(&table.name) {
            Some(relation)
                if relation.kind == RelationKind::Table && table.kind == TableKind::Table =>
            {
                if table.row_security {
                    read.push(Read::of(ground, table, relation, notes));
                } else {
                    unprotected(table, notes);
                }
            }
            _ => other(table, notes),
        }
    }
    read
}

/// Callers' ids are texts if some helper says so, or if there are no ids of any other type.
fn caller_id(live: &Live) -> Kind {
    let text = live
        .tables
        .iter()
        .flat_map(|table| &table.policies)
        .any(|policy| {
            [&policy.using, &policy.check]
                .into_iter()
                .flatten()
                .any(|sql| {
                    sql.contains("countersign.caller_text_id()")
                        || sql.contains("(auth.uid())::text")
                        || sql.contains("->> 'sub'::text)") && !sql.contains("'sub'::text))::uuid")
                })
        });
    if text { Kind::Text } else { Kind::Uuid }
}

fn clients(table: &Table) -> Vec<&'static str> {
    [Role::Anon, Role::Authenticated]
        .into_iter()
        .filter(|role| {
            ["select", "insert", "update", "delete"]
                .iter()
                .any(|privilege| !grants::columns(table, *role, privilege).is_empty())
        })
        .map(Role::name)
        .collect()
}

/// Without row-level security the grants are all there is, and a policy would switch it on.
fn unprotected(table: &Table, notes: &mut Notes) {
    let clients = clients(table);
    if !clients.is_empty() {
        notes.unsaid(
            &called(&table.name),
            format!(
                "row-level security is off, so {} may use all of its rows",
                clients.join(" and ")
            ),
            "decide who may do what, and write rules; without any it is closed",
        );
    }
}

fn other(table: &Table, notes: &mut Notes) {
    if !clients(table).is_empty() {
        notes.unsaid(
            &called(&table.name),
            "partitions, foreign tables, rules and inheritance: row-level security does not mean the same there",
            "put an ordinary table or a function in front of it",
        );
    }
}
