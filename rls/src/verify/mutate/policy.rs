//! The compiled policy, changed in one place.

use policy_core::columns::ColumnSet;
use policy_core::condition::Condition;
use policy_core::model::{Action, Place, Policy, Rule, Subject, Table, TableIndex, Team};

use super::condition;
use super::equivalent::is_same_policy;
use crate::verify::variant::Variant;

/// Every policy that differs from this one in one place of this table, but for who is a member.
/// No statement can set the `generated` columns.
pub(super) fn mutants(policy: &Policy, of: TableIndex, generated: ColumnSet) -> Vec<Variant> {
    let index = usize::from(of);
    let Some(table) = policy.tables.get(index) else {
        return Vec::new();
    };
    let mut all = Mutants {
        policy,
        index,
        all: Vec::new(),
    };
    for (position, rule) in table.rules.iter().enumerate() {
        all.of_rule(table, position, rule);
    }
    for position in 0..table.never.len() {
        all.of_never(table, position);
    }
    for (position, parent) in table.parents.iter().enumerate() {
        if parent.tested {
            let what = format!("via {} dropped", table.column_name(parent.column));
            all.add(what, |table| {
                table.parents.remove(position);
            });
            if let Some(last) = all.all.last_mut() {
                last.orphaned = Some(position);
            }
        }
    }
    all.of_retire(table);
    let mut all = all.all;
    all.retain(|variant| !is_same_policy(policy, variant, of, generated));
    all
}

struct Mutants<'a> {
    policy: &'a Policy,
    index: usize,
    all: Vec<Variant>,
}

impl Mutants<'_> {
    fn add(&mut self, what: String, change: impl FnOnce(&mut Table)) {
        self.all
            .extend(Variant::of_table(self.policy, self.index, what, change));
    }

    fn rule(&mut self, at: usize, what: &str, change: impl FnOnce(&mut Rule)) {
        let text = self.policy.tables.get(self.index);
        let text = text.and_then(|table| table.rules.get(at));
        let text = text.map_or("", |rule| rule.text.as_str());
        self.add(format!("`{text}`: {what}"), |table| {
            if let Some(rule) = table.rules.get_mut(at) {
                change(rule);
            }
        });
    }

    fn of_rule(&mut self, table: &Table, at: usize, rule: &Rule) {
        self.add(format!("`{}` dropped", rule.text), |table| {
            table.rules.remove(at);
        });
        for (what, subject) in self.subjects(table, rule) {
            self.rule(at, &what, |rule| rule.subject = subject);
        }
        // The language knows the word only where it means something.
        let turned = Rule {
            outside: !rule.outside,
            ..rule.clone()
        };
        if turned.fenced(table.place) != rule.fenced(table.place) {
            self.rule(at, "outside turned round", |rule| *rule = turned);
        }
        let columns = ColumnSet::first(table.columns.len());
        if rule.action != Action::Delete {
            for column in columns.iter() {
                let name = table.column_name(column);
                if rule.columns.contains(column) {
                    let what = format!("column {name} removed");
                    self.rule(at, &what, |rule| {
                        rule.columns = rule.columns.without(column)
                    });
                } else {
                    let what = format!("column {name} added");
                    self.rule(at, &what, |rule| rule.columns = rule.columns.with(column));
                }
            }
        }
        if rule.action == Action::Update && rule.condition != rule.check {
            self.rule(at, "where and check exchanged", |rule| {
                std::mem::swap(&mut rule.condition, &mut rule.check);
            });
        }
        if let Some(where_) = rule
            .condition
            .as_ref()
            .filter(|_| rule.action != Action::Insert)
        {
            self.rule(at, "where dropped", |rule| rule.condition = None);
            for (what, changed) in condition::mutants(table, where_) {
                self.rule(at, &format!("where: {what}"), |rule| {
                    rule.condition = Some(changed);
                });
            }
        }
        let written = matches!(rule.action, Action::Insert | Action::Update);
        if let Some(check) = rule.check.as_ref().filter(|_| written) {
            self.rule(at, "check dropped", |rule| rule.check = None);
            for (what, changed) in condition::mutants(table, check) {
                self.rule(at, &format!("check: {what}"), |rule| {
                    rule.check = Some(changed);
                });
            }
        }
    }

    /// The subjects next to a rule's own.
    fn subjects(&self, table: &Table, rule: &Rule) -> Vec<(String, Subject)> {
        let top = self.policy.tenant.as_ref().map_or(0, |tenant| tenant.top());
        let ranked = table.place != Place::Shared && top > 0;
        let mut all: Vec<(&str, Subject)> = Vec::new();
        match rule.subject {
            Subject::Rank(rank) => {
                if rank < top {
                    all.push(("rank raised", Subject::Rank(rank + 1)));
                }
                if rank > 1 {
                    all.push(("rank lowered", Subject::Rank(rank - 1)));
                } else {
                    all.push(("given to users", Subject::User));
                }
            }
            Subject::Team(team) => {
                all.push(("given to the whole tenant", Subject::Rank(team.rank)));
                if team.rank < top {
                    let rank = team.rank + 1;
                    all.push(("rank raised", Subject::Team(Team { rank, ..team })));
                }
                if team.rank > 1 {
                    let rank = team.rank - 1;
                    all.push(("rank lowered", Subject::Team(Team { rank, ..team })));
                }
            }
            Subject::Anon => all.push(("given to guests only", Subject::Guest)),
            Subject::Guest => {
                all.push(("given to anon", Subject::Anon));
                all.push(("given to users only", Subject::User));
            }
            Subject::User => {
                all.push(("given to guests", Subject::Guest));
                if ranked {
                    all.push(("given to members only", Subject::Rank(1)));
                }
            }
            Subject::Service => all.push(("given to users", Subject::User)),
            Subject::Itself(_) | Subject::Peer(_) => all.push(("given to users", Subject::User)),
        }
        all.into_iter()
            .map(|(what, subject)| (what.to_owned(), subject))
            .collect()
    }

    fn of_never(&mut self, table: &Table, at: usize) {
        let Some(never) = table.never.get(at) else {
            return;
        };
        let text = &never.text;
        self.add(format!("`{text}` dropped"), |table| {
            table.never.remove(at);
        });
        for action in [
            Action::Select,
            Action::Insert,
            Action::Update,
            Action::Delete,
        ] {
            if action != never.action {
                let what = format!("`{text}` made one of {}", action.word());
                self.add(what, |table| {
                    if let Some(never) = table.never.get_mut(at) {
                        never.action = action;
                    }
                });
            }
        }
        if never.action == Action::Update && never.condition != never.check {
            self.add(format!("`{text}`: where and check exchanged"), |table| {
                if let Some(never) = table.never.get_mut(at) {
                    std::mem::swap(&mut never.condition, &mut never.check);
                }
            });
        }
        let both: [(&str, &Option<Condition>); 2] =
            [("where", &never.condition), ("check", &never.check)];
        for (side, condition) in both {
            let Some(condition) = condition else { continue };
            for (what, changed) in condition::mutants(table, condition) {
                self.add(format!("`{text}`: {side}: {what}"), |table| {
                    if let Some(never) = table.never.get_mut(at) {
                        if side == "where" {
                            never.condition = Some(changed);
                        } else {
                            never.check = Some(changed);
                        }
                    }
                });
            }
        }
    }

    fn of_retire(&mut self, table: &Table) {
        let Some(retire) = &table.retire else { return };
        let top = self.policy.tenant.as_ref().map_or(0, |tenant| tenant.top());
        self.add("retire dropped".to_owned(), |table| table.retire = None);
        let near = |rank: u8| {
            let higher = (rank < top).then_some(rank + 1);
            let lower = (rank > 1).then(|| rank - 1);
            higher.into_iter().chain(lower)
        };
        for rank in near(retire.by) {
            self.add(format!("retire: by rank {rank}"), |table| {
                if let Some(retire) = &mut table.retire {
                    retire.by = rank;
                }
            });
        }
        for rank in near(retire.seen_by) {
            self.add(format!("retire: seen by rank {rank}"), |table| {
                if let Some(retire) = &mut table.retire {
                    retire.seen_by = rank;
                }
            });
        }
        for value in condition::moved(&retire.value) {
            let what = format!("retire: value {}", condition::literal_text(&value));
            self.add(what, |table| {
                if let Some(retire) = &mut table.retire {
                    retire.value = value;
                }
            });
        }
    }
}

/// Every policy that differs in what makes somebody a member, or in which rank a role is.
pub(super) fn memberships(policy: &Policy) -> Vec<Variant> {
    let mut all = Vec::new();
    let Some(tenant) = &policy.tenant else {
        return all;
    };
    let mut ranks = |what: String, change: &dyn Fn(&mut policy_core::model::Tenant)| {
        let mut changed = policy.clone();
        if let Some(tenant) = &mut changed.tenant {
            change(tenant);
        }
        all.push(Variant {
            what,
            policy: changed,
            orphaned: None,
            ranks: true,
        });
    };
    for source in 0..tenant.members.len() {
        let name = policy.table_at(tenant.members.get(source).map_or(0, |m| m.table));
        let name = name.map_or("", |table| table.name.as_str());
        ranks(format!("members {name} dropped"), &|tenant| {
            tenant.members.remove(source);
        });
        let Some(condition) = tenant.members.get(source).and_then(|m| m.condition.clone()) else {
            continue;
        };
        let of = tenant.members.get(source).map_or(0, |m| m.table);
        let Some(table) = policy.table_at(of) else {
            continue;
        };
        let mut changed: Vec<(String, Option<Condition>)> =
            vec![("where dropped".to_owned(), None)];
        changed.extend(
            condition::mutants(table, &condition)
                .into_iter()
                .map(|(what, condition)| (what, Some(condition))),
        );
        for (what, condition) in changed {
            ranks(format!("members {name}: {what}"), &|tenant| {
                if let Some(members) = tenant.members.get_mut(source) {
                    members.condition.clone_from(&condition);
                }
            });
        }
    }
    for rank in 1..tenant.roles.len() {
        let what = format!("roles {} and {} exchanged", rank, rank + 1);
        ranks(what, &|tenant| tenant.roles.swap(rank - 1, rank));
    }
    if tenant.found.is_some() {
        ranks("found dropped".to_owned(), &|tenant| tenant.found = None);
    }
    all
}
