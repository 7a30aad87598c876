//! What the gateway does not send on, and why.

use policy_core::decide::CallerKind;
use policy_core::explain::Explanation;

use super::grammar::Trouble;

/// A request that is not sent on, in the shape of PostgREST's errors.
///
/// Names of tables, columns and parameters occur in it; values never do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// PostgreSQL's or PostgREST's code where theirs says the same, else one of our own (`CS...`).
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The facts it rests on.
    pub details: Option<String>,
    /// What would help.
    pub hint: Option<String>,
}

/// The policy does not allow it: 403, or 401 if signing in could help.
const DENIED: &str = "42501";
/// The request cannot be read: 400.
const UNREADABLE: &str = "CS400";
/// It can be read, but such requests are not let through: 422.
const UNSUPPORTED: &str = "CS422";
/// What a server with pg_safeupdate says of a PATCH or DELETE of every row: 400.
const UNFILTERED: &str = "21000";

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: None,
            hint: None,
        }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The policy does not allow it.
    pub(super) fn denied(caller: CallerKind, message: impl Into<String>) -> Self {
        let status = if caller == CallerKind::Anon { 401 } else { 403 };
        Self::new(status, DENIED, message)
    }

    /// The policy does not allow it, as it explains.
    pub(super) fn explained(caller: CallerKind, explanation: Explanation) -> Self {
        let mut details = explanation.details;
        details.extend(
            explanation
                .rule
                .map(|rule| format!("line {} of the policy", rule.line)),
        );
        Self {
            details: (!details.is_empty()).then(|| details.join("; ")),
            hint: explanation.hint,
            ..Self::denied(caller, explanation.message)
        }
    }

    /// The same, about one of several rows.
    pub(super) fn of_row(self, row: usize) -> Self {
        Self {
            message: format!("row {row} of the payload: {}", self.message),
            ..self
        }
    }

    pub(super) fn parameter(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Encoding => Self::new(400, UNREADABLE, "the query string is not UTF-8"),
            Trouble::Name(name, malformed) => {
                let message = format!("the parameter name `{name}` cannot be read: {malformed}");
                Self::new(400, UNREADABLE, message)
            }
            Trouble::Value(name, malformed) => Self::new(
                400,
                UNREADABLE,
                format!("`{name}=` cannot be read: {malformed}"),
            ),
            Trouble::Twice(name) => Self::new(
                400,
                UNREADABLE,
                format!("`{name}=` is given more than once"),
            ),
        }
    }

    pub(super) fn path() -> Self {
        Self::new(
            404,
            "CS404",
            "the path is neither `<table>` nor `rpc/<function>`",
        )
    }

    pub(super) fn method(method: &str) -> Self {
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&method);
        let message = if known {
            format!("{method} does not go with this path")
        } else {
            "this method does not exist here".to_owned()
        };
        Self::new(405, "CS405", message)
    }

    pub(super) fn schema(known: &str) -> Self {
        Self::new(
            406,
            "PGRST106",
            "no policy is for the schema of the profile header",
        )
        .hint(format!("the schemas are: {known}"))
    }

    pub(super) fn query_plan() -> Self {
        Self::new(422, UNSUPPORTED, "query plans are not given out")
            .hint("a plan shows estimates over rows of every tenant")
    }

    pub(super) fn relation(schema: &str, name: &str) -> Self {
        Self::new(
            404,
            "PGRST205",
            format!("there is no table or view `{schema}.{name}`"),
        )
    }

    pub(super) fn function(schema: &str, name: &str) -> Self {
        let message =
            format!("the policy names no function `{schema}.{name}` with these arguments");
        Self::new(404, "PGRST202", message)
    }

    /// A column in the query string.
    pub(super) fn column(relation: &str, name: &str) -> Self {
        Self::new(400, "42703", format!("`{relation}` has no column `{name}`"))
    }

    /// A column in the payload.
    pub(super) fn key(relation: &str, name: &str) -> Self {
        Self::new(
            400,
            "PGRST204",
            format!("`{relation}` has no column `{name}`"),
        )
    }

    pub(super) fn embed(origin: &str, target: &str) -> Self {
        let message =
            format!("`{target}` cannot be embedded in `{origin}`: no foreign key is known");
        Self::new(400, "PGRST200", message)
            .hint("name a table or view of the schema, or a foreign key with `!`")
    }

    pub(super) fn ambiguous(origin: &str, target: &str) -> Self {
        let message = format!("`{target}` in `{origin}` can mean several tables");
        Self::new(300, "PGRST201", message).hint("name the table, and the foreign key with `!`")
    }

    pub(super) fn not_embedded(name: &str) -> Self {
        Self::new(
            400,
            "PGRST108",
            format!("`{name}` is not embedded by `select=`"),
        )
    }

    pub(super) fn unfiltered(method: &str) -> Self {
        Self::new(
            400,
            UNFILTERED,
            format!("{method} without a filter that leaves a row out would reach every row"),
        )
        .hint("add a filter on a column, for example on the primary key")
    }

    pub(super) fn put_filter(key: &[&str]) -> Self {
        let wanted: Vec<String> = key.iter().map(|column| format!("{column}=eq.…")).collect();
        Self::new(
            405,
            "PGRST105",
            "PUT takes exactly one `eq` filter per primary key column",
        )
        .hint(wanted.join("&"))
    }

    pub(super) fn payload(message: impl Into<String>) -> Self {
        Self::new(400, "PGRST102", message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(422, UNSUPPORTED, message)
    }
}
