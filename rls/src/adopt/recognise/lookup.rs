//! Rows of other tables: memberships, and parents that must be visible.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::condition::Comparison;
use policy_core::value::Kind;

use super::caller::{self, Property};
use super::condition::condition;
use super::{DEEPEST, Reader, Role};
use crate::adopt::alternative::{Alternative, Membership, Parent, Source};
use crate::adopt::expression::{Column, Expr, Literal, Select};
use crate::adopt::{grants, policies, words};

/// Two columns that must be equal: of the other table, and of the row.
pub(super) type Pair = (String, String);

impl Reader<'_> {
    /// `left in (select ...)`.
    pub(super) fn in_select(&mut self, left: &[Expr], select: &Select) -> Vec<Alternative> {
        if let [Expr::Call(call)] = select.items.as_slice()
            && select.from.is_empty()
            && select.filter.is_none()
        {
            return self.among(left, call, &[]);
        }
        if let [source] = select.from.as_slice()
            && let Some(arguments) = &source.arguments
            && select.filter.is_none()
            && select.items.len() == left.len()
        {
            let call = crate::adopt::expression::Call {
                schema: source.schema.clone(),
                name: source.name.clone(),
                arguments: arguments.clone(),
            };
            let columns = select.items.iter().map(|item| match item {
                Expr::Column(column) if column.of.as_ref() == Some(&source.alias) => {
                    Some(column.name.as_str())
                }
                _ => None,
            });
            let columns: Option<Vec<&str>> = columns.collect();
            return match columns {
                Some(columns) => self.among(left, &call, &columns),
                None => self.nothing(),
            };
        }
        if left.len() != select.items.len() {
            return self.nothing();
        }
        let equal = left.iter().zip(&select.items).map(|(left, item)| {
            Expr::Compare(
                Comparison::Equal,
                Box::new(item.clone()),
                Box::new(left.clone()),
            )
        });
        let filter = select.filter.clone().into_iter().chain(equal).collect();
        self.exists(&Select {
            items: Vec::new(),
            from: select.from.clone(),
            filter: Some(Expr::All(filter)),
        })
    }

    /// `left = (select ...)`: the same as `in` if there is at most one row.
    pub(super) fn scalar(&mut self, left: &Expr, select: &Select) -> Vec<Alternative> {
        let single = match select.from.as_slice() {
            [source] => {
                let table = self.ground.live.catalogue.relation(&source.name);
                let callers: Vec<String> = parts(select)
                    .iter()
                    .filter_map(|part| caller_column(part, &source.alias))
                    .collect();
                table.is_some_and(|table| callers.iter().any(|caller| table.is_unique(&[caller])))
            }
            _ => false,
        };
        if single {
            self.in_select(std::slice::from_ref(left), select)
        } else {
            self.refuse(
                "a subquery must yield one row here, and for a caller with several memberships it fails",
                "write `in (select ...)`",
            )
        }
    }

    fn nothing(&mut self) -> Vec<Alternative> {
        self.refuse(
            "what it looks up is neither a membership of the caller nor a visible parent",
            "name the table in `members`, or reach it with `via <column> in <table>`",
        )
    }

    /// `exists (select ...)`.
    pub(super) fn exists(&mut self, select: &Select) -> Vec<Alternative> {
        if self.role == Role::Edge {
            return self.refuse(
                "the service's rules ask nothing of other rows",
                "let the Worker decide, and give the service the rows",
            );
        }
        if select.from.is_empty() {
            return match &select.filter {
                None => vec![Alternative::default()],
                Some(filter) => self.alternatives(filter),
            };
        }
        if self.depth >= DEEPEST {
            return self.nothing();
        }
        if let Some(found) = self.membership(select) {
            return found;
        }
        if let Some(found) = self.parent(select) {
            return found;
        }
        self.nothing()
    }

    fn membership(&mut self, select: &Select) -> Option<Vec<Alternative>> {
        let [source] = select.from.as_slice() else {
            return None;
        };
        if source.arguments.is_some() || !self.ground.is_ours(source.schema.as_deref()) {
            return None;
        }
        let table = self.ground.live.catalogue.relation(&source.name)?;
        let (mut caller, mut pairs) = (None, Vec::new());
        let mut tests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut conditions = BTreeSet::new();
        for part in parts(select) {
            if let Some(column) = caller_column(&part, &source.alias) {
                if caller.replace(column).is_some() {
                    return None;
                }
            } else if let Some(pair) = pair(&part, &source.alias) {
                pairs.push(pair);
            } else {
                let part = framed(part, &source.alias)?;
                let told = labels(&part).filter(|(column, _)| {
                    let kind = table
                        .column(column)
                        .map(policy_core::catalogue::Column::kind);
                    matches!(kind, Some(Kind::Text | Kind::Enum))
                });
                if let Some((column, labels)) = told {
                    let known = tests.entry(column).or_insert_with(|| labels.clone());
                    *known = known.intersection(&labels).cloned().collect();
                } else {
                    conditions.insert(condition(&part, table).ok()?);
                }
            }
        }
        let caller = caller?;
        let ((tenant, column), same) = self.tied(table, pairs)?;
        // A row that is its caller's own, reached by its key, is a parent, unless it is the tenant.
        let is_key = table.primary_key.len() == 1 && table.primary_key.contains(&tenant);
        let is_parent = is_key && !self.ground.is_root(&source.name, &tenant);
        if is_parent || table.column(&caller)?.kind() != self.ground.caller_id {
            return None;
        }
        if self.role != Role::Authenticated {
            return Some(Vec::new());
        }
        let member = Membership {
            column,
            source: Source {
                table: source.name.clone(),
                tenant,
                caller,
            },
            tests,
            conditions,
            same,
        };
        if !self.is_unbound(&member.source.table) && !self.shows(&member) {
            return Some(self.refuse(
                format!("the subquery sees only the rows of `{}` that its own policies show, and these are not all of the caller's own", source.name),
                "memberships are read live, whatever the policies of their table say; look them up in a `security definer` function",
            ));
        }
        Some(vec![Alternative {
            members: BTreeSet::from([member]),
            ..Alternative::default()
        }])
    }

    /// Whether a table is read by a function that its row-level security does not bind.
    fn is_unbound(&self, table: &str) -> bool {
        let live = self.ground.live;
        self.definer.as_deref().is_some_and(|owner| {
            let role = live.role(owner);
            role.is_some_and(|role| role.superuser || role.bypass_rls)
                || live
                    .table(table)
                    .is_some_and(|table| table.owner == owner && !table.forced)
        })
    }

    /// Whether everybody who is signed in sees their own rows that a lookup looks for.
    fn shows(&mut self, wanted: &Membership) -> bool {
        let Source {
            table,
            tenant,
            caller,
        } = &wanted.source;
        let (Some(live), Some(row)) = (
            self.ground.live.table(table),
            self.ground.live.catalogue.relation(table),
        ) else {
            return false;
        };
        let readable = grants::columns(live, Role::Authenticated, "select");
        let team = wanted.same.as_ref().map(|same| &same.theirs);
        if ![tenant, caller]
            .into_iter()
            .chain(team)
            .chain(wanted.tests.keys())
            .all(|column| readable.contains(column))
        {
            return false;
        }
        if !live.row_security {
            return true;
        }
        let mut inner = Reader::new(self.ground, row, Role::Authenticated);
        inner.depth = self.depth + 1;
        if inner.depth >= DEEPEST {
            return false;
        }
        // The row itself is a membership in its own tenant.
        let itself = Membership {
            column: tenant.clone(),
            same: None,
            ..wanted.clone()
        };
        let mut own = Alternative {
            own: BTreeSet::from([caller.clone()]),
            members: BTreeSet::from([itself]),
            conditions: wanted.conditions.clone(),
            ..Alternative::default()
        };
        for (column, labels) in &wanted.tests {
            if let [label] = labels.iter().collect::<Vec<_>>().as_slice() {
                let label = words::literal(&Literal::Text((*label).clone()));
                own.conditions
                    .insert(format!("{} = {label}", words::name(column)));
            }
        }
        let all = policies::select(&mut inner, live);
        all.iter().any(|one| own.implies(one))
    }

    fn parent(&mut self, select: &Select) -> Option<Vec<Alternative>> {
        for source in &select.from {
            if source.arguments.is_some()
                || !self.ground.is_ours(source.schema.as_deref())
                || self.definer.is_some()
            {
                continue;
            }
            let (live, row) = (
                self.ground.live.table(&source.name)?,
                self.ground.live.catalogue.relation(&source.name)?,
            );
            let (mut pairs, mut rest): (Vec<Pair>, Vec<Expr>) = (Vec::new(), Vec::new());
            for part in parts(select) {
                match pair(&part, &source.alias) {
                    Some(pair) => pairs.push(pair),
                    None => rest.push(part),
                }
            }
            let key = pairs
                .iter()
                .position(|(key, _)| row.primary_key == [key.clone()])
                .unwrap_or(0);
            if pairs.is_empty() || !live.row_security {
                continue;
            }
            let (key, column) = pairs.remove(key);
            let others: Vec<_> = select
                .from
                .iter()
                .filter(|other| other.alias != source.alias)
                .cloned()
                .collect();
            if !others.is_empty() {
                // What the other tables are asked is asked of them for this parent's row.
                let filter = Some(Expr::All(std::mem::take(&mut rest)));
                rest = vec![Expr::Exists(Box::new(Select {
                    items: Vec::new(),
                    from: others,
                    filter,
                }))];
            }
            if !rest.is_empty() && !self.seen_anyway(&source.name, &source.alias, rest) {
                continue;
            }
            let parent = Parent {
                column,
                table: source.name.clone(),
                single: row.primary_key == [key.clone()],
                key,
                also: pairs.into_iter().collect(),
            };
            return Some(vec![Alternative {
                parents: BTreeSet::from([parent]),
                ..Alternative::default()
            }]);
        }
        None
    }

    /// Whether a row of the table that is visible passes these tests anyway: then they say nothing
    /// that `via` does not.
    fn seen_anyway(&mut self, table: &str, alias: &str, tests: Vec<Expr>) -> bool {
        let (Some(live), Some(row)) = (
            self.ground.live.table(table),
            self.ground.live.catalogue.relation(table),
        ) else {
            return false;
        };
        let framed: Option<Vec<Expr>> = tests.into_iter().map(|test| framed(test, alias)).collect();
        let Some(framed) = framed else {
            return false;
        };
        let mut inner = Reader::new(self.ground, row, self.role);
        inner.depth = self.depth + 1;
        let asked = inner.alternatives(&Expr::All(framed));
        let seen = policies::select(&mut inner, live);
        inner.refusals.is_empty()
            && seen
                .iter()
                .all(|one| asked.iter().any(|other| one.implies(other)))
    }
}

fn parts(select: &Select) -> Vec<Expr> {
    select
        .filter
        .clone()
        .map(Expr::conjuncts)
        .unwrap_or_default()
}

/// The column of `alias` that a part says is the caller's id.
fn caller_column(part: &Expr, alias: &str) -> Option<String> {
    let Expr::Compare(Comparison::Equal, left, right) = part else {
        return None;
    };
    [(left, right), (right, left)]
        .into_iter()
        .find_map(|(one, other)| match other.bare() {
            Expr::Column(column)
                if column.of.as_deref() == Some(alias)
                    && caller::property(one) == Some(Property::Id) =>
            {
                Some(column.name.clone())
            }
            _ => None,
        })
}

/// The columns of `alias` and of the row that a part says are equal.
fn pair(part: &Expr, alias: &str) -> Option<Pair> {
    let Expr::Compare(Comparison::Equal, left, right) = part else {
        return None;
    };
    [(left, right), (right, left)]
        .into_iter()
        .find_map(|(one, other)| match (one.as_ref(), other.as_ref()) {
            (Expr::Column(theirs), Expr::Column(own))
                if theirs.of.as_deref() == Some(alias) && own.of.is_none() =>
            {
                Some((theirs.name.clone(), own.name.clone()))
            }
            _ => None,
        })
}

/// A test of `alias` alone, as a test of its row.
fn framed(of: Expr, alias: &str) -> Option<Expr> {
    let mut outer = false;
    of.visit(&mut |part| {
        outer |= matches!(part, Expr::Column(Column { of: None, .. }));
    });
    (!outer).then(|| {
        of.map_columns(&mut |column| {
            let of = column.of.filter(|of| of != alias);
            Expr::Column(Column { of, ..column })
        })
    })
}

/// A column and the values that a part allows it.
fn labels(part: &Expr) -> Option<(String, BTreeSet<String>)> {
    let text = |of: &Expr| match of.bare() {
        Expr::Literal(Literal::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let column = |of: &Expr| match of.bare() {
        Expr::Column(column) if column.of.is_none() => Some(column.name.clone()),
        _ => None,
    };
    match part {
        Expr::Compare(Comparison::Equal, left, right) => {
            Some((column(left)?, BTreeSet::from([text(right)?])))
        }
        Expr::OneOf(left, list) => {
            Some((column(left)?, list.iter().map(text).collect::<Option<_>>()?))
        }
        _ => None,
    }
}
