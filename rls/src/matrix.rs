//! The access matrix: who may do what to which columns of which table, for people to review.
//!
//! It says what the rules say, put together per caller: a member has everything a viewer has. What
//! narrows all of them alike, such as a parent that must be visible, stands beside the table.

mod page;
mod words;

pub use page::page;

use policy_core::model::{Action, Place, Rank, Rule, Subject, Table, Team};
use policy_core::{ColumnSet, Policy};
use serde::Serialize;

/// Who may do what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The app.
    pub app: String,
    /// One entry for each table of the policy, in its order.
    pub tables: Vec<TableAccess>,
    /// Views, functions and operations, with the callers they are open to.
    pub others: Vec<OtherAccess>,
}

/// Who may do what to a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableAccess {
    /// The table's name.
    pub table: String,
    /// What binds every rule alike: parents, retirement, `never`.
    pub bounds: Vec<String>,
    /// The callers who may do something.
    pub callers: Vec<CallerAccess>,
}

/// What some callers may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallerAccess {
    /// Callers with the same access.
    pub who: Vec<String>,
    /// What they may do.
    pub access: Vec<Access>,
}

/// One rule as it applies to a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    /// What may be done.
    pub action: &'static str,
    /// To which columns.
    pub columns: Vec<String>,
    /// The same in a few words.
    #[serde(skip)]
    pub summary: String,
    /// To which rows, in a few words; empty for all.
    pub rows: String,
    /// The same in sentences: whose rows, which of them, and what they must be like afterwards.
    #[serde(skip)]
    pub whose: String,
    #[serde(skip)]
    #[expect(missing_docs, reason = "see `whose`")]
    pub when: String,
    #[serde(skip)]
    #[expect(missing_docs, reason = "see `whose`")]
    pub becomes: String,
    /// The rule.
    pub rule: String,
    /// Its line in the policy.
    pub line: u32,
}

/// Who may use a view or function, or do an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherAccess {
    /// `view`, `function` or `resource`.
    #[serde(skip)]
    pub kind: &'static str,
    /// Its name, with argument types if it is a function; `<resource>: <operation>`.
    pub name: String,
    /// The lowest callers who may.
    pub who: Vec<String>,
}

/// A kind of caller that rules tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anon,
    Guest,
    User,
    Member(Rank),
    Service,
}

/// Puts together who may do what.
#[must_use]
pub fn matrix(policy: &Policy) -> Matrix {
    let top = policy.tenant.as_ref().map_or(0, |tenant| tenant.top());
    let everyone: Vec<Who> = [Who::Anon, Who::Guest, Who::User]
        .into_iter()
        .chain((1..=top).map(Who::Member))
        .chain([Who::Service])
        .collect();
    let names = |subjects: &[Subject]| subjects.iter().map(|s| subject_name(policy, *s)).collect();
    let views = policy.views.iter().map(|view| OtherAccess {
        kind: "view",
        name: view.name.clone(),
        who: names(&view.subjects),
    });
    let functions = policy.functions.iter().map(|function| OtherAccess {
        kind: "function",
        name: format!("{}({})", function.name, function.arguments.join(", ")),
        who: names(&function.subjects),
    });
    let operations = policy.resources.iter().flat_map(|resource| {
        resource.operations().into_iter().map(move |operation| {
            let rules = resource.rules.iter();
            OtherAccess {
                kind: "resource",
                name: format!("{}: {operation}", resource.name()),
                who: rules
                    .filter(|rule| rule.operation == operation)
                    .map(|rule| subject_name(policy, rule.subject))
                    .collect(),
            }
        })
    });
    Matrix {
        app: policy.app.clone(),
        tables: policy
            .tables
            .iter()
            .map(|table| TableAccess {
                table: table.name.clone(),
                bounds: bounds(policy, table),
                callers: callers(policy, table, &everyone),
            })
            .collect(),
        others: views.chain(functions).chain(operations).collect(),
    }
}

/// Callers with what they may do; those with the same access together, those with none left out.
fn callers(policy: &Policy, table: &Table, everyone: &[Who]) -> Vec<CallerAccess> {
    let mut callers: Vec<CallerAccess> = Vec::new();
    for who in everyone {
        let rules = table
            .rules
            .iter()
            .filter(|rule| who.is_meant_by(rule, table.place));
        let access: Vec<Access> = rules.map(|rule| access(table, rule)).collect();
        if access.is_empty() {
            continue;
        }
        match callers.iter_mut().find(|known| known.access == access) {
            Some(known) => known.who.push(who.name(policy)),
            None => callers.push(CallerAccess {
                who: vec![who.name(policy)],
                access,
            }),
        }
    }
    callers
}

impl Who {
    fn is_meant_by(self, rule: &Rule, place: Place) -> bool {
        let outsider = !rule.fenced(place);
        match (self, rule.subject) {
            (Self::Service, subject) => subject == Subject::Service,
            (_, Subject::Service) => false,
            (_, Subject::Anon) => true,
            (Self::Anon, _) => false,
            (Self::Guest, Subject::User) => false,
            (Self::Member(held), Subject::Rank(needed)) => held >= needed,
            (Self::Member(held), Subject::Team(team)) => held >= team.rank,
            (_, Subject::Rank(_) | Subject::Team(_)) => false,
            (Self::Member(_), _) => true,
            _ => outsider,
        }
    }

    fn name(self, policy: &Policy) -> String {
        match self {
            Self::Anon => "anon".to_owned(),
            Self::Guest => "guest".to_owned(),
            Self::User => "user".to_owned(),
            Self::Member(rank) => subject_name(policy, Subject::Rank(rank)),
            Self::Service => "service".to_owned(),
        }
    }
}

fn access(table: &Table, rule: &Rule) -> Access {
    // The words behind the action say which rows.
    let (_, behind) = rule.text.rsplit_once(": ").unwrap_or_default();
    let behind = behind
        .strip_prefix(rule.action.word())
        .unwrap_or(behind)
        .trim_start();
    let behind = match behind.strip_prefix('(') {
        Some(list) => list
            .split_once(')')
            .map_or("", |(_, rest)| rest.trim_start()),
        None => behind,
    };
    let own = match rule.subject {
        Subject::Itself(column) => format!("own ({})", table.column_name(column)),
        Subject::Peer(_) => "of people seen".to_owned(),
        Subject::Team(team) => format!("in same {}", table.column_name(team.column)),
        _ => String::new(),
    };
    let columns = if rule.action == Action::Delete {
        Vec::new()
    } else {
        table.column_names(rule.columns)
    };
    let left_out =
        table.column_names(ColumnSet::first(table.columns.len()).difference(rule.columns));
    let summary = match (rule.action, left_out.len()) {
        (Action::Delete, _) => "yes".to_owned(),
        (_, 0) => "all".to_owned(),
        (_, 1..=3) if columns.len() > 3 => format!("all but {}", left_out.join(", ")),
        _ => columns.join(", "),
    };
    let said = |condition: &Option<_>| {
        condition
            .as_ref()
            .map_or_else(String::new, |of| words::condition(table, of))
    };
    Access {
        action: rule.action.word(),
        summary,
        columns: columns.into_iter().map(str::to_owned).collect(),
        rows: format!("{own} {behind}").trim().to_owned(),
        whose: whose(table, rule),
        when: said(&rule.condition),
        becomes: match rule.action {
            Action::Update if rule.check == rule.condition => String::new(),
            _ => said(&rule.check),
        },
        rule: rule.text.clone(),
        line: rule.line,
    }
}

/// Whose rows a rule speaks of, in a sentence.
fn whose(table: &Table, rule: &Rule) -> String {
    let rows = match rule.subject {
        Subject::Itself(column) => {
            format!("rows that name the caller in {}", table.column_name(column))
        }
        Subject::Peer(_) => "rows of people whom the caller may see elsewhere".to_owned(),
        Subject::Team(team) => {
            format!(
                "rows of the caller's own {}",
                table.column_name(team.column)
            )
        }
        _ => String::new(),
    };
    let lone = rule.outside && table.place != Place::Shared;
    match (rows.is_empty(), lone) {
        (false, true) => format!("{rows}, in any tenant"),
        (true, true) => "rows of any tenant".to_owned(),
        _ => rows,
    }
}

fn bounds(policy: &Policy, table: &Table) -> Vec<String> {
    let role = |rank| subject_name(policy, Subject::Rank(rank));
    let parents = table.parents.iter().filter_map(|parent| {
        let target = policy.table_at(parent.table)?;
        Some(format!("row of {} must be visible", target.name))
    });
    let retire = table.retire.iter().map(|retire| {
        let column = table.column_name(retire.column);
        format!(
            "{column} = {} is for {} and above",
            retire.value,
            role(retire.seen_by)
        )
    });
    let never = table.never.iter().map(|never| never.text.clone());
    parents.chain(retire).chain(never).collect()
}

fn subject_name(policy: &Policy, subject: Subject) -> String {
    match subject {
        Subject::Anon => "anon".to_owned(),
        Subject::Guest => "guest".to_owned(),
        Subject::User => "user".to_owned(),
        Subject::Service => "service".to_owned(),
        Subject::Itself(_) | Subject::Peer(_) => "self".to_owned(),
        Subject::Rank(rank) | Subject::Team(Team { rank, .. }) => policy
            .tenant
            .as_ref()
            .map_or_else(String::new, |tenant| tenant.role(rank).to_owned()),
    }
}
