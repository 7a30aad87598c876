//! The stored form: which key, which nonce, and the ciphertext.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::keys::is_key_id;

/// What a sealed text begins with. No provider's token does, so that plaintext left over from
/// before is told from it at a glance.
const PREFIX: &str = "cs1.";
const VERSION: u8 = 1;

/// The length of a nonce.
pub const NONCE_BYTES: usize = 12;
/// The length of the authentication tag, the end of the ciphertext.
pub const TAG_BYTES: usize = 16;

/// A sealed text, taken apart.
///
/// The Worker may open one with the runtime's own AES-GCM; it needs this and
/// [`Binding::associated_data`](crate::Binding::associated_data) for that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// Which key opens it.
    pub key_id: String,
    /// The nonce: never used twice with one key.
    pub nonce: [u8; NONCE_BYTES],
    /// The ciphertext with its tag at the end.
    pub ciphertext: Vec<u8>,
}

/// Whether a text has the form of a sealed one. It says nothing of whether it opens.
#[must_use]
pub fn looks_sealed(text: &str) -> bool {
    Envelope::read(text).is_ok()
}

/// The text is not a sealed one. What it says instead is not repeated: it may be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedEnvelope {
    /// It does not begin as sealed texts do.
    #[error("the text is not sealed: it does not begin with `cs1.`")]
    NotSealed,
    /// The rest is not base64url, or too short.
    #[error("the sealed text is damaged: it does not read as base64url of a sealed token")]
    Damaged,
    /// A later version made it.
    #[error("the sealed text has version {0}, and this program knows version 1")]
    Version(u8),
}

impl Envelope {
    /// The stored form.
    #[must_use]
    pub fn write(&self) -> String {
        let mut bytes =
            Vec::with_capacity(2 + self.key_id.len() + NONCE_BYTES + self.ciphertext.len());
        bytes.push(VERSION);
        // A key's id has at most `MAX_KEY_ID_BYTES`.
        bytes.push(u8::try_from(self.key_id.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(self.key_id.as_bytes());
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.ciphertext);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// See [`MalformedEnvelope`].
    pub fn read(text: &str) -> Result<Self, MalformedEnvelope> {
        let encoded = text
            .strip_prefix(PREFIX)
            .ok_or(MalformedEnvelope::NotSealed)?;
        let damaged = MalformedEnvelope::Damaged;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| damaged)?;
        let (version, rest) = bytes.split_first().ok_or(damaged)?;
        if *version != VERSION {
            return Err(MalformedEnvelope::Version(*version));
        }
        let (length, rest) = rest.split_first().ok_or(damaged)?;
        let (key_id, rest) = rest.split_at_checked(usize::from(*length)).ok_or(damaged)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(damaged)?;
        let key_id = std::str::from_utf8(key_id).map_err(|_| damaged)?;
        if !is_key_id(key_id) || ciphertext.len() < TAG_BYTES {
            return Err(damaged);
        }
        Ok(Self {
            key_id: key_id.to_owned(),
            nonce: *nonce,
            ciphertext: ciphertext.to_vec(),
        })
    }
}
