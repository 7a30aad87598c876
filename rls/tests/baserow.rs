//! `countersign connect` as a command. What it asks of Baserow is tested with the simulators.
//! Needs a server: `COUNTERSIGN_PG_URL`; without it the tests say that they are skipped.
#![cfg(test)]

#[path = "support/database.rs"]
#[expect(dead_code, reason = "the tests of the audit use the rest")]
mod database;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};

use database::{Database, root};

const KEYS: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const TOKEN: &str = "CANARY-baserow-token";

/// Answers every request with this status and body.
fn serve(status: u16, body: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let asked: Vec<String> = lines
                .map(Result::unwrap)
                .take_while(|line| !line.is_empty())
                .collect();
            assert_eq!(asked[0], "GET /api/database/fields/table/501/ HTTP/1.1");
            assert!(asked.contains(&format!("authorization: Token {TOKEN}")));
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} said\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

fn run(database: &Database, more: &[&str]) -> (Option<i32>, Value) {
    let mut run = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["connect", "--json", "--db", &database.url(), "--dir"])
        .arg(root())
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever ends a connection reads nothing.
    let _ = writeln!(run.stdin.take().unwrap(), "{TOKEN}");
    let Output {
        status,
        stdout,
        stderr,
    } = run.wait_with_output().unwrap();
    let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(said.iter().all(|text| !text.contains(TOKEN)), "{said:?}");
    (
        status.code(),
        serde_json::from_str(&said[0]).unwrap_or_default(),
    )
}

#[test]
fn the_exit_code_says_whether_baserow_is_connected() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let keys = tempfile::NamedTempFile::new().unwrap();
    fs::write(&keys, KEYS).unwrap();
    let keys = keys.path().to_str().unwrap();
    let with = |url: &str| {
        let of = ["--key-file", keys, "--table", "501", "--url", url];
        run(&database, &of)
    };
    let kept = || -> i64 {
        let count = "select count(*) from countersign_edge.portal_connection_secrets
             where access_token like 'cs1.%' and key_id = 'k1'";
        database.client().query_one(count, &[]).unwrap().get(0)
    };
    let (code, said) = with(&serve(401, r#"{"error":"ERROR_TOKEN_DOES_NOT_EXIST"}"#));
    assert_eq!((code, &said["connected"]), (Some(1), &json!(false)));
    assert_eq!(said["refused"], "Baserow does not take the token");
    let (code, said) = with(&serve(401, r#"{"error":"ERROR_NO_PERMISSION_TO_TABLE"}"#));
    assert_eq!(code, Some(1));
    assert_eq!(
        said["refused"],
        "the token may not read table 501 of Baserow"
    );
    for odd in [serve(503, ""), serve(200, "{}"), serve(302, "")] {
        assert_eq!(with(&odd).0, Some(2));
    }
    assert_eq!(run(&database, &["--end"]).0, Some(1));
    assert_eq!(kept(), 0);

    let (code, said) = with(&serve(200, r#"[{"name":"Email"},{"name":"Name"}]"#));
    let told = json!({ "connected": true, "table": 501, "fields": 2, "key": "k1" });
    assert_eq!((code, said), (Some(0), told));
    assert_eq!(kept(), 1);
    let (code, said) = run(&database, &["--end"]);
    assert_eq!(
        (code, said),
        (Some(0), json!({ "connected": false, "was": true }))
    );
    assert_eq!(kept(), 0);
}
