//! Keys with names, and the text they are given in.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

/// How long a key's id may be.
pub const MAX_KEY_ID_BYTES: usize = 32;
const KEY_BYTES: usize = 32;

/// One key. It is not printed, and its memory is overwritten when it goes.
#[derive(Clone)]
pub struct Key {
    id: String,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl Key {
    /// A key of 256 bits.
    ///
    /// # Errors
    /// The id is empty, longer than [`MAX_KEY_ID_BYTES`], or not of `a-z`, `0-9`, `-` and `_`.
    pub fn new(id: &str, bytes: [u8; KEY_BYTES]) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bytes);
        if is_key_id(id) {
            Ok(Self {
                id: id.to_owned(),
                bytes,
            })
        } else {
            Err(KeyError::Id { position: 1 })
        }
    }

    /// Its name: what `key_id` in the secrets table says.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// The keys one has: the first seals, all of them open. A key is replaced by putting a new one in
/// front, sealing again, and taking the old one away.
#[derive(Clone, Debug)]
pub struct KeyRing {
    current: Key,
    older: Vec<Key>,
}

/// What is wrong with the text of a key ring. None of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no key at all.
    #[error("there is no key: give `<id>:<32 bytes in base64>`, the one that seals first")]
    None,
    /// An entry has no `:`.
    #[error("key {position} has no name: write `<id>:<32 bytes in base64>`")]
    NoId {
        /// Which entry, from 1.
        position: usize,
    },
    /// An id is not one.
    #[error("the name of key {position} is not of 1 to 32 of `a-z`, `0-9`, `-` and `_`")]
    Id {
        /// Which entry, from 1.
        position: usize,
    },
    /// The bytes are not 32, or not base64.
    #[error("key {position} is not 32 bytes in base64: make one with `openssl rand -base64 32`")]
    Bytes {
        /// Which entry, from 1.
        position: usize,
    },
    /// Two keys have one name.
    #[error("key {position} has the name of an earlier one")]
    Twice {
        /// Which entry, from 1.
        position: usize,
    },
}

impl KeyRing {
    /// A ring of one key.
    #[must_use]
    pub fn of(current: Key) -> Self {
        Self {
            current,
            older: Vec::new(),
        }
    }

    /// Reads `<id>:<base64>`, several apart by white space or commas; a line that begins with `#`
    /// is a remark. Both alphabets of base64 will do, with padding or without.
    ///
    /// # Errors
    /// Names the entry at fault by its number.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let entries = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| line.split([',', ' ', '\t', '\r']))
            .filter(|entry| !entry.is_empty());
        let mut keys: Vec<Key> = Vec::new();
        for (index, entry) in entries.enumerate() {
            let position = index + 1;
            let (id, encoded) = entry.split_once(':').ok_or(KeyError::NoId { position })?;
            let bytes = key_bytes(encoded).ok_or(KeyError::Bytes { position })?;
            let key = Key::new(id, bytes).map_err(|_| KeyError::Id { position })?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeyError::Twice { position });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(KeyError::None)?;
        Ok(Self {
            current,
            older: keys.collect(),
        })
    }

    /// The key that seals.
    #[must_use]
    pub fn current(&self) -> &Key {
        &self.current
    }

    /// The key of this name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.id == id)
    }
}

pub(crate) fn is_key_id(id: &str) -> bool {
    (1..=MAX_KEY_ID_BYTES).contains(&id.len())
        && id
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

fn key_bytes(encoded: &str) -> Option<[u8; KEY_BYTES]> {
    let decoded = STANDARD
        .decode(encoded)
        .or_else(|_| URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')));
    let mut decoded = decoded.ok()?;
    let bytes = <[u8; KEY_BYTES]>::try_from(decoded.as_slice()).ok();
    decoded.zeroize();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONES: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const HIGH: &str = "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8";

    #[test]
    fn a_file_and_a_setting_read_alike() {
        let file = KeyRing::parse(&format!(
            "# the new one\nk2:{HIGH}\n\n  # before\nk1:{ONES}\n"
        ));
        let setting = KeyRing::parse(&format!("k2:{HIGH},k1:{ONES}"));
        for ring in [file.unwrap(), setting.unwrap()] {
            assert_eq!(ring.current().id(), "k2");
            assert_eq!(ring.find("k1").unwrap().bytes(), &[1; 32]);
            assert!(ring.find("k3").is_none());
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_key() {
        let of = |text: &str| KeyRing::parse(text).unwrap_err();
        assert_eq!(of("# nothing"), KeyError::None);
        assert_eq!(of(ONES), KeyError::NoId { position: 1 });
        assert_eq!(of(&format!("K:{ONES}")), KeyError::Id { position: 1 });
        assert_eq!(
            of(&format!("k:{ONES},l:AQEB")),
            KeyError::Bytes { position: 2 }
        );
        assert_eq!(
            of(&format!("k:{ONES} k:{HIGH}")),
            KeyError::Twice { position: 2 }
        );
        let long = "k".repeat(MAX_KEY_ID_BYTES + 1);
        assert_eq!(of(&format!("{long}:{ONES}")), KeyError::Id { position: 1 });
    }

    #[test]
    fn debug_prints_names_only() {
        let ring = KeyRing::parse(&format!("k1:{ONES}")).unwrap();
        assert_eq!(
            format!("{ring:?}"),
            "KeyRing { current: Key(k1), older: [] }"
        );
    }
}
