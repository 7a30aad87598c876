//! How provider tokens are sealed before they reach the database.
//!
//! AES-256-GCM with a named key. What is sealed is bound to the place it belongs to, so that it
//! opens nowhere else: not in another tenant's row, nor in another column of its own. The layout is
//! in `docs/sealing.md`.
//!
//! Everything here is pure: keys, nonces and bindings come in, text goes out. Whoever calls brings
//! the randomness, so the same code runs in the Worker and in the `countersign` command.

mod binding;
mod envelope;
mod keys;
mod plaintext;
mod seal;

pub use binding::Binding;
pub use envelope::{Envelope, MalformedEnvelope, NONCE_BYTES, TAG_BYTES, looks_sealed};
pub use keys::{Key, KeyError, KeyRing, MAX_KEY_ID_BYTES};
pub use plaintext::Plaintext;
pub use seal::{Nonce, OpenError, SealError};
