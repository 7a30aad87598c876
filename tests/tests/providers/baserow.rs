//! Baserow: fields and rows as they are now, an address found whatever its capitals, and each failure
//! told apart. Baserow publishes no description of its API apart from a running instance, so unlike the
//! others it is held against none.

use countersign_functions::providers::baserow::{NO_ROW, NO_TABLE};
use countersign_functions::providers::failure::{FieldError, Kind};
use countersign_functions::providers::settings::{BaserowSettings, Version};
use countersign_functions::secret::Secret;
use countersign_simulators::baserow::mcp::{CURRENT, PREVIOUS};
use countersign_simulators::baserow::{MCP_KEY, MEMBERS, QUICK_LINKS};
use countersign_simulators::message::Request;
use serde_json::{Map, Value, json};

use super::world::{World, run, settings};

fn baserow() -> BaserowSettings {
    settings(Version::V3).baserow.unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn the_fields_are_those_of_this_moment() {
    let (world, settings) = (World::new(), baserow());
    let client = world.baserow(&settings);
    let writable = |name: &str| {
        let fields = run(client.fields(MEMBERS)).unwrap();
        let found = fields.into_iter().find(|field| field.name == name);
        found.map(|field| field.writable())
    };
    assert_eq!(writable("Level"), Some(true));
    for name in ["Member no", "Joined", "Card"] {
        assert_eq!(writable(name), Some(false), "{name}");
    }
    assert_eq!(writable("Boat"), None);
    // An older Baserow does not say that it calculates a field.
    let added = json!({ "id": 5099, "name": "Boat", "type": "rollup" });
    world.control("/baserow/alter", json!({ "table": MEMBERS, "add": added }));
    assert_eq!(writable("Boat"), Some(false));
    world.control(
        "/baserow/alter",
        json!({ "table": MEMBERS, "remove": "Boat" }),
    );
    assert_eq!(writable("Boat"), None);
    let fields = run(client.fields(MEMBERS)).unwrap();
    let level = fields.iter().find(|field| field.name == "Level").unwrap();
    assert_eq!(level.choices().collect::<Vec<_>>(), ["Guest", "Full"]);
}

#[test]
fn pages_end_where_the_table_does() {
    let (world, settings) = (World::new(), baserow());
    let client = world.baserow(&settings);
    let mut titles = Vec::new();
    for number in 1.. {
        let page = run(client.list(QUICK_LINKS, number, 2)).unwrap();
        assert_eq!(page.count, 3);
        let title =
            |row: &countersign_functions::providers::baserow::Row| row.fields["Title"].clone();
        titles.extend(page.rows.iter().map(title));
        if !page.more {
            break;
        }
    }
    assert_eq!(titles, ["Opening hours", "House rules", "Lost and found"]);
    let beyond = run(client.list(QUICK_LINKS, 3, 2)).unwrap_err();
    assert_eq!(beyond.message.as_deref(), Some("ERROR_INVALID_PAGE"));
}

#[test]
fn an_address_is_found_whatever_its_capitals_and_no_other_is() {
    let (world, settings) = (World::new(), baserow());
    let client = world.baserow(&settings);
    let ids = |text: &str| {
        let found = run(client.find(MEMBERS, "Email", text)).unwrap();
        found.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    // `old-noel@…` has it as its end.
    assert_eq!(ids("noel@portal.example.test"), [102]);
    assert_eq!(ids("NOEL@portal.example.TEST"), [102]);
    assert_eq!(ids("el@portal.example.test"), [0_u64; 0]);
    assert_eq!(ids("%@portal.example.test"), [0_u64; 0]);
    assert_eq!(ids(""), [0_u64; 0]);
    // Its small form is a `k`, and it is another letter all the same.
    let kelvin = object(json!({ "Email": "\u{212a}ate@portal.example.test" }));
    run(client.create(MEMBERS, &kelvin)).unwrap();
    assert_eq!(ids("kate@portal.example.test"), [0_u64; 0]);
    // More rows than a page has.
    for _ in 0..201 {
        let row = object(json!({ "Email": "Many@portal.example.test" }));
        run(client.create(MEMBERS, &row)).unwrap();
    }
    assert_eq!(ids("many@portal.example.test").len(), 201);
    let failure = run(client.find(MEMBERS, "Mail", "a@b.test")).unwrap_err();
    assert_eq!(failure.kind, Kind::Invalid(Vec::new()));
    assert_eq!(
        failure.message.as_deref(),
        Some("ERROR_FILTER_FIELD_NOT_FOUND")
    );
}

#[test]
fn what_is_written_is_read() {
    let (world, settings) = (World::new(), baserow());
    let client = world.baserow(&settings);
    let given = object(
        json!({ "Name": "Kim", "Email": "kim@portal.example.test", "Seats": "1.5", "Interests": ["Chess"] }),
    );
    let made = run(client.create(MEMBERS, &given)).unwrap();
    assert_eq!(made.fields["Seats"], "1.5");
    assert_eq!(made.fields["Interests"][0]["value"], "Chess");
    let changed = run(client.update(
        MEMBERS,
        made.id,
        &object(json!({ "Level": "Full", "Seats": 2 })),
    ))
    .unwrap();
    assert_eq!(changed.fields["Level"]["value"], "Full");
    assert_eq!(run(client.get(MEMBERS, made.id)).unwrap(), changed);
    // What Baserow does not know or calculates, it passes over: whoever writes has to look first.
    let ignored = object(json!({ "Nope": 1, "Card": "forged", "Member no": 1 }));
    assert_eq!(
        run(client.update(MEMBERS, made.id, &ignored)).unwrap(),
        changed
    );
}

#[test]
fn each_failure_is_told_apart() {
    let (world, settings) = (World::new(), baserow());
    let client = world.baserow(&settings);
    let told = |failure: countersign_functions::providers::failure::Failure| {
        (failure.kind, failure.message)
    };
    let get = |table, row| run(client.get(table, row)).map(drop).map_err(told);
    let some = |code: &str| Some(code.to_owned());
    assert_eq!(get(MEMBERS, 999), Err((Kind::NotFound, some(NO_ROW))));
    assert_eq!(get(999, 1), Err((Kind::NotFound, some(NO_TABLE))));
    let bad = object(json!({ "Email": "no address", "Name": "Mia" }));
    let (kind, _) = run(client.update(MEMBERS, 101, &bad))
        .map_err(told)
        .unwrap_err();
    let field = FieldError {
        field: some("Email"),
        message: "Enter a valid email address.".to_owned(),
    };
    assert_eq!(kind, Kind::Invalid(vec![field]));
    let row = run(client.get(MEMBERS, 101)).unwrap();
    assert_eq!(row.fields["Name"], "Mia Sørensen", "nothing is half done");

    world.control("/baserow/permit", json!({ "operations": ["update"] }));
    assert_eq!(get(MEMBERS, 101), Err((Kind::Forbidden(Vec::new()), None)));
    let mut other = baserow();
    other.token = Some(Secret::new("another"));
    let failure = run(world.baserow(&other).get(MEMBERS, 101)).unwrap_err();
    assert_eq!(failure.kind, Kind::Settings("BASEROW_TOKEN"));
}

#[test]
fn a_read_is_repeated_and_a_create_is_not() {
    let settings = baserow();
    let deadlock = json!({ "error": "ERROR_DATABASE_DEADLOCK", "detail": "" });
    for (effect, read, created) in [
        (
            json!({ "answer": { "status": 503 } }),
            None,
            Some(Kind::Uncertain),
        ),
        (
            json!({ "answer": { "status": 409, "body": deadlock } }),
            None,
            None,
        ),
        (
            json!({ "answer": { "status": 429, "retry_after": "1" } }),
            None,
            None,
        ),
        (json!("dropped"), None, Some(Kind::Uncertain)),
        (json!("truncated"), None, Some(Kind::Uncertain)),
        (
            json!({ "answer": { "status": 301 } }),
            Some(Kind::Malformed),
            Some(Kind::Malformed),
        ),
    ] {
        let world = World::new();
        let client = world.baserow(&settings);
        let fault =
            |method: &str| json!({ "provider": "baserow", "method": method, "effect": effect });
        world.control("/faults", fault("GET"));
        let kind = run(client.get(MEMBERS, 101))
            .err()
            .map(|failure| failure.kind);
        assert_eq!(kind, read, "read: {effect}");
        world.control("/faults", fault("POST"));
        let row = object(json!({ "Name": "Kim" }));
        let kind = run(client.create(MEMBERS, &row))
            .err()
            .map(|failure| failure.kind);
        assert_eq!(kind, created, "create: {effect}");
        let tries = world.asked("POST", "/rows/table/501/");
        assert_eq!(tries, if created.is_none() { 2 } else { 1 }, "{effect}");
    }
}

#[test]
fn too_many_requests_wait_as_long_as_they_are_told() {
    let (world, settings) = (World::new(), baserow());
    world.control("/baserow/limits", json!({ "per_second": 2 }));
    let client = world.baserow(&settings);
    for _ in 0..3 {
        run(client.get(MEMBERS, 101)).unwrap();
    }
    assert_eq!(*world.pauses.borrow(), [1_000]);
}

#[test]
fn the_token_is_in_no_line_of_the_log() {
    let (world, settings) = (World::new(), baserow());
    run(world.baserow(&settings).get(MEMBERS, 101)).unwrap();
    let lines = world.lines.borrow().join("\n");
    assert!(
        lines.contains("rows.get") && !lines.contains(settings.token.as_ref().unwrap().expose()),
        "{lines}"
    );
    let sent = world.simulators.borrow().control.log[0].request.clone();
    assert_eq!(
        sent.header("authorization"),
        Some(format!("Token {}", settings.token.as_ref().unwrap().expose()).as_str())
    );
}

/// A message to the simulated MCP server: the status and the answer.
fn mcp(world: &World, version: Option<&str>, method: &str, params: Value) -> (u16, Value) {
    let mut headers = vec![
        ("authorization".to_owned(), format!("Bearer {MCP_KEY}")),
        ("mcp-method".to_owned(), method.to_owned()),
    ];
    headers.extend(version.map(|version| ("mcp-protocol-version".to_owned(), version.to_owned())));
    let name = params.get("name").and_then(Value::as_str);
    headers.extend(name.map(|name| ("mcp-name".to_owned(), name.to_owned())));
    let request = Request {
        method: "POST".to_owned(),
        path: "/baserow/mcp".to_owned(),
        headers: headers.into_iter().collect(),
        body: json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string(),
        ..Request::default()
    };
    let answer = world
        .simulators
        .borrow_mut()
        .answer(&request, world.now_ms.get());
    (
        answer.status,
        serde_json::from_str(&answer.body).unwrap_or_default(),
    )
}

/// The simulated MCP server speaks both revisions; there is no client of it yet.
#[test]
fn the_mcp_server_tells_the_same_fields_in_both_revisions() {
    let world = World::new();
    let call = |meta: bool, table: u64| {
        let mut params =
            json!({ "name": "get_table_schema", "arguments": { "table_ids": [table] } });
        if meta {
            params["_meta"] = json!({ "io.modelcontextprotocol/protocolVersion": CURRENT });
        }
        params
    };
    let (status, current) = mcp(&world, Some(CURRENT), "tools/call", call(true, MEMBERS));
    assert_eq!(
        (status, &current["result"]["resultType"]),
        (200, &json!("complete"))
    );
    let (_, hello) = mcp(
        &world,
        None,
        "initialize",
        json!({ "protocolVersion": PREVIOUS }),
    );
    assert_eq!(hello["result"]["protocolVersion"], PREVIOUS);
    let (_, previous) = mcp(&world, Some(PREVIOUS), "tools/call", call(false, MEMBERS));
    assert_eq!(previous["result"]["content"], current["result"]["content"]);
    let text = current["result"]["content"][0]["text"].as_str().unwrap();
    let tables: Value = serde_json::from_str(text).unwrap();
    let names = |fields: &Value| {
        let all = fields.as_array().unwrap().iter();
        all.map(|field| field["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let settings = baserow();
    let listed = run(world.baserow(&settings).fields(MEMBERS)).unwrap();
    let listed: Vec<String> = listed.into_iter().map(|field| field.name).collect();
    assert_eq!(names(&tables[0]["fields"]), listed);

    // The body has to say what the headers say.
    let (status, wrong) = mcp(&world, Some(CURRENT), "tools/call", call(false, MEMBERS));
    assert_eq!((status, &wrong["error"]["code"]), (400, &json!(-32020)));
    world.control("/baserow/mcp", json!({ "revision": PREVIOUS }));
    let (status, older) = mcp(&world, Some(CURRENT), "tools/call", call(true, MEMBERS));
    assert_eq!(
        (status, &older["error"]["data"]["supported"]),
        (400, &json!([PREVIOUS]))
    );
    let unknown = json!({ "name": "create_rows", "arguments": { "table_id": MEMBERS, "rows": [{ "Nope": 1 }] } });
    let (_, refused) = mcp(&world, Some(PREVIOUS), "tools/call", unknown);
    assert_eq!(refused["result"]["isError"], true);
}
