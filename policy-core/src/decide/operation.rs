//! Operations on what is not in the database.

use super::{Caller, CallerKind, Ranks};
use crate::model::{Rank, Resource, Subject};
use crate::truth::Truths;
use crate::value::Value;

/// Whether an operation may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// This rule allows it: its position in [`Resource::rules`].
    Allowed(u16),
    /// No rule does.
    Denied,
    /// Memberships that are not yet known, or a tenant that is not, will tell.
    Depends,
}

/// Decides one operation on a resource, in one tenant.
///
/// There is no row to say which tenant is meant, so whoever asks names it: `tenant` is its key,
/// [`Value::Null`] in an app without tenants, or [`Value::NotYetKnown`] while it may be any.
/// Like [`decide`](super::decide()) this is total and allocates nothing.
#[must_use]
pub fn decide_operation(
    caller: &Caller<'_>,
    tenant: Value<'_>,
    resource: &Resource,
    operation: &str,
) -> Ruling {
    let mut open = false;
    for (position, rule) in resource.rules.iter().enumerate() {
        if rule.operation != operation {
            continue;
        }
        let truths = match rule.subject {
            Subject::Rank(rank) => has_rank(caller, tenant, rank),
            // They speak of a row; the checker keeps them out.
            Subject::Team(_) | Subject::Itself(_) | Subject::Peer(_) => Truths::FALSE,
            subject => Truths::of(caller.kind.is(subject)),
        };
        if truths.is_true() {
            return Ruling::Allowed(u16::try_from(position).unwrap_or(u16::MAX));
        }
        open |= truths.may_be_true();
    }
    if open {
        Ruling::Depends
    } else {
        Ruling::Denied
    }
}

fn has_rank(caller: &Caller<'_>, tenant: Value<'_>, rank: Rank) -> Truths {
    if !matches!(caller.kind, CallerKind::Guest | CallerKind::User) {
        return Truths::FALSE;
    }
    let ranks = match caller.ranks {
        Ranks::Known(ranks) => ranks,
        Ranks::NotYetKnown if tenant == Value::Null => return Truths::FALSE,
        Ranks::NotYetKnown => return Truths::DEFINITE,
    };
    let mut held = ranks.iter().filter(|of| of.rank >= rank);
    match tenant {
        Value::NotYetKnown | Value::Present if held.next().is_some() => Truths::DEFINITE,
        tenant => Truths::of(held.any(|of| of.tenant == tenant)),
    }
}
