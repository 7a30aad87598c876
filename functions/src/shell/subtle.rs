//! Signatures, verified by the platform: 43 microseconds for ES256 where this program itself would
//! take a thousand.

use std::cell::RefCell;

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto, WorkerGlobalScope};

use crate::caller::keys::Key;

/// As many as a published set has, and the shared secret.
const MOST_KEYS: usize = 33;

/// A key that the platform has read, and what it wants to be told with it each time.
#[derive(Clone)]
struct Imported {
    key: CryptoKey,
    algorithm: Object,
}

thread_local! {
    /// Keys the platform has read already; a key holds nothing of the request it came with.
    static IMPORTED: RefCell<Vec<(Key, Imported)>> = const { RefCell::new(Vec::new()) };
}

/// Whether the signature holds; an error if the key is none, or the platform fails.
pub(crate) async fn verify(key: &Key, message: &[u8], signature: &[u8]) -> Result<bool, JsValue> {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let subtle = scope.crypto()?.subtle();
    let imported = imported(&subtle, key).await?;
    let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
    let verified = subtle.verify_with_object_and_buffer_source_and_buffer_source(
        &imported.algorithm,
        &imported.key,
        &signature,
        &message,
    )?;
    Ok(JsFuture::from(verified).await?.is_truthy())
}

async fn imported(subtle: &SubtleCrypto, key: &Key) -> Result<Imported, JsValue> {
    let find = |keys: &RefCell<Vec<(Key, Imported)>>| {
        keys.borrow()
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, imported)| imported.clone())
    };
    if let Some(found) = IMPORTED.with(find) {
        return Ok(found);
    }
    let usages = Array::of1(&JsValue::from_str("verify"));
    let (format, data) = match key {
        Key::Es256 { x, y } => (
            "jwk",
            object(&[("kty", "EC"), ("crv", "P-256"), ("x", x), ("y", y)])?,
        ),
        Key::Rs256 { n, e } => ("jwk", object(&[("kty", "RSA"), ("n", n), ("e", e)])?),
        Key::Hs256(secret) => ("raw", Uint8Array::from(secret.expose()).into()),
    };
    let algorithm = algorithm(key)?;
    let import = subtle.import_key_with_object(format, &data, &algorithm, false, &usages)?;
    let key_of_platform = JsFuture::from(import).await?.dyn_into()?;
    let imported = Imported {
        key: key_of_platform,
        algorithm,
    };
    IMPORTED.with(|keys| {
        let mut keys = keys.borrow_mut();
        if keys.len() >= MOST_KEYS {
            // Keys change once in months: starting over is simpler than knowing which is oldest.
            keys.clear();
        }
        keys.push((key.clone(), imported.clone()));
    });
    Ok(imported)
}

fn algorithm(key: &Key) -> Result<Object, JsValue> {
    match key {
        Key::Es256 { .. } => object(&[
            ("name", "ECDSA"),
            ("namedCurve", "P-256"),
            ("hash", "SHA-256"),
        ]),
        Key::Hs256(_) => object(&[("name", "HMAC"), ("hash", "SHA-256")]),
        Key::Rs256 { .. } => object(&[("name", "RSASSA-PKCS1-v1_5"), ("hash", "SHA-256")]),
    }
}

fn object(members: &[(&str, &str)]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value))?;
    }
    Ok(object)
}

#[cfg(test)]
mod tests;
