//! The one place where a result becomes an answer: problems as JSON, CORS, the request's id, and
//! the log line.

use crate::cors::Origins;
use crate::message::Response;
use crate::problem::Problem;
use crate::record::Record;

/// Completes the answer and notes in `record` what the log is to say.
pub fn finish<S>(
    result: Result<Response<S>, Problem>,
    origins: &Origins,
    origin: Option<&str>,
    record: &mut Record,
) -> Response<S> {
    let mut response = match result {
        Ok(response) => response,
        Err(problem) => {
            let mut response = Response::json(problem.status, &problem.body(&record.request_id));
            if let Some((name, value)) = &problem.header {
                response.set(name, value);
            }
            record.code = Some(problem.code);
            record.internal = problem.internal;
            response
        }
    };
    response.set("x-request-id", &record.request_id);
    origins.mark(origin, &mut response.headers);
    response
}
