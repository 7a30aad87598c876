//! Baserow's MCP server: one address, JSON in and out, no session. It speaks the current revision of
//! the protocol, in which every request says all there is to know, and the previous one, which begins
//! with `initialize`; or the previous one alone, if it is told so.
//!
//! The server of 2025 is not here: it answers on a stream of events that stays open, and these
//! simulators answer a request with an answer.

use serde_json::{Map, Value, json};

use super::{Baserow, MCP_KEY, Row, Table};
use crate::message::{Answer, Request};
use crate::{number, text};

/// The current revision.
pub const CURRENT: &str = "2026-07-28";
/// The one before it.
pub const PREVIOUS: &str = "2025-11-25";
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// Why a tool did not do what it was asked: for whoever called it to read.
type Told = Result<Value, String>;

impl Baserow {
    /// Which revisions it speaks from now on.
    pub(crate) fn speak(&mut self, body: &Value) {
        self.mcp_is_current = text(body, "revision") != Some(PREVIOUS);
    }

    pub(super) fn mcp(&mut self, request: &Request) -> Answer {
        if request.bearer() != Some(MCP_KEY) {
            let metadata = "Bearer resource_metadata=\"/.well-known/oauth-protected-resource/mcp\"";
            let body = json!({ "error": "invalid_token" });
            return Answer::json(401, &body).header("www-authenticate", metadata);
        }
        if request.method != "POST" {
            return Answer::empty(405);
        }
        let Some(body) = request.json() else {
            return failed(400, &Value::Null, -32700, "Parse error", None);
        };
        let id = body.get("id").cloned().unwrap_or_default();
        let method = text(&body, "method").unwrap_or_default();
        let nothing = json!({});
        let params = body.get("params").unwrap_or(&nothing);
        match request.header("mcp-protocol-version") {
            Some(CURRENT) if self.mcp_is_current => self.current(request, &id, method, params),
            // Without the header it is a revision older than these, which say the same here.
            Some(PREVIOUS) | None => self.previous(&id, method, params),
            Some(other) => {
                let supported: &[&str] = if self.mcp_is_current {
                    &[CURRENT, PREVIOUS]
                } else {
                    &[PREVIOUS]
                };
                let data = json!({ "supported": supported, "requested": other });
                failed(400, &id, -32022, "Unsupported protocol version", Some(data))
            }
        }
    }

    fn current(&mut self, request: &Request, id: &Value, method: &str, params: &Value) -> Answer {
        let meta = params.get("_meta").and_then(|meta| meta.get(VERSION));
        let name = if method == "tools/call" {
            text(params, "name")
        } else {
            None
        };
        if meta.and_then(Value::as_str) != Some(CURRENT)
            || request.header("mcp-method") != Some(method)
            || request.header("mcp-name") != name
        {
            return failed(400, id, -32020, "The headers do not match the body", None);
        }
        let result = match method {
            "server/discover" => {
                json!({ "supportedVersions": [CURRENT, PREVIOUS], "capabilities": { "tools": {} }, "serverInfo": server() })
            }
            "tools/list" => json!({ "tools": tools(), "ttlMs": 0, "cacheScope": "private" }),
            "tools/call" => self.tool(params),
            _ => return failed(404, id, -32601, "Method not found", None),
        };
        let mut result = result;
        if let Some(result) = result.as_object_mut() {
            result.insert("resultType".to_owned(), json!("complete"));
        }
        done(id, &result)
    }

    fn previous(&mut self, id: &Value, method: &str, params: &Value) -> Answer {
        match method {
            "initialize" => done(
                id,
                &json!({
                    "protocolVersion": PREVIOUS, "capabilities": { "tools": { "listChanged": false } }, "serverInfo": server(),
                }),
            ),
            _ if method.starts_with("notifications/") => Answer::empty(202),
            "tools/list" => done(id, &json!({ "tools": tools() })),
            "tools/call" => done(id, &self.tool(params)),
            _ => failed(200, id, -32601, "Method not found", None),
        }
    }

    fn tool(&mut self, params: &Value) -> Value {
        let nothing = json!({});
        let arguments = params.get("arguments").unwrap_or(&nothing);
        let said = self.call(text(params, "name").unwrap_or_default(), arguments);
        let (said, failed) = match said {
            Ok(value) => (value.to_string(), false),
            Err(message) => (message, true),
        };
        json!({ "content": [{ "type": "text", "text": said }], "isError": failed })
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Told {
        let numbers = |name: &str| -> Vec<u64> {
            let all = arguments.get(name).and_then(Value::as_array);
            all.into_iter()
                .flatten()
                .filter_map(Value::as_u64)
                .collect()
        };
        match tool {
            "list_databases" => Ok(json!([{ "id": 90, "name": "Club", "order": 1 }])),
            "list_tables" => Ok(self.all_tables().body.parse().unwrap_or_default()),
            "get_table_schema" => {
                let tables = numbers("table_ids")
                    .into_iter()
                    .filter_map(|id| self.tables.get(&id));
                Ok(tables.map(Table::schema).collect())
            }
            "list_table_rows" => {
                let (page, size) = (
                    number(arguments, "page", 1),
                    number(arguments, "size", 100).min(200),
                );
                let search = text(arguments, "search").unwrap_or_default();
                let query =
                    format!("user_field_names=true&page={page}&size={size}&search={search}");
                let table = self.table(arguments)?;
                read(&table.list(&Request {
                    query,
                    ..Request::default()
                }))
            }
            "create_rows" => self.each(arguments, |table, request, _| table.create(request, 0)),
            "update_rows" => self.each(arguments, |table, request, id| table.update(request, id)),
            "delete_rows" => {
                let ids = numbers("row_ids");
                let table = self.table(arguments)?;
                ids.iter().for_each(|id| drop(table.rows.remove(id)));
                Ok(json!("Rows successfully deleted."))
            }
            other => Err(format!("Unknown tool: {other}")),
        }
    }

    fn table(&mut self, arguments: &Value) -> Result<&mut Table, String> {
        let table = self.tables.get_mut(&number(arguments, "table_id", 0));
        table.ok_or_else(|| "Table matching query does not exist.".to_owned())
    }

    /// Does with each row what `write` does. Unlike the API it refuses names that are no field's.
    fn each(
        &mut self,
        arguments: &Value,
        write: impl Fn(&mut Table, &Request, &str) -> Answer,
    ) -> Told {
        let rows: Vec<Row> = arguments
            .get("rows")
            .cloned()
            .and_then(|rows| serde_json::from_value(rows).ok())
            .unwrap_or_default();
        let table = self.table(arguments)?;
        let names: Vec<String> = table
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect();
        let known = |name: &&String| *name == "id" || names.contains(name);
        if let Some(unknown) = rows.iter().flat_map(Map::keys).find(|name| !known(name)) {
            return Err(format!(
                "Unknown field name '{unknown}'. Available fields: {names:?}"
            ));
        }
        let one = |row: Row| {
            let id = row.get("id").map(ToString::to_string).unwrap_or_default();
            let request = Request {
                query: "user_field_names=true".to_owned(),
                body: json!(row).to_string(),
                ..Request::default()
            };
            read(&write(table, &request, &id))
        };
        rows.into_iter().map(one).collect()
    }
}

/// What the API said, as a tool says it.
fn read(answer: &Answer) -> Told {
    if answer.status == 200 {
        answer.body.parse().map_err(|_| "Internal error".to_owned())
    } else {
        Err(answer.body.clone())
    }
}

fn server() -> Value {
    json!({ "name": "Baserow MCP", "version": "1" })
}

fn tools() -> Value {
    let whole = json!({ "type": "integer" });
    let list = |items: &Value| json!({ "type": "array", "items": items });
    let rows = list(&json!({ "type": "object" }));
    let tool = |name: &str, properties: Value| json!({ "name": name, "description": name.replace('_', " "), "inputSchema": { "type": "object", "properties": properties } });
    json!([
        tool("list_databases", json!({})),
        tool("list_tables", json!({ "database_id": whole })),
        tool("get_table_schema", json!({ "table_ids": list(&whole) })),
        tool(
            "list_table_rows",
            json!({ "table_id": whole, "search": { "type": "string" }, "page": whole, "size": whole })
        ),
        tool("create_rows", json!({ "table_id": whole, "rows": rows })),
        tool("update_rows", json!({ "table_id": whole, "rows": rows })),
        tool(
            "delete_rows",
            json!({ "table_id": whole, "row_ids": list(&whole) })
        ),
    ])
}

fn done(id: &Value, result: &Value) -> Answer {
    Answer::json(
        200,
        &json!({ "jsonrpc": "2.0", "id": id, "result": result }),
    )
}

fn failed(status: u16, id: &Value, code: i64, message: &str, data: Option<Value>) -> Answer {
    let mut error = json!({ "code": code, "message": message });
    if let (Some(error), Some(data)) = (error.as_object_mut(), data) {
        error.insert("data".to_owned(), data);
    }
    Answer::json(
        status,
        &json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    )
}
