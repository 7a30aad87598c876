//! SQL text in pieces: what is a name, what is quoted, what is a comment. Enough to change a script
//! without changing what it quotes, and to tell its statements apart.

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// White space.
    Space,
    /// A comment, to the end of its line or block.
    Comment,
    /// A keyword, a plain name, or a number.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A literal in single quotes, its `e` included.
    Text,
    /// A dollar-quoted literal, its tags included.
    Dollar,
    /// Anything else, one character at a time.
    Other,
}

/// A piece of a script. All of them in a row are the script again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its characters.
    pub(crate) text: &'a str,
}

impl Token<'_> {
    /// Whether it means something.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self.kind, Kind::Space | Kind::Comment)
    }

    /// Whether it is this keyword or plain name, given in lower case.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// The pieces of a script.
pub(crate) fn tokens(script: &str) -> Vec<Token<'_>> {
    let (mut all, mut rest) = (Vec::new(), script);
    while let Some(first) = rest.chars().next() {
        let (kind, length) = piece(rest, first);
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        all.push(Token { kind, text });
        rest = after;
    }
    all
}

/// The statements of a script with the comments before them, without semicolons.
pub(crate) fn statements(script: &str) -> Vec<String> {
    let (mut all, mut current, mut counts) = (Vec::new(), String::new(), false);
    for token in tokens(script) {
        if token.kind == Kind::Other && token.text == ";" {
            if counts {
                all.push(current.trim().to_owned());
            }
            (current, counts) = (String::new(), false);
        } else {
            current.push_str(token.text);
            counts |= token.counts();
        }
    }
    if counts {
        all.push(current.trim().to_owned());
    }
    all
}

fn piece(rest: &str, first: char) -> (Kind, usize) {
    match first {
        c if c.is_whitespace() => (Kind::Space, run(rest, char::is_whitespace)),
        '-' if rest.starts_with("--") => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => (Kind::Comment, block(rest)),
        '"' => (Kind::Quoted, 1 + closing(rest, 1, '"', false)),
        '\'' => (Kind::Text, 1 + closing(rest, 1, '\'', false)),
        'e' | 'E' if rest.chars().nth(1) == Some('\'') => {
            (Kind::Text, 2 + closing(rest, 2, '\'', true))
        }
        '$' => match dollar(rest) {
            Some(length) => (Kind::Dollar, length),
            None => (Kind::Other, 1),
        },
        c if is_word(c) => (Kind::Word, run(rest, |c| is_word(c) || c == '$')),
        c => (Kind::Other, c.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn run(rest: &str, inside: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !inside(c)).unwrap_or(rest.len())
}

/// How far it is from `start` to behind the closing quote. A doubled quote does not close.
fn closing(rest: &str, start: usize, quote: char, backslashes: bool) -> usize {
    let body = rest.get(start..).unwrap_or_default();
    let mut chars = body.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if backslashes && c == '\\' {
            chars.next();
        } else if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + 1;
            }
        }
    }
    body.len()
}

/// The length of a block comment; they nest.
fn block(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if tail.starts_with("*/") {
            (depth, at) = (depth.saturating_sub(1), at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a dollar-quoted literal, if this is one.
fn dollar(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('$')?;
    let length = run(inner, is_word);
    let tag = rest.get(..length + 2).filter(|tag| tag.ends_with('$'))?;
    let starts_with_digit = inner.starts_with(|c: char| c.is_ascii_digit());
    if starts_with_digit {
        return None;
    }
    let body = rest.get(tag.len()..)?;
    Some(body.find(tag).map_or(rest.len(), |at| at + 2 * tag.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(script: &str) -> Vec<(Kind, &str)> {
        let found = tokens(script);
        let all: String = found.iter().map(|token| token.text).collect();
        assert_eq!(all, script);
        let counts = found.into_iter().filter(Token::counts);
        counts.map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn quotes_and_comments_are_whole() {
        use Kind::{Dollar, Other, Quoted, Text, Word};
        for (script, expected) in [
            (
                "a.\"B\"\"c\"",
                vec![(Word, "a"), (Other, "."), (Quoted, "\"B\"\"c\"")],
            ),
            ("'it''s' -- 'x\n", vec![(Text, "'it''s'")]),
            (
                "e'a\\'b' /* ' /* */ ; */ x",
                vec![(Text, "e'a\\'b'"), (Word, "x")],
            ),
            ("$f$ a $$ b $f$", vec![(Dollar, "$f$ a $$ b $f$")]),
            (
                "$1 + x",
                vec![(Other, "$"), (Word, "1"), (Other, "+"), (Word, "x")],
            ),
            ("'open", vec![(Text, "'open")]),
        ] {
            assert_eq!(kinds(script), expected, "{script}");
        }
    }

    #[test]
    fn statements_end_at_their_own_semicolons() {
        let script = "-- a; b\nselect ';';\n\ncreate function f() as $x$ begin; end $x$;\n-- end\n";
        let found = statements(script);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("-- a; b\nselect"));
        assert!(found[1].ends_with("$x$"));
    }
}
