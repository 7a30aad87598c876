//! Whether the proof can be fooled: one thing is changed at a time, and the cells must notice.
//!
//! Three things are changed. The **database**: the generated policies, privileges, triggers and
//! functions, as PostgreSQL has read them; each change is made within the transaction that the
//! table's cells ran in, and only the statements that read the changed object run again, until one
//! disagrees. The **policy**: its compiled form, held against what the database did. And the
//! **evaluator**: its own operators, in the same way. What nothing notices is a survivor, unless
//! a rule that is checked here says why it means the same.

mod condition;
mod database;
mod equivalent;
mod formula;
mod objects;
mod policy;
mod redundancy;
mod replay;
mod report;
mod sample;
mod tokens;

use std::collections::BTreeMap;
use std::time::Instant;

use policy_core::Policy;
use policy_core::model::TableIndex;
use policy_core::mutants::{self, Mutant};

use super::bench::Bench;
use super::error::VerifyError;
use super::schema::{Schema, relation_of};
use super::session::Session;
use super::variant::Variant;
use database::Change;
use equivalent::Context;
use objects::{Function, Objects};
use replay::{Outcome, Replay};
use sample::Sample;
use tokens::Names;

pub(super) use report::Kind;
pub use report::{Equivalent, MutantReport, MutationReport, Tally};

/// What is changed during a verification, and what came of it.
pub(super) struct Mutation {
    started: Instant,
    sample: Sample,
    /// The tables whose cells run.
    tables: Vec<TableIndex>,
    functions: Vec<Function>,
    /// What belongs to each table.
    objects: BTreeMap<TableIndex, Objects>,
    /// What no table has noticed yet: functions that several use, and the evaluator's operators.
    shared: Vec<Shared>,
    operators: Vec<Mutant>,
    /// Policies with other memberships, which any table may notice.
    memberships: Vec<Variant>,
    report: MutationReport,
}

/// A change that several tables may notice.
struct Shared {
    change: Change,
    /// The function's name.
    function: String,
}

impl Mutation {
    /// Lists what there is to change.
    pub(super) async fn plan(
        session: &Session,
        schema: &Schema,
        policy: &Policy,
        tables: &[TableIndex],
        most: Option<usize>,
        seed: u64,
    ) -> Result<Self, VerifyError> {
        let functions = objects::functions(session).await?;
        let mut all = BTreeMap::new();
        for index in (0..).take(policy.tables.len()) {
            if let Some(relation) = schema.get(relation_of(index)) {
                all.insert(index, Objects::read(session, &relation.qualified()).await?);
            }
        }
        let mut mutation = Self {
            started: Instant::now(),
            sample: Sample::all(),
            tables: tables.to_owned(),
            functions,
            objects: all,
            shared: Vec::new(),
            operators: Vec::new(),
            memberships: policy::memberships(policy),
            report: MutationReport::default(),
        };
        let names = mutation.names(policy, None);
        let mut shared: Vec<Shared> = Vec::new();
        for function in &mutation.functions {
            // What belongs to one table is changed there.
            let used = |objects: &Objects| objects.mention(&function.name, &mutation.functions);
            let mut tried = mutation.objects.iter().filter(|(i, _)| tables.contains(i));
            if tried.any(|(_, objects)| used(objects)) {
                let changes = database::of_function(function, &names).into_iter();
                shared.extend(changes.map(|change| Shared {
                    change,
                    function: function.name.clone(),
                }));
            }
        }
        let mut keys: Vec<u64> = Vec::new();
        keys.extend(
            shared
                .iter()
                .map(|s| sample::key(seed, Kind::Database, "", &s.change.object, &s.change.what)),
        );
        keys.extend(
            Mutant::ALL
                .iter()
                .map(|m| sample::key(seed, Kind::Evaluator, "", "", &format!("{m:?}"))),
        );
        let key = |v: &Variant| sample::key(seed, Kind::Policy, "", "", &v.what);
        keys.extend(mutation.memberships.iter().map(key));
        for (index, objects) in mutation.objects.iter().filter(|(i, _)| tables.contains(i)) {
            let Some(table) = policy.table_at(*index) else {
                continue;
            };
            let Some(relation) = schema.get(relation_of(*index)) else {
                continue;
            };
            let names = mutation.names(policy, Some(&table.name));
            for change in database::changes(&relation.qualified(), objects, &names) {
                keys.push(sample::key(
                    seed,
                    Kind::Database,
                    &table.name,
                    &change.object,
                    &change.what,
                ));
            }
            for variant in policy::mutants(policy, usize::from(*index)) {
                keys.push(sample::key(
                    seed,
                    Kind::Policy,
                    &table.name,
                    "",
                    &variant.what,
                ));
            }
        }
        mutation.report.of = keys.len() as u64;
        mutation.sample = Sample::smallest(seed, keys, most);
        let sample = &mutation.sample;
        shared.retain(|s| sample.takes(Kind::Database, "", &s.change.object, &s.change.what));
        mutation.operators = Mutant::ALL
            .iter()
            .copied()
            .filter(|m| sample.takes(Kind::Evaluator, "", "", &format!("{m:?}")))
            .collect();
        mutation
            .memberships
            .retain(|v| sample.takes(Kind::Policy, "", "", &v.what));
        mutation.shared = shared;
        Ok(mutation)
    }

    fn names(&self, policy: &Policy, table: Option<&str>) -> Names {
        let roles = policy.tenant.iter().flat_map(|tenant| &tenant.roles);
        let helpers = roles.map(|role| crate::sql::fitting(&format!("{}_{role}", policy.app)));
        let table = table.map(|table| crate::sql::name(table).to_string());
        Names {
            helpers: helpers.collect(),
            table: table.unwrap_or_default(),
        }
    }

    /// Changes everything about one table whose cells have just run.
    pub(super) async fn table(
        &mut self,
        bench: &Bench<'_>,
        answers: &[countersign_wasm::batch::Answer],
    ) -> Result<(), VerifyError> {
        let started = Instant::now();
        let before = self.report.total();
        self.policies(bench);
        self.memberships(bench);
        self.evaluator(bench);
        self.database(bench, answers).await?;
        super::progress::note(&format!(
            "{}: {} mutants, {} survivors so far, {:.1} s",
            bench.scene.table.name,
            self.report.total() - before,
            self.report.survivors.len(),
            started.elapsed().as_secs_f64()
        ));
        Ok(())
    }

    fn policies(&mut self, bench: &Bench<'_>) {
        let table = &bench.scene.table.name;
        for variant in policy::mutants(bench.scene.policy, usize::from(bench.scene.index)) {
            if !self.sample.takes(Kind::Policy, table, "", &variant.what) {
                continue;
            }
            let mutant = MutantReport::of(Kind::Policy, table, "policy", &variant.what);
            if variant.caught(bench).is_some() {
                self.report.caught(&mutant);
            } else {
                match equivalent::of_policy(bench, &variant) {
                    Some(rule) => self.report.equivalent(mutant, rule),
                    None => self.report.survived(mutant),
                }
            }
        }
    }

    fn memberships(&mut self, bench: &Bench<'_>) {
        let report = &mut self.report;
        self.memberships.retain(|variant| {
            let caught = variant.caught(bench).is_some();
            if caught {
                report.caught(&MutantReport::of(Kind::Policy, "", "policy", &variant.what));
            }
            !caught
        });
    }

    fn evaluator(&mut self, bench: &Bench<'_>) {
        let same = Variant {
            what: String::new(),
            policy: bench.scene.policy.clone(),
            orphaned: None,
            ranks: false,
        };
        let report = &mut self.report;
        self.operators.retain(|mutant| {
            let caught = mutants::with(*mutant, || same.caught(bench)).is_some();
            if caught {
                let name = format!("{mutant:?}");
                report.caught(&MutantReport::of(Kind::Evaluator, "", "operator", &name));
            }
            !caught
        });
    }

    async fn database(
        &mut self,
        bench: &Bench<'_>,
        answers: &[countersign_wasm::batch::Answer],
    ) -> Result<(), VerifyError> {
        let table = bench.scene.table;
        let names = self.names(bench.scene.policy, Some(&table.name));
        let Some(objects) = self.objects.get(&bench.scene.index) else {
            return Ok(());
        };
        let relation = bench.scene.relation.qualified();
        let context = Context {
            bench,
            objects: &self.objects,
            helpers: names.helpers.clone(),
        };
        let mut replay = Replay::new(bench, answers, self.sample.seed);
        for change in database::changes(&relation, objects, &names) {
            if !self
                .sample
                .takes(Kind::Database, &table.name, &change.object, &change.what)
            {
                continue;
            }
            let mutant = MutantReport::of_change(&table.name, &change);
            let same = || equivalent::of_change(&context, &change);
            match replay.run(&change, same).await? {
                Outcome::Caught => self.report.caught(&mutant),
                Outcome::Invalid => self.report.invalid += 1,
                Outcome::Equivalent(rule) => self.report.equivalent(mutant, rule),
                Outcome::Survived => self.report.survived(mutant),
            }
        }
        let mut open = Vec::new();
        for shared in std::mem::take(&mut self.shared) {
            if !objects.mention(&shared.function, &self.functions) {
                open.push(shared);
                continue;
            }
            let mutant = MutantReport::of_change("", &shared.change);
            match replay.run(&shared.change, || None).await? {
                Outcome::Caught => self.report.caught(&mutant),
                Outcome::Invalid => self.report.invalid += 1,
                Outcome::Equivalent(_) | Outcome::Survived => open.push(shared),
            }
        }
        self.shared = open;
        Ok(())
    }

    /// What is left when every table had its turn.
    pub(super) fn finish(mut self, policy: &Policy) -> MutationReport {
        for shared in std::mem::take(&mut self.shared) {
            let mutant = MutantReport::of_change("", &shared.change);
            self.report.survived(mutant);
        }
        for variant in std::mem::take(&mut self.memberships) {
            let mutant = MutantReport::of(Kind::Policy, "", "policy", &variant.what);
            self.report.survived(mutant);
        }
        for operator in std::mem::take(&mut self.operators) {
            let name = format!("{operator:?}");
            let mutant = MutantReport::of(Kind::Evaluator, "", "operator", &name);
            match equivalent::of_operator(policy, &self.tables, operator) {
                Some(rule) => self.report.equivalent(mutant, rule),
                None => self.report.survived(mutant),
            }
        }
        self.report.seconds = self.started.elapsed().as_secs_f64();
        self.report.finish();
        self.report
    }
}
