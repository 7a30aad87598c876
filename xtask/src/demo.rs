//! Three requests that show what the policy does, made before they are shown.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::{IntoDiagnostic as _, Result, miette};
use serde::Serialize;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder};

use crate::headers::Headers;
use crate::stack::Facts;
use crate::workspace::Workspace;

const LIST: &str = "clients?select=name,record_status&order=name";
/// No row has this id: were the request not refused, it would change nothing.
const RENAME: &str = "clients?id=eq.00000000-0000-4000-8000-000000000000";

/// A request as a `curl` line, and what came back.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Example {
    title: String,
    curl: String,
    status: u16,
    answer: Value,
    /// Whether the answer is what the title says.
    as_claimed: bool,
}

/// One request that is allowed, the same one narrowed, and one that is refused.
pub(crate) fn examples(
    workspace: &Workspace,
    worker_url: &str,
    stack: &Facts,
    headers: &Headers,
) -> Result<Vec<Example>> {
    let caller = |email| Caller::new(workspace, worker_url, stack, headers, email);
    let (admin, viewer) = (
        caller("admin.a@example.test")?,
        caller("viewer.a@example.test")?,
    );
    let mut allowed = admin.get(
        "allowed: an admin lists the clients, retired ones included",
        LIST,
    )?;
    let mut narrowed = viewer.get("narrowed: a viewer asks the same and gets fewer", LIST)?;
    let mut refused = viewer.patch(
        "refused: a viewer renames a client",
        RENAME,
        r#"{"name":"Mine"}"#,
    )?;
    allowed.as_claimed = allowed.status == 200 && allowed.rows() > narrowed.rows();
    narrowed.as_claimed = narrowed.status == 200 && narrowed.rows() > 0;
    let explained = refused.answer.get("message").and_then(Value::as_str);
    refused.as_claimed = refused.status == 403 && explained.is_some_and(|text| !text.is_empty());
    Ok(vec![allowed, narrowed, refused])
}

impl Example {
    fn rows(&self) -> usize {
        self.answer.as_array().map_or(0, Vec::len)
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            title,
            curl,
            status,
            answer,
            as_claimed,
        } = self;
        let doubt = if *as_claimed {
            ""
        } else {
            "   <- NOT what was to be shown"
        };
        write!(f, "  # {title}\n  {curl}\n  # {status}{doubt} {answer}")
    }
}

/// Somebody signed in, whose headers are in a file, since nobody wants to read them on a terminal.
struct Caller<'a> {
    agent: Agent,
    worker_url: &'a str,
    headers: [(&'static str, String); 2],
    file: PathBuf,
}

impl<'a> Caller<'a> {
    fn new(
        workspace: &Workspace,
        worker_url: &'a str,
        stack: &Facts,
        files: &Headers,
        email: &str,
    ) -> Result<Self> {
        let person = stack.people.iter().find(|person| person.email == email);
        let person = person.ok_or_else(|| miette!("the seed has no {email}"))?;
        let bearer = format!("Bearer {}", person.access_token);
        let headers = [
            ("apikey", stack.publishable_key.clone()),
            ("authorization", bearer),
        ];
        let file = files.of(email);
        let file = file
            .strip_prefix(&workspace.root)
            .map(Path::to_owned)
            .unwrap_or(file);
        // A refusal is an answer.
        let config = Agent::config_builder().http_status_as_error(false);
        let agent = config
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        Ok(Self {
            agent,
            worker_url,
            headers,
            file,
        })
    }

    fn get(&self, title: &str, path: &str) -> Result<Example> {
        let url = self.url(path);
        let request = self.sign(self.agent.get(&url));
        let curl = format!("curl -H @{} '{url}'", self.file.display());
        example(title, curl, request.call().into_diagnostic()?)
    }

    fn patch(&self, title: &str, path: &str, body: &str) -> Result<Example> {
        let url = self.url(path);
        let request = self
            .sign(self.agent.patch(&url))
            .header("content-type", "application/json");
        let curl = format!(
            "curl -H @{} -X PATCH '{url}' -d '{body}'",
            self.file.display()
        );
        example(title, curl, request.send(body).into_diagnostic()?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/rest/v1/{path}", self.worker_url)
    }

    fn sign<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        self.headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, value)
        })
    }
}

fn example(title: &str, curl: String, mut answer: Response<Body>) -> Result<Example> {
    let text = answer.body_mut().read_to_string().into_diagnostic()?;
    Ok(Example {
        title: title.to_owned(),
        curl,
        status: answer.status().as_u16(),
        answer: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        as_claimed: false,
    })
}
