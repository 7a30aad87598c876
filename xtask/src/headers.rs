//! The headers of everybody who can sign in, each person's in a file: `curl -H @file`.

use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, Result};
use serde::Deserialize;
use serde_json::json;

use crate::stack::{Facts, Person};
use crate::workspace::write;

/// Where the files are. Nobody wants to read a token on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Headers {
    directory: PathBuf,
}

/// What a sign-in answers, of which only this is needed.
#[derive(Deserialize)]
struct SignedIn {
    access_token: String,
}

impl Headers {
    /// The files below this directory.
    pub(crate) fn below(directory: &Path) -> Self {
        Self {
            directory: directory.join("headers"),
        }
    }

    /// Writes everybody's, with the tokens they were given when the stack started.
    pub(crate) fn write(&self, stack: &Facts) -> Result<()> {
        for person in &stack.people {
            let token = person.session.as_ref().unwrap_or(&person.access_token);
            self.one(stack, person, token)?;
        }
        Ok(())
    }

    /// Signs everybody in again whose token would end after an hour.
    pub(crate) fn renew(&self, stack: &Facts) -> Result<()> {
        let url = format!("{}/auth/v1/token?grant_type=password", stack.url);
        for person in &stack.people {
            // Members of the portal sign in elsewhere, for longer.
            if person.refresh_token.is_empty() {
                continue;
            }
            let credentials = json!({ "email": person.email, "password": person.password });
            let request = ureq::post(&url).header("apikey", &stack.publishable_key);
            let mut answer = request.send_json(credentials).into_diagnostic()?;
            let signed_in: SignedIn = answer.body_mut().read_json().into_diagnostic()?;
            self.one(stack, person, &signed_in.access_token)?;
        }
        Ok(())
    }

    /// The file of somebody with this address.
    pub(crate) fn of(&self, email: &str) -> PathBuf {
        self.directory.join(email)
    }

    fn one(&self, stack: &Facts, person: &Person, token: &str) -> Result<()> {
        let text = format!(
            "apikey: {}\nauthorization: Bearer {token}\ncontent-type: application/json\n",
            stack.publishable_key
        );
        write(&self.of(&person.email), text)
    }
}
