//! One question as a frontend asks it: names and JSON values in, a decision and its reason out.

use std::collections::BTreeMap;

use policy_core::columns::ColumnSet;
use policy_core::decide::{CallerKind, Command, Conflict, Decision, Ranks, Row, Sight};
use policy_core::explain::{Explanation, explain, explain_operation};
use policy_core::model::{Action, Policy, Table};
use policy_core::value::{Kind, timestamp_from_text};
use policy_core::{Caller, Statement, Value, decide_operation};
use serde::Deserialize;

use crate::batch::{Datum, OwnedMembership};

/// What is asked; `types.d.ts` has the words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    #[serde(default)]
    caller: Option<Person>,
    table: String,
    #[serde(deserialize_with = "action")]
    action: Action,
    #[serde(default)]
    columns: Option<Vec<String>>,
    #[serde(default)]
    row: Object,
    #[serde(default)]
    changes: Object,
    #[serde(default)]
    parents: BTreeMap<String, bool>,
    #[serde(default)]
    now: Option<String>,
}

type Object = BTreeMap<String, serde_json::Value>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    aal: Option<String>,
    #[serde(default)]
    anonymous: bool,
    #[serde(default)]
    memberships: Option<Vec<Membership>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Membership {
    tenant: String,
    role: String,
    /// What else it says, by the names that the policy's rules use.
    #[serde(default)]
    attributes: BTreeMap<String, Option<String>>,
}

/// Actions by the words of the language.
pub(crate) fn action<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Action, D::Error> {
    let word = String::deserialize(from)?;
    [
        Action::Select,
        Action::Insert,
        Action::Update,
        Action::Delete,
        Action::Upsert,
    ]
    .into_iter()
    .find(|action| action.word() == word)
    .ok_or_else(|| serde::de::Error::custom(format_args!("`{word}` is no action on a table")))
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuestionError {
    /// The policy has no such table.
    #[error("the policy of `{app}` has no table `{name}`")]
    Table {
        /// The app.
        app: String,
        /// The unknown name.
        name: String,
    },
    /// The table has no such column.
    #[error("`{table}` has no column `{name}`")]
    Column {
        /// The table.
        table: String,
        /// The unknown name.
        name: String,
    },
    /// The policy has no such resource.
    #[error("the policy of `{app}` has no resource `{name}`")]
    Resource {
        /// The app.
        app: String,
        /// The unknown name.
        name: String,
    },
    /// No rule looks at such an attribute of memberships.
    #[error("the memberships of `{app}` have no `{name}`")]
    Attribute {
        /// The app.
        app: String,
        /// The unknown name.
        name: String,
    },
    /// `now` is no instant.
    #[error("`{0}` is no timestamp with a zone, such as 2026-01-31T12:00:00Z")]
    Now(String),
}

impl Question {
    /// Decides and explains.
    ///
    /// # Errors
    /// If the question names what the policy does not have.
    pub fn answer(&self, policy: &Policy) -> Result<Explanation, QuestionError> {
        let table = named(policy, &self.table)?;
        let now = match &self.now {
            None => Value::NotYetKnown,
            Some(text) => Value::Timestamp(
                timestamp_from_text(text).ok_or_else(|| QuestionError::Now(text.clone()))?,
            ),
        };
        let facts = Facts::of(policy, self.caller.as_ref())?;
        let ranks = facts.ranks();
        let caller = facts.caller(ranks.as_deref());
        let old = values(table, &self.row)?;
        let mut changed = self.row.clone();
        changed.extend(self.changes.clone());
        let new = values(table, &changed)?;
        let (old, new): (Vec<_>, Vec<_>) = (
            old.iter().map(Datum::value).collect(),
            new.iter().map(Datum::value).collect(),
        );
        let parents = self.parents(table)?;
        let row = |values| Row {
            values,
            parents: &parents,
            peers: Sight::NotYetKnown,
        };
        let command = match self.action {
            Action::Select => Command::Select(row(&old)),
            Action::Insert => Command::Insert {
                new: row(&old),
                returning: true,
            },
            Action::Update => Command::Update {
                old: row(&old),
                new: row(&new),
            },
            Action::Delete => Command::Delete(row(&old)),
            Action::Upsert => Command::Merge {
                proposed: row(&old),
                conflict: Conflict::NotYetKnown,
            },
        };
        let (read, written) = self.named(table, caller.kind)?;
        let statement = Statement {
            read,
            written,
            command,
        };
        let decision: Decision = policy_core::decide(policy, table, &caller, &statement, now);
        Ok(explain(policy, table, &caller, &statement, &decision))
    }

    /// The columns read and written.
    fn named(
        &self,
        table: &Table,
        kind: CallerKind,
    ) -> Result<(ColumnSet, ColumnSet), QuestionError> {
        let held = kind.privileges(&table.grants);
        let columns = match &self.columns {
            None if self.action == Action::Update && !self.changes.is_empty() => {
                set(table, self.changes.keys())?
            }
            None => match self.action {
                Action::Select => held.select,
                Action::Insert | Action::Upsert => held.insert,
                Action::Update => held.update,
                Action::Delete => ColumnSet::EMPTY,
            },
            Some(names) => set(table, names)?,
        };
        Ok(match self.action {
            Action::Select => (columns, ColumnSet::EMPTY),
            Action::Delete => (ColumnSet::EMPTY, ColumnSet::EMPTY),
            _ => (ColumnSet::EMPTY, columns),
        })
    }

    fn parents(&self, table: &Table) -> Result<Vec<Sight>, QuestionError> {
        set(table, self.parents.keys())?;
        let sight = |column: u8| match self.parents.get(table.column_name(column)) {
            None => Sight::NotYetKnown,
            Some(true) => Sight::Visible,
            Some(false) => Sight::Hidden,
        };
        Ok(table
            .parents
            .iter()
            .map(|parent| sight(parent.column))
            .collect())
    }
}

/// What is known about the caller.
pub(crate) struct Facts {
    kind: CallerKind,
    id: Datum,
    email: Datum,
    aal: Datum,
    ranks: Option<Vec<OwnedMembership>>,
}

/// The table of this name.
pub(crate) fn named<'p>(policy: &'p Policy, name: &str) -> Result<&'p Table, QuestionError> {
    policy.table(name).ok_or_else(|| QuestionError::Table {
        app: policy.app.clone(),
        name: name.to_owned(),
    })
}

impl Facts {
    pub(crate) fn of(policy: &Policy, person: Option<&Person>) -> Result<Self, QuestionError> {
        let Some(person) = person else {
            let null = Datum::Null;
            let ranks = Some(Vec::new());
            return Ok(Self {
                kind: CallerKind::Anon,
                id: null.clone(),
                email: null.clone(),
                aal: null,
                ranks,
            });
        };
        let id = match person
            .id
            .as_deref()
            .map(|id| Datum::read(policy.caller_id, Some(id)))
        {
            // A subject that is no id of this app's is nobody's.
            None | Some(Datum::Present) => Datum::Null,
            Some(id) => id,
        };
        let kind = match (&id, person.anonymous) {
            (Datum::Null, _) => CallerKind::NoSubject,
            (_, true) => CallerKind::Guest,
            (_, false) => CallerKind::User,
        };
        let key = tenant_kind(policy);
        let ranks = match &person.memberships {
            None => None,
            Some(memberships) => {
                let mut seats = Vec::new();
                for membership in memberships {
                    seats.extend(membership.seats(policy, key)?);
                }
                Some(seats)
            }
        };
        let text = |text: &Option<String>| Datum::read(Kind::Text, text.as_deref());
        Ok(Self {
            kind,
            id,
            email: text(&person.email),
            aal: text(&person.aal),
            ranks,
        })
    }

    /// The memberships as `decide` wants them.
    pub(crate) fn ranks(&self) -> Option<Vec<policy_core::decide::Membership<'_>>> {
        let seats = self.ranks.as_ref()?;
        Some(seats.iter().map(OwnedMembership::membership).collect())
    }

    /// The caller with these memberships.
    pub(crate) fn caller<'a>(
        &'a self,
        ranks: Option<&'a [policy_core::decide::Membership<'a>]>,
    ) -> Caller<'a> {
        Caller {
            kind: self.kind,
            id: self.id.value(),
            email: self.email.value(),
            aal: self.aal.value(),
            ranks: ranks.map_or(Ranks::NotYetKnown, Ranks::Known),
        }
    }
}

impl Membership {
    /// One seat for each attribute; one without any.
    fn seats(&self, policy: &Policy, key: Kind) -> Result<Vec<OwnedMembership>, QuestionError> {
        let seat = |attribute| OwnedMembership {
            tenant: Datum::read(key, Some(&self.tenant)),
            rank: policy.rank(&self.role),
            attribute,
        };
        let declared = policy
            .tenant
            .as_ref()
            .map_or(&[][..], |tenant| &tenant.attributes);
        let said = self.attributes.iter().map(|(name, value)| {
            let known = (0_u8..).zip(declared).find(|(_, of)| of.name == *name);
            let (index, of) = known.ok_or_else(|| QuestionError::Attribute {
                app: policy.app.clone(),
                name: name.clone(),
            })?;
            Ok(seat(Some((index, Datum::read(of.kind, value.as_deref())))))
        });
        let said: Vec<OwnedMembership> = said.collect::<Result<_, _>>()?;
        Ok(if said.is_empty() {
            vec![seat(None)]
        } else {
            said
        })
    }
}

/// One operation as a frontend asks for it; `types.d.ts` has the words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationQuestion {
    #[serde(default)]
    caller: Option<Person>,
    resource: String,
    operation: String,
    #[serde(default)]
    tenant: Option<String>,
}

impl OperationQuestion {
    /// Decides and explains.
    ///
    /// # Errors
    /// If the question names what the policy does not have.
    pub fn answer(&self, policy: &Policy) -> Result<Explanation, QuestionError> {
        let resource = policy
            .resource(&self.resource)
            .ok_or_else(|| QuestionError::Resource {
                app: policy.app.clone(),
                name: self.resource.clone(),
            })?;
        let facts = Facts::of(policy, self.caller.as_ref())?;
        let ranks = facts.ranks();
        let caller = facts.caller(ranks.as_deref());
        let tenant = match (&self.tenant, policy.tenant.as_ref()) {
            (_, None) => Datum::Null,
            (None, Some(_)) => Datum::NotYetKnown,
            (Some(text), Some(_)) => Datum::read(tenant_kind(policy), Some(text)),
        };
        let ruling = decide_operation(&caller, tenant.value(), resource, &self.operation);
        Ok(explain_operation(
            policy,
            &caller,
            tenant.value(),
            resource,
            &self.operation,
            ruling,
        ))
    }
}

fn tenant_kind(policy: &Policy) -> Kind {
    let key = policy.tenant.as_ref().and_then(|tenant| {
        let root = policy.table_at(tenant.root)?;
        root.columns.get(usize::from(tenant.key))
    });
    key.map_or(Kind::Text, |column| column.kind)
}

fn set<'n>(
    table: &Table,
    names: impl IntoIterator<Item = &'n String>,
) -> Result<ColumnSet, QuestionError> {
    names
        .into_iter()
        .map(|name| {
            table.column(name).ok_or_else(|| QuestionError::Column {
                table: table.name.clone(),
                name: name.clone(),
            })
        })
        .collect()
}

/// The values in the table's column order; what the object lacks is not yet known.
fn values(table: &Table, object: &Object) -> Result<Vec<Datum>, QuestionError> {
    set(table, object.keys())?;
    let value = |column: &policy_core::model::Column| match object.get(&column.name) {
        None => Datum::NotYetKnown,
        Some(serde_json::Value::Null) => Datum::Null,
        Some(serde_json::Value::String(text)) => Datum::read(column.kind, Some(text)),
        Some(other) => Datum::read(column.kind, Some(&other.to_string())),
    };
    Ok(table.columns.iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy() -> Policy {
        let column = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        let catalogue = json!({
            "schema": "s",
            "relations": [{
                "name": "notes", "kind": "table", "primary_key": ["id"],
                "columns": [column("id", "uuid"), column("owner", "uuid"), column("body", "text")]
            }]
        });
        let source = "app a in schema s; caller id uuid;
            on notes { self owner: select, update (body) where body <> 'final'; }";
        policy_core::compile(source, &serde_json::from_value(catalogue).unwrap())
            .unwrap()
            .0
    }

    const ME: &str = "a0000000-0000-4000-8000-000000000001";

    fn ask(question: serde_json::Value) -> Explanation {
        serde_json::from_value::<Question>(question)
            .unwrap()
            .answer(&policy())
            .unwrap()
    }

    #[test]
    fn the_answer_follows_the_row_and_the_caller() {
        let row = json!({ "id": ME, "owner": ME, "body": "draft" });
        let question = |caller, row| json!({ "table": "notes", "action": "update", "caller": caller, "row": row, "changes": { "body": "more" } });
        let me = json!({ "id": ME, "memberships": [] });
        let allowed = ask(question(me.clone(), row.clone()));
        assert_eq!(allowed.decision, "applies", "{allowed:?}");
        assert!(allowed.rule.is_some());
        assert_eq!(ask(question(json!(null), row)).decision, "not_granted");
        let open = ask(question(me, json!({ "owner": ME })));
        assert_eq!(open.decision, "depends", "{open:?}");
    }

    #[test]
    fn a_subject_of_another_type_is_nobodys() {
        let row = json!({ "id": ME, "owner": ME, "body": "draft" });
        let question =
            json!({ "table": "notes", "action": "select", "caller": { "id": "me" }, "row": row });
        assert_eq!(ask(question).decision, "skipped");
    }

    #[test]
    fn unknown_names_are_named() {
        let policy = policy();
        let error = |question| {
            let question: Question = serde_json::from_value(question).unwrap();
            question.answer(&policy).unwrap_err().to_string()
        };
        assert!(error(json!({ "table": "x", "action": "select" })).contains("`x`"));
        let row = json!({ "colour": 1 });
        assert!(
            error(json!({ "table": "notes", "action": "select", "row": row })).contains("`colour`")
        );
        assert!(
            error(json!({ "table": "notes", "action": "select", "now": "today" }))
                .contains("today")
        );
    }

    #[test]
    fn an_unknown_action_is_refused() {
        let question = json!({ "table": "notes", "action": "truncate" });
        assert!(serde_json::from_value::<Question>(question).is_err());
    }
}
