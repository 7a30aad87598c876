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
        let token = token.ok_or_else(no_identity)?;
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
        let rows = self.ask(query(client.from(table))).await?;
        serde_json::from_value(rows).map_err(unreadable)
    }

    /// What a function gives; null if it gives nothing.
    ///
    /// # Errors
    /// What the database says against it, or that it does not answer.
    pub async fn call(&self, function: &str, arguments: &Value) -> Result<Value, Problem> {
        let client = self.client()?;
        self.ask(client.rpc(function, arguments.to_string())).await
    }

    /// The answer, as a plain value: reading every type from text as well would make the Worker larger,
    /// and so would doing this once for each type.
    async fn ask(&self, query: Builder) -> Result<Value, Problem> {
        let (status, body) = self.send(query).await?;
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(unreadable)
    }

    fn client(&self) -> Result<Postgrest, Problem> {
        let url = self.edge.config.below("/rest/v1", "");
        let url = url.ok_or_else(|| misread("SUPABASE_URL has no /rest/v1"))?;
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
        let request = request.map_err(|error| misread(&error.to_string()))?;
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

/// The Worker cannot sign a token.
pub(crate) fn no_identity() -> Problem {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, "CS500", "the Worker has no identity of its own")
        .hint("set SUPABASE_JWT_SECRET with `wrangler secret put`")
}

/// What the log's line of a refusal begins with; then comes the code.
const SAID: &str = "database: ";

/// The code with which the database refused a request, if that is what went wrong.
#[must_use]
pub fn refused_with(problem: &Problem) -> Option<&str> {
    let said = problem.internal.as_deref()?.strip_prefix(SAID)?;
    said.split(' ').next().filter(|code| !code.is_empty())
}

/// PostgREST's refusal. Whoever calls the Worker cannot mend it, unless the database itself is away.
fn refused(status: StatusCode, body: &[u8]) -> Problem {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    // Codes and messages of PostgreSQL; its details may hold a row.
    let (code, message) = (text("code"), text("message"));
    let internal = format!("{SAID}{code} {message} ({})", status.as_u16());
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

fn unreadable(why: serde_json::Error) -> Problem {
    misread(&why.to_string())
}

fn misread(why: &str) -> Problem {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, "CS500", "the database's answer cannot be read").internal(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_the_databases_code() {
        let body = br#"{"code":"23503","message":"violates foreign key","details":"a row"}"#;
        let problem = refused(StatusCode::CONFLICT, body);
        assert_eq!(refused_with(&problem), Some("23503"));
        let internal = problem.internal.as_deref();
        assert_eq!(internal, Some("database: 23503 violates foreign key (409)"));
        assert_eq!(
            refused_with(&refused(StatusCode::BAD_GATEWAY, b"<html>")),
            None
        );
        assert_eq!(refused_with(&Problem::forbidden("no")), None);
    }
}
