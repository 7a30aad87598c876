//! What each method asks for.

use std::collections::BTreeSet;

use policy_core::ColumnSet;
use policy_core::model::{Function, Table};

use super::Incoming;
use super::grammar::{At, Dialect, Filter, Query};
use super::judge::{Insert, Judge};
use super::payload::{self, Payload};
use super::prefer::{Prefer, Resolution, Return};
use super::refusal::Refusal;
use super::touched::{Node, Relation, Resolver, Source};
use super::truth::{self, Holds};

/// A request with everything that is needed to decide on it.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) incoming: &'a Incoming<'a>,
    pub(super) prefer: Prefer,
    pub(super) resolver: Resolver<'a>,
    pub(super) judge: Judge<'a>,
}

/// The query to send on, and why it yields nothing if that is certain.
type Answer = Result<(Query, Option<String>), Refusal>;

impl Request<'_> {
    /// A request for a table or view.
    pub(super) fn relation(&self, name: &str) -> Answer {
        let schema = &self.judge.policy.schema;
        let relation = self.resolver.relation(name);
        let relation = relation.ok_or_else(|| Refusal::relation(schema, name))?;
        let query = self.query(Dialect::Filters)?;
        match (self.incoming.method, relation) {
            ("GET" | "HEAD", relation) => self.read(relation.into(), query),
            (_, Relation::View(_)) => {
                let message = format!("`{schema}.{name}` is a view, and views are only read");
                Err(Refusal::denied(self.judge.caller.kind, message))
            }
            ("POST", Relation::Table(table)) => self.insert(table, query),
            ("PUT", Relation::Table(table)) => self.put(table, query),
            ("PATCH" | "DELETE", Relation::Table(table)) => self.change(table, query),
            (method, _) => Err(Refusal::method(method)),
        }
    }

    /// A request for a function.
    pub(super) fn function(&self, name: &str) -> Answer {
        let method = self.incoming.method;
        let mut query = match method {
            "GET" | "HEAD" => self.query(Dialect::Arguments)?,
            "POST" => self.query(Dialect::Filters)?,
            _ => return Err(Refusal::method(method)),
        };
        let given = self.arguments(&query)?;
        let functions = self.judge.policy.functions.iter();
        let candidates: Vec<&Function> = functions
            .filter(|function| function.name == name && takes(function, &given))
            .collect();
        let Some(first) = candidates.first() else {
            return Err(Refusal::function(&self.judge.policy.schema, name));
        };
        self.judge.execute(&candidates)?;
        let of = first
            .returns_relation
            .as_deref()
            .and_then(|name| self.resolver.relation(name));
        let source = Source::Result {
            function: &first.name,
            of,
        };
        let (root, items) = self.resolver.resolve(source, &query)?;
        let reason = self.judge.read(&root)?;
        query.select = query.select.is_some().then_some(items);
        Ok((query, reason))
    }

    /// The names of the arguments; `None` if there is one without a name.
    fn arguments(&self, query: &Query) -> Result<Option<BTreeSet<String>>, Refusal> {
        if self.incoming.method != "POST" {
            return Ok(Some(
                query
                    .arguments
                    .iter()
                    .map(|(name, _)| name.clone())
                    .collect(),
            ));
        }
        let body = payload::arguments(self.incoming.headers.content_type, self.incoming.body)?;
        Ok(match &query.columns {
            Some(columns) => Some(columns.iter().cloned().collect()),
            None => body,
        })
    }

    fn query(&self, dialect: Dialect) -> Result<Query, Refusal> {
        Query::read(self.incoming.query, dialect).map_err(Refusal::parameter)
    }

    fn read(&self, source: Source<'_>, mut query: Query) -> Answer {
        let (root, items) = self.resolver.resolve(source, &query)?;
        let reason = self.judge.read(&root)?;
        query.select = Some(items);
        Ok((query, reason))
    }

    fn insert(&self, table: &Table, query: Query) -> Answer {
        let payload = self.payload(&query)?;
        if query.columns.is_none() && !payload.is_uniform() {
            return Err(Refusal::payload(
                "all objects of the body must have the same keys",
            ));
        }
        let target = match &query.on_conflict {
            Some(names) => {
                let column = |name: &String| {
                    table
                        .column(name)
                        .ok_or_else(|| Refusal::column(&table.name, name))
                };
                names.iter().map(column).collect::<Result<ColumnSet, _>>()?
            }
            None => table.primary_key,
        };
        let conflict = self.prefer.resolution.filter(|_| !target.is_empty());
        let insert = Insert {
            payload: &payload,
            conflict: conflict.map(|resolution| (target, resolution)),
            missing_default: self.prefer.missing_default,
            returning: self.returning(),
        };
        self.write(table, query, |read, _| {
            self.judge.insert(table, read, &insert)
        })
    }

    /// `PUT`: the one row with this primary key, made or replaced.
    fn put(&self, table: &Table, query: Query) -> Answer {
        let payload = self.payload(&query)?;
        let key = table.column_names(table.primary_key);
        let is_key = |filter: &At<Filter>| {
            let At {
                path,
                what:
                    Filter {
                        field,
                        negated,
                        test,
                    },
            } = filter;
            path.is_empty()
                && field.path.is_empty()
                && key.contains(&field.name.as_str())
                && !negated
                && test.is_equal()
        };
        let named: BTreeSet<&str> = query
            .filters
            .iter()
            .map(|f| f.what.field.name.as_str())
            .collect();
        let whole = !key.is_empty() && named.len() == key.len();
        if !whole || !query.filters.iter().all(is_key) || !query.logic.is_empty() {
            return Err(Refusal::put_filter(&key));
        }
        if payload.rows.len() != 1 {
            return Err(Refusal::payload("PUT takes one object"));
        }
        let insert = Insert {
            payload: &payload,
            conflict: Some((table.primary_key, Resolution::Merge)),
            missing_default: self.prefer.missing_default,
            returning: self.returning(),
        };
        self.write(table, query, |read, _| {
            self.judge.insert(table, read, &insert)
        })
    }

    /// `PATCH` and `DELETE`.
    fn change(&self, table: &Table, query: Query) -> Answer {
        let method = self.incoming.method;
        if query.logic.iter().any(|logic| !logic.path.is_empty()) {
            return Err(Refusal::unsupported(format!(
                "{method} does not go with `and` or `or` on an embedded resource"
            )));
        }
        // A filter on something embedded leaves no row of the table out.
        let is_column = |filter: &Filter| table.column(&filter.field.name).is_some();
        let filters = query.filters.iter().filter(|filter| filter.path.is_empty());
        let filtered = filters
            .map(|filter| &filter.what)
            .any(|filter| is_column(filter) && truth::filter(table, filter) != Holds::Always)
            || query.logic.iter().any(|logic| {
                logic.what.has(&is_column) && truth::group(table, &logic.what) != Holds::Always
            });
        if !filtered {
            return Err(Refusal::unfiltered(method));
        }
        if method == "DELETE" {
            return self.write(table, query, |read, old| {
                self.judge.delete(table, read, &old.known)
            });
        }
        let payload = self.payload(&query)?;
        if payload.rows.len() != 1 {
            return Err(Refusal::payload("PATCH takes one object"));
        }
        if payload.columns.is_empty() {
            // PostgREST reads an empty set of rows then.
            return self.read(Source::Table(table), query);
        }
        self.write(table, query, |read, old| {
            self.judge.update(table, read, &old.known, &payload)
        })
    }

    /// A write, decided by `decide` from the columns it reads and from what its filters say, and
    /// the reads of whatever it returns.
    fn write(
        &self,
        table: &Table,
        mut query: Query,
        decide: impl FnOnce(ColumnSet, &Node<'_>) -> Result<(), Refusal>,
    ) -> Answer {
        let (root, items) = self.resolver.resolve(Source::Table(table), &query)?;
        if !self.returning() {
            // The select list is without effect, and stays as it is.
            decide(root.used, &root)?;
            return Ok((query, None));
        }
        decide(root.used.union(root.returned), &root)?;
        let reason = self.judge.read_embedded(&root)?;
        query.select = Some(items);
        Ok((query, reason))
    }

    fn payload(&self, query: &Query) -> Result<Payload, Refusal> {
        let Incoming { headers, body, .. } = self.incoming;
        Payload::read(headers.content_type, *body, query.columns.as_deref())
    }

    fn returning(&self) -> bool {
        self.prefer.returns == Return::Rows
    }
}

/// Whether a function can be meant by these arguments. Which of them have defaults is not known
/// here, so all that are given must be the function's, and some may be missing.
fn takes(function: &Function, given: &Option<BTreeSet<String>>) -> bool {
    let unnamed =
        function.arguments.len() == 1 && function.argument_names.iter().all(String::is_empty);
    match given {
        Some(given) => {
            unnamed
                || given
                    .iter()
                    .all(|name| function.argument_names.contains(name))
        }
        None => unnamed,
    }
}
