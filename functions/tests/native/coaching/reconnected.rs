//! An account that is connected anew while something is done with what it was connected to before.

use reqwest::Method;
use serde_json::{Value, json};

use super::{A, email};
use crate::meanwhile::Meanwhile;
use crate::world::World;

impl World {
    async fn connection(&self, provider: &str) -> Value {
        let address = format!("API_Connections?account_id=eq.{A}&provider=eq.{provider}");
        self.calls(&address).await.remove(0)
    }

    /// A synchronisation, during whose first request to `path` the account is connected anew.
    async fn synchronised_while_connected(
        &self,
        provider: &str,
        path: &'static str,
    ) -> (u16, Value) {
        self.let_go().await;
        let anew = async || self.coached_by(provider).await;
        let meanwhile = Meanwhile::new(&self.native, path, anew);
        let address = format!("/functions/v1/coaching-sync/{provider}");
        let token = self.person(&email("pablo"));
        let asked = (Method::POST, address.as_str(), token, &json!({}));
        let answer = self.ask_in(&meanwhile, || false, asked).await.unwrap();
        assert!(meanwhile.happened(), "nothing was asked of {provider}");
        answer
    }
}

pub(super) async fn a_run_leaves_the_cursor_of_a_new_connection_alone(world: &World) {
    for (provider, path) in [("hubspot", "/crm/"), ("fathom", "/meetings")] {
        let before = world.connection(provider).await;
        let (status, answer) = world.synchronised_while_connected(provider, path).await;
        assert_eq!((status, &answer["more"]), (200, &json!(true)), "{answer}");
        let after = world.connection(provider).await;
        let cursor = &after["sync_cursor"];
        assert_ne!(
            cursor["connected"], before["sync_cursor"]["connected"],
            "{after}"
        );
        assert!(cursor["connected"].is_string(), "{after}");
        // What the run came to is not in it, and Fathom's webhook is.
        assert_eq!(
            (&cursor["kinds"], &cursor["recordings"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(
            cursor["webhook_id"].is_string(),
            provider == "fathom",
            "{after}"
        );
        assert_eq!(
            (&after["last_synced_at"], &after["status"]),
            (&Value::Null, &json!("active"))
        );
        // The next run begins where the new connection does.
        let path = format!("sync/{provider}");
        let (status, answer) = world.coach("pablo", Method::POST, &path, None).await;
        assert_eq!((status, &answer["more"]), (200, &json!(false)), "{answer}");
        let done = world.connection(provider).await;
        assert!(done["last_synced_at"].is_string(), "{done}");
        assert_eq!(done["sync_cursor"]["connected"], cursor["connected"]);
        assert_eq!(done["sync_cursor"]["webhook_id"], cursor["webhook_id"]);
    }
    world.forget_calls().await;
    world.coached_by("fathom").await;
}

/// The tokens of before have ended, and so has what they could be renewed with.
pub(super) async fn a_refused_renewal_leaves_a_new_connection_alone(world: &World) {
    let all = format!("API_Connections?account_id=eq.{A}&provider=eq.hubspot");
    let ended = json!({ "token_expires_at": "2026-01-01T00:00:00Z" });
    world.table(Method::PATCH, &all, "coaching", ended).await;
    world
        .control("/hubspot/revoke", json!({ "portal": "24680135" }))
        .await;
    let (status, answer) = world
        .synchronised_while_connected("hubspot", "/oauth/")
        .await;
    assert_eq!(
        (status, &answer["code"]),
        (409, &json!("connection_expired")),
        "{answer}"
    );
    let after = world.connection("hubspot").await;
    assert_eq!(
        (&after["status"], &after["last_error"]),
        (&json!("active"), &Value::Null)
    );
    let (status, answer) = world
        .coach("pablo", Method::POST, "sync/hubspot", None)
        .await;
    assert_eq!(status, 200, "{answer}");
}

/// Fathom lists no webhooks: the one of before is ended while its id is known.
pub(super) async fn a_webhook_is_ended_by_who_knows_of_it(world: &World) {
    let webhooks = async || {
        let state = world
            .simulator(Method::GET, "/control/fathom/webhooks", &Value::Null)
            .await;
        state["webhooks"].as_array().unwrap().clone()
    };
    let id = async || world.connection("fathom").await["sync_cursor"]["webhook_id"].clone();
    let first = id().await;
    world.coached_by("fathom").await;
    let second = id().await;
    assert_ne!(first, second);
    let known = webhooks().await;
    assert!(
        known.contains(&second) && !known.contains(&first),
        "{known:?}"
    );
    let (status, answer) = world
        .coach("pablo", Method::DELETE, "fathom-connect", None)
        .await;
    assert_eq!(status, 200, "{answer}");
    assert!(!webhooks().await.contains(&second));
    world.coached_by("fathom").await;
    world.forget_calls().await;
}
