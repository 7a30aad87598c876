//! Sealing the tokens of a database in use. Needs a server: `COUNTERSIGN_PG_URL`, which
//! `cargo xtask test` sets; without it the tests say that they are skipped.
#![cfg(test)]

#[path = "support/database.rs"]
#[expect(dead_code, reason = "the tests of the audit use the rest")]
mod database;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use countersign_sealing::{Binding, KeyRing};
use postgres::Client;

use database::{Database, root};

const ROWS: i64 = 120;
const ONES: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const TWOS: &str = "k2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// Half of the connections have their tokens in columns of their own still; of the other half they
/// were moved, and nobody sealed them yet. Writing takes a while, so that there is a midway.
const SCHEMA: &str = r#"
create schema coaching;
create table coaching."API_Connections" (
  id uuid primary key default gen_random_uuid(), account_id uuid not null default gen_random_uuid(),
  provider text not null, n integer not null, access_token text, refresh_token text
);
create table coaching."API_Connection_Secrets" (
  id uuid primary key default gen_random_uuid(), account_id uuid not null, connection_id uuid not null unique,
  access_token text not null, refresh_token text, webhook_secret text, key_id text not null,
  check (access_token <> 'poison')
);
insert into coaching."API_Connections" (provider, n, access_token, refresh_token)
select case when n % 3 = 0 then 'fathom' else 'hubspot' end, n, 'plain-access-' || n,
       case when n % 4 > 0 then 'plain-refresh-' || n end
from generate_series(1, 120) n;
insert into coaching."API_Connection_Secrets" (account_id, connection_id, access_token, refresh_token, key_id)
select account_id, id, access_token, refresh_token, 'plaintext' from coaching."API_Connections" where n % 2 = 0;
create function coaching.slowly() returns trigger language plpgsql as 'begin perform pg_sleep(0.02); return new; end';
create trigger slowly before insert or update on coaching."API_Connection_Secrets"
  for each row execute function coaching.slowly();
"#;

struct Scene {
    database: Database,
    keys: tempfile::TempDir,
}

impl Scene {
    fn new() -> Option<Self> {
        let database = Database::bare()?;
        database.client().batch_execute(SCHEMA).unwrap();
        Some(Self {
            database,
            keys: tempfile::tempdir().unwrap(),
        })
    }

    fn client(&self) -> Client {
        self.database.client()
    }

    fn command(&self, keys: &str, more: &[&str]) -> Command {
        let file: PathBuf = self.keys.path().join("keys");
        fs::write(&file, keys).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .args(["seal", "--app", "coaching", "--json", "--dir"])
            .arg(root())
            .args(["--db", &self.database.url(), "--key-file"])
            .arg(file)
            .args(more);
        command
    }

    /// Runs the command to its end; nothing that it says has a token in it.
    fn run(&self, keys: &str, more: &[&str]) -> (Option<i32>, serde_json::Value) {
        let done = self.command(keys, more).output().unwrap();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let error = String::from_utf8_lossy(&done.stderr);
        for said in [text.as_str(), &error] {
            assert!(!said.contains("plain-") && !said.contains("cs1."), "{said}");
        }
        let told = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{error}"));
        (done.status.code(), told)
    }

    /// How many rows of the secrets table are sealed; each token is there, sealed for its place or
    /// as it was.
    fn sealed(&self, keys: &str) -> i64 {
        let ring = KeyRing::parse(keys).unwrap();
        let query = r#"select c.n, c.account_id::text, c.provider, c.id::text, s.access_token, s.refresh_token, s.key_id
            from coaching."API_Connections" c left join coaching."API_Connection_Secrets" s on s.connection_id = c.id"#;
        let rows = self.client().query(query, &[]).unwrap();
        assert_eq!(rows.len() as i64, ROWS);
        let mut count = 0;
        for row in rows {
            let (n, key): (i32, Option<String>) = (row.get(0), row.get(6));
            let Some(key) = key else { continue };
            for (at, column) in [(4, "access_token"), (5, "refresh_token")] {
                let stored: Option<String> = row.get(at);
                let plain = format!("plain-{}-{n}", column.trim_end_matches("_token"));
                let expected = (column == "access_token" || n % 4 > 0).then_some(plain);
                let (tenant, provider, connection): (String, String, String) =
                    (row.get(1), row.get(2), row.get(3));
                let place = Binding {
                    app: "coaching",
                    tenant: &tenant,
                    provider: &provider,
                    connection: &connection,
                    column,
                };
                let opened = stored.map(|text| match key.as_str() {
                    "plaintext" => text,
                    _ => ring.open(&place, &text).unwrap().expose().to_owned(),
                });
                assert_eq!(opened, expected);
            }
            count += i64::from(key != "plaintext");
        }
        count
    }
}

#[test]
fn killed_midway_nothing_is_lost_and_it_goes_on() {
    let Some(database) = Scene::new() else {
        return;
    };
    // Nothing may be emptied yet: there is nothing sealed.
    let (code, told) = database.run(ONES, &["--drop-plaintext"]);
    assert_eq!(code, Some(1), "{told}");
    assert_eq!(told["left"], ROWS);

    let mut run: Child = database
        .command(ONES, &["--batch", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut client = database.client();
    let query = r#"select count(*) from coaching."API_Connection_Secrets" where key_id = 'k1'"#;
    while client.query_one(query, &[]).unwrap().get::<_, i64>(0) < 10 {
        assert_eq!(run.try_wait().unwrap(), None, "it ended by itself");
        sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let midway = database.sealed(ONES);
    assert!((10..ROWS).contains(&midway), "{midway}");

    // A row that somebody else holds is left, and told.
    let mut other = database.client();
    let mut held = other.transaction().unwrap();
    held.batch_execute(
        r#"select from coaching."API_Connection_Secrets" where key_id = 'plaintext' limit 1 for update"#,
    )
    .unwrap();
    let (code, told) = database.run(ONES, &["--batch", "7"]);
    assert_eq!((code, &told["left"]), (Some(1), &1.into()), "{told}");
    held.rollback().unwrap();
    let (code, told) = database.run(ONES, &[]);
    assert_eq!((code, &told["left"]), (Some(0), &0.into()), "{told}");
    assert_eq!(database.sealed(ONES), ROWS);
    let (_, again) = database.run(ONES, &[]);
    assert_eq!(
        (&again["sealed"], &again["resealed"]),
        (&0.into(), &0.into())
    );

    // A new key in front seals again; without the old one nothing opens, and nothing is touched.
    let (code, told) = database.run(TWOS, &[]);
    assert_eq!((code, &told["left"]), (Some(1), &ROWS.into()), "{told}");
    let both = format!("{TWOS}\n{ONES}\n");
    let (code, told) = database.run(&both, &["--batch", "50"]);
    assert_eq!((code, &told["resealed"]), (Some(0), &ROWS.into()), "{told}");
    assert_eq!(database.sealed(TWOS), ROWS);

    // A sealed token that is not the plaintext keeps the plaintext.
    client
        .batch_execute(
            r#"update coaching."API_Connections" set access_token = 'plain-newer' where n = 5"#,
        )
        .unwrap();
    let (code, told) = database.run(TWOS, &["--drop-plaintext", "--batch", "33"]);
    assert_eq!(
        (code, &told["left"], &told["emptied"]),
        (Some(1), &1.into(), &(ROWS - 1).into())
    );
    let kept: i64 = client
        .query_one(r#"select count(*) from coaching."API_Connections" where access_token is not null or refresh_token is not null"#, &[])
        .unwrap()
        .get(0);
    assert_eq!(kept, 1);
}

/// A connection of each app that keeps tokens, as its migrations have the tables: app, schema, the
/// two tables, the tenant's column, whether the secrets have it, provider, more columns of the
/// connection with their values, and the columns that hold tokens.
const KEEPERS: [Keeper; 5] = [
    Keeper {
        app: "advisory",
        schema: "advisory",
        tables: ["crm_connections", "crm_connection_secrets"],
        tenant: "firm_id",
        owner: TENANT,
        in_secrets: true,
        provider: "wealthbox",
        more: ["provider", "'wealthbox'"],
        columns: &["secret", "refresh_token"],
    },
    Keeper {
        app: "agency",
        schema: "countersign_edge",
        tables: ["agency_connections", "agency_connection_secrets"],
        tenant: "org_id",
        owner: TENANT,
        in_secrets: true,
        provider: "hubspot",
        more: ["provider", "'hubspot'"],
        columns: &["access_token", "refresh_token"],
    },
    Keeper {
        app: "assistant",
        schema: "assistant",
        tables: ["hubspot_connections", "hubspot_connection_secrets"],
        tenant: "user_id",
        owner: TENANT,
        in_secrets: false,
        provider: "hubspot",
        more: ["portal_id, token_expires_at", "'9001', now()"],
        columns: &["access_token", "refresh_token"],
    },
    Keeper {
        app: "coaching",
        schema: "coaching",
        tables: ["API_Connections", "API_Connection_Secrets"],
        tenant: "account_id",
        owner: TENANT,
        in_secrets: true,
        provider: "fathom",
        more: ["provider", "'fathom'"],
        columns: &["access_token", "refresh_token", "webhook_secret"],
    },
    Keeper {
        app: "portal",
        schema: "countersign_edge",
        tables: ["portal_connections", "portal_connection_secrets"],
        tenant: "app",
        owner: "portal",
        in_secrets: false,
        provider: "baserow",
        more: ["provider", "'baserow'"],
        columns: &["access_token"],
    },
];

struct Keeper {
    app: &'static str,
    schema: &'static str,
    tables: [&'static str; 2],
    tenant: &'static str,
    /// Whose it is.
    owner: &'static str,
    in_secrets: bool,
    provider: &'static str,
    more: [&'static str; 2],
    columns: &'static [&'static str],
}

const TENANT: &str = "6f1d7a52-3c40-4d0e-9d53-0c8b0f3a6d11";
const CONNECTION: &str = "0b9d6c1e-8f27-4a55-8a6e-5a1f6d2b7c33";

impl Keeper {
    fn secrets(&self) -> String {
        format!("{}.\"{}\"", self.schema, self.tables[1])
    }

    /// One connection with plain tokens, whoever's it is.
    fn plant(&self, client: &mut Client) {
        let Self {
            schema,
            tables: [connections, _],
            tenant,
            owner,
            more: [names, values],
            ..
        } = self;
        let (own, its) = match self.in_secrets {
            true => (format!("{tenant}, "), format!("'{owner}', ")),
            false => Default::default(),
        };
        let tokens = self.columns.iter().map(|name| format!("'plain-{name}'"));
        let tokens: Vec<String> = tokens.collect();
        client
            .batch_execute(&format!(
                "begin; set local session_replication_role = replica;
                 insert into {schema}.\"{connections}\" (id, {tenant}, {names}) values ('{CONNECTION}', '{owner}', {values});
                 insert into {} ({own}connection_id, {}, key_id) values ({its}'{CONNECTION}', {}, 'plaintext');
                 commit",
                self.secrets(),
                self.columns.join(", "),
                tokens.join(", "),
            ))
            .unwrap();
    }

    /// Its tokens, opened where they lie.
    fn opened(&self, client: &mut Client, keys: &str) -> Vec<Option<String>> {
        let ring = KeyRing::parse(keys).unwrap();
        let query = format!("select {} from {}", self.columns.join(", "), self.secrets());
        let row = client.query_one(&query, &[]).unwrap();
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(at, column)| {
                let place = Binding {
                    app: self.app,
                    tenant: self.owner,
                    provider: self.provider,
                    connection: CONNECTION,
                    column,
                };
                let opened = ring.open(&place, row.get(at)).ok()?;
                Some(opened.expose().to_owned())
            })
            .collect()
    }
}

#[test]
fn the_tokens_of_every_app_that_keeps_some_outlive_a_key() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let mut client = database.client();
    let kept = client
        .query(
            "select c.table_schema || '.\"' || c.table_name || '\"' from information_schema.columns c
             where c.column_name = 'key_id' order by 1",
            &[],
        )
        .unwrap();
    let kept: Vec<String> = kept.iter().map(|row| row.get(0)).collect();
    let mut known: Vec<String> = KEEPERS.iter().map(Keeper::secrets).collect();
    known.sort();
    assert_eq!(kept, known, "tables with sealed tokens");

    let keys = tempfile::tempdir().unwrap();
    for keeper in &KEEPERS {
        keeper.plant(&mut client);
        let plain = keeper.columns.iter();
        let plain: Vec<_> = plain.map(|name| Some(format!("plain-{name}"))).collect();
        for (ring, opens, closed) in [
            (ONES.to_owned(), ONES, TWOS),
            (format!("{TWOS}\n{ONES}"), TWOS, ONES),
        ] {
            let file = keys.path().join("keys");
            fs::write(&file, ring).unwrap();
            let done = Command::new(env!("CARGO_BIN_EXE_countersign"))
                .args(["seal", "--app", keeper.app, "--json", "--dir"])
                .arg(root())
                .args(["--db", &database.url(), "--key-file"])
                .arg(file)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&done.stdout);
            assert_eq!(done.status.code(), Some(0), "{}: {said}", keeper.app);
            assert_eq!(
                keeper.opened(&mut client, opens),
                plain,
                "{}: {said}",
                keeper.app
            );
            let none = vec![None; plain.len()];
            assert_eq!(keeper.opened(&mut client, closed), none, "{}", keeper.app);
        }
    }
}
