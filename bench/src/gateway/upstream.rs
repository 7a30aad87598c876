//! What stands in for the REST server: it answers at once and always the same.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::error::BenchError;

/// The one person there is.
pub(crate) const PERSON: &str = "0a110000-0000-4000-8000-000000000001";
const TENANT: &str = "00000001-0000-4000-8000-000000000001";

/// A running server; it ends with the program.
pub(crate) struct Upstream {
    port: u16,
    page: usize,
}

impl Upstream {
    pub(crate) async fn start(jwks: String) -> Result<Self, BenchError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let answers = Arc::new(Answers::new(jwks));
        let page = answers.page.len();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let answers = Arc::clone(&answers);
                tokio::spawn(http1::Builder::new().serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| {
                        let answer = answers.of(&request);
                        async move { Ok::<_, Infallible>(answer) }
                    }),
                ));
            }
        });
        Ok(Self { port, page })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn page_size(&self) -> usize {
        self.page
    }
}

struct Answers {
    page: Bytes,
    members: Bytes,
    jwks: Bytes,
}

impl Answers {
    fn new(jwks: String) -> Self {
        let mut page = String::from("[");
        for n in 0..50 {
            let comma = if n == 0 { "" } else { ",\n " };
            let _ = write!(
                page,
                r#"{comma}{{"id":"00000003-0000-4000-8000-{n:012x}","name":"Project {n}","status":"active","priority":"normal","due_on":"2026-12-{:02}"}}"#,
                1 + n % 28
            );
        }
        page.push(']');
        let members = format!(
            r#"[{{"org_id":"{TENANT}","user_id":"{PERSON}","role":"member","status":"active"}}]"#
        );
        Self {
            page: page.into(),
            members: members.into(),
            jwks: jwks.into(),
        }
    }

    fn of<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let body = if path.ends_with("jwks.json") {
            &self.jwks
        } else if path.ends_with("/team_members") {
            &self.members
        } else {
            &self.page
        };
        let mut response = Response::new(Full::new(body.clone()));
        let json = hyper::header::HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert("content-type", json);
        response
    }
}
