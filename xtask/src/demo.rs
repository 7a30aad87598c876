//! Three requests that show what the policy does, made before they are shown.

use std::fmt;
use std::time::Duration;

use miette::{IntoDiagnostic as _, Result, miette};
use serde::Serialize;
use serde_json::Value;
use ureq::Agent;

use crate::stack::{Facts, Person};

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
pub(crate) fn examples(worker_url: &str, stack: &Facts) -> Result<Vec<Example>> {
    let browser = Browser::new(worker_url, stack);
    let admin = stack.person("admin.a@example.test")?;
    let viewer = stack.person("viewer.a@example.test")?;
    let mut allowed = browser.get(
        "allowed: an admin lists the clients, retired ones included",
        admin,
        LIST,
    )?;
    let mut narrowed = browser.get(
        "narrowed: a viewer asks the same and gets fewer",
        viewer,
        LIST,
    )?;
    let mut refused = browser.patch(
        "refused: a viewer renames a client",
        viewer,
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

impl Facts {
    fn person(&self, email: &str) -> Result<&Person> {
        let found = self.people.iter().find(|person| person.email == email);
        found.ok_or_else(|| miette!("the seed has no {email}"))
    }
}

/// Makes requests the way the `curl` lines do.
struct Browser<'a> {
    agent: Agent,
    worker_url: &'a str,
    key: &'a str,
}

impl<'a> Browser<'a> {
    fn new(worker_url: &'a str, stack: &'a Facts) -> Self {
        let config = Agent::config_builder();
        // A refusal is an answer.
        let config = config
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)));
        Self {
            agent: config.build().new_agent(),
            worker_url,
            key: &stack.publishable_key,
        }
    }

    fn get(&self, title: &str, person: &Person, path: &str) -> Result<Example> {
        let url = format!("{}/rest/v1/{path}", self.worker_url);
        let request = self.agent.get(&url).header("apikey", self.key);
        let answer = request
            .header("authorization", bearer(person))
            .call()
            .into_diagnostic()?;
        self.example(title, person, &format!("'{url}'"), answer)
    }

    fn patch(&self, title: &str, person: &Person, path: &str, body: &str) -> Result<Example> {
        let url = format!("{}/rest/v1/{path}", self.worker_url);
        let request = self.agent.patch(&url).header("apikey", self.key);
        let request = request.header("authorization", bearer(person));
        let answer = request
            .header("content-type", "application/json")
            .send(body)
            .into_diagnostic()?;
        let rest = format!("-X PATCH '{url}' -H 'content-type: application/json' -d '{body}'");
        self.example(title, person, &rest, answer)
    }

    fn example(
        &self,
        title: &str,
        person: &Person,
        rest: &str,
        mut answer: ureq::http::Response<ureq::Body>,
    ) -> Result<Example> {
        let text = answer.body_mut().read_to_string().into_diagnostic()?;
        let identity = format!(
            "-H 'apikey: {}' -H 'authorization: {}'",
            self.key,
            bearer(person)
        );
        Ok(Example {
            title: title.to_owned(),
            curl: format!("curl {rest} {identity}"),
            status: answer.status().as_u16(),
            answer: serde_json::from_str(&text).unwrap_or(Value::String(text)),
            as_claimed: false,
        })
    }
}

fn bearer(person: &Person) -> String {
    format!("Bearer {}", person.access_token)
}
