//! Types of conditions: what cannot mean the same on every server and in every session is refused.

use super::context::Context;
use crate::catalogue::Relation;
use crate::condition::{Comparison, Condition, Operand, Pattern};
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::tree::{self, ConditionKind, Name, OperandKind, Value};
use crate::value::{Decimal, Kind, Literal, date_from_text, timestamp_from_text, uuid_from_text};

/// Resolves a condition over a relation's rows; `None` after a finding.
pub(super) fn condition(
    context: &mut Context<'_>,
    relation: &Relation,
    written: &tree::Condition,
) -> Option<Condition> {
    Typing { context, relation }.condition(written)
}

/// A literal of the type of a column; `None` after a finding.
pub(super) fn column_literal(
    context: &mut Context<'_>,
    relation: &Relation,
    column: &Name,
    literal: &tree::Literal,
) -> Option<Literal> {
    let written = tree::Operand {
        kind: OperandKind::Literal(literal.value.clone()),
        span: literal.span,
    };
    let kind = relation.column(&column.text)?.kind();
    Typing { context, relation }.literal(&written, kind, Some(&column.text))
}

struct Typing<'c, 'a> {
    context: &'c mut Context<'a>,
    relation: &'c Relation,
}

impl Typing<'_, '_> {
    fn condition(&mut self, written: &tree::Condition) -> Option<Condition> {
        Some(match &written.kind {
            ConditionKind::All(parts) => Condition::All(self.each(parts)?),
            ConditionKind::Any(parts) => Condition::Any(self.each(parts)?),
            ConditionKind::Not(inner) => Condition::Not(Box::new(self.condition(inner)?)),
            ConditionKind::Compare(comparison, left, right) => {
                let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                let (left, right) = self.pair(left, right, ordered, written.span)?;
                Condition::Compare(*comparison, left, right)
            }
            ConditionKind::Between(operand, low, high) => {
                let (value, low) = self.pair(operand, low, true, written.span)?;
                let (again, high) = self.pair(operand, high, true, written.span)?;
                Condition::All(vec![
                    Condition::Compare(Comparison::GreaterOrEqual, value, low),
                    Condition::Compare(Comparison::LessOrEqual, again, high),
                ])
            }
            ConditionKind::OneOf {
                operand,
                list,
                negated,
            } => {
                let kind = self.kind(operand)?;
                self.comparable(kind, operand.span)?;
                let column = column_name(operand);
                let literals: Option<Vec<Literal>> = list
                    .iter()
                    .map(|item| self.literal(item, kind, column))
                    .collect();
                let one_of = Condition::OneOf(self.operand(operand, kind)?, literals?);
                if *negated {
                    Condition::Not(Box::new(one_of))
                } else {
                    one_of
                }
            }
            ConditionKind::IsNull(operand, negated) => {
                self.null_test(operand)?;
                let kind = self.kind(operand)?;
                let is_null = Condition::IsNull(self.operand(operand, kind)?);
                if *negated {
                    Condition::Not(Box::new(is_null))
                } else {
                    is_null
                }
            }
            ConditionKind::Distinct(left, right, negated) => {
                let (left, right) = self.pair(left, right, false, written.span)?;
                let distinct = Condition::Distinct(left, right);
                if *negated {
                    Condition::Not(Box::new(distinct))
                } else {
                    distinct
                }
            }
            ConditionKind::Like {
                operand,
                pattern,
                folds,
                negated,
            } => {
                let operator = if *folds { "ilike" } else { "like" };
                let kind = self.kind(operand)?;
                if kind != Kind::Text {
                    return self.refuse(
                        "type-mismatch",
                        operand.span,
                        &format!("`{operator}` compares text"),
                        "not text",
                    );
                }
                let OperandKind::Literal(Value::Text(text)) = &pattern.kind else {
                    return self.refuse(
                        "pattern",
                        pattern.span,
                        "a pattern must be a literal, since not every text is a valid pattern",
                        "not a literal",
                    );
                };
                let Some(parsed) = Pattern::parse(text) else {
                    return self.refuse(
                        "pattern",
                        pattern.span,
                        "a pattern must not end in `\\`: PostgreSQL fails on some rows and not on others",
                        "ends in the escape character",
                    );
                };
                if *folds && !text.is_ascii() {
                    return self.refuse(
                        "ilike",
                        pattern.span,
                        "`ilike` takes the letters A to Z in both cases and no others: how others \
                         fold depends on the server, so a pattern with them would surprise",
                        "has letters beyond ASCII",
                    );
                }
                let parsed = if *folds { parsed.folding() } else { parsed };
                let like = Condition::Like(self.operand(operand, kind)?, parsed);
                if *negated {
                    Condition::Not(Box::new(like))
                } else {
                    like
                }
            }
            ConditionKind::Flag(operand) => {
                let kind = self.kind(operand)?;
                if kind != Kind::Bool {
                    return self.refuse(
                        "type-mismatch",
                        operand.span,
                        &format!(
                            "a condition by itself must be boolean, this is {}",
                            kind.name()
                        ),
                        "not boolean",
                    );
                }
                Condition::Flag(self.operand(operand, kind)?)
            }
        })
    }

    fn each(&mut self, parts: &[tree::Condition]) -> Option<Vec<Condition>> {
        // Not short-circuited, so that every finding is reported.
        let parts: Vec<Option<Condition>> = parts.iter().map(|part| self.condition(part)).collect();
        parts.into_iter().collect()
    }

    /// Both sides of a comparison, of one type.
    fn pair(
        &mut self,
        left: &tree::Operand,
        right: &tree::Operand,
        ordered: bool,
        span: Span,
    ) -> Option<(Operand, Operand)> {
        if [left, right]
            .iter()
            .any(|side| side.kind == OperandKind::Literal(Value::Null))
        {
            return self.refuse_with(
                Diagnostic::error(
                    "null-comparison",
                    span,
                    "a comparison with `null` is never true",
                )
                .label("always unknown")
                .help("write `is null` or `is not null`"),
            );
        }
        let kind = match (literal_of(left), literal_of(right)) {
            (None, None) => {
                let (a, b) = (self.kind(left)?, self.kind(right)?);
                if a != b {
                    let message = format!("{} is compared with {}", a.name(), b.name());
                    let help = if matches!(
                        (a, b),
                        (Kind::Date, Kind::Timestamp) | (Kind::Timestamp, Kind::Date)
                    ) {
                        "a day begins at different instants in different sessions: store a timestamptz"
                    } else {
                        "compare values of one type"
                    };
                    return self.refuse_with(
                        Diagnostic::error("type-mismatch", span, message)
                            .label("two types")
                            .help(help),
                    );
                }
                self.one_enum(left, right, a, span)?;
                a
            }
            (None, Some(_)) => self.kind(left)?,
            (Some(_), None) => self.kind(right)?,
            (Some(_), Some(_)) => {
                return self.refuse(
                    "constant",
                    span,
                    "this compares two literals",
                    "always the same",
                );
            }
        };
        self.comparable(kind, span)?;
        let by_bytes = kind == Kind::Text && [left, right].iter().all(|side| self.by_bytes(side));
        if ordered && !kind.is_ordered() && !by_bytes {
            let why = match kind {
                Kind::Text => "the order of text depends on the collation, unless that is \"C\"",
                Kind::Enum => {
                    "enums sort in the order of their declaration, which `alter type` changes"
                }
                _ => "this type has no order worth a rule",
            };
            return self.refuse_with(
                Diagnostic::error("unordered", span, why)
                    .label(format!("{} compared by order", kind.name()))
                    .help(if kind == Kind::Text {
                        "compare with `=`, `<>` or `in (...)`, or give the column `collate \"C\"`"
                    } else {
                        "compare with `=`, `<>` or `in (...)`"
                    }),
            );
        }
        let names = (column_name(left), column_name(right));
        Some((
            self.side(left, kind, names.1)?,
            self.side(right, kind, names.0)?,
        ))
    }

    /// Whether a side of a comparison leaves the order of text to its bytes: a column does by its
    /// collation, a literal takes that of the other side.
    fn by_bytes(&self, side: &tree::Operand) -> bool {
        literal_of(side).is_some()
            || column_name(side)
                .and_then(|name| self.relation.column(name))
                .is_some_and(crate::catalogue::Column::sorts_by_bytes)
    }

    /// Two enums compare only if they are one.
    fn one_enum(
        &mut self,
        left: &tree::Operand,
        right: &tree::Operand,
        kind: Kind,
        span: Span,
    ) -> Option<()> {
        let data_type = |side: &tree::Operand| {
            let column = self.relation.column(column_name(side)?)?;
            Some(column.data_type.clone())
        };
        let (one, two) = (data_type(left), data_type(right));
        if kind != Kind::Enum || one == two {
            return Some(());
        }
        let [one, two] = [one, two].map(Option::unwrap_or_default);
        self.refuse(
            "type-mismatch",
            span,
            &format!("{one} is compared with {two}"),
            "two enums",
        )
    }

    fn side(&mut self, side: &tree::Operand, kind: Kind, column: Option<&str>) -> Option<Operand> {
        if literal_of(side).is_some() {
            return self.literal(side, kind, column).map(Operand::Literal);
        }
        self.operand(side, kind)
    }

    fn comparable(&mut self, kind: Kind, span: Span) -> Option<()> {
        if kind == Kind::Opaque {
            return self.refuse(
                "opaque-type",
                span,
                "values of this type are not compared the same by every server and client",
                "only `is null` can be asked of it",
            );
        }
        Some(())
    }

    fn null_test(&mut self, operand: &tree::Operand) -> Option<()> {
        let Some(name) = column_name(operand) else {
            return Some(());
        };
        if let Some(column) = self.relation.column(name)
            && column.nullable
            && matches!(column.data_type.as_str(), "json" | "jsonb")
        {
            return self.refuse_with(
                Diagnostic::error(
                    "json-null",
                    operand.span,
                    "SQL's NULL and JSON's `null` arrive alike at a client, so only the database could tell",
                )
                .label("nullable jsonb")
                .help("make the column NOT NULL, or keep what the rule asks in a column of its own"),
            );
        }
        Some(())
    }

    fn kind(&mut self, operand: &tree::Operand) -> Option<Kind> {
        match &operand.kind {
            OperandKind::Column(name) => {
                let name = Name {
                    text: name.clone(),
                    span: operand.span,
                };
                self.context.column(self.relation, &name)?;
                self.relation
                    .column(&name.text)
                    .map(crate::catalogue::Column::kind)
            }
            OperandKind::Caller(what) => match what.as_str() {
                "id" => Some(self.context.caller_id),
                "email" | "aal" => Some(Kind::Text),
                _ => self.refuse_with(
                    Diagnostic::error(
                        "unknown-claim",
                        operand.span,
                        format!("`caller.{what}` is not known in the database"),
                    )
                    .label("unknown")
                    .help("there are `caller.id`, `caller.email` and `caller.aal`"),
                ),
            },
            OperandKind::Now => Some(Kind::Timestamp),
            OperandKind::Literal(_) => self.refuse(
                "constant",
                operand.span,
                "a literal cannot stand here",
                "expected a column",
            ),
        }
    }

    fn operand(&mut self, operand: &tree::Operand, _kind: Kind) -> Option<Operand> {
        match &operand.kind {
            OperandKind::Column(name) => {
                let name = Name {
                    text: name.clone(),
                    span: operand.span,
                };
                self.context
                    .column(self.relation, &name)
                    .map(Operand::Column)
            }
            OperandKind::Caller(what) => match what.as_str() {
                "id" => Some(Operand::CallerId),
                "email" => Some(Operand::CallerEmail),
                _ => Some(Operand::CallerAal),
            },
            OperandKind::Now => Some(Operand::Now),
            OperandKind::Literal(_) => None,
        }
    }

    fn literal(
        &mut self,
        written: &tree::Operand,
        kind: Kind,
        column: Option<&str>,
    ) -> Option<Literal> {
        let OperandKind::Literal(value) = &written.kind else {
            return self.refuse(
                "not-a-literal",
                written.span,
                "only literals can stand here",
                "not a literal",
            );
        };
        let literal = match (kind, value) {
            (Kind::Bool, Value::Bool(value)) => Some(Literal::Bool(*value)),
            (Kind::Int, Value::Integer(number)) => Some(Literal::Int(*number)),
            (Kind::Decimal, Value::Integer(number)) => {
                Some(Literal::Decimal(number.to_string().into()))
            }
            (Kind::Decimal, Value::Decimal(text) | Value::Text(text)) => {
                Decimal::parse(text).map(|number| Literal::Decimal(number.canonical().into()))
            }
            (Kind::Text | Kind::Enum, Value::Text(text)) => {
                Some(Literal::Text(text.as_str().into()))
            }
            (Kind::Uuid, Value::Text(text)) => uuid_from_text(text).map(Literal::Uuid),
            (Kind::Date, Value::Text(text)) => date_from_text(text).map(Literal::Date),
            (Kind::Timestamp, Value::Text(text)) => {
                let parsed = timestamp_from_text(text);
                if parsed.is_none() {
                    return self.refuse_with(
                        Diagnostic::error(
                            "timestamp-without-zone",
                            written.span,
                            "a timestamp without a zone is a different instant in every session",
                        )
                        .label("no zone")
                        .help("write it as `'2026-01-31 12:00:00+00'`"),
                    );
                }
                parsed.map(Literal::Timestamp)
            }
            (_, Value::Null) => {
                return self.refuse_with(
                    Diagnostic::error(
                        "null-comparison",
                        written.span,
                        "`null` in a list makes it never false",
                    )
                    .label("remove it")
                    .help("add `or ... is null` if rows without a value are meant"),
                );
            }
            _ => None,
        };
        let Some(literal) = literal else {
            let text = crate::syntax::literal_text(value);
            return self.refuse_with(
                Diagnostic::error(
                    "type-mismatch",
                    written.span,
                    format!("{text} is not a value of type {}", kind.name()),
                )
                .label(format!("expected {}", kind.name())),
            );
        };
        self.known_value(&literal, column, written.span);
        Some(literal)
    }

    /// An enum's label must exist; a value that the column's check constraint excludes is odd.
    fn known_value(&mut self, literal: &Literal, column: Option<&str>, span: Span) {
        let (Literal::Text(text), Some(column)) =
            (literal, column.and_then(|c| self.relation.column(c)))
        else {
            return;
        };
        let is_enum = !column.labels.is_empty();
        let known = if is_enum {
            &column.labels
        } else {
            &column.one_of
        };
        if known.is_empty() || known.iter().any(|value| **value == **text) {
            return;
        }
        let help = crate::diagnostic::nearest(text, known.iter().map(String::as_str)).map_or_else(
            || format!("its values are `{}`", known.join("`, `")),
            |near| format!("did you mean `'{near}'`?"),
        );
        let message = format!("`{}` never has the value '{text}'", column.name);
        let finding = if is_enum {
            Diagnostic::error("unknown-value", span, message)
        } else {
            Diagnostic::warning("unknown-value", span, message)
        };
        self.context
            .report(finding.label("no such value").help(help));
    }

    fn refuse<T>(
        &mut self,
        code: &'static str,
        span: Span,
        message: &str,
        label: &str,
    ) -> Option<T> {
        self.refuse_with(Diagnostic::error(code, span, message).label(label))
    }

    fn refuse_with<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.context.report(diagnostic);
        None
    }
}

fn literal_of(operand: &tree::Operand) -> Option<&Value> {
    match &operand.kind {
        OperandKind::Literal(value) => Some(value),
        _ => None,
    }
}

fn column_name(operand: &tree::Operand) -> Option<&str> {
    match &operand.kind {
        OperandKind::Column(name) => Some(name),
        _ => None,
    }
}
