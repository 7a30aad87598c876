//! The truths that tests can have together.

/// Truths that cannot be together, by the tests' positions.
#[derive(std::default::Default)]
pub(super) struct Bounds {
    /// The second is true wherever the first is.
    pub(super) implied: Vec<(usize, usize)>,
    /// These are never so together.
    pub(super) apart: Vec<Vec<(usize, bool)>>,
    /// Where the first are all false, the others are the same.
    pub(super) alike: Vec<(Vec<usize>, [usize; 2])>,
    /// Where the first is true, the second is not unknown.
    pub(super) known: Vec<(usize, usize)>,
}

/// One of them.
enum Bound<'b> {
    Implied(usize, usize),
    Apart(&'b [(usize, bool)]),
    Alike(&'b [usize], [usize; 2]),
    Known(usize, usize),
}

impl Bound<'_> {
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

impl Bounds {
    /// Each behind the last test that it speaks of.
    fn sorted(&self, tests: usize) -> Vec<Vec<Bound<'_>>> {
        let implied = self
            .implied
            .iter()
            .map(|(from, to)| Bound::Implied(*from, *to));
        let apart = self.apart.iter().map(|all| Bound::Apart(all));
        let alike = self.alike.iter();
        let alike = alike.map(|(changes, same)| Bound::Alike(changes, *same));
        let known = self.known.iter().map(|(from, to)| Bound::Known(*from, *to));
        let mut sorted: Vec<Vec<Bound<'_>>> = Vec::new();
        sorted.resize_with(tests, Vec::new);
        for bound in implied.chain(apart).chain(alike).chain(known) {
            if let Some(slot) = sorted.get_mut(bound.last()) {
                slot.push(bound);
            }
        }
        sorted
    }
}

/// How many truths of all tests together are tried before giving up.
const MOST: u64 = 2_000_000;

/// Goes through the truths that tests can have together.
pub(super) struct Truths<'t> {
    choices: Vec<&'t [Option<bool>]>,
    bounds: Vec<Vec<Bound<'t>>>,
    /// How many more are tried.
    left: u64,
}

impl<'t> Truths<'t> {
    /// The truths of tests with these choices, within bounds.
    pub(super) fn new(choices: Vec<&'t [Option<bool>]>, bounds: &'t Bounds) -> Self {
        let bounds = bounds.sorted(choices.len());
        Self {
            choices,
            bounds,
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
