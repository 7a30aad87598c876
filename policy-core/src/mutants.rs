//! The evaluator with one of its operators altered, to show that the proof would notice.
//!
//! Only with the feature `mutants`, which neither the Worker nor the browser library has: without
//! it the tests below are constants, and nothing of them is left in the program.

/// An altered operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each says itself what is altered")]
pub enum Mutant {
    AndWithUnknownIsFalse,
    AndIsOr,
    OrWithUnknownIsTrue,
    OrIsAnd,
    NotChangesNothing,
    NotUnknownIsTrue,
    UnknownHolds,
    UnknownDoesNotForbid,
    EqualIsNotEqual,
    NotEqualIsEqual,
    LessIsLessOrEqual,
    LessOrEqualIsLess,
    GreaterIsGreaterOrEqual,
    GreaterOrEqualIsGreater,
    LessIsGreater,
    ComparisonWithNullIsFalse,
    ComparisonWithNullIsTrue,
    InForgetsTheLast,
    InOfNullIsFalse,
    IsNullIsFalse,
    IsNullIsUnknownOfNull,
    DistinctOfNullsIsTrue,
    DistinctFromNullIsUnknown,
    LikeOneMatchesNone,
    LikeManyMatchesOne,
    LikeOfNullIsFalse,
    IlikeIsLike,
    FlagOfNullIsTrue,
    FlagOfNullIsFalse,
    FlagIsNegated,
    RankIsMore,
    RankIsExactly,
    RankOfAnyTenant,
    SelfIsAnybody,
    SelfOfNullIsTrue,
    FenceIsOpen,
    ParentIsSeen,
    ParentBindsTheService,
    NeverForgets,
    NeverBindsTheService,
    RetiredIsSeen,
    RetiredIsNotSeenAtOnce,
    RetiringIsFree,
    FounderIsForgotten,
    FoundingNeedsNoStamp,
    UpdateNeedsNoSelect,
    UpdatedRowNeedsNoSelect,
    DeleteNeedsNoSelect,
    ReturnedRowNeedsNoSelect,
    PairsComeApart,
    EveryColumnMayChange,
    PrivilegeToReadIsFree,
    PrivilegeToInsertIsFree,
    PrivilegeToUpdateIsFree,
    PrivilegeToDeleteIsFree,
    GuestsAreUsers,
    AnonIsEverybodyButTheService,
}

impl Mutant {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::AndWithUnknownIsFalse,
        Self::AndIsOr,
        Self::OrWithUnknownIsTrue,
        Self::OrIsAnd,
        Self::NotChangesNothing,
        Self::NotUnknownIsTrue,
        Self::UnknownHolds,
        Self::UnknownDoesNotForbid,
        Self::EqualIsNotEqual,
        Self::NotEqualIsEqual,
        Self::LessIsLessOrEqual,
        Self::LessOrEqualIsLess,
        Self::GreaterIsGreaterOrEqual,
        Self::GreaterOrEqualIsGreater,
        Self::LessIsGreater,
        Self::ComparisonWithNullIsFalse,
        Self::ComparisonWithNullIsTrue,
        Self::InForgetsTheLast,
        Self::InOfNullIsFalse,
        Self::IsNullIsFalse,
        Self::IsNullIsUnknownOfNull,
        Self::DistinctOfNullsIsTrue,
        Self::DistinctFromNullIsUnknown,
        Self::LikeOneMatchesNone,
        Self::LikeManyMatchesOne,
        Self::LikeOfNullIsFalse,
        Self::IlikeIsLike,
        Self::FlagOfNullIsTrue,
        Self::FlagOfNullIsFalse,
        Self::FlagIsNegated,
        Self::RankIsMore,
        Self::RankIsExactly,
        Self::RankOfAnyTenant,
        Self::SelfIsAnybody,
        Self::SelfOfNullIsTrue,
        Self::FenceIsOpen,
        Self::ParentIsSeen,
        Self::ParentBindsTheService,
        Self::NeverForgets,
        Self::NeverBindsTheService,
        Self::RetiredIsSeen,
        Self::RetiredIsNotSeenAtOnce,
        Self::RetiringIsFree,
        Self::FounderIsForgotten,
        Self::FoundingNeedsNoStamp,
        Self::UpdateNeedsNoSelect,
        Self::UpdatedRowNeedsNoSelect,
        Self::DeleteNeedsNoSelect,
        Self::ReturnedRowNeedsNoSelect,
        Self::PairsComeApart,
        Self::EveryColumnMayChange,
        Self::PrivilegeToReadIsFree,
        Self::PrivilegeToInsertIsFree,
        Self::PrivilegeToUpdateIsFree,
        Self::PrivilegeToDeleteIsFree,
        Self::GuestsAreUsers,
        Self::AnonIsEverybodyButTheService,
    ];
}

#[cfg(feature = "mutants")]
mod active {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static ACTIVE: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Whether this operator is altered on this thread.
    pub(crate) fn is(mutant: Mutant) -> bool {
        ACTIVE.get() == Some(mutant)
    }

    /// Runs something with one operator altered, on this thread.
    pub fn with<T>(mutant: Mutant, run: impl FnOnce() -> T) -> T {
        struct Restore(Option<Mutant>);
        impl Drop for Restore {
            fn drop(&mut self) {
                ACTIVE.set(self.0);
            }
        }
        let _restore = Restore(ACTIVE.replace(Some(mutant)));
        run()
    }
}

#[cfg(feature = "mutants")]
pub(crate) use active::is;
#[cfg(feature = "mutants")]
pub use active::with;

/// Without the feature no operator is altered.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn is(_: Mutant) -> bool {
    false
}
