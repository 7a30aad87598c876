//! Which lock a statement takes, as measured on PostgreSQL 15 to 18, and which a transaction has to
//! take before anything else.

use std::fmt;

use crate::sql::lex::{self, Kind, Token};

/// How strong a lock is; each conflicts with at least all that those before it conflict with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    AccessShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    AccessExclusive,
}

impl Mode {
    const ALL: [Self; 6] = [
        Self::AccessShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::AccessExclusive,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// A lock on one table or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lock {
    mode: Mode,
    /// The table itself, then those that it refers to.
    tables: Vec<String>,
    note: &'static str,
}

impl Lock {
    pub(super) fn new(mode: Mode, tables: Vec<String>) -> Self {
        Self {
            mode,
            tables,
            note: "",
        }
    }

    /// Reads `MODE on table[ and table]`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mode, tables) = text.split_once(" on ")?;
        let mode = Mode::ALL.into_iter().find(|known| known.name() == mode)?;
        let tables = tables.split(" and ").map(str::to_owned);
        Some(Self::new(mode, tables.collect()))
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.mode.name(), self.tables.join(" and "))?;
        f.write_str(self.note)
    }
}

/// The locks with which a transaction of these statements has to begin.
///
/// A transaction that makes its lock on a table stronger later on meets others that hold what keeps
/// it waiting and wait for what it holds: a transaction that has read the table and goes on to write
/// it; and `vacuum` or `analyze`, which wait for whoever has changed the table's row in the
/// catalogue, as `grant` does. One that locks several tables takes first those that are referred to,
/// as writers do.
pub(super) fn ahead<'s>(
    statements: impl Iterator<Item = (&'s str, Option<&'s Lock>)>,
) -> Vec<String> {
    let mut known: Vec<Ahead<'_>> = Vec::new();
    let mut made: Vec<String> = Vec::new();
    let mut granted: Vec<String> = Vec::new();
    for (statement, lock) in statements {
        made.extend(created(statement));
        granted.extend(privileges_on(statement));
        // To lock a view is to lock the tables behind it.
        let lock = lock.filter(|lock| lock.mode > Mode::RowExclusive && !is_of_view(statement));
        let Some(lock) = lock else {
            continue;
        };
        for (place, table) in lock.tables.iter().enumerate() {
            if made.contains(table) {
                continue;
            }
            let before = known.iter_mut().find(|of| of.table == table);
            let Some(before) = before else {
                known.push(Ahead {
                    table,
                    first: (!granted.contains(table)).then_some(lock.mode),
                    strongest: lock.mode,
                    is_parent: place > 0,
                });
                continue;
            };
            before.strongest = before.strongest.max(lock.mode);
            before.is_parent |= place > 0;
        }
    }
    // What belongs to somebody else, such as the users, may be referred to and not be locked.
    let schema = |table: &'_ str| table.split_once('.').map(|(schema, _)| schema.to_owned());
    let own: Vec<_> = known.iter().filter(|of| !of.is_parent).collect();
    let own: Vec<_> = own.iter().map(|of| schema(of.table)).collect();
    known.retain(|of| own.contains(&schema(of.table)));
    // A single one that is strongest from the start needs no word.
    let several = known.len() > 1;
    known.retain(|of| several || of.first != Some(of.strongest));
    known.sort_by_key(|of| !of.is_parent);
    known
        .iter()
        .map(|of| {
            let mode = of.strongest.name().to_ascii_lowercase();
            format!("lock table {} in {mode} mode", of.table)
        })
        .collect()
}

/// A table that a transaction locks.
struct Ahead<'l> {
    table: &'l str,
    /// The lock that it takes first, if its privileges do not change before that.
    first: Option<Mode>,
    strongest: Mode,
    is_parent: bool,
}

fn created(statement: &str) -> Option<String> {
    let tokens = significant(statement);
    let starts = tokens.first().is_some_and(|t| t.is("create"));
    let table = tokens.get(1).is_some_and(|t| t.is("table"));
    (starts && table).then(|| relation(&tokens, "table"))?
}

fn is_of_view(statement: &str) -> bool {
    let tokens = significant(statement);
    let mut first = tokens.iter().take(3);
    first.any(|token| token.is("view"))
}

fn privileges_on(statement: &str) -> Option<String> {
    let tokens = significant(statement);
    let first = tokens.first()?;
    let changes = first.is("grant") || first.is("revoke");
    changes.then(|| relation(&tokens, "on"))?
}

fn significant(statement: &str) -> Vec<Token<'_>> {
    let all = lex::tokens(statement).into_iter();
    all.filter(Token::counts).collect()
}

/// The lock of a statement and on what; nothing if it locks no table.
pub(super) fn of(statement: &str) -> Option<Lock> {
    let tokens = significant(statement);
    let words: Vec<String> = tokens
        .iter()
        .map(|token| match token.kind {
            Kind::Word => token.text.to_ascii_lowercase(),
            _ => token.text.to_owned(),
        })
        .collect();
    let starts = |with: &[&str]| {
        with.iter()
            .enumerate()
            .all(|(at, word)| words.get(at).is_some_and(|w| w == word))
    };
    let has = |word: &str| words.iter().any(|w| w == word);
    let on = |after: &str| relation(&tokens, after).unwrap_or_default();
    let lock = |mode: Mode, table: String| Some(Lock::new(mode, vec![table]));
    if starts(&["alter", "table"]) {
        let table = on("table");
        if has("validate") {
            return lock(Mode::ShareUpdateExclusive, table);
        }
        if has("foreign") && has("add") {
            let parent = relation(&tokens, "references").unwrap_or_default();
            return Some(Lock::new(Mode::ShareRowExclusive, vec![table, parent]));
        }
        return Some(Lock {
            note: if has("type") {
                ", while it is rewritten"
            } else {
                ""
            },
            ..Lock::new(Mode::AccessExclusive, vec![table])
        });
    }
    if starts(&["create", "policy"]) || starts(&["drop", "policy"]) {
        return lock(Mode::AccessExclusive, on("on"));
    }
    if starts(&["drop", "trigger"]) {
        return lock(Mode::AccessExclusive, on("on"));
    }
    if has("trigger") && starts(&["create"]) && !has("function")
        || starts(&["create", "trigger"])
        || starts(&["create", "constraint", "trigger"])
    {
        return lock(Mode::ShareRowExclusive, on("on"));
    }
    if starts(&["create"]) && has("index") && !has("function") {
        let mode = if has("concurrently") {
            Mode::ShareUpdateExclusive
        } else {
            Mode::Share
        };
        return lock(mode, on("on"));
    }
    if starts(&["drop", "index", "concurrently"]) {
        return lock(Mode::ShareUpdateExclusive, "its table".to_owned());
    }
    if starts(&["drop", "table"]) || starts(&["drop", "view"]) {
        return lock(
            Mode::AccessExclusive,
            on(words.get(1).map_or("", String::as_str)),
        );
    }
    for kind in ["table", "column", "view"] {
        if starts(&["comment", "on", kind]) {
            return lock(Mode::ShareUpdateExclusive, on(kind));
        }
    }
    for (word, after) in [("update", "update"), ("insert", "into"), ("delete", "from")] {
        if starts(&[word]) {
            return lock(Mode::RowExclusive, on(after));
        }
    }
    None
}

/// The name after the first such word.
fn relation(tokens: &[Token<'_>], after: &str) -> Option<String> {
    let mut rest = tokens
        .iter()
        .skip_while(|token| !token.is(after))
        .skip(1)
        .peekable();
    while rest
        .next_if(|t| {
            ["if", "not", "exists", "only"]
                .iter()
                .any(|word| t.is(word))
        })
        .is_some()
    {}
    let mut name = rest.next()?.text.to_owned();
    if rest.next_if(|token| token.text == ".").is_some() {
        name.push('.');
        name.push_str(rest.next()?.text);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::{Lock, Mode, ahead, of};

    #[test]
    fn statements_say_what_they_lock() {
        for (statement, lock) in [
            (
                "alter table public.\"T\" add column a text",
                "ACCESS EXCLUSIVE on public.\"T\"",
            ),
            (
                "alter table s.t add constraint c foreign key (a) references s.p (id) not valid",
                "SHARE ROW EXCLUSIVE on s.t and s.p",
            ),
            (
                "alter table s.t validate constraint c",
                "SHARE UPDATE EXCLUSIVE on s.t",
            ),
            (
                "alter table s.t alter column c type bigint",
                "ACCESS EXCLUSIVE on s.t, while it is rewritten",
            ),
            (
                "create unique index concurrently if not exists i on s.t (a)",
                "SHARE UPDATE EXCLUSIVE on s.t",
            ),
            (
                "create policy p on s.t for select to x using (true)",
                "ACCESS EXCLUSIVE on s.t",
            ),
            (
                "-- why\ndrop trigger if exists g on s.t",
                "ACCESS EXCLUSIVE on s.t",
            ),
            (
                "create constraint trigger g after update on s.t for each row execute function f()",
                "SHARE ROW EXCLUSIVE on s.t",
            ),
            ("update s.t set a = 1", "ROW EXCLUSIVE on s.t"),
            ("insert into s.t values (1)", "ROW EXCLUSIVE on s.t"),
        ] {
            let found = of(statement).map(|lock| lock.to_string());
            assert_eq!(found.as_deref(), Some(lock), "{statement}");
        }
        for none in [
            "grant select on s.t to x",
            "create or replace function f() returns trigger as $$ $$",
            "set local lock_timeout = '1s'",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
    fn ahead_of(statements: &[&str]) -> Vec<String> {
        let locks: Vec<_> = statements.iter().map(|one| of(one)).collect();
        let pairs = statements.iter().zip(&locks);
        ahead(pairs.map(|(statement, lock)| (*statement, lock.as_ref())))
    }

    #[test]
    fn what_grows_or_follows_a_grant_is_locked_ahead() {
        let (policy, grant) = (
            "create policy p on s.t using (true)",
            "grant select on s.t to x",
        );
        let trigger = "create trigger g before update on s.t for each row execute function f()";
        let lock = ["lock table s.t in access exclusive mode"];
        assert_eq!(ahead_of(&[grant, policy]), lock);
        assert_eq!(ahead_of(&[trigger, policy]), lock);
        assert_eq!(ahead_of(&[policy, grant, trigger]), [""; 0]);
        assert_eq!(
            ahead_of(&["create table s.t (a int)", grant, policy]),
            [""; 0]
        );
        assert_eq!(
            ahead_of(&["update s.t set a = 1", "delete from s.u"]),
            [""; 0]
        );
    }

    #[test]
    fn parents_are_locked_first() {
        let key = "alter table s.t add constraint c foreign key (a) references s.p (id) not valid";
        let check = "alter table s.t add constraint d check (a > 0) not valid";
        assert_eq!(
            ahead_of(&[key, check]),
            [
                "lock table s.p in share row exclusive mode",
                "lock table s.t in access exclusive mode"
            ]
        );
    }

    #[test]
    fn what_is_no_table_of_ones_own_is_not_locked() {
        let key = "alter table s.t add constraint c foreign key (a) references auth.users (id)";
        assert_eq!(ahead_of(&[key]), [""; 0]);
        let view = "drop view s.v";
        let column = "alter table s.t alter column c type bigint";
        assert_eq!(ahead_of(&[view, column]), [""; 0]);
    }

    #[test]
    fn a_lock_reads_as_it_is_written() {
        let lock = Lock::new(
            Mode::ShareRowExclusive,
            vec!["s.t".into(), "s.\"P\"".into()],
        );
        assert_eq!(Lock::parse(&lock.to_string()), Some(lock));
        assert_eq!(Lock::parse("a strong one on s.t"), None);
    }
}
