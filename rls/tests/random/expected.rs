//! What the evaluator expects, held against what was observed.

use policy_core::decide::Reason;
use policy_core::{Decision, Policy};

use crate::cell::{Act, Cell, Outcome, index};
use crate::world::World;

/// The evaluator's answers for the rows that a statement may touch.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) answers: Vec<Decision>,
    pub(crate) keys: Vec<String>,
    /// Whether the statement gives back keys that are known.
    pub(crate) rows: bool,
    /// Whether the proposed row lacks a value it needs, which shows before a conflict is looked for.
    pub(crate) incomplete: bool,
}

impl Expected {
    /// Whether some answer depends on what only the database can compare: values of types that
    /// the language does not read.
    pub(crate) fn is_open(&self) -> bool {
        let depends = |answer: &Decision| matches!(answer, Decision::Depends(_));
        self.answers.iter().any(depends)
    }

    /// Whether the open answers leave room for what was observed.
    fn allows(&self, observed: &Outcome) -> bool {
        let may_refuse = self.answers.iter().any(|answer| match answer {
            Decision::NotGranted(..) | Decision::Refused(_) => true,
            Decision::Depends(open) => open.refused,
            _ => false,
        });
        let must_refuse = self
            .answers
            .iter()
            .any(|a| matches!(a, Decision::NotGranted(..) | Decision::Refused(_)));
        let least = self
            .answers
            .iter()
            .filter(|a| matches!(a, Decision::Applies(_)));
        let most = self.answers.iter().filter(|answer| match answer {
            Decision::Applies(_) => true,
            Decision::Depends(open) => open.applies,
            _ => false,
        });
        let range = least.count() as u64..=most.count() as u64;
        match observed {
            Outcome::Refused => may_refuse,
            Outcome::Done(keys) => !must_refuse && range.contains(&(keys.len() as u64)),
            Outcome::Count(count) => !must_refuse && range.contains(count),
            Outcome::Constraint => !must_refuse,
            Outcome::Error(_) => false,
        }
    }

    /// Whether that is what was observed.
    pub(crate) fn fits(
        &self,
        cell: &Cell,
        policy: &Policy,
        world: &World,
        observed: &Outcome,
    ) -> bool {
        let refused = self
            .answers
            .iter()
            .find(|a| matches!(a, Decision::NotGranted(..) | Decision::Refused(_)));
        let applies = |answer: &Decision| matches!(answer, Decision::Applies(_));
        if self.is_open() {
            return self.allows(observed);
        }
        match observed {
            // A statement that reaches no row of ours may still name what it must not.
            Outcome::Refused => refused.is_some() || self.answers.is_empty(),
            Outcome::Constraint => match refused {
                None => self.answers.iter().any(applies) || matches!(cell.act, Act::Ignore(..)),
                Some(_) if self.answers.len() > 1 || self.incomplete => true,
                // A composite foreign key stands in for the test of a parent.
                Some(Decision::Refused(Reason::Parent(at))) => {
                    let table = &policy.tables[index(policy, world, cell.table)];
                    !table.parents[usize::from(*at)].tested
                }
                Some(_) => false,
            },
            Outcome::Done(keys) => {
                let mut wanted: Vec<&String> = self
                    .keys
                    .iter()
                    .zip(&self.answers)
                    .filter(|(_, a)| applies(a))
                    .map(|(key, _)| key)
                    .collect();
                let mut got: Vec<&String> = keys.iter().collect();
                wanted.sort();
                got.sort();
                refused.is_none()
                    && if self.rows {
                        wanted == got
                    } else {
                        wanted.len() == got.len()
                    }
            }
            Outcome::Count(count) => {
                refused.is_none()
                    && *count == self.answers.iter().filter(|a| applies(a)).count() as u64
            }
            Outcome::Error(_) => false,
        }
    }
}
