//! The policies this Worker was built with.

use policy_core::Policy;
use policy_core::compact::{self, LoadError};

use crate::gateway::{ForeignKey, Rules};

/// What the build script made of one app.
struct Embedded {
    policy: &'static [u8],
    foreign_keys: &'static [ForeignKey<'static>],
}

/// In the order of the apps' names.
const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// One app: its policy, and how its tables refer to each other.
#[derive(Clone, Debug)]
pub struct App {
    /// The policy.
    pub policy: Policy,
    /// The foreign keys within its schema.
    pub foreign_keys: &'static [ForeignKey<'static>],
}

/// The apps, no two in one schema.
#[derive(Clone, Debug, Default)]
pub struct Policies(Vec<App>);

impl Policies {
    /// Loads what the Worker was built with.
    ///
    /// # Errors
    /// If the embedded bytes are damaged.
    pub fn embedded() -> Result<Self, LoadError> {
        let load = |embedded: &Embedded| {
            let policy = compact::load(embedded.policy)?;
            Ok(App {
                policy,
                foreign_keys: embedded.foreign_keys,
            })
        };
        EMBEDDED
            .iter()
            .map(load)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The app of this name, or the first one.
    #[must_use]
    pub fn of_app(&self, name: Option<&str>) -> Option<&App> {
        match name {
            Some(name) => self.0.iter().find(|app| app.policy.app == name),
            None => self.0.first(),
        }
    }

    /// The app of the schema that a request's profile header names, or the first one.
    #[must_use]
    pub fn of_profile(&self, profile: Option<&str>) -> Option<&App> {
        match profile {
            Some(schema) => self.0.iter().find(|app| app.policy.schema == schema),
            None => self.0.first(),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &App> {
        self.0.iter()
    }
}

impl App {
    /// What the gateway decides on.
    #[must_use]
    pub fn rules(&self, strict_reads: bool) -> Rules<'_> {
        Rules {
            policy: &self.policy,
            foreign_keys: self.foreign_keys,
            strict_reads,
        }
    }
}
