//! A closed loop of requests over connections that stay open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::error::BenchError;

/// What is sent, and for how long.
pub(crate) struct Load {
    pub(crate) url: String,
    /// Used in turn, over all connections.
    pub(crate) tokens: Vec<String>,
    pub(crate) connections: usize,
    pub(crate) lasting: Duration,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) per_second: f64,
    /// Milliseconds.
    pub(crate) median: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// Seconds of the server's CPU time that a request took.
    pub(crate) cpu: f64,
    count: usize,
}

impl Outcome {
    /// Notes the server's CPU time of the whole load, in seconds.
    pub(crate) fn spent(&mut self, seconds: f64) {
        self.cpu = seconds / self.count as f64;
    }
}

impl Load {
    /// Fails if any answer is not 200 or differs in size from the others.
    pub(crate) async fn run(self) -> Result<Outcome, BenchError> {
        let uri: Uri = self.url.parse().map_err(other)?;
        let address = uri.authority().map(ToString::to_string).unwrap_or_default();
        let tokens = Arc::new(self.tokens);
        let next = Arc::new(AtomicUsize::new(0));
        let began = Instant::now();
        let mut all = JoinSet::new();
        for _ in 0..self.connections {
            let (uri, address) = (uri.clone(), address.clone());
            let (tokens, next) = (Arc::clone(&tokens), Arc::clone(&next));
            let until = began + self.lasting;
            all.spawn(async move {
                let stream = TcpStream::connect(&address).await?;
                stream.set_nodelay(true)?;
                let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
                    .await
                    .map_err(other)?;
                tokio::spawn(connection);
                let mut took = Vec::new();
                let mut size = None;
                while Instant::now() < until {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let token = &tokens[turn % tokens.len()];
                    let request = Request::get(uri.path_and_query().map_or("/", |p| p.as_str()))
                        .header("host", &address)
                        .header("apikey", "sb_publishable_bench")
                        .header("authorization", format!("Bearer {token}"))
                        .header("accept", "application/json")
                        .header("accept-profile", "agency")
                        .body(Empty::<Bytes>::new())
                        .map_err(other)?;
                    let start = Instant::now();
                    let answer = sender.send_request(request).await.map_err(other)?;
                    let status = answer.status();
                    let body = answer
                        .into_body()
                        .collect()
                        .await
                        .map_err(other)?
                        .to_bytes();
                    took.push(start.elapsed().as_secs_f64() * 1e3);
                    if status != 200 || *size.get_or_insert(body.len()) != body.len() {
                        let body = String::from_utf8_lossy(&body).into_owned();
                        return Err(BenchError::Http(format!("{status} from {uri}: {body}")));
                    }
                }
                Ok::<_, BenchError>(took)
            });
        }
        let mut took = Vec::new();
        while let Some(one) = all.join_next().await {
            took.extend(one.map_err(other)??);
        }
        let seconds = began.elapsed().as_secs_f64();
        took.sort_by(f64::total_cmp);
        let at = |part: usize| {
            took.get(took.len() * part / 100)
                .copied()
                .unwrap_or(f64::NAN)
        };
        Ok(Outcome {
            per_second: took.len() as f64 / seconds,
            median: at(50),
            p99: at(99),
            cpu: f64::NAN,
            count: took.len(),
        })
    }
}

fn other(error: impl std::fmt::Display) -> BenchError {
    BenchError::Http(error.to_string())
}
