//! The Worker's way with a token it has seen before, as WebAssembly, without a request around it.
//!
//! Node calls [`Seen::run`] and looks at its own clock before and after.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use countersign_functions::caller;
use countersign_functions::caller::keys::Key;
use countersign_functions::config::Config;
use countersign_functions::edge::Edge;
use countersign_functions::message::{Body, Response};
use countersign_functions::policies::Policies;
use countersign_functions::transport::{Outgoing, Runtime, Unreachable, Unreadable};
use reqwest::StatusCode;
use wasm_bindgen::prelude::wasm_bindgen;

/// A world with published keys and nothing else, in which every signature holds.
struct World {
    keys: String,
}

impl Runtime for World {
    type Stream = Vec<u8>;

    async fn send(&self, _: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let mut response = Response::empty(StatusCode::OK);
        response.body = Body::Bytes(self.keys.clone().into_bytes());
        Ok(response)
    }

    async fn read(&self, stream: Vec<u8>, _: usize) -> Result<Vec<u8>, Unreadable> {
        Ok(stream)
    }

    async fn verify(&self, _: &Key, _: &[u8], _: &[u8]) -> bool {
        true
    }

    fn now_ms(&self) -> u64 {
        // The platform's clock, as in the Worker: reading it is part of the work.
        js_sys::Date::now() as u64
    }

    fn log(&self, _: &str) {}
}

/// A Worker that has verified one token.
#[wasm_bindgen]
pub struct Seen {
    edge: Edge,
    world: World,
    token: String,
}

#[wasm_bindgen]
impl Seen {
    /// Verifies the token once.
    #[wasm_bindgen(constructor)]
    pub fn new(keys: String, issuer: String, token: String) -> Result<Seen, String> {
        let config = Config::read(|name| match name {
            "SUPABASE_URL" => Some("http://upstream.invalid".to_owned()),
            "SUPABASE_PUBLISHABLE_KEY" => Some("sb_publishable_bench".to_owned()),
            "JWT_ISSUER" => Some(issuer.clone()),
            _ => None,
        });
        let config = config.map_err(|_| "the settings are wrong")?;
        let policies = Policies::embedded().map_err(|error| error.to_string())?;
        let seen = Self {
            edge: Edge::new(config, policies),
            world: World { keys },
            token,
        };
        seen.run(1)?;
        Ok(seen)
    }

    /// Verifies it `times` more.
    pub fn run(&self, times: u32) -> Result<(), String> {
        for _ in 0..times {
            let verified = pin!(caller::verify(&self.edge, &self.world, &self.token));
            match verified.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(problem)) => return Err(problem.message.to_string()),
                Poll::Pending => return Err("the world of this benchmark never waits".to_owned()),
            }
        }
        Ok(())
    }
}
