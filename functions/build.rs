//! Compiles every policy in `policies/` into its compact form, which the Worker carries and loads
//! without parsing, and writes down beside it what of the catalogue a policy does not hold: the
//! foreign keys, by which a request embeds one table in another. Takes the blanks out of the OpenAPI
//! document, which are more than half of it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use policy_core::{Catalogue, Diagnostic, compact};

const POLICIES: &str = "../policies";
const OPENAPI: &str = "openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={POLICIES}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut list = String::from("&[\n");
    for file in policy_files()? {
        let catalogue: Catalogue = serde_json::from_slice(&fs::read(catalogue_file(&file))?)?;
        let stored = out.join(file.with_extension("csp").file_name().unwrap_or_default());
        fs::write(&stored, compile(&file, &catalogue)?)?;
        writeln!(
            list,
            "    Embedded {{\n        policy: include_bytes!({stored:?}),"
        )?;
        writeln!(
            list,
            "        foreign_keys: &[\n{}        ],\n    }},",
            foreign_keys(&catalogue)
        )?;
    }
    list.push(']');
    fs::write(out.join("policies.rs"), list)?;
    println!("cargo::rerun-if-changed={OPENAPI}");
    let document: serde_json::Value = serde_json::from_slice(&fs::read(OPENAPI)?)?;
    fs::write(out.join(OPENAPI), document.to_string())?;
    Ok(())
}

/// In the order of their names, so that builds agree. A policy whose catalogue was not written yet
/// is left out: then its app is closed at the edge.
fn policy_files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(POLICIES)? {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "policy")
        {
            continue;
        }
        if catalogue_file(&path).exists() {
            files.push(path);
        } else {
            println!(
                "cargo::warning={} has no catalogue beside it and is left out",
                path.display()
            );
        }
    }
    files.sort();
    Ok(files)
}

fn compile(file: &Path, catalogue: &Catalogue) -> Result<Vec<u8>, Box<dyn Error>> {
    let source = fs::read_to_string(file)?;
    let (policy, _) =
        policy_core::compile(&source, catalogue).map_err(|found| report(file, &source, &found))?;
    Ok(compact::store(&policy)?)
}

/// The foreign keys within the schema, as Rust.
fn foreign_keys(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    for relation in &catalogue.relations {
        for key in &relation.foreign_keys {
            if catalogue.relation(&key.table).is_some() {
                text += &format!(
                    "            ForeignKey {{ name: {:?}, table: {:?}, columns: &{:?}, \
                     parent: {:?}, references: &{:?} }},\n",
                    key.name, relation.name, key.columns, key.table, key.references
                );
            }
        }
    }
    text
}

fn catalogue_file(policy: &Path) -> PathBuf {
    policy.with_extension("catalogue.json")
}

fn report(file: &Path, source: &str, found: &[Diagnostic]) -> String {
    found
        .iter()
        .filter(|finding| finding.is_error())
        .fold(String::new(), |text, finding| {
            let before = source.get(..finding.span.start).unwrap_or(source);
            let line = before.lines().count().max(1);
            format!("{text}\n{}:{line}: {finding}", file.display())
        })
}
