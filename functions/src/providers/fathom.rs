//! Fathom: recorded meetings, their transcripts and summaries, webhooks, OAuth.

pub mod meetings;
pub mod oauth;

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::below;
use super::call::{Call, Line, Reading, Repeat, Reply, Told, retry_after};
use super::failure::{Failure, FieldError, Kind, Provider};
use super::oauth::{Tokens, json, send};
use super::settings::FathomSettings;
use crate::secret::Secret;
use crate::transport::Runtime;
use meetings::{Meeting, Page, Said, Summary, Wanted};

/// How Fathom says no.
pub const READING: Reading = told;
/// How long an answer may take; a transcript is long.
const PATIENCE: Duration = Duration::from_secs(15);
/// Of an error that has no documented body, so many characters are kept.
const LONGEST_MESSAGE: usize = 300;

/// Fathom, for one connection.
#[derive(Debug)]
pub struct Fathom<'a, R, T> {
    /// The way there.
    pub line: Line<'a, R>,
    /// Which Fathom.
    pub settings: &'a FathomSettings,
    /// The connection's tokens.
    pub tokens: T,
}

/// A webhook, as Fathom tells it once and never again.
#[derive(Debug)]
pub struct Webhook {
    /// Its id, to delete it by.
    pub id: String,
    /// What signs its deliveries.
    pub secret: Secret,
}

impl<R: Runtime, T: Tokens> Fathom<'_, R, T> {
    /// A page of meetings, without what was said.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn meetings(
        &self,
        wanted: &Wanted<'_>,
        cursor: Option<&str>,
    ) -> Result<Page, Failure> {
        let mut url = self.url(&["meetings"])?;
        {
            let mut query = url.query_pairs_mut();
            for (name, value) in wanted.parameters() {
                query.append_pair(name, value);
            }
            if let Some(cursor) = cursor {
                query.append_pair("cursor", cursor);
            }
        }
        self.get("meetings.list", url).await
    }

    /// The pages of meetings, one after the other.
    pub fn pages<'p>(&'p self, wanted: Wanted<'p>) -> Pages<'p, Self> {
        Pages {
            fathom: self,
            wanted,
            next: Next::First,
        }
    }

    /// What was said in a meeting.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is no such recording for this connection.
    pub async fn transcript(&self, recording: u64) -> Result<Vec<Said>, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            transcript: Vec<Said>,
        }
        let url = self.url(&["recordings", &recording.to_string(), "transcript"])?;
        let found: Answer = self.get("recordings.transcript", url).await?;
        Ok(found.transcript)
    }

    /// What it comes to, in Fathom's words.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is no such recording for this connection.
    pub async fn summary(&self, recording: u64) -> Result<Summary, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            summary: Summary,
        }
        let url = self.url(&["recordings", &recording.to_string(), "summary"])?;
        let found: Answer = self.get("recordings.summary", url).await?;
        Ok(found.summary)
    }

    /// Has every new recording of the connection's person, and those shared with them, sent to an
    /// address with its transcript. Sent once: of what came of a request without an answer Fathom has
    /// no list.
    ///
    /// # Errors
    /// [`Kind::Uncertain`] if nobody knows whether there is one now.
    pub async fn create_webhook(&self, address: &str) -> Result<Webhook, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            id: String,
            secret: String,
        }
        let operation = "webhooks.create";
        let body = json!({
            "destination_url": address, "triggered_for": ["my_recordings", "my_shared_with_team_recordings"],
            "include_transcript": true, "include_summary": false, "include_action_items": false,
            "include_crm_matches": false,
        });
        let mut call = call(operation, Method::POST, self.url(&["webhooks"])?);
        call.body = Some(json(&body));
        call.repeat = Repeat::Unsafe;
        let made: Answer = read(operation, self.send(call).await?)?;
        Ok(Webhook {
            id: made.id,
            secret: Secret::new(made.secret),
        })
    }

    /// Ends a webhook; one that is not there is ended.
    ///
    /// # Errors
    /// See [`Kind`].
    pub async fn delete_webhook(&self, id: &str) -> Result<(), Failure> {
        let url = self.url(&["webhooks", id])?;
        match self
            .send(call("webhooks.delete", Method::DELETE, url))
            .await
        {
            Err(failure) if failure.kind != Kind::NotFound => Err(failure),
            _ => Ok(()),
        }
    }

    async fn get<A: DeserializeOwned>(
        &self,
        operation: &'static str,
        url: Url,
    ) -> Result<A, Failure> {
        read(
            operation,
            self.send(call(operation, Method::GET, url)).await?,
        )
    }

    fn url(&self, path: &[&str]) -> Result<Url, Failure> {
        below(&self.settings.base, path.iter().copied())
            .ok_or_else(|| Failure::new(Provider::Fathom, "address", Kind::Settings("FATHOM_URL")))
    }

    async fn send(&self, call: Call) -> Result<Reply, Failure> {
        send(&self.line, &self.tokens, call).await
    }
}

/// The pages of meetings.
#[derive(Debug)]
pub struct Pages<'a, F> {
    fathom: &'a F,
    wanted: Wanted<'a>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    At(String),
    None,
}

impl<R: Runtime, T: Tokens> Pages<'_, Fathom<'_, R, T>> {
    /// The next page; `None` after the last one. A failure can be tried again.
    pub async fn next(&mut self) -> Option<Result<Vec<Meeting>, Failure>> {
        let cursor = match &self.next {
            Next::First => None,
            Next::At(cursor) => Some(cursor.as_str()),
            Next::None => return None,
        };
        let page = self.fathom.meetings(&self.wanted, cursor).await;
        Some(page.map(|page| {
            self.next = page.next_cursor.map_or(Next::None, Next::At);
            page.items
        }))
    }
}

fn call(operation: &'static str, method: Method, url: Url) -> Call {
    Call {
        operation,
        method,
        url,
        bearer: None,
        body: None,
        repeat: Repeat::Safe,
        patience: PATIENCE,
    }
}

fn read<T: DeserializeOwned>(operation: &'static str, reply: Reply) -> Result<T, Failure> {
    super::read(Provider::Fathom, operation, reply)
}

/// Fathom documents the statuses of its errors, and no bodies: whatever text there is is kept.
fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    let wish = retry_after(headers).or_else(|| window(headers));
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let said = text("message").or_else(|| text("error")).or(body.as_str());
    let said = said.map(|said| said.chars().take(LONGEST_MESSAGE).collect::<String>());
    let (kind, again) = match status.as_u16() {
        401 => (Kind::Expired, None),
        403 => (Kind::Forbidden(Vec::new()), None),
        404 => (Kind::NotFound, None),
        409 => (Kind::Conflict, None),
        429 => (Kind::Limited(wish), Some(wish)),
        400 | 402..=499 => {
            let error = said.clone().map(|message| FieldError {
                field: None,
                message,
            });
            (Kind::Invalid(error.into_iter().collect()), None)
        }
        500..=599 => (Kind::Down, Some(retry_after(headers))),
        _ => (Kind::Malformed, None),
    };
    let readable = matches!(kind, Kind::Invalid(_) | Kind::Conflict | Kind::Forbidden(_));
    Told {
        message: said.filter(|_| readable),
        kind,
        again,
        correlation: None,
    }
}

/// How long the window of the limit lasts: the seconds in `RateLimit-Reset`.
fn window(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("ratelimit-reset")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
