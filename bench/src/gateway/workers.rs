//! Both Workers in one workerd, without anything of `wrangler dev` between them and the load.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use super::upstream::Upstream;
use crate::error::BenchError;

/// Running Workers, stopped when dropped.
pub(crate) struct Workers {
    pub(crate) ours: String,
    pub(crate) peer: String,
    process: Child,
    _directory: TempDir,
}

impl Workers {
    pub(crate) async fn start(
        workerd: &Path,
        ours: &Path,
        peer: &Path,
        upstream: &Upstream,
    ) -> Result<Self, BenchError> {
        let directory = tempfile::tempdir()?;
        for (from, to) in [
            (ours.join("index.js"), "index.js"),
            (ours.join("index_bg.wasm"), "index_bg.wasm"),
            (peer.to_owned(), "peer.js"),
        ] {
            std::fs::copy(&from, directory.path().join(to))
                .map_err(|error| BenchError::Read(from, error))?;
        }
        let ports = [free().await?, free().await?];
        let config: PathBuf = directory.path().join("workers.capnp");
        std::fs::write(&config, configuration(ports, &upstream.url()))?;
        let process = Command::new(workerd)
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| BenchError::Program("workerd".to_owned(), error.to_string()))?;
        let workers = Self {
            ours: format!("http://127.0.0.1:{}", ports[0]),
            peer: format!("http://127.0.0.1:{}", ports[1]),
            process,
            _directory: directory,
        };
        for port in ports {
            listening(port).await?;
        }
        Ok(workers)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn free() -> Result<u16, BenchError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    Ok(listener.local_addr()?.port())
}

async fn listening(port: u16) -> Result<(), BenchError> {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if began.elapsed() > Duration::from_secs(20) {
            return Err(BenchError::Program(
                "workerd".to_owned(),
                format!("it does not listen on port {port}"),
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// workerd's own configuration language.
fn configuration(ports: [u16; 2], upstream: &str) -> String {
    let bindings: String = [
        ("SUPABASE_URL", upstream.to_owned()),
        (
            "SUPABASE_PUBLISHABLE_KEY",
            "sb_publishable_bench".to_owned(),
        ),
        (
            "JWKS_URL",
            format!("{upstream}/auth/v1/.well-known/jwks.json"),
        ),
        ("JWT_ISSUER", format!("{upstream}/auth/v1")),
    ]
    .iter()
    .map(|(name, value)| format!("    (name = \"{name}\", text = \"{value}\"),\n"))
    .collect();
    let [ours, peer] = ports;
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "ours", worker = .ours),
    (name = "peer", worker = .peer),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [
    (name = "ours", address = "127.0.0.1:{ours}", http = (), service = "ours"),
    (name = "peer", address = "127.0.0.1:{peer}", http = (), service = "peer"),
  ],
);

const ours :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "2026-09-01",
  bindings = [
{bindings}  ],
);

const peer :Workerd.Worker = (
  modules = [ (name = "peer.js", esModule = embed "peer.js") ],
  compatibilityDate = "2026-09-01",
  bindings = [
{bindings}  ],
);
"#
    )
}
