//! A proof on the database in use.
//!
//! The live schema is proved with rows of the verifier's own, in transactions that are always
//! rolled back. Their keys are drawn at random, no statement reaches a row that is not theirs, and
//! whatever a table does not allow to be tried that way is left out and counted.
//!
//! The rest of the verifier writes keys that are the same in every run. The session exchanges
//! their common beginning for a random one on the way to the server, and back on the way from it:
//! so a disagreement's script still runs on an empty database.

mod catalogue;
mod effects;
mod held;
mod isolation;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use policy_core::model::Policy;
use policy_core::value::Kind;
use serde::Serialize;
use tokio_postgres::error::SqlState;

use super::error::VerifyError;
use super::report::Finding;
use super::schema::{Schema, at};
use super::session::Session;
use super::sql;
use super::values;
use crate::connect::{Address, words};

pub(super) use held::broken;
pub(super) use isolation::obstacles;

/// How a proof on a database in use behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InPlace {
    /// How long a statement waits for a lock before its cell is left out.
    pub lock_timeout: Duration,
    /// How long a statement runs before its cell is left out.
    pub statement_timeout: Duration,
    /// Whether to go on where triggers could have effects that no rollback takes back.
    pub allow_triggers: bool,
}

impl Default for InPlace {
    /// A wait that a request hardly notices, and statements as short as a request's.
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_millis(200),
            statement_timeout: Duration::from_secs(5),
            allow_triggers: false,
        }
    }
}

/// What a proof on a database in use set off, and what it left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InPlaceReport {
    /// The triggers that seeding or a statement could fire.
    pub triggers: Vec<Fired>,
    /// The sequences that advance: no rollback takes that back.
    pub sequences: Vec<String>,
    /// What was not tried.
    pub left_out: Vec<LeftOut>,
}

/// A trigger or an expression of a table that runs along with its statements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fired {
    /// The table, with its schema.
    pub table: String,
    /// What runs: a trigger by name, a default, a check or a policy.
    pub what: String,
    /// The function it calls, if it is a trigger.
    pub function: Option<String>,
    /// Deferred to the commit, which never comes: it does not fire.
    pub deferred: bool,
    /// What in it could reach beyond the transaction.
    pub effects: Vec<String>,
}

/// Cells that were not tried, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The table.
    pub table: String,
    /// How many cells; none if it was the whole table, whose cells are not known then.
    pub cells: Option<u64>,
    /// Why.
    pub reason: String,
}

impl InPlaceReport {
    pub(super) fn leave_out(&mut self, table: &str, reasons: &BTreeMap<&'static str, u64>) {
        self.left_out
            .extend(reasons.iter().map(|(reason, cells)| LeftOut {
                table: table.to_owned(),
                cells: Some(*cells),
                reason: (*reason).to_owned(),
            }));
    }

    pub(super) fn leave_out_table(&mut self, table: &str, reason: String) {
        self.left_out.push(LeftOut {
            table: table.to_owned(),
            cells: None,
            reason,
        });
    }

    /// How many cells were left out, the tables that were left out whole not among them.
    #[must_use]
    pub fn cells_left_out(&self) -> u64 {
        self.left_out.iter().filter_map(|left| left.cells).sum()
    }

    /// The tables of which nothing was tried.
    pub fn tables_left_out(&self) -> impl Iterator<Item = &LeftOut> {
        self.left_out.iter().filter(|left| left.cells.is_none())
    }
}

impl fmt::Display for InPlaceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for left in self.tables_left_out() {
            writeln!(f, "left out in place: {}: {}", left.table, left.reason)?;
        }
        let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
        for left in &self.left_out {
            if let Some(cells) = left.cells {
                *by_reason.entry(&left.reason).or_default() += cells;
            }
        }
        for (reason, cells) in by_reason {
            writeln!(f, "left out in place: {cells} cells: {reason}")?;
        }
        for fired in self.triggers.iter().filter(|fired| fired.deferred) {
            writeln!(
                f,
                "does not fire, since nothing commits: {} on {}",
                fired.what, fired.table
            )?;
        }
        let fired = self.triggers.iter().filter(|fired| !fired.deferred);
        let fired: Vec<String> = fired
            .filter(|fired| fired.function.is_some())
            .map(|fired| format!("{} on {}", fired.what, fired.table))
            .collect();
        if !fired.is_empty() {
            writeln!(f, "triggers that fired or could have: {}", fired.join(", "))?;
        }
        if !self.sequences.is_empty() {
            writeln!(f, "sequences that advanced: {}", self.sequences.join(", "))?;
        }
        Ok(())
    }
}

/// What a session needs to know of the database being in use.
#[derive(Clone, Debug)]
pub(super) struct Tenancy {
    limits: InPlace,
    /// What stands for [`values::OWN`] in this run.
    own: String,
    /// Where the run's serial numbers begin.
    pub(super) salt: u64,
}

impl Tenancy {
    /// The settings of each transaction.
    pub(super) fn begin(&self) -> String {
        format!(
            "begin read write; set local lock_timeout = {}; set local statement_timeout = {}",
            self.limits.lock_timeout.as_millis(),
            self.limits.statement_timeout.as_millis()
        )
    }

    pub(super) fn outward(&self, sql: &str) -> String {
        sql.replace(values::OWN, &self.own)
    }

    pub(super) fn inward(&self, text: &str) -> String {
        text.replace(&self.own, values::OWN)
    }
}

/// Whether an error says that a lock or a result was not waited for any longer.
pub(super) fn gave_up(state: &str) -> bool {
    [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ]
    .iter()
    .any(|known| known.code() == state)
}

/// Why a table cannot be tried, if the error means no more than that.
pub(super) fn left_out_by(error: &VerifyError) -> Option<String> {
    match error {
        VerifyError::NoRow { obstacle, .. } => {
            Some(format!("no row of it can be made: {obstacle}"))
        }
        VerifyError::Sql { source, .. } => source
            .code()
            .filter(|state| gave_up(state.code()))
            .map(|_| format!("gave up while seeding: {}", words(source))),
        _ => None,
    }
}

/// Opens a session that cannot leave anything behind.
pub(super) async fn open(url: &str, limits: InPlace) -> Result<Session, VerifyError> {
    let address = Address::parse(url)?.named("countersign verify --in-place");
    let mut session = Session::connect(&address).await?;
    if session.is_alone().await? {
        return Err(VerifyError::InPlace(
            "the server has a single session, so nobody else can be using it; use --scratch"
                .to_owned(),
        ));
    }
    // What is not inside one of the verifier's own transactions cannot write. The server notices
    // within a second that the client is gone, and does not wait for one that hangs.
    let settings = format!(
        "set default_transaction_read_only = on; set lock_timeout = {}; set statement_timeout = {};
         set idle_in_transaction_session_timeout = '60s'; set client_connection_check_interval = '1s'",
        limits.lock_timeout.as_millis(),
        limits.statement_timeout.as_millis()
    );
    session
        .run("limiting what a statement may wait for", &settings)
        .await?;
    privileges(&session).await?;
    // Serial numbers of one length, below those that mean something: then their order is always the same.
    let random = "select pg_catalog.gen_random_uuid(), (pg_catalog.random() * 35000000000000)::bigint + 100000000000000";
    let drawn = session.rows("drawing keys", random).await?;
    let Some([Some(uuid), Some(salt)]) = drawn.first().map(Vec::as_slice) else {
        return Err(VerifyError::InPlace("the server draws no keys".to_owned()));
    };
    let tenancy = Tenancy {
        limits,
        own: uuid.chars().take(values::OWN.len()).collect(),
        salt: salt.parse().unwrap_or(1 << 40),
    };
    session.move_in(tenancy);
    Ok(session)
}

/// What the connection's role must be able to do.
async fn privileges(session: &Session) -> Result<(), VerifyError> {
    let query = "select pg_catalog.pg_is_in_recovery(), rolsuper or rolbypassrls, rolname
                 from pg_catalog.pg_roles where rolname = current_user";
    let rows = session
        .rows("looking at the connection's role", query)
        .await?;
    let refuse = |text: String| Err(VerifyError::InPlace(text));
    let Some([Some(standby), Some(free), Some(name)]) = rows.first().map(Vec::as_slice) else {
        return refuse("the connection's role cannot be read".to_owned());
    };
    if standby == "t" {
        return refuse(
            "this is a standby, on which no row can be seeded; connect to the primary".to_owned(),
        );
    }
    if free == "f" {
        return refuse(format!(
            "\"{name}\" is bound by row-level security, so it cannot seed rows for others; connect as a role with BYPASSRLS or as a superuser"
        ));
    }
    let quiet = "begin; set local session_replication_role = replica; rollback";
    if let Err(error) = session.raw(quiet).await {
        let name = sql::name(name);
        return refuse(format!(
            "seeding would fire the app's own triggers: {}; a superuser can allow it: grant set on parameter session_replication_role to {name}",
            words(&error)
        ));
    }
    Ok(())
}

/// Looks at what would run, and refuses what no rollback takes back.
pub(super) async fn survey(
    session: &Session,
    schema: &Schema,
    policy: &Policy,
    limits: InPlace,
) -> Result<InPlaceReport, VerifyError> {
    if policy.caller_id != Kind::Uuid {
        return Err(VerifyError::InPlace(
            "the callers' ids are no uuids, so ids that nobody has cannot be drawn; use --fresh"
                .to_owned(),
        ));
    }
    if let Some(tenant) = &policy.tenant {
        let key = policy
            .table_at(tenant.root)
            .and_then(|root| root.columns.get(at(tenant.key)));
        if let Some(key) = key.filter(|key| key.kind != Kind::Uuid) {
            return Err(VerifyError::InPlace(format!(
                "the tenants' key {} is no uuid, so tenants that nobody has cannot be made up; use --fresh",
                key.name
            )));
        }
    }
    let catalogue = catalogue::read(session).await?;
    let (triggers, sequences) = effects::survey(&catalogue, schema, policy);
    let risky: Vec<String> = triggers
        .iter()
        .filter(|fired| !fired.deferred && !fired.effects.is_empty())
        .map(|fired| {
            format!(
                "  {} on {}: {}",
                fired.what,
                fired.table,
                fired.effects.join("; ")
            )
        })
        .collect();
    if !risky.is_empty() && !limits.allow_triggers {
        return Err(VerifyError::Triggers(risky.join("\n")));
    }
    Ok(InPlaceReport {
        triggers,
        sequences,
        left_out: Vec::new(),
    })
}

/// Locks on tables that could make others wait, taken while seeding: there must be none. Those of
/// the statements under test are gone with their savepoints.
pub(super) async fn strong_locks(
    session: &Session,
    table: &str,
) -> Result<Option<Finding>, VerifyError> {
    let query =
        "rollback to savepoint scene; select pg_catalog.string_agg(distinct l.relation::regclass || ' (' || l.mode || ')', ', ')
        from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation
        where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation'
          and c.relkind in ('r', 'p', 'm')
          and l.mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')";
    let held = session.value("looking at the locks", query).await?;
    Ok((!held.is_empty()).then(|| Finding {
        code: "strong-lock",
        table: table.to_owned(),
        message: format!(
            "its seeding took locks that block others: {held}; a default or a trigger does so"
        ),
    }))
}
