//! Queries under row-level security on a million rows and a thousand tenants, against the same
//! query with its tenants written out by hand, and against the policies that most people write.

mod queries;

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, Config, NoTls};
use tempfile::TempDir;

use self::queries::{QUERIES, Query};
use crate::Given;
use crate::command;
use crate::error::{BenchError, read};
use crate::section::Section;
use crate::timing::median;

const STUB: &str = "tests/sql/supabase_stub.sql";
const WARM: usize = 3;
const RUNS: usize = 21;
/// Slow ones are run less often, but never fewer times than this.
const FEWEST: usize = 5;
/// How often a table is vacuumed at most before it is measured.
const VACUUMS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(6);

/// A caller: how it is told, and the user's number.
const CALLERS: [(&str, u32); 3] = [
    ("1 tenant, 200,000 rows", 1_000_001),
    ("3 tenants, 2,400 rows", 4_000),
    ("50 tenants, 40,000 rows", 1_000_050),
];

pub(crate) fn measure(given: &Given) -> Result<Vec<Section>, BenchError> {
    let server: Config = given.database()?.parse()?;
    let scratch = Scratch::new(&server)?;
    let (mut ours, mut theirs) = scratch.fill(given)?;
    let mut sections = Vec::new();
    let mut section = Section::new(
        "Queries on a million rows and a thousand tenants",
        &[
            "query",
            "caller",
            "by hand",
            "Countersign",
            "ratio",
            "subquery in the policy",
            "ratio",
        ],
    );
    for query in &QUERIES {
        for (people, user) in CALLERS {
            let facts = Facts::of(&mut ours, user)?;
            let [hand, under] = time(&mut ours, &facts, query, [query.by_hand, query.plain])?;
            let [naive] = time(&mut theirs, &facts, query, [query.plain])?;
            if hand.rows != under.rows || (query.comparable && hand.rows != naive.rows) {
                return Err(BenchError::Unequal(format!(
                    "{} as {people}: {} rows by hand, {} under Countersign, {} under the subquery",
                    query.name, hand.rows, under.rows, naive.rows
                )));
            }
            let ratio = |time: f64| format!("{:.2}x", time / hand.milliseconds);
            section.row([
                query.name.to_owned(),
                people.to_owned(),
                format!("{:.2} ms", hand.milliseconds),
                format!("{:.2} ms", under.milliseconds),
                ratio(under.milliseconds),
                format!("{:.2} ms", naive.milliseconds),
                ratio(naive.milliseconds),
            ]);
        }
    }
    let version: String = ours.query_one("show server_version", &[])?.get(0);
    section.note(format!(
        "PostgreSQL {version}, warm, medians of up to {RUNS} runs, by hand and Countersign in turns; every form returned the same rows."
    ));
    section.note("Target: lists and counts at most 1.1x, by id at most 1.4x.");
    section
        .note("By hand: no policy, `org_id = any('{...}')` with the caller's tenants written out.");
    sections.push(section);
    drop((ours, theirs));
    scratch.remove()?;
    Ok(sections)
}

/// A caller's claims and tenants.
struct Facts {
    claims: String,
    tenants: String,
    /// A task that the caller may change.
    task: String,
}

impl Facts {
    fn of(client: &mut Client, user: u32) -> Result<Self, BenchError> {
        let id = format!("00000002-0000-4000-8000-{user:012x}");
        let sql = format!(
            "select array_agg(org_id)::text from scale.team_members where user_id = '{id}'"
        );
        let task = format!(
            "select id::text from scale.tasks where org_id = (
               select org_id from scale.team_members
               where user_id = '{id}' and role in ('admin', 'member') order by org_id limit 1)
             order by id limit 1 offset 17"
        );
        Ok(Self {
            claims: format!(r#"{{"sub":"{id}","role":"authenticated","aal":"aal1"}}"#),
            tenants: client.query_one(&sql, &[])?.get(0),
            task: client.query_one(&task, &[])?.get(0),
        })
    }
}

/// How long it took, and how many rows it was about.
struct Timed {
    milliseconds: f64,
    rows: u64,
}

/// Times the forms of a query in turns, so that none has the machine to itself while it is fast.
fn time<const FORMS: usize>(
    client: &mut Client,
    facts: &Facts,
    query: &Query,
    forms: [&str; FORMS],
) -> Result<[Timed; FORMS], BenchError> {
    let mut all = [(); FORMS].map(|()| Vec::new());
    let began = Instant::now();
    for run in 0..WARM + RUNS {
        for (form, runs) in forms.into_iter().zip(&mut all) {
            runs.push(once(client, facts, query, form)?);
        }
        if run >= WARM + FEWEST && began.elapsed() > PATIENCE {
            break;
        }
    }
    Ok(all.map(|runs: Vec<Timed>| Timed {
        rows: runs.last().map_or(0, |run| run.rows),
        milliseconds: median(runs.iter().skip(WARM).map(|run| run.milliseconds).collect()),
    }))
}

/// Runs one form of a query once; it leaves nothing behind.
fn once(client: &mut Client, facts: &Facts, query: &Query, sql: &str) -> Result<Timed, BenchError> {
    let tenants = format!("'{}'::uuid[]", facts.tenants);
    let by_hand = sql.contains("{tenants}");
    let sql = sql
        .replace("{tenants}", &tenants)
        .replace("{id}", &facts.task);
    let mut transaction = client.transaction()?;
    if !by_hand {
        transaction.batch_execute(&format!(
            "set local role authenticated; select set_config('request.jwt.claims', '{}', true)",
            facts.claims
        ))?;
    }
    let start = Instant::now();
    let answer = transaction.simple_query(&sql)?;
    let took = start.elapsed();
    transaction.rollback()?;
    Ok(Timed {
        milliseconds: took.as_secs_f64() * 1e3,
        rows: query.count(&answer),
    })
}

/// Vacuums until nearly all pages are known to be visible to everybody, as they are in tables that have been
/// there for a while: without that a count looks at every row, and whether one vacuum is enough is chance.
fn settle(client: &mut Client) -> Result<(), BenchError> {
    const REST: &str = "select max((relpages - relallvisible) / relpages::float8)
        from pg_class where relnamespace = 'scale'::regnamespace and relkind = 'r' and relpages > 0";
    for _ in 0..VACUUMS {
        client.batch_execute("vacuum analyze")?;
        let rest: Option<f64> = client.query_one(REST, &[])?.get(0);
        if rest.is_none_or(|rest| rest < 0.02) {
            return Ok(());
        }
        thread::sleep(Duration::from_secs(1));
    }
    Err(BenchError::Unequal(format!(
        "after {VACUUMS} vacuums there are pages that not everybody sees; does an old transaction run?"
    )))
}

/// Two databases with the same rows, gone at the end.
struct Scratch {
    server: Config,
    names: [String; 2],
    project: TempDir,
}

impl Scratch {
    fn new(server: &Config) -> Result<Self, BenchError> {
        let name = |which| format!("countersign_bench_{which}_{}", std::process::id());
        let names = [name("policy"), name("subquery")];
        Ok(Self {
            server: server.clone(),
            names,
            project: tempfile::tempdir()?,
        })
    }

    fn open(&self, name: &str) -> Result<Client, BenchError> {
        Ok(self.server.clone().dbname(name).connect(NoTls)?)
    }

    fn fill(&self, given: &Given) -> Result<(Client, Client), BenchError> {
        let root = &given.root;
        let scale = root.join("bench/scale");
        let [ours, theirs] = &self.names;
        let mut server = self.server.connect(NoTls)?;
        server.batch_execute(&format!("create database {ours}"))?;
        let mut client = self.open(ours)?;
        client.batch_execute(&read(&root.join(STUB))?)?;
        client.batch_execute(
            "do $$ begin create role countersign_edge nologin;
             exception when duplicate_object or unique_violation then null; end $$",
        )?;
        client.batch_execute(&read(&scale.join("base.sql"))?)?;
        client.batch_execute(&read(&scale.join("rows.sql"))?)?;
        drop(client);
        server.batch_execute(&format!("create database {theirs} template {ours}"))?;

        let mut client = self.open(ours)?;
        for migration in self.migrations(given, ours)? {
            client.batch_execute(&read(&migration)?)?;
        }
        let mut other = self.open(theirs)?;
        other.batch_execute(&read(&scale.join("subquery.sql"))?)?;
        for client in [&mut client, &mut other] {
            settle(client)?;
        }
        Ok((client, other))
    }

    /// What Countersign generates for the policy, in a directory that stays as long as this does.
    fn migrations(&self, given: &Given, database: &str) -> Result<Vec<PathBuf>, BenchError> {
        let project = self.project.path();
        let policies = project.join("policies");
        fs::create_dir_all(&policies)?;
        fs::create_dir_all(project.join("migrations"))?;
        let policy = "scale.policy";
        fs::copy(
            given.root.join("bench/scale").join(policy),
            policies.join(policy),
        )?;
        let server = given.database()?;
        let (server, _) = server.rsplit_once('/').unwrap_or((server, ""));
        let (directory, url) = (
            project.display().to_string(),
            format!("{server}/{database}"),
        );
        let here = ["--app", "scale", "--dir", &directory];
        command::run(given, &[&["catalogue", "--db", &url][..], &here].concat())?;
        command::run(
            given,
            &[&["generate", "--version", "20260101000000"][..], &here].concat(),
        )?;
        let files = fs::read_dir(project.join("migrations"))?;
        let files: Result<Vec<_>, _> = files.map(|file| file.map(|file| file.path())).collect();
        // The way back is in a directory beside it.
        Ok(files?.into_iter().filter(|path| path.is_file()).collect())
    }

    fn remove(&self) -> Result<(), BenchError> {
        let mut server = self.server.connect(NoTls)?;
        for name in &self.names {
            server.batch_execute(&format!("drop database if exists {name} with (force)"))?;
        }
        Ok(())
    }
}
