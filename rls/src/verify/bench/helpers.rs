//! The helpers by themselves: where a caller has a rank, and what their memberships say there.
//!
//! Policies ask them beside other tests, which may decide without them, and an app's own functions
//! may ask them, too.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use countersign_wasm::batch::{Asker, Datum};
use policy_core::model::{AttributeIndex, Rank};
use policy_core::value::uuid_text;

use super::super::error::VerifyError;
use super::super::ledger::Shape;
use super::Bench;
use crate::generate::helpers;

impl Bench<'_> {
    /// Has every signed-in caller list what the helpers say of them.
    pub(super) async fn list_memberships(&mut self) -> Result<(), VerifyError> {
        let helpers = helpers(self.scene.policy);
        let lists: Vec<String> = helpers.iter().zip(0_u32..).map(list).collect();
        if lists.is_empty() {
            return Ok(());
        }
        self.plant(&[]).await?;
        let sql = lists.join(" union all ");
        for (caller, person) in self.scene.people.iter().enumerate() {
            let Some((asker, _)) = self.askers.get(caller) else {
                continue;
            };
            if person.role() == "authenticated" {
                let listed = helpers
                    .iter()
                    .zip(0_u32..)
                    .flat_map(|(of, at)| said(asker, of, at));
                let listed: BTreeSet<String> = listed.collect();
                let shape = Shape::Listed(listed.into_iter().collect());
                self.ledger.add(caller, sql.clone(), shape, &[]);
            }
        }
        self.flush().await
    }
}

type Helper = (String, Rank, Option<AttributeIndex>);

/// What a helper lists, each behind the helper's number.
fn list(((name, _, attribute), number): (&Helper, u32)) -> String {
    match attribute {
        None => format!("select '{number} ' || h::text from {name}() h"),
        Some(_) => {
            format!("select '{number} ' || h.tenant::text || ' ' || h.value::text from {name}() h")
        }
    }
}

/// The same from the caller's memberships.
fn said<'a>(
    asker: &'a Asker,
    (_, rank, attribute): &'a Helper,
    number: u32,
) -> impl Iterator<Item = String> + 'a {
    let seats = asker.ranks.iter().filter(move |seat| seat.rank >= *rank);
    seats.filter_map(move |seat| {
        let mut line = format!("{number} {}", text(&seat.tenant));
        if let Some(wanted) = attribute {
            let (_, value) = seat.attribute.as_ref().filter(|(of, _)| of == wanted)?;
            let _ = write!(line, " {}", text(value));
        }
        Some(line)
    })
}

/// A tenant's key, or a team's, as PostgreSQL prints it.
fn text(value: &Datum) -> String {
    match value {
        Datum::Uuid(uuid) => uuid_text(*uuid),
        Datum::Int(number) => number.to_string(),
        Datum::Text(text) | Datum::Decimal(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}
