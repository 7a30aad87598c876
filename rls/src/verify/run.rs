//! One verification from beginning to end.

mod court;
mod tables;
mod vacuous;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use policy_core::model::TableIndex;

use super::error::VerifyError;
use super::evaluator::Evaluator;
use super::in_place::{self, InPlace};
use super::mutate::Mutation;
use super::people;
use super::preconditions;
use super::progress::Progress;
use super::report::{ImpossibleTotal, Report};
use super::residuals::ResidualReport;
use super::schema::Schema;
use super::scratch::Scratch;
use super::seed;
use super::session::Session;
use super::surface::surface;
use super::{Place, VerifyOptions};

/// Verifies, and removes what it made whatever happens.
pub(super) async fn run(options: &VerifyOptions) -> Result<Report, VerifyError> {
    for name in &options.tables {
        if options.policy.table(name).is_none() {
            return Err(VerifyError::UnknownTable(name.clone()));
        }
    }
    let evaluator = Evaluator::start(&options.wasm, &options.policy).await?;
    if let Place::InPlace(limits) = options.place {
        return tokio::select! {
            result = prove_in_place(options, limits, evaluator) => result,
            () = interrupted() => Err(VerifyError::Interrupted),
        };
    }
    let scratch = Scratch::make(&options.url, options.place).await?;
    let result = tokio::select! {
        result = prove_apart(options, &scratch, evaluator) => result,
        () = interrupted() => Err(VerifyError::Interrupted),
    };
    let removed = scratch.remove().await;
    let report = result?;
    removed.map(|()| report)
}

async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

async fn prove_apart(
    options: &VerifyOptions,
    scratch: &Scratch,
    evaluator: Evaluator,
) -> Result<Report, VerifyError> {
    let mut session = scratch.open(&options.migrations).await?;
    if options.one_by_one || session.is_alone().await? {
        session.contain().await?;
    }
    seed::prepare(&session).await?;
    prove(options, session, evaluator).await
}

async fn prove_in_place(
    options: &VerifyOptions,
    limits: InPlace,
    evaluator: Evaluator,
) -> Result<Report, VerifyError> {
    if options.mutate.is_some() {
        let text = "mutants change the schema, which is not done to a database in use; use --fresh";
        return Err(VerifyError::InPlace(text.to_owned()));
    }
    let session = in_place::open(&options.url, limits).await?;
    let report = prove(options, session, evaluator).await?;
    if report.cells == 0 {
        let of = report.in_place.unwrap_or_default();
        let text = format!("nothing could be tried\n{of}use --fresh");
        return Err(VerifyError::InPlace(text));
    }
    Ok(report)
}

async fn prove(
    options: &VerifyOptions,
    session: Session,
    mut evaluator: Evaluator,
) -> Result<Report, VerifyError> {
    let policy = &options.policy;
    let version = session
        .value("asking for the version", "select version()")
        .await?;
    let started = Instant::now();
    preconditions::roles(&session).await?;
    let mut report = start(options, &version);
    report.findings = preconditions::check(&session, policy).await?;
    let schema = Schema::read(&session, policy).await?;
    let mut obstacles = Vec::new();
    if let Place::InPlace(limits) = options.place {
        report.in_place = Some(in_place::survey(&session, &schema, policy, limits).await?);
        obstacles = in_place::obstacles(&session, &schema, policy).await?;
    }
    let chosen: Vec<TableIndex> = (0..)
        .zip(&policy.tables)
        .filter(|(_, table)| options.tables.is_empty() || options.tables.contains(&table.name))
        .map(|(index, _)| index)
        .collect();
    let progress = Progress::start(chosen.len());
    let random = options.random.div_ceil(chosen.len().max(1));
    let mut along = tables::Along::default();
    if let Some(mutate) = options.mutate {
        let mutation = Mutation::plan(&session, &schema, policy, &chosen, mutate, report.seed);
        along.mutation = Some(mutation.await?);
    }
    for index in &chosen {
        let place = tables::Place {
            session: &session,
            schema: &schema,
            policy,
            index: *index,
        };
        if let Some(table) = policy.table_at(*index) {
            progress.begin(&table.name);
        }
        let obstacle = obstacles.get(usize::from(*index)).cloned().flatten();
        let left_out = match obstacle {
            Some(obstacle) => Some(obstacle),
            None => {
                let done =
                    tables::verify(place, &mut evaluator, random, &mut along, &mut report).await;
                tables::left_out(&session, done).await?
            }
        };
        if let Some((of, reason)) = report.in_place.as_mut().zip(left_out) {
            let table = policy.table_at(*index).map_or("", |table| &table.name);
            of.leave_out_table(table, reason);
            continue;
        }
        if let Some(done) = report.per_table.last() {
            progress.end(done);
        }
    }
    drop(progress);
    report.mutation = along.mutation.map(|mutation| mutation.finish());
    if options.tables.is_empty() {
        let doors = surface(&session, policy, &people::everybody(policy, None)).await?;
        report.cells += doors.cells;
        report.allowed += doors.allowed;
        report.denied += doors.denied;
        report.disagreements.extend(doors.disagreements);
    }
    evaluator.stop().await;
    session.close().await;
    report.seconds = started.elapsed().as_secs_f64();
    report.cells_per_second = report.cells as f64 / report.seconds.max(0.001);
    Ok(report)
}

fn start(options: &VerifyOptions, version: &str) -> Report {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_secs());
    let server = version.split(" on ").next().unwrap_or_default().to_owned();
    let place = match options.place {
        Place::Fresh => "fresh",
        Place::Scratch => "scratch",
        Place::InPlace(_) => "in place",
    };
    Report {
        app: options.policy.app.clone(),
        evaluators: vec![
            "decide (native)".to_owned(),
            "decide (WebAssembly in Node)".to_owned(),
            format!("the database ({place})"),
        ],
        server,
        cells: 0,
        allowed: 0,
        denied: 0,
        unknown: 0,
        impossible: ImpossibleTotal::default(),
        disagreements: Vec::new(),
        findings: Vec::new(),
        seconds: 0.0,
        cells_per_second: 0.0,
        seed: options.seed.unwrap_or(time),
        per_table: Vec::new(),
        residuals: ResidualReport::default(),
        mutation: None,
        in_place: None,
    }
}
