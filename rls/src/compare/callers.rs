//! Everybody who asks: each kind of token, with every membership that either policy can tell apart.

use std::collections::{BTreeSet, HashSet};

use policy_core::columns::ColumnIndex;
use policy_core::condition::Scope;
use policy_core::decide::{Caller, CallerKind, Membership, Ranks};
use policy_core::model::{AttributeIndex, Members, Rank, RoleSource, Subject, TableIndex};
use policy_core::value::{Literal, Value};

use super::CompareError;
use super::both::{Both, NEW, SIDES, Set};
use super::classes::{Asking, Ground};
use super::uses::Known;
use super::values::{Cell, team};

/// The most memberships that are combined before the comparison is given up.
const MOST: u64 = 20_000;

/// One membership, as one policy counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    tenant: Literal,
    rank: Rank,
    attribute: Option<(AttributeIndex, Literal)>,
}

/// A row of a membership table that makes the caller somebody.
#[derive(Clone, Debug)]
pub(super) struct MemberRow {
    pub(super) table: usize,
    /// Its values where they matter, by column.
    pub(super) values: Vec<(usize, Cell)>,
    /// What each policy makes of it.
    pub(super) seats: [Vec<Seat>; 2],
    /// In words, if the policies make different things of it.
    strange: Option<String>,
}

/// A caller.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) kind: CallerKind,
    pub(super) id: Cell,
    pub(super) email: Cell,
    pub(super) aal: Cell,
    pub(super) now: i64,
    /// The tenant of the rows under test, as each policy means it.
    pub(super) home: [Option<Literal>; 2],
    /// Positions in [`Everybody::rows`].
    pub(super) rows: Vec<usize>,
}

/// All callers, and the membership rows they are made of.
pub(super) struct Everybody {
    pub(super) rows: Vec<MemberRow>,
    pub(super) all: Vec<Who>,
}

pub(super) fn everybody(both: &Both<'_>, ground: &Ground) -> Result<Everybody, CompareError> {
    let rows = member_rows(both, ground)?;
    let several = 1 + teams(both);
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..several {
        let to = sets.len();
        for at in from..to {
            let set = sets.get(at).cloned().unwrap_or_default();
            let next = set.last().map_or(0, |last| last + 1);
            for row in next..rows.len() {
                let mut more = set.clone();
                more.push(row);
                sets.push(more);
            }
        }
        from = to;
        let count = u64::try_from(sets.len()).unwrap_or(u64::MAX);
        if count > MOST {
            return Err(CompareError::TooMany {
                table: rows
                    .first()
                    .and_then(|row| both.tables.get(row.table))
                    .map_or_else(|| "memberships".to_owned(), |table| table.name.clone()),
                questions: count,
                most: MOST,
            });
        }
    }
    // Who comes to the same under both policies is one.
    let mut known = HashSet::new();
    sets.retain(|set| known.insert(SIDES.map(|side| standing(&rows, set, side, &|_| true))));
    let mut all = Vec::new();
    let times = ground
        .nows
        .iter()
        .flat_map(|now| ground.homes.iter().map(move |home| (now, home)));
    for (now, home) in times {
        let mut add = |kind: CallerKind, rows: Vec<usize>| {
            let token = !matches!(kind, CallerKind::Anon | CallerKind::Service);
            let somebody = matches!(kind, CallerKind::Guest | CallerKind::User);
            let none = vec![None];
            let emails = if token { &ground.emails } else { &none };
            let aals = if token { &ground.aals } else { &none };
            let ids: Vec<Cell> = if somebody {
                ground.ids.iter().cloned().map(Some).collect()
            } else {
                vec![None]
            };
            for id in &ids {
                for email in emails {
                    for aal in aals {
                        all.push(Who {
                            kind,
                            id: id.clone(),
                            email: email.clone(),
                            aal: aal.clone(),
                            now: *now,
                            home: home.clone(),
                            rows: rows.clone(),
                        });
                    }
                }
            }
        };
        add(CallerKind::Anon, Vec::new());
        add(CallerKind::NoSubject, Vec::new());
        add(CallerKind::Service, Vec::new());
        for set in &sets {
            add(CallerKind::Guest, set.clone());
            add(CallerKind::User, set.clone());
        }
    }
    Ok(Everybody { rows, all })
}

/// What memberships come to: the highest rank, and the highest with each thing that they say.
type Standing = (Rank, Vec<(AttributeIndex, Literal, Rank)>);

fn standing(
    rows: &[MemberRow],
    set: &[usize],
    side: usize,
    counts: &impl Fn(AttributeIndex) -> bool,
) -> Standing {
    let mut highest = (0, Vec::new());
    let rows = set.iter().filter_map(|row| rows.get(*row));
    for seat in rows.filter_map(|row| row.seats.get(side)).flatten() {
        highest.0 = highest.0.max(seat.rank);
        if let Some((of, value)) = seat.attribute.as_ref().filter(|(of, _)| counts(*of)) {
            let said: &mut Vec<(AttributeIndex, Literal, Rank)> = &mut highest.1;
            match said.iter_mut().find(|(a, v, _)| (a, v) == (of, value)) {
                Some((.., rank)) => *rank = (*rank).max(seat.rank),
                None => said.push((*of, value.clone(), seat.rank)),
            }
        }
    }
    highest
        .1
        .sort_by_key(|(of, value, _)| (*of, value.to_string()));
    highest
}

/// How many different things of memberships rules hold against rows. One membership gives the rank
/// a statement needs, and each of these may need one more.
fn teams(both: &Both<'_>) -> usize {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for policy in SIDES.map(|side| both.policy(side)) {
        let rules = policy.tables.iter().flat_map(|table| &table.rules);
        names.extend(rules.filter_map(|rule| match rule.subject {
            Subject::Team(team) => {
                let attributes = &policy.tenant.as_ref()?.attributes;
                Some(attributes.get(usize::from(team.attribute))?.name.as_str())
            }
            _ => None,
        }));
    }
    names.len()
}

/// Every kind of row of the membership tables that counts for either policy.
fn member_rows(both: &Both<'_>, ground: &Ground) -> Result<Vec<MemberRow>, CompareError> {
    let mut found: Vec<MemberRow> = Vec::new();
    let (id, now) = (ground.ids.first().cloned(), ground.nows.first());
    let nowhere = [None, None];
    let homes = ground.homes.first().unwrap_or(&nowhere);
    let me = Asking {
        id: &id,
        email: &None,
        aal: &None,
        now: now.copied().unwrap_or(0),
    };
    for (table, of) in both.tables.iter().enumerate() {
        let columns = membership_columns(both, table);
        if columns.is_empty() {
            continue;
        }
        let tenants = SIDES.iter().fold(Set::default(), |set, side| {
            let own = sources(both, *side, table).filter_map(|from| of.column(*side, from.tenant));
            own.fold(set, Set::with)
        });
        let pools: Vec<(usize, Vec<Cell>)> = columns
            .iter()
            .map(|column| {
                let mut pool = ground.pool(table, column, me);
                for home in homes.iter().filter(|home| home.is_some()) {
                    if tenants.contains(column) && !pool.contains(home) {
                        pool.push(home.clone());
                    }
                }
                (column, pool)
            })
            .collect();
        let size = pools
            .iter()
            .map(|(_, pool)| pool.len() as u64)
            .product::<u64>();
        if size > MOST * 50 {
            return Err(CompareError::TooMany {
                table: of.name.clone(),
                questions: size,
                most: MOST * 50,
            });
        }
        let mut vectors: Vec<Vec<(usize, Cell)>> = vec![Vec::new()];
        for (column, pool) in &pools {
            vectors = vectors
                .into_iter()
                .flat_map(|vector| {
                    pool.iter().map(move |value| {
                        let mut longer = vector.clone();
                        longer.push((*column, value.clone()));
                        longer
                    })
                })
                .collect();
        }
        for values in vectors {
            let seats = SIDES.map(|side| {
                let me = ground.ids.first();
                ground.nows.first().map_or_else(Vec::new, |now| {
                    seats_of(both, side, table, &values, me, *now)
                })
            });
            // To be somebody in another tenant is to be nobody in this one.
            let here = seats
                .iter()
                .zip(homes)
                .all(|(seats, home)| seats.iter().all(|seat| Some(&seat.tenant) == home.as_ref()));
            let known = found.iter().any(|row| row.seats == seats);
            if seats.iter().all(Vec::is_empty) || known || !here {
                continue;
            }
            let strange = strange(both, table, &values, &seats);
            found.push(MemberRow {
                table,
                values,
                seats,
                strange,
            });
        }
    }
    // From the lowest rank up: the least that is needed is told first.
    found.sort_by_key(|row| row.seats.iter().flatten().map(|seat| seat.rank).max());
    Ok(found)
}

/// The columns of a table that make its rows memberships.
pub(super) fn membership_columns(both: &Both<'_>, table: usize) -> Set {
    let mut columns = Set::default();
    let Some(of) = both.tables.get(table) else {
        return columns;
    };
    for side in SIDES {
        for members in sources(both, side, table) {
            let condition = members
                .condition
                .iter()
                .flat_map(|of| of.columns().iter().collect::<Vec<_>>());
            let own = [members.tenant, members.caller].into_iter();
            let said = members.attributes.iter().flatten().copied();
            for column in own
                .chain(members.role.column())
                .chain(said)
                .chain(condition)
            {
                if let Some(column) = of.column(side, column) {
                    columns = columns.with(column);
                }
            }
        }
    }
    columns
}

/// The columns of a table that say whose membership a row is.
pub(super) fn caller_columns(both: &Both<'_>, table: usize) -> Set {
    let Some(of) = both.tables.get(table) else {
        return Set::default();
    };
    let sides = SIDES.into_iter().flat_map(|side| {
        sources(both, side, table).filter_map(move |members| of.column(side, members.caller))
    });
    sides.fold(Set::default(), Set::with)
}

fn sources<'b>(
    both: &'b Both<'_>,
    side: usize,
    table: usize,
) -> impl Iterator<Item = &'b Members> + use<'b> {
    let index = both
        .tables
        .get(table)
        .and_then(|of| of.at.get(side).copied().flatten());
    let tenant = both.policy(side).tenant.as_ref();
    let members = tenant.into_iter().flat_map(|tenant| &tenant.members);
    members.filter(move |members| Some(members.table) == index)
}

/// The memberships that a row gives somebody under one policy.
pub(super) fn seats_of(
    both: &Both<'_>,
    side: usize,
    table: usize,
    values: &[(usize, Cell)],
    me: Option<&Literal>,
    now: i64,
) -> Vec<Seat> {
    let mut seats = Vec::new();
    let (Some(of), Some(own), Some(tenant)) = (
        both.tables.get(table),
        both.table(side, table),
        both.policy(side).tenant.as_ref(),
    ) else {
        return seats;
    };
    let value = |column: ColumnIndex| -> Cell {
        let at = of.column(side, column)?;
        let found = values.iter().find(|(column, _)| *column == at)?;
        found.1.clone()
    };
    let row: Vec<Cell> = (0..own.columns.len())
        .map(|at| ColumnIndex::try_from(at).ok().and_then(value))
        .collect();
    let row: Vec<Value<'_>> = row
        .iter()
        .map(|cell| cell.as_ref().map_or(Value::Null, Literal::value))
        .collect();
    for members in sources(both, side, table) {
        let scope = Scope {
            row: &row,
            not_null: own.not_null,
            caller_id: Value::Null,
            caller_email: Value::Null,
            caller_aal: Value::Null,
            now: Value::Timestamp(now),
        };
        let counts = members
            .condition
            .as_ref()
            .is_none_or(|condition| condition.evaluate(&scope).is_true());
        if value(members.caller).as_ref() != me || me.is_none() || !counts {
            continue;
        }
        let rank = match members.role {
            RoleSource::Always(rank) => rank,
            RoleSource::Column(role) => match value(role) {
                Some(Literal::Text(name)) => tenant.rank(&name),
                _ => 0,
            },
        };
        let Some(home) = value(members.tenant).filter(|_| rank > 0) else {
            continue;
        };
        let said: Vec<Seat> = (0..)
            .zip(&members.attributes)
            .filter_map(|(index, column)| {
                Some(Seat {
                    tenant: home.clone(),
                    rank,
                    attribute: Some((index, value((*column)?)?)),
                })
            })
            .collect();
        if said.is_empty() {
            seats.push(Seat {
                tenant: home,
                rank,
                attribute: None,
            });
        }
        seats.extend(said);
    }
    seats
}

/// What a membership comes to under one policy, with those things it says that rules ask for.
fn words(both: &Both<'_>, seats: &[Seat], side: usize, asked: Option<&Asked>) -> String {
    let tenant = both.policy(side).tenant.as_ref();
    let attributes = asked.and_then(|asked| asked.attributes.get(side));
    let mut words: Vec<String> = Vec::new();
    for seat in seats {
        let role = tenant
            .map_or("", |tenant| tenant.role(seat.rank))
            .to_owned();
        let said = seat.attribute.as_ref().and_then(|(index, value)| {
            let attribute = tenant?.attributes.get(usize::from(*index))?;
            attributes?.get(index)?;
            let which = if *value == team(attribute.kind, 0) {
                "one"
            } else {
                "another"
            };
            Some(format!("{which} {}", attribute.name))
        });
        // One row gives one role, and may say several things beside it.
        match (words.iter_mut().find(|word| word.starts_with(&role)), said) {
            (Some(word), Some(said)) => {
                word.push_str(if word.contains(" of ") {
                    " and "
                } else {
                    " of "
                });
                word.push_str(&said);
            }
            (Some(_), None) => {}
            (None, Some(said)) => words.push(format!("{role} of {said}")),
            (None, None) => words.push(role),
        }
    }
    words.join(" and ")
}

fn strange(
    both: &Both<'_>,
    table: usize,
    values: &[(usize, Cell)],
    seats: &[Vec<Seat>; 2],
) -> Option<String> {
    let [old, new] = SIDES.map(|side| {
        seats
            .get(side)
            .map_or_else(String::new, |seats| words(both, seats, side, None))
    });
    if old == new {
        return None;
    }
    let name = both.tables.get(table);
    let row: Vec<String> = values
        .iter()
        .filter_map(|(column, value)| {
            let text = value
                .as_ref()
                .map_or_else(|| "null".to_owned(), ToString::to_string);
            let column = name?.columns.get(*column)?;
            matches!(value, Some(Literal::Text(_) | Literal::Bool(_)) | None)
                .then(|| format!("{} = {text}", column.name))
        })
        .collect();
    let was = |words: &str| {
        if words.is_empty() {
            "nobody".to_owned()
        } else {
            words.to_owned()
        }
    };
    Some(format!(
        "whoever has a row in {} with {} (was {}, is {})",
        name.map_or("", |of| of.name.as_str()),
        row.join(", "),
        was(&old),
        was(&new)
    ))
}

/// What of a caller the rules of a table, and of those it points to, can tell apart.
#[derive(Default)]
pub(super) struct Asked {
    attributes: [BTreeSet<AttributeIndex>; 2],
    known: BTreeSet<Known>,
}

impl Asked {
    pub(super) fn of(both: &Both<'_>, ground: &Ground, table: usize) -> Self {
        let mut asked = Self::default();
        for side in SIDES {
            let policy = both.policy(side);
            let mut open: Vec<TableIndex> = both
                .tables
                .get(table)
                .and_then(|of| of.at.get(side).copied().flatten())
                .into_iter()
                .collect();
            let mut known = BTreeSet::new();
            while let Some(index) = open.pop() {
                let Some(own) = policy.table_at(index).filter(|_| known.insert(index)) else {
                    continue;
                };
                open.extend(own.parents.iter().map(|parent| parent.table));
                for rule in &own.rules {
                    match rule.subject {
                        Subject::Team(team) => {
                            if let Some(all) = asked.attributes.get_mut(side) {
                                all.insert(team.attribute);
                            }
                        }
                        Subject::Peer(peer) => open.push(peer.table),
                        _ => {}
                    }
                }
                if let Some(at) = both.find(side, index) {
                    let all = [Known::Id, Known::Email, Known::Aal, Known::Now, Known::Home];
                    asked
                        .known
                        .extend(all.into_iter().filter(|known| ground.meets(*known, at)));
                }
            }
        }
        asked
    }
}

impl Everybody {
    /// The callers that the rules of a table can tell apart.
    pub(super) fn facing(
        &self,
        both: &Both<'_>,
        ground: &Ground,
        table: usize,
        asked: &Asked,
    ) -> Vec<&Who> {
        // On the membership tables themselves it matters by which row somebody is one.
        let own = !caller_columns(both, table).is_empty();
        let mut known = HashSet::new();
        let mut facing = Vec::new();
        for who in &self.all {
            let standings = SIDES.map(|side| {
                let attributes = asked.attributes.get(side);
                let counts = |of| attributes.is_some_and(|all| all.contains(&of));
                standing(&self.rows, &who.rows, side, &counts)
            });
            let facts = [
                (Known::Id, &who.id),
                (Known::Email, &who.email),
                (Known::Aal, &who.aal),
            ]
            .map(|(of, value)| asked.known.contains(&of).then_some(value));
            let now = asked.known.contains(&Known::Now).then_some(who.now);
            let home = asked.known.contains(&Known::Home).then_some(&who.home);
            let new = known.insert((who.kind, facts, now, home, standings));
            if new || own && who.rows.len() == 1 && who.is_plain(ground) {
                facing.push(who);
            }
        }
        facing
    }

    /// Whether somebody's memberships come to no more than another's, for both policies.
    pub(super) fn at_most(&self, one: &Who, other: &Who, asked: &Asked) -> bool {
        SIDES.iter().all(|side| {
            let attributes = asked.attributes.get(*side);
            let counts = |of| attributes.is_some_and(|all| all.contains(&of));
            let standing = |who: &Who| standing(&self.rows, &who.rows, *side, &counts);
            let (less, more) = (standing(one), standing(other));
            less.0 <= more.0
                && less.1.iter().all(|(of, value, rank)| {
                    let held = more.1.iter().find(|(a, v, _)| (a, v) == (of, value));
                    held.is_some_and(|(.., held)| held >= rank)
                })
        })
    }

    /// The caller's memberships as one policy counts them.
    pub(super) fn seats<'w>(&'w self, who: &'w Who, side: usize) -> Vec<Membership<'w>> {
        let rows = who.rows.iter().filter_map(|row| self.rows.get(*row));
        let seats = rows.filter_map(|row| row.seats.get(side)).flatten();
        let home = who.home.get(side).and_then(Option::as_ref);
        seats
            .map(|seat| Membership {
                tenant: home.map_or(Value::Null, Literal::value),
                rank: seat.rank,
                attribute: seat
                    .attribute
                    .as_ref()
                    .map(|(of, value)| (*of, value.value())),
            })
            .collect()
    }

    /// A row's memberships, in the tenant that the caller is asked about.
    pub(super) fn seats_of_row(row: &MemberRow, who: &Who) -> [Vec<Seat>; 2] {
        SIDES.map(|side| {
            let home = who.home.get(side).cloned().flatten();
            let seats = row.seats.get(side).into_iter().flatten();
            seats
                .filter_map(|seat| {
                    Some(Seat {
                        tenant: home.clone()?,
                        ..seat.clone()
                    })
                })
                .collect()
        })
    }

    /// Whether the caller has this membership, for one policy.
    pub(super) fn sits(&self, who: &Who, side: usize, seats: &[Seat]) -> bool {
        let rows = || who.rows.iter().filter_map(|row| self.rows.get(*row));
        let held = |seat: &Seat| {
            rows().any(|row| {
                let [old, new] = Self::seats_of_row(row, who);
                if side == NEW {
                    new.contains(seat)
                } else {
                    old.contains(seat)
                }
            })
        };
        seats.iter().all(held)
    }

    /// Who this is, in a word or two.
    pub(super) fn label(&self, both: &Both<'_>, who: &Who, asked: Option<&Asked>) -> String {
        let mut rows: Vec<String> = Vec::new();
        for row in who.rows.iter().filter_map(|row| self.rows.get(*row)) {
            let seats = row.seats.get(NEW).map_or(&[][..], Vec::as_slice);
            let label = row
                .strange
                .clone()
                .unwrap_or_else(|| words(both, seats, NEW, asked));
            if !rows.contains(&label) {
                rows.push(label);
            }
        }
        let kind = match who.kind {
            CallerKind::Anon => "anon",
            CallerKind::NoSubject => "a token without subject",
            CallerKind::Guest => "guest",
            CallerKind::User => "user",
            CallerKind::Service => "service",
        };
        match (who.kind, rows.as_slice()) {
            (_, []) => kind.to_owned(),
            (CallerKind::Guest, rows) => format!("guest who is {}", rows.join(" and ")),
            (_, rows) => rows.join(" and "),
        }
    }
}

impl Who {
    /// Whether the caller is nobody whom conditions name.
    fn is_plain(&self, ground: &Ground) -> bool {
        let first = self.id.is_none() || self.id.as_ref() == ground.ids.first();
        let now = ground.nows.first() == Some(&self.now);
        let home = ground.homes.first() == Some(&self.home);
        first && now && home && self.email.is_none() && self.aal.is_none()
    }

    /// What conditions can ask about the caller.
    pub(super) fn asking(&self) -> Asking<'_> {
        Asking {
            id: &self.id,
            email: &self.email,
            aal: &self.aal,
            now: self.now,
        }
    }

    /// The caller as `decide` takes it.
    pub(super) fn caller<'a>(&'a self, seats: &'a [Membership<'a>]) -> Caller<'a> {
        let value = |cell: &'a Cell| cell.as_ref().map_or(Value::Null, Literal::value);
        Caller {
            kind: self.kind,
            id: value(&self.id),
            email: value(&self.email),
            aal: value(&self.aal),
            ranks: Ranks::Known(seats),
        }
    }
}
