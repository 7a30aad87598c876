//! The language server as an editor meets it: the real binary, real messages.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

const SHOP: &str = include_str!("shop/shop.policy");
const CATALOGUE: &str = include_str!("shop/shop.catalogue.json");

/// An editor with one policy in a folder of its own.
struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    uri: String,
    text: String,
    requests: i32,
    /// Diagnostics that came while something else was awaited.
    published: Vec<Value>,
    folder: tempfile::TempDir,
}

impl Editor {
    fn start() -> Self {
        // A folder whose name needs escaping in an address.
        let folder = tempfile::Builder::new().prefix("a b ").tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let path = folder.path().join("shop.policy");
        let mut editor = Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            uri: format!("file://{}", path.display().to_string().replace(' ', "%20")),
            text: String::new(),
            requests: 0,
            published: Vec::new(),
            folder,
        };
        let answer = editor.ask("initialize", json!({ "capabilities": {} }));
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        assert_eq!(answer["capabilities"]["documentFormattingProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    /// With the shop's catalogue and a policy open.
    fn with(text: &str) -> Self {
        let mut editor = Self::start();
        fs::write(editor.folder.path().join("shop.catalogue.json"), CATALOGUE).unwrap();
        editor.open(text);
        editor
    }

    fn raw(&mut self, body: &str) {
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, parameters: Value) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": parameters });
        self.raw(&message.to_string());
    }

    fn open(&mut self, text: &str) {
        self.text = text.to_owned();
        let document =
            json!({ "uri": self.uri, "languageId": "policy", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, text: &str) {
        self.text = text.to_owned();
        let document = json!({ "uri": self.uri, "version": 2 });
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "the server ended"
            );
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The whole answer to a request.
    fn answer(&mut self, method: &str, parameters: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters });
        self.raw(&message.to_string());
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
            self.published.push(message);
        }
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        let answer = self.answer(method, parameters);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// The next diagnostics, each as `code severity line:start-end`.
    fn diagnostics(&mut self) -> Vec<String> {
        let message = if self.published.is_empty() {
            self.receive()
        } else {
            self.published.remove(0)
        };
        assert_eq!(message["method"], "textDocument/publishDiagnostics");
        assert_eq!(message["params"]["uri"], self.uri);
        let found = message["params"]["diagnostics"].as_array().unwrap();
        let line = |found: &Value| {
            let (start, end) = (&found["range"]["start"], &found["range"]["end"]);
            format!(
                "{} {} {}:{}-{}",
                found["code"].as_str().unwrap(),
                found["severity"],
                start["line"],
                start["character"],
                end["character"]
            )
        };
        found.iter().map(line).collect()
    }

    /// Asks about the place behind a piece of the text.
    fn at(&mut self, method: &str, piece: &str) -> Value {
        let at = self.text.find(piece).unwrap() + piece.len();
        let before = &self.text[..at];
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().encode_utf16().count();
        let parameters = json!({
            "textDocument": { "uri": self.uri },
            "position": { "line": line, "character": character },
        });
        self.ask(method, parameters)
    }

    fn hover(&mut self, piece: &str) -> String {
        let answer = self.at("textDocument/hover", piece);
        answer["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn completions(&mut self, piece: &str) -> Vec<String> {
        let answer = self.at("textDocument/completion", piece);
        let items = answer.as_array().unwrap().iter();
        items
            .map(|item| item["textEdit"]["newText"].as_str().unwrap().to_owned())
            .collect()
    }

    fn format(&mut self) -> Value {
        let parameters = json!({
            "textDocument": { "uri": self.uri },
            "options": { "tabSize": 2, "insertSpaces": true },
        });
        self.ask("textDocument/formatting", parameters)
    }

    fn leave(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn findings_follow_the_text() {
    let mut editor = Editor::with(SHOP);
    let notes = editor.diagnostics();
    assert!(notes.iter().all(|note| !note.contains(" 1 ")), "{notes:?}");

    // The character before it takes two UTF-16 units and four bytes.
    editor.change("app shop; /* 😀 */ caller id uuid;\n");
    assert_eq!(editor.diagnostics()[0], "unexpected 1 0:10-11");
    editor.change("app shop in schema shop;\ncaller id uuid;\non news { user: select where body = '😀' and bdy = 'x'; }\n");
    let found = editor.diagnostics();
    assert!(
        found.contains(&"unknown-column 1 2:45-48".to_owned()),
        "{found:?}"
    );
    editor.change("app shop;\non news {\n");
    assert_eq!(editor.diagnostics(), ["unexpected 1 1:8-9"]);

    let document = json!({ "uri": editor.uri });
    editor.tell("textDocument/didClose", json!({ "textDocument": document }));
    assert_eq!(editor.diagnostics(), [""; 0]);
    editor.leave();
}

#[test]
fn a_missing_catalogue_is_said() {
    let mut editor = Editor::start();
    editor.open(SHOP);
    assert_eq!(editor.diagnostics(), ["no-catalogue 2 1:4-8"]);
    fs::write(editor.folder.path().join("shop.catalogue.json"), "{}").unwrap();
    editor.change(SHOP);
    assert_eq!(editor.diagnostics(), ["no-catalogue 2 1:4-8"]);
    fs::write(editor.folder.path().join("shop.catalogue.json"), CATALOGUE).unwrap();
    editor.change(SHOP);
    assert!(
        !editor
            .diagnostics()
            .contains(&"no-catalogue 2 1:4-8".to_owned())
    );
    editor.leave();
}

#[test]
fn a_name_is_explained() {
    let mut editor = Editor::with(SHOP);
    let table = editor.hover("on art");
    for sql in [
        "grant select",
        "create policy countersign_update on shop.articles",
        "create or replace function",
    ] {
        assert!(table.contains(sql), "{sql} in {table}");
    }
    let action = editor.hover("boss:   update (name), del");
    assert!(action.contains("for delete to authenticated"), "{action}");
    assert!(!action.contains("for update"), "{action}");
    assert!(
        editor
            .hover("select where publi")
            .starts_with("```sql\narticles.published boolean")
    );
    assert!(
        editor
            .hover("select where published and sta")
            .contains("`'draft'`")
    );
    let role = editor.hover("  cler");
    assert!(role.contains("or a higher one: `boss`"), "{role}");
    assert!(role.contains("`staff` and `Partners`"), "{role}");
    assert!(editor.hover("  ano").contains("everybody"));
    let view = editor.hover("on view live_");
    assert!(
        view.contains("grant select on shop.live_articles"),
        "{view}"
    );
    assert!(!view.contains("comment on"), "{view}");
    assert_eq!(editor.hover("caller id uu"), "");
    editor.leave();
}

#[test]
fn the_next_word_is_offered() {
    let start = "app shop in schema shop;\ncaller id uuid;\ntenant firms (id)\n  members staff (firm_id, person_id, role)\n  roles boss > clerk > viewer;\n-- 😀\n";
    let mut editor = Editor::with(start);
    for (text, offered) in [
        ("on ", "\"Partners\" articles view function"),
        ("on articles tenant fi", "firm_id"),
        ("on articles { ", "boss clerk viewer anon retire never"),
        ("on articles { cl", "clerk"),
        ("on articles { clerk: up", "update upsert"),
        ("on articles { clerk: update (ti", "title"),
        (
            "on articles { clerk: select where state = ",
            "'live' state caller.id now()",
        ),
        (
            "on articles { clerk: select where state in ('draft', 'li",
            "'live'",
        ),
        ("on view ", "live_articles"),
        ("on function ", "find(text)"),
        ("on receipts tenant firm_id via order_id in ", "order"),
    ] {
        let text = format!("{start}{text}");
        editor.change(&text);
        let found = editor.completions(&text);
        for word in offered.split_whitespace() {
            assert!(
                found.iter().any(|item| item == word),
                "{text}|: no {word} in {found:?}"
            );
        }
    }
    for nothing in [
        "-- on ",
        "on articles { clerk: select where title = 'it''s ",
    ] {
        let text = format!("{start}{nothing}");
        editor.change(&text);
        assert_eq!(editor.completions(&text), [""; 0], "{text}");
    }
    let text = format!("{start}on news {{ user: select where body <> '😀' and bo");
    editor.change(&text);
    let answer = editor.at("textDocument/completion", &text);
    let item = answer
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["label"] == "body")
        .unwrap();
    assert_eq!(
        item["textEdit"]["range"]["start"],
        json!({ "line": 6, "character": 46 })
    );
    editor.leave();
}

#[test]
fn the_layout_and_the_way_to_declarations() {
    let untidy = SHOP.replace("  viewer: select;", "\tviewer:select;");
    let mut editor = Editor::with(&untidy);
    let edits = editor.format();
    assert_eq!(edits[0]["newText"], SHOP);
    let lines = untidy.matches('\n').count();
    assert_eq!(
        edits[0]["range"]["end"],
        json!({ "line": lines, "character": 0 })
    );
    editor.change(SHOP);
    assert_eq!(editor.format(), json!([]));

    for (piece, declared) in [
        ("keep at least one bo", "roles bo"),
        ("retire state = 'gone' by cle", "roles boss > cle"),
        ("via article_id in art", "on art"),
        ("members \"Part", "on \"Part"),
    ] {
        let found = editor.at("textDocument/definition", piece);
        let before = &SHOP[..SHOP.find(declared).unwrap()];
        assert_eq!(
            found["range"]["start"]["line"],
            before.matches('\n').count(),
            "{piece}"
        );
    }
    assert_eq!(
        editor.at("textDocument/definition", "on view live"),
        Value::Null
    );

    editor.change("app shop;\non x {");
    assert_eq!(editor.format(), Value::Null);
    editor.leave();
}

#[test]
fn wrong_messages_end_nothing() {
    let mut editor = Editor::with(SHOP);
    editor.raw("{ this is not JSON");
    editor.raw("[]");
    editor.tell("textDocument/didOpen", json!({ "textDocument": 5 }));
    editor.tell("textDocument/didChange", json!({ "contentChanges": [] }));
    editor.tell("$/cancelRequest", json!({ "id": 1 }));
    let unknown = editor.answer("textDocument/rename", json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    let malformed = editor.answer("textDocument/hover", json!({ "position": "here" }));
    assert_eq!(malformed["error"]["code"], -32602);
    let parameters = json!({
        "textDocument": { "uri": "file:///not/open.policy" },
        "position": { "line": 0, "character": 0 },
    });
    let unopened = editor.answer("textDocument/completion", parameters);
    assert_eq!(unopened["error"]["code"], -32602);
    let far = json!({
        "textDocument": { "uri": editor.uri },
        "position": { "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 },
    });
    assert_eq!(editor.ask("textDocument/hover", far), Value::Null);
    editor.leave();
}

#[test]
fn leaving_without_shutdown_is_told() {
    let mut editor = Editor::start();
    editor.tell("exit", Value::Null);
    assert_eq!(editor.child.wait().unwrap().code(), Some(1));
    let mut editor = Editor::start();
    editor.input = None;
    assert_eq!(editor.child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_agency_opens_without_errors() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let mut editor = Editor::start();
    let path = fs::canonicalize(policies).unwrap().join("agency.policy");
    let text = fs::read_to_string(&path).unwrap();
    editor.uri = format!("file://{}", path.display());
    editor.open(&text);
    let found = editor.diagnostics();
    assert!(
        found.iter().all(|found| !found.contains(" 1 ")),
        "{found:?}"
    );
    assert_eq!(editor.format(), json!([]));
    editor.leave();
}
