//! Any request is planned or refused, and what is sent on means what was decided.

use countersign_functions::gateway::{Headers, Incoming, Rules, plan};
use policy_core::decide::{CallerKind, Membership, Ranks};
use policy_core::{Caller, Value};

use crate::shop;

/// Reads any bytes as a request to the gateway: a line with method, path and query, a line with the
/// content type, and the body.
///
/// # Panics
/// If the request that is sent on would itself be planned in another way.
pub fn request(data: &[u8]) {
    let (line, rest) = line(data);
    let (content_type, body) = self::line(rest);
    let (Ok(line), Ok(content_type)) = (str::from_utf8(line), str::from_utf8(content_type)) else {
        return;
    };
    let (method, target) = line.split_once(' ').unwrap_or(("GET", line));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(policy) = shop::POLICY.as_ref() else {
        return;
    };
    let rules = Rules {
        policy,
        foreign_keys: &shop::FOREIGN_KEYS,
        strict_reads: false,
    };
    let ranks = [Membership::new(Value::Uuid(7), 2)];
    let caller = Caller {
        kind: CallerKind::User,
        id: Value::Uuid(1),
        email: Value::Null,
        aal: Value::Null,
        ranks: Ranks::Known(&ranks),
    };
    let incoming = Incoming {
        method,
        path,
        query,
        headers: Headers {
            content_type: Some(content_type).filter(|it| !it.is_empty()),
            ..Headers::default()
        },
        body: Some(body).filter(|body| !body.is_empty()),
    };
    let Ok(first) = plan(&rules, &caller, &incoming) else {
        return;
    };
    let sent = Incoming {
        path: &first.path,
        query: &first.query,
        ..incoming
    };
    let second = plan(&rules, &caller, &sent);
    assert!(
        second.as_ref().is_ok_and(|second| *second == first),
        "sent {first:?}, yet {second:?}"
    );
}

fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    end.and_then(|end| Some((data.get(..end)?, data.get(end + 1..)?)))
        .unwrap_or((data, &[]))
}
