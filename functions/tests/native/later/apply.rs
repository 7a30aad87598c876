//! Applying a draft or a date, broken off before and after each request that it sends.

use countersign_functions::schedule;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mortal::{At, Mortal, Side};
use crate::world::{World, before};

const DOV: &str = "dov@assistant.example.test";
const NOTE: &str = "<p>She asked for two references.</p>";

/// A note in HubSpot, and a run on it.
pub(super) struct Run {
    note: String,
    log: String,
    pub(super) draft: String,
    pub(super) date: String,
}

/// Everything that applying changes, on both sides.
#[derive(Debug, PartialEq)]
pub(super) struct State {
    /// By tone: selected, applied.
    pub(super) drafts: Vec<(String, bool, bool)>,
    dates: bool,
    /// Whether the run knows the note as it is.
    current: bool,
    pub(super) text: Value,
    time: Value,
    /// How often HubSpot was written to.
    pub(super) writes: usize,
}

pub(super) async fn processed(world: &World) -> Run {
    world
        .simulator(Method::DELETE, "/control/log", &Value::Null)
        .await;
    let note =
        json!({ "properties": { "hs_timestamp": "2027-01-15T08:00:00Z", "hs_note_body": NOTE } });
    let note = world.assistant(DOV, Method::POST, "notes", &note).await;
    let insert = async |table: &str, rows: Value| {
        let rows = world.as_worker(Method::POST, table, "assistant", rows);
        let rows = rows.await;
        rows[0]["id"].as_str().unwrap().to_owned()
    };
    let of = json!({ "activity_type": "notes", "activity_id": note["id"] });
    let with = |more: Value| {
        let mut row = of.as_object().unwrap().clone();
        row.extend(more.as_object().unwrap().clone());
        Value::Object(row)
    };
    let log = json!({
        "user_id": world.id_of(DOV), "activity_updated_at": note["updated_at"], "status": "succeeded",
        "input_notes": "She asked for two references.",
    });
    let log = insert("ai_processing_logs", with(log)).await;
    let draft = |tone: &str, selected: bool| {
        let text = format!("Dear Petra,\nhere they are: A & B <{tone}>.");
        with(
            json!({ "log_id": log, "draft_text": text, "tone": tone, "confidence": 0.9, "selected": selected }),
        )
    };
    let chosen = insert("ai_generated_drafts", draft("formal", false)).await;
    insert("ai_generated_drafts", draft("warm", true)).await;
    let dates =
        json!({ "log_id": log, "recommended_start": "2027-02-01T09:00:00Z", "confidence": 0.9 });
    let date = insert("touch_date_recommendations", with(dates)).await;
    Run {
        note: note["id"].as_str().unwrap().to_owned(),
        log,
        draft: chosen,
        date,
    }
}

impl Run {
    pub(super) async fn state(&self, world: &World) -> State {
        let rows = async |address: String| {
            let rows = world.as_worker(Method::GET, &address, "assistant", Value::Null);
            rows.await.as_array().unwrap().clone()
        };
        let (log, of) = (&self.log, format!("log_id=eq.{}", self.log));
        let drafts = rows(format!("ai_generated_drafts?{of}&order=tone")).await;
        let dates = rows(format!("touch_date_recommendations?{of}")).await;
        let logs = rows(format!("ai_processing_logs?id=eq.{log}")).await;
        let path = format!("notes/{}?properties=hs_note_body,hs_timestamp", self.note);
        let note = world.assistant(DOV, Method::GET, &path, &Value::Null).await;
        let said = world
            .simulator(Method::GET, "/control/log", &Value::Null)
            .await;
        let wrote = |entry: &&Value| {
            entry["request"]["method"] == "PATCH"
                && entry["request"]["path"]
                    .as_str()
                    .is_some_and(|path| path.ends_with(&self.note))
        };
        let instant = |value: &Value| {
            let text = value.as_str().unwrap();
            countersign_functions::time::milliseconds(text).unwrap()
        };
        State {
            drafts: drafts
                .iter()
                .map(|draft| {
                    let tone = draft["tone"].as_str().unwrap().to_owned();
                    (
                        tone,
                        draft["selected"] == true,
                        !draft["applied_at"].is_null(),
                    )
                })
                .collect(),
            dates: dates[0]["applied"] == true && !dates[0]["applied_at"].is_null(),
            current: instant(&logs[0]["activity_updated_at"]) == instant(&note["updated_at"]),
            text: note["properties"]["hs_note_body"].clone(),
            time: note["properties"]["hs_timestamp"].clone(),
            writes: said["requests"]
                .as_array()
                .unwrap()
                .iter()
                .filter(wrote)
                .count(),
        }
    }

    fn order(&self, what: &str) -> (String, Value) {
        match what {
            "draft" => (
                "/functions/v1/assistant-apply-draft".to_owned(),
                json!({ "draft_id": self.draft }),
            ),
            _ => (
                "/functions/v1/assistant-apply-date".to_owned(),
                json!({ "date_id": self.date }),
            ),
        }
    }

    /// Asks for it in a world that may end.
    async fn apply(&self, world: &World, what: &str, mortal: &Mortal<'_>) -> Option<(u16, Value)> {
        let (path, body) = self.order(what);
        let asked = (Method::POST, path.as_str(), world.person(DOV), &body);
        world.ask_in(mortal, || mortal.ended(), asked).await
    }

    pub(super) async fn recorded(&self, world: &World, what: &str) -> bool {
        let id = if what == "draft" {
            &self.draft
        } else {
            &self.date
        };
        let what = if what == "draft" { "draft" } else { "dates" };
        let address = format!("outbox?effect_key=eq.{what}/{id}");
        let rows = world.as_worker(Method::GET, &address, "countersign_edge", Value::Null);
        rows.await[0].is_object()
    }
}

/// How things stand before and after applying when nothing is broken off.
async fn undisturbed(world: &World, what: &str) -> (State, State) {
    let run = processed(world).await;
    let initial = run.state(world).await;
    let whole = Mortal::new(&world.native, None);
    let (status, body) = run.apply(world, what, &whole).await.unwrap();
    assert_eq!(
        (status, &body["status"]),
        (200, &json!("applied")),
        "{body}"
    );
    let done = run.state(world).await;
    assert!(
        done.current && done.writes == 1 && initial.writes == 0,
        "{done:?}"
    );
    assert_ne!(done, initial);
    (initial, done)
}

/// The whole matter of an outbox: wherever a request dies, the schedule brings about what it recorded,
/// once; and whoever asks again gets just that.
#[tokio::test]
async fn wherever_a_request_dies_its_effect_comes_about_once() {
    let Some(world) = World::new() else { return };
    world.disconnect_all().await;
    world.connect(DOV, json!({})).await;
    for what in ["draft", "dates"] {
        let (initial, done) = undisturbed(&world, what).await;
        let (mut lost, mut finished, mut requests) = (0, 0, 0);
        'all: for number in 1.. {
            for side in [Side::Before, Side::After] {
                let at = format!("{what}, request {number}, {side:?}");
                let run = processed(&world).await;
                let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
                let answer = run.apply(&world, what, &mortal).await;
                if !mortal.ended() {
                    assert_eq!(answer.map(|(status, _)| status), Some(200), "{at}");
                    break 'all;
                }
                requests = number;
                let recorded = run.recorded(&world, what).await;
                world.until_quiet().await;
                let after = run.state(&world).await;
                // It was promised to nobody, or it came about.
                assert_eq!(&after, if recorded { &done } else { &initial }, "{at}");
                *if recorded { &mut finished } else { &mut lost } += 1;
                let whole = Mortal::new(&world.native, None);
                let (status, body) = run.apply(&world, what, &whole).await.unwrap();
                assert_eq!(
                    (status, &body["status"]),
                    (200, &json!("applied")),
                    "{at}: {body}"
                );
                assert_eq!(run.state(&world).await, done, "{at}, asked again");
            }
        }
        println!(
            "applying a {what} sends {requests} requests; each was lost before and after its effect: \
             {finished} were finished by the schedule, {lost} had not begun"
        );
        assert!(requests >= 8, "{requests}");
        assert!(finished >= 8 && lost >= 4, "{finished} {lost}");
    }
}

/// The schedule dies, too; the next run goes on, whatever the one before it had done.
#[tokio::test]
async fn wherever_the_schedule_dies_the_next_run_goes_on() {
    let Some(world) = World::new() else { return };
    world.disconnect_all().await;
    world.connect(DOV, json!({})).await;
    let (_, done) = undisturbed(&world, "draft").await;
    for first in [(At::Write, Side::Before), (At::Write, Side::After)] {
        let mut sent = 0;
        for number in 1.. {
            let run = processed(&world).await;
            let mortal = Mortal::new(&world.native, Some(first));
            assert_eq!(run.apply(&world, "draft", &mortal).await, None);
            assert!(run.recorded(&world, "draft").await);
            world.let_go().await;
            let side = if number % 2 == 0 {
                Side::Before
            } else {
                Side::After
            };
            let mortal = Mortal::new(&world.native, Some((At::Number(number), side)));
            let died = before(|| mortal.ended(), schedule::run(&world.setup, &mortal)).await;
            if died.is_some() {
                assert_eq!(run.state(&world).await, done);
                break;
            }
            sent = number;
            world.until_quiet().await;
            assert_eq!(
                run.state(&world).await,
                done,
                "{first:?}, then run's request {number}, {side:?}"
            );
        }
        println!("a run of the schedule that finishes it sends {sent} requests; each was lost");
        assert!(sent >= 8, "{sent}");
    }
}
