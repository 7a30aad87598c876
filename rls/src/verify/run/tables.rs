//! One table: seeded, tried, judged, and rolled back.

use std::time::Instant;

use policy_core::model::{Policy, TableIndex};

use super::court::Court;
use super::vacuous::vacuous;
use crate::verify::bench::Bench;
use crate::verify::browser;
use crate::verify::error::VerifyError;
use crate::verify::evaluator::Evaluator;
use crate::verify::in_place;
use crate::verify::mutate::Mutation;
use crate::verify::report::Report;
use crate::verify::scene::Scene;
use crate::verify::schema::Schema;
use crate::verify::search::{Searched, search};
use crate::verify::session::{Observed, Session};

/// Why a statement does not count on a database in use.
const GAVE_UP: &str = "a lock or the result was not waited for any longer";

/// Which table, and where.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) session: &'a Session,
    pub(super) schema: &'a Schema,
    pub(super) policy: &'a Policy,
    pub(super) index: TableIndex,
}

/// What is carried from one table to the next.
#[derive(Default)]
pub(super) struct Along {
    pub(super) searched: Searched,
    pub(super) mutation: Option<Mutation>,
}

/// Verifies one table and adds to the report what was found.
pub(super) async fn verify(
    place: Place<'_>,
    evaluator: &mut Evaluator,
    random: usize,
    along: &mut Along,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let started = Instant::now();
    let Place {
        session,
        schema,
        policy,
        index,
    } = place;
    let Some(scene) = Scene::set(session, schema, policy, index).await? else {
        return Ok(());
    };
    let mut bench = Bench::new(scene).await?;
    bench.run(random, report.seed).await?;
    let native = bench.ledger.batch.decide(policy);
    let wasm = evaluator.decide(&bench.ledger.batch).await?;
    browser::hold_filters(&mut bench, evaluator).await?;
    let mut gave_up = bench.left_out.clone();
    let mut court = Court::new(&bench, schema, &native, &wasm);
    for (probe, observed) in bench.ledger.probes.iter().zip(&bench.ledger.observed) {
        if let Observed::Failed(failure) = observed
            && session.is_in_place()
            && in_place::gave_up(&failure.state)
        {
            *gave_up.entry(GAVE_UP).or_default() += 1;
            continue;
        }
        court.hear(probe, observed);
    }
    let (mut done, impossible) = (court.done, court.impossible);
    report.disagreements.extend(court.disagreements);
    report.findings.extend(vacuous(&bench, &native, &done));
    if let Some(of) = &mut report.in_place {
        of.leave_out(&bench.scene.table.name, &gave_up);
        let locks = in_place::strong_locks(session, &bench.scene.table.name).await?;
        report.findings.extend(locks);
    } else {
        let found = search(&bench.scene, report.seed, &mut along.searched).await?;
        report.findings.extend(found);
    }
    if let Some(mutation) = &mut along.mutation {
        mutation.table(&bench, &native).await?;
    }
    session.run("rolling back", "rollback").await?;
    done.seconds = started.elapsed().as_secs_f64();
    done.rows = bench
        .scene
        .specimens
        .iter()
        .filter(|s| s.obstacle.is_none())
        .count() as u64;
    report.residuals.add(bench.audit.close(&done.table));
    for one in bench.scene.impossible.into_iter().chain(impossible) {
        report.impossible.add(one);
    }
    report.cells += done.cells;
    report.allowed += done.allowed;
    report.denied += done.denied;
    report.unknown += done.unknown;
    report.per_table.push(done);
    Ok(())
}

/// Why nothing of a table could be tried on a database in use, if that is all that went wrong.
pub(super) async fn left_out(
    session: &Session,
    done: Result<(), VerifyError>,
) -> Result<Option<String>, VerifyError> {
    let Err(error) = done else { return Ok(None) };
    let reason = in_place::left_out_by(&error).filter(|_| session.is_in_place());
    let Some(reason) = reason else {
        return Err(error);
    };
    session.run("rolling back", "rollback").await?;
    Ok(Some(reason))
}
