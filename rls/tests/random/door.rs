//! Views and functions, through which a caller reads what the tables behind them let them read.

use crate::dice::Dice;
use crate::world::{Link, Stage};

/// A view, or a function that returns rows of its table.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) name: String,
    pub(crate) function: bool,
    /// Where its table stands in the world.
    pub(crate) table: usize,
    /// The columns it reads, whatever is asked of it; the key is the first.
    pub(crate) columns: Vec<usize>,
    /// The table it joins, of which it reads the key.
    pub(crate) joined: Option<Link>,
    /// Whether PostgreSQL may put the function's body into the statement that calls it.
    inlined: bool,
}

impl Door {
    /// One before some of the tables.
    pub(crate) fn some(stages: &[Stage], dice: &mut Dice) -> Vec<Self> {
        let mut doors = Vec::new();
        for (table, stage) in stages.iter().enumerate() {
            if !dice.once_in(3) {
                let every = 0..stage.columns.len();
                let all = dice.once_in(3);
                doors.push(Self {
                    name: format!("{}_seen", stage.name),
                    function: false,
                    table,
                    columns: every
                        .filter(|at| *at == 0 || all || dice.once_in(2))
                        .collect(),
                    joined: stage.parent.filter(|_| dice.once_in(2)),
                    inlined: false,
                });
            }
            if dice.once_in(3) {
                doors.push(Self {
                    name: format!("{}_found", stage.name),
                    function: true,
                    table,
                    columns: (0..stage.columns.len()).collect(),
                    joined: None,
                    inlined: dice.once_in(2),
                });
            }
        }
        doors
    }

    /// As a policy names it.
    pub(crate) fn named(&self) -> String {
        if self.function {
            format!("function {}()", self.name)
        } else {
            format!("view {}", self.name)
        }
    }

    /// What may be done with it.
    pub(crate) fn action(&self) -> &'static str {
        if self.function { "execute" } else { "select" }
    }

    /// What a statement reads from.
    pub(crate) fn source(&self) -> String {
        let call = if self.function { "()" } else { "" };
        format!("rnd.{}{call}", self.name)
    }

    /// The statement that makes it.
    pub(crate) fn script(&self, stages: &[Stage]) -> String {
        let stage = &stages[self.table];
        let (name, table) = (&self.name, stage.name);
        if self.function {
            // A setting of its own keeps a function out of the statement that calls it.
            let apart = if self.inlined {
                ""
            } else {
                " set search_path = ''"
            };
            return format!(
                "create function rnd.{name}() returns setof rnd.{table} language sql stable{apart} as
                 $$ select * from rnd.{table} $$;\n"
            );
        }
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|&at| format!("t.{}", stage.columns[at].name))
            .collect();
        let join = self.joined.map_or_else(String::new, |link| {
            format!(" join rnd.{} p on p.id = t.{}", link.table, link.column)
        });
        format!(
            "create view rnd.{name} with (security_invoker = true) as select {} from rnd.{table} t{join};\n",
            columns.join(", ")
        )
    }
}
