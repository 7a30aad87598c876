//! HubSpot's activities: one kind after the other, each in rounds over what was changed, the oldest first.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Count, Cursor};
use crate::apps::coaching::{Coaching, missing};
use crate::connections::Held;
use crate::connections::issuer::Issuer;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind};
use crate::providers::hubspot::HubSpot;
use crate::providers::hubspot::objects::{ObjectKind, Record, Search};
use crate::time;
use crate::transport::Runtime;

/// The kinds of activity that are brought over.
pub(in crate::apps::coaching) const KINDS: [ObjectKind; 3] =
    [ObjectKind::Calls, ObjectKind::Meetings, ObjectKind::Emails];
/// Pages of activities in one request, and how many are on each.
const PAGES: usize = 6;
const PAGE: u32 = 100;
/// HubSpot's search does not know what was written seconds ago, so the end of one round is the
/// beginning of the next.
const OVERLAP_MS: u64 = 60_000;
/// A round over one kind of HubSpot's, ordered by when each was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Round {
    /// What was changed before has been seen.
    since: Option<String>,
    /// How many of those of just that instant have been.
    after: Option<String>,
}

impl Round {
    /// Goes on behind a page. Gives whether it is at its end.
    fn advance(&mut self, last: Option<&str>, next: Option<&str>) -> bool {
        let moved = last.filter(|last| self.since.as_deref() < Some(*last));
        match (next, moved) {
            // From the last one's instant on: those that share it come once more, and change nothing.
            (Some(_), Some(last)) => {
                self.since = Some(last.to_owned());
                self.after = None;
            }
            (Some(next), None) => self.after = Some(next.to_owned()),
            (None, moved) => {
                let end = moved.and_then(time::milliseconds);
                let end = end.map(|end| time::iso(end.saturating_sub(OVERLAP_MS)));
                self.since = end.max(self.since.take());
                self.after = None;
            }
        }
        next.is_none()
    }
}

impl<R: Runtime> Coaching<'_, R> {
    pub(super) async fn activities(
        &self,
        held: &Held<'_, R>,
        cursor: &mut Cursor,
        count: &mut Count,
    ) -> Result<bool, Problem> {
        let hubspot = self.hubspot(held)?;
        let mut left = PAGES;
        let mut more = false;
        for kind in KINDS {
            let round = cursor.kinds.entry(kind.word().to_owned()).or_default();
            loop {
                if left == 0 || !self.time_left() {
                    more = true;
                    break;
                }
                left -= 1;
                let page = hubspot
                    .search(kind, &properties(kind), &changed(round))
                    .await?;
                let last = page.results.last().map(|last| last.updated_at.as_str());
                let rows = page.results.iter().map(|record| activity(kind, record, 0));
                self.store(&held.connection.tenant, rows.collect(), count)
                    .await?;
                if round.advance(last, page.after()) {
                    break;
                }
            }
        }
        Ok(more)
    }

    /// HubSpot, through a connection.
    pub(in crate::apps::coaching) fn hubspot<'h>(
        &'h self,
        held: &'h Held<'_, R>,
    ) -> Result<HubSpot<'h, R, &'h Held<'h, R>>, Problem> {
        match held.issuer {
            Issuer::HubSpot(settings) => Ok(HubSpot {
                line: self
                    .desk
                    .line_to(held.issuer.provider(), held.issuer.reading()),
                settings,
                portal: held.connection.portal().to_owned(),
                tokens: held,
            }),
            Issuer::Fathom(_) => Err(missing(held.issuer.provider(), "HUBSPOT_CLIENT_ID")),
        }
    }

    async fn store(
        &self,
        account: &str,
        rows: Vec<Value>,
        count: &mut Count,
    ) -> Result<(), Problem> {
        if rows.is_empty() {
            return Ok(());
        }
        let arguments = json!({ "p_account": account, "p_provider": "hubspot", "p_rows": rows });
        let stored = self.desk.own()?;
        let stored = stored.call("store_coaching_activities", &arguments).await?;
        count.add(&stored);
        Ok(())
    }

    /// Reads activities anew that HubSpot told of, each with the time, by HubSpot's clock, of the last
    /// that it told. They are stored; those that are gone there go here, and what the search still
    /// shows of them does not bring them back.
    pub(in crate::apps::coaching) async fn refresh(
        &self,
        held: &Held<'_, R>,
        kind: ObjectKind,
        told: &[(&str, u64)],
    ) -> Result<(), Problem> {
        let hubspot = self.hubspot(held)?;
        let account = &held.connection.tenant;
        let mut gone: Vec<Value> = Vec::new();
        for (id, at) in told {
            match hubspot.get(kind, id, &properties(kind)).await {
                Ok(record) => {
                    let row = activity(kind, &record, *at);
                    self.store(account, vec![row], &mut Count::default())
                        .await?;
                }
                Err(Failure {
                    kind: Kind::NotFound,
                    ..
                }) => gone.push(json!({ "external_id": id, "gone_at": time::iso(*at) })),
                Err(failure) => return Err(failure.into()),
            }
        }
        if !gone.is_empty() {
            let gone = json!({ "p_account": account, "p_provider": "hubspot", "p_rows": gone });
            let own = self.desk.own()?;
            own.call("remove_coaching_activities", &gone).await?;
        }
        Ok(())
    }
}

/// What is read of an activity: what everybody reads, and which recording a call is of, if whoever
/// logged it said so.
fn properties(kind: ObjectKind) -> Vec<&'static str> {
    let recording = (kind == ObjectKind::Calls).then_some("hs_call_external_id");
    kind.properties().iter().copied().chain(recording).collect()
}

/// What was changed since the round began, the oldest first.
fn changed(round: &Round) -> Search {
    let since = round.since.as_deref().unwrap_or("1970-01-01T00:00:00Z");
    let since = time::milliseconds(since).unwrap_or_default().to_string();
    let search = json!({
        "filters": [{ "property": MODIFIED, "operator": "GTE", "value": since }],
        "sort": MODIFIED, "limit": PAGE, "after": round.after,
    });
    serde_json::from_value(search).unwrap_or_default()
}

const MODIFIED: &str = "hs_lastmodifieddate";

/// An activity as it is stored. By HubSpot's clock it is known to have been there at this time, in
/// milliseconds since the epoch, or when it was last changed, if that was later.
fn activity(kind: ObjectKind, record: &Record, there: u64) -> Value {
    let text = |name: &str| record.properties.get(name).cloned().flatten();
    let subject = kind.texts().first().and_then(|name| text(name));
    let set = record.properties.iter();
    let mut properties: Map<String, Value> = set
        .filter_map(|(name, value)| Some((name.clone(), value.as_deref()?.into())))
        .collect();
    properties.insert(MODIFIED.to_owned(), record.updated_at.as_str().into());
    let changed = time::milliseconds(&record.updated_at).unwrap_or_default();
    json!({
        "external_id": record.id, "activity_type": kind.word(), "subject": subject, "properties": properties,
        "as_of": time::iso(changed.max(there)),
        "occurred_at": text("hs_timestamp").filter(|at| time::milliseconds(at).is_some()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// HubSpot's search as it is documented: those since an instant in order, from an offset on.
    fn page<'a>(
        all: &'a [(u64, String)],
        round: &Round,
        size: usize,
    ) -> (&'a [(u64, String)], Option<String>) {
        let since = round
            .since
            .as_deref()
            .and_then(time::milliseconds)
            .unwrap_or_default();
        let from = all.partition_point(|(at, _)| *at < since);
        let found = all.get(from..).unwrap_or_default();
        let skip: usize = round
            .after
            .as_deref()
            .map_or(0, |after| after.parse().unwrap());
        let end = (skip + size).min(found.len());
        let next = (end < found.len()).then(|| end.to_string());
        (found.get(skip..end).unwrap_or_default(), next)
    }

    proptest! {
        /// However many were changed in one instant and however small the pages are, a round comes to
        /// its end and by everything, and so does the next after more was changed.
        #[test]
        fn a_round_comes_by_everything_and_ends(
            mut first in proptest::collection::vec(1_u64..40, 0..60),
            more in proptest::collection::vec(40_u64..60, 0..20),
            size in 1_usize..7,
        ) {
            let mut round = Round::default();
            let mut seen = std::collections::BTreeSet::new();
            let start = 1_800_000_000_000;
            for addition in [Vec::new(), more] {
                first.extend(addition);
                first.sort_unstable();
                let all: Vec<(u64, String)> = first
                    .iter()
                    .enumerate()
                    .map(|(at, second)| (start + second * 1_000, at.to_string()))
                    .collect();
                for asked in 0.. {
                    prop_assert!(asked <= 2 * all.len() + 2, "it does not end");
                    let (found, next) = page(&all, &round, size);
                    seen.extend(found.iter().map(|(_, id)| id.clone()));
                    let last = found.last().map(|(at, _)| time::iso(*at));
                    if round.advance(last.as_deref(), next.as_deref()) {
                        break;
                    }
                }
                let ids: std::collections::BTreeSet<String> = all.iter().map(|(_, id)| id.clone()).collect();
                prop_assert_eq!(&seen, &ids);
            }
        }
    }
}
