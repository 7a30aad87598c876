//! The rows that a table's cells stand among, as the verifier knows them.

use countersign_wasm::batch::{
    Act, Answer, Asker, Batch, Datum, OwnedMembership, Question, RowData, Standing, View,
};
use policy_core::columns::ColumnSet;
use policy_core::condition::Scope;
use policy_core::model::{Members, Policy, RoleSource, Subject, Table, TableIndex};
use policy_core::value::Kind;
use policy_core::{Value, columns::ColumnIndex};

use super::people::Person;
use super::schema::{Relation, RelationIndex, at, relation_of};

/// A row's values as text, in the order of the columns.
pub(super) type Row = Vec<Option<String>>;

/// The value of a column.
pub(super) fn value(row: &Row, column: usize) -> Option<&str> {
    row.get(column).and_then(Option::as_deref)
}

/// Seeded rows.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    rows: Vec<(RelationIndex, Row)>,
}

impl World {
    pub(super) fn add(&mut self, relation: RelationIndex, row: Row) {
        self.rows.push((relation, row));
    }

    pub(super) fn of(&self, relation: RelationIndex) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(move |(of, _)| *of == relation)
            .map(|(_, row)| row)
    }

    /// Every row, in the order of seeding.
    pub(super) fn all(&self) -> &[(RelationIndex, Row)] {
        &self.rows
    }

    /// The rows that have these values.
    pub(super) fn matching<'w>(
        &'w self,
        relation: RelationIndex,
        values: &'w [(usize, &'w str)],
    ) -> impl Iterator<Item = &'w Row> {
        self.of(relation).filter(move |row| {
            values
                .iter()
                .all(|(column, wanted)| value(row, *column) == Some(*wanted))
        })
    }

    /// Whether a row with the same key is there.
    pub(super) fn holds(&self, index: TableIndex, relation: &Relation, row: &Row) -> bool {
        let key = relation.key();
        let same = |other: &Row| key.iter().all(|k| value(other, *k) == value(row, *k));
        !key.is_empty() && self.of(relation_of(index)).any(same)
    }

    /// Changes a row in place.
    pub(super) fn change(&mut self, relation: RelationIndex, from: &Row, to: &Row) {
        let same = |(of, row): &&mut (RelationIndex, Row)| *of == relation && row == from;
        if let Some((_, row)) = self.rows.iter_mut().find(same) {
            row.clone_from(to);
        }
    }

    /// The world with one row more, or instead of the one with the same key.
    pub(super) fn with(&self, relation: RelationIndex, key: &[usize], row: &Row) -> Self {
        let mut world = self.clone();
        let same = |(of, other): &&mut (RelationIndex, Row)| {
            *of == relation && key.iter().all(|k| value(other, *k) == value(row, *k))
        };
        match world.rows.iter_mut().find(same) {
            Some((_, found)) => found.clone_from(row),
            None => world.add(relation, row.clone()),
        }
        world
    }
}

/// What follows from a world by the policy's own words.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) policy: &'a Policy,
    pub(super) world: &'a World,
    /// `now()`, in microseconds since the Unix epoch.
    pub(super) now: i64,
}

impl Facts<'_> {
    /// The caller, with the ranks that the membership rows give.
    pub(super) fn asker(&self, person: &Person) -> Asker {
        let text = |text: &Option<String>| Datum::read(Kind::Text, text.as_deref());
        let id = match person.standing {
            Standing::Guest | Standing::User => {
                Datum::read(self.policy.caller_id, person.subject.as_deref())
            }
            _ => Datum::Null,
        };
        let ranks = if id == Datum::Null {
            Vec::new()
        } else {
            self.ranks(&id)
        };
        Asker {
            standing: person.standing,
            id,
            email: text(&person.email),
            aal: text(&person.aal),
            ranks,
        }
    }

    fn ranks(&self, id: &Datum) -> Vec<OwnedMembership> {
        let mut ranks: Vec<OwnedMembership> = Vec::new();
        let Some(tenant) = &self.policy.tenant else {
            return ranks;
        };
        for members in &tenant.members {
            let Some(table) = self.policy.table_at(members.table) else {
                continue;
            };
            for row in self.world.of(relation_of(members.table)) {
                let values = data(table, row);
                let get = |column: ColumnIndex| values.get(at(column));
                if get(members.caller) != Some(id) || !self.counts(table, members, &values) {
                    continue;
                }
                let rank = match members.role {
                    RoleSource::Always(rank) => rank,
                    RoleSource::Column(role) => match get(role) {
                        Some(Datum::Text(role)) => tenant.rank(role),
                        _ => 0,
                    },
                };
                let Some(of) = get(members.tenant).filter(|_| rank > 0) else {
                    continue;
                };
                let seat = |attribute| OwnedMembership {
                    tenant: of.clone(),
                    rank,
                    attribute,
                };
                let said = (0_u8..).zip(&members.attributes);
                let said: Vec<OwnedMembership> = said
                    .filter_map(|(index, column)| {
                        let value = get((*column)?)?;
                        (*value != Datum::Null).then(|| seat(Some((index, value.clone()))))
                    })
                    .collect();
                if said.is_empty() {
                    ranks.push(seat(None));
                }
                ranks.extend(said);
            }
        }
        ranks.sort();
        ranks
    }

    /// Whether a stored membership counts.
    pub(super) fn sits(&self, members: &Members, row: &Row) -> bool {
        let table = self.policy.table_at(members.table);
        table.is_some_and(|table| self.counts(table, members, &data(table, row)))
    }

    /// Whether a membership row counts.
    pub(super) fn counts(&self, table: &Table, members: &Members, row: &[Datum]) -> bool {
        let values: Vec<Value<'_>> = row.iter().map(Datum::value).collect();
        let scope = Scope {
            row: &values,
            not_null: table.not_null,
            caller_id: Value::Null,
            caller_email: Value::Null,
            caller_aal: Value::Null,
            now: Value::Timestamp(self.now),
        };
        members
            .condition
            .as_ref()
            .is_none_or(|condition| condition.evaluate(&scope).is_true())
    }

    /// A row as `decide` wants it: with what the caller sees of the rows it points to.
    pub(super) fn row(&self, asker: &Asker, table: &Table, row: &Row) -> RowData {
        let values = data(table, row);
        let parents = table
            .parents
            .iter()
            .map(|parent| {
                let tenant = table.place.tenant_column().zip(parent.tenant);
                let mut wanted = Vec::new();
                wanted.extend(value(row, at(parent.column)).map(|key| (at(parent.key), key)));
                if let Some((own, other)) = tenant {
                    wanted.extend(value(row, at(own)).map(|key| (at(other), key)));
                }
                let complete = wanted.len() == 1 + usize::from(tenant.is_some());
                self.any_visible(asker, parent.table, &wanted, complete)
            })
            .collect();
        let peer = table.rules.iter().find_map(|rule| match rule.subject {
            Subject::Peer(peer) => Some(peer),
            _ => None,
        });
        let peers = peer.map_or(View::Hidden, |peer| {
            let wanted: Vec<_> = value(row, at(peer.column))
                .map(|key| (at(peer.other), key))
                .into_iter()
                .collect();
            self.any_visible(asker, peer.table, &wanted, !wanted.is_empty())
        });
        RowData {
            values,
            parents,
            peers,
        }
    }

    fn any_visible(
        &self,
        asker: &Asker,
        table: TableIndex,
        wanted: &[(usize, &str)],
        complete: bool,
    ) -> View {
        let seen = complete
            && self
                .world
                .matching(relation_of(table), wanted)
                .any(|row| self.sees(asker, table, row));
        if seen { View::Visible } else { View::Hidden }
    }

    /// Whether the caller may see the row.
    pub(super) fn sees(&self, asker: &Asker, index: TableIndex, row: &Row) -> bool {
        let Some(table) = self.policy.table_at(index) else {
            return false;
        };
        let data = self.row(asker, table, row);
        let question = Question {
            table: index,
            caller: 0,
            read: ColumnSet::EMPTY,
            written: ColumnSet::EMPTY,
            act: Act::Select(0),
        };
        let batch = Batch {
            now: self.now,
            callers: vec![asker.clone()],
            rows: vec![data],
            questions: vec![question],
        };
        matches!(batch.decide(self.policy).first(), Some(Answer::Applies(_)))
    }
}

/// A row's values by the kinds of its columns.
fn data(table: &Table, row: &Row) -> Vec<Datum> {
    table
        .columns
        .iter()
        .zip(row)
        .map(|(column, value)| match column.kind {
            // Told apart by their text: then a change of such a column is certain, or certainly none.
            Kind::Opaque => Datum::read(Kind::Text, value.as_deref()),
            kind => Datum::read(kind, value.as_deref()),
        })
        .collect()
}
