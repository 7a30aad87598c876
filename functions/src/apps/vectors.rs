//! Rows that wait for the vectors of their texts.
//!
//! A text that the model does not take would keep all of its request from being embedded, each time. So
//! rows of a refused request are noted: from then on the schedule tries each alone, less and less often,
//! and at last not until it changes.

use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::Desk;
use super::llm::{Called, Purse, vector_text};
use crate::problem::Problem;
use crate::transport::Runtime;

/// In bytes: no model's texts of one vector are longer than 8,192 tokens.
pub(super) const LONGEST_TEXT: usize = 8_000;

/// A row without a vector of its text, whatever its table calls its columns.
#[derive(Debug, Deserialize)]
pub(super) struct Bare {
    /// Its id.
    pub(super) id: String,
    updated_at: String,
    /// Whose it is.
    #[serde(alias = "account_id", alias = "org_id")]
    pub(super) tenant: String,
    #[serde(alias = "situation")]
    title: Option<String>,
    #[serde(alias = "outcome")]
    content: String,
    /// Its table, where the database's list is of several.
    #[serde(default)]
    pub(super) source: String,
    /// The tenant's budget, where tenants have their own.
    #[serde(default)]
    pub(super) budget_cents: u64,
}

impl Bare {
    fn text(&self) -> String {
        let title = self.title.as_deref().unwrap_or_default();
        let text = format!("{title}\n\n{}", self.content);
        let text = text.trim();
        // One that says nothing is near to nothing; but a model takes no empty text.
        let text = if text.is_empty() { "-" } else { text };
        cut(text).to_owned()
    }
}

/// As much of a text as is embedded.
pub(super) fn cut(text: &str) -> &str {
    text.split_at(text.floor_char_boundary(LONGEST_TEXT)).0
}

/// Whether it is the texts that are refused, rather than this request at this time.
pub(super) fn refused(problem: &Problem) -> bool {
    matches!(problem.code, "provider_invalid" | "provider_malformed")
}

impl<R: Runtime> Desk<'_, R> {
    /// Has the texts of a table's rows embedded: each row as the functions that store vectors take it.
    ///
    /// # Errors
    /// As of [`Desk::embed`].
    pub(super) async fn embed_rows(
        &self,
        purse: Purse<'_>,
        table: &str,
        rows: &[Bare],
        places: u32,
    ) -> Result<Called<Vec<Value>>, Problem> {
        let texts: Vec<String> = rows.iter().map(Bare::text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let called = self.embed(purse, &texts, places).await?;
        let row = |(of, vector): (&Bare, Option<&Vec<f64>>)| {
            let vector = vector.map(|vector| vector_text(vector));
            json!({ "id": of.id, "updated_at": of.updated_at, "vector": vector })
        };
        let answer = match called.answer {
            Ok(vectors) => Ok(rows.iter().zip(vectors.iter().map(Some)).map(row).collect()),
            Err(unanswered) => {
                if refused(&unanswered.problem) {
                    let bare: Vec<Value> = rows.iter().map(|of| row((of, None))).collect();
                    let noted = json!({
                        "p_app": self.app.policy.app, "p_source": table, "p_tenant": purse.tenant,
                        "p_error": unanswered.problem.code, "p_rows": bare,
                    });
                    self.own()?.call("refuse_embeddings", &noted).await?;
                }
                Err(unanswered)
            }
        };
        Ok(Called {
            answer,
            used: called.used,
            cost: called.cost,
            duration: called.duration,
        })
    }
}
