//! Who belongs to what, asked of the database with the caller's own rights.

use std::collections::HashMap;
use std::rc::Rc;

use policy_core::Value;
use policy_core::condition::Scope;
use policy_core::decide::Membership;
use policy_core::model::{AttributeIndex, Members, Policy, Rank, RoleSource, Tenant};
use policy_core::value::{Kind, value_from_text};
use postgrest::Postgrest;
use reqwest::StatusCode;
use serde_json::Map;

use crate::caller::{Caller, Who};
use crate::edge::Edge;
use crate::json::{column_value, text};
use crate::message::Body;
use crate::problem::Problem;
use crate::transport::{Outgoing, Runtime};

/// For how long an answer may be used again. A refusal is never decided on such an answer alone.
const FRESH_MS: u64 = 5_000;
/// How many callers are remembered.
const MOST_CALLERS: usize = 1_000;
/// More rows than anybody has memberships; where there are more, nobody claims to know them all.
const MOST_ROWS: usize = 1_000;
const LARGEST_ANSWER: usize = 256 * 1024;

/// What a caller belongs to.
pub type Memberships = Rc<[Belonging]>;

/// One membership, with keys and values as the database writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Belonging {
    tenant: String,
    rank: Rank,
    /// What the row says beside the role, one thing each.
    attribute: Option<(AttributeIndex, String)>,
}

/// Answers of a moment ago, by app and caller.
#[derive(Debug, Default)]
pub struct MembershipCache(HashMap<(String, String), (u64, Memberships)>);

impl MembershipCache {
    fn find(&self, app: &str, subject: &str, now: u64) -> Option<Memberships> {
        let (at, memberships) = self.0.get(&(app.to_owned(), subject.to_owned()))?;
        (now.saturating_sub(*at) < FRESH_MS).then(|| Rc::clone(memberships))
    }

    fn keep(&mut self, app: &str, subject: &str, memberships: Memberships, now: u64) {
        if self.0.len() >= MOST_CALLERS {
            self.0
                .retain(|_, (at, _)| now.saturating_sub(*at) < FRESH_MS);
        }
        if self.0.len() < MOST_CALLERS {
            self.0
                .insert((app.to_owned(), subject.to_owned()), (now, memberships));
        }
    }
}

/// How much is known of a caller's memberships in one app.
#[derive(Clone, Debug)]
pub struct Standing {
    memberships: Option<Memberships>,
    /// Whether it was read for this very request.
    pub live: bool,
}

impl Standing {
    /// The ranks as the policy compares them; `None` if they are not known.
    #[must_use]
    pub fn ranks(&self, policy: &Policy) -> Option<Vec<Membership<'_>>> {
        let kind = tenant_kind(policy);
        let declared = policy
            .tenant
            .as_ref()
            .map_or(&[][..], |tenant| &tenant.attributes);
        let rows = self.memberships.as_ref()?.iter();
        rows.map(|row| {
            let attribute = match &row.attribute {
                None => None,
                Some((index, text)) => {
                    let of = declared.get(usize::from(*index))?;
                    Some((*index, value_from_text(of.kind, text)?))
                }
            };
            Some(Membership {
                tenant: value_from_text(kind, &row.tenant)?,
                rank: row.rank,
                attribute,
            })
        })
        .collect()
    }

    /// Tenants and roles by name; `None` if they are not known.
    #[must_use]
    pub fn roles<'a>(&'a self, policy: &'a Policy) -> Option<Vec<(&'a str, &'a str)>> {
        let tenant = policy.tenant.as_ref();
        let role = |rank| tenant.map_or("", |tenant| tenant.role(rank));
        let mut roles: Vec<(&str, Rank)> = Vec::new();
        for row in self.memberships.as_ref()?.iter() {
            match roles.iter_mut().find(|(of, _)| *of == row.tenant) {
                Some((_, rank)) => *rank = row.rank.max(*rank),
                None => roles.push((&row.tenant, row.rank)),
            }
        }
        let named = roles.into_iter();
        Some(named.map(|(of, rank)| (of, role(rank))).collect())
    }
}

/// What is known without asking, if that is recent enough; else what the database says now.
///
/// # Errors
/// If the database does not answer.
pub async fn recent<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    policy: &Policy,
    caller: &Caller,
) -> Result<Standing, Problem> {
    if let Some(subject) = subject(caller) {
        let now = runtime.now_ms();
        if let Some(found) = edge.memberships.borrow().find(&policy.app, subject, now) {
            return Ok(Standing {
                memberships: Some(found),
                live: false,
            });
        }
    }
    live(edge, runtime, policy, caller).await
}

/// What the database says now.
///
/// # Errors
/// If the database does not answer.
pub async fn live<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    policy: &Policy,
    caller: &Caller,
) -> Result<Standing, Problem> {
    let known = |memberships: Memberships| Standing {
        memberships: Some(memberships),
        live: true,
    };
    let (Some(tenant), Some(subject)) = (&policy.tenant, subject(caller)) else {
        return Ok(known(Rc::new([])));
    };
    if caller.id(policy.caller_id) == Value::Null {
        return Ok(known(Rc::new([])));
    }
    let mut all = Vec::new();
    for source in &tenant.members {
        match read(edge, runtime, policy, source, caller, subject).await? {
            Some(rows) => all.extend(ranks(
                policy,
                tenant,
                source,
                caller,
                &rows,
                runtime.now_ms(),
            )),
            None => {
                return Ok(Standing {
                    memberships: None,
                    live: true,
                });
            }
        }
    }
    let memberships: Memberships = distinct(all).into();
    let kept = Rc::clone(&memberships);
    edge.memberships
        .borrow_mut()
        .keep(&policy.app, subject, kept, runtime.now_ms());
    Ok(known(memberships))
}

fn subject(caller: &Caller) -> Option<&str> {
    match &caller.who {
        Who::Person(person) => person.subject.as_deref(),
        Who::Anon | Who::ServiceRole => None,
    }
}

type Rows = Vec<Map<String, serde_json::Value>>;

/// The caller's rows in one source; `None` where the database does not show them.
async fn read<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    policy: &Policy,
    source: &Members,
    caller: &Caller,
    subject: &str,
) -> Result<Option<Rows>, Problem> {
    let (Some(table), Some(url)) = (
        policy.table_at(source.table),
        edge.config.below("/rest/v1", ""),
    ) else {
        return Ok(None);
    };
    let said = source.attributes.iter().flatten().copied();
    let mut columns = said
        .chain(source.role.column())
        .chain([source.tenant])
        .collect();
    if let Some(condition) = &source.condition {
        columns = condition.columns().union(columns);
    }
    let mut query = Postgrest::new(url)
        .schema(&policy.schema)
        .insert_header("apikey", caller.api_key.expose())
        .from(&table.name)
        .select(table.column_names(columns).join(","))
        .eq(table.column_name(source.caller), subject)
        .limit(MOST_ROWS);
    if let Some(token) = &caller.token {
        query = query.auth(token.expose());
    }
    let request = query.build().build().map_err(|error| {
        Problem::bad_request("the memberships cannot be asked for").internal(error.to_string())
    })?;
    let outgoing = Outgoing {
        request,
        upload: None,
        patience: edge.config.patience,
    };
    let unavailable = || Problem::unavailable("the database does not answer");
    let response = runtime
        .send(outgoing)
        .await
        .map_err(|error| unavailable().internal(error.to_string()))?;
    if response.status.is_server_error() {
        return Err(unavailable().internal(format!("memberships: {}", response.status)));
    }
    let Body::Stream(stream) = response.body else {
        return Ok(None);
    };
    if response.status != StatusCode::OK {
        return Ok(None);
    }
    let json = runtime.read(stream, LARGEST_ANSWER).await;
    let rows: Option<Rows> = json
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok());
    Ok(rows.filter(|rows| rows.len() < MOST_ROWS))
}

/// The rows that are memberships: their condition is true and their role is declared.
fn ranks(
    policy: &Policy,
    tenant: &Tenant,
    source: &Members,
    caller: &Caller,
    rows: &Rows,
    now_ms: u64,
) -> Vec<Belonging> {
    let Some(table) = policy.table_at(source.table) else {
        return Vec::new();
    };
    let facts = caller.facts(policy.caller_id, None);
    let counts = |row: &Map<String, serde_json::Value>| {
        let Some(condition) = &source.condition else {
            return true;
        };
        let values: Vec<Value<'_>> = table
            .columns
            .iter()
            .map(|column| column_value(column, row))
            .collect();
        let scope = Scope {
            row: &values,
            not_null: table.not_null,
            caller_id: facts.id,
            caller_email: facts.email,
            caller_aal: facts.aal,
            now: Value::Timestamp(i64::try_from(now_ms).map_or(i64::MAX, |now| now * 1_000)),
        };
        condition.evaluate(&scope).is_true()
    };
    let field = |row: &Map<String, _>, column| text(row.get(table.column_name(column))?);
    rows.iter()
        .filter(|row| counts(row))
        .filter_map(|row| {
            let rank = match source.role {
                RoleSource::Always(rank) => rank,
                RoleSource::Column(role) => tenant.rank(&field(row, role)?),
            };
            let of = field(row, source.tenant).filter(|_| rank > 0)?;
            let belonging = |attribute| Belonging {
                tenant: of.clone(),
                rank,
                attribute,
            };
            let said = (0..=AttributeIndex::MAX).zip(&source.attributes);
            let said: Vec<Belonging> = said
                .filter_map(|(index, column)| {
                    Some(belonging(Some((index, field(row, (*column)?)?))))
                })
                .collect();
            Some(if said.is_empty() {
                vec![belonging(None)]
            } else {
                said
            })
        })
        .flatten()
        .collect()
}

/// Each once, in the order of the tenants.
fn distinct(mut all: Vec<Belonging>) -> Vec<Belonging> {
    all.sort();
    all.dedup();
    all
}

/// How keys of tenants compare.
pub(crate) fn tenant_kind(policy: &Policy) -> Kind {
    let column = policy.tenant.as_ref().and_then(|tenant| {
        policy
            .table_at(tenant.root)?
            .columns
            .get(usize::from(tenant.key))
    });
    column.map_or(Kind::Opaque, |column| column.kind)
}
