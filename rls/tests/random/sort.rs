//! The types that random columns have.

/// A type with its few values, so that rows and rules often meet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) data_type: &'static str,
    pub(crate) values: &'static [&'static str],
    pub(crate) ordered: bool,
}

pub(crate) const INT: Sort = Sort {
    data_type: "integer",
    values: &["0", "1", "2", "3"],
    ordered: true,
};
pub(crate) const BOOL: Sort = Sort {
    data_type: "boolean",
    values: &["true", "false"],
    ordered: false,
};
pub(crate) const TEXT: Sort = Sort {
    data_type: "text",
    values: &["a", "b", "ab", "Ab", "", "a\\b"],
    ordered: false,
};
pub(crate) const DECIMAL: Sort = Sort {
    data_type: "numeric(6,2)",
    values: &["0", "1.5", "1.50", "NaN"],
    ordered: true,
};
pub(crate) const DATE: Sort = Sort {
    data_type: "date",
    values: &["2026-01-01", "2026-01-02", "infinity"],
    ordered: true,
};
pub(crate) const TIME: Sort = Sort {
    data_type: "timestamp with time zone",
    values: &[
        "2026-01-01 00:00:00+00",
        "2026-01-02 00:00:00+00",
        "2999-01-01 00:00:00+00",
    ],
    ordered: true,
};
pub(crate) const MOOD: Sort = Sort {
    data_type: "rnd.mood",
    values: &["sad", "ok"],
    ordered: false,
};
pub(crate) const DOC: Sort = Sort {
    data_type: "bytea",
    values: &["1", "2"],
    ordered: false,
};
/// People's ids.
pub(crate) const PERSON: Sort = Sort {
    data_type: "uuid",
    values: &[
        "00000000-0000-4000-8000-000000000001",
        "00000000-0000-4000-8000-000000000002",
        "00000000-0000-4000-8000-000000000003",
        "00000000-0000-4000-8000-000000000004",
        "00000000-0000-4000-8000-000000000005",
        "00000000-0000-4000-8000-000000000006",
    ],
    ordered: false,
};
/// The same where ids are text: what is nearly the same is not.
pub(crate) const HANDLE: Sort = Sort {
    data_type: "text",
    values: &[
        "ann",
        "Ann",
        "ann ",
        "o'neil \\ söhne",
        "00000000-0000-4000-8000-000000000001",
        "null",
    ],
    ordered: false,
};
/// Tenants' ids.
pub(crate) const TENANT: Sort = Sort {
    data_type: "uuid",
    values: &[
        "10000000-0000-4000-8000-000000000001",
        "10000000-0000-4000-8000-000000000002",
    ],
    ordered: false,
};
pub(crate) const ROLE: Sort = Sort {
    data_type: "text",
    values: &["low", "mid", "top", "odd"],
    ordered: false,
};
/// Other rows' ids.
pub(crate) const KEY: Sort = Sort {
    data_type: "uuid",
    values: &[],
    ordered: false,
};

pub(crate) const EXTRA: [&Sort; 9] = [
    &INT, &DECIMAL, &BOOL, &TEXT, &TEXT, &DATE, &TIME, &MOOD, &PERSON,
];

impl Sort {
    /// Whether its values are people's ids.
    pub(crate) fn is_person(&self) -> bool {
        [&PERSON, &HANDLE].contains(&self)
    }
}
