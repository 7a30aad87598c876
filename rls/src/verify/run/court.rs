//! One table's statements, judged and counted.

use std::collections::BTreeMap;

use countersign_wasm::batch::{Act, Answer, Batch, Question, RowIndex};
use policy_core::Value;
use policy_core::condition::Scope;
use policy_core::model::Table;
use policy_core::truth::Truth;

use crate::verify::bench::Bench;
use crate::verify::judge::{Verdict, judge, words};
use crate::verify::ledger::{Probe, Shape};
use crate::verify::people::conditions;
use crate::verify::report::{Disagreement, Impossible, TableReport};
use crate::verify::schema::Schema;
use crate::verify::script::script;
use crate::verify::session::Observed;

/// The most disagreements of one table that are written out; the rest is counted.
pub(super) const WRITTEN_OUT: u64 = 100;

/// What was observed and decided about a table, held against each other statement by statement.
pub(super) struct Court<'a> {
    bench: &'a Bench<'a>,
    schema: &'a Schema,
    native: &'a [Answer],
    wasm: &'a [Answer],
    pub(super) done: TableReport,
    pub(super) disagreements: Vec<Disagreement>,
    pub(super) impossible: Vec<Impossible>,
}

impl<'a> Court<'a> {
    pub(super) fn new(
        bench: &'a Bench<'a>,
        schema: &'a Schema,
        native: &'a [Answer],
        wasm: &'a [Answer],
    ) -> Self {
        let done = TableReport {
            table: bench.scene.table.name.clone(),
            cells: 0,
            allowed: 0,
            denied: 0,
            unknown: 0,
            impossible: 0,
            disagreements: 0,
            rows: 0,
            seconds: 0.0,
            kinds: BTreeMap::new(),
        };
        let (disagreements, impossible) = (Vec::new(), Vec::new());
        Self {
            bench,
            schema,
            native,
            wasm,
            done,
            disagreements,
            impossible,
        }
    }

    pub(super) fn hear(&mut self, probe: &Probe, observed: &Observed) {
        let table = self.bench.scene.table;
        let native = self.native.get(probe.questions.clone()).unwrap_or_default();
        let wasm = self.wasm.get(probe.questions.clone()).unwrap_or_default();
        let fault = self.bench.fault(probe.caller);
        let verdict = judge(table, probe, native, observed, fault);
        // A statement that tells its rows apart is a cell for each.
        let cells = if matches!(probe.shape, Shape::Each(_)) {
            native.len() as u64
        } else {
            1
        };
        self.done.cells += cells;
        let batch = &self.bench.ledger.batch;
        let questions = batch
            .questions
            .get(probe.questions.clone())
            .unwrap_or_default();
        let command = questions
            .first()
            .map_or_else(|| without_rows(&probe.shape), |q| command(q.act));
        let kind = self.done.kinds.entry(command).or_default();
        kind.cells += cells;
        if native != wasm || verdict == Verdict::Differs {
            self.done.disagreements += 1;
            self.write_out(probe, native, wasm, observed);
            return;
        }
        if let Verdict::Impossible(constraint) = verdict {
            self.done.impossible += cells;
            kind.impossible += cells;
            let what = probe.sql.split(' ').next().unwrap_or_default().to_owned();
            self.impossible.push(Impossible {
                table: table.name.clone(),
                kind: self.bench.scene.relation.kind_of(&constraint),
                what,
                constraint,
                cells,
            });
            return;
        }
        let taken = |answer: &&Answer| matches!(answer, Answer::Applies(_));
        let allowed = match probe.shape {
            Shape::Each(_) => native.iter().filter(taken).count() as u64,
            Shape::Leaves(true) | Shape::Kept(true) => 0,
            Shape::Kept(false) | Shape::Listed(_) => 1,
            Shape::Count | Shape::Leaves(false) => {
                u64::from(native.iter().any(|answer| taken(&answer)))
            }
        };
        self.done.allowed += allowed;
        self.done.denied += cells - allowed;
        kind.allowed += allowed;
        kind.denied += cells - allowed;
        let open = questions
            .iter()
            .filter(|question| has_unknown(table, batch, question))
            .count() as u64;
        self.done.unknown += open.min(cells);
    }

    fn write_out(
        &mut self,
        probe: &Probe,
        native: &[Answer],
        wasm: &[Answer],
        observed: &Observed,
    ) {
        if self.done.disagreements > WRITTEN_OUT {
            return;
        }
        let scene = &self.bench.scene;
        let Some(person) = scene.people.get(probe.caller) else {
            return;
        };
        let seeding = self
            .bench
            .ledger
            .seedings
            .get(probe.seeding)
            .map(Vec::as_slice);
        self.disagreements.push(Disagreement {
            table: scene.table.name.clone(),
            caller: person.label.clone(),
            statement: probe.sql.clone(),
            native: all_words(scene.table, probe, native),
            wasm: all_words(scene.table, probe, wasm),
            database: database(probe, observed),
            script: script(
                self.schema,
                &scene.world,
                seeding.unwrap_or_default(),
                person,
                &probe.sql,
            ),
        });
    }
}

/// The command that a question is about, as the report counts it.
fn command(act: Act) -> &'static str {
    match act {
        Act::Select(_) => "select",
        Act::Insert(..) => "insert",
        Act::Update(..) => "update",
        Act::Delete(_) => "delete",
        Act::Merge(..) => "upsert",
        Act::Ignore(..) => "insert or nothing",
    }
}

/// What a statement does that is about no row of the table.
fn without_rows(shape: &Shape) -> &'static str {
    match shape {
        Shape::Listed(_) => "helpers",
        _ => "nothing",
    }
}

fn all_words(table: &Table, probe: &Probe, answers: &[Answer]) -> String {
    if let Shape::Listed(names) = &probe.shape {
        return names.join(", ");
    }
    let name = |position: usize| match &probe.shape {
        Shape::Each(names) => names
            .get(position)
            .map(|name| format!("{name} "))
            .unwrap_or_default(),
        _ => String::new(),
    };
    let mut all: Vec<String> = answers
        .iter()
        .enumerate()
        .map(|(position, answer)| format!("{}{}", name(position), words(table, *answer)))
        .collect();
    all.dedup();
    all.join("; ")
}

fn database(probe: &Probe, observed: &Observed) -> String {
    match (observed, &probe.shape) {
        (Observed::Failed(failure), _) => failure.message.clone(),
        (Observed::Done { rows, keys }, Shape::Each(_) | Shape::Listed(_)) => {
            format!("{rows} rows: {}", keys.join(", "))
        }
        (Observed::Done { rows, .. }, _) => format!("{rows} rows"),
    }
}

/// Whether a NULL leaves some condition of the table open on a row of the question.
fn has_unknown(table: &Table, batch: &Batch, question: &Question) -> bool {
    let caller = usize::try_from(question.caller)
        .ok()
        .and_then(|at| batch.callers.get(at));
    let Some(caller) = caller else { return false };
    let unknown = |index: RowIndex| {
        let Some(row) = usize::try_from(index)
            .ok()
            .and_then(|at| batch.rows.get(at))
        else {
            return false;
        };
        let values: Vec<Value<'_>> = row.values.iter().map(|datum| datum.value()).collect();
        let scope = Scope {
            row: &values,
            not_null: table.not_null,
            caller_id: caller.id.value(),
            caller_email: caller.email.value(),
            caller_aal: caller.aal.value(),
            now: Value::Timestamp(batch.now),
        };
        conditions(table).any(|c| c.evaluate(&scope).single() == Some(Truth::Unknown))
    };
    question.act.rows().into_iter().flatten().any(unknown)
}
