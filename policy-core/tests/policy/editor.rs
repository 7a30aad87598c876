//! What editors ask: what a name means, and what may come next.

use policy_core::syntax::{self, Meaning, Wanted, mentions, next};

use super::support::{BODY, HEAD};

/// What may come at `|`.
fn at(text: &str) -> syntax::Next {
    next(&format!("{HEAD}{}", text.split('|').next().unwrap()))
}

#[test]
fn what_may_come_next() {
    for (text, words, names, table) in [
        ("|", "caller managed tenant on", vec![], None),
        ("on |", "view function", vec![Wanted::Table], None),
        ("on view |", "", vec![Wanted::View], None),
        (
            "on projects tenant |",
            "",
            vec![Wanted::Column],
            Some("projects"),
        ),
        (
            "on projects tenant org_id |",
            "tenant via append",
            vec![],
            Some("projects"),
        ),
        (
            "on tasks via project_id in |",
            "",
            vec![Wanted::Table],
            Some("tasks"),
        ),
        (
            "on profiles via id in members (|",
            "",
            vec![Wanted::Column],
            Some("members"),
        ),
        (
            "on projects { viewer: select; |",
            "inherit retire never fixed hidden managed outside self anon guest user service",
            vec![Wanted::Role],
            Some("projects"),
        ),
        (
            "on projects { member: update (name, |",
            "",
            vec![Wanted::Column],
            Some("projects"),
        ),
        (
            "on projects { member: |",
            "select insert update delete upsert",
            vec![Wanted::Action],
            Some("projects"),
        ),
        (
            "on view v { viewer: |",
            "select",
            vec![Wanted::Action],
            Some("v"),
        ),
        (
            "on function f() { viewer: |",
            "execute",
            vec![Wanted::Action],
            Some("f"),
        ),
        (
            "on projects { member: select |",
            "where check blind",
            vec![],
            Some("projects"),
        ),
        (
            "on projects { member: select where status = |",
            "true false null caller.id now()",
            vec![Wanted::Column],
            Some("projects"),
        ),
        (
            "on projects { retire status = 'x' by |",
            "",
            vec![Wanted::Role],
            Some("projects"),
        ),
        (
            "on tasks { member in same |",
            "",
            vec![Wanted::Attribute],
            Some("tasks"),
        ),
        (
            "resource crm.contact { |",
            "outside self anon user service",
            vec![Wanted::Role],
            Some("crm"),
        ),
        ("on projects { viewer: select; -- |", "", vec![], None),
    ] {
        let found = at(text);
        for word in words.split_whitespace() {
            assert!(
                found.words.iter().any(|w| w == word),
                "{text}: no {word} in {found:?}"
            );
        }
        if words.is_empty() {
            assert_eq!(found.words, [""; 0], "{text}");
        }
        assert_eq!(found.names, names, "{text}");
        assert_eq!(found.table.as_deref(), table, "{text}");
    }
}

#[test]
fn values_of_a_compared_column() {
    for text in [
        "on projects { viewer: select where status = |",
        "on projects { viewer: select where status <> |",
        "on projects { viewer: select where status in (|",
        "on projects { viewer: select where status not in ('a', |",
        "on projects { retire status = |",
    ] {
        assert_eq!(at(text).compared.as_deref(), Some("status"), "{text}");
    }
    assert_eq!(at("on projects { viewer: select (status, |").compared, None);
}

/// Wherever the text ends, what stands next in it is among what may come.
#[test]
fn every_word_of_a_policy_is_foreseen() {
    let text = format!("{HEAD}{BODY}");
    let mut words = 0;
    for (at, _) in text.char_indices().skip(1) {
        let (before, rest) = text.split_at(at);
        let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if inside || !rest.starts_with(char::is_alphabetic) {
            continue;
        }
        // Words in quotes are found with the quotes.
        if before.matches('\'').count() % 2 == 1 {
            continue;
        }
        let word: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let found = next(before);
        let foreseen = found.words.contains(&word) || !found.names.is_empty();
        assert!(foreseen, "{word} behind\n{before}\n{found:?}");
        words += 1;
    }
    assert!(words > 150, "{words}");
}

#[test]
fn names_are_told_apart() {
    let text = format!("{HEAD}{BODY}");
    let file = syntax::parse(&text).unwrap();
    let mentions = mentions(&file);
    for mention in &mentions {
        assert_eq!(mention.span.text(&text), mention.text);
    }
    let count = |of: fn(&Meaning<'_>) -> bool| mentions.iter().filter(|m| of(&m.meaning)).count();
    assert_eq!(count(|m| matches!(m, Meaning::Role { declared: true })), 4);
    assert_eq!(count(|m| matches!(m, Meaning::Table { block: true })), 5);
    // The tenant, its members, and two parents.
    assert_eq!(count(|m| matches!(m, Meaning::Table { block: false })), 4);
    assert_eq!(count(|m| matches!(m, Meaning::View)), 1);
    assert_eq!(count(|m| matches!(m, Meaning::Function)), 1);
    let column = mentions.iter().find(|mention| mention.text == "due_on");
    assert_eq!(
        column.unwrap().meaning,
        Meaning::Column { table: "projects" }
    );
}
