//! The editors' grammar highlights the words of the language, all of them and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use policy_core::syntax;
use serde_json::Value;

/// Words that the parser knows from lists or the checker, rather than asking for them one by one:
/// here with a text that holds all of them.
const OTHERS: &str = "at least one select insert update delete upsert execute true false null now \
    email aal id uuid text second minute hour day seconds minutes hours days";

const SAMPLE: &str = "\
app a in schema a;
caller id uuid;
managed c;
tenant t (k) found by c stamped d members m (k, u, r) as x where s roles x keep at least one x;
on t tenant k via p in q and r in q append from crm ttl 2 minutes {
  inherit select;
  retire s = 'x' by x, seen by x, stamped d;
  never insert check s is not distinct from caller.email;
  fixed c;
  hidden c;
  managed c;
  outside self c: upsert, delete where a = true or b = false and d <> null;
  x in same c: update blind;
  anon: select where not a in (1) and b between 1 and now();
  guest: select where a like 'x' and b ilike 'x' and caller.aal = 'aal1' and caller.id is null;
  user: select;
  service: select;
}
on t from crm ttl 1 second;
on t from crm ttl 1 hour;
on t from crm ttl 1 day;
on t from crm ttl 1 minute;
on t from crm ttl 2 seconds;
on t from crm ttl 2 hours;
on t from crm ttl 2 days;
on view v { user: select; }
on function f(text) { user: execute; }
resource r { user: read; }
";

/// The words in a regular expression.
fn words_of(expression: &str, into: &mut BTreeSet<String>) {
    let mut plain = String::new();
    let mut characters = expression
        .replace("(?i)", " ")
        .replace("s?", "?")
        .chars()
        .collect::<Vec<_>>()
        .into_iter();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                if characters.next() == Some('p') {
                    characters.by_ref().find(|c| *c == '}');
                }
                plain.push(' ');
            }
            other => plain.push(other),
        }
    }
    let words = plain.split(|c: char| !c.is_ascii_lowercase());
    into.extend(words.filter(|word| word.len() > 1).map(str::to_owned));
}

fn expressions(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field
                    .as_str()
                    .filter(|_| matches!(name.as_str(), "match" | "begin" | "end"))
                {
                    Some(expression) => {
                        // An optional `s` is two words.
                        words_of(expression, into);
                        for (at, _) in expression.match_indices("s?") {
                            let word = expression[..at].rsplit(|c: char| !c.is_alphabetic()).next();
                            into.insert(format!("{}s", word.unwrap()));
                        }
                    }
                    None => expressions(field, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, into)),
        _ => {}
    }
}

/// The words that the parser asks for.
fn asked() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/syntax");
    let mut words: BTreeSet<String> = syntax::KEYWORDS.map(str::to_owned).into();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(path).unwrap();
        for call in ["self.at(\"", "take(\"", "expect_word(\""] {
            for (at, _) in source.match_indices(call) {
                let word = source[at + call.len()..].split('"').next().unwrap();
                words.insert(word.to_owned());
            }
        }
    }
    words
}

#[test]
fn every_word_is_highlighted_and_nothing_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../editors/vscode/syntaxes/policy.tmLanguage.json");
    let grammar: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut highlighted = BTreeSet::new();
    expressions(&grammar, &mut highlighted);
    let mut language = asked();
    assert!(language.len() > 40, "{language:?}");
    language.extend(OTHERS.split_whitespace().map(str::to_owned));
    assert_eq!(highlighted, language);
}

/// So that `OTHERS` holds no word the language does not have.
#[test]
fn the_sample_has_every_word() {
    if let Err(findings) = syntax::parse(SAMPLE) {
        panic!("{findings:#?}");
    }
    let words: BTreeSet<&str> = SAMPLE.split(|c: char| !c.is_alphabetic()).collect();
    let asked = asked();
    let all = asked
        .iter()
        .map(String::as_str)
        .chain(OTHERS.split_whitespace());
    let missing: Vec<&str> = all.filter(|word| !words.contains(word)).collect();
    assert_eq!(missing, [""; 0]);
}
