//! `POST /access/check`: what the caller may do, decided on the rows that the caller says there are.
//!
//! A frontend asks before it shows a button. The database is asked for nothing but the caller's
//! memberships, so an answer is about the rows as given, and `depends` where they do not say enough.

use policy_core::decide::{
    Command, Conflict, Decision, Row, Sight, Statement, decide, decide_function, decide_view,
};
use policy_core::explain::{Explanation, explain};
use policy_core::model::{Policy, Table};
use policy_core::{ColumnSet, Value};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, json};

use crate::caller::{Caller, Who};
use crate::edge::Edge;
use crate::gate;
use crate::handlers::rest::body;
use crate::json;
use crate::message::{Request, Response};
use crate::policies::App;
use crate::problem::Problem;
use crate::transport::Runtime;

/// How many questions one request may ask.
const MOST_QUESTIONS: usize = 100;

type Object = Map<String, serde_json::Value>;

/// One question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// Which app; the first one if it is left out.
    app: Option<String>,
    /// Which table, view or function.
    table: String,
    action: Action,
    /// The row as it is.
    row: Option<Object>,
    /// The row as it would be; of an update, what would change.
    new: Option<Object>,
    /// The columns that are read or written; of a write, those of `new` if it is left out.
    columns: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Select,
    Insert,
    Update,
    Delete,
    Upsert,
    Execute,
}

/// Answers it.
///
/// # Errors
/// If the request cannot be understood or the database does not answer.
pub async fn answer<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    caller: &Caller,
    mut request: Request<R::Stream>,
) -> Result<Response<R::Stream>, Problem> {
    let body = body(runtime, &mut request).await?.unwrap_or_default();
    let questions: Vec<Question> = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request("the body is not a list of questions").details(error.to_string())
    })?;
    if questions.len() > MOST_QUESTIONS {
        let message = format!("there are more than {MOST_QUESTIONS} questions");
        return Err(Problem::bad_request(message));
    }
    if caller.who == Who::ServiceRole {
        return Err(Problem::forbidden(
            "the policy does not bind `service_role`",
        ));
    }
    let now = i64::try_from(runtime.now_ms())
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000);
    let mut answers = Vec::with_capacity(questions.len());
    for (index, question) in questions.iter().enumerate() {
        let app = edge.policies.of_app(question.app.as_deref());
        let app = app.ok_or_else(|| at(index, Problem::bad_request("there is no such app")))?;
        let judge =
            |facts: &policy_core::Caller<'_>| question.judge(app, facts, Value::Timestamp(now));
        let stands = |outcome: &Result<Explanation, Problem>| {
            outcome
                .as_ref()
                .is_ok_and(|found| matches!(found.decision, "applies" | "depends"))
        };
        let found = gate::decide(edge, runtime, app, caller, judge, stands).await?;
        let found = found.map_err(|problem| at(index, problem))?;
        answers.push(json!({
            "decision": found.decision,
            "reason": found.message,
            "explanation": { "rule": found.rule, "details": found.details, "hint": found.hint },
        }));
    }
    let mut response = Response::json(StatusCode::OK, &serde_json::Value::Array(answers));
    response.set("cache-control", "no-store");
    Ok(response)
}

fn at(index: usize, problem: Problem) -> Problem {
    problem.details(format!("question {}", index + 1))
}

impl Question {
    fn judge(
        &self,
        app: &App,
        caller: &policy_core::Caller<'_>,
        now: Value<'_>,
    ) -> Result<Explanation, Problem> {
        let policy = &app.policy;
        let named = |name: &str| name == self.table;
        if self.action == Action::Execute {
            let function = policy
                .functions
                .iter()
                .find(|function| named(&function.name));
            return function
                .map(|f| whole("execute", &f.name, decide_function(f, caller)))
                .ok_or_else(unknown);
        }
        if let Some(view) = policy.views.iter().find(|view| named(&view.name)) {
            if self.action != Action::Select {
                return Err(Problem::bad_request("a view is only selected from"));
            }
            return Ok(whole("select", &view.name, decide_view(view, caller)));
        }
        let table = policy.table(&self.table).ok_or_else(unknown)?;
        self.judge_row(policy, table, caller, now)
    }

    fn judge_row(
        &self,
        policy: &Policy,
        table: &Table,
        caller: &policy_core::Caller<'_>,
        now: Value<'_>,
    ) -> Result<Explanation, Problem> {
        let old = values(table, self.row.as_ref())?;
        // What an insert would add may be called either name.
        let added = self.new.as_ref().or(self.row.as_ref());
        let added = values(table, added)?;
        let changed = match (&self.row, &self.new) {
            (Some(row), Some(new)) => {
                let mut merged = row.clone();
                merged.extend(new.clone());
                Some(merged)
            }
            (row, None) => row.clone(),
            (None, new) => new.clone(),
        };
        let merged = values(table, changed.as_ref())?;
        let [old, added, merged] = [row(&old), row(&added), row(&merged)];
        let (written, read) = self.columns(table)?;
        let command = match self.action {
            Action::Insert => Command::Insert {
                new: added,
                returning: false,
            },
            Action::Update => Command::Update { old, new: merged },
            Action::Delete => Command::Delete(old),
            Action::Upsert if self.row.is_some() && self.new.is_some() => {
                let conflict = Conflict::Row {
                    existing: old,
                    merged,
                };
                Command::Merge {
                    proposed: added,
                    conflict,
                }
            }
            Action::Upsert => Command::Merge {
                proposed: added,
                conflict: Conflict::NotYetKnown,
            },
            Action::Select | Action::Execute => Command::Select(old),
        };
        let statement = Statement {
            read,
            written,
            command,
        };
        let decision = decide(policy, table, caller, &statement, now);
        Ok(explain(policy, table, caller, &statement, &decision))
    }

    /// The columns that are written, and those that are read.
    fn columns(&self, table: &Table) -> Result<(ColumnSet, ColumnSet), Problem> {
        let writes = !matches!(self.action, Action::Select | Action::Delete);
        let keys = || {
            self.new
                .as_ref()
                .or(self.row.as_ref().filter(|_| self.action != Action::Update))
        };
        let columns = match &self.columns {
            Some(columns) => set(table, columns.iter())?,
            None if writes => set(table, keys().into_iter().flat_map(Map::keys))?,
            None => ColumnSet::EMPTY,
        };
        Ok(if writes {
            (columns, ColumnSet::EMPTY)
        } else {
            (ColumnSet::EMPTY, columns)
        })
    }
}

/// A decision on a view or function as a whole.
fn whole(verb: &str, name: &str, decision: Decision) -> Explanation {
    let (decision, verdict) = match decision {
        Decision::NotGranted(..) => ("not_granted", "is not granted"),
        Decision::Refused(_) => ("refused", "is refused"),
        Decision::Skipped(_) => ("skipped", "gives no row"),
        Decision::Applies(_) => ("applies", "is allowed"),
        Decision::Depends(_) => ("depends", "depends on the memberships"),
    };
    let message = format!("{verb} on `{name}` {verdict}");
    Explanation {
        decision,
        message,
        rule: None,
        details: Vec::new(),
        hint: None,
    }
}

fn row<'a>(values: &'a [Value<'a>]) -> Row<'a> {
    Row {
        values,
        parents: &[],
        peers: Sight::NotYetKnown,
    }
}

/// A row's values in the table's order. A column that is left out is not yet known.
fn values<'a>(table: &Table, row: Option<&'a Object>) -> Result<Vec<Value<'a>>, Problem> {
    let Some(row) = row else {
        return Ok(Vec::new());
    };
    set(table, row.keys())?;
    let value = |column: &policy_core::model::Column| match row.get(&column.name) {
        None => Ok(Value::NotYetKnown),
        Some(given) => json::value(column.kind, given).ok_or_else(|| {
            Problem::bad_request(format!(
                "`{}` is not of type {}",
                column.name, column.data_type
            ))
        }),
    };
    table.columns.iter().map(value).collect()
}

fn set<'a>(table: &Table, names: impl Iterator<Item = &'a String>) -> Result<ColumnSet, Problem> {
    let column = |name: &String| {
        table
            .column(name)
            .ok_or_else(|| Problem::bad_request(format!("`{}` has no column `{name}`", table.name)))
    };
    names.map(column).collect()
}

fn unknown() -> Problem {
    Problem::bad_request("the app has no such table, view or function")
}
