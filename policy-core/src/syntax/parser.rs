//! The statements of a policy text, by recursive descent.

use super::next::Ask;
use super::token::{Token, tokens};
use super::tree::{
    Action, Attribute, File, Function, Item, Members, Name, Resource, Retire, Rule, Source,
    Subject, Table, Tenant, Via, View,
};
use crate::diagnostic::{Diagnostic, Span, nearest};

/// Words with a meaning at the start of a statement or as a subject: no role may be named so.
pub const KEYWORDS: [&str; 20] = [
    "anon", "app", "append", "caller", "execute", "fixed", "guest", "hidden", "inherit", "managed",
    "never", "on", "outside", "resource", "retire", "self", "service", "tenant", "user", "via",
];

pub(super) const ACTIONS: [&str; 6] = ["select", "insert", "update", "delete", "upsert", "execute"];

/// The units of `ttl`, in seconds.
const UNITS: [(&str, u32); 4] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3_600),
    ("day", 86_400),
];

/// The reading failed here; the diagnostic is already kept.
#[derive(Debug)]
pub(super) struct Stop;

pub(super) type Read<T> = Result<T, Stop>;

/// Reads one action behind the words that lead it, which start here.
type ReadAction<'s> = fn(&mut Parser<'s>, &str, Span) -> Read<Action>;

pub(super) struct Parser<'s> {
    pub(super) source: &'s str,
    pub(super) tokens: Vec<(Token, Span)>,
    pub(super) position: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What was asked for at the end of the text, if that is wanted.
    pub(super) asked: Option<Vec<Ask>>,
}

impl<'s> Parser<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            tokens: tokens(source),
            position: 0,
            diagnostics: Vec::new(),
            asked: None,
        }
    }

    /// What could stand at the end of the text.
    pub(super) fn asks(mut self) -> Vec<Ask> {
        self.asked = Some(Vec::new());
        let _ = self.file();
        self.asked.unwrap_or_default()
    }

    pub(super) fn file(&mut self) -> Result<File, Vec<Diagnostic>> {
        let Ok((app, schema)) = self.app() else {
            return Err(std::mem::take(&mut self.diagnostics));
        };
        let mut file = File {
            app,
            schema,
            caller_id: None,
            managed: Vec::new(),
            tenant: None,
            tables: Vec::new(),
            views: Vec::new(),
            functions: Vec::new(),
            resources: Vec::new(),
        };
        while self.peek() != Token::End {
            if self.statement(&mut file).is_err() {
                self.recover();
            }
        }
        if self.asks_for_more() {
            let _ = self.statement(&mut file);
        }
        if self.diagnostics.is_empty() {
            Ok(file)
        } else {
            Err(std::mem::take(&mut self.diagnostics))
        }
    }

    fn app(&mut self) -> Read<(Name, Name)> {
        if !self.at("app") {
            return self.fail(
                "no-app",
                "a policy starts with `app <name>;`",
                "expected `app`",
            );
        }
        self.advance();
        let app = self.name("the app's name")?;
        let schema = if self.take("in") {
            self.expect_word("schema")?;
            self.name("the schema's name")?
        } else {
            app.clone()
        };
        self.expect(Token::Semicolon, "`;`")?;
        Ok((app, schema))
    }

    fn statement(&mut self, file: &mut File) -> Read<()> {
        let line = self.line();
        if self.take("caller") {
            self.expect_word("id")?;
            file.caller_id = Some(self.name("`uuid` or `text`")?);
            self.expect(Token::Semicolon, "`;`")?;
        } else if self.take("managed") {
            file.managed.extend(self.names()?);
            self.expect(Token::Semicolon, "`;`")?;
        } else if self.at("tenant") {
            let tenant = self.tenant()?;
            if file.tenant.is_some() {
                self.diagnostics.push(
                    Diagnostic::error("second-tenant", tenant.span, "a policy has one `tenant`")
                        .help("several membership tables go into one declaration: `members a (...) members b (...)`"),
                );
                return Err(Stop);
            }
            file.tenant = Some(tenant);
        } else if self.take("on") {
            if self.at("view") && self.at_name_after() {
                self.advance();
                let name = self.name("the view's name")?;
                let rules = self.rules(Self::action)?;
                file.views.push(View { name, rules, line });
            } else if self.at("function") && self.at_name_after() {
                self.advance();
                let name = self.name("the function's name")?;
                let arguments = self.types()?;
                let rules = self.rules(Self::action)?;
                file.functions.push(Function {
                    name,
                    arguments,
                    rules,
                    line,
                });
            } else {
                let table = self.table(line)?;
                file.tables.push(table);
            }
        } else if self.take("resource") {
            let resource = self.resource(line)?;
            file.resources.push(resource);
        } else {
            let found = self.here().text(self.source).to_lowercase();
            let starts = ["caller", "managed", "tenant", "on", "resource"];
            let mut diagnostic = Diagnostic::error(
                "unexpected",
                self.here(),
                format!("a statement starts with one of `{}`", starts.join("`, `")),
            )
            .label("not the start of a statement");
            if let Some(near) = nearest(&found, starts.into_iter()) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            self.diagnostics.push(diagnostic);
            return Err(Stop);
        }
        Ok(())
    }

    fn tenant(&mut self) -> Read<Tenant> {
        let start = self.here();
        self.advance();
        let table = self.name("the tenant table's name")?;
        self.expect(Token::Open, "`(` and the key column")?;
        let key = self.name("the key column")?;
        self.expect(Token::Close, "`)`")?;
        let found = if self.take("found") {
            self.expect_word("by")?;
            let author = self.name("the column that holds the founder")?;
            self.expect_word("stamped")?;
            Some((
                author,
                self.name("the column that holds the time of creation")?,
            ))
        } else {
            None
        };
        let mut members = Vec::new();
        while self.take("members") {
            members.push(self.members()?);
        }
        self.expect_word("roles")?;
        let mut roles = vec![self.name("a role")?];
        while self.take_token(Token::Greater) {
            roles.push(self.name("a role")?);
        }
        let keep = if self.take("keep") {
            for word in ["at", "least", "one"] {
                self.expect_word(word)?;
            }
            Some(self.name("the top role")?)
        } else {
            None
        };
        let span = start.to(self.previous());
        self.expect(Token::Semicolon, "`;`")?;
        Ok(Tenant {
            table,
            key,
            found,
            members,
            roles,
            keep,
            span,
        })
    }

    fn members(&mut self) -> Read<Members> {
        let table = self.name("the membership table's name")?;
        self.expect(Token::Open, "`(`, the tenant's column and the caller's")?;
        let tenant = self.name("the column with the tenant's key")?;
        self.expect(Token::Comma, "`,`")?;
        let caller = self.name("the column with the caller's id")?;
        let mut more = Vec::new();
        while self.take_token(Token::Comma) {
            let column =
                self.name("the column with the role, or one that rules hold rows against")?;
            let name = if self.take("as") {
                Some(self.name("the name that rules use")?)
            } else {
                None
            };
            more.push(Attribute { column, name });
        }
        self.expect(Token::Close, "`,` or `)`")?;
        let role = if self.take("as") {
            Some(self.name("the role of every row")?)
        } else {
            None
        };
        let condition = if self.take("where") {
            Some(self.condition()?)
        } else {
            None
        };
        Ok(Members {
            table,
            tenant,
            caller,
            more,
            role,
            condition,
        })
    }

    fn resource(&mut self, line: u32) -> Read<Resource> {
        let first = self.name("the resource's name")?;
        let (system, name) = if self.take_token(Token::Dot) {
            (Some(first), self.name("the name within the system")?)
        } else {
            (None, first)
        };
        let rules = self.rules(Self::operation)?;
        Ok(Resource {
            system,
            name,
            rules,
            line,
        })
    }

    /// An operation: a plain word, with nothing behind it.
    fn operation(&mut self, lead: &str, start: Span) -> Read<Action> {
        let (line, from) = (self.line(), self.position);
        let word = self.name("an operation")?;
        Ok(Action {
            text: format!("{lead} {}", self.one_line(from)),
            span: start.to(word.span),
            word,
            columns: None,
            condition: None,
            check: None,
            blind: false,
            line,
        })
    }

    /// `from <system> [ttl <number> <unit>]`, behind its first word.
    fn source(&mut self, start: Span) -> Read<Source> {
        let system = self.name("the system that holds the truth")?;
        let ttl = if self.take("ttl") {
            let at = self.here();
            let Ok(number) = at.text(self.source).parse::<u32>() else {
                return self.expected("a whole number");
            };
            self.advance();
            let unit = self.name("`seconds`, `minutes`, `hours` or `days`")?;
            let seconds = UNITS
                .iter()
                .find(|(name, _)| *name == unit.text.trim_end_matches('s'))
                .and_then(|(_, seconds)| number.checked_mul(*seconds))
                .filter(|seconds| *seconds > 0);
            if seconds.is_none() {
                self.keep(
                    Diagnostic::error(
                        "ttl",
                        at.to(unit.span),
                        "how long a copy may be used is a number of seconds, minutes, hours or days",
                    )
                    .label("no such time")
                    .help("write it as in `ttl 15 minutes`"),
                );
                return Err(Stop);
            }
            seconds
        } else {
            None
        };
        Ok(Source {
            system,
            ttl,
            span: start.to(self.previous()),
        })
    }

    fn table(&mut self, line: u32) -> Read<Table> {
        let name = self.name("a table's name")?;
        let mut table = Table {
            name,
            tenant: None,
            parents: Vec::new(),
            append: None,
            source: None,
            items: Vec::new(),
            line,
        };
        loop {
            if self.take("tenant") {
                table.tenant = Some(self.name("the tenant column")?);
            } else if self.take("via") {
                loop {
                    let column = self.name("the column that points to the parent")?;
                    self.expect_word("in")?;
                    let parent = self.name("the parent's name")?;
                    let other = if self.take_token(Token::Open) {
                        let other = self.name("the other table's column")?;
                        self.expect(Token::Close, "`)`")?;
                        Some(other)
                    } else {
                        None
                    };
                    table.parents.push(Via {
                        column,
                        table: parent,
                        other,
                    });
                    if !self.take("and") {
                        break;
                    }
                }
            } else if self.at("append") {
                table.append = Some(self.here());
                self.advance();
            } else if self.at("from") {
                let start = self.here();
                self.advance();
                table.source = Some(self.source(start)?);
            } else {
                break;
            }
        }
        if self.take_token(Token::Semicolon) {
            return Ok(table);
        }
        self.expect(
            Token::OpenBlock,
            "`{` or one of `tenant`, `via`, `append`, `from`",
        )?;
        while !self.take_token(Token::CloseBlock) {
            if self.peek() == Token::End {
                if self.asks_for_more() {
                    let _ = self.item();
                }
                return self.fail(
                    "unexpected",
                    "the block of a table ends with `}`",
                    "expected `}`",
                );
            }
            match self.item() {
                Ok(item) => table.items.push(item),
                Err(Stop) => self.recover_item(),
            }
        }
        Ok(table)
    }

    fn item(&mut self) -> Read<Item> {
        if self.take("inherit") {
            let mut actions = vec![self.name("an action")?];
            while self.take_token(Token::Comma) {
                actions.push(self.name("an action")?);
            }
            self.expect(Token::Semicolon, "`;`")?;
            return Ok(Item::Inherit(actions));
        }
        if self.take("retire") {
            let column = self.name("the column that holds the row's life")?;
            self.expect(Token::Equal, "`=`")?;
            let value = self.literal()?;
            self.expect_word("by")?;
            let by = self.name("a role")?;
            self.expect(Token::Comma, "`, seen by <role>`")?;
            self.expect_word("seen")?;
            self.expect_word("by")?;
            let seen_by = self.name("a role")?;
            self.expect(Token::Comma, "`, stamped <column>`")?;
            self.expect_word("stamped")?;
            let stamp = self.name("the column that every update sets")?;
            self.expect(Token::Semicolon, "`;`")?;
            return Ok(Item::Retire(Retire {
                column,
                value,
                by,
                seen_by,
                stamp,
            }));
        }
        if self.at("never") {
            let start = self.here();
            self.advance();
            let action = self.action("never", start)?;
            self.expect(Token::Semicolon, "`;`")?;
            return Ok(Item::Never(Box::new(action)));
        }
        for (word, item) in [
            ("fixed", Item::Fixed as fn(Vec<Name>) -> Item),
            ("hidden", Item::Hidden),
            ("managed", Item::Managed),
        ] {
            if self.take(word) {
                let names = self.names()?;
                self.expect(Token::Semicolon, "`;`")?;
                return Ok(item(names));
            }
        }
        self.rule().map(Item::Rule)
    }

    /// A block of nothing but rules.
    fn rules(&mut self, action: ReadAction<'s>) -> Read<Vec<Rule>> {
        self.expect(Token::OpenBlock, "`{`")?;
        let mut rules = Vec::new();
        while !self.take_token(Token::CloseBlock) {
            if self.peek() == Token::End {
                if self.asks_for_more() {
                    let _ = self.rule_of(action);
                }
                return self.expected("`}`");
            }
            match self.rule_of(action) {
                Ok(rule) => rules.push(rule),
                Err(Stop) => self.recover_item(),
            }
        }
        Ok(rules)
    }

    fn rule(&mut self) -> Read<Rule> {
        self.rule_of(Self::action)
    }

    fn rule_of(&mut self, action: ReadAction<'s>) -> Read<Rule> {
        let (start, from) = (self.here(), self.position);
        let outside = if self.take("outside") {
            Some(start)
        } else {
            None
        };
        let subject = if self.take("self") {
            Subject::Itself(self.name("the column that holds the caller's id")?)
        } else {
            let name = self.name("a role or one of `anon`, `guest`, `user`, `service`, `self`")?;
            if self.take("in") {
                self.team(name)?
            } else {
                Subject::Named(name)
            }
        };
        let who = self.one_line(from);
        self.expect(Token::Colon, "`:` and what they may do")?;
        let lead = format!("{who}:");
        let mut actions = vec![action(self, &lead, self.here())?];
        while self.take_token(Token::Comma) {
            actions.push(action(self, &lead, self.here())?);
        }
        self.expect(Token::Semicolon, "`;`")?;
        Ok(Rule {
            subject,
            outside,
            actions,
        })
    }

    /// `in same <attribute> [as <column>]`, behind `in`.
    fn team(&mut self, role: Name) -> Read<Subject> {
        self.expect_word("same")?;
        let attribute = self.name("what the membership has, such as `team_id`")?;
        let column = if self.take("as") {
            Some(self.name("the row's column")?)
        } else {
            None
        };
        Ok(Subject::Team {
            role,
            attribute,
            column,
        })
    }

    fn action(&mut self, lead: &str, start: Span) -> Read<Action> {
        let line = self.line();
        let from = self.position;
        let word = self.name("an action")?;
        if !ACTIONS.contains(&word.text.as_str()) {
            let mut diagnostic = Diagnostic::error(
                "unknown-action",
                word.span,
                format!("`{}` is not an action", word.text),
            )
            .label("not an action");
            diagnostic = diagnostic.help(nearest(&word.text, ACTIONS.into_iter()).map_or_else(
                || format!("the actions are `{}`", ACTIONS.join("`, `")),
                |near| format!("did you mean `{near}`?"),
            ));
            self.diagnostics.push(diagnostic);
            return Err(Stop);
        }
        let columns = if self.peek() == Token::Open {
            Some(self.names()?)
        } else {
            None
        };
        let condition = if self.take("where") {
            Some(self.condition()?)
        } else {
            None
        };
        let check = if self.take("check") {
            Some(self.condition()?)
        } else {
            None
        };
        let blind = self.take("blind");
        let end = self.previous();
        let text = format!("{lead} {}", self.one_line(from));
        Ok(Action {
            word,
            columns,
            condition,
            check,
            blind,
            span: start.to(end),
            text,
            line,
        })
    }

    /// One name, or several in parentheses.
    fn names(&mut self) -> Read<Vec<Name>> {
        if !self.take_token(Token::Open) {
            return Ok(vec![self.name("a column or `(`")?]);
        }
        let mut names = vec![self.name("a column")?];
        while self.take_token(Token::Comma) {
            names.push(self.name("a column")?);
        }
        self.expect(Token::Close, "`,` or `)`")?;
        Ok(names)
    }

    /// Argument types; a type may have several words, such as `timestamp with time zone`.
    fn types(&mut self) -> Read<Vec<Name>> {
        self.expect(Token::Open, "`(` and the argument types")?;
        let mut types = Vec::new();
        while !self.take_token(Token::Close) {
            if !types.is_empty() {
                self.expect(Token::Comma, "`,` or `)`")?;
            }
            let mut name = self.name("an argument type")?;
            while matches!(self.peek(), Token::Word) {
                let more = self.name("an argument type")?;
                name = Name {
                    text: format!("{} {}", name.text, more.text),
                    span: name.span.to(more.span),
                };
            }
            types.push(name);
        }
        Ok(types)
    }
}
