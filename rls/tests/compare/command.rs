//! What people see of a comparison, and the command as they run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign_rls::compare::{Class, Comparison, Side, compare};
use countersign_rls::project::Project;
use policy_core::{Catalogue, compile};

use crate::NOW;

const CREW: &str = include_str!("../crew/crew.policy");
const CREW_CATALOGUE: &str = include_str!("../crew/crew.catalogue.json");
const CLUB: &str = include_str!("../club/club.policy");
const CLUB_CATALOGUE: &str = include_str!("../club/club.catalogue.json");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn side(text: &str, catalogue: &str) -> Side {
    let catalogue: Catalogue = serde_json::from_str(catalogue).unwrap();
    match compile(text, &catalogue) {
        Ok((policy, _)) => Side { policy, catalogue },
        Err(found) => panic!("{found:#?}"),
    }
}

/// A policy after some of its words are replaced.
fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the policy does not say `{from}`");
        text.replace(from, to)
    })
}

fn compared(text: &str, catalogue: &str, changes: &[(&str, &str)]) -> Comparison {
    let (old, new) = (
        side(text, catalogue),
        side(&changed(text, changes), catalogue),
    );
    compare(&old, &new, NOW).unwrap()
}

#[test]
fn rules_conditions_and_teams() {
    let changes = [
        (
            "rep in same team_id:  select, insert, update (topic);",
            "rep in same team_id:  select, insert, update (topic, seen);",
        ),
        ("lead in same team_id: delete;", ""),
        (
            "manager: select, update (topic, seen, team_id), delete;",
            "manager: select where seen, update (topic, seen, team_id) where seen check seen, delete where seen;",
        ),
        ("keep at least one owner", ""),
        ("rep: read; manager: write;", "lead: read; manager: write;"),
        ("from hubspot ttl 15 minutes", "from hubspot ttl 1 hour"),
    ];
    insta::assert_snapshot!(compared(CREW, CREW_CATALOGUE, &changes).words("old", "new"));
}

#[test]
fn memberships() {
    let changes = [(
        "as rep where role = 'rep'",
        "as rep where role in ('rep', 'trainee')",
    )];
    insta::assert_snapshot!(compared(CREW, CREW_CATALOGUE, &changes).words("old", "new"));
}

#[test]
fn parents_carry_their_changes_to_their_children() {
    let changes = [
        (
            "anon:  select where state = 'open';",
            "anon:  select where state <> 'draft';",
        ),
        ("and caller.aal = 'aal2'", ""),
        (
            "on view open_events { anon: select; }",
            "on view open_events { user: select; }",
        ),
        ("user: read, write;", "user: read;"),
    ];
    let comparison = compared(CLUB, CLUB_CATALOGUE, &changes);
    assert_eq!(comparison.class, Class::Both);
    insta::assert_snapshot!(comparison.words("old", "new"));
}

#[test]
fn what_says_the_same_in_other_words_is_equal() {
    let same = [
        (
            "state <> 'closed', update",
            "not (state = 'closed'), update",
        ),
        (
            "where \"expiresAt\" > now()",
            "where not (\"expiresAt\" <= now())",
        ),
    ];
    let comparison = compared(CLUB, CLUB_CATALOGUE, &same);
    assert_eq!(
        comparison.class,
        Class::Equal,
        "{}",
        comparison.words("old", "new")
    );
}

#[test]
fn renamed_added_and_dropped() {
    let catalogue = CREW_CATALOGUE
        .replace("\"notes\"", "\"remarks\"")
        .replace("\"topic\"", "\"subject\"");
    let new = CREW
        .replace("on notes ", "on remarks ")
        .replace("topic", "subject");
    let (old, new) = (side(CREW, CREW_CATALOGUE), side(&new, &catalogue));
    let comparison = compare(&old, &new, NOW).unwrap();
    assert_eq!(
        comparison.class,
        Class::Equal,
        "{}",
        comparison.words("old", "new")
    );
    insta::assert_snapshot!(comparison.words("old", "new"));

    let mut without: Catalogue = serde_json::from_str(CREW_CATALOGUE).unwrap();
    without.relations.retain(|of| of.name != "leads");
    for of in &mut without.relations {
        of.columns.retain(|column| column.name != "seen");
    }
    let text = changed(CREW, &[("(topic, seen, team_id)", "(topic, team_id)")]);
    let (before, after) = text.split_once("on leads").unwrap();
    let (_, after) = after.split_once("on contacts").unwrap();
    let text = format!("{before}on contacts{after}");
    let less = side(&text, &serde_json::to_string(&without).unwrap());
    let grown = compare(&less, &old, NOW).unwrap();
    assert!(grown.widens(false) && !grown.widens(true));
    insta::assert_snapshot!(grown.words("old", "new"));
    assert_eq!(compare(&old, &less, NOW).unwrap().class, Class::Narrower);
}

/// Layout and order say nothing.
#[test]
fn the_five_apps_in_another_layout_are_equal() {
    for app in ["advisory", "agency", "assistant", "coaching", "portal"] {
        let project = Project::open(&root(), app).unwrap();
        let old = Side {
            policy: project.compile().unwrap().policy,
            catalogue: project.catalogue.clone(),
        };
        let blocks = |text: &str| -> Vec<String> {
            let mut blocks = vec![String::new()];
            for line in text.lines() {
                let line = line.split(" --").next().unwrap_or_default();
                if line.starts_with("on ") || line.starts_with("resource ") {
                    blocks.push(String::new());
                }
                if !line.starts_with("--") {
                    let last = blocks.last_mut().unwrap();
                    last.push_str(line.trim());
                    last.push('\n');
                }
            }
            blocks
        };
        let mut all = blocks(&project.source);
        // What stands before the first block stays there; the blocks turn round, but children stay
        // behind their parents.
        let (children, mut others): (Vec<String>, Vec<String>) =
            all.drain(1..).partition(|block| {
                block
                    .lines()
                    .next()
                    .is_some_and(|head| head.contains(" via "))
            });
        others.reverse();
        let text = [all, others, children].concat().concat();
        assert_ne!(text, project.source);
        let (policy, _) =
            compile(&text, &project.catalogue).unwrap_or_else(|found| panic!("{app}: {found:#?}"));
        let new = Side {
            policy,
            catalogue: project.catalogue,
        };
        let comparison = compare(&old, &new, NOW).unwrap_or_else(|error| panic!("{app}: {error}"));
        assert_eq!(
            comparison.class,
            Class::Equal,
            "{app}: {}",
            comparison.words("old", "new")
        );
        assert!(comparison.notes.is_empty(), "{app}: {:?}", comparison.notes);
    }
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

#[test]
fn files_revisions_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("policies")).unwrap();
    fs::write(at.join("policies/crew.policy"), CREW).unwrap();
    fs::write(at.join("policies/crew.catalogue.json"), CREW_CATALOGUE).unwrap();
    let git = |arguments: &[&str]| {
        let done = run(at, "git", arguments);
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    git(&[&who[..], &["commit", "-qm", "first"]].concat());

    let wider = changed(
        CREW,
        &[(
            "manager: select, update (name);",
            "lead: select, update (name);",
        )],
    );
    fs::write(at.join("policies/crew.policy"), wider).unwrap();
    let countersign = |arguments: &[&str]| {
        let arguments = [&["compare"], arguments].concat();
        run(at, env!("CARGO_BIN_EXE_countersign"), &arguments)
    };
    let (old, new) = ("HEAD:policies/crew.policy", "policies/crew.policy");
    let plain = countersign(&[old, new]);
    assert_eq!(plain.status.code(), Some(0), "{plain:?}");
    let words = String::from_utf8(plain.stdout).unwrap();
    assert!(
        words.starts_with(&format!("{old} -> {new}: wider")),
        "{words}"
    );
    assert!(words.contains("+ lead"), "{words}");
    let guarded = countersign(&[old, new, "--no-widening"]);
    assert_eq!(guarded.status.code(), Some(1));
    let narrower = countersign(&[new, old, "--no-widening", "--json"]);
    assert_eq!(narrower.status.code(), Some(0));
    let told: serde_json::Value = serde_json::from_slice(&narrower.stdout).unwrap();
    assert_eq!(told["class"], "narrower");
    assert_eq!(told["changes"][0]["direction"], "loses");

    for (old, said) in [
        (
            "HEAD:policies/none.policy",
            "git has no policies/none.policy at HEAD",
        ),
        ("nowhere:policies/crew.policy", "git cannot read"),
        ("--output=x:policies/crew.policy", ""),
        ("none.policy", "cannot read none.policy"),
    ] {
        let failed = countersign(&[old, new]);
        assert_eq!(failed.status.code(), Some(2), "{old}: {failed:?}");
        let error = String::from_utf8(failed.stderr).unwrap();
        let error: String = error.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(error.replace("│ ", "").contains(said), "{old}: {error}");
    }
}

/// What the page shows is a workflow that GitHub would read: the words that matter are there.
#[test]
fn the_workflow_of_the_page_runs_the_command() {
    let page = fs::read_to_string(root().join("docs/compare.md")).unwrap();
    let (_, workflow) = page.split_once("```yaml\n").unwrap();
    let (workflow, _) = workflow.split_once("```\n").unwrap();
    for needed in [
        "pull_request",
        "fetch-depth: 0",
        "compare",
        "--no-widening",
        "$base:$policy",
    ] {
        assert!(workflow.contains(needed), "{needed} is not in\n{workflow}");
    }
    assert!(!workflow.contains('\t'), "a tab is no indentation in YAML");
}
