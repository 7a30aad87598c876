//! From tree to policy: every name resolved, every type agreed, every rule reachable.
//!
//! The passes, in order: `context` resolves names; `tables` builds each table with its
//! `rules`; `grants` derives the column privileges; `links` looks at `via` across tables, and
//! `keys` at what constraints do behind a policy's back and `behind` at what triggers and indexes do; `whole` asks what no single rule shows, such as escalation through the membership table.

mod behind;
mod conditions;
mod context;
mod escalation;
mod grants;
mod keys;
mod links;
mod resources;
mod rules;
mod tables;
mod tenant;
mod whole;

use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::model::Policy;
use crate::syntax::tree::File;
use context::Context;

/// Holds a policy against a catalogue.
///
/// # Errors
/// All findings, if at least one of them is an error; otherwise they come with the policy.
pub fn check(
    file: &File,
    catalogue: &Catalogue,
) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut context = Context::new(file, catalogue);
    let tenant = tenant::tenant(&mut context);
    let mut policy = Policy {
        app: file.app.text.clone(),
        schema: file.schema.text.clone(),
        caller_id: context.caller_id,
        tenant,
        tables: Vec::new(),
        views: Vec::new(),
        functions: Vec::new(),
        resources: Vec::new(),
    };
    policy.tables = tables::tables(&mut context, policy.tenant.as_ref());
    policy.views = tables::views(&mut context, policy.tenant.as_ref());
    policy.functions = tables::functions(&mut context, policy.tenant.as_ref());
    policy.resources = resources::resources(&mut context, policy.tenant.as_ref());
    links::resolve(&mut context, &mut policy);
    for table in &mut policy.tables {
        grants::derive(&mut context, table, policy.tenant.as_ref());
    }
    keys::look(&mut context, &policy);
    behind::look(&mut context, &policy);
    whole::look(&mut context, &policy);
    let diagnostics = context.finish();
    if diagnostics.iter().any(Diagnostic::is_error) {
        Err(diagnostics)
    } else {
        Ok((policy, diagnostics))
    }
}
