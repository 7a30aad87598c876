//! Tenants, their members and roles, as far as the policies' lookups agree on them.

pub mod ladder;
pub mod rows;

use std::collections::{BTreeMap, BTreeSet};

use policy_core::catalogue::Catalogue;
use policy_core::syntax::KEYWORDS;
use policy_core::value::Kind;

use super::alternative::{Alternative, Membership, Same, Source};
use super::recognise::Refusal;
use super::words;
use ladder::{Declared, Group, Ladder};
use rows::{Columns, Rows};

/// Who belongs to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenancy {
    /// The tenants' own table.
    pub root: String,
    /// Its key.
    pub key: String,
    columns: Columns,
    /// What memberships of which source say besides, such as a team.
    attributes: BTreeSet<(Source, String)>,
    ladder: Ladder,
}

/// A role of the order: 0 is the highest.
pub type Step = usize;

/// Why there is no tenancy, and what to do.
pub type NoTenancy = (String, String);

/// What the policies of one table allow by one test, as far as memberships matter.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// All ways to pass.
    pub all: &'a [Alternative],
    /// Whether the rows are the tenants themselves as they stand: then who owns the row is who has
    /// the membership that the row is.
    pub tenants: bool,
}

impl Asked<'_> {
    /// Whether whoever has a membership passes, given the rest of an alternative.
    fn allows(&self, rest: &Alternative, member: &Membership, root: &str) -> bool {
        let mut one = rest.clone();
        if self.tenants && member.source.table == root {
            one.own.insert(member.source.caller.clone());
        }
        one.members.insert(member.clone());
        self.all.iter().any(|wider| one.implies(wider))
    }
}

/// The tenants' table and its key, as most lookups have it.
///
/// # Errors
/// If no foreign key says it.
pub fn root(
    all: &[Membership],
    catalogue: &Catalogue,
) -> Result<Option<(String, String)>, NoTenancy> {
    let mut counts: BTreeMap<(&String, &String), usize> = BTreeMap::new();
    for one in all {
        let table = catalogue.relation(&one.source.table);
        let keys = table.into_iter().flat_map(|table| &table.foreign_keys);
        for key in keys {
            if key.columns == [one.source.tenant.clone()]
                && catalogue.relation(&key.table).is_some()
                && let Some(column) = key.references.first()
            {
                *counts.entry((&key.table, column)).or_default() += 1;
            }
        }
    }
    let most = counts.values().max();
    let found = counts.iter().find(|(_, count)| Some(*count) == most);
    match (found, all.first()) {
        (Some(((table, key), _)), _) => Ok(Some(((*table).clone(), (*key).clone()))),
        (None, Some(one)) => Err((
            format!(
                "no foreign key says which table's rows `{}.{}` names, so there is no tenant to declare",
                one.source.table, one.source.tenant
            ),
            "add a foreign key to the tenants' table, and run this again".to_owned(),
        )),
        (None, None) => Ok(None),
    }
}

impl Tenancy {
    /// What the lookups of all tests have in common; nothing if there are none. Sources that the
    /// checker refused are left out.
    ///
    /// # Errors
    /// If the language cannot say it.
    pub fn of(
        tests: &[Asked<'_>],
        (root, key): (String, String),
        catalogue: &Catalogue,
        refused: &BTreeSet<Rows>,
    ) -> Result<Option<Self>, NoTenancy> {
        let is_ours = |source: &Source| {
            if source.table == root {
                return source.tenant == key;
            }
            let table = catalogue.relation(&source.table);
            table.is_some_and(|table| {
                table.foreign_keys.iter().any(|of| {
                    of.table == root
                        && of.columns == [source.tenant.clone()]
                        && of.references == [key.clone()]
                })
            })
        };
        let all: Vec<Membership> = tests
            .iter()
            .flat_map(|test| test.all)
            .flat_map(|one| &one.members)
            .filter(|one| is_ours(&one.source))
            .cloned()
            .collect();
        let columns = Columns::of(&all, catalogue);
        let attributes = attributes(&all, catalogue);
        let owners: BTreeSet<&Source> = all
            .iter()
            .map(|one| &one.source)
            .filter(|source| source.table == root)
            .collect();
        let mut tenancy = Self {
            root: root.clone(),
            key: key.clone(),
            columns,
            attributes,
            ladder: Ladder::default(),
        };
        let asked: Vec<Group> = tests
            .iter()
            .flat_map(|test| tenancy.groups(test, &owners, &is_ours))
            .map(|group| group.without(refused))
            .collect();
        tenancy.ladder = Ladder::of(asked, &tenancy.columns, &tenancy.root);
        if let Some(reserved) = tenancy
            .roles()
            .find(|role| KEYWORDS.contains(&role.as_str()))
        {
            return Err((
                format!("`{reserved}` is a word of the language, and no role can be named so"),
                "rename the role in the memberships' table".to_owned(),
            ));
        }
        Ok((!tenancy.ladder.steps.is_empty()).then_some(tenancy))
    }

    /// For each membership that a test asks for, all memberships that do as well.
    fn groups(
        &self,
        test: &Asked<'_>,
        owners: &BTreeSet<&Source>,
        is_ours: &dyn Fn(&Source) -> bool,
    ) -> Vec<Group> {
        let mut all = Vec::new();
        for one in test.all {
            for member in one.members.iter().filter(|of| is_ours(&of.source)) {
                let mut rest = one.clone();
                rest.members.remove(member);
                let others = test.all.iter().flat_map(|other| &other.members);
                let others = others.filter(|of| of.column == member.column && is_ours(&of.source));
                let own = owners
                    .iter()
                    .filter(|_| test.tenants)
                    .map(|source| Membership {
                        column: member.column.clone(),
                        source: (*source).clone(),
                        tests: BTreeMap::new(),
                        conditions: BTreeSet::new(),
                        same: None,
                    });
                let alike = others.cloned().chain(own).filter_map(|of| {
                    let of = self.alike(of, member)?;
                    test.allows(&rest, &of, &self.root).then_some(of)
                });
                all.push(Group {
                    rows: rows::set(alike.map(|of| self.columns.rows(&of))),
                    speaking: member.same.as_ref().map(|same| self.speaking(&same.theirs)),
                });
            }
        }
        all
    }

    /// A membership that says the same as another one of what that is held against; nothing if its
    /// source does not say it.
    fn alike(&self, of: Membership, other: &Membership) -> Option<Membership> {
        let says = |same: &Same| {
            self.attributes
                .contains(&(of.source.clone(), same.theirs.clone()))
        };
        if other.same.as_ref().is_some_and(|same| !says(same)) {
            return None;
        }
        Some(Membership {
            same: other.same.clone(),
            ..of
        })
    }

    /// The sources that say something.
    fn speaking(&self, attribute: &str) -> BTreeSet<Source> {
        let of = self.attributes.iter().filter(|(_, name)| name == attribute);
        of.map(|(source, _)| source.clone()).collect()
    }

    /// The roles, highest first.
    pub fn roles(&self) -> impl Iterator<Item = &String> {
        self.ladder.steps.iter().flat_map(|step| &step.names)
    }

    /// Whether an alternative is for members of the row's tenant, of whatever role.
    #[must_use]
    pub fn is_inside(&self, of: &Alternative, tenant: &str) -> bool {
        let lowest = self.ladder.steps.last();
        of.members.iter().any(|member| {
            let rows = self.columns.rows(member);
            member.column == tenant
                && lowest.is_some_and(|step| step.rows.iter().any(|all| rows.within(all)))
        })
    }

    /// The highest role of which a lookup counts all memberships that it finds.
    #[must_use]
    pub fn step(&self, of: &Membership) -> Option<Step> {
        self.ladder.step(&self.columns.rows(of))
    }

    /// The lookups that together find whoever has a role.
    #[must_use]
    pub fn lookups(&self, step: Step, column: &str) -> Vec<Membership> {
        let rows = self.ladder.steps.get(step).into_iter();
        let rows = rows.flat_map(|step| &step.rows);
        rows.flat_map(|rows| rows.lookups(column, &self.columns))
            .collect()
    }

    /// The lowest role.
    #[must_use]
    pub fn lowest(&self) -> Step {
        self.ladder.steps.len().saturating_sub(1)
    }

    /// Whether memberships are looked up here.
    #[must_use]
    pub fn has(&self, source: &Source) -> bool {
        let mut rows = self.ladder.steps.iter().flat_map(|step| &step.rows);
        rows.any(|rows| rows.source == *source)
    }

    /// Why memberships that are looked up here are none, if so.
    ///
    /// # Errors
    /// If they are none.
    pub fn declares(&self, source: &Source) -> Result<(), Refusal> {
        if self.has(source) {
            return Ok(());
        }
        let declared = self.ladder.declared.iter();
        let others: BTreeSet<&str> = declared.map(|one| one.rows.source.table.as_str()).collect();
        if others.contains(source.table.as_str()) {
            return Err(Refusal::new(
                format!(
                    "`{}` of `{}` is no tenant, and nothing ties it to one: the row could be of another tenant than the membership",
                    source.tenant, source.table
                ),
                "compare the tenant as well, or give both tables a foreign key of both columns",
            ));
        }
        Err(Refusal::new(
            format!(
                "other policies ask for memberships in {} and not in `{}`, and in the language a role counts whichever table says it",
                listed(others),
                source.table
            ),
            "ask all the tables of memberships for it, or give these people a role of their own",
        ))
    }

    /// The role that a lookup asks for: that one, or one above, whichever source says it. `rest` is
    /// what else must hold.
    ///
    /// # Errors
    /// If no role means it.
    pub fn rank(
        &self,
        of: &Membership,
        rest: &Alternative,
        asked: Asked<'_>,
    ) -> Result<Step, Refusal> {
        let rows = self.columns.rows(of);
        self.declares(&of.source)?;
        if let Some(same) = &of.same
            && !self.speaking(&same.theirs).contains(&of.source)
        {
            return Err(Refusal::new(
                format!(
                    "`{}` is of another type in `{}` than in another table of memberships",
                    same.theirs, of.source.table
                ),
                "give both the same type, or other names",
            ));
        }
        let Some(highest) = self.ladder.step(&rows) else {
            return Err(self.unlike(&rows));
        };
        // Who is above may do it anyway, so what is said of the lowest says it of all.
        let steps = highest..self.ladder.steps.len();
        let lowest = steps
            .rev()
            .find(|step| self.missing(*step, of, rest, asked).is_empty());
        if let Some(step) = lowest {
            return Ok(step);
        }
        let missing = self.missing(highest, of, rest, asked);
        match missing.iter().find(|rows| rows.source != of.source) {
            None => Err(self.unlike(&rows)),
            Some(other) => Err(Refusal::new(
                format!(
                    "it asks for memberships in `{}` alone, and in the language whoever is {} by `{}` may do it as well",
                    of.source.table,
                    self.name(highest),
                    other.source.table
                ),
                "ask all the tables of memberships for it, or give these people a role of their own",
            )),
        }
    }

    /// The memberships that count for a step and that a test does not let pass.
    fn missing(
        &self,
        step: Step,
        of: &Membership,
        rest: &Alternative,
        asked: Asked<'_>,
    ) -> Vec<&Rows> {
        let counted = self.ladder.steps.get(step).into_iter();
        counted
            .flat_map(|step| &step.rows)
            .filter(|rows| {
                let each = rows.lookups(&of.column, &self.columns).into_iter();
                let mut each = each.filter_map(|one| self.alike(one, of));
                !each.all(|one| asked.allows(rest, &one, &self.root))
            })
            .collect()
    }

    fn unlike(&self, rows: &Rows) -> Refusal {
        let known = self
            .ladder
            .declared
            .iter()
            .any(|one| one.rows.source == rows.source && one.rows.base == rows.base);
        let why = match &rows.labels {
            Some(labels) if known => format!(
                "the roles {} are not the highest ones of an order in which the other policies' roles stand too",
                listed(labels.iter().map(String::as_str))
            ),
            _ => format!(
                "it asks something else of a row of `{}` than other policies do",
                rows.source.table
            ),
        };
        Refusal::from(why)
    }

    /// The role that rules name for a step: the lowest of those that stand on it.
    #[must_use]
    pub fn name(&self, step: Step) -> &str {
        let names = self.ladder.steps.get(step).map(|step| &step.names);
        names
            .and_then(|names| names.last())
            .map_or("", String::as_str)
    }

    /// Whether a step is the lowest one.
    #[must_use]
    pub fn is_lowest(&self, step: Step) -> bool {
        step + 1 == self.ladder.steps.len()
    }

    /// The statement.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "tenant {} ({})",
            words::name(&self.root),
            words::name(&self.key)
        );
        for one in &self.ladder.declared {
            text.push_str("\n ");
            text.push_str(&self.members(one));
        }
        let roles: Vec<String> = self.roles().map(|role| words::name(role)).collect();
        text.push_str("\n roles ");
        text.push_str(&roles.join(" > "));
        text.push_str(";\n");
        text
    }

    /// The sources that the checker refuses, with the reason and what to do.
    #[must_use]
    pub fn refused(&self, catalogue: &Catalogue, caller_id: Kind) -> Vec<(Rows, Refusal)> {
        let frame = format!("app a;\ncaller id {};\n", caller_id.name());
        let text = format!("{frame}{}", self.text());
        let Err(found) = policy_core::compile(&text, catalogue) else {
            return Vec::new();
        };
        // The sources stand one a line, behind the tenant's own.
        let first = frame.matches('\n').count() + 1;
        let errors = found.iter().filter(|error| error.is_error());
        let each = errors.filter_map(|error| {
            let before = text.get(..error.span.start).unwrap_or_default();
            let line = before.matches('\n').count().checked_sub(first)?;
            let mend = error.help.clone();
            let mend =
                mend.unwrap_or_else(|| "change the schema, or what the policies ask".to_owned());
            let rows = self.ladder.declared.get(line)?.rows.clone();
            Some((
                Rows {
                    labels: None,
                    ..rows
                },
                Refusal::new(error.message.clone(), mend),
            ))
        });
        each.collect()
    }

    fn members(&self, of: &Declared) -> String {
        let Source {
            table,
            tenant,
            caller,
        } = &of.rows.source;
        let role = self.columns.role(&of.rows.source);
        let mut columns = vec![tenant.as_str(), caller.as_str()];
        columns.extend(role.filter(|_| of.always.is_none()));
        let said = self.attributes.iter();
        let said = said.filter(|(source, _)| *source == of.rows.source);
        columns.extend(said.map(|(_, attribute)| attribute.as_str()));
        let mut text = format!("members {} ({})", words::name(table), words::names(columns));
        if let Some(always) = &of.always {
            text.push_str(" as ");
            text.push_str(&words::name(always));
        }
        let base = &of.rows.base;
        let only = role.zip(of.rows.labels.as_ref());
        let tests = base
            .tests
            .iter()
            .map(|(column, labels)| (column.as_str(), labels));
        let tests = tests.chain(only).map(|(column, labels)| {
            let labels: Vec<String> = labels
                .iter()
                .map(|label| format!("'{}'", label.replace('\'', "''")))
                .collect();
            match labels.as_slice() {
                [one] => format!("{} = {one}", words::name(column)),
                many => format!("{} in ({})", words::name(column), many.join(", ")),
            }
        });
        let all: Vec<String> = tests.chain(base.conditions.iter().cloned()).collect();
        if !all.is_empty() {
            text.push_str(" where ");
            text.push_str(&all.join(" and "));
        }
        text
    }
}

/// What sources say besides the role; a name stands for values of one type.
fn attributes(all: &[Membership], catalogue: &Catalogue) -> BTreeSet<(Source, String)> {
    let mut types: BTreeMap<&String, &String> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for one in all {
        let column = one.same.as_ref().and_then(|same| {
            let table = catalogue.relation(&one.source.table)?;
            table.column(&same.theirs)
        });
        if let Some(column) = column
            && *types.entry(&column.name).or_insert(&column.data_type) == &column.data_type
        {
            found.insert((one.source.clone(), column.name.clone()));
        }
    }
    found
}

fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
