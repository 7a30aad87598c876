//! Requests and what becomes of them.

mod fixture;
mod reads;
mod writes;

use proptest::prelude::*;

use super::*;
use fixture::{KEYS, WORK, caller};

/// A request in short: `METHOD path?query | preference | body`.
fn ask(who: &str, request: &str) -> Result<Plan, Refusal> {
    let mut parts = request.splitn(3, '|').map(str::trim);
    let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let prefer = parts.next().filter(|prefer| !prefer.is_empty());
    let body = parts.next().map(str::as_bytes);
    let headers = Headers {
        prefer,
        ..Headers::default()
    };
    ask_as(
        who,
        &Incoming {
            method,
            path,
            query,
            headers,
            body,
        },
    )
}

fn ask_as(who: &str, incoming: &Incoming<'_>) -> Result<Plan, Refusal> {
    let rules = Rules {
        policy: &WORK,
        foreign_keys: &KEYS,
        strict_reads: false,
    };
    plan(&rules, &caller(who), incoming)
}

/// Each request with what became of it, to be read beside the policy.
fn check(name: &str, requests: &[(&str, &str)]) {
    let outcome = |(who, request): &(&str, &str)| {
        let outcome = match ask(who, request) {
            Ok(Plan {
                path,
                query,
                reason,
                ..
            }) => {
                let query = percent_decode_str(&query).decode_utf8_lossy().into_owned();
                let reason = reason.map(|reason| format!("\n   empty: {reason}"));
                format!("-> {path}?{query}{}", reason.unwrap_or_default())
            }
            Err(Refusal {
                status,
                code,
                message,
                details,
                hint,
            }) => {
                let more = [("details", details), ("hint", hint)];
                let more = more
                    .into_iter()
                    .filter_map(|(name, text)| Some((name, text?)));
                let more: String = more
                    .map(|(name, text)| format!("\n   {name}: {text}"))
                    .collect();
                format!("-> {status} {code} {message}{more}")
            }
        };
        format!("{who}: {request}\n   {outcome}\n\n")
    };
    let report: String = requests.iter().map(outcome).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, report);
    });
}

#[test]
fn the_schema_is_that_of_the_profile() {
    let headers = |profile| Headers {
        accept_profile: profile,
        ..Headers::default()
    };
    let get = |profile| Incoming {
        method: "GET",
        path: "clients",
        query: "",
        headers: headers(profile),
        body: None,
    };
    assert_eq!(ask_as("viewer", &get(Some("work"))).unwrap().schema, "work");
    assert_eq!(ask_as("viewer", &get(None)).unwrap().schema, "work");
    assert_eq!(
        ask_as("viewer", &get(Some("auth"))).unwrap_err().code,
        "PGRST106"
    );
    // A write has its own header.
    let delete = Incoming {
        method: "DELETE",
        query: "id=eq.1",
        ..get(Some("auth"))
    };
    assert!(ask_as("admin", &delete).is_ok());
}

#[test]
fn query_plans_are_not_given_out() {
    for accept in [
        "application/vnd.pgrst.plan+json",
        "text/csv, Application/vnd.pgrst.PLAN;for=x",
    ] {
        let headers = Headers {
            accept: Some(accept),
            ..Headers::default()
        };
        let incoming = Incoming {
            method: "GET",
            path: "clients",
            query: "",
            headers,
            body: None,
        };
        assert_eq!(ask_as("viewer", &incoming).unwrap_err().code, "CS422");
    }
}

#[test]
fn an_empty_read_can_be_refused() {
    let rules = Rules {
        policy: &WORK,
        foreign_keys: &KEYS,
        strict_reads: true,
    };
    let incoming = Incoming {
        method: "GET",
        path: "clients",
        query: "",
        headers: Headers::default(),
        body: None,
    };
    assert_eq!(
        plan(&rules, &caller("stranger"), &incoming)
            .unwrap_err()
            .status,
        403
    );
    assert!(plan(&rules, &caller("viewer"), &incoming).is_ok());
}

proptest! {
    #[test]
    fn no_request_panics(
        method in "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|x",
        path in "clients|projects|open_projects|rpc/search|rpc/store|.{0,12}",
        query in r#"([a-z_*,.()!:"{}\\>-]|select=|order=|or=|&|=|eq\.|in\.|id|name|orgs|%2[0-9a-f]){0,24}"#,
        content_type in prop::option::of("application/json|text/csv|text/plain|application/x-www-form-urlencoded|.{0,8}"),
        prefer in prop::option::of("return=representation|resolution=merge-duplicates|.{0,8}"),
        body in prop::option::of(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..32),
            r#"[\[\]{}",:a-z0-9\\\n]{0,32}"#.prop_map(String::into_bytes),
        ]),
    ) {
        let headers = Headers {
            content_type: content_type.as_deref(),
            prefer: prefer.as_deref(),
            ..Headers::default()
        };
        let incoming =
            Incoming { method: &method, path: &path, query: &query, headers, body: body.as_deref() };
        for who in ["anon", "stranger", "member", "somebody"] {
            if let Ok(plan) = ask_as(who, &incoming) {
                // What is sent on is read the same way.
                let again = Incoming { path: &plan.path, query: &plan.query, ..incoming };
                prop_assert_eq!(ask_as(who, &again), Ok(plan));
            }
        }
    }
}
