//! Advisory's workflows; the CRM bridge and Wealthbox are the simulators', which have one state, so the
//! parts run one after the other. Grace and Henry advise at one firm, Iris analyses there; Jonas and
//! Kira are another firm's.

mod connections;
mod holdings;
mod meetings;
mod sync;
mod webhooks;

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

const WHITFIELD: &str = "a0000000-0000-4000-8000-000000010001";
const KEY: &str = "countersign-local-bridge-key-whitfield";
const FALK_KEY: &str = "countersign-local-bridge-key-falk";
const WEALTHBOX_KEY: &str = "countersign-local-wealthbox-key";

impl World {
    /// A workflow of advisory, as somebody of the seed.
    async fn advise(
        &self,
        name: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let token = self.person(&format!("{name}@advisory.example.test"));
        let bearer = format!("Bearer {token}");
        let path = format!("/functions/v1/advisory-{path}");
        self.ask(method, &path, &[("authorization", &bearer)], body)
            .await
    }

    async fn read(&self, name: &str, path: &str) -> (u16, Value) {
        self.advise(name, Method::GET, path, None).await
    }

    /// Connects a firm to the bridge by its key.
    async fn advised(&self) {
        for (name, key) in [("grace", KEY), ("jonas", FALK_KEY)] {
            let given = json!({ "provider": "bridge", "key": key });
            let (status, answer) = self
                .advise(name, Method::POST, "connect", Some(&given))
                .await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    async fn rows(&self, address: &str) -> Vec<Value> {
        let rows = self
            .table(Method::GET, address, "advisory", Value::Null)
            .await;
        rows.as_array().unwrap().clone()
    }

    /// Nothing is wrong with the simulators any more.
    async fn well(&self) {
        self.simulator(Method::DELETE, "/control/faults", &json!({}))
            .await;
        let all = json!({ "revoked": [], "scopes": ["clients", "holdings"] });
        self.control("/bridge/permit", all).await;
        self.control("/bridge/limits", json!({ "calls": 100_000 }))
            .await;
        self.control("/wealthbox/permit", json!({ "valid": true }))
            .await;
    }

    /// How often the bridge was asked for something since the log was emptied.
    async fn asked(&self, path: &str) -> usize {
        let log = self
            .simulator(Method::GET, "/control/log", &Value::Null)
            .await;
        let requests = log["requests"].as_array().unwrap().iter();
        requests
            .filter(|of| of["provider"] == "bridge")
            .filter(|of| of["request"]["path"].as_str().unwrap().contains(path))
            .count()
    }

    async fn forget_log(&self) {
        self.simulator(Method::DELETE, "/control/log", &json!({}))
            .await;
    }
}

#[tokio::test]
async fn advisers_and_their_crm() {
    let Some(world) = World::new() else { return };
    world.well().await;
    connections::only_a_key_that_is_taken_is_stored(&world).await;
    connections::each_may_what_the_policy_says(&world).await;
    connections::a_personal_connection_is_ones_own(&world).await;
    world.advised().await;
    holdings::a_client_is_read_and_copied(&world).await;
    holdings::a_failure_gives_the_old_copy_with_a_warning(&world).await;
    holdings::nothing_is_made_up(&world).await;
    holdings::one_request_at_a_time_asks(&world).await;
    holdings::lists_are_searched_and_paged(&world).await;
    meetings::a_meeting_is_held(&world).await;
    meetings::and_not_by_everybody_nor_with_anybody(&world).await;
    meetings::under_a_key_there_is_one(&world).await;
    sync::changes_come_and_what_is_gone_goes(&world).await;
    sync::a_failure_removes_nothing(&world).await;
    sync::an_edit_meanwhile_stays(&world).await;
    sync::who_connects_anew_waits_for_a_run(&world).await;
    sync::a_run_notes_nothing_on_another_connection(&world).await;
    sync::the_schedule_renews_what_is_due(&world).await;
    webhooks::what_the_bridge_tells_is_read_anew(&world).await;
    webhooks::and_nobody_else_is_believed(&world).await;
    connections::a_key_that_ends_says_reconnect(&world).await;
    connections::no_key_is_anywhere(&world).await;
    let said = holdings::tables_say(&world).await;
    // One world at a time.
    drop(world);
    let documents = World::with(&[("CRM_COPIES", "documents")]).unwrap();
    holdings::documents_say_the_same(&documents, &said).await;
    drop(documents);
    let world = World::new().unwrap();
    holdings::and_tables_again(&world, &said).await;
    connections::what_is_disconnected_is_gone(&world).await;
    world.well().await;
}
