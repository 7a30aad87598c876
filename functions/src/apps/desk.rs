//! What every workflow works with, whatever its app.

use std::time::Duration;

use crate::caller::{Caller, Person, Who};
use crate::connections::oauth::Whose;
use crate::database::{Database, OWN_SCHEMA};
use crate::edge::Edge;
use crate::policies::App;
use crate::problem::Problem;
use crate::providers::budget::Budget;
use crate::providers::call::{Line, Reading};
use crate::providers::failure::Provider;
use crate::transport::Runtime;

/// Everything a workflow works with.
#[derive(Debug)]
pub(super) struct Desk<'a, R> {
    pub(super) edge: &'a Edge,
    pub(super) runtime: &'a R,
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) request_id: &'a str,
    pub(super) budget: Budget,
}

impl<'a, R: Runtime> Desk<'a, R> {
    /// A desk for one request, with its time running.
    pub(super) fn new(
        edge: &'a Edge,
        runtime: &'a R,
        app: &'a App,
        caller: &'a Caller,
        request_id: &'a str,
        time: Duration,
    ) -> Self {
        Self {
            edge,
            runtime,
            app,
            caller,
            request_id,
            budget: Budget::starting(runtime.now_ms(), time),
        }
    }

    /// The caller's id. The policy lets nobody come here who has none.
    pub(super) fn user(&self) -> Result<&'a str, Problem> {
        self.person().map(|(_, user)| user)
    }

    fn person(&self) -> Result<(&'a Person, &'a str), Problem> {
        let named = match &self.caller.who {
            Who::Person(person) => person.subject.as_deref().map(|user| (person, user)),
            Who::Anon | Who::ServiceRole => None,
        };
        named.ok_or_else(|| Problem::unauthorized("the token names nobody"))
    }

    /// The caller, who begins to connect a tenant.
    pub(super) fn whose<'w>(&'w self, tenant: &'w str) -> Result<Whose<'w>, Problem> {
        let (person, user) = self.person()?;
        Ok(Whose {
            user,
            aal: person.aal.as_deref(),
            guest: person.anonymous,
            tenant,
        })
    }

    /// The app's tables, as the caller.
    pub(super) fn as_caller(&self) -> Database<'a, R> {
        Database::of_caller(
            self.edge,
            self.runtime,
            &self.app.policy.schema,
            self.caller,
            self.request_id,
        )
    }

    /// The app's tables, as the Worker's role.
    pub(super) fn as_service(&self) -> Result<Database<'a, R>, Problem> {
        Database::of_service(
            self.edge,
            self.runtime,
            &self.app.policy.schema,
            self.request_id,
        )
    }

    /// The Worker's own tables and functions.
    pub(super) fn own(&self) -> Result<Database<'a, R>, Problem> {
        Database::of_service(self.edge, self.runtime, OWN_SCHEMA, self.request_id)
    }

    /// The way to a provider.
    pub(super) fn line_to(&self, provider: Provider, reading: Reading) -> Line<'a, R> {
        Line {
            runtime: self.runtime,
            budget: self.budget,
            request_id: self.request_id,
            provider,
            reading,
        }
    }
}
