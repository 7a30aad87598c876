//! The section of one table.

use std::fmt::Write as _;

use policy_core::model::Table;

use super::{Context, Section, grants, guard, indexes, policies, tenancy};

pub(super) fn section(context: &Context<'_>, table: &Table) -> Section {
    let mut body = String::new();
    grants::write(context, table, &mut body);
    indexes::write(context, table, &mut body);
    guard::write(context, table, &mut body);
    tenancy::write(context, table, &mut body);
    policies::write(context, table, &mut body);
    let relation = context.relation(&table.name);
    let why = if context.sources(table).next().is_some() {
        "-- Not FORCE: the helpers read memberships as this table's owner.\n"
    } else {
        ""
    };
    let _ = writeln!(
        body,
        "\n{why}alter table {relation} enable row level security;"
    );
    Section {
        name: format!("table.{}", table.name),
        heading: block(context.source, table.line),
        body,
    }
}

/// The lines of the block that starts here, as they stand in the policy.
pub(super) fn block(source: &str, line: u32) -> Vec<String> {
    let skip = usize::try_from(line)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    let (mut lines, mut depth) = (Vec::new(), 0_i32);
    for line in source.lines().skip(skip) {
        lines.push(line.trim_end().to_owned());
        let words = line.split_once("--").map_or(line, |(words, _)| words);
        let ended = words.contains(['}', ';']);
        for c in words.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
        if depth <= 0 && ended {
            break;
        }
    }
    lines
}
