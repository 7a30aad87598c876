//! Coaching's workflows. HubSpot, Fathom and the language model are the simulators', which have one
//! state, so the parts run one after the other. Olivia owns an account, Pablo manages all of it, Quinn
//! leads team East, where Rosa sells.

mod broken;
mod connections;
mod faults;
mod gone;
mod reconnected;

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

const A: &str = "a0000000-0000-4000-8000-000000010001";
const EAST: &str = "a0000000-0000-4000-8000-000000020001";

fn email(name: &str) -> String {
    format!("{name}@coaching.example.test")
}

impl World {
    /// A workflow of coaching, as somebody of the seed.
    async fn coach(
        &self,
        name: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.person(&email(name)));
        let path = format!("/functions/v1/coaching-{path}");
        self.ask(method, &path, &[("authorization", &bearer)], body)
            .await
    }

    /// Connects the account to a provider.
    async fn coached_by(&self, provider: &str) {
        let path = format!("/functions/v1/coaching-{provider}-connect");
        let consent = match provider {
            "fathom" => json!({ "email": email("rosa") }),
            _ => json!({}),
        };
        self.connect_by(&path, provider, &email("olivia"), consent)
            .await;
    }

    /// Brings a part of the calls over, of both.
    async fn synchronised(&self) {
        for provider in ["hubspot", "fathom"] {
            let path = format!("sync/{provider}");
            let (status, answer) = self.coach("pablo", Method::POST, &path, None).await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    async fn calls(&self, address: &str) -> Vec<Value> {
        let rows = self
            .table(Method::GET, address, "coaching", Value::Null)
            .await;
        rows.as_array().unwrap().clone()
    }

    /// No call is here but the seed's, and nothing has been looked at.
    async fn forget_calls(&self) {
        for address in [
            "Sync_Logs?id=not.is.null",
            "Synced_Activities?external_id=not.like.hs-*",
            "Conversations?external_id=not.like.fc-*",
            "Coaching_Outcomes?situation=like.native:*",
            "Coaching_Messages?body=like.native:*",
        ] {
            self.table(Method::DELETE, address, "coaching", Value::Null)
                .await;
        }
        let gone = "gone_coaching_activities?external_id=not.is.null";
        self.as_worker(Method::DELETE, gone, "countersign_edge", Value::Null)
            .await;
        let fresh = json!({ "sync_cursor": {}, "last_synced_at": null });
        let all = format!("API_Connections?account_id=eq.{A}");
        self.table(Method::PATCH, &all, "coaching", fresh).await;
    }

    /// Nothing is wrong with the simulators, and they count nothing.
    async fn unlimited(&self) {
        self.simulator(Method::DELETE, "/control/faults", &Value::Null)
            .await;
        let hubspot = json!({ "burst": 1_000_000, "search": 1_000_000 });
        self.control("/hubspot/limits", hubspot).await;
        let fathom = json!({ "heavy": 1_000_000, "calls": 1_000_000 });
        self.control("/fathom/limits", fathom).await;
        self.control("/llm/script", json!({ "contents": [] })).await;
    }

    /// The recording that everybody speaks of.
    async fn recording(&self) -> String {
        let address = format!("Conversations?account_id=eq.{A}&external_id=eq.700201&select=id");
        let rows = self.calls(&address).await;
        rows[0]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn coaching_as_a_whole() {
    let Some(world) = World::new() else { return };
    world.unlimited().await;
    connections::who_may_connect_is_asked_on_the_way_back_too(&world).await;
    world.coached_by("hubspot").await;
    world.coached_by("fathom").await;
    reconnected::a_run_leaves_the_cursor_of_a_new_connection_alone(&world).await;
    reconnected::a_refused_renewal_leaves_a_new_connection_alone(&world).await;
    reconnected::a_webhook_is_ended_by_who_knows_of_it(&world).await;
    Box::pin(gone::what_is_deleted_does_not_come_back_by_the_search(
        &world,
    ))
    .await;
    Box::pin(gone::nor_if_it_is_deleted_while_it_is_read(&world)).await;
    broken::wherever_a_synchronisation_dies_the_next_ends_it(&world).await;
    broken::wherever_an_analysis_dies_the_next_is_the_one(&world).await;
    broken::wherever_an_outcome_dies_it_is_there_once_or_not(&world).await;
    broken::wherever_a_draft_dies_it_is_there_once_or_not(&world).await;
    world.forget_calls().await;
    world.unlimited().await;
}

#[tokio::test]
async fn every_failure_has_its_answer_on_every_route() {
    let Some(world) = World::new() else { return };
    world.unlimited().await;
    for provider in ["hubspot", "fathom"] {
        world.coached_by(provider).await;
    }
    world.forget_calls().await;
    world.let_go().await;
    world.synchronised().await;
    faults::every_failure_has_its_answer_on_every_route(&world).await;
    world.forget_calls().await;
    world.unlimited().await;
}
