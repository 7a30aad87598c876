//! From a policy to PostgreSQL, and the proof that they are equal.
//!
//! - [`project`] finds policy, catalogue and migrations in a checkout;
//! - [`adopt`] writes the policy of a schema that exists;
//! - [`audit`] judges a live database by a policy;
//! - [`baserow`] connects the portal to Baserow;
//! - [`catalogue`] reads what a policy is held against from a live database;
//! - [`connect`] reaches databases;
//! - [`compare`](mod@compare) says exactly how two policies differ;
//! - [`live`] reads all of a database that has to do with a schema;
//! - [`generate`] turns a policy into SQL, and [`migrations`] into files that carry what changed;
//! - [`diff`] writes the migrations that bring a database in use to its policy;
//! - [`doctor`] says what is missing in a deployment of the Worker;
//! - [`lsp`] serves editors;
//! - [`matrix`] puts together who may do what, for people;
//! - [`postgrest`] reads the filters that a policy is turned into;
//! - [`residuals`] counts how much of a policy such filters can say;
//! - [`ownership`] says where the truth of everything lives;
//! - [`seal`] seals the provider tokens of a database in use;
//! - [`shadow`] shows what a policy's SQL becomes on a server, without changing it;
//! - [`verify`] runs policy and database side by side.

pub mod adopt;
pub mod audit;
pub mod baserow;
pub mod catalogue;
pub mod compare;
pub mod connect;
pub mod diff;
pub mod doctor;
pub mod generate;
pub mod live;
pub mod lsp;
pub mod matrix;
pub mod migrations;
pub mod ownership;
pub mod postgrest;
pub mod project;
pub mod residuals;
pub mod seal;
pub mod shadow;
mod sql;
pub mod verify;
