//! Whether the policy allows a workflow, and in which tenant.

use reqwest::StatusCode;

use policy_core::Value;
use policy_core::decide::{Ruling, decide_operation};
use policy_core::model::{Policy, Resource};
use policy_core::value::value_from_text;

use super::desk::Desk;
use crate::caller::{Caller, Person, Who, exchange};
use crate::connections::oauth::State;
use crate::database;
use crate::edge::Edge;
use crate::gate;
use crate::membership::{self, tenant_kind};
use crate::policies::App;
use crate::problem::Problem;
use crate::transport::Runtime;

/// The parameter of the query that names the tenant, in an app that has tenants: what its memberships
/// call it, such as `org_id`.
#[must_use]
pub fn parameter(policy: &Policy) -> Option<&str> {
    let tenant = policy.tenant.as_ref()?;
    // Where the root is a source itself, its key is called just `id`.
    let apart = tenant.members.iter().find(|of| of.table != tenant.root);
    let source = apart.or_else(|| tenant.members.first())?;
    Some(policy.table_at(source.table)?.column_name(source.tenant))
}

/// Decides on a workflow. Gives the tenant that it is about: the one that is named, or else the only
/// one where the caller may do it. In an app without tenants there is none.
///
/// What a workflow does happens outside the database, where no row-level security checks it again, so
/// in an app with tenants the memberships are read for this very request.
///
/// # Errors
/// If the policy refuses it, or the tenant is not clear.
pub(super) async fn decide<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    app: &App,
    caller: &Caller,
    (resource, operation): (&'static str, &'static str),
    named: Option<&str>,
) -> Result<Option<String>, Problem> {
    if caller.who == Who::ServiceRole {
        return Err(Problem::forbidden(
            "a workflow is a person's, and this is nobody's token",
        ));
    }
    let declared = app.policy.resource(resource).ok_or_else(|| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "CS500", "the policy does not know this resource").details(resource)
    })?;
    let refused = || refused(&app.policy, caller, resource, operation);
    let Some(parameter) = parameter(&app.policy) else {
        let judge = |facts: &policy_core::Caller<'_>| {
            decide_operation(facts, Value::Null, declared, operation)
        };
        let stands = |ruling: &Ruling| matches!(ruling, Ruling::Allowed(_));
        let ruling = gate::decide(edge, runtime, app, caller, judge, stands).await?;
        return if stands(&ruling) {
            Ok(None)
        } else {
            Err(refused())
        };
    };
    let standing = membership::live(edge, runtime, &app.policy, caller).await?;
    let (Some(ranks), Some(roles)) = (standing.ranks(&app.policy), standing.roles(&app.policy))
    else {
        return Err(Problem::unavailable(
            "the database does not say what you belong to",
        ));
    };
    let facts = caller.facts(app.policy.caller_id, Some(&ranks));
    let tenants: Vec<&str> = roles.iter().map(|(tenant, _)| *tenant).collect();
    choose(&app.policy, &facts, (declared, operation), &tenants, named)
        .map_err(|unclear| match unclear {
            Unclear::Refused => refused(),
            Unclear::Several => {
                let message = "you may do this in several tenants, and the request names none";
                Problem::bad_request(message).hint(format!("name one: `?{parameter}=<its id>`"))
            }
        })
        .map(Some)
}

/// Decides once more on what began some minutes ago, for whoever began it, in the tenant that they began
/// in: they come back without their token, and may have lost meanwhile what let them begin.
///
/// # Errors
/// If the policy refuses it now.
pub(super) async fn still<R: Runtime>(
    desk: &Desk<'_, R>,
    state: &State,
    needs: (&'static str, &'static str),
) -> Result<(), Problem> {
    let config = &desk.edge.config;
    let now = desk.runtime.now_ms() / 1_000;
    let person = Person {
        subject: Some(state.user.clone()),
        anonymous: state.guest,
        email: None,
        aal: state.aal.clone(),
        expires: u64::MAX,
        log_name: None,
    };
    let secret = config.jwt_secret.as_ref();
    let token = secret.and_then(|secret| exchange::sign(&person, secret, now));
    let token = token.ok_or_else(database::no_identity)?;
    let caller = Caller {
        who: Who::Person(person),
        token: Some(token),
        ..Caller::nobody(config)
    };
    let tenant = Some(state.tenant.as_str());
    decide(desk.edge, desk.runtime, desk.app, &caller, needs, tenant)
        .await
        .map(drop)
}

#[derive(Debug, PartialEq, Eq)]
enum Unclear {
    Refused,
    Several,
}

/// The tenant among the caller's own: nobody acts in one that they do not belong to, whatever a rule
/// says of users.
fn choose(
    policy: &Policy,
    facts: &policy_core::Caller<'_>,
    (declared, operation): (&Resource, &str),
    tenants: &[&str],
    named: Option<&str>,
) -> Result<String, Unclear> {
    let kind = tenant_kind(policy);
    let named = match named {
        Some(text) => Some(value_from_text(kind, text).ok_or(Unclear::Refused)?),
        None => None,
    };
    let allowed = |tenant: &&str| {
        value_from_text(kind, tenant).is_some_and(|tenant| {
            let ruling = decide_operation(facts, tenant, declared, operation);
            named.is_none_or(|named| named == tenant) && matches!(ruling, Ruling::Allowed(_))
        })
    };
    let mut found = tenants.iter().copied().filter(allowed);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.to_owned()),
        (Some(_), Some(_)) => Err(Unclear::Several),
        (None, _) => Err(Unclear::Refused),
    }
}

fn refused(policy: &Policy, caller: &Caller, resource: &str, operation: &str) -> Problem {
    let refused = format!(
        "the policy of `{}` does not allow `{operation}` on `{resource}`",
        policy.app
    );
    if caller.who == Who::Anon {
        Problem::new(StatusCode::UNAUTHORIZED, "42501", refused)
            .hint("sign in")
            .header("www-authenticate", "Bearer")
    } else {
        Problem::new(StatusCode::FORBIDDEN, "42501", refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::Policies;
    use policy_core::decide::{CallerKind, Membership, Ranks};

    const ONE: &str = "a0000000-0000-4000-8000-000000000001";
    const TWO: &str = "b0000000-0000-4000-8000-000000000001";

    #[test]
    fn each_app_calls_its_tenant_what_its_memberships_do() {
        let policies = Policies::embedded().unwrap();
        let called: Vec<(&str, Option<&str>)> = policies
            .iter()
            .map(|app| (app.policy.app.as_str(), parameter(&app.policy)))
            .collect();
        let expected = [
            ("advisory", Some("firm_id")),
            ("agency", Some("org_id")),
            ("assistant", None),
            ("coaching", Some("account_id")),
            ("portal", None),
        ];
        assert_eq!(called, expected);
    }

    /// Every pair of ranks in two accounts, for what managers may do, and each way of naming one.
    #[test]
    fn the_tenant_is_named_or_the_only_one_and_always_ones_own() {
        let policies = Policies::embedded().unwrap();
        let policy = &policies.of_app(Some("coaching")).unwrap().policy;
        let declared = policy.resource("fathom.meeting").unwrap();
        let manager = policy.tenant.as_ref().unwrap().rank("manager");
        let tenant = |text| value_from_text(tenant_kind(policy), text).unwrap();
        for one in 0..=4 {
            for two in 0..=4 {
                let all = [(ONE, one), (TWO, two)];
                let ranks: Vec<Membership<'_>> = all
                    .into_iter()
                    .filter(|(_, rank)| *rank > 0)
                    .map(|(of, rank)| Membership {
                        tenant: tenant(of),
                        rank,
                        attribute: None,
                    })
                    .collect();
                let own: Vec<&str> = all.iter().filter(|of| of.1 > 0).map(|of| of.0).collect();
                let facts = policy_core::Caller {
                    kind: CallerKind::User,
                    id: Value::Null,
                    email: Value::Null,
                    aal: Value::Null,
                    ranks: Ranks::Known(&ranks),
                };
                let shouted = TWO.to_uppercase();
                let choose = |named| choose(policy, &facts, (declared, "sync"), &own, named);
                let (first, second) = (one >= manager, two >= manager);
                let only = |may: bool, of: &str| may.then(|| of.to_owned()).ok_or(Unclear::Refused);
                assert_eq!(choose(Some(ONE)), only(first, ONE));
                assert_eq!(choose(Some(&shouted)), only(second, TWO));
                assert_eq!(choose(Some("x")), Err(Unclear::Refused));
                let unnamed = match (first, second) {
                    (true, true) => Err(Unclear::Several),
                    (false, _) => only(second, TWO),
                    (true, false) => only(true, ONE),
                };
                assert_eq!(choose(None), unnamed, "{one} {two}");
            }
        }
    }
}
