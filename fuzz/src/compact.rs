//! Any bytes are a policy that decides, or refused.

use policy_core::compact;

use crate::{questions, shop};

/// Loads any bytes as a stored policy: as they are if they begin like one, otherwise as changes of
/// a stored policy, four bytes each.
///
/// # Panics
/// If what was loaded cannot be stored, loads as something else, or cannot decide.
pub fn compact(data: &[u8]) {
    if data.starts_with(&compact::MAGIC) {
        load(data);
    } else if let Some(policy) = shop::POLICY.as_ref()
        && let Ok(mut bytes) = compact::store(policy)
    {
        for change in data.chunks_exact(4).take(64) {
            edit(&mut bytes, change);
        }
        load(&bytes);
    }
}

fn load(bytes: &[u8]) {
    let Ok(policy) = compact::load(bytes) else {
        return;
    };
    let stored = compact::store(&policy);
    assert!(stored.is_ok(), "loaded, but cannot be stored");
    let again = compact::load(&stored.unwrap_or_default());
    assert_eq!(again.as_ref(), Ok(&policy), "loaded otherwise");
    questions::ask(&policy);
}

/// Two bytes say where, one says what to do, one with which byte.
fn edit(bytes: &mut Vec<u8>, change: &[u8]) {
    let &[high, low, what, with] = change else {
        return;
    };
    let at = usize::from(u16::from_be_bytes([high, low])) % bytes.len().max(1);
    match what % 4 {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = with;
            }
        }
        1 => bytes.insert(at, with),
        2 => {
            bytes.drain(at..bytes.len().min(at + 1 + usize::from(with)));
        }
        _ => {
            let end = bytes.len().min(at + 1 + usize::from(with));
            let copy = bytes.get(at..end).unwrap_or_default().to_vec();
            bytes.splice(at..at, copy);
        }
    }
}
