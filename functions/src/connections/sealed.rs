//! Tokens as they lie in the database.

use countersign_sealing::{Binding, KeyRing, NONCE_BYTES, Nonce, OpenError};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Connection, Tables};
use crate::problem::Problem;
use crate::providers::failure::{Kind, Provider};
use crate::secret::Secret;

/// The columns that hold a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The access token.
    AccessToken,
    /// The refresh token.
    RefreshToken,
    /// What signs the webhooks that were made through the connection.
    WebhookSecret,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::WebhookSecret => "webhook_secret",
        }
    }
}

/// Whose tokens they are: what a sealed one is bound to, but for its column.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    app: &'a str,
    tenant: &'a str,
    provider: &'a str,
    connection: &'a str,
}

impl<'a> Place<'a> {
    /// Those of a connection.
    #[must_use]
    pub fn of(tables: &'static Tables, provider: Provider, connection: &'a Connection) -> Self {
        Self {
            app: tables.app,
            tenant: &connection.tenant,
            provider: provider.word(),
            connection: &connection.id,
        }
    }

    /// The place of one column.
    #[must_use]
    pub fn binding(&self, column: Column) -> Binding<'a> {
        Binding {
            app: self.app,
            tenant: self.tenant,
            provider: self.provider,
            connection: self.connection,
            column: column.name(),
        }
    }
}

/// What seals and opens.
#[derive(Clone, Copy, Debug)]
pub struct Sealer<'a>(pub &'a KeyRing);

impl Sealer<'_> {
    /// The name of the key that seals.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.0.current().id()
    }

    /// A row of the secrets table, without the id of its connection.
    ///
    /// # Errors
    /// If the platform gives no randomness.
    pub fn row(
        &self,
        place: &Place<'_>,
        access: &Secret,
        refresh: &Secret,
    ) -> Result<Value, Problem> {
        Ok(json!({
            "access_token": self.seal(&place.binding(Column::AccessToken), access.expose())?,
            "refresh_token": self.seal(&place.binding(Column::RefreshToken), refresh.expose())?,
            "key_id": self.key_id(),
        }))
    }

    /// A token, if it was sealed for this place.
    ///
    /// # Errors
    /// [`Kind::Settings`] if the key it was sealed with is not at hand; else [`Kind::Expired`], since
    /// what does not open is of no use to anybody, and only a new connection mends it.
    pub fn open(&self, place: &Place<'_>, column: Column, text: &str) -> Result<Secret, Kind> {
        self.open_at(&place.binding(column), text)
    }

    /// The same, for whoever names the place otherwise.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_at(&self, binding: &Binding<'_>, text: &str) -> Result<Secret, Kind> {
        match self.0.open(binding, text) {
            Ok(opened) => Ok(Secret::new(opened.expose())),
            Err(OpenError::NoSuchKey(_)) => Err(Kind::Settings("SEALING_KEYS")),
            Err(_) => Err(Kind::Expired),
        }
    }

    /// Seals a text for a place.
    ///
    /// # Errors
    /// If the platform gives no randomness.
    pub fn seal(&self, binding: &Binding<'_>, text: &str) -> Result<String, Problem> {
        let failed = |why: &str| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the Worker cannot seal").internal(why)
        };
        let mut nonce = [0; NONCE_BYTES];
        getrandom::getrandom(&mut nonce).map_err(|error| failed(&error.to_string()))?;
        let sealed = self.0.seal(Nonce::from_random(nonce), binding, text);
        sealed.map_err(|error| failed(&error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::{ASSISTANT, COACHING};

    fn connection(id: &str, user: &str) -> Connection {
        Connection {
            id: id.to_owned(),
            tenant: user.to_owned(),
            external: None,
            scopes: Vec::new(),
            status: "active".to_owned(),
            token_expires_at: None,
            last_error: None,
            last_synced_at: None,
            sync_cursor: Value::Null,
        }
    }

    #[test]
    fn a_token_opens_in_its_own_place_and_nowhere_else() {
        let ring = KeyRing::parse(&format!("k1:{}", "A".repeat(43) + "=")).unwrap();
        let sealer = Sealer(&ring);
        let of = connection("c1", "u1");
        let own = Place::of(&ASSISTANT, Provider::HubSpot, &of);
        let (access, refresh) = (Secret::new("access-canary"), Secret::new("refresh-canary"));
        let row = sealer.row(&own, &access, &refresh).unwrap();
        assert!(!row.to_string().contains("canary"));
        let text = row["access_token"].as_str().unwrap();
        assert_eq!(sealer.open(&own, Column::AccessToken, text), Ok(access));
        let (other_row, other_person) = (connection("c2", "u1"), connection("c1", "u2"));
        let of_app = |tables, of| Place::of(tables, Provider::HubSpot, of);
        for (place, column) in [
            (own, Column::RefreshToken),
            (own, Column::WebhookSecret),
            (of_app(&ASSISTANT, &other_row), Column::AccessToken),
            (of_app(&ASSISTANT, &other_person), Column::AccessToken),
            (of_app(&COACHING, &of), Column::AccessToken),
            (
                Place::of(&ASSISTANT, Provider::Fathom, &of),
                Column::AccessToken,
            ),
        ] {
            assert_eq!(sealer.open(&place, column, text), Err(Kind::Expired));
        }
        let other = KeyRing::parse(&format!("k2:{}", "A".repeat(43) + "=")).unwrap();
        let without = Sealer(&other).open(&own, Column::AccessToken, text);
        assert_eq!(without, Err(Kind::Settings("SEALING_KEYS")));
    }
}
