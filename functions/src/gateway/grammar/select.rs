//! What is selected: columns, aggregates and embedded resources.

use std::fmt::{self, Display};

use super::MAX_DEPTH;
use super::cursor::{Cursor, Read};
use super::name::{Field, Name, identifier, name};

/// One entry of a select list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Item {
    /// `*`
    Star,
    /// `alias:field::cast.aggregate()::cast`
    Column(Column),
    /// `alias:count()::cast`
    Count {
        alias: Option<String>,
        cast: Option<String>,
    },
    /// `alias:target!hint!join(items)`
    Embed(Embed),
}

/// A selected column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Column {
    pub(super) alias: Option<String>,
    pub(in super::super) field: Field,
    pub(super) cast: Option<String>,
    pub(super) aggregate: Option<(Aggregate, Option<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Avg,
    Count,
    Max,
    Min,
    Sum,
}

/// Rows of another table, embedded in each row or, as a spread, merged into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Embed {
    /// `...target(…)`
    pub(super) spread: bool,
    pub(in super::super) alias: Option<String>,
    /// A table, view, foreign key or column of one.
    pub(in super::super) target: String,
    /// The foreign key or the column of one, or the table between.
    pub(in super::super) hint: Option<String>,
    pub(super) join: Option<Join>,
    pub(in super::super) items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    Inner,
    Left,
}

impl Item {
    /// A plain column.
    pub(in super::super) fn column(name: &str) -> Self {
        let field = Field {
            name: name.to_owned(),
            path: Vec::new(),
        };
        Self::Column(Column {
            alias: None,
            field,
            cast: None,
            aggregate: None,
        })
    }

    /// A select list; it may be empty.
    pub(super) fn read_list(cursor: &mut Cursor<'_>, depth: usize) -> Read<Vec<Self>> {
        cursor.skip_blanks();
        if cursor.is_done() || cursor.looks_at(")") {
            return Ok(Vec::new());
        }
        if depth > MAX_DEPTH {
            return cursor.fail("less nesting");
        }
        cursor.list(|cursor| Self::read(cursor, depth))
    }

    fn read(cursor: &mut Cursor<'_>, depth: usize) -> Read<Self> {
        if cursor.eat("*") {
            return Ok(Self::Star);
        }
        if cursor.eat("...") {
            let target = name(cursor)?;
            return Embed::read(cursor, true, None, target, depth).map(Self::Embed);
        }
        let alias = cursor.attempt(alias);
        let after_alias = *cursor;
        let target = name(cursor)?;
        if target == "count" && cursor.looks_at("(") {
            cursor.expect("()")?;
            return Ok(Self::Count {
                alias,
                cast: cast(cursor)?,
            });
        }
        if cursor.looks_at("(") || cursor.looks_at("!") {
            return Embed::read(cursor, false, alias, target, depth).map(Self::Embed);
        }
        *cursor = after_alias;
        Column::read(cursor, alias).map(Self::Column)
    }
}

/// `alias:`, but not the start of a cast.
fn alias(cursor: &mut Cursor<'_>) -> Read<String> {
    let alias = name(cursor)?;
    cursor.expect(":")?;
    if cursor.looks_at(":") {
        cursor.fail("a name")
    } else {
        Ok(alias)
    }
}

fn cast(cursor: &mut Cursor<'_>) -> Read<Option<String>> {
    if cursor.eat("::") {
        identifier(cursor).map(Some)
    } else {
        Ok(None)
    }
}

impl Column {
    fn read(cursor: &mut Cursor<'_>, alias: Option<String>) -> Read<Self> {
        let field = Field::read(cursor)?;
        let inner_cast = cast(cursor)?;
        let aggregate = if cursor.eat(".") {
            let function = Aggregate::read(cursor)?;
            Some((function, cast(cursor)?))
        } else {
            None
        };
        Ok(Self {
            alias,
            field,
            cast: inner_cast,
            aggregate,
        })
    }
}

impl Aggregate {
    const ALL: [Self; 5] = [Self::Avg, Self::Count, Self::Max, Self::Min, Self::Sum];

    fn read(cursor: &mut Cursor<'_>) -> Read<Self> {
        let found = Self::ALL
            .into_iter()
            .find(|function| cursor.eat(function.word()));
        let Some(function) = found else {
            return cursor.fail("an aggregate function (avg, count, max, min, sum)");
        };
        cursor.expect("()")?;
        Ok(function)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Count => "count",
            Self::Max => "max",
            Self::Min => "min",
            Self::Sum => "sum",
        }
    }
}

impl Embed {
    /// The name that filters and orders use for it.
    pub(in super::super) fn label(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.target)
    }

    /// The same with another select list.
    pub(in super::super) fn with(&self, items: Vec<Item>) -> Self {
        Self {
            items,
            ..self.clone()
        }
    }

    fn read(
        cursor: &mut Cursor<'_>,
        spread: bool,
        alias: Option<String>,
        target: String,
        depth: usize,
    ) -> Read<Self> {
        let (mut hint, mut join) = (None, None);
        while cursor.looks_at("!") {
            let before = *cursor;
            cursor.eat("!");
            let word = name(cursor)?;
            let again = match word.as_str() {
                "inner" => join.replace(Join::Inner).is_some(),
                "left" => join.replace(Join::Left).is_some(),
                _ => hint.replace(word).is_some(),
            };
            if again {
                return before.fail("at most one hint and one kind of join");
            }
        }
        cursor.expect("(")?;
        let items = Item::read_list(cursor, depth + 1)?;
        cursor.expect(")")?;
        Ok(Self {
            spread,
            alias,
            target,
            hint,
            join,
            items,
        })
    }
}

/// A select list as the grammar writes it.
pub(super) struct List<'a>(pub(super) &'a [Item]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, item) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Star => f.write_str("*"),
            Self::Column(column) => column.fmt(f),
            Self::Count { alias, cast } => {
                write_alias(f, alias.as_deref())?;
                f.write_str("count()")?;
                write_cast(f, cast.as_deref())
            }
            Self::Embed(embed) => embed.fmt(f),
        }
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_alias(f, self.alias.as_deref())?;
        self.field.fmt(f)?;
        write_cast(f, self.cast.as_deref())?;
        if let Some((function, cast)) = &self.aggregate {
            write!(f, ".{}()", function.word())?;
            write_cast(f, cast.as_deref())?;
        }
        Ok(())
    }
}

impl Display for Embed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.spread {
            f.write_str("...")?;
        }
        write_alias(f, self.alias.as_deref())?;
        Name(&self.target).fmt(f)?;
        if let Some(hint) = &self.hint {
            write!(f, "!{}", Name(hint))?;
        }
        f.write_str(match self.join {
            None => "",
            Some(Join::Inner) => "!inner",
            Some(Join::Left) => "!left",
        })?;
        write!(f, "({})", List(&self.items))
    }
}

fn write_alias(f: &mut fmt::Formatter<'_>, alias: Option<&str>) -> fmt::Result {
    alias.map_or(Ok(()), |alias| write!(f, "{}:", Name(alias)))
}

fn write_cast(f: &mut fmt::Formatter<'_>, cast: Option<&str>) -> fmt::Result {
    cast.map_or(Ok(()), |cast| write!(f, "::{cast}"))
}
