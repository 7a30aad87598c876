//! What runs along with the statements, and whether a rollback takes all of it back.
//!
//! Nothing in the catalogue says what a function calls, so its source is read for names: whatever
//! bears the name of a function counts as a call of every function of that name, and whatever
//! bears the name of a table as a use of that table. That finds too much rather than too little.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::model::Policy;

use super::Fired;
use super::catalogue::{Catalogue, Function, Id};
use crate::verify::schema::Schema;

/// Extensions whose C functions compute and write rows, and do nothing else.
const HARMLESS: [&str; 19] = [
    "autoinc",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "fuzzystrmatch",
    "hstore",
    "insert_username",
    "intarray",
    "isn",
    "ltree",
    "moddatetime",
    "pg_trgm",
    "pgcrypto",
    "postgis",
    "refint",
    "unaccent",
    "uuid-ossp",
    "vector",
];

/// Names that reach beyond the transaction when called.
const CALLS: [&str; 24] = [
    "http",
    "http_get",
    "http_post",
    "http_put",
    "http_patch",
    "http_delete",
    "http_head",
    "http_request",
    "pg_notify",
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "setval",
    "lo_export",
    "lo_import",
    "pg_logical_emit_message",
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_switch_wal",
    "pg_background_launch",
];

/// What runs along with statements on the policy's tables, and which sequences advance.
pub(super) fn survey(
    catalogue: &Catalogue,
    schema: &Schema,
    policy: &Policy,
) -> (Vec<Fired>, Vec<String>) {
    let mut reach = Reach::new(catalogue);
    for relation in schema.relations.iter().take(policy.tables.len()) {
        let same =
            |t: &&super::catalogue::Table| t.schema == relation.schema && t.name == relation.name;
        reach
            .tables
            .extend(catalogue.tables.iter().find(same).map(|t| t.id));
    }
    reach.spread();
    let mut fired = Vec::new();
    for trigger in catalogue
        .triggers
        .iter()
        .filter(|t| reach.tables.contains(&t.table))
    {
        let function = reach.by_id.get(&trigger.function);
        fired.push(Fired {
            table: reach.name(trigger.table),
            what: format!("trigger {}", trigger.name),
            function: Some(
                function.map_or_else(String::new, |f| format!("{}.{}", f.schema, f.name)),
            ),
            deferred: trigger.deferred,
            effects: function.map_or_else(
                || vec!["its function is not in the catalogue".to_owned()],
                |function| reach.effects(vec![function], &[]),
            ),
        });
    }
    for expression in catalogue
        .expressions
        .iter()
        .filter(|e| reach.tables.contains(&e.table))
    {
        let words = words(&expression.source);
        let effects = reach.effects(reach.called(&words), &words);
        // Only what is dangerous is worth a line.
        if !effects.is_empty() {
            fired.push(Fired {
                table: reach.name(expression.table),
                what: expression.what.clone(),
                function: None,
                deferred: false,
                effects,
            });
        }
    }
    fired.sort();
    fired.dedup();
    let sequences = catalogue.sequences.iter().filter(|sequence| {
        sequence
            .tables
            .iter()
            .any(|table| reach.tables.contains(table))
            || reach.words.contains(&sequence.word.to_ascii_lowercase())
    });
    (
        fired,
        sequences.map(|sequence| sequence.name.clone()).collect(),
    )
}

struct Reach<'c> {
    catalogue: &'c Catalogue,
    by_id: BTreeMap<Id, &'c Function>,
    by_name: BTreeMap<String, Vec<&'c Function>>,
    /// The tables whose rows may be written.
    tables: BTreeSet<Id>,
    /// Every name in the source of what may run.
    words: BTreeSet<String>,
}

impl<'c> Reach<'c> {
    fn new(catalogue: &'c Catalogue) -> Self {
        let mut by_name: BTreeMap<String, Vec<&Function>> = BTreeMap::new();
        for function in &catalogue.functions {
            by_name
                .entry(function.name.to_ascii_lowercase())
                .or_default()
                .push(function);
        }
        Self {
            catalogue,
            by_id: catalogue.functions.iter().map(|f| (f.id, f)).collect(),
            by_name,
            tables: BTreeSet::new(),
            words: BTreeSet::new(),
        }
    }

    /// Follows foreign keys both ways, and from triggers to the tables that they name, until
    /// nothing new comes up.
    fn spread(&mut self) {
        loop {
            let before = (self.tables.len(), self.words.len());
            for (from, to) in &self.catalogue.references {
                if self.tables.contains(from) || self.tables.contains(to) {
                    self.tables.extend([*from, *to]);
                }
            }
            let mut functions: Vec<&Function> = Vec::new();
            for trigger in &self.catalogue.triggers {
                if self.tables.contains(&trigger.table) {
                    functions.extend(self.by_id.get(&trigger.function));
                }
            }
            for expression in &self.catalogue.expressions {
                if self.tables.contains(&expression.table) {
                    let words = words(&expression.source);
                    functions.extend(self.called(&words));
                }
            }
            for function in self.closure(functions) {
                self.words.extend(words(&function.source));
            }
            for table in &self.catalogue.tables {
                if self.words.contains(&table.name.to_ascii_lowercase()) {
                    self.tables.insert(table.id);
                }
            }
            if before == (self.tables.len(), self.words.len()) {
                return;
            }
        }
    }

    fn called(&self, words: &[String]) -> Vec<&'c Function> {
        let named = words.iter().filter_map(|word| self.by_name.get(word));
        named.flatten().copied().collect()
    }

    /// The functions and those that they may call.
    fn closure(&self, first: Vec<&'c Function>) -> Vec<&'c Function> {
        let mut seen: BTreeMap<Id, &Function> = BTreeMap::new();
        let mut open = first;
        while let Some(function) = open.pop() {
            if seen.insert(function.id, function).is_none() {
                open.extend(self.called(&words(&function.source)));
            }
        }
        seen.into_values().collect()
    }

    /// What in the functions, or in the names of an expression, could reach beyond the transaction.
    fn effects(&self, functions: Vec<&'c Function>, named: &[String]) -> Vec<String> {
        let mut effects = self.telling(named, "");
        for function in self.closure(functions) {
            let name = format!("{}.{}", function.schema, function.name);
            match function.language.as_str() {
                "internal" => {}
                "c" => {
                    let extension = function.extension.as_deref();
                    if !extension.is_some_and(|of| HARMLESS.contains(&of)) {
                        let of = extension.map_or_else(
                            || "of no extension".to_owned(),
                            |of| format!("of the extension {of}"),
                        );
                        effects.push(format!("{name} is a C function {of}"));
                    }
                }
                "sql" | "plpgsql" => effects.extend(self.telling(&words(&function.source), &name)),
                language if !function.trusted => {
                    effects.push(format!(
                        "{name} is written in {language}, which is not trusted"
                    ));
                }
                _ => effects.extend(self.telling(&words(&function.source), &name)),
            }
        }
        effects.sort();
        effects.dedup();
        effects
    }

    /// What the words of a source say of its effects.
    fn telling(&self, words: &[String], name: &str) -> Vec<String> {
        let who = if name.is_empty() { "it" } else { name };
        let mut effects = Vec::new();
        let has = |word: &str| words.iter().any(|w| w == word);
        for word in words {
            if CALLS.contains(&word.as_str())
                || word.starts_with("dblink")
                || word.starts_with("pg_file_")
            {
                effects.push(format!("{who} calls {word}"));
            }
        }
        // An expression calls functions, and holds no statements.
        let statements = !name.is_empty();
        if statements && has("notify") {
            effects.push(format!("{who} notifies"));
        }
        if statements && has("copy") && has("program") {
            effects.push(format!("{who} runs a program by COPY"));
        }
        if statements && has("execute") {
            effects.push(format!("{who} runs SQL that is put together when it runs"));
        }
        let locks = has("lock") && ["table", "mode"].iter().any(|word| has(word));
        if statements && (locks || has("truncate") || has("alter")) {
            effects.push(format!("{who} takes a lock that everybody waits for"));
        }
        for table in self.catalogue.tables.iter().filter(|table| table.foreign) {
            if has(&table.name.to_ascii_lowercase()) {
                effects.push(format!("{who} uses the foreign table {}", table.full()));
            }
        }
        effects
    }

    fn name(&self, table: Id) -> String {
        let found = self.catalogue.tables.iter().find(|of| of.id == table);
        found.map_or_else(|| table.to_string(), super::catalogue::Table::full)
    }
}

/// The names in a source, in small letters, comments and strings included.
fn words(source: &str) -> Vec<String> {
    let mut all: Vec<String> = source
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(id: Id, name: &str, language: &str, source: &str) -> Function {
        Function {
            id,
            schema: "app".to_owned(),
            name: name.to_owned(),
            language: language.to_owned(),
            trusted: !language.ends_with('u'),
            source: source.to_owned(),
            extension: None,
        }
    }

    fn effects(functions: Vec<Function>) -> Vec<String> {
        let catalogue = Catalogue {
            triggers: Vec::new(),
            tables: Vec::new(),
            references: Vec::new(),
            functions,
            expressions: Vec::new(),
            sequences: Vec::new(),
        };
        let first = catalogue.functions.first().into_iter().collect();
        Reach::new(&catalogue).effects(first, &[])
    }

    #[test]
    fn what_reaches_out_is_named() {
        for (language, source, said) in [
            (
                "plpgsql",
                "perform dblink_exec('c', 'x');",
                "calls dblink_exec",
            ),
            (
                "plpgsql",
                "perform net.http_post(url := 'x');",
                "calls http_post",
            ),
            ("plpgsql", "NOTIFY changes;", "notifies"),
            (
                "plpgsql",
                "perform pg_advisory_lock(1);",
                "calls pg_advisory_lock",
            ),
            ("plpgsql", "copy t to program 'cat';", "runs a program"),
            (
                "plpgsql",
                "execute format('%s', x);",
                "put together when it runs",
            ),
            (
                "plpgsql",
                "lock table app.t in exclusive mode;",
                "everybody waits",
            ),
            ("plpython3u", "pass", "not trusted"),
            ("c", "f", "C function of no extension"),
        ] {
            let found = effects(vec![function(1, "f", language, source)]);
            assert!(
                found.iter().any(|effect| effect.contains(said)),
                "{source}: {found:?}"
            );
        }
    }

    #[test]
    fn a_call_by_way_of_another_function_is_found() {
        let outer = function(1, "outer", "plpgsql", "perform app.\"Inner\"(new.id);");
        let inner = function(2, "Inner", "sql", "select pg_notify('a', 'b')");
        let found = effects(vec![outer, inner]);
        assert_eq!(found, ["app.Inner calls pg_notify"]);
    }

    #[test]
    fn a_lock_that_ends_with_the_transaction_is_harmless() {
        let source = "perform pg_advisory_xact_lock(1); new.at = now(); return new;";
        assert!(effects(vec![function(1, "f", "plpgsql", source)]).is_empty());
    }
}
