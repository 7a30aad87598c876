//! The truths that tests can have together.

/// Which truths cannot be together, by the tests' positions.
pub(super) enum Bound {
    /// The second is true wherever the first is.
    Implied(usize, usize),
    /// These are never so together.
    Apart(Vec<(usize, bool)>),
    /// Where the first are all false, the others are the same.
    Alike(Vec<usize>, [usize; 2]),
    /// Where the first is true, the second is not unknown.
    Known(usize, usize),
}

impl Bound {
    /// The last test that it speaks of.
    fn last(&self) -> usize {
        let last = match self {
            Self::Implied(one, two) | Self::Known(one, two) => Some(*one.max(two)),
            Self::Apart(all) => all.iter().map(|(at, _)| *at).max(),
            Self::Alike(changes, same) => changes.iter().chain(same).max().copied(),
        };
        last.unwrap_or_default()
    }

    fn allows(&self, values: &[Option<bool>]) -> bool {
        let is = |at: &usize, wanted: bool| values.get(*at) == Some(&Some(wanted));
        match self {
            Self::Implied(from, to) => !is(from, true) || is(to, true),
            Self::Apart(all) => !all.iter().all(|(at, wanted)| is(at, *wanted)),
            Self::Alike(changes, [old, new]) => {
                !changes.iter().all(|at| is(at, false)) || values.get(*old) == values.get(*new)
            }
            Self::Known(from, to) => !is(from, true) || values.get(*to) != Some(&None),
        }
    }
}

/// The truths of a test that may be unknown.
pub(super) const ANY_TRUTH: &[Option<bool>] = &[Some(false), Some(true), None];

/// How many truths of all tests together are tried before giving up.
const MOST: u64 = 2_000_000;

/// Goes through the truths that tests can have together.
pub(super) struct Truths<'t> {
    choices: Vec<&'t [Option<bool>]>,
    /// Each behind the last test that it speaks of.
    bounds: Vec<Vec<&'t Bound>>,
    /// How many more are tried.
    left: u64,
}

impl<'t> Truths<'t> {
    /// The truths of tests with these choices, within bounds.
    pub(super) fn new(choices: Vec<&'t [Option<bool>]>, bounds: &'t [Bound]) -> Self {
        let mut sorted: Vec<Vec<&Bound>> = vec![Vec::new(); choices.len()];
        for bound in bounds {
            if let Some(slot) = sorted.get_mut(bound.last()) {
                slot.push(bound);
            }
        }
        Self {
            choices,
            bounds: sorted,
            left: MOST,
        }
    }

    /// Whether something holds for all of them, if they are not too many.
    pub(super) fn all(
        &mut self,
        values: &mut Vec<Option<bool>>,
        holds: &dyn Fn(&[Option<bool>]) -> bool,
    ) -> bool {
        let at = values.len();
        let Some(choices) = self.choices.get(at).copied() else {
            let Some(left) = self.left.checked_sub(1) else {
                return false;
            };
            self.left = left;
            return holds(values);
        };
        choices.iter().all(|choice| {
            values.push(*choice);
            let bounds = self.bounds.get(at).map_or(&[][..], Vec::as_slice);
            let can_be = bounds.iter().all(|bound| bound.allows(values));
            let fine = !can_be || self.all(values, holds);
            values.pop();
            fine
        })
    }
}
