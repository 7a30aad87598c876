//! The access matrix as a page of its own, for auditors to read and print: no scripts, nothing from
//! elsewhere, the same bytes for the same policy.

use std::fmt::Write as _;

use policy_core::Policy;
use policy_core::columns::ColumnSet;
use policy_core::compact;
use policy_core::model::{Place, RoleSource, Table};
use sha2::{Digest as _, Sha256};

use super::{Access, Matrix, TableAccess, words};
use crate::ownership::{Ownership, ownership};

const STYLE: &str = include_str!("page.css");
const ACTIONS: [(&str, &str); 4] = [
    ("select", "Read"),
    ("insert", "Add"),
    ("update", "Change"),
    ("delete", "Remove"),
];

/// Lays out a policy's matrix as HTML.
#[must_use]
pub fn page(policy: &Policy, source: &str, matrix: &Matrix) -> String {
    let mut html = String::new();
    let title = format!("Access matrix of {}", policy.app);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n",
        escaped(&title),
        escaped(&title)
    );
    identity(policy, source, &mut html);
    html.push_str("</header>\n<main>\n");
    contents(matrix, &mut html);
    callers(policy, &mut html);
    let owned = ownership(policy);
    for (position, of) in matrix.tables.iter().enumerate() {
        if let Some(table) = policy.table(&of.table) {
            section(policy, table, of, &owned, position, &mut html);
        }
    }
    others(matrix, &mut html);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

/// What a printout is matched by.
fn identity(policy: &Policy, source: &str, html: &mut String) {
    let digest = |bytes: &[u8]| -> String {
        let digest = Sha256::digest(bytes);
        digest
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    };
    let text = digest(source.as_bytes());
    let compiled =
        compact::store(policy).map_or_else(|_| "none".to_owned(), |bytes| digest(&bytes));
    let rows = [
        ("App", policy.app.clone()),
        ("Database schema", policy.schema.clone()),
        ("Policy text, SHA-256", text),
        ("Compiled policy, SHA-256", compiled),
        (
            "Made by",
            format!("countersign {}", env!("CARGO_PKG_VERSION")),
        ),
    ];
    html.push_str("<dl class=\"identity\">\n");
    for (name, value) in rows {
        let _ = writeln!(
            html,
            "<dt>{}</dt><dd>{}</dd>",
            escaped(name),
            escaped(&value)
        );
    }
    html.push_str("</dl>\n<p>Everything that is not listed here is denied.</p>\n");
}

fn contents(matrix: &Matrix, html: &mut String) {
    html.push_str("<nav aria-label=\"Contents\">\n<h2>Contents</h2>\n<ul>\n");
    html.push_str("<li><a href=\"#callers\">Who is who</a></li>\n");
    for (position, table) in matrix.tables.iter().enumerate() {
        let _ = writeln!(
            html,
            "<li><a href=\"#t{position}\">{}</a></li>",
            escaped(&table.table)
        );
    }
    if !matrix.others.is_empty() {
        html.push_str("<li><a href=\"#others\">Views, functions and resources</a></li>\n");
    }
    html.push_str("</ul>\n</nav>\n");
}

fn callers(policy: &Policy, html: &mut String) {
    html.push_str("<section aria-labelledby=\"callers\">\n<h2 id=\"callers\">Who is who</h2>\n");
    let mut rows: Vec<(String, String)> = [
        (
            "anon",
            "nobody in particular: no valid token. What anon may do, everybody may.",
        ),
        (
            "guest",
            "an anonymous sign-in. What guests may do, users may.",
        ),
        ("user", "a person who signed in, member of a tenant or not."),
        (
            "service",
            "the Worker's own database role. Rules for others do not apply to it.",
        ),
    ]
    .map(|(name, what)| (name.to_owned(), what.to_owned()))
    .into();
    if let Some(tenant) = &policy.tenant {
        let root = policy
            .table_at(tenant.root)
            .map_or("", |table| table.name.as_str());
        for (position, role) in tenant.roles.iter().enumerate().rev() {
            let rank = position + 1;
            let sources: Vec<String> = tenant
                .members
                .iter()
                .filter_map(|members| {
                    let table = policy.table_at(members.table)?;
                    let mut facts = Vec::new();
                    match members.role {
                        RoleSource::Column(column) => {
                            facts.push(format!("{} is '{role}'", table.column_name(column)));
                        }
                        RoleSource::Always(of) if usize::from(of) == rank => {}
                        RoleSource::Always(_) => return None,
                    }
                    facts.extend(
                        members
                            .condition
                            .iter()
                            .map(|of| words::condition(table, of)),
                    );
                    let caller = table.column_name(members.caller);
                    let which = if facts.is_empty() {
                        String::new()
                    } else {
                        format!(", where {}", facts.join(" and "))
                    };
                    Some(format!(
                        "a row of {} names them in {caller}{which}",
                        table.name
                    ))
                })
                .collect();
            let below = if position == 0 {
                String::new()
            } else {
                let lower = tenant.roles.get(position - 1).map_or("", String::as_str);
                format!(" Has everything that {lower} has.")
            };
            rows.push((
                role.clone(),
                format!(
                    "in the tenant ({root}) of the row: {}.{below}",
                    sources.join("; or ")
                ),
            ));
        }
        if tenant.keep_top {
            let top = tenant.role(tenant.top());
            rows.push((
                String::new(),
                format!("A tenant always keeps at least one {top}."),
            ));
        }
    }
    html.push_str(
        "<table>\n<caption>Callers that the policy tells apart</caption>\n<thead><tr>\
         <th scope=\"col\">Caller</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n",
    );
    for (name, what) in rows {
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escaped(&name),
            escaped(&what)
        );
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
}

fn section(
    policy: &Policy,
    table: &Table,
    of: &TableAccess,
    owned: &Ownership,
    position: usize,
    html: &mut String,
) {
    let name = escaped(&of.table);
    let _ = writeln!(
        html,
        "<section aria-labelledby=\"t{position}\">\n<h2 id=\"t{position}\">{name}</h2>"
    );
    let facts = facts(policy, table, of, owned);
    if !facts.is_empty() {
        html.push_str("<ul class=\"facts\">\n");
        for fact in facts {
            let _ = writeln!(html, "<li>{}</li>", escaped(&fact));
        }
        html.push_str("</ul>\n");
    }
    if of.callers.is_empty() {
        html.push_str("<p>Closed: nobody may do anything here.</p>\n</section>\n");
        return;
    }
    let _ = write!(
        html,
        "<table>\n<caption>Who may do what to {name}</caption>\n<thead><tr><th scope=\"col\">Caller</th>"
    );
    for (_, heading) in ACTIONS {
        let _ = write!(html, "<th scope=\"col\">{heading}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for caller in &of.callers {
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th>",
            escaped(&caller.who.join(", "))
        );
        for (action, _) in ACTIONS {
            cell(action, &caller.access, html);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
}

/// What holds for a table as a whole.
fn facts(policy: &Policy, table: &Table, of: &TableAccess, owned: &Ownership) -> Vec<String> {
    let mut facts = Vec::new();
    let columns = |set: ColumnSet| table.column_names(set).join(", ");
    match table.place {
        Place::Tenant(column) => facts.push(format!(
            "Each row belongs to the tenant in {}.",
            table.column_name(column)
        )),
        Place::Root(_) => facts.push("Each row is a tenant.".to_owned()),
        Place::Shared => {}
    }
    if let Some(of) = owned
        .data
        .iter()
        .find(|of| of.kind == "table" && of.name == table.name)
        && let Some(system) = &of.system
    {
        facts.push(format!(
            "A copy: the truth is in {system}. Kept {}.",
            of.kept()
        ));
    }
    facts.extend(table.parents.iter().filter_map(|parent| {
        let target = policy.table_at(parent.table)?;
        Some(format!(
            "Nothing is allowed unless the caller may read the row of {} that {} names.",
            target.name,
            table.column_name(parent.column)
        ))
    }));
    if let (Some(retire), Some(tenant)) = (&table.retire, &policy.tenant) {
        facts.push(format!(
            "Rows are retired by setting {} to {}: {} and above may do so, {} and above see such rows.",
            table.column_name(retire.column),
            retire.value,
            tenant.role(retire.by),
            tenant.role(retire.seen_by)
        ));
    }
    if table.append {
        facts.push("Rows are only ever added, by the service too.".to_owned());
    }
    if !table.hidden.is_empty() {
        facts.push(format!(
            "Never readable or writable by clients: {}.",
            columns(table.hidden)
        ));
    }
    if !table.fixed.is_empty() {
        facts.push(format!(
            "Set once and never changed: {}.",
            columns(table.fixed)
        ));
    }
    facts.extend(table.never.iter().map(|never| {
        let when = never
            .condition
            .iter()
            .map(|of| format!(" where {}", words::condition(table, of)));
        let becomes = never
            .check
            .iter()
            .map(|of| format!(" so that {}", words::condition(table, of)));
        let rest: String = when.chain(becomes).collect();
        format!(
            "Whatever else is allowed, no client may {} a row{rest}.",
            plain(never.action.word())
        )
    }));
    let _ = of;
    facts
}

fn plain(action: &str) -> &str {
    match action {
        "select" => "read",
        "insert" => "add",
        "update" => "change",
        "delete" => "remove",
        other => other,
    }
}

fn cell(action: &str, access: &[Access], html: &mut String) {
    let upsert = access.iter().any(|of| of.action == "upsert");
    let rules: Vec<&Access> = access.iter().filter(|of| of.action == action).collect();
    if rules.is_empty() {
        html.push_str("<td class=\"no\">no</td>");
        return;
    }
    html.push_str("<td><ul>");
    for of in rules {
        let columns = if action == "delete" {
            String::new()
        } else {
            format!("<span class=\"columns\">{}</span>", escaped(&of.summary))
        };
        let mut sentence = Vec::new();
        sentence.extend((!of.whose.is_empty()).then(|| of.whose.clone()));
        sentence.extend((!of.when.is_empty()).then(|| format!("where {}", of.when)));
        sentence.extend((!of.becomes.is_empty()).then(|| format!("so that {}", of.becomes)));
        if sentence.is_empty() {
            sentence.push("every row in reach".to_owned());
        }
        let _ = write!(
            html,
            "<li>{columns} {} <span class=\"line\">line {}</span></li>",
            escaped(&sentence.join(", ")),
            of.line
        );
    }
    if action == "insert" && upsert {
        html.push_str("<li>also as an upsert</li>");
    }
    html.push_str("</ul></td>");
}

fn others(matrix: &Matrix, html: &mut String) {
    if matrix.others.is_empty() {
        return;
    }
    html.push_str(
        "<section aria-labelledby=\"others\">\n<h2 id=\"others\">Views, functions and resources</h2>\n\
         <table>\n<caption>From whom on each is open</caption>\n<thead><tr><th scope=\"col\">Kind</th>\
         <th scope=\"col\">Name</th><th scope=\"col\">Open to</th></tr></thead>\n<tbody>\n",
    );
    for other in &matrix.others {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td></tr>",
            other.kind,
            escaped(&other.name),
            escaped(&other.who.join(", "))
        );
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
}

/// Text that stands for itself in HTML, in an attribute too.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // What turns the direction of writing would have a reader see another name.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
                let _ = write!(safe, "&lt;U+{:04X}&gt;", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(safe, "&lt;U+{:04X}&gt;", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}
