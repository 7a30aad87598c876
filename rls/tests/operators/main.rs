//! Every operator on every type: what the evaluator makes of a condition is what PostgreSQL makes
//! of the SQL that is generated for it.
//!
//! Rows with values at the edges of their types stand in a table; each condition is compiled from
//! policy text, written as SQL by the generator, and stored in a view, as a policy would be. One
//! query then judges every row by many conditions, under the settings that a caller can choose.
//! The evaluator reads the same rows as PostgREST hands them out.
//!
//! `COUNTERSIGN_OPERATORS_SEED` gives another seed (`clock`: a new one), `COUNTERSIGN_OPERATORS_CONDITIONS` and
//! `COUNTERSIGN_OPERATORS_ROWS` make it longer.
#![cfg(test)]

mod condition;
#[path = "../support/dice.rs"]
mod dice;
mod sorts;

use condition::Written;
use countersign_rls::generate::{condition_sql, sections};
use dice::Dice;
use policy_core::catalogue::{Catalogue, Column, ColumnDefault, Relation, RelationKind};
use policy_core::columns::ColumnSet;
use policy_core::condition::{Condition, Scope};
use policy_core::model::Table;
use policy_core::truth::{Truth, Truths};
use policy_core::value::{Value, timestamp_text, uuid_from_text, value_from_text};
use policy_core::{Policy, compile};
use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use sorts::SORTS;

const CONDITIONS: usize = 1_800;
const ROWS: usize = 150;
/// How many conditions one view holds.
const TOGETHER: usize = 60;

/// What a caller can set for a session, or a client library does.
const SETTINGS: &[&str] = &[
    "",
    "set timezone = 'Pacific/Kiritimati'; set datestyle = 'SQL, DMY'; set intervalstyle = 'sql_standard'",
    "set timezone = 'America/New_York'; set datestyle = 'German'; set standard_conforming_strings = off",
    "set timezone = 'Europe/Amsterdam'; set datestyle = 'Postgres, MDY'; set backslash_quote = on",
    "set timezone = '<+03:15>-03:15'; set extra_float_digits = -15; set bytea_output = escape",
    "set timezone = 'Asia/Kolkata'; set datestyle = 'ISO, YMD'; set transform_null_equals = on",
];

const CALLER: &str = "a0000000-0000-4000-8000-000000000001";
const EMAIL: &str = "a%";

fn catalogue() -> Catalogue {
    let mut columns = vec![Column {
        name: "id".to_owned(),
        data_type: "integer".to_owned(),
        nullable: false,
        default: ColumnDefault::None,
        labels: Vec::new(),
        one_of: Vec::new(),
        collation: String::new(),
    }];
    for sort in SORTS {
        for at in 0..3 {
            columns.push(Column {
                name: sort.column(at),
                data_type: sort.types[at].to_owned(),
                nullable: at < 2,
                default: ColumnDefault::None,
                labels: sort.labels.iter().map(|&l| l.to_owned()).collect(),
                one_of: Vec::new(),
                collation: sort.collation().to_owned(),
            });
        }
    }
    Catalogue {
        schema: "ops".to_owned(),
        relations: vec![Relation {
            name: "t".to_owned(),
            kind: RelationKind::Table,
            columns,
            primary_key: vec!["id".to_owned()],
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
            other_indexes: Vec::new(),
            triggers: Vec::new(),
            security_invoker: false,
        }],
        functions: Vec::new(),
    }
}

/// A condition as the checker hands it on.
fn checked(catalogue: &Catalogue, condition: &str) -> Result<(Policy, Condition), String> {
    let text = format!(
        "app ops in schema ops; caller id uuid; on t {{ user: select where {condition}; }}"
    );
    let (mut policy, _) = compile(&text, catalogue).map_err(|findings| {
        let messages: Vec<String> = findings.iter().map(ToString::to_string).collect();
        messages.join("; ")
    })?;
    let condition = policy.tables[0].rules[0].condition.take().unwrap();
    Ok((policy, condition))
}

struct Bench {
    client: Client,
    catalogue: Catalogue,
    /// In policy order, as text.
    rows: Vec<Vec<Option<String>>>,
    now: i64,
    /// How many values could not be read.
    unread: usize,
}

impl Bench {
    fn set(mut client: Client, dice: &mut Dice, rows: usize) -> Self {
        let catalogue = catalogue();
        let (policy, _) = checked(
            &catalogue,
            "ref_x = caller.id or txt_x = caller.email or txt_x = caller.aal",
        )
        .map(|(mut policy, condition)| {
            policy.tables[0].rules[0].condition = Some(condition.clone());
            (policy, condition)
        })
        .unwrap();
        let callers = &sections(&policy, &catalogue, "")[0].body;
        let columns: Vec<String> = catalogue.relations[0]
            .columns
            .iter()
            .map(|column| {
                let collation = match column.collation.as_str() {
                    "" => String::new(),
                    name => format!(" collate \"{name}\""),
                };
                format!("{} {}{collation}", column.name, column.data_type)
            })
            .collect();
        let labels: Vec<String> = ["sad", "Ok", "it''s", "véry"]
            .map(|label| format!("'{label}'"))
            .into();
        client
            .batch_execute(&format!(
                "set client_min_messages = warning;
                 do $$ begin create role anon nologin; exception when duplicate_object or unique_violation then null; end $$;
                 do $$ begin create role authenticated nologin; exception when duplicate_object or unique_violation then null; end $$;
                 drop schema if exists ops cascade; create schema ops;
                 create type ops.mood as enum ({}); create type ops.pair as (a int, b int);
                 {callers}
                 create table ops.t ({});",
                labels.join(", "),
                columns.join(", ")
            ))
            .unwrap();
        let tuples: Vec<String> = (0..rows)
            .map(|id| {
                let values = SORTS
                    .iter()
                    .flat_map(|sort| (0..3).map(move |at| (sort, at)));
                let values: Vec<String> = values.map(|(sort, at)| sort.value(at, dice)).collect();
                format!("({id}, {})", values.join(", "))
            })
            .collect();
        client
            .batch_execute(&format!("insert into ops.t values {}", tuples.join(", ")))
            .unwrap();
        Self {
            client,
            catalogue,
            rows: Vec::new(),
            now: 0,
            unread: 0,
        }
    }

    /// Begins a transaction under some settings, and reads the rows as PostgREST writes them.
    fn begin(&mut self, settings: &str) {
        let claims = serde_json::json!({"sub": CALLER, "email": EMAIL}).to_string();
        self.client
            .batch_execute(&format!(
                "rollback; reset all; {settings}; set client_min_messages = warning; begin;
                 set local \"request.jwt.claims\" = '{claims}'"
            ))
            .unwrap();
        let query = "select (extract(epoch from now()) * 1000000)::bigint";
        self.now = self.texts(query)[0][0].as_ref().unwrap().parse().unwrap();
        let columns: Vec<String> = self.catalogue.relations[0]
            .columns
            .iter()
            .map(|column| format!("j ->> '{}'", column.name))
            .collect();
        self.rows = self.texts(&format!(
            "select {} from (select id, row_to_json(t) as j from ops.t) t order by id",
            columns.join(", ")
        ));
    }

    fn texts(&mut self, query: &str) -> Vec<Vec<Option<String>>> {
        let messages = self.client.simple_query(query);
        let messages = messages.unwrap_or_else(|error| panic!("{error:?}\n{query}"));
        messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|at| row.get(at).map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            })
            .collect()
    }

    /// What PostgreSQL makes of the conditions: a letter per row, for each.
    fn asked(&mut self, settings: &str, conditions: &[String]) -> Vec<String> {
        let columns: Vec<String> = conditions
            .iter()
            .enumerate()
            .map(|(at, sql)| format!("({sql}) as c{at}"))
            .collect();
        let letters: Vec<String> = (0..conditions.len())
            .map(|at| {
                format!(
                    "string_agg(case when c{at} then 'T' when not c{at} then 'F' else 'U' end, '' order by id)"
                )
            })
            .collect();
        // A view is read when it is made, like a policy, not in the caller's session. What the
        // settings were last is left in place: a function's body is read under whatever they are.
        self.client
            .batch_execute("rollback; set datestyle = default; drop view if exists ops.asked")
            .unwrap();
        self.client
            .batch_execute(&format!(
                "create view ops.asked as select id, {} from ops.t as t",
                columns.join(", ")
            ))
            .unwrap_or_else(|error| panic!("{error:?}\n{}", columns.join("\n")));
        self.begin(settings);
        let query = format!("select {} from ops.asked", letters.join(", "));
        self.texts(&query).remove(0).into_iter().flatten().collect()
    }

    fn evaluate(&mut self, table: &Table, condition: &Condition, row: usize) -> Truths {
        let texts = &self.rows[row];
        let read = condition.columns();
        let mut unread = 0;
        let values: Vec<Value<'_>> = table
            .columns
            .iter()
            .zip(texts)
            .enumerate()
            .map(|(at, (column, text))| match text {
                _ if !read.contains(u8::try_from(at).unwrap()) => Value::NotYetKnown,
                None if column.data_type == "jsonb" => Value::Present,
                None => Value::Null,
                Some(text) => value_from_text(column.kind, text).unwrap_or_else(|| {
                    assert!(
                        text.starts_with("29427") || text.starts_with("294247"),
                        "{} of type {} is not read",
                        text,
                        column.data_type
                    );
                    unread += 1;
                    Value::NotYetKnown
                }),
            })
            .collect();
        let scope = Scope {
            row: &values,
            not_null: table.not_null,
            caller_id: Value::Uuid(uuid_from_text(CALLER).unwrap()),
            caller_email: Value::Text(EMAIL),
            caller_aal: Value::Null,
            now: Value::Timestamp(self.now),
        };
        let truths = condition.evaluate(&scope);
        self.unread += unread;
        truths
    }

    /// The first row on which the two differ, with both answers.
    fn difference(
        &mut self,
        table: &Table,
        condition: &Condition,
        letters: &str,
    ) -> Option<(usize, char, Truths)> {
        let before = self.unread;
        for (row, letter) in letters.chars().enumerate() {
            self.unread = before;
            let truths = self.evaluate(table, condition, row);
            let exact = self.unread == before;
            let truth = match letter {
                'T' => Truth::True,
                'F' => Truth::False,
                _ => Truth::Unknown,
            };
            if !truths.contains(truth) || (exact && truths.single().is_none()) {
                return Some((row, letter, truths));
            }
        }
        None
    }

    /// Whether a condition is judged differently, and how.
    fn differs(&mut self, settings: &str, written: &Written) -> Option<String> {
        let (policy, condition) = checked(&self.catalogue, &written.to_string()).ok()?;
        let table = &policy.tables[0];
        let sql = condition_sql(&policy, &self.catalogue, table, &condition);
        let letters = self.asked(settings, std::slice::from_ref(&sql)).remove(0);
        let (row, letter, truths) = self.difference(table, &condition, &letters)?;
        let read: ColumnSet = condition.columns();
        let values: Vec<String> = read
            .iter()
            .map(|column| {
                format!(
                    "{} = {:?}",
                    table.column_name(column),
                    self.rows[row][usize::from(column)]
                )
            })
            .collect();
        Some(format!(
            "condition: {written}\nSQL: {sql}\nrow: {}\nnow: {}\nPostgreSQL: {letter}\nevaluator: {truths:?}\nsettings: {settings}",
            values.join(", "),
            timestamp_text(self.now)
        ))
    }

    /// The smallest condition found that is still judged differently.
    fn shrunk(&mut self, settings: &str, written: Written) -> String {
        let (mut written, mut words) = (written.clone(), self.differs(settings, &written));
        'smaller: loop {
            for candidate in written.smaller() {
                if let Some(found) = self.differs(settings, &candidate) {
                    (written, words) = (candidate, Some(found));
                    continue 'smaller;
                }
            }
            return words.unwrap_or_else(|| format!("it does not repeat: {written}"));
        }
    }
}

fn agree(url: &str, database: Option<&str>, conditions: usize, rows: usize) {
    let seed = dice::seed("COUNTERSIGN_OPERATORS_SEED");
    println!("COUNTERSIGN_OPERATORS_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut config: Config = url.parse().unwrap();
    if let Some(name) = database {
        config.dbname(name);
    }
    let mut bench = Bench::set(config.connect(NoTls).unwrap(), &mut dice, rows);
    let (mut refused, mut judged) = (0, 0);
    let mut counts = [0_usize; 3];
    for batch in 0..conditions.div_ceil(TOGETHER) {
        let settings = SETTINGS[batch % SETTINGS.len()];
        let mut all = Vec::new();
        while all.len() < TOGETHER {
            let written = Written::random(&mut dice, 2);
            match checked(&bench.catalogue, &written.to_string()) {
                Ok((policy, condition)) => all.push((written, policy, condition)),
                Err(_) => refused += 1,
            }
        }
        let sql: Vec<String> = all
            .iter()
            .map(|(_, policy, condition)| {
                condition_sql(policy, &bench.catalogue, &policy.tables[0], condition)
            })
            .collect();
        let letters = bench.asked(settings, &sql);
        for ((written, policy, condition), letters) in all.into_iter().zip(letters) {
            judged += letters.len();
            for (count, letter) in counts.iter_mut().zip(['T', 'F', 'U']) {
                *count += letters.matches(letter).count();
            }
            let difference = bench.difference(&policy.tables[0], &condition, &letters);
            if difference.is_some() {
                let words = bench.shrunk(settings, written);
                panic!("COUNTERSIGN_OPERATORS_SEED={seed}\n{words}");
            }
        }
    }
    println!("{judged} cases, {refused} conditions refused");
    // Each answer is common, or the rows and the literals have drifted apart.
    assert!(counts.iter().all(|count| count * 20 > judged), "{counts:?}");
    assert!(
        refused * 10 < conditions,
        "{refused} conditions are refused"
    );
}

/// A database of its own, dropped at the end.
struct Database {
    name: String,
    url: String,
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&self.url, NoTls) {
            let _ = client.batch_execute(&format!("drop database {} with (force)", self.name));
        }
    }
}

#[test]
fn postgresql_agrees() {
    let Ok(url) = std::env::var("COUNTERSIGN_PG_URL") else {
        eprintln!("skipped: COUNTERSIGN_PG_URL names no server; `cargo xtask test` starts one");
        return;
    };
    let name = format!("countersign_operators_{}", std::process::id());
    Client::connect(&url, NoTls)
        .unwrap()
        .batch_execute(&format!("create database {name}"))
        .unwrap();
    let database = Database { name, url };
    let conditions = dice::number("COUNTERSIGN_OPERATORS_CONDITIONS", CONDITIONS);
    let rows = dice::number("COUNTERSIGN_OPERATORS_ROWS", ROWS);
    agree(&database.url, Some(&database.name), conditions, rows);
}

/// PGlite's one session, which outlives every connection: left as it was found.
struct Session(String);

impl Drop for Session {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&self.0, NoTls) {
            let _ = client.batch_execute(
                "rollback; reset all; drop schema if exists ops, countersign cascade",
            );
        }
    }
}

/// Fewer, since a few sessions' worth of values is all that could differ: PGlite is PostgreSQL in
/// WebAssembly, with its own build of everything that reads and sorts.
#[test]
fn pglite_agrees() {
    let Ok(url) = std::env::var("COUNTERSIGN_PGLITE_URL") else {
        eprintln!("skipped: COUNTERSIGN_PGLITE_URL names no PGlite; `cargo xtask test` starts one");
        return;
    };
    let session = Session(url);
    let conditions = dice::number("COUNTERSIGN_OPERATORS_PGLITE_CONDITIONS", 400);
    agree(&session.0, None, conditions, 60);
}
