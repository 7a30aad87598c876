//! The meaning of a table's rules, as tests on a row.

use policy_core::columns::ColumnIndex;
use policy_core::model::{Action, Parent, Place, Rank, Rule, Subject, Table, Team};

use super::condition::condition;
use super::{Context, Role, fence_binds, fence_rank, has_gate};
use crate::sql;
use crate::sql::test::{Place as Position, Test, all, any};

/// One table as one database role sees it, its row under some name.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) table: &'a Table,
    pub(super) role: Role,
    /// What the columns are qualified with.
    pub(super) row: &'a str,
    /// The rank that the fence has tested already.
    pub(super) fenced: Option<Rank>,
    /// Whether the tests stand in a function, once per row, and not in a policy, where what does
    /// not depend on the row is wrapped in a subquery that runs once.
    pub(super) in_function: bool,
}

impl<'a> Rows<'a> {
    /// The rows of a table inside a policy for one command.
    pub(super) fn in_policy(
        context: &'a Context<'a>,
        table: &'a Table,
        role: Role,
        action: Action,
    ) -> Self {
        let behind_fence =
            role == Role::Authenticated && fence_binds(table, action) && !has_gate(context, table);
        let fenced = if behind_fence {
            fence_rank(table)
        } else {
            None
        };
        Self {
            fenced,
            ..Self::open(context, table, role)
        }
    }

    /// The rows of a table where nothing was tested before.
    pub(super) fn open(context: &'a Context<'a>, table: &'a Table, role: Role) -> Self {
        Self {
            context,
            table,
            role,
            row: &table.name,
            fenced: None,
            in_function: false,
        }
    }

    /// A column with its qualifier.
    pub(super) fn column(&self, column: ColumnIndex) -> String {
        let name = sql::name(self.table.column_name(column)).into_owned();
        if self.in_function {
            format!("{}.{name}", self.row)
        } else {
            format!("{}.{name}", sql::name(self.row))
        }
    }

    /// A function of the caller, as it is written here.
    pub(super) fn call(&self, function: &str) -> String {
        if self.in_function {
            function.to_owned()
        } else {
            format!("(select {function})")
        }
    }

    pub(super) fn known(&self) -> Test {
        Test::Known(format!(
            "{} is not null",
            self.call(self.context.caller_id())
        ))
    }

    pub(super) fn rank(&self, rank: Rank) -> Test {
        if self.role != Role::Authenticated {
            return Test::False;
        }
        if self.fenced.is_some_and(|tested| tested >= rank) {
            return Test::True;
        }
        let Some(column) = self.table.place.tenant_column() else {
            return Test::False;
        };
        let (column, helper) = (self.column(column), self.context.helper(rank));
        let test = Test::Rank {
            column,
            rank,
            helper,
        };
        if self.in_function {
            Test::Other(test.inline(Position::Alternative))
        } else {
            test
        }
    }

    /// Whether one membership of the caller's in the row's tenant has the rank and says the same as
    /// the row. The pair is looked for as a whole: two lists would let the tenant of one membership
    /// go with the team of another. The list before it follows from the pair, and is what an index
    /// can answer.
    fn team(&self, team: Team) -> Test {
        let tenant = self.table.place.tenant_column();
        let (Some(tenant), Role::Authenticated) = (tenant, self.role) else {
            return Test::False;
        };
        let (tenant, own) = (self.column(tenant), self.column(team.column));
        let helper = self.context.team_helper(team.rank, team.attribute);
        let listed = format!("{own} = any (array(select h.value from {helper}() h))");
        let paired = Test::Team {
            sql: format!("({tenant}, {own}) in (select h.tenant, h.value from {helper}() h)"),
            column: tenant,
            rank: team.rank,
        };
        all([Test::Other(listed), paired])
    }

    /// Whether a rule speaks of the caller and the row.
    fn subject(&self, rule: &Rule) -> Test {
        if !self.role.speaks_for(rule.subject) {
            return Test::False;
        }
        let own = match rule.subject {
            Subject::Anon | Subject::Service => Test::True,
            Subject::Guest => self.known(),
            Subject::User => Test::Person(self.call(self.context.caller_is_user())),
            Subject::Itself(column) => {
                let id = self.call(self.context.caller_id());
                Test::Own(format!("{} = {id}", self.column(column)))
            }
            Subject::Rank(rank) => return self.rank(rank),
            Subject::Team(team) => return self.team(team),
            Subject::Peer(peer) => {
                let seen = self.related(peer.table, "peer", &[(peer.other, peer.column)]);
                // Where anybody sees the other table, a token without a subject does, too.
                let open = self
                    .context
                    .policy
                    .table_at(peer.table)
                    .is_some_and(|table| {
                        let mut rules = table.rules_for(Action::Select);
                        rules.any(|rule| matches!(rule.subject, Subject::Anon | Subject::Peer(_)))
                    });
                if open {
                    all([self.known(), seen])
                } else {
                    seen
                }
            }
        };
        if rule.fenced(self.table.place) {
            all([self.rank(1), own])
        } else {
            own
        }
    }

    /// Whether a rule reaches the existing row.
    pub(super) fn existing(&self, rule: &Rule) -> Test {
        all([self.subject(rule), condition(self, rule.condition.as_ref())])
    }

    /// Whether a rule allows the new row.
    pub(super) fn proposed(&self, rule: &Rule) -> Test {
        all([self.subject(rule), condition(self, rule.check.as_ref())])
    }

    /// Whether some rule for the action reaches the existing row.
    pub(super) fn reached(&self, action: Action) -> Test {
        any(self.table.rules_for(action).map(|rule| self.existing(rule)))
    }

    /// Whether some rule for the action allows the new row.
    pub(super) fn allowed(&self, action: Action) -> Test {
        any(self.table.rules_for(action).map(|rule| self.proposed(rule)))
    }

    /// A test as a policy says it. Where the fence leaves nothing to ask, that the row has the
    /// tenant that the fence tested: a bare `true` looks like a mistake to readers and linters
    /// alike, and a column costs nothing where `(select caller_id())` is a call more per statement.
    pub(super) fn said(&self, test: Test) -> Test {
        match (test, self.fenced, self.table.place.tenant_column()) {
            (Test::True, Some(_), Some(column)) => {
                Test::Other(format!("{} is not null", self.column(column)))
            }
            (test, ..) => test,
        }
    }

    /// Whether the role sees the row, but for `never`, which has policies of its own.
    pub(super) fn seen(&self) -> Test {
        all([
            any([self.reached(Action::Select), self.founder()]),
            self.parents(),
            self.not_retired(),
        ])
    }

    /// Whether the role sees the row.
    pub(super) fn visible(&self) -> Test {
        let never = self
            .table
            .never
            .iter()
            .filter(|never| never.action == Action::Select);
        let spared = never.map(|never| self.spared(never.condition.as_ref()));
        if self.role == Role::Edge {
            self.seen()
        } else {
            all(std::iter::once(self.seen()).chain(spared))
        }
    }

    /// Whether `never` does not forbid the row; unknown forbids.
    pub(super) fn spared(&self, forbidden: Option<&policy_core::condition::Condition>) -> Test {
        match forbidden {
            None => Test::True,
            some => Test::Other(format!(
                "({}) is false",
                condition(self, some).inline(Position::Alternative)
            )),
        }
    }

    /// Whether the row is a tenant that the caller creates in this very transaction.
    pub(super) fn founder(&self) -> Test {
        let found = self
            .context
            .policy
            .tenant
            .as_ref()
            .and_then(|tenant| tenant.found);
        match (found, self.table.place, self.role) {
            (Some(found), Place::Root(_), Role::Authenticated) => {
                let id = self.call(self.context.caller_id());
                all([
                    Test::Person(self.call(self.context.caller_is_user())),
                    Test::Own(format!("{} = {id}", self.column(found.author))),
                    Test::Other(format!("{} = now()", self.column(found.stamp))),
                ])
            }
            _ => Test::False,
        }
    }

    /// Whether every parent that must be asked about is visible.
    pub(super) fn parents(&self) -> Test {
        if self.role == Role::Edge {
            return Test::True;
        }
        all(self
            .table
            .parents
            .iter()
            .filter(|parent| parent.tested)
            .map(|p| self.parent(p)))
    }

    fn parent(&self, parent: &Parent) -> Test {
        let mut equal = vec![(parent.key, parent.column)];
        equal.extend(parent.tenant.zip(self.table.place.tenant_column()));
        self.related(parent.table, "parent", &equal)
    }

    /// Whether the role sees a row of another table whose columns equal this row's. All columns
    /// are qualified: a bare one would mean the inner table's.
    fn related(&self, table: u16, alias: &str, equal: &[(ColumnIndex, ColumnIndex)]) -> Test {
        let Some(other) = self.context.policy.table_at(table) else {
            return Test::False;
        };
        let readable = super::grants::of(other, self.role).select;
        if !equal.iter().all(|(theirs, _)| readable.contains(*theirs)) {
            // The role sees no such row, and asking would be an error.
            return Test::False;
        }
        let alias = if self.table.name == alias {
            format!("{alias}_row")
        } else {
            alias.to_owned()
        };
        let equal: Vec<String> = equal
            .iter()
            .map(|(theirs, own)| {
                format!(
                    "{alias}.{} = {}",
                    sql::name(other.column_name(*theirs)),
                    self.column(*own)
                )
            })
            .collect();
        let relation = self.context.relation(&other.name);
        Test::Other(format!(
            "exists (select 1 from {relation} {alias} where {})",
            equal.join(" and ")
        ))
    }

    /// Whether the row is not retired, or the caller sees retired rows. The transaction that
    /// retires a row still sees it, or its own update would be refused.
    fn not_retired(&self) -> Test {
        let Some(retire) = self
            .table
            .retire
            .as_ref()
            .filter(|_| self.role != Role::Edge)
        else {
            return Test::True;
        };
        let column = self.column(retire.column);
        any([
            Test::Other(format!("{column} <> {}", sql::constant(&retire.value))),
            self.rank(retire.seen_by),
            all([
                Test::Other(format!("{column} = {}", sql::constant(&retire.value))),
                Test::Other(format!("{} = now()", self.column(retire.stamp))),
                self.rank(retire.by),
            ]),
        ])
    }

    /// Whether the new row is not retired, or the caller may retire rows.
    pub(super) fn may_retire(&self) -> Test {
        let Some(retire) = self
            .table
            .retire
            .as_ref()
            .filter(|_| self.role != Role::Edge)
        else {
            return Test::True;
        };
        any([
            Test::Other(format!(
                "{} <> {}",
                self.column(retire.column),
                sql::constant(&retire.value)
            )),
            self.rank(retire.by),
        ])
    }
}
