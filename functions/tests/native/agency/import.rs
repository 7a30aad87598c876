//! Importing from HubSpot, broken off before and after each request that it sends. Each part is an effect
//! of the outbox: what was recorded is finished by the schedule, and nobody has to ask again. Before that
//! nothing was begun, and whoever asks again has it whole.

use countersign_functions::schedule;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mortal::{At, Mortal, Side, ends};
use crate::world::{World, before};

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

/// The organization's rows of what is imported, and its imports.
struct Imports<'w> {
    world: &'w World,
    org: &'w str,
    path: &'static str,
    table: &'static str,
    column: &'static str,
    columns: &'static str,
}

impl Imports<'_> {
    async fn table(&self, method: Method, more: &str, body: Value) -> Value {
        let address = format!("{}?org_id=eq.{}{more}", self.table, self.org);
        self.world.table(method, &address, "agency", body).await
    }

    async fn rows(&self) -> Value {
        let sorted = format!("&order=external_id&select={}", self.columns);
        self.table(Method::GET, &sorted, Value::Null).await
    }

    /// How the parts of the organization's imports stand, the first one first.
    async fn parts(&self) -> Vec<String> {
        let address = format!(
            "outbox?app=eq.agency&tenant_id=eq.{}&order=created_at,id&select=status",
            self.org
        );
        let worker = self
            .world
            .as_worker(Method::GET, &address, "countersign_edge", Value::Null);
        let rows = worker.await;
        let status = |row: &Value| row["status"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(status).collect()
    }

    /// One row is missing, and the others are not what HubSpot has; and there never was an import.
    async fn disturb(&self, first: &str) {
        self.table(Method::DELETE, first, Value::Null).await;
        let other = json!({ self.column: "Somebody else" });
        self.table(Method::PATCH, "&record_status=eq.active", other)
            .await;
        let all = format!("outbox?app=eq.agency&tenant_id=eq.{}", self.org);
        let worker = self
            .world
            .as_worker(Method::DELETE, &all, "countersign_edge", Value::Null);
        worker.await;
    }

    async fn ask(&self, name: &str, order: &Value) -> (u16, Value) {
        let path = format!("{}?org_id={}", self.path, self.org);
        self.world.agency(name, &path, order.clone()).await
    }

    /// The whole import by whoever asks for part after part.
    async fn whole(&self) -> Vec<Value> {
        let mut order = json!({});
        let mut answers = Vec::new();
        loop {
            let (status, answer) = self.ask(FOUNDER, &order).await;
            assert_eq!(status, 200, "{answer}");
            order = json!({ "after": answer["next"] });
            let last = answer["next"].is_null();
            answers.push(answer);
            if last {
                return answers;
            }
        }
    }

    /// The schedule, until each part that was recorded is done.
    async fn finished(&self) {
        for _ in 0..20 {
            self.world.let_go().await;
            self.world.schedule().await;
            if self.parts().await.iter().all(|status| status == "done") {
                return;
            }
        }
        panic!("it does not come to its end: {:?}", self.parts().await);
    }
}

pub(super) async fn wherever_an_import_dies_the_schedule_ends_it(world: &World) {
    let often = json!({ "burst": 1_000_000, "page": 1_000 });
    world.control("/hubspot/limits", often).await;
    let org = founded(world).await;
    for (path, table, column, columns) in KINDS {
        let imports = Imports {
            world,
            org: &org,
            path,
            table,
            column,
            columns,
        };
        imports.whole().await;
        let all = imports.rows().await;
        let count = all.as_array().unwrap().len();
        assert!(count >= 2, "{all}");
        let of = |at: usize| {
            format!(
                "&external_id=eq.{}",
                all[at]["external_id"].as_str().unwrap()
            )
        };
        // What was retired here stays as it is, whoever imports.
        let retired = json!({ "record_status": "deleted", column: "Retired" });
        imports.table(Method::PATCH, &of(count - 1), retired).await;
        let done = imports.rows().await;
        // Two parts of it.
        let page = json!({ "page": count.div_ceil(2) });
        world.control("/hubspot/limits", page).await;
        let first = of(0);
        Box::pin(in_the_request(&imports, &first, &done)).await;
        Box::pin(in_the_schedule(&imports, &first, &done)).await;
        Box::pin(by_who_asks(&imports, &first, &done)).await;
        world
            .control("/hubspot/limits", json!({ "page": 1_000 }))
            .await;
    }
    let gone = format!("organizations?id=eq.{org}");
    world
        .table(Method::DELETE, &gone, "agency", Value::Null)
        .await;
}

async fn in_the_request(imports: &Imports<'_>, first: &str, done: &Value) {
    let (world, path) = (imports.world, imports.path);
    let count = done.as_array().unwrap().len();
    let address = format!("/functions/v1/agency-{path}");
    let body = json!({});
    let (mut requests, mut unrecorded) = (0, 0);
    for (number, side) in ends() {
        let at = format!("{path}, request {number}, {side:?}");
        imports.disturb(first).await;
        let disturbed = imports.rows().await;
        assert_eq!(disturbed.as_array().map(Vec::len), Some(count - 1));
        let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
        let asked = (Method::POST, address.as_str(), world.person(ADDRESS), &body);
        let answer = world.ask_in(&mortal, || mortal.ended(), asked).await;
        let recorded = !imports.parts().await.is_empty();
        if recorded {
            imports.finished().await;
        } else {
            // It was not begun.
            assert_eq!(imports.rows().await, disturbed, "{at}");
            unrecorded += 1;
            world.let_go().await;
            imports.whole().await;
        }
        assert_eq!(imports.rows().await, *done, "{at}");
        assert_eq!(imports.parts().await, ["done", "done"], "{at}");
        if !mortal.ended() {
            let (status, answer) = answer.unwrap();
            assert_eq!(status, 200, "{at}: {answer}");
            // Who asked for the first part and for no other.
            assert!(answer["next"].is_string(), "{answer}");
            break;
        }
        requests = number;
    }
    println!(
        "{path}: the first of two parts sends {requests} requests for {count} rows; each was lost before and after \
         its effect, {unrecorded} times before the import was recorded"
    );
    assert!(requests >= 10, "{requests}");
    assert!(unrecorded < 8, "{unrecorded}");
}

/// The schedule dies, too. After a request is before the next one, as far as anybody else can tell.
async fn in_the_schedule(imports: &Imports<'_>, first: &str, done: &Value) {
    let (world, path) = (imports.world, imports.path);
    let mut deaths = 0;
    for number in 1.. {
        imports.disturb(first).await;
        let (status, answer) = imports.ask(FOUNDER, &json!({})).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(imports.parts().await, ["done", "pending"]);
        world.let_go().await;
        let end = Some((At::Number(number), Side::After));
        let mortal = Mortal::new(&world.native, end);
        let run = before(|| mortal.ended(), schedule::run(&world.setup, &mortal)).await;
        assert!(run.is_none(), "it was to die: {run:?}");
        let ended = imports.parts().await == ["done", "done"];
        imports.finished().await;
        assert_eq!(
            imports.rows().await,
            *done,
            "{path}, the schedule's request {number}"
        );
        assert_eq!(imports.parts().await, ["done", "done"]);
        if ended {
            break;
        }
        deaths = number;
    }
    println!(
        "{path}: the schedule sends {deaths} requests until an import is at its end; it died after each"
    );
    assert!(deaths >= 8, "{deaths}");
}

async fn by_who_asks(imports: &Imports<'_>, first: &str, done: &Value) {
    let world = imports.world;
    let count = done.as_array().unwrap().len();
    imports.disturb(first).await;
    // The counts are of what each part did: one added, one retired, and the others changed.
    let answers = imports.whole().await;
    assert_eq!(answers.len(), 2);
    let sum = |name: &str| {
        answers
            .iter()
            .map(|answer| answer[name].as_u64().unwrap())
            .sum::<u64>()
    };
    let counts = ["created", "updated", "unchanged", "retired"].map(sum);
    assert_eq!(counts, [1, count as u64 - 2, 0, 1], "{answers:?}");
    assert_eq!(imports.rows().await, *done);
    assert_eq!(imports.parts().await, ["done", "done"]);
    // A part that is done can be asked for again.
    let next = json!({ "after": answers[0]["next"] });
    let (status, again) = imports.ask(FOUNDER, &next).await;
    assert_eq!(
        (status, &again["next"], &again["created"]),
        (200, &Value::Null, &json!(0)),
        "{again}"
    );
    assert_eq!(imports.parts().await, ["done", "done"]);
    // One that somebody is at, and what is no part.
    let at = |status: &str| json!({ "status": status, "next_attempt_at": "2100-01-01T00:00:00Z" });
    let all = format!("outbox?app=eq.agency&tenant_id=eq.{}", imports.org);
    world
        .as_worker(Method::PATCH, &all, "countersign_edge", at("sending"))
        .await;
    let (status, answer) = imports.ask(FOUNDER, &next).await;
    assert_eq!(
        (status, &answer["code"]),
        (409, &json!("CS409")),
        "{answer}"
    );
    world
        .as_worker(Method::PATCH, &all, "countersign_edge", at("done"))
        .await;
    for forged in ["", "2", "x.2", "a0000000-0000-4000-8000-000000000001."] {
        let (status, answer) = imports.ask(FOUNDER, &json!({ "after": forged })).await;
        assert_eq!(status, 400, "{forged} {answer}");
    }
    // Who began it is no admin any more: they get no further, and the import does.
    imports.disturb(first).await;
    let admin = json!({
        "org_id": imports.org, "user_id": world.id_of("admin.a@example.test"), "role": "admin",
        "status": "active",
    });
    world
        .table(Method::POST, "team_members", "agency", admin)
        .await;
    let (status, answer) = imports.ask("admin.a", &json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let theirs = format!(
        "team_members?org_id=eq.{}&user_id=eq.{}",
        imports.org,
        world.id_of("admin.a@example.test")
    );
    world
        .table(Method::DELETE, &theirs, "agency", Value::Null)
        .await;
    let (status, refused) = imports
        .ask("admin.a", &json!({ "after": answer["next"] }))
        .await;
    assert_eq!(status, 403, "{refused}");
    assert_eq!(imports.parts().await, ["done", "pending"]);
    imports.finished().await;
    assert_eq!(imports.rows().await, *done);
    imports.disturb(first).await;
    imports.whole().await;
}
