//! Other values for what is not fixed, where a constraint refuses a row.

use std::collections::BTreeMap;

use super::planting::insertion;
use super::{Draft, Fixed, Obstacle, Seeder, quietly};
use crate::verify::error::VerifyError;
use crate::verify::schema::{ForeignKey, Relation, RelationIndex};
use crate::verify::session::Failure;
use crate::verify::sql;
use crate::verify::values;
use crate::verify::world::Row;

/// How many other values are tried.
const TRIES: usize = 300;

impl Seeder<'_> {
    /// Inserts a row; where a constraint refuses it, with other values for what is not fixed.
    pub(super) async fn settle(
        &mut self,
        index: RelationIndex,
        mut draft: Draft,
        fixed: &Fixed,
    ) -> Result<Result<Row, Obstacle>, VerifyError> {
        let schema = self.schema;
        let Some(relation) = schema.get(index) else {
            return Ok(Ok(Row::new()));
        };
        let mut tries: BTreeMap<String, usize> = BTreeMap::new();
        let mut total = 0;
        loop {
            let failure = match self.insert(index, relation, &draft).await? {
                Ok(row) => return Ok(Ok(row)),
                Err(failure) => failure,
            };
            let name = failure
                .cause
                .clone()
                .unwrap_or_else(|| failure.message.clone());
            let free = |c: &usize| !fixed.contains_key(c) && self.tenant_column(index) != Some(*c);
            let columns: Vec<usize> = relation
                .involved(name.trim_start_matches("constraint "))
                .into_iter()
                .filter(free)
                .collect();
            total += 1;
            let attempt = tries.entry(name.clone()).or_default();
            if columns.is_empty()
                || total > TRIES
                || !self.vary(relation, &columns, *attempt, &mut draft)
            {
                return Ok(Err(Obstacle { constraint: name }));
            }
            *attempt += 1;
        }
    }

    /// Puts the n-th combination of other values into the columns. False if there is none.
    fn vary(
        &mut self,
        relation: &Relation,
        columns: &[usize],
        n: usize,
        draft: &mut Draft,
    ) -> bool {
        let mut rest = n;
        for index in columns {
            let Some(column) = relation.columns.get(*index) else {
                continue;
            };
            let referring = |key: &ForeignKey| relation.positions(&key.columns).contains(index);
            if relation.foreign_keys.iter().any(referring) || column.generated {
                continue;
            }
            let serial = self.next();
            let literals = relation.literals(&column.name);
            let mut choices: Vec<Option<String>> = values::candidates(column, &literals, serial)
                .into_iter()
                .map(Some)
                .collect();
            if !column.not_null {
                choices.push(None);
            }
            let choice = choices.get(rest % choices.len().max(1)).cloned();
            rest /= choices.len().max(1);
            if let (Some(slot), Some(choice)) = (draft.get_mut(*index), choice) {
                *slot = Some(choice);
            }
        }
        rest == 0
    }

    async fn insert(
        &self,
        index: RelationIndex,
        relation: &Relation,
        draft: &Draft,
    ) -> Result<Result<Row, Failure>, VerifyError> {
        let all: Vec<_> = relation
            .columns
            .iter()
            .map(|column| sql::name(&column.name))
            .collect();
        let insert = format!(
            "{} returning {}",
            insertion(relation, draft),
            all.join(", ")
        );
        let sql = format!("savepoint seed; {}", quietly(&insert));
        let failure = match self.session.attempt(&sql).await? {
            Err(failure) => failure,
            Ok(rows) => {
                let row = rows.into_iter().next().unwrap_or_default();
                let Some(constraint) = self.breaks_key(index, &row, None) else {
                    let keep = "release savepoint seed";
                    self.session.run("seeding", keep).await?;
                    return Ok(Ok(row));
                };
                Failure {
                    state: "23503".to_owned(),
                    message: format!("{constraint} does not hold"),
                    cause: Some(constraint),
                }
            }
        };
        let undo = "rollback to savepoint seed; release savepoint seed";
        self.session.run("seeding", undo).await?;
        Ok(Err(failure))
    }
}
