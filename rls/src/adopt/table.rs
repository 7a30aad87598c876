//! One table: what its policies and grants come to.

mod clients;
mod service;

use std::collections::{BTreeMap, BTreeSet};

use policy_core::catalogue::Relation;

use super::alternative::{Alternative, Membership, Parent, Source, simplest};
use super::grants;
use super::ground::Ground;
use super::never::Never;
use super::policies::{Test, combined};
use super::recognise::{Reader, Role};
use super::report::{Assumption, Unsaid};
use super::retire::{self, Retire};
use super::rules::{Place, Rule};
use super::tenancy::{Asked, Tenancy};
use super::words;
use crate::live::{Policy, Table};

/// The trigger that Countersign generates where policies alone would allow too much.
const GUARD: &str = "zz_countersign";

/// The column with the tenant of each table that has one.
pub type Tenants = BTreeMap<String, String>;

/// What the policies of a table allow one role.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// Existing rows of a select.
    pub select: Vec<Alternative>,
    /// New rows of an insert.
    pub insert: Vec<Alternative>,
    /// Existing rows of an update.
    pub old: Vec<Alternative>,
    /// New rows of an update.
    pub new: Vec<Alternative>,
    /// Existing rows of a delete.
    pub delete: Vec<Alternative>,
}

impl Allowed {
    fn of(&self, test: Test) -> &[Alternative] {
        match test {
            Test::Select => &self.select,
            Test::Insert => &self.insert,
            Test::Old => &self.old,
            Test::New => &self.new,
            Test::Delete => &self.delete,
        }
    }
}

/// A table whose policies were read.
#[derive(Clone, Debug)]
pub struct Read<'a> {
    /// The table.
    pub live: &'a Table,
    /// As the snapshot has it.
    pub relation: &'a Relation,
    anon: Allowed,
    authenticated: Allowed,
    edge: Allowed,
    never: Never,
}

/// A table's block.
#[derive(Clone, Debug)]
pub struct Block {
    /// What stands before the braces.
    pub head: String,
    /// The hidden columns.
    pub hidden: Vec<String>,
    /// What no rule can allow: `retire` and `never`.
    pub limits: Vec<String>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// What is said about a table beside its block.
#[derive(Debug, Default)]
pub struct Notes {
    /// What could not be said.
    pub unsaid: BTreeSet<Unsaid>,
    /// What is taken for granted.
    pub assumptions: BTreeSet<Assumption>,
}

impl Notes {
    pub(super) fn unsaid(&mut self, object: &str, why: impl Into<String>, mend: impl Into<String>) {
        self.unsaid.insert(Unsaid {
            object: object.to_owned(),
            why: why.into(),
            mend: mend.into(),
        });
    }

    pub(super) fn assume(&mut self, object: &str, what: &str) {
        self.assumptions.insert(Assumption {
            object: object.to_owned(),
            what: what.to_owned(),
        });
    }
}

/// Policies for roles that the language does not have. Row-level security does not bind
/// `service_role`, whatever a policy says.
fn strangers(table: &Table, notes: &mut Notes) {
    const KNOWN: [&str; 5] = [
        "public",
        "anon",
        "authenticated",
        "countersign_edge",
        "service_role",
    ];
    for policy in &table.policies {
        let mut roles = policy
            .roles
            .iter()
            .filter(|role| !KNOWN.contains(&role.as_str()));
        if let Some(role) = roles.next() {
            notes.unsaid(
                &format!("policy {} on {}", words::name(&policy.name), words::name(&table.name)),
                format!("it is for the role {}, and the language speaks of anon, authenticated and the service", words::name(role)),
                "keep the policy beside the generated ones, in a migration of its own",
            );
        }
    }
}

/// How a table is called in a report.
#[must_use]
pub fn called(table: &str) -> String {
    format!("table {}", words::name(table))
}

impl<'a> Read<'a> {
    /// Reads a table's policies.
    #[must_use]
    pub fn of(
        ground: &'a Ground<'a>,
        live: &'a Table,
        relation: &'a Relation,
        notes: &mut Notes,
    ) -> Self {
        strangers(live, notes);
        let test = |role: Role, test: Test, never: &Never, notes: &mut Notes| {
            if grants::columns(live, role, test.command()).is_empty() {
                return Vec::new();
            }
            let mut reader = Reader::new(ground, relation, role);
            let elsewhere = |policy: &Policy| role != Role::Edge && never.says(policy, test);
            combined(
                &mut reader,
                live,
                test,
                &elsewhere,
                &mut |policy, refusal| {
                    let object = format!(
                        "policy {} on {}",
                        words::name(&policy.name),
                        words::name(&live.name)
                    );
                    notes.unsaid(&object, refusal.why.clone(), refusal.mend.clone());
                },
            )
        };
        let mut opens = |role: Role, of: Test| {
            !test(role, of, &Never::default(), &mut Notes::default()).is_empty()
        };
        let never = Never::of(live, relation, &mut opens);
        let mut role = |role: Role| {
            let mut test = |of: Test| test(role, of, &never, notes);
            Allowed {
                select: test(Test::Select),
                insert: test(Test::Insert),
                old: test(Test::Old),
                new: test(Test::New),
                delete: test(Test::Delete),
            }
        };
        let (anon, authenticated) = (role(Role::Anon), role(Role::Authenticated));
        let edge = role(Role::Edge);
        Self {
            live,
            relation,
            anon,
            authenticated,
            edge,
            never,
        }
    }

    /// The memberships that its policies ask for.
    pub fn memberships(&self) -> impl Iterator<Item = &Membership> {
        let of = self.asked("").into_iter().flat_map(|test| test.all);
        of.flat_map(|one| &one.members)
    }

    /// What its policies ask of those who are signed in.
    #[must_use]
    pub fn asked(&self, root: &str) -> [Asked<'_>; 5] {
        let of = &self.authenticated;
        // A new row is no membership before the statement ends.
        [
            (&of.select, true),
            (&of.insert, false),
            (&of.old, true),
            (&of.new, false),
            (&of.delete, true),
        ]
        .map(|(all, stands)| Asked {
            all,
            tenants: stands && self.live.name == root,
        })
    }

    /// Says of the tenants' own rows that whoever is named in them is a member, where that is a source
    /// of memberships: it is the same of a row that stands, and of one whose column nobody changes.
    pub fn settle(&mut self, sources: &BTreeSet<Source>) {
        let of = |privilege: &str| grants::columns(self.live, Role::Authenticated, privilege);
        let changed = of("update");
        let of = &mut self.authenticated;
        for source in sources.iter().filter(|of| of.table == self.live.name) {
            let mut lists = vec![&mut of.delete];
            if !changed.contains(&source.caller) {
                lists.extend([&mut of.old, &mut of.new]);
                if of.insert.is_empty() {
                    lists.push(&mut of.select);
                }
            }
            for list in lists {
                let all = std::mem::take(list).into_iter().map(|mut one| {
                    if one.own.remove(&source.caller) {
                        one.members.insert(Membership {
                            column: source.tenant.clone(),
                            source: source.clone(),
                            tests: BTreeMap::new(),
                            conditions: BTreeSet::new(),
                            same: None,
                        });
                    }
                    one
                });
                *list = simplest(all.collect());
            }
        }
    }

    /// How its rows are retired, if that means the same.
    fn retire(&self, tenancy: Option<&Tenancy>, tenants: &Tenants) -> Option<Retire> {
        let (tenancy, tenant) = (tenancy?, tenants.get(&self.live.name)?);
        let anybody = Test::ALL.iter().any(|test| !self.anon.of(*test).is_empty());
        if anybody || self.is_guarded() {
            return None;
        }
        let columns = |privilege| grants::columns(self.live, Role::Authenticated, privilege);
        let rows = retire::Rows {
            relation: self.relation,
            tenant,
            inserted: &columns("insert"),
            changed: &columns("update"),
        };
        Retire::of(&self.authenticated, rows, tenancy)
    }

    /// Its block, and what cannot be said.
    #[must_use]
    pub fn block(&self, tenancy: Option<&Tenancy>, tenants: &Tenants, notes: &mut Notes) -> Block {
        let Some(retire) = self.retire(tenancy, tenants) else {
            return self.said(tenancy, tenants, None, notes);
        };
        let rest = Self {
            authenticated: retire.rest,
            ..self.clone()
        };
        let mut block = rest.said(tenancy, tenants, Some(&retire.stamp), notes);
        block.limits.insert(0, retire.text);
        block
    }

    fn said(
        &self,
        tenancy: Option<&Tenancy>,
        tenants: &Tenants,
        stamp: Option<&String>,
        notes: &mut Notes,
    ) -> Block {
        let object = called(&self.live.name);
        let place = self.place(tenancy, tenants);
        let peer = self.peer();
        let mut head = format!("on {}", words::name(&self.live.name));
        if let Some(column) = &place.tenant
            && tenancy.is_none_or(|tenancy| tenancy.root != self.live.name)
        {
            head.push_str(&format!(" tenant {}", words::name(column)));
        }
        let links: Vec<String> = match &peer {
            Some(peer) => vec![format!(
                "{} in {} ({})",
                words::name(&peer.column),
                words::name(&peer.table),
                words::name(&peer.key)
            )],
            None => place
                .via
                .iter()
                .map(|parent| {
                    format!(
                        "{} in {}",
                        words::name(&parent.column),
                        words::name(&parent.table)
                    )
                })
                .collect(),
        };
        if !links.is_empty() {
            head.push_str(&format!(" via {}", links.join(" and ")));
        }
        let hidden = self.hidden();
        let mut rules = Vec::new();
        self.client_rules(
            &place,
            peer.as_ref(),
            tenancy,
            &hidden,
            stamp,
            &object,
            notes,
            &mut rules,
        );
        self.service_rules(&place, &object, notes, &mut rules);
        self.triggers(&object, notes);
        let mut seen = Vec::new();
        rules.retain(|rule| {
            let new = !seen.contains(rule);
            seen.push(rule.clone());
            new
        });
        let ordered = self.relation.columns.iter().map(|column| &column.name);
        Block {
            head,
            hidden: ordered
                .filter(|name| hidden.contains(*name))
                .cloned()
                .collect(),
            limits: self
                .never
                .text(&|test| !self.authenticated.of(test).is_empty()),
            rules,
        }
    }

    /// The column with the tenant, or the tenants' own key.
    #[must_use]
    pub fn tenant(&self, tenancy: Option<&Tenancy>) -> Option<String> {
        let root = tenancy.filter(|tenancy| tenancy.root == self.live.name);
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        for member in self.memberships() {
            if tenancy.is_some_and(|tenancy| tenancy.has(&member.source)) {
                *counts.entry(&member.column).or_default() += 1;
            }
        }
        let commonest = counts.iter().max_by_key(|(_, count)| **count);
        match root {
            Some(root) => Some(root.key.clone()),
            None => commonest.map(|(column, _)| (*column).clone()),
        }
    }

    fn place(&self, tenancy: Option<&Tenancy>, tenants: &Tenants) -> Place {
        let tenant = tenants.get(&self.live.name).cloned();
        let mut via: Option<BTreeSet<Parent>> = None;
        let Allowed { select, insert, .. } = &self.authenticated;
        let deciding = if select.is_empty() { insert } else { select };
        for one in deciding {
            via = Some(match via {
                None => one.parents.clone(),
                Some(all) => all.intersection(&one.parents).cloned().collect(),
            });
        }
        let mut via = via.unwrap_or_default();
        // A parent is of the same tenant anyway; nothing else can be asked of it.
        via.retain(|parent| {
            parent.single
                && parent.also.iter().all(|(theirs, column)| {
                    tenant.as_ref() == Some(column) && tenants.get(&parent.table) == Some(theirs)
                })
        });
        if self.peer().is_some() {
            via.clear();
        }
        let inside = tenant
            .as_ref()
            .zip(tenancy)
            .is_some_and(|(tenant, tenancy)| {
                let seen = &self.authenticated.select;
                self.anon.select.is_empty()
                    && !seen.is_empty()
                    && seen.iter().all(|one| tenancy.is_inside(one, tenant))
            });
        Place {
            tenant,
            via,
            inside,
        }
    }

    /// The alternative of a select that asks for nothing but a row of another table, of which
    /// several may point here.
    fn peer(&self) -> Option<Parent> {
        self.authenticated.select.iter().find_map(|one| {
            let mut parents = one.parents.iter();
            let parent = parents.next()?;
            let only = parents.next().is_none()
                && one.own.is_empty()
                && one.members.is_empty()
                && one.conditions.is_empty()
                && parent.also.is_empty()
                && !parent.single
                && self.relation.primary_key == [parent.column.clone()];
            only.then(|| parent.clone())
        })
    }

    /// Columns that no client may name in any way, of a table that clients use.
    fn hidden(&self) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for role in [Role::Anon, Role::Authenticated] {
            for privilege in ["select", "insert", "update"] {
                open.extend(grants::columns(self.live, role, privilege));
            }
        }
        if open.is_empty() {
            return open;
        }
        let all = self
            .relation
            .columns
            .iter()
            .map(|column| column.name.clone());
        all.filter(|column| !open.contains(column)).collect()
    }

    /// Whether a guard of Countersign's own keeps the rows and columns of updates together.
    fn is_guarded(&self) -> bool {
        self.live
            .triggers
            .iter()
            .any(|trigger| trigger.name == GUARD)
    }

    /// What triggers of Countersign's own add.
    fn triggers(&self, object: &str, notes: &mut Notes) {
        for trigger in &self.live.triggers {
            if trigger.name == GUARD {
                notes.unsaid(
                    object,
                    "a guard allows fewer updates than the policies, and its body is not read for rules: updates by clients are closed",
                    "the database was made from a policy: use that one",
                );
            } else if trigger.name.starts_with(GUARD) {
                notes.unsaid(
                    object,
                    format!(
                        "trigger {} does more than the policies say",
                        words::name(&trigger.name)
                    ),
                    "the database was made from a policy: use that one",
                );
            }
        }
    }
}
