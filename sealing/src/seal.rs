//! Sealing and opening.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::Zeroize;

use crate::binding::Binding;
use crate::envelope::{Envelope, MalformedEnvelope, NONCE_BYTES};
use crate::keys::KeyRing;
use crate::plaintext::Plaintext;

/// 96 random bits, to be used once.
///
/// With one key no more than 2^32 texts may be sealed under random nonces (NIST SP 800-38D, 8.3):
/// a token a second for 136 years.
#[derive(Debug)]
pub struct Nonce([u8; NONCE_BYTES]);

impl Nonce {
    /// Takes random bytes, of a cryptographic source, that nothing else was sealed with.
    #[must_use]
    pub fn from_random(bytes: [u8; NONCE_BYTES]) -> Self {
        Self(bytes)
    }
}

/// Sealing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// AES-GCM's limit: 64 GiB.
    #[error("the text is too long to be sealed")]
    TooLong,
}

/// Opening failed. Nothing of the text is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is not a sealed text.
    #[error(transparent)]
    Malformed(#[from] MalformedEnvelope),
    /// No key of that name is at hand.
    #[error("the text is sealed with key `{0}`, which is not among the keys given")]
    NoSuchKey(String),
    /// The tag does not fit: another key of the same name, another place, or changed bytes.
    #[error(
        "the sealed text does not open: it was sealed for another place or with another key of the \
         same name, or it was changed"
    )]
    Refused,
}

impl KeyRing {
    /// Seals a text with the current key.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn seal(
        &self,
        nonce: Nonce,
        binding: &Binding<'_>,
        plaintext: &str,
    ) -> Result<String, SealError> {
        let key = self.current();
        let ciphertext = Aes256Gcm::new(key.bytes().into())
            .encrypt(
                &nonce.0.into(),
                Payload {
                    msg: plaintext.as_bytes(),
                    aad: &binding.associated_data(),
                },
            )
            .map_err(|_| SealError::TooLong)?;
        let envelope = Envelope {
            key_id: key.id().to_owned(),
            nonce: nonce.0,
            ciphertext,
        };
        Ok(envelope.write())
    }

    /// Opens a sealed text that was found in this place.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, binding: &Binding<'_>, sealed: &str) -> Result<Plaintext, OpenError> {
        let envelope = Envelope::read(sealed)?;
        let key = self
            .find(&envelope.key_id)
            .ok_or_else(|| OpenError::NoSuchKey(envelope.key_id.clone()))?;
        let opened = Aes256Gcm::new(key.bytes().into())
            .decrypt(
                &envelope.nonce.into(),
                Payload {
                    msg: &envelope.ciphertext,
                    aad: &binding.associated_data(),
                },
            )
            .map_err(|_| OpenError::Refused)?;
        // Only text is ever sealed; bytes that are none are nobody's doing but a key's owner's.
        String::from_utf8(opened)
            .map(Plaintext::new)
            .map_err(|error| {
                error.into_bytes().zeroize();
                OpenError::Refused
            })
    }
}
