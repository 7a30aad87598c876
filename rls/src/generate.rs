//! From a policy to the SQL that enforces it.
//!
//! The text comes in [`Section`]s, one for each table and a few for what is shared. A section sets
//! right everything it speaks of, whatever was there before, so that it can be applied again and
//! alone. The shape of each policy, and why, is in `docs/policy-to-sql.md`.

mod callers;
mod closed;
mod condition;
mod fence;
mod functions;
mod grants;
mod guard;
mod indexes;
mod policies;
mod roles;
mod rows;
mod schema;
mod table;
mod tenancy;

use policy_core::condition::Condition;
use policy_core::model::{
    Action, AttributeIndex, Members, Place, Rank, Rule, Subject, Table, Team,
};
use policy_core::value::Kind;
use policy_core::{Catalogue, Policy};

use crate::sql;

/// The schema of everything that is generated; the API never offers it.
pub(crate) const SCHEMA: &str = "countersign";

/// Text that belongs together: it is applied, compared and replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// A name that stays the same from one migration to the next, e.g. `table.projects`.
    pub name: String,
    /// What a reader is told first: the lines of the policy it comes from.
    pub heading: Vec<String>,
    /// The SQL.
    pub body: String,
}

/// The SQL of a policy, in the order in which it must be applied.
#[must_use]
pub fn sections(policy: &Policy, catalogue: &Catalogue, source: &str) -> Vec<Section> {
    let context = Context {
        policy,
        catalogue,
        source,
    };
    let mut sections = vec![callers::section(&context)];
    sections.extend(roles::section(&context));
    sections.push(schema::section(&context));
    sections.extend(
        policy
            .tables
            .iter()
            .filter(|table| table.is_named())
            .map(|t| table::section(&context, t)),
    );
    sections.extend(closed::section(&context));
    sections.extend(functions::views(&context));
    sections.extend(functions::functions(&context));
    sections
}

/// The privileges, the guard and the policies of one table: what its rules become. With the helpers
/// of teams, since each belongs to the rules that ask it.
pub(crate) fn access(policy: &Policy, table: &Table) -> String {
    let context = Context {
        policy,
        catalogue: &Catalogue {
            schema: policy.schema.clone(),
            relations: Vec::new(),
            functions: Vec::new(),
        },
        source: "",
    };
    let mut text = roles::of_teams(&context);
    grants::write(&context, table, &mut text);
    guard::write(&context, table, &mut text);
    policies::write(&context, table, &mut text);
    text
}

/// The functions that list where the caller has at least a rank, and what is listed beside the
/// tenant.
pub(crate) fn helpers(policy: &Policy) -> Vec<(String, Rank, Option<AttributeIndex>)> {
    let catalogue = Catalogue::default();
    let context = Context {
        policy,
        catalogue: &catalogue,
        source: "",
    };
    let top = policy.tenant.as_ref().map_or(0, |tenant| tenant.top());
    let ranks = (1..=top).map(|rank| (context.helper(rank), rank, None));
    let teams = roles::teams(&context).into_iter();
    let teams = teams.map(|(rank, of)| (context.team_helper(rank, of), rank, Some(of)));
    ranks.chain(teams).collect()
}

/// The roles that lose everything before anything is granted.
pub(crate) fn everybody() -> impl Iterator<Item = &'static str> {
    grants::EVERYBODY.split(", ")
}

/// The database roles that a view or function for some subjects is granted to.
pub(crate) fn grantees(subjects: &[Subject]) -> Vec<&'static str> {
    functions::roles(subjects)
}

/// The leading columns by which the policies and helpers of a table look rows up, and what an index
/// for them is called.
pub(crate) fn lookups<'t>(
    policy: &Policy,
    catalogue: &Catalogue,
    table: &'t Table,
) -> Vec<(String, Vec<&'t str>)> {
    let context = Context {
        policy,
        catalogue,
        source: "",
    };
    let wanted = indexes::wanted(&context, table).into_iter();
    wanted
        .map(|columns| (indexes::name(table, &columns), columns))
        .collect()
}

/// A condition on a table's rows as the policies for signed-in callers write it, its columns
/// qualified with the table's name: for whoever holds the evaluator against the database.
#[must_use]
pub fn condition_sql(
    policy: &Policy,
    catalogue: &Catalogue,
    table: &Table,
    condition: &Condition,
) -> String {
    let context = Context {
        policy,
        catalogue,
        source: "",
    };
    let rows = rows::Rows::open(&context, table, Role::Authenticated);
    condition::condition(&rows, Some(condition)).inline(sql::test::Place::Alternative)
}

/// What everything is generated from.
#[derive(Clone, Copy)]
struct Context<'a> {
    policy: &'a Policy,
    catalogue: &'a Catalogue,
    source: &'a str,
}

/// A database role that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Anon,
    Authenticated,
    Edge,
}

impl Role {
    const ALL: [Self; 3] = [Self::Authenticated, Self::Anon, Self::Edge];

    fn name(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::Authenticated => "authenticated",
            Self::Edge => "countersign_edge",
        }
    }

    /// What is added to the names of this role's policies.
    fn suffix(self) -> &'static str {
        match self {
            Self::Anon => "_anon",
            Self::Authenticated => "",
            Self::Edge => "_edge",
        }
    }

    /// Whether the role acts for a subject: what anyone may do, the signed-in may do too.
    fn speaks_for(self, subject: Subject) -> bool {
        match self {
            Self::Anon => subject == Subject::Anon,
            Self::Authenticated => subject != Subject::Service,
            Self::Edge => subject == Subject::Service,
        }
    }
}

impl Context<'_> {
    /// A table's name with its schema.
    fn relation(&self, name: &str) -> String {
        sql::qualified(&self.policy.schema, name)
    }

    /// The sources of membership that are this table.
    fn sources(&self, table: &Table) -> impl Iterator<Item = &Members> {
        let members = self.policy.tenant.iter().flat_map(|tenant| &tenant.members);
        members.filter(move |source| {
            let of = self.policy.table_at(source.table);
            of.is_some_and(|of| of.name == table.name)
        })
    }

    /// The helper that returns the tenants where the caller has at least this rank.
    fn helper(&self, rank: Rank) -> String {
        let role = self
            .policy
            .tenant
            .as_ref()
            .map_or("", |tenant| tenant.role(rank));
        self.function(role)
    }

    /// The helper that returns where the caller has at least this rank, and what the membership
    /// says there.
    fn team_helper(&self, rank: Rank, attribute: AttributeIndex) -> String {
        let tenant = self.policy.tenant.as_ref();
        let role = tenant.map_or("", |tenant| tenant.role(rank));
        let attribute = tenant
            .and_then(|tenant| tenant.attributes.get(usize::from(attribute)))
            .map_or("", |attribute| attribute.name.as_str());
        self.function(&format!("{role}_by_{attribute}"))
    }

    /// A generated function of this app.
    fn function(&self, suffix: &str) -> String {
        sql::qualified(
            SCHEMA,
            &sql::fitting(&format!("{}_{suffix}", self.policy.app)),
        )
    }

    /// The function that returns the caller's id. An app whose ids are text has its own, since a
    /// database may hold apps of both kinds.
    fn caller_id(&self) -> &'static str {
        match self.policy.caller_id {
            Kind::Text => "countersign.caller_text_id()",
            _ => "countersign.caller_id()",
        }
    }

    /// The function that says whether the caller signed in with an identity.
    fn caller_is_user(&self) -> &'static str {
        match self.policy.caller_id {
            Kind::Text => "countersign.caller_text_is_user()",
            _ => "countersign.caller_is_user()",
        }
    }
}

/// The rules that give rows to clients.
fn client_rules(table: &Table) -> impl Iterator<Item = &Rule> {
    table
        .rules
        .iter()
        .filter(|r| r.subject != Subject::Service && r.action != Action::Upsert)
}

/// The rank that the fence of a table asks for: the lowest that any of its rules needs. Whoever
/// creates a tenant has no rank in it yet, so the root's fence leaves inserts alone.
fn fence_rank(table: &Table) -> Option<Rank> {
    client_rules(table)
        .filter(|rule| fence_binds(table, rule.action) && rule.fenced(table.place))
        .map(|rule| match rule.subject {
            Subject::Rank(rank) | Subject::Team(Team { rank, .. }) => rank,
            _ => 1,
        })
        .min()
}

/// Whether the fence of a table binds this action.
fn fence_binds(table: &Table, action: Action) -> bool {
    match table.place {
        Place::Tenant(_) => true,
        Place::Root(_) => action != Action::Insert,
        Place::Shared => false,
    }
}

/// Whether some row passes the fence without its tenant being the caller's. Then the alternatives
/// of each policy must repeat the tenant test, or such a row would pass through one of a role.
fn has_gate(context: &Context<'_>, table: &Table) -> bool {
    let founded = matches!(table.place, Place::Root(_))
        && context
            .policy
            .tenant
            .as_ref()
            .is_some_and(|tenant| tenant.found.is_some());
    founded
        || client_rules(table)
            .any(|rule| fence_binds(table, rule.action) && !rule.fenced(table.place))
}
