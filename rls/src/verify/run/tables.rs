//! One table: seeded, tried, judged, and rolled back.

use std::time::Instant;

use countersign_wasm::batch::{Answer, Batch, Question, RowIndex};
use policy_core::Value;
use policy_core::condition::Scope;
use policy_core::model::{Policy, Table, TableIndex};
use policy_core::truth::Truth;

use crate::verify::bench::Bench;
use crate::verify::error::VerifyError;
use crate::verify::evaluator::Evaluator;
use crate::verify::judge::{Decisive, Verdict, judge, words};
use crate::verify::ledger::{Probe, Shape};
use crate::verify::people::conditions;
use crate::verify::report::{Disagreement, Finding, Impossible, Report, TableReport};
use crate::verify::scene::Scene;
use crate::verify::schema::Schema;
use crate::verify::script::script;
use crate::verify::session::{Observed, Session};

/// The most disagreements of one table that are written out; the rest is counted.
const WRITTEN_OUT: u64 = 100;

/// Which table, and where.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) session: &'a Session,
    pub(super) schema: &'a Schema,
    pub(super) policy: &'a Policy,
    pub(super) index: TableIndex,
}

/// Verifies one table and adds to the report what was found.
pub(super) async fn verify(
    place: Place<'_>,
    evaluator: &mut Evaluator,
    random: usize,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let started = Instant::now();
    let Place {
        session,
        schema,
        policy,
        index,
    } = place;
    let Some(scene) = Scene::set(session, schema, policy, index).await? else {
        return Ok(());
    };
    let mut bench = Bench::new(scene).await?;
    bench.run(random, report.seed).await?;
    session.run("rolling back", "rollback").await?;
    let native = bench.ledger.batch.decide(policy);
    let wasm = evaluator.decide(&bench.ledger.batch).await?;
    let mut court = Court::new(&bench, schema, &native, &wasm);
    for (probe, observed) in bench.ledger.probes.iter().zip(&bench.ledger.observed) {
        court.hear(probe, observed);
    }
    let mut done = court.done;
    done.seconds = started.elapsed().as_secs_f64();
    done.rows = bench
        .scene
        .specimens
        .iter()
        .filter(|s| s.obstacle.is_none())
        .count() as u64;
    report.disagreements.extend(court.disagreements);
    report
        .findings
        .extend(vacuous(bench.scene.table, &court.decisive, &done));
    for impossible in bench.scene.impossible.iter().chain(&court.impossible) {
        let Impossible {
            table,
            what,
            constraint,
            cells,
        } = impossible.clone();
        report.impossible.count += cells;
        Impossible::note(&mut report.impossible.list, table, what, constraint, cells);
    }
    report.cells += done.cells;
    report.allowed += done.allowed;
    report.denied += done.denied;
    report.unknown += done.unknown;
    report.per_table.push(done);
    Ok(())
}

struct Court<'a> {
    bench: &'a Bench<'a>,
    schema: &'a Schema,
    native: &'a [Answer],
    wasm: &'a [Answer],
    decisive: Decisive,
    done: TableReport,
    disagreements: Vec<Disagreement>,
    impossible: Vec<Impossible>,
}

impl<'a> Court<'a> {
    fn new(
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
        };
        let (disagreements, impossible) = (Vec::new(), Vec::new());
        Self {
            bench,
            schema,
            native,
            wasm,
            decisive: Decisive::default(),
            done,
            disagreements,
            impossible,
        }
    }

    fn hear(&mut self, probe: &Probe, observed: &Observed) {
        let table = self.bench.scene.table;
        let native = self.native.get(probe.questions.clone()).unwrap_or_default();
        let wasm = self.wasm.get(probe.questions.clone()).unwrap_or_default();
        let fault = self
            .bench
            .habits
            .faults
            .get(probe.caller)
            .and_then(Option::as_ref);
        let verdict = judge(table, probe, native, observed, fault);
        // A statement that tells its rows apart is a cell for each.
        let cells = if matches!(probe.shape, Shape::Each(_)) {
            native.len() as u64
        } else {
            1
        };
        self.done.cells += cells;
        if native != wasm || verdict == Verdict::Differs {
            self.done.disagreements += 1;
            self.write_out(probe, native, wasm, observed);
            return;
        }
        if let Verdict::Impossible(constraint) = verdict {
            self.done.impossible += cells;
            let what = probe.sql.split(' ').next().unwrap_or_default().to_owned();
            let name = table.name.clone();
            Impossible::note(&mut self.impossible, name, what, constraint, cells);
            return;
        }
        let taken = |answer: &&Answer| matches!(answer, Answer::Applies(_));
        let allowed = match probe.shape {
            Shape::Each(_) => native.iter().filter(taken).count() as u64,
            Shape::Count => u64::from(native.iter().any(|answer| taken(&answer))),
        };
        self.done.allowed += allowed;
        self.done.denied += cells - allowed;
        let batch = &self.bench.ledger.batch;
        let questions = batch
            .questions
            .get(probe.questions.clone())
            .unwrap_or_default();
        for (question, answer) in questions.iter().zip(native) {
            self.decisive.note(question.act, *answer);
        }
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

fn all_words(table: &Table, probe: &Probe, answers: &[Answer]) -> String {
    let name = |position: usize| match &probe.shape {
        Shape::Each(names) => names
            .get(position)
            .map(|name| format!("{name} "))
            .unwrap_or_default(),
        Shape::Count => String::new(),
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
        (Observed::Done { rows, keys }, Shape::Each(_)) => {
            format!("{rows} rows: {}", keys.join(", "))
        }
        (Observed::Done { rows, .. }, Shape::Count) => format!("{rows} rows"),
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

/// A proof in which something never mattered proves nothing about it.
fn vacuous(table: &Table, decisive: &Decisive, done: &TableReport) -> Vec<Finding> {
    let finding = |code, message| Finding {
        code,
        table: table.name.clone(),
        message,
    };
    let mut findings = Vec::new();
    for part in decisive.idle(table) {
        let message = format!(
            "{part} decided no cell; it is covered by another rule, or no row can reach it"
        );
        findings.push(finding("never-decisive", message));
    }
    if !table.rules.is_empty() && done.allowed == 0 {
        findings.push(finding(
            "all-denied",
            "the policy grants something, but no cell was allowed".to_owned(),
        ));
    }
    if table.rules.is_empty() && done.allowed > 0 {
        findings.push(finding(
            "all-open",
            "the policy grants nothing, but cells were allowed".to_owned(),
        ));
    }
    if done.denied == 0 {
        findings.push(finding("all-allowed", "no cell was denied".to_owned()));
    }
    if done.disagreements > WRITTEN_OUT {
        let message = format!(
            "{} statements disagree; {WRITTEN_OUT} are written out",
            done.disagreements
        );
        findings.push(finding("more-disagreements", message));
    }
    findings
}
