//! Fathom's recordings: pages in whatever order they come, and the transcript of each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Count, Cursor};
use crate::apps::coaching::{Coaching, missing};
use crate::connections::issuer::Issuer;
use crate::connections::{Connection, Held};
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind};
use crate::providers::fathom::Fathom;
use crate::providers::fathom::meetings::{Meeting, Person, Wanted, text};
use crate::time;
use crate::transport::Runtime;

/// Transcripts in one request: Fathom gives thirty in a minute.
const TRANSCRIPTS: usize = 10;
/// A recording may be told of before its transcript is there: recordings of so long are looked at again.
const AGAIN_MS: u64 = 24 * 3_600_000;
/// A walk over Fathom's pages, in whatever order they come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Walk {
    /// Where it began.
    since: Option<String>,
    /// The page at which it goes on.
    cursor: Option<String>,
    /// The newest that it has come by.
    newest: Option<String>,
}

impl Walk {
    /// Goes on behind a page. Gives whether it is at its end.
    fn advance(&mut self, seen: &[Meeting], next: Option<String>) -> bool {
        let newest = seen.iter().map(|meeting| meeting.created_at.clone()).max();
        self.newest = newest.max(self.newest.take());
        self.cursor = next;
        if self.cursor.is_some() {
            return false;
        }
        let newest = self.newest.take().as_deref().and_then(time::milliseconds);
        let newest = newest.map(|newest| time::iso(newest.saturating_sub(AGAIN_MS)));
        self.since = newest.max(self.since.take());
        true
    }
}

impl<R: Runtime> Coaching<'_, R> {
    /// Fathom, through a connection.
    pub(in crate::apps::coaching) fn fathom<'h>(
        &'h self,
        held: &'h Held<'_, R>,
    ) -> Result<Fathom<'h, R, &'h Held<'h, R>>, Problem> {
        match held.issuer {
            Issuer::Fathom(settings) => Ok(Fathom {
                line: self
                    .desk
                    .line_to(held.issuer.provider(), held.issuer.reading()),
                settings,
                tokens: held,
            }),
            Issuer::HubSpot(_) => Err(missing(held.issuer.provider(), "FATHOM_CLIENT_ID")),
        }
    }

    pub(super) async fn recordings(
        &self,
        held: &Held<'_, R>,
        cursor: &mut Cursor,
        count: &mut Count,
    ) -> Result<bool, Problem> {
        let fathom = self.fathom(held)?;
        let mut left = TRANSCRIPTS;
        loop {
            let walk = &mut cursor.recordings;
            let wanted = Wanted {
                created_after: walk.since.as_deref(),
                ..Wanted::default()
            };
            let page = fathom.meetings(&wanted, walk.cursor.as_deref()).await?;
            let known = self.transcribed(&held.connection, &page.items).await?;
            let new = |meeting: &&Meeting| !known.contains(&meeting.recording_id.to_string());
            for meeting in page.items.iter().filter(new) {
                if left == 0 || !self.time_left() {
                    // The same page once more: what is there by then is passed over.
                    return Ok(true);
                }
                left -= 1;
                self.recording(&held.connection.tenant, &fathom, meeting, count)
                    .await?;
            }
            if walk.advance(&page.items, page.next_cursor) {
                return Ok(false);
            }
        }
    }

    /// Which of these recordings are here with their transcripts.
    async fn transcribed(
        &self,
        connection: &Connection,
        meetings: &[Meeting],
    ) -> Result<Vec<String>, Problem> {
        #[derive(Deserialize)]
        struct Known {
            external_id: String,
        }
        let ids: Vec<String> = meetings
            .iter()
            .map(|meeting| meeting.recording_id.to_string())
            .collect();
        let service = self.desk.as_service()?;
        let rows = service.rows::<Known>("Conversations", |table| {
            table
                .select("external_id")
                .eq("account_id", &connection.tenant)
                .eq("provider", "fathom")
                .not("is", "transcript", "null")
                .in_("external_id", ids)
        });
        Ok(rows
            .await?
            .into_iter()
            .map(|known| known.external_id)
            .collect())
    }

    /// Stores a recording with its transcript, if there is one yet.
    pub(in crate::apps::coaching) async fn recording(
        &self,
        account: &str,
        fathom: &Fathom<'_, R, &Held<'_, R>>,
        meeting: &Meeting,
        count: &mut Count,
    ) -> Result<(), Problem> {
        let said = match fathom.transcript(meeting.recording_id).await {
            Ok(said) => Some(said).filter(|said| !said.is_empty()),
            Err(Failure {
                kind: Kind::NotFound,
                ..
            }) => None,
            Err(failure) => return Err(failure.into()),
        };
        let row = conversation(meeting, said.map(|said| text(&said)));
        let arguments = json!({ "p_account": account, "p_provider": "fathom", "p_row": row });
        let stored = self.desk.own()?;
        let stored = stored
            .call("store_coaching_conversation", &arguments)
            .await?;
        count.add(&stored);
        Ok(())
    }
}

/// A recording as it is stored.
fn conversation(meeting: &Meeting, transcript: Option<String>) -> Value {
    let person =
        |of: &Person| json!({ "name": of.name, "email": of.email, "is_external": of.is_external });
    let participants: Vec<Value> = meeting.calendar_invitees.iter().map(person).collect();
    json!({
        "external_id": meeting.recording_id.to_string(), "title": meeting.title, "participants": participants,
        "transcript": transcript, "started_at": meeting.recording_start_time, "duration_seconds": meeting.seconds(),
        "email": meeting.recorded_by.as_ref().and_then(|by| by.email.as_deref()), "url": meeting.url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_begins_again_where_the_newest_may_not_have_been_whole() {
        let meeting = |created: &str| -> Meeting {
            serde_json::from_value(json!({ "recording_id": 1, "created_at": created })).unwrap()
        };
        let mut walk = Walk::default();
        let newest_first = [
            meeting("2027-01-14T17:00:00Z"),
            meeting("2027-01-13T17:00:00Z"),
        ];
        assert!(!walk.advance(&newest_first, Some("p2".to_owned())));
        assert_eq!(
            (walk.since.as_deref(), walk.cursor.as_deref()),
            (None, Some("p2"))
        );
        assert!(walk.advance(&[meeting("2027-01-12T17:00:00Z")], None));
        let day_before = time::milliseconds("2027-01-13T17:00:00Z").unwrap();
        assert_eq!(
            walk.since.as_deref().and_then(time::milliseconds),
            Some(day_before)
        );
        assert!(walk.advance(&[], None));
        assert_eq!(
            walk.since.as_deref().and_then(time::milliseconds),
            Some(day_before),
            "it does not go back"
        );
    }
}
