//! The text, held against the schema.
//!
//! A rule that the checker refuses is taken out and listed, until the rest is sound.

use std::collections::BTreeSet;

use policy_core::diagnostic::Severity;
use policy_core::value::Kind;
use policy_core::{Diagnostic, syntax};

use super::grants;
use super::recognise::Role;
use super::report::Adoption;
use super::rules::Rule;
use super::table::{Block, Notes, called};
use super::words;
use crate::live::{Grant, Live, ViewKind};

/// A policy before it was checked.
#[derive(Debug)]
pub struct Draft {
    /// The app.
    pub app: String,
    /// The schema.
    pub schema: String,
    /// The type of callers' ids.
    pub caller_id: Kind,
    /// The tenant statement.
    pub tenancy: Option<String>,
    /// The tables by name.
    pub blocks: Vec<(String, Block)>,
    /// Views and functions: how a report calls them, and their statements, one line each.
    pub rowless: Vec<(String, String)>,
}

/// What a line of the text is.
#[derive(Clone, Debug)]
enum Line {
    /// Anything that is not taken out.
    Frame,
    /// The beginning of a block.
    Head(usize),
    /// The subject of these rules of a block.
    Subject(usize, Vec<usize>),
    /// What no rule of a block can allow.
    Limit(usize),
    /// A rule of a block.
    Rule(usize, usize),
    /// A view or function.
    Rowless(usize),
}

impl Draft {
    /// The text, and what each of its lines is.
    fn text(&self) -> (String, Vec<Line>) {
        let (mut text, mut lines) = (String::new(), Vec::new());
        let mut push = |line: &str, what: Line| {
            for part in line.lines() {
                text.push_str(part);
                text.push('\n');
                lines.push(what.clone());
            }
            if line.is_empty() {
                text.push('\n');
                lines.push(what);
            }
        };
        push(
            &format!(
                "app {} in schema {};",
                words::name(&self.app),
                words::name(&self.schema)
            ),
            Line::Frame,
        );
        push(
            &format!("caller id {};", self.caller_id.name()),
            Line::Frame,
        );
        if let Some(tenancy) = &self.tenancy {
            push("", Line::Frame);
            push(tenancy, Line::Frame);
        }
        for (position, (_, block)) in self.blocks.iter().enumerate() {
            push("", Line::Frame);
            if block.hidden.is_empty() && block.rules.is_empty() {
                push(&format!("{};", block.head), Line::Head(position));
                continue;
            }
            push(&format!("{} {{", block.head), Line::Head(position));
            if !block.hidden.is_empty() {
                let hidden = words::names(block.hidden.iter().map(String::as_str));
                let hidden = if block.hidden.len() > 1 {
                    format!("({hidden})")
                } else {
                    hidden
                };
                push(&format!("hidden {hidden};"), Line::Frame);
            }
            for limit in block.limits.iter().filter(|_| !block.rules.is_empty()) {
                push(&format!("{limit};"), Line::Limit(position));
            }
            for (subject, rules) in by_subject(&block.rules) {
                let of = rules.iter().map(|(rule, _)| *rule).collect();
                push(&format!("{subject}:"), Line::Subject(position, of));
                let last = rules.len();
                for (count, (rule, action)) in (1..).zip(rules) {
                    let end = if count == last { ";" } else { "," };
                    push(&format!("{action}{end}"), Line::Rule(position, rule));
                }
            }
            push("}", Line::Frame);
        }
        for (position, (_, statement)) in self.rowless.iter().enumerate() {
            push("", Line::Frame);
            push(statement, Line::Rowless(position));
        }
        (text, lines)
    }

    /// Checks the text, takes out what is refused, and reports.
    #[must_use]
    pub fn finish(mut self, live: &Live, mut notes: Notes, policies: usize) -> Adoption {
        let (sound, remarks) = loop {
            let (text, lines) = self.text();
            let found = match policy_core::compile(&text, &live.catalogue) {
                Ok((_, remarks)) => break (true, remarks),
                Err(found) => found,
            };
            if !self.take_out(&found, &text, &lines, &mut notes) {
                break (false, found);
            }
        };
        let (text, _) = self.text();
        let policy = syntax::format(&text).unwrap_or(text.clone());
        let remarks = remarks
            .iter()
            .filter(|remark| !sound || remark.severity > Severity::Note)
            .map(|remark| {
                format!(
                    "{} `{}`: {}",
                    remark.code,
                    one_line(remark, &text),
                    remark.message
                )
            })
            .collect();
        Adoption {
            app: self.app,
            schema: self.schema,
            policy,
            sound,
            tables: self
                .blocks
                .iter()
                .filter(|(_, block)| !block.rules.is_empty())
                .count(),
            rules: self.blocks.iter().map(|(_, block)| block.rules.len()).sum(),
            policies,
            unsaid: notes.unsaid,
            assumptions: notes.assumptions,
            remarks,
        }
    }

    /// Takes out each rule that has an error, and says why; whether there was any.
    fn take_out(
        &mut self,
        found: &[Diagnostic],
        text: &str,
        lines: &[Line],
        notes: &mut Notes,
    ) -> bool {
        let mut rules: BTreeSet<(usize, usize)> = BTreeSet::new();
        let (mut rowless, mut heads) = (BTreeSet::new(), BTreeSet::new());
        for error in found.iter().filter(|error| error.is_error()) {
            let before = text.get(..error.span.start).unwrap_or_default();
            let line = before.matches('\n').count();
            let mend = error
                .help
                .clone()
                .unwrap_or_else(|| "leave it to a function, or change the schema".to_owned());
            match lines.get(line) {
                Some(Line::Rule(block, rule)) => {
                    self.refused(*block, &[*rule], error, &mend, notes);
                    rules.insert((*block, *rule));
                }
                Some(Line::Subject(block, of)) => {
                    self.refused(*block, of, error, &mend, notes);
                    rules.extend(of.iter().map(|rule| (*block, *rule)));
                }
                Some(Line::Head(block)) => {
                    if let Some((table, of)) = self.blocks.get(*block)
                        && of.head != bare(table)
                    {
                        notes.unsaid(&called(table), error.message.clone(), mend);
                        heads.insert(*block);
                    }
                }
                // Without it the rules would allow more.
                Some(Line::Limit(block)) => {
                    if let Some((table, of)) = self.blocks.get(*block) {
                        notes.unsaid(&called(table), error.message.clone(), mend);
                        rules.extend((0..of.rules.len()).map(|rule| (*block, rule)));
                    }
                }
                Some(Line::Rowless(position)) => {
                    if let Some((object, _)) = self.rowless.get(*position) {
                        notes.unsaid(object, error.message.clone(), mend);
                        rowless.insert(*position);
                    }
                }
                _ => {}
            }
        }
        for (block, rule) in rules.iter().rev() {
            if let Some((_, block)) = self.blocks.get_mut(*block) {
                block.rules.remove(*rule);
            }
        }
        // Without what leads a block nothing in it means what it did.
        for block in &heads {
            if let Some((table, block)) = self.blocks.get_mut(*block) {
                block.head = bare(table);
                block.rules.clear();
                block.limits.clear();
                block.hidden.clear();
            }
        }
        for position in rowless.iter().rev() {
            self.rowless.remove(*position);
        }
        !rules.is_empty() || !rowless.is_empty() || !heads.is_empty()
    }

    fn refused(
        &self,
        block: usize,
        rules: &[usize],
        error: &Diagnostic,
        mend: &str,
        notes: &mut Notes,
    ) {
        let Some((table, block)) = self.blocks.get(block) else {
            return;
        };
        for Rule { subject, action } in rules.iter().filter_map(|rule| block.rules.get(*rule)) {
            let object = format!("{}, {subject}: {action}", called(table));
            notes.unsaid(&object, error.message.clone(), mend);
        }
    }
}

/// A block's beginning that says nothing but the table.
fn bare(table: &str) -> String {
    format!("on {}", words::name(table))
}

fn one_line(of: &Diagnostic, text: &str) -> String {
    words::one_line(of.span.text(text))
}

/// The actions of each subject, with their positions, in the order in which subjects appear.
fn by_subject(rules: &[Rule]) -> Vec<(&str, Vec<(usize, &str)>)> {
    let mut all: Vec<(&str, Vec<(usize, &str)>)> = Vec::new();
    for (position, Rule { subject, action }) in rules.iter().enumerate() {
        match all.iter_mut().find(|(known, _)| known == subject) {
            Some((_, actions)) => actions.push((position, action)),
            None => all.push((subject, vec![(position, action)])),
        }
    }
    all
}

/// The statements of views and functions, by their grants.
pub fn rowless(live: &Live, notes: &mut Notes) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for view in live.views.iter().filter(|view| view.schema == live.schema) {
        let object = format!("view {}", words::name(&view.name));
        let subjects = subjects(&view.grants, "select", &object, notes);
        if view.kind == ViewKind::Materialized {
            if !subjects.is_empty() {
                notes.unsaid(
                    &object,
                    "a materialized view holds rows of everybody",
                    "revoke it from clients; give them a view or a function",
                );
            }
        } else if !subjects.is_empty() {
            let rules = subjects.iter().map(|subject| format!("{subject}: select;"));
            let rules: Vec<String> = rules.collect();
            all.push((
                object,
                format!(
                    "on view {} {{ {} }}",
                    words::name(&view.name),
                    rules.join(" ")
                ),
            ));
        }
    }
    for function in &live.catalogue.functions {
        if function.trigger {
            continue;
        }
        let known = live
            .functions_of(&live.schema)
            .find(|of| of.name == function.name && of.argument_types == function.arguments);
        let arguments = words::names(function.arguments.iter().map(String::as_str));
        let object = format!(
            "function {}({})",
            words::name(&function.name),
            function.arguments.join(", ")
        );
        let grants: &[Grant] = known.map_or(&[], |known| &known.grants);
        let subjects = subjects(grants, "execute", &object, notes);
        if !subjects.is_empty() {
            let rules: Vec<String> = subjects
                .iter()
                .map(|subject| format!("{subject}: execute;"))
                .collect();
            all.push((
                object,
                format!(
                    "on function {}({arguments}) {{ {} }}",
                    words::name(&function.name),
                    rules.join(" ")
                ),
            ));
        }
    }
    all
}

fn subjects(
    grants: &[Grant],
    privilege: &str,
    object: &str,
    notes: &mut Notes,
) -> Vec<&'static str> {
    let has = |role| grants::has(grants, role, privilege);
    let mut all = Vec::new();
    match (has(Role::Anon), has(Role::Authenticated)) {
        (true, true) => all.push("anon"),
        (false, true) => {
            notes.assume(object, "it is open to whoever has an id: a grant knows no roles, and the rows are the tables' own matter");
            all.push("guest");
        }
        (true, false) => notes.unsaid(
            object,
            "anon may, and whoever is signed in may not; in the language signing in takes nothing away",
            "grant it to `authenticated` as well",
        ),
        (false, false) => {}
    }
    let own = grants.iter().any(|grant| {
        grant.grantee == Role::Edge.name() && grant.privilege == privilege && grant.column.is_none()
    });
    if own {
        all.push("service");
    }
    all
}
