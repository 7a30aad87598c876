//! The member that an account is: found, added, or said not to be clear.

use reqwest::Method;
use serde_json::{Value, json};

use super::{MIA, UNA};
use crate::mortal::{At, Mortal, ends};
use crate::world::World;

pub(super) async fn logins(world: &World) {
    let (status, body) = world.sync(MIA).await;
    let found = (&body["linked"], &body["member"]["id"]);
    assert_eq!(
        (status, found),
        (200, (&json!("already"), &json!("101"))),
        "{body}"
    );
    // In Baserow the address has capitals.
    let shouting = world.sign_up("shouting").await;
    let email = shouting.email.to_uppercase();
    let id = world
        .add_member(json!({ "Email": email }))
        .await
        .to_string();
    let (status, body) = world.sync(&shouting.token).await;
    let found = (&body["linked"], &body["member"]["id"]);
    assert_eq!(
        (status, found),
        (200, (&json!("found"), &json!(id))),
        "{body}"
    );
    assert_eq!(world.link_of(&shouting.email).await, id.as_str());
    assert_eq!(world.sync(&shouting.token).await.1["linked"], "already");
    // Una's address is a member's, and not known to be hers.
    let (status, body) = world.sync(UNA).await;
    assert_eq!(
        (status, &body["code"]),
        (403, &json!("email_not_verified")),
        "{body}"
    );
    assert_eq!(world.link_of("una@portal.example.test").await, Value::Null);
    assert_eq!(
        world.by(UNA, Method::GET, "member", None).await.1["code"],
        "not_linked"
    );

    let twin = world.sign_up("twin").await;
    for email in [twin.email.clone(), twin.email.to_uppercase()] {
        world.add_member(json!({ "Email": email })).await;
    }
    let (status, body) = world.sync(&twin.token).await;
    assert_eq!(
        (status, &body["code"]),
        (409, &json!("ambiguous_member")),
        "{body}"
    );
    assert_eq!(world.link_of(&twin.email).await, Value::Null);

    // A member who is somebody else's account already.
    let taken = world.sign_up("taken").await;
    let row = format!("/baserow/api/database/rows/table/501/{id}/?user_field_names=true");
    world
        .simulator(Method::PATCH, &row, &json!({ "Email": taken.email }))
        .await;
    let (status, body) = world.sync(&taken.token).await;
    assert_eq!(
        (status, &body["code"]),
        (409, &json!("ambiguous_member")),
        "{body}"
    );
    assert_eq!(world.link_of(&taken.email).await, Value::Null);
    world
        .simulator(Method::PATCH, &row, &json!({ "Email": shouting.email }))
        .await;

    // Baserow is away: nothing is linked, and the next login does it.
    let down =
        json!({ "provider": "baserow", "times": 3, "effect": { "answer": { "status": 503 } } });
    world.control("/faults", down).await;
    let (status, body) = world.sync(&taken.token).await;
    assert_eq!(
        (status, &body["code"]),
        (503, &json!("provider_down")),
        "{body}"
    );
    let (status, body) = world.sync(&taken.token).await;
    assert_eq!(
        (status, &body["linked"]),
        (200, &json!("created")),
        "{body}"
    );
    assert_eq!(body["member"]["fields"]["Name"], "taken");
    assert_eq!(world.members(&taken.email).await.len(), 1);
}

pub(super) async fn races(world: &World) {
    for round in 0..3 {
        let racer = world.sign_up(&format!("racer{round}")).await;
        // Without the lease both have looked before either adds: each look takes its time.
        let slow = json!({ "provider": "baserow", "method": "GET", "times": 2, "effect": { "latency": 300 } });
        world.control("/faults", slow).await;
        let (one, other) = tokio::join!(world.sync(&racer.token), world.sync(&racer.token));
        assert_eq!((one.0, other.0), (200, 200), "{one:?} {other:?}");
        assert_eq!(one.1["member"]["id"], other.1["member"]["id"]);
        assert_eq!(world.members(&racer.email).await.len(), 1);
        assert_eq!(world.link_of(&racer.email).await, one.1["member"]["id"]);
    }
    // It was added, and the answer was lost.
    let lost = world.sign_up("lost").await;
    let fault =
        json!({ "provider": "baserow", "method": "POST", "when": "after", "effect": "dropped" });
    world.control("/faults", fault).await;
    let (status, body) = world.sync(&lost.token).await;
    assert_eq!(
        (status, &body["linked"]),
        (200, &json!("created")),
        "{body}"
    );
    assert_eq!(world.members(&lost.email).await.len(), 1);
    // It was not added, as far as anybody knows: the next login waits until the lease has run out, and
    // this one says so.
    let unknown = world.sign_up("unknown").await;
    let fault = json!({ "provider": "baserow", "method": "POST", "effect": "dropped" });
    world.control("/faults", fault).await;
    let (status, body) = world.sync(&unknown.token).await;
    assert_eq!(
        (status, &body["code"]),
        (502, &json!("provider_uncertain")),
        "{body}"
    );
    assert_eq!(world.link_of(&unknown.email).await, Value::Null);
}

/// A login that breaks off before and after each request that it sends: the next one comes to one member.
pub(super) async fn broken_off(world: &World) {
    let (mut requests, mut found, mut created) = (0, 0, 0);
    for (number, side) in ends() {
        let at = format!("request {number}, {side:?}");
        let name = format!("dying{number}{side:?}").to_lowercase();
        let member = world.sign_up(&name).await;
        let token = world.signed(&member.token);
        let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
        let path = "/functions/v1/portal-sync";
        let asked = (Method::POST, path, token.as_str(), &Value::Null);
        let answer = world.ask_in(&mortal, || mortal.ended(), asked).await;
        if !mortal.ended() {
            let (status, body) = answer.unwrap();
            assert_eq!((status, &body["linked"]), (200, &json!("created")), "{at}");
            break;
        }
        requests = number;
        let there = world.members(&member.email).await.len();
        assert!(there <= 1, "{at}");
        world.let_go().await;
        let (status, body) = world.sync(&member.token).await;
        assert_eq!(status, 200, "{at}: {body}");
        let came = body["linked"].as_str().unwrap();
        *if came == "created" {
            &mut created
        } else {
            &mut found
        } += 1;
        assert_eq!(came == "created", there == 0, "{at}: {body}");
        assert_eq!(world.members(&member.email).await.len(), 1, "{at}");
        assert_eq!(
            world.link_of(&member.email).await,
            body["member"]["id"],
            "{at}"
        );
    }
    println!(
        "a first login sends {requests} requests; each was lost before and after its effect: \
         {created} had added nobody, {found} had, and were found"
    );
    assert!(
        requests >= 8 && created >= 8 && found >= 3,
        "{requests} {created} {found}"
    );
}
