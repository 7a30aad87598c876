//! A proof on a database in use finds what it has to, disturbs nobody, and leaves nothing behind.
//!
//! Needs a server (`COUNTERSIGN_PG_URL`) and the WebAssembly build (`COUNTERSIGN_WASM`), both of
//! which `cargo xtask test` provides; without them the tests say that they are skipped.
#![cfg(test)]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use countersign_rls::generate::sections;
use countersign_rls::verify::{self, InPlace, Place, Report, VerifyError, VerifyOptions};
use policy_core::Policy;
use postgres::{Client, Config, NoTls};

const SUPABASE: &str = include_str!("../src/verify/scratch.sql");
const BASE: &str = include_str!("shop/base.sql");
const POLICY: &str = include_str!("shop/shop.policy");
const CATALOGUE: &str = include_str!("shop/shop.catalogue.json");
const EDGE: &str = "do $$ begin create role countersign_edge nologin noinherit;
    exception when duplicate_object or unique_violation then null; end $$;";
/// Somebody's rows in every table.
const LIVE: &str = include_str!("shop/live.sql");
/// With this the child of the test of a kill knows its database.
const CHILD: &str = "COUNTERSIGN_IN_PLACE_CHILD";

fn policy() -> Policy {
    let catalogue = serde_json::from_str(CATALOGUE).unwrap();
    policy_core::compile(POLICY, &catalogue).unwrap().0
}

/// A shop in use, dropped at the end.
struct Shop {
    server: String,
    name: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let mut client = Client::connect(&self.server, NoTls).unwrap();
        let drop = format!("drop database {} with (force)", self.name);
        let _ = client.batch_execute(&drop);
    }
}

impl Shop {
    /// Opens a shop, changed by some SQL; `None` without a server.
    fn open(more: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (Ok(server), Ok(_)) = (
            std::env::var("COUNTERSIGN_PG_URL"),
            std::env::var("COUNTERSIGN_WASM"),
        ) else {
            eprintln!("skipped: COUNTERSIGN_PG_URL or COUNTERSIGN_WASM is not set");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("countersign_in_place_{}_{count}", std::process::id());
        let mut client = Client::connect(&server, NoTls).unwrap();
        client
            .batch_execute(&format!("create database {name}"))
            .unwrap();
        let shop = Self { server, name };
        let catalogue = serde_json::from_str(CATALOGUE).unwrap();
        let mut client = shop.client();
        for script in [SUPABASE, EDGE, BASE] {
            client.batch_execute(script).unwrap();
        }
        for section in sections(&policy(), &catalogue, POLICY) {
            client.batch_execute(&section.body).unwrap();
        }
        client.batch_execute(LIVE).unwrap();
        client.batch_execute(more).unwrap();
        Some(shop)
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    fn client(&self) -> Client {
        let mut config: Config = self.server.parse().unwrap();
        config.dbname(&self.name).connect(NoTls).unwrap()
    }

    fn verify(&self, tables: &[&str], allow_triggers: bool) -> Result<Report, VerifyError> {
        verify(self.url(), tables, allow_triggers)
    }

    /// Every table's rows and the catalogue, as one checksum each.
    fn state(&self) -> Vec<(String, i64, String)> {
        let mut client = self.client();
        let tables = "select format('%I.%I', n.nspname, c.relname) from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
            order by 1";
        let mut from: Vec<String> = client
            .query(tables, &[])
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        assert!(from.len() > 8, "{from:?}");
        // What of the catalogue is no statistics.
        from.extend(
            [
                "(select oid, relname, relnamespace, relkind, relrowsecurity, relforcerowsecurity, relacl from pg_class where relnamespace <> 'pg_toast'::regnamespace)",
                "pg_attribute", "pg_constraint", "pg_namespace", "pg_policy", "pg_proc", "pg_trigger",
                "pg_type", "pg_roles", "pg_auth_members", "pg_depend", "pg_db_role_setting",
            ]
            .map(str::to_owned),
        );
        from.into_iter()
            .map(|name| {
                let sum = format!(
                    "select count(*), coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {name} t"
                );
                let row = client.query_one(&sum, &[]).unwrap();
                (name, row.get(0), row.get(1))
            })
            .collect()
    }
}

fn verify(url: String, tables: &[&str], allow_triggers: bool) -> Result<Report, VerifyError> {
    verify::run(&VerifyOptions {
        policy: policy(),
        url,
        place: Place::InPlace(InPlace {
            allow_triggers,
            ..InPlace::default()
        }),
        migrations: PathBuf::new(),
        tables: tables.iter().map(|&name| name.to_owned()).collect(),
        wasm: std::env::var("COUNTERSIGN_WASM").unwrap().into(),
        random: 100,
        seed: Some(1),
        one_by_one: false,
        mutate: None,
    })
}

/// How many cells were tried and left out of each table, and why.
fn summary(report: &Report) -> String {
    let mut lines = Vec::new();
    for table in &report.per_table {
        lines.push(format!(
            "{}: {} cells, {} allowed, {} denied, {} impossible, {} disagreements",
            table.table,
            table.cells,
            table.allowed,
            table.denied,
            table.impossible,
            table.disagreements
        ));
    }
    lines.push(format!("all: {} cells", report.cells));
    let of = report.in_place.as_ref().unwrap();
    for left in &of.left_out {
        let cells = left
            .cells
            .map_or("everything".to_owned(), |cells| cells.to_string());
        lines.push(format!(
            "left out: {}: {cells}: {}",
            left.table, left.reason
        ));
    }
    for fired in &of.triggers {
        lines.push(format!(
            "fires{}: {} on {}",
            if fired.deferred { " never" } else { "" },
            fired.what,
            fired.table
        ));
    }
    lines.push(format!("advance: {}", of.sequences.join(", ")));
    lines.join("\n")
}

/// While somebody else writes to every table, and would sooner fail than wait.
#[test]
fn policy_and_database_in_use_are_equal_and_nobody_waits() {
    let Some(shop) = Shop::open("") else { return };
    let stop = AtomicBool::new(false);
    let (report, rounds) = thread::scope(|scope| {
        let writer = scope.spawn(|| write(&shop, &stop));
        // Tables with every kind of rule stand for all: a root, members, parents, no tenant.
        let tables = ["firms", "staff", "receipts", "people"];
        let report = shop.verify(&tables, false);
        stop.store(true, Ordering::Relaxed);
        (report.unwrap(), writer.join().unwrap())
    });
    assert!(rounds > 100, "only {rounds} rounds");
    assert!(report.disagreements.is_empty(), "{report}");
    assert!(report.cells > 10_000 && report.allowed > 1_000, "{report}");
    assert!(
        !report.findings.iter().any(|of| of.code == "strong-lock"),
        "{report}"
    );
    let text = serde_json::to_string(&report).unwrap() + &report.to_string();
    assert!(!text.contains("somebody's"), "a live row was read");
    insta::assert_snapshot!(summary(&report));
    let left = "select (select count(*) from shop.firms), (select count(*) from shop.news),
        (select body from shop.news where author is null limit 1)";
    let row = shop.client().query_one(left, &[]).unwrap();
    assert_eq!(
        (row.get::<_, i64>(0), row.get::<_, i64>(1)),
        (3, 300),
        "the writer's rows, and no others"
    );
    assert_eq!(row.get::<_, String>(2), format!("somebody's {rounds}"));
}

/// Updates live rows of every table until told to stop; a wait for a lock fails.
fn write(shop: &Shop, stop: &AtomicBool) -> u32 {
    let mut client = shop.client();
    let wait = InPlace::default().lock_timeout.as_millis();
    client
        .batch_execute(&format!("set lock_timeout = {wait}"))
        .unwrap();
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) {
        rounds += 1;
        let round = format!(
            "update shop.firms set name = 'somebody''s {rounds}';
             update shop.staff set nickname = 'somebody''s {rounds}';
             update shop.\"Partners\" set role = role;
             update shop.articles set title = 'somebody''s {rounds}';
             update shop.\"order\" set note = 'somebody''s {rounds}';
             update shop.receipts set cents = cents;
             update shop.people set name = 'somebody''s {rounds}';
             update shop.news set body = 'somebody''s {rounds}';
             insert into shop.staff (firm_id, person_id, role) select id, gen_random_uuid(), 'viewer' from shop.firms;
             delete from shop.staff where nickname is null;"
        );
        client.batch_execute(&round).unwrap();
        thread::sleep(Duration::from_millis(10));
    }
    rounds
}

#[test]
fn a_broken_policy_is_caught_in_place() {
    let never = "do $$ declare p record; begin
        for p in select polname from pg_catalog.pg_policy
          where polrelid = 'shop.staff'::regclass and polname like '%never%' loop
          execute format('drop policy %I on shop.staff', p.polname);
        end loop; end $$;
        grant select (email) on shop.people to anon";
    let Some(shop) = Shop::open(never) else {
        return;
    };
    let before = shop.state();
    let report = shop.verify(&["staff", "people"], false).unwrap();
    for table in ["staff", "people"] {
        let found = report.disagreements.iter().find(|of| of.table == table);
        let found = found.unwrap_or_else(|| panic!("not caught on {table}: {report}"));
        // It runs on an empty database too, so it names none of the keys of this run.
        assert!(found.script.contains("c0de0000-"), "{}", found.script);
    }
    assert_eq!(report.exit_code(), 1);
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("somebody's"), "a live row was read");
    assert_eq!(before, shop.state());
}

#[test]
fn triggers_that_reach_out_are_refused_by_name() {
    let more = "create function shop.tell(what text) returns void language plpgsql as
          $$ begin perform pg_notify('news', what); end $$;
        create function shop.told() returns trigger language plpgsql as
          $$ begin perform shop.tell(new.body); return new; end $$;
        create trigger telling after insert on shop.news for each row execute function shop.told();
        revoke all on function shop.tell(text) from public";
    let Some(shop) = Shop::open(more) else { return };
    let error = shop.verify(&["people"], false).unwrap_err();
    assert!(matches!(error, VerifyError::Triggers(_)), "{error}");
    insta::assert_snapshot!(error);
    let report = shop.verify(&["people"], true).unwrap();
    assert!(report.disagreements.is_empty(), "{report}");
    let told = report
        .in_place
        .unwrap()
        .triggers
        .into_iter()
        .find(|of| of.what == "trigger telling");
    assert_eq!(told.unwrap().effects, ["shop.tell calls pg_notify"]);
}

#[test]
fn where_it_would_not_be_sound_it_is_refused_or_left_out() {
    let more = "create role countersign_bound login;
        create unique index one_cent on shop.receipts (cents)";
    let Some(shop) = Shop::open(more) else { return };
    let bound = shop.url().replace("postgres@", "countersign_bound@");
    let error = verify(bound, &["news"], false).unwrap_err();
    assert!(
        error.to_string().contains("bound by row-level security"),
        "{error}"
    );
    shop.client()
        .batch_execute("drop role countersign_bound")
        .unwrap();
    let error = shop.verify(&["receipts"], false).unwrap_err();
    let VerifyError::InPlace(text) = &error else {
        panic!("{error}")
    };
    assert!(text.contains("one_cent has no column"), "{error}");
}

#[test]
fn a_kill_leaves_nothing_behind() {
    let Some(shop) = Shop::open("") else { return };
    let before = shop.state();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_child_that_is_killed", "--ignored"])
        .env(CHILD, shop.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut client = shop.client();
    let writing =
        "select count(distinct l.relation) from pg_locks l join pg_stat_activity a using (pid)
        where a.datname = current_database() and l.mode = 'RowExclusiveLock'
          and a.application_name = 'countersign verify --in-place'";
    // Once several tables are written to, it is in the middle.
    for _ in 0..3_000 {
        let tables: i64 = client.query_one(writing, &[]).unwrap().get(0);
        if tables > 3 {
            break;
        }
        assert!(child.try_wait().unwrap().is_none(), "ended by itself");
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    let sessions = "select count(*) from pg_stat_activity where datname = current_database()
        and application_name = 'countersign verify --in-place'";
    for _ in 0..3_000 {
        if client.query_one(sessions, &[]).unwrap().get::<_, i64>(0) == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(before, shop.state());
}

/// Not a test of its own.
#[test]
#[ignore = "started and killed by a_kill_leaves_nothing_behind"]
fn the_child_that_is_killed() {
    if let Ok(url) = std::env::var(CHILD) {
        verify(url, &[], false).unwrap();
    }
}
