//! The `Prefer` header, as far as it changes what a request touches.
//!
//! The header is passed on whole. What else can stand in it changes no decision: `count`,
//! `handling` and `max-affected` only narrow; `timezone` reaches no condition of a policy, since
//! those mean the same in every session; and `tx=rollback`, which a server honours only if it is
//! set up to, is decided like the commit it may turn out to be.

/// What a write returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Return {
    /// Nothing, which is PostgREST's default too.
    #[default]
    Minimal,
    /// The rows, or a `Location`, which PostgREST makes from the rows.
    Rows,
}

/// What an insert does about an existing row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    Ignore,
    Merge,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefer {
    pub(super) returns: Return,
    pub(super) resolution: Option<Resolution>,
    /// Whether columns that `columns=` names and a row lacks take their defaults, not NULL.
    pub(super) missing_default: bool,
}

impl Prefer {
    /// Reads the header; of several values for one preference the first counts.
    pub(super) fn read(header: Option<&str>) -> Self {
        let all = || header.unwrap_or_default().split(',').map(str::trim);
        Self {
            returns: all()
                .find_map(|preference| match preference {
                    "return=minimal" => Some(Return::Minimal),
                    "return=representation" | "return=headers-only" => Some(Return::Rows),
                    _ => None,
                })
                .unwrap_or_default(),
            resolution: all().find_map(|preference| match preference {
                "resolution=merge-duplicates" => Some(Resolution::Merge),
                "resolution=ignore-duplicates" => Some(Resolution::Ignore),
                _ => None,
            }),
            missing_default: all()
                .find(|preference| matches!(*preference, "missing=default" | "missing=null"))
                == Some("missing=default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_counts() {
        let prefer = Prefer::read(Some(
            "return=representation, count=exact,return=minimal, resolution=merge-duplicates",
        ));
        assert_eq!(prefer.returns, Return::Rows);
        assert_eq!(prefer.resolution, Some(Resolution::Merge));
        assert!(!prefer.missing_default);
        assert!(Prefer::read(Some("missing=default")).missing_default);
        assert_eq!(Prefer::read(None), Prefer::default());
    }
}
