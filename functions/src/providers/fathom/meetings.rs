//! Meetings as Fathom writes them: items of its list, and whole bodies of its webhooks.
//!
//! What the description calls required and a meeting without an appointment has not is optional here.

use serde::{Deserialize, Deserializer};

/// A recorded meeting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Meeting {
    /// The recording's id.
    pub recording_id: u64,
    /// Its title.
    #[serde(default)]
    pub title: Option<String>,
    /// Where it is seen by those who may.
    #[serde(default)]
    pub url: Option<String>,
    /// When it came to be, as Fathom writes it; lists are filtered by it.
    pub created_at: String,
    /// When the recording began.
    #[serde(default)]
    pub recording_start_time: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub recording_end_time: Option<String>,
    /// Who recorded it.
    #[serde(default)]
    pub recorded_by: Option<Person>,
    /// Who was invited.
    #[serde(default, deserialize_with = "list")]
    pub calendar_invitees: Vec<Person>,
    /// What was said. Lists have it for API keys only, webhooks if they were made so.
    #[serde(default)]
    pub transcript: Option<Vec<Said>>,
}

/// Someone at a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// Their name.
    #[serde(default)]
    pub name: Option<String>,
    /// Their address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether they are from elsewhere; of who recorded it Fathom does not say.
    #[serde(default)]
    pub is_external: Option<bool>,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Said {
    /// By whom.
    pub speaker: Speaker,
    /// What.
    pub text: String,
    /// When, from the beginning: `hh:mm:ss`.
    #[serde(default)]
    pub timestamp: Option<String>,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Speaker {
    /// Their name.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// A summary.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Summary {
    /// After which template.
    #[serde(default)]
    pub template_name: Option<String>,
    /// In Markdown.
    #[serde(default)]
    pub markdown_formatted: Option<String>,
}

/// A page of meetings.
#[derive(Clone, Debug, Deserialize)]
pub struct Page {
    /// The meetings.
    pub items: Vec<Meeting>,
    /// Where the next page begins, if there is one.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// Which meetings are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Those made after this instant, in ISO 8601.
    pub created_after: Option<&'a str>,
    /// Those made before it.
    pub created_before: Option<&'a str>,
    /// Those that one of these addresses recorded; of everybody's, if there are none.
    pub recorded_by: &'a [&'a str],
}

impl Wanted<'_> {
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let by = self
            .recorded_by
            .iter()
            .map(|email| ("recorded_by[]", *email));
        let after = self.created_after.map(|at| ("created_after", at));
        let before = self.created_before.map(|at| ("created_before", at));
        after.into_iter().chain(before).chain(by)
    }
}

impl Meeting {
    /// How long the recording is, in seconds.
    #[must_use]
    pub fn seconds(&self) -> Option<u64> {
        let at = |text: &Option<String>| crate::time::milliseconds(text.as_deref()?);
        let (began, ended) = (
            at(&self.recording_start_time)?,
            at(&self.recording_end_time)?,
        );
        Some(ended.checked_sub(began)? / 1_000)
    }
}

/// What was said, as a text that people and models read: a line for each.
#[must_use]
pub fn text(said: &[Said]) -> String {
    let line = |one: &Said| {
        let who = one.speaker.display_name.as_deref().unwrap_or("Somebody");
        match &one.timestamp {
            Some(at) => format!("[{at}] {who}: {}", one.text),
            None => format!("{who}: {}", one.text),
        }
    };
    said.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A list, which may be null.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Person>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
