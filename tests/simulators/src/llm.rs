//! A language model with OpenAI's API: chat completions with a JSON schema, and embeddings.
//!
//! It knows no language. A completion is an instance of the schema that the request gives, with
//! texts taken from the prompt; the same request has the same answer. Embeddings are unit vectors of
//! the length asked for, determined by the text: texts that share words lie nearer to each other.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::message::{Answer, Request};
use crate::spec::Spec;
use crate::{items, number, text};

const SPEC: &str = include_str!("../../specs/openai/v1.json");
/// The one key that works. For machines where this runs, and nowhere else.
pub const API_KEY: &str = "countersign-local-llm-key";
const DIMENSIONS: u64 = 1_536;

/// The whole of it.
#[derive(Debug)]
pub struct Llm {
    spec: Spec,
    /// What the next completions say, whatever they are asked.
    scripted: VecDeque<Value>,
    /// A text with this in it is not embedded, nor is any that comes with it.
    refused: Option<String>,
    answered: u64,
}

impl Llm {
    pub(crate) fn new() -> Result<Self, String> {
        Ok(Self {
            spec: Spec::parse(SPEC)?,
            scripted: VecDeque::new(),
            refused: None,
            answered: 0,
        })
    }

    /// The description of its API.
    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// What the next completions say: `contents`, each a text, or an object with `content`,
    /// `refusal` and `finish_reason`; and `refuses`, a text that makes others impossible to embed.
    pub(crate) fn script(&mut self, body: &Value) {
        let contents = body.get("contents").and_then(Value::as_array);
        self.scripted = contents.into_iter().flatten().cloned().collect();
        self.refused = text(body, "refuses").map(str::to_owned);
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        if request.bearer() != Some(API_KEY) {
            return failed(
                401,
                "invalid_request_error",
                "Incorrect API key provided.",
                Some("invalid_api_key"),
            );
        }
        let Some(body) = request.json() else {
            return failed(
                400,
                "invalid_request_error",
                "We could not parse the JSON body of your request.",
                None,
            );
        };
        self.answered += 1;
        let id = self.answered;
        let answer = match (request.method.as_str(), request.below("/v1").path.as_str()) {
            ("POST", "/chat/completions") => self.complete(id, &body),
            ("POST", "/embeddings") => embed(&body, self.refused.as_deref()),
            _ => failed(404, "invalid_request_error", "Unknown request URL", None),
        };
        answer.header("x-request-id", format!("req_{id:08x}"))
    }

    fn complete(&mut self, id: u64, body: &Value) -> Answer {
        let messages: Vec<&str> = items(body, "messages")
            .filter_map(|one| text(one, "content"))
            .collect();
        if messages.is_empty() {
            return failed(
                400,
                "invalid_request_error",
                "you must provide messages",
                None,
            );
        }
        let prompt = messages.join("\n");
        let scripted = self.scripted.pop_front();
        let schema = body.pointer("/response_format/json_schema/schema");
        let (content, refusal, reason) = match scripted {
            Some(Value::String(content)) => {
                (Value::String(content), Value::Null, "stop".to_owned())
            }
            Some(said) => {
                let reason = text(&said, "finish_reason").unwrap_or("stop").to_owned();
                let member = |name: &str| said.get(name).cloned().unwrap_or(Value::Null);
                (member("content"), member("refusal"), reason)
            }
            None => {
                let content = schema.map_or_else(
                    || prompt.chars().take(200).collect(),
                    |schema| {
                        instance(schema, "", messages.last().copied().unwrap_or_default(), 0)
                            .to_string()
                    },
                );
                (Value::String(content), Value::Null, "stop".to_owned())
            }
        };
        let said = content
            .as_str()
            .map_or(0, |content| content.len() as u64 / 4 + 1);
        let asked = prompt.len() as u64 / 4 + 1;
        let answer = json!({
            "id": format!("chatcmpl-{id:08x}"), "object": "chat.completion", "created": 1_767_225_600,
            "model": body.get("model"),
            "choices": [{ "index": 0, "finish_reason": reason, "logprobs": null, "message": { "role": "assistant", "content": content, "refusal": refusal } }],
            "usage": { "prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said },
        });
        Answer::json(200, &answer)
    }
}

/// An instance of a schema.
fn instance(schema: &Value, name: &str, prompt: &str, index: usize) -> Value {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values
            .get(index % values.len().max(1))
            .cloned()
            .unwrap_or(Value::Null);
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        Some(Value::String(kind)) => Some(kind.as_str()),
        _ => None,
    };
    match kind {
        Some("object") => {
            let members = schema.get("properties").and_then(Value::as_object);
            let one =
                |(name, of): (&String, &Value)| (name.clone(), instance(of, name, prompt, index));
            Value::Object(
                members
                    .into_iter()
                    .flatten()
                    .map(one)
                    .collect::<Map<_, _>>(),
            )
        }
        Some("array") => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            let many = number(schema, "minItems", 2);
            (0..many)
                .map(|at| instance(items, name, prompt, usize::try_from(at).unwrap_or(0)))
                .collect()
        }
        Some("number") => json!(0.9 - 0.1 * f64::from(u32::try_from(index).unwrap_or(0))),
        Some("integer") => json!(index),
        Some("boolean") => json!(true),
        _ if name.contains("start") => json!("2027-01-18T09:00:00Z"),
        _ if name.contains("due") => json!("2027-01-22T17:00:00Z"),
        _ => {
            let words: Vec<&str> = prompt.split_whitespace().rev().take(12).collect();
            let words: Vec<&str> = words.into_iter().rev().collect();
            json!(format!("{name} {}: {}", index + 1, words.join(" ")))
        }
    }
}

fn embed(body: &Value, refused: Option<&str>) -> Answer {
    let inputs: Vec<String> = match body.get("input") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    let bad = |input: &String| input.is_empty() || refused.is_some_and(|of| input.contains(of));
    if inputs.is_empty() || inputs.len() > 2_048 || inputs.iter().any(bad) {
        return failed(400, "invalid_request_error", "'$.input' is invalid.", None);
    }
    let dimensions = number(body, "dimensions", DIMENSIONS);
    let one = |(index, input): (usize, &String)| json!({ "object": "embedding", "index": index, "embedding": vector(input, dimensions) });
    let data: Vec<Value> = inputs.iter().enumerate().map(one).collect();
    let tokens = inputs
        .iter()
        .map(|input| input.len() as u64 / 4 + 1)
        .sum::<u64>();
    let answer = json!({ "object": "list", "data": data, "model": body.get("model"), "usage": { "prompt_tokens": tokens, "total_tokens": tokens } });
    Answer::json(200, &answer)
}

/// The sum of a direction for each word, of length one.
fn vector(input: &str, dimensions: u64) -> Vec<f64> {
    let mut sum = vec![0.0; usize::try_from(dimensions).unwrap_or(0)];
    let words = input.to_lowercase();
    let words = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words.chain(["the bias of every text"]) {
        for (at, place) in sum.iter_mut().enumerate() {
            let digest = Sha256::digest(format!("{word} {}", at / 32));
            let byte = digest.get(at % 32).copied().unwrap_or_default();
            *place += f64::from(byte) - 127.5;
        }
    }
    let length = sum.iter().map(|place| place * place).sum::<f64>().sqrt();
    // Six digits are what a text of this length is worth.
    sum.iter()
        .map(|place| (place / length * 1e6).round() / 1e6)
        .collect()
}

fn failed(status: u16, kind: &str, message: &str, code: Option<&str>) -> Answer {
    Answer::json(
        status,
        &json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }),
    )
}
