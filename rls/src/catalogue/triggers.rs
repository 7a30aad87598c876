//! Triggers, and what their functions write, as far as their source can be read.

use std::collections::BTreeMap;

use policy_core::catalogue::{Timing, Trigger};
use postgres::Transaction;

const TRIGGERS: &str = "
select c.relname::text, t.tgname::text, (t.tgtype & 66)::integer,
       array_remove(array[case when t.tgtype & 4 <> 0 then 'insert' end, case when t.tgtype & 16 <> 0 then 'update' end,
                          case when t.tgtype & 8 <> 0 then 'delete' end], null),
       case when p.pronamespace = c.relnamespace then p.proname::text else n.nspname || '.' || p.proname end,
       case when l.lanname = 'plpgsql' then p.prosrc else '' end
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_proc p on p.oid = t.tgfoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
  and not t.tgisinternal and t.tgtype & 1 <> 0 and n.nspname <> 'countersign'
order by c.relname collate \"C\", t.tgname collate \"C\"";

pub(super) fn read(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<BTreeMap<String, Vec<Trigger>>, postgres::Error> {
    let mut triggers: BTreeMap<String, Vec<Trigger>> = BTreeMap::new();
    for row in transaction.query(TRIGGERS, &[&schema])? {
        let source: String = row.try_get(5)?;
        let timing: i32 = row.try_get(2)?;
        let trigger = Trigger {
            name: row.try_get(1)?,
            timing: match timing {
                2 => Timing::Before,
                64 => Timing::InsteadOf,
                _ => Timing::After,
            },
            events: row.try_get(3)?,
            function: row.try_get(4)?,
            writes: writes(&source),
        };
        triggers.entry(row.try_get(0)?).or_default().push(trigger);
    }
    Ok(triggers)
}

/// The columns of `new` that a body in PL/pgSQL assigns: `new.x := ...`, `new.x = ...` where a
/// statement begins, and what stands after `into`. Assigning `new` itself is `*`.
fn writes(source: &str) -> Vec<String> {
    let words = words(source);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let mut all: Vec<String> = Vec::new();
    let mut into = false;
    for at in 0..words.len() {
        let before = at.checked_sub(1).map_or("", word);
        match word(at) {
            "into" => into = !matches!(before, "insert" | "merge"),
            ";" | "from" | "where" | "using" | "order" | "limit" => into = false,
            _ => {}
        }
        if word(at) != "new" || before == "." {
            continue;
        }
        let column = (word(at + 1) == ".").then(|| word(at + 2));
        // An element or a field of the column may be what is assigned.
        let mut next = at + column.map_or(1, |_| 3);
        loop {
            next += match word(next) {
                "." => 2,
                "[" => words.iter().skip(next).take_while(|w| *w != "]").count() + 1,
                _ => break,
            };
        }
        let begins = matches!(before, "" | ";" | "begin" | "then" | "else" | "loop");
        let assigned = word(next) == ":=" || word(next) == "=" && begins;
        if assigned || into {
            let name = column.unwrap_or("*").trim_matches('"').to_owned();
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all.sort();
    all
}

/// The words of a source in lower case, unless they are quoted; no comments, and no literals.
fn words(source: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), source);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '\'' | '"' => {
                let end = rest.get(1..).and_then(|inner| inner.find(first));
                end.map_or(rest.len(), |end| end + 2)
            }
            ':' if rest.starts_with(":=") => 2,
            c if c.is_alphanumeric() || c == '_' => rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let skipped = first.is_whitespace() || word.starts_with("--") || word.starts_with("/*");
        if first == '"' {
            words.push(word.to_owned());
        } else if first == '\'' {
            words.push("''".to_owned());
        } else if !skipped {
            words.push(word.to_lowercase());
        }
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assigned_is_found() {
        for (source, expected) in [
            (
                "begin new.updated_at = now(); return new; end",
                vec!["updated_at"],
            ),
            (
                "BEGIN NEW.slug := lower(NEW.name); RETURN NEW; END",
                vec!["slug"],
            ),
            (
                "begin if new.a = 1 then new.b := new.c; end if; return new; end",
                vec!["b"],
            ),
            (
                "begin select x, y into strict new.a, new.\"B\" from t where t.id = new.k; end",
                vec!["B", "a"],
            ),
            (
                "begin insert into log values (new.id); -- new.x := 1\n return new; end",
                vec![],
            ),
            (
                "begin select x, y into v, new.a; if v then new.b.c := new.d; end if; end",
                vec!["a", "b"],
            ),
            (
                "begin new.tags[1] := 'new.y := 2'; return new; end",
                vec!["tags"],
            ),
            (
                "begin new := jsonb_populate_record(new, '{}'); return new; end",
                vec!["*"],
            ),
            (
                "begin if new.status <> old.status then raise exception 'no'; end if; return new; end",
                vec![],
            ),
        ] {
            assert_eq!(writes(source), expected, "{source}");
        }
    }
}
