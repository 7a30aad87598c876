//! Conditions, with SQL's precedence: `or`, `and`, `not`, then comparisons.

use super::parser::{Parser, Read, Stop};
use super::token::Token;
use super::tree::{Condition, ConditionKind, Operand, OperandKind, Value};
use crate::condition::Comparison;
use crate::diagnostic::{Diagnostic, Span};

/// How deep parentheses and `not` may nest: far beyond any rule a person reads, and well within
/// the stack.
const DEEPEST: usize = 64;

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Read<Condition> {
        self.any(0)
    }

    fn any(&mut self, depth: usize) -> Read<Condition> {
        if depth > DEEPEST {
            return self.fail("too-deep", "conditions may nest 64 deep", "nested too deep");
        }
        let first = self.all(depth)?;
        if !self.at("or") {
            return Ok(first);
        }
        let start = first.span;
        let mut parts = vec![first];
        while self.take("or") {
            parts.push(self.all(depth)?);
        }
        Ok(Condition {
            kind: ConditionKind::Any(parts),
            span: start.to(self.previous()),
        })
    }

    fn all(&mut self, depth: usize) -> Read<Condition> {
        let first = self.negation(depth)?;
        if !self.at("and") {
            return Ok(first);
        }
        let start = first.span;
        let mut parts = vec![first];
        while self.take("and") {
            parts.push(self.negation(depth)?);
        }
        Ok(Condition {
            kind: ConditionKind::All(parts),
            span: start.to(self.previous()),
        })
    }

    fn negation(&mut self, depth: usize) -> Read<Condition> {
        if depth > DEEPEST {
            return self.fail("too-deep", "conditions may nest 64 deep", "nested too deep");
        }
        let start = self.here();
        if self.take("not") {
            let inner = self.negation(depth + 1)?;
            let span = start.to(self.previous());
            return Ok(Condition {
                kind: ConditionKind::Not(Box::new(inner)),
                span,
            });
        }
        if self.take_token(Token::Open) {
            let inner = self.any(depth + 1)?;
            self.expect(Token::Close, "`)`")?;
            return Ok(Condition {
                span: start.to(self.previous()),
                ..inner
            });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Read<Condition> {
        let left = self.operand()?;
        let start = left.span;
        let comparison = match self.peek() {
            Token::Equal => Some(Comparison::Equal),
            Token::NotEqual => Some(Comparison::NotEqual),
            Token::Less => Some(Comparison::Less),
            Token::LessOrEqual => Some(Comparison::LessOrEqual),
            Token::Greater => Some(Comparison::Greater),
            Token::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
            _ => None,
        };
        let kind = if let Some(comparison) = comparison {
            self.advance();
            ConditionKind::Compare(comparison, left, self.operand()?)
        } else if self.take("is") {
            let negated = self.take("not");
            if self.take("null") {
                ConditionKind::IsNull(left, negated)
            } else {
                if !self.at("distinct") {
                    return self.expected("`null` or `distinct from`");
                }
                self.advance();
                self.expect_word("from")?;
                ConditionKind::Distinct(left, self.operand()?, negated)
            }
        } else {
            let negated = self.take("not");
            if self.take("in") {
                self.expect(Token::Open, "`(`")?;
                let mut list = vec![self.operand()?];
                while self.take_token(Token::Comma) {
                    list.push(self.operand()?);
                }
                self.expect(Token::Close, "`,` or `)`")?;
                ConditionKind::OneOf {
                    operand: left,
                    list,
                    negated,
                }
            } else if self.at("like") || self.at("ilike") {
                let folds = self.at("ilike");
                self.advance();
                ConditionKind::Like {
                    operand: left,
                    pattern: self.operand()?,
                    folds,
                    negated,
                }
            } else if self.take("between") {
                let low = self.operand()?;
                self.expect_word("and")?;
                let between = ConditionKind::Between(left, low, self.operand()?);
                if negated {
                    let span = start.to(self.previous());
                    ConditionKind::Not(Box::new(Condition {
                        kind: between,
                        span,
                    }))
                } else {
                    between
                }
            } else if negated {
                return self.expected("`in`, `like`, `ilike` or `between`");
            } else {
                ConditionKind::Flag(left)
            }
        };
        Ok(Condition {
            kind,
            span: start.to(self.previous()),
        })
    }

    fn operand(&mut self) -> Read<Operand> {
        let span = self.here();
        let word = self.peek() == Token::Word;
        let is_literal = matches!(self.peek(), Token::Text | Token::Integer | Token::Decimal)
            || (word
                && ["true", "false", "null"]
                    .iter()
                    .any(|literal| self.at(literal)));
        if is_literal {
            let literal = self.literal()?;
            return Ok(Operand {
                kind: OperandKind::Literal(literal.value),
                span,
            });
        }
        let name = self.name("a column, a literal, `caller.id` or `now()`")?;
        if word && name.text == "caller" && self.take_token(Token::Dot) {
            let what = self.name("`id`, `email` or `aal`")?;
            let span: Span = span.to(what.span);
            return Ok(Operand {
                kind: OperandKind::Caller(what.text),
                span,
            });
        }
        if word && name.text == "now" && self.take_token(Token::Open) {
            self.expect(Token::Close, "`)`")?;
            return Ok(Operand {
                kind: OperandKind::Now,
                span: span.to(self.previous()),
            });
        }
        if matches!(self.peek(), Token::Open | Token::Dot) {
            let diagnostic = Diagnostic::error(
                "not-a-column",
                span.to(self.here()),
                "a condition compares the row's own columns, the caller, literals and `now()`",
            )
            .label("neither functions nor other tables")
            .help("what another row says is for `via <column> in <table>`");
            self.keep(diagnostic);
            return Err(Stop);
        }
        Ok(Operand {
            kind: OperandKind::Column(name.text),
            span,
        })
    }
}

/// A literal as a person would write it, for messages.
pub(crate) fn literal_text(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
    }
}
