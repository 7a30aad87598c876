//! Somebody who asks.

use policy_core::Value;
use policy_core::decide::{Caller, CallerKind, Membership, Ranks};
use policy_core::value::uuid_from_text;

use crate::dice::Dice;
use crate::sort::{HANDLE, Sort};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) kind: CallerKind,
    pub(crate) id: Option<&'static str>,
    /// The type of their id.
    pub(crate) sort: &'static Sort,
    pub(crate) aal: Option<&'static str>,
}

impl Person {
    pub(crate) fn random(sort: &'static Sort, dice: &mut Dice) -> Self {
        let kind = match dice.below(16) {
            0 => CallerKind::Anon,
            1 => CallerKind::NoSubject,
            2 => CallerKind::Service,
            3 => CallerKind::Guest,
            _ => CallerKind::User,
        };
        let token = !matches!(kind, CallerKind::Anon | CallerKind::Service);
        let known = matches!(kind, CallerKind::Guest | CallerKind::User);
        Self {
            kind,
            id: known.then(|| *dice.pick(sort.values)),
            sort,
            aal: (token && dice.once_in(2)).then_some("aal2"),
        }
    }

    pub(crate) fn caller<'r>(&self, ranks: &'r [Membership<'r>]) -> Caller<'r> {
        let text = |text: Option<&'static str>| text.map_or(Value::Null, Value::Text);
        Caller {
            kind: self.kind,
            id: self.value(),
            email: Value::Null,
            aal: text(self.aal),
            ranks: Ranks::Known(ranks),
        }
    }

    /// Their id, NULL for nobody.
    pub(crate) fn value(&self) -> Value<'static> {
        match self.id {
            None => Value::Null,
            Some(id) if *self.sort == HANDLE => Value::Text(id),
            Some(id) => Value::Uuid(uuid_from_text(id).unwrap()),
        }
    }

    pub(crate) fn role(&self) -> &'static str {
        match self.kind {
            CallerKind::Anon => "anon",
            CallerKind::Service => "countersign_edge",
            _ => "authenticated",
        }
    }

    pub(crate) fn claims(&self) -> String {
        let mut claims = serde_json::json!({ "role": self.role() });
        if let Some(id) = self.id {
            claims["sub"] = id.into();
            claims["is_anonymous"] = (self.kind == CallerKind::Guest).into();
        }
        if let Some(aal) = self.aal {
            claims["aal"] = aal.into();
        }
        claims.to_string()
    }
}
