//! Policy texts from a tape of choices: any construct, with comments and line breaks anywhere.

use std::fmt::Write as _;

/// Names that are easy to mistake for something else, and some that are not.
const NAMES: [&str; 16] = [
    "tasks",
    "org_id",
    "members",
    "roles",
    "keep",
    "view",
    "where",
    "and",
    "\"Order\"",
    "\"a \"\"b\"\" -- c\"",
    "naïve",
    "a_very_long_name_that_fills_the_line_before_anything_else",
    "check",
    "select",
    "id",
    "\"x;}\n{y\"",
];

const LITERALS: [&str; 6] = [
    "'draft'",
    "'it''s -- no comment'",
    "-5",
    "true",
    "null",
    "'a\n  b'",
];

/// A text that parses, from any tape.
pub(crate) fn policy(tape: &[u8]) -> String {
    let mut writer = Writer {
        tape: tape.iter(),
        text: String::new(),
    };
    writer.policy();
    writer.text
}

struct Writer<'t> {
    tape: std::slice::Iter<'t, u8>,
    text: String,
}

impl Writer<'_> {
    /// The next choice; always the first when the tape has ended, so that every text ends.
    fn pick(&mut self, among: usize) -> usize {
        self.tape
            .next()
            .map_or(0, |choice| usize::from(*choice) % among)
    }

    fn maybe(&mut self) -> bool {
        self.pick(2) == 1
    }

    /// What stands between two words.
    fn gap(&mut self) {
        let number = self.tape.len();
        match self.pick(24) {
            0..12 => self.text.push(' '),
            12..16 => self.text.push('\n'),
            16 => self.text.push_str("\n\n"),
            17 => self.text.push_str(" \t\r\n \n\n"),
            18 => {
                let _ = writeln!(self.text, " -- behind {number}");
            }
            19 => {
                let _ = write!(self.text, "\n -- above {number}\n    ");
            }
            20 => {
                let _ = write!(self.text, " --b {number}\n\n\n--a \t\n--\n\n");
            }
            21 => {
                let _ = write!(self.text, " -- one {number}\r\n                   -- two\n");
            }
            22 => {
                let line = self.text.rsplit('\n').next().unwrap_or_default();
                let column = line.chars().count();
                let _ = writeln!(self.text, "-- {number}\n{:column$}-- goes on", "");
            }
            _ => self.text.push_str("  "),
        }
    }

    fn words(&mut self, words: &str) {
        for word in words.split(' ') {
            self.text.push_str(word);
            self.gap();
        }
    }

    fn name(&mut self) {
        let name = NAMES[self.pick(NAMES.len())];
        self.text.push_str(name);
        self.gap();
    }

    /// A name that no keyword of the place can be mistaken for.
    fn plain(&mut self) {
        let name = ["tasks", "org_id", "\"Order\"", "owner", "role_x"][self.pick(5)];
        self.text.push_str(name);
        self.gap();
    }

    fn list(&mut self, of: fn(&mut Self)) {
        self.words("(");
        of(self);
        for _ in 0..self.pick(7) {
            self.words(",");
            of(self);
        }
        self.words(")");
    }

    fn policy(&mut self) {
        if self.maybe() {
            self.gap();
        }
        self.words("app");
        self.name();
        self.words(";");
        let mut tenant = false;
        while self.tape.len() > 0 {
            match self.pick(12) {
                0 => self.words("caller id uuid ;"),
                1 => {
                    self.words("managed");
                    self.columns();
                    self.words(";");
                }
                2 if !tenant => {
                    tenant = true;
                    self.tenant();
                }
                3 => {
                    self.words("on view");
                    self.plain();
                    self.block(Self::rule);
                }
                4 | 5 => {
                    self.words("on function");
                    self.plain();
                    self.words("( timestamp with time zone , uuid )");
                    self.block(Self::rule);
                }
                6 => {
                    self.words("resource");
                    self.plain();
                    if self.maybe() {
                        self.words(".");
                        self.plain();
                    }
                    self.block(Self::operations);
                }
                _ => self.table(),
            }
        }
    }

    fn operations(&mut self) {
        self.subject();
        self.words(": read , write ;");
    }

    fn tenant(&mut self) {
        self.words("tenant");
        self.name();
        self.words("(");
        self.name();
        self.words(")");
        if self.maybe() {
            self.words("found by");
            self.name();
            self.words("stamped");
            self.name();
        }
        for _ in 0..self.pick(3) {
            self.words("members");
            self.name();
            self.words("(");
            self.name();
            self.words(",");
            self.name();
            for _ in 0..self.pick(4) {
                self.words(",");
                self.name();
                if self.maybe() {
                    self.words("as");
                    self.name();
                }
            }
            self.words(")");
            if self.maybe() {
                self.words("as");
                self.name();
            }
            if self.maybe() {
                self.words("where");
                self.condition();
            }
        }
        self.words("roles");
        self.name();
        for _ in 0..self.pick(5) {
            self.words(">");
            self.name();
        }
        if self.maybe() {
            self.words("keep at least one");
            self.name();
        }
        self.words(";");
    }

    fn table(&mut self) {
        self.words("on");
        self.plain();
        if self.maybe() {
            self.words("tenant");
            self.name();
        }
        if self.maybe() {
            self.words("via");
            self.link();
            while self.pick(3) == 1 {
                self.words("and");
                self.link();
            }
        }
        if self.maybe() {
            self.words("append");
        }
        if self.pick(4) == 1 {
            self.words("from");
            self.name();
            if self.maybe() {
                self.words("ttl 15 minutes");
            }
        }
        if self.pick(8) == 1 {
            self.words(";");
        } else {
            self.block(Self::item);
        }
    }

    fn link(&mut self) {
        self.name();
        self.words("in");
        self.name();
        if self.pick(3) == 1 {
            self.words("(");
            self.name();
            self.words(")");
        }
    }

    fn block(&mut self, of: fn(&mut Self)) {
        self.words("{");
        for _ in 0..self.pick(5) {
            of(self);
        }
        self.words("}");
    }

    fn item(&mut self) {
        match self.pick(9) {
            0 => self.words("inherit select , update ;"),
            1 => {
                self.words("retire");
                self.name();
                self.words("=");
                self.literal();
                self.words("by owner , seen by admin , stamped");
                self.name();
                self.words(";");
            }
            2 => {
                self.words("never");
                self.action();
                self.words(";");
            }
            3 => {
                let word = ["fixed", "hidden", "managed"][self.pick(3)];
                self.words(word);
                self.columns();
                self.words(";");
            }
            _ => self.rule(),
        }
    }

    fn subject(&mut self) {
        if self.pick(4) == 1 {
            self.words("outside");
        }
        if self.pick(3) == 1 {
            self.words("self");
            self.name();
        } else {
            self.plain();
            if self.pick(5) == 1 {
                self.words("in same");
                self.name();
                if self.maybe() {
                    self.words("as");
                    self.name();
                }
            }
        }
    }

    fn rule(&mut self) {
        self.subject();
        self.words(":");
        self.action();
        for _ in 0..self.pick(4) {
            self.words(",");
            self.action();
        }
        self.words(";");
    }

    fn action(&mut self) {
        let word = ["select", "insert", "update", "Delete", "upsert", "execute"][self.pick(6)];
        self.words(word);
        if self.maybe() {
            self.list(Self::name);
        }
        if self.maybe() {
            self.words("where");
            self.condition();
        }
        if self.maybe() {
            self.words("check");
            self.condition();
        }
        if self.pick(8) == 1 {
            self.words("blind");
        }
    }

    fn columns(&mut self) {
        if self.maybe() {
            self.list(Self::name);
        } else {
            self.name();
        }
    }

    fn literal(&mut self) {
        let literal = LITERALS[self.pick(LITERALS.len())];
        self.text.push_str(literal);
        self.gap();
    }

    fn condition(&mut self) {
        self.negation();
        while self.pick(3) == 1 {
            let word = ["and", "OR"][self.pick(2)];
            self.words(word);
            self.negation();
        }
    }

    fn negation(&mut self) {
        match self.pick(6) {
            1 => {
                self.words("not");
                self.negation();
            }
            2 => {
                self.words("(");
                self.condition();
                self.words(")");
            }
            _ => self.comparison(),
        }
    }

    fn comparison(&mut self) {
        self.operand();
        match self.pick(8) {
            0 => {
                let sign = ["=", "<>", "!=", "<", "<=", ">", ">="][self.pick(7)];
                self.words(sign);
                self.operand();
            }
            1 => {
                if self.maybe() {
                    self.words("not");
                }
                self.words("in");
                self.list(Self::literal);
            }
            2 => {
                if self.maybe() {
                    self.words("not");
                }
                self.words("between");
                self.operand();
                self.words("and");
                self.operand();
            }
            3 => self.words("like 'x%'"),
            4 => self.words("is not null"),
            5 => {
                self.words("is distinct from");
                self.operand();
            }
            6 => self.words("is null"),
            _ => {}
        }
    }

    fn operand(&mut self) {
        match self.pick(6) {
            0 => self.words("caller . id"),
            1 => self.words("now ( )"),
            2 => self.literal(),
            _ => self.plain(),
        }
    }
}
