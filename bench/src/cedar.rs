//! The same policy in Cedar, as its users would write it: one `permit` a rule, roles as groups
//! that contain each other, a row as a resource, and a `forbid` for what no rule may override.
//!
//! Cedar knows neither NULL nor a row before and after: a NULL is an attribute that is missing,
//! and the new row of an update comes in the context.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use policy_core::columns::{ColumnIndex, ColumnSet};
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::model::{Action, Policy, Rank, Rule, Subject, Table};
use policy_core::value::{Literal, uuid_text};

use crate::cases::{CALLER, Case, NOW, Owned};
use crate::error::BenchError;

/// The row a condition is about.
#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

/// The policies about one action on one table: what Cedar's users hand to the authorizer when
/// they slice by action and resource type.
pub(crate) fn policies(policy: &Policy, table: &Table, action: Action) -> Option<String> {
    let text = Text { policy, table };
    let head = format!(
        "principal, action == Action::\"{}\", resource is {}",
        action.word(),
        entity_type(table)
    );
    let mut all = Vec::new();
    for rule in table.rules_for(action) {
        let mut parts = vec![
            text.subject(rule, Side::Old)?,
            text.condition(rule.condition.as_ref(), Side::Old)?,
        ];
        if action == Action::Update {
            parts.push(text.subject(rule, Side::New)?);
            parts.push(text.condition(rule.check.as_ref(), Side::New)?);
            parts.push(text.within(rule.columns, "changed"));
        }
        all.push(format!("permit({head}) when {{ {} }};", parts.join(" && ")));
    }
    if let (Action::Select, Some(founder)) = (action, text.founder(Side::Old)) {
        all.push(format!("permit({head}) when {{ {founder} }};"));
    }
    let mut demands = vec![text.visible(Side::Old)?];
    if action == Action::Update {
        demands.push(text.visible(Side::New)?);
        demands.push(text.may_retire(Side::New));
    } else {
        demands.push(text.within(table.grants.authenticated.select, "read"));
    }
    for never in table.never.iter().filter(|never| never.action == action) {
        for (condition, side) in [(&never.condition, Side::Old), (&never.check, Side::New)] {
            if let Some(condition) = condition {
                demands.push(text.holds(condition, false, side)?);
            }
        }
    }
    all.push(format!(
        "forbid({head}) unless {{ {} }};",
        demands.join(" && ")
    ));
    Some(all.join("\n"))
}

/// A case as Cedar is asked it.
pub(crate) struct Question {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
}

impl Question {
    pub(crate) fn new(policy: &Policy, case: &Case) -> Result<Self, BenchError> {
        let table = &policy.tables[case.table];
        let principal = uid(&format!("User::\"{}\"", uuid_text(CALLER)))?;
        let resource = uid(&format!("{}::\"row\"", entity_type(table)))?;
        let mut entities = Vec::new();
        // Groups of every tenant the caller belongs to, each inside the next lower one.
        let mut groups = HashSet::new();
        for (tenant, rank) in &case.ranks {
            for level in 1..=*rank {
                let lower = (level > 1)
                    .then(|| role(policy, *tenant, level - 1))
                    .transpose()?;
                let parents = lower.into_iter().collect();
                entities.push(entity(
                    role(policy, *tenant, level)?,
                    HashMap::new(),
                    parents,
                )?);
            }
            if *rank > 0 {
                groups.insert(role(policy, *tenant, *rank)?);
            }
        }
        entities.push(entity(principal.clone(), HashMap::new(), groups)?);
        let mut attributes = row(policy, table, &case.old)?;
        attributes.insert("peers".into(), RestrictedExpression::new_bool(case.peers));
        entities.push(entity(resource.clone(), attributes, HashSet::new())?);

        let names = |columns: ColumnSet| {
            let names = table.column_names(columns).into_iter();
            RestrictedExpression::new_set(
                names.map(|name| RestrictedExpression::new_string(name.to_owned())),
            )
        };
        let mut context: Vec<(String, RestrictedExpression)> = vec![
            ("now".into(), RestrictedExpression::new_long(NOW)),
            (
                "aal".into(),
                RestrictedExpression::new_string("aal1".into()),
            ),
            ("caller".into(), text_of(&Literal::Uuid(CALLER))),
            (
                "parents".into(),
                RestrictedExpression::new_bool(case.parents),
            ),
        ];
        if case.action == Action::Update {
            let mut new = row(policy, table, &case.new)?;
            new.insert("peers".into(), RestrictedExpression::new_bool(case.peers));
            context.push((
                "new".into(),
                RestrictedExpression::new_record(new).map_err(other)?,
            ));
            context.push(("changed".into(), names(case.changed())));
        } else {
            context.push(("read".into(), names(case.read)));
        }
        let action = uid(&format!("Action::\"{}\"", case.action.word()))?;
        let context = Context::from_pairs(context).map_err(other)?;
        Ok(Self {
            request: Request::new(principal, action, resource, context, None).map_err(other)?,
            entities: Entities::from_entities(entities, None).map_err(other)?,
        })
    }
}

pub(crate) fn parse(text: &str) -> Result<PolicySet, BenchError> {
    text.parse().map_err(other)
}

struct Text<'a> {
    policy: &'a Policy,
    table: &'a Table,
}

impl Text<'_> {
    fn subject(&self, rule: &Rule, side: Side) -> Option<String> {
        let fence = if rule.fenced(self.table.place) {
            self.rank(1, side)
        } else {
            "true".to_owned()
        };
        Some(match rule.subject {
            Subject::Rank(rank) => self.rank(rank, side),
            Subject::Itself(column) => format!(
                "({fence} && {} && {} == context.caller)",
                self.has(column, side),
                self.get(column, side)
            ),
            Subject::Anon | Subject::Guest | Subject::User => fence,
            Subject::Peer(_) => format!("{}.peers", root(side)),
            // Nothing in the policy that is measured needs them.
            Subject::Team(_) => return None,
            Subject::Service => "false".to_owned(),
        })
    }

    /// Whether the caller's rank in the row's tenant is at least this.
    fn rank(&self, rank: Rank, side: Side) -> String {
        let role = self
            .policy
            .tenant
            .as_ref()
            .map_or("", |tenant| tenant.role(rank));
        format!("principal in {}.tenant_roles.{role}", root(side))
    }

    fn within(&self, columns: ColumnSet, named: &str) -> String {
        let names: Vec<String> = self
            .table
            .column_names(columns)
            .iter()
            .map(|n| format!("{n:?}"))
            .collect();
        format!("[{}].containsAll(context.{named})", names.join(", "))
    }

    /// What must hold for the row to be seen at all.
    fn visible(&self, side: Side) -> Option<String> {
        let mut rules = Vec::new();
        for rule in self.table.rules_for(Action::Select) {
            let subject = self.subject(rule, side)?;
            let condition = self.condition(rule.condition.as_ref(), side)?;
            rules.push(format!("({subject} && {condition})"));
        }
        rules.extend(self.founder(side));
        let mut all = vec![format!("({})", rules.join(" || "))];
        if !self.table.parents.is_empty() {
            all.push("context.parents".to_owned());
        }
        if let Some(retire) = &self.table.retire {
            let (has, get) = (self.has(retire.column, side), self.get(retire.column, side));
            let stamp = (self.has(retire.stamp, side), self.get(retire.stamp, side));
            all.push(format!(
                "(({has} && {get} != {}) || {} || ({} && {} == context.now && {}))",
                literal(&retire.value),
                self.rank(retire.seen_by, side),
                stamp.0,
                stamp.1,
                self.rank(retire.by, side)
            ));
        }
        for never in self
            .table
            .never
            .iter()
            .filter(|never| never.action == Action::Select)
        {
            if let Some(condition) = &never.condition {
                all.push(self.holds(condition, false, side)?);
            }
        }
        Some(all.join(" && "))
    }

    /// Whoever creates a tenant sees it in that transaction.
    fn founder(&self, side: Side) -> Option<String> {
        let tenant = self.policy.tenant.as_ref()?;
        let found = tenant.found?;
        let is_root = self.policy.tables.get(usize::from(tenant.root)) == Some(self.table);
        is_root.then(|| {
            format!(
                "({} && {} == context.caller && {} && {} == context.now)",
                self.has(found.author, side),
                self.get(found.author, side),
                self.has(found.stamp, side),
                self.get(found.stamp, side)
            )
        })
    }

    fn may_retire(&self, side: Side) -> String {
        self.table.retire.as_ref().map_or_else(
            || "true".to_owned(),
            |retire| {
                format!(
                    "(({} && {} != {}) || {})",
                    self.has(retire.column, side),
                    self.get(retire.column, side),
                    literal(&retire.value),
                    self.rank(retire.by, side)
                )
            },
        )
    }

    fn condition(&self, condition: Option<&Condition>, side: Side) -> Option<String> {
        condition.map_or_else(|| Some("true".to_owned()), |c| self.holds(c, true, side))
    }

    /// True if and only if the condition is `wanted`: neither the opposite nor unknown.
    fn holds(&self, condition: &Condition, wanted: bool, side: Side) -> Option<String> {
        let join = |parts: &[Condition], all: bool| {
            let parts: Option<Vec<String>> = parts
                .iter()
                .map(|part| self.holds(part, wanted, side))
                .collect();
            let (word, none) = if all {
                (" && ", "true")
            } else {
                (" || ", "false")
            };
            parts.map(|parts| match parts.as_slice() {
                [] => none.to_owned(),
                parts => format!("({})", parts.join(word)),
            })
        };
        Some(match condition {
            Condition::All(parts) => join(parts, wanted)?,
            Condition::Any(parts) => join(parts, !wanted)?,
            Condition::Not(part) => self.holds(part, !wanted, side)?,
            Condition::IsNull(operand) => {
                let present = self.present(operand, side);
                if wanted {
                    format!("!({present})")
                } else {
                    present
                }
            }
            Condition::Flag(operand) => format!(
                "({} && {} == {wanted})",
                self.present(operand, side),
                self.operand(operand, side)
            ),
            Condition::OneOf(operand, literals) => {
                let list: Vec<String> = literals.iter().map(literal).collect();
                let (present, operand) = (self.present(operand, side), self.operand(operand, side));
                let not = if wanted { "" } else { "!" };
                format!(
                    "({present} && {not}[{}].contains({operand}))",
                    list.join(", ")
                )
            }
            Condition::Compare(comparison, left, right) => {
                let sign = match (comparison, wanted) {
                    (Comparison::Equal, true) | (Comparison::NotEqual, false) => "==",
                    (Comparison::NotEqual, true) | (Comparison::Equal, false) => "!=",
                    (Comparison::Less, true) | (Comparison::GreaterOrEqual, false) => "<",
                    (Comparison::LessOrEqual, true) | (Comparison::Greater, false) => "<=",
                    (Comparison::Greater, true) | (Comparison::LessOrEqual, false) => ">",
                    (Comparison::GreaterOrEqual, true) | (Comparison::Less, false) => ">=",
                };
                format!(
                    "({} && {} && {} {sign} {})",
                    self.present(left, side),
                    self.present(right, side),
                    self.operand(left, side),
                    self.operand(right, side)
                )
            }
            // Nothing in the policy that is measured needs them.
            _ => return None,
        })
    }

    fn present(&self, operand: &Operand, side: Side) -> String {
        match operand {
            Operand::Column(column) => self.has(*column, side),
            _ => "true".to_owned(),
        }
    }

    fn operand(&self, operand: &Operand, side: Side) -> String {
        match operand {
            Operand::Column(column) => self.get(*column, side),
            Operand::Literal(value) => literal(value),
            Operand::CallerId => "context.caller".to_owned(),
            Operand::CallerEmail => "context.email".to_owned(),
            Operand::CallerAal => "context.aal".to_owned(),
            Operand::Now => "context.now".to_owned(),
        }
    }

    fn has(&self, column: ColumnIndex, side: Side) -> String {
        if self.table.not_null.contains(column) {
            return "true".to_owned();
        }
        format!("{} has {:?}", root(side), self.table.column_name(column))
    }

    fn get(&self, column: ColumnIndex, side: Side) -> String {
        format!("{}[{:?}]", root(side), self.table.column_name(column))
    }
}

fn root(side: Side) -> &'static str {
    match side {
        Side::Old => "resource",
        Side::New => "context.new",
    }
}

fn entity_type(table: &Table) -> &str {
    &table.name
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Bool(b) => b.to_string(),
        Literal::Int(i) | Literal::Timestamp(i) => i.to_string(),
        Literal::Date(days) => days.to_string(),
        Literal::Uuid(u) => format!("{:?}", uuid_text(*u)),
        // Cedar's decimals have four digits after the point; the benchmark asks only for equality.
        Literal::Text(text) | Literal::Decimal(text) => format!("{text:?}"),
    }
}

fn text_of(literal: &Literal) -> RestrictedExpression {
    match literal {
        Literal::Bool(b) => RestrictedExpression::new_bool(*b),
        Literal::Int(i) | Literal::Timestamp(i) => RestrictedExpression::new_long(*i),
        Literal::Date(days) => RestrictedExpression::new_long(i64::from(*days)),
        Literal::Uuid(u) => RestrictedExpression::new_string(uuid_text(*u)),
        Literal::Text(text) | Literal::Decimal(text) => {
            RestrictedExpression::new_string(text.to_string())
        }
    }
}

type Attributes = HashMap<String, RestrictedExpression>;

/// A row's attributes: its columns, and the groups of its tenant by role.
fn row(policy: &Policy, table: &Table, values: &[Owned]) -> Result<Attributes, BenchError> {
    let mut attributes = HashMap::new();
    for (column, value) in table.columns.iter().zip(values) {
        match value {
            Owned::Null => {}
            Owned::Present => {
                attributes.insert(column.name.clone(), RestrictedExpression::new_bool(true));
            }
            Owned::Literal(literal) => {
                attributes.insert(column.name.clone(), text_of(literal));
            }
        }
    }
    let tenant = table
        .place
        .tenant_column()
        .and_then(|column| values.get(usize::from(column)));
    if let (Some(declared), Some(Owned::Literal(Literal::Uuid(tenant)))) = (&policy.tenant, tenant)
    {
        let roles = (1..=declared.top()).map(|rank| {
            let group = RestrictedExpression::new_entity_uid(role(policy, *tenant, rank)?);
            Ok((declared.role(rank).to_owned(), group))
        });
        let roles: Result<Vec<_>, BenchError> = roles.collect();
        let roles = RestrictedExpression::new_record(roles?).map_err(other)?;
        attributes.insert("tenant_roles".to_owned(), roles);
    }
    Ok(attributes)
}

fn role(policy: &Policy, tenant: u128, rank: Rank) -> Result<EntityUid, BenchError> {
    let name = policy
        .tenant
        .as_ref()
        .map_or("", |declared| declared.role(rank));
    uid(&format!("Role::\"{}/{name}\"", uuid_text(tenant)))
}

fn uid(text: &str) -> Result<EntityUid, BenchError> {
    text.parse().map_err(other)
}

fn entity(
    uid: EntityUid,
    attributes: Attributes,
    parents: HashSet<EntityUid>,
) -> Result<Entity, BenchError> {
    Entity::new(uid, attributes, parents).map_err(other)
}

fn other(error: impl std::fmt::Display) -> BenchError {
    BenchError::Unequal(format!("Cedar: {error}"))
}
