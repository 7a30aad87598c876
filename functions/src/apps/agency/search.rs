//! Search by meaning. The query becomes a vector here; what it is held against is decided by
//! row-level security, as the caller.

use serde::Deserialize;
use serde_json::{Value, json};

use super::runs::{Question, key};
use super::{Agency, Within};
use crate::apps::Asked;
use crate::apps::llm::vector_text;
use crate::apps::vectors::LONGEST_TEXT;
use crate::problem::Problem;
use crate::transport::Runtime;

const MOST: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    query: String,
    within: Within,
    #[serde(default = "ten")]
    count: u32,
}

fn ten() -> u32 {
    10
}

impl<R: Runtime> Agency<'_, R> {
    /// What is nearest to a query.
    pub(super) async fn search(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let order: Order = asked.json()?;
        let query = order.query.trim();
        if query.is_empty() || query.len() > LONGEST_TEXT {
            return Err(Problem::bad_request(format!(
                "`query` is empty, or longer than {LONGEST_TEXT} bytes"
            )));
        }
        if !(1..=MOST).contains(&order.count) {
            return Err(Problem::bad_request(format!(
                "`count` is not from 1 to {MOST}"
            )));
        }
        let (vector, run, cached) = self.vector(query, order.within).await?;
        let function = match order.within {
            Within::Documents => "match_documents",
            Within::Interactions => "match_interactions",
        };
        let arguments = json!({
            "query_embedding": vector, "match_count": order.count, "match_org_id": self.org,
        });
        let results = self.desk.as_caller().call(function, &arguments).await?;
        Ok(json!({ "results": results, "run_id": run, "cached": cached }))
    }

    /// The vector of a query, as pgvector reads it; the run that made it, and whether it was kept.
    async fn vector(&self, query: &str, within: Within) -> Result<(String, String, bool), Problem> {
        let settings = self.desk.llm_settings()?;
        let model = settings.embedding_model();
        let places = within.places();
        let of = json!(["embedding", settings.base.as_str(), model, places, query]);
        let question = Question {
            purpose: "search",
            project: None,
            model,
            key: key(&of),
        };
        if let Some(found) = self.remembered(&question).await? {
            let vector = found.response.get("vector").and_then(Value::as_str);
            let vector = vector.unwrap_or_default().to_owned();
            return Ok((vector, found.run_id, true));
        }
        let purse = self.purse().await?;
        let called = self.desk.embed(purse, &[query], places).await?;
        let kept = |vectors: &Vec<Vec<f64>>| {
            let vector = vector_text(vectors.first()?);
            Some((json!({ "vector": vector }), None))
        };
        let (vectors, run) = self.finish(&question, called, kept).await?;
        let vector = vectors.first().map(|vector| vector_text(vector));
        Ok((vector.unwrap_or_default(), run, false))
    }
}
