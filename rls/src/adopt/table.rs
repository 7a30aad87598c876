//! One table: what its policies and grants come to.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::catalogue::Relation;

use super::alternative::{Alternative, Membership, Parent, Source, Who, simplest};
use super::grants;
use super::ground::Ground;
use super::never::Never;
use super::policies::{Test, combined};
use super::recognise::{Reader, Refusal, Role};
use super::report::{Assumption, Unsaid};
use super::retire::{self, Retire};
use super::rules::{self, Place, Rule, Spoken};
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

    #[expect(clippy::too_many_arguments, reason = "one table's whole situation")]
    fn client_rules(
        &self,
        place: &Place,
        peer: Option<&Parent>,
        tenancy: Option<&Tenancy>,
        hidden: &BTreeSet<String>,
        stamp: Option<&String>,
        object: &str,
        notes: &mut Notes,
        rules: &mut Vec<Rule>,
    ) {
        let all: BTreeSet<String> = self
            .relation
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let generated = grants::generated(self.relation);
        let shown: BTreeSet<String> = all.difference(hidden).cloned().collect();
        // What only the database writes is in no list.
        let mut set: BTreeSet<String> = shown.difference(&generated).cloned().collect();
        set.retain(|column| Some(column) != stamp);
        let mut kept: BTreeSet<String> = self.relation.primary_key.iter().cloned().collect();
        kept.extend(place.tenant.clone());
        let changed: BTreeSet<String> = set.difference(&kept).cloned().collect();
        let of = |privilege: &str| grants::columns(self.live, Role::Authenticated, privilege);
        let updates: BTreeSet<String> = of("update").difference(&generated).cloned().collect();
        let writable: BTreeSet<String> = updates.difference(&kept).cloned().collect();
        let moved: Vec<&str> = updates.intersection(&kept).map(String::as_str).collect();
        let (own, anon) = (&self.authenticated, &self.anon);
        if !moved.is_empty() && !own.old.is_empty() && !own.new.is_empty() {
            notes.unsaid(
                object,
                format!("whoever may update may also change {}; the language fixes a row's key and tenant", words::names(moved)),
                "nothing, unless the application moves rows: then do it in a function",
            );
        }
        let [of_select, of_insert, of_old, of_new, of_delete] =
            self.asked(tenancy.map_or("", |tenancy| &tenancy.root));
        let say = |alternatives: &[Alternative],
                   asked: Asked<'_>,
                   what: &str,
                   notes: &mut Notes|
         -> Vec<Spoken> {
            let mut spoken = Vec::new();
            for one in alternatives {
                // A new row that nobody reads back needs not be seen.
                let place = &Place {
                    inside: place.inside && what != "insert",
                    ..place.clone()
                };
                match rules::spoken(one, asked, place, tenancy, &writable) {
                    Ok(one) => {
                        if one.anybody {
                            notes.assume(object, "`authenticated` means a caller with an id; a token without a subject gets nothing");
                        }
                        spoken.push(one);
                    }
                    Err(Refusal { why, mend }) => {
                        notes.unsaid(&format!("{object}, {what}"), why, mend);
                    }
                }
            }
            spoken
        };
        let simple = [
            (
                "select",
                of_select,
                &anon.select,
                rules::list(&of("select"), &shown, self.relation),
                "where",
            ),
            (
                "insert",
                of_insert,
                &anon.insert,
                {
                    let columns = of("insert").difference(&generated).cloned().collect();
                    rules::list(&columns, &set, self.relation)
                },
                "check",
            ),
            ("delete", of_delete, &anon.delete, String::new(), "where"),
        ];
        let columns = rules::list(&writable, &changed, self.relation);
        let mut order = Vec::new();
        for (word, signed_in, anybody, list, asks) in simple {
            let open = self.for_anon(word, anybody, signed_in.all, &place.via, object, notes);
            for one in &open {
                order.push(Rule {
                    subject: "anon".to_owned(),
                    action: format!("{word}{list}{}", rules::asked(asks, &one.conditions)),
                });
            }
            let others: Vec<Alternative> = signed_in
                .all
                .iter()
                .filter(|one| !open.iter().any(|wider| one.implies(wider)))
                .filter(|one| {
                    word != "select" || peer.is_none_or(|peer| !one.parents.contains(peer))
                })
                .cloned()
                .collect();
            for one in say(&others, signed_in, word, notes) {
                order.push(Rule {
                    subject: one.subject,
                    action: format!("{word}{list}{}", rules::asked(asks, &one.conditions)),
                });
            }
            if word == "insert" && !writable.is_empty() && !self.is_guarded() {
                let old_open =
                    self.for_anon("update", &anon.old, &own.old, &place.via, object, notes);
                let new_open =
                    self.for_anon("update", &anon.new, &own.new, &place.via, object, notes);
                let to = |all: &[Alternative]| -> Vec<Spoken> {
                    all.iter()
                        .map(|one| Spoken {
                            subject: "anon".to_owned(),
                            conditions: one.conditions.clone(),
                            stable: true,
                            anybody: false,
                        })
                        .collect()
                };
                let rest = |all: &[Alternative], open: &[Alternative]| -> Vec<Alternative> {
                    all.iter()
                        .filter(|one| !open.iter().any(|wider| one.implies(wider)))
                        .cloned()
                        .collect()
                };
                let mut old = to(&old_open);
                old.extend(say(&rest(&own.old, &old_open), of_old, "update", notes));
                let mut new = to(&new_open);
                new.extend(say(&rest(&own.new, &new_open), of_new, "update", notes));
                let (said, lost) =
                    rules::updates(&old, &new, &columns, &rules::always(self.relation));
                order.extend(said);
                for (before, after) in lost {
                    notes.unsaid(
                        &format!("{object}, update"),
                        format!("PostgreSQL lets an existing row pass as `{before}` and the new row as `{after}`; in the language one rule allows both"),
                        "write one rule that allows the change, if it is meant",
                    );
                }
            }
        }
        rules.extend(order);
    }

    /// What anybody at all may do: the same must hold for those who are signed in.
    fn for_anon(
        &self,
        word: &str,
        anon: &[Alternative],
        signed_in: &[Alternative],
        via: &BTreeSet<Parent>,
        object: &str,
        notes: &mut Notes,
    ) -> Vec<Alternative> {
        let object = format!("{object}, {word} by anon");
        let mut open = Vec::new();
        let columns = |role| grants::columns(self.live, role, word);
        for one in anon {
            if one.who != Who::Any || !one.is_plain() {
                continue;
            }
            if !signed_in.iter().any(|other| one.implies(other)) {
                notes.unsaid(
                    &object,
                    "anon may, and whoever is signed in may not; in the language signing in takes nothing away",
                    "grant it to `authenticated` as well",
                );
            } else if columns(Role::Anon) != columns(Role::Authenticated) {
                notes.unsaid(
                    &object,
                    "anon and authenticated have different columns, and a rule has one list",
                    "grant both the same columns, or move the others to a table of their own",
                );
            } else if !one.parents.is_subset(via) {
                notes.unsaid(
                    &object,
                    "it asks for a visible parent, and other policies of the table do not",
                    "say it the same way in all policies of the table",
                );
            } else {
                open.push(one.clone());
            }
        }
        open
    }

    fn service_rules(&self, place: &Place, object: &str, notes: &mut Notes, rules: &mut Vec<Rule>) {
        let all: BTreeSet<String> = self
            .relation
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let generated = grants::generated(self.relation);
        let set: BTreeSet<String> = all.difference(&generated).cloned().collect();
        let mut key: BTreeSet<String> = self.relation.primary_key.iter().cloned().collect();
        key.extend(place.tenant.clone());
        let changed: BTreeSet<String> = set.difference(&key).cloned().collect();
        let columns = |word: &str| -> BTreeSet<String> {
            grants::columns(self.live, Role::Edge, word)
                .difference(&generated)
                .cloned()
                .collect()
        };
        let edge = &self.edge;
        let mut push = |action: String| {
            rules.push(Rule {
                subject: "service".to_owned(),
                action,
            });
        };
        for one in &edge.select {
            let select = grants::columns(self.live, Role::Edge, "select");
            push(format!(
                "select{}{}",
                rules::list(&select, &all, self.relation),
                rules::asked("where", &one.conditions)
            ));
        }
        for one in &edge.insert {
            push(format!(
                "insert{}{}",
                rules::list(&columns("insert"), &set, self.relation),
                rules::asked("check", &one.conditions)
            ));
        }
        let spoken = |all: &[Alternative]| -> Vec<Spoken> {
            all.iter()
                .map(|one| Spoken {
                    subject: "service".to_owned(),
                    conditions: one.conditions.clone(),
                    stable: true,
                    anybody: false,
                })
                .collect()
        };
        let update = columns("update");
        let kept: BTreeSet<String> = update.intersection(&key).cloned().collect();
        let update: BTreeSet<String> = update.difference(&key).cloned().collect();
        if !kept.is_empty() && !edge.old.is_empty() {
            notes.unsaid(
                object,
                "the service may change the row's key or tenant, which the language fixes",
                "nothing, unless it does",
            );
        }
        if !update.is_empty() {
            let list = rules::list(&update, &changed, self.relation);
            let (said, _) = rules::updates(
                &spoken(&edge.old),
                &spoken(&edge.new),
                &list,
                &rules::always(self.relation),
            );
            said.into_iter().for_each(|rule| push(rule.action));
        }
        for one in &edge.delete {
            push(format!("delete{}", rules::asked("where", &one.conditions)));
        }
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
