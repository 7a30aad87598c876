//! Calls that are deleted at HubSpot, whose search shows them for some seconds more.

use reqwest::Method;
use serde_json::{Value, json};

use super::{A, email};
use crate::meanwhile::Meanwhile;
use crate::world::{PUBLIC_URL, World};

const WEBHOOK: &str = "/functions/v1/coaching-hubspot-webhook";

impl World {
    /// HubSpot tells of a call, and what it tells is worked through.
    async fn told_of_call(&self, id: &str, what: &str) {
        let event = json!([{
            "subscriptionType": format!("object.{what}"), "objectId": id.parse::<u64>().unwrap(),
            "objectTypeId": "0-48",
        }]);
        let about = json!({ "uri": format!("{PUBLIC_URL}{WEBHOOK}"), "events": event });
        let made = self.control("/hubspot/webhook", about).await;
        let header = |name: &str| made["headers"][name].as_str().unwrap().to_owned();
        let signature = header("x-hubspot-signature-v3");
        let time = header("x-hubspot-request-timestamp");
        let headers = [
            ("x-hubspot-signature-v3", signature.as_str()),
            ("x-hubspot-request-timestamp", time.as_str()),
        ];
        let body: Value = serde_json::from_str(made["body"].as_str().unwrap()).unwrap();
        let (status, answer) = self.ask(Method::POST, WEBHOOK, &headers, Some(&body)).await;
        assert_eq!((status, &answer["stored"]), (200, &json!(1)), "{answer}");
        Box::pin(self.until_quiet()).await;
    }

    /// Somebody deletes a call in HubSpot.
    async fn deletes(&self, id: &str) {
        let call = json!({ "kind": "calls", "id": id });
        self.control("/hubspot/archive", call).await;
    }

    /// Somebody restores a call in HubSpot, and that may be no change of it.
    async fn restores(&self, id: &str, unchanged: bool) {
        let call = json!({ "kind": "calls", "id": id, "restore": true, "unchanged": unchanged });
        self.control("/hubspot/archive", call).await;
    }

    /// HubSpot's calls that are here.
    async fn here(&self) -> Vec<String> {
        let address = format!(
            "Synced_Activities?account_id=eq.{A}&provider=eq.hubspot&activity_type=eq.calls\
             &external_id=not.like.hs-*&order=external_id&select=external_id"
        );
        let rows = self.calls(&address).await;
        let id = |row: &Value| row["external_id"].as_str().unwrap().to_owned();
        rows.iter().map(id).collect()
    }

    /// A whole synchronisation with HubSpot, from the beginning.
    async fn hubspot_anew(&self) {
        let fresh = json!({ "sync_cursor": {}, "last_synced_at": null });
        let all = format!("API_Connections?account_id=eq.{A}&provider=eq.hubspot");
        self.table(Method::PATCH, &all, "coaching", fresh).await;
        let (status, answer) = self
            .coach("pablo", Method::POST, "sync/hubspot", None)
            .await;
        assert_eq!((status, &answer["more"]), (200, &json!(false)), "{answer}");
    }
}

pub(super) async fn what_is_deleted_does_not_come_back_by_the_search(world: &World) {
    world.forget_calls().await;
    world.hubspot_anew().await;
    let all = world.here().await;
    let gone = all.first().unwrap().clone();
    let others = &all[1..];
    world
        .control("/hubspot/search", json!({ "lags": true }))
        .await;
    world.deletes(&gone).await;
    // The search shows it still, and nobody has been told.
    world.hubspot_anew().await;
    assert_eq!(world.here().await, all);
    world.told_of_call(&gone, "deletion").await;
    assert_eq!(world.here().await, others);
    for _ in 0..2 {
        world.hubspot_anew().await;
        assert_eq!(world.here().await, others, "it is back");
    }
    // An event of before, delivered late, does not bring it back either.
    world.told_of_call(&gone, "propertyChange").await;
    assert_eq!(world.here().await, others);

    // Restored, it is a change that the search shows.
    world.restores(&gone, false).await;
    world.hubspot_anew().await;
    assert_eq!(world.here().await, all);
    // Deleted and restored, and told so: it is read, whatever its own time says.
    world.deletes(&gone).await;
    world.told_of_call(&gone, "deletion").await;
    assert_eq!(world.here().await, others);
    world.restores(&gone, true).await;
    world.hubspot_anew().await;
    assert_eq!(world.here().await, others);
    world.told_of_call(&gone, "restore").await;
    assert_eq!(world.here().await, all);
    world.hubspot_anew().await;
    assert_eq!(world.here().await, all);
    world
        .control("/hubspot/search", json!({ "lags": false }))
        .await;
    world.forget_calls().await;
}

/// A synchronisation has read a page, and stores it after the call on it was deleted here.
pub(super) async fn nor_if_it_is_deleted_while_it_is_read(world: &World) {
    world.forget_calls().await;
    world.hubspot_anew().await;
    let all = world.here().await;
    let gone = all.first().unwrap().clone();
    let fresh = json!({ "sync_cursor": {}, "last_synced_at": null });
    let connection = format!("API_Connections?account_id=eq.{A}&provider=eq.hubspot");
    world
        .table(Method::PATCH, &connection, "coaching", fresh)
        .await;
    let delete = async || {
        // On the heap: it is a run of the schedule within a request.
        Box::pin(async {
            world.deletes(&gone).await;
            world.told_of_call(&gone, "deletion").await;
            assert_eq!(world.here().await, all[1..]);
        })
        .await;
    };
    let meanwhile = Meanwhile::new(&world.native, "/rpc/store_coaching_activities", delete);
    let token = world.person(&email("pablo"));
    let path = "/functions/v1/coaching-sync/hubspot";
    let asked = (Method::POST, path, token, &json!({}));
    let answer = Box::pin(world.ask_in(&meanwhile, || false, asked)).await;
    let (status, answer) = answer.unwrap();
    assert!(meanwhile.happened());
    assert_eq!(status, 200, "{answer}");
    assert_eq!(world.here().await, all[1..], "it is back");
    world.restores(&gone, false).await;
    world.forget_calls().await;
}
