//! From the two legacy databases to the policy: `countersign diff`, applied file by file.

mod apply;
mod undo;
mod writer;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_rls::audit::{self, Evidence};
use countersign_rls::diff::{self, DiffError, File, Options, Upgrade};
use countersign_rls::live::{self, Limits};
use countersign_rls::project::Project;
use countersign_rls::shadow::{self, Intention};
use countersign_rls::verify::{self, InPlace, Place, VerifyOptions};
use policy_core::Policy;
use postgres::SimpleQueryMessage;

use crate::support::{Database, apps, root};
use apply::apply;

/// One of the two.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) app: &'static str,
    legacy: &'static str,
    mapping: bool,
    /// Columns whose values have another place, or were said anew.
    ignored: &'static str,
    /// What the audit finds of what the old notes admit.
    confessed: &'static str,
    /// What the proof looks at here; all tables at once take minutes.
    proved: [&'static str; 2],
}

pub(crate) const COACHING: Case = Case {
    app: "coaching",
    legacy: "coaching_simple",
    mapping: true,
    ignored: "updated_at user_id_of_API_Connections access_token refresh_token",
    confessed: "rls-off foreign-key-missing orphan-rows tenant-null tenant-nullable tenant-default function-first-tenant \
                definer-search-path secret-readable grant-beyond-rows column-missing table-missing index-duplicate",
    proved: ["API_Connections", "Teams"],
};

pub(crate) const AGENCY: Case = Case {
    app: "agency",
    legacy: "agency_mvp",
    mapping: false,
    ignored: "updated_at",
    confessed: "policy-temporary policy-call-unwrapped view-definer column-type index-duplicate orphan-rows foreign-key-simple definer-search-path",
    proved: ["context_snapshots", "organizations"],
};

fn policy_of(app: &str, schema: &str) -> (Project, Policy) {
    let project = Project::open(&root(), app).unwrap();
    let mut policy = project.compile().unwrap().policy;
    schema.clone_into(&mut policy.schema);
    (project, policy)
}

fn diff_of(
    app: &str,
    schema: &str,
    database: &Database,
    mapping: Option<&Path>,
    keep: &[String],
) -> Result<Upgrade, DiffError> {
    let (project, policy) = policy_of(app, schema);
    diff::run(&Options {
        policy: &policy,
        project: &project,
        own_schema: &project.catalogue.schema,
        migrations: &root().join("migrations"),
        url: &database.url,
        shadow: None,
        mapping,
        keep,
        drop_unused: true,
        version: None,
    })
}

/// The names of what `countersign audit` finds, but for what only a newer server mends.
fn audit_of(app: &str, schema: &str, database: &Database) -> BTreeSet<&'static str> {
    let (project, policy) = policy_of(app, schema);
    let mut client = countersign_rls::connect::open(&database.url).unwrap();
    let mut transaction = live::begin(&mut client, false, Limits::default()).unwrap();
    let live = live::introspect(&mut transaction, schema).unwrap();
    let intention = Intention {
        policy: &policy,
        catalogue: &project.catalogue,
        source: &project.source,
    };
    let intended = shadow::make(&mut transaction, intention, &live).unwrap();
    let evidence = Evidence {
        policy: &policy,
        catalogue: &project.catalogue,
        source: &project.source,
        live: &live,
        intended: Some(&intended),
    };
    let mut findings = audit::findings(evidence, audit::UNUSED_AFTER);
    findings.extend(audit::count(&mut transaction, evidence).unwrap());
    let names = findings.iter().map(|finding| finding.kind.name);
    names.filter(|name| *name != "server-version").collect()
}

impl Case {
    /// The legacy database, and a copy of its rows in schema `before`.
    pub(crate) fn load(self, purpose: &str) -> Option<Database> {
        let database = Database::bare(purpose)?;
        let legacy = format!("migrations/legacy/{}.sql", self.legacy);
        database.run(&root().join(legacy)).unwrap();
        Some(database)
    }

    /// What is to be done to a database.
    pub(crate) fn diff(self, database: &Database, keep: &[String]) -> Result<Upgrade, DiffError> {
        let mapping = root().join("tests/legacy/coaching_mapping.csv");
        let mapping = self.mapping.then_some(mapping.as_path());
        diff_of(self.app, "public", database, mapping, keep)
    }

    /// The names of what the audit finds.
    fn audit(self, database: &Database) -> BTreeSet<&'static str> {
        audit_of(self.app, "public", database)
    }

    fn tables(self, database: &Database) -> Vec<String> {
        let query = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1";
        let rows = database.client().query(query, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    fn remember(self, database: &Database) {
        let mut client = database.client();
        client.batch_execute("create schema before").unwrap();
        for table in self.tables(database) {
            client
                .batch_execute(&format!(
                    "create table before.\"{table}\" as table public.\"{table}\""
                ))
                .unwrap();
        }
    }

    /// The tables of which there is a copy.
    fn remembered(self, database: &Database) -> Vec<String> {
        let query = "select relname::text from pg_class where relnamespace = 'before'::regnamespace order by 1";
        let rows = database.client().query(query, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Every row there was is in its table, or whole in the quarantine. What stood in it stands in it
    /// still, but for references that were emptied, which the quarantine has.
    fn nothing_is_lost(self, database: &Database) {
        let mut client = database.client();
        let mut moved = 0;
        for table in self.remembered(database) {
            let ignored: Vec<String> = self
                .ignored
                .split(' ')
                .filter_map(|word| match word.split_once("_of_") {
                    Some((column, of)) => (of == table).then(|| column.to_owned()),
                    None => Some(word.to_owned()),
                })
                .collect();
            let query = format!(
                "with b as (
                   select x.id, jsonb_strip_nulls(to_jsonb(x)) - $1::text[] as was from before.\"{table}\" x
                 ), q as (
                   select q.action, q.row_before, (q.row_before ->> 'id')::uuid as id from countersign.quarantine q where q.\"table\" = $2
                 ), emptied as (
                   select l.id, jsonb_object_agg(k.key, k.value) as was
                   from q join public.\"{table}\" l on l.id = q.id, jsonb_each(q.row_before) k
                   where q.action = 'detached' and to_jsonb(l) -> k.key = 'null' group by l.id
                 )
                 select count(*), count(*) filter (where m.row_before @> b.was),
                   count(*) filter (where to_jsonb(l) || coalesce(e.was, '{{}}') @> b.was)
                 from b
                 left join q m on m.id = b.id and m.action = 'moved'
                 left join public.\"{table}\" l on l.id = b.id
                 left join emptied e on e.id = b.id"
            );
            let row = client.query_one(&query, &[&ignored, &table]).unwrap();
            let (all, taken, kept): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
            assert_eq!(
                all,
                taken + kept,
                "{table}: {all} rows before, {taken} moved and {kept} as they were"
            );
            moved += taken;
        }
        assert!(moved > 0);
    }

    /// The proof, on the upgraded database itself.
    fn is_proved(self, database: &Database) {
        let Ok(wasm) = std::env::var("COUNTERSIGN_WASM") else {
            eprintln!("no proof: COUNTERSIGN_WASM is not set");
            return;
        };
        let report = verify::run(&VerifyOptions {
            policy: policy_of(self.app, "public").1,
            url: database.url.clone(),
            place: Place::InPlace(InPlace::default()),
            migrations: PathBuf::new(),
            tables: self.proved.iter().map(|&table| table.to_owned()).collect(),
            wasm: wasm.into(),
            random: 20,
            seed: Some(1),
            one_by_one: false,
            mutate: None,
        })
        .unwrap();
        assert!(report.is_equal(), "{report}");
        assert!(report.cells > 1000 && report.allowed > 50, "{report}");
    }
}

/// A caller's statement, and what it answers or why it is refused.
fn ask(
    database: &Database,
    role: &str,
    sub: Option<&str>,
    query: &str,
) -> Result<Vec<String>, String> {
    let mut client = database.client();
    let mut transaction = client.transaction().unwrap();
    let claims = sub.map_or_else(String::new, |sub| {
        format!(r#"{{"sub": "{sub}", "role": "{role}"}}"#)
    });
    transaction
        .batch_execute(&format!(
            "set local role {role}; set local request.jwt.claims = '{claims}'"
        ))
        .unwrap();
    match transaction.query(query, &[]) {
        Ok(rows) => Ok(rows.iter().map(|row| row.get(0)).collect()),
        Err(error) => Err(error
            .as_db_error()
            .map_or_else(|| error.to_string(), |e| e.message().to_owned())),
    }
}

/// The preflight says who reads less, as the manual shows, and nobody reads more.
fn preflight(case: Case, database: &Database, upgrade: &Upgrade) {
    let manual = fs::read_to_string(root().join("docs/adopting.md")).unwrap();
    let manual = manual.replace(' ', "");
    let script = upgrade.preflight.as_ref().unwrap();
    let said = database.client().simple_query(script).unwrap();
    let (mut lines, mut lost) = (0, 0);
    for message in said {
        let SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        if row.columns().len() != 7 {
            continue;
        }
        let line: Vec<&str> = (0..7).map(|at| row.get(at).unwrap()).collect();
        // In the agency, people come to see those with whom they share an organization.
        let gains = case.app == "agency" && ["profiles", "team_members"].contains(&line[2]);
        assert!(gains || line[6] == "0", "somebody reads more: {line:?}");
        lost += line[5].parse::<u64>().unwrap();
        lines += 1;
        let shown = line.join("|").replace(' ', "");
        assert!(
            case.app != "coaching" || manual.contains(&shown),
            "docs/adopting.md does not show: {line:?}"
        );
    }
    assert!(lines > 10 && lost > 10, "{lines} lines, {lost} rows lost");
}

fn upgraded(case: Case, purpose: &str) -> Option<Database> {
    let database = case.load(purpose)?;
    case.remember(&database);
    let found = case.audit(&database);
    for fault in case.confessed.split(' ') {
        assert!(
            found.contains(fault),
            "the audit does not find {fault}: {found:?}"
        );
    }
    let upgrade = case.diff(&database, &[]).unwrap();
    assert!(!upgrade.files.is_empty() && upgrade.preflight.is_some());
    let switch = |file: &File| Some(&file.name) == upgrade.switch.as_ref();
    let at = upgrade.files.iter().position(switch).unwrap();
    let (hold, rest) = upgrade.files.split_at(at);
    apply(&database, hold);
    preflight(case, &database, &upgrade);
    apply(&database, rest);
    let again = case.diff(&database, &[]).unwrap();
    let names: Vec<&str> = again.files.iter().map(|file| file.name.as_str()).collect();
    assert!(names.is_empty(), "a second run finds more: {names:?}");
    case.nothing_is_lost(&database);
    assert_eq!(
        case.audit(&database),
        BTreeSet::new(),
        "the audit finds more"
    );
    case.is_proved(&database);
    Some(database)
}

/// What the manual for DBAs shows was printed by such a run.
#[test]
fn the_manual_shows_what_happens() {
    let Some(database) = COACHING.load("upgrade_manual") else {
        return;
    };
    let upgrade = COACHING.diff(&database, &[]).unwrap();
    let manual = fs::read_to_string(root().join("docs/adopting.md")).unwrap();
    let shows = |what: &str| {
        assert!(
            manual.contains(what),
            "docs/adopting.md does not show: {what}"
        )
    };
    for (why, rows) in &upgrade.rows {
        shows(&format!("{rows:>6}  {why}"));
    }
    for person in &upgrade.unmapped {
        shows(person);
    }
    let hold = |file: &&File| file.name.ends_with("_hold_coaching_outcomes.sql");
    let file = upgrade.files.iter().find(hold).unwrap();
    let (statement, _) = file.up.split_once("-- lock: ACCESS EXCLUSIVE").unwrap();
    let (_, statement) = statement.split_once("-- lock: ").unwrap();
    shows(statement.trim_end());
    for shown in [
        "tests/legacy/coaching_mapping.csv",
        "migrations/legacy/upgrade/coaching/20_outcomes.sql",
    ] {
        shows(fs::read_to_string(root().join(shown)).unwrap().trim_end());
    }
    for finding in COACHING.audit(&database) {
        shows(&format!(" {finding}"));
    }
}

#[test]
fn coaching_becomes_what_its_policy_says() {
    let Some(database) = upgraded(COACHING, "upgrade_coaching") else {
        return;
    };
    let uma = Some("c0a10000-0000-4000-8000-000000000007");
    let victor = Some("c0a10000-0000-4000-8000-000000000008");
    let yusuf = Some("c0a10000-0000-4000-8000-000000000010");
    let portal = |who, arguments: &str| {
        let query =
            format!("select external_account_id from public.get_hubspot_connection({arguments})");
        ask(&database, "authenticated", who, &query)
    };
    let hale = "'b0000000-0000-4000-8000-000000000002'";
    let marsh = "'00000000-0000-0000-0000-000000000001'";
    assert_eq!(portal(victor, "").unwrap(), ["97531086"]);
    // Uma belongs to two accounts: manager of the one, rep of the other.
    assert_eq!(
        portal(uma, "").unwrap_err(),
        "you belong to several accounts"
    );
    assert_eq!(portal(uma, hale).unwrap(), ["97531086"]);
    assert_eq!(portal(uma, marsh).unwrap(), [""; 0]);
    // The mapping does not name Yusuf.
    assert_eq!(portal(yusuf, "").unwrap_err(), "you belong to no account");
    let count = "select count(*)::text from public.\"Synced_Activities\"";
    assert_eq!(
        ask(&database, "authenticated", yusuf, count).unwrap(),
        ["0"]
    );
    assert!(
        ask(&database, "anon", None, count)
            .unwrap_err()
            .starts_with("permission denied")
    );
    let secrets = "select access_token from public.\"API_Connection_Secrets\" order by 1";
    assert!(
        ask(&database, "authenticated", victor, secrets)
            .unwrap_err()
            .starts_with("permission denied")
    );
    assert_eq!(
        ask(&database, "service_role", None, secrets).unwrap(),
        [
            "legacy-fathom-access-A",
            "legacy-hubspot-access-A",
            "legacy-hubspot-access-B"
        ]
    );
}

#[test]
fn agency_becomes_what_its_policy_says() {
    let Some(database) = upgraded(AGENCY, "upgrade_agency") else {
        return;
    };
    let clients = "select count(*)::text from public.client_crm_status";
    let cleo = Some("a9e10000-0000-4000-8000-000000000003");
    let dan = Some("a9e10000-0000-4000-8000-000000000004");
    let eva = Some("a9e10000-0000-4000-8000-000000000005");
    assert_eq!(
        ask(&database, "authenticated", cleo, clients).unwrap(),
        ["3"]
    );
    assert_eq!(
        ask(&database, "authenticated", dan, clients).unwrap(),
        ["1"]
    );
    assert_eq!(
        ask(&database, "authenticated", eva, clients).unwrap(),
        ["0"]
    );
    assert!(
        ask(&database, "anon", None, clients)
            .unwrap_err()
            .starts_with("permission denied")
    );
    // The wizard goes on, for whoever signs in anonymously.
    let wizard = "insert into public.wizard_sessions (org_id, guest) values ('a0000000-0000-4000-8000-0000000000a1', true) returning status";
    assert_eq!(
        ask(&database, "authenticated", eva, wizard).unwrap(),
        ["in_progress"]
    );
    assert!(
        ask(&database, "anon", None, wizard)
            .unwrap_err()
            .starts_with("permission denied")
    );
    let left =
        "select count(*)::text from public.wizard_sessions where guest and created_by is null";
    assert_eq!(ask(&database, "service_role", None, left).unwrap(), ["2"]);
    // More than an integer holds.
    let more =
        "update public.crm_deals set amount_cents = amount_cents * 10 returning amount_cents::text";
    assert!(
        ask(&database, "service_role", None, more)
            .unwrap()
            .contains(&"21000000000".to_owned())
    );
}

/// Whoever stops anywhere asks again, and gets what is left.
#[test]
fn an_upgrade_that_stopped_goes_on() {
    let Some(database) = COACHING.load("upgrade_stopped") else {
        return;
    };
    COACHING.remember(&database);
    for until in [
        "_10_roles",
        "_orphans",
        "_validate_conversations",
        "_policy_sync_logs",
        "_40_tokens",
    ] {
        let upgrade = COACHING.diff(&database, &[]).unwrap();
        let before = |file: &&File| !file.name.contains(until);
        let first: Vec<File> = upgrade.files.iter().take_while(before).cloned().collect();
        assert!(first.len() < upgrade.files.len(), "{until}");
        apply(&database, &first);
    }
    apply(&database, &COACHING.diff(&database, &[]).unwrap().files);
    assert!(COACHING.diff(&database, &[]).unwrap().files.is_empty());
    COACHING.nothing_is_lost(&database);
    let query = "select count(*) from public.\"User_Roles\"";
    let roles: i64 = database.client().query_one(query, &[]).unwrap().get(0);
    assert_eq!(roles, 10);
}

/// What our own migrations made needs no upgrade; and whatever is done to it afterwards is undone.
#[test]
fn a_migrated_database_needs_nothing_until_somebody_changes_it() {
    let Some(database) = Database::migrated("upgrade_drift") else {
        return;
    };
    let names = |app: &str| -> Vec<String> {
        let upgrade = diff_of(app, app, &database, None, &[]).unwrap();
        upgrade.files.into_iter().map(|file| file.name).collect()
    };
    for app in apps() {
        assert_eq!(names(&app), [""; 0], "{app}");
    }
    let drift = root().join("tests/legacy/coaching_drift.sql");
    database.run(&drift).unwrap();
    assert!(audit_of("coaching", "coaching", &database).len() > 8);
    let upgrade = diff_of("coaching", "coaching", &database, None, &[]).unwrap();
    apply(&database, &upgrade.files);
    assert_eq!(names("coaching"), [""; 0]);
    assert_eq!(audit_of("coaching", "coaching", &database), BTreeSet::new());
}

#[test]
fn what_nobody_knows_stops_it_by_name() {
    let Some(database) = COACHING.load("upgrade_unknown") else {
        return;
    };
    database
        .run_text(
            "strangers",
            "create table public.notes (id uuid primary key);
             alter table public.\"Accounts\" add column plan text, add constraint named check (name <> 'x');
             create function public.mine() returns int language sql as 'select 1';
             create unique index one_owner on public.\"Accounts\" (owner_user_id);",
        )
        .unwrap();
    let strangers = [
        "notes",
        "Accounts.plan",
        "Accounts.named",
        "public.mine()",
        "public.one_owner",
    ];
    let error = COACHING.diff(&database, &[]).unwrap_err().to_string();
    for stranger in strangers {
        assert!(error.contains(stranger), "{stranger}: {error}");
    }
    let keep: Vec<String> = strangers.iter().map(|&name| name.to_owned()).collect();
    let upgrade = COACHING.diff(&database, &keep).unwrap();
    let text: String = upgrade.files.iter().map(|file| file.up.as_str()).collect();
    for stranger in ["notes", "plan", "mine()", "one_owner"] {
        assert!(
            !text.contains(&format!("drop table public.{stranger}"))
                && !text.contains(&format!("drop column {stranger}"))
        );
    }
}

#[test]
fn a_policy_that_changed_meanwhile_stops_its_file() {
    let Some(database) = AGENCY.load("upgrade_changed") else {
        return;
    };
    let upgrade = AGENCY.diff(&database, &[]).unwrap();
    let file = upgrade
        .files
        .iter()
        .find(|file| file.name.ends_with("_policy_organizations.sql"))
        .unwrap();
    let guard = file
        .up
        .find("drop policy temp_anon_select_organizations")
        .unwrap();
    let (guard, _) = file.up.split_at(guard);
    database.run_text("as it was", guard).unwrap();
    database
        .run_text("a change", "alter policy temp_anon_select_organizations on public.organizations using (name <> '')")
        .unwrap();
    let error = database.run_text("as it is", guard).unwrap_err();
    assert!(error.contains("temp_anon_select_organizations"), "{error}");
}
