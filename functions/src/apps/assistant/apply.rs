//! Applying what a run proposed: a draft or a date goes into HubSpot, and the tables here say so.
//!
//! It is one effect of the [outbox](crate::outbox), named by the draft or the date: asked for twice, or
//! broken off anywhere, it comes about once. Whether it came about can always be told, since HubSpot
//! keeps what a property has been.
//!
//! An activity that was changed since the run is not written over: whoever asks gets both versions, and
//! may ask again over the newer one. HubSpot has no write that depends on a version, so a change of the
//! same second can still be written over; its history has it.

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::process::notes;
use super::text::{longest, plain, written};
use super::{Desk, ok};
use crate::apps::Asked;
use crate::connections::{self, ASSISTANT, Connection, Held};
use crate::message::Response;
use crate::outbox::{Done, Effect, Entry, New, Outbox, Outcome, Recorded, Seen};
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::hubspot::HubSpot;
use crate::providers::hubspot::objects::{ObjectKind, Properties, Record, WithHistory};
use crate::time;
use crate::transport::Runtime;

/// The name of the effect.
pub const APPLY: &str = "apply";

const DRAFT: &str = "id,draft_text,tone,selected,applied_at,activity_type,activity_id,\
    log:ai_processing_logs(activity_updated_at,input_notes)";
const DATES: &str = "id,recommended_start,recommended_due,applied,applied_at,activity_type,activity_id,\
    log:ai_processing_logs(activity_updated_at,input_notes)";

/// What is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Draft,
    Dates,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Dates => "dates",
        }
    }

    fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Draft => ("ai_generated_drafts", DRAFT),
            Self::Dates => ("touch_date_recommendations", DATES),
        }
    }
}

/// Whether a draft is added to what is there, or takes its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Append,
    Replace,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftOrder {
    draft_id: String,
    #[serde(default)]
    mode: Mode,
    /// The version that whoever asks has seen, where it is not the run's.
    #[serde(default)]
    over: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DatesOrder {
    date_id: String,
    #[serde(default)]
    over: Option<String>,
}

#[derive(Deserialize)]
struct Proposed {
    #[serde(default)]
    draft_text: String,
    #[serde(default)]
    recommended_start: Option<String>,
    #[serde(default)]
    recommended_due: Option<String>,
    applied_at: Option<String>,
    activity_type: String,
    activity_id: String,
    log: Run,
}

#[derive(Deserialize)]
struct Run {
    activity_updated_at: Option<String>,
    input_notes: Option<String>,
}

/// What the outbox keeps of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Request {
    what: What,
    id: String,
    connection: String,
    activity_type: String,
    activity_id: String,
    /// The version that it goes over: HubSpot's time of its last change.
    base: String,
    /// What is written.
    properties: Vec<(String, String)>,
    /// The draft as it is written, by which it is found among what others wrote.
    text: Option<String>,
}

impl<R: Runtime> Desk<'_, R> {
    /// Writes a draft into its activity.
    pub(super) async fn apply_draft(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let DraftOrder {
            draft_id,
            mode,
            over,
        } = asked.json()?;
        let portal = asked.parameter("portal");
        self.apply(
            What::Draft,
            &draft_id,
            over,
            portal,
            |kind, of, activity| {
                let words = kind.words()?;
                let there = activity.properties.get(words.property).cloned().flatten();
                let text = written(&of.draft_text, words.html);
                let whole = match (mode, there.filter(|there| !there.trim().is_empty())) {
                    (Mode::Append, Some(there)) => {
                        let between = if words.html { "<br><br>" } else { "\n\n" };
                        format!("{there}{between}{text}")
                    }
                    _ => text,
                };
                Some(vec![(words.property.to_owned(), whole)])
            },
        )
        .await
    }

    /// Moves an activity to the dates that were proposed for it.
    pub(super) async fn apply_date(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let DatesOrder { date_id, over } = asked.json()?;
        let portal = asked.parameter("portal");
        self.apply(What::Dates, &date_id, over, portal, |kind, of, _| {
            let instant = |text: &Option<String>| {
                let ms = time::milliseconds(text.as_deref()?)?;
                Some(time::iso(ms))
            };
            let (start, due) = (instant(&of.recommended_start), instant(&of.recommended_due));
            let times = kind.times(start.as_deref(), due.as_deref());
            let times = times
                .into_iter()
                .map(|(name, instant)| (name.to_owned(), instant));
            Some(times.collect())
        })
        .await
    }

    async fn apply(
        &self,
        what: What,
        id: &str,
        over: Option<String>,
        portal: Option<&str>,
        properties: impl FnOnce(ObjectKind, &Proposed, &Record) -> Option<Vec<(String, String)>>,
    ) -> Result<Response<R::Stream>, Problem> {
        let proposed = self.proposed(what, id).await?;
        if proposed.applied_at.is_some() {
            return self.applied(what, id).await;
        }
        let unsound = |what: &str| {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(status, "CS422", what)
        };
        let kind = ObjectKind::named(&proposed.activity_type)
            .ok_or_else(|| unsound("the run's activity is of no known kind"))?;
        let hubspot = self.hubspot(portal).await?;
        let activity = hubspot
            .get(kind, &proposed.activity_id, kind.properties())
            .await?;
        let outbox = Outbox::new(self.own()?, self.runtime);
        let key = format!("{}/{id}", what.word());
        let known = outbox.find("assistant", Provider::HubSpot, &key).await?;
        let base = over
            .as_deref()
            .or(proposed.log.activity_updated_at.as_deref());
        let base = base.unwrap_or(&activity.updated_at);
        // What is recorded may be the change itself; that is looked for below.
        if known.is_none() && !same_instant(base, &activity.updated_at) {
            return Ok(self.changed(kind, &proposed, &activity));
        }
        let properties = properties(kind, &proposed, &activity)
            .ok_or_else(|| unsound("nothing of it can be written into such an activity"))?;
        if properties.iter().any(|(_, value)| longest(value)) {
            return Err(unsound("the text would be longer than HubSpot keeps")
                .hint("replace what is there, or shorten it"));
        }
        let html = kind.words().is_some_and(|words| words.html);
        let request = Request {
            what,
            id: id.to_owned(),
            connection: hubspot.tokens.connection.id.clone(),
            activity_type: proposed.activity_type.clone(),
            activity_id: proposed.activity_id.clone(),
            base: base.to_owned(),
            properties,
            text: (what == What::Draft).then(|| written(&proposed.draft_text, html)),
        };
        let new = New {
            app: "assistant",
            provider: Provider::HubSpot,
            operation: APPLY,
            key: &key,
            tenant: None,
            user: Some(self.user()?),
            request: json!(request),
        };
        let outcome = match outbox.record(&new).await? {
            Recorded::Other(entry) if entry.status == "done" => {
                return self.applied(what, id).await;
            }
            Recorded::Other(_) => return Ok(under_way(what, id, None)),
            Recorded::Mine(entry) => {
                // What an earlier request recorded is what may have been sent.
                let request = sent(&entry).unwrap_or(request);
                let effect = Apply {
                    desk: self,
                    hubspot: &hubspot,
                    kind,
                    request,
                };
                outbox.work(&entry, &effect).await
            }
        };
        match outcome {
            Outcome::Done => self.applied(what, id).await,
            Outcome::Later(failure) => Ok(under_way(what, id, Some(&failure))),
            Outcome::Refused(failure) if failure.kind == Kind::Conflict => {
                let activity = hubspot
                    .get(kind, &proposed.activity_id, kind.properties())
                    .await?;
                Ok(self.changed(kind, &proposed, &activity))
            }
            Outcome::Refused(failure) | Outcome::Uncertain(failure) => Err(failure.into()),
        }
    }

    /// A draft or a date, as its person sees it.
    async fn proposed(&self, what: What, id: &str) -> Result<Proposed, Problem> {
        if policy_core::value::uuid_from_text(id).is_none() {
            return Err(Problem::bad_request("that is no id of a draft or a date"));
        }
        let (table, columns) = what.table();
        let caller = self.as_caller();
        let found = caller.rows(table, |table| table.select(columns).eq("id", id));
        let mut found: Vec<Proposed> = found.await?;
        found.pop().ok_or_else(|| {
            let message = format!("there is no such {} of yours", what.word());
            Problem::new(StatusCode::NOT_FOUND, "CS404", message)
        })
    }

    async fn applied(&self, what: What, id: &str) -> Result<Response<R::Stream>, Problem> {
        let (table, columns) = what.table();
        let columns = columns.split(",log:").next().unwrap_or_default();
        let caller = self.as_caller();
        let found = caller.rows(table, |table| table.select(columns).eq("id", id));
        let mut found: Vec<Value> = found.await?;
        Ok(ok(
            &json!({ "status": "applied", what.word(): found.pop() }),
        ))
    }

    /// Both versions of an activity that is not what the run was about any more.
    fn changed(
        &self,
        kind: ObjectKind,
        proposed: &Proposed,
        activity: &Record,
    ) -> Response<R::Stream> {
        let problem = Problem::new(
            StatusCode::CONFLICT,
            "activity_changed",
            "the activity was changed since the run",
        )
        .hint("to write over it as it is now, send its `updated_at` as `over`");
        let mut body = problem.body(self.request_id);
        if let Some(body) = body.as_object_mut() {
            let run = json!({ "updated_at": proposed.log.activity_updated_at, "notes": proposed.log.input_notes });
            let now = json!({ "updated_at": activity.updated_at, "notes": notes(kind, activity) });
            body.insert("run".to_owned(), run);
            body.insert("now".to_owned(), now);
        }
        Response::json(problem.status, &body)
    }

    /// Tries again what a request left.
    pub(in crate::apps) async fn apply_again(
        &self,
        outbox: &Outbox<'_, R>,
        entry: &Entry,
    ) -> Outcome {
        let ready = match sent(entry) {
            Some(request) => self.ready(request).await,
            None => Err(Failure::new(Provider::HubSpot, APPLY, Kind::Malformed)),
        };
        match ready {
            Ok((hubspot, kind, request)) => {
                let effect = Apply {
                    desk: self,
                    hubspot: &hubspot,
                    kind,
                    request,
                };
                outbox.work(entry, &effect).await
            }
            Err(failure) => outbox.refuse(entry, failure).await,
        }
    }

    async fn ready(
        &self,
        request: Request,
    ) -> Result<(HubSpot<'_, R, Held<'_, R>>, ObjectKind, Request), Failure> {
        let failed = |kind| Failure::new(Provider::HubSpot, "connection", kind);
        let kind = ObjectKind::named(&request.activity_type);
        let kind = kind.ok_or_else(|| failed(Kind::Malformed))?;
        let stored = |problem| connections::stored(Provider::HubSpot, problem);
        let service = self.as_service().map_err(stored)?;
        let rows = service.rows(ASSISTANT.connections, |table| {
            let table = table.select(ASSISTANT.columns);
            table.eq("id", &request.connection)
        });
        let mut rows: Vec<Connection> = rows.await.map_err(stored)?;
        let connection = rows.pop().ok_or_else(|| failed(Kind::NotConnected))?;
        if connection.status != "active" {
            return Err(failed(Kind::Expired));
        }
        let hubspot = self.through(connection).map_err(stored)?;
        Ok((hubspot, kind, request))
    }
}

fn sent(entry: &Entry) -> Option<Request> {
    serde_json::from_value(entry.request.clone()).ok()
}

fn under_way<S>(what: What, id: &str, failure: Option<&Failure>) -> Response<S> {
    let reason = failure.map(Failure::code);
    let body = json!({ "status": "pending", "id": id, "of": what.word(), "reason": reason });
    Response::json(StatusCode::ACCEPTED, &body)
}

/// Whether two instants are one, whoever wrote them down: PostgreSQL or HubSpot.
fn same_instant(one: &str, other: &str) -> bool {
    match (time::milliseconds(one), time::milliseconds(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The effect: properties of one activity, written once.
struct Apply<'a, 'b, R> {
    desk: &'b Desk<'a, R>,
    hubspot: &'b HubSpot<'b, R, Held<'b, R>>,
    kind: ObjectKind,
    request: Request,
}

impl<R: Runtime> Effect for Apply<'_, '_, R> {
    fn provider(&self) -> Provider {
        Provider::HubSpot
    }

    async fn look(&self) -> Result<Seen, Failure> {
        let request = &self.request;
        let names: Vec<&str> = request
            .properties
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let found = self
            .hubspot
            .get_with_history(self.kind, &request.activity_id, &names)
            .await?;
        if let Some(at) = request.written_at(self.kind, &found) {
            // Only if nobody changed it since, this is the version that is known from now on.
            let last = same_instant(at, &found.updated_at).then(|| at.to_owned());
            return Ok(Seen::There(Done {
                external_id: Some(request.activity_id.clone()),
                at: last,
            }));
        }
        if same_instant(&request.base, &found.updated_at) {
            Ok(Seen::Missing)
        } else {
            Err(Failure::new(self.provider(), APPLY, Kind::Conflict))
        }
    }

    async fn carry_out(&self) -> Result<Done, Failure> {
        let request = &self.request;
        let properties: Properties = request
            .properties
            .iter()
            .map(|(name, value)| (name.clone(), Some(value.clone())))
            .collect();
        let written = self
            .hubspot
            .update(self.kind, &request.activity_id, &properties)
            .await?;
        Ok(Done {
            external_id: Some(written.id),
            at: Some(written.updated_at),
        })
    }

    async fn settle(&self, done: &Done) -> Result<(), Problem> {
        let request = &self.request;
        let arguments = json!({
            "p_kind": request.what.word(), "p_id": request.id, "p_base": request.base,
            "p_activity_updated_at": done.at,
        });
        let own = self.desk.own()?;
        own.call("settle_assistant_apply", &arguments)
            .await
            .map(drop)
    }
}

impl Request {
    /// When it was written, if it was: each property has its value, or has had it since the version
    /// that it went over.
    fn written_at<'h>(&self, kind: ObjectKind, found: &'h WithHistory) -> Option<&'h str> {
        let base = time::milliseconds(&self.base)?;
        let html = kind.words().is_some_and(|words| words.html);
        let text = self.text.as_deref().map(|text| plain(text, html));
        let mut last = None;
        for (name, value) in &self.properties {
            let versions = found.history.get(name)?;
            let version = versions.iter().zip(0..).find(|(version, at)| {
                let since = time::milliseconds(&version.timestamp) >= Some(base);
                // What is there now is there, since whenever.
                (since || *at == 0)
                    && match &text {
                        // HubSpot mends HTML, so that it is not to the letter what was sent.
                        Some(text) => plain(&version.value, html).contains(text.as_str()),
                        None => same_instant(&version.value, value),
                    }
            });
            let (version, _) = version?;
            last = Some(version.timestamp.as_str());
        }
        last
    }
}
