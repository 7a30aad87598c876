//! Search by meaning, held against every vector that the organization has.

use reqwest::Method;
use serde_json::{Value, json};

use super::ORG_A;
use crate::world::World;

fn vector(text: &Value) -> Vec<f64> {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

pub(super) async fn search(world: &World) {
    for (within, table, places) in [
        ("documents", "documents", 768),
        ("interactions", "crm_interactions", 1_536),
    ] {
        // The seed's vectors are of no model; what changes waits for its own.
        let (title, text) = match within {
            "documents" => ("title", "content"),
            _ => ("subject", "summary"),
        };
        let query = format!("{table}?record_status=eq.active&select=id,{text}&limit=3");
        for row in world.rows_of_a(&query).await {
            let id = row["id"].as_str().unwrap();
            let path = format!("/rest/v1/{table}?id=eq.{id}");
            let words = format!("{} {}", row[text].as_str().unwrap(), world.run);
            let change = json!({ text: words });
            let changed = world
                .as_agent("admin.a", Method::PATCH, &path, Some(&change))
                .await;
            assert_eq!(changed.1[0]["embedding"], Value::Null, "{}", changed.1);
        }
        let (status, body) = world
            .agency("viewer.a", "embed", json!({ "within": within }))
            .await;
        assert_eq!(status, 403, "{body}");
        let embed = async || {
            world
                .agency("member.a", "embed", json!({ "within": within }))
                .await
        };
        let (status, body) = embed().await;
        assert_eq!((status, &body["more"]), (200, &json!(false)), "{body}");
        assert!(body["embedded"].as_u64().unwrap() > 0, "{body}");
        let (_, body) = embed().await;
        assert_eq!(
            body,
            json!({ "embedded": 0, "more": false, "run_id": null })
        );

        let words = format!("the launch of {title} {}", world.run);
        let order = json!({ "query": words, "within": within, "count": 2 });
        let (status, found) = world.agency("viewer.a", "search", order.clone()).await;
        assert_eq!((status, &found["cached"]), (200, &json!(false)), "{found}");
        let (_, again) = world.agency("member.a", "search", order).await;
        assert_eq!(
            (&again["cached"], &again["results"]),
            (&json!(true), &found["results"])
        );

        // By hand: every vector that a viewer sees, and the query's from the model itself.
        let of = world.embedding(&words, places).await;
        let query =
            format!("{table}?record_status=eq.active&embedding=not.is.null&select=id,embedding");
        let mut all: Vec<(f64, Value)> = world
            .rows_of_a(&query)
            .await
            .iter()
            .map(|row| (cosine(&of, &vector(&row["embedding"])), row["id"].clone()))
            .collect();
        all.sort_by(|one, other| other.0.total_cmp(&one.0));
        let found = found["results"].as_array().unwrap();
        assert_eq!(found.len(), all.len().min(2));
        for (found, (near, id)) in found.iter().zip(&all) {
            assert_eq!((&found["id"], &found["org_id"]), (id, &json!(ORG_A)));
            let similarity = found["similarity"].as_f64().unwrap();
            assert!((similarity - near).abs() < 1e-5, "{similarity} {near}");
        }
    }
    for bad in [
        json!({ "query": "", "within": "documents" }),
        json!({ "query": "x", "within": "clients" }),
        json!({ "query": "x", "within": "documents", "count": 101 }),
    ] {
        assert_eq!(world.agency("member.a", "search", bad).await.0, 400);
    }
}

impl World {
    async fn embedding(&self, text: &str, places: u32) -> Vec<f64> {
        let settings = &self.facts["simulators"]["settings"];
        let url = format!("{}/embeddings", settings["LLM_URL"].as_str().unwrap());
        let key = settings["LLM_API_KEY"].as_str().unwrap();
        let body = json!({ "model": "m", "input": [text], "dimensions": places });
        let request = self.native.0.post(url).body(body.to_string());
        let request = request.header("content-type", "application/json");
        let answer = request.header("authorization", format!("Bearer {key}"));
        let bytes = answer.send().await.unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        serde_json::from_value(answer["data"][0]["embedding"].clone()).unwrap()
    }
}
