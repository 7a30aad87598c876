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

    /// These apps only, in this order, so that the first answers requests that name none. `None` if
    /// there is no such app, or one is named twice.
    #[must_use]
    pub fn only(mut self, names: &[String]) -> Option<Self> {
        let mut take = |name: &String| {
            let at = self.0.iter().position(|app| &app.policy.app == name)?;
            Some(self.0.remove(at))
        };
        names.iter().map(&mut take).collect::<Option<_>>().map(Self)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn apps(policies: &Policies) -> Vec<String> {
        policies.iter().map(|app| app.policy.app.clone()).collect()
    }

    #[test]
    fn the_first_app_named_answers_requests_that_name_none() {
        let all = apps(&Policies::embedded().unwrap());
        assert!(all.is_sorted() && all.len() > 1, "{all:?}");
        let order: Vec<String> = all.iter().rev().cloned().collect();
        let policies = Policies::embedded().unwrap().only(&order).unwrap();
        assert_eq!(apps(&policies), order);
        assert_eq!(policies.of_app(None).unwrap().policy.app, order[0]);
        assert_eq!(policies.of_profile(None).unwrap().policy.app, order[0]);

        let one = Policies::embedded().unwrap().only(&order[..1]).unwrap();
        assert!(one.of_app(Some(&order[1])).is_none());
        for bad in [["agency", "other"], ["agency", "agency"]] {
            let bad = bad.map(str::to_owned);
            assert!(Policies::embedded().unwrap().only(&bad).is_none());
        }
    }
}
