//! The format against vectors made by another implementation, and against tampering.
#![cfg(test)]

use countersign_sealing::{
    Binding, Envelope, KeyRing, MalformedEnvelope, Nonce, OpenError, looks_sealed,
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    key_id: String,
    key: String,
    nonce: String,
    app: String,
    tenant: String,
    provider: String,
    connection: String,
    column: String,
    plaintext: String,
    sealed: String,
}

impl Vector {
    fn binding(&self) -> Binding<'_> {
        Binding {
            app: &self.app,
            tenant: &self.tenant,
            provider: &self.provider,
            connection: &self.connection,
            column: &self.column,
        }
    }

    fn nonce(&self) -> Nonce {
        let digit = |at: usize| char::from(self.nonce.as_bytes()[at]).to_digit(16).unwrap();
        let byte = |at: usize| u8::try_from(digit(2 * at) * 16 + digit(2 * at + 1)).unwrap();
        Nonce::from_random(std::array::from_fn(byte))
    }
}

const PLACE: Binding<'static> = Binding {
    app: "coaching",
    tenant: "6f1d7a52-3c40-4d0e-9d53-0c8b0f3a6d11",
    provider: "hubspot",
    connection: "0b9d6c1e-8f27-4a55-8a6e-5a1f6d2b7c33",
    column: "access_token",
};
const ONES: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const TWOS: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

fn ring(keys: &str) -> KeyRing {
    KeyRing::parse(keys).unwrap()
}

#[test]
fn nodes_cryptography_comes_to_the_same_bytes() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert!(vectors.len() >= 4);
    for vector in vectors {
        let ring = ring(&format!("{}:{}", vector.key_id, vector.key));
        let sealed = ring.seal(vector.nonce(), &vector.binding(), &vector.plaintext);
        assert_eq!(sealed.unwrap(), vector.sealed);
        let opened = ring.open(&vector.binding(), &vector.sealed).unwrap();
        assert_eq!(opened.expose(), vector.plaintext);
    }
}

#[test]
fn a_text_opens_in_its_own_place_only() {
    let ring = ring(&format!("k1:{ONES}"));
    let sealed = ring
        .seal(Nonce::from_random([7; 12]), &PLACE, "token")
        .unwrap();
    let elsewhere = [
        Binding {
            app: "assistant",
            ..PLACE
        },
        Binding {
            tenant: "6f1d7a52-3c40-4d0e-9d53-0c8b0f3a6d12",
            ..PLACE
        },
        Binding {
            provider: "fathom",
            ..PLACE
        },
        Binding {
            connection: "",
            ..PLACE
        },
        Binding {
            column: "refresh_token",
            ..PLACE
        },
    ];
    for place in elsewhere {
        assert_eq!(ring.open(&place, &sealed), Err(OpenError::Refused));
    }
}

#[test]
fn keys_are_replaced_by_putting_a_new_one_in_front() {
    let before = ring(&format!("k1:{ONES}"));
    let sealed = before
        .seal(Nonce::from_random([7; 12]), &PLACE, "token")
        .unwrap();
    let during = ring(&format!("k2:{TWOS},k1:{ONES}"));
    assert_eq!(during.open(&PLACE, &sealed).unwrap().expose(), "token");
    let after = ring(&format!("k2:{TWOS}"));
    assert_eq!(
        after.open(&PLACE, &sealed),
        Err(OpenError::NoSuchKey("k1".to_owned()))
    );
    let impostor = ring(&format!("k1:{TWOS}"));
    assert_eq!(impostor.open(&PLACE, &sealed), Err(OpenError::Refused));
}

#[test]
fn what_is_not_sealed_is_told_apart_and_not_repeated() {
    let ring = ring(&format!("k1:{ONES}"));
    let of = |text: &str| match ring.open(&PLACE, text) {
        Err(OpenError::Malformed(why)) => why,
        other => panic!("{other:?}"),
    };
    for token in ["pat-na1-hunter2", "", "cs1", "CS1.AQ"] {
        assert_eq!(of(token), MalformedEnvelope::NotSealed);
        assert!(!looks_sealed(token));
    }
    for damaged in ["cs1.", "cs1.AQ", "cs1.!!", "cs1.AQJrMQ", "cs1.Af9rMQ"] {
        assert_eq!(of(damaged), MalformedEnvelope::Damaged);
    }
    assert_eq!(of("cs1.AgJrMQ"), MalformedEnvelope::Version(2));
    let message = ring
        .open(&PLACE, "pat-na1-hunter2")
        .unwrap_err()
        .to_string();
    assert!(!message.contains("hunter2"), "{message}");
}

proptest! {
    #[test]
    fn what_is_sealed_opens(plaintext in ".{0,200}", nonce: [u8; 12], tenant in ".{0,20}") {
        let ring = ring(&format!("k1:{ONES}"));
        let place = Binding { tenant: &tenant, ..PLACE };
        let sealed = ring.seal(Nonce::from_random(nonce), &place, &plaintext).unwrap();
        prop_assert!(looks_sealed(&sealed));
        prop_assert!(plaintext.len() < 4 || !sealed.contains(&plaintext));
        let opened = ring.open(&place, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), plaintext.as_str());
    }

    #[test]
    fn no_changed_bit_opens(plaintext in ".{0,40}", bit: prop::sample::Index) {
        let ring = ring(&format!("k1:{ONES},k2:{TWOS}"));
        let sealed = ring.seal(Nonce::from_random([3; 12]), &PLACE, &plaintext).unwrap();
        let mut envelope = Envelope::read(&sealed).unwrap();
        let bits = (envelope.nonce.len() + envelope.ciphertext.len()) * 8;
        let (byte, mask) = (bit.index(bits) / 8, 1 << (bit.index(bits) % 8));
        if byte < 12 {
            envelope.nonce[byte] ^= mask;
        } else {
            envelope.ciphertext[byte - 12] ^= mask;
        }
        prop_assert_eq!(ring.open(&PLACE, &envelope.write()), Err(OpenError::Refused));
    }

    #[test]
    fn reading_never_fails_otherwise(text in "cs1\\.[A-Za-z0-9_-]{0,80}") {
        if let Ok(envelope) = Envelope::read(&text) {
            let written = envelope.write();
            prop_assert_eq!(Envelope::read(&written), Ok(envelope));
        }
    }
}
