//! Each kind of finding, planted alone in a database that the migrations made.

use std::collections::{BTreeMap, BTreeSet};

use countersign_rls::audit::{Finding, kinds};
use countersign_rls::live::{self, Live};
use countersign_rls::project;

use crate::database::{Database, root};
use crate::{App, begin};

/// An app, what is done to its database, and the names of what must be found, each as often as it
/// stands there. Where one deed is two faults both are listed.
type Case = (&'static str, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    // Row-level security
    ("coaching", r#"alter table coaching."Teams" disable row level security"#, &["rls-off"]),
    ("coaching", r#"alter table coaching."User_Roles" force row level security"#, &["rls-forced"]),
    (
        "coaching",
        r#"create rule also as on insert to coaching."Teams" do also select 1"#,
        &["rls-does-not-hold"],
    ),
    // Policies
    ("coaching", r#"drop policy countersign_fence on coaching."Teams""#, &["policy-missing"]),
    ("portal", "drop policy countersign_fence_anon on portal.account", &["policy-missing"]),
    (
        "coaching",
        r#"alter policy countersign_select on coaching."Teams" using (name <> '')"#,
        &["policy-altered"],
    ),
    (
        "coaching",
        r#"alter policy countersign_fence on coaching."Teams" to authenticated, anon"#,
        &["policy-altered"],
    ),
    (
        "coaching",
        r#"create policy more on coaching."Teams" for select to authenticated using (name = 'open')"#,
        &["policy-extra"],
    ),
    (
        "coaching",
        r#"create policy less on coaching."Teams" as restrictive for delete to authenticated using (name <> 'kept')"#,
        &["policy-extra-restrictive"],
    ),
    (
        "coaching",
        r#"create policy temp_anon_teams on coaching."Teams" for select to anon using (true)"#,
        &["policy-temporary"],
    ),
    (
        "coaching",
        r#"create policy everybody on coaching."Teams" for select to public using (1 = 1)"#,
        &["policy-always-true"],
    ),
    (
        "coaching",
        r#"create policy anybody on coaching."Teams" for insert to authenticated with check (true)"#,
        &["policy-always-true"],
    ),
    (
        "coaching",
        r#"create policy partners on coaching."Teams" for select to public using (name like 'open%')"#,
        &["policy-without-tenant"],
    ),
    (
        "coaching",
        r#"create policy claimed on coaching."Teams" for select to authenticated
           using (account_id::text = (select auth.jwt() -> 'user_metadata' ->> 'account'))"#,
        &["policy-extra", "policy-user-metadata"],
    ),
    (
        "coaching",
        r#"create policy old_members on coaching."Teams" for select to authenticated
           using (account_id in (select r.account_id from coaching."User_Roles" r where r.user_id = auth.uid()))"#,
        &["policy-extra", "policy-call-unwrapped"],
    ),
    (
        "coaching",
        r#"create function auth.is_member(uuid) returns boolean language sql stable set search_path = '' as 'select true';
           create policy slow on coaching."Teams" for select to authenticated using ((select auth.is_member(account_id)))"#,
        &["policy-extra", "policy-function-per-row"],
    ),
    // Guards and helpers
    ("agency", "drop trigger zz_countersign_found on agency.organizations", &["guard-missing"]),
    (
        "coaching",
        r#"alter table coaching."Coaching_Messages" disable trigger zz_countersign"#,
        &["guard-altered"],
    ),
    (
        "coaching",
        r#"drop trigger zz_countersign on coaching."Coaching_Messages";
           create trigger zz_countersign before update on coaching."Coaching_Messages" for each row when (false)
           execute function countersign."coaching_Coaching_Messages_update"()"#,
        &["guard-altered"],
    ),
    (
        "coaching",
        r#"create trigger zz_countersign before update on coaching."Teams" for each row
           execute function coaching.update_updated_at()"#,
        &["guard-extra"],
    ),
    ("portal", "drop function countersign.caller_text_is_user()", &["helper-missing"]),
    ("coaching", "alter function countersign.coaching_rep() volatile", &["helper-altered"]),
    (
        "coaching",
        r#"create or replace function countersign.coaching_rep() returns setof uuid
             language plpgsql stable parallel safe security definer rows 10 set search_path = ''
           as $$ begin return query select id from coaching."Accounts"; end $$"#,
        &["helper-altered"],
    ),
    (
        "coaching",
        r#"create function countersign.coaching_boss() returns setof uuid
             language plpgsql stable security definer set search_path = ''
           as $$ begin return query select id from coaching."Accounts"; end $$"#,
        &["helper-extra"],
    ),
    (
        "coaching",
        "create role countersign_test_weak; grant create on schema countersign to countersign_test_weak;
         alter function countersign.coaching_rep() owner to countersign_test_weak",
        &["helper-owner-bound"],
    ),
    // Tables and columns
    ("assistant", "drop table assistant.opportunities", &["table-missing"]),
    (
        "coaching",
        "create table coaching.extra (id uuid primary key); alter table coaching.extra enable row level security",
        &["table-unknown"],
    ),
    ("agency", "drop view agency.client_crm_status", &["view-missing"]),
    ("coaching", r#"alter table coaching."Sync_Logs" drop column error_code"#, &["column-missing"]),
    ("coaching", r#"alter table coaching."Sync_Logs" add column more text"#, &["column-unknown"]),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" alter column error_code type character varying(20)"#,
        &["column-type"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" alter column status drop not null"#,
        &["column-nullable"],
    ),
    (
        "coaching",
        r#"alter table coaching."User_Roles" alter column status set default 'invited'"#,
        &["column-default"],
    ),
    (
        "coaching",
        r#"alter table coaching."User_Roles" drop constraint "User_Roles_role_check""#,
        &["check-missing"],
    ),
    (
        "coaching",
        r#"alter table coaching."Teams" drop constraint "Teams_account_id_name_key""#,
        &["key-missing"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" alter column account_id drop not null"#,
        &["tenant-nullable"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" alter column account_id set default '00000000-0000-0000-0000-000000000001'"#,
        &["tenant-default"],
    ),
    // Keys between tables
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" drop constraint "Sync_Logs_account_id_fkey""#,
        &["foreign-key-missing"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" drop constraint "Sync_Logs_connection_id_account_id_fkey";
           alter table coaching."Sync_Logs" add foreign key (connection_id) references coaching."API_Connections" (id)"#,
        &["foreign-key-simple"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" add foreign key (connection_id) references coaching."API_Connections" (id)"#,
        &["foreign-key-simple"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" drop constraint "Sync_Logs_account_id_fkey";
           alter table coaching."Sync_Logs" add foreign key (account_id) references coaching."Accounts" (id)"#,
        &["foreign-key-altered"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" drop constraint "Sync_Logs_account_id_fkey";
           alter table coaching."Sync_Logs" add foreign key (account_id) references coaching."Accounts" (id)
             on delete cascade not valid"#,
        &["foreign-key-not-valid"],
    ),
    (
        "coaching",
        r#"drop index coaching."User_Roles_invited_by_idx""#,
        &["foreign-key-unindexed"],
    ),
    // Rows
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" alter column account_id drop not null;
           insert into coaching."Sync_Logs" (provider, status) values ('hubspot', 'running'), ('fathom', 'failed')"#,
        &["tenant-nullable", "tenant-null"],
    ),
    (
        "coaching",
        r#"alter table coaching."Sync_Logs" drop constraint "Sync_Logs_account_id_fkey";
           insert into coaching."Sync_Logs" (account_id, provider, status)
             values ('00000000-0000-0000-0000-000000000009', 'hubspot', 'running')"#,
        &["foreign-key-missing", "orphan-rows"],
    ),
    // Indexes
    (
        "coaching",
        r#"drop index coaching."Sync_Logs_account_id_started_at_idx""#,
        &["tenant-index-missing"],
    ),
    (
        "coaching",
        r#"drop index coaching."Conversations_user_id_started_at_idx"; create index on coaching."Conversations" (user_id)"#,
        &["index-missing"],
    ),
    (
        "coaching",
        r#"create index again on coaching."Sync_Logs" (account_id, started_at)"#,
        &["index-duplicate"],
    ),
    (
        "coaching",
        r#"create index broken on coaching."Sync_Logs" (provider);
           update pg_catalog.pg_index set indisvalid = false where indexrelid = 'coaching.broken'::regclass"#,
        &["index-invalid"],
    ),
    // Privileges
    ("coaching", r#"grant select on coaching."Teams" to anon"#, &["grant-extra"]),
    ("coaching", r#"grant update (status) on coaching."Sync_Logs" to authenticated"#, &["grant-extra"]),
    ("coaching", "grant usage on schema coaching to public", &["grant-extra"]),
    ("coaching", "grant usage on schema countersign to anon", &["grant-extra"]),
    ("coaching", "grant execute on function coaching.update_updated_at() to anon", &["grant-extra"]),
    ("coaching", "grant execute on function countersign.coaching_rep() to public", &["grant-extra"]),
    ("agency", "grant insert on agency.client_crm_status to authenticated", &["grant-extra"]),
    (
        "coaching",
        "create sequence coaching.counter; grant usage on sequence coaching.counter to authenticated",
        &["grant-extra"],
    ),
    ("coaching", r#"revoke select (name) on coaching."Teams" from authenticated"#, &["grant-missing"]),
    (
        "coaching",
        "revoke execute on function coaching.leave_account(uuid) from authenticated",
        &["grant-missing"],
    ),
    ("coaching", r#"grant truncate on coaching."Teams" to anon"#, &["grant-beyond-rows"]),
    ("coaching", r#"grant references, trigger on coaching."Teams" to public"#, &["grant-beyond-rows"]),
    ("coaching", "grant create on schema coaching to authenticated", &["grant-create"]),
    (
        "coaching",
        "alter default privileges in schema coaching grant select on tables to anon",
        &["default-privileges"],
    ),
    (
        "coaching",
        "alter default privileges grant execute on functions to public",
        &["default-privileges"],
    ),
    // Views and functions
    (
        "agency",
        "alter view agency.client_crm_status set (security_invoker = false)",
        &["view-definer"],
    ),
    (
        "coaching",
        r#"create view public.teams as select * from coaching."Teams"; grant select on public.teams to anon"#,
        &["view-definer"],
    ),
    (
        "coaching",
        r#"create materialized view coaching.figures as select count(*) from coaching."Teams";
           grant select on coaching.figures to authenticated"#,
        &["matview-readable"],
    ),
    ("coaching", "drop function coaching.leave_account(uuid)", &["function-missing"]),
    (
        "coaching",
        "alter function coaching.leave_account(uuid) security definer",
        &["function-definer"],
    ),
    (
        "coaching",
        r#"create function public.first_name() returns text language sql stable security definer set search_path = ''
             as 'select name from coaching."Teams" order by 1 limit 1';
           grant execute on function public.first_name() to anon"#,
        &["function-definer"],
    ),
    (
        "coaching",
        r#"create function coaching.the_account() returns uuid language plpgsql set search_path = ''
           as $$ begin return (select id from coaching."Accounts" limit 1); end $$"#,
        &["function-first-tenant"],
    ),
    (
        "coaching",
        "alter function coaching.update_updated_at() reset search_path",
        &["function-search-path"],
    ),
    (
        "coaching",
        "create function coaching.strong() returns integer language sql security definer as 'select 1'",
        &["definer-search-path"],
    ),
    // Secrets
    (
        "coaching",
        r#"grant select (access_token) on coaching."API_Connection_Secrets" to authenticated"#,
        &["grant-extra", "secret-readable"],
    ),
    // Roles
    ("coaching", "alter role authenticated bypassrls", &["role-bypasses"]),
    ("coaching", "alter role authenticator superuser", &["role-bypasses"]),
    (
        "coaching",
        "create role countersign_test_reports login bypassrls",
        &["role-bypasses-elsewhere"],
    ),
    ("coaching", "grant service_role to authenticated", &["role-inherits"]),
    ("coaching", "grant pg_read_all_data to anon", &["role-inherits"]),
    (
        "coaching",
        "grant create on schema coaching to service_role; alter function coaching.update_updated_at() owner to authenticated;
         revoke create on schema coaching from service_role",
        &["role-owns"],
    ),
];

/// Kinds that cannot be planted in a transaction, and where they are tested.
const ELSEWHERE: [&str; 5] = [
    "role-missing",     // below: every grant and policy of the role is missing with it
    "index-unused",     // below: statistics are written at the end of a transaction
    "rows-not-counted", // with the command
    "server-version",   // beside the versions
    "verify-jwt-off",   // beside the configuration
];

#[test]
fn nothing_is_found_in_what_the_migrations_made() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let mut client = database.client();
    for name in project::apps(&root()).unwrap() {
        let found = App::open(&name).audit(&mut begin(&mut client));
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn each_fault_is_found_by_its_name_and_nothing_else_is() {
    every_second(0);
}

/// Two halves, so that they can run beside each other.
#[test]
fn each_other_fault_is_found_by_its_name_and_nothing_else_is() {
    every_second(1);
}

/// An app, and its shadow in the database without faults.
struct Sound {
    app: App,
    intended: Live,
}

fn every_second(from: usize) {
    let Some(database) = Database::migrated() else {
        return;
    };
    let mut apps: BTreeMap<&str, Sound> = BTreeMap::new();
    let mut client = database.client();
    let mut wrong = Vec::new();
    for (name, plant, expected) in CASES.iter().skip(from).step_by(2) {
        let sound = apps.entry(name).or_insert_with(|| {
            let app = App::open(name);
            let mut transaction = begin(&mut client);
            let live = live::introspect(&mut transaction, name).unwrap();
            let intended = app.shadow(&mut transaction, &live);
            Sound { app, intended }
        });
        let mut transaction = begin(&mut client);
        if let Err(error) = transaction.batch_execute(plant) {
            wrong.push(format!("{plant}\n  fails: {error:?}"));
            continue;
        }
        let found = sound.app.audit(&mut transaction);
        let mut names: Vec<&str> = found.iter().map(|finding| finding.kind.name).collect();
        let mut expected = expected.to_vec();
        names.sort_unstable();
        expected.sort_unstable();
        if names != expected {
            let details: Vec<String> = found.iter().map(said).collect();
            wrong.push(format!(
                "{plant}\n  expected {expected:?}\n  {}",
                details.join("\n  ")
            ));
        }
        mended(sound, &mut transaction, &found, plant, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn said(finding: &Finding) -> String {
    format!(
        "{}: {}: {}",
        finding.kind.name, finding.object, finding.detail
    )
}

/// Where everything that was found comes with SQL that is not a question, that SQL mends it.
fn mended(
    sound: &Sound,
    transaction: &mut postgres::Transaction<'_>,
    found: &[Finding],
    plant: &str,
    wrong: &mut Vec<String>,
) {
    let statements: Option<Vec<&str>> =
        found.iter().map(|finding| finding.sql.as_deref()).collect();
    let Some(statements) = statements else {
        return;
    };
    if statements
        .iter()
        .any(|sql| sql.starts_with("select ") || sql.starts_with("--"))
    {
        return;
    }
    // In a transaction an index cannot be built without a lock.
    let sql = statements
        .join("\n")
        .replace("index concurrently", "index")
        .replace("INDEX CONCURRENTLY", "INDEX");
    if let Err(error) = transaction.batch_execute(&sql) {
        wrong.push(format!("{plant}\n  its mend fails: {error:?}\n  {sql}"));
        return;
    }
    let live = live::introspect(transaction, &sound.intended.schema).unwrap();
    let new_column = found
        .iter()
        .any(|finding| finding.kind.name == "column-missing");
    let left: Vec<String> = sound
        .app
        .judge(transaction, &live, &sound.intended)
        .iter()
        // The next step: a key that was added `not valid` is validated, a new column granted.
        .filter(|f| f.kind.name != "foreign-key-not-valid")
        .filter(|f| f.kind.name != "grant-missing" || !new_column)
        .map(said)
        .collect();
    if !left.is_empty() {
        wrong.push(format!(
            "{plant}\n  not mended by\n{sql}\n  {}",
            left.join("\n  ")
        ));
    }
}

#[test]
fn every_kind_is_planted_somewhere() {
    let planted: BTreeSet<&str> = CASES
        .iter()
        .flat_map(|(_, _, names)| *names)
        .copied()
        .chain(ELSEWHERE)
        .collect();
    let known: BTreeSet<&str> = kinds::all().map(|kind| kind.name).collect();
    assert_eq!(planted, known);
}

#[test]
fn a_missing_role_and_an_index_that_nobody_uses_are_found() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let app = App::open("coaching");
    let mut client = database.client();
    let mut transaction = begin(&mut client);
    transaction
        .batch_execute("alter role countersign_edge rename to countersign_edge_elsewhere")
        .unwrap();
    let found = app.audit(&mut transaction);
    let names: BTreeSet<&str> = found.iter().map(|finding| finding.kind.name).collect();
    assert!(names.contains("role-missing"), "{names:?}");
    assert!(
        !names.contains("grant-missing"),
        "nothing can be granted to it"
    );
    drop(transaction);

    client
        .batch_execute(
            r#"create index idle on coaching."Sync_Logs" (provider, status);
               set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off;
               do $$ begin for i in 1..1200 loop perform count(*) from coaching."Sync_Logs" where provider = 'x'; end loop; end $$;
               select pg_stat_force_next_flush()"#,
        )
        .unwrap();
    drop(client);
    let mut client = database.client();
    let found = app.audit(&mut begin(&mut client));
    let names: Vec<&str> = found.iter().map(|finding| finding.kind.name).collect();
    assert_eq!(names, ["index-unused"], "{found:#?}");
    assert_eq!(
        found[0].sql.as_deref(),
        Some("drop index concurrently coaching.idle;")
    );
}
