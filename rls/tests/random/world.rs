//! A random schema with rows and people in it: the stage on which random policies are tried.

use policy_core::catalogue::Catalogue;

use crate::catalogue::catalogue;
use crate::dice::Dice;
use crate::door::Door;
use crate::sort::{BOOL, DOC, EXTRA, HANDLE, INT, KEY, PERSON, ROLE, Sort, TENANT, TEXT, TIME};

/// A row, in its table's column order, as text.
pub(crate) type Row = Vec<Option<String>>;

/// A table with its rows.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<Field>,
    pub(crate) parent: Option<Link>,
    pub(crate) rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) sort: &'static Sort,
    pub(crate) nullable: bool,
    pub(crate) default: Default,
}

/// Where a column's value comes from if none is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    None,
    Constant(&'static str),
    Now,
    Caller,
    Fresh,
}

/// A foreign key to the table before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// Whether the tenant is part of it.
    pub(crate) composite: bool,
}

/// The default that is the caller, where ids are text.
pub(crate) const SUBJECT: &str = "(auth.jwt() ->> 'sub'::text)";

/// The schema, its rows, and what a policy is held against.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// Whether policies have teams, several sources of memberships, copies of other systems, or no
    /// tenants.
    pub(crate) varied: bool,
    /// The type of people's ids.
    pub(crate) person: &'static Sort,
    pub(crate) stages: Vec<Stage>,
    pub(crate) doors: Vec<Door>,
    pub(crate) catalogue: Catalogue,
}

/// A key of the n-th row of a table.
pub(crate) fn key(table: usize, row: usize) -> String {
    format!("2000000{table}-0000-4000-8000-{row:012}")
}

impl World {
    /// A world of uuids without views and functions, unless it is varied.
    pub(crate) fn random(varied: bool, dice: &mut Dice) -> Self {
        let textual = varied && dice.once_in(4);
        let person = if textual { &HANDLE } else { &PERSON };
        let id = field("id", &KEY, false, Default::Fresh);
        let tenant = || field("firm_id", &TENANT, false, Default::None);
        let mut stages = vec![
            stage(
                "firms",
                vec![
                    id.clone(),
                    field("name", &TEXT, false, Default::None),
                    field("founder", person, true, Default::Caller),
                    field("made", &TIME, false, Default::Now),
                ],
            ),
            stage(
                "staff",
                vec![
                    id.clone(),
                    tenant(),
                    field("person_id", person, false, Default::None),
                    field("role", &ROLE, dice.once_in(4), Default::None),
                    field("active", &BOOL, dice.once_in(3), Default::Constant("true")),
                    field("team", &INT, dice.once_in(2), Default::None),
                ],
            ),
            stage(
                "projects",
                vec![
                    id.clone(),
                    tenant(),
                    field("owner", person, true, Default::None),
                    field("state", &TEXT, dice.once_in(3), Default::Constant("a")),
                    field("changed", &TIME, false, Default::Now),
                    field("team", &INT, dice.once_in(2), Default::None),
                ],
            ),
            stage(
                "tasks",
                vec![
                    id.clone(),
                    tenant(),
                    field("project_id", &KEY, dice.once_in(2), Default::None),
                    field("owner", person, dice.once_in(2), Default::None),
                    field("team", &INT, dice.once_in(2), Default::None),
                ],
            ),
            stage(
                "steps",
                vec![
                    id.clone(),
                    tenant(),
                    field("task_id", &KEY, dice.once_in(2), Default::None),
                ],
            ),
            stage(
                "notes",
                vec![
                    id.clone(),
                    field("author", person, dice.once_in(2), Default::None),
                ],
            ),
            stage("people", vec![field("id", person, false, Default::None)]),
            // A second source of memberships, all of one role.
            stage(
                "chiefs",
                vec![
                    id.clone(),
                    tenant(),
                    field("person_id", person, false, Default::None),
                    field("team", &INT, true, Default::None),
                ],
            ),
        ];
        for (at, table, column, target) in [
            (3, "tasks", "project_id", "projects"),
            (4, "steps", "task_id", "tasks"),
        ] {
            debug_assert_eq!(stages[at].name, table);
            stages[at].parent = Some(Link {
                table: target,
                column,
                composite: !dice.once_in(3),
            });
        }
        for stage in &mut stages {
            for number in 0..1 + dice.below(4) {
                let sort = if dice.once_in(12) {
                    &DOC
                } else {
                    match *dice.pick(&EXTRA) {
                        sort if sort.is_person() => person,
                        sort => sort,
                    }
                };
                let nullable = dice.once_in(2);
                let default = if dice.once_in(3) {
                    {
                        let value: &&str = dice.pick(sort.values);
                        Default::Constant(value)
                    }
                } else {
                    Default::None
                };
                stage
                    .columns
                    .push(field(&format!("c{number}"), sort, nullable, default));
            }
        }
        let doors = if varied {
            Door::some(&stages, dice)
        } else {
            Vec::new()
        };
        let catalogue = catalogue(&stages, &doors);
        let mut world = Self {
            varied,
            person,
            stages,
            doors,
            catalogue,
        };
        world.fill(dice);
        world
    }

    fn fill(&mut self, dice: &mut Dice) {
        for table in 0..self.stages.len() {
            let count = match self.stages[table].name {
                "firms" => 2,
                "staff" => 9,
                "people" => 4,
                "chiefs" => 2,
                _ => 7,
            };
            for number in 0..count {
                let mut row = self.row(table, dice, number);
                self.keep_to_the_parent(table, &mut row);
                // One membership a person and tenant.
                let pair = |row: &Row| (row[1].clone(), row[2].clone());
                let stage = &mut self.stages[table];
                if stage.name == "staff" && stage.rows.iter().any(|r| pair(r) == pair(&row)) {
                    continue;
                }
                stage.rows.push(row);
            }
        }
    }

    /// Moves a row to its parent's tenant where a composite foreign key demands it: rows are filled
    /// in unchecked, and nothing is to be stored that could not be.
    fn keep_to_the_parent(&self, table: usize, row: &mut Row) {
        let stage = &self.stages[table];
        let Some(link) = stage.parent.filter(|link| link.composite) else {
            return;
        };
        let column = stage
            .columns
            .iter()
            .position(|field| field.name == link.column);
        let key = column.and_then(|column| row[column].clone());
        let parents = self.stages.iter().find(|other| other.name == link.table);
        let parent =
            parents.and_then(|parents| parents.rows.iter().find(|parent| parent[0] == key));
        if let Some(parent) = parent {
            row[1] = parent[1].clone();
        }
    }

    /// A new row, its key after the number.
    pub(crate) fn row(&self, table: usize, dice: &mut Dice, number: usize) -> Row {
        let stage = &self.stages[table];
        let id = match stage.name {
            "firms" => TENANT
                .values
                .get(number)
                .map_or_else(|| key(table, number), |&id| id.to_owned()),
            "people" => self
                .person
                .values
                .get(number)
                .map_or_else(|| key(table, number), |&id| id.to_owned()),
            _ => key(table, number),
        };
        let mut row: Row = vec![Some(id)];
        for field in &stage.columns[1..] {
            let value = match stage.parent.filter(|link| link.column == field.name) {
                Some(link) => self.reference(link, row[1].as_ref(), dice, field.nullable),
                None => field.value(dice),
            };
            row.push(value);
        }
        row
    }

    /// The key of a parent, of the tenant if the foreign key wants that.
    fn reference(
        &self,
        link: Link,
        tenant: Option<&String>,
        dice: &mut Dice,
        nullable: bool,
    ) -> Option<String> {
        if nullable && dice.once_in(5) {
            return None;
        }
        let target = self.stages.iter().find(|stage| stage.name == link.table)?;
        let strict = link.composite || !dice.once_in(4);
        let fitting: Vec<&Row> = target
            .rows
            .iter()
            .filter(|row| !strict || row[1].as_ref() == tenant)
            .collect();
        let rows: Vec<&Row> = if fitting.is_empty() {
            target.rows.iter().collect()
        } else {
            fitting
        };
        dice.pick(&rows)[0].clone()
    }

    /// The statements that make the schema and its rows.
    pub(crate) fn script(&self) -> String {
        let mut text = "create schema rnd; create type rnd.mood as enum ('sad', 'ok');
            create function rnd.touch() returns trigger language plpgsql set search_path = '' as
            $$ begin new.changed = now(); return new; end $$;\n"
            .to_owned();
        for stage in &self.stages {
            let columns: Vec<String> = stage.columns.iter().map(Field::definition).collect();
            text += &format!(
                "create table rnd.{} ({}, primary key (id)",
                stage.name,
                columns.join(", ")
            );
            if stage.columns.iter().any(|field| field.name == "firm_id") {
                text += ", unique (id, firm_id), foreign key (firm_id) references rnd.firms (id) on delete cascade";
            }
            if stage.name == "staff" {
                text += ", unique (firm_id, person_id)";
            }
            if let Some(Link {
                table,
                column,
                composite,
            }) = stage.parent
            {
                text += &if composite {
                    format!(
                        ", foreign key ({column}, firm_id) references rnd.{table} (id, firm_id) on delete cascade"
                    )
                } else {
                    format!(
                        ", foreign key ({column}) references rnd.{table} (id) on delete cascade"
                    )
                };
            }
            text += ");\n";
        }
        for door in &self.doors {
            text += &door.script(&self.stages);
        }
        text += "create trigger touch before update on rnd.projects for each row execute function rnd.touch();
            set session_replication_role = replica;\n";
        for stage in &self.stages {
            let tuples: Vec<String> = stage
                .rows
                .iter()
                .map(|row| {
                    let values: Vec<String> = row.iter().map(quoted).collect();
                    format!("({})", values.join(", "))
                })
                .collect();
            text += &format!(
                "insert into rnd.{} values {};\n",
                stage.name,
                tuples.join(", ")
            );
        }
        text + "set session_replication_role = origin;"
    }
}

/// A value as SQL.
pub(crate) fn quoted(value: &Option<String>) -> String {
    value.as_ref().map_or_else(
        || "null".to_owned(),
        |text| format!("'{}'", text.replace('\'', "''")),
    )
}

fn stage(name: &'static str, columns: Vec<Field>) -> Stage {
    Stage {
        name,
        columns,
        parent: None,
        rows: Vec::new(),
    }
}

fn field(name: &str, sort: &'static Sort, nullable: bool, default: Default) -> Field {
    Field {
        name: name.to_owned(),
        sort,
        nullable,
        default,
    }
}

impl Field {
    pub(crate) fn value(&self, dice: &mut Dice) -> Option<String> {
        if (self.nullable && dice.once_in(4)) || self.sort.values.is_empty() {
            return None;
        }
        Some((*dice.pick(self.sort.values)).to_owned())
    }

    fn definition(&self) -> String {
        let null = if self.nullable { "" } else { " not null" };
        let default = match &self.default {
            Default::None => String::new(),
            Default::Constant(text) => {
                format!(" default {}", quoted(&Some((*text).to_owned())))
            }
            Default::Now => " default now()".to_owned(),
            Default::Caller if *self.sort == HANDLE => format!(" default {SUBJECT}"),
            Default::Caller => " default auth.uid()".to_owned(),
            Default::Fresh => " default gen_random_uuid()".to_owned(),
        };
        format!("{} {}{null}{default}", self.name, self.sort.data_type)
    }
}
