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
    /// The peer without its verifying.
    pub(crate) unverified: String,
    /// A Worker that only forwards: what any Worker costs.
    pub(crate) plain: String,
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
            (ours.join("entry.js"), "entry.js"),
            (ours.join("index.js"), "index.js"),
            (ours.join("index_bg.wasm"), "index_bg.wasm"),
            (peer.to_owned(), "peer.js"),
        ] {
            std::fs::copy(&from, directory.path().join(to))
                .map_err(|error| BenchError::Read(from, error))?;
        }
        std::fs::write(directory.path().join("plain.js"), PLAIN)?;
        let ports = [free().await?, free().await?, free().await?, free().await?];
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
            plain: format!("http://127.0.0.1:{}", ports[2]),
            unverified: format!("http://127.0.0.1:{}", ports[3]),
            process,
            _directory: directory,
        };
        for port in ports {
            listening(port).await?;
        }
        Ok(workers)
    }
}

impl Workers {
    /// The CPU time that workerd has taken so far, in seconds; not a number where the system does
    /// not say it as Linux does.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        /// What a tick of these counters is on every Linux that runs workerd.
        const TICKS_PER_SECOND: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let Ok(stat) = stat else { return f64::NAN };
        // The program's name, in brackets, may hold anything. User and system time are the 14th and
        // 15th field, the state behind the name being the third.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok());
        match (ticks(), ticks()) {
            (Some(user), Some(system)) => (user + system) / TICKS_PER_SECOND,
            _ => f64::NAN,
        }
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

const PLAIN: &str = "export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    return fetch(env.SUPABASE_URL + pathname + search, { method, headers, redirect: 'manual' });
  },
};
";

/// workerd's own configuration language.
fn configuration(ports: [u16; 4], upstream: &str) -> String {
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
    let [ours, peer, plain, unverified] = ports;
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "ours", worker = .ours),
    (name = "peer", worker = .peer),
    (name = "plain", worker = .plain),
    (name = "unverified", worker = .unverified),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [
    (name = "ours", address = "127.0.0.1:{ours}", http = (), service = "ours"),
    (name = "peer", address = "127.0.0.1:{peer}", http = (), service = "peer"),
    (name = "plain", address = "127.0.0.1:{plain}", http = (), service = "plain"),
    (name = "unverified", address = "127.0.0.1:{unverified}", http = (), service = "unverified"),
  ],
);

const ours :Workerd.Worker = (
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "index.js", esModule = embed "index.js"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "2026-09-01",
  bindings = [
{bindings}  ],
);

const plain :Workerd.Worker = (
  modules = [ (name = "plain.js", esModule = embed "plain.js") ],
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

const unverified :Workerd.Worker = (
  modules = [ (name = "peer.js", esModule = embed "peer.js") ],
  compatibilityDate = "2026-09-01",
  bindings = [
{bindings}    (name = "UNVERIFIED", text = "yes"),
  ],
);
"#
    )
}
