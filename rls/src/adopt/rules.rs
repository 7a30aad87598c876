//! From the alternatives of a table's policies to rules.

use std::collections::BTreeSet;

use policy_core::catalogue::Relation;

use super::alternative::{Alternative, Parent, Same, Who};
use super::recognise::Refusal;
use super::tenancy::{Asked, Step, Tenancy};
use super::words;
use crate::sql::lex;

/// One rule: who, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `viewer`, `outside self user_id`, ...
    pub subject: String,
    /// `select`, `update (name) where ...`, ...
    pub action: String,
}

/// Where a table's rows belong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The column with the tenant, if the rows are a tenant's, or the tenants' key.
    pub tenant: Option<String>,
    /// The parents that must be visible for anything to be allowed.
    pub via: BTreeSet<Parent>,
    /// Whether only members see rows of a tenant: then nobody else changes them either, and no rule
    /// stands outside.
    pub inside: bool,
}

/// Who a rule is about, and what else it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The subject.
    pub subject: String,
    /// The conditions, of which all must hold.
    pub conditions: BTreeSet<String>,
    /// Whether the subject of an existing row is that of the row it becomes.
    pub stable: bool,
    /// Whether anybody who is signed in is meant, with or without an id.
    pub anybody: bool,
}

impl Spoken {
    /// An alternative that asks nothing of who the caller is beyond this subject.
    #[must_use]
    pub fn plain(subject: &str, of: &Alternative) -> Self {
        Self {
            subject: subject.to_owned(),
            conditions: of.conditions.clone(),
            stable: true,
            anybody: false,
        }
    }
}

/// Says an alternative for signed-in callers, one of the ways that `asked` has.
///
/// # Errors
/// Why it cannot be said.
pub fn spoken(
    of: &Alternative,
    asked: Asked<'_>,
    place: &Place,
    tenancy: Option<&Tenancy>,
    writable: &BTreeSet<String>,
) -> Result<Spoken, Refusal> {
    if !of.parents.is_subset(&place.via) {
        let missing = of
            .parents
            .difference(&place.via)
            .map(|parent| format!("`{}` of `{}`", parent.column, parent.table));
        let why = format!(
            "it asks whether the row that {} names is visible, and the table's other policies do not; `via` holds for all of them",
            missing.collect::<Vec<_>>().join(" and ")
        );
        return Err(why.into());
    }
    let mut conditions = of.conditions.clone();
    let ids = |columns: &BTreeSet<String>, conditions: &mut BTreeSet<String>| {
        for column in columns {
            conditions.insert(format!("{} = caller.id", words::name(column)));
        }
    };
    let mut members = of.members.iter();
    let (subject, stable) = match (members.next(), tenancy) {
        (Some(member), Some(tenancy)) => {
            tenancy.declares(&member.source)?;
            if place.tenant.as_ref() != Some(&member.column) {
                let why = format!(
                    "the tenant is in `{}` here, and in another column in the table's other policies",
                    member.column
                );
                return Err(why.into());
            }
            if members.any(|other| place.tenant.as_ref() != Some(&other.column)) {
                return Err("it asks for memberships in two tenants".into());
            }
            let rank = rank(of, asked, tenancy)?;
            let lowest = tenancy.is_lowest(rank);
            let mut teams = of.members.iter().filter_map(|of| of.same.as_ref());
            let team = teams.next();
            if teams.next().is_some() || team.is_some() && of.members.len() > 1 {
                return Err("it asks for a team and for another membership at once".into());
            }
            match (of.who, of.own.first()) {
                (Who::User, _) if team.is_some() => {
                    return Err("it asks for a team and for an identity at once".into());
                }
                (Who::User, _) if lowest => {
                    ids(&of.own, &mut conditions);
                    ("user".to_owned(), true)
                }
                (Who::User, _) => {
                    return Err("it asks for a role and for an identity at once".into());
                }
                (_, Some(column)) if lowest && team.is_none() => {
                    let mut others = of.own.clone();
                    others.remove(column);
                    ids(&others, &mut conditions);
                    (
                        format!("self {}", words::name(column)),
                        !writable.contains(column),
                    )
                }
                _ => {
                    ids(&of.own, &mut conditions);
                    let role = words::name(tenancy.name(rank));
                    match team {
                        None => (role, true),
                        Some(same) => (
                            format!("{role} in same {}", said(same)),
                            !writable.contains(&same.own),
                        ),
                    }
                }
            }
        }
        (Some(_), None) => {
            return Err("no tenant is declared, so there are no memberships".into());
        }
        (None, tenancy) => {
            let outside = if place.tenant.is_some() && !place.inside {
                "outside "
            } else {
                ""
            };
            match (of.who, of.own.first()) {
                (Who::User, _) => {
                    ids(&of.own, &mut conditions);
                    (format!("{outside}user"), true)
                }
                (_, Some(column)) => {
                    let mut others = of.own.clone();
                    others.remove(column);
                    ids(&others, &mut conditions);
                    (
                        format!("{outside}self {}", words::name(column)),
                        !writable.contains(column),
                    )
                }
                _ => match tenancy.filter(|_| place.inside) {
                    Some(tenancy) => (words::name(tenancy.name(tenancy.lowest())), true),
                    None => (format!("{outside}guest"), true),
                },
            }
        }
    };
    Ok(Spoken {
        subject,
        conditions,
        stable,
        anybody: of.who() == Who::Any,
    })
}

/// `team`, or `team as squad` where the row calls it so.
fn said(of: &Same) -> String {
    if of.theirs == of.own {
        words::name(&of.own)
    } else {
        format!("{} as {}", words::name(&of.theirs), words::name(&of.own))
    }
}

/// The role that all memberships of an alternative come to: the highest of theirs.
fn rank(of: &Alternative, asked: Asked<'_>, tenancy: &Tenancy) -> Result<Step, Refusal> {
    let rest = Alternative {
        members: BTreeSet::new(),
        ..of.clone()
    };
    let mut all = Vec::new();
    for member in &of.members {
        all.push(tenancy.rank(member, &rest, asked)?);
    }
    all.into_iter()
        .min()
        .ok_or_else(|| "it asks for no membership".into())
}

/// ` where a and b`, or nothing.
#[must_use]
pub fn asked(word: &str, conditions: &BTreeSet<String>) -> String {
    if conditions.is_empty() {
        return String::new();
    }
    let mut all: Vec<&str> = conditions.iter().map(String::as_str).collect();
    if let [one] = all.as_mut_slice()
        && let Some(inner) = one.strip_prefix('(').and_then(|one| one.strip_suffix(')'))
        && is_balanced(inner)
    {
        *one = inner;
    }
    format!(" {word} {}", all.join(" and "))
}

/// Whether each parenthesis closes one that was opened in the same text.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_usize;
    for token in lex::tokens(text) {
        match token.text {
            "(" => depth += 1,
            ")" => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

/// A condition that every row meets: the language has no bare `true`.
#[must_use]
pub fn always(relation: &Relation) -> String {
    let mut columns = relation.columns.iter().filter(|column| !column.nullable);
    let key = columns
        .clone()
        .find(|column| relation.primary_key.contains(&column.name));
    key.or_else(|| columns.next()).map_or_else(
        || "true".to_owned(),
        |column| format!("{} is not null", words::name(&column.name)),
    )
}

/// A column list, unless it is what the action has without one.
#[must_use]
pub fn list(columns: &BTreeSet<String>, default: &BTreeSet<String>, relation: &Relation) -> String {
    if columns == default {
        return String::new();
    }
    let ordered = relation.columns.iter().map(|column| column.name.as_str());
    format!(
        " ({})",
        words::names(ordered.filter(|name| columns.contains(*name)))
    )
}

/// The update rules of existing rows that pass one way and new rows that pass another; PostgreSQL
/// lets any way go with any other.
///
/// `always` is a condition that every row meets. The second list names the pairs that no rule can say.
#[must_use]
pub fn updates(
    old: &[Spoken],
    new: &[Spoken],
    columns: &str,
    always: &str,
) -> (Vec<Rule>, Vec<(String, String)>) {
    let (mut pairs, mut lost): (Vec<(&Spoken, &Spoken)>, _) = (Vec::new(), Vec::new());
    for one in old {
        for other in new.iter().filter(|other| other.subject == one.subject) {
            pairs.push((one, other));
        }
    }
    for one in old {
        for other in new.iter().filter(|other| other.subject != one.subject) {
            // A stable subject of either row is one of the other row, too: its own pair may do.
            let covered = pairs.iter().any(|(before, after)| {
                (one.stable
                    && before.subject == one.subject
                    && before.conditions.is_subset(&one.conditions)
                    && after.conditions.is_subset(&other.conditions))
                    || (other.stable
                        && after.subject == other.subject
                        && before.conditions.is_subset(&one.conditions)
                        && after.conditions.is_subset(&other.conditions))
            });
            if !covered {
                lost.push((one.subject.clone(), other.subject.clone()));
            }
        }
    }
    let rules = pairs.iter().map(|(before, after)| {
        let check = if before.conditions == after.conditions {
            String::new()
        } else if after.conditions.is_empty() {
            // Without a check it would be the same as `where`.
            format!(" check {always}")
        } else {
            asked("check", &after.conditions)
        };
        Rule {
            subject: before.subject.clone(),
            action: format!(
                "update{columns}{}{check}",
                asked("where", &before.conditions)
            ),
        }
    });
    (rules.collect(), lost)
}
