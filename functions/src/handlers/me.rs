//! `GET /me`: who the caller is, and what they belong to in each app, as the database says now.

use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use crate::caller::{Caller, Who};
use crate::edge::Edge;
use crate::membership;
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;

/// Answers it.
///
/// # Errors
/// If the database does not answer.
pub async fn answer<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    caller: &Caller,
) -> Result<Response<R::Stream>, Problem> {
    let id = match &caller.who {
        Who::Person(person) => person.subject.as_deref(),
        Who::Anon | Who::ServiceRole => None,
    };
    let mut apps = Map::new();
    for app in edge.policies.iter() {
        let policy = &app.policy;
        let standing = membership::live(edge, runtime, policy, caller).await?;
        // `null` where the database does not show the caller their own memberships.
        let memberships = standing.roles(policy).map(|roles| {
            let one = |(tenant, role)| json!({ "tenant": tenant, "role": role });
            roles.into_iter().map(one).collect::<Vec<Value>>()
        });
        apps.insert(policy.app.clone(), json!({ "memberships": memberships }));
    }
    let body = json!({ "kind": caller.word(), "id": id, "apps": apps });
    let mut response = Response::json(StatusCode::OK, &body);
    response.set("cache-control", "no-store");
    Ok(response)
}
