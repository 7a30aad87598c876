//! The callers: every rank in the row's tenant, with nothing or everything elsewhere, and those who
//! are nobody in particular.

use countersign_wasm::batch::Standing;
use policy_core::condition::{Condition, Operand};
use policy_core::model::{self, Policy, RoleSource, Table, Tenant};
use policy_core::value::{Kind, Literal};

use super::session::{Claims, Trial};
use super::values;

/// Which tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// That of the rows under test.
    Here,
    /// Another one.
    Elsewhere,
}

/// One membership row of a person.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) home: Home,
    /// Which of the policy's sources it is written in.
    pub(super) source: usize,
    pub(super) role: String,
    /// Whether its `where` is to hold.
    pub(super) active: bool,
    /// What it is to say beside the role.
    pub(super) said: Said,
}

/// What a membership says beside the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Whatever its `where` allows.
    Whatever,
    /// NULL.
    Nothing,
    /// The first of two values that rows under test can have.
    Same,
    /// The second.
    Other,
}

/// A caller.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Who this is, for the report.
    pub(super) label: String,
    pub(super) standing: Standing,
    /// The token's `sub`, as it stands in the token.
    pub(super) subject: Option<String>,
    pub(super) email: Option<String>,
    pub(super) aal: Option<String>,
    pub(super) seats: Vec<Seat>,
    /// How the database hears of the token.
    pub(super) passing: Passing,
}

/// How the database hears of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// In one setting, as PostgREST passes it on.
    Whole,
    /// The subject in a setting of its own, as PostgREST did once and may be told to.
    Older,
    /// Not at all.
    Never,
}

impl Person {
    /// The database role that the caller's statements run as.
    pub(super) fn role(&self) -> &'static str {
        match self.standing {
            Standing::Anon => "anon",
            Standing::Service => "countersign_edge",
            Standing::NoSubject | Standing::Guest | Standing::User => "authenticated",
        }
    }

    /// The token's claims, as the database hears of them.
    pub(super) fn claims(&self) -> Claims {
        match self.passing {
            Passing::Whole => Claims {
                whole: self.whole_claims(),
                subject: String::new(),
            },
            Passing::Older => Claims {
                whole: String::new(),
                subject: self.subject.clone().unwrap_or_default(),
            },
            Passing::Never => Claims::default(),
        }
    }

    fn whole_claims(&self) -> String {
        let mut claims = serde_json::Map::new();
        claims.insert("role".to_owned(), self.role().into());
        let texts = [
            ("sub", &self.subject),
            ("email", &self.email),
            ("aal", &self.aal),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                claims.insert(name.to_owned(), text.as_str().into());
            }
        }
        if matches!(self.standing, Standing::Guest | Standing::User) {
            claims.insert(
                "is_anonymous".to_owned(),
                (self.standing == Standing::Guest).into(),
            );
        }
        serde_json::Value::Object(claims).to_string()
    }

    /// A statement of this caller's.
    pub(super) fn attempts(&self, statement: String) -> Trial {
        Trial {
            role: self.role(),
            claims: self.claims(),
            statement,
        }
    }

    /// Whether the token names somebody.
    pub(super) fn is_somebody(&self) -> bool {
        matches!(self.standing, Standing::Guest | Standing::User)
    }

    pub(super) fn sits_here(&self) -> bool {
        self.seats.iter().any(|seat| seat.home == Home::Here)
    }
}

/// The id of the n-th person.
fn id(policy: &Policy, n: usize) -> String {
    match policy.caller_id {
        Kind::Uuid => values::uuid(0xca11_0000_0000 + n as u64),
        _ => format!("person-{n}"),
    }
}

/// Somebody who never asks.
pub(super) fn bystander(policy: &Policy) -> String {
    id(policy, 0xffff)
}

/// Everybody who asks about a table; about views and functions, if none is given.
pub(super) fn everybody(policy: &Policy, table: Option<&Table>) -> Vec<Person> {
    let mut people = Vec::new();
    let assurances = table.map_or_else(|| vec![None], |table| assurances(policy, table));
    let mut add = |label: String,
                   standing: Standing,
                   passing: Passing,
                   subject: Subject,
                   seats: Vec<Seat>| {
        for aal in &assurances {
            let n = people.len();
            let subject = match &subject {
                Subject::Own => Some(id(policy, n)),
                Subject::None => None,
                Subject::Text(text) => Some((*text).to_owned()),
            };
            let tokenless =
                matches!(standing, Standing::Anon | Standing::Service) || passing != Passing::Whole;
            let mut label = label.clone();
            if assurances.len() > 1 && !tokenless {
                label = format!("{label}, aal {}", aal.as_deref().unwrap_or("absent"));
            }
            let email = (!tokenless).then(|| format!("p{n}@example.com"));
            let aal = aal.clone().filter(|_| !tokenless);
            people.push(Person {
                label,
                standing,
                subject,
                email,
                aal,
                seats: seats.clone(),
                passing,
            });
            if tokenless {
                break;
            }
        }
    };
    let whole = Passing::Whole;
    let nobody = |add: &mut dyn FnMut(String, Standing, Passing, Subject, Vec<Seat>),
                  label: &str,
                  standing,
                  passing,
                  subject| {
        add(label.to_owned(), standing, passing, subject, Vec::new());
    };
    nobody(&mut add, "anon", Standing::Anon, whole, Subject::None);
    nobody(
        &mut add,
        "token without sub",
        Standing::NoSubject,
        whole,
        Subject::None,
    );
    if policy.caller_id == Kind::Uuid {
        // As long as one, with hyphens where one has them.
        let odd = Subject::Text("somebody-else-with-some-hyphensagain");
        nobody(
            &mut add,
            "sub that is no uuid",
            Standing::NoSubject,
            whole,
            odd,
        );
    }
    nobody(
        &mut add,
        "no token at all",
        Standing::NoSubject,
        Passing::Never,
        Subject::None,
    );
    nobody(&mut add, "service", Standing::Service, whole, Subject::None);
    nobody(
        &mut add,
        "user by older settings",
        Standing::User,
        Passing::Older,
        Subject::Own,
    );
    nobody(&mut add, "guest", Standing::Guest, whole, Subject::Own);
    nobody(&mut add, "user", Standing::User, whole, Subject::Own);
    let Some(tenant) = &policy.tenant else {
        return people;
    };
    let asks_teams = table.is_some_and(|table| asks_teams(policy, table));
    for way in ways(tenant, asks_teams) {
        add(way.label, way.standing, whole, Subject::Own, way.seats);
    }
    people
}

/// How somebody came to be a member.
struct Way {
    label: String,
    standing: Standing,
    seats: Vec<Seat>,
}

/// Every rank by every source, with nothing or everything elsewhere; where rules ask for it, also
/// with each thing that a membership can say.
fn ways(tenant: &Tenant, asks_teams: bool) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut add = |label: String, standing: Standing, seats: Vec<Seat>| {
        ways.push(Way {
            label,
            standing,
            seats,
        });
    };
    // The tenants' own table has one row for each tenant, and so one person at most.
    let main = tenant
        .members
        .iter()
        .position(|members| members.table != tenant.root)
        .unwrap_or(0);
    let gives = |source: usize| match tenant.members.get(source).map(|members| members.role) {
        Some(RoleSource::Always(rank)) => vec![tenant.role(rank).to_owned()],
        _ => tenant.roles.clone(),
    };
    let top = gives(main).pop().unwrap_or_default();
    let away = |said: Said| Seat {
        home: Home::Elsewhere,
        source: main,
        role: top.clone(),
        active: true,
        said,
    };
    for (source, members) in tenant.members.iter().enumerate() {
        let here = |role: &str, active, said| Seat {
            home: Home::Here,
            source,
            role: role.to_owned(),
            active,
            said,
        };
        let on_root = members.table == tenant.root;
        let roles = gives(source);
        let best = roles.last().map_or("", String::as_str);
        let plain = Said::Whatever;
        let mut ways = Vec::new();
        if members.role.column().is_some() {
            ways.push((
                "undeclared role".to_owned(),
                here("undeclared", true, plain),
            ));
        }
        if members.condition.is_some() && !on_root {
            ways.push((format!("inactive {best}"), here(best, false, plain)));
        }
        ways.extend(
            roles
                .iter()
                .map(|role| (role.clone(), here(role, true, plain))),
        );
        let by = if source == main {
            String::new()
        } else {
            format!(" by source {}", source + 1)
        };
        for (name, seat) in ways {
            add(format!("{name}{by}"), Standing::User, vec![seat.clone()]);
            if source == main {
                let both = vec![seat, away(plain)];
                add(format!("{name}, elsewhere {top}"), Standing::User, both);
            }
        }
        if !asks_teams || members.attributes.iter().flatten().next().is_none() {
            continue;
        }
        for role in &roles {
            let seat = |said| here(role, true, said);
            let name = format!("{role}{by}");
            for (said, words) in [(Said::Same, "one team"), (Said::Other, "another team")] {
                let label = format!("{name} of {words}");
                add(label, Standing::User, vec![seat(said)]);
            }
            add(
                format!("{name} of no team"),
                Standing::User,
                vec![seat(Said::Nothing)],
            );
            for (said, words) in [(Said::Nothing, "no team"), (Said::Other, "another team")] {
                let label = format!("{name} of {words}, elsewhere {top} of the one");
                add(label, Standing::User, vec![seat(said), away(Said::Same)]);
            }
        }
    }
    let plain = Said::Whatever;
    for (who, standing) in [("", Standing::User), ("guest, ", Standing::Guest)] {
        add(format!("{who}elsewhere {top}"), standing, vec![away(plain)]);
    }
    if let Some(lowest) = gives(main).first() {
        let seat = |home, role: &String| Seat {
            home,
            source: main,
            role: role.clone(),
            active: true,
            said: plain,
        };
        let guest = vec![seat(Home::Here, lowest)];
        add(format!("guest as {lowest}"), Standing::Guest, guest);
        // Who may do less with a row once it is elsewhere.
        if *lowest != top {
            let both = vec![seat(Home::Here, &top), seat(Home::Elsewhere, lowest)];
            add(format!("{top}, elsewhere {lowest}"), Standing::User, both);
        }
    }
    ways
}

/// Whether some rule of the table, or of one it looks at, asks what a membership says.
fn asks_teams(policy: &Policy, table: &Table) -> bool {
    looked_at(policy, table).any(|table| {
        let mut rules = table.rules.iter();
        rules.any(|rule| matches!(rule.subject, model::Subject::Team(_)))
    })
}

/// The table, its parents and its peers.
fn looked_at<'p>(policy: &'p Policy, table: &'p Table) -> impl Iterator<Item = &'p Table> {
    let others = table.parents.iter().map(|parent| parent.table);
    let peers = table.rules.iter().filter_map(|rule| match rule.subject {
        model::Subject::Peer(peer) => Some(peer.table),
        _ => None,
    });
    let others = others.chain(peers);
    others
        .filter_map(|index| policy.table_at(index))
        .chain([table])
}

/// What the token's `sub` is.
enum Subject {
    None,
    Own,
    Text(&'static str),
}

/// The assurance levels that some condition of the table, or of one it looks at, tells apart.
fn assurances(policy: &Policy, table: &Table) -> Vec<Option<String>> {
    let mut levels = vec![None];
    for condition in looked_at(policy, table).flat_map(conditions) {
        let (mut asked, mut named) = (false, Vec::new());
        condition.for_each_operand(&mut |operand| match operand {
            Operand::CallerAal => asked = true,
            Operand::Literal(Literal::Text(text)) => named.push(text.to_string()),
            _ => {}
        });
        if asked {
            levels.push(Some("aal1".to_owned()));
            levels.push(Some("aal2".to_owned()));
            levels.extend(
                named
                    .into_iter()
                    .filter(|text| text.starts_with("aal"))
                    .map(Some),
            );
        }
    }
    levels.sort();
    levels.dedup();
    levels
}

/// Every condition of a table.
pub(super) fn conditions(table: &Table) -> impl Iterator<Item = &Condition> {
    let rules = table
        .rules
        .iter()
        .flat_map(|rule| [&rule.condition, &rule.check]);
    let nevers = table
        .never
        .iter()
        .flat_map(|never| [&never.condition, &never.check]);
    rules.chain(nevers).flatten()
}
