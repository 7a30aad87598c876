//! What a guard asks of an update, as a formula over the same tests as the policies.

use super::formula::Formula;
use super::tokens::{Token, tokens};

/// What stands before the names of columns, in the test whether an update changes any of them.
const CHANGES: &str = "changes: ";

/// The columns that a test speaks of, if it is the test whether an update changes any.
pub(super) fn changed(test: &str) -> Option<Vec<&str>> {
    Some(test.strip_prefix(CHANGES)?.split(", ").collect())
}

/// The test whether an update changes this column.
pub(super) fn changes(column: &str) -> String {
    format!("{CHANGES}{column}")
}

/// A generated guard, read from its function's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Guard {
    /// What must be true, for the database role of that name or for all others.
    allowed: Vec<(Option<String>, Formula)>,
    /// Everything else in the body.
    rest: String,
    /// The variables that say whether some columns are changed, and those columns.
    changes: Vec<(String, Vec<String>)>,
}

/// What stands before a condition.
const ASSIGNED: &str = "allowed :=";

impl Guard {
    /// Reads the body: one condition, or one for each database role.
    pub(super) fn read(body: &str) -> Option<Self> {
        let mut pieces = body.split(ASSIGNED);
        let head = pieces.next()?;
        let (mut allowed, mut rest) = (Vec::new(), head.to_owned());
        for piece in pieces {
            let of = branch(&rest)?;
            let all = tokens(piece);
            let end = all.iter().position(|token| token.is(";"))?;
            let text = |of: &[Token]| -> String { of.iter().map(Token::text).collect() };
            allowed.push((of, Formula::read(&text(all.get(..end)?))));
            rest += ASSIGNED;
            rest += &text(all.get(end..)?);
        }
        let (last, others) = allowed.split_last()?;
        let complete = last.0.is_none() && others.iter().all(|(of, _)| of.is_some());
        complete.then(|| Self {
            allowed,
            changes: head.split(';').filter_map(declaration).collect(),
            rest,
        })
    }

    /// Whether two differ only in what must be true.
    pub(super) fn differs_in_tests_only(&self, other: &Self) -> bool {
        self.rest == other.rest
    }

    /// What must be true for a database role, in the words of the policies' tests where they have
    /// the same. A test of the new row is named by `new`; one of both rows stands for itself, and may
    /// be anything.
    pub(super) fn formula(
        &self,
        role: &str,
        table: &str,
        known: &[&str],
        new: &dyn Fn(&str) -> String,
    ) -> Formula {
        let mut branches = self.allowed.iter();
        let of_role = |of: &Option<String>| of.as_ref().is_none_or(|of| of == role);
        let Some((_, allowed)) = branches.find(|(of, _)| of_role(of)) else {
            return Formula::Constant(false);
        };
        allowed.with(&|text| {
            if let Some((_, columns)) = self.changes.iter().find(|(name, _)| *name == text) {
                return changed_any(columns, known);
            }
            let words: Vec<&str> = text.split(' ').collect();
            let (old_row, new_row) = (words.contains(&"old"), words.contains(&"new"));
            let same = |of: &&&str| canonical(of, table) == canonical(text, table);
            Formula::Test(match known.iter().find(same) {
                Some(of) if new_row && !old_row => new(of),
                Some(of) if !new_row => (*of).to_owned(),
                _ if old_row && !new_row => {
                    helper(text).unwrap_or_else(|| text.replace("old . ", ""))
                }
                _ if new_row && !old_row => new(&text.replace("new . ", "")),
                _ => format!("guard: {text}"),
            })
        })
    }
}

/// The database role whose condition comes next, `Some(None)` being all that were not named before.
fn branch(before: &str) -> Option<Option<String>> {
    let before = before.trim_end();
    if before.ends_with("begin") || before.ends_with("else") {
        return Some(None);
    }
    let (_, role) = before
        .strip_suffix("' then")?
        .rsplit_once("if current_user = '")?;
    Some(Some(role.to_owned()))
}

/// A variable that says whether an update changes some columns, and those columns.
fn declaration(text: &str) -> Option<(String, Vec<String>)> {
    let (variable, test) = text.split_once(" boolean :=")?;
    let (new, old) = test.split_once("is distinct from")?;
    let list = |row: &str, of: &str| -> Option<Vec<String>> {
        let of = of.trim().trim_matches(['(', ')']).split(',');
        of.map(|name| {
            let column = name.trim().strip_prefix(row)?;
            Some(column.trim_matches('"').to_owned())
        })
        .collect()
    };
    let (new, old) = (list("new.", new)?, list("old.", old)?);
    let variable = variable.split_whitespace().last()?.to_owned();
    (new == old).then_some((variable, new))
}

/// Whether an update changes any of some columns: each by itself that a test speaks of, and the rest.
fn changed_any(columns: &[String], known: &[&str]) -> Formula {
    let spoken_of = |column: &&String| {
        let mut words = known.iter().flat_map(|test| test.split(' '));
        words.any(|word| word.trim_matches('"') == column.as_str())
    };
    let (told, rest): (Vec<&String>, Vec<&String>) = columns.iter().partition(spoken_of);
    let rest: Vec<&str> = rest.iter().map(|column| column.as_str()).collect();
    let mut tests: Vec<String> = told.iter().map(|column| changes(column)).collect();
    if !rest.is_empty() {
        tests.push(changes(&rest.join(", ")));
    }
    Formula::Any(tests.into_iter().map(Formula::Test).collect())
}

/// A test whether the caller has a rank in a tenant that never changes, as policies have it.
fn helper(test: &str) -> Option<String> {
    let rest = test.strip_prefix("old . ")?;
    let (column, rest) = rest.split_once(" = any ( array ( select countersign . ")?;
    let name = rest.strip_suffix(" ( ) ) )")?;
    let plain = |text: &str| !text.contains(' ');
    (plain(column) && plain(name))
        .then(|| format!("{column} = ANY ( ARRAY ( SELECT countersign . {name} ( ) AS {name} ) )"))
}

/// A test without what is written differently in a policy and in a function: parentheses, the
/// row's name, casts of literals, names of results, and the subquery around a function.
fn canonical(test: &str, table: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    // PostgreSQL prints the columns of a function's rows behind their name.
    let test = test.replace(" h ( tenant , value )", " h");
    let mut rest = test
        .split(' ')
        .filter(|word| !matches!(*word, "(" | ")" | "[" | "]"));
    while let Some(word) = rest.next() {
        let lower = word.to_ascii_lowercase();
        let of_row = |row: &String| ["old", "new", table].contains(&row.as_str());
        match lower.as_str() {
            "as" | "::" => drop(rest.next()),
            "select" => {}
            "." if words.last().is_some_and(of_row) => drop(words.pop()),
            _ if word.starts_with(['\'', '"']) => words.push(word.to_owned()),
            _ => words.push(lower),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "
declare
  allowed boolean;
  changes_role boolean := new.role is distinct from old.role;
  changes_id_or_more boolean :=
    (new.id, new.firm_id)
    is distinct from
    (old.id, old.firm_id);
begin
  allowed :=
    -- boss: update (role); everything
       (not changes_role and old.firm_id = any (array(select countersign.shop_boss())))
    or (not changes_id_or_more and old.person_id = countersign.caller_id() and new.state = 'active');
  if allowed is not true then
    raise exception using message = 'no';
  end if;
end ";

    #[test]
    fn a_team_is_the_same_however_its_rows_are_called() {
        let printed = "team_id = ANY ( ARRAY ( SELECT h . value FROM countersign . lead_by_team ( ) h ( tenant , value ) ) )";
        let written = "old . team_id = any ( array ( select h . value from countersign . lead_by_team ( ) h ) )";
        assert_eq!(canonical(printed, "calls"), canonical(written, "calls"));
    }

    #[test]
    fn a_rank_that_no_policy_asks_for_is_one_all_the_same() {
        let guard = Guard::read(BODY).unwrap();
        let mut tests = Vec::new();
        let formula = guard.formula("authenticated", "staff", &[], &|test| test.to_owned());
        formula.tests(&mut tests);
        assert!(tests.contains(&"state = 'active'"), "{tests:?}");
        let boss = "firm_id = ANY ( ARRAY ( SELECT countersign . shop_boss ( ) AS shop_boss ) )";
        assert!(tests.contains(&boss), "{tests:?}");
    }

    #[test]
    fn each_role_has_its_condition() {
        let body = "
begin
  if current_user = 'edge' then
    allowed :=
      (true);
  elsif current_user = 'anon' then
    allowed := old.a;
  else
    allowed := old.b; -- allowed
  end if;
end ";
        let guard = Guard::read(body).unwrap();
        let of = |role: &str| guard.formula(role, "staff", &[], &|test| test.to_owned());
        assert_eq!(of("edge"), Formula::Constant(true));
        assert_eq!(of("anon"), Formula::Test("a".to_owned()));
        assert_eq!(of("authenticated"), Formula::Test("b".to_owned()));
        let other = Guard::read(&body.replace("old.a", "old.b")).unwrap();
        assert!(guard.differs_in_tests_only(&other) && guard != other);
        let other = Guard::read(&body.replace("'anon'", "'nobody'")).unwrap();
        assert!(!guard.differs_in_tests_only(&other));
        // Without what holds for everybody else, or with something else before it, it is not read.
        assert_eq!(
            Guard::read(&body.replace("else\n", "elsif current_user = 'x' then\n")),
            None
        );
        assert_eq!(
            Guard::read(&body.replace("current_user", "session_user")),
            None
        );
    }

    #[test]
    fn a_guard_has_the_policies_tests() {
        let guard = Guard::read(BODY).unwrap();
        let known = [
            "firm_id = ANY ( ARRAY ( SELECT countersign . shop_boss ( ) AS shop_boss ) )",
            "person_id = ( SELECT countersign . caller_id ( ) AS caller_id )",
            "state = 'active' :: text",
        ];
        let formula = guard.formula("authenticated", "staff", &known, &|test| {
            format!("new: {test}")
        });
        let mut tests = Vec::new();
        formula.tests(&mut tests);
        let state = "new: state = 'active' :: text";
        // A policy speaks of the firm.
        let (firm, rest) = ("changes: firm_id", "changes: id");
        assert_eq!(
            tests,
            ["changes: role", known[0], firm, rest, known[1], state]
        );
        assert_eq!(changed("changes: id, firm_id"), Some(vec!["id", "firm_id"]));
        let other = Guard::read(&BODY.replace("new.state", "old.state")).unwrap();
        assert!(guard.differs_in_tests_only(&other) && guard != other);
        let other = Guard::read(&BODY.replace("is distinct", "is not distinct")).unwrap();
        assert!(!guard.differs_in_tests_only(&other));
    }
}
