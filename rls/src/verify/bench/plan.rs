//! What a caller is to try: the changes and the new rows, apart from any existing row.

use policy_core::columns::ColumnSet;
use policy_core::model::{Place, Privileges, Subject};

use super::super::schema::at;
use super::super::statement::Change;
use super::super::values;
use super::super::world::Row;
use super::Bench;

/// A row proposed for insertion.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    /// The columns that the statement names.
    pub(super) written: ColumnSet,
    /// The row as it would be, defaults included.
    pub(super) row: Row,
}

/// What a caller is to try.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// New values for the columns that the policy looks at, as far as the role may set them.
    pub(super) changes: Vec<Change>,
    /// Columns that it does not look at, one of each kind that the rules' column lists tell apart.
    pub(super) payloads: Vec<(usize, Option<String>)>,
    /// Rows to insert.
    pub(super) proposals: Vec<Proposal>,
    /// Whether every change was tried on one existing row.
    pub(super) changed: bool,
    /// Whether every proposal met one existing row.
    pub(super) met: bool,
}

impl Plan {
    pub(super) fn make(bench: &Bench<'_>, caller: usize) -> Self {
        let held = bench.privileges(caller);
        let payloads = payloads(bench, &held);
        Self {
            changes: changes(bench, caller, &held, payloads.first()),
            proposals: proposals(bench, caller, held.insert),
            payloads,
            changed: false,
            met: false,
        }
    }
}

fn own<'b>(bench: &'b Bench<'_>, caller: usize) -> impl Iterator<Item = &'b Row> {
    let specimens = bench.scene.specimens.iter();
    specimens
        .filter(move |s| s.owner.is_none_or(|owner| owner == caller))
        .map(|s| &s.row)
}

/// The columns in which the rows under test differ and that matter, but for key and tenant.
fn watched(bench: &Bench<'_>) -> ColumnSet {
    let scene = &bench.scene;
    let template = &scene.template;
    let differs = |column: usize| {
        scene
            .specimens
            .iter()
            .any(|s| s.row.get(column) != template.get(column))
    };
    let named = &scene.classed;
    // A text that no two rows share is of no importance, unless a constraint speaks of it together
    // with what the policy looks at.
    let bound = |column: usize| {
        let mut groups = scene.relation.groups();
        groups.any(|group| group.contains(&column) && group.iter().any(|of| named.contains(of)))
    };
    let matters = |column: &usize| differs(*column) && (named.contains(column) || bound(*column));
    let all = (0..scene.relation.columns.len()).filter(matters);
    let all: ColumnSet = all.filter_map(|column| u8::try_from(column).ok()).collect();
    let tenant = scene.table.place.tenant_column();
    let all = all.difference(bench.key());
    tenant.map_or(all, |tenant| all.without(tenant))
}

/// The columns in which proposals differ: those, the tenant, and the key where the rows' keys say
/// something.
fn watched_key(bench: &Bench<'_>) -> ColumnSet {
    let scene = &bench.scene;
    let tenant = scene.table.place.tenant_column().into_iter();
    let telling = scene.specimens.iter().any(|s| s.owner.is_some())
        && scene.table.rules.iter().any(|rule| match rule.subject {
            Subject::Itself(column) => bench.key().contains(column),
            Subject::Peer(peer) => bench.key().contains(peer.column),
            Subject::Team(team) => bench.key().contains(team.column),
            _ => false,
        });
    let key = if telling {
        bench.key()
    } else {
        ColumnSet::EMPTY
    };
    watched(bench).union(tenant.collect()).union(key)
}

fn changes(
    bench: &Bench<'_>,
    caller: usize,
    held: &Privileges,
    payload: Option<&(usize, Option<String>)>,
) -> Vec<Change> {
    let columns = watched(bench).intersection(held.update);
    let mut all: Vec<Change> = Vec::new();
    for row in own(bench, caller) {
        let pick = |column: u8| (at(column), row.get(at(column)).cloned().flatten());
        let change: Change = columns.iter().map(pick).collect();
        if !change.is_empty() && !all.contains(&change) {
            all.push(change);
        }
    }
    all.extend(moved(bench, held));
    if all.is_empty() {
        all.extend(payload.map(|payload| vec![payload.clone()]));
    }
    if all.is_empty() {
        // Some column has to be named for the refusal.
        let settable = bench
            .scene
            .relation
            .columns
            .iter()
            .position(|column| !column.generated);
        let same = |column: usize| (column, bench.scene.template.get(column).cloned().flatten());
        all.extend(settable.map(|column| vec![same(column)]));
    }
    all
}

/// A row given to the other tenant, with everything that it points to there.
fn moved(bench: &Bench<'_>, held: &Privileges) -> Option<Change> {
    let scene = &bench.scene;
    let (tenant, foreign) = (scene.table.place.tenant_column()?, scene.foreign.as_ref()?);
    let with_tenant = |group: &Vec<usize>| group.contains(&at(tenant));
    let columns = scene.relation.groups().filter(with_tenant).flatten();
    let columns: ColumnSet = columns.filter_map(|of| u8::try_from(of).ok()).collect();
    let columns = columns.union(watched(bench)).with(tenant);
    let columns = columns.intersection(held.update).difference(bench.key());
    columns.contains(tenant).then(|| {
        let text = |column: u8| foreign.get(at(column)).cloned().flatten();
        columns
            .iter()
            .map(|column| (at(column), text(column)))
            .collect()
    })
}

fn payloads(bench: &Bench<'_>, held: &Privileges) -> Vec<(usize, Option<String>)> {
    let scene = &bench.scene;
    let tenant = scene.table.place.tenant_column();
    let open = held
        .update
        .difference(watched(bench))
        .difference(bench.key());
    let mut kinds: Vec<Vec<bool>> = Vec::new();
    let mut all = Vec::new();
    for column in open.iter().filter(|column| Some(*column) != tenant) {
        let kind: Vec<bool> = scene
            .table
            .rules
            .iter()
            .map(|rule| rule.columns.contains(column))
            .collect();
        let Some(other) = bench.habits.other.get(at(column)).cloned().flatten() else {
            continue;
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
            all.push((at(column), Some(other)));
        }
    }
    all
}

fn proposals(bench: &Bench<'_>, caller: usize, granted: ColumnSet) -> Vec<Proposal> {
    let scene = &bench.scene;
    let settable = (0..=u8::MAX).zip(&scene.relation.columns);
    let settable: ColumnSet = settable
        .filter(|(_, c)| !c.generated)
        .map(|(index, _)| index)
        .collect();
    let written = if granted.is_empty() {
        settable
    } else {
        granted
    };
    let mut sources: Vec<Row> = if granted.is_empty() {
        vec![scene.template.clone()]
    } else {
        own(bench, caller).cloned().collect()
    };
    if let (Place::Tenant(tenant), false) = (scene.table.place, granted.is_empty()) {
        for home in [scene.homes.get(1).cloned(), None] {
            let mut row = scene.template.clone();
            if let Some(slot) = row.get_mut(at(tenant)) {
                *slot = home;
            }
            sources.push(row);
        }
    }
    let mut all: Vec<Proposal> = Vec::new();
    let key = bench.key();
    let mut seen: Vec<Row> = Vec::new();
    let root = matches!(scene.table.place, Place::Root(_));
    let watched: ColumnSet = watched_key(bench);
    for (serial, mut row) in (0x1_0000_u64..).zip(sources) {
        // A key of its own, unless the policy looks at it.
        for column in key
            .iter()
            .filter(|column| root || !watched.contains(*column))
        {
            let base = scene
                .relation
                .columns
                .get(at(column))
                .map_or("", |c| c.base.as_str());
            let fresh = match base {
                "uuid" => Some(values::uuid(serial)),
                _ if root => Some(serial.to_string()),
                _ => None,
            };
            if let (Some(slot), Some(fresh)) = (row.get_mut(at(column)), fresh) {
                *slot = Some(fresh);
            }
        }
        complete(bench, caller, written, &mut row);
        let special = written.intersection(watched);
        let special: Row = special
            .iter()
            .map(|c| row.get(at(c)).cloned().flatten())
            .collect();
        if !seen.contains(&special) {
            seen.push(special);
            all.push(Proposal { written, row });
        }
    }
    all
}

/// What the database puts where a statement names nothing, and what triggers write over it.
pub(super) fn complete(bench: &Bench<'_>, caller: usize, written: ColumnSet, row: &mut Row) {
    let defaults = bench.habits.defaults.get(caller);
    for (column, slot) in (0..=u8::MAX).zip(row.iter_mut()) {
        if !written.contains(column) {
            *slot = defaults.and_then(|defaults| defaults.get(at(column)).cloned().flatten());
        }
    }
    for (column, value) in &bench.habits.inserted {
        if let Some(slot) = row.get_mut(*column) {
            slot.clone_from(value);
        }
    }
}
