//! The Worker's own requests to PostgREST, as the caller or as the Worker's role.
//!
//! Row-level security binds both. The Worker's role, `countersign_edge`, has what the `service:` rules
//! of the policies give it; its token is signed here for a minute and never leaves for anywhere else.

use postgrest::{Builder, Postgrest};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::caller::{Caller, exchange};
use crate::edge::Edge;
use crate::message::Body;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::transport::{Outgoing, Runtime};

/// The schema of what the Worker remembers between requests.
pub const OWN_SCHEMA: &str = "countersign_edge";
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// One schema of the database, in one role.
#[derive(Debug)]
pub struct Database<'a, R> {
    edge: &'a Edge,
    runtime: &'a R,
    schema: &'a str,
    api_key: Secret,
    token: Option<Secret>,
    request_id: &'a str,
}

impl<'a, R: Runtime> Database<'a, R> {
    /// As the caller.
    #[must_use]
    pub fn of_caller(
        edge: &'a Edge,
        runtime: &'a R,
        schema: &'a str,
        caller: &Caller,
        request_id: &'a str,
    ) -> Self {
        Self {
            edge,
            runtime,
            schema,
            api_key: caller.api_key.clone(),
            token: caller.token.clone(),
            request_id,
        }
    }

    /// As the Worker's own role.
    ///
    /// # Errors
    /// If the Worker has no secret to sign with.
    pub fn of_service(
        edge: &'a Edge,
        runtime: &'a R,
        schema: &'a str,
        request_id: &'a str,
    ) -> Result<Self, Problem> {
        let now = runtime.now_ms() / 1_000;
        let secret = edge.config.jwt_secret.as_ref();
        let token = secret.and_then(|secret| exchange::sign_service(secret, now));
        let token = token.ok_or_else(|| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the Worker has no identity of its own")
                .hint("set SUPABASE_JWT_SECRET with `wrangler secret put`")
        })?;
        Ok(Self {
            edge,
            runtime,
            schema,
            api_key: Secret::new(edge.config.default_key()),
            token: Some(token),
            request_id,
        })
    }

    /// The rows of a table that `query` asks for, or that it changed.
    ///
    /// # Errors
    /// What the database says against it, or that it does not answer.
    pub async fn rows<T: DeserializeOwned>(
        &self,
        table: &str,
        query: impl FnOnce(Builder) -> Builder,
    ) -> Result<Vec<T>, Problem> {
        let client = self.client()?;
        let (status, body) = self.send(query(client.from(table))).await?;
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        parse(&body)
    }

    /// What a function gives; null if it gives nothing.
    ///
    /// # Errors
    /// What the database says against it, or that it does not answer.
    pub async fn call(&self, function: &str, arguments: &Value) -> Result<Value, Problem> {
        let client = self.client()?;
        let (status, body) = self
            .send(client.rpc(function, arguments.to_string()))
            .await?;
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        parse(&body)
    }

    fn client(&self) -> Result<Postgrest, Problem> {
        let url = self.edge.config.below("/rest/v1", "");
        let url = url.ok_or_else(|| unreadable("SUPABASE_URL has no /rest/v1"))?;
        Ok(Postgrest::new(url)
            .schema(self.schema)
            .insert_header("apikey", self.api_key.expose())
            .insert_header("x-request-id", self.request_id))
    }

    async fn send(&self, query: Builder) -> Result<(StatusCode, Vec<u8>), Problem> {
        let query = match &self.token {
            Some(token) => query.auth(token.expose()),
            None => query,
        };
        let request = query.build().build();
        let request = request.map_err(|error| unreadable(&error.to_string()))?;
        let outgoing = Outgoing {
            request,
            upload: None,
            patience: self.edge.config.patience,
        };
        let unavailable = || Problem::unavailable("the database does not answer");
        let sent = self.runtime.send(outgoing).await;
        let response = sent.map_err(|error| unavailable().internal(error.to_string()))?;
        let body = match response.body {
            Body::Empty => Vec::new(),
            Body::Bytes(bytes) => bytes,
            Body::Stream(stream) => {
                let read = self.runtime.read(stream, LARGEST_ANSWER).await;
                read.map_err(|error| unavailable().internal(error.to_string()))?
            }
        };
        Ok((response.status, body))
    }
}

/// PostgREST's refusal. Whoever calls the Worker cannot mend it, unless the database itself is away.
fn refused(status: StatusCode, body: &[u8]) -> Problem {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    // Codes and messages of PostgreSQL; its details may hold a row.
    let internal = format!("database: {status} {} {}", text("code"), text("message"));
    let problem = if matches!(status.as_u16(), 502..=504) {
        Problem::unavailable("the database does not answer")
    } else {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "CS500",
            "the database did not take it",
        )
    };
    problem.internal(internal)
}

/// By way of a plain value: reading every type from text as well would make the Worker larger.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value: serde_json::Result<Value> = serde_json::from_slice(body);
    let parsed = value.and_then(serde_json::from_value);
    parsed.map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(why: &str) -> Problem {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, "CS500", "the database's answer cannot be read").internal(why)
}
