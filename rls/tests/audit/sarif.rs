//! The SARIF that is written has what the published schema requires, and only what it allows.

use countersign_rls::audit::{Report, kinds};
use countersign_rls::live;
use serde_json::Value;

use crate::database::Database;
use crate::{App, begin};

/// For each kind of object of `sarif-schema-2.1.0.json` that is written: what it must have, and
/// what it may have besides.
const SHAPES: &[(&str, &[&str], &[&str])] = &[
    ("log", &["version", "runs"], &["$schema"]),
    ("run", &["tool"], &["results", "columnKind"]),
    ("tool", &["driver"], &[]),
    (
        "driver",
        &["name"],
        &["version", "semanticVersion", "rules"],
    ),
    (
        "rule",
        &["id"],
        &[
            "shortDescription",
            "fullDescription",
            "help",
            "defaultConfiguration",
        ],
    ),
    (
        "result",
        &["message"],
        &[
            "ruleId",
            "ruleIndex",
            "level",
            "locations",
            "partialFingerprints",
        ],
    ),
    ("message", &["text"], &[]),
    ("location", &[], &["physicalLocation", "logicalLocations"]),
    ("physical", &["artifactLocation"], &["region"]),
    ("artifact", &["uri"], &[]),
    ("region", &["startLine"], &[]),
    ("logical", &[], &["fullyQualifiedName", "kind"]),
];

fn object<'v>(value: &'v Value, shape: &str) -> &'v Value {
    let (_, required, allowed) = SHAPES.iter().find(|(name, ..)| *name == shape).unwrap();
    let fields = value
        .as_object()
        .unwrap_or_else(|| panic!("{shape} is no object: {value}"));
    for name in *required {
        assert!(fields.contains_key(*name), "{shape} lacks {name}");
    }
    for name in fields.keys() {
        let known = required.contains(&name.as_str()) || allowed.contains(&name.as_str());
        assert!(known, "{shape} has {name}");
    }
    value
}

fn text(value: &Value) {
    let text = object(value, "message")["text"].as_str().unwrap();
    assert!(!text.is_empty());
}

fn level(value: &Value) {
    assert!(
        ["none", "note", "warning", "error"].contains(&value.as_str().unwrap()),
        "{value}"
    );
}

/// Checks a log; returns the lines that its results point to.
fn check(log: &Value) -> Vec<(String, u64)> {
    let log = object(log, "log");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().starts_with("https://"));
    let mut places = Vec::new();
    for run in log["runs"].as_array().unwrap() {
        let driver = object(
            &object(&object(run, "run")["tool"], "tool")["driver"],
            "driver",
        );
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let rules = driver["rules"].as_array().unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for rule in rules {
            assert!(
                ids.insert(object(rule, "rule")["id"].as_str().unwrap()),
                "{rule}"
            );
            for name in ["shortDescription", "fullDescription", "help"] {
                text(&rule[name]);
            }
            level(&rule["defaultConfiguration"]["level"]);
        }
        for result in run["results"].as_array().unwrap() {
            text(&object(result, "result")["message"]);
            level(&result["level"]);
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert_eq!(
                rules[index]["defaultConfiguration"]["level"],
                result["level"]
            );
            for print in result["partialFingerprints"].as_object().unwrap().values() {
                assert!(print.is_string());
            }
            for location in result["locations"].as_array().unwrap() {
                let physical = object(
                    &object(location, "location")["physicalLocation"],
                    "physical",
                );
                let uri = object(&physical["artifactLocation"], "artifact")["uri"]
                    .as_str()
                    .unwrap();
                assert!(!uri.contains(' ') && !uri.contains('\\'), "{uri}");
                let line = object(&physical["region"], "region")["startLine"]
                    .as_u64()
                    .unwrap();
                assert!(line >= 1);
                places.push((uri.to_owned(), line));
                for logical in location["logicalLocations"].as_array().unwrap() {
                    assert!(object(logical, "logical")["fullyQualifiedName"].is_string());
                }
            }
        }
    }
    places
}

#[test]
fn results_have_the_published_form_and_point_into_the_policy() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let app = App::open("coaching");
    let mut client = database.client();
    let mut transaction = begin(&mut client);
    transaction
        .batch_execute(
            r#"alter table coaching."Teams" disable row level security; alter role anon bypassrls;
               drop index coaching."Sync_Logs_account_id_started_at_idx";
               drop index coaching."Conversations_user_id_started_at_idx"; create index on coaching."Conversations" (user_id)"#,
        )
        .unwrap();
    let live = live::introspect(&mut transaction, "coaching").unwrap();
    let found = app.audit(&mut transaction);
    assert_eq!(found.len(), 4, "{found:#?}");
    let report = Report::new("coaching", &live, true, found);
    let log = report.sarif(&app.policy, "policies/coaching.policy");
    let places = check(&log);
    assert_eq!(places.len(), 4);
    assert_eq!(
        log["runs"][0]["tool"]["driver"]["rules"]
            .as_array()
            .unwrap()
            .len(),
        kinds::all().count()
    );
    let lines: Vec<&str> = app.project.source.lines().collect();
    let first = |place: &(String, u64)| lines[usize::try_from(place.1).unwrap() - 1];
    assert!(
        first(&places[0]).starts_with("on \"Teams\""),
        "{}",
        first(&places[0])
    );
    assert_eq!(places[1].1, 1, "a role is in no line of the policy");
    assert!(first(&places[2]).starts_with("on \"Sync_Logs\""));
}
