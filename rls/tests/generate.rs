//! The generated SQL on a real PostgreSQL. Needs a server: `COUNTERSIGN_PG_URL`, which
//! `cargo xtask test` sets; without it the tests say that they are skipped.
#![cfg(test)]

use std::sync::atomic::{AtomicU32, Ordering};

use countersign_rls::generate::sections;
use countersign_rls::migrations::{History, Plan};
use countersign_rls::{catalogue, generate};
use policy_core::Catalogue;
use postgres::{Client, Config, NoTls, Transaction};

const STUB: &str = include_str!("../../tests/sql/supabase_stub.sql");
const BASE: &str = include_str!("shop/base.sql");
const POLICY: &str = include_str!("shop/shop.policy");
const CATALOGUE: &str = include_str!("shop/shop.catalogue.json");

/// A database of its own, dropped at the end.
struct Database {
    name: String,
    server: Config,
    client: Option<Client>,
}

impl Database {
    /// With the shop in it, and the roles the API has; `None` without a server.
    fn shop() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("COUNTERSIGN_PG_URL") else {
            eprintln!("skipped: COUNTERSIGN_PG_URL names no server; `cargo xtask test` starts one");
            return None;
        };
        let server: Config = url.parse().unwrap();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("countersign_generate_{}_{count}", std::process::id());
        let mut client = server.connect(NoTls).unwrap();
        client
            .batch_execute(&format!("create database {name}"))
            .unwrap();
        let mut client = server.clone().dbname(&name).connect(NoTls).unwrap();
        client.batch_execute(STUB).unwrap();
        client
            .batch_execute(
                "do $$ begin create role countersign_edge nologin;
                 exception when duplicate_object or unique_violation then null; end $$",
            )
            .unwrap();
        client.batch_execute(BASE).unwrap();
        Some(Self {
            name,
            server,
            client: Some(client),
        })
    }

    fn client(&mut self) -> &mut Client {
        self.client.as_mut().unwrap()
    }

    /// Applies a migration as the Supabase CLI does: a file is a transaction.
    fn apply(&mut self, sql: &str) {
        let mut transaction = self.client().transaction().unwrap();
        if let Err(error) = transaction.batch_execute(sql) {
            panic!("{error:?}");
        }
        transaction.commit().unwrap();
    }

    /// Another session.
    fn session(&self) -> Client {
        let config = self.server.clone().dbname(&self.name).to_owned();
        config.connect(NoTls).unwrap()
    }

    /// Runs a statement as a person, each in a transaction of its own.
    fn as_person(&mut self, id: &str, sql: &str) -> Result<u64, String> {
        let mut transaction = self.client().transaction().unwrap();
        let rows = speak(&mut transaction, id, sql)?;
        transaction.commit().map_err(|error| error.to_string())?;
        Ok(rows)
    }

    /// Everything the generator is answerable for, as text.
    fn state(&mut self) -> Vec<String> {
        let queries = [
            "select format('%s', p) from pg_policies p where schemaname = 'shop' order by tablename, policyname",
            "select format('%s %s', relname, relacl) from pg_class where relnamespace = 'shop'::regnamespace order by relname",
            "select format('%s %s %s', attrelid::regclass, attname, attacl) from pg_attribute
             where attrelid in (select oid from pg_class where relnamespace = 'shop'::regnamespace) and attacl is not null order by 1",
            "select format('%s %s %s', oid::regprocedure, proacl, prosrc) from pg_proc
             where pronamespace in ('shop'::regnamespace, 'countersign'::regnamespace) order by 1",
            "select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by 1",
            "select indexdef from pg_indexes where schemaname = 'shop' order by 1",
            "select format('%s %s', relname, relrowsecurity) from pg_class where relnamespace = 'shop'::regnamespace order by 1",
            "select format('%s %s %s', defaclrole, defaclobjtype, defaclacl) from pg_default_acl order by 1",
            "select format('%s %s', nspname, nspacl) from pg_namespace where nspname in ('shop', 'countersign') order by 1",
        ];
        let client = self.client();
        queries
            .iter()
            .flat_map(|query| client.query(*query, &[]).unwrap())
            .map(|row| row.get::<_, String>(0))
            .collect()
    }
}

/// Runs a statement as a person.
fn speak(transaction: &mut Transaction<'_>, id: &str, sql: &str) -> Result<u64, String> {
    let claims = format!(r#"{{"sub": "{id}", "role": "authenticated"}}"#);
    let told = "select set_config('request.jwt.claims', $1, true)";
    transaction.execute(told, &[&claims]).unwrap();
    let role = "set local role authenticated";
    transaction.batch_execute(role).unwrap();
    let state = |error: postgres::Error| error.code().map(|code| code.code().to_owned());
    transaction
        .execute(sql, &[])
        .map_err(|error| state(error).unwrap_or_default())
}

impl Drop for Database {
    fn drop(&mut self) {
        self.client = None;
        if let Ok(mut client) = self.server.connect(NoTls) {
            let _ = client.batch_execute(&format!("drop database {} with (force)", self.name));
        }
    }
}

fn shop() -> Vec<generate::Section> {
    let catalogue: Catalogue = serde_json::from_str(CATALOGUE).unwrap();
    let (policy, _) = policy_core::compile(POLICY, &catalogue).unwrap();
    sections(&policy, &catalogue, POLICY)
}

fn first_plan() -> Plan {
    Plan::new(&History::default(), "shop", "shop", &shop()).unwrap()
}

#[test]
fn the_catalogue_is_what_the_database_says() {
    let Some(mut database) = Database::shop() else {
        return;
    };
    let expected: Catalogue = serde_json::from_str(CATALOGUE).unwrap();
    let mut read = || {
        let mut transaction = database.client().transaction().unwrap();
        transaction
            .batch_execute("set local search_path = ''")
            .unwrap();
        catalogue::introspect(&mut transaction, "shop").unwrap()
    };
    let before = read();
    assert_eq!(
        serde_json::to_string_pretty(&before).unwrap(),
        serde_json::to_string_pretty(&expected).unwrap()
    );
    database.apply(&first_plan().up());
    let mut transaction = database.client().transaction().unwrap();
    transaction
        .batch_execute("set local search_path = ''")
        .unwrap();
    let after = catalogue::introspect(&mut transaction, "shop").unwrap();
    assert_eq!(
        before, after,
        "what is generated does not show in the catalogue"
    );
}

#[test]
fn applied_twice_is_applied_once() {
    let Some(mut database) = Database::shop() else {
        return;
    };
    let plan = first_plan();
    database.apply(&plan.up());
    let once = database.state();
    assert!(once.len() > 100, "the state is not empty");
    database.apply(&plan.up());
    assert_eq!(database.state(), once);
    database.apply(&plan.down());
    assert!(
        database
            .state()
            .iter()
            .all(|line| !line.contains("zz_countersign"))
    );
    database.apply(&plan.up());
    assert_eq!(database.state(), once);
}

#[test]
fn an_unknown_policy_stops_the_first_file() {
    let Some(mut database) = Database::shop() else {
        return;
    };
    database.apply("create policy legacy on shop.news for select to public using (true)");
    let error = database
        .client()
        .batch_execute(&first_plan().up())
        .unwrap_err();
    assert!(
        format!("{error:?}").contains("legacy on shop.news"),
        "{error:?}"
    );
}

#[test]
fn tenants_are_founded_and_kept() {
    let Some(mut database) = Database::shop() else {
        return;
    };
    database.apply(&first_plan().up());
    let (ann, bob) = (
        "a0000000-0000-4000-8000-000000000001",
        "b0000000-0000-4000-8000-000000000002",
    );
    database.apply(&format!(
        "alter table shop.firms alter founder set default '{ann}'"
    ));

    let founded = "insert into shop.firms (name) values ('one') returning id, founder";
    assert_eq!(
        database.as_person(ann, founded),
        Ok(1),
        "the founder reads the new row back"
    );
    assert_eq!(
        database.as_person(bob, founded),
        Err("42501".to_owned()),
        "nobody founds for another"
    );
    assert_eq!(database.as_person(ann, "select from shop.firms"), Ok(1));
    assert_eq!(database.as_person(bob, "select from shop.firms"), Ok(0));

    let leave = format!("delete from shop.staff where person_id = '{ann}'");
    assert_eq!(
        database.as_person(ann, &leave),
        Err("23514".to_owned()),
        "the last boss stays"
    );
    let partner = format!(
        "insert into shop.\"Partners\" (firm_id, \"user\", role) select id, '{bob}', 'boss' from shop.firms"
    );
    assert_eq!(database.as_person(ann, &partner), Ok(1));
    assert_eq!(
        database.as_person(ann, &leave),
        Ok(1),
        "a boss in the other source will do"
    );
    assert_eq!(
        database.as_person(bob, "update shop.firms set name = 'two' where name = 'one'"),
        Ok(1)
    );
    assert_eq!(
        database.as_person(bob, "delete from shop.firms where name = 'two'"),
        Ok(1),
        "cascades"
    );
}

/// Two bosses leave at once, each seeing the other stay: the second waits for the first, and is then
/// the last.
#[test]
fn of_two_who_leave_at_once_one_stays() {
    let Some(mut database) = Database::shop() else {
        return;
    };
    database.apply(&first_plan().up());
    let (ann, bob) = (
        "a0000000-0000-4000-8000-000000000001",
        "b0000000-0000-4000-8000-000000000002",
    );
    database.apply(&format!(
        "insert into shop.firms (id, name, founder) values ('f0000000-0000-4000-8000-000000000001', 'one', '{ann}');
         insert into shop.staff (firm_id, person_id, role, state)
         select f.id, p::uuid, 'boss', 'active' from shop.firms f cross join unnest(array['{ann}', '{bob}']) p
         on conflict do nothing"
    ));
    let leave = |who: &str| format!("delete from shop.staff where person_id = '{who}'");
    let (mut first, mut second) = (database.session(), database.session());
    let mut going = first.transaction().unwrap();
    assert_eq!(speak(&mut going, ann, &leave(ann)), Ok(1));
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut transaction = second.transaction().unwrap();
            let done = speak(&mut transaction, bob, &leave(bob));
            transaction.commit().unwrap();
            done
        });
        let waits = "select from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock'";
        while !other.is_finished() && database.client().query(waits, &[]).unwrap().is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        going.commit().unwrap();
        assert_eq!(other.join().unwrap(), Err("23514".to_owned()));
    });
    let bosses = "select from shop.staff where role = 'boss' and state = 'active'";
    assert_eq!(database.client().query(bosses, &[]).unwrap().len(), 1);
}
