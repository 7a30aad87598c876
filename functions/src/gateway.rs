//! The gateway to PostgREST: reads a request whole, decides on everything it touches, and says
//! what to send on.
//!
//! It is pure: no I/O, no clock, no runtime. [`plan`] takes a request apart by PostgREST's grammar,
//! finds every table, view, column and function in it, asks the policy about each with whatever
//! the request itself says of the rows, and gives back either a [`Plan`] (the same request,
//! written anew) or a [`Refusal`].
//!
//! - What no row could make possible is refused; what depends on rows is the database's to decide.
//! - A read that the policy makes empty for every row passes, with the reason beside it: that a
//!   table is empty for somebody is no error.
//! - `*` means the columns that the caller may read, so a hidden column makes no read fail.
//! - What cannot be read is refused; nothing passes unread.
//!
//! Refused although PostgREST might take it: computed columns and relationships (the catalogue has
//! none), query plans and the API description, writes without a filter that could leave a row out, filters by `and`/`or` on
//! embedded resources of a write (PostgREST applies them to the written table), `columns=` beside
//! CSV and forms, and parameters given twice.

mod dispatch;
mod grammar;
mod judge;
mod payload;
mod prefer;
mod refusal;
mod relations;
#[cfg(test)]
mod tests;
mod touched;
mod truth;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use policy_core::Caller;
use policy_core::model::Policy;

pub use self::refusal::Refusal;
pub use self::relations::ForeignKey;

use self::dispatch::Request;
use self::judge::Judge;
use self::prefer::Prefer;
use self::touched::Resolver;

/// A request, as far as it decides what is touched.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path behind `/rest/v1/`, still encoded.
    pub path: &'a str,
    /// The query string, without its question mark, still encoded.
    pub query: &'a str,
    /// The headers that matter.
    pub headers: Headers<'a>,
    /// The body.
    pub body: Option<&'a [u8]>,
}

/// The headers that change what a request touches. One that is given several times is joined with
/// commas.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// `Accept`
    pub accept: Option<&'a str>,
    /// `Accept-Profile`
    pub accept_profile: Option<&'a str>,
    /// `Content-Profile`
    pub content_profile: Option<&'a str>,
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `Prefer`
    pub prefer: Option<&'a str>,
}

/// What is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The policy of the schema that the request means.
    pub policy: &'a Policy,
    /// The same schema's foreign keys.
    pub foreign_keys: &'a [ForeignKey<'a>],
    /// Whether a read that the policy makes empty for every row is refused.
    pub strict_reads: bool,
}

/// A request that may be sent on: with its method, its body and its headers as they came, but with
/// this path and query, and with the profile header set to this schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The path behind `/rest/v1/`, encoded.
    pub path: String,
    /// The query string, encoded.
    pub query: String,
    /// The schema.
    pub schema: String,
    /// Why the policy lets no row through, if it is a read and that is so.
    pub reason: Option<String>,
}

impl<'a> Incoming<'a> {
    /// The schema that the request names, if it names one.
    #[must_use]
    pub fn profile(&self) -> Option<&'a str> {
        if matches!(self.method, "GET" | "HEAD") {
            self.headers.accept_profile
        } else {
            self.headers.content_profile
        }
    }
}

/// Decides what becomes of a request.
///
/// # Errors
/// A [`Refusal`] if the request cannot be read, or if the policy lets no row make it possible.
pub fn plan(
    rules: &Rules<'_>,
    caller: &Caller<'_>,
    incoming: &Incoming<'_>,
) -> Result<Plan, Refusal> {
    let schema = &rules.policy.schema;
    if incoming.profile().is_some_and(|profile| profile != schema) {
        return Err(Refusal::schema(schema));
    }
    let accept = incoming.headers.accept.unwrap_or_default();
    if accept
        .to_ascii_lowercase()
        .contains("application/vnd.pgrst.plan")
    {
        return Err(Refusal::query_plan());
    }
    let path = percent_decode_str(incoming.path)
        .decode_utf8()
        .map_err(|_| Refusal::path())?;
    let request = Request {
        incoming,
        prefer: Prefer::read(incoming.headers.prefer),
        resolver: Resolver {
            policy: rules.policy,
            foreign_keys: rules.foreign_keys,
            caller: caller.kind,
        },
        judge: Judge {
            policy: rules.policy,
            caller,
            strict_reads: rules.strict_reads,
        },
    };
    let (query, reason) = match path.split_once('/') {
        None if !path.is_empty() => request.relation(&path)?,
        Some(("rpc", name)) if !name.is_empty() && !name.contains('/') => request.function(name)?,
        _ => return Err(Refusal::path()),
    };
    let encode = |segment| utf8_percent_encode(segment, ESCAPED).to_string();
    Ok(Plan {
        path: path.split('/').map(encode).collect::<Vec<_>>().join("/"),
        query: query.write(),
        schema: schema.clone(),
        reason,
    })
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
