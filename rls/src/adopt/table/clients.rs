//! The rules of clients: everybody, and those who are signed in.

use std::collections::BTreeSet;

use super::{Notes, Read};
use crate::adopt::alternative::{Alternative, Parent, Who};
use crate::adopt::grants;
use crate::adopt::recognise::{Refusal, Role};
use crate::adopt::rules::{self, Place, Rule, Spoken};
use crate::adopt::tenancy::{Asked, Tenancy};
use crate::adopt::words;

impl Read<'_> {
    #[expect(clippy::too_many_arguments, reason = "one table's whole situation")]
    pub(super) fn client_rules(
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
        let all = grants::all(self.relation);
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
            let mut others = beyond(signed_in.all, &open);
            others.retain(|one| {
                word != "select" || peer.is_none_or(|peer| !one.parents.contains(peer))
            });
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
                    all.iter().map(|one| Spoken::plain("anon", one)).collect()
                };
                let mut old = to(&old_open);
                old.extend(say(&beyond(&own.old, &old_open), of_old, "update", notes));
                let mut new = to(&new_open);
                new.extend(say(&beyond(&own.new, &new_open), of_new, "update", notes));
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
}

/// What is not allowed to anybody at all.
fn beyond(all: &[Alternative], open: &[Alternative]) -> Vec<Alternative> {
    let is_open = |one: &Alternative| open.iter().any(|wider| one.implies(wider));
    all.iter().filter(|one| !is_open(one)).cloned().collect()
}
