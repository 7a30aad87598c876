//! Which lock a statement takes, as measured on PostgreSQL 15 to 18, and how a transaction of several
//! begins.

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

/// How long a transaction waits for the first of several tables, in milliseconds.
const FIRST: usize = 500;
/// How long it waits for the others together.
const OTHERS: usize = 400;

/// How a transaction begins so that nobody is ended for its sake.
///
/// One that makes its lock on a table stronger later on meets others that hold what keeps it waiting
/// and wait for what it holds: a transaction that has read the table and goes on to write it; and
/// `vacuum` or `analyze`, which wait for whoever has changed the table's row in the catalogue, as
/// `grant` does. So the strongest comes first.
///
/// One that locks several tables meets others that lock them in another order, and there is no order
/// that all others have. So it waits less than a second in all, which is when a server begins to look
/// for deadlocks (`deadlock_timeout`): it gives way, and is run again.
pub(super) fn beginning<'s>(
    statements: impl Iterator<Item = (&'s str, Option<&'s Lock>)>,
) -> String {
    let mut known: Vec<Ahead<'_>> = Vec::new();
    let (mut made, mut granted): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (statement, lock) in statements {
        let tokens = significant(statement);
        let starts = |words: &[&str]| {
            let first = tokens.iter().zip(words);
            first.filter(|(token, word)| token.is(word)).count() == words.len()
        };
        if starts(&["create", "table"]) {
            made.extend(relation(&tokens, "table"));
        } else if starts(&["grant"]) || starts(&["revoke"]) {
            granted.extend(relation(&tokens, "on"));
        }
        let Some(lock) = lock.filter(|lock| lock.mode > Mode::RowExclusive) else {
            continue;
        };
        for (place, table) in lock.tables.iter().enumerate() {
            if made.contains(table) {
                continue;
            }
            if let Some(before) = known.iter_mut().find(|of| of.table == table) {
                before.strongest = before.strongest.max(lock.mode);
                before.is_parent &= place > 0;
                continue;
            }
            known.push(Ahead {
                table,
                first: (!granted.contains(table)).then_some(lock.mode),
                strongest: lock.mode,
                is_parent: place > 0,
                is_view: tokens.iter().take(3).any(|token| token.is("view")),
            });
        }
    }
    // Views and what belongs to somebody else are waited for as well.
    let others = known.len().saturating_sub(1);
    // To lock a view is to lock the tables behind it; and what belongs to somebody else, such as the
    // users, may be referred to and not be locked.
    known.retain(|of| !of.is_view);
    let schema = |of: &Ahead<'_>| {
        of.table
            .split_once('.')
            .map(|(schema, _)| schema.to_owned())
    };
    let own: Vec<_> = known
        .iter()
        .filter(|of| !of.is_parent)
        .map(schema)
        .collect();
    known.retain(|of| own.contains(&schema(of)));
    // A single one that is strongest from the start needs no word.
    known.retain(|of| others > 0 || of.first != Some(of.strongest));
    known.sort_by_key(|of| of.is_parent);
    let mut locks = known.iter().map(|of| {
        let mode = of.strongest.name().to_ascii_lowercase();
        format!("lock table {} in {mode} mode;\n", of.table)
    });
    let first = locks.next().unwrap_or_default();
    if others > 0 {
        let rest: String = locks.collect();
        let each = OTHERS / others.min(OTHERS);
        format!(
            "\n-- Several tables are locked. It waits less than a second for all of them, so that nobody else is ended in a deadlock.\n\
             set local lock_timeout = '{FIRST}ms';\n{first}set local lock_timeout = '{each}ms';\n{rest}"
        )
    } else if first.is_empty() {
        String::new()
    } else {
        format!(
            "\n-- The strongest lock first: one that grows could meet another transaction halfway.\n{first}"
        )
    }
}

/// A table that a transaction locks.
struct Ahead<'l> {
    table: &'l str,
    /// The lock that it takes first, if its privileges do not change before that.
    first: Option<Mode>,
    strongest: Mode,
    /// Whether others only refer to it.
    is_parent: bool,
    is_view: bool,
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
    use super::{Lock, Mode, of};

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
    fn beginning(statements: &[&str]) -> String {
        let locks: Vec<_> = statements.iter().map(|one| of(one)).collect();
        let pairs = statements.iter().zip(&locks);
        let pairs = pairs.map(|(statement, lock)| (*statement, lock.as_ref()));
        let text = super::beginning(pairs);
        let lines = text.lines().filter(|line| !line.starts_with("--"));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    #[test]
    fn what_grows_or_follows_a_grant_is_locked_first() {
        let (policy, grant) = (
            "create policy p on s.t using (true)",
            "grant select on s.t to x",
        );
        let trigger = "create trigger g before update on s.t for each row execute function f()";
        let lock = "lock table s.t in access exclusive mode;";
        assert_eq!(beginning(&[grant, policy]), lock);
        assert_eq!(beginning(&[trigger, policy]), lock);
        assert_eq!(beginning(&[policy, grant, trigger]), "");
        let made = "create table s.t (a int)";
        assert_eq!(beginning(&[made, grant, policy]), "");
        let rows = ["update s.t set a = 1", "delete from s.u"];
        assert_eq!(beginning(&rows), "");
    }

    #[test]
    fn whoever_locks_several_tables_hardly_waits() {
        let key = "alter table s.t add constraint c foreign key (a) references s.p (id) not valid";
        let check = "alter table s.t add constraint d check (a > 0) not valid";
        insta::assert_snapshot!(beginning(&[key, check]), @r"
        set local lock_timeout = '500ms';
        lock table s.t in access exclusive mode;
        set local lock_timeout = '400ms';
        lock table s.p in share row exclusive mode;
        ");
        // What is none of one's own tables is not locked ahead.
        let key = "alter table s.t add constraint c foreign key (a) references auth.users (id)";
        insta::assert_snapshot!(beginning(&[key]), @r"
        set local lock_timeout = '500ms';
        lock table s.t in share row exclusive mode;
        set local lock_timeout = '400ms';
        ");
        let view = ["drop view s.v", "drop view s.w", check];
        insta::assert_snapshot!(beginning(&view), @r"
        set local lock_timeout = '500ms';
        lock table s.t in access exclusive mode;
        set local lock_timeout = '200ms';
        ");
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
