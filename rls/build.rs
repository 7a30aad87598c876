//! Which migration makes what of the Worker's schema: `countersign doctor` looks for it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const SCHEMA: &str = "countersign_edge.";

fn main() -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let migrations = Path::new(&root).join("../migrations");
    println!("cargo::rerun-if-changed={}", migrations.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&migrations)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == "sql") {
            files.push(path);
        }
    }
    files.sort();
    let mut made: BTreeMap<(&str, String), String> = BTreeMap::new();
    for file in files {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&file)?;
        for line in text.lines() {
            for (words, kind) in [
                ("create table ", "table"),
                ("create table if not exists ", "table"),
                ("create function ", "function"),
                ("create or replace function ", "function"),
            ] {
                if let Some(object) = object(line, words) {
                    made.entry((kind, object)).or_insert_with(|| name.clone());
                }
            }
            for (words, kind) in [("drop table ", "table"), ("drop function ", "function")] {
                if let Some(object) = object(line, words) {
                    made.remove(&(kind, object));
                }
            }
        }
    }
    let mut out = String::from("&[\n");
    for ((kind, object), file) in made {
        writeln!(out, "    ({kind:?}, {object:?}, {file:?}),")?;
    }
    out.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("edge.rs"), out)?;
    Ok(())
}

/// The object of the Worker's schema that a line is about. The migrations begin a statement on a
/// line of its own.
fn object(line: &str, words: &str) -> Option<String> {
    let rest = line.strip_prefix(words)?;
    let rest = rest.strip_prefix("if exists ").unwrap_or(rest);
    let rest = rest.strip_prefix(SCHEMA)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    Some(rest.split_at(end.unwrap_or(rest.len())).0.to_owned())
}
