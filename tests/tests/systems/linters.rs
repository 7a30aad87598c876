//! Other people's linters on what ships: squawk, splinter's rules, pgrls.
//!
//! What they find and we keep stands here with its reason, and how many such reasons there are is
//! pinned. Each must still be needed: what a linter no longer says is taken out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Database, files, root};
use crate::upgrade::{AGENCY, COACHING};

/// What splinter looks at, as PostgREST would be told.
const EXPOSED: &str = "advisory,agency,assistant,coaching,portal";

struct Kept {
    rule: &'static str,
    /// Objects whose last part begins or ends like one of these; the schema, with a dot at its end.
    objects: &'static [&'static str],
    reason: &'static str,
}

const KEPT: [Kept; 17] = [
    Kept {
        rule: "SEC002",
        objects: &["*"],
        reason: "FORCE is off on purpose: the helpers read the membership tables as their owner, \
                 and would see nothing (docs/policy-to-sql.md)",
    },
    Kept {
        rule: "SEC005",
        objects: &["countersign_", "worker"],
        reason: "the tenant test stands once, in the restrictive fence; what remains may ask for \
                 nothing but who calls",
    },
    Kept {
        rule: "SEC007",
        objects: &["countersign_edge."],
        reason: "the runtime tables are the Worker's alone, and belong to no tenant",
    },
    Kept {
        rule: "SEC008",
        objects: &["_edge", "worker"],
        reason: "the Worker's own role is bound by its grants; the policies are for nobody else",
    },
    Kept {
        rule: "SEC010",
        objects: &["countersign_fence_anon", "countersign_fence"],
        reason: "a closed door stays closed after somebody grants something by hand",
    },
    Kept {
        rule: "SEC012",
        objects: &["account", "verification"],
        reason: "closed to every client, as the policy says",
    },
    Kept {
        rule: "SEC013",
        objects: &["*"],
        reason: "the triggers are ours; verify holds their effects against the policy",
    },
    Kept {
        rule: "SEC014",
        objects: &["countersign.", "handle_"],
        reason: "helpers in a schema that is not exposed, and trigger functions that nobody may \
                 execute",
    },
    Kept {
        rule: "SEC015",
        objects: &["countersign.", "handle_"],
        reason: "the search path is empty and every name qualified; nothing is looked up in pg_temp",
    },
    Kept {
        rule: "SEC016",
        objects: &["service_role"],
        reason: "Supabase's own role; nothing of this project acts as it",
    },
    Kept {
        rule: "SEC020",
        objects: &["countersign_never_update"],
        reason: "a restrictive `never ... where` guards the row as it was; what it becomes is for \
                 the other policies",
    },
    Kept {
        rule: "SEC027",
        objects: &["*"],
        reason: "shared within the tenant, as the policy says",
    },
    Kept {
        rule: "SEC028",
        objects: &["_edge", "worker"],
        reason: "see SEC008",
    },
    Kept {
        rule: "SEC029",
        objects: &["authenticator"],
        reason: "Supabase's own role, which PostgREST connects as",
    },
    Kept {
        rule: "SEC038",
        objects: &["_edge", "worker"],
        reason: "the policies are `to countersign_edge`: no anonymous session has that role",
    },
    Kept {
        rule: "PERF003",
        objects: &["countersign_"],
        reason: "the fence's tenant column leads an index; what a policy asks beside it is asked of \
                 the tenant's rows only (tests/queries)",
    },
    Kept {
        rule: "VIEW002",
        objects: &["client_crm_status"],
        reason: "a security invoker: the tables' own policies decide, before any condition that is \
                 not leakproof",
    },
];

impl Kept {
    fn covers(&self, rule: &str, location: &str) -> bool {
        let last = location.rsplit('.').next().unwrap_or(location);
        self.rule == rule
            && self.objects.iter().any(|of| {
                let whole = of.ends_with('.') && location.starts_with(of);
                *of == "*" || whole || last.starts_with(of) || last.ends_with(of)
            })
    }
}

/// Both come as programs; those of other platforms have packages of their own, which are not pinned.
const SQUAWK: &str = "@squawk-cli/linux-x64/bin/squawk";
const SPLINTER: &str = "@postgres-language-server/cli-x86_64-linux-gnu/postgres-language-server";

/// Whether the pinned programs run here; says so if not.
fn here() -> bool {
    let here = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    if !here {
        eprintln!("skipped: squawk and splinter are pinned for Linux on x86-64");
    }
    here
}

fn npm(name: &str) -> Command {
    let program = root().join("node_modules").join(name);
    assert!(
        program.exists(),
        "npm ci has not brought {}",
        program.display()
    );
    Command::new(program)
}

#[test]
fn squawk_finds_nothing() {
    if !here() {
        return;
    }
    let mut all: Vec<PathBuf> = files("migrations", "sql", |_| true);
    all.extend(files("migrations/down", "sql", |_| true));
    // Each file is one transaction, for the Supabase CLI and for a SQL editor.
    let done = npm(SQUAWK)
        .args(["--assume-in-transaction", "--reporter=gcc"])
        .args(&all)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && !said.contains("warning:"),
        "{said}"
    );
    assert!(all.len() >= 29, "{} files", all.len());
}

/// What squawk says of the files that bring a legacy database to its policy, where it is said, and why
/// it stays.
const OF_AN_UPGRADE: [(&str, &str, &str); 4] = [
    (
        "adding-not-nullable-field",
        "_required_",
        "a validated check has proved it by then, so no row is looked at",
    ),
    (
        "changing-column-type",
        "_widen_",
        "the file says that the table is written anew and that others wait (docs/adopting.md)",
    ),
    (
        "ban-drop-column",
        "_drop_",
        "the contract step, which comes last and by itself",
    ),
    (
        "ban-drop-table",
        "_people",
        "the upgrade's own table, which holds the mapping file while it is needed",
    ),
];

#[test]
fn squawk_finds_nothing_new_in_an_upgrade() {
    if !here() {
        return;
    }
    let mut needed = BTreeSet::new();
    for case in [COACHING, AGENCY] {
        let Some(database) = case.load("squawk") else {
            return;
        };
        let upgrade = case.diff(&database, &[]).unwrap();
        assert!(upgrade.files.len() > 100, "{}", upgrade.files.len());
        let directory =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("upgrade-{}", case.app));
        fs::create_dir_all(&directory).unwrap();
        for alone in [false, true] {
            let files = upgrade.files.iter().filter(|file| file.alone == alone);
            let paths: Vec<PathBuf> = files
                .map(|file| {
                    let path = directory.join(&file.name);
                    fs::write(&path, &file.up).unwrap();
                    path
                })
                .collect();
            let mut squawk = npm(SQUAWK);
            if !alone {
                squawk.arg("--assume-in-transaction");
            }
            let done = squawk.arg("--reporter=gcc").args(&paths).output().unwrap();
            let said = String::from_utf8_lossy(&done.stdout).into_owned();
            for line in said.lines().filter(|line| !line.trim().is_empty()) {
                let kept = OF_AN_UPGRADE.iter().find(|(rule, files, _)| {
                    line.contains(&format!("warning: {rule} "))
                        && line.split(':').next().is_some_and(|of| of.contains(files))
                });
                let (rule, ..) = kept.unwrap_or_else(|| panic!("{}: {line}", case.app));
                needed.insert(*rule);
            }
        }
    }
    // Each must still be said.
    assert_eq!(needed.len(), OF_AN_UPGRADE.len(), "{needed:?}");
}

#[test]
fn splinter_finds_no_error_and_no_warning() {
    if !here() {
        return;
    }
    let Some(database) = Database::migrated("splinter") else {
        return;
    };
    let mut client = database.client();
    let name: String = client
        .query_one("select current_database()", &[])
        .unwrap()
        .get(0);
    client
        .batch_execute(&format!(
            "alter database {name} set pgrst.db_schemas = '{EXPOSED}'"
        ))
        .unwrap();
    let done = npm(SPLINTER)
        .args(["dblint", "--reporter=json", "--max-diagnostics=none"])
        .arg(format!("--connection-string={}", database.url))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}\n{}", String::from_utf8_lossy(&done.stderr))
    });
    let found = told["diagnostics"].as_array().unwrap();
    // It looked: an index that no query has used yet is told of, and a fresh database has many.
    assert!(found.len() > 100, "{} findings", found.len());
    let grave: Vec<String> = found
        .iter()
        .filter(|of| !["info", "information", "hint"].contains(&of["severity"].as_str().unwrap()))
        .map(|of| format!("{} {}", of["category"], of["message"]))
        .collect();
    assert!(grave.is_empty(), "{}", grave.join("\n"));
    // Every foreign key has its index, but for two columns of a team within an account: there the
    // account leads, as it does in every query.
    let bare: Vec<&str> = found
        .iter()
        .filter(|of| of["category"] == "splinter/performance/unindexedForeignKeys")
        .map(|of| of["message"].as_str().unwrap())
        .filter(|said| !(said.contains("`coaching.") && said.contains("_team_id_account_id_fkey")))
        .collect();
    assert!(bare.is_empty(), "{}", bare.join("\n"));

    for (lint, query) in LACKING {
        let rows = client.query(query, &[]).unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(names.is_empty(), "{lint}: {}", names.join(", "));
    }
}

/// Splinter's lints that `dblint` lacks, asked in our own words. The rest of them look at storage
/// buckets, queues and pg_graphql, which these databases do not have.
const LACKING: [(&str, &str); 4] = [
    (
        "0018_unsupported_reg_types",
        "select format('%s.%s', a.attrelid::regclass, a.attname)
           from pg_attribute a join pg_class c on c.oid = a.attrelid
           join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
          where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema)' and a.attnum > 0
            and t.typname ~ '^reg' and t.typname not in ('regclass', 'regrole', 'regtype')",
    ),
    (
        "0021_fkey_to_auth_unique",
        "select k.conname::text from pg_constraint k join pg_class c on c.oid = k.confrelid
           join pg_namespace n on n.oid = c.relnamespace
           join pg_index i on i.indexrelid = k.conindid
          where k.contype = 'f' and n.nspname = 'auth' and not i.indisprimary",
    ),
    (
        "0028_anon_security_definer_function_executable",
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prosecdef and n.nspname = any (string_to_array(current_setting('pgrst.db_schemas'), ','))
            and has_function_privilege('anon', p.oid, 'execute')",
    ),
    (
        "0029_authenticated_security_definer_function_executable",
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prosecdef and n.nspname = any (string_to_array(current_setting('pgrst.db_schemas'), ','))
            and has_function_privilege('authenticated', p.oid, 'execute')",
    ),
];

#[test]
fn pgrls_finds_what_is_meant_and_nothing_else() {
    let Some(database) = Database::migrated("pgrls") else {
        return;
    };
    let Ok(program) = std::env::var("COUNTERSIGN_PGRLS") else {
        panic!("COUNTERSIGN_PGRLS names no program; `cargo xtask test` installs it");
    };
    let schemas = format!("{EXPOSED},countersign,countersign_edge");
    let done = Command::new(program)
        .args(["lint", "--format", "json", "--schemas", &schemas])
        .args(["--database-url", &database.url])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}\n{}", String::from_utf8_lossy(&done.stderr))
    });
    let found: Vec<(&str, &str, &str)> = told["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| {
            let text = |name: &str| of[name].as_str().unwrap_or_default();
            (text("rule_id"), text("location"), text("message"))
        })
        .collect();
    assert!(found.len() > 300, "{} findings", found.len());
    let new: Vec<String> = found
        .iter()
        .filter(|(rule, location, _)| !KEPT.iter().any(|kept| kept.covers(rule, location)))
        .map(|(rule, location, message)| format!("{rule} {location}: {message}"))
        .collect();
    assert!(new.is_empty(), "{}", new.join("\n"));
    for kept in &KEPT {
        let needed = found
            .iter()
            .any(|(rule, location, _)| kept.covers(rule, location));
        assert!(
            needed,
            "{} is not found any more: {}",
            kept.rule, kept.reason
        );
    }
}
