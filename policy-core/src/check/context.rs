//! Names and findings, shared by all passes.

use crate::catalogue::{Catalogue, Relation, RelationKind};
use crate::columns::{ColumnIndex, ColumnSet, MAX_COLUMNS};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::model::{AttributeIndex, Subject, Table, TableIndex, Team, Tenant};
use crate::syntax::tree::{self, File, Name};
use crate::value::Kind;

pub(super) struct Context<'a> {
    pub(super) file: &'a File,
    pub(super) catalogue: &'a Catalogue,
    pub(super) caller_id: Kind,
    /// The tables in the policy's order, then those it does not name.
    names: Vec<&'a str>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Context<'a> {
    pub(super) fn new(file: &'a File, catalogue: &'a Catalogue) -> Self {
        let mut context = Self {
            file,
            catalogue,
            caller_id: Kind::Uuid,
            names: Vec::new(),
            diagnostics: Vec::new(),
        };
        if let Some(kind) = &file.caller_id {
            context.caller_id = match kind.text.as_str() {
                "uuid" => Kind::Uuid,
                "text" => Kind::Text,
                _ => {
                    context.report(
                        Diagnostic::error(
                            "caller-id",
                            kind.span,
                            format!("`{}` is not a type for caller ids", kind.text),
                        )
                        .label("expected `uuid` or `text`"),
                    );
                    Kind::Uuid
                }
            };
        }
        let is_table = |name: &str| {
            catalogue
                .relation(name)
                .is_some_and(|relation| relation.kind == RelationKind::Table)
        };
        for table in &file.tables {
            let name = table.name.text.as_str();
            if is_table(name) && !context.names.contains(&name) {
                context.names.push(name);
            }
        }
        for relation in &catalogue.relations {
            if relation.kind == RelationKind::Table
                && !context.names.contains(&relation.name.as_str())
            {
                context.names.push(&relation.name);
            }
        }
        context
    }

    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics
            .sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        self.diagnostics.dedup();
        self.diagnostics
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The tables' names in the policy's order.
    pub(super) fn table_names(&self) -> Vec<&'a str> {
        self.names.clone()
    }

    /// The position and the catalogue's entry of a table, or a finding.
    pub(super) fn table(&mut self, name: &Name) -> Option<(TableIndex, &'a Relation)> {
        let catalogue = self.catalogue;
        let Some(relation) = catalogue.relation(&name.text) else {
            let near = nearest(&name.text, self.names.iter().copied()).map_or_else(
                || "`countersign catalogue` writes the snapshot anew from a database".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(
                Diagnostic::error(
                    "unknown-table",
                    name.span,
                    format!(
                        "there is no table `{}` in schema `{}`",
                        name.text, catalogue.schema
                    ),
                )
                .label("not in the catalogue")
                .help(near),
            );
            return None;
        };
        match relation.kind {
            RelationKind::Table => {}
            RelationKind::View => {
                self.report(
                    Diagnostic::error(
                        "not-a-table",
                        name.span,
                        format!("`{}` is a view", name.text),
                    )
                    .label("a view")
                    .help(format!("write `on view {}`", name.text)),
                );
                return None;
            }
            RelationKind::Other => {
                self.report(
                    Diagnostic::error(
                        "not-a-table",
                        name.span,
                        format!(
                            "row-level security does not bind `{}` as it binds a table",
                            name.text
                        ),
                    )
                    .label("partitioned, foreign, materialized, inherited or with rules")
                    .help("leave it out, so that it is closed to clients"),
                );
                return None;
            }
        }
        let position = self.names.iter().position(|known| *known == name.text)?;
        Some((TableIndex::try_from(position).ok()?, relation))
    }

    /// The position of a column, or a finding.
    pub(super) fn column(&mut self, relation: &Relation, name: &Name) -> Option<ColumnIndex> {
        let position = relation
            .columns
            .iter()
            .position(|column| column.name == name.text);
        if position.is_none() {
            let columns = || relation.columns.iter().map(|column| column.name.as_str());
            let help = nearest(&name.text, columns()).map_or_else(
                || {
                    format!(
                        "its columns are `{}`",
                        columns().collect::<Vec<_>>().join("`, `")
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            self.report(
                Diagnostic::error(
                    "unknown-column",
                    name.span,
                    format!("`{}` has no column `{}`", relation.name, name.text),
                )
                .label("no such column")
                .help(help),
            );
        }
        position
            .filter(|position| *position < MAX_COLUMNS)
            .and_then(|p| ColumnIndex::try_from(p).ok())
    }

    /// The positions of several columns; a finding for each that is unknown or named twice.
    pub(super) fn columns(&mut self, relation: &Relation, names: &[Name]) -> ColumnSet {
        let mut set = ColumnSet::EMPTY;
        for name in names {
            let Some(column) = self.column(relation, name) else {
                continue;
            };
            if set.contains(column) {
                self.report(
                    Diagnostic::warning(
                        "repeated-column",
                        name.span,
                        format!("`{}` is named twice", name.text),
                    )
                    .label("again"),
                );
            }
            set = set.with(column);
        }
        set
    }

    /// A role's rank, or a finding.
    pub(super) fn rank(&mut self, tenant: Option<&Tenant>, name: &Name) -> Option<u8> {
        let rank = tenant.map_or(0, |tenant| tenant.rank(&name.text));
        if rank > 0 {
            return Some(rank);
        }
        let roles: Vec<&str> = tenant
            .map(|tenant| tenant.roles.iter().map(String::as_str).collect())
            .unwrap_or_default();
        let help = nearest(&name.text, roles.iter().copied()).map_or_else(
            || {
                if roles.is_empty() {
                    "declare roles with `tenant ... roles ...;`".to_owned()
                } else {
                    format!("the roles are `{}`", roles.join("`, `"))
                }
            },
            |near| format!("did you mean `{near}`?"),
        );
        self.report(
            Diagnostic::error(
                "unknown-role",
                name.span,
                format!("`{}` is not a declared role", name.text),
            )
            .label("unknown role")
            .help(help),
        );
        None
    }

    /// A subject that is no column: `anon`, `guest`, `user`, `service` or a role.
    pub(super) fn named_subject(
        &mut self,
        tenant: Option<&Tenant>,
        name: &Name,
    ) -> Option<Subject> {
        Some(match name.text.as_str() {
            "anon" => Subject::Anon,
            "guest" => Subject::Guest,
            "user" => Subject::User,
            "service" => Subject::Service,
            _ => Subject::Rank(self.rank(tenant, name)?),
        })
    }

    /// A subject that names a column or none; `None` after a finding.
    pub(super) fn team(
        &mut self,
        tenant: Option<&Tenant>,
        relation: &Relation,
        role: &Name,
        attribute: &Name,
        column: Option<&Name>,
    ) -> Option<Subject> {
        let rank = self.rank(tenant, role)?;
        let declared = tenant.map_or(&[][..], |tenant| tenant.attributes.as_slice());
        let position = declared.iter().position(|of| of.name == attribute.text);
        let Some((position, of)) = position.and_then(|at| Some((at, declared.get(at)?))) else {
            let names = declared.iter().map(|of| of.name.as_str());
            let help = nearest(&attribute.text, names).map_or_else(
                || {
                    format!(
                        "name the column behind the role: `members <table> (<tenant>, <caller>, <role>, {})`",
                        attribute.text
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            self.report(
                Diagnostic::error(
                    "unknown-attribute",
                    attribute.span,
                    format!("no membership has a `{}`", attribute.text),
                )
                .label("not in any `members`")
                .help(help),
            );
            return None;
        };
        let named = column.unwrap_or(attribute);
        let column = self.column(relation, named)?;
        let own = relation.column(&named.text)?;
        if own.kind() != of.kind {
            self.report(
                Diagnostic::error(
                    "type-mismatch",
                    named.span,
                    format!(
                        "`{}` is {}, the memberships' `{}` is {}",
                        named.text, own.data_type, of.name, of.data_type
                    ),
                )
                .label("two types"),
            );
            return None;
        }
        Some(Subject::Team(Team {
            rank,
            attribute: AttributeIndex::try_from(position).ok()?,
            column,
        }))
    }

    /// Whether clients never write this column, in any table.
    pub(super) fn is_managed(&self, column: &str) -> bool {
        self.file.managed.iter().any(|name| name.text == column)
    }

    /// The block of a table, to point at.
    pub(super) fn block(&self, table: &Table) -> Option<&'a tree::Table> {
        self.file
            .tables
            .iter()
            .find(|block| block.name.text == table.name)
    }

    /// Where to point for a finding about a whole table.
    pub(super) fn table_span(&self, table: &Table) -> Span {
        self.block(table)
            .map_or(self.file.app.span, |block| block.name.span)
    }

    /// Where to point for a finding about a rule.
    pub(super) fn rule_span(&self, table: &Table, line: u32, text: &str) -> Span {
        let actions = self
            .block(table)
            .into_iter()
            .flat_map(|block| &block.items)
            .flat_map(|item| match item {
                tree::Item::Rule(rule) => rule.actions.iter().collect(),
                tree::Item::Never(action) => vec![&**action],
                _ => Vec::new(),
            });
        actions
            .filter(|action| action.line == line && action.text == text)
            .map(|action| action.span)
            .next()
            .unwrap_or_else(|| self.table_span(table))
    }
}
