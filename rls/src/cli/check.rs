//! `countersign check`: is the policy sound?

use std::process::ExitCode;

use clap::Args;
use comfy_table::{CellAlignment, Table};
use countersign_rls::residuals::{self, ClassFilters};
use miette::Result;
use policy_core::Diagnostic;
use policy_core::diagnostic::Severity;
use serde_json::json;

use super::{AppArgs, Output, diagnostics};

/// Check the policy against its catalogue.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    app: AppArgs,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
}

impl CheckArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let project = self.app.open(output)?;
        let (found, filters) = match project.compile() {
            Ok(compiled) => (
                compiled.diagnostics,
                Some(residuals::by_class(&compiled.policy)),
            ),
            Err(diagnostics) => (diagnostics, None),
        };
        let count = |severity| {
            found
                .iter()
                .filter(|d: &&Diagnostic| d.severity == severity)
                .count()
        };
        let (errors, warnings, notes) = (
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::Note),
        );
        let sound = errors == 0 && (warnings == 0 || !self.strict);
        if !output.json {
            diagnostics::print(&project.policy_path, &project.source, &found);
        }
        output.say(
            &json!({ "app": project.app, "sound": sound, "diagnostics": diagnostics::json(&project.policy_path, &project.source, &found), "residuals": filters }),
            || {
                let counts = format!(
                    "{}: {errors} errors, {warnings} warnings, {notes} notes",
                    project.policy_path.display()
                );
                match &filters {
                    Some(filters) => format!("{counts}\n{}", by_caller(filters)),
                    None => counts,
                }
            },
        );
        Ok(if sound {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// How exactly each kind of caller's rows can be asked for, over all tables.
fn by_caller(all: &ClassFilters) -> String {
    let mut table = Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_header([
            "rows as a filter",
            "everything",
            "nothing",
            "exact",
            "superset",
        ]);
    let rows = all.callers.iter().map(|of| (of.who.as_str(), of.filters));
    for (who, of) in rows.chain([("all", all.filters)]) {
        let counts = [of.everything, of.nothing, of.exact, of.superset];
        table.add_row(
            [who.to_owned()]
                .into_iter()
                .chain(counts.map(|n| n.to_string())),
        );
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}
