//! Why a decision came out as it did, in the words of the policy.

use std::fmt::Write as _;

use serde::Serialize;

use crate::columns::ColumnSet;
use crate::decide::{
    Caller, CallerKind, Command, Decision, Privilege, Ranks, Reason, Row, Ruling, Statement,
};
use crate::model::{Action, AttributeIndex, Policy, Resource, Subject, Table};
use crate::value::Value;

/// A decision in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// `applies`, `skipped`, `refused`, `not_granted` or `depends`.
    pub decision: &'static str,
    /// What happened and what decided, in one sentence.
    pub message: String,
    /// The rule that decided, with its line, if one did.
    pub rule: Option<RuleReference>,
    /// Further facts: who the caller is in the row's tenant, which column was NULL.
    pub details: Vec<String>,
    /// What would have to be different.
    pub hint: Option<String>,
}

/// A place in the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleReference {
    /// The rule's words.
    pub text: String,
    /// Its line.
    pub line: u32,
}

/// Explains a decision on the statement it was made for.
#[must_use]
pub fn explain(
    policy: &Policy,
    table: &Table,
    caller: &Caller<'_>,
    statement: &Statement<'_>,
    decision: &Decision,
) -> Explanation {
    let words = Words {
        policy,
        table,
        caller,
    };
    let verb = verb(statement);
    let name = format!("{}.{}", policy.schema, table.name);
    let mut explanation = match decision {
        Decision::NotGranted(privilege, columns) => words.not_granted(*privilege, *columns, &name),
        Decision::Refused(reason) => {
            words.reasoned("refused", format!("{verb} on `{name}` is refused"), *reason)
        }
        Decision::Skipped(reason) => words.reasoned(
            "skipped",
            format!("{verb} on `{name}` passes over the row"),
            *reason,
        ),
        Decision::Applies(reason) => {
            words.reasoned("applies", format!("{verb} on `{name}` is allowed"), *reason)
        }
        Decision::Depends(_) => Explanation {
            decision: "depends",
            message: format!("{verb} on `{name}` depends on the row"),
            rule: None,
            details: Vec::new(),
            hint: None,
        },
    };
    explanation.details.push(words.who(subject_row(statement)));
    explanation.details.extend(words.teams(statement));
    if let Decision::Refused(Reason::NoRule(action)) | Decision::Skipped(Reason::NoRule(action)) =
        decision
    {
        explanation.details.extend(words.nulls(statement, *action));
    }
    explanation
}

/// Explains a ruling on an operation.
#[must_use]
pub fn explain_operation(
    policy: &Policy,
    caller: &Caller<'_>,
    tenant: Value<'_>,
    resource: &Resource,
    operation: &str,
    ruling: Ruling,
) -> Explanation {
    let name = resource.name();
    let rules: Vec<&str> = resource
        .rules
        .iter()
        .filter(|rule| rule.operation == operation)
        .map(|rule| rule.text.as_str())
        .collect();
    let (decision, because) = match ruling {
        Ruling::Allowed(_) => ("applies", "is allowed"),
        Ruling::Denied => ("refused", "is refused"),
        Ruling::Depends => ("depends", "depends on the caller's memberships"),
    };
    let lead = format!("{operation} on `{name}` {because}");
    let rule = match ruling {
        Ruling::Allowed(position) => resource.rules.get(usize::from(position)),
        Ruling::Denied | Ruling::Depends => None,
    };
    let message = match (rule, ruling) {
        (Some(rule), _) => format!("{lead}: `{}` allows it", rule.text),
        (None, Ruling::Denied) if rules.is_empty() => {
            format!("{lead}: the policy gives nobody `{operation}`")
        }
        (None, Ruling::Denied) => {
            format!("{lead}: no rule for `{operation}` holds for this caller")
        }
        (None, _) => lead,
    };
    let rule = rule.map(|rule| RuleReference {
        text: rule.text.clone(),
        line: rule.line,
    });
    Explanation {
        decision,
        message,
        rule,
        details: vec![standing(
            policy,
            caller,
            Some(tenant),
            "the tenant asked about",
        )],
        hint: (!matches!(ruling, Ruling::Allowed(_)) && !rules.is_empty())
            .then(|| format!("the rules are `{}`", rules.join("`, `"))),
    }
}

struct Words<'a> {
    policy: &'a Policy,
    table: &'a Table,
    caller: &'a Caller<'a>,
}

impl Words<'_> {
    fn not_granted(&self, privilege: Privilege, columns: ColumnSet, name: &str) -> Explanation {
        let word = match privilege {
            Privilege::Select => "read",
            Privilege::Insert => "insert",
            Privilege::Update => "update",
            Privilege::Delete => "delete from",
        };
        let who = match self.caller.kind {
            CallerKind::Anon => "without signing in nobody",
            CallerKind::Service => "the service role may not",
            _ => "no client",
        };
        let verb = if self.caller.kind == CallerKind::Service {
            word.to_owned()
        } else {
            format!("may {word}")
        };
        let (message, hint) = if columns.is_empty() {
            (format!("{who} {verb} `{name}`"), self.grant_hint(privilege))
        } else {
            let named = self.table.column_names(columns).join("`, `");
            let readable = self.caller.kind.privileges(&self.table.grants);
            let open = match privilege {
                Privilege::Select => readable.select,
                Privilege::Insert => readable.insert,
                Privilege::Update | Privilege::Delete => readable.update,
            };
            let hint = if open.is_empty() {
                self.grant_hint(privilege)
            } else {
                Some(format!(
                    "columns that may be named: `{}`",
                    self.table.column_names(open).join("`, `")
                ))
            };
            (format!("{who} {verb} `{named}` of `{name}`"), hint)
        };
        Explanation {
            decision: "not_granted",
            message,
            rule: None,
            details: Vec::new(),
            hint,
        }
    }

    fn grant_hint(&self, privilege: Privilege) -> Option<String> {
        if self.caller.kind == CallerKind::Anon {
            return Some("sign in".to_owned());
        }
        let action = match privilege {
            Privilege::Select => Action::Select,
            Privilege::Insert => Action::Insert,
            Privilege::Update => Action::Update,
            Privilege::Delete => Action::Delete,
        };
        self.hint_for(action)
    }

    fn reasoned(&self, decision: &'static str, lead: String, reason: Reason) -> Explanation {
        let mut rule = None;
        let mut hint = None;
        let because = match reason {
            Reason::Rule(position) => {
                let found = self.table.rules.get(usize::from(position));
                rule = found.map(|rule| RuleReference {
                    text: rule.text.clone(),
                    line: rule.line,
                });
                found.map_or_else(String::new, |rule| format!("`{}` allows it", rule.text))
            }
            Reason::Founder => "whoever creates a tenant sees it".to_owned(),
            Reason::NoRule(action) => {
                hint = self.hint_for(action);
                if self.table.rules_for(action).next().is_none() {
                    format!("the policy gives nobody `{}`", action.word())
                } else {
                    format!(
                        "no rule for `{}` holds for this caller and row",
                        action.word()
                    )
                }
            }
            Reason::NoPair => {
                hint = self.hint_for(Action::Update);
                "no single rule allows the old row, the new row and the changed columns together"
                    .to_owned()
            }
            Reason::Parent(position) => {
                let parent = self.table.parents.get(usize::from(position));
                let target = parent.and_then(|parent| self.policy.table_at(parent.table));
                let column = parent.map_or("", |parent| self.table.column_name(parent.column));
                format!(
                    "the row of `{}` that `{column}` names is not visible to the caller",
                    target.map_or("", |target| target.name.as_str())
                )
            }
            Reason::Retired | Reason::MayNotRetire => self.retired(reason, &mut hint),
            Reason::Never(position) => {
                let never = self.table.never.get(usize::from(position));
                rule = never.map(|never| RuleReference {
                    text: never.text.clone(),
                    line: never.line,
                });
                never.map_or_else(String::new, |never| format!("`{}` forbids it", never.text))
            }
            Reason::Conflict => "there is a row with this key already".to_owned(),
            Reason::Unconditional => "nothing stands in the way".to_owned(),
        };
        Explanation {
            decision,
            message: format!("{lead}: {because}"),
            rule,
            details: Vec::new(),
            hint,
        }
    }

    fn retired(&self, reason: Reason, hint: &mut Option<String>) -> String {
        let Some(retire) = &self.table.retire else {
            return String::new();
        };
        let role = |rank| {
            self.policy
                .tenant
                .as_ref()
                .map_or("", |tenant| tenant.role(rank))
        };
        let state = format!(
            "`{} = {}`",
            self.table.column_name(retire.column),
            retire.value
        );
        if reason == Reason::Retired {
            *hint = Some(format!(
                "rows with {state} are seen by `{}` and above",
                role(retire.seen_by)
            ));
            format!("the row is retired ({state})")
        } else {
            *hint = Some(format!("`{}` and above may set {state}", role(retire.by)));
            format!("the caller may not retire rows ({state})")
        }
    }

    /// Who could do it.
    fn hint_for(&self, action: Action) -> Option<String> {
        let rules: Vec<&str> = self
            .table
            .rules_for(action)
            .filter(|rule| rule.subject != Subject::Service)
            .map(|rule| rule.text.as_str())
            .collect();
        (!rules.is_empty()).then(|| format!("the rules are `{}`", rules.join("`, `")))
    }

    fn who(&self, row: Option<&Row<'_>>) -> String {
        let column = self.table.place.tenant_column();
        let of_row = column.and_then(|column| row?.values.get(usize::from(column)).copied());
        standing(self.policy, self.caller, of_row, "the row's tenant")
    }

    /// What the caller's memberships in the row's tenant say, where a rule holds the row against it.
    fn teams(&self, statement: &Statement<'_>) -> Vec<String> {
        let (Some(tenant), Some(column), Some(row), Ranks::Known(ranks)) = (
            &self.policy.tenant,
            self.table.place.tenant_column(),
            subject_row(statement),
            self.caller.ranks,
        ) else {
            return Vec::new();
        };
        let of_row = row.values.get(usize::from(column));
        let mut asked: Vec<AttributeIndex> = Vec::new();
        for rule in &self.table.rules {
            if let Subject::Team(team) = rule.subject
                && !asked.contains(&team.attribute)
            {
                asked.push(team.attribute);
            }
        }
        let held = |attribute: AttributeIndex| {
            ranks.iter().filter(move |of| {
                of_row == Some(&of.tenant)
                    && matches!(of.attribute, Some((is, value)) if is == attribute && value != Value::Null)
            })
        };
        asked
            .into_iter()
            .filter_map(|attribute| {
                let name = &tenant.attributes.get(usize::from(attribute))?.name;
                let roles: Vec<&str> = held(attribute).map(|of| tenant.role(of.rank)).collect();
                Some(if roles.is_empty() {
                    format!("no membership of the caller's in the row's tenant has a `{name}`")
                } else {
                    format!(
                        "the caller has a `{name}` in the row's tenant as `{}`",
                        roles.join("`, `")
                    )
                })
            })
            .collect()
    }

    /// Which columns that a rule asks about were NULL: the usual surprise.
    fn nulls(&self, statement: &Statement<'_>, action: Action) -> Vec<String> {
        let Some(row) = subject_row(statement) else {
            return Vec::new();
        };
        let asked = self
            .table
            .rules_for(action)
            .filter(|rule| self.caller.kind.is(rule.subject))
            .flat_map(|rule| [&rule.condition, &rule.check])
            .flatten()
            .fold(ColumnSet::EMPTY, |set, condition| {
                set.union(condition.columns())
            });
        asked
            .iter()
            .filter(|column| row.values.get(usize::from(*column)) == Some(&Value::Null))
            .map(|column| {
                format!(
                    "`{}` is NULL, so a comparison with it is unknown",
                    self.table.column_name(column)
                )
            })
            .collect()
    }
}

/// Who the caller is, and what in the tenant, as far as that is known.
fn standing(
    policy: &Policy,
    caller: &Caller<'_>,
    tenant: Option<Value<'_>>,
    which: &str,
) -> String {
    let kind = match caller.kind {
        CallerKind::Anon => return "the caller is not signed in".to_owned(),
        CallerKind::NoSubject => {
            return format!(
                "the token's subject is missing or no {}",
                policy.caller_id.name()
            );
        }
        CallerKind::Service => return "the caller is the service".to_owned(),
        CallerKind::Guest => "an anonymous sign-in",
        CallerKind::User => "signed in",
    };
    let Some(declared) = &policy.tenant else {
        return format!("the caller is {kind}");
    };
    let Ranks::Known(ranks) = caller.ranks else {
        return format!("the caller is {kind}; memberships were not read");
    };
    let mut text = format!("the caller is {kind}");
    match tenant {
        Some(value) if !matches!(value, Value::NotYetKnown | Value::Present) => {
            let held = ranks.iter().filter(|of| of.tenant == value);
            match held.map(|of| of.rank).max() {
                Some(rank) if rank > 0 => {
                    let _ = write!(text, ", `{}` in {which}", declared.role(rank));
                }
                _ => {
                    let _ = write!(text, " and no member of {which}");
                }
            }
        }
        _ => match ranks.iter().map(|of| of.rank).max() {
            Some(rank) if rank > 0 => {
                let _ = write!(text, ", at most `{}` in any tenant", declared.role(rank));
            }
            _ => text.push_str(" and a member of no tenant"),
        },
    }
    text
}

fn verb(statement: &Statement<'_>) -> &'static str {
    match statement.command {
        Command::Select(_) => "select",
        Command::Insert { .. } => "insert",
        Command::Update { .. } => "update",
        Command::Delete(_) => "delete",
        Command::Merge { .. } | Command::Ignore { .. } => "upsert",
    }
}

/// The row to speak of: the existing one if there is one.
fn subject_row<'s>(statement: &'s Statement<'s>) -> Option<&'s Row<'s>> {
    Some(match &statement.command {
        Command::Select(row) | Command::Delete(row) => row,
        Command::Insert { new, .. } => new,
        Command::Update { old, .. } => old,
        Command::Merge { proposed, .. } | Command::Ignore { proposed, .. } => proposed,
    })
}
