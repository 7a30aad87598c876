//! Requests under an `Idempotency-Key`, for all that take one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

struct Answer {
    status: u16,
    replayed: bool,
    body: Value,
}

async fn ask(world: &World, name: &str, path: &str, key: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {}", world.person(&format!("{name}@example.test")));
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    let path = format!("/functions/v1/agency-{path}");
    let (status, headers, body) = world
        .ask_whole(Method::POST, &path, &headers, Some(body))
        .await;
    let replayed = headers.get("idempotency-replayed").is_some();
    Answer {
        status,
        replayed,
        body,
    }
}

pub(super) async fn repeats(world: &World) {
    let purpose = world.purpose("repeat");
    let order = |prompt: &str| json!({ "purpose": purpose, "prompt": prompt, "fresh": true });
    let (one, two) = (order("one"), order("two"));
    let run = world.run;
    let key = format!("a-{run}");
    let first = ask(world, "member.a", "complete", &key, &one).await;
    assert_eq!(
        (first.status, first.replayed),
        (200, false),
        "{}",
        first.body
    );
    let again = ask(world, "member.a", "complete", &key, &one).await;
    assert_eq!((again.status, again.replayed), (200, true));
    assert_eq!(again.body, first.body);
    assert_eq!(world.runs(&purpose).await.len(), 1);
    // Another body, another query, another path: each is another request.
    let query = format!("complete?org_id={}", super::ORG_A);
    for (path, body) in [("complete", &two), (query.as_str(), &one)] {
        let other = ask(world, "member.a", path, &key, body).await;
        assert_eq!((other.status, &other.body["code"]), (422, &json!("CS422")));
    }
    // A key is one person's: nobody hears another's answer.
    let theirs = ask(world, "admin.a", "complete", &key, &one).await;
    assert_eq!((theirs.status, theirs.replayed), (200, false));
    // Who may not do it does not get the answer by its key either.
    assert_eq!(
        ask(world, "viewer.a", "complete", &key, &one).await.status,
        403
    );
    for bad in ["", "two words"] {
        assert_eq!(
            ask(world, "member.a", "complete", bad, &one).await.status,
            400
        );
    }

    // Both at once: one does it.
    let slow = json!({ "provider": "llm", "effect": { "latency": 800 } });
    world.control("/faults", slow).await;
    let key = format!("b-{run}");
    let (left, right) = tokio::join!(
        ask(world, "member.a", "complete", &key, &two),
        ask(world, "member.a", "complete", &key, &two)
    );
    let mut both = [left.status, right.status];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{} {}", left.body, right.body);
    assert!(
        ask(world, "member.a", "complete", &key, &two)
            .await
            .replayed
    );

    // What did nothing is not kept: not a refusal, and not a model that is down.
    let key = format!("c-{run}");
    let empty = order(" ");
    assert_eq!(
        ask(world, "member.a", "complete", &key, &empty)
            .await
            .status,
        400
    );
    let down = json!({ "provider": "llm", "times": 3, "effect": { "answer": { "status": 503 } } });
    world.control("/faults", down).await;
    let three = order("three");
    assert_eq!(
        ask(world, "member.a", "complete", &key, &three)
            .await
            .status,
        503
    );
    let done = ask(world, "member.a", "complete", &key, &three).await;
    assert_eq!((done.status, done.replayed), (200, false), "{}", done.body);

    // What makes nothing takes no key, and is not kept.
    let search = json!({ "query": "the launch", "within": "documents" });
    for _ in 0..2 {
        let found = ask(world, "member.a", "search", &key, &search).await;
        assert_eq!((found.status, found.replayed), (200, false));
    }
}
