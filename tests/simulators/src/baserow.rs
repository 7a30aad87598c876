//! Baserow: rows and fields of a database, by a token that belongs to one workspace.
//!
//! It does as Baserow does what a caller might not expect: a member of the body that is no field, or
//! one that cannot be written, is passed over without a word; a number is a text; a choice is written
//! by its id or its word and read as an object.

mod fields;
mod filters;
pub mod mcp;
mod webhooks;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock::iso;
use crate::message::{Answer, Request};
use crate::{number, text};
use fields::Field;

const DATA: &str = include_str!("../data/baserow.json");
/// The one token that works. For machines where this runs, and nowhere else.
pub const TOKEN: &str = "countersign-local-baserow-token0";
/// The secret header that webhooks have. For machines where this runs, and nowhere else.
pub const WEBHOOK_SECRET: &str = "countersign-local-baserow-webhook-secret";
/// The one key of its MCP server. For machines where this runs, and nowhere else.
pub const MCP_KEY: &str = "countersign-local-baserow-mcp-k0";
/// The table of members.
pub const MEMBERS: u64 = 501;
/// The table of quick links.
pub const QUICK_LINKS: u64 = 502;
/// The table of events.
pub const EVENTS: u64 = 503;

const LARGEST_PAGE: u64 = 200;

type Row = Map<String, Value>;

/// The whole of it.
#[derive(Debug)]
pub struct Baserow {
    tables: BTreeMap<u64, Table>,
    /// What the token may do: `create`, `read`, `update`, `delete`. Without any it is none.
    permitted: Vec<String>,
    /// How many requests it answers in a second; an instance of one's own has no limit.
    per_second: u64,
    counted: (u64, u64),
    deliveries: u64,
    /// Whether its MCP server speaks the current revision, too.
    mcp_is_current: bool,
}

#[derive(Debug, Deserialize)]
struct Table {
    id: u64,
    name: String,
    database_id: u64,
    fields: Vec<Field>,
    #[serde(deserialize_with = "by_id")]
    rows: BTreeMap<u64, Row>,
    #[serde(default)]
    last: u64,
}

fn by_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<u64, Row>, D::Error> {
    let rows: Vec<Row> = Vec::deserialize(from)?;
    let id = |row: &Row| row.get("id").and_then(Value::as_u64).unwrap_or_default();
    Ok(rows.into_iter().map(|row| (id(&row), row)).collect())
}

impl Baserow {
    pub(crate) fn new() -> Result<Self, String> {
        let data: Value = serde_json::from_str(DATA).map_err(|error| error.to_string())?;
        let tables = data.get("tables").cloned().unwrap_or_default();
        let tables: Vec<Table> =
            serde_json::from_value(tables).map_err(|error| error.to_string())?;
        let ready = |mut table: Table| {
            table.last = table.rows.keys().max().copied().unwrap_or_default();
            (table.id, table)
        };
        Ok(Self {
            tables: tables.into_iter().map(ready).collect(),
            permitted: ["create", "read", "update", "delete"]
                .map(String::from)
                .into(),
            per_second: u64::MAX,
            counted: (0, 0),
            deliveries: 0,
            mcp_is_current: true,
        })
    }

    /// What the token may do from now on; nothing revokes it.
    pub(crate) fn permit(&mut self, body: &Value) {
        let operations = body.get("operations").and_then(Value::as_array);
        let words = operations.into_iter().flatten().filter_map(Value::as_str);
        self.permitted = words.map(str::to_owned).collect();
    }

    /// How many requests it answers in a second.
    pub(crate) fn limit(&mut self, body: &Value) {
        self.per_second = number(body, "per_second", u64::MAX);
    }

    /// Somebody changes the table: a field is added, or the one of this name removed.
    pub(crate) fn alter(&mut self, body: &Value) -> bool {
        let Some(table) = self.tables.get_mut(&number(body, "table", MEMBERS)) else {
            return false;
        };
        if let Some(name) = text(body, "remove") {
            table.fields.retain(|field| field.name != name);
            for row in table.rows.values_mut() {
                row.remove(name);
            }
            return true;
        }
        let added = body.get("add").cloned().unwrap_or_default();
        match serde_json::from_value::<Field>(added) {
            Ok(field) => {
                for row in table.rows.values_mut() {
                    row.insert(field.name.clone(), field.empty());
                }
                table.fields.push(field);
                true
            }
            Err(_) => false,
        }
    }

    pub(crate) fn answer(&mut self, request: &Request, now: u64) -> Answer {
        let (second, count) = self.counted;
        self.counted = if second == now / 1_000 {
            (second, count + 1)
        } else {
            (now / 1_000, 1)
        };
        if self.counted.1 > self.per_second {
            let detail = "Request was throttled. Expected available in 1 second.";
            return Answer::json(
                429,
                &json!({ "error": "ERROR_THROTTLED", "detail": detail }),
            )
            .header("retry-after", "1");
        }
        if request.path == "/mcp" {
            return self.mcp(request);
        }
        if !request.path.ends_with('/') {
            // As Django does: who follows loses the body.
            return Answer::empty(301).header("location", format!("{}/", request.path));
        }
        let given = request.header("authorization").unwrap_or_default();
        match given.strip_prefix("Token ") {
            None if given.is_empty() => {
                return failed(
                    401,
                    "NOT_AUTHENTICATED",
                    "Authentication credentials were not provided.",
                );
            }
            None => {
                return failed(
                    401,
                    "ERROR_INVALID_TOKEN_HEADER",
                    "The provided token header is not valid.",
                );
            }
            Some(token) if token != TOKEN || self.permitted.is_empty() => {
                return failed(
                    401,
                    "ERROR_TOKEN_DOES_NOT_EXIST",
                    "The provided token does not exist.",
                );
            }
            Some(_) => {}
        }
        let segments = request.segments();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        let words = words.strip_prefix(&["api", "database"]).unwrap_or_default();
        let method = request.method.as_str();
        match (method, words) {
            ("GET", ["tokens", "check"]) => Answer::json(200, &json!({ "token": "OK" })),
            ("GET", ["tables", "all-tables"]) => self.all_tables(),
            ("GET", ["fields", "table", table]) => self.in_table("read", table, |table| {
                Answer::json(200, &Value::Array(table.described()))
            }),
            ("GET", ["rows", "table", table]) => {
                self.in_table("read", table, |table| table.list(request))
            }
            ("POST", ["rows", "table", table]) => {
                self.in_table("create", table, |table| table.create(request, now))
            }
            ("GET", ["rows", "table", table, id]) => {
                self.in_table("read", table, |table| table.get(request, id))
            }
            ("PATCH", ["rows", "table", table, id]) => {
                self.in_table("update", table, |table| table.update(request, id))
            }
            ("DELETE", ["rows", "table", table, id]) => {
                self.in_table("delete", table, |table| table.delete(id))
            }
            _ => failed(
                404,
                "URL_NOT_FOUND",
                &format!("URL {} not found.", request.path),
            ),
        }
    }

    fn all_tables(&self) -> Answer {
        let one = |(order, table): (usize, &Table)| json!({ "id": table.id, "name": table.name, "order": order, "database_id": table.database_id });
        let all: Vec<Value> = self.tables.values().enumerate().map(one).collect();
        Answer::json(200, &Value::Array(all))
    }

    fn in_table(
        &mut self,
        operation: &str,
        id: &str,
        answer: impl FnOnce(&mut Table) -> Answer,
    ) -> Answer {
        let table = id.parse().ok().and_then(|id: u64| self.tables.get_mut(&id));
        match table {
            None => failed(
                404,
                "ERROR_TABLE_DOES_NOT_EXIST",
                "The requested table does not exist.",
            ),
            Some(_) if !self.permitted.iter().any(|may| may == operation) => failed(
                401,
                "ERROR_NO_PERMISSION_TO_TABLE",
                "The token does not have permissions to the table.",
            ),
            Some(table) => answer(table),
        }
    }
}

impl Table {
    fn described(&self) -> Vec<Value> {
        let fields = self.fields.iter().enumerate();
        fields
            .map(|(order, field)| field.described(self.id, order))
            .collect()
    }

    /// As the MCP server has it: less of each field than the API.
    fn schema(&self) -> Value {
        let fields: Vec<Value> = self.fields.iter().map(Field::summary).collect();
        json!({ "id": self.id, "name": self.name, "database_id": self.database_id, "fields": fields })
    }

    fn list(&self, request: &Request) -> Answer {
        let whole = |name: &str, default| match request.parameter(name) {
            None => Some(default),
            Some(text) => text.parse::<u64>().ok().filter(|number| *number > 0),
        };
        let (Some(page), Some(size)) = (whole("page", 1), whole("size", 100)) else {
            return failed(400, "ERROR_INVALID_PAGE", "Invalid page.");
        };
        if size > LARGEST_PAGE {
            return failed(
                400,
                "ERROR_PAGE_SIZE_LIMIT",
                "The page size is limited to 200.",
            );
        }
        let found = match filters::apply(&self.fields, self.rows.values().collect(), request) {
            Ok(found) => found,
            Err((code, detail)) => return failed(400, code, &detail),
        };
        let count = found.len() as u64;
        let (from, to) = ((page - 1) * size, page * size);
        if page > 1 && from >= count {
            return failed(400, "ERROR_INVALID_PAGE", "Invalid page.");
        }
        let numbered = found.into_iter().zip(0..);
        let here = numbered.filter(|(_, at)| (from..to).contains(at));
        let results: Vec<Value> = here.map(|(row, _)| self.shown(row, request)).collect();
        // Behind a proxy it names a host that nobody outside reaches.
        let address = |page: u64| format!("http://backend:8000{}?page={page}", request.path);
        Answer::json(
            200,
            &json!({
                "count": count, "next": (to < count).then(|| address(page + 1)),
                "previous": (page > 1).then(|| address(page - 1)), "results": results,
            }),
        )
    }

    fn get(&self, request: &Request, id: &str) -> Answer {
        match id.parse().ok().and_then(|id: u64| self.rows.get(&id)) {
            Some(row) => Answer::json(200, &self.shown(row, request)),
            None => no_row(),
        }
    }

    fn create(&mut self, request: &Request, now: u64) -> Answer {
        let given = match self.accepted(request) {
            Ok(given) => given,
            Err(answer) => return answer,
        };
        self.last += 1;
        let mut row = Row::new();
        row.insert("id".to_owned(), json!(self.last));
        for field in &self.fields {
            let value = match field.kind.as_str() {
                "autonumber" => json!(self.rows.len() + 1),
                "created_on" => json!(iso(now)),
                _ => field.empty(),
            };
            row.insert(field.name.clone(), value);
        }
        row.extend(given);
        self.calculate(&mut row);
        let answer = Answer::json(200, &self.shown(&row, request));
        self.rows.insert(self.last, row);
        answer
    }

    fn update(&mut self, request: &Request, id: &str) -> Answer {
        let given = match self.accepted(request) {
            Ok(given) => given,
            Err(answer) => return answer,
        };
        let id: u64 = id.parse().unwrap_or_default();
        let Some(mut row) = self.rows.get(&id).cloned() else {
            return no_row();
        };
        row.extend(given);
        self.calculate(&mut row);
        let answer = Answer::json(200, &self.shown(&row, request));
        self.rows.insert(id, row);
        answer
    }

    fn delete(&mut self, id: &str) -> Answer {
        match id.parse().ok().and_then(|id: u64| self.rows.remove(&id)) {
            Some(_) => Answer::empty(204),
            None => no_row(),
        }
    }

    /// The one formula there is.
    fn calculate(&self, row: &mut Row) {
        if self.fields.iter().any(|field| field.kind == "formula") {
            let number = row
                .get("Member no")
                .map(ToString::to_string)
                .unwrap_or_default();
            let name = row.get("Name").and_then(Value::as_str).unwrap_or_default();
            row.insert("Card".to_owned(), json!(format!("#{number} {name}")));
        }
    }

    /// What a body gives to the fields that can be written, by their names.
    fn accepted(&self, request: &Request) -> Result<Row, Answer> {
        let Some(Value::Object(body)) = request.json() else {
            return Err(failed(
                400,
                "ERROR_REQUEST_BODY_VALIDATION",
                "Invalid data. Expected a dictionary.",
            ));
        };
        let (mut taken, mut wrong) = (Row::new(), Map::new());
        for field in self.fields.iter().filter(|field| !field.read_only) {
            let key = field.key(named(request));
            let Some(given) = body.get(&key) else {
                continue;
            };
            match field.take(given) {
                Ok(value) => {
                    taken.insert(field.name.clone(), value);
                }
                Err((error, code)) => {
                    wrong.insert(key, json!([{ "error": error, "code": code }]));
                }
            }
        }
        if wrong.is_empty() {
            return Ok(taken);
        }
        let body = json!({ "error": "ERROR_REQUEST_BODY_VALIDATION", "detail": wrong });
        Err(Answer::json(400, &body))
    }

    fn shown(&self, row: &Row, request: &Request) -> Value {
        let id = row.get("id").and_then(Value::as_u64).unwrap_or_default();
        let mut shown = Row::new();
        shown.insert("id".to_owned(), json!(id));
        shown.insert(
            "order".to_owned(),
            json!(format!("{id}.00000000000000000000")),
        );
        for field in &self.fields {
            let value = row.get(&field.name).cloned().unwrap_or_default();
            shown.insert(field.key(named(request)), value);
        }
        Value::Object(shown)
    }
}

/// Whether fields are called by their names.
fn named(request: &Request) -> bool {
    let given = request.parameter("user_field_names");
    given.is_some_and(|given| matches!(given.as_str(), "" | "true" | "1"))
}

fn no_row() -> Answer {
    failed(
        404,
        "ERROR_ROW_DOES_NOT_EXIST",
        "The requested row does not exist.",
    )
}

fn failed(status: u16, code: &str, detail: &str) -> Answer {
    Answer::json(status, &json!({ "error": code, "detail": detail }))
}
