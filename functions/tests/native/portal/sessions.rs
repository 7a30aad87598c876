//! Whom the Worker believes to be which member.

use reqwest::Method;
use serde_json::json;

use super::{MIA, MIA_ENDED, NOEL};
use crate::world::{ORIGIN, World};

pub(super) async fn sessions(world: &World) {
    const MEMBER: &str = "/functions/v1/portal-member";
    let good = world.signed(MIA);
    let (status, body) = world.by(MIA, Method::GET, "member", None).await;
    assert_eq!((status, &body["id"]), (200, &json!("101")), "{body}");
    let ended = world.signed(MIA_ENDED);
    let unknown = world.signed("nobodysSession000000000000000000");
    let forged = good.replace(MIA, NOEL);
    let cut = good.trim_end_matches('=');
    let bearer = |text: &str| format!("Bearer {text}");
    for bad in [ended.as_str(), &unknown, &forged, cut, MIA, "x.y", "."] {
        let (status, body) = world
            .ask(
                Method::GET,
                MEMBER,
                &[("authorization", &bearer(bad))],
                None,
            )
            .await;
        assert_eq!((status, &body["code"]), (401, &json!("PGRST301")), "{bad}");
        let cookie = format!("better-auth.session_token={}", bad.replace('=', "%3D"));
        let (status, body) = world
            .ask(Method::GET, MEMBER, &[("cookie", &cookie)], None)
            .await;
        assert_eq!((status, &body["code"]), (401, &json!("PGRST301")), "{bad}");
        // Nor does a good cookie help a bad bearer.
        let cookie = format!("better-auth.session_token={good}");
        let both = [("authorization", bearer(bad)), ("cookie", cookie)];
        let both: Vec<_> = both
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(
            world.ask(Method::GET, MEMBER, &both, None).await.0,
            401,
            "{bad}"
        );
    }
    let (status, body) = world.ask(Method::GET, MEMBER, &[], None).await;
    assert_eq!((status, &body["code"]), (401, &json!("42501")));

    // The database knows the member as themselves, in the portal and nowhere else.
    let good = bearer(&good);
    let mine = [
        ("authorization", good.as_str()),
        ("accept-profile", "portal"),
    ];
    let (status, body) = world
        .ask(Method::GET, "/rest/v1/user?select=email", &mine, None)
        .await;
    assert_eq!(
        (status, body),
        (200, json!([{ "email": "mia@portal.example.test" }]))
    );
    let (_, body) = world
        .ask(Method::GET, "/rest/v1/session?select=userId", &mine, None)
        .await;
    assert_eq!(body.as_array().map(Vec::len), Some(2), "{body}");
    let (status, body) = world
        .ask(Method::GET, "/rest/v1/session?select=token", &mine, None)
        .await;
    assert!(
        (400..500).contains(&status) && !body.to_string().contains(MIA),
        "{body}"
    );
    let elsewhere = [
        ("authorization", good.as_str()),
        ("accept-profile", "agency"),
    ];
    assert_eq!(
        world
            .ask(Method::GET, "/rest/v1/clients", &elsewhere, None)
            .await
            .0,
        401
    );
    let other = "/functions/v1/assistant-contacts";
    assert_eq!(world.ask(Method::GET, other, &mine[..1], None).await.0, 401);
}

pub(super) async fn cookies(world: &World) {
    let cookie = format!(
        "__Secure-better-auth.session_token={}",
        world.signed(MIA).replace('=', "%3D")
    );
    let change = json!({ "fields": { "Phone": "+45 1" } });
    for (origin, expected) in [
        (Some(ORIGIN), 200),
        (None, 200),
        (Some("https://evil.example.test"), 403),
        (Some("null"), 403),
    ] {
        let mut headers = vec![
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let (status, body) = world
            .ask(
                Method::PATCH,
                "/functions/v1/portal-member",
                &headers,
                Some(&change),
            )
            .await;
        assert_eq!(status, expected, "{origin:?} {body}");
    }
}
