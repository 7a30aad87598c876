//! `countersign matrix`: who may do what.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_HORIZONTAL_ONLY};
use comfy_table::{ContentArrangement, Table};
use countersign_rls::matrix::{Access, Matrix, TableAccess, matrix, page};
use miette::{IntoDiagnostic as _, Result};

use super::{AppArgs, Output};

/// Show who may do what to which columns.
#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    #[command(flatten)]
    app: AppArgs,
    /// How to lay it out.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Only this table.
    #[arg(long)]
    table: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    /// A page for auditors to read and print.
    Html,
}

const ACTIONS: [&str; 4] = ["select", "insert", "update", "delete"];

impl MatrixArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(subject) = self.app.compile(output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let mut matrix = matrix(&subject.policy);
        if let Some(only) = &self.table {
            matrix.tables.retain(|table| table.table == *only);
            matrix.others.clear();
        }
        let value = serde_json::to_value(&matrix).into_diagnostic()?;
        output.say(&value, || {
            if self.format == Format::Html {
                page(&subject.policy, &subject.project.source, &matrix)
            } else {
                self.layout(&matrix)
            }
        });
        Ok(ExitCode::SUCCESS)
    }

    fn layout(&self, matrix: &Matrix) -> String {
        let mut parts = Vec::new();
        let mut tables = self.table(&["table", "who", "select", "insert", "update", "delete"]);
        for table in &matrix.tables {
            rows(table, &mut tables);
        }
        parts.push(tables.to_string());
        if !matrix.others.is_empty() {
            let mut others = self.table(&["view, function or operation", "from"]);
            for other in &matrix.others {
                others.add_row([&other.name, &other.who.join(", ")]);
            }
            parts.push(others.to_string());
        }
        parts.join("\n\n")
    }

    fn table(&self, header: &[&str]) -> Table {
        let mut table = Table::new();
        if self.format == Format::Markdown {
            table.load_preset(ASCII_MARKDOWN);
        } else {
            table.load_preset(UTF8_HORIZONTAL_ONLY);
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(140);
        }
        table.set_header(header);
        table
    }
}

fn rows(table: &TableAccess, into: &mut Table) {
    if table.callers.is_empty() {
        into.add_row([table.table.as_str(), "nobody", "", "", "", ""]);
    }
    for (position, caller) in table.callers.iter().enumerate() {
        let name = if position == 0 {
            table.table.clone()
        } else {
            String::new()
        };
        let mut row = vec![name, caller.who.join(", ")];
        row.extend(ACTIONS.iter().map(|action| cell(action, &caller.access)));
        into.add_row(row);
    }
    for bound in &table.bounds {
        into.add_row(["", "", bound.as_str(), "", "", ""]);
    }
}

/// What a caller may do by one action: its rules, each with columns and rows, but for those that
/// another one covers.
fn cell(action: &str, access: &[Access]) -> String {
    let of_action: Vec<&Access> = access
        .iter()
        .filter(|access| access.action == action)
        .collect();
    let covered = |one: &Access| {
        of_action.iter().any(|other| {
            other.rows.is_empty()
                && (!one.rows.is_empty() || other.columns.len() > one.columns.len())
                && one
                    .columns
                    .iter()
                    .all(|column| other.columns.contains(column))
        })
    };
    let mut lines: Vec<String> = of_action
        .iter()
        .filter(|access| !covered(access))
        .map(|access| {
            format!("{} {}", access.summary, access.rows)
                .trim()
                .to_owned()
        })
        .collect();
    lines.dedup();
    lines.join("; ")
}
