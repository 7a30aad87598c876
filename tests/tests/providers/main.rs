//! The providers' clients against the simulators, without sockets and with a clock that only pauses
//! move. Whatever the two say to each other is held against the official descriptions.
#![cfg(test)]

mod baserow;
mod bridge;
mod descriptions;
mod failures;
mod fathom;
mod hubspot;
mod llm;
mod wealthbox;
mod world;
