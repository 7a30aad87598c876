//! The filters of the callers who have just acted, asked of the rows that they met.

use std::collections::{BTreeMap, HashMap, HashSet};

use countersign_wasm::batch::{Act, RowIndex};
use policy_core::model::Action;

use super::super::error::VerifyError;
use super::super::ledger::{Probe, Shape};
use super::super::residuals::{Asked, Held, WrongFilter, hold};
use super::super::script::script;
use super::super::session::{Failure, Observed};
use super::super::world::Row;
use super::Bench;
use crate::residuals::ACTIONS;

/// That a caller reached a row, or did not.
struct Evidence {
    caller: usize,
    action: Action,
    /// The row's key.
    row: String,
    reached: bool,
    /// Which statement showed it.
    probe: usize,
}

/// The rows that each condition keeps, by key, or why it cannot be asked.
type Kept = HashMap<String, Result<HashSet<String>, String>>;

impl Bench<'_> {
    /// Holds filters against what was observed from this statement on, on the current rows.
    pub(super) async fn hold_filters(&mut self, first: usize) -> Result<(), VerifyError> {
        if !self.audit.is_counted() {
            for caller in 0..self.askers.len() {
                for action in ACTIONS {
                    if let Some(asked) = self.ask(caller, action) {
                        self.audit.count(&asked.residual);
                    }
                }
            }
        }
        let evidence = self.evidence(first);
        let mut filters: BTreeMap<(usize, Action), Asked> = BTreeMap::new();
        for one in &evidence {
            let who = (one.caller, one.action);
            if !filters.contains_key(&who)
                && let Some(asked) = self.ask(one.caller, one.action)
            {
                filters.insert(who, asked);
            }
        }
        let kept = self.kept(filters.values()).await?;
        for one in evidence {
            let who = (one.caller, one.action);
            let Some(asked) = filters.get(&who) else {
                continue;
            };
            let answer = match &asked.sql {
                Ok(sql) => kept.get(sql),
                Err(_) => None,
            };
            let (held, what) = match (answer, &asked.sql) {
                (Some(Ok(rows)), _) => {
                    let keeps = rows.contains(&one.row);
                    let what = if keeps {
                        "passes the filter, but the caller does not reach it"
                    } else {
                        "is reached by the caller, but the filter loses it"
                    };
                    let held = hold(&asked.residual, keeps, one.reached);
                    (held, what.to_owned())
                }
                (Some(Err(error)), _) | (None, Err(error)) => (Held::Wrong, error.clone()),
                (None, Ok(_)) => continue,
            };
            self.audit.note(who, &asked.residual, held);
            if held == Held::Wrong {
                self.write_out(&one, asked, what);
            }
        }
        Ok(())
    }

    fn ask(&mut self, caller: usize, action: Action) -> Option<Asked> {
        let (asker, number) = self.askers.get(caller)?;
        let (policy, table) = (self.scene.policy, self.scene.table);
        let asked = self
            .audit
            .asked
            .entry((*number, action))
            .or_insert_with(|| Asked::of(policy, table, action, asker));
        Some(asked.clone())
    }

    fn evidence(&self, first: usize) -> Vec<Evidence> {
        let mut all = Vec::new();
        let heard = self.ledger.probes.iter().zip(&self.ledger.observed);
        let names = self.names();
        for (position, (probe, observed)) in heard.enumerate().skip(first) {
            let Observed::Done { rows, keys } = observed else {
                continue;
            };
            let mut add = |action, row: &str, reached| {
                all.push(Evidence {
                    caller: probe.caller,
                    action,
                    row: row.to_owned(),
                    reached,
                    probe: position,
                });
            };
            if let Shape::Each(names) = &probe.shape {
                let keys: HashSet<&String> = keys.iter().collect();
                for name in names {
                    add(Action::Select, name, keys.contains(name));
                }
            } else if let Some((action, row)) = self.by_key(probe)
                && let Some(name) = names.get(&(probe.caller, row))
            {
                add(action, name, *rows > 0);
            }
        }
        all
    }

    /// The row that an update or delete names by its key. Without one a statement reads no
    /// column, and then what may be seen does not narrow what it reaches.
    fn by_key(&self, probe: &Probe) -> Option<(Action, RowIndex)> {
        let questions = self.ledger.batch.questions.get(probe.questions.clone())?;
        match questions {
            [one] if !one.read.is_empty() => match one.act {
                Act::Update(row, _) => Some((Action::Update, row)),
                Act::Delete(row) => Some((Action::Delete, row)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The keys of the rows as callers met them, of those that stand there before a statement: one
    /// that makes its own row, as a founder's does, can change the caller's ranks as well.
    fn names(&self) -> HashMap<(usize, RowIndex), String> {
        let present: HashSet<Row> = self.present().into_iter().collect();
        let met = self.known.iter().flat_map(|(caller, rows)| {
            let name =
                |(row, index): (&Row, &RowIndex)| ((*caller, *index), self.writer.identify(row));
            let standing = rows.iter().filter(|(row, _)| present.contains(*row));
            standing.map(name).collect::<Vec<_>>()
        });
        met.collect()
    }

    /// Asks, as the owner, which rows the conditions keep: all in one query, one by one if that
    /// fails.
    async fn kept(&self, filters: impl Iterator<Item = &Asked>) -> Result<Kept, VerifyError> {
        let mut conditions: Vec<&str> = filters
            .filter_map(|asked| asked.sql.as_deref().ok())
            .collect();
        conditions.sort_unstable();
        conditions.dedup();
        if conditions.is_empty() {
            return Ok(Kept::new());
        }
        if let Ok(kept) = self.keeps(&conditions).await? {
            return Ok(kept);
        }
        let mut all = Kept::new();
        for condition in conditions {
            match self.keeps(&[condition]).await? {
                Ok(kept) => all.extend(kept),
                Err(failure) => {
                    all.insert(condition.to_owned(), Err(failure.message));
                }
            }
        }
        Ok(all)
    }

    async fn keeps(&self, conditions: &[&str]) -> Result<Result<Kept, Failure>, VerifyError> {
        let tests: Vec<String> = conditions
            .iter()
            .map(|condition| format!("({condition}) is true"))
            .collect();
        let what = format!(
            "{}, array_to_string(array[{}], '')",
            self.writer.identity(),
            tests.join(", ")
        );
        let query = self.writer.select(&what, "");
        let query = format!("rollback to savepoint cell; {query}");
        let rows = match self.scene.session.attempt(&query).await? {
            Ok(rows) => rows,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut kept: Vec<HashSet<String>> = vec![HashSet::new(); conditions.len()];
        for row in rows {
            let [Some(name), Some(flags)] = row.as_slice() else {
                continue;
            };
            for (kept, flag) in kept.iter_mut().zip(flags.chars()) {
                if flag == 't' {
                    kept.insert(name.clone());
                }
            }
        }
        let named = conditions.iter().map(|&condition| condition.to_owned());
        Ok(Ok(named.zip(kept.into_iter().map(Ok)).collect()))
    }

    fn write_out(&mut self, one: &Evidence, asked: &Asked, what: String) {
        let scene = &self.scene;
        let (Some(person), Some(probe)) = (
            scene.people.get(one.caller),
            self.ledger.probes.get(one.probe),
        ) else {
            return;
        };
        let seeding = self.ledger.seedings.get(probe.seeding);
        self.audit.write(|| WrongFilter {
            table: scene.table.name.clone(),
            caller: person.label.clone(),
            action: one.action.word(),
            rows: asked.word(),
            filter: asked.filter.clone(),
            sql: asked.sql.clone().unwrap_or_default(),
            row: one.row.clone(),
            what,
            script: script(
                scene.schema,
                &scene.world,
                seeding.map_or(&[], Vec::as_slice),
                person,
                &probe.sql,
            ),
        });
    }
}
