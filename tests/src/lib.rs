//! Tests of the whole on real parts. There is nothing to call here:
//!
//! - `tests/` runs the SQL scripts of `sql/` on a real PostgreSQL, and the providers' clients against
//!   the simulators;
//! - `simulators/` are the systems behind the Worker, held against their descriptions in `specs/`;
//! - `stack/` is the local database, REST and auth, with its own tests;
//! - `edge/` holds the tests of the Worker, by real clients.
