//! The Worker that runs, asked over the wire.

use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde_json::Value;

use super::Finding;
use super::deployment::Deployment;
use super::form::address;

const PATIENCE: Duration = Duration::from_secs(15);

/// Asks the Worker at `worker` whether it runs, is configured, and has this deployment's apps; and
/// PostgREST whether it serves the Worker's schema.
///
/// # Errors
/// If no request can be made at all.
pub fn look(deployment: &Deployment, worker: &Url) -> Result<Vec<Finding>, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(std::io::Error::other)?;
    Ok(runtime.block_on(async {
        let mut found = running(deployment, &client, worker).await;
        found.extend(exposed(deployment, &client).await);
        found
    }))
}

/// The status of an answer, and its body where it is JSON.
async fn ask(request: RequestBuilder) -> Result<(StatusCode, Value), String> {
    // Only what went wrong is said, without the address and what may be in it.
    let answer = request
        .send()
        .await
        .map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    Ok((status, answer.json().await.unwrap_or_default()))
}

fn at(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

async fn running(deployment: &Deployment, client: &Client, worker: &Url) -> Vec<Finding> {
    let about = worker.to_string();
    let (status, health) = match ask(client.get(at(worker, "/healthz"))).await {
        Ok(answer) => answer,
        Err(why) => {
            return vec![Finding::error(
                "no-worker",
                about,
                format!("does not answer: {why}"),
                "look whether it is deployed, and at its route",
            )];
        }
    };
    if status != StatusCode::OK || text(&health, "status") != "ok" {
        return vec![Finding::error(
            "no-worker",
            about,
            format!("is no Worker of Countersign: /healthz answers {status}"),
            "look at the address, and at the route of the Worker",
        )];
    }
    let mut found = Vec::new();
    if let Some(public) = deployment.text("PUBLIC_URL").and_then(address)
        && public.origin() != worker.origin()
    {
        found.push(Finding::warning(
            "other-address",
            "PUBLIC_URL",
            format!("is {public}, and the Worker was asked at {worker}"),
            "let it be the address that people and HubSpot use",
        ));
    }
    found.extend(configured(deployment, client, worker).await);
    found.extend(workflows(deployment, client, worker).await);
    found
}

/// `/me` with the key for frontends: the Worker says itself what is wrong with its settings.
async fn configured(deployment: &Deployment, client: &Client, worker: &Url) -> Option<Finding> {
    let key = deployment
        .text("SUPABASE_PUBLISHABLE_KEY")
        .or_else(|| deployment.text("SUPABASE_ANON_KEY"));
    let mut request = client.get(at(worker, "/me"));
    if let Some(key) = key {
        request = request.header("apikey", key);
    }
    let (status, body) = ask(request).await.ok()?;
    match text(&body, "code") {
        "CS500" => Some(Finding::error(
            "not-configured",
            worker.to_string(),
            format!("is not configured: {}", text(&body, "details")),
            text(&body, "hint"),
        )),
        "CS401" => Some(Finding::error(
            "other-key",
            "SUPABASE_PUBLISHABLE_KEY",
            "is not the key that the deployed Worker has",
            "deploy this configuration, or look at the one that is deployed",
        )),
        code if status.is_server_error() => Some(Finding::error(
            "unwell",
            worker.to_string(),
            format!("answers {status} {code}: {}", text(&body, "message")),
            "look at its log with `npx wrangler tail`",
        )),
        _ => None,
    }
}

/// The workflows that it has, of the apps that this deployment serves.
async fn workflows(deployment: &Deployment, client: &Client, worker: &Url) -> Vec<Finding> {
    let request = client.get(at(worker, "/functions/v1/openapi.json"));
    let Ok((StatusCode::OK, document)) = ask(request).await else {
        return vec![Finding::error(
            "no-document",
            worker.to_string(),
            "has no document of its workflows",
            "deploy this version",
        )];
    };
    let paths = document.get("paths").and_then(Value::as_object);
    let has = |app: &str| {
        let prefix = format!("/functions/v1/{app}-");
        paths.is_some_and(|paths| paths.keys().any(|path| path.starts_with(&prefix)))
    };
    let version = document.pointer("/info/version").and_then(Value::as_str);
    let mut found: Vec<Finding> = deployment
        .apps()
        .into_iter()
        .filter(|app| !has(app))
        .map(|app| {
            Finding::error(
                "no-workflows",
                app,
                "is served by this configuration, and the deployed Worker has no workflow of it",
                "deploy this version",
            )
        })
        .collect();
    if version.is_some_and(|version| version != env!("CARGO_PKG_VERSION")) {
        found.push(Finding::note(
            "other-version",
            worker.to_string(),
            format!(
                "is version {}, and this command {}",
                version.unwrap_or_default(),
                env!("CARGO_PKG_VERSION")
            ),
            "use the command of the version that is deployed",
        ));
    }
    found
}

/// Whether PostgREST knows the Worker's schema. Whether anybody may read there is another question.
async fn exposed(deployment: &Deployment, client: &Client) -> Option<Finding> {
    let base = address(deployment.text("SUPABASE_URL")?)?;
    let mut request = client
        .get(at(&base, "/rest/v1/leases?select=name&limit=0"))
        .header("accept-profile", "countersign_edge")
        .header(ACCEPT, "application/json");
    let key = deployment.text("SUPABASE_PUBLISHABLE_KEY");
    if let Some(key) = key.or_else(|| deployment.text("SUPABASE_ANON_KEY")) {
        request = request.header("apikey", key);
    }
    match ask(request).await {
        Err(why) => Some(Finding::error(
            "no-supabase",
            "SUPABASE_URL",
            format!("does not answer: {why}"),
            "look at the address, and whether the project is paused",
        )),
        Ok((_, body)) if text(&body, "code") == "PGRST106" => Some(Finding::error(
            "not-exposed",
            "countersign_edge",
            "is no schema that PostgREST serves",
            "add it to the exposed schemas (on Supabase: API settings), last in their list",
        )),
        Ok(_) => None,
    }
}
