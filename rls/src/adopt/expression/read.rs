//! From PostgreSQL's text to [`Expr`].

use policy_core::condition::Comparison;
use sqlparser::ast;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::{Call, Column, Expr, Literal, Select, Source};

/// Reads an expression as `pg_get_expr` prints it. What cannot be read is [`Expr::Other`].
#[must_use]
pub fn expression(sql: &str) -> Expr {
    let read = || {
        let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?;
        let read = parser.parse_expr().ok()?;
        (parser.peek_token().token == Token::EOF).then_some(read)
    };
    read().map_or_else(|| Expr::Other(sql.to_owned()), |read| expr(&read))
}

/// Reads one query, as a function's body holds it; a union is the queries that it joins.
#[must_use]
pub fn query(sql: &str) -> Option<Vec<Select>> {
    let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?;
    let read = parser.parse_query().ok()?;
    while parser.consume_token(&Token::SemiColon) {}
    if parser.peek_token().token != Token::EOF {
        return None;
    }
    arms(&read)
}

fn name(ident: &ast::Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// Schema and name; nothing for longer names.
fn object(of: &ast::ObjectName) -> Option<(Option<String>, String)> {
    let mut parts = Vec::new();
    for part in &of.0 {
        match part {
            ast::ObjectNamePart::Identifier(ident) => parts.push(name(ident)),
            ast::ObjectNamePart::Function(_) => return None,
        }
    }
    let last = parts.pop()?;
    match parts.as_slice() {
        [] => Some((None, last)),
        [schema] => Some((Some(schema.clone()), last)),
        _ => None,
    }
}

fn boxed(of: &ast::Expr) -> Box<Expr> {
    Box::new(expr(of))
}

fn not(negated: bool, of: Expr) -> Expr {
    if negated { Expr::Not(Box::new(of)) } else { of }
}

fn expr(of: &ast::Expr) -> Expr {
    understood(of).unwrap_or_else(|| Expr::Other(of.to_string()))
}

/// What stands before `collate "C"`: under any other collation `ilike` folds as that one does.
fn by_bytes(of: &ast::Expr) -> Option<Expr> {
    match of {
        ast::Expr::Nested(inner) => by_bytes(inner),
        ast::Expr::Collate {
            expr: inner,
            collation,
        } if collation.to_string() == r#""C""# => Some(expr(inner)),
        _ => None,
    }
}

fn understood(of: &ast::Expr) -> Option<Expr> {
    use ast::Expr as Sql;
    Some(match of {
        Sql::Nested(inner) => expr(inner),
        Sql::Identifier(ident) => Expr::Column(Column {
            of: None,
            name: name(ident),
        }),
        Sql::CompoundIdentifier(parts) => match parts.as_slice() {
            [of, column] => Expr::Column(Column {
                of: Some(name(of)),
                name: name(column),
            }),
            _ => return None,
        },
        // An argument by its number.
        Sql::Value(ast::ValueWithSpan {
            value: ast::Value::Placeholder(number),
            ..
        }) => Expr::own(number),
        Sql::Value(value) => Expr::Literal(literal(&value.value)?),
        Sql::TypedString(typed) => Expr::Cast(
            Box::new(Expr::Literal(literal(&typed.value.value)?)),
            typed.data_type.to_string().to_lowercase(),
        ),
        Sql::Cast {
            kind: ast::CastKind::DoubleColon | ast::CastKind::Cast,
            expr: inner,
            data_type,
            format: None,
            ..
        } => Expr::Cast(boxed(inner), data_type.to_string().to_lowercase()),
        Sql::IsTrue(inner) => Expr::IsTrue(boxed(inner)),
        Sql::IsNotTrue(inner) => Expr::Not(Box::new(Expr::IsTrue(boxed(inner)))),
        Sql::IsFalse(inner) => Expr::IsFalse(boxed(inner)),
        Sql::IsNotFalse(inner) => Expr::Not(Box::new(Expr::IsFalse(boxed(inner)))),
        Sql::IsNull(inner) => Expr::IsNull(boxed(inner)),
        Sql::IsNotNull(inner) => Expr::Not(Box::new(Expr::IsNull(boxed(inner)))),
        Sql::IsDistinctFrom(left, right) => Expr::Distinct(boxed(left), boxed(right)),
        Sql::IsNotDistinctFrom(left, right) => {
            Expr::Not(Box::new(Expr::Distinct(boxed(left), boxed(right))))
        }
        Sql::InList {
            expr: left,
            list,
            negated,
        } => not(
            *negated,
            Expr::OneOf(boxed(left), list.iter().map(expr).collect()),
        ),
        Sql::InSubquery {
            expr: left,
            subquery,
            negated,
        } => not(*negated, among(&tuple(left), subquery)?),
        Sql::Between {
            expr: of,
            negated,
            low,
            high,
        } => not(
            *negated,
            Expr::All(vec![
                Expr::Compare(Comparison::GreaterOrEqual, boxed(of), boxed(low)),
                Expr::Compare(Comparison::LessOrEqual, boxed(of), boxed(high)),
            ]),
        ),
        Sql::Like {
            negated,
            any: false,
            expr: of,
            pattern,
            escape_char: None,
        } => not(*negated, Expr::Like(boxed(of), boxed(pattern))),
        Sql::ILike {
            negated,
            any: false,
            expr: of,
            pattern,
            escape_char: None,
        } => not(
            *negated,
            Expr::Ilike(Box::new(by_bytes(of)?), boxed(pattern)),
        ),
        Sql::UnaryOp {
            op: ast::UnaryOperator::Not,
            expr: inner,
        } => Expr::Not(boxed(inner)),
        Sql::UnaryOp {
            op: ast::UnaryOperator::Minus,
            expr: inner,
        } => match expr(inner) {
            Expr::Literal(Literal::Number(number)) => {
                Expr::Literal(Literal::Number(format!("-{number}")))
            }
            _ => return None,
        },
        Sql::BinaryOp { left, op, right } => binary(left, op, right)?,
        Sql::AnyOp {
            left,
            compare_op: ast::BinaryOperator::Eq,
            right,
            ..
        } => member(left, right)?,
        // `<> all (array[...])` is what `not in (...)` becomes.
        Sql::AllOp {
            left,
            compare_op: ast::BinaryOperator::NotEq,
            right,
        } => Expr::Not(Box::new(Expr::OneOf(boxed(left), array(right)?))),
        Sql::Exists { subquery, negated } => {
            let each = arms(subquery)?.into_iter();
            not(
                *negated,
                any(each.map(|select| Expr::Exists(Box::new(select)))),
            )
        }
        Sql::Subquery(query) => {
            let select = select(query)?;
            match (select.items.as_slice(), &select.from[..], &select.filter) {
                // A subquery around one value runs it once for the statement, and changes nothing.
                ([value], [], None) => value.clone(),
                _ => Expr::Scalar(Box::new(select)),
            }
        }
        Sql::Function(function) => call(function)?,
        _ => return None,
    })
}

fn tuple(of: &ast::Expr) -> Vec<Expr> {
    match of {
        ast::Expr::Nested(inner) => tuple(inner),
        ast::Expr::Tuple(parts) => parts.iter().map(expr).collect(),
        other => vec![expr(other)],
    }
}

fn literal(of: &ast::Value) -> Option<Literal> {
    Some(match of {
        ast::Value::Number(number, _) => Literal::Number(number.clone()),
        ast::Value::SingleQuotedString(text) | ast::Value::EscapedStringLiteral(text) => {
            Literal::Text(text.clone())
        }
        ast::Value::Boolean(value) => Literal::Bool(*value),
        ast::Value::Null => Literal::Null,
        _ => return None,
    })
}

fn binary(left: &ast::Expr, op: &ast::BinaryOperator, right: &ast::Expr) -> Option<Expr> {
    use ast::BinaryOperator as Op;
    let comparison = match op {
        Op::And => {
            let sides = [expr(left), expr(right)].into_iter();
            let parts = sides.flat_map(|side| match side {
                Expr::All(parts) => parts,
                other => vec![other],
            });
            return Some(Expr::All(parts.collect()));
        }
        Op::Or => {
            let sides = [expr(left), expr(right)].into_iter();
            let parts = sides.flat_map(|side| match side {
                Expr::Any(parts) => parts,
                other => vec![other],
            });
            return Some(Expr::Any(parts.collect()));
        }
        Op::PGLikeMatch => return Some(Expr::Like(boxed(left), boxed(right))),
        Op::PGNotLikeMatch => {
            return Some(Expr::Not(Box::new(Expr::Like(boxed(left), boxed(right)))));
        }
        Op::PGILikeMatch => return Some(Expr::Ilike(Box::new(by_bytes(left)?), boxed(right))),
        Op::PGNotILikeMatch => {
            let ilike = Expr::Ilike(Box::new(by_bytes(left)?), boxed(right));
            return Some(Expr::Not(Box::new(ilike)));
        }
        Op::LongArrow => {
            return match expr(right).bare() {
                Expr::Literal(Literal::Text(key)) => Some(Expr::Field(boxed(left), key.clone())),
                _ => None,
            };
        }
        Op::Eq => Comparison::Equal,
        Op::NotEq => Comparison::NotEqual,
        Op::Lt => Comparison::Less,
        Op::LtEq => Comparison::LessOrEqual,
        Op::Gt => Comparison::Greater,
        Op::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    };
    Some(Expr::Compare(comparison, boxed(left), boxed(right)))
}

/// `left = any (right)`.
fn member(left: &ast::Expr, right: &ast::Expr) -> Option<Expr> {
    match right {
        ast::Expr::Nested(inner) => member(left, inner),
        ast::Expr::Subquery(query) => among(&tuple(left), query),
        ast::Expr::Function(function)
            if function.name.to_string().eq_ignore_ascii_case("array") =>
        {
            match &function.args {
                ast::FunctionArguments::Subquery(query) => among(&tuple(left), query),
                _ => None,
            }
        }
        _ => Some(Expr::OneOf(boxed(left), array(right)?)),
    }
}

/// The elements of `array[...]`, casts of the whole left out: they only say the elements' type.
fn array(of: &ast::Expr) -> Option<Vec<Expr>> {
    match of {
        ast::Expr::Nested(inner) => array(inner),
        ast::Expr::Cast { expr: inner, .. } => array(inner),
        ast::Expr::Array(array) => Some(array.elem.iter().map(expr).collect()),
        _ => None,
    }
}

fn call(of: &ast::Function) -> Option<Expr> {
    let (schema, name) = object(&of.name)?;
    if of.over.is_some() || of.filter.is_some() || !of.within_group.is_empty() {
        return None;
    }
    let arguments = match &of.args {
        ast::FunctionArguments::None => Vec::new(),
        ast::FunctionArguments::Subquery(_) => return None,
        ast::FunctionArguments::List(list) => {
            if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                return None;
            }
            list.args.iter().map(argument).collect::<Option<_>>()?
        }
    };
    // `coalesce(x, false)` is how a test is kept from being unknown.
    if let ("coalesce", [test, Expr::Literal(Literal::Bool(false))]) =
        (name.as_str(), arguments.as_slice())
    {
        return Some(Expr::IsTrue(Box::new(test.clone())));
    }
    Some(Expr::Call(Call {
        schema,
        name,
        arguments,
    }))
}

fn argument(of: &ast::FunctionArg) -> Option<Expr> {
    match of {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(value)) => Some(expr(value)),
        _ => None,
    }
}

/// A query, if it is one that this crate follows: nothing that could change which rows there are
/// may go unnoticed.
/// `left in (query)`: in one of the queries that a union joins.
fn among(left: &[Expr], query: &ast::Query) -> Option<Expr> {
    let each = arms(query)?.into_iter();
    Some(any(each.map(|select| {
        Expr::InSelect(left.to_vec(), Box::new(select))
    })))
}

fn any(all: impl Iterator<Item = Expr>) -> Expr {
    let mut all: Vec<Expr> = all.collect();
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            all.extend(last);
            Expr::Any(all)
        }
    }
}

/// The only query, where a union could yield more rows than one.
fn select(of: &ast::Query) -> Option<Select> {
    let mut all = arms(of)?;
    let only = all.pop()?;
    all.is_empty().then_some(only)
}

/// The queries whose rows a query yields: one, or what a union joins. How often it yields a row
/// changes no test of whether it does.
fn arms(of: &ast::Query) -> Option<Vec<Select>> {
    let plain = of.with.is_none()
        && of.limit_clause.is_none()
        && of.fetch.is_none()
        && of.locks.is_empty()
        && of.pipe_operators.is_empty();
    if plain { joined_arms(&of.body) } else { None }
}

fn joined_arms(of: &ast::SetExpr) -> Option<Vec<Select>> {
    match of {
        ast::SetExpr::Select(select) => Some(vec![plain(select)?]),
        ast::SetExpr::Query(inner) => arms(inner),
        ast::SetExpr::SetOperation {
            op: ast::SetOperator::Union,
            left,
            right,
            set_quantifier:
                ast::SetQuantifier::None | ast::SetQuantifier::All | ast::SetQuantifier::Distinct,
        } => {
            let mut all = joined_arms(left)?;
            all.extend(joined_arms(right)?);
            Some(all)
        }
        _ => None,
    }
}

fn plain(select: &ast::Select) -> Option<Select> {
    let ungrouped = matches!(&select.group_by, ast::GroupByExpr::Expressions(by, more) if by.is_empty() && more.is_empty());
    let distinct = matches!(
        select.distinct,
        None | Some(ast::Distinct::Distinct | ast::Distinct::All)
    );
    if !ungrouped
        || !distinct
        || select.having.is_some()
        || select.top.is_some()
        || select.qualify.is_some()
        || select.into.is_some()
        || !select.lateral_views.is_empty()
    {
        return None;
    }
    let items = select
        .projection
        .iter()
        .map(|item| match item {
            ast::SelectItem::UnnamedExpr(value)
            | ast::SelectItem::ExprWithAlias { expr: value, .. } => Some(expr(value)),
            // `exists (select * ...)`: what is selected is not looked at.
            ast::SelectItem::Wildcard(_) => Some(Expr::Other("*".to_owned())),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let (mut from, mut conditions) = (Vec::new(), Vec::new());
    for table in &select.from {
        joined(table, &mut from, &mut conditions)?;
    }
    conditions.extend(select.selection.as_ref().map(expr));
    let filter = match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(Expr::All(conditions)),
    };
    Some(Select {
        items,
        from,
        filter,
    })
}

fn joined(
    of: &ast::TableWithJoins,
    from: &mut Vec<Source>,
    conditions: &mut Vec<Expr>,
) -> Option<()> {
    source(&of.relation, from, conditions)?;
    for join in &of.joins {
        source(&join.relation, from, conditions)?;
        match &join.join_operator {
            ast::JoinOperator::Join(ast::JoinConstraint::On(on))
            | ast::JoinOperator::Inner(ast::JoinConstraint::On(on)) => conditions.push(expr(on)),
            ast::JoinOperator::CrossJoin(ast::JoinConstraint::None) => {}
            _ => return None,
        }
    }
    Some(())
}

fn source(of: &ast::TableFactor, from: &mut Vec<Source>, conditions: &mut Vec<Expr>) -> Option<()> {
    let (object_name, alias, arguments) = match of {
        ast::TableFactor::NestedJoin {
            table_with_joins,
            alias: None,
        } => return joined(table_with_joins, from, conditions),
        ast::TableFactor::Table {
            name,
            alias,
            args,
            with_ordinality: false,
            sample: None,
            ..
        } => {
            let arguments = match args {
                None => None,
                Some(args) => Some(args.args.iter().map(argument).collect::<Option<_>>()?),
            };
            (name, alias, arguments)
        }
        ast::TableFactor::Function {
            name,
            args,
            with_ordinality: false,
            alias,
            ..
        } => {
            let arguments: Vec<Expr> = args.iter().map(argument).collect::<Option<_>>()?;
            (name, alias, Some(arguments))
        }
        _ => return None,
    };
    let (schema, relation) = object(object_name)?;
    let alias = alias
        .as_ref()
        .map_or_else(|| relation.clone(), |alias| name(&alias.name));
    from.push(Source {
        schema,
        name: relation,
        alias,
        arguments,
    });
    Some(())
}
