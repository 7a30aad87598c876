//! Who somebody is, and what they see.

use reqwest::Method;

use crate::world::World;

#[tokio::test]
async fn people_are_who_they_are_and_see_what_is_theirs() {
    let Some(world) = World::new() else { return };
    for (name, role) in [
        ("owner.a", Some("owner")),
        ("viewer.a", Some("viewer")),
        ("nobody", None),
    ] {
        let bearer = format!("Bearer {}", world.person(&format!("{name}@example.test")));
        let ask = async |path: &str| {
            let headers = [("authorization", bearer.as_str())];
            world.ask(Method::GET, path, &headers, None).await.1
        };
        let me = ask("/me").await;
        let memberships = &me["apps"]["agency"]["memberships"];
        assert_eq!(memberships[0]["role"].as_str(), role, "{name}: {me}");
        let rows = ask("/rest/v1/organizations?select=id").await;
        assert_eq!(
            rows.as_array().map(Vec::len),
            Some(usize::from(role.is_some())),
            "{name}: {rows}"
        );
    }
}
