//! The same with an application that goes on writing.
//!
//! The sizes of an ordinary run are small; `COUNTERSIGN_UPGRADE_ROWS=200000` is the real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, Config, NoTls};

use super::COACHING;
use super::apply::{apply, one};

const ROSA: &str = "c0a10000-0000-4000-8000-000000000004";

/// What a writer has done.
#[derive(Default)]
struct Diary {
    written: u64,
    slowest: Duration,
    refused: Vec<(String, String)>,
}

/// Writes until it is told to stop, in short transactions, as a client or as the service.
fn write(url: &str, role: &'static str, stop: &AtomicBool) -> Diary {
    let config: Config = url.parse().unwrap();
    let mut client: Client = config.connect(NoTls).unwrap();
    // Whoever waits longer than the upgrade declares has failed.
    client
        .batch_execute(&format!(
            "set lock_timeout = '{}'; set request.jwt.claims = '{{\"sub\": \"{ROSA}\", \"role\": \"{role}\"}}'; set role {role}",
            countersign_rls::diff::LOCK_TIMEOUT
        ))
        .unwrap();
    let mut diary = Diary::default();
    let mut number = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let statement = match number % 3 {
            0 => format!(
                "update public.\"Conversations\" set title = 'call {number}' where external_id = 'w-{role}-{}'",
                number - 2
            ),
            1 => format!(
                "insert into public.\"Conversations\" (account_id, user_id, provider, external_id) values ('00000000-0000-0000-0000-000000000001', '{ROSA}', 'fathom', 'w-{role}-{number}')"
            ),
            _ => format!(
                "insert into public.\"Synced_Activities\" (account_id, user_id, provider, external_id, activity_type) values ('00000000-0000-0000-0000-000000000001', '{ROSA}', 'fathom', 'w-{role}-{number}', 'calls')"
            ),
        };
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
    let Some(database) = COACHING.load("upgrade_writer") else {
        return;
    };
    let rows: u64 =
        std::env::var("COUNTERSIGN_UPGRADE_ROWS").map_or(20_000, |rows| rows.parse().unwrap());
    database
        .run_text(
            "rows",
            &format!(
                "insert into public.\"Synced_Activities\" (account_id, user_id, provider, external_id, activity_type, properties)
                 select case when g % 50 = 0 then 'dead0000-0000-4000-8000-00000000000a' when g % 3 = 0 then 'b0000000-0000-4000-8000-000000000002' else '00000000-0000-0000-0000-000000000001' end::uuid,
                   '{ROSA}', 'hubspot', 'g-' || g, 'calls', case when g % 7 = 0 then null else '{{}}'::jsonb end
                 from generate_series(1, {rows}) g;
                 insert into public.\"Conversations\" (account_id, user_id, provider, external_id, transcript, duration_seconds)
                 select '00000000-0000-0000-0000-000000000001', '{ROSA}', 'fathom', 'g-' || g, repeat('word ', 40), g % 3600
                 from generate_series(1, {rows} / 4) g;
                 analyze"
            ),
        )
        .unwrap();
    COACHING.remember(&database);
    let upgrade = COACHING.diff(&database, &[]).unwrap();
    let switch = upgrade.switch.clone().unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let start = |role: &'static str| {
        let (url, stop) = (database.url.clone(), Arc::clone(&stop));
        thread::spawn(move || write(&url, role, &stop))
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
    // A client may not write these tables: that is the policy, and nothing else refuses it.
    for (code, message) in &person.refused {
        assert_eq!(code, "42501", "{message}");
    }
    assert!(!person.refused.is_empty());
    let again = COACHING.diff(&database, &[]).unwrap();
    assert!(again.files.is_empty());
    COACHING.nothing_is_lost(&database);
    println!(
        "{rows} rows, {} files in {took:.1?}; the slowest file {:.1?} ({}); the service wrote {} times, at worst in {:.0?}; a client {} times, at worst in {:.0?}, then the policy refused {}",
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
