//! The token with which the operator has connected Baserow.
//!
//! `countersign connect` writes it, sealed. It is read for each request that needs it, and nothing
//! keeps it beyond: a new one counts from then on, and one that was taken away is of no use any more.

use countersign_sealing::Binding;
use serde::Deserialize;

use super::{Portal, missing};
use crate::connections::sealed::Sealer;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Provider};
use crate::secret::Secret;
use crate::transport::Runtime;

/// What is done for that as the Worker's role.
pub(super) const READS: &str = "read portal_connection_secrets";
const SECRETS: &str = "portal_connection_secrets";

/// The row of the connection's token.
#[derive(Deserialize)]
struct Sealed {
    connection_id: String,
    access_token: String,
}

impl<R: Runtime> Portal<'_, R> {
    /// The token, where none is set.
    pub(super) async fn connected(&self) -> Result<Secret, Problem> {
        let failed = |kind| Failure::new(Provider::Baserow, "connection", kind);
        let keys = self.0.edge.config.providers.sealing.as_ref();
        let keys = keys.ok_or_else(|| missing("BASEROW_TOKEN"))?;
        let own = self.0.own()?;
        let rows = own.rows::<Sealed>(SECRETS, |table| table.select("connection_id,access_token"));
        let sealed = rows.await?.pop().ok_or_else(|| missing("BASEROW_TOKEN"))?;
        let place = Binding {
            app: "portal",
            tenant: "portal",
            provider: Provider::Baserow.word(),
            connection: &sealed.connection_id,
            column: "access_token",
        };
        let opened = Sealer(keys).open_at(&place, &sealed.access_token);
        Ok(opened.map_err(failed)?)
    }
}
