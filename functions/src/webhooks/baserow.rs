//! Baserow's webhooks. It signs nothing: a header with a secret, which whoever sets the webhook up
//! chooses, is all there is. There is no time in it either, so a delivery is believed however often
//! it comes; [`crate::webhooks`] says nothing about repeats, the inbox does.

use reqwest::header::HeaderMap;

use super::{Unverified, same};
use crate::secret::Secret;

/// Two hundred rows at once.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// The header to set up with every webhook.
pub const HEADER: &str = "x-webhook-secret";
/// A shorter secret can be guessed.
pub const SHORTEST_SECRET: usize = 24;

/// Whether a delivery has the secret.
///
/// # Errors
/// Why not.
pub fn verify(headers: &HeaderMap, body: &[u8], secret: &Secret) -> Result<(), Unverified> {
    if body.len() > LARGEST_BODY {
        return Err(Unverified::TooLong);
    }
    if secret.expose().len() < SHORTEST_SECRET {
        return Err(Unverified::BadSecret);
    }
    let given = headers.get(HEADER).ok_or(Unverified::Missing(HEADER))?;
    let good = same(given.as_bytes(), secret.expose().as_bytes());
    good.then_some(()).ok_or(Unverified::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_itself_will_do() {
        let secret = Secret::new("a-secret-of-thirty-two-characters");
        let with =
            |text: &str| HeaderMap::from_iter([(HEADER.parse().unwrap(), text.parse().unwrap())]);
        assert_eq!(verify(&with(secret.expose()), b"{}", &secret), Ok(()));
        for wrong in [
            "",
            "a-secret",
            "a-secret-of-thirty-two-characterS",
            "a-secret-of-thirty-two-characters ",
        ] {
            assert_eq!(
                verify(&with(wrong), b"{}", &secret),
                Err(Unverified::Wrong),
                "{wrong}"
            );
        }
        assert_eq!(
            verify(&HeaderMap::new(), b"{}", &secret),
            Err(Unverified::Missing(HEADER))
        );
        let short = Secret::new("short");
        assert_eq!(
            verify(&with("short"), b"{}", &short),
            Err(Unverified::BadSecret)
        );
        let long = vec![b' '; LARGEST_BODY + 1];
        assert_eq!(
            verify(&with(secret.expose()), &long, &secret),
            Err(Unverified::TooLong)
        );
    }
}
