//! Renewing the copies.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{KEY, WHITFIELD};
use crate::meanwhile::Meanwhile;
use crate::world::World;

async fn sync(world: &World, path: &str) -> (u16, Value) {
    world.advise("grace", Method::POST, path, None).await
}

/// Renews all copies, and does something else before the run asks for clients.
async fn sync_while(world: &World, other: impl AsyncFn()) {
    let token = world.person("grace@advisory.example.test");
    let meanwhile = Meanwhile::new(&world.native, "/v1/clients", other);
    let path = "/functions/v1/advisory-sync?all=true";
    let asked = (Method::POST, path, token, &json!({}));
    let (status, answer) = world.ask_in(&meanwhile, || false, asked).await.unwrap();
    assert_eq!((status, meanwhile.happened()), (200, true), "{answer}");
}

async fn clients(world: &World) -> Vec<String> {
    let address = format!(
        "client_data_cache?select=crm_client_id&owner_id=is.null&firm_id=eq.{WHITFIELD}&order=crm_client_id.asc"
    );
    let rows = world.rows(&address).await;
    rows.iter()
        .map(|row| row["crm_client_id"].as_str().unwrap().to_owned())
        .collect()
}

pub(super) async fn changes_come_and_what_is_gone_goes(world: &World) {
    let (status, first) = sync(world, "sync").await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(
        (&first["listing"], &first["complete"]),
        (&json!("all"), &json!(true)),
        "{first}"
    );
    assert_eq!(
        (&first["clients"], &first["households"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(clients(world).await, ["crm-501", "crm-502", "crm-503"]);
    // Copies of holdings are as they were.
    world.forget_log().await;
    let (_, client) = world.read("grace", "clients/crm-501").await;
    assert_eq!(
        client["accounts"].as_array().map(Vec::len),
        Some(2),
        "{client}"
    );
    // Lists come from the copies now.
    let (_, list) = world.read("grace", "clients?search=CASTELLAN&size=1").await;
    assert_eq!(
        (&list["results"][0]["name"], &list["next"]),
        (&json!("Elena Castellan"), &json!(2)),
        "{list}"
    );
    let (_, list) = world.read("grace", "households?search=trust").await;
    assert_eq!(list["results"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(world.asked("/").await, 0);

    let new = json!({ "id": "crm-504", "name": "New Client", "status": "prospect" });
    world
        .control("/bridge/alter", json!({ "list": "clients", "set": new }))
        .await;
    let (_, changes) = sync(world, "sync").await;
    assert_eq!(
        (&changes["listing"], &changes["clients"]),
        (&json!("changes"), &json!(1)),
        "{changes}"
    );
    assert_eq!(clients(world).await.len(), 4);
    // Changes do not tell what is gone; a listing of all does.
    world
        .control(
            "/bridge/alter",
            json!({ "list": "clients", "remove": "crm-504" }),
        )
        .await;
    sync(world, "sync").await;
    assert_eq!(clients(world).await.len(), 4);
    let (_, all) = sync(world, "sync?all=true").await;
    assert_eq!(
        all["removals"]["clients"],
        json!({ "total": 4, "absent": 1, "removed": 1 }),
        "{all}"
    );
    assert_eq!(clients(world).await.len(), 3);
}

pub(super) async fn a_failure_removes_nothing(world: &World) {
    // Two of three at once are more than a tenth.
    let list = world
        .rows(&format!(
            "households?select=external_id&owner_id=is.null&firm_id=eq.{WHITFIELD}"
        ))
        .await;
    assert_eq!(list.len(), 2);
    for (effect, status) in [
        (json!({ "answer": { "status": 500 } }), 503),
        (json!("truncated"), 503),
        (json!("malformed"), 502),
        (
            json!({ "answer": { "status": 200, "body": { "clients": [] } } }),
            502,
        ),
    ] {
        let fault =
            json!({ "provider": "bridge", "path": "/clients", "times": 3, "effect": effect });
        world.control("/faults", fault).await;
        let (answered, answer) = sync(world, "sync?all=true").await;
        assert_eq!(answered, status, "{effect} {answer}");
        assert_eq!(clients(world).await.len(), 3, "{effect}");
        world.well().await;
    }
    // A CRM that says in all order that there is nobody.
    let nobody = json!({ "clients": [], "meta": { "total_count": 0, "total_pages": 0, "page": 1, "per_page": 100 } });
    let fault = json!({ "provider": "bridge", "path": "/clients", "effect": { "answer": { "status": 200, "body": nobody } } });
    world.control("/faults", fault).await;
    let (status, answer) = sync(world, "sync?all=true").await;
    assert_eq!(
        (status, &answer["held_back"]),
        (200, &json!(true)),
        "{answer}"
    );
    assert_eq!(
        answer["removals"]["clients"],
        json!({ "total": 3, "absent": 3, "removed": 0 })
    );
    assert_eq!(clients(world).await.len(), 3);
    let (_, status) = world.read("grace", "connect").await;
    assert_eq!(status["connections"][0]["last_error"], "REMOVAL_HELD_BACK");
    sync(world, "sync?all=true").await;
    let (_, status) = world.read("grace", "connect").await;
    assert_eq!(status["connections"][0]["last_error"], Value::Null);
    // Down, the lists are the copies, and say so.
    let fault =
        json!({ "provider": "bridge", "times": 100, "effect": { "answer": { "status": 500 } } });
    world.control("/faults", fault).await;
    let (status, list) = world.read("grace", "clients?fresh=true").await;
    assert_eq!((status, &list["stale"]), (200, &json!(true)), "{list}");
    assert_eq!(
        (
            list["results"].as_array().unwrap().len(),
            &list["warning"]["code"]
        ),
        (3, &json!("provider_down"))
    );
    world.well().await;
}

pub(super) async fn an_edit_meanwhile_stays(world: &World) {
    let address = format!("crm_connections?owner_id=is.null&firm_id=eq.{WHITFIELD}");
    let before = world.rows(&address).await[0]["config"].clone();
    world.forget_log().await;
    let slow = json!({ "provider": "bridge", "effect": { "latency": 3_000 } });
    world.control("/faults", slow).await;
    let edit = async {
        while world.asked("/").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut config = before.clone();
        config["schwab_environment"] = json!("production");
        let edited = json!({ "config": config });
        world
            .table(Method::PATCH, &address, "advisory", edited)
            .await
    };
    let ((status, answer), _) = tokio::join!(sync(world, "sync?all=true"), edit);
    assert_eq!(status, 200, "{answer}");
    let after = world.rows(&address).await[0]["config"].clone();
    assert_eq!(after["schwab_environment"], "production", "{after}");
    for time in ["synced_from", "listed_from"] {
        assert!(after[time].as_str() > before[time].as_str(), "{after}");
    }
    let mut config = after;
    config["schwab_environment"] = before["schwab_environment"].clone();
    let put_back = json!({ "config": config });
    world
        .table(Method::PATCH, &address, "advisory", put_back)
        .await;
}

pub(super) async fn who_connects_anew_waits_for_a_run(world: &World) {
    let given = json!({ "provider": "bridge", "key": KEY });
    let other = async || {
        let again = world.advise("grace", Method::POST, "connect", Some(&given));
        let (status, answer) = again.await;
        assert_eq!(
            (status, &answer["code"]),
            (409, &json!("sync_under_way")),
            "{answer}"
        );
        let ended = world.advise("grace", Method::DELETE, "connect?connection=firm", None);
        let (status, answer) = ended.await;
        assert_eq!(
            (status, &answer["code"]),
            (409, &json!("sync_under_way")),
            "{answer}"
        );
    };
    sync_while(world, other).await;
    let again = world.advise("grace", Method::POST, "connect", Some(&given));
    assert_eq!(again.await.0, 200);
}

/// Of a run that outlives its lease.
pub(super) async fn a_run_notes_nothing_on_another_connection(world: &World) {
    let address = format!("crm_connections?owner_id=is.null&firm_id=eq.{WHITFIELD}");
    let before = world.rows(&address).await[0].clone();
    let mut config = before["config"].clone();
    config["firm"] = json!("Another firm there");
    config.as_object_mut().unwrap().remove("synced_from");
    config.as_object_mut().unwrap().remove("listed_from");
    let anew = json!({ "config": config, "last_synced_at": null });
    let other = async || {
        world
            .table(Method::PATCH, &address, "advisory", anew.clone())
            .await;
    };
    sync_while(world, other).await;
    let after = world.rows(&address).await[0].clone();
    assert_eq!(
        (&after["config"], &after["last_synced_at"]),
        (&config, &Value::Null)
    );
    let put_back =
        json!({ "config": before["config"], "last_synced_at": before["last_synced_at"] });
    world
        .table(Method::PATCH, &address, "advisory", put_back)
        .await;
}

pub(super) async fn the_schedule_renews_what_is_due(world: &World) {
    let synced = async || {
        let (_, answer) = world.read("grace", "connect").await;
        answer["connections"][0]["last_synced_at"].clone()
    };
    // A key that is none fails, and keeps nobody waiting.
    world
        .control("/bridge/permit", json!({ "revoked": ["falk"] }))
        .await;
    let before = synced().await;
    world.schedule().await;
    assert_eq!(synced().await, before, "it is young");
    let firm = format!("crm_connections?owner_id=is.null&firm_id=eq.{WHITFIELD}");
    let old = json!({ "last_synced_at": "2020-01-01T00:00:00Z" });
    world.table(Method::PATCH, &firm, "advisory", old).await;
    let tried = "leases?name=like.advisory/due/*";
    let over = json!({ "expires_at": "2020-01-01T00:00:00Z" });
    world
        .as_worker(Method::PATCH, tried, "countersign_edge", over)
        .await;
    world.schedule().await;
    assert!(synced().await.as_str().unwrap() > "2026");
    let (_, answer) = world.read("kira", "connect").await;
    assert_eq!(answer["connections"][0]["status"], "expired", "{answer}");
    world.well().await;
    world.advised().await;
}
