//! The generated SQL, one object changed at a time.

use countersign_wasm::batch::{Act, Question};

use super::objects::{Function, Objects, RowPolicy, Trigger};
use super::tokens::{self, Mutated, Names};
use crate::verify::preconditions::ROLES;
use crate::verify::sql;

/// A change to the database.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// Which object, e.g. `policy countersign_select`.
    pub(super) object: String,
    pub(super) what: String,
    /// The statements that make it.
    pub(super) ddl: String,
    /// What was there, and what is there instead; empty if that says nothing more.
    pub(super) before: String,
    pub(super) after: String,
    pub(super) reach: Reach,
    /// Of a change to a policy its name, and what it becomes, if it does not go.
    pub(super) policy: Option<(String, Option<RowPolicy>)>,
    /// The pieces that the change lies in, the smallest first: their name, and what is left without
    /// them.
    pub(super) within: Vec<(String, Left)>,
}

/// What is left of an object without a piece of it.
#[derive(Clone, Debug)]
pub(super) enum Left {
    /// A policy, if anything of it is left.
    Policy(Option<RowPolicy>),
    /// A function, by its body.
    Function(String),
    /// No trigger.
    NoTrigger,
}

/// Which statements read a changed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of these roles' statements of a command; of any, where it is `all` or `select`, since
    /// reading is part of everything.
    Command(Vec<String>, String),
    /// This role's statements that name a column, in the place of a privilege.
    Column(usize, usize, u8),
    /// Everything.
    Any,
}

impl Reach {
    /// Whether a statement reads the object.
    pub(super) fn includes(&self, role: &str, question: &Question) -> bool {
        match self {
            Self::Any => true,
            Self::Command(roles, command) => {
                roles.iter().any(|of| of == role || of == "public")
                    && match (command.as_str(), question.act) {
                        ("insert", act) => {
                            matches!(act, Act::Insert(..) | Act::Merge(..) | Act::Ignore(..))
                        }
                        ("update", act) => matches!(act, Act::Update(..) | Act::Merge(..)),
                        ("delete", act) => matches!(act, Act::Delete(_)),
                        _ => true,
                    }
            }
            Self::Column(of, privilege, column) => {
                let named = match (privilege, question.act) {
                    (0, _) => question.read.contains(*column),
                    (1, Act::Insert(..) | Act::Merge(..) | Act::Ignore(..))
                    | (2, Act::Update(..) | Act::Merge(..)) => question.written.contains(*column),
                    _ => false,
                };
                named && ROLES.get(*of).is_some_and(|of| *of == role)
            }
        }
    }
}

/// Every change to what belongs to one table.
pub(super) fn changes(relation: &str, objects: &Objects, names: &Names) -> Vec<Change> {
    let mut all = Vec::new();
    for policy in &objects.policies {
        if policy.roles.iter().any(|role| objects.lets_in(role)) {
            of_policy(relation, policy, objects, names, &mut all);
        }
    }
    of_privileges(relation, objects, &mut all);
    for trigger in &objects.triggers {
        of_trigger(relation, trigger, names, &mut all);
    }
    all.push(Change {
        object: "row-level security".to_owned(),
        what: DISABLED.to_owned(),
        ddl: format!("alter table {relation} disable row level security"),
        before: String::new(),
        after: String::new(),
        reach: Reach::Any,
        policy: None,
        within: Vec::new(),
    });
    all
}

fn of_policy(
    relation: &str,
    policy: &RowPolicy,
    objects: &Objects,
    names: &Names,
    all: &mut Vec<Change>,
) {
    let name = sql::name(&policy.name);
    let drop = format!("drop policy {name} on {relation}");
    let mut add = |what: String,
                   ddl: String,
                   text: Option<(&str, &str)>,
                   new: Option<RowPolicy>,
                   within: Vec<(String, Left)>| {
        let mut roles = policy.roles.clone();
        roles.extend(new.iter().flat_map(|new| new.roles.clone()));
        let same = new.as_ref().is_none_or(|new| new.command == policy.command);
        let command = if same { policy.command.as_str() } else { "all" };
        let (before, after) = text.unwrap_or_default();
        let mut within = within;
        within.push(("the policy".to_owned(), Left::Policy(None)));
        all.push(Change {
            object: format!("policy {}", policy.name),
            what,
            ddl,
            before: before.to_owned(),
            after: after.to_owned(),
            reach: Reach::Command(roles, command.to_owned()),
            policy: Some((policy.name.clone(), new)),
            within,
        });
    };
    add("dropped".to_owned(), drop.clone(), None, None, Vec::new());
    for (side, word) in [(&policy.using, "using"), (&policy.check, "with check")] {
        let Some(expression) = side else { continue };
        let with = |text: &str| {
            let mut new = policy.clone();
            let slot = if word == "using" {
                &mut new.using
            } else {
                &mut new.check
            };
            *slot = Some(text.to_owned());
            new
        };
        let whole = (word.to_owned(), Left::Policy(Some(with("true"))));
        let mut changed = tokens::mutants(expression, names);
        for constant in ["true", "false"] {
            if expression != constant {
                changed.push(Mutated {
                    what: format!("made {constant}"),
                    text: constant.to_owned(),
                    within: Vec::new(),
                });
            }
        }
        for Mutated { what, text, within } in changed {
            let ddl = format!("alter policy {name} on {relation} {word} ({text})");
            let left = |(what, text): &(String, String)| {
                let left = Left::Policy(Some(with(text)));
                (format!("{word}: {}", piece(what)), left)
            };
            let mut pieces: Vec<(String, Left)> = within.iter().map(left).collect();
            pieces.push(whole.clone());
            let new = with(&text);
            let text = Some((expression.as_str(), text.as_str()));
            add(format!("{word}: {what}"), ddl, text, Some(new), pieces);
        }
    }
    for role in ROLES {
        if !policy.roles.iter().any(|of| of == role) && objects.lets_in(role) {
            let ddl = format!("alter policy {name} on {relation} to {role}");
            let mut new = policy.clone();
            new.roles = vec![role.to_owned()];
            let what = format!("given to {role} instead");
            add(what, ddl, None, Some(new), Vec::new());
        }
    }
    let mut other = policy.clone();
    other.permissive = !policy.permissive;
    let kind = if other.permissive {
        "permissive"
    } else {
        "restrictive"
    };
    let ddl = format!("{drop}; {}", created(relation, &other));
    add(format!("made {kind}"), ddl, None, Some(other), Vec::new());
    for command in COMMANDS.into_iter().chain(["all"]) {
        if command != policy.command && (command != "all" || objects.may_widen(policy)) {
            let other = with_command(policy, command);
            let ddl = format!("{drop}; {}", created(relation, &other));
            let what = format!("for {} made for {command}", policy.command);
            add(what, ddl, None, Some(other), Vec::new());
        }
    }
}

/// What a policy can be for, one at a time.
const COMMANDS: [&str; 4] = ["select", "insert", "update", "delete"];

impl Objects {
    /// Whether a policy for all commands could let more through: to one that its roles have a
    /// privilege for, and that no other policy lets through by the same words.
    fn may_widen(&self, policy: &RowPolicy) -> bool {
        let all = with_command(policy, "all");
        let open = COMMANDS
            .into_iter()
            .filter(|command| policy.command != *command);
        let open: Vec<&str> = open.collect();
        ROLES.iter().enumerate().any(|(at, role)| {
            let of_role = |of: &&RowPolicy| of.roles.iter().any(|of| of == role || of == "public");
            let says = |of: &RowPolicy, command: &str| {
                let check = of.check.as_ref().or(of.using.as_ref());
                (command == "insert" || of.using == all.using)
                    && (matches!(command, "select" | "delete") || check == all.check.as_ref())
            };
            let said = |command: &str| {
                let others = self.policies.iter().filter(of_role);
                let mut others = others.filter(|of| of.permissive == policy.permissive);
                others.any(|of| [command, "all"].contains(&&*of.command) && says(of, command))
            };
            let mut open = open.iter();
            of_role(&policy) && open.any(|command| self.may(at, command) && !said(command))
        })
    }

    /// Whether a role has a privilege for a command, if only on one column.
    fn may(&self, role: usize, command: &str) -> bool {
        let column = |kind: usize| {
            let held = self
                .columns
                .iter()
                .filter_map(|column| column.held.get(role));
            held.into_iter().any(|held| held.get(kind) == Some(&true))
        };
        match command {
            "select" => column(0),
            "insert" => column(1),
            "update" => column(2),
            _ => self.deletes.get(role) == Some(&true),
        }
    }
}

/// The name of a piece, from that of the change that leaves it out.
fn piece(left_out: &str) -> &str {
    let piece = left_out.strip_prefix("dropped: ").unwrap_or(left_out);
    let piece = piece.strip_suffix(" dropped").unwrap_or(piece);
    piece.strip_suffix(" made true").unwrap_or(piece)
}

/// A policy as it would be for another command: what it lacks is what it has on the other side.
fn with_command(policy: &RowPolicy, command: &str) -> RowPolicy {
    let using = policy.using.as_ref().or(policy.check.as_ref());
    let check = policy.check.as_ref().or(policy.using.as_ref());
    RowPolicy {
        command: command.to_owned(),
        using: using.filter(|_| command != "insert").cloned(),
        check: check
            .filter(|_| !matches!(command, "select" | "delete"))
            .cloned(),
        ..policy.clone()
    }
}

fn created(relation: &str, policy: &RowPolicy) -> String {
    let mut ddl = format!(
        "create policy {} on {relation} as {} for {} to {}",
        sql::name(&policy.name),
        if policy.permissive {
            "permissive"
        } else {
            "restrictive"
        },
        policy.command,
        policy.roles.join(", ")
    );
    if let Some(using) = &policy.using {
        ddl.push_str(&format!(" using ({using})"));
    }
    if let Some(check) = &policy.check {
        ddl.push_str(&format!(" with check ({check})"));
    }
    ddl
}

const PRIVILEGES: [&str; 3] = ["select", "insert", "update"];

fn of_privileges(relation: &str, objects: &Objects, all: &mut Vec<Change>) {
    let mut add = |role: &str, held: bool, what: String, reach: Reach| {
        let (verb, word) = if held {
            ("revoke", "from")
        } else {
            ("grant", "to")
        };
        all.push(Change {
            object: format!("privileges of {role}"),
            ddl: format!("{verb} {what} on {relation} {word} {role}"),
            what: format!("{verb} {what}"),
            before: String::new(),
            after: String::new(),
            reach,
            policy: None,
            within: Vec::new(),
        });
    };
    for (position, role) in ROLES.iter().enumerate() {
        if !objects.lets_in(role) {
            continue;
        }
        // Without a policy that lets rows in, the privilege to insert them changes nothing: either
        // way the statement fails, and with the same error.
        let inserts = objects.policies.iter().any(|policy| {
            policy.permissive
                && matches!(policy.command.as_str(), "insert" | "all")
                && policy.roles.iter().any(|of| of == role || of == "public")
        });
        for (number, column) in (0..=u8::MAX).zip(&objects.columns) {
            let Some(held) = column.held.get(position) else {
                continue;
            };
            for (privilege, word) in PRIVILEGES.iter().enumerate() {
                // No statement can set a generated column, whoever may.
                if column.generated && privilege > 0 || privilege == 1 && !inserts {
                    continue;
                }
                let what = format!("{word} ({})", sql::name(&column.name));
                let held = held.get(privilege).is_some_and(|held| *held);
                add(role, held, what, Reach::Column(position, privilege, number));
            }
        }
        let held = objects.deletes.get(position).is_some_and(|held| *held);
        let reach = Reach::Command(vec![(*role).to_owned()], "delete".to_owned());
        add(role, held, "delete".to_owned(), reach);
    }
}

fn of_trigger(relation: &str, trigger: &Trigger, names: &Names, all: &mut Vec<Change>) {
    let drop = format!("drop trigger {} on {relation}", sql::name(&trigger.name));
    let mut add = |what: String, ddl: String, after: &str| {
        all.push(Change {
            object: format!("trigger {}", trigger.name),
            what,
            ddl,
            before: trigger.definition.clone(),
            after: after.to_owned(),
            reach: Reach::Any,
            policy: None,
            within: vec![("the trigger".to_owned(), Left::NoTrigger)],
        });
    };
    add("dropped".to_owned(), drop.clone(), "");
    // Only what follows `when` decides for whom and on what it fires; whoever row-level security
    // does not bind is none of the callers.
    let Some((head, condition)) = trigger.definition.split_once(" WHEN ") else {
        return;
    };
    if condition.contains("row_security_active") {
        return;
    }
    for Mutated { what, text, .. } in tokens::mutants(condition, names) {
        let after = format!("{head} WHEN {text}");
        add(format!("when: {what}"), format!("{drop}; {after}"), &after);
    }
}

/// What is changed where row-level security is switched off.
pub(super) const DISABLED: &str = "disabled";

/// That a function runs with the privileges of whoever calls it.
pub(super) const INVOKER: &str = "security definer made invoker";

/// Every change to a generated function.
pub(super) fn of_function(function: &Function, names: &Names) -> Vec<Change> {
    let mut all = Vec::new();
    let mut add =
        |what: String, ddl: String, (before, after): (&str, &str), within: Vec<(String, Left)>| {
            all.push(Change {
                object: format!("function {}", function.signature),
                what,
                ddl,
                before: before.to_owned(),
                after: after.to_owned(),
                reach: Reach::Any,
                policy: None,
                within,
            });
        };
    for Mutated { what, text, within } in tokens::mutants(&function.body, names) {
        let ddl = function.definition.replacen(&function.body, &text, 1);
        let within = within.into_iter();
        let within = within.map(|(what, text)| (piece(&what).to_owned(), Left::Function(text)));
        add(what, ddl, (&function.body, &text), within.collect());
    }
    let signature = &function.signature;
    if function.definer {
        let ddl = format!("alter function {signature} security invoker");
        add(INVOKER.to_owned(), ddl, ("", ""), Vec::new());
    }
    if function.executable {
        let ddl = format!("revoke execute on function {signature} from authenticated");
        let what = "execute taken from authenticated".to_owned();
        add(what, ddl, ("", ""), Vec::new());
    }
    all
}
