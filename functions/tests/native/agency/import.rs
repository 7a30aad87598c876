//! Importing from HubSpot, broken off before and after each request that it sends. An import reads there
//! and writes here, row by row: asked again, it comes to what an undisturbed one comes to.

use reqwest::Method;
use serde_json::{Value, json};

use crate::mortal::{At, Mortal, ends};
use crate::world::World;

/// Who founds an organization for it: what the seed's have is others' to count on.
const FOUNDER: &str = "nobody";
const ADDRESS: &str = "nobody@example.test";

/// What is imported: its path, its table, the column that is changed here, and all that is compared.
const KINDS: [(&str, &str, &str, &str); 2] = [
    (
        "import/contacts",
        "crm_contacts",
        "last_name",
        "external_id,first_name,last_name,email,phone,job_title,record_status",
    ),
    (
        "import/deals",
        "crm_deals",
        "title",
        "external_id,title,status,amount_cents,currency,expected_close_on,closed_at,stage_id,record_status",
    ),
];

/// An organization with a pipeline, connected to HubSpot.
async fn founded(world: &World) -> String {
    let path = "/rest/v1/rpc/create_organization";
    let name = json!({ "p_name": format!("Import {}", world.run) });
    let (status, org) = world
        .as_agent(FOUNDER, Method::POST, path, Some(&name))
        .await;
    assert_eq!(status, 200, "{org}");
    let org = org["id"].as_str().unwrap().to_owned();
    let insert = async |table: &str, row: Value| {
        let made = world.table(Method::POST, table, "agency", row).await;
        made[0]["id"].as_str().unwrap().to_owned()
    };
    let pipeline = json!({ "org_id": org, "name": "Sales", "is_default": true });
    let pipeline = insert("crm_pipelines", pipeline).await;
    for (position, outcome) in ["open", "won", "lost"].into_iter().enumerate() {
        let stage = json!({
            "org_id": org, "pipeline_id": pipeline, "name": outcome, "position": position, "outcome": outcome,
        });
        insert("crm_stages", stage).await;
    }
    let connect = "/functions/v1/agency-hubspot-connect";
    world
        .connect_by(connect, "hubspot", ADDRESS, json!({}))
        .await;
    org
}

/// The whole import, in as many parts as it has.
async fn whole(world: &World, path: &str) {
    let mut order = json!({});
    loop {
        let (status, answer) = world.agency(FOUNDER, path, order).await;
        assert_eq!(status, 200, "{answer}");
        if answer["next"].is_null() {
            return;
        }
        order = json!({ "after": answer["next"] });
    }
}

pub(super) async fn wherever_an_import_dies_the_next_is_whole(world: &World) {
    let often = json!({ "burst": 1_000_000 });
    world.control("/hubspot/limits", often).await;
    let org = founded(world).await;
    for (path, table, column, columns) in KINDS {
        let all = format!("{table}?org_id=eq.{org}");
        let table = async |method, more: &str, body: Value| {
            let address = format!("{all}{more}");
            world.table(method, &address, "agency", body).await
        };
        let sorted = format!("&order=external_id&select={columns}");
        let rows = async || table(Method::GET, &sorted, Value::Null).await;
        whole(world, path).await;
        let done = rows().await;
        let count = done.as_array().unwrap().len();
        assert!(count >= 2, "{done}");
        let first = format!(
            "&external_id=eq.{}",
            done[0]["external_id"].as_str().unwrap()
        );
        // One row is missing, and the others are not what HubSpot has.
        let disturb = async || {
            table(Method::DELETE, &first, Value::Null).await;
            table(Method::PATCH, "", json!({ column: "Somebody else" })).await;
        };
        disturb().await;
        assert_eq!(rows().await.as_array().map(Vec::len), Some(count - 1));
        let address = format!("/functions/v1/agency-{path}");
        let body = json!({});
        let ask = async |mortal: &Mortal<'_>| {
            let asked = (Method::POST, address.as_str(), world.person(ADDRESS), &body);
            world.ask_in(mortal, || mortal.ended(), asked).await
        };
        let mut requests = 0;
        for (number, side) in ends() {
            let at = format!("{path}, request {number}, {side:?}");
            let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
            let answer = ask(&mortal).await;
            if !mortal.ended() {
                assert_eq!(answer.map(|(status, _)| status), Some(200), "{at}");
                assert_eq!(rows().await, done, "undisturbed");
                break;
            }
            requests = number;
            world.let_go().await;
            whole(world, path).await;
            assert_eq!(rows().await, done, "{at}");
            disturb().await;
        }
        println!(
            "{path} sends {requests} requests for {count} rows; each was lost before and after its effect"
        );
        assert!(requests >= 8, "{requests}");
    }
    let gone = format!("organizations?id=eq.{org}");
    world
        .table(Method::DELETE, &gone, "agency", Value::Null)
        .await;
}
