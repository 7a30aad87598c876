//! The systems behind the Worker, each with a typed client.
//!
//! Every request to them goes one way, [`call::Line::send`]: with a time limit out of the request's
//! [`budget`], repeated only where a repeat is safe, its answer read up to a size, never a redirect
//! followed. What goes wrong is one type, [`failure::Failure`], that tells the kinds of failure apart
//! and becomes the client's problem.

pub mod baserow;
pub mod bridge;
pub mod budget;
pub mod call;
pub mod crm;
pub mod decimal;
pub mod failure;
pub mod hubspot;
pub mod llm;
pub mod settings;
pub mod wealthbox;
