//! What a test asks, read from how PostgreSQL prints it.

/// A test whether tenant and team, or whatever else a membership says, are those of a membership.
pub(super) struct Pair<'t> {
    pub(super) tenant: &'t str,
    pub(super) value: &'t str,
    pub(super) function: &'t str,
}

impl<'t> Pair<'t> {
    pub(super) fn read(test: &'t str) -> Option<Self> {
        let (columns, rest) = test
            .strip_prefix("( ")?
            .split_once(" ) IN ( SELECT h . tenant , h . value FROM countersign . ")?;
        let (tenant, value) = columns.split_once(" , ")?;
        let function = rest.split(' ').next()?;
        Some(Self {
            tenant,
            value,
            function,
        })
    }

    /// The helper of the rank that it asks for, and what the memberships say.
    pub(super) fn parts(&self) -> Option<(&'t str, &'t str)> {
        self.function.split_once("_by_")
    }

    /// Whether a test asks for the second column alone, in the list of the same memberships.
    pub(super) fn lists(&self, test: &str) -> bool {
        let Self {
            value, function, ..
        } = self;
        let list = "= ANY ( ARRAY ( SELECT h . value FROM countersign .";
        test.starts_with(&format!("{value} {list} {function} "))
    }
}

/// The table of which a test asks whether the parent is visible, as PostgreSQL prints it.
pub(super) fn parent_of(test: &str) -> Option<&str> {
    let (_, from) = test
        .strip_prefix("EXISTS")
        .unwrap_or(test)
        .split_once(" FROM ")?;
    let (parent, rest) = from.split_once(" parent ")?;
    rest.contains("parent . ").then_some(parent)
}

/// The table in which a test looks for a parent, and what it looks for.
pub(super) fn lookup(test: &str) -> Option<(&str, &str)> {
    let rest = test.strip_prefix("EXISTS ( SELECT 1 FROM ")?;
    let (parent, rest) = rest.split_once(" parent WHERE ")?;
    Some((parent, rest.strip_suffix(" )")?))
}

/// What stands before a test of the new row.
pub(super) const NEW: &str = "new: ";
/// That the caller signed in with an identity.
pub(super) const USER: &str = "( SELECT countersign . caller_is_user ( ) AS caller_is_user )";
/// That the caller is somebody.
pub(super) const SOMEBODY: &str = "( SELECT countersign . caller_id ( ) AS caller_id ) IS NOT NULL";
/// The caller's id.
pub(super) const CALLER: &str = "( SELECT countersign . caller_id ( ) AS caller_id )";

/// Of a test whether a column equals a text: the column and the text.
pub(super) fn literal(test: &str) -> Option<(&str, &str)> {
    let (column, value) = plain(test).split_once(" = ")?;
    let value = value.strip_suffix(" :: text").unwrap_or(value);
    let quoted = value.len() > 1 && value.starts_with('\'') && value.ends_with('\'');
    (quoted && !column.contains(' ')).then_some((column, value))
}

/// A test, of whichever row.
pub(super) fn plain(test: &str) -> &str {
    test.strip_prefix(NEW).unwrap_or(test)
}

pub(super) fn mentions(test: &str, column: &str) -> bool {
    test.split(' ').any(|word| word.trim_matches('"') == column)
}
