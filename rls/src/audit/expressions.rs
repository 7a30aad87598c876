//! What can be seen in an expression as PostgreSQL prints it, and in the text of a function.

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Names with dots between, without their quotes; keywords too.
    Name(Vec<String>),
    /// The content of a literal.
    Text(String),
    /// A number.
    Number(String),
    /// Anything else.
    Sign(char),
}

impl Token {
    /// Whether it is this keyword; `word` is in lower case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Name(path) if matches!(path.as_slice(), [one] if one.eq_ignore_ascii_case(word)))
    }

    fn is_sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// Splits SQL into tokens; comments are left out.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = sql.chars().peekable();
    let mut path: Option<Vec<String>> = None;
    let mut dotted = false;
    while let Some(c) = rest.next() {
        let name = if c == '"' {
            Some(quoted(&mut rest, '"'))
        } else if c.is_alphabetic() || c == '_' {
            let mut name = String::from(c);
            while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '$')) {
                name.push(c);
            }
            Some(name)
        } else {
            None
        };
        if let Some(name) = name {
            match &mut path {
                Some(path) if dotted => path.push(name),
                path => tokens.extend(path.replace(vec![name]).map(Token::Name)),
            }
            dotted = false;
            continue;
        }
        if c == '.' && path.is_some() && !dotted {
            dotted = true;
            continue;
        }
        tokens.extend(path.take().map(Token::Name));
        dotted = false;
        match c {
            '\'' => tokens.push(Token::Text(quoted(&mut rest, '\''))),
            '-' if rest.next_if_eq(&'-').is_some() => {
                while rest.next_if(|c| *c != '\n').is_some() {}
            }
            '/' if rest.next_if_eq(&'*').is_some() => {
                let mut before = ' ';
                for c in rest.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
            }
            c if c.is_ascii_digit() => {
                let mut number = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_ascii_digit() || *c == '.') {
                    number.push(c);
                }
                tokens.push(Token::Number(number));
            }
            c if c.is_whitespace() => {}
            c => tokens.push(Token::Sign(c)),
        }
    }
    tokens.extend(path.map(Token::Name));
    tokens
}

/// What stands before the closing quote; a doubled one is part of it.
fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, quote: char) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        if c == quote && rest.next_if_eq(&quote).is_none() {
            break;
        }
        text.push(c);
    }
    text
}

/// Whether a test holds for every row, and plainly so: `true`, `1 = 1`, or an `or` with one.
pub(super) fn always_true(sql: &str) -> bool {
    is_true(&tokens(sql))
}

fn is_true(tokens: &[Token]) -> bool {
    if let [first, inner @ .., last] = tokens
        && first.is_sign('(')
        && last.is_sign(')')
        && balanced(inner)
    {
        return is_true(inner);
    }
    let alternatives = split(tokens, |token| token.is("or"));
    if alternatives.len() > 1 {
        return alternatives.into_iter().any(is_true);
    }
    match tokens {
        [one] => one.is("true"),
        _ => match split(tokens, |token| token.is_sign('=')).as_slice() {
            [left, right] => {
                let constant = |token: &Token| !matches!(token, Token::Name(_) | Token::Sign('('));
                left == right
                    && left.iter().any(|token| !matches!(token, Token::Sign(_)))
                    && left.first().is_some_and(constant)
            }
            _ => false,
        },
    }
}

/// Whether every parenthesis that is opened is closed, in order.
fn balanced(tokens: &[Token]) -> bool {
    let mut depth = 0_i32;
    tokens.iter().all(|token| {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth -= 1,
            _ => {}
        }
        depth >= 0
    }) && depth == 0
}

/// Splits at what stands outside of all parentheses.
fn split(tokens: &[Token], at: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth -= 1,
                _ => {}
            }
            depth == 0 && at(token)
        })
        .collect()
}

/// Whether an expression asks something of a column of the row itself: of a bare column outside of
/// sub-selects, or of one with the table's name anywhere.
pub(super) fn asks(sql: &str, table: &str, column: &str) -> bool {
    let mut selects: Vec<bool> = Vec::new();
    let mut before_open = false;
    for token in tokens(sql) {
        if before_open {
            selects.push(token.is("select"));
        }
        before_open = token.is_sign('(');
        match &token {
            Token::Sign(')') => {
                selects.pop();
            }
            Token::Name(path) => match path.as_slice() {
                [one] if one == column && !selects.contains(&true) => return true,
                [.., of, one] if of == table && one == column => return true,
                _ => {}
            },
            _ => {}
        }
    }
    false
}

/// A function that an expression calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Its name with its schema.
    pub(super) name: String,
    /// Whether it is given a column.
    pub(super) on_columns: bool,
    /// Whether it is evaluated once for each statement: in a sub-select of its own, or in `from`.
    pub(super) once: bool,
}

/// A pair of parentheses, or the whole.
struct Group {
    parent: Option<usize>,
    select: bool,
    from: bool,
}

/// The functions that are not PostgreSQL's own, and `current_setting`.
pub(super) fn calls(sql: &str, table: &str, columns: &[&str]) -> Vec<Call> {
    let tokens = tokens(sql);
    let mut groups = vec![Group {
        parent: None,
        select: false,
        from: false,
    }];
    let mut at = 0;
    let mut found: Vec<(Call, usize, usize)> = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        let before = position
            .checked_sub(1)
            .and_then(|before| tokens.get(before));
        let next = tokens.get(position + 1);
        match token {
            Token::Sign('(') => {
                groups.push(Group {
                    parent: Some(at),
                    select: next.is_some_and(|next| next.is("select")),
                    from: false,
                });
                at = groups.len() - 1;
            }
            Token::Sign(')') => at = groups.get(at).and_then(|group| group.parent).unwrap_or(0),
            Token::Name(_) if token.is("from") => {
                if let Some(group) = groups.get_mut(at) {
                    group.from = true;
                }
            }
            Token::Name(path) => {
                let opens = next.is_some_and(|next| next.is_sign('('));
                let cast = before.is_some_and(|before| before.is_sign(':'));
                let foreign = path.len() > 1 || token.is("current_setting");
                if opens && foreign && !cast {
                    let in_from = before.is_some_and(|before| {
                        ["from", "join", "lateral"]
                            .iter()
                            .any(|word| before.is(word))
                    });
                    let call = Call {
                        name: path.join("."),
                        on_columns: false,
                        once: in_from,
                    };
                    // Its own parentheses are the next group.
                    found.push((call, at, groups.len()));
                } else if !cast {
                    let column = match path.as_slice() {
                        [one] => columns.contains(&one.as_str()),
                        [.., of, _] => of == table,
                        [] => false,
                    };
                    if column {
                        for (call, _, own) in &mut found {
                            call.on_columns |= within(&groups, at, *own);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    found
        .into_iter()
        .map(|(call, outer, _)| {
            let select = enclosing_select(&groups, outer);
            let alone = select.is_some_and(|group| !group.from);
            Call {
                once: call.once || alone,
                ..call
            }
        })
        .collect()
}

/// Whether a group is another one or lies in it.
fn within(groups: &[Group], mut at: usize, of: usize) -> bool {
    while at != of {
        match groups.get(at).and_then(|group| group.parent) {
            Some(parent) => at = parent,
            None => return false,
        }
    }
    true
}

fn enclosing_select(groups: &[Group], at: usize) -> Option<&Group> {
    let group = groups.get(at)?;
    if group.select {
        return Some(group);
    }
    enclosing_select(groups, group.parent?)
}

/// Whether the text of a function takes any one row of a table: `from <table> ... limit 1` without
/// a condition.
pub(super) fn takes_any(body: &str, table: &str) -> bool {
    let tokens = tokens(body);
    let named = |token: &Token| matches!(token, Token::Name(path) if path.last().is_some_and(|last| last == table));
    tokens.iter().enumerate().any(|(position, token)| {
        if !token.is("from") || !tokens.get(position + 1).is_some_and(named) {
            return false;
        }
        let mut depth = 0_i32;
        let rest = tokens.get(position + 2..).unwrap_or_default();
        let of_query: Vec<&Token> = rest
            .iter()
            .take_while(|token| {
                match token {
                    Token::Sign('(') => depth += 1,
                    Token::Sign(')') => depth -= 1,
                    _ => {}
                }
                depth >= 0 && !token.is_sign(';')
            })
            .collect();
        let conditional = of_query
            .iter()
            .any(|token| token.is("where") || token.is("join"));
        let one = of_query.windows(2).any(|pair| match pair {
            [first, Token::Number(number)] => first.is("limit") && number == "1",
            [first, second] => first.is("fetch") && (second.is("first") || second.is("next")),
            _ => false,
        });
        one && !conditional
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_always_true_is_seen() {
        for text in [
            "true",
            "(true)",
            "(1 = 1)",
            "('a'::text = 'a'::text)",
            "((x > 3) OR true)",
        ] {
            assert!(always_true(text), "{text}");
        }
        for text in [
            "false",
            "(x = x)",
            "(1 = 2)",
            "(true AND (x > 3))",
            "(a) = (a)",
            "(auth.uid() = auth.uid())",
        ] {
            assert!(!always_true(text), "{text}");
        }
    }

    #[test]
    fn the_rows_own_columns_are_told_from_others() {
        for (text, expected) in [
            ("(org_id = ANY (ARRAY( SELECT f.g() AS g)))", true),
            ("(org_id IN ( SELECT m.org_id FROM s.members m))", true),
            (
                "(EXISTS ( SELECT 1 FROM s.members m WHERE (m.org_id = t.org_id)))",
                true,
            ),
            (
                "(EXISTS ( SELECT 1 FROM s.members m WHERE (m.org_id = m.other)))",
                false,
            ),
            ("(user_id IN ( SELECT org_id FROM s.members))", false),
            ("(status = 'org_id'::text)", false),
        ] {
            assert_eq!(asks(text, "t", "org_id"), expected, "{text}");
        }
    }

    #[test]
    fn calls_are_once_or_for_each_row() {
        let of = |text: &str| {
            let calls = calls(text, "t", &["org_id", "user_id"]);
            let one = calls.first().unwrap();
            assert_eq!(calls.len(), 1, "{text}");
            (one.once, one.on_columns)
        };
        assert_eq!(of("(user_id = auth.uid())"), (false, false));
        assert_eq!(of("(user_id = ( SELECT auth.uid() AS uid))"), (true, false));
        assert_eq!(
            of("(user_id = ( SELECT (auth.uid())::text AS uid))"),
            (true, false)
        );
        assert_eq!(
            of("(org_id = ANY (ARRAY( SELECT c.f() AS f)))"),
            (true, false)
        );
        assert_eq!(
            of("(org_id IN ( SELECT h.tenant FROM c.f() h(tenant, value)))"),
            (true, false)
        );
        assert_eq!(
            of("(org_id IN ( SELECT m.org_id FROM s.m WHERE (m.u = auth.uid())))"),
            (false, false)
        );
        assert_eq!(of("c.is_member(org_id)"), (false, true));
        assert_eq!(
            of("( SELECT c.is_member(t.org_id) AS is_member)"),
            (true, true)
        );
        assert_eq!(
            of("(current_setting('x'::text, true) = 'y'::text)"),
            (false, false)
        );
        assert!(calls("(a = ('x'::s.kind(3)))", "t", &[]).is_empty());
    }

    #[test]
    fn taking_any_row_is_seen() {
        for text in [
            "select id from \"Accounts\" limit 1",
            "begin\n  select id into v from public.\"Accounts\" order by created_at limit 1; return v; end",
            "insert into x values ((SELECT id FROM \"Accounts\" LIMIT 1), 2)",
            "select id from \"Accounts\" fetch first row only",
        ] {
            assert!(takes_any(text, "Accounts"), "{text}");
        }
        for text in [
            "select id from \"Accounts\" where owner = auth.uid() limit 1",
            "select id from \"Accounts\"; select 1 from x limit 1",
            "-- select id from \"Accounts\" limit 1",
            "select id from \"Accounts_old\" limit 1",
            "select id from \"Accounts\" limit 10",
        ] {
            assert!(!takes_any(text, "Accounts"), "{text}");
        }
    }
}
