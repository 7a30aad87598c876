//! Requests that break off before and after each request that they send. Coaching writes nothing into
//! HubSpot or Fathom, so there is no effect to be finished; what it makes of them has to be whole once
//! somebody asks again, or the schedule has run.

use countersign_functions::serve::serve;
use countersign_functions::transport::Runtime as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::{A, email};
use crate::mortal::{At, Mortal, ends};
use crate::world::{World, before, request};

/// Asks in a world that may end. Gives the status if it did not.
async fn dying(
    world: &World,
    mortal: &Mortal<'_>,
    (name, path, body): (&str, &str, &Value),
    key: Option<&str>,
) -> Option<u16> {
    let bearer = format!("Bearer {}", world.person(&email(name)));
    let path = format!("/functions/v1/coaching-{path}");
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    let request = request(Method::POST, &path, &headers, Some(body));
    let response = before(|| mortal.ended(), serve(&world.setup, mortal, request)).await?;
    Some(response.status.as_u16())
}

/// Every call that was brought over, and how that stands.
async fn calls(world: &World) -> Value {
    let of = |table: &str, rest: &str| format!("{table}?account_id=eq.{A}&{rest}");
    let activities = "external_id=not.like.hs-*&order=provider,external_id\
        &select=provider,external_id,activity_type,subject,properties,occurred_at,user_id,team_id";
    let conversations = "external_id=not.like.fc-*&order=external_id\
        &select=external_id,title,participants,transcript,started_at,duration_seconds,user_id,team_id";
    let cursors = "order=provider&select=provider,status,sync_cursor,last_error";
    let running = "status=eq.running&select=id";
    json!({
        "activities": world.calls(&of("Synced_Activities", activities)).await,
        "conversations": world.calls(&of("Conversations", conversations)).await,
        "connections": world.calls(&of("API_Connections", cursors)).await,
        "running": world.calls(&of("Sync_Logs", running)).await,
    })
}

pub(super) async fn wherever_a_synchronisation_dies_the_next_ends_it(world: &World) {
    for provider in ["hubspot", "fathom"] {
        let path = format!("sync/{provider}");
        let asked = ("pablo", path.as_str(), &json!({}));
        world.forget_calls().await;
        let whole = Mortal::new(&world.native, None);
        assert_eq!(dying(world, &whole, asked, None).await, Some(200));
        let done = calls(world).await;
        let count = done["activities"].as_array().unwrap().len();
        assert!(count >= 3, "{done}");
        let mut requests = 0;
        for (number, side) in ends() {
            let at = format!("{provider}, request {number}, {side:?}");
            world.forget_calls().await;
            let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
            let status = dying(world, &mortal, asked, None).await;
            if !mortal.ended() {
                assert_eq!(status, Some(200), "{at}");
                break;
            }
            requests = number;
            world.let_go().await;
            // Somebody asks again every other time, and else the schedule is alone.
            if number % 2 == 0 {
                let (status, answer) = world.coach("pablo", Method::POST, &path, None).await;
                assert_eq!(
                    (status, &answer["more"]),
                    (200, &json!(false)),
                    "{at}: {answer}"
                );
            } else {
                due(world, provider).await;
                world.until_quiet().await;
            }
            assert_eq!(calls(world).await, done, "{at}");
        }
        println!(
            "a synchronisation with {provider} sends {requests} requests, for {count} activities; each was lost"
        );
        assert!(requests >= 10, "{requests}");
    }
}

/// A quarter of an hour later: this provider's calls are due, and no other's.
async fn due(world: &World, provider: &str) {
    let past = "2026-01-01T00:00:00Z";
    let all = format!("Sync_Logs?account_id=eq.{A}");
    let long_ago = json!({ "started_at": past });
    world.table(Method::PATCH, &all, "coaching", long_ago).await;
    let now = countersign_functions::time::iso(world.native.now_ms());
    for (which, last) in [("eq", past), ("neq", &now)] {
        let connections = format!("API_Connections?provider={which}.{provider}");
        let last = json!({ "last_synced_at": last });
        world
            .table(Method::PATCH, &connections, "coaching", last)
            .await;
    }
}

/// How the analyses of a conversation stand.
async fn analyses(world: &World, conversation: &str) -> (Vec<String>, Value) {
    let address =
        format!("Conversation_Analyses?conversation_id=eq.{conversation}&order=created_at,id");
    let rows = world.calls(&address).await;
    let mut stand: Vec<String> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            format!("{} {}", text("status"), text("error_code"))
        })
        .collect();
    // A request that died may have left nothing of its own.
    stand.retain(|of| of != "failed INTERRUPTED");
    let last = rows.iter().rfind(|row| row["status"] == "succeeded");
    let id = last.and_then(|row| row["id"].as_str()).unwrap_or_default();
    let linked = format!(
        "Synced_Activities?conversation_analysis_id=eq.{}&order=provider&select=provider,external_id",
        if id.is_empty() { A } else { id }
    );
    let said = last.map(|row| json!([row["summary"], row["scores"], row["user_id"]]));
    let linked = world.calls(&linked).await;
    (stand, json!({ "linked": linked, "said": said }))
}

pub(super) async fn wherever_an_analysis_dies_the_next_is_the_one(world: &World) {
    world.forget_calls().await;
    for provider in ["hubspot", "fathom"] {
        let (status, answer) = world
            .coach("pablo", Method::POST, &format!("sync/{provider}"), None)
            .await;
        assert_eq!(status, 200, "{answer}");
    }
    let conversation = world.recording().await;
    let order = json!({ "conversation_id": conversation });
    let asked = ("quinn", "analyse", &order);
    let forget = async || {
        let all = format!("Conversation_Analyses?conversation_id=eq.{conversation}");
        world
            .table(Method::DELETE, &all, "coaching", Value::Null)
            .await;
    };
    forget().await;
    let whole = Mortal::new(&world.native, None);
    assert_eq!(dying(world, &whole, asked, None).await, Some(200));
    let (stand, done) = analyses(world, &conversation).await;
    assert_eq!(stand, ["succeeded -"]);
    assert_eq!(done["linked"].as_array().map(Vec::len), Some(2), "{done}");
    let mut requests = 0;
    for (number, side) in ends() {
        let at = format!("request {number}, {side:?}");
        forget().await;
        let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
        let status = dying(world, &mortal, asked, None).await;
        if !mortal.ended() {
            assert_eq!(status, Some(200), "{at}");
            break;
        }
        requests = number;
        world.let_go().await;
        let (status, answer) = world
            .coach("quinn", Method::POST, "analyse", Some(&order))
            .await;
        assert_eq!(
            (status, &answer["status"]),
            (200, &json!("succeeded")),
            "{at}: {answer}"
        );
        let (stand, after) = analyses(world, &conversation).await;
        assert_eq!(stand, ["succeeded -"], "{at}");
        assert_eq!(after, done, "{at}");
    }
    println!("an analysis sends {requests} requests; each was lost before and after its effect");
    assert!(requests >= 9, "{requests}");
    // Nobody asks again: the schedule ends it, when no request can be at it any more.
    forget().await;
    let begun = json!({
        "account_id": A, "conversation_id": conversation, "created_at": "2026-01-01T00:00:00Z",
    });
    world
        .table(Method::POST, "Conversation_Analyses", "coaching", begun)
        .await;
    let over = json!({ "expires_at": "2026-01-01T00:00:00Z" });
    world
        .as_worker(
            Method::PATCH,
            "leases?name=eq.tidy",
            "countersign_edge",
            over,
        )
        .await;
    world.let_go().await;
    world.schedule().await;
    let all = format!("Conversation_Analyses?conversation_id=eq.{conversation}");
    let rows = world.calls(&all).await;
    assert_eq!(
        (&rows[0]["status"], &rows[0]["error_code"]),
        (&json!("failed"), &json!("INTERRUPTED"))
    );
}

/// An outcome under a key: asked again, it is never there twice, and once it is there it gets its vector.
pub(super) async fn wherever_an_outcome_dies_it_is_there_once_or_not(world: &World) {
    let whole = Mortal::new(&world.native, None);
    let order = |what: &str| json!({ "situation": format!("native: {what}"), "outcome": "closed", "team_id": super::EAST });
    let kept = async |what: &str| {
        let address = "Coaching_Outcomes?order=id&select=id,embedding_model&situation=eq";
        world.calls(&format!("{address}.native: {what}")).await
    };
    let first = order("whole");
    let key = format!("whole-{}", world.run);
    let asked = ("quinn", "outcomes", &first);
    assert_eq!(dying(world, &whole, asked, Some(&key)).await, Some(201));
    assert!(kept("whole").await[0]["embedding_model"].is_string());
    let (mut requests, mut lost, mut there) = (0, 0, 0);
    for (number, side) in ends() {
        let at = format!("{number} {side:?}");
        let body = order(&at);
        let key = format!("{number}-{side:?}-{}", world.run);
        let asked = ("quinn", "outcomes", &body);
        let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
        let status = dying(world, &mortal, asked, Some(&key)).await;
        if !mortal.ended() {
            assert_eq!(status, Some(201), "{at}");
            break;
        }
        requests = number;
        let rows = kept(&at).await;
        // The first of the key may be at it still, for all that anybody knows.
        let again = Mortal::new(&world.native, None);
        let status = dying(world, &again, asked, Some(&key)).await;
        assert!(matches!(status, Some(201 | 409)), "{at}: {status:?}");
        let after = kept(&at).await;
        assert!(after.len() <= 1, "{at}: {after:?}");
        if status == Some(201) {
            there += 1;
            assert_eq!(after.len(), 1, "{at}");
        } else {
            lost += 1;
            assert_eq!(after.len(), rows.len(), "{at}");
        }
        world.until_quiet().await;
        for row in kept(&at).await {
            assert!(row["embedding_model"].is_string(), "{at}: {row}");
        }
    }
    println!("an outcome sends {requests} requests; each was lost before and after its effect");
    assert!(requests >= 9, "{requests}");
    println!("{there} were there when asked again, {lost} were told that the first broke off");
    assert!(there >= 4 && lost >= 4, "{there} {lost}");
}

/// A draft under a key: asked again, nobody has two of it, and nobody was sent anything.
pub(super) async fn wherever_a_draft_dies_it_is_there_once_or_not(world: &World) {
    let conversation = world.recording().await;
    let order = json!({ "conversation_id": conversation });
    let (status, analysis) = world
        .coach("quinn", Method::POST, "analyse", Some(&order))
        .await;
    assert_eq!(status, 200, "{analysis}");
    let id = analysis["id"].as_str().unwrap();
    let all = format!("Coaching_Messages?conversation_analysis_id=eq.{id}");
    let order = json!({ "analysis_id": id });
    let asked = ("quinn", "draft", &order);
    let (mut requests, mut lost, mut there) = (0, 0, 0);
    for (number, side) in ends() {
        let at = format!("{number} {side:?}");
        world
            .table(Method::DELETE, &all, "coaching", Value::Null)
            .await;
        let key = format!("draft-{number}-{side:?}-{}", world.run);
        let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
        let status = dying(world, &mortal, asked, Some(&key)).await;
        if !mortal.ended() {
            assert_eq!(status, Some(201), "{at}");
            break;
        }
        requests = number;
        let before = world.calls(&all).await;
        world.let_go().await;
        let again = Mortal::new(&world.native, None);
        let status = dying(world, &again, asked, Some(&key)).await;
        assert!(matches!(status, Some(201 | 409)), "{at}: {status:?}");
        world.until_quiet().await;
        let after = world.calls(&all).await;
        if status == Some(201) {
            there += 1;
            assert_eq!(after.len(), 1, "{at}");
        } else {
            lost += 1;
            assert!(before.len() <= 1, "{at}");
            assert_eq!(after, before, "{at}");
        }
        for row in &after {
            assert_eq!(row["status"], "draft", "{at}: {row}");
        }
    }
    println!("a draft sends {requests} requests; each was lost before and after its effect");
    assert!(requests >= 9, "{requests}");
    println!("{there} were there when asked again, {lost} were told that the first broke off");
    assert!(there >= 4 && lost >= 4, "{there} {lost}");
    world
        .table(Method::DELETE, &all, "coaching", Value::Null)
        .await;
}
