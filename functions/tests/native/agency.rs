//! The agency's workflows; the language model is the simulators'.

mod budget;
mod completions;
mod embed;
mod import;
mod repeats;
mod search;

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

const ORG_A: &str = "a0000000-0000-4000-8000-000000000001";
const ORG_B: &str = "b0000000-0000-4000-8000-000000000001";

impl World {
    /// A workflow of the agency, by somebody of the seed.
    async fn agency(&self, name: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/functions/v1/agency-{path}");
        self.as_agent(name, Method::POST, &path, Some(&body)).await
    }

    async fn as_agent(
        &self,
        name: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.person(&format!("{name}@example.test")));
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("prefer", "return=representation"),
        ];
        self.ask(method, path, &headers, body).await
    }

    /// The organization's rows of a table, as its owner sees them.
    async fn rows_of_a(&self, query: &str) -> Vec<Value> {
        let path = format!("/rest/v1/{query}&org_id=eq.{ORG_A}");
        let (status, rows) = self.as_agent("owner.a", Method::GET, &path, None).await;
        assert_eq!(status, 200, "{rows}");
        rows.as_array().unwrap().clone()
    }

    /// The runs of a purpose, the latest first.
    async fn runs(&self, purpose: &str) -> Vec<Value> {
        let query = format!("ai_run_logs?purpose=eq.{purpose}&order=created_at.desc");
        self.rows_of_a(&query).await
    }

    async fn budget_of_a(&self, cents: u64) {
        let path = format!("/rest/v1/organizations?id=eq.{ORG_A}");
        let change = json!({ "ai_monthly_budget_cents": cents });
        let changed = self.as_agent("owner.a", Method::PATCH, &path, Some(&change));
        let (status, body) = changed.await;
        assert_eq!((status, body.as_array().map(Vec::len)), (200, Some(1)));
    }

    /// A purpose that no other run of these tests has.
    fn purpose(&self, name: &str) -> String {
        format!("{name}-{}", self.run)
    }
}

/// A number; the local stack writes exact ones as texts.
fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some(text) => text.parse().unwrap(),
        None => value.as_f64().unwrap(),
    }
}

/// They have one budget and one model, so the parts run one after the other.
#[tokio::test]
async fn the_agency_as_a_whole() {
    let Some(world) = World::new() else { return };
    completions::completions(&world).await;
    completions::people(&world).await;
    completions::bad_answers(&world).await;
    search::search(&world).await;
    embed::what_nobody_asked_for(&world).await;
    embed::within_the_budget_and_one_at_a_time(&world).await;
    embed::what_the_model_does_not_take(&world).await;
    repeats::repeats(&world).await;
    Box::pin(import::wherever_an_import_dies_the_schedule_ends_it(&world)).await;
    budget::budget(&world).await;
    world.budget_of_a(5_000).await;
}
