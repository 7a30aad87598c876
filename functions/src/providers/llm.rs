//! Any language model with OpenAI's API: completions that fit a JSON schema, and embeddings.

pub mod prices;
pub mod schema;

use std::cell::Cell;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, Line, Reading, Repeat, Told, retry_after};
use super::failure::{Failure, Kind, Provider};
use super::settings::LlmSettings;
use crate::transport::Runtime;
use prices::Usage;

/// How it says no.
pub const READING: Reading = told;
/// A completion takes its time.
const PATIENCE: Duration = Duration::from_secs(40);
/// What an answer may be long, in tokens.
const MOST_TOKENS: u32 = 2_000;
/// What the model is told of a bad answer, in characters: it may quote that answer.
const LONGEST_COMPLAINT: usize = 500;
/// What messages have around their texts, in tokens, and more.
const AROUND: u64 = 200;
/// As many texts as one request may have.
const MOST_TEXTS: usize = 2_048;

/// The language model.
#[derive(Debug)]
pub struct Llm<'a, R> {
    /// The way there.
    pub line: Line<'a, R>,
    /// Which one.
    pub settings: &'a LlmSettings,
    /// What its answers say they took, good or not. Of a try that broke off there is none.
    pub used: Cell<Usage>,
}

/// What is asked of it.
#[derive(Debug)]
pub struct Task<'a> {
    /// The schema's name: letters, digits, `_` and `-`.
    pub name: &'a str,
    /// The schema that the answer has to fit, in OpenAI's strict form.
    pub schema: Value,
    /// What it is to do.
    pub system: &'a str,
    /// What it is to do that with. Other people wrote it: it is data, whatever it says.
    pub user: &'a str,
}

impl Task<'_> {
    /// The most that it can take, with an answer that has to be repaired. No tokenizer makes more
    /// tokens of a text than it has bytes.
    #[must_use]
    pub fn most(&self) -> Usage {
        let size = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
        let prompt = [
            size(self.system),
            size(self.user),
            size(&self.schema.to_string()),
            AROUND,
        ];
        let prompt = prompt.into_iter().fold(0_u64, u64::saturating_add);
        let complaint = 4 * u64::try_from(LONGEST_COMPLAINT).unwrap_or(u64::MAX);
        let answer = u64::from(MOST_TOKENS);
        Usage {
            prompt: prompt.saturating_mul(2).saturating_add(answer + complaint),
            completion: 2 * answer,
            embedded: 0,
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Completion<T> {
    /// The answer.
    pub value: T,
    /// Whether it was right only after it was told what was wrong.
    pub repaired: bool,
    /// The model that answered, as it calls itself.
    pub model: String,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    model: Option<String>,
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Said,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl<R: Runtime> Llm<'_, R> {
    /// Asks for an answer that fits the schema and passes `check`. One that does not is sent back
    /// once, with what is wrong with it.
    ///
    /// # Errors
    /// [`Kind::Malformed`] if the second answer is not right either, or it will not answer.
    pub async fn complete(
        &self,
        task: &Task<'_>,
        check: &dyn Fn(&Value) -> Result<(), String>,
    ) -> Result<Completion<Value>, Failure> {
        let mut messages = vec![
            json!({ "role": "system", "content": task.system }),
            json!({ "role": "user", "content": task.user }),
        ];
        for repaired in [false, true] {
            let answer = self.ask(task, &messages).await?;
            self.count(Usage {
                prompt: answer.usage.prompt_tokens,
                completion: answer.usage.completion_tokens,
                embedded: 0,
            });
            let model = answer
                .model
                .clone()
                .unwrap_or_else(|| self.settings.model.clone());
            let (said, wrong) = match content(answer) {
                Ok(said) => match read(&said).and_then(|value| check(&value).map(|()| value)) {
                    Ok(value) => {
                        return Ok(Completion {
                            value,
                            repaired,
                            model,
                        });
                    }
                    Err(wrong) => (said, wrong),
                },
                Err(wrong) => (String::new(), wrong.to_owned()),
            };
            let wrong: String = wrong.chars().take(LONGEST_COMPLAINT).collect();
            let wrong = format!("That answer cannot be used: {wrong}. Answer again, in full.");
            messages.push(json!({ "role": "assistant", "content": said }));
            messages.push(json!({ "role": "user", "content": wrong }));
        }
        let mut failure = self.failure("chat.completions", Kind::Malformed);
        failure.message = Some("two answers in a row did not fit the schema".to_owned());
        Err(failure)
    }

    async fn ask(&self, task: &Task<'_>, messages: &[Value]) -> Result<Answer, Failure> {
        let operation = "chat.completions";
        let body = json!({
            "model": self.settings.model, "messages": messages, "temperature": 0.2,
            "max_completion_tokens": MOST_TOKENS,
            "response_format": {
                "type": "json_schema",
                "json_schema": { "name": task.name, "strict": true, "schema": task.schema },
            },
        });
        let call = self.call(operation, "chat/completions", &body)?;
        let reply = self.line.send(&call).await?;
        serde_json::from_value(reply.body).map_err(|_| self.failure(operation, Kind::Malformed))
    }

    fn count(&self, more: Usage) {
        let mut used = self.used.get();
        used += more;
        self.used.set(used);
    }

    /// The vectors of texts, in their order: of so many places, and of length one.
    ///
    /// # Errors
    /// [`Kind::Malformed`] if they are not as many, or not as long, as they have to be.
    pub async fn embed(&self, texts: &[&str], places: u32) -> Result<Vec<Vec<f64>>, Failure> {
        let operation = "embeddings";
        let Some((model, _)) = &self.settings.embedding else {
            return Err(self.failure(operation, Kind::Settings("LLM_EMBEDDING_MODEL")));
        };
        if !self.settings.embeds(places) {
            return Err(self.failure(operation, Kind::Settings("LLM_EMBEDDING_DIMENSIONS")));
        }
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        if texts.len() > MOST_TEXTS || texts.iter().any(|text| text.is_empty()) {
            let mut failure = self.failure(operation, Kind::Invalid(Vec::new()));
            failure.message = Some(format!(
                "there are more than {MOST_TEXTS} texts, or an empty one"
            ));
            return Err(failure);
        }
        let body = json!({ "model": model, "input": texts, "dimensions": places, "encoding_format": "float" });
        let call = self.call(operation, "embeddings", &body)?;
        let reply = self.line.send(&call).await?;
        let malformed = || self.failure(operation, Kind::Malformed);
        let mut found: Embeddings = serde_json::from_value(reply.body).map_err(|_| malformed())?;
        self.count(Usage {
            embedded: found.usage.prompt_tokens,
            ..Usage::default()
        });
        found.data.sort_by_key(|one| one.index);
        let whole = found.data.len() == texts.len()
            && found.data.iter().enumerate().all(|(at, one)| {
                one.index == at && u32::try_from(one.embedding.len()) == Ok(places)
            });
        if !whole {
            return Err(malformed());
        }
        Ok(found
            .data
            .into_iter()
            .map(|one| unit(one.embedding))
            .collect())
    }

    fn call(&self, operation: &'static str, path: &str, body: &Value) -> Result<Call, Failure> {
        // Some bases end with a slash and some do not, and both mean the same.
        let base = self.settings.base.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/{path}"));
        let url = url.map_err(|_| self.failure(operation, Kind::Settings("LLM_URL")))?;
        Ok(Call {
            operation,
            method: Method::POST,
            url,
            bearer: Some(self.settings.key.clone()),
            body: Some(("application/json", body.to_string().into_bytes())),
            repeat: Repeat::Safe,
            patience: PATIENCE,
        })
    }

    fn failure(&self, operation: &'static str, kind: Kind) -> Failure {
        Failure::new(Provider::Llm, operation, kind)
    }
}

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
    #[serde(default)]
    usage: Said,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f64>,
}

/// What it said, unless it said nothing that can be used.
fn content(answer: Answer) -> Result<String, &'static str> {
    let choice = answer.choices.into_iter().next().ok_or("it is empty")?;
    if choice.message.refusal.is_some() {
        return Err("it is a refusal");
    }
    if choice.finish_reason.as_deref() == Some("length") {
        return Err("it was cut off at its greatest length");
    }
    match choice.message.content {
        Value::String(text) if !text.is_empty() => Ok(text),
        // Some servers give the object itself.
        Value::Object(object) => Ok(Value::Object(object).to_string()),
        _ => Err("it is empty"),
    }
}

fn read(said: &str) -> Result<Value, String> {
    serde_json::from_str(said).map_err(|error| error.to_string())
}

/// The vector of this direction and length one; some servers do not see to that.
fn unit(vector: Vec<f64>) -> Vec<f64> {
    let length = vector.iter().map(|place| place * place).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.into_iter().map(|place| place / length).collect()
    } else {
        vector
    }
}

fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    // Some servers answer a list of one.
    let error = body.get("error").or_else(|| body.get(0)?.get("error"));
    let text = |name: &str| {
        error
            .and_then(|error| error.get(name))
            .and_then(Value::as_str)
    };
    let wish = retry_after(headers);
    let (kind, again) = match status.as_u16() {
        401 | 403 => (Kind::Settings("LLM_API_KEY"), None),
        404 => (Kind::Settings("LLM_URL and LLM_MODEL"), None),
        408 | 409 => (Kind::Down, Some(wish)),
        // It will be no better in a second.
        429 if text("code") == Some("insufficient_quota") => (Kind::Limited(None), None),
        429 => (Kind::Limited(wish), Some(wish)),
        400..=499 => (Kind::Invalid(Vec::new()), None),
        500..=599 => (Kind::Down, Some(wish)),
        _ => (Kind::Malformed, None),
    };
    let readable = matches!(kind, Kind::Invalid(_));
    let correlation = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    Told {
        message: text("message").filter(|_| readable).map(str::to_owned),
        kind,
        again,
        correlation: correlation.map(str::to_owned),
    }
}
