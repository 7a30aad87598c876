//! HubSpot's client does what it says, in both versions of the API.

use countersign_functions::providers::failure::Kind;
use countersign_functions::providers::failure::Provider;
use countersign_functions::providers::hubspot::objects::{
    Associated, ObjectKind, Properties, Search,
};
use countersign_functions::providers::hubspot::{self, oauth};
use serde_json::json;

use super::world::{World, run, settings, versions};

fn properties(pairs: &[(&str, &str)]) -> Properties {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
        .collect()
}

fn search(json: serde_json::Value) -> Search {
    serde_json::from_value(json).unwrap()
}

#[test]
fn objects_are_listed_made_changed_and_archived() {
    for version in versions() {
        let world = World::new();
        let settings = settings(version).hubspot.unwrap();
        let hubspot = world.hubspot(&settings);
        run(async {
            for kind in ObjectKind::ALL {
                let page = hubspot
                    .list(kind, kind.properties(), 100, None)
                    .await
                    .unwrap();
                assert!(!page.results.is_empty(), "{kind:?}");
            }
            let kind = ObjectKind::Contacts;
            let new = properties(&[("email", "ada@example.test"), ("firstname", "Ada")]);
            let companies = [(ObjectKind::Companies, "201".to_owned())];
            let made = hubspot.create(kind, &new, &companies).await.unwrap();
            assert_eq!(
                made.properties.get("email"),
                Some(&Some("ada@example.test".to_owned()))
            );
            let of = hubspot
                .associations(kind, &made.id, ObjectKind::Companies)
                .await
                .unwrap();
            assert_eq!(
                of,
                [Associated {
                    id: "201".to_owned()
                }]
            );

            let change = properties(&[("jobtitle", "Countess")]);
            let changed = hubspot.update(kind, &made.id, &change).await.unwrap();
            assert_eq!(
                changed.properties.get("jobtitle"),
                Some(&Some("Countess".to_owned()))
            );
            let read = hubspot
                .get(kind, &made.id, &["jobtitle", "phone"])
                .await
                .unwrap();
            assert_eq!(
                read.properties.get("jobtitle"),
                Some(&Some("Countess".to_owned()))
            );
            assert_eq!(
                read.properties.get("phone"),
                Some(&None),
                "what is not set is null"
            );

            hubspot.archive(kind, &made.id).await.unwrap();
            let gone = hubspot.get(kind, &made.id, &[]).await.unwrap_err();
            assert_eq!(gone.kind, Kind::NotFound);
            assert!(gone.correlation.is_some());
        });
        world.as_described();
    }
}

#[test]
fn pages_come_one_after_the_other_until_the_last() {
    let world = World::new();
    let [version, _] = versions();
    let settings = settings(version).hubspot.unwrap();
    let hubspot = world.hubspot(&settings);
    run(async {
        let mut pages = hubspot.pages(ObjectKind::Contacts, &["email"], 3);
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.push(page.unwrap().len());
        }
        assert_eq!(found, [3, 1]);
        assert!(pages.next().await.is_none());
    });
    world.as_described();
}

#[test]
fn many_are_read_at_once_and_those_that_are_missing_are_named() {
    for version in versions() {
        let world = World::new();
        let settings = settings(version).hubspot.unwrap();
        let hubspot = world.hubspot(&settings);
        run(async {
            let ids = ["101", "1", "102"];
            let read = hubspot.get_many(ObjectKind::Contacts, &ids, &["email"]);
            let (found, missing) = read.await.unwrap();
            let found: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
            assert_eq!((found, missing), (vec!["101", "102"], vec!["1".to_owned()]));
        });
        world.as_described();
    }
}

#[test]
fn a_search_filters_sorts_and_pages() {
    for version in versions() {
        let world = World::new();
        let settings = settings(version).hubspot.unwrap();
        let hubspot = world.hubspot(&settings);
        run(async {
            let find = async |json| {
                let found = hubspot
                    .search(ObjectKind::Contacts, &["email"], &search(json))
                    .await
                    .unwrap();
                let ids: Vec<String> = found.results.iter().map(|one| one.id.clone()).collect();
                (ids, found.total, found.after().map(str::to_owned))
            };
            let (ids, total, _) = find(json!({ "query": "tidalfreight" })).await;
            assert_eq!((ids.len(), total), (2, Some(2)));
            let owned =
                json!([{ "property": "hubspot_owner_id", "operator": "EQ", "value": "7002" }]);
            let (ids, ..) = find(json!({ "filters": owned, "sort": "-lastname" })).await;
            assert_eq!(ids, ["104", "103"]);
            let (_, total, after) = find(json!({ "limit": 1 })).await;
            assert_eq!((total, after.as_deref()), (Some(4), Some("1")));
            let (ids, ..) = find(json!({ "limit": 1, "after": "3" })).await;
            assert_eq!(ids, ["104"]);
        });
        world.as_described();
    }
}

#[test]
fn associations_are_made_and_ended() {
    for version in versions() {
        let world = World::new();
        let settings = settings(version).hubspot.unwrap();
        let hubspot = world.hubspot(&settings);
        let (contact, deal) = (
            (ObjectKind::Contacts, "102"),
            (ObjectKind::Deals, "330044001"),
        );
        run(async {
            hubspot.associate(contact, deal).await.unwrap();
            let there = hubspot
                .associations(contact.0, contact.1, deal.0)
                .await
                .unwrap();
            assert_eq!(there.len(), 1);
            hubspot.dissociate(contact, deal).await.unwrap();
            let there = hubspot
                .associations(contact.0, contact.1, deal.0)
                .await
                .unwrap();
            assert_eq!(there.len(), 0);
        });
        world.as_described();
    }
}

#[test]
fn what_hubspot_does_not_take_is_told_field_by_field() {
    let world = World::new();
    let [version, _] = versions();
    let settings = settings(version).hubspot.unwrap();
    let hubspot = world.hubspot(&settings);
    run(async {
        let kind = ObjectKind::Contacts;
        let bad = properties(&[("email", "nowhere"), ("shoe_size", "44")]);
        let Kind::Invalid(fields) = hubspot.create(kind, &bad, &[]).await.unwrap_err().kind else {
            panic!("it is invalid");
        };
        let names: Vec<_> = fields.iter().map(|field| field.field.as_deref()).collect();
        assert_eq!(names, [Some("email"), Some("shoe_size")]);
        let taken = properties(&[("email", "petra.novak@tidalfreight.example")]);
        let conflict = hubspot.create(kind, &taken, &[]).await.unwrap_err();
        assert_eq!(conflict.kind, Kind::Conflict);
        assert!(conflict.message.unwrap().contains("Existing ID: 101"));
    });
    world.as_described();
}

#[test]
fn a_connection_without_the_scopes_is_told_which() {
    let world = World::new();
    let [version, _] = versions();
    let mut settings = settings(version).hubspot.unwrap();
    settings.scopes = "oauth crm.objects.contacts.read".to_owned();
    let hubspot = world.hubspot(&settings);
    let refused = run(hubspot.archive(ObjectKind::Deals, "330044001")).unwrap_err();
    assert_eq!(
        refused.kind,
        Kind::Forbidden(vec!["crm.objects.deals.write".to_owned()])
    );
    world.as_described();
}

#[test]
fn a_grant_is_had_by_a_code_with_its_verifier_and_once_only() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sha2::Digest as _;
    for version in versions() {
        let world = World::new();
        let settings = settings(version).hubspot.unwrap();
        let line = world.line(Provider::HubSpot, 60);
        let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest("the-verifier"));
        run(async {
            let code = world.consent(&settings, "s-1", &challenge);
            let wrong = oauth::exchange(&line, &settings, &code, "another").await;
            assert_eq!(wrong.unwrap_err().kind, Kind::Expired);
            let code = world.consent(&settings, "s-2", &challenge);
            let grant = oauth::exchange(&line, &settings, &code, "the-verifier")
                .await
                .unwrap();
            assert_eq!(
                (grant.portal, grant.lifetime.as_secs()),
                (Some(24_680_135), 1_800)
            );
            assert!(
                oauth::exchange(&line, &settings, &code, "the-verifier")
                    .await
                    .is_err()
            );

            let again = oauth::refresh(&line, &settings, &grant.refresh)
                .await
                .unwrap();
            assert_ne!(again.access, grant.access);
            oauth::revoke(&line, &settings, &grant.refresh)
                .await
                .unwrap();
            let ended = oauth::refresh(&line, &settings, &grant.refresh)
                .await
                .unwrap_err();
            assert_eq!(ended.kind, Kind::Expired);
        });
        world.as_described();
        assert!(
            !world.lines.borrow().join("\n").contains("refresh-"),
            "no token is logged"
        );
        let _ = hubspot::READING;
    }
}

#[test]
fn a_portal_is_asked_no_more_than_it_allows() {
    let world = World::new();
    let settings = settings(versions()[0].clone()).hubspot.unwrap();
    let (one, mut other) = (world.hubspot(&settings), world.hubspot(&settings));
    other.portal = "62516".to_owned();
    let kind = ObjectKind::Contacts;
    world.most.set(Some(2));
    run(async {
        for hubspot in [&one, &one, &other, &other] {
            hubspot.list(kind, &[], 1, None).await.unwrap();
        }
        assert!(world.pauses.borrow().is_empty(), "each portal by itself");
        // HubSpot does not count searches among them.
        let found = search(json!({ "limit": 1 }));
        one.search(kind, &[], &found).await.unwrap();
        assert!(world.pauses.borrow().is_empty());
        one.list(kind, &[], 1, None).await.unwrap();
        assert_eq!(*world.pauses.borrow(), [10_000]);
        // But apart, and for the portal as a whole.
        for hubspot in [&one, &one, &other] {
            hubspot.search(kind, &[], &found).await.unwrap();
        }
        assert_eq!(*world.pauses.borrow(), [10_000]);
        one.search(kind, &[], &found).await.unwrap();
        assert_eq!(*world.pauses.borrow(), [10_000, 10_000]);
        // Somebody else uses up what there is, and no time is left to wait for more.
        world.most.set(Some(0));
        let asked = world.asked("GET", "/contacts");
        let failure = other.list(kind, &[], 1, None).await.unwrap_err();
        let window = std::time::Duration::from_secs(10);
        assert_eq!(failure.kind, Kind::Limited(Some(window)));
        assert_eq!(
            world.asked("GET", "/contacts"),
            asked,
            "HubSpot is not asked"
        );
    });
}
