//! Which member an account is, found out at login.
//!
//! An account that is linked stays so. One that is not is linked to the only member with its e-mail,
//! and only if Better Auth has verified that the address is theirs: otherwise anybody could sign up
//! with a member's address and be that member. Where there is none, a member is added.
//!
//! Two logins at once find nobody, both. So all of this is done under a lease of the account's: the
//! second finds what the first did. A create whose end nobody knows keeps its lease until that runs
//! out, longer than any request lasts: whoever comes next looks for the row after it had its time.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use super::{ACCOUNT, Account, Portal, about, ok, shown};
use crate::lease::Lease;
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::baserow::{Baserow, NO_ROW, Row};
use crate::providers::failure::Kind;
use crate::record::request_id;
use crate::transport::Runtime;

/// Longer than a request may go on asking Baserow, so nobody adds a row under a lease that has run out.
const LEASE_SECONDS: u64 = 30;
const PAUSE: Duration = Duration::from_millis(250);

/// How an account came to its member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Already,
    Found,
    Created,
}

impl Came {
    fn word(self) -> &'static str {
        match self {
            Self::Already => "already",
            Self::Found => "found",
            Self::Created => "created",
        }
    }
}

impl<R: Runtime> Portal<'_, R> {
    pub(super) async fn sync(&self) -> Result<Response<R::Stream>, Problem> {
        let account = self.account().await?;
        let baserow = self.baserow().await?;
        let (row, came) = match self.linked(&baserow, &account).await? {
            Some(row) => (row, Came::Already),
            None => self.under_lease(&baserow, &account.id).await?,
        };
        Ok(ok(&json!({ "linked": came.word(), "member": shown(row) })))
    }

    /// The member that an account is linked to, if that is still there.
    async fn linked(
        &self,
        baserow: &Baserow<'_, R>,
        account: &Account,
    ) -> Result<Option<Row>, Problem> {
        let Some(id) = account.member.as_deref().and_then(|id| id.parse().ok()) else {
            return Ok(None);
        };
        match baserow.get(baserow.settings.members, id).await {
            Ok(row) => Ok(Some(row)),
            Err(failure) if about(&failure, NO_ROW) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn under_lease(
        &self,
        baserow: &Baserow<'_, R>,
        user: &str,
    ) -> Result<(Row, Came), Problem> {
        let own = self.0.own()?;
        let name = format!("portal/member/{user}");
        let holder = request_id(None);
        let lease = loop {
            if let Some(lease) = Lease::take(&own, &name, &holder, LEASE_SECONDS).await? {
                break lease;
            }
            if self.0.budget.left(self.0.runtime.now_ms()) <= PAUSE {
                return Err(Problem::unavailable(
                    "another login of yours is still under way",
                ));
            }
            self.0.runtime.pause(PAUSE).await;
        };
        let done = self.find_or_add(baserow, user).await;
        if !matches!(done, Err(Ended::Uncertain(_))) {
            lease.give_back().await;
        }
        done.map_err(|ended| match ended {
            Ended::Refused(problem) | Ended::Uncertain(problem) => problem,
        })
    }

    async fn find_or_add(
        &self,
        baserow: &Baserow<'_, R>,
        user: &str,
    ) -> Result<(Row, Came), Ended> {
        let service = self.0.as_service()?;
        // Whoever had the lease before may have linked it.
        let account: Option<Account> = service
            .rows("user", |table| table.select(ACCOUNT).eq("id", user))
            .await?
            .pop();
        let account = account.ok_or_else(|| Problem::forbidden("the account is gone"))?;
        if let Some(row) = self.linked(baserow, &account).await? {
            return Ok((row, Came::Already));
        }
        if !account.verified || account.email.is_empty() {
            return Err(Ended::Refused(not_verified()));
        }
        let settings = baserow.settings;
        let found = baserow
            .find(settings.members, &settings.email_field, &account.email)
            .await;
        let (row, came) = match one(found.map_err(Problem::from)?)? {
            Some(row) => (row, Came::Found),
            None => (self.add(baserow, &account).await?, Came::Created),
        };
        self.link(&account, &row).await?;
        Ok((row, came))
    }

    /// Adds a member. One whose end nobody knows is looked for.
    async fn add(&self, baserow: &Baserow<'_, R>, account: &Account) -> Result<Row, Ended> {
        let settings = baserow.settings;
        let fields = baserow
            .fields(settings.members)
            .await
            .map_err(Problem::from)?;
        let writable = |name: &String| {
            fields
                .iter()
                .any(|field| field.name == *name && field.writable())
        };
        if !writable(&settings.email_field) {
            return Err(Ended::Refused(super::missing("BASEROW_EMAIL_FIELD")));
        }
        let mut given = Map::new();
        given.insert(settings.email_field.clone(), json!(account.email));
        if let Some(name) = account
            .name
            .as_ref()
            .filter(|_| writable(&settings.name_field))
        {
            given.insert(settings.name_field.clone(), json!(name));
        }
        match baserow.create(settings.members, &given).await {
            Ok(row) => Ok(row),
            Err(failure) if failure.kind == Kind::Uncertain => {
                let found = baserow
                    .find(settings.members, &settings.email_field, &account.email)
                    .await;
                match found.ok().map(one) {
                    Some(Ok(Some(row))) => Ok(row),
                    _ => Err(Ended::Uncertain(failure.into())),
                }
            }
            Err(failure) => Err(Ended::Refused(failure.into())),
        }
    }

    /// Links the account, unless the member is another account's.
    async fn link(&self, account: &Account, row: &Row) -> Result<(), Problem> {
        let service = self.0.as_service()?;
        let id = row.id.to_string();
        let holders: Vec<Value> = service
            .rows("user", |table| {
                table.select("id").eq("baserowMemberId", &id)
            })
            .await?;
        if holders
            .iter()
            .any(|holder| holder.get("id").and_then(Value::as_str) != Some(&account.id))
        {
            return Err(ambiguous(
                "the member with your e-mail address is another account's",
            ));
        }
        let link = json!({ "baserowMemberId": id }).to_string();
        let linked: Vec<Value> = service
            .rows("user", |table| {
                table.update(link).eq("id", &account.id).select("id")
            })
            .await?;
        if linked.is_empty() {
            return Err(Problem::forbidden("the account is gone"));
        }
        Ok(())
    }
}

/// How a login without a member ends.
enum Ended {
    Refused(Problem),
    /// A member may have been added, or may yet be.
    Uncertain(Problem),
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// The only one, if there is any.
fn one(mut found: Vec<Row>) -> Result<Option<Row>, Problem> {
    if found.len() > 1 {
        return Err(ambiguous("several members have your e-mail address"));
    }
    Ok(found.pop())
}

fn not_verified() -> Problem {
    let message =
        "your e-mail address is not verified, so it says nothing about which member you are";
    Problem::new(StatusCode::FORBIDDEN, "email_not_verified", message)
        .hint("follow the link in the e-mail that you got, then sign in again")
}

fn ambiguous(message: &'static str) -> Problem {
    Problem::new(StatusCode::CONFLICT, "ambiguous_member", message)
        .hint("whoever runs the portal has to make the address unique in Baserow")
}
