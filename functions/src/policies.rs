//! The policies this Worker was built with.

use policy_core::Policy;
use policy_core::compact::{self, LoadError};

/// What the build script compiled, one compact policy per app, in the order of the apps' names.
const EMBEDDED: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// One policy per app, and no two in one schema.
#[derive(Clone, Debug, Default)]
pub struct Policies(Vec<Policy>);

impl Policies {
    /// Loads what the Worker was built with.
    ///
    /// # Errors
    /// If the embedded bytes are damaged.
    pub fn embedded() -> Result<Self, LoadError> {
        EMBEDDED.iter().map(|bytes| compact::load(bytes)).collect::<Result<_, _>>().map(Self)
    }

    /// These policies; the first is the one a request means that names no schema.
    #[must_use]
    pub fn new(policies: Vec<Policy>) -> Self {
        Self(policies)
    }

    /// The policy of this app.
    #[must_use]
    pub fn of_app(&self, app: &str) -> Option<&Policy> {
        self.0.iter().find(|policy| policy.app == app)
    }

    /// The policy of the schema that a request's profile header names, or the first one.
    #[must_use]
    pub fn of_profile(&self, profile: Option<&str>) -> Option<&Policy> {
        match profile {
            Some(schema) => self.0.iter().find(|policy| policy.schema == schema),
            None => self.0.first(),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.0.iter()
    }
}
