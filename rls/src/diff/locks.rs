//! Which lock a statement takes, as measured on PostgreSQL 15 to 18.

use crate::sql::lex::{self, Kind, Token};

/// The lock of a statement and on what; nothing if it locks no table.
pub(super) fn of(statement: &str) -> Option<String> {
    let tokens: Vec<Token<'_>> = lex::tokens(statement)
        .into_iter()
        .filter(Token::counts)
        .collect();
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
    let lock = |mode: &str, table: String| Some(format!("{mode} on {table}"));
    if starts(&["alter", "table"]) {
        let table = on("table");
        if has("validate") {
            return lock("SHARE UPDATE EXCLUSIVE", table);
        }
        if has("foreign") && has("add") {
            let parent = relation(&tokens, "references").unwrap_or_default();
            return lock("SHARE ROW EXCLUSIVE", format!("{table} and {parent}"));
        }
        let rewrites = if has("type") {
            ", while it is rewritten"
        } else {
            ""
        };
        return Some(format!("ACCESS EXCLUSIVE on {table}{rewrites}"));
    }
    if starts(&["create", "policy"]) || starts(&["drop", "policy"]) {
        return lock("ACCESS EXCLUSIVE", on("on"));
    }
    if starts(&["drop", "trigger"]) {
        return lock("ACCESS EXCLUSIVE", on("on"));
    }
    if has("trigger") && starts(&["create"]) && !has("function")
        || starts(&["create", "trigger"])
        || starts(&["create", "constraint", "trigger"])
    {
        return lock("SHARE ROW EXCLUSIVE", on("on"));
    }
    if starts(&["create"]) && has("index") && !has("function") {
        let mode = if has("concurrently") {
            "SHARE UPDATE EXCLUSIVE"
        } else {
            "SHARE"
        };
        return lock(mode, on("on"));
    }
    if starts(&["drop", "index", "concurrently"]) {
        return Some("SHARE UPDATE EXCLUSIVE on its table".to_owned());
    }
    if starts(&["drop", "table"]) || starts(&["drop", "view"]) {
        return lock(
            "ACCESS EXCLUSIVE",
            on(words.get(1).map_or("", String::as_str)),
        );
    }
    for kind in ["table", "column", "view"] {
        if starts(&["comment", "on", kind]) {
            return lock("SHARE UPDATE EXCLUSIVE", on(kind));
        }
    }
    for (word, after) in [("update", "update"), ("insert", "into"), ("delete", "from")] {
        if starts(&[word]) {
            return lock("ROW EXCLUSIVE", on(after));
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
    use super::of;

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
            assert_eq!(of(statement).as_deref(), Some(lock), "{statement}");
        }
        for none in [
            "grant select on s.t to x",
            "create or replace function f() returns trigger as $$ $$",
            "set local lock_timeout = '1s'",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
