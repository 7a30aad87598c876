//! `countersign doctor`, on deployments that are in order and on others.

#![cfg(test)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use serde_json::{Value, json};

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/doctor")
        .join(file)
}

fn doctor(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("doctor").current_dir(here(""));
    let output = command.args(arguments).output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(!said.contains("CANARY"), "a secret's value: {said}");
    output
}

fn code_and_words(arguments: &[&str]) -> String {
    let output = doctor(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    format!("exit code {}\n\n{text}", output.status.code().unwrap())
}

#[test]
fn a_deployment_in_order() {
    insta::assert_snapshot!(code_and_words(&[
        "--config",
        "good.toml",
        "--vars",
        "good.vars"
    ]));
}

#[test]
fn many_mistakes() {
    insta::assert_snapshot!(code_and_words(&[
        "--config", "bad.toml", "--vars", "bad.vars"
    ]));
}

#[test]
fn names_of_secrets_are_enough_to_miss_one() {
    insta::assert_snapshot!(code_and_words(&[
        "--config",
        "good.toml",
        "--secrets",
        "names.json"
    ]));
}

#[test]
fn secrets_that_nobody_told_of_are_not_missed() {
    insta::assert_snapshot!(code_and_words(&["--config", "good.toml"]));
}

#[test]
fn an_environment_has_variables_and_bindings_of_its_own() {
    insta::assert_snapshot!(code_and_words(&[
        "--config",
        "good.toml",
        "--env",
        "staging"
    ]));
}

#[test]
fn what_the_repository_ships_is_not_deployed_as_it_is() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wrangler.toml");
    insta::assert_snapshot!(code_and_words(&["--config", config.to_str().unwrap()]));
}

#[test]
fn a_program_reads_the_same() {
    let output = doctor(&["--config", "bad.toml", "--vars", "bad.vars", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(report["apps"], json!(["agency", "portal", "assistent"]));
    assert_eq!(findings[0]["severity"], "error");
    for finding in findings {
        for member in ["severity", "code", "about", "problem", "mend"] {
            assert!(!finding[member].as_str().unwrap().is_empty(), "{finding}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_without_its_lines() {
    for arguments in [
        &["--config", "nowhere.toml"][..],
        &["--config", "good.toml", "--env", "nowhere"],
        &["--config", "good.toml", "--secrets", "good.vars"],
        &["--config", "good.vars"],
        &["--config", "good.toml", "--vars", "names.json"],
        &["--config", "good.toml", "--url", "example.com"],
        &["--config", "good.toml", "--db", "postgres://127.0.0.1:1/x"],
    ] {
        let output = doctor(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

/// Somebody on a port who answers each path with a status and a body.
fn somebody(answer: impl Fn(&str) -> (u16, Value) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = [0; 4096];
            let count = stream.read(&mut read).unwrap();
            let request = String::from_utf8_lossy(&read[..count]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (status, body) = answer(path);
            let body = body.to_string();
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    url
}

/// What is found of a Worker and a PostgREST that answer like this.
fn found_of(answer: impl Fn(&str) -> (u16, Value) + Send + 'static) -> Vec<String> {
    let url = somebody(answer);
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("wrangler.toml");
    let text = std::fs::read_to_string(here("good.toml")).unwrap();
    let text = text.replace("https://abcdefghijklmnop.supabase.co", &url);
    std::fs::write(&config, text.replace("https://api.example.com", &url)).unwrap();
    let config = config.to_str().unwrap();
    let output = doctor(&[
        "--config",
        config,
        "--vars",
        "good.vars",
        "--url",
        &url,
        "--json",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes = report["findings"].as_array().unwrap().iter();
    let codes = codes.map(|finding| finding["code"].as_str().unwrap().to_owned());
    codes.filter(|code| code != "local").collect()
}

fn well(path: &str) -> (u16, Value) {
    let apps = ["advisory", "agency", "assistant", "coaching", "portal"];
    let paths = apps.map(|app| (format!("/functions/v1/{app}-x"), json!({})));
    let paths: serde_json::Map<String, Value> = paths.into_iter().collect();
    match path {
        "/healthz" => (
            200,
            json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }),
        ),
        "/functions/v1/openapi.json" => {
            let info = json!({ "version": env!("CARGO_PKG_VERSION") });
            (200, json!({ "info": info, "paths": paths }))
        }
        "/me" => (200, json!({ "kind": "anonymous" })),
        _ => (401, json!({ "code": "42501" })),
    }
}

#[test]
fn a_worker_is_asked_how_it_is() {
    assert_eq!(found_of(well), Vec::<String>::new());
    let at = |wrong: &'static str, status: u16, body: Value| {
        found_of(move |path| {
            if path.starts_with(wrong) {
                (status, body.clone())
            } else {
                well(path)
            }
        })
    };
    let unset = json!({ "code": "CS500", "details": "LLM_MODEL is missing", "hint": "set it" });
    assert_eq!(at("/me", 500, unset), ["not-configured"]);
    assert_eq!(at("/me", 401, json!({ "code": "CS401" })), ["other-key"]);
    assert_eq!(at("/me", 503, json!({ "code": "CS503" })), ["unwell"]);
    assert_eq!(at("/healthz", 404, json!({})), ["no-worker"]);
    assert_eq!(at("/functions", 404, json!({})), ["no-document"]);
    let one = json!({ "paths": { "/functions/v1/agency-x": {} } });
    assert_eq!(at("/functions", 200, one), ["no-workflows"; 4]);
    let schema = json!({ "code": "PGRST106" });
    assert_eq!(at("/rest/v1", 406, schema), ["not-exposed"]);
}
