//! An answer of the language model, in the form that the caller asks for.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Agency;
use super::runs::{Question, key};
use crate::apps::Asked;
use crate::problem::Problem;
use crate::providers::llm::Task;
use crate::providers::llm::schema::{fits, readable};
use crate::transport::Runtime;

/// In bytes. With what a model may answer it fits into the windows of today's models.
const LONGEST_PROMPT: usize = 100_000;
const LONGEST_SCHEMA: usize = 10_000;
const LONGEST_PURPOSE: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// What it is for, as the log and the bill have it.
    purpose: String,
    #[serde(default)]
    system: String,
    prompt: String,
    schema: Option<Value>,
    project_id: Option<String>,
    /// Whether to ask the model although the same was asked before.
    #[serde(default)]
    fresh: bool,
}

impl<R: Runtime> Agency<'_, R> {
    /// Asks the model, unless the organization asked the same before.
    pub(super) async fn complete(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let order: Order = asked.json()?;
        check(&order)?;
        let project = order.project_id.as_deref();
        if let Some(project) = project {
            self.sees_project(project).await?;
        }
        let schema = order.schema.unwrap_or_else(|| {
            json!({
                "type": "object", "additionalProperties": false, "required": ["text"],
                "properties": { "text": { "type": "string" } },
            })
        });
        let settings = self.desk.llm_settings()?;
        let of = json!([
            "chat",
            settings.base.as_str(),
            settings.model,
            schema,
            order.system,
            order.prompt,
        ]);
        let question = Question {
            purpose: &order.purpose,
            project,
            model: &settings.model,
            key: key(&of),
        };
        if !order.fresh
            && let Some(found) = self.remembered(&question).await?
        {
            return Ok(json!({
                "run_id": found.run_id, "answer": found.response, "model": found.model, "cached": true,
                "repaired": false, "prompt_tokens": 0, "completion_tokens": 0, "cost_cents": 0,
            }));
        }
        let task = Task {
            name: "answer",
            schema: schema.clone(),
            system: &order.system,
            user: &order.prompt,
        };
        let check = |answer: &Value| fits(&schema, answer);
        let purse = self.purse().await?;
        let called = self.desk.complete(purse, &task, check).await?;
        let (used, cost) = (called.used, called.cost);
        let finished = self.finish(&question, called, |done| {
            Some((done.value.clone(), Some(done.model.clone())))
        });
        let (done, run) = finished.await?;
        Ok(json!({
            "run_id": run, "answer": done.value, "model": done.model, "cached": false,
            "repaired": done.repaired, "prompt_tokens": used.prompt,
            "completion_tokens": used.completion, "cost_cents": cost.cents(),
        }))
    }

    async fn sees_project(&self, project: &str) -> Result<(), Problem> {
        let unknown = || {
            let message = "the organization has no such project that you can see";
            Problem::new(StatusCode::NOT_FOUND, "CS404", message)
        };
        policy_core::value::uuid_from_text(project).ok_or_else(unknown)?;
        let caller = self.desk.as_caller();
        let found = caller.rows::<Value>("projects", |table| {
            let query = table.select("id").eq("id", project);
            query.eq("org_id", &self.org)
        });
        found.await?.pop().map(drop).ok_or_else(unknown)
    }
}

fn check(order: &Order) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if order.purpose.is_empty()
        || order.purpose.len() > LONGEST_PURPOSE
        || !order.purpose.chars().all(plain)
    {
        return Err(Problem::bad_request(
            "`purpose` is not a name of up to 60 small letters, digits, `-` and `_`",
        ));
    }
    if order.prompt.trim().is_empty() || order.prompt.len() + order.system.len() > LONGEST_PROMPT {
        return Err(Problem::bad_request(format!(
            "`prompt` is empty, or longer than {LONGEST_PROMPT} bytes with `system`"
        )));
    }
    match &order.schema {
        Some(schema) if schema.to_string().len() > LONGEST_SCHEMA => Err(Problem::bad_request(
            format!("`schema` is longer than {LONGEST_SCHEMA} bytes"),
        )),
        Some(schema) => readable(schema).map_err(Problem::bad_request),
        None => Ok(()),
    }
}
