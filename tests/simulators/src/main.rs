//! The simulators on a port. Prints one line of JSON once it listens.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_simulators::message::{Answer, Request};
use countersign_simulators::{Simulators, baserow, fathom, hubspot, llm};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// For machines where this runs, and nowhere else: it is in a public repository.
const SEALING_KEYS: &str = "local:Y291bnRlcnNpZ24tbG9jYWwtb25seS1zZWFsaW5nLTA=";

/// What signs the sessions of Better Auth, which is not simulated: its tables are the database's.
const BETTER_AUTH_SECRET: &str = "countersign-local-only-better-auth-secret";

/// What the secrets of the bridge's webhooks are made from.
const CRM_BRIDGE_WEBHOOK_SECRET: &str = "countersign-local-only-bridge-webhook-secret";

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let port = std::env::args()
        .nth(1)
        .map_or(Ok(0), |port| port.parse::<u16>())?;
    let simulators = Arc::new(Mutex::new(Simulators::new()?));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{}", facts(&format!("http://{}", listener.local_addr()?)));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        let Ok((stream, _)) = accepted else { continue };
        let simulators = Arc::clone(&simulators);
        tokio::spawn(async move {
            let service = service_fn(move |request| serve(Arc::clone(&simulators), request));
            // A connection that breaks is what some tests are about.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Where they are, and what a Worker is set to that is to talk to them.
fn facts(url: &str) -> Value {
    json!({
        "url": url,
        "settings": {
            "SEALING_KEYS": SEALING_KEYS,
            "BETTER_AUTH_SECRET": BETTER_AUTH_SECRET,
            "HUBSPOT_URL": format!("{url}/hubspot"),
            "HUBSPOT_AUTHORIZE_URL": format!("{url}/hubspot/oauth/authorize"),
            "HUBSPOT_CLIENT_ID": hubspot::CLIENT_ID,
            "HUBSPOT_CLIENT_SECRET": hubspot::CLIENT_SECRET,
            "FATHOM_URL": format!("{url}/fathom/external/v1"),
            "FATHOM_OAUTH_URL": format!("{url}/fathom/external/v1/oauth2"),
            "FATHOM_CLIENT_ID": fathom::CLIENT_ID,
            "FATHOM_CLIENT_SECRET": fathom::CLIENT_SECRET,
            "BASEROW_URL": format!("{url}/baserow"),
            "BASEROW_TOKEN": baserow::TOKEN,
            "BASEROW_WEBHOOK_SECRET": baserow::WEBHOOK_SECRET,
            "BASEROW_MEMBERS_TABLE": baserow::MEMBERS.to_string(),
            "BASEROW_QUICK_LINKS_TABLE": baserow::QUICK_LINKS.to_string(),
            "BASEROW_EVENTS_TABLE": baserow::EVENTS.to_string(),
            "CRM_BRIDGE_WEBHOOK_SECRET": CRM_BRIDGE_WEBHOOK_SECRET,
            "CRM_BRIDGE_URL": format!("{url}/bridge/v1"),
            "WEALTHBOX_URL": format!("{url}/wealthbox/v1"),
            "LLM_URL": format!("{url}/llm/v1"),
            "LLM_API_KEY": llm::API_KEY,
            "LLM_MODEL": "simulated-writer-1",
            "LLM_EMBEDDING_MODEL": "simulated-embedder-1",
            "LLM_EMBEDDING_DIMENSIONS": "768 1536",
            "LLM_PRICES": "40 160 2",
        },
    })
}

async fn serve(
    simulators: Arc<Mutex<Simulators>>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Whole>, Failure> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let headers = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let answer = simulators
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .answer(&request, u64::try_from(now.as_millis())?);
    send(answer).await
}

async fn send(answer: Answer) -> Result<Response<Whole>, Failure> {
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    if answer.dropped {
        return Err("told to drop the connection".into());
    }
    let mut response = Response::builder().status(StatusCode::from_u16(answer.status)?);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    let length = answer.body.len();
    let mut bytes = Bytes::from(answer.body);
    if answer.cut {
        bytes.truncate(length / 2);
    }
    let body = Whole {
        promised: length as u64,
        bytes: Some(bytes),
        cut: answer.cut,
    };
    Ok(response.body(body)?)
}

/// A body that may end before it has to.
struct Whole {
    promised: u64,
    bytes: Option<Bytes>,
    cut: bool,
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None if self.cut => Poll::Ready(Some(Err("told to end in the middle".into()))),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
