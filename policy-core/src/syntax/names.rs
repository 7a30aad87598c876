//! What each name of a text means, for editors.
//!
//! Every part of the tree is taken apart without leaving anything out, so that a new construct does
//! not compile until its names are told apart here.

use super::tree::{
    Action, Attribute, Condition, ConditionKind, File, Function, Item, Members, Name, Operand,
    OperandKind, Resource, Retire, Rule, Subject, Table, Tenant, Via, View,
};
use crate::diagnostic::Span;

/// A name where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention<'t> {
    /// Its place.
    pub span: Span,
    /// The name, folded to lower case unless it was quoted.
    pub text: &'t str,
    /// What it names.
    pub meaning: Meaning<'t>,
}

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning<'t> {
    /// A table; `block` if this is where its block starts.
    Table {
        /// Whether its block starts here.
        block: bool,
    },
    /// A view, where its block starts.
    View,
    /// A function, where its block starts.
    Function,
    /// A column of a table.
    Column {
        /// The table.
        table: &'t str,
    },
    /// A role; `declared` if this is its place among `roles`.
    Role {
        /// Whether it is declared here.
        declared: bool,
    },
    /// The subject of a rule: a role, or one of the language's own.
    Subject,
    /// What a membership has beside its role; `declared` if this is its place in `members`.
    Attribute {
        /// Whether it is declared here.
        declared: bool,
    },
    /// A resource, where its block starts, without its system.
    Resource,
    /// What a rule of a resource allows.
    Operation,
    /// What a rule allows or forbids.
    Action {
        /// The table, view or function.
        of: &'t str,
    },
}

/// All names of a text in its order, but for the app's, the schema's and types.
#[must_use]
pub fn mentions(file: &File) -> Vec<Mention<'_>> {
    let mut names = Names::default();
    names.file(file);
    names.found.sort_by_key(|mention| mention.span.start);
    names.found
}

#[derive(Default)]
struct Names<'t> {
    found: Vec<Mention<'t>>,
}

impl<'t> Names<'t> {
    fn add(&mut self, name: &'t Name, meaning: Meaning<'t>) {
        let Name { text, span } = name;
        self.found.push(Mention {
            span: *span,
            text,
            meaning,
        });
    }

    fn column(&mut self, name: &'t Name, table: &'t str) {
        self.add(name, Meaning::Column { table });
    }

    fn columns(&mut self, names: &'t [Name], table: &'t str) {
        for name in names {
            self.column(name, table);
        }
    }

    fn role(&mut self, name: &'t Name) {
        self.add(name, Meaning::Role { declared: false });
    }

    fn file(&mut self, file: &'t File) {
        let File {
            app: _,
            schema: _,
            caller_id: _,
            managed: _,
            tenant,
            tables,
            views,
            functions,
            resources,
        } = file;
        if let Some(tenant) = tenant {
            self.tenant(tenant);
        }
        for table in tables {
            self.table(table);
        }
        for View {
            name,
            rules,
            line: _,
        } in views
        {
            self.add(name, Meaning::View);
            self.rules(rules, &name.text);
        }
        for function in functions {
            let Function {
                name,
                arguments: _,
                rules,
                line: _,
            } = function;
            self.add(name, Meaning::Function);
            self.rules(rules, &name.text);
        }
        for resource in resources {
            self.resource(resource);
        }
    }

    fn tenant(&mut self, tenant: &'t Tenant) {
        let Tenant {
            table,
            key,
            found,
            members,
            roles,
            keep,
            span: _,
        } = tenant;
        self.add(table, Meaning::Table { block: false });
        self.column(key, &table.text);
        if let Some((author, stamp)) = found {
            self.column(author, &table.text);
            self.column(stamp, &table.text);
        }
        for source in members {
            self.members(source);
        }
        for role in roles {
            self.add(role, Meaning::Role { declared: true });
        }
        if let Some(role) = keep {
            self.role(role);
        }
    }

    fn members(&mut self, members: &'t Members) {
        let Members {
            table,
            tenant,
            caller,
            more,
            role,
            condition,
        } = members;
        self.add(table, Meaning::Table { block: false });
        for column in [tenant, caller] {
            self.column(column, &table.text);
        }
        // Without a role of its own the first column holds it.
        let attributes = more.iter().skip(usize::from(role.is_none()));
        for Attribute { column, name } in attributes.clone() {
            let declared = name.as_ref().unwrap_or(column);
            self.add(declared, Meaning::Attribute { declared: true });
        }
        for Attribute { column, name } in more {
            if name.is_some() || !attributes.clone().any(|other| other.column == *column) {
                self.column(column, &table.text);
            }
        }
        if let Some(role) = role {
            self.role(role);
        }
        self.condition(condition.as_ref(), &table.text);
    }

    fn table(&mut self, table: &'t Table) {
        let Table {
            name,
            tenant,
            parents,
            append: _,
            source: _,
            items,
            line: _,
        } = table;
        self.add(name, Meaning::Table { block: true });
        let table = &name.text;
        if let Some(column) = tenant {
            self.column(column, table);
        }
        for parent in parents {
            let Via {
                column,
                table: other,
                other: key,
            } = parent;
            self.column(column, table);
            self.add(other, Meaning::Table { block: false });
            if let Some(key) = key {
                self.column(key, &other.text);
            }
        }
        for item in items {
            self.item(item, table);
        }
    }

    fn resource(&mut self, resource: &'t Resource) {
        let Resource {
            system: _,
            name,
            rules,
            line: _,
        } = resource;
        self.add(name, Meaning::Resource);
        for rule in rules {
            self.subject(&rule.subject, &name.text);
            for action in &rule.actions {
                self.add(&action.word, Meaning::Operation);
            }
        }
    }

    fn item(&mut self, item: &'t Item, table: &'t str) {
        match item {
            Item::Rule(rule) => self.rule(rule, table),
            Item::Inherit(actions) => {
                for action in actions {
                    self.add(action, Meaning::Action { of: table });
                }
            }
            Item::Retire(retire) => {
                let Retire {
                    column,
                    value: _,
                    by,
                    seen_by,
                    stamp,
                } = retire;
                self.column(column, table);
                self.role(by);
                self.role(seen_by);
                self.column(stamp, table);
            }
            Item::Never(action) => self.action(action, table),
            Item::Fixed(names) | Item::Hidden(names) | Item::Managed(names) => {
                self.columns(names, table);
            }
        }
    }

    fn rules(&mut self, rules: &'t [Rule], of: &'t str) {
        for rule in rules {
            self.rule(rule, of);
        }
    }

    fn rule(&mut self, rule: &'t Rule, of: &'t str) {
        let Rule {
            subject,
            outside: _,
            actions,
        } = rule;
        self.subject(subject, of);
        for action in actions {
            self.action(action, of);
        }
    }

    fn subject(&mut self, subject: &'t Subject, of: &'t str) {
        match subject {
            Subject::Itself(column) => self.column(column, of),
            Subject::Named(name) => self.add(name, Meaning::Subject),
            Subject::Team {
                role,
                attribute,
                column,
            } => {
                self.role(role);
                self.add(attribute, Meaning::Attribute { declared: false });
                if let Some(column) = column {
                    self.column(column, of);
                }
            }
        }
    }

    fn action(&mut self, action: &'t Action, of: &'t str) {
        let Action {
            word,
            columns,
            condition,
            check,
            blind: _,
            span: _,
            text: _,
            line: _,
        } = action;
        self.add(word, Meaning::Action { of });
        self.columns(columns.as_deref().unwrap_or_default(), of);
        self.condition(condition.as_ref(), of);
        self.condition(check.as_ref(), of);
    }

    fn condition(&mut self, condition: Option<&'t Condition>, table: &'t str) {
        let Some(Condition { kind, span: _ }) = condition else {
            return;
        };
        match kind {
            ConditionKind::All(parts) | ConditionKind::Any(parts) => {
                for part in parts {
                    self.condition(Some(part), table);
                }
            }
            ConditionKind::Not(inner) => self.condition(Some(inner), table),
            ConditionKind::Compare(_, left, right)
            | ConditionKind::Distinct(left, right, _)
            | ConditionKind::Like {
                operand: left,
                pattern: right,
                ..
            } => self.operands([left, right], table),
            ConditionKind::OneOf {
                operand,
                list,
                negated: _,
            } => self.operands(std::iter::once(operand).chain(list), table),
            ConditionKind::Between(operand, low, high) => {
                self.operands([operand, low, high], table);
            }
            ConditionKind::IsNull(operand, _) | ConditionKind::Flag(operand) => {
                self.operands([operand], table);
            }
        }
    }

    fn operands(&mut self, operands: impl IntoIterator<Item = &'t Operand>, table: &'t str) {
        for Operand { kind, span } in operands {
            match kind {
                OperandKind::Column(text) => self.found.push(Mention {
                    span: *span,
                    text,
                    meaning: Meaning::Column { table },
                }),
                OperandKind::Literal(_) | OperandKind::Caller(_) | OperandKind::Now => {}
            }
        }
    }
}
