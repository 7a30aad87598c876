//! An audit finds each fault by its name, finds nothing where there is none, and disturbs nobody.
//!
//! Needs a server (`COUNTERSIGN_PG_URL`), which `cargo xtask test` provides; without one the tests
//! say that they are skipped.
#![cfg(test)]

mod command;
#[path = "../support/database.rs"]
mod database;
mod legacy;
mod planted;
mod reference;
mod sarif;

use countersign_rls::audit::{self, Evidence, Finding, UNUSED_AFTER};
use countersign_rls::live::{self, Limits, Live};
use countersign_rls::project::Project;
use countersign_rls::shadow::{self, Intention};
use policy_core::Policy;
use postgres::Transaction;

/// What depends on the server that the tests happen to run on, and not on the database.
const SERVER: &str = "server-version";

/// An app, opened once.
struct App {
    project: Project,
    policy: Policy,
}

impl App {
    fn open(name: &str) -> Self {
        let (project, policy) = database::app(name);
        Self { project, policy }
    }

    fn evidence<'a>(&'a self, live: &'a Live, intended: Option<&'a Live>) -> Evidence<'a> {
        Evidence {
            policy: &self.policy,
            catalogue: &self.project.catalogue,
            source: &self.project.source,
            live,
            intended,
        }
    }

    /// The policy's shadow on this transaction's server.
    fn shadow(&self, transaction: &mut Transaction<'_>, live: &Live) -> Live {
        let intention = Intention {
            policy: &self.policy,
            catalogue: &self.project.catalogue,
            source: &self.project.source,
        };
        shadow::make(transaction, intention, live).unwrap()
    }

    /// What an audit within this transaction finds, the server's version left out.
    fn audit(&self, transaction: &mut Transaction<'_>) -> Vec<Finding> {
        let live = live::introspect(transaction, &self.policy.schema).unwrap();
        let intended = self.shadow(transaction, &live);
        self.judge(transaction, &live, &intended)
    }

    fn judge(
        &self,
        transaction: &mut Transaction<'_>,
        live: &Live,
        intended: &Live,
    ) -> Vec<Finding> {
        let mut found = audit::count(transaction, self.evidence(live, None)).unwrap();
        found.extend(audit::findings(
            self.evidence(live, Some(intended)),
            UNUSED_AFTER,
        ));
        found.retain(|finding| finding.kind.name != SERVER);
        audit::sort(&mut found);
        found
    }
}

fn begin(client: &mut postgres::Client) -> Transaction<'_> {
    live::begin(client, false, Limits::default()).unwrap()
}
