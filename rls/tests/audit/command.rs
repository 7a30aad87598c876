//! The command: exit codes, what it prints, and that it disturbs nobody and leaves nothing behind.

use std::process::{Command, Output};

use serde_json::Value;

use crate::database::{Database, assert_same, root};

fn audit(url: &str, app: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["audit", "--app", app, "--db", url, "--dir"])
        .arg(root())
        .args(more)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What the tests' server and the database's name put into the text is not of interest.
fn still(text: &str, database: &Database) -> String {
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    let text = text.replace(&name, "live");
    let (before, after) = text.split_once("PostgreSQL ").unwrap();
    let (_, rest) = after.split_once('\n').unwrap();
    format!("{before}PostgreSQL 18\n{rest}")
}

const PLANT: &str = r#"
    create policy temp_anon_teams on coaching."Teams" for select to anon using (true);
    create policy temp_anon_calls on coaching."Conversations" for all to anon using (true) with check (true);
    alter policy countersign_select on coaching."Sync_Logs" using (true);
    alter table coaching."Coaching_Outcomes" alter column account_id drop not null;
    alter table coaching."Coaching_Outcomes" alter column account_id set default '00000000-0000-0000-0000-000000000001';
    alter table coaching."Sync_Logs" drop constraint "Sync_Logs_account_id_fkey";
    insert into coaching."Sync_Logs" (account_id, provider, status)
      select gen_random_uuid(), 'hubspot', 'running' from generate_series(1, 3);
    grant truncate, select on coaching."API_Connection_Secrets" to authenticated;
    create function coaching.the_account() returns uuid language sql as 'select id from coaching."Accounts" limit 1';
    create index again on coaching."Sync_Logs" (account_id, started_at);
"#;

#[test]
fn a_sound_database_gives_nothing_and_nobody_notices() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let before = database.dump();
    // EXCLUSIVE lets nothing pass but ACCESS SHARE.
    let mut holder = database.client();
    let mut holding = holder.transaction().unwrap();
    let lock = "do $$ declare of regclass; begin
        for of in select c.oid from pg_class c where c.relkind = 'r' and c.relnamespace = 'coaching'::regnamespace
        loop execute format('lock table %s in exclusive mode', of); end loop; lock table auth.users in exclusive mode; end $$";
    holding.batch_execute(lock).unwrap();
    let more = [
        "--ignore",
        "server-version",
        "--fail-on",
        "info",
        "--lock-timeout",
        "500",
    ];
    let output = audit(&database.url(), "coaching", &more);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        text(&output).ends_with("\nnothing found\n"),
        "{}",
        text(&output)
    );
    holding.rollback().unwrap();
    assert_same(&before, &database.dump());
}

#[test]
fn findings_are_printed_counted_and_decide_the_exit_code() {
    let Some(database) = Database::migrated() else {
        return;
    };
    database.client().batch_execute(PLANT).unwrap();
    let before = database.dump();
    let ignore = ["--ignore", "server-version"];
    let run = |more: &[&str]| audit(&database.url(), "coaching", &[&ignore, more].concat());

    let output = run(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!text(&output).contains('\u{1b}'), "colours in a pipe");
    insta::assert_snapshot!("audit_human", still(&text(&output), &database));

    assert_eq!(run(&["--fail-on", "never"]).status.code(), Some(0));
    let output = run(&["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["compared"], true);
    let named = |severity: &str| {
        let findings = report["findings"].as_array().unwrap();
        findings
            .iter()
            .filter(|finding| finding["severity"] == severity)
            .count() as u64
    };
    assert_eq!(report["errors"], named("error"));
    assert_eq!(report["warnings"], named("warning"));
    for finding in report["findings"].as_array().unwrap() {
        for field in ["name", "detail", "why", "mend"] {
            assert!(
                finding[field].as_str().is_some_and(|text| !text.is_empty()),
                "{finding}"
            );
        }
    }

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.sarif");
    let output = run(&["--sarif", file.to_str().unwrap()]);
    assert!(text(&output).contains("error policy-temporary (2)"));
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(written["version"], "2.1.0");
    let output = run(&["--sarif", "-"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).unwrap(),
        written
    );
    assert_same(&before, &database.dump());
}

#[test]
fn a_configuration_is_looked_at_and_what_cannot_run_says_so() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "[functions.wizard]\nverify_jwt = false\n").unwrap();
    let run = |url: &str, more: &[&str]| {
        let all = [
            &[
                "--config",
                config.to_str().unwrap(),
                "--ignore",
                "server-version",
            ],
            more,
        ]
        .concat();
        audit(url, "assistant", &all)
    };
    let output = run(&database.url(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("error verify-jwt-off"),
        "{}",
        text(&output)
    );
    assert!(text(&output).contains("config.toml:2"));

    let code = |output: &Output| output.status.code();
    assert_eq!(code(&audit(&database.url(), "nobody", &[])), Some(2));
    assert_eq!(
        code(&audit(
            &database.url(),
            "assistant",
            &["--schema", "nowhere"]
        )),
        Some(2)
    );
    assert_eq!(
        code(&audit(
            &database.url(),
            "assistant",
            &["--ignore", "no-such-finding"]
        )),
        Some(2)
    );
    assert_eq!(
        code(&audit("postgres://nobody@127.0.0.1:1/x", "assistant", &[])),
        Some(2)
    );
}

/// A role that may log in and nothing else, dropped at the end.
struct Reader<'d> {
    database: &'d Database,
    name: String,
}

impl<'d> Reader<'d> {
    fn new(database: &'d Database) -> Self {
        let name = format!("countersign_reader_{}", std::process::id());
        let create = format!("create role {name} login");
        database.client().batch_execute(&create).unwrap();
        Self { database, name }
    }

    fn url(&self) -> String {
        let url = self.database.url();
        let (_, rest) = url.split_once('@').unwrap();
        format!("postgres://{}@{rest}", self.name)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let drop = format!("drop role {}", self.name);
        let _ = self.database.client().batch_execute(&drop);
    }
}

#[test]
fn a_role_that_may_create_nothing_has_two_ways() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let plant = r#"alter table coaching."Sync_Logs" alter column account_id drop not null;
        create policy temp_anon on coaching."Teams" for select to anon using (true)"#;
    database.client().batch_execute(plant).unwrap();
    let reader = Reader::new(&database);
    let refused = audit(&reader.url(), "coaching", &[]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("--no-shadow") && said.contains("--shadow"),
        "{said}"
    );

    let names = |output: &Output| {
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        let mut names: Vec<String> = findings
            .map(|f| f["name"].as_str().unwrap().to_owned())
            .collect();
        names.retain(|name| name != "server-version");
        (report["compared"].as_bool().unwrap(), names)
    };
    let expected = ["policy-temporary", "tenant-nullable", "rows-not-counted"].map(str::to_owned);
    let without = audit(&reader.url(), "coaching", &["--no-shadow", "--json"]);
    assert_eq!(names(&without), (false, expected.to_vec()));
    let elsewhere = audit(
        &reader.url(),
        "coaching",
        &["--shadow", &database.url(), "--json"],
    );
    assert_eq!(names(&elsewhere), (true, expected.to_vec()));
    // No superuser is needed, only the right to create a schema.
    let (database_name, role) = (database.url(), &reader.name);
    let name = database_name.rsplit_once('/').unwrap().1;
    // Its columns have types of this schema.
    let extensions = format!("grant usage on schema extensions to {role}");
    let grant = format!("grant create on database {name} to {role}; {extensions}");
    database.client().batch_execute(&grant).unwrap();
    let here = audit(&reader.url(), "coaching", &["--json"]);
    assert_eq!(names(&here), (true, expected.to_vec()), "{here:?}");
    let revoke = format!(
        "revoke create on database {name} from {role}; revoke usage on schema extensions from {role}"
    );
    database.client().batch_execute(&revoke).unwrap();
}
