//! The roles, highest first, as steps of growing sets of memberships.
//!
//! Who has a role may do what those below it may, whichever source says so. So what policies ask for
//! must be sets of which each holds the one before it; a set that crosses the ones which more
//! policies ask for has no place among them.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::syntax::KEYWORDS;

use super::rows::{Base, Columns, Rows, is_within};
use crate::adopt::alternative::Source;

/// The role of people whose memberships say nothing about a role.
const ONLY: &str = "member";

/// Words in the names of tables and columns that say what their people are.
const HINTS: [(&str, &str); 9] = [
    ("owner", "owner"),
    ("founder", "owner"),
    ("created_by", "owner"),
    ("admin", "admin"),
    ("manager", "manager"),
    ("lead", "lead"),
    ("member", ONLY),
    ("viewer", "viewer"),
    ("guest", "visitor"),
];

/// Roles that people expect above others.
const USUAL: [&str; 8] = [
    "owner", "admin", "manager", "lead", "editor", "member", "viewer", "guest",
];

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The roles that stand on it, highest first: none of them may do more than the others.
    pub names: Vec<String>,
    /// All memberships that count here: these roles', and those of the steps above.
    pub rows: BTreeSet<Rows>,
}

/// What `members` says of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Which rows count.
    pub rows: Rows,
    /// The role they all give; nothing if the column with the role says it.
    pub always: Option<String>,
    /// The highest step that has some of them.
    step: usize,
}

/// The steps from the top down, and where their memberships come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The steps.
    pub steps: Vec<Step>,
    /// The sources.
    pub declared: Vec<Declared>,
}

/// What the rows of one source and base give.
#[derive(Clone, Debug, Default)]
struct Given {
    /// The labels that count already.
    counted: BTreeSet<String>,
    /// The roles that the column says.
    said: BTreeSet<String>,
    /// The highest step with one of those.
    first: Option<usize>,
    /// The step from which any row counts.
    whole: Option<usize>,
    /// Roles that are said for it: at which step, and for which labels only.
    always: Vec<(usize, Option<BTreeSet<String>>)>,
}

/// Memberships that a policy treats alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Which.
    pub rows: BTreeSet<Rows>,
    /// The only sources that say what the policy holds against the row, if it asks for a team: to
    /// it, memberships of others are neither in nor out.
    pub speaking: Option<BTreeSet<Source>>,
}

impl Group {
    /// Without memberships that cannot be declared.
    #[must_use]
    pub fn without(mut self, refused: &BTreeSet<Rows>) -> Self {
        self.rows
            .retain(|rows| !refused.iter().any(|of| rows.within(of)));
        self
    }

    /// The sets that it can be on a chain: with as many of the silent memberships as stand on a step.
    fn sets(&self, chain: &[BTreeSet<Rows>]) -> Vec<BTreeSet<Rows>> {
        let mut all = vec![self.rows.clone()];
        if let Some(speaking) = &self.speaking {
            all.extend(chain.iter().map(|step| {
                let silent = step.iter().filter(|rows| !speaking.contains(&rows.source));
                self.rows.iter().chain(silent).cloned().collect()
            }));
        }
        all
    }
}

impl Ladder {
    /// Puts what is asked in order; what most policies ask for comes first.
    #[must_use]
    pub fn of(asked: Vec<Group>, columns: &Columns, root: &str) -> Self {
        let mut counts: BTreeMap<Group, usize> = BTreeMap::new();
        for group in asked.into_iter().filter(|group| !group.rows.is_empty()) {
            *counts.entry(group).or_default() += 1;
        }
        let mut by_use: Vec<(usize, Group)> = counts
            .into_iter()
            .map(|(group, count)| (count, group))
            .collect();
        by_use.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let (mut ladder, mut chain) = (Self::default(), Vec::new());
        for (_, group) in by_use {
            let longer = group.sets(&chain).into_iter().find_map(|set| {
                let longer = inserted(&chain, set)?;
                Some((Self::build(&longer, columns, root)?, longer))
            });
            if let Some(longer) = longer {
                (ladder, chain) = longer;
            }
        }
        ladder
    }

    /// The highest step that counts all of these rows.
    #[must_use]
    pub fn step(&self, rows: &Rows) -> Option<usize> {
        let within = |step: &Step| step.rows.iter().any(|all| rows.within(all));
        self.steps.iter().position(within)
    }

    /// The steps of a chain of sets; nothing if one of them would have no role of its own.
    fn build(chain: &[BTreeSet<Rows>], columns: &Columns, root: &str) -> Option<Self> {
        let mut given: BTreeMap<(Source, Base), Given> = BTreeMap::new();
        let mut steps: Vec<Step> = Vec::new();
        let mut used: BTreeSet<String> = BTreeSet::new();
        let labels: BTreeSet<&String> = chain
            .iter()
            .flatten()
            .flat_map(|rows| columns.known(&rows.source))
            .collect();
        for (place, set) in chain.iter().enumerate() {
            let mut names: BTreeSet<String> = BTreeSet::new();
            let mut silent: Vec<(&Rows, Option<BTreeSet<String>>)> = Vec::new();
            for rows in set {
                let of = given
                    .entry((rows.source.clone(), rows.base.clone()))
                    .or_default();
                let wanted: BTreeSet<String> = match &rows.labels {
                    Some(labels) => labels.clone(),
                    None => columns.known(&rows.source).iter().cloned().collect(),
                };
                let new: BTreeSet<String> = wanted.difference(&of.counted).cloned().collect();
                if of.whole.is_some() {
                    continue;
                }
                let (fresh, taken): (BTreeSet<String>, BTreeSet<String>) =
                    new.into_iter().partition(|label| !used.contains(label));
                if !fresh.is_empty() {
                    of.first = of.first.or(Some(place));
                    of.said.extend(fresh.iter().cloned());
                }
                names.extend(fresh.iter().cloned());
                of.counted.extend(wanted);
                if rows.labels.is_none() {
                    of.whole = Some(place);
                    silent.push((rows, None));
                } else if !taken.is_empty() {
                    silent.push((rows, Some(taken)));
                }
            }
            if names.is_empty() {
                let (rows, _) = silent.iter().find(|(_, only)| only.is_none())?;
                names.insert(invented(&rows.source, root, &labels, &used)?);
            }
            for (rows, only) in silent {
                if let Some(of) = given.get_mut(&(rows.source.clone(), rows.base.clone())) {
                    of.always.push((place, only));
                }
            }
            used.extend(names.iter().cloned());
            steps.push(Step {
                names: ordered(names, set, columns),
                rows: set.clone(),
            });
        }
        let mut declared: Vec<Declared> = given
            .iter()
            .flat_map(|((source, base), of)| declared(source, base, of, &steps, columns))
            .collect();
        declared.sort_by(|one, other| (one.step, &one.rows).cmp(&(other.step, &other.rows)));
        Some(Self { steps, declared })
    }
}

/// The chain with one set more, if it holds each of the others or is held by it.
fn inserted(chain: &[BTreeSet<Rows>], set: BTreeSet<Rows>) -> Option<Vec<BTreeSet<Rows>>> {
    if chain.contains(&set) {
        return Some(chain.to_vec());
    }
    let below = chain.iter().take_while(|other| is_within(other, &set));
    let place = below.count();
    let above = chain.get(place..).unwrap_or_default();
    // The same source under weaker tests is more likely a test that one policy forgot.
    let weaker = |other: &BTreeSet<Rows>| {
        set.iter().any(|one| {
            other
                .iter()
                .any(|other| one.base != other.base && (one.within(other) || other.within(one)))
        })
    };
    if !above.iter().all(|other| is_within(&set, other)) || chain.iter().any(weaker) {
        return None;
    }
    let mut longer = chain.to_vec();
    longer.insert(place, set);
    Some(longer)
}

fn declared(
    source: &Source,
    base: &Base,
    of: &Given,
    steps: &[Step],
    columns: &Columns,
) -> Vec<Declared> {
    let rows = |labels: Option<BTreeSet<String>>| Rows {
        source: source.clone(),
        base: base.clone(),
        labels,
    };
    let mut all = Vec::new();
    if let Some(step) = of.first {
        // Where the column could name a role that counts elsewhere only, the row must not.
        let strange = steps.iter().enumerate().any(|(place, step)| {
            of.whole.is_none_or(|whole| place < whole)
                && step
                    .names
                    .iter()
                    .any(|name| !of.said.contains(name) && columns.may_say(source, name))
        });
        all.push(Declared {
            rows: rows(strange.then(|| of.said.clone())),
            always: None,
            step,
        });
    }
    for (step, only) in &of.always {
        let names = steps.get(*step).map_or(&[][..], |step| &step.names);
        all.push(Declared {
            rows: rows(only.clone()),
            always: hinted(source, names).or_else(|| names.last().cloned()),
            step: *step,
        });
    }
    all
}

/// Within a step the order changes no decision; people expect these.
fn ordered(names: BTreeSet<String>, set: &BTreeSet<Rows>, columns: &Columns) -> Vec<String> {
    let known: Vec<&String> = set
        .iter()
        .flat_map(|rows| columns.known(&rows.source))
        .collect();
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|label| {
        let usual = USUAL.iter().position(|usual| usual == label);
        (
            usual.unwrap_or(USUAL.len()),
            known.iter().position(|known| *known == label),
        )
    });
    names
}

fn hints(source: &Source) -> impl Iterator<Item = &'static str> {
    let names = [source.caller.to_lowercase(), source.table.to_lowercase()];
    let of = move |word: &&(&str, &str)| names.iter().any(|name| name.contains(word.0));
    HINTS.iter().filter(of).map(|(_, role)| *role)
}

/// The role of a step that the names of a source speak of.
fn hinted(source: &Source, names: &[String]) -> Option<String> {
    hints(source)
        .find(|hint| names.iter().any(|name| name == hint))
        .map(str::to_owned)
}

/// A name for people whose rows name no role. One that a column could hold is none, since its rows
/// would count as well.
fn invented(
    source: &Source,
    root: &str,
    labels: &BTreeSet<&String>,
    used: &BTreeSet<String>,
) -> Option<String> {
    let owner = (source.table == root).then_some("owner");
    let words = hints(source).chain(owner).chain([ONLY]).map(str::to_owned);
    let own = [source.table.clone(), format!("{}_{ONLY}", source.table)];
    let mut all = words.chain(own);
    all.find(|name| {
        !labels.contains(name) && !used.contains(name) && !KEYWORDS.contains(&name.as_str())
    })
}
