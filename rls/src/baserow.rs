//! Connecting the portal to Baserow by a database token, which the operator has from Baserow.
//!
//! The portal has no tenants, so the connection is the operator's and not a person's: no request to
//! the Worker makes or ends it. The token is tried first, then sealed and written in one transaction.
//! It is part of no message.

use std::time::Duration;

use countersign_sealing::{Binding, KeyRing};
use postgres::Client;
use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::seal::{SealingError, failed, seal};

/// How long Baserow may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// No token is longer.
const LONGEST: usize = 1_000;

/// Why nothing was connected. Nothing was written then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaserowError {
    /// Something else was given.
    #[error("that is no token: it is printed ASCII without spaces, {LONGEST} characters at most")]
    NoToken,
    /// The token would go over the network as it is.
    #[error("{0} is neither https nor this machine; the token would be there for anybody to read")]
    InTheClear(Url),
    /// Baserow does not know the token.
    #[error("Baserow does not take the token")]
    Refused,
    /// It is one of another workspace, or may not read.
    #[error("the token may not read table {0} of Baserow")]
    Forbidden(u64),
    /// There is none, or the token does not see it.
    #[error("Baserow has no table {0}")]
    NoTable(u64),
    /// Something else went wrong there.
    #[error("Baserow did not answer as it should: {0}")]
    Down(String),
    /// It could not be sealed, or not be written.
    #[error(transparent)]
    Kept(#[from] SealingError),
}

impl BaserowError {
    /// Whether it was Baserow that said no, and not something that kept us from asking or writing.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused | Self::Forbidden(_) | Self::NoTable(_))
    }
}

/// A database token.
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// What somebody gave for one.
    ///
    /// # Errors
    /// [`BaserowError::NoToken`].
    pub fn read(text: &str) -> Result<Self, BaserowError> {
        let text = text.trim();
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain || !(1..=LONGEST).contains(&text.len()) {
            return Err(BaserowError::NoToken);
        }
        Ok(Self(text.to_owned()))
    }

    /// Asks Baserow for the fields of the members' table with it. Gives how many there are.
    ///
    /// # Errors
    /// What Baserow says of token and table, or why it could not be asked.
    pub fn try_on(&self, base: &Url, table: u64) -> Result<usize, BaserowError> {
        let here = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if base.scheme() != "https" && !here {
            return Err(BaserowError::InTheClear(base.clone()));
        }
        let base = base.as_str().trim_end_matches('/');
        let address = format!("{base}/api/database/fields/table/{table}/");
        let down = BaserowError::Down;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| down(error.to_string()))?;
        let (status, body) = runtime
            .block_on(async {
                let client = reqwest::Client::builder()
                    .timeout(PATIENCE)
                    .redirect(reqwest::redirect::Policy::none())
                    .build()?;
                let asked = client.get(&address);
                let asked = asked.header("authorization", format!("Token {}", self.0));
                let answer = asked.send().await?;
                let status = answer.status();
                let body: Value = answer.json().await.unwrap_or_default();
                Ok((status, body))
            })
            .map_err(|error: reqwest::Error| down(error.without_url().to_string()))?;
        let code = body
            .get("error")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match (status, code) {
            (StatusCode::OK, _) => {
                let fields = body.as_array().map(Vec::len);
                fields.ok_or_else(|| down("that is no list of fields".to_owned()))
            }
            // It says 401 for both: a token that is none, and one that may not.
            (StatusCode::UNAUTHORIZED, "ERROR_NO_PERMISSION_TO_TABLE" | "PERMISSION_DENIED")
            | (StatusCode::FORBIDDEN, _) => Err(BaserowError::Forbidden(table)),
            (StatusCode::UNAUTHORIZED, _) => Err(BaserowError::Refused),
            (StatusCode::NOT_FOUND, _) => Err(BaserowError::NoTable(table)),
            (status, _) => Err(down(status.to_string())),
        }
    }

    /// Seals the token and writes it, in place of the one before.
    ///
    /// # Errors
    /// If the database or the sealing fails; nothing is written then.
    pub fn keep(&self, client: &mut Client, ring: &KeyRing) -> Result<(), BaserowError> {
        let mut write = client.transaction().map_err(failed("beginning to write"))?;
        let row = write
            .query_one(
                "insert into countersign_edge.portal_connections (provider) values ('baserow')
                 on conflict (provider) do update set connected_at = now() returning id::text",
                &[],
            )
            .map_err(failed("writing the connection"))?;
        let connection: String = row.try_get(0).map_err(failed("reading the connection"))?;
        let place = Binding {
            app: "portal",
            tenant: "portal",
            provider: "baserow",
            connection: &connection,
            column: "access_token",
        };
        let sealed = seal(ring, &place, &self.0)?;
        let key = ring.current().id();
        write
            .execute(
                "insert into countersign_edge.portal_connection_secrets (connection_id, access_token, key_id)
                 values ($1::text::uuid, $2, $3)
                 on conflict (connection_id) do update
                 set access_token = excluded.access_token, key_id = excluded.key_id, updated_at = now()",
                &[&connection, &sealed, &key],
            )
            .map_err(failed("writing the sealed token"))?;
        Ok(write.commit().map_err(failed("committing"))?)
    }
}

/// Takes the connection away. Gives whether there was one.
///
/// # Errors
/// If the database says no.
pub fn forget(client: &mut Client) -> Result<bool, SealingError> {
    client
        .execute(
            "delete from countersign_edge.portal_connections where provider = 'baserow'",
            &[],
        )
        .map(|gone| gone > 0)
        .map_err(failed("deleting the connection"))
}
