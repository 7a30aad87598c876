//! Whether the proof can be fooled: one thing is changed at a time, and the cells must notice.
//!
//! Three things are changed. The **database**: the generated policies, privileges, triggers and
//! functions, as PostgreSQL has read them; each change is made within the transaction that the
//! table's cells ran in, and only the statements that read the changed object run again, until one
//! disagrees. The **policy**: its compiled form, held against what the database did. And the
//! **evaluator**: its own operators, in the same way. What nothing notices is a survivor, unless
//! a rule that is checked here says why it means the same.

mod bare;
mod bounds;
mod condition;
mod database;
mod equivalent;
mod formula;
mod guard;
mod known;
mod objects;
mod policy;
mod printed;
mod redundancy;
mod replay;
mod report;
mod sample;
mod tokens;
mod truths;

use std::collections::BTreeMap;
use std::time::Instant;

use policy_core::Policy;
use policy_core::columns::ColumnSet;
use policy_core::model::TableIndex;
use policy_core::mutants::{self, Mutant};

use super::Mutate;
use super::bench::Bench;
use super::error::VerifyError;
use super::schema::{Relation, Schema, relation_of};
use super::session::Session;
use super::variant::Variant;
use database::Change;
use equivalent::Same;
use known::Context;
use objects::{Function, Objects};
use replay::{Outcome, Replay};
use sample::Sample;
use tokens::Names;

pub(super) use report::Kind;
pub use report::{Equivalent, MutantReport, MutationReport, Redundant, Tally};

/// What is changed during a verification, and what came of it.
pub(super) struct Mutation {
    started: Instant,
    sample: Sample,
    functions: Vec<Function>,
    /// What belongs to each table.
    objects: BTreeMap<TableIndex, Objects>,
    /// What no table has noticed yet: functions that several use, and the evaluator's operators.
    shared: Vec<Shared>,
    operators: Vec<Mutant>,
    operators_only: bool,
    /// Policies with other memberships, which any table may notice.
    memberships: Vec<Variant>,
    report: MutationReport,
}

/// A change that several tables may notice.
struct Shared {
    change: Change,
    /// The function's name.
    function: String,
    /// Why it means the same to all tables so far that run it.
    same: Option<Same>,
    /// Whether some table has run it.
    tried: bool,
}

impl Mutation {
    /// Lists what there is to change.
    pub(super) async fn plan(
        session: &Session,
        schema: &Schema,
        policy: &Policy,
        tables: &[TableIndex],
        mutate: Mutate,
        seed: u64,
    ) -> Result<Self, VerifyError> {
        let functions = objects::functions(session).await?;
        // An operator is altered for the whole policy, so all of it has to be there to notice.
        let whole = tables.len() == policy.tables.len();
        let mut all = BTreeMap::new();
        for index in (0..).take(policy.tables.len()) {
            if let Some(relation) = schema.get(relation_of(index)) {
                all.insert(index, Objects::read(session, &relation.qualified()).await?);
            }
        }
        let mut mutation = Self {
            started: Instant::now(),
            sample: Sample::all(),
            functions,
            objects: all,
            shared: Vec::new(),
            operators: Vec::new(),
            operators_only: mutate.operators_only,
            memberships: policy::memberships(policy),
            report: MutationReport::default(),
        };
        if mutate.operators_only {
            let all = Mutant::ALL.iter().copied();
            (mutation.operators, mutation.report.unused) = split(policy, tables, all);
            mutation.report.of = mutation.operators.len() as u64;
            mutation.memberships.clear();
            return Ok(mutation);
        }
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
                    same: None,
                    tried: false,
                }));
            }
        }
        let mut keys: Vec<u64> = Vec::new();
        keys.extend(
            shared
                .iter()
                .map(|s| sample::key(seed, Kind::Database, "", &s.change.object, &s.change.what)),
        );
        let operators = Mutant::ALL.iter().copied().filter(|_| whole);
        let used;
        (used, mutation.report.unused) = split(policy, tables, operators);
        keys.extend(
            used.iter()
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
            for variant in policy::mutants(policy, *index, generated(relation)) {
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
        mutation.sample = Sample::smallest(seed, keys, mutate.sample);
        let sample = &mutation.sample;
        shared.retain(|s| sample.takes(Kind::Database, "", &s.change.object, &s.change.what));
        mutation.operators = used
            .into_iter()
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
        self.evaluator(bench);
        if self.operators_only {
            return Ok(());
        }
        self.policies(bench).await?;
        self.memberships(bench);
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

    async fn policies(&mut self, bench: &Bench<'_>) -> Result<(), VerifyError> {
        let table = &bench.scene.table.name;
        let scene = &bench.scene;
        let generated = generated(scene.relation);
        for variant in policy::mutants(scene.policy, scene.index, generated) {
            if !self.sample.takes(Kind::Policy, table, "", &variant.what) {
                continue;
            }
            let mutant = MutantReport::of(Kind::Policy, table, "policy", &variant.what);
            if variant.caught(bench).is_some() {
                self.report.caught(&mutant);
                continue;
            }
            let same = match equivalent::of_policy(bench, &variant) {
                Some(same) => Some(same),
                None => self.generated(bench, &variant).await?,
            };
            match same {
                Some(same) => self.report.same(mutant, same),
                None => self.report.survived(mutant),
            }
        }
        Ok(())
    }

    /// Why the SQL of a changed policy means the same, as the database itself reads it.
    async fn generated(
        &self,
        bench: &Bench<'_>,
        variant: &Variant,
    ) -> Result<Option<Same>, VerifyError> {
        let scene = &bench.scene;
        let (session, relation) = (scene.session, scene.relation.qualified());
        let mut policy = variant.policy.clone();
        let top = policy.tenant.as_ref().map_or(0, |tenant| tenant.top());
        let Some(table) = policy.tables.get_mut(usize::from(scene.index)) else {
            return Ok(None);
        };
        table.guard = policy_core::pairing::guard(&table.rules, &table.grants, top);
        let (table, mut make) = (table.clone(), "rollback to savepoint scene; ".to_owned());
        make += &format!("drop trigger if exists {} on {relation}; ", known::GUARD);
        for old in self
            .objects
            .get(&scene.index)
            .into_iter()
            .flat_map(|o| &o.policies)
        {
            make += &format!(
                "drop policy {} on {relation}; ",
                crate::sql::name(&old.name)
            );
        }
        make += &crate::generate::access(&policy, &table);
        let same = match session.attempt(&make).await? {
            Err(_) => None,
            Ok(_) => {
                let after = Objects::read(session, &relation).await?;
                let functions = objects::functions(session).await?;
                let helpers = self.names(scene.policy, None).helpers;
                let context = Context::new(bench, &self.objects, &self.functions, helpers);
                equivalent::of_generated(&context, &after, &functions)
            }
        };
        let back = "rollback to savepoint scene";
        session.run("taking a change back", back).await?;
        Ok(same)
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
        let helpers = names.helpers.clone();
        let context = Context::new(bench, &self.objects, &self.functions, helpers);
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
                Outcome::Equivalent(same) => self.report.same(mutant, same),
                Outcome::Survived => self.report.survived(mutant),
            }
        }
        let mut open = Vec::new();
        for mut shared in std::mem::take(&mut self.shared) {
            if !objects.mention(&shared.function, &self.functions) {
                open.push(shared);
                continue;
            }
            let mutant = MutantReport::of_change("", &shared.change);
            let same = || equivalent::of_function(&context, &shared.function, &shared.change);
            match replay.run(&shared.change, same).await? {
                Outcome::Caught => self.report.caught(&mutant),
                Outcome::Invalid => self.report.invalid += 1,
                Outcome::Equivalent(same) => {
                    if !shared.tried {
                        shared.same = Some(same);
                    }
                    shared.tried = true;
                    open.push(shared);
                }
                Outcome::Survived
                    if !shared.tried
                        && bare::notices(
                            bench.scene.session,
                            &self.functions,
                            &shared.change.ddl,
                        )
                        .await? =>
                {
                    self.report.caught(&mutant);
                }
                Outcome::Survived => {
                    shared.same = None;
                    shared.tried = true;
                    open.push(shared);
                }
            }
        }
        self.shared = open;
        Ok(())
    }

    /// What is left when every table had its turn.
    pub(super) fn finish(mut self) -> MutationReport {
        for shared in std::mem::take(&mut self.shared) {
            let mutant = MutantReport::of_change("", &shared.change);
            match shared.same {
                Some(same) => self.report.same(mutant, same),
                None => self.report.survived(mutant),
            }
        }
        for variant in std::mem::take(&mut self.memberships) {
            let mutant = MutantReport::of(Kind::Policy, "", "policy", &variant.what);
            self.report.survived(mutant);
        }
        for operator in std::mem::take(&mut self.operators) {
            let name = format!("{operator:?}");
            let mutant = MutantReport::of(Kind::Evaluator, "", "operator", &name);
            self.report.survived(mutant);
        }
        self.report.seconds = self.started.elapsed().as_secs_f64();
        self.report.finish();
        self.report
    }
}

/// The columns that no statement can set.
fn generated(relation: &Relation) -> ColumnSet {
    let columns = (0..=u8::MAX).zip(&relation.columns);
    let generated = columns.filter(|(_, column)| column.generated);
    generated.map(|(index, _)| index).collect()
}

/// The operators that the tables use, and the names of the others.
fn split(
    policy: &Policy,
    tables: &[TableIndex],
    operators: impl Iterator<Item = Mutant>,
) -> (Vec<Mutant>, Vec<String>) {
    let (used, unused): (Vec<Mutant>, Vec<Mutant>) =
        operators.partition(|mutant| equivalent::uses(policy, tables, *mutant));
    let name = |mutant: &Mutant| format!("{mutant:?}");
    (used, unused.iter().map(name).collect())
}
