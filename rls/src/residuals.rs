//! How much of a policy can be said as a filter: for each table and kind of caller, whether the
//! filter is exact.
//!
//! The callers here are samples, one of each kind, with a membership in one tenant at most;
//! [`crate::verify`] counts the same of the many callers that it lets act.

use countersign_wasm::batch::Datum;
use policy_core::decide::{CallerKind, Membership, Ranks};
use policy_core::model::{Action, Policy, Table};
use policy_core::residual::{Residual, Widening, residual};
use policy_core::value::Kind;
use policy_core::{Caller, Value};
use serde::Serialize;

/// The actions that meet rows that are there.
pub const ACTIONS: [Action; 3] = [Action::Select, Action::Update, Action::Delete];

/// How many filters are of which kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilterCounts {
    /// Every row.
    pub everything: u64,
    /// No row.
    pub nothing: u64,
    /// Just the rows that pass.
    pub exact: u64,
    /// None but the rows that pass.
    pub superset: u64,
}

impl FilterCounts {
    /// Counts one.
    pub fn count(&mut self, residual: &Residual) {
        *match residual {
            Residual::Everything => &mut self.everything,
            Residual::Nothing => &mut self.nothing,
            Residual::Exact(_) => &mut self.exact,
            Residual::Superset(..) => &mut self.superset,
        } += 1;
    }

    /// Adds others.
    pub fn add(&mut self, others: Self) {
        self.everything += others.everything;
        self.nothing += others.nothing;
        self.exact += others.exact;
        self.superset += others.superset;
    }

    /// How many there are.
    #[must_use]
    pub fn total(self) -> u64 {
        self.everything + self.nothing + self.exact + self.superset
    }

    /// The counts in words.
    #[must_use]
    pub fn words(self) -> String {
        format!(
            "{} everything, {} nothing, {} exact, {} superset",
            self.everything, self.nothing, self.exact, self.superset
        )
    }
}

/// The word for a residual, as `policy.filter` gives it in its `rows`.
#[must_use]
pub fn word(residual: &Residual) -> &'static str {
    match residual {
        Residual::Everything => "everything",
        Residual::Nothing => "nothing",
        Residual::Exact(_) => "exact",
        Residual::Superset(..) => "superset",
    }
}

/// One filter of a kind of caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassFilter {
    /// The table.
    pub table: String,
    /// The kind of caller: a role, or a word of the policy language.
    pub who: String,
    /// What is to be done.
    pub action: &'static str,
    /// What is known of the rows: `everything`, `nothing`, `exact` or `superset`.
    pub rows: &'static str,
    /// Why a superset is one.
    pub wider: Vec<Widening>,
}

/// The filters of every kind of caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassFilters {
    /// All of them together.
    pub filters: FilterCounts,
    /// The same by kind of caller, in the order of what they may do.
    pub callers: Vec<ClassCounts>,
    /// Each of them.
    pub list: Vec<ClassFilter>,
}

/// The filters of one kind of caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCounts {
    /// The kind of caller.
    pub who: String,
    /// Over all tables and actions.
    pub filters: FilterCounts,
}

/// The filters that each kind of caller gets for each table.
///
/// Signed-in callers have an e-mail address and a second factor (`aal2`). A member has the rank in
/// one tenant, and the membership says nothing beside the role.
#[must_use]
pub fn by_class(policy: &Policy) -> ClassFilters {
    let mut all = ClassFilters::default();
    let (id, tenant) = (sample(policy.caller_id), sample(tenant_kind(policy)));
    let top = policy.tenant.as_ref().map_or(0, |tenant| tenant.top());
    let plain = [
        ("anon", CallerKind::Anon),
        ("guest", CallerKind::Guest),
        ("user", CallerKind::User),
    ];
    let named = |(who, kind): (&str, CallerKind)| (who.to_owned(), kind, 0);
    let members = (1..=top).map(|rank| {
        let role = policy
            .tenant
            .as_ref()
            .map_or("", |tenant| tenant.role(rank));
        (role.to_owned(), CallerKind::User, rank)
    });
    let classes = plain.into_iter().map(named).chain(members);
    for (who, kind, rank) in classes.chain([named(("service", CallerKind::Service))]) {
        let membership = [Membership::new(tenant.value(), rank)];
        let known = if rank > 0 { membership.as_slice() } else { &[] };
        let caller = match kind {
            CallerKind::Guest | CallerKind::User => Caller {
                kind,
                id: id.value(),
                email: Value::Text("somebody@example.com"),
                aal: Value::Text("aal2"),
                ranks: Ranks::Known(known),
            },
            _ => Caller {
                kind,
                ..Caller::ANON
            },
        };
        all.add(policy, &who, &caller);
    }
    all
}

impl ClassFilters {
    fn add(&mut self, policy: &Policy, who: &str, caller: &Caller<'_>) {
        let mut filters = FilterCounts::default();
        let each = |table: &'_ Table| ACTIONS.map(|action| residual(policy, table, action, caller));
        for table in &policy.tables {
            for (action, found) in ACTIONS.iter().zip(each(table)) {
                filters.count(&found);
                let rows = word(&found);
                let wider = match found {
                    Residual::Superset(_, wider) => wider,
                    _ => Vec::new(),
                };
                self.list.push(ClassFilter {
                    table: table.name.clone(),
                    who: who.to_owned(),
                    action: action.word(),
                    rows,
                    wider,
                });
            }
        }
        self.filters.add(filters);
        self.callers.push(ClassCounts {
            who: who.to_owned(),
            filters,
        });
    }
}

fn tenant_kind(policy: &Policy) -> Kind {
    policy
        .tenant
        .as_ref()
        .and_then(|tenant| {
            let root = policy.table_at(tenant.root)?;
            root.columns.get(usize::from(tenant.key))
        })
        .map_or(Kind::Text, |column| column.kind)
}

/// Some value of a key's kind.
fn sample(kind: Kind) -> Datum {
    let text = match kind {
        Kind::Int | Kind::Decimal => "1",
        Kind::Uuid => "c0de0000-0000-4000-8000-000000000001",
        _ => "somebody",
    };
    Datum::read(kind, Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = include_str!("../tests/shop/shop.policy");
    const CATALOGUE: &str = include_str!("../tests/shop/shop.catalogue.json");

    #[test]
    fn the_shop_by_kind_of_caller() {
        let catalogue = serde_json::from_str(CATALOGUE).unwrap();
        let (policy, _) = policy_core::compile(POLICY, &catalogue).unwrap();
        let all = by_class(&policy);
        let lines = all
            .callers
            .iter()
            .map(|of| format!("{}: {}\n", of.who, of.filters.words()));
        insta::assert_snapshot!(lines.collect::<String>(), @r"
        anon: 0 everything, 24 nothing, 2 exact, 1 superset
        guest: 0 everything, 20 nothing, 4 exact, 3 superset
        user: 0 everything, 17 nothing, 7 exact, 3 superset
        viewer: 0 everything, 16 nothing, 8 exact, 3 superset
        clerk: 0 everything, 13 nothing, 9 exact, 5 superset
        boss: 0 everything, 7 nothing, 14 exact, 6 superset
        service: 4 everything, 22 nothing, 1 exact, 0 superset
        ");
        let each = all.callers.len() * policy.tables.len() * ACTIONS.len();
        assert_eq!(all.list.len(), each);
        assert_eq!(all.filters.total(), each as u64);
        for one in &all.list {
            assert_eq!(one.rows == "superset", !one.wider.is_empty(), "{one:?}");
        }
    }
}
