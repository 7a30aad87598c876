//! Views and functions: who may select from which, and execute which.

use countersign_wasm::batch::{Asker, Datum, OwnedMembership};
use policy_core::columns::ColumnSet;
use policy_core::decide::{
    Caller, CallerKind, Decision, Membership, Ranks, decide_function, decide_view,
};
use policy_core::model::Policy;

use super::error::VerifyError;
use super::people::Person;
use super::report::Disagreement;
use super::session::{Observed, Session};
use super::sql;

/// What the surface came to.
#[derive(Debug, Default)]
pub(super) struct Surface {
    pub(super) cells: u64,
    pub(super) allowed: u64,
    pub(super) denied: u64,
    pub(super) disagreements: Vec<Disagreement>,
}

/// One view or function with its callers' decisions.
struct Door {
    name: String,
    /// The statement that goes through it.
    statement: String,
    /// Whether rows are for the tables behind it to give, so that none is no refusal.
    decide: Box<dyn Fn(&Caller<'_>) -> Decision>,
}

/// Tries every view and function of the schema as everybody.
pub(super) async fn surface(
    session: &Session,
    policy: &Policy,
    people: &[Person],
) -> Result<Surface, VerifyError> {
    let mut doors = views(session, policy).await?;
    doors.extend(functions(session, policy).await?);
    let mut surface = Surface::default();
    for door in &doors {
        for person in people {
            attempt(session, policy, door, person, &mut surface).await?;
        }
    }
    Ok(surface)
}

async fn attempt(
    session: &Session,
    policy: &Policy,
    door: &Door,
    person: &Person,
    surface: &mut Surface,
) -> Result<(), VerifyError> {
    let asker = asker(policy, person);
    let ranks: Vec<Membership<'_>> = asker
        .ranks
        .iter()
        .map(OwnedMembership::membership)
        .collect();
    let caller = Caller {
        kind: CallerKind::from(asker.standing),
        id: asker.id.value(),
        email: asker.email.value(),
        aal: asker.aal.value(),
        ranks: Ranks::Known(&ranks),
    };
    let decision = (door.decide)(&caller);
    let trial = person.attempts(door.statement.clone());
    session
        .run("opening a transaction", "begin; savepoint cell")
        .await?;
    let observed = session.observe(&trial).await?;
    session.run("ending a transaction", "rollback").await?;
    let open = !matches!(decision, Decision::NotGranted(..));
    let (passed, database) = match &observed {
        Observed::Done { .. } => (true, "it ran".to_owned()),
        Observed::Failed(failure) => (false, failure.message.clone()),
    };
    let agrees = match &observed {
        Observed::Done { .. } => open,
        Observed::Failed(failure) => !open && failure.state == "42501",
    };
    surface.cells += 1;
    if !agrees {
        let words = if open { "open" } else { "not granted" };
        surface.disagreements.push(Disagreement {
            table: door.name.clone(),
            caller: person.label.clone(),
            statement: door.statement.clone(),
            native: words.to_owned(),
            wasm: words.to_owned(),
            database,
            script: format!(
                "begin;\nsavepoint cell;\n{};\nrollback;",
                trial.script().replace("; ", ";\n")
            ),
        });
    } else if passed {
        surface.allowed += 1;
    } else {
        surface.denied += 1;
    }
    Ok(())
}

async fn views(session: &Session, policy: &Policy) -> Result<Vec<Door>, VerifyError> {
    let query = format!(
        "select c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where n.nspname = {} and c.relkind in ('v', 'm') order by 1",
        sql::literal(Some(&policy.schema))
    );
    let names = session.rows("looking for views", &query).await?;
    // Where rows are somebody's, EXPLAIN tests the privilege and reads none.
    let reading = if session.is_in_place() {
        "explain select"
    } else {
        "select"
    };
    let door = |name: String| {
        let view = policy.views.iter().find(|view| view.name == name).cloned();
        Door {
            statement: format!("{reading} * from {}", sql::qualified(&policy.schema, &name)),
            name,
            decide: Box::new(move |caller| {
                view.as_ref()
                    .map_or(CLOSED, |view| decide_view(view, caller))
            }),
        }
    };
    Ok(names.into_iter().flatten().flatten().map(door).collect())
}

const CLOSED: Decision =
    Decision::NotGranted(policy_core::decide::Privilege::Select, ColumnSet::EMPTY);

async fn functions(session: &Session, policy: &Policy) -> Result<Vec<Door>, VerifyError> {
    // EXPLAIN tests the privilege as the call would, and does not run the body.
    let query = format!(
        "set search_path = ''; select p.proname, array_to_json(coalesce((select array_agg(format_type(t, null) order by at)
             from unnest(p.proargtypes::oid[]) with ordinality u (t, at)), '{{}}'))::text,
           array_to_json(coalesce((select array_agg(t.typname::text order by at)
             from unnest(p.proargtypes::oid[]) with ordinality u (o, at)
             join pg_catalog.pg_type t on t.oid = u.o), '{{}}'))::text
         from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
         where n.nspname = {} and p.prokind = 'f' and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
         order by 1, 2; reset search_path",
        sql::literal(Some(&policy.schema))
    );
    let mut doors = Vec::new();
    for row in session.rows("looking for functions", &query).await? {
        let [Some(name), Some(types), Some(plain)] = row.as_slice() else {
            continue;
        };
        let types: Vec<String> = serde_json::from_str(types)?;
        let plain: Vec<String> = serde_json::from_str(plain)?;
        let same = |function: &policy_core::model::Function| {
            function.name == *name
                && function.arguments.len() == types.len()
                && function.arguments.iter().zip(types.iter().zip(&plain)).all(
                    |(named, (full, plain))| {
                        named == full || named == plain || full.ends_with(&format!(".{named}"))
                    },
                )
        };
        let function = policy
            .functions
            .iter()
            .find(|function| same(function))
            .cloned();
        let nulls: Vec<String> = types.iter().map(|kind| format!("null::{kind}")).collect();
        let call = format!(
            "{}({})",
            sql::qualified(&policy.schema, name),
            nulls.join(", ")
        );
        doors.push(Door {
            name: format!("{name}({})", types.join(", ")),
            statement: format!("explain select * from {call}"),
            decide: Box::new(move |caller| {
                function
                    .as_ref()
                    .map_or(CLOSED, |function| decide_function(function, caller))
            }),
        });
    }
    Ok(doors)
}

/// The caller with the ranks that the seats mean; no rows are needed for privileges.
fn asker(policy: &Policy, person: &Person) -> Asker {
    let id = if person.is_somebody() {
        Datum::read(policy.caller_id, person.subject.as_deref())
    } else {
        Datum::Null
    };
    let ranks = person
        .seats
        .iter()
        .filter(|seat| seat.active && policy.rank(&seat.role) > 0)
        .map(|seat| OwnedMembership {
            tenant: Datum::Int(i64::from(seat.home == super::people::Home::Elsewhere)),
            rank: policy.rank(&seat.role),
            attribute: None,
        })
        .collect();
    Asker {
        standing: person.standing,
        id,
        email: Datum::Null,
        aal: Datum::Null,
        ranks,
    }
}
