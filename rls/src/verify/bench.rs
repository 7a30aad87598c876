//! Where a table's statements are lined up, decided in advance, and run.

mod columns;
mod existing;
mod fresh;
mod habits;
mod helpers;
mod keep;
mod plan;
mod random;
mod read;
mod residuals;

use std::collections::{BTreeMap, HashMap, HashSet};

use countersign_wasm::batch::{Act, Answer, Asker, Question, RowIndex};
use policy_core::columns::ColumnSet;
use policy_core::decide::CallerKind;
use policy_core::model::{Place, Privileges};

use super::error::VerifyError;
use super::ledger::{Ledger, Shape};
use super::residuals::Audit;
use super::scene::Scene;
use super::schema::relation_of;
use super::seed::{planting, quietly};
use super::session::Trial;
use super::sql;
use super::statement::Writer;
use super::world::{Row, World, value};
use habits::Habits;
use plan::Plan;

pub(super) use habits::Fault;

/// Why a statement is not tried on a database in use.
const UNFILTERED: &str =
    "an update or delete without a filter would reach live rows; its privileges were tried";
/// A filter that no row passes, so that only privileges matter.
const NOWHERE: &str = " where false";
/// Why a statement is not tried on a database in use.
const KEYLESS: &str = "a select that may not read the key, or reads no column, cannot be kept to the seeded rows; its privileges were tried";

/// A table's statements.
pub(super) struct Bench<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) ledger: Ledger,
    pub(super) habits: Habits,
    writer: Writer<'a>,
    plans: Vec<Plan>,
    /// The rows that are there during the current statements.
    world: World,
    /// The callers with their ranks in that world, and their numbers in the ledger.
    askers: Vec<(Asker, u32)>,
    /// The rows that callers met in that world, by their numbers in the ledger.
    known: HashMap<usize, HashMap<Row, RowIndex>>,
    /// Who was already refused a statement for want of a privilege: no row can change that.
    refused: HashSet<(usize, &'static str)>,
    /// For whom each column was already set alone, with which of them they may change.
    assigned: HashSet<(usize, Vec<bool>)>,
    /// The rows that cannot stand beside all others.
    alone: HashSet<Row>,
    /// What a database in use does not allow to be tried, by reason.
    pub(super) left_out: BTreeMap<&'static str, u64>,
    /// The rows that were there in each seeding.
    pub(super) worlds: Vec<World>,
    /// The callers' filters, held against what is observed.
    pub(super) audit: Audit,
}

impl<'a> Bench<'a> {
    pub(super) async fn new(scene: Scene<'a>) -> Result<Self, VerifyError> {
        let writer = Writer {
            relation: scene.relation,
        };
        let habits = Habits::watch(&scene, writer).await?;
        let mut bench = Self {
            ledger: Ledger::default(),
            world: scene.world.clone(),
            askers: Vec::new(),
            plans: Vec::new(),
            known: HashMap::new(),
            refused: HashSet::new(),
            assigned: HashSet::new(),
            alone: HashSet::new(),
            left_out: BTreeMap::new(),
            worlds: Vec::new(),
            audit: Audit::default(),
            scene,
            habits,
            writer,
        };
        bench.ledger.batch.now = bench.scene.now;
        // Who goes with the whole tenant need not be kept, unless the tenant's row says who they are.
        let mut sources = bench.scene.policy.tenant.iter().flat_map(|t| &t.members);
        bench.ledger.keeps = !matches!(bench.scene.table.place, Place::Root(_))
            || sources.any(|members| members.table == bench.scene.index);
        bench.plans = (0..bench.scene.people.len())
            .map(|caller| Plan::make(&bench, caller))
            .collect();
        Ok(bench)
    }

    /// Runs every statement of the table.
    pub(super) async fn run(&mut self, random: usize, seed: u64) -> Result<(), VerifyError> {
        self.list_memberships().await?;
        self.read_everything().await?;
        self.leave().await?;
        self.insert_everything().await?;
        let mut specimens = self.scene.specimens.clone();
        specimens.retain(|specimen| specimen.obstacle.is_none());
        for specimen in &specimens {
            self.meet(&specimen.row, specimen.owner).await?;
        }
        if let Some(row) = self.scene.foreign.clone() {
            self.meet(&row, None).await?;
        }
        self.wander(&specimens, random, seed).await
    }

    /// Puts rows in place, back at the scene.
    async fn plant(&mut self, rows: &[&Row]) -> Result<(), VerifyError> {
        let relation = relation_of(self.scene.index);
        let key = self.scene.relation.key();
        let mut world = self.scene.world.clone();
        let mut scripts = Vec::new();
        for row in rows {
            let replace = self.scene.replaces(row);
            scripts.push(planting(self.scene.relation, row, replace));
            world = world.with(relation, &key, row);
        }
        let mut script = "rollback to savepoint scene; ".to_owned();
        for part in &scripts {
            script.push_str(&quietly(part));
            script.push_str("; ");
        }
        script.push_str("savepoint cell");
        self.scene
            .session
            .run("seeding the rows under test", &script)
            .await?;
        self.enter(world, scripts);
        Ok(())
    }

    fn enter(&mut self, world: World, scripts: Vec<String>) {
        self.world = world;
        self.known.clear();
        self.ledger.seedings.push(scripts);
        self.worlds.push(self.world.clone());
        let facts = self.scene.facts(&self.world);
        let askers: Vec<Asker> = self
            .scene
            .people
            .iter()
            .map(|person| facts.asker(person))
            .collect();
        self.askers = askers
            .into_iter()
            .map(|asker| {
                let number = self.ledger.asker(&asker);
                (asker, number)
            })
            .collect();
    }

    /// Runs what is lined up.
    async fn flush(&mut self) -> Result<(), VerifyError> {
        let trials: Vec<Trial> = self
            .ledger
            .pending()
            .iter()
            .filter_map(|probe| {
                let person = self.scene.people.get(probe.caller)?;
                Some(person.attempts(probe.sql.clone()))
            })
            .collect();
        let observed = self.scene.session.observe_all(&trials).await?;
        let first = self.ledger.observed.len();
        self.ledger.observed.extend(observed);
        self.hold_filters(first).await
    }

    /// Whether a trigger writes a column of new rows.
    pub(super) fn writes_at_insert(&self, column: usize) -> bool {
        let mut written = self.habits.inserted.iter();
        written.any(|(of, _)| *of == column)
    }

    /// Which default fails for a caller.
    pub(super) fn fault(&self, caller: usize) -> Option<&Fault> {
        self.habits.faults.get(caller).and_then(Option::as_ref)
    }

    fn callers(&self, owner: Option<usize>) -> Vec<usize> {
        owner.map_or_else(
            || (0..self.scene.people.len()).collect(),
            |owner| vec![owner],
        )
    }

    fn privileges(&self, caller: usize) -> Privileges {
        let standing = self.scene.people.get(caller).map(|person| person.standing);
        standing.map_or_else(Privileges::default, |standing| {
            *CallerKind::from(standing).privileges(&self.scene.table.grants)
        })
    }

    /// A row as this caller meets it.
    fn row(&mut self, caller: usize, row: &Row) -> RowIndex {
        let Some((asker, _)) = self.askers.get(caller) else {
            return RowIndex::MAX;
        };
        if let Some(known) = self.known.get(&caller).and_then(|rows| rows.get(row)) {
            return *known;
        }
        let facts = self.scene.facts(&self.world);
        let index = self.ledger.row(facts.row(asker, self.scene.table, row));
        self.known
            .entry(caller)
            .or_default()
            .insert(row.clone(), index);
        index
    }

    fn question(&self, caller: usize, read: ColumnSet, written: ColumnSet, act: Act) -> Question {
        let number = self
            .askers
            .get(caller)
            .map_or(u32::MAX, |(_, number)| *number);
        Question {
            table: self.scene.index,
            caller: number,
            read,
            written,
            act,
        }
    }

    fn answer(&self, question: &Question) -> Answer {
        self.ledger.answer(self.scene.policy, question)
    }

    /// Lines up a statement. One that fails for want of a privilege does so whatever the row is,
    /// so each caller is refused each kind of statement once.
    fn pose(
        &mut self,
        caller: usize,
        kind: &'static str,
        sql: String,
        shape: Shape,
        questions: &[Question],
    ) {
        let denied = questions
            .first()
            .is_some_and(|question| matches!(self.answer(question), Answer::NotGranted(..)));
        if denied && !self.refused.insert((caller, kind)) {
            return;
        }
        if self.scene.session.is_in_place() && kind.ends_with(" blind") {
            self.leave_out(UNFILTERED);
            if let Some(question) = questions.first().filter(|_| self.once(caller, kind)) {
                self.pose_privilege(caller, sql, question);
            }
            return;
        }
        self.ledger.add(caller, sql, shape, questions);
    }

    fn once(&self, caller: usize, kind: &'static str) -> bool {
        let mut before = self.ledger.probes.iter();
        let word = kind.split(' ').next().unwrap_or(kind);
        !before.any(|probe| {
            probe.caller == caller && probe.sql.starts_with(word) && probe.sql.ends_with(NOWHERE)
        })
    }

    /// Tries a statement without a filter on no row at all: the database looks at the privileges
    /// all the same, and at nothing else.
    fn pose_privilege(&mut self, caller: usize, sql: String, question: &Question) {
        let refused = matches!(self.answer(question), Answer::NotGranted(..));
        let questions = if refused {
            std::slice::from_ref(question)
        } else {
            &[]
        };
        let sql = format!("{sql}{NOWHERE}");
        self.ledger.add(caller, sql, Shape::Count, questions);
    }

    fn leave_out(&mut self, reason: &'static str) {
        *self.left_out.entry(reason).or_default() += 1;
    }

    /// On a database in use, a filter that keeps the seeded rows only, and reads their key.
    fn own_rows(&self) -> Option<String> {
        if !self.scene.session.is_in_place() {
            return None;
        }
        let rows = self.present();
        let keys = self.scene.relation.key();
        let literals = |key: usize| -> Option<Vec<String>> {
            let texts = rows.iter().map(|row| value(row, key));
            texts
                .map(|text| text.map(|text| sql::literal(Some(text))))
                .collect()
        };
        // A list is what the planner is quickest with.
        if let [key] = keys.as_slice()
            && let Some(list) = literals(*key).filter(|list| !list.is_empty())
        {
            let column = self.writer.columns([*key]);
            return Some(format!("{column} in ({})", list.join(", ")));
        }
        let tests = rows.iter().map(|row| {
            let at = self.writer.at(row);
            format!("({})", at.trim_start_matches(" where "))
        });
        let tests: Vec<String> = tests.chain(["false".to_owned()]).collect();
        Some(format!("({})", tests.join(" or ")))
    }

    /// The columns that tell rows apart.
    fn key(&self) -> ColumnSet {
        self.scene
            .relation
            .key()
            .into_iter()
            .filter_map(|column| u8::try_from(column).ok())
            .collect()
    }

    /// The table's rows that are there.
    fn present(&self) -> Vec<Row> {
        self.world
            .of(relation_of(self.scene.index))
            .cloned()
            .collect()
    }
}
