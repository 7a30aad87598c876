//! `countersign doctor` on a database: nothing to say of one that is in order, and each thing that
//! is not.

use countersign_rls::doctor::{Deployment, Finding, Source, look_in_transaction};
use postgres::Transaction;

use crate::support::{Database, seeds};

const KEYS: &str = "new:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";

fn deployment(keys: Option<&str>) -> Deployment {
    let mut deployment = Deployment::default();
    deployment.knows_secrets = true;
    if let Some(keys) = keys {
        deployment.give("SEALING_KEYS", Source::Secret, Some(keys.to_owned()));
    }
    deployment
}

/// What is found after `change`, which is taken back.
fn after(database: &Database, change: &str) -> Vec<Finding> {
    let mut client = database.client();
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute(change).unwrap();
    look(&mut transaction, Some(KEYS))
}

fn look(transaction: &mut Transaction<'_>, keys: Option<&str>) -> Vec<Finding> {
    look_in_transaction(&deployment(keys), transaction).unwrap()
}

fn words(found: &[Finding]) -> Vec<String> {
    let words = |of: &Finding| format!("{} {}: {} {}", of.severity, of.code, of.about, of.problem);
    found.iter().map(words).collect()
}

#[test]
fn the_doctor_looks_at_a_database() {
    let Some(database) = Database::migrated("doctor") else {
        return;
    };
    let mut client = database.client();
    let name: String = client
        .query_one("select quote_ident(current_database())", &[])
        .unwrap()
        .get(0);
    let serve = |schemas: &str| {
        format!("alter role authenticator in database {name} set pgrst.db_schemas to '{schemas}'")
    };
    let all = "agency, advisory, assistant, coaching, portal, countersign_edge";

    assert_eq!(words(&after(&database, &serve(all))), Vec::<String>::new());
    let unknown = words(&after(&database, "select 1"));
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].starts_with("note exposed-unknown: pgrst.db_schemas"));
    client.batch_execute(&serve(all)).unwrap();

    for (change, expected) in [
        (
            serve("countersign_edge, agency, advisory, assistant, coaching"),
            &[
                "error not-exposed: portal is no schema that PostgREST serves",
                "error exposed-first: countersign_edge is the first schema that PostgREST serves: requests that name none go there",
            ][..],
        ),
        (
            serve("agency, advisory, assistant, coaching, portal"),
            &["error not-exposed: countersign_edge is no schema that PostgREST serves"],
        ),
        (
            "drop function countersign_edge.begin_request; drop table countersign_edge.llm_reservations".to_owned(),
            &[
                "error migration: migrations/20261121150020_llm_budgets.sql is not applied: table `llm_reservations` is missing",
                "error migration: migrations/20261121150022_idempotency.sql is not applied: function `begin_request` is missing",
            ],
        ),
        (
            "alter role countersign_edge bypassrls login; revoke countersign_edge from authenticator".to_owned(),
            &[
                "error unbound-role: countersign_edge is bound by no row-level security",
                "warning login-role: countersign_edge can log in, and nothing of Countersign does so",
                "error no-membership: countersign_edge is not granted to `authenticator`, so PostgREST cannot take it on",
            ],
        ),
        (
            "alter schema portal rename to members".to_owned(),
            &["error no-schema: portal is served, and the database has no such schema"],
        ),
        (
            "alter role countersign_edge rename to somebody".to_owned(),
            &["error no-role: countersign_edge is no role of this database: no workflow can act for itself"],
        ),
    ] {
        assert_eq!(words(&after(&database, &change)), expected, "{change}");
    }
}

#[test]
fn the_doctor_misses_keys_that_have_sealed_something() {
    let Some(database) = Database::migrated("doctor_keys") else {
        return;
    };
    for file in seeds() {
        database.run(&file).unwrap();
    }
    let mut client = database.client();
    let mut transaction = client.transaction().unwrap();
    let said = |keys, transaction: &mut Transaction<'_>| {
        let found = look(transaction, keys);
        let found: Vec<_> = found
            .into_iter()
            .filter(|of| of.about == "SEALING_KEYS")
            .collect();
        words(&found)
    };
    let lost = said(Some(KEYS), &mut transaction);
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(
        lost[0].starts_with(
            "error lost-key: SEALING_KEYS has no key `demonstration`, which has sealed "
        )
    );
    let older = format!("{KEYS} demonstration:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    let older = said(Some(&older), &mut transaction);
    assert_eq!(older.len(), 1, "{older:?}");
    assert!(older[0].starts_with("note older-key: "), "{older:?}");
    let unknown = said(None, &mut transaction);
    assert_eq!(
        unknown,
        ["note keys-in-use: SEALING_KEYS is not known here; what is sealed needs `demonstration`"]
    );
}
