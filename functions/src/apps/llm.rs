//! The language model within a budget.
//!
//! The most that a call can cost is reserved before it, in the database and in one statement, so that
//! requests at once never spend the same cent; what it did cost is settled after it. A request that
//! dies in between leaves its reservation as spent: the budget is never exceeded, at the price of
//! a call that may not have been made.

use std::cell::Cell;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::desk::Desk;
use crate::problem::Problem;
use crate::providers::budget::milliseconds;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::llm::prices::{Cost, Usage};
use crate::providers::llm::{self, Completion, Llm, Task};
use crate::providers::settings::LlmSettings;
use crate::time;
use crate::transport::Runtime;

/// Whose budget it is, and how large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse<'a> {
    /// The tenant, or the person in an app without tenants.
    pub(super) tenant: &'a str,
    /// What a month's calls may cost.
    pub(super) cents: u64,
    /// Who can change that, and how.
    pub(super) hint: &'static str,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Called<T> {
    /// The answer, or why there is none.
    pub(super) answer: Result<T, Unanswered>,
    /// What it took.
    pub(super) used: Usage,
    /// What that costs.
    pub(super) cost: Cost,
    /// How long it took.
    pub(super) duration: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    /// As the client is told.
    pub(super) problem: Box<Problem>,
    /// As the run is marked.
    pub(super) code: &'static str,
}

#[derive(Deserialize)]
struct Reserved {
    reservation: Option<String>,
    spent: f64,
    /// The date on which the next month begins, in UTC.
    renews: String,
}

impl<'a, R: Runtime> Desk<'a, R> {
    /// The language model's settings.
    pub(super) fn llm_settings(&self) -> Result<&'a LlmSettings, Problem> {
        let settings = self.edge.config.providers.llm.as_ref();
        let missing = Kind::Settings("LLM_URL");
        settings.ok_or_else(|| Failure::new(Provider::Llm, "settings", missing).into())
    }

    /// Asks for an answer that fits and passes `check`, repaired once if need be.
    ///
    /// # Errors
    /// If there is no model, or the database does not say whether the budget allows it: then nothing
    /// was asked.
    pub(super) async fn complete<T: DeserializeOwned>(
        &self,
        purse: Purse<'_>,
        task: &Task<'_>,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Result<Called<Completion<T>>, Problem> {
        // A plain value on the way, so that one way there is enough for answers of every type. The answer
        // that fits is the last one that was looked at.
        let fitting = Cell::new(None);
        let fits = |value: &Value| {
            let value: T =
                serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
            check(&value)?;
            fitting.set(Some(value));
            Ok(())
        };
        let called = self.completed(purse, task, &fits).await?;
        let malformed = || Failure::new(Provider::Llm, "chat.completions", Kind::Malformed);
        let answer = called.answer.and_then(|done| match fitting.take() {
            Some(value) => Ok(Completion {
                value,
                repaired: done.repaired,
                model: done.model,
            }),
            None => Err(Unanswered::from(malformed())),
        });
        Ok(Called {
            answer,
            used: called.used,
            cost: called.cost,
            duration: called.duration,
        })
    }

    async fn completed(
        &self,
        purse: Purse<'_>,
        task: &Task<'_>,
        check: &dyn Fn(&Value) -> Result<(), String>,
    ) -> Result<Called<Completion<Value>>, Problem> {
        let ask = async |llm: &Llm<'a, R>| llm.complete(task, check).await;
        self.within(purse, task.most(), ask).await
    }

    /// Has texts embedded, each as so many places.
    ///
    /// # Errors
    /// Likewise.
    pub(super) async fn embed(
        &self,
        purse: Purse<'_>,
        texts: &[&str],
        places: u32,
    ) -> Result<Called<Vec<Vec<f64>>>, Problem> {
        // No tokenizer makes more tokens of a text than it has bytes, but for a few around it.
        let bytes = texts.iter().map(|text| text.len() + 8).sum::<usize>();
        let most = Usage {
            embedded: u64::try_from(bytes).unwrap_or(u64::MAX),
            ..Usage::default()
        };
        let ask = async |llm: &Llm<'a, R>| llm.embed(texts, places).await;
        self.within(purse, most, ask).await
    }

    async fn within<T>(
        &self,
        purse: Purse<'_>,
        most: Usage,
        ask: impl AsyncFnOnce(&Llm<'a, R>) -> Result<T, Failure>,
    ) -> Result<Called<T>, Problem> {
        let settings = self.llm_settings()?;
        let own = self.own()?;
        let most = settings.prices.of(most);
        let reserved = own
            .call(
                "reserve_llm",
                &json!({
                    "p_app": self.app.policy.app, "p_tenant": purse.tenant,
                    "p_cents": most.cents(), "p_budget": purse.cents,
                }),
            )
            .await?;
        let reserved: Reserved = serde_json::from_value(reserved).map_err(|error| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the database does not say what is left")
                .internal(error.to_string())
        })?;
        let Some(reservation) = &reserved.reservation else {
            return Ok(Called {
                answer: Err(Unanswered {
                    problem: Box::new(self.spent(purse, most, &reserved)),
                    code: "LLM_BUDGET",
                }),
                used: Usage::default(),
                cost: Cost::default(),
                duration: Duration::ZERO,
            });
        };
        let llm = Llm {
            line: self.line_to(Provider::Llm, llm::READING),
            settings,
            used: Cell::default(),
        };
        let began = self.runtime.now_ms();
        let answer = ask(&llm).await;
        let took = self.runtime.now_ms().saturating_sub(began);
        let used = llm.used.get();
        let cost = settings.prices.of(used);
        let settled = json!({ "p_reservation": reservation, "p_cents": cost.cents() });
        if own.call("settle_llm", &settled).await.is_err() {
            // The budget is the poorer for it, and nobody else is.
            self.runtime.log(&format!(
                r#"{{"level":"warning","message":"a call of the language model was not settled","request_id":"{}"}}"#,
                self.request_id
            ));
        }
        Ok(Called {
            answer: answer.map_err(Unanswered::from),
            used,
            cost,
            duration: Duration::from_millis(took),
        })
    }

    fn spent(&self, purse: Purse<'_>, most: Cost, reserved: &Reserved) -> Problem {
        let date = reserved.renews.get(..10).unwrap_or_default();
        let message = format!(
            "this call does not fit into what is left of the month's budget for the language model; it renews on {date}"
        );
        let details = format!(
            "{:.2} of {} cents are spent or under way, and this may cost up to {:.2}",
            reserved.spent,
            purse.cents,
            most.cents()
        );
        let renews = time::milliseconds(&format!("{date}T00:00:00Z")).unwrap_or_default();
        let wait = Duration::from_millis(renews.saturating_sub(self.runtime.now_ms()));
        let seconds = milliseconds(wait).div_ceil(1_000).max(1);
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "llm_budget", message)
            .details(details)
            .hint(purse.hint)
            .header("retry-after", seconds.to_string())
    }
}

impl From<Unanswered> for Problem {
    fn from(unanswered: Unanswered) -> Self {
        *unanswered.problem
    }
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        let code = match failure.kind {
            Kind::Malformed => "LLM_INVALID_OUTPUT",
            Kind::Limited(_) => "LLM_LIMITED",
            Kind::Down => "LLM_DOWN",
            _ => "LLM_FAILED",
        };
        Self {
            problem: Box::new(failure.into()),
            code,
        }
    }
}

/// A vector, as pgvector writes it.
pub(super) fn vector_text(vector: &[f64]) -> String {
    // Single precision is what is stored.
    #[expect(clippy::cast_possible_truncation, reason = "pgvector's own precision")]
    let places: Vec<String> = vector
        .iter()
        .map(|place| (*place as f32).to_string())
        .collect();
    format!("[{}]", places.join(","))
}
