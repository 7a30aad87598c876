//! Random policies, and smaller ones.

use std::collections::BTreeMap;

use policy_core::compile;

use crate::dice::Dice;
use crate::world::{Field, Stage, World};

/// A policy, piece by piece.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The type of callers' ids.
    caller: &'static str,
    /// Whether the app has tenants; without them there are no roles.
    tenants: bool,
    found: bool,
    active: bool,
    keep: bool,
    /// Whether memberships say a team, and rules ask for it.
    teams: bool,
    /// Whether there is a second source of memberships, and of which role.
    chiefs: Option<&'static str>,
    blocks: Vec<Block>,
}

/// How often the checker says no, and why.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    pub(crate) drafts: usize,
    pub(crate) accepted: usize,
    pub(crate) codes: BTreeMap<&'static str, usize>,
}

/// How often a block is drawn again.
const TRIES: usize = 12;

/// What it says of a table.
#[derive(Clone, Debug)]
struct Block {
    /// Or `view` and its name, or `function`.
    table: String,
    /// What stands between the table's name and its items.
    head: Vec<String>,
    items: Vec<Item>,
}

/// One item of a table's block.
#[derive(Clone, Debug)]
struct Item {
    /// `who:`, or the item's first word.
    lead: String,
    parts: Vec<String>,
}

impl Draft {
    /// A policy that the checker accepts. It grows block by block, and a block that is refused is
    /// drawn again, so that a policy of many blocks is not refused for one of them.
    pub(crate) fn random(world: &World, dice: &mut Dice, refusals: &mut Refusals) -> Self {
        let tenants = !(world.varied && dice.once_in(6));
        let mut draft = Self {
            caller: world.person.data_type,
            tenants,
            found: tenants && dice.once_in(3),
            active: tenants && dice.once_in(2),
            keep: tenants && dice.once_in(3),
            teams: tenants && world.varied && dice.once_in(2),
            chiefs: (tenants && world.varied && dice.once_in(2)).then(|| *dice.pick(&ROLES)),
            blocks: Vec::new(),
        };
        for stage in &world.stages {
            // Parents are named with their children more often than not.
            if dice.once_in(4) {
                continue;
            }
            for _ in 0..TRIES {
                refusals.drafts += 1;
                let drawn = draft.block(stage, world.varied, dice);
                draft.blocks.push(drawn);
                match compile(&draft.to_string(), &world.catalogue) {
                    Ok(_) => {
                        refusals.accepted += 1;
                        break;
                    }
                    Err(findings) => {
                        for finding in findings.iter().filter(|finding| finding.is_error()) {
                            *refusals.codes.entry(finding.code).or_default() += 1;
                        }
                        draft.blocks.pop();
                    }
                }
            }
        }
        for door in &world.doors {
            // What nothing names is closed.
            if dice.once_in(4) {
                continue;
            }
            let mut items = Vec::new();
            for _ in 0..1 + dice.below(2) {
                let who = match dice.below(6) {
                    // A view cannot tell the others from the lowest.
                    0..=2 if tenants && !door.function => ROLES[0],
                    0..=2 if tenants => *dice.pick(&ROLES),
                    0..=2 => "user",
                    3 => "anon",
                    4 => "guest",
                    _ => "service",
                };
                items.push(item(&format!("{who}:"), [door.action()]));
            }
            draft.blocks.push(Block {
                table: door.named(),
                head: Vec::new(),
                items,
            });
            // Saying the same twice is refused.
            if compile(&draft.to_string(), &world.catalogue).is_err() {
                draft.blocks.pop();
            }
        }
        draft
    }

    /// Everything that leaves out one piece.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for (clear, set) in [(self.found, 0), (self.active, 1), (self.keep, 2)] {
            if clear {
                let mut less = self.clone();
                *[&mut less.found, &mut less.active, &mut less.keep][set] = false;
                all.push(less);
            }
        }
        if self.chiefs.is_some() {
            let mut less = self.clone();
            less.chiefs = None;
            all.push(less);
        }
        if self.teams {
            // Who was one of a team is one of the tenant then.
            let mut less = self.clone();
            less.teams = false;
            let items = less.blocks.iter_mut().flat_map(|block| &mut block.items);
            items.for_each(|item| item.lead = item.lead.replace(" in same team", ""));
            all.push(less);
        }
        for (b, block) in self.blocks.iter().enumerate() {
            let mut less = self.clone();
            less.blocks.remove(b);
            all.push(less);
            for h in 0..block.head.len() {
                let mut less = self.clone();
                less.blocks[b].head.remove(h);
                all.push(less);
            }
            for (i, item) in block.items.iter().enumerate() {
                let mut less = self.clone();
                less.blocks[b].items.remove(i);
                all.push(less);
                for p in 0..item.parts.len() {
                    let mut fewer = self.clone();
                    if item.parts.len() > 1 {
                        fewer.blocks[b].items[i].parts.remove(p);
                        all.push(fewer);
                    }
                    for word in [" check ", " where "] {
                        if let Some((before, _)) = item.parts[p].split_once(word) {
                            let mut barer = self.clone();
                            before.clone_into(&mut barer.blocks[b].items[i].parts[p]);
                            all.push(barer);
                        }
                    }
                }
            }
        }
        all
    }
}

impl std::fmt::Display for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "app rnd in schema rnd;\ncaller id {};", self.caller)?;
        if self.tenants {
            self.tenant(f)?;
        }
        for block in &self.blocks {
            let head: String = block.head.iter().map(|word| format!(" {word}")).collect();
            writeln!(f, "on {}{head} {{", block.table)?;
            for item in &block.items {
                writeln!(f, "  {} {};", item.lead, item.parts.join(", "))?;
            }
            writeln!(f, "}}")?;
        }
        Ok(())
    }
}

impl Draft {
    fn tenant(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "tenant firms (id){}\n  members staff (firm_id, person_id, role{}){}{}\n  roles top > mid > low{};",
            if self.found {
                " found by founder stamped made"
            } else {
                ""
            },
            if self.teams { ", team" } else { "" },
            if self.active { " where active" } else { "" },
            self.chiefs.map_or_else(String::new, |role| {
                let team = if self.teams { ", team" } else { "" };
                format!("\n  members chiefs (firm_id, person_id{team}) as {role}")
            }),
            if self.keep {
                "\n  keep at least one top"
            } else {
                ""
            },
        )
    }

    fn block(&self, stage: &Stage, varied: bool, dice: &mut Dice) -> Block {
        let tenant = self.tenants && stage.columns.iter().any(|field| field.name == "firm_id");
        let roled = self.tenants && (tenant || stage.name == "firms");
        let mut head = Vec::new();
        if tenant {
            head.push("tenant firm_id".to_owned());
        }
        let mut via = false;
        if let Some(link) = stage.parent.filter(|_| !dice.once_in(4)) {
            head.push(format!("via {} in {}", link.column, link.table));
            via = true;
        }
        let members = self.tenants && matches!(stage.name, "staff" | "chiefs");
        let teams =
            self.teams && !members && stage.columns.iter().any(|field| field.name == "team");
        let copied = varied && !members && dice.once_in(12);
        if copied {
            head.push("from crm".to_owned());
        }
        let peers = stage.name == "people" && dice.once_in(2);
        if peers {
            head.push("via id in staff (person_id)".to_owned());
        }
        let append = dice.once_in(10);
        if append {
            head.push("append".to_owned());
        }
        let mut items = Vec::new();
        if via && dice.once_in(3) {
            items.push(item("inherit", ["select"]));
        }
        let mut closed = Vec::new();
        for word in ["fixed", "hidden", "managed"] {
            if dice.once_in(8) {
                let list = taken(stage, dice);
                if !list.is_empty() {
                    items.push(item(word, [format!("({})", list.join(", "))]));
                    closed.extend(list);
                }
            }
        }
        // Whoever writes must read; without such a rule next to nothing would be accepted. And what
        // may be read is seldom conditional where rows may be changed, or updates could hide them.
        let partly = dice.once_in(3);
        let reader = if roled {
            "low:"
        } else {
            *dice.pick(&["anon:", "guest:", "user:"])
        };
        let narrow = if partly { 1 } else { 1_000 };
        items.push(item(reader, [with_where("select", stage, dice, narrow)]));
        let listed = dice.once_in(2).then(|| columns(stage, dice, &closed));
        for _ in 0..1 + dice.below(4) {
            let mut who = subject(stage, roled, teams, dice);
            if members && !dice.once_in(3) {
                "top:".clone_into(&mut who);
            }
            // Clients do not write what another system has.
            if copied {
                "service:".clone_into(&mut who);
            }
            let reads = ["low:", "mid:", "top:"].contains(&who.as_str()) || who == reader;
            let mut parts = Vec::new();
            if !reads || dice.once_in(4) {
                parts.push(with_where("select", stage, dice, narrow.min(3)));
            }
            for action in ["insert", "update", "delete"] {
                let wanted = dice.once_in(2) && !(partly && action == "update" && !dice.once_in(3));
                if wanted && !(append && action != "insert") {
                    parts.push(write(action, stage, listed.as_deref(), &closed, dice));
                }
            }
            let both = ["insert", "update"]
                .iter()
                .all(|word| parts.iter().any(|part| part.starts_with(word)));
            if both && dice.once_in(2) {
                parts.push("upsert".to_owned());
            }
            if !parts.is_empty() {
                items.push(item(&who, parts));
            }
        }
        if roled && stage.name == "projects" && dice.once_in(3) {
            let (by, seen) = (dice.pick(&ROLES), dice.pick(&ROLES));
            items.push(item(
                "retire",
                [format!(
                    "state = 'b' by {by}, seen by {seen}, stamped changed"
                )],
            ));
        }
        if dice.once_in(4) {
            let action = *dice.pick(&["select", "insert", "update", "delete"]);
            let mut text = action.to_owned();
            if action != "insert" {
                text += &format!(" where {}", condition(stage, dice, 1));
            }
            if action == "insert" || (action == "update" && dice.once_in(2)) {
                text += &format!(" check {}", condition(stage, dice, 1));
            }
            items.push(item("never", [text]));
        }
        Block {
            table: stage.name.to_owned(),
            head,
            items,
        }
    }
}

const ROLES: [&str; 3] = ["low", "mid", "top"];

fn item<T: Into<String>>(lead: &str, parts: impl IntoIterator<Item = T>) -> Item {
    Item {
        lead: lead.to_owned(),
        parts: parts.into_iter().map(Into::into).collect(),
    }
}

fn subject(stage: &Stage, roled: bool, teams: bool, dice: &mut Dice) -> String {
    let own: Vec<&str> = stage
        .columns
        .iter()
        .filter(|field| field.sort.is_person())
        .map(|field| field.name.as_str())
        .collect();
    let outside = if roled && dice.once_in(3) {
        "outside "
    } else {
        ""
    };
    match dice.below(10) {
        0..=1 if teams => format!("{} in same team:", dice.pick(&ROLES)),
        0..=4 if roled => format!("{}:", dice.pick(&ROLES)),
        5..=6 if !own.is_empty() => format!("{outside}self {}:", dice.pick(&own)),
        7 => "anon:".to_owned(),
        8 => format!("{outside}guest:"),
        9 => "service:".to_owned(),
        _ => format!("{outside}user:"),
    }
}

fn write(
    action: &str,
    stage: &Stage,
    listed: Option<&str>,
    closed: &[&str],
    dice: &mut Dice,
) -> String {
    let mut text = action.to_owned();
    // Lists for insert that differ are seldom accepted.
    match (action, listed) {
        ("insert", Some(list)) if !dice.once_in(6) => text += &format!(" {list}"),
        ("update", _) if dice.once_in(2) => text += &format!(" {}", columns(stage, dice, closed)),
        _ => {}
    }
    if matches!(action, "update" | "delete") && dice.once_in(2) {
        text += &format!(" where {}", condition(stage, dice, 1));
    }
    if matches!(action, "insert" | "update") && dice.once_in(3) {
        text += &format!(" check {}", condition(stage, dice, 1));
    }
    text
}

fn with_where(action: &str, stage: &Stage, dice: &mut Dice, once_in: usize) -> String {
    if dice.once_in(once_in) {
        format!("{action} where {}", condition(stage, dice, 1))
    } else {
        action.to_owned()
    }
}

fn needed(field: &Field) -> bool {
    !field.nullable && field.default == crate::world::Default::None
}

/// Columns that a block takes away from its rules.
fn taken<'s>(stage: &'s Stage, dice: &mut Dice) -> Vec<&'s str> {
    stage
        .columns
        .iter()
        .filter(|field| dice.once_in(4) && !needed(field) && field.name != "id")
        .map(|field| field.name.as_str())
        .collect()
}

/// A list of columns; those that must be given are mostly in it.
fn columns(stage: &Stage, dice: &mut Dice, closed: &[&str]) -> String {
    let names: Vec<&str> = stage
        .columns
        .iter()
        .filter(|field| !closed.contains(&field.name.as_str()) && field.name != "firm_id")
        .filter(|field| dice.once_in(2) || (needed(field) && !dice.once_in(5)))
        .map(|field| field.name.as_str())
        .collect();
    if names.is_empty() {
        let last = stage.columns.last().map_or("id", |field| &field.name);
        return format!("({last})");
    }
    format!("({})", names.join(", "))
}

/// A condition on a table's rows.
fn condition(stage: &Stage, dice: &mut Dice, depth: usize) -> String {
    if depth > 0 && dice.once_in(3) {
        let word = *dice.pick(&["and", "or"]);
        let (left, right) = (condition(stage, dice, 0), condition(stage, dice, 0));
        let not = if dice.once_in(4) { "not " } else { "" };
        return format!("{not}({left} {word} {right})");
    }
    let fields: Vec<_> = stage
        .columns
        .iter()
        .filter(|field| field.name != "id" && !field.sort.values.is_empty())
        .collect();
    let Some(field) = (!fields.is_empty()).then(|| *dice.pick(&fields)) else {
        return "caller.aal = 'aal2'".to_owned();
    };
    let name = &field.name;
    let bare = matches!(field.sort.data_type, "integer" | "boolean");
    let literal = |dice: &mut Dice| {
        let value = *dice.pick(field.sort.values);
        if bare {
            value.to_owned()
        } else {
            format!("'{}'", value.replace('\'', "''"))
        }
    };
    let not = if dice.once_in(3) { "not " } else { "" };
    let opaque = field.sort.data_type == "bytea";
    match dice.below(9) {
        0 => format!("{name} is {not}null"),
        _ if opaque => format!("{name} is {not}null"),
        1 => format!("{name} {not}in ({}, {})", literal(dice), literal(dice)),
        2 => format!("{name} is {not}distinct from {}", literal(dice)),
        3 if field.sort.data_type == "boolean" => format!("{not}{name}"),
        3 if field.sort.data_type == "text" => {
            let pattern = *dice.pick(&["a%", "A%", "_", "%B", "%\\\\%", ""]);
            let operator = *dice.pick(&["like", "ilike"]);
            format!("{name} {not}{operator} '{pattern}'")
        }
        4 if field.sort.is_person() => format!("{name} = caller.id"),
        4 if field.sort.data_type == "timestamp with time zone" => format!("{name} <= now()"),
        5 => format!("caller.aal = '{}'", dice.pick(&["aal1", "aal2"])),
        6 if field.sort.ordered => {
            let operator = *dice.pick(&["<", "<=", ">", ">="]);
            format!("{name} {operator} {}", literal(dice))
        }
        7 => format!("{name} <> {}", literal(dice)),
        _ => format!("{name} = {}", literal(dice)),
    }
}
