//! One decision on a known row, against Cedar on the same policy.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;

use cedar_policy::{Authorizer, Decision, PolicySet};
use fastrand::Rng;
use policy_core::model::{Action, Policy};
use policy_core::{Catalogue, Value};

use crate::cases::{Case, NOW};
use crate::cedar::{self, Question};
use crate::error::{BenchError, read};
use crate::section::Section;
use crate::timing::{human, median, nanoseconds};

/// Both must agree on so many before either is timed.
const COMPARED: usize = 20_000;
/// So many are timed, of each action.
const TIMED: usize = 48;

pub(crate) fn measure(root: &Path) -> Result<Vec<Section>, BenchError> {
    let policy = load(root)?;
    let slices = slices(&policy)?;
    let whole = whole(&policy)?;
    let authorizer = Authorizer::new();

    let mut rng = Rng::with_seed(20_261_121);
    let mut timed: HashMap<Action, Vec<(Case, Question)>> = HashMap::new();
    let (mut compared, mut allowed) = (0, 0);
    while compared < COMPARED {
        let index = rng.usize(..policy.tables.len());
        let Some(case) = Case::random(&policy, index, &mut rng) else {
            continue;
        };
        let Some(slice) = slices.get(&(index, case.action)) else {
            continue;
        };
        let question = Question::new(&policy, &case)?;
        let ours = case.applies(&policy);
        let answer = authorizer.is_authorized(&question.request, slice, &question.entities);
        let theirs = answer.decision() == Decision::Allow;
        if ours != theirs {
            let table = &policy.tables[index].name;
            return Err(BenchError::Unequal(format!(
                "{:?} on {table}: Countersign says {ours}, Cedar {theirs}, {:?}\n{case:?}",
                case.action,
                answer.diagnostics()
            )));
        }
        compared += 1;
        allowed += usize::from(ours);
        let kept = timed.entry(case.action).or_default();
        // Half of the timed ones are allowed: those take the longest way.
        let wanted = kept
            .iter()
            .filter(|(case, _)| case.applies(&policy) == ours)
            .count()
            < TIMED / 2;
        if wanted {
            kept.push((case, question));
        }
    }

    let mut section = Section::new(
        "One decision on a known row",
        &[
            "agency, 32 tables",
            "Countersign",
            "cedar-policy 4, sliced",
            "ratio",
            "cedar-policy 4, whole",
        ],
    );
    for action in [Action::Select, Action::Update] {
        let (mut ours, mut theirs, mut unsliced) = (Vec::new(), Vec::new(), Vec::new());
        for (case, question) in timed.get(&action).into_iter().flatten() {
            let Some(slice) = slices.get(&(case.table, action)) else {
                continue;
            };
            ours.push(case.with(
                |table, caller, statement| {
                    let now = Value::Timestamp(NOW);
                    nanoseconds(|| {
                        black_box(policy_core::decide(
                            &policy,
                            table,
                            black_box(caller),
                            black_box(statement),
                            now,
                        ));
                    })
                },
                &policy,
            ));
            let ask = |set: &PolicySet| {
                nanoseconds(|| {
                    black_box(authorizer.is_authorized(
                        black_box(&question.request),
                        set,
                        &question.entities,
                    ));
                })
            };
            theirs.push(ask(slice));
            unsliced.push(ask(&whole));
        }
        let (ours, theirs, unsliced) = (median(ours), median(theirs), median(unsliced));
        section.row([
            action.word().to_owned(),
            human(ours),
            human(theirs),
            format!("{:.0}x", theirs / ours),
            human(unsliced),
        ]);
    }
    section.note(format!(
        "Both gave the same answer to {compared} random questions first, {allowed} of them allowed."
    ));
    section.note("Target: at most 100 ns, and at least 30 times as fast as Cedar, sliced.");
    section.note(
        "Sliced: Cedar is given the policies of that action and table only. Requests and entities \
         are built beforehand on both sides.",
    );
    section.note(
        "What Cedar does better: policies that are proved about by an SMT solver, a schema-checked \
         language without a database behind it, and hierarchies of any depth.",
    );
    Ok(vec![section])
}

fn load(root: &Path) -> Result<Policy, BenchError> {
    let path = root.join("policies/agency.policy");
    let catalogue = read(&root.join("policies/agency.catalogue.json"))?;
    let catalogue: Catalogue = serde_json::from_str(&catalogue)?;
    let (policy, _) =
        policy_core::compile(&read(&path)?, &catalogue).map_err(|_| BenchError::Policy(path))?;
    Ok(policy)
}

fn texts(policy: &Policy) -> impl Iterator<Item = ((usize, Action), String)> {
    policy
        .tables
        .iter()
        .enumerate()
        .flat_map(move |(index, table)| {
            [Action::Select, Action::Update]
                .into_iter()
                .filter_map(move |action| {
                    table.rules_for(action).next()?;
                    Some(((index, action), cedar::policies(policy, table, action)?))
                })
        })
}

fn slices(policy: &Policy) -> Result<HashMap<(usize, Action), PolicySet>, BenchError> {
    texts(policy)
        .map(|(key, text)| Ok((key, cedar::parse(&text)?)))
        .collect()
}

fn whole(policy: &Policy) -> Result<PolicySet, BenchError> {
    let all: Vec<String> = texts(policy).map(|(_, text)| text).collect();
    cedar::parse(&all.join("\n"))
}
