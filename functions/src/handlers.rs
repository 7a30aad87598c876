//! What the endpoints do.

pub mod access;
pub mod health;
pub mod me;
pub mod pass;
pub mod rest;
