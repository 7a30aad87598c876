//! Calls of the model: remembered, logged, and logged when they come to nothing.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Agency;
use crate::apps::llm::{Called, Unanswered};
use crate::problem::Problem;
use crate::providers::budget::milliseconds;
use crate::transport::Runtime;

/// For how long an answer is kept.
const DAYS: u32 = 30;

/// What is asked, as the log has it.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) purpose: &'a str,
    pub(super) project: Option<&'a str>,
    /// The model that is asked.
    pub(super) model: &'a str,
    /// What names the question in the cache.
    pub(super) key: String,
}

/// An answer of the cache.
#[derive(Debug, Deserialize)]
pub(super) struct Remembered {
    pub(super) run_id: String,
    pub(super) model: String,
    pub(super) response: Value,
}

/// The SHA-256, in hex, of all that decides the answer.
pub(super) fn key(of: &Value) -> String {
    let digest = Sha256::digest(of.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<R: Runtime> Agency<'_, R> {
    fn run(&self, question: &Question<'_>) -> Result<Value, Problem> {
        let base = &self.desk.llm_settings()?.base;
        Ok(json!({
            "project_id": question.project, "user_id": self.desk.user().ok(), "purpose": question.purpose,
            "provider": base.host_str(), "model": question.model, "request_id": self.desk.request_id,
        }))
    }

    /// What the organization was answered before; it costs nothing, and needs no budget.
    pub(super) async fn remembered(
        &self,
        question: &Question<'_>,
    ) -> Result<Option<Remembered>, Problem> {
        let run = self.run(question)?;
        let arguments = json!({ "p_org": self.org, "p_key": question.key, "p_run": run });
        let own = self.desk.own()?;
        let found = own.call("find_agency_answer", &arguments).await?;
        let found: Vec<Remembered> = serde_json::from_value(found).unwrap_or_default();
        Ok(found.into_iter().next())
    }

    /// Logs a call, and gives its answer and the run's id. `kept` is what the cache is to have of it.
    ///
    /// # Errors
    /// Why there is no answer; or that it was not logged: then nobody gets it.
    pub(super) async fn finish<T>(
        &self,
        question: &Question<'_>,
        called: Called<T>,
        kept: impl FnOnce(&T) -> Option<(Value, Option<String>)>,
    ) -> Result<(T, String), Problem> {
        let mut run = self.run(question)?;
        let response = called.answer.as_ref().ok().and_then(kept);
        let (response, model) = response.unzip();
        if let Some(run) = run.as_object_mut() {
            let used = called.used;
            let prompt = used.prompt.saturating_add(used.embedded);
            run.insert("prompt_tokens".to_owned(), prompt.into());
            run.insert("completion_tokens".to_owned(), used.completion.into());
            run.insert("cost_cents".to_owned(), called.cost.cents().into());
            run.insert(
                "duration_ms".to_owned(),
                milliseconds(called.duration).into(),
            );
            if let Some(model) = model.flatten() {
                run.insert("model".to_owned(), model.into());
            }
            let (status, code) = match &called.answer {
                Ok(_) => ("succeeded", Value::Null),
                Err(unanswered) => ("failed", unanswered.code.into()),
            };
            run.insert("status".to_owned(), status.into());
            run.insert("error_code".to_owned(), code);
        }
        let arguments = json!({
            "p_org": self.org, "p_run": run, "p_key": question.key, "p_response": response, "p_days": DAYS,
        });
        let own = self.desk.own()?;
        let logged = own.call("finish_agency_run", &arguments).await;
        match called.answer {
            Ok(answer) => {
                let id = logged?.as_str().unwrap_or_default().to_owned();
                Ok((answer, id))
            }
            // Why there is no answer is what the caller has to know.
            Err(Unanswered { problem, .. }) => Err(*problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_one_key_however_its_schema_is_written() {
        let [one, same, other] = [
            r#"["m", {"a": 1, "b": 2}]"#,
            r#"["m", {"b": 2, "a": 1}]"#,
            r#"["m", {"a": 1, "b": 3}]"#,
        ]
        .map(|text| key(&serde_json::from_str(text).unwrap()));
        assert_eq!((one.len(), &one), (64, &same));
        assert_ne!(one, other);
    }
}
