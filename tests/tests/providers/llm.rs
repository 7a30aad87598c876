//! The language model's client: answers that fit, one repair, vectors of the right length.

use countersign_functions::providers::failure::Kind;
use countersign_functions::providers::llm::Task;
use serde::Deserialize;
use serde_json::{Value, json};

use super::world::{World, run, settings, versions};

#[derive(Debug, Deserialize)]
struct Brief {
    summary: String,
    confidence: f64,
}

fn brief(value: &Value) -> Result<Brief, String> {
    Brief::deserialize(value).map_err(|error| error.to_string())
}

fn task() -> Task<'static> {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["summary", "confidence"],
        "properties": { "summary": { "type": "string" }, "confidence": { "type": "number" } },
    });
    Task {
        name: "brief",
        schema,
        system: "Summarise.",
        user: "Petra wants the annual price.",
    }
}

fn sure(value: &Value) -> Result<(), String> {
    let brief = brief(value)?;
    if (0.0..=1.0).contains(&brief.confidence) {
        Ok(())
    } else {
        Err("confidence is not from 0 to 1".to_owned())
    }
}

#[test]
fn an_answer_fits_its_schema() {
    let world = World::new();
    let [version, _] = versions();
    let settings = settings(version).llm.unwrap();
    let llm = world.llm(&settings);
    let done = run(llm.complete(&task(), &sure)).unwrap();
    let brief = brief(&done.value).unwrap();
    assert!(brief.summary.contains("annual price") && !done.repaired);
    let (used, most) = (llm.used.get(), task().most());
    assert!((1..=most.prompt).contains(&used.prompt));
    assert!((1..=most.completion).contains(&used.completion));
    world.as_described();
}

#[test]
fn an_answer_that_does_not_is_repaired_once() {
    let [version, _] = versions();
    let settings = settings(version).llm.unwrap();
    let good = r#"{"summary": "s", "confidence": 0.5}"#;
    for bad in [
        json!("not json"),
        json!(r#"{"summary": 5, "confidence": 0.5}"#),
        json!(r#"{"summary": "s", "confidence": 7}"#),
        json!({ "content": good, "finish_reason": "length" }),
        json!({ "content": null, "refusal": "I would rather not." }),
        json!({ "content": null }),
    ] {
        let world = World::new();
        world.control("/llm/script", json!({ "contents": [bad, good] }));
        let llm = world.llm(&settings);
        let done = run(llm.complete(&task(), &sure)).unwrap();
        assert!(done.repaired, "{bad}");
        // Both answers count, and both were within what was foreseen.
        assert!(
            (2..=task().most().prompt).contains(&llm.used.get().prompt),
            "{bad}"
        );
        let first = llm.used.get();
        world.control("/llm/script", json!({ "contents": [bad, bad, good] }));
        let failed = run(llm.complete(&task(), &sure)).unwrap_err();
        assert_eq!(failed.kind, Kind::Malformed);
        // What came to nothing counts as well.
        assert!(llm.used.get().prompt > first.prompt);
        assert_eq!(world.asked("POST", "/chat/completions"), 4);
    }
}

#[test]
fn vectors_are_of_the_length_asked_for_and_near_for_like_texts() {
    let world = World::new();
    let [version, _] = versions();
    let mut settings = settings(version).llm.unwrap();
    let texts = [
        "the annual price",
        "an annual price list",
        "onboarding of drivers",
    ];
    let vectors = run(world.llm(&settings).embed(&texts, 768)).unwrap();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let [one, two, three] = vectors.as_slice() else {
        panic!("three of them")
    };
    assert_eq!(one.len(), 768);
    assert!((dot(one, one) - 1.0).abs() < 1e-9);
    assert!(dot(one, two) > dot(one, three));
    assert_eq!(
        run(world.llm(&settings).embed(&texts, 768)).unwrap(),
        vectors
    );
    world.as_described();

    let [long]: [Vec<f64>; 1] = run(world.llm(&settings).embed(&texts[..1], 1_536))
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(long.len(), 1_536);
    let other = run(world.llm(&settings).embed(&texts, 512)).unwrap_err();
    assert_eq!(other.kind, Kind::Settings("LLM_EMBEDDING_DIMENSIONS"));

    settings.embedding = None;
    let missing = run(world.llm(&settings).embed(&texts, 768)).unwrap_err();
    assert_eq!(missing.kind, Kind::Settings("LLM_EMBEDDING_MODEL"));
    settings.key = countersign_functions::secret::Secret::new("another");
    let refused = run(world.llm(&settings).complete(&task(), &sure)).unwrap_err();
    assert_eq!(refused.kind, Kind::Settings("LLM_API_KEY"));
}
