//! The month's budget, with requests at once.

use serde_json::{Value, json};

use super::number;
use crate::world::World;

/// The two amounts in the details of a refusal: what is spent, and what the call may cost.
fn amounts(refused: &Value) -> (f64, f64) {
    let details = refused["details"].as_str().unwrap();
    let numbers = details.split(' ').filter_map(|word| word.parse().ok());
    let numbers: Vec<f64> = numbers.collect();
    (numbers[0], numbers[2])
}

pub(super) async fn budget(world: &World) {
    let purpose = world.purpose("budget");
    let ask = async |number: u32| {
        // Some 2 cents at most, and much less in the end.
        let prompt = format!("{number} {}", "word ".repeat(5_000));
        let asked = json!({ "purpose": purpose, "prompt": prompt, "fresh": true });
        world.agency("member.a", "complete", asked).await
    };
    let spent = async || {
        let body = json!({ "p_org_id": super::ORG_A });
        let path = "/rest/v1/rpc/get_ai_spend";
        let asked = world.as_agent("owner.a", reqwest::Method::POST, path, Some(&body));
        number(&asked.await.1)
    };

    world.budget_of_a(0).await;
    let (status, refused) = ask(0).await;
    assert_eq!(
        (status, &refused["code"]),
        (429, &json!("llm_budget")),
        "{refused}"
    );
    let message = refused["message"].as_str().unwrap();
    assert!(message.ends_with("-01"), "{message}");
    assert!(refused["hint"].as_str().unwrap().contains("owner"));
    let (before, most) = amounts(&refused);
    assert!((1.0..10.0).contains(&most), "{refused}");

    let cents = (before + 2.5 * most).ceil();
    world.budget_of_a(cents as u64).await;
    let slow = json!({ "provider": "llm", "times": 3, "effect": { "latency": 600 } });
    world.control("/faults", slow).await;
    let all = tokio::join!(ask(1), ask(2), ask(3), ask(4), ask(5), ask(6));
    let all = [all.0, all.1, all.2, all.3, all.4, all.5];
    let done = all.iter().filter(|(status, _)| *status == 200).count();
    let refused = all.iter().filter(|(status, _)| *status == 429).count();
    // As many as fit with the most that each can cost, to the rounding of the amounts.
    let fit = |calls: usize| calls as f64 * most;
    assert_eq!(done + refused, 6);
    assert!(fit(done) <= cents - before + 0.05, "{done} of {cents}");
    assert!(fit(done + 1) > cents - before - 0.05, "{done} of {cents}");
    assert!(refused > 0 && done > 0);

    // What they did cost is what is spent: there is room again.
    let runs = world.runs(&purpose).await;
    let cost = |run: &Value| number(&run["cost_cents"]);
    let total: f64 = runs.iter().map(cost).sum();
    assert_eq!(
        runs.iter()
            .filter(|run| run["error_code"] == "LLM_BUDGET")
            .count(),
        refused + 1
    );
    world.budget_of_a(0).await;
    let (after, _) = amounts(&ask(0).await.1);
    assert!(
        (after - before - total).abs() < 0.011,
        "{before} {total} {after}"
    );
    assert!(spent().await > 0.0);
}
