//! Tests of the whole on real parts. There is nothing to call here:
//!
//! - `tests/` runs the SQL scripts of `sql/` on a real PostgreSQL;
//! - `stack/` is the local database, REST and auth, with its own tests;
//! - `edge/` holds the tests of the Worker, by real clients.
