//! A member's own record: read and changed in Baserow, with the fields it has now.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Portal, about, described, ok};
use crate::apps::Asked;
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::baserow::{Field, NO_ROW, Row};
use crate::providers::failure::Failure;
use crate::providers::settings::BaserowSettings;
use crate::transport::Runtime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    fields: Map<String, Value>,
}

impl<R: Runtime> Portal<'_, R> {
    pub(super) async fn member(&self) -> Result<Response<R::Stream>, Problem> {
        let id = self.own_member().await?;
        let baserow = self.baserow().await?;
        let table = baserow.settings.members;
        let fields = baserow.fields(table).await?;
        let row = baserow.get(table, id).await.map_err(gone)?;
        Ok(ok(&whole(row, &fields, baserow.settings)))
    }

    pub(super) async fn change(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let change: Change = asked.json()?;
        if change.fields.is_empty() {
            return Err(Problem::bad_request(
                "a change has `fields`, and at least one of them",
            ));
        }
        let id = self.own_member().await?;
        let baserow = self.baserow().await?;
        let table = baserow.settings.members;
        let fields = baserow.fields(table).await?;
        refuse_others(&change.fields, &fields, baserow.settings)?;
        let row = baserow
            .update(table, id, &change.fields)
            .await
            .map_err(gone)?;
        // Baserow passes over what has ceased to be a field since we asked.
        if let Some(lost) = change
            .fields
            .keys()
            .find(|name| !row.fields.contains_key(*name))
        {
            let message = format!(
                "`{lost}` was removed from the table meanwhile; the other fields are written"
            );
            return Err(
                Problem::new(StatusCode::CONFLICT, "fields_changed", message)
                    .hint("read the record again"),
            );
        }
        Ok(ok(&whole(row, &fields, baserow.settings)))
    }

    /// The row of the caller's account.
    async fn own_member(&self) -> Result<u64, Problem> {
        let account = self.account().await?;
        let id = account.member.and_then(|id| id.parse().ok());
        id.ok_or_else(not_linked)
    }
}

/// Whether members write a field: not the address, by which an account finds its member, since with
/// another's in it that one's account would find this record.
fn open(field: &Field, settings: &BaserowSettings) -> bool {
    field.writable()
        && field.name != settings.email_field
        && !settings.closed_fields.contains(&field.name)
}

/// Refuses a change with anything in it that is not a member's to write, naming each and what is.
fn refuse_others(
    change: &Map<String, Value>,
    fields: &[Field],
    settings: &BaserowSettings,
) -> Result<(), Problem> {
    let wrong = |name: &String| match fields.iter().find(|field| field.name == *name) {
        None => Some(format!("`{name}` is no field")),
        Some(field) if !open(field, settings) => Some(format!("`{name}` is read-only")),
        Some(_) => None,
    };
    let wrong: BTreeSet<String> = change.keys().filter_map(wrong).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let names = fields.iter().filter(|field| open(field, settings));
    let names: Vec<String> = names.map(|field| format!("`{}`", field.name)).collect();
    let wrong: Vec<String> = wrong.into_iter().collect();
    let message = "the change has fields that cannot be written; nothing is";
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "field_not_writable",
        message,
    )
    .details(wrong.join("; "))
    .hint(format!("these can be written now: {}", names.join(", "))))
}

/// A member's record, and what its fields are.
fn whole(row: Row, fields: &[Field], settings: &BaserowSettings) -> Value {
    let described: Vec<Value> = fields
        .iter()
        .map(|field| described(field, open(field, settings)))
        .collect();
    json!({ "id": row.id.to_string(), "fields": row.fields, "schema": described })
}

fn gone(failure: Failure) -> Problem {
    if about(&failure, NO_ROW) {
        not_linked()
    } else {
        failure.into()
    }
}

fn not_linked() -> Problem {
    let message = "your account is linked to no member";
    Problem::new(StatusCode::CONFLICT, "not_linked", message)
        .hint("POST /functions/v1/portal-sync links it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    fn fields() -> Vec<Field> {
        let all = json!([
            { "name": "Name", "type": "text", "read_only": false },
            { "name": "Email", "type": "email" },
            { "name": "Level", "type": "single_select", "select_options": [{ "value": "Guest" }] },
            { "name": "Card", "type": "formula" },
            { "name": "Synced", "type": "text", "read_only": true },
        ]);
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn what_is_not_a_members_to_write_is_named_with_what_is() {
        let config = config(&[
            ("BASEROW_TOKEN", "t"),
            ("BASEROW_MEMBERS_TABLE", "501"),
            ("BASEROW_CLOSED_FIELDS", "Level, Other"),
        ]);
        let settings = config.unwrap().providers.baserow.unwrap();
        let refused =
            |change: Value| refuse_others(change.as_object().unwrap(), &fields(), &settings);
        assert_eq!(refused(json!({ "Name": "Mia" })), Ok(()));
        let problem = refused(
            json!({ "Name": "Mia", "Nope": 1, "Card": 1, "Email": "x@y.z", "Level": 1, "Synced": 1, "name": 1 }),
        );
        let problem = problem.unwrap_err();
        assert_eq!(
            problem.details.as_deref(),
            Some(
                "`Card` is read-only; `Email` is read-only; `Level` is read-only; `Nope` is no field; `Synced` is read-only; `name` is no field"
            )
        );
        assert_eq!(
            problem.hint.as_deref(),
            Some("these can be written now: `Name`")
        );
    }
}
