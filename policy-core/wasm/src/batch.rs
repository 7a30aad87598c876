//! Many decisions in one exchange of bytes.
//!
//! The verifier encodes a [`Batch`], decides it natively, hands the bytes to the WebAssembly build,
//! and compares the two lists of [`Answer`]s with each other and with the database. Rows and callers
//! are written once and named by position, since thousands of questions share them.

mod values;

use policy_core::columns::ColumnSet;
use policy_core::decide::{
    CallerKind, Command, Conflict, Decision, Membership, Open, Privilege, Ranks, Reason, Row,
};
use policy_core::model::{Action, AttributeIndex, Policy, Rank, TableIndex};
use policy_core::{Caller, Statement, Value};
use serde::{Deserialize, Serialize};

pub use values::{Datum, Standing, View};

/// The position of a row in [`Batch::rows`].
pub type RowIndex = u32;

/// Questions about one database at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// `now()`, in microseconds since the Unix epoch.
    pub now: i64,
    /// Who asks.
    pub callers: Vec<Asker>,
    /// About which rows.
    pub rows: Vec<RowData>,
    /// What.
    pub questions: Vec<Question>,
}

/// A caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Asker {
    /// What kind of caller.
    pub standing: Standing,
    /// The token's subject.
    pub id: Datum,
    /// The token's e-mail.
    pub email: Datum,
    /// The token's authenticator assurance level.
    pub aal: Datum,
    /// The memberships.
    pub ranks: Vec<OwnedMembership>,
}

/// A [`Membership`] that can be written down.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwnedMembership {
    /// The tenant's key.
    pub tenant: Datum,
    /// The rank there.
    pub rank: Rank,
    /// What the membership says beside the role.
    pub attribute: Option<(AttributeIndex, Datum)>,
}

impl OwnedMembership {
    /// The membership as [`decide`](policy_core::decide()) takes it.
    #[must_use]
    pub fn membership(&self) -> Membership<'_> {
        Membership {
            tenant: self.tenant.value(),
            rank: self.rank,
            attribute: self
                .attribute
                .as_ref()
                .map(|(of, value)| (*of, value.value())),
        }
    }
}

/// A row with what is known about the rows it points to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RowData {
    /// The values in the table's column order.
    pub values: Vec<Datum>,
    /// The parents in the table's order.
    pub parents: Vec<View>,
    /// The peers.
    pub peers: View,
}

/// One statement on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Question {
    /// The table, by its position in the policy.
    pub table: TableIndex,
    /// The caller, by its position in the batch.
    pub caller: u32,
    /// The columns read.
    pub read: ColumnSet,
    /// The columns written.
    pub written: ColumnSet,
    /// What is done to which rows.
    pub act: Act,
}

/// What a statement does to which rows of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Act {
    /// `select`
    Select(RowIndex),
    /// `insert`, and whether a column is returned
    Insert(RowIndex, bool),
    /// `update`: the row before and after
    Update(RowIndex, RowIndex),
    /// `delete`
    Delete(RowIndex),
    /// `on conflict do update`: the proposed row; the existing row and what becomes of it
    Merge(RowIndex, Option<(RowIndex, RowIndex)>),
    /// `on conflict do nothing`: the proposed row; whether a column is read; whether there is a
    /// conflict
    Ignore(RowIndex, bool, Option<RowIndex>),
}

/// A [`Decision`] that can be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The question names a table, caller or row that is not there.
    Malformed,
    /// [`Decision::NotGranted`]
    NotGranted(u8, ColumnSet),
    /// [`Decision::Refused`]
    Refused(Why),
    /// [`Decision::Skipped`]
    Skipped(Why),
    /// [`Decision::Applies`]
    Applies(Why),
    /// [`Decision::Depends`]
    Depends {
        /// It can take effect.
        applies: bool,
        /// It can pass over the row.
        skipped: bool,
        /// It can fail.
        refused: bool,
    },
}

/// A [`Reason`] that can be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Why {
    /// [`Reason::Rule`]
    Rule(u16),
    /// [`Reason::Founder`]
    Founder,
    /// [`Reason::NoRule`]
    NoRule(Action),
    /// [`Reason::NoPair`]
    NoPair,
    /// [`Reason::Parent`]
    Parent(u16),
    /// [`Reason::Retired`]
    Retired,
    /// [`Reason::MayNotRetire`]
    MayNotRetire,
    /// [`Reason::Never`]
    Never(u16),
    /// [`Reason::Conflict`]
    Conflict,
    /// [`Reason::Unconditional`]
    Unconditional,
}

/// Why bytes are no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a batch of this version; build the verifier and the package together")]
pub struct Malformed;

impl Batch {
    /// Writes the batch down.
    ///
    /// # Errors
    /// Never for a batch that fits into memory.
    pub fn encode(&self) -> Result<Vec<u8>, Malformed> {
        postcard::to_allocvec(self).map_err(|_| Malformed)
    }

    /// Reads a batch.
    ///
    /// # Errors
    /// If the bytes are not exactly one batch.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        match postcard::take_from_bytes(bytes) {
            Ok((batch, [])) => Ok(batch),
            _ => Err(Malformed),
        }
    }

    /// Decides every question.
    #[must_use]
    pub fn decide(&self, policy: &Policy) -> Vec<Answer> {
        let rows: Vec<Borrowed<'_>> = self.rows.iter().map(Borrowed::of).collect();
        let ranks: Vec<_> = self.callers.iter().map(Asker::ranks).collect();
        let row = |index: RowIndex| rows.get(usize::try_from(index).ok()?).map(Borrowed::row);
        let answer = |question: &Question| {
            let position = usize::try_from(question.caller).ok()?;
            let caller = self.callers.get(position)?.caller(ranks.get(position)?);
            self.one(policy, &caller, question, row)
        };
        self.questions
            .iter()
            .map(|question| answer(question).unwrap_or(Answer::Malformed))
            .collect()
    }

    /// Decides one question about the batch's callers and rows, be it among its own or not.
    #[must_use]
    pub fn answer(&self, policy: &Policy, question: &Question) -> Answer {
        let position = usize::try_from(question.caller).ok();
        position
            .and_then(|position| self.callers.get(position))
            .map_or(Answer::Malformed, |asker| {
                self.answer_as(policy, question, asker)
            })
    }

    /// Decides one question as somebody else than it names.
    #[must_use]
    pub fn answer_as(&self, policy: &Policy, question: &Question, asker: &Asker) -> Answer {
        let indices = question.act.rows();
        let rows = indices.map(|index| {
            let row = self.rows.get(usize::try_from(index?).ok()?)?;
            Some((index?, Borrowed::of(row)))
        });
        let row = |wanted: RowIndex| {
            let found = rows.iter().flatten().find(|(index, _)| *index == wanted);
            found.map(|(_, row)| row.row())
        };
        let ranks = asker.ranks();
        self.one(policy, &asker.caller(&ranks), question, row)
            .unwrap_or(Answer::Malformed)
    }

    fn one<'a>(
        &self,
        policy: &Policy,
        caller: &Caller<'_>,
        question: &Question,
        row: impl Fn(RowIndex) -> Option<Row<'a>>,
    ) -> Option<Answer> {
        let statement = Statement {
            read: question.read,
            written: question.written,
            command: question.act.command(row)?,
        };
        let (table, now) = (policy.table_at(question.table)?, Value::Timestamp(self.now));
        Some(policy_core::decide(policy, table, caller, &statement, now).into())
    }
}

/// Writes answers down.
///
/// # Errors
/// Never for answers that fit into memory.
pub fn encode_answers(answers: &[Answer]) -> Result<Vec<u8>, Malformed> {
    postcard::to_allocvec(answers).map_err(|_| Malformed)
}

/// Reads answers.
///
/// # Errors
/// If the bytes are not exactly one list of answers.
pub fn decode_answers(bytes: &[u8]) -> Result<Vec<Answer>, Malformed> {
    match postcard::take_from_bytes(bytes) {
        Ok((answers, [])) => Ok(answers),
        _ => Err(Malformed),
    }
}

impl Asker {
    /// The memberships as [`Self::caller`] takes them.
    #[must_use]
    pub fn ranks(&self) -> Vec<Membership<'_>> {
        self.ranks.iter().map(OwnedMembership::membership).collect()
    }

    /// The caller as `decide` takes it.
    #[must_use]
    pub fn caller<'a>(&'a self, ranks: &'a [Membership<'a>]) -> Caller<'a> {
        Caller {
            kind: CallerKind::from(self.standing),
            id: self.id.value(),
            email: self.email.value(),
            aal: self.aal.value(),
            ranks: Ranks::Known(ranks),
        }
    }
}

impl Act {
    /// The rows it speaks of.
    #[must_use]
    pub fn rows(self) -> [Option<RowIndex>; 3] {
        match self {
            Self::Select(row) | Self::Delete(row) | Self::Insert(row, _) => [Some(row), None, None],
            Self::Update(old, new) => [Some(old), Some(new), None],
            Self::Merge(proposed, None) | Self::Ignore(proposed, _, None) => {
                [Some(proposed), None, None]
            }
            Self::Merge(proposed, Some((old, new))) => [Some(proposed), Some(old), Some(new)],
            Self::Ignore(proposed, _, Some(old)) => [Some(proposed), Some(old), None],
        }
    }

    fn command<'a>(self, row: impl Fn(RowIndex) -> Option<Row<'a>>) -> Option<Command<'a>> {
        Some(match self {
            Self::Select(index) => Command::Select(row(index)?),
            Self::Delete(index) => Command::Delete(row(index)?),
            Self::Insert(new, returning) => Command::Insert {
                new: row(new)?,
                returning,
            },
            Self::Update(old, new) => Command::Update {
                old: row(old)?,
                new: row(new)?,
            },
            Self::Merge(proposed, conflict) => Command::Merge {
                proposed: row(proposed)?,
                conflict: match conflict {
                    None => Conflict::None,
                    Some((old, new)) => Conflict::Row {
                        existing: row(old)?,
                        merged: row(new)?,
                    },
                },
            },
            Self::Ignore(proposed, returning, conflict) => Command::Ignore {
                proposed: row(proposed)?,
                returning,
                conflict: match conflict {
                    None => Conflict::None,
                    Some(old) => Conflict::Row {
                        existing: row(old)?,
                        merged: row(old)?,
                    },
                },
            },
        })
    }
}

/// A row's values as `decide` wants them.
struct Borrowed<'a> {
    values: Vec<Value<'a>>,
    parents: Vec<policy_core::decide::Sight>,
    peers: policy_core::decide::Sight,
}

impl<'a> Borrowed<'a> {
    fn of(row: &'a RowData) -> Self {
        Self {
            values: row.values.iter().map(Datum::value).collect(),
            parents: row.parents.iter().map(|view| (*view).into()).collect(),
            peers: row.peers.into(),
        }
    }

    fn row(&self) -> Row<'_> {
        Row {
            values: &self.values,
            parents: &self.parents,
            peers: self.peers,
        }
    }
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::NotGranted(privilege, columns) => Self::NotGranted(
                match privilege {
                    Privilege::Select => 0,
                    Privilege::Insert => 1,
                    Privilege::Update => 2,
                    Privilege::Delete => 3,
                },
                columns,
            ),
            Decision::Refused(reason) => Self::Refused(reason.into()),
            Decision::Skipped(reason) => Self::Skipped(reason.into()),
            Decision::Applies(reason) => Self::Applies(reason.into()),
            Decision::Depends(Open {
                applies,
                skipped,
                refused,
            }) => Self::Depends {
                applies,
                skipped,
                refused,
            },
        }
    }
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Rule(position) => Self::Rule(position),
            Reason::Founder => Self::Founder,
            Reason::NoRule(action) => Self::NoRule(action),
            Reason::NoPair => Self::NoPair,
            Reason::Parent(position) => Self::Parent(position),
            Reason::Retired => Self::Retired,
            Reason::MayNotRetire => Self::MayNotRetire,
            Reason::Never(position) => Self::Never(position),
            Reason::Conflict => Self::Conflict,
            Reason::Unconditional => Self::Unconditional,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_survives_its_encoding() {
        let row = RowData {
            values: vec![
                Datum::Uuid(u128::MAX),
                Datum::Null,
                Datum::Text("é".into()),
                Datum::Int(-1),
            ],
            parents: vec![View::Hidden],
            peers: View::NotYetKnown,
        };
        let asker = Asker {
            standing: Standing::Guest,
            id: Datum::Text("x".into()),
            email: Datum::Null,
            aal: Datum::NotYetKnown,
            ranks: vec![OwnedMembership {
                tenant: Datum::Uuid(1),
                rank: 4,
                attribute: Some((0, Datum::Null)),
            }],
        };
        let question = Question {
            table: 3,
            caller: 0,
            read: ColumnSet::first(2),
            written: ColumnSet::EMPTY.with(127),
            act: Act::Merge(0, Some((0, 0))),
        };
        let batch = Batch {
            now: -5,
            callers: vec![asker],
            rows: vec![row],
            questions: vec![question],
        };
        let bytes = batch.encode().unwrap();
        assert_eq!(Batch::decode(&bytes), Ok(batch));
        assert_eq!(Batch::decode(&bytes[1..]), Err(Malformed));
        let longer: Vec<u8> = bytes.into_iter().chain([0]).collect();
        assert_eq!(Batch::decode(&longer), Err(Malformed));
    }

    #[test]
    fn answers_survive_their_encoding() {
        let answers = [
            Answer::NotGranted(2, ColumnSet::EMPTY.with(5)),
            Answer::Refused(Why::Parent(1)),
            Answer::Depends {
                applies: true,
                skipped: false,
                refused: true,
            },
        ];
        let bytes = encode_answers(&answers).unwrap();
        assert_eq!(decode_answers(&bytes).unwrap(), answers);
    }

    #[test]
    fn a_question_about_nothing_is_malformed() {
        let catalogue = policy_core::Catalogue::default();
        let policy = policy_core::compile("app a in schema s; caller id uuid;", &catalogue)
            .unwrap()
            .0;
        let question = Question {
            table: 0,
            caller: 0,
            read: ColumnSet::EMPTY,
            written: ColumnSet::EMPTY,
            act: Act::Select(9),
        };
        let batch = Batch {
            questions: vec![question],
            ..Batch::default()
        };
        assert_eq!(batch.decide(&policy), [Answer::Malformed]);
        assert_eq!(batch.answer(&policy, &question), Answer::Malformed);
    }
}
