//! What a request touches: the tables, views and columns behind its names.

use policy_core::Value;
use policy_core::columns::{ColumnIndex, ColumnSet};
use policy_core::decide::CallerKind;
use policy_core::model::{Policy, Table, View};
use policy_core::value::value_from_text;

use super::grammar::{
    At, Embed, Field, Filter, Group, Is, Item, Operator, Query, Term, Test, Tree,
};
use super::refusal::Refusal;
use super::relations::{ForeignKey, Link, find};

/// A resource of the request, with the columns it names and what is known of its rows.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) source: Source<'a>,
    /// The name filters and orders use for it.
    label: &'a str,
    /// What it is called in the select list, which filters may say as well.
    target: &'a str,
    /// The columns that are selected or that join it.
    pub(super) returned: ColumnSet,
    /// The columns that are filtered or ordered by.
    pub(super) used: ColumnSet,
    /// What the filters say of its rows.
    pub(super) known: Vec<Value<'a>>,
    /// The tables between this one and what is embedded in it, with the columns that join.
    pub(super) between: Vec<(&'a Table, ColumnSet)>,
    pub(super) embedded: Vec<Node<'a>>,
}

/// Where rows come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    Table(&'a Table),
    View(&'a View),
    /// A function's result. What it holds is the function's business, so its columns are not
    /// judged; resources can be embedded in it if its rows are of a table or view.
    Result {
        function: &'a str,
        of: Option<Relation<'a>>,
    },
}

/// A table or view by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Relation<'a> {
    Table(&'a Table),
    View(&'a View),
}

/// Resolves names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver<'a> {
    pub(super) policy: &'a Policy,
    pub(super) foreign_keys: &'a [ForeignKey<'a>],
    pub(super) caller: CallerKind,
}

impl<'a> Resolver<'a> {
    /// The table or view of this name.
    pub(super) fn relation(&self, name: &str) -> Option<Relation<'a>> {
        let view = || self.policy.views.iter().find(|view| view.name == name);
        self.policy
            .table(name)
            .map(Relation::Table)
            .or_else(|| view().map(Relation::View))
    }

    /// Everything a query touches below `source`, and its select list with every `*` of a table
    /// written out as the columns that the caller may read.
    pub(super) fn resolve(
        &self,
        source: Source<'a>,
        query: &'a Query,
    ) -> Result<(Node<'a>, Vec<Item>), Refusal> {
        const EVERYTHING: &[Item] = &[Item::Star];
        let items = query.select.as_deref().unwrap_or(EVERYTHING);
        let (mut root, written) = self.node(source, ("", ""), items)?;
        for At { path, what } in &query.filters {
            root.descend(path)?.filter(what, true)?;
        }
        for At { path, what } in &query.logic {
            root.descend(path)?.logic(what, true)?;
        }
        for At { path, what } in &query.order {
            root.descend(path)?.order(what)?;
        }
        Ok((root, written))
    }

    fn node(
        &self,
        source: Source<'a>,
        (label, target): (&'a str, &'a str),
        items: &'a [Item],
    ) -> Result<(Node<'a>, Vec<Item>), Refusal> {
        let mut node = Node::new(source, label, target);
        let mut written = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Star => written.extend(node.star(self.caller)),
                Item::Count { .. } => written.push(item.clone()),
                Item::Column(column) => {
                    let column = node.source.column(&column.field.name)?;
                    node.returned = node.returned.union(column);
                    written.push(item.clone());
                }
                Item::Embed(embed) => {
                    let (child, items) = self.embed(&mut node, embed)?;
                    node.embedded.push(child);
                    written.push(Item::Embed(embed.with(items)));
                }
            }
        }
        if let (Source::Table(table), []) = (source, items) {
            // Nothing is returned of such rows, but PostgREST asks the database for them whole.
            node.returned = ColumnSet::first(table.columns.len());
        }
        Ok((node, written))
    }

    /// An embedded resource, with the columns on both sides that join it.
    fn embed(
        &self,
        origin: &mut Node<'a>,
        embed: &'a Embed,
    ) -> Result<(Node<'a>, Vec<Item>), Refusal> {
        let labels = (embed.label(), embed.target.as_str());
        let unknown = || Refusal::embed(origin.source.name(), &embed.target);
        let Some(Relation::Table(table)) = origin.source.relation() else {
            // How a view's rows belong to others is not in the catalogue.
            let named = self
                .relation(&embed.target)
                .filter(|_| origin.source.relation().is_some());
            return self.node(named.ok_or_else(unknown)?.into(), labels, &embed.items);
        };
        let hint = embed.hint.as_deref();
        let links = find(
            self.foreign_keys,
            self.policy,
            &table.name,
            (&embed.target, hint),
        );
        let Some(first) = links.first() else {
            return match self.relation(&embed.target) {
                Some(view @ Relation::View(_)) => self.node(view.into(), labels, &embed.items),
                _ => Err(unknown()),
            };
        };
        if links.iter().any(|link| link.target != first.target) {
            return Err(Refusal::ambiguous(&table.name, &embed.target));
        }
        let target = self.policy.table(first.target).ok_or_else(unknown)?;
        let (mut child, items) = self.node(Source::Table(target), labels, &embed.items)?;
        // Of several ways to the same table PostgREST takes none and says so.
        if let [link] = links.as_slice() {
            self.join(origin, table, &mut child, target, link);
        }
        Ok((child, items))
    }

    fn join(
        &self,
        origin: &mut Node<'a>,
        near: &Table,
        child: &mut Node<'a>,
        far: &Table,
        link: &Link<'a>,
    ) {
        origin.returned = origin.returned.union(set(near, link.near));
        child.returned = child.returned.union(set(far, link.far));
        if let Some((name, columns)) = link.through()
            && let Some(table) = self.policy.table(name)
        {
            child.between.push((table, set(table, columns)));
        }
    }
}

impl<'a> Source<'a> {
    /// The name of the table, view or function.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Table(table) => &table.name,
            Self::View(view) => &view.name,
            Self::Result { function, .. } => function,
        }
    }

    fn relation(self) -> Option<Relation<'a>> {
        match self {
            Self::Table(table) => Some(Relation::Table(table)),
            Self::View(view) => Some(Relation::View(view)),
            Self::Result { of, .. } => of,
        }
    }

    /// A named column: empty if privileges on it are not ours to judge.
    fn column(self, name: &str) -> Result<ColumnSet, Refusal> {
        let unknown = || Refusal::column(self.name(), name);
        match self.relation() {
            Some(Relation::Table(table)) => {
                let column = table.column(name).ok_or_else(unknown)?;
                let is_table = matches!(self, Self::Table(_));
                Ok(if is_table {
                    ColumnSet::EMPTY.with(column)
                } else {
                    ColumnSet::EMPTY
                })
            }
            Some(Relation::View(view)) if !view.columns.iter().any(|column| column == name) => {
                Err(unknown())
            }
            Some(Relation::View(_)) | None => Ok(ColumnSet::EMPTY),
        }
    }
}

impl<'a> From<Relation<'a>> for Source<'a> {
    fn from(relation: Relation<'a>) -> Self {
        match relation {
            Relation::Table(table) => Self::Table(table),
            Relation::View(view) => Self::View(view),
        }
    }
}

impl<'a> Node<'a> {
    fn new(source: Source<'a>, label: &'a str, target: &'a str) -> Self {
        let width = if let Source::Table(table) = source {
            table.columns.len()
        } else {
            0
        };
        Self {
            source,
            label,
            target,
            returned: ColumnSet::EMPTY,
            used: ColumnSet::EMPTY,
            known: vec![Value::NotYetKnown; width],
            between: Vec::new(),
            embedded: Vec::new(),
        }
    }

    /// `*`: the columns of a table that the caller may read.
    fn star(&mut self, caller: CallerKind) -> Vec<Item> {
        let Source::Table(table) = self.source else {
            return vec![Item::Star];
        };
        let readable = caller.privileges(&table.grants).select;
        self.returned = self.returned.union(readable);
        if readable.is_empty() {
            return vec![Item::Star];
        }
        table
            .column_names(readable)
            .into_iter()
            .map(Item::column)
            .collect()
    }

    /// The resource at the end of a path.
    fn descend(&mut self, path: &[String]) -> Result<&mut Self, Refusal> {
        let Some((name, rest)) = path.split_first() else {
            return Ok(self);
        };
        let position = |called: fn(&Self) -> &str| {
            self.embedded.iter().position(|child| called(child) == name)
        };
        let found = position(|child| child.label).or_else(|| position(|child| child.target));
        match found.and_then(|position| self.embedded.get_mut(position)) {
            Some(child) => child.descend(rest),
            None => Err(Refusal::not_embedded(name)),
        }
    }

    fn is_embedded(&self, name: &str) -> bool {
        self.embedded.iter().any(|child| child.label == name)
    }

    /// `holds`: whether only rows are meant of which the filter is true.
    fn filter(&mut self, filter: &'a Filter, holds: bool) -> Result<(), Refusal> {
        let Field { name, path } = &filter.field;
        if filter.test == Test::Is(Is::Null) && path.is_empty() && self.is_embedded(name) {
            // Whether anything was embedded: no column is read.
            return Ok(());
        }
        let column = self.source.column(name)?;
        self.used = self.used.union(column);
        if holds && path.is_empty() {
            column.iter().for_each(|column| self.learn(column, filter));
        }
        Ok(())
    }

    fn logic(&mut self, group: &'a Group, holds: bool) -> Result<(), Refusal> {
        let each = !group.negated && (!group.any || group.members.len() == 1);
        group.members.iter().try_for_each(|member| match member {
            Tree::Filter(filter) => self.filter(filter, holds && each),
            Tree::Group(group) => self.logic(group, holds && each),
        })
    }

    fn order(&mut self, terms: &[Term]) -> Result<(), Refusal> {
        for term in terms {
            let node = match &term.embedded {
                Some(name) => self.descend(std::slice::from_ref(name))?,
                None => &mut *self,
            };
            let column = node.source.column(&term.field.name)?;
            node.used = node.used.union(column);
        }
        Ok(())
    }

    /// What a filter that is true says of its column: perhaps its value, perhaps that it has one.
    fn learn(&mut self, column: ColumnIndex, filter: &'a Filter) {
        let Source::Table(table) = self.source else {
            return;
        };
        let Some(kind) = table
            .columns
            .get(usize::from(column))
            .map(|column| column.kind)
        else {
            return;
        };
        let exactly = |text| value_from_text(kind, text).unwrap_or(Value::Present);
        let value = match (&filter.test, filter.negated) {
            (
                Test::Compare {
                    operator: Operator::Equal,
                    quantifier: None,
                    value,
                },
                false,
            ) => exactly(&value.text),
            (Test::In(values), false) => match values.as_slice() {
                [only] => exactly(&only.text),
                _ => Value::Present,
            },
            // An empty list makes these true of everything.
            (Test::In(_), true)
            | (
                Test::Compare {
                    quantifier: Some(_),
                    ..
                },
                _,
            ) => return,
            (Test::Is(Is::Null), false) | (Test::Is(Is::NotNull), true) => Value::Null,
            (Test::Is(Is::True), false) => Value::Bool(true),
            (Test::Is(Is::False), false) => Value::Bool(false),
            (Test::Is(Is::Null), true) | (Test::Is(Is::NotNull), false) => Value::Present,
            (Test::Is(_) | Test::IsDistinct(_), _) => return,
            // Neither they nor their negations are true of a NULL.
            (Test::Compare { .. } | Test::Search { .. }, _) => Value::Present,
        };
        if let Some(known) = self.known.get_mut(usize::from(column))
            && matches!(known, Value::NotYetKnown | Value::Present)
        {
            *known = value;
        }
    }
}

/// The columns of these names.
fn set(table: &Table, names: &[&str]) -> ColumnSet {
    names.iter().filter_map(|name| table.column(name)).collect()
}
