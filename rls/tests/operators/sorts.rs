//! The columns under test: every type, with the values at its edges in every spelling.

use crate::dice::Dice;

/// A type under test. Two columns of it may be NULL, the third may not.
pub(crate) struct Sort {
    /// What its columns are called, before `_x`, `_y` and `_z`.
    pub(crate) name: &'static str,
    /// Their types.
    pub(crate) types: [&'static str; 3],
    pub(crate) labels: &'static [&'static str],
    /// What can be asked.
    pub(crate) asks: Asks,
    /// Values as a client might write them.
    values: &'static [&'static str],
    /// Values as a policy writes them, if not all of the above.
    literals: Option<&'static [&'static str]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    Flag,
    Order,
    Equality,
    Text,
    NullOnly,
}

const INTEGERS: &[&str] = &[
    "0", "1", "-1", "2", "9", "10", "-10", "100", "32767", "-32768",
];

const DECIMALS: &[&str] = &[
    "NaN",
    "Infinity",
    "-Infinity",
    "0",
    "-0.0",
    "0.000",
    "1",
    "1.00",
    "1.0000000000000000000000000001",
    "0.1",
    "-0.1",
    ".5",
    "0.50",
    "-7",
    "9.99",
    "10",
    "123456.789",
    "99999999999999999999999999999999999999.5",
    "-99999999999999999999999999999999999999.50",
    "9223372036854775808",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "ab",
    "aab",
    "b",
    "a b",
    "ab ",
    " ab",
    "%",
    "_",
    "\\",
    "a%",
    "a_b",
    "a\\b",
    "\\%",
    "100%",
    "it's",
    "''",
    "\"q\"",
    "é",
    "e\u{301}",
    "É",
    "ß",
    "ss",
    "İ",
    "i",
    "K",
    "\u{212a}",
    "k",
    "𝔸",
    "a𝔸b",
    "👩‍💻",
    "\u{200b}",
    "\u{feff}a",
    "日本",
    "\t",
    "line\nbreak",
    "null",
    "NULL",
    "true",
    "1",
    "$1",
    "\u{ffff}",
    "\u{10ffff}",
    "{a}",
];

const UUIDS: &[&str] = &[
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "a0000000-0000-4000-8000-000000000001",
    "A0000000-0000-4000-8000-000000000001",
    "{a0000000-0000-4000-8000-000000000001}",
    "a0000000000040008000000000000001",
    "a000-0000-0000-4000-8000-0000-0000-0001",
    "7fffffff-ffff-ffff-ffff-ffffffffffff",
    "80000000-0000-0000-0000-000000000000",
];

const TIMESTAMPS: &[&str] = &[
    "infinity",
    "-infinity",
    "1970-01-01 00:00:00+00",
    "1969-12-31 23:59:59.999999+00",
    "2000-01-01T00:00:00Z",
    "2026-03-29 01:00:00+00",
    "2026-03-29 03:00:00+02:00",
    "2026-03-29 02:59:59.999999+02",
    "2026-10-25 02:30:00+02:00",
    "2026-10-25 02:30:00+01:00",
    "2026-11-01 06:00:00+00",
    "2026-11-21 17:30:00+05:30",
    "2026-11-21 12:00:00.000001+0000",
    "2026-11-21 00:00:00-15:59",
    "2026-11-21 00:00:00+15:59",
    "1880-01-01 00:00:00+00",
    "1883-11-18 12:03:58-04:56:02",
    "1937-06-30 22:40:28+00",
    "0001-01-01 00:00:00+00",
    "0044-03-15 12:00:00+00 BC",
    "4714-11-24 00:00:00+00 BC",
    "9999-12-31 23:59:59.999999+00",
    "10000-01-01 00:00:00+00",
    "294246-12-31 23:59:59.999999+00",
    "294276-12-31 23:59:59.999999+00",
    "now",
];

const TIMESTAMP_LITERALS: &[&str] = &[
    "infinity",
    "-infinity",
    "1970-01-01 00:00:00+00",
    "1969-12-31 23:59:59.999999Z",
    "2026-03-29T03:00:00+02:00",
    "2026-10-25 02:30:00+01:00",
    "2026-11-21 12:00:00.000001+0000",
    "1883-11-18 12:03:58-04:56:02",
    "0001-01-01 00:00:00+00",
    "0044-03-15 12:00:00+00 BC",
    "4714-11-24 00:00:00+00 BC",
    "10000-01-01 00:00:00+00",
    "294246-12-31 23:59:59.999999+00",
];

const DATES: &[&str] = &[
    "infinity",
    "-infinity",
    "1970-01-01",
    "1969-12-31",
    "2000-02-29",
    "2026-01-02",
    "2026-02-01",
    "2026-12-31",
    "0001-01-01",
    "0001-12-31 BC",
    "4714-11-24 BC",
    "9999-12-31",
    "10000-01-01",
    "5874897-12-31",
];

pub(crate) const SORTS: &[Sort] = &[
    Sort {
        name: "flag",
        types: ["boolean"; 3],
        labels: &[],
        asks: Asks::Flag,
        values: &[
            "true", "false", "t", "f", "yes", "no", "on", "off", "1", "0",
        ],
        literals: Some(&["true", "false"]),
    },
    Sort {
        name: "num",
        types: ["bigint", "integer", "smallint"],
        labels: &[],
        asks: Asks::Order,
        values: INTEGERS,
        literals: Some(&[
            "0",
            "1",
            "-1",
            "2",
            "10",
            "32767",
            "-32768",
            "2147483647",
            "-2147483648",
            "2147483648",
            "9223372036854775807",
            "-9223372036854775808",
            "9007199254740993",
        ]),
    },
    Sort {
        name: "big",
        types: ["bigint"; 3],
        labels: &[],
        asks: Asks::Order,
        values: &[
            "0",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775806",
            "9007199254740992",
            "9007199254740993",
            "-9007199254740993",
            "2147483648",
        ],
        literals: None,
    },
    Sort {
        name: "dec",
        types: ["numeric", "numeric(9,3)", "numeric"],
        labels: &[],
        asks: Asks::Order,
        values: DECIMALS,
        literals: None,
    },
    Sort {
        name: "txt",
        types: ["text", "character varying(9)", "character varying"],
        labels: &[],
        asks: Asks::Text,
        values: TEXTS,
        literals: None,
    },
    // Of collation "C": the only texts with an order.
    Sort {
        name: "raw",
        types: ["text", "character varying(9)", "character varying"],
        labels: &[],
        asks: Asks::Order,
        values: TEXTS,
        literals: None,
    },
    Sort {
        name: "ref",
        types: ["uuid"; 3],
        labels: &[],
        asks: Asks::Equality,
        values: UUIDS,
        literals: Some(&[
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "A0000000-0000-4000-8000-000000000001",
            "80000000-0000-0000-0000-000000000000",
        ]),
    },
    Sort {
        name: "at",
        types: ["timestamp with time zone"; 3],
        labels: &[],
        asks: Asks::Order,
        values: TIMESTAMPS,
        literals: Some(TIMESTAMP_LITERALS),
    },
    Sort {
        name: "day",
        types: ["date"; 3],
        labels: &[],
        asks: Asks::Order,
        values: DATES,
        literals: None,
    },
    Sort {
        name: "mood",
        types: ["ops.mood", "ops.mood", "ops.mood"],
        labels: &["sad", "Ok", "it's", "véry"],
        asks: Asks::Equality,
        values: &["sad", "Ok", "it's", "véry"],
        literals: None,
    },
    Sort {
        name: "doc",
        types: ["bytea", "double precision", "interval"],
        labels: &[],
        asks: Asks::NullOnly,
        values: &["1"],
        literals: None,
    },
    Sort {
        name: "pair",
        types: ["ops.pair", "ops.pair[]", "jsonb"],
        labels: &[],
        asks: Asks::NullOnly,
        values: &["(,)", "(1,)", "(1,2)"],
        literals: None,
    },
];

impl Sort {
    /// The collation of its columns, if it is not the database's.
    pub(crate) fn collation(&self) -> &'static str {
        if self.name == "raw" { "C" } else { "" }
    }

    pub(crate) fn column(&self, at: usize) -> String {
        format!("{}_{}", self.name, ["x", "y", "z"][at])
    }

    /// A value for one of the columns, as SQL; NULL at times, if it may be.
    pub(crate) fn value(&self, at: usize, dice: &mut Dice) -> String {
        if at < 2 && dice.once_in(5) {
            return "null".to_owned();
        }
        let text = match (self.name, self.types[at]) {
            ("pair", "jsonb") => (*dice.pick(&["null", "{}", "[]", "\"\"", "0"])).to_owned(),
            ("pair", "ops.pair[]") => (*dice.pick(&["{}", "{null}", "{\"(,)\"}"])).to_owned(),
            ("txt" | "raw", _) => match dice.below(4) {
                0 => random_text(dice),
                _ => (*dice.pick(TEXTS)).to_owned(),
            },
            _ => (*dice.pick(self.values)).to_owned(),
        };
        let text = match self.types[at] {
            "numeric(9,3)" if text.contains("Inf") || text.contains("9999") || text.len() > 18 => {
                "999999.999".to_owned()
            }
            "character varying(9)" => text.chars().take(9).collect(),
            _ => text,
        };
        format!("'{}'", text.replace('\'', "''"))
    }

    /// A value as a policy writes it.
    pub(crate) fn literal(&self, dice: &mut Dice) -> String {
        let text = *dice.pick(self.literals.unwrap_or(self.values));
        match self.asks {
            Asks::Flag => text.to_owned(),
            Asks::Order if matches!(self.name, "num" | "big") => text.to_owned(),
            // With a point it is a number by itself.
            _ if self.name == "dec" && text.contains("0.") => text.to_owned(),
            _ => format!("'{}'", text.replace('\'', "''")),
        }
    }
}

/// A short text of the characters that patterns look at.
pub(crate) fn random_text(dice: &mut Dice) -> String {
    const CHARACTERS: &[char] = &[
        'a', 'b', 'A', 'k', 'K', '\u{212a}', '%', '_', '\\', 'é', 'É', '\u{301}', '𝔸', ' ',
    ];
    (0..dice.below(7)).map(|_| *dice.pick(CHARACTERS)).collect()
}
