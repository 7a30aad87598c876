//! The decisions on what a request touches.

use policy_core::decide::{Command, Conflict, Decision, Row, decide_function, decide_view};
use policy_core::explain::explain;
use policy_core::model::{Function, Policy, Subject, Table};
use policy_core::{Caller, ColumnSet, Statement, Value, decide};

use super::payload::{Payload, value};
use super::prefer::Resolution;
use super::refusal::Refusal;
use super::touched::{Node, Source};

/// The database's clock: there is one, and what it shows is not known here.
const NOW: Value<'static> = Value::Present;

/// Decides for one caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'a> {
    pub(super) policy: &'a Policy,
    pub(super) caller: &'a Caller<'a>,
    /// Whether a read that no row can come of is refused.
    pub(super) strict_reads: bool,
}

/// An insert, with what it does about existing rows.
#[derive(Debug)]
pub(super) struct Insert<'a> {
    pub(super) payload: &'a Payload,
    /// The columns that tell an existing row, and what happens then.
    pub(super) conflict: Option<(ColumnSet, Resolution)>,
    /// Whether columns that a row lacks take their defaults; else they become NULL.
    pub(super) missing_default: bool,
    pub(super) returning: bool,
}

impl Judge<'_> {
    /// Reads of a resource and of everything embedded in it; the reason why it is empty, if the
    /// policy makes it so whatever the rows are.
    pub(super) fn read(&self, node: &Node<'_>) -> Result<Option<String>, Refusal> {
        let own = match node.source {
            Source::Table(table) => {
                self.select(table, node.returned.union(node.used), &node.known)?
            }
            Source::View(view) => match decide_view(view, self.caller) {
                Decision::NotGranted(..) => {
                    return Err(self.closed("read", &view.name, &view.subjects));
                }
                Decision::Skipped(_) => {
                    self.empty(self.closed("read", &view.name, &view.subjects))?
                }
                _ => None,
            },
            Source::Result { .. } => None,
        };
        let embedded = self.read_embedded(node)?;
        Ok(own.or(embedded))
    }

    /// Reads of what is embedded in a resource.
    pub(super) fn read_embedded(&self, node: &Node<'_>) -> Result<Option<String>, Refusal> {
        let mut reason = None;
        for (table, columns) in &node.between {
            reason = reason.or(self.select(table, *columns, &[])?);
        }
        for child in &node.embedded {
            reason = reason.or(self.read(child)?);
        }
        Ok(reason)
    }

    fn select(
        &self,
        table: &Table,
        read: ColumnSet,
        known: &[Value<'_>],
    ) -> Result<Option<String>, Refusal> {
        let command = Command::Select(Row {
            values: known,
            ..Row::UNKNOWN
        });
        let statement = Statement {
            read,
            written: ColumnSet::EMPTY,
            command,
        };
        let decision = self.decide(table, &statement);
        let possible = self.possible(table, &statement, &decision);
        match (possible, decision) {
            (Err(refusal), Decision::Skipped(_)) => self.empty(refusal),
            (possible, _) => possible.map(|()| None),
        }
    }

    /// What becomes of a read that no row can come of.
    fn empty(&self, refusal: Refusal) -> Result<Option<String>, Refusal> {
        if self.strict_reads {
            Err(refusal)
        } else {
            Ok(Some(refusal.message))
        }
    }

    pub(super) fn insert(
        &self,
        table: &Table,
        read: ColumnSet,
        insert: &Insert<'_>,
    ) -> Result<(), Refusal> {
        let Payload { columns, rows } = insert.payload;
        let written = written(table, insert.payload)?;
        let read = insert
            .conflict
            .map_or(read, |(target, _)| read.union(target));
        if rows.is_empty() {
            // Nothing is inserted, but the database looks at the privileges all the same.
            let command = insert.command(&[]);
            let statement = Statement {
                read,
                written,
                command,
            };
            let decision = self.decide(table, &statement);
            return match decision {
                Decision::NotGranted(..) => self.possible(table, &statement, &decision),
                _ => Ok(()),
            };
        }
        for (position, row) in rows.iter().enumerate() {
            let mut values = unknown(table);
            for (slot, column) in values.iter_mut().zip(&table.columns) {
                *slot = match row.get(&column.name) {
                    _ if !columns.contains(&column.name) => continue,
                    Some(given) => value(column, given),
                    None if insert.missing_default => continue,
                    None => Value::Null,
                };
            }
            let statement = Statement {
                read,
                written,
                command: insert.command(&values),
            };
            self.write(table, &statement).map_err(|refusal| {
                if rows.len() > 1 {
                    refusal.of_row(position)
                } else {
                    refusal
                }
            })?;
        }
        Ok(())
    }

    pub(super) fn update(
        &self,
        table: &Table,
        read: ColumnSet,
        old: &[Value<'_>],
        payload: &Payload,
    ) -> Result<(), Refusal> {
        let written = written(table, payload)?;
        let row = payload.rows.first();
        let fixed = table
            .place
            .tenant_column()
            .into_iter()
            .chain(table.fixed.iter());
        let fixed: ColumnSet = fixed.collect();
        let mut new = unknown(table);
        for (position, (slot, column)) in new.iter_mut().zip(&table.columns).enumerate() {
            let index = u8::try_from(position).unwrap_or(u8::MAX);
            if written.contains(index) {
                *slot = row
                    .and_then(|row| row.get(&column.name))
                    .map_or(Value::NotYetKnown, |given| value(column, given));
            } else if fixed.contains(index) {
                // Other columns may be changed by a trigger.
                *slot = old.get(position).copied().unwrap_or(Value::NotYetKnown);
            }
        }
        let command = Command::Update {
            old: Row {
                values: old,
                ..Row::UNKNOWN
            },
            new: Row {
                values: &new,
                ..Row::UNKNOWN
            },
        };
        self.write(
            table,
            &Statement {
                read,
                written,
                command,
            },
        )
    }

    pub(super) fn delete(
        &self,
        table: &Table,
        read: ColumnSet,
        old: &[Value<'_>],
    ) -> Result<(), Refusal> {
        let command = Command::Delete(Row {
            values: old,
            ..Row::UNKNOWN
        });
        self.write(
            table,
            &Statement {
                read,
                written: ColumnSet::EMPTY,
                command,
            },
        )
    }

    /// One of the functions with the called name, if any of them can be meant.
    pub(super) fn execute(&self, candidates: &[&Function]) -> Result<(), Refusal> {
        let is_open = |function: &&Function| {
            let decision = decide_function(function, self.caller);
            !matches!(decision, Decision::NotGranted(..) | Decision::Skipped(_))
        };
        match candidates {
            [first, ..] if !candidates.iter().any(is_open) => {
                Err(self.closed("execute", &first.name, &first.subjects))
            }
            _ => Ok(()),
        }
    }

    /// A statement that must be able to take effect.
    fn write(&self, table: &Table, statement: &Statement<'_>) -> Result<(), Refusal> {
        let decision = self.decide(table, statement);
        self.possible(table, statement, &decision)
    }

    fn decide(&self, table: &Table, statement: &Statement<'_>) -> Decision {
        decide(self.policy, table, self.caller, statement, NOW)
    }

    /// A refusal unless the decision leaves it possible that the statement takes effect.
    fn possible(
        &self,
        table: &Table,
        statement: &Statement<'_>,
        decision: &Decision,
    ) -> Result<(), Refusal> {
        match decision {
            Decision::Applies(_) | Decision::Depends(_) => Ok(()),
            Decision::NotGranted(..) | Decision::Refused(_) | Decision::Skipped(_) => {
                let explanation = explain(self.policy, table, self.caller, statement, decision);
                Err(Refusal::explained(self.caller.kind, explanation))
            }
        }
    }

    /// A view or function that is not for this caller.
    fn closed(&self, verb: &str, name: &str, subjects: &[Subject]) -> Refusal {
        let roles = self.policy.tenant.as_ref();
        let who = |subject: &Subject| match subject {
            Subject::Anon => "anybody".to_owned(),
            Subject::Guest => "whoever is signed in".to_owned(),
            Subject::User => "users".to_owned(),
            Subject::Service => "the service".to_owned(),
            Subject::Rank(rank) => {
                format!(
                    "`{}` and above",
                    roles.map_or("", |tenant| tenant.role(*rank))
                )
            }
            Subject::Itself(_) | Subject::Team(_) | Subject::Peer(_) => {
                "whoever the row names".to_owned()
            }
        };
        let who: Vec<String> = subjects.iter().map(who).collect();
        let who = if who.is_empty() {
            "nobody".to_owned()
        } else {
            who.join(", ")
        };
        let message = format!("`{}.{name}` is for {who} to {verb}", self.policy.schema);
        Refusal::denied(self.caller.kind, message)
    }
}

impl Insert<'_> {
    fn command<'v>(&self, values: &'v [Value<'v>]) -> Command<'v> {
        let row = Row {
            values,
            ..Row::UNKNOWN
        };
        let conflict = Conflict::NotYetKnown;
        match self.conflict {
            None => Command::Insert {
                new: row,
                returning: self.returning,
            },
            Some((_, Resolution::Merge)) => Command::Merge {
                proposed: row,
                conflict,
            },
            // The conflict target is named, which counts as reading the row back.
            Some((_, Resolution::Ignore)) => Command::Ignore {
                proposed: row,
                returning: true,
                conflict,
            },
        }
    }
}

/// The written columns of a payload.
fn written(table: &Table, payload: &Payload) -> Result<ColumnSet, Refusal> {
    let columns = payload.columns.iter();
    columns
        .map(|name| {
            table
                .column(name)
                .ok_or_else(|| Refusal::key(&table.name, name))
        })
        .collect()
}

fn unknown<'a>(table: &Table) -> Vec<Value<'a>> {
    vec![Value::NotYetKnown; table.columns.len()]
}
