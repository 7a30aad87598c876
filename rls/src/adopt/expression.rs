//! An expression of a policy, as far as a policy text could say it.
//!
//! What has no place here is kept as text ([`Expr::Other`]): it is named in the report and never
//! guessed at.

mod read;

use policy_core::condition::Comparison;

pub use read::{expression, query};

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of them.
    All(Vec<Expr>),
    /// One of them.
    Any(Vec<Expr>),
    /// The opposite; unknown stays unknown.
    Not(Box<Expr>),
    /// Whether it is true; never unknown.
    IsTrue(Box<Expr>),
    /// Whether it is false; never unknown.
    IsFalse(Box<Expr>),
    /// A constant.
    Literal(Literal),
    /// A column, or a function's argument.
    Column(Column),
    /// A comparison.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `x in (...)`, `x = any (array[...])`.
    OneOf(Box<Expr>, Vec<Expr>),
    /// `x in (select ...)`, `x = any (array(select ...))`.
    InSelect(Vec<Expr>, Box<Select>),
    /// `exists (select ...)`.
    Exists(Box<Select>),
    /// `x is null`.
    IsNull(Box<Expr>),
    /// `x is distinct from y`.
    Distinct(Box<Expr>, Box<Expr>),
    /// `x like y`.
    Like(Box<Expr>, Box<Expr>),
    /// `x collate "C" ilike y`.
    Ilike(Box<Expr>, Box<Expr>),
    /// A function's result.
    Call(Call),
    /// `x ->> 'name'`.
    Field(Box<Expr>, String),
    /// `x::type`, the type in lower case.
    Cast(Box<Expr>, String),
    /// A subquery's value.
    Scalar(Box<Select>),
    /// Anything else, as it stands.
    Other(String),
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Literal {
    /// A text, or whatever a cast makes of it.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// A truth value.
    Bool(bool),
    /// Nothing.
    Null,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The relation or alias it is of; nothing for the row that a policy speaks about.
    pub of: Option<String>,
    /// Its name.
    pub name: String,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function's schema, if it is written.
    pub schema: Option<String>,
    /// The function's name.
    pub name: String,
    /// What it is given.
    pub arguments: Vec<Expr>,
}

/// A subquery without groups, limits or set operations. Inner joins stand as sources and conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// What it yields.
    pub items: Vec<Expr>,
    /// What it reads.
    pub from: Vec<Source>,
    /// Which rows.
    pub filter: Option<Expr>,
}

/// What a subquery reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The relation's or function's schema, if it is written.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is called in the subquery.
    pub alias: String,
    /// A function's arguments; nothing for a relation.
    pub arguments: Option<Vec<Expr>>,
}

impl Expr {
    /// A column of the policy's own row.
    #[must_use]
    pub fn own(name: &str) -> Self {
        Self::Column(Column {
            of: None,
            name: name.to_owned(),
        })
    }

    /// The parts that must all be true.
    #[must_use]
    pub fn conjuncts(self) -> Vec<Self> {
        match self {
            Self::All(parts) => parts.into_iter().flat_map(Self::conjuncts).collect(),
            Self::IsTrue(inner) => inner.conjuncts(),
            other => vec![other],
        }
    }

    /// Without its casts.
    #[must_use]
    pub fn bare(&self) -> &Self {
        match self {
            Self::Cast(inner, _) => inner.bare(),
            other => other,
        }
    }

    /// The same with every column changed; subqueries included.
    #[must_use]
    pub fn map_columns(self, change: &mut dyn FnMut(Column) -> Expr) -> Self {
        let each = |parts: Vec<Self>, change: &mut dyn FnMut(Column) -> Expr| -> Vec<Self> {
            parts
                .into_iter()
                .map(|part| part.map_columns(change))
                .collect()
        };
        match self {
            Self::All(parts) => Self::All(each(parts, change)),
            Self::Any(parts) => Self::Any(each(parts, change)),
            Self::Not(inner) => Self::Not(Box::new(inner.map_columns(change))),
            Self::IsTrue(inner) => Self::IsTrue(Box::new(inner.map_columns(change))),
            Self::IsFalse(inner) => Self::IsFalse(Box::new(inner.map_columns(change))),
            Self::IsNull(inner) => Self::IsNull(Box::new(inner.map_columns(change))),
            Self::Field(inner, key) => Self::Field(Box::new(inner.map_columns(change)), key),
            Self::Cast(inner, to) => Self::Cast(Box::new(inner.map_columns(change)), to),
            Self::Compare(how, left, right) => Self::Compare(
                how,
                Box::new(left.map_columns(change)),
                Box::new(right.map_columns(change)),
            ),
            Self::Distinct(left, right) => Self::Distinct(
                Box::new(left.map_columns(change)),
                Box::new(right.map_columns(change)),
            ),
            Self::Like(left, right) => Self::Like(
                Box::new(left.map_columns(change)),
                Box::new(right.map_columns(change)),
            ),
            Self::Ilike(left, right) => Self::Ilike(
                Box::new(left.map_columns(change)),
                Box::new(right.map_columns(change)),
            ),
            Self::OneOf(left, list) => {
                Self::OneOf(Box::new(left.map_columns(change)), each(list, change))
            }
            Self::InSelect(left, select) => {
                Self::InSelect(each(left, change), Box::new(select.map_columns(change)))
            }
            Self::Exists(select) => Self::Exists(Box::new(select.map_columns(change))),
            Self::Scalar(select) => Self::Scalar(Box::new(select.map_columns(change))),
            Self::Call(call) => Self::Call(Call {
                arguments: each(call.arguments, change),
                ..call
            }),
            Self::Column(column) => change(column),
            same @ (Self::Literal(_) | Self::Other(_)) => same,
        }
    }

    /// Visits every column and every part that is not understood.
    pub fn visit(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.visit(visit));
            }
            Self::Not(inner)
            | Self::IsTrue(inner)
            | Self::IsFalse(inner)
            | Self::IsNull(inner)
            | Self::Field(inner, _)
            | Self::Cast(inner, _) => inner.visit(visit),
            Self::Compare(_, left, right)
            | Self::Distinct(left, right)
            | Self::Like(left, right)
            | Self::Ilike(left, right) => {
                left.visit(visit);
                right.visit(visit);
            }
            Self::OneOf(left, list) => {
                left.visit(visit);
                list.iter().for_each(|part| part.visit(visit));
            }
            Self::InSelect(left, select) => {
                left.iter().for_each(|part| part.visit(visit));
                select.visit(visit);
            }
            Self::Exists(select) | Self::Scalar(select) => select.visit(visit),
            Self::Call(call) => call.arguments.iter().for_each(|part| part.visit(visit)),
            Self::Column(_) | Self::Literal(_) | Self::Other(_) => {}
        }
    }
}

impl Select {
    /// The same with every column changed.
    #[must_use]
    pub fn map_columns(self, change: &mut dyn FnMut(Column) -> Expr) -> Self {
        let Self {
            items,
            from,
            filter,
        } = self;
        Self {
            items: items
                .into_iter()
                .map(|item| item.map_columns(change))
                .collect(),
            from: from
                .into_iter()
                .map(|source| Source {
                    arguments: source.arguments.map(|arguments| {
                        arguments
                            .into_iter()
                            .map(|argument| argument.map_columns(change))
                            .collect()
                    }),
                    ..source
                })
                .collect(),
            filter: filter.map(|filter| filter.map_columns(change)),
        }
    }

    fn visit(&self, visit: &mut dyn FnMut(&Expr)) {
        self.items.iter().for_each(|item| item.visit(visit));
        for source in &self.from {
            for argument in source.arguments.iter().flatten() {
                argument.visit(visit);
            }
        }
        if let Some(filter) = &self.filter {
            filter.visit(visit);
        }
    }
}
