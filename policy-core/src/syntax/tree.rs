//! The tree of a policy text: what was written and where, nothing resolved.

use crate::condition::Comparison;
use crate::diagnostic::Span;

/// A name with its place. `text` is folded to lower case unless it was quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A whole policy text.
#[derive(Clone, Debug)]
pub struct File {
    /// `app <name> in schema <schema>;`
    pub app: Name,
    /// The schema; the app's name if none is given.
    pub schema: Name,
    /// `caller id <type>;`
    pub caller_id: Option<Name>,
    /// `managed <columns>;`: columns that no client ever writes, in any table.
    pub managed: Vec<Name>,
    /// `tenant ...;`
    pub tenant: Option<Tenant>,
    /// `on <table> ...`
    pub tables: Vec<Table>,
    /// `on view <view> ...`
    pub views: Vec<View>,
    /// `on function <name>(<types>) ...`
    pub functions: Vec<Function>,
    /// `resource <system>.<name> ...`
    pub resources: Vec<Resource>,
}

/// The declaration of tenants.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The table.
    pub table: Name,
    /// Its key.
    pub key: Name,
    /// `found by <column> stamped <column>`
    pub found: Option<(Name, Name)>,
    /// `members <table> (<tenant>, <caller>, ...) ...`
    pub members: Vec<Members>,
    /// `roles <highest> > ... > <lowest>`
    pub roles: Vec<Name>,
    /// `keep at least one <role>`
    pub keep: Option<Name>,
    /// The whole declaration.
    pub span: Span,
}

/// One source of memberships.
#[derive(Clone, Debug)]
pub struct Members {
    /// The table.
    pub table: Name,
    /// The column with the tenant's key.
    pub tenant: Name,
    /// The column with the caller's id.
    pub caller: Name,
    /// The columns behind these two, or their words, in order: the role's first, unless `as` names
    /// one role for all rows; then the attributes'.
    pub more: Vec<Attribute>,
    /// `as <role>`: every row gives this role.
    pub role: Option<Name>,
    /// Which rows count.
    pub condition: Option<Condition>,
}

/// A column of a membership that rules may hold a row's column against.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The column.
    pub column: Name,
    /// `as <name>`: how rules call it; the column's own name if it is not given.
    pub name: Option<Name>,
}

impl Attribute {
    /// How rules call it.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.name.as_ref().unwrap_or(&self.column)
    }
}

/// A block about a table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The table.
    pub name: Name,
    /// `tenant <column>`
    pub tenant: Option<Name>,
    /// `via <column> in <table> and ...`
    pub parents: Vec<Via>,
    /// `append`
    pub append: Option<Span>,
    /// `from <system> [ttl <number> <unit>]`
    pub source: Option<Source>,
    /// The block's statements.
    pub items: Vec<Item>,
    /// The line it starts on, from 1.
    pub line: u32,
}

/// Where the truth of a table is, if it is elsewhere.
#[derive(Clone, Debug)]
pub struct Source {
    /// The system.
    pub system: Name,
    /// `ttl <number> <unit>`, in seconds.
    pub ttl: Option<u32>,
    /// Its words.
    pub span: Span,
}

/// One link of a `via`.
#[derive(Clone, Debug)]
pub struct Via {
    /// The table's own column.
    pub column: Name,
    /// The other table.
    pub table: Name,
    /// The other table's column, in the one-to-many form.
    pub other: Option<Name>,
}

/// A statement of a table's block.
#[derive(Clone, Debug)]
pub enum Item {
    /// `<subject>: <action>, ...;`
    Rule(Rule),
    /// `inherit <actions>;`
    Inherit(Vec<Name>),
    /// `retire ...;`
    Retire(Retire),
    /// `never ...;`
    Never(Box<Action>),
    /// `fixed <columns>;`
    Fixed(Vec<Name>),
    /// `hidden <columns>;`
    Hidden(Vec<Name>),
    /// `managed <columns>;`: as for the whole app, but of this table only.
    Managed(Vec<Name>),
}

/// Who may do what.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Who.
    pub subject: Subject,
    /// `outside`
    pub outside: Option<Span>,
    /// What.
    pub actions: Vec<Action>,
}

/// Whom a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `self <column>`
    Itself(Name),
    /// `anon`, `guest`, `user`, `service` or a role.
    Named(Name),
    /// `<role> in same <attribute> [as <column>]`
    Team {
        /// The role.
        role: Name,
        /// What the membership's row has.
        attribute: Name,
        /// The row's column; one of the attribute's name if it is not given.
        column: Option<Name>,
    },
}

impl Subject {
    /// The words that name the subject.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Itself(name) | Self::Named(name) => name.span,
            Self::Team {
                role,
                attribute,
                column,
            } => role.span.to(column.as_ref().unwrap_or(attribute).span),
        }
    }
}

/// An action with its columns and conditions, which belong to the action they follow.
#[derive(Clone, Debug)]
pub struct Action {
    /// `select`, `insert`, `update`, `delete`, `upsert` or `execute`.
    pub word: Name,
    /// `(<columns>)`
    pub columns: Option<Vec<Name>>,
    /// `where <condition>`
    pub condition: Option<Condition>,
    /// `check <condition>`
    pub check: Option<Condition>,
    /// `blind`: yes, an insert whose result cannot be read back.
    pub blind: bool,
    /// The action's words.
    pub span: Span,
    /// The rule in one line: its subject and this action.
    pub text: String,
    /// The line it starts on, from 1.
    pub line: u32,
}

/// `retire <column> = <value> by <role>, seen by <role>, stamped <column>`
#[derive(Clone, Debug)]
pub struct Retire {
    /// The column.
    pub column: Name,
    /// Its value in retired rows.
    pub value: Literal,
    /// Who may retire.
    pub by: Name,
    /// Who sees retired rows.
    pub seen_by: Name,
    /// The column that every update stamps.
    pub stamp: Name,
}

/// A block about a view.
#[derive(Clone, Debug)]
pub struct View {
    /// The view.
    pub name: Name,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The line it starts on, from 1.
    pub line: u32,
}

/// A block about a function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The function.
    pub name: Name,
    /// Its argument types.
    pub arguments: Vec<Name>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The line it starts on, from 1.
    pub line: u32,
}

/// A block about what is not in the database: an object of another system, or a workflow.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The system, if the name has one.
    pub system: Option<Name>,
    /// The name behind it.
    pub name: Name,
    /// Its rules, whose actions are operations in plain words.
    pub rules: Vec<Rule>,
    /// The line it starts on, from 1.
    pub line: u32,
}

/// A condition as written.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What it is.
    pub kind: ConditionKind,
    /// Its words.
    pub span: Span,
}

/// The forms of a condition.
#[derive(Clone, Debug)]
pub enum ConditionKind {
    /// `... and ...`
    All(Vec<Condition>),
    /// `... or ...`
    Any(Vec<Condition>),
    /// `not ...`
    Not(Box<Condition>),
    /// `left <operator> right`
    Compare(Comparison, Operand, Operand),
    /// `operand [not] in (...)`
    OneOf {
        /// What is looked for.
        operand: Operand,
        /// Where.
        list: Vec<Operand>,
        /// Whether it is `not in`.
        negated: bool,
    },
    /// `operand between low and high`
    Between(Operand, Operand, Operand),
    /// `operand is [not] null`
    IsNull(Operand, bool),
    /// `left is [not] distinct from right`; `true` for `not`.
    Distinct(Operand, Operand, bool),
    /// `operand [not] like pattern`, or `ilike`.
    Like {
        /// What is looked at.
        operand: Operand,
        /// The pattern.
        pattern: Operand,
        /// Whether it is `ilike`.
        folds: bool,
        /// Whether `not` stands before it.
        negated: bool,
    },
    /// An operand by itself.
    Flag(Operand),
}

/// One side of a comparison, as written.
#[derive(Clone, Debug)]
pub struct Operand {
    /// What it is.
    pub kind: OperandKind,
    /// Its words.
    pub span: Span,
}

/// The forms of an operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperandKind {
    /// A column of the row.
    Column(String),
    /// A literal.
    Literal(Value),
    /// `caller.<what>`
    Caller(String),
    /// `now()`
    Now,
}

/// A literal with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The value.
    pub value: Value,
    /// Its place.
    pub span: Span,
}

/// A literal's value before its type is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `'...'`
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Decimal(String),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}
