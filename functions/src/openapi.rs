//! The OpenAPI document of the workflows, made from their table: what is in it answers, and what
//! answers is in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::apps::{
    RECORDS, Run, Workflow, advisory, agency, assistant, coaching, portal, repeat, workflows,
};

/// The document, as it is served. It is kept as text, since what makes it would be a tenth of the
/// Worker; a test sees to it that the table makes just this.
pub const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// What a workflow takes and gives, beside what its path says.
#[derive(Debug)]
pub struct Types {
    /// The parameters of the query, with their schemas; none is required.
    pub query: Vec<(&'static str, Value)>,
    /// The schema of the body, and whether there has to be one.
    pub input: Option<(Value, bool)>,
    /// The status of a good answer.
    pub status: u16,
    /// The schema of its body.
    pub output: Option<Value>,
}

/// The document, made from the table. `tenants` says how an app's requests name their tenant.
#[must_use]
pub fn document(tenants: &BTreeMap<String, String>) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for workflow in workflows() {
        let item = paths.entry(workflow.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(
                workflow.method.as_str().to_lowercase(),
                operation(workflow, tenants),
            );
        }
    }
    let mut schemas = assistant::types::schemas();
    if let Some(schemas) = schemas.as_object_mut() {
        let more = [
            advisory::types::schemas(),
            coaching::types::schemas(),
            portal::types::schemas(),
        ];
        for more in more {
            if let Value::Object(more) = more {
                schemas.extend(more);
            }
        }
        schemas.insert("Problem".to_owned(), problem());
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Countersign", "version": env!("CARGO_PKG_VERSION"),
            "description": "The workflows of the apps. /rest/v1 and /auth/v1 are Supabase's own.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apikey": { "type": "apiKey", "in": "header", "name": "apikey" },
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
}

fn operation(workflow: &Workflow, tenants: &BTreeMap<String, String>) -> Value {
    let types = match workflow.run {
        Run::Advisory(run) => advisory::types::of(run),
        Run::Agency(run) => agency::types::of(run),
        Run::Assistant(run) => assistant::types::of(run),
        Run::Coaching(run) => coaching::types::of(run),
        Run::Portal(run) => portal::types::of(run),
    };
    let words = workflow.path.split('/');
    let parts = words.filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    let in_path = parts.map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
    });
    let in_query = types.query.iter().map(
        |(name, schema)| json!({ "name": name, "in": "query", "required": false, "schema": schema }),
    );
    let tenant = tenants
        .get(workflow.app)
        .filter(|_| workflow.needs.is_some());
    let in_query = in_query.chain(tenant.map(|name| {
        let description = "Whose; needed by those who may do this in several";
        json!({ "name": name, "in": "query", "required": false, "schema": { "type": "string" }, "description": description })
    }));
    let key = workflow.creates.then(|| {
        let description = "The same request again under the same key gets the same answer, for 24 hours";
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        json!({ "name": repeat::HEADER, "in": "header", "required": false, "schema": schema, "description": description })
    });
    let parameters: Vec<Value> = in_path.chain(in_query).chain(key).collect();
    let content = |schema: &Value| json!({ "application/json": { "schema": schema } });
    let mut good = json!({ "description": "Done" });
    if let (Some(schema), Some(good)) = (&types.output, good.as_object_mut()) {
        good.insert("content".to_owned(), content(schema));
    }
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    let mut recorded = good.clone();
    if let Some(recorded) = recorded.as_object_mut() {
        let what = "It is recorded, and will be done";
        recorded.insert("description".to_owned(), json!(what));
    }
    let mut operation = json!({
        "operationId": id(workflow), "summary": workflow.summary, "tags": [workflow.app],
        "parameters": parameters,
        "responses": {
            types.status.to_string(): good,
            "default": { "description": "It failed", "content": content(&problem) },
        },
        "security": if workflow.needs.is_some() { json!([{ "apikey": [], "token": [] }]) } else { json!([]) },
        "x-acts": if workflow.as_service.is_empty() { "as the caller" } else { "as the caller and as the service" },
    });
    // What goes through the outbox may be done later.
    let later = workflow.as_service.contains(&RECORDS);
    let responses = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut);
    if let (true, Some(responses)) = (later, responses) {
        responses.insert("202".to_owned(), recorded);
    }
    if let Some(operation) = operation.as_object_mut() {
        if let Some((schema, required)) = &types.input {
            let body = json!({ "required": required, "content": content(schema) });
            operation.insert("requestBody".to_owned(), body);
        }
        if let Some((resource, needed)) = workflow.needs {
            operation.insert("x-policy".to_owned(), json!(format!("{resource} {needed}")));
        }
    }
    operation
}

/// `GET /functions/v1/assistant-contacts/{id}` is `get_assistant_contacts_id`.
fn id(workflow: &Workflow) -> String {
    let path = workflow.path.trim_start_matches("/functions/v1/");
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let words: String = path
        .chars()
        .filter(|c| !"{}".contains(*c))
        .map(plain)
        .collect();
    format!("{}_{words}", workflow.method.as_str().to_lowercase())
}

fn problem() -> Value {
    let text = json!({ "type": ["string", "null"] });
    json!({
        "type": "object", "required": ["code", "message", "details", "hint", "request_id"],
        "properties": {
            "code": { "type": "string" }, "message": { "type": "string" }, "details": text, "hint": text,
            "request_id": { "type": "string" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::decision;
    use crate::policies::Policies;

    fn made() -> Value {
        let policies = Policies::embedded().unwrap();
        let named = |policy: &policy_core::Policy| {
            Some((policy.app.clone(), decision::parameter(policy)?.to_owned()))
        };
        document(
            &policies
                .iter()
                .filter_map(|app| named(&app.policy))
                .collect(),
        )
    }

    /// To write it anew: `UPDATE_OPENAPI=1 cargo test -p countersign-functions openapi`.
    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    fn what_is_served_is_what_the_table_makes() {
        let made = format!("{}\n", serde_json::to_string_pretty(&made()).unwrap());
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
            std::fs::write(file, &made).unwrap();
            return;
        }
        let kept = include_str!("../openapi.json");
        assert!(made == kept, "openapi.json is not of this table");
        let served: Value = serde_json::from_str(DOCUMENT).unwrap();
        assert_eq!(served, serde_json::from_str::<Value>(kept).unwrap());
    }

    #[test]
    fn every_workflow_is_in_it_once_and_every_reference_leads_somewhere() {
        let document = made();
        let paths = document["paths"].as_object().unwrap();
        let operations: Vec<&Value> = paths
            .values()
            .flat_map(|item| item.as_object().unwrap().values())
            .collect();
        assert_eq!(operations.len(), workflows().count());
        let mut ids: Vec<&str> = operations
            .iter()
            .map(|of| of["operationId"].as_str().unwrap())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), workflows().count());
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut used = 0;
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
            used += 1;
        }
        assert!(used > workflows().count());
    }
}
