//! `countersign explain`: why a statement on a row comes out as it does.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use countersign_rls::project::Project;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use policy_core::decide::{
    Caller, CallerKind, Command, Membership, Ranks, Row, Sight, Statement, decide, decide_operation,
};
use policy_core::explain::{Explanation, explain, explain_operation};
use policy_core::model::{Policy, Rank, Resource, Table};
use policy_core::value::{Kind, value_from_text};
use policy_core::{ColumnSet, Value};
use serde_json::Map;

use super::{AppArgs, Output};

/// Explain what becomes of a statement on a row, and which rule decides.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    app: AppArgs,
    /// Who asks: anon, guest, user, service, or a role, which the caller then has in the row's
    /// tenant.
    #[arg(long = "as", value_name = "WHO")]
    who: String,
    /// The table.
    #[arg(long, required_unless_present = "resource", requires = "action")]
    table: Option<String>,
    /// What is done to it.
    #[arg(long, value_enum)]
    action: Option<Word>,
    /// Instead of a table: what is not in the database, as the policy writes it, such as
    /// `hubspot.contact`.
    #[arg(long, conflicts_with = "table", requires = "operation")]
    resource: Option<String>,
    /// What is done to the resource.
    #[arg(long)]
    operation: Option<String>,
    /// What the caller's membership says beside the role, as JSON: `{"team_id": "..."}`.
    #[arg(long)]
    says: Option<String>,
    /// The existing row, as JSON: `{"status": "draft", "user_id": "caller.id"}`. Columns left out
    /// are not known. `"caller.id"` and `"now()"` stand for what they say.
    #[arg(long)]
    row: Option<String>,
    /// The new row, as JSON; for an update only what changes.
    #[arg(long)]
    new: Option<String>,
    /// Columns that are read; by default all readable ones for a select, otherwise none.
    #[arg(long, value_delimiter = ',')]
    read: Vec<String>,
    /// Whether parent rows, and those shared with others, are visible to the caller.
    #[arg(long, value_enum, default_value_t = Related::Visible)]
    related: Related,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Word {
    Select,
    Insert,
    Update,
    Delete,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Related {
    Visible,
    Hidden,
    Unknown,
}

/// Stands for whoever asks and whichever tenant the row is of.
const CALLER: u128 = 0xca11;
const TENANT: u128 = 0x7e4a;

impl ExplainArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(subject) = self.app.compile(output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let policy = &subject.policy;
        if let Some((resource, operation)) = self.resource.as_ref().zip(self.operation.as_ref()) {
            let explanation = self.operation(policy, resource, operation)?;
            return print(output, &subject.project, &explanation);
        }
        let (Some(name), Some(action)) = (&self.table, self.action) else {
            return Err(miette!(
                "name a table and an action, or a resource and an operation"
            ));
        };
        let table = policy
            .table(name)
            .ok_or_else(|| miette!("there is no table `{name}` in schema `{}`", policy.schema))?;
        let (old_json, changes_json) = (
            object(self.row.as_deref(), "--row")?,
            object(self.new.as_deref(), "--new")?,
        );
        let now = now();
        let id = match policy.caller_id {
            Kind::Text => Value::Text("caller.id"),
            _ => Value::Uuid(CALLER),
        };
        let (kind, rank) = self.caller(policy)?;
        let nobody = matches!(kind, CallerKind::Anon | CallerKind::Service);
        let read = |json| values(table, json, id, now);
        let mut old = read(&old_json)?;
        let mut new = if matches!(action, Word::Insert) && self.new.is_none() {
            old.clone()
        } else {
            let changes = read(&changes_json)?;
            overlay(&old, &changes, !matches!(action, Word::Insert))
        };
        let tenant = tenant(table, &mut old, &mut new);
        let says = object(self.says.as_deref(), "--says")?;
        let ranks = memberships(policy, tenant, rank, &says)?;
        let caller = Caller {
            kind,
            id: if nobody { Value::Null } else { id },
            email: Value::Null,
            aal: Value::Null,
            ranks: Ranks::Known(&ranks),
        };
        let sight = match self.related {
            Related::Visible => Sight::Visible,
            Related::Hidden => Sight::Hidden,
            Related::Unknown => Sight::NotYetKnown,
        };
        let parents = vec![sight; table.parents.len()];
        let (old, new) = (
            Row {
                values: &old,
                parents: &parents,
                peers: sight,
            },
            Row {
                values: &new,
                parents: &parents,
                peers: sight,
            },
        );
        let named = if self.new.is_some() {
            &changes_json
        } else {
            &old_json
        };
        let statement = Statement {
            read: self.read(table, kind)?,
            written: match action {
                Word::Insert => columns(table, named.keys())?,
                Word::Update => columns(table, changes_json.keys())?,
                Word::Select | Word::Delete => ColumnSet::EMPTY,
            },
            command: match action {
                Word::Select => Command::Select(old),
                Word::Insert => Command::Insert {
                    new,
                    returning: !self.read.is_empty(),
                },
                Word::Update => Command::Update { old, new },
                Word::Delete => Command::Delete(old),
            },
        };
        let decision = decide(policy, table, &caller, &statement, now);
        let explanation = explain(policy, table, &caller, &statement, &decision);
        print(output, &subject.project, &explanation)
    }

    /// An operation on a resource, in whichever tenant the caller is meant to have the role.
    fn operation(&self, policy: &Policy, name: &str, operation: &str) -> Result<Explanation> {
        let resource = policy.resource(name).ok_or_else(|| {
            let known: Vec<String> = policy.resources.iter().map(Resource::name).collect();
            miette!(
                help = format!("the resources are {}", known.join(", ")),
                "there is no resource `{name}`"
            )
        })?;
        let (kind, rank) = self.caller(policy)?;
        let tenant = match &policy.tenant {
            Some(_) => Value::Uuid(TENANT),
            None => Value::Null,
        };
        let ranks = [Membership::new(tenant, rank)];
        let caller = Caller {
            kind,
            id: Value::Present,
            email: Value::Null,
            aal: Value::Null,
            ranks: Ranks::Known(if rank == 0 { &[] } else { &ranks }),
        };
        let ruling = decide_operation(&caller, tenant, resource, operation);
        Ok(explain_operation(
            policy, &caller, tenant, resource, operation, ruling,
        ))
    }

    /// The kind of caller, and their rank in the row's tenant.
    fn caller(&self, policy: &Policy) -> Result<(CallerKind, Rank)> {
        Ok(match self.who.as_str() {
            "anon" => (CallerKind::Anon, 0),
            "guest" => (CallerKind::Guest, 0),
            "user" => (CallerKind::User, 0),
            "service" => (CallerKind::Service, 0),
            role => match policy.rank(role) {
                0 => {
                    let roles = policy
                        .tenant
                        .as_ref()
                        .map_or(String::new(), |t| t.roles.join(", "));
                    return Err(miette!(
                        help = format!("one of anon, guest, user, service, {roles}"),
                        "there is no role `{role}`"
                    ));
                }
                rank => (CallerKind::User, rank),
            },
        })
    }

    fn read(&self, table: &Table, kind: CallerKind) -> Result<ColumnSet> {
        if self.read.is_empty() && matches!(self.action, Some(Word::Select)) {
            return Ok(kind.privileges(&table.grants).select);
        }
        columns(table, self.read.iter())
    }
}

fn print(output: &Output, project: &Project, explanation: &Explanation) -> Result<ExitCode> {
    let value = serde_json::to_value(explanation).into_diagnostic()?;
    output.say(&value, || {
        let mut lines = vec![explanation.message.clone()];
        if let Some(rule) = &explanation.rule {
            let path = project.policy_path.display();
            lines.push(format!("  {path}:{}: {}", rule.line, rule.text));
        }
        let details = explanation.details.iter();
        lines.extend(details.map(|detail| format!("  {detail}")));
        let hint = explanation.hint.iter();
        lines.extend(hint.map(|hint| format!("  hint: {hint}")));
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// The caller's memberships: in the row's tenant with this rank, once for each thing said there.
fn memberships<'v>(
    policy: &Policy,
    tenant: Value<'v>,
    rank: Rank,
    says: &'v Map<String, serde_json::Value>,
) -> Result<Vec<Membership<'v>>> {
    if rank == 0 {
        return Ok(Vec::new());
    }
    let member = Membership::new(tenant, rank);
    let declared = policy.tenant.as_ref().map_or(&[][..], |of| &of.attributes);
    let mut all = vec![member];
    for (name, json) in says {
        let known = (0_u8..).zip(declared).find(|(_, of)| of.name == *name);
        let (index, of) = known.ok_or_else(|| {
            let names: Vec<&str> = declared.iter().map(|of| of.name.as_str()).collect();
            miette!(
                help = format!("they say {}", names.join(", ")),
                "the memberships of `{}` say no `{name}`",
                policy.app
            )
        })?;
        let value = match json {
            serde_json::Value::Null => Some(Value::Null),
            serde_json::Value::Number(number) => number.as_i64().map(Value::Int),
            serde_json::Value::String(text) => value_from_text(of.kind, text),
            _ => None,
        };
        let value = value.ok_or_else(|| {
            miette!(
                "`{json}` is no value for `{name}`, which is {}",
                of.data_type
            )
        })?;
        all.push(Membership {
            attribute: Some((index, value)),
            ..member
        });
    }
    Ok(all)
}

fn object(text: Option<&str>, option: &str) -> Result<Map<String, serde_json::Value>> {
    text.map_or_else(|| Ok(Map::new()), serde_json::from_str)
        .into_diagnostic()
        .wrap_err_with(|| format!("{option} is no JSON object"))
}

fn columns<'n>(table: &Table, names: impl Iterator<Item = &'n String>) -> Result<ColumnSet> {
    names
        .map(|name| table.column(name).ok_or_else(|| unknown(table, name)))
        .collect()
}

fn unknown(table: &Table, name: &str) -> miette::Report {
    let names = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect::<Vec<_>>();
    miette!(
        help = format!("its columns are {}", names.join(", ")),
        "`{}` has no column `{name}`",
        table.name
    )
}

/// A row in the table's column order; what is not named is not known.
fn values<'v>(
    table: &Table,
    json: &'v Map<String, serde_json::Value>,
    id: Value<'v>,
    now: Value<'v>,
) -> Result<Vec<Value<'v>>> {
    columns(table, json.keys())?;
    table
        .columns
        .iter()
        .map(|column| {
            let Some(json) = json.get(&column.name) else {
                return Ok(Value::NotYetKnown);
            };
            let value = match json {
                serde_json::Value::Null => Some(Value::Null),
                serde_json::Value::String(text) if text == "caller.id" => Some(id),
                serde_json::Value::String(text) if text == "now()" => Some(now),
                serde_json::Value::Bool(flag) if column.kind == Kind::Bool => {
                    Some(Value::Bool(*flag))
                }
                serde_json::Value::Number(number)
                    if matches!(column.kind, Kind::Int | Kind::Decimal) =>
                {
                    number.as_i64().map(Value::Int)
                }
                serde_json::Value::String(text) => value_from_text(column.kind, text),
                _ if column.kind == Kind::Opaque => Some(Value::Present),
                _ => None,
            };
            value.ok_or_else(|| {
                miette!(
                    "`{json}` is no value for `{}`, which is {}",
                    column.name,
                    column.data_type
                )
            })
        })
        .collect()
}

/// The old row with the changes; without an old row the changes alone.
fn overlay<'v>(old: &[Value<'v>], changes: &[Value<'v>], keep: bool) -> Vec<Value<'v>> {
    let merged = changes.iter().zip(old).map(|(change, old)| match change {
        Value::NotYetKnown if keep => *old,
        change => *change,
    });
    merged.collect()
}

/// The row's tenant; where it is not said, some tenant.
fn tenant<'v>(table: &Table, old: &mut [Value<'v>], new: &mut [Value<'v>]) -> Value<'v> {
    let Some(column) = table.place.tenant_column().map(usize::from) else {
        return Value::Null;
    };
    let kind = table.columns.get(column).map(|column| column.kind);
    let some = match kind {
        Some(Kind::Uuid) => Value::Uuid(TENANT),
        Some(Kind::Int) => Value::Int(1),
        _ => Value::Text("tenant"),
    };
    for row in [&mut *old, &mut *new] {
        if let Some(value @ Value::NotYetKnown) = row.get_mut(column) {
            *value = some;
        }
    }
    old.get(column).copied().unwrap_or(some)
}

fn now() -> Value<'static> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Value::Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
