//! The same with an application that goes on writing.
//!
//! The sizes of an ordinary run are small; `COUNTERSIGN_UPGRADE_ROWS=200000` is the real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, Config, NoTls};

use super::apply::{apply, one};
use super::{AGENCY, COACHING, Case};

/// An application that goes on writing while its database is upgraded.
struct Application {
    case: Case,
    /// Who writes as a client.
    person: &'static str,
    /// The rows that are there, as SQL; `{rows}` stands for their number.
    rows: &'static str,
    /// What is written over and over. `{writer}` stands for who writes, `{number}` for the statement's
    /// number, and `{before}` for that of the last but one.
    statements: &'static [&'static str],
}

const CALLS: Application = Application {
    case: COACHING,
    person: "c0a10000-0000-4000-8000-000000000004",
    rows: "insert into public.\"Synced_Activities\" (account_id, user_id, provider, external_id, activity_type, properties)
        select case when g % 50 = 0 then 'dead0000-0000-4000-8000-00000000000a' when g % 3 = 0 then 'b0000000-0000-4000-8000-000000000002' else '00000000-0000-0000-0000-000000000001' end::uuid,
          'c0a10000-0000-4000-8000-000000000004', 'hubspot', 'g-' || g, 'calls', case when g % 7 = 0 then null else '{}'::jsonb end
        from generate_series(1, {rows}) g;
        insert into public.\"Conversations\" (account_id, user_id, provider, external_id, transcript, duration_seconds)
        select '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000004', 'fathom', 'g-' || g, repeat('word ', 40), g % 3600
        from generate_series(1, {rows} / 4) g",
    statements: &[
        "update public.\"Conversations\" set title = 'call {number}' where external_id = 'w-{writer}-{before}'",
        "insert into public.\"Conversations\" (account_id, user_id, provider, external_id) values ('00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000004', 'fathom', 'w-{writer}-{number}')",
        "insert into public.\"Synced_Activities\" (account_id, user_id, provider, external_id, activity_type) values ('00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000004', 'fathom', 'w-{writer}-{number}', 'calls')",
    ],
};

/// Deals are written anew, since their amounts become wider. A call changes its client.
const STUDIO: Application = Application {
    case: Case {
        ignored: "updated_at last_contact_at classification",
        ..AGENCY
    },
    person: "a9e10000-0000-4000-8000-000000000003",
    rows: "insert into public.crm_interactions (org_id, client_id, type, summary)
        select case when g % 3 = 0 then 'b0000000-0000-4000-8000-0000000000b1' else 'a0000000-0000-4000-8000-0000000000a1' end::uuid,
          case when g % 3 = 0 then 'b1000000-0000-4000-8000-000000000001' else 'a1000000-0000-4000-8000-000000000001' end::uuid,
          'call', 'call ' || g
        from generate_series(1, {rows}) g;
        insert into public.crm_deals (org_id, client_id, pipeline_id, stage_id, title, amount_cents)
        select s.org_id, 'a1000000-0000-4000-8000-000000000001', s.pipeline_id, s.id, 'deal ' || g, g
        from (select * from public.crm_stages where org_id = 'a0000000-0000-4000-8000-0000000000a1' limit 1) s, generate_series(1, {rows} / 4) g",
    statements: &[
        "update public.crm_interactions set summary = 'call {number}' where external_id = 'w-{writer}-{before}'",
        "insert into public.crm_interactions (org_id, client_id, type, external_source, external_id, created_by) values ('a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'call', 'app', 'w-{writer}-{number}', 'a9e10000-0000-4000-8000-000000000003')",
        "insert into public.crm_deals (org_id, client_id, pipeline_id, stage_id, title, amount_cents) select org_id, 'a1000000-0000-4000-8000-000000000001', pipeline_id, id, 'w-{writer}-{number}', {number} from public.crm_stages where org_id = 'a0000000-0000-4000-8000-0000000000a1' limit 1",
    ],
};

/// What a writer has done.
#[derive(Default)]
struct Diary {
    written: u64,
    slowest: Duration,
    refused: Vec<(String, String)>,
}

/// Writes until it is told to stop, in short transactions, as a client or as the service.
fn write(of: &Application, url: &str, role: &'static str, stop: &AtomicBool) -> Diary {
    let config: Config = url.parse().unwrap();
    let mut client: Client = config.connect(NoTls).unwrap();
    // Whoever waits longer than the upgrade declares has failed.
    client
        .batch_execute(&format!(
            "set lock_timeout = '{}'; set request.jwt.claims = '{{\"sub\": \"{}\", \"role\": \"{role}\"}}'; set role {role}",
            countersign_rls::diff::LOCK_TIMEOUT,
            of.person
        ))
        .unwrap();
    let mut diary = Diary::default();
    let mut number = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let statement = usize::try_from(number).unwrap() % of.statements.len();
        let statement = of.statements[statement]
            .replace("{writer}", role)
            .replace("{number}", &number.to_string())
            .replace("{before}", &number.saturating_sub(2).to_string());
        let began = Instant::now();
        match client.batch_execute(&statement) {
            Ok(()) => diary.written += 1,
            Err(error) => {
                let said = error
                    .as_db_error()
                    .map(|e| (e.code().code().to_owned(), e.message().to_owned()));
                diary
                    .refused
                    .push(said.unwrap_or_else(|| (String::new(), error.to_string())));
            }
        }
        diary.slowest = diary.slowest.max(began.elapsed());
        thread::sleep(Duration::from_millis(1));
    }
    diary
}

#[test]
fn writers_go_on() {
    goes_on(&CALLS);
}

#[test]
fn writers_go_on_at_the_agency() {
    goes_on(&STUDIO);
}

fn goes_on(of: &'static Application) {
    let case = of.case;
    let Some(database) = case.load(&format!("upgrade_writer_{}", case.app)) else {
        return;
    };
    let rows = std::env::var("COUNTERSIGN_UPGRADE_ROWS").unwrap_or("20000".to_owned());
    let text = of.rows.replace("{rows}", &rows);
    // The application's triggers would touch the same client for each of its calls.
    let text = format!(
        "set session_replication_role = replica; {text}; reset session_replication_role; analyze"
    );
    database.run_text("rows", &text).unwrap();
    case.remember(&database);
    let upgrade = case.diff(&database, &[]).unwrap();
    let switch = upgrade.switch.clone().unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let start = |role: &'static str| {
        let (url, stop) = (database.url.clone(), Arc::clone(&stop));
        thread::spawn(move || write(of, &url, role, &stop))
    };
    let (service, person) = (start("service_role"), start("authenticated"));
    let mut client = database.client();
    let mut slowest = (Duration::ZERO, String::new());
    let began = Instant::now();
    for file in &upgrade.files {
        let at = Instant::now();
        one(&mut client, file);
        slowest = slowest.max((at.elapsed(), file.name.clone()));
        if file.name == switch {
            assert!(!person.is_finished() && !service.is_finished());
        }
    }
    let took = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    let (service, person) = (service.join().unwrap(), person.join().unwrap());

    assert_eq!(service.refused, [], "the service never notices");
    assert!(service.written > 20 && person.written > 20);
    // What a client may not write is the policy's matter, and nothing else refuses it.
    for (code, message) in &person.refused {
        assert_eq!(code, "42501", "{message}");
    }
    assert!(!person.refused.is_empty());
    let again = case.diff(&database, &[]).unwrap();
    assert!(again.files.is_empty());
    case.nothing_is_lost(&database);
    println!(
        "{}: {rows} rows, {} files in {took:.1?}; the slowest file {:.1?} ({}); the service wrote {} times, at worst in {:.0?}; a client {} times, at worst in {:.0?}, then the policy refused {}",
        case.app,
        upgrade.files.len(),
        slowest.0,
        slowest.1,
        service.written,
        service.slowest,
        person.written,
        person.slowest,
        person.refused.len()
    );
}

/// Whether a switch to the policy and an `analyze` that begins in its middle are both done.
fn beside_analyze(client: &mut Client, url: &str, text: &str) -> [bool; 2] {
    let (first, rest) = text.split_once("\ngrant").unwrap();
    let config: Config = url.parse().unwrap();
    let mut other: Client = config.connect(NoTls).unwrap();
    let pid: i32 = other
        .query_one("select pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let mut watch: Client = config.connect(NoTls).unwrap();
    client.batch_execute("begin").unwrap();
    client.batch_execute(first).unwrap();
    let analyze = thread::spawn(move || other.batch_execute("analyze public.\"Conversations\""));
    let waits =
        "select exists (select from pg_catalog.pg_locks where pid = $1 and not granted) as waits";
    while !watch
        .query_one(waits, &[&pid])
        .unwrap()
        .get::<_, bool>("waits")
    {
        assert!(!analyze.is_finished(), "nothing keeps it waiting");
        thread::sleep(Duration::from_millis(5));
    }
    let switch = client.batch_execute(&format!("grant{rest}"));
    client
        .batch_execute(if switch.is_ok() { "commit" } else { "rollback" })
        .unwrap();
    [switch.is_ok(), analyze.join().unwrap().is_ok()]
}

/// `grant` changes the table's row in the catalogue, for which `analyze` waits, which holds what the
/// first policy waits for.
#[test]
fn the_strongest_lock_comes_first() {
    let Some(database) = COACHING.load("upgrade_lock") else {
        return;
    };
    let files = COACHING.diff(&database, &[]).unwrap().files;
    let switch = "_policy_conversations.sql";
    let at = files.iter().position(|file| file.name.ends_with(switch));
    let (before, rest) = files.split_at(at.unwrap());
    apply(&database, before);
    let (file, rest) = rest.split_first().unwrap();
    let lock = "lock table public.\"Conversations\" in access exclusive mode;\n";
    let without = file.up.replacen(lock, "", 1);
    assert_ne!(without, file.up, "{}", file.up);
    let mut client = database.client();
    let both = beside_analyze(&mut client, &database.url, &without);
    assert!(
        both.contains(&false),
        "without the lock one is in the other's way"
    );
    let both = beside_analyze(&mut client, &database.url, &file.up);
    assert_eq!(both, [true, true]);
    apply(&database, rest);
    assert!(COACHING.diff(&database, &[]).unwrap().files.is_empty());
}
