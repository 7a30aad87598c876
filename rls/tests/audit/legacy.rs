//! The two databases that somebody has in production: each fault that they confess is found by name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use countersign_rls::audit::{self, Finding};
use countersign_rls::live;

use crate::database::{Database, app, root};
use crate::{App, begin};

fn legacy(file: &str) -> Option<Database> {
    let database = Database::bare()?;
    for file in ["tests/sql/supabase_stub.sql", file] {
        let script = std::fs::read_to_string(root().join(file)).unwrap();
        // As one transaction, as everybody applies it: its settings are for that.
        let mut client = database.client();
        let mut transaction = client.transaction().unwrap();
        transaction.batch_execute(&script).unwrap();
        transaction.commit().unwrap();
    }
    let roles = "do $$ begin create role countersign_edge nologin noinherit;
        exception when duplicate_object or unique_violation then null; end $$";
    database.client().batch_execute(roles).unwrap();
    Some(database)
}

/// The app as it is meant to be, in the schema where the old one lies.
fn in_public(name: &str) -> App {
    let (project, mut policy) = app(name);
    "public".clone_into(&mut policy.schema);
    App { project, policy }
}

/// The objects of the findings of one name.
fn named<'f>(found: &'f [Finding], name: &str) -> Vec<&'f str> {
    let of = found.iter().filter(|finding| finding.kind.name == name);
    of.map(|finding| finding.object.name.as_str()).collect()
}

/// The details of the findings of one name about one object.
fn details<'f>(found: &'f [Finding], name: &str, object: &str) -> Vec<&'f str> {
    let of = found
        .iter()
        .filter(|f| f.kind.name == name && f.object.name == object);
    of.map(|finding| finding.detail.as_str()).collect()
}

fn counts(found: &[Finding]) -> String {
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for finding in found {
        *counts
            .entry((finding.kind.severity.word(), finding.kind.name))
            .or_default() += 1;
    }
    let mut text = String::new();
    for ((severity, name), count) in counts {
        let _ = writeln!(text, "{severity} {name} {count}");
    }
    text
}

fn all(found: &[&str], expected: &[&str]) {
    for name in expected {
        assert!(found.contains(name), "{name} is not among {found:#?}");
    }
}

#[test]
fn coaching_confesses_and_the_audit_knows_all_of_it() {
    let Some(database) = legacy("migrations/legacy/coaching_simple.sql") else {
        return;
    };
    let mut client = database.client();
    let found = in_public("coaching").audit(&mut begin(&mut client));
    let named = |name: &str| named(&found, name);
    let tables = [
        "\"Accounts\"",
        "\"API_Connections\"",
        "\"Coaching_Messages\"",
        "\"Coaching_Outcomes\"",
        "\"Conversations\"",
        "\"Sync_Logs\"",
        "\"Synced_Activities\"",
        "\"User_Roles\"",
    ]
    .map(|table| format!("public.{table}"));

    // 1: no foreign keys, and the rows that came of it.
    assert_eq!(named("foreign-key-missing").len(), 15);
    all(
        &named("foreign-key-missing"),
        &[
            "\"API_Connections_account_id_fkey\" on public.\"API_Connections\"",
            "\"Synced_Activities_account_id_fkey\" on public.\"Synced_Activities\"",
            "\"User_Roles_user_id_fkey\" on public.\"User_Roles\"",
        ],
    );
    assert_eq!(
        details(&found, "orphan-rows", "public.\"Conversations\""),
        [
            "1 row whose (account_id) is in no row of public.\"Accounts\"",
            "1 row whose (user_id) is in no row of auth.users"
        ]
    );
    // 2: the first account there is.
    let functions = named("function-first-tenant");
    assert_eq!(functions.len(), 4);
    for name in ["save_hubspot", "get_hubspot", "save_fathom", "get_fathom"] {
        let of = |name: &&&str| {
            functions
                .iter()
                .any(|f| f.starts_with(&format!("public.{name}_connection(")))
        };
        assert!(of(&&name), "{functions:?}");
    }
    assert_eq!(named("function-definer"), functions);
    assert_eq!(named("definer-search-path"), functions);
    // 3: no row-level security, everything granted to everybody.
    for table in &tables {
        all(&named("rls-off"), &[table]);
        let extra = details(&found, "grant-extra", table);
        assert!(
            extra
                .iter()
                .any(|detail| detail.starts_with("anon holds delete, insert, select, update")),
            "{extra:?}"
        );
        all(
            &details(&found, "grant-beyond-rows", table),
            &["anon holds maintain, references, trigger, truncate"],
        );
    }
    assert!(named("default-privileges").contains(&"postgres"));
    // 4: no analyses.
    all(
        &named("table-missing"),
        &["public.\"Conversation_Analyses\"", "public.\"Teams\""],
    );
    all(
        &named("column-missing"),
        &[
            "public.\"Synced_Activities\".conversation_analysis_id",
            "public.\"User_Roles\".account_id",
        ],
    );
    // 5: nobody belongs anywhere.
    all(
        &details(&found, "column-missing", "public.\"User_Roles\".account_id"),
        &["it should be of type uuid; it is what tells tenants apart"],
    );
    // 6: a constant default, and rows without an account.
    assert_eq!(
        named("tenant-default"),
        [
            "public.\"Sync_Logs\".account_id",
            "public.\"Synced_Activities\".account_id"
        ]
    );
    assert_eq!(
        named("tenant-nullable"),
        ["public.\"Coaching_Outcomes\".account_id"]
    );
    assert_eq!(
        details(&found, "tenant-null", "public.\"Coaching_Outcomes\""),
        ["2 rows without account_id"]
    );
    // Tokens in plain text.
    assert_eq!(
        named("secret-readable"),
        [
            "public.\"API_Connections\".access_token",
            "public.\"API_Connections\".refresh_token"
        ]
    );
    assert_eq!(named("index-duplicate").len(), 2);
    insta::assert_snapshot!("legacy_coaching", counts(&found));
}

#[test]
fn agency_confesses_and_the_audit_knows_all_of_it() {
    let Some(database) = legacy("migrations/legacy/agency_mvp.sql") else {
        return;
    };
    let app = in_public("agency");
    // A working day, so that indexes have had their chance: thirty scans of each table.
    let day = "do $$ declare of regclass; begin
        for of in select c.oid from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace loop
          for i in 1..30 loop execute format('select 1 from %s limit 1', of); end loop;
        end loop; end $$; select pg_stat_force_next_flush()";
    let mut client = database.client();
    client.batch_execute(day).unwrap();
    drop(client);
    let mut client = database.client();
    let mut transaction = begin(&mut client);
    let live = live::introspect(&mut transaction, "public").unwrap();
    let intended = app.shadow(&mut transaction, &live);
    let mut found = app.judge(&mut transaction, &live, &intended);
    found.retain(|finding| finding.kind.name != "index-unused");
    let idle = audit::findings(app.evidence(&live, Some(&intended)), 30);
    let named = |name: &str| named(&found, name);

    let temporary = named("policy-temporary");
    assert_eq!(temporary.len(), 7, "{temporary:?}");
    assert!(temporary.iter().all(|name| name.starts_with("temp_anon_")));
    let reads = found
        .iter()
        .filter(|f| f.kind.name == "policy-temporary" && f.detail.starts_with("select to"));
    assert!(reads.count() > 0, "reads included");
    assert!(
        named("policy-call-unwrapped").len() > 30,
        "auth.uid() for every row"
    );
    assert_eq!(named("view-definer"), ["public.client_crm_status"]);
    assert!(!self::named(&idle, "index-unused").is_empty());
    assert!(!named("index-duplicate").is_empty());
    let cents: Vec<&str> = found
        .iter()
        .filter(|f| f.kind.name == "column-type" && f.detail == "is integer, intended bigint")
        .map(|f| f.object.name.as_str())
        .collect();
    all(
        &cents,
        &[
            "public.invoices.amount_cents",
            "public.payments.amount_cents",
        ],
    );
    assert!(
        named("foreign-key-simple").len() > 20,
        "a child may point across tenants"
    );
    assert!(!named("orphan-rows").is_empty());
    // The MVP's row-level security was on, and its tables were all there.
    assert!(named("rls-off").is_empty() && named("table-missing").is_empty());

    let config = root().join("migrations/legacy/agency_mvp.supabase/config.toml");
    let open = audit::configuration(&config).unwrap();
    assert_eq!(open.len(), 4);
    let text = std::fs::read_to_string(&config).unwrap();
    for finding in &open {
        let line = usize::try_from(finding.object.place.as_ref().unwrap().line).unwrap();
        assert_eq!(text.lines().nth(line - 1), Some("verify_jwt = false"));
    }
    insta::assert_snapshot!("legacy_agency", counts(&found));
}
