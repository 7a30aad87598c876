//! Random policies: PostgreSQL and the evaluator agree on statements under policies that nobody
//! thought of.
//!
//! A world is a random schema with rows and people. Many random policies are tried in it, each in
//! a transaction of its own: compiled, generated, applied, asked by random callers with random
//! statements, and rolled back. Policies that the checker refuses are drawn again. What differs is
//! made smaller, rule by rule, until nothing can be left out.
//!
//! Every run tries the same policies unless `COUNTERSIGN_RANDOM_SEED` gives another seed, or `clock` for
//! a new one; `COUNTERSIGN_RANDOM_POLICIES` makes it longer.
#![cfg(test)]

mod bench;
mod catalogue;
mod cell;
#[path = "../support/dice.rs"]
mod dice;
mod door;
mod expected;
mod person;
mod policy;
mod sort;
mod through;
mod world;

use bench::Bench;
use cell::{Act, Cell, Outcome};
use countersign_rls::generate::sections;
use countersign_rls::postgrest::filter_sql;
use dice::Dice;
use person::Person;
use policy::{Draft, Refusals};
use policy_core::model::{Action, Subject};
use policy_core::mutants::{self, Mutant};
use policy_core::residual::Residual;
use policy_core::value::Kind;
use policy_core::{Decision, Policy, compile};
use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use std::thread;
use world::World;

const POLICIES: usize = 3_000;
/// How many databases they are tried in at once, each with policies of its own.
const DATABASES: usize = 2;
/// How many policies are tried in one world.
const TOGETHER: usize = 40;
/// How many statements are tried under one policy.
const CELLS: usize = 20;

/// How many filters are tried under one policy.
const FILTERS: usize = 4;

const STUB: &str = include_str!("../../../tests/sql/supabase_stub.sql");
const EDGE: &str = "do $$ begin create role countersign_edge nologin noinherit;
    exception when duplicate_object or unique_violation then null; end $$;
    grant usage on schema auth to countersign_edge;";

/// A database of its own, dropped at the end.
struct Database {
    name: String,
    server: Config,
    client: Option<Client>,
}

impl Database {
    fn create(url: &str, number: usize) -> Self {
        let server: Config = url.parse().unwrap();
        let name = format!("countersign_random_{}_{number}", std::process::id());
        let mut client = server.connect(NoTls).unwrap();
        client
            .batch_execute(&format!("create database {name}"))
            .unwrap();
        let mut database = Self {
            name,
            server,
            client: None,
        };
        let mut client = database.connect();
        client.batch_execute(STUB).unwrap();
        client.batch_execute(EDGE).unwrap();
        database.client = Some(client);
        database
    }

    fn connect(&self) -> Client {
        let mut server = self.server.clone();
        let mut client = server.dbname(&self.name).connect(NoTls).unwrap();
        client
            .batch_execute("set client_min_messages = error")
            .unwrap();
        client
    }

    fn client(&mut self) -> &mut Client {
        self.client.as_mut().unwrap()
    }

    /// Makes the world in place of the last one.
    fn stage(&mut self, world: &World) {
        // A session keeps the plan of every function that it ever ran, and goes through all of them with
        // every change of a table: what many policies leave behind would take half of the time.
        self.client = None;
        self.client = Some(self.connect());
        let script = format!("drop schema if exists rnd cascade; {}", world.script());
        if let Err(error) = self.client().batch_execute(&script) {
            panic!("{error:?}\n{script}");
        }
    }

    /// Begins a transaction in which the policy holds; gives its time.
    fn enter(&mut self, world: &World, policy: &Policy, text: &str) -> Result<i64, String> {
        let bodies: Vec<String> = sections(policy, &world.catalogue, text)
            .into_iter()
            .map(|section| section.body)
            .collect();
        let script = format!("rollback; begin; {}; savepoint cell", bodies.join("\n"));
        self.client()
            .batch_execute(&script)
            .map_err(|error| format!("the generated SQL fails: {error:?}"))?;
        let row = self
            .client()
            .query_one("select (extract(epoch from now()) * 1000000)::bigint", &[])
            .unwrap();
        Ok(row.get(0))
    }

    fn observe(&mut self, cell: &Cell, world: &World) -> Outcome {
        let script = format!(
            "rollback to savepoint cell; set local \"request.jwt.claims\" = '{}'; set local role {}; {}",
            cell.person.claims().replace('\'', "''"),
            cell.person.role(),
            cell.sql(world)
        );
        match self.client().simple_query(&script) {
            Ok(messages) => {
                let (mut keys, mut count) = (Vec::new(), 0);
                for message in messages {
                    match message {
                        SimpleQueryMessage::Row(row) => {
                            keys.push(row.get(0).unwrap_or_default().to_owned());
                        }
                        SimpleQueryMessage::CommandComplete(rows) => count = rows,
                        _ => {}
                    }
                }
                if cell.returning || matches!(cell.act, Act::Select | Act::Through(_)) {
                    Outcome::Done(keys)
                } else {
                    Outcome::Count(count)
                }
            }
            Err(error) => match error.as_db_error() {
                Some(said) if said.code().code() == "42501" => Outcome::Refused,
                Some(said) if said.code().code().starts_with("23") => Outcome::Constraint,
                _ => Outcome::Error(format!("{error:?}")),
            },
        }
    }

    /// What a filter gets wrong for one caller, in words.
    fn filters(
        &mut self,
        bench: &Bench<'_>,
        table: usize,
        action: Action,
        person: &Person,
        tally: &mut Tally,
    ) -> Option<String> {
        let stage = &bench.world.stages[table];
        let of = bench.policy.table(stage.name)?;
        let (residual, reached) = bench.filter(table, action, person);
        let (filter, exact) = match &residual {
            Residual::Everything => (None, true),
            Residual::Nothing => (Some("id.is.null".to_owned()), true),
            Residual::Exact(filter) => (Some(filter.postgrest(of)), true),
            Residual::Superset(filter, _) => {
                (filter.as_ref().map(|filter| filter.postgrest(of)), false)
            }
        };
        let condition = filter.as_deref().map_or("true".to_owned(), |filter| {
            filter_sql(filter).unwrap_or_else(|error| panic!("{filter}: {error}"))
        });
        let query = format!(
            "rollback to savepoint cell; select id from rnd.{} where {condition}",
            stage.name
        );
        let messages = self.client().simple_query(&query);
        let messages = messages.unwrap_or_else(|error| panic!("{error:?}\n{query}"));
        let kept: Vec<&str> = messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect();
        let keeps = |row: &world::Row| kept.contains(&row[0].as_deref().unwrap());
        tally.filters += 1;
        tally.exact += usize::from(exact);
        let mut wider = false;
        for (row, reached) in stage.rows.iter().zip(reached) {
            if keeps(row) == reached {
                continue;
            }
            if exact || reached {
                return Some(format!(
                    "{}\n{action:?} on {} by {person:?}: {residual:?}\nfilter: {filter:?}\nSQL: {condition}\nrow: {row:?}\nreached: {reached}",
                    bench.policy.tables.iter().filter(|t| t.is_named()).count(),
                    stage.name
                ));
            }
            wider = true;
        }
        tally.wider += usize::from(wider);
        None
    }

    /// The difference that a statement shows under a policy, in words.
    fn differs(&mut self, world: &World, draft: &Draft, cell: &Cell) -> Option<String> {
        let text = draft.to_string();
        let (policy, _) = compile(&text, &world.catalogue).ok()?;
        let now = match self.enter(world, &policy, &text) {
            Ok(now) => now,
            Err(error) => return Some(format!("{text}\n{error}")),
        };
        let bench = Bench {
            world,
            policy: &policy,
            now,
        };
        let expected = bench.expect(cell);
        let observed = self.observe(cell, world);
        if expected.fits(cell, &policy, world, &observed) {
            return None;
        }
        let stage = &world.stages[cell.table];
        let rows: Vec<String> = stage.rows.iter().map(|row| format!("  {row:?}")).collect();
        let columns: Vec<String> = stage
            .columns
            .iter()
            .map(|field| format!("{} {}", field.name, field.sort.data_type))
            .collect();
        Some(format!(
            "{text}\ncaller: {:?}\nstatement: {}\nPostgreSQL: {observed:?}\nevaluator: {:?}\nnow: {}\n{} ({}):\n{}\n{}",
            cell.person,
            cell.sql(world),
            expected.answers,
            policy_core::value::timestamp_text(now),
            stage.name,
            columns.join(", "),
            rows.join("\n"),
            world
                .stages
                .iter()
                .map(|stage| format!("{}: {:?}", stage.name, stage.rows))
                .collect::<Vec<_>>()
                .join("\n"),
        ))
    }

    fn shrunk(&mut self, world: &World, draft: Draft, cell: &Cell) -> String {
        let (mut draft, mut words) = (draft.clone(), self.differs(world, &draft, cell));
        'smaller: loop {
            for candidate in draft.smaller() {
                if let Some(found) = self.differs(world, &candidate, cell) {
                    (draft, words) = (candidate, Some(found));
                    continue 'smaller;
                }
            }
            return words.unwrap_or_else(|| format!("it does not repeat:\n{draft}"));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.client = None;
        if let Ok(mut client) = self.server.connect(NoTls) {
            let _ = client.batch_execute(&format!("drop database {} with (force)", self.name));
        }
    }
}

/// What a run has seen.
#[derive(Debug, Default)]
struct Tally {
    policies: usize,
    cells: usize,
    open: usize,
    applied: usize,
    refused: usize,
    nothing: usize,
    constrained: usize,
    guarded: usize,
    /// Policies with rules that ask for a team, with two sources, and with another system's tables.
    teams: usize,
    sources: usize,
    copied: usize,
    /// Policies whose callers' ids are text, and policies without tenants.
    texts: usize,
    tenantless: usize,
    /// Statements through views and functions, and how many of them were refused and gave rows.
    through: [usize; 3],
    /// Operators of the evaluator that no statement has told from what they should be.
    operators: Vec<Mutant>,
    filters: usize,
    /// Filters that say that they keep no row too many, and those that were seen to.
    exact: usize,
    wider: usize,
    refusals: Refusals,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.policies += other.policies;
        self.cells += other.cells;
        self.open += other.open;
        self.applied += other.applied;
        self.refused += other.refused;
        self.nothing += other.nothing;
        self.constrained += other.constrained;
        self.guarded += other.guarded;
        self.teams += other.teams;
        self.sources += other.sources;
        self.copied += other.copied;
        self.texts += other.texts;
        self.tenantless += other.tenantless;
        for (mine, others) in self.through.iter_mut().zip(other.through) {
            *mine += others;
        }
        self.filters += other.filters;
        self.exact += other.exact;
        self.wider += other.wider;
        self.operators
            .retain(|operator| other.operators.contains(operator));
        let (mine, others) = (&mut self.refusals, &other.refusals);
        mine.drafts += others.drafts;
        mine.accepted += others.accepted;
        for (code, count) in &others.codes {
            *mine.codes.entry(code).or_default() += count;
        }
    }

    fn note(&mut self, policy: &Policy) {
        self.policies += 1;
        self.texts += usize::from(policy.caller_id == Kind::Text);
        self.tenantless += usize::from(policy.tenant.is_none());
        let tables = || policy.tables.iter();
        self.guarded += usize::from(tables().any(|table| table.guard.is_some()));
        self.copied += usize::from(tables().any(|table| table.source.is_some()));
        let mut rules = tables().flat_map(|table| &table.rules);
        self.teams += usize::from(rules.any(|rule| matches!(rule.subject, Subject::Team(_))));
        let sources = policy
            .tenant
            .as_ref()
            .map_or(0, |tenant| tenant.members.len());
        self.sources += usize::from(sources > 1);
    }
}

fn agree(mut database: Database, seed: u64, policies: usize) -> Tally {
    let mut dice = Dice::new(seed);
    let mut tally = Tally {
        operators: Mutant::ALL.to_vec(),
        ..Tally::default()
    };
    while tally.policies < policies {
        let world = World::random(true, &mut dice);
        database.stage(&world);
        for _ in 0..TOGETHER.min(policies - tally.policies) {
            let draft = Draft::random(&world, &mut dice, &mut tally.refusals);
            let text = draft.to_string();
            let (policy, _) = compile(&text, &world.catalogue).unwrap();
            tally.note(&policy);
            let now = database
                .enter(&world, &policy, &text)
                .unwrap_or_else(|error| panic!("COUNTERSIGN_RANDOM_SEED={seed}\n{text}\n{error}"));
            let bench = Bench {
                world: &world,
                policy: &policy,
                now,
            };
            for _ in 0..FILTERS {
                let table = dice.below(world.stages.len());
                let action = *dice.pick(&[Action::Select, Action::Update, Action::Delete]);
                let person = Person::random(world.person, &mut dice);
                let wrong = database.filters(&bench, table, action, &person, &mut tally);
                if let Some(words) = wrong {
                    panic!("COUNTERSIGN_RANDOM_SEED={seed}\n{text}\n{words}");
                }
            }
            for _ in 0..CELLS {
                let cell = Cell::random(&world, &policy, &mut dice);
                let expected = bench.expect(&cell);
                let observed = database.observe(&cell, &world);
                tally.cells += 1;
                tally.open += usize::from(expected.is_open());
                if !expected.fits(&cell, &policy, &world, &observed) {
                    let words = database.shrunk(&world, draft, &cell);
                    panic!("{tally:#?}\nCOUNTERSIGN_RANDOM_SEED={seed}\n{words}");
                }
                tally.operators.retain(|operator| {
                    let altered = mutants::with(*operator, || bench.expect(&cell));
                    altered.fits(&cell, &policy, &world, &observed)
                });
                if matches!(cell.act, Act::Through(_)) {
                    let gave = matches!(&observed, Outcome::Done(keys) if !keys.is_empty());
                    let counts = [true, observed == Outcome::Refused, gave];
                    for (count, one) in tally.through.iter_mut().zip(counts) {
                        *count += usize::from(one);
                    }
                }
                match observed {
                    Outcome::Refused => tally.refused += 1,
                    Outcome::Constraint => tally.constrained += 1,
                    _ if expected
                        .answers
                        .iter()
                        .any(|answer| matches!(answer, Decision::Applies(_))) =>
                    {
                        tally.applied += 1;
                    }
                    _ => tally.nothing += 1,
                }
            }
        }
    }
    tally
}

#[test]
fn policy_and_postgresql_are_equal() {
    let Ok(url) = std::env::var("COUNTERSIGN_PG_URL") else {
        eprintln!("skipped: COUNTERSIGN_PG_URL names no server; `cargo xtask test` starts one");
        return;
    };
    let seed = dice::seed("COUNTERSIGN_RANDOM_SEED");
    println!("COUNTERSIGN_RANDOM_SEED={seed}");
    let policies = dice::number("COUNTERSIGN_RANDOM_POLICIES", POLICIES);
    let mut tally = thread::scope(|scope| {
        // One after the other: they share the server's roles.
        let databases: Vec<Database> = (0..DATABASES)
            .map(|number| Database::create(&url, number))
            .collect();
        let databases: Vec<_> = databases
            .into_iter()
            .enumerate()
            .map(|(number, database)| {
                let some = policies / DATABASES + usize::from(number < policies % DATABASES);
                // The first has the seed's own policies, so that a run of fewer begins with them.
                let seed = seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                scope.spawn(move || agree(database, seed, some))
            })
            .collect();
        let mut all = Tally {
            operators: Mutant::ALL.to_vec(),
            ..Tally::default()
        };
        for database in databases {
            match database.join() {
                Ok(tally) => all.add(&tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    println!("{tally:#?}");
    let Tally {
        policies,
        cells,
        ref refusals,
        ..
    } = tally;
    assert!(refusals.accepted * 6 > refusals.drafts, "{refusals:#?}");
    // Every answer is common, or the policies have drifted away from the rows.
    for count in [tally.applied, tally.refused, tally.nothing] {
        assert!(count * 12 > cells, "{tally:#?}");
    }
    assert!(tally.guarded * 20 > policies, "{tally:#?}");
    // Whichever operator of the evaluator is altered, some statement shows it. These two need a row
    // that is just being retired, which is too rare to rely on.
    let rare = [Mutant::RetiredIsNotSeenAtOnce, Mutant::RetiringIsFree];
    tally.operators.retain(|operator| !rare.contains(operator));
    assert!(
        policies < POLICIES || tally.operators.is_empty(),
        "{:?}",
        tally.operators
    );
    let [through, refused, gave] = tally.through;
    assert!(
        through * 20 > cells && refused * 5 > through && gave * 5 > through,
        "{tally:#?}"
    );
    let kinds = [
        tally.teams,
        tally.sources,
        tally.copied,
        tally.texts,
        tally.tenantless,
    ];
    for count in kinds {
        assert!(count * 10 > policies, "{tally:#?}");
    }
}
