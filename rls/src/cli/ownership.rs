//! `countersign ownership`: where the truth of everything lives.

use std::process::ExitCode;

use clap::Args;
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use countersign_rls::ownership::{Ownership, ownership};
use miette::{IntoDiagnostic as _, Result};

use super::{AppArgs, Output};

/// Show where the truth of every table and resource lives, as a Markdown table.
#[derive(Debug, Args)]
pub(crate) struct OwnershipArgs {
    #[command(flatten)]
    app: AppArgs,
}

impl OwnershipArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(subject) = self.app.compile(output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let ownership = ownership(&subject.policy);
        let value = serde_json::to_value(&ownership).into_diagnostic()?;
        output.say(&value, || layout(&ownership));
        Ok(ExitCode::SUCCESS)
    }
}

fn layout(ownership: &Ownership) -> String {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header([
        "data",
        "kind",
        "its truth lives in",
        "a copy here is good for",
        "written by",
    ]);
    for owned in &ownership.data {
        let written = if owned.written_by.is_empty() {
            "nobody".to_owned()
        } else {
            owned.written_by.join(", ")
        };
        table.add_row([
            owned.name.clone(),
            owned.kind.to_owned(),
            owned.place(),
            owned.kept(),
            written,
        ]);
    }
    table.to_string()
}
