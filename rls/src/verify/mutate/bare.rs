//! Functions in a session that nobody has told anything: a setting that was never made is an error
//! to whoever asks for it without saying that it may be missing, and in every other session some
//! statement has made it. And in one that an older PostgREST has told only who calls.

use super::objects::Function;
use crate::verify::error::VerifyError;
use crate::verify::session::Session;

/// What a session was told: nothing, the subject alone, or that there is none.
const TOLD: [&str; 3] = [
    "",
    "set local \"request.jwt.claim.sub\" = '00000000-0000-4000-8000-000000000001'; ",
    "set local \"request.jwt.claim.sub\" = ''; ",
];

/// Whether the functions that signed-in callers run answer otherwise after a change, where no
/// setting was ever made, or only that of the subject.
pub(super) async fn notices(
    session: &Session,
    functions: &[Function],
    ddl: &str,
) -> Result<bool, VerifyError> {
    let before = answers(session, functions, "").await?;
    Ok(before.is_some() && answers(session, functions, ddl).await? != before)
}

/// What each function answers, or the class of the error.
async fn answers(
    session: &Session,
    functions: &[Function],
    ddl: &str,
) -> Result<Option<Vec<String>>, VerifyError> {
    let Some(other) = session.another().await? else {
        return Ok(None);
    };
    let begin = format!("begin; {ddl}; savepoint bare");
    let mut all = Vec::new();
    if let Err(failure) = other.attempt(&begin).await? {
        all.push(failure.state);
    } else {
        let asked =
            |function: &&Function| function.executable && function.signature.ends_with("()");
        for told in TOLD {
            for function in functions.iter().filter(asked) {
                let ask = format!(
                    "rollback to savepoint bare; {told}set local role authenticated; select {}",
                    function.signature
                );
                all.push(match other.attempt(&ask).await? {
                    Ok(rows) => format!("{rows:?}"),
                    Err(failure) => failure.state,
                });
            }
        }
    }
    other.run("rolling back", "rollback").await?;
    other.close().await;
    Ok(Some(all))
}
