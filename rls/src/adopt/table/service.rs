//! The rules of the Worker's own role: its policies and grants.

use std::collections::BTreeSet;

use super::{Notes, Read};
use crate::adopt::alternative::Alternative;
use crate::adopt::grants;
use crate::adopt::recognise::Role;
use crate::adopt::rules::{self, Place, Rule, Spoken};

impl Read<'_> {
    pub(super) fn service_rules(
        &self,
        place: &Place,
        object: &str,
        notes: &mut Notes,
        rules: &mut Vec<Rule>,
    ) {
        let all = grants::all(self.relation);
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
                .map(|one| Spoken::plain("service", one))
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
}
