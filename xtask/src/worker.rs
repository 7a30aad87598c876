//! The Worker: built by `worker-build`, run by workerd under `wrangler dev`.

use std::path::Path;
use std::time::Duration;

use miette::Result;

use crate::service::Service;
use crate::stack::Facts;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// Starts the built Worker in front of `stack` and waits until it answers. Returns its URL.
pub(crate) fn start(
    workspace: &Workspace,
    tools: &Tools,
    stack: &Facts,
    script: &Path,
    port: u16,
    logs: &Path,
) -> Result<(Service, String)> {
    let mut wrangler = tools.wrangler(workspace)?;
    wrangler.arg("dev").arg(script);
    wrangler.args([
        "--local",
        "--ip=127.0.0.1",
        "--show-interactive-dev-session=false",
    ]);
    wrangler
        .arg(format!("--port={port}"))
        .arg("--inspector-port=0");
    wrangler
        .arg("--persist-to")
        .arg(logs.with_file_name("wrangler"));
    for (name, value) in [
        ("SUPABASE_URL", &stack.url),
        ("SUPABASE_JWT_SECRET", &stack.jwt_secret),
        ("SUPABASE_PUBLISHABLE_KEY", &stack.publishable_key),
        ("SUPABASE_ANON_KEY", &stack.publishable_key),
    ] {
        wrangler.arg("--var").arg(format!("{name}:{value}"));
    }
    wrangler.env("WRANGLER_LOG_PATH", logs.join("wrangler.log"));
    let mut service = Service::start("worker", wrangler, logs)?;
    let url = format!("http://127.0.0.1:{port}");
    let health = format!("{url}/healthz");
    service.wait_for(Duration::from_secs(60), |_| {
        Ok(ureq::get(&health).call().ok().map(drop))
    })?;
    Ok((service, url))
}
