//! Leases: what one at a time may do, on however many isolates. The database keeps them, and each ends
//! by itself if its holder dies.

use serde_json::json;

use crate::database::Database;
use crate::problem::Problem;
use crate::transport::Runtime;

/// A lease that is held. Dropped, it lasts until its time is over.
#[derive(Debug)]
pub struct Lease<'l, 'a, R> {
    own: &'l Database<'a, R>,
    name: &'l str,
    holder: &'l str,
}

impl<'l, 'a, R: Runtime> Lease<'l, 'a, R> {
    /// Takes the lease of this name for so many seconds; `None` if another holder has it. `own` is the
    /// Worker's own schema.
    ///
    /// # Errors
    /// If the database does not say.
    pub async fn take(
        own: &'l Database<'a, R>,
        name: &'l str,
        holder: &'l str,
        seconds: u64,
    ) -> Result<Option<Self>, Problem> {
        let wanted = json!({ "p_name": name, "p_holder": holder, "p_seconds": seconds });
        let fence = own.call("take_lease", &wanted).await?;
        Ok((!fence.is_null()).then_some(Self { own, name, holder }))
    }

    /// Gives it back. If that fails it ends by itself.
    pub async fn give_back(self) {
        let held = json!({ "p_name": self.name, "p_holder": self.holder });
        let _ = self.own.call("drop_lease", &held).await;
    }
}
