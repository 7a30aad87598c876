//! The Worker without workerd: the same requests, sent by reqwest to the local stack.
//!
//! `cargo xtask test` says where the stack is; without it there is nothing to test.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use countersign_functions::caller::keys::Key;
use countersign_functions::message::{Body, Request, Response};
use countersign_functions::serve::{Setup, serve};
use countersign_functions::transport::{Outgoing, Runtime, Unreachable, Unreadable};
use hmac::{Hmac, Mac as _};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, redirect};
use serde_json::Value;
use sha2::Sha256;

struct Native(Client);

impl Runtime for Native {
    type Stream = Vec<u8>;

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let Outgoing {
            mut request,
            upload,
            patience,
        } = outgoing;
        *request.timeout_mut() = Some(patience);
        if let Some(upload) = upload {
            *request.body_mut() = Some(upload.into());
        }
        let broken = |error: reqwest::Error| Unreachable::Broken(error.to_string());
        let response = self.0.execute(request).await.map_err(broken)?;
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: Body::Stream(response.bytes().await.map_err(broken)?.to_vec()),
        })
    }

    async fn read(&self, stream: Vec<u8>, limit: usize) -> Result<Vec<u8>, Unreadable> {
        if stream.len() > limit {
            Err(Unreadable::TooLong)
        } else {
            Ok(stream)
        }
    }

    async fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        let Key::Hs256(secret) = key else {
            return false;
        };
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose()).unwrap();
        hmac.update(message);
        hmac.verify_slice(signature).is_ok()
    }

    fn now_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs() * 1_000)
    }

    fn log(&self, _line: &str) {}
}

#[tokio::test]
async fn people_are_who_they_are_and_see_what_is_theirs() {
    let Some(file) = env::var_os("COUNTERSIGN_STACK_JSON") else {
        eprintln!("skipped: COUNTERSIGN_STACK_JSON is not set; `cargo xtask test` sets it");
        return;
    };
    let facts: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let stack = &facts["stack"];
    let setup = Setup::new(|name| {
        let fact = match name {
            "SUPABASE_URL" => "url",
            "SUPABASE_JWT_SECRET" => "jwtSecret",
            "SUPABASE_PUBLISHABLE_KEY" => "publishableKey",
            // Whose tables a request without a profile header means.
            "APPS" => return Some("agency".to_owned()),
            _ => return None,
        };
        stack[fact].as_str().map(str::to_owned)
    });
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let native = Native(client);
    let person = |name: &str| {
        let mut people = stack["people"].as_array().unwrap().iter();
        let email = format!("{name}@example.test");
        people
            .find(|person| person["email"] == email.as_str())
            .unwrap()["accessToken"]
            .as_str()
            .unwrap()
    };
    for (name, role) in [
        ("owner.a", Some("owner")),
        ("viewer.a", Some("viewer")),
        ("nobody", None),
    ] {
        let me = ask(&setup, &native, person(name), "/me", "").await;
        let memberships = &me["apps"]["agency"]["memberships"];
        assert_eq!(memberships[0]["role"].as_str(), role, "{name}: {me}");
        let rows = ask(
            &setup,
            &native,
            person(name),
            "/rest/v1/organizations",
            "select=id",
        )
        .await;
        assert_eq!(
            rows.as_array().map(Vec::len),
            Some(usize::from(role.is_some())),
            "{name}: {rows}"
        );
    }
}

async fn ask(setup: &Setup, native: &Native, token: &str, path: &str, query: &str) -> Value {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    let request = Request {
        method: Method::GET,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, bearer)]),
        body: None,
    };
    match serve(setup, native, request).await.body {
        Body::Bytes(bytes) | Body::Stream(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Body::Empty => Value::Null,
    }
}
