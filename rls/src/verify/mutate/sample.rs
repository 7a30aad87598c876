//! Which mutants are tried, if not all.

use super::Kind;

/// A choice of mutants that a seed determines, whatever the order they come in.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) seed: u64,
    /// The largest key that is taken.
    last: u64,
}

impl Sample {
    pub(super) fn all() -> Self {
        Self {
            seed: 0,
            last: u64::MAX,
        }
    }

    /// The given number of mutants, those with the smallest keys.
    pub(super) fn smallest(seed: u64, mut keys: Vec<u64>, most: Option<usize>) -> Self {
        keys.sort_unstable();
        let last = most.and_then(|most| keys.get(most.saturating_sub(1)).copied());
        Self {
            seed,
            last: last.unwrap_or(u64::MAX),
        }
    }

    pub(super) fn takes(&self, kind: Kind, table: &str, object: &str, what: &str) -> bool {
        key(self.seed, kind, table, object, what) <= self.last
    }
}

/// A number that is always the same for the same mutant and seed, on every machine: FNV-1a, and
/// its bits stirred.
pub(super) fn key(seed: u64, kind: Kind, table: &str, object: &str, what: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in [kind.word(), table, object, what] {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_the_size_that_was_asked_for() {
        let names: Vec<String> = (0..1000).map(|n| format!("mutant {n}")).collect();
        let keys = |seed| {
            let key = |what: &String| key(seed, Kind::Policy, "t", "", what);
            names.iter().map(key).collect::<Vec<_>>()
        };
        let chosen = |seed, most| {
            let sample = Sample::smallest(seed, keys(seed), most);
            let takes = |what: &&String| sample.takes(Kind::Policy, "t", "", what);
            names.iter().filter(takes).count()
        };
        assert_eq!(chosen(1, Some(100)), 100);
        assert_eq!(chosen(2, Some(100)), 100);
        assert_eq!(chosen(1, None), 1000);
        assert_eq!(chosen(1, Some(5000)), 1000);
        assert_ne!(keys(1), keys(2));
    }
}
