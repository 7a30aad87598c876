//! Who gives a connection its tokens.

use reqwest::Url;

use crate::providers::call::{Line, Reading};
use crate::providers::failure::{Failure, Provider};
use crate::providers::fathom::{self, oauth as fathom_oauth};
use crate::providers::hubspot::{self, oauth as hubspot_oauth};
use crate::providers::oauth::Grant;
use crate::providers::settings::{FathomSettings, HubSpotSettings};
use crate::secret::Secret;
use crate::transport::Runtime;

/// A provider with OAuth, as it is set for one app.
#[derive(Clone, Copy, Debug)]
pub enum Issuer<'a> {
    /// Fathom.
    Fathom(&'a FathomSettings),
    /// HubSpot.
    HubSpot(&'a HubSpotSettings),
}

impl Issuer<'_> {
    /// Which provider it is.
    #[must_use]
    pub fn provider(self) -> Provider {
        match self {
            Self::Fathom(_) => Provider::Fathom,
            Self::HubSpot(_) => Provider::HubSpot,
        }
    }

    /// How it says no.
    #[must_use]
    pub fn reading(self) -> Reading {
        match self {
            Self::Fathom(_) => fathom::READING,
            Self::HubSpot(_) => hubspot::READING,
        }
    }

    /// The page on which a person consents. `challenge` is for those with PKCE.
    #[must_use]
    pub fn authorize_url(self, state: &str, challenge: &str) -> Url {
        match self {
            Self::Fathom(settings) => fathom_oauth::authorize_url(settings, state),
            Self::HubSpot(settings) => hubspot_oauth::authorize_url(settings, state, challenge),
        }
    }

    /// Exchanges the code of a consent.
    ///
    /// # Errors
    /// [`Kind::Expired`](crate::providers::failure::Kind::Expired) if it is not good any more.
    pub async fn exchange<R: Runtime>(
        self,
        line: &Line<'_, R>,
        code: &str,
        verifier: &str,
    ) -> Result<Grant, Failure> {
        match self {
            Self::Fathom(settings) => fathom_oauth::exchange(line, settings, code).await,
            Self::HubSpot(settings) => {
                hubspot_oauth::exchange(line, settings, code, verifier).await
            }
        }
    }

    /// Gets new tokens.
    ///
    /// # Errors
    /// [`Kind::Expired`](crate::providers::failure::Kind::Expired) if the refresh token is not taken
    /// any more.
    pub async fn refresh<R: Runtime>(
        self,
        line: &Line<'_, R>,
        refresh: &Secret,
    ) -> Result<Grant, Failure> {
        match self {
            Self::Fathom(settings) => fathom_oauth::refresh(line, settings, refresh).await,
            Self::HubSpot(settings) => hubspot_oauth::refresh(line, settings, refresh).await,
        }
    }

    /// Ends a refresh token there. Says whether that was done; `None` if the provider has no way to.
    pub async fn revoke<R: Runtime>(self, line: &Line<'_, R>, refresh: &Secret) -> Option<bool> {
        match self {
            Self::Fathom(_) => None,
            Self::HubSpot(settings) => {
                let revoked = hubspot_oauth::revoke(line, settings, refresh).await;
                Some(revoked.is_ok())
            }
        }
    }
}
