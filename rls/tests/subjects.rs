//! What the database takes for the id of a caller, against what the evaluator does: random subjects
//! that are nearly uuids, in both ways in which a token reaches the database.
//!
//! Needs a server (`COUNTERSIGN_PG_URL`), which `cargo xtask test` provides; without one the tests
//! say that they are skipped. `COUNTERSIGN_SUBJECTS` asks for more of them, `COUNTERSIGN_SEED` for
//! others.
#![cfg(test)]

#[expect(dead_code, reason = "the tests of the audit use the rest")]
#[path = "support/database.rs"]
mod database;
#[expect(
    dead_code,
    reason = "the tests of operators and random policies use the rest"
)]
#[path = "support/dice.rs"]
mod dice;

use countersign_rls::generate::sections;
use policy_core::value::{uuid_from_text, uuid_text};

use database::{Database, app};
use dice::Dice;

const SUBJECTS: usize = 4_000;

/// The setting that a token is passed on in, and what it is set to for a subject.
const WAYS: [(&str, &str); 2] = [
    (
        "request.jwt.claims",
        "jsonb_build_object('sub', subject)::text",
    ),
    ("request.jwt.claim.sub", "subject"),
];

/// Other forms that PostgreSQL reads as uuids, and texts that only look like one.
const KNOWN: [&str; 10] = [
    "00000000-0000-0000-0000-000000000000",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "a0eebc999c0b4ef8bb6d6bb9bd380a11",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
    "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
    "a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11",
    "somebody-else-with-some-hyphensagain",
    "------------------------------------",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
];

fn random(dice: &mut Dice) -> String {
    const PIECES: [&str; 12] = [
        "-",
        "0",
        "9",
        "a",
        "F",
        "g",
        " ",
        "\n",
        "{",
        "}",
        "\u{e9}",
        "\u{1f511}",
    ];
    let value = u128::from(dice.roll()) << 64 | u128::from(dice.roll());
    let mut text: Vec<String> = uuid_text(value).chars().map(String::from).collect();
    for _ in 0..dice.below(4) {
        let at = dice.below(text.len());
        let piece = (*dice.pick(&PIECES)).to_owned();
        match dice.below(5) {
            0 => text.insert(at, piece),
            1 => drop(text.remove(at)),
            2 => text = text.iter().map(|piece| piece.to_uppercase()).collect(),
            3 => {
                // A hyphen that wandered: as long as before, and of the same characters.
                let hyphen = text.iter().position(|piece| piece == "-").unwrap_or(at);
                text.swap(at, hyphen);
            }
            _ => {
                if let Some(old) = text.get_mut(at) {
                    *old = piece;
                }
            }
        }
    }
    text.concat()
}

#[test]
fn a_subject_is_the_same_caller_in_the_database_as_in_the_evaluator() {
    let Some(database) = Database::empty() else {
        return;
    };
    let (project, policy) = app("assistant");
    let callers = sections(&policy, &project.catalogue, &project.source);
    let callers = callers.iter().find(|section| section.name == "callers");
    let mut client = database.client();
    client.batch_execute(&callers.unwrap().body).unwrap();

    let seed = dice::seed("COUNTERSIGN_SEED");
    let mut dice = Dice::new(seed);
    let mut subjects: Vec<String> = KNOWN.map(String::from).into();
    let number = dice::number("COUNTERSIGN_SUBJECTS", SUBJECTS);
    subjects.extend((0..number).map(|_| random(&mut dice)));
    let somebody = |subject: &String| uuid_from_text(subject).is_some();
    let callers = subjects.iter().filter(|subject| somebody(subject)).count();
    assert!(
        callers > 0 && callers < subjects.len(),
        "{callers} of {} subjects are callers, with seed {seed}",
        subjects.len()
    );

    for (setting, text) in WAYS {
        let asked = format!(
            "select id.said from unnest($1::text[]) with ordinality as given (subject, n)
             cross join lateral (select set_config('{setting}', {text}, true) as set) claims
             cross join lateral (
               select countersign.caller_id()::text as said where claims.set is not null
             ) id
             order by given.n"
        );
        let mut transaction = client.transaction().unwrap();
        let said = transaction.query(&asked, &[&subjects]).unwrap();
        assert_eq!(said.len(), subjects.len());
        for (subject, row) in subjects.iter().zip(said) {
            let said: Option<String> = row.get(0);
            let meant = uuid_from_text(subject).map(uuid_text);
            assert_eq!(
                said, meant,
                "{subject:?} by way of {setting}, with seed {seed}"
            );
        }
    }
}
