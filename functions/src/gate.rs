//! May they: a decision, and never a refusal on memberships of a moment ago.

use crate::caller::Caller;
use crate::edge::Edge;
use crate::membership::{self, Standing};
use crate::policies::App;
use crate::problem::Problem;
use crate::transport::Runtime;

/// Decides with what is known of the caller's memberships. If the outcome is one that `stands` only
/// on live ones and they are not, reads them and decides again.
///
/// # Errors
/// If the database does not answer.
pub async fn decide<R: Runtime, T>(
    edge: &Edge,
    runtime: &R,
    app: &App,
    caller: &Caller,
    judge: impl Fn(&policy_core::Caller<'_>) -> T,
    stands: impl Fn(&T) -> bool,
) -> Result<T, Problem> {
    let with = |standing: &Standing| {
        let ranks = standing.ranks(&app.policy);
        judge(&caller.facts(app.policy.caller_id, ranks.as_deref()))
    };
    let recent = membership::recent(edge, runtime, &app.policy, caller).await?;
    let outcome = with(&recent);
    if recent.live || stands(&outcome) {
        return Ok(outcome);
    }
    Ok(with(
        &membership::live(edge, runtime, &app.policy, caller).await?,
    ))
}
