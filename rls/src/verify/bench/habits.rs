//! What the database does to rows by itself: defaults and triggers, observed, not guessed.

use super::super::error::VerifyError;
use super::super::scene::Scene;
use super::super::schema::{ForeignKey, at};
use super::super::seed::{planting, quietly};
use super::super::session::Claims;
use super::super::statement::{Change, Writer};
use super::super::values;
use super::super::world::{Row, value};
use policy_core::model::Place;

/// A default that fails for a caller, such as `auth.uid()` on a subject that is no uuid.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Fault {
    pub(in crate::verify) column: String,
    pub(in crate::verify) state: String,
}

/// What the database does to rows by itself.
#[derive(Debug, Default)]
pub(in crate::verify) struct Habits {
    /// What columns get whose value an insert leaves out, per caller.
    pub(super) defaults: Vec<Row>,
    /// Which default fails, per caller.
    pub(in crate::verify) faults: Vec<Option<Fault>>,
    /// What triggers write at every insert.
    pub(super) inserted: Change,
    /// What triggers write at every update.
    pub(in crate::verify) updated: Change,
    /// For each column another value that the plain row could have.
    pub(super) other: Row,
    /// Other values for columns of which a constraint allows none to change alone.
    pub(super) together: Vec<Change>,
}

impl Habits {
    /// Watches what happens to a plain row.
    pub(super) async fn watch(scene: &Scene<'_>, writer: Writer<'_>) -> Result<Self, VerifyError> {
        let mut habits = Self::default();
        for person in &scene.people {
            let (defaults, fault) = defaults(scene, &person.claims()).await?;
            habits.defaults.push(defaults);
            habits.faults.push(fault);
        }
        let replace = scene.replaces(&scene.template);
        let plant = format!(
            "rollback to savepoint scene; {}; savepoint habit; ",
            quietly(&planting(scene.relation, &scene.template, replace))
        );
        let all = writer.columns(0..scene.relation.columns.len());
        let key = scene.relation.key();
        let same: Change = key
            .iter()
            .map(|k| (*k, scene.template.get(*k).cloned().flatten()))
            .collect();
        let update = writer.update(&same, &writer.at(&scene.template), &all);
        habits.updated = changes(scene, &format!("{plant}{update}")).await?;
        if !replace {
            let written = (0..=u8::MAX).zip(&scene.relation.columns);
            let written = written
                .filter(|(_, column)| !column.generated)
                .map(|(index, _)| index);
            let returning = format!(" returning {all}");
            let insert = writer.insert(&scene.template, written.collect(), &returning);
            habits.inserted =
                changes(scene, &format!("rollback to savepoint scene; {insert}")).await?;
        }
        scene
            .session
            .run("seeding", &format!("{plant}select 1"))
            .await?;
        for column in 0..scene.relation.columns.len() {
            let other = other(scene, writer, column).await?;
            habits.other.push(other);
        }
        for group in scene.relation.groups().filter(|group| group.len() > 1) {
            let fixed = |column: &usize| habits.other.get(*column) == Some(&None);
            let group: Vec<usize> = group.into_iter().filter(fixed).collect();
            let change = together(scene, writer, &group).await?;
            habits.together.extend(change);
        }
        scene
            .session
            .run("seeding", "rollback to savepoint scene")
            .await?;
        Ok(habits)
    }
}

/// What the columns' defaults are for a caller.
async fn defaults(scene: &Scene<'_>, claims: &Claims) -> Result<(Row, Option<Fault>), VerifyError> {
    let settings = claims.settings();
    let before = format!("rollback to savepoint scene; {settings}; select ");
    let expression = |column: &super::super::schema::Column| match &column.default {
        Some(default) if !column.generated => format!("({default})::text"),
        _ => "null".to_owned(),
    };
    let list: Vec<_> = scene.relation.columns.iter().map(expression).collect();
    if let Ok(rows) = scene
        .session
        .attempt(&format!("{before}{}", list.join(", ")))
        .await?
    {
        return Ok((rows.into_iter().next().unwrap_or_default(), None));
    }
    let (mut row, mut fault) = (Row::new(), None);
    for (column, expression) in scene.relation.columns.iter().zip(list) {
        match scene
            .session
            .attempt(&format!("{before}{expression}"))
            .await?
        {
            Ok(rows) => row.push(rows.into_iter().flatten().next().flatten()),
            Err(failure) => {
                row.push(None);
                fault = Some(Fault {
                    column: column.name.clone(),
                    state: failure.state,
                });
            }
        }
    }
    Ok((row, fault))
}

/// How a row comes back otherwise than it was written.
async fn changes(scene: &Scene<'_>, sql: &str) -> Result<Change, VerifyError> {
    // A trigger may refuse the plain row; then there is nothing to learn.
    let Ok(rows) = scene.session.attempt(sql).await? else {
        return Ok(Change::new());
    };
    let Some(row) = rows.into_iter().last() else {
        return Ok(Change::new());
    };
    let pairs = row.into_iter().zip(&scene.template).enumerate();
    Ok(pairs
        .filter(|(_, (got, had))| got != *had)
        .map(|(column, (got, _))| (column, got))
        .collect())
}

/// Another value for a column, found by trying.
async fn other(
    scene: &Scene<'_>,
    writer: Writer<'_>,
    column: usize,
) -> Result<Option<String>, VerifyError> {
    let Some(of) = scene
        .relation
        .columns
        .get(column)
        .filter(|of| !of.generated)
    else {
        return Ok(None);
    };
    if scene
        .table
        .place
        .tenant_column()
        .is_some_and(|tenant| at(tenant) == column)
        && !matches!(scene.table.place, Place::Root(_))
    {
        return Ok(scene.homes.get(1).cloned());
    }
    let now = value(&scene.template, column);
    let mut choices: Vec<String> = Vec::new();
    for key in &scene.relation.foreign_keys {
        choices.extend(referred(scene, key, column));
    }
    choices.extend(scene.relation.one_of(&of.name));
    choices.extend(values::candidates(
        of,
        &scene.relation.literals(&of.name),
        0xabcd + scene.session.salt(),
    ));
    // PostgreSQL prints one letter of a boolean.
    let is_bool = of.base == "bool";
    let same = |choice: &str| match now {
        Some(now) if is_bool => now.starts_with(choice.get(..1).unwrap_or_default()),
        now => Some(choice) == now,
    };
    choices.retain(|choice| !same(choice));
    choices.truncate(12);
    for choice in choices {
        let change = vec![(column, Some(choice))];
        if accepts(scene, writer, &change).await? {
            return Ok(change.into_iter().next().and_then(|(_, choice)| choice));
        }
    }
    Ok(None)
}

/// Whether the plain row can be changed like this.
async fn accepts(
    scene: &Scene<'_>,
    writer: Writer<'_>,
    change: &Change,
) -> Result<bool, VerifyError> {
    if scene.breaks_key(&scene.template, change) {
        return Ok(false);
    }
    let update = writer.update(change, &writer.at(&scene.template), "");
    let sql = format!("rollback to savepoint habit; {}", quietly(&update));
    Ok(scene.session.attempt(&sql).await?.is_ok())
}

/// Other values for several columns at once, found by trying.
async fn together(
    scene: &Scene<'_>,
    writer: Writer<'_>,
    group: &[usize],
) -> Result<Option<Change>, VerifyError> {
    let tenant = scene.table.place.tenant_column().map(at);
    if group.len() < 2 || group.iter().any(|column| Some(*column) == tenant) {
        return Ok(None);
    }
    for number in 0..3 {
        let value = |column: &usize| {
            let of = scene.relation.columns.get(*column)?;
            let listed = scene.relation.literals(&of.name);
            let choices = values::candidates(of, &listed, 0xabcd + scene.session.salt());
            let choice = choices.into_iter().nth(number)?;
            Some((*column, Some(choice)))
        };
        let Some(change) = group.iter().map(value).collect::<Option<Change>>() else {
            return Ok(None);
        };
        if accepts(scene, writer, &change).await? {
            return Ok(Some(change));
        }
    }
    Ok(None)
}

/// What a foreign key could have in one of its columns, beside what the plain row has in the others.
fn referred(scene: &Scene<'_>, key: &ForeignKey, column: usize) -> Vec<String> {
    let to = scene.schema.reference(scene.relation, key);
    let Some((to, named)) = to.and_then(|to| to.named(column).map(|named| (to, named))) else {
        return Vec::new();
    };
    let beside = to.pairs.iter().filter(|(own, _)| *own != column);
    let beside: Vec<(usize, &str)> = beside
        .filter_map(|(own, other)| Some((*other, value(&scene.template, *own)?)))
        .collect();
    let rows = scene.world.matching(to.target, &beside);
    rows.filter_map(|row| value(row, named).map(str::to_owned))
        .collect()
}
