//! The Worker in front of PostgREST: who calls, may they, do it, answer.
//!
//! A request's way, in the order of the modules below: [`route`] finds its endpoint, [`caller`]
//! who sends it, [`membership`] what they belong to, [`gate`] and [`gateway`] what the policy says,
//! [`upstream`] sends it on, [`answer`] brings the result back. [`serve`] is that way as one function.
//!
//! All of it is ordinary Rust that is built and tested natively. What touches the Workers runtime
//! is `shell`, behind the one seam of [`transport`].

pub mod serve;

pub mod route;

pub mod caller;

pub mod membership;

pub mod gate;

pub mod gateway;

pub mod handlers;

pub mod apps;

pub mod openapi;

pub mod upstream;

pub mod answer;

pub mod config;
pub mod connections;
pub mod cors;
pub mod database;
pub mod edge;
pub mod inbox;
pub mod json;
pub mod lease;
pub mod limit;
pub mod message;
pub mod outbox;
pub mod policies;
pub mod problem;
pub mod providers;
pub mod record;
pub mod schedule;
pub mod secret;
pub mod time;
pub mod transport;
pub mod webhooks;

#[cfg(target_arch = "wasm32")]
mod shell;
#[cfg(test)]
mod testing;
