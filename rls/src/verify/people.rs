//! The callers: every rank in the row's tenant, with nothing or everything elsewhere, and those who
//! are nobody in particular.

use countersign_wasm::batch::Standing;
use policy_core::condition::{Condition, Operand};
use policy_core::model::{self, Policy, Table};
use policy_core::value::{Kind, Literal};

use super::session::Trial;
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

    /// The token's claims, as PostgREST passes them on.
    pub(super) fn claims(&self) -> String {
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
    let mut add = |label: String, standing: Standing, subject: Subject, seats: Vec<Seat>| {
        for aal in &assurances {
            let n = people.len();
            let subject = match &subject {
                Subject::Own => Some(id(policy, n)),
                Subject::None => None,
                Subject::Text(text) => Some((*text).to_owned()),
            };
            let tokenless = matches!(standing, Standing::Anon | Standing::Service);
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
            });
            if tokenless {
                break;
            }
        }
    };
    add("anon".to_owned(), Standing::Anon, Subject::None, Vec::new());
    add(
        "token without sub".to_owned(),
        Standing::NoSubject,
        Subject::None,
        Vec::new(),
    );
    if policy.caller_id == Kind::Uuid {
        let odd = Subject::Text("not-a-uuid");
        add(
            "sub that is no uuid".to_owned(),
            Standing::NoSubject,
            odd,
            Vec::new(),
        );
    }
    add(
        "service".to_owned(),
        Standing::Service,
        Subject::None,
        Vec::new(),
    );
    for (label, standing) in [("guest", Standing::Guest), ("user", Standing::User)] {
        add(label.to_owned(), standing, Subject::Own, Vec::new());
    }
    let Some(tenant) = &policy.tenant else {
        return people;
    };
    let top = tenant.role(tenant.top()).to_owned();
    let away = |role: &str| Seat {
        home: Home::Elsewhere,
        source: 0,
        role: role.to_owned(),
        active: true,
    };
    for (source, members) in tenant.members.iter().enumerate() {
        let here = |role: &str, active| Seat {
            home: Home::Here,
            source,
            role: role.to_owned(),
            active,
        };
        let mut ways = vec![("undeclared role".to_owned(), here("undeclared", true))];
        if members.condition.is_some() {
            ways.push((format!("inactive {top}"), here(&top, false)));
        }
        ways.extend(
            tenant
                .roles
                .iter()
                .map(|role| (role.clone(), here(role, true))),
        );
        for (name, seat) in ways {
            let by = if source == 0 {
                String::new()
            } else {
                format!(" by source {}", source + 1)
            };
            add(
                format!("{name}{by}"),
                Standing::User,
                Subject::Own,
                vec![seat.clone()],
            );
            if source == 0 {
                let both = vec![seat, away(&top)];
                add(
                    format!("{name}, elsewhere {top}"),
                    Standing::User,
                    Subject::Own,
                    both,
                );
            }
        }
    }
    add(
        format!("elsewhere {top}"),
        Standing::User,
        Subject::Own,
        vec![away(&top)],
    );
    add(
        format!("guest, elsewhere {top}"),
        Standing::Guest,
        Subject::Own,
        vec![away(&top)],
    );
    if let Some(lowest) = tenant.roles.first() {
        let seat = Seat {
            home: Home::Here,
            source: 0,
            role: lowest.clone(),
            active: true,
        };
        add(
            format!("guest as {lowest}"),
            Standing::Guest,
            Subject::Own,
            vec![seat],
        );
    }
    people
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
    let others = table.parents.iter().map(|parent| parent.table);
    let peers = table.rules.iter().filter_map(|rule| match rule.subject {
        model::Subject::Peer(peer) => Some(peer.table),
        _ => None,
    });
    let others = others
        .chain(peers)
        .filter_map(|index| policy.table_at(index));
    for condition in others.chain([table]).flat_map(conditions) {
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
