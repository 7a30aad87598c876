//! A proof in which something never mattered proves nothing about it.

use countersign_wasm::batch::Answer;
use policy_core::model::{Action, Rule, Subject, Table};

use super::court::WRITTEN_OUT;
use crate::verify::bench::Bench;
use crate::verify::report::{Finding, TableReport};
use crate::verify::schema::at;
use crate::verify::variant::Variant;

/// What of the table's policy no cell depends on, and whether the cells say anything at all.
pub(super) fn vacuous(bench: &Bench<'_>, native: &[Answer], done: &TableReport) -> Vec<Finding> {
    let table = bench.scene.table;
    let finding = |code, message| Finding {
        code,
        table: table.name.clone(),
        message,
    };
    let mut findings = Vec::new();
    for part in idle(bench, native) {
        let message = format!(
            "{part} decides no cell: without it every decision is the same, so it can go, or no row can reach it"
        );
        findings.push(finding("never-decisive", message));
    }
    if !table.rules.is_empty() && done.allowed == 0 {
        findings.push(finding(
            "all-denied",
            "the policy grants something, but no cell was allowed".to_owned(),
        ));
    }
    if table.rules.is_empty() && done.allowed > 0 {
        findings.push(finding(
            "all-open",
            "the policy grants nothing, but cells were allowed".to_owned(),
        ));
    }
    if done.denied == 0 {
        findings.push(finding("all-allowed", "no cell was denied".to_owned()));
    }
    if done.disagreements > WRITTEN_OUT {
        let message = format!(
            "{} statements disagree; {WRITTEN_OUT} are written out",
            done.disagreements
        );
        findings.push(finding("more-disagreements", message));
    }
    findings
}

/// The parts of a table's policy without which no decision would change.
fn idle(bench: &Bench<'_>, native: &[Answer]) -> Vec<String> {
    let (policy, table) = (bench.scene.policy, bench.scene.table);
    let index = usize::from(bench.scene.index);
    let mut idle = Vec::new();
    let mut hold = |what: String, orphaned: Option<usize>, change: &dyn Fn(&mut Table)| {
        let Some(mut variant) = Variant::of_table(policy, index, what, change) else {
            return;
        };
        variant.orphaned = orphaned;
        if !variant.matters(bench, native) {
            idle.push(variant.what);
        }
    };
    for (position, rule) in table.rules.iter().enumerate() {
        // The checker warns of a rule that another one covers.
        let mut others = table.rules.iter().enumerate();
        let covered = |by: &Rule| covers(by, rule) || covers_own(bench, by, rule);
        if others.any(|(other, by)| other != position && covered(by)) {
            continue;
        }
        let what = format!("rule `{}` (line {})", rule.text, rule.line);
        hold(what, None, &|table| drop(table.rules.remove(position)));
    }
    for (position, never) in table.never.iter().enumerate() {
        let what = format!("`{}` (line {})", never.text, never.line);
        hold(what, None, &|table| drop(table.never.remove(position)));
    }
    for (position, parent) in table.parents.iter().enumerate() {
        // What a composite foreign key already holds has no test of its own.
        if parent.tested {
            let what = format!("`via {}`", table.column_name(parent.column));
            hold(what, Some(position), &|table| {
                table.parents.remove(position);
            });
        }
    }
    hold("`retire`".to_owned(), None, &|table| table.retire = None);
    idle
}

/// Whether a rule allows whatever another one does.
fn covers(by: &Rule, rule: &Rule) -> bool {
    if by.action == Action::Upsert && rule.action == Action::Upsert {
        // It widens what a database role may name, and nothing else. No finding: each of two
        // subjects that may insert says by itself whether it may also upsert.
        let service = |rule: &Rule| rule.subject == Subject::Service;
        return service(by) == service(rule) && rule.columns.is_subset(by.columns);
    }
    let wider = match (by.subject, rule.subject) {
        (Subject::Rank(by), Subject::Rank(of)) => by <= of,
        (Subject::Anon, of) => of != Subject::Service,
        (Subject::Guest, Subject::User) => true,
        (by, of) => by == of,
    };
    let open = |by: &Option<_>, of: &Option<_>| by.is_none() || by == of;
    by.action == rule.action
        && wider
        && (by.outside || !rule.outside)
        && rule.columns.is_subset(by.columns)
        && open(&by.condition, &rule.condition)
        && open(&by.check, &rule.check)
}

/// Whether an insert that the rule allows is one's own in any case, so that a `self` rule allows
/// it too: no client may name the author, and by default it is the caller.
///
/// No finding, since the rule is not superfluous: it holds without that default, which belongs to
/// the schema and not to the policy, and it tells a reader what members may do.
fn covers_own(bench: &Bench<'_>, by: &Rule, rule: &Rule) -> bool {
    let Subject::Itself(author) = by.subject else {
        return false;
    };
    let default = bench.scene.relation.columns.get(at(author));
    let default = default.and_then(|column| column.default.as_deref());
    let own = default.is_some_and(|default| default.contains("auth.uid()"))
        && !bench
            .scene
            .table
            .grants
            .authenticated
            .insert
            .contains(author);
    let client = matches!(rule.subject, Subject::Rank(_) | Subject::User);
    own && client
        && (by.action, rule.action) == (Action::Insert, Action::Insert)
        && by.outside
        && rule.columns.is_subset(by.columns)
        && (by.check.is_none() || by.check == rule.check)
}
