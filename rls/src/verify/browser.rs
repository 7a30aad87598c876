//! The browser library's filters, held against the native ones.
//!
//! It is asked as a frontend asks it, in JSON, about every caller that acted on a table. The service
//! is never in a browser.

use countersign_wasm::batch::{Asker, Datum, OwnedMembership, Standing};
use countersign_wasm::filter::Reach;
use policy_core::model::{Action, Policy, Table};
use policy_core::residual::Residual;
use policy_core::value::{date_text, timestamp_text, uuid_text};
use serde_json::{Value, json};

use super::bench::Bench;
use super::error::VerifyError;
use super::evaluator::Evaluator;
use super::residuals::{Asked, WrongFilter};

/// Asks for the filters of everybody who acted.
pub(super) async fn hold_filters(
    bench: &mut Bench<'_>,
    evaluator: &mut Evaluator,
) -> Result<(), VerifyError> {
    let (policy, table) = (bench.scene.policy, bench.scene.table);
    let mut asked: Vec<(u32, Action, Asked)> = bench
        .audit
        .asked
        .iter()
        .map(|((number, action), asked)| (*number, *action, asked.clone()))
        .collect();
    asked.sort_by_key(|(number, action, _)| (*number, *action));
    let (mut questions, mut native) = (Vec::new(), Vec::new());
    for (number, action, asked) in asked {
        let callers = &bench.ledger.batch.callers;
        let asker = usize::try_from(number).ok().and_then(|at| callers.get(at));
        let Some(caller) = asker.and_then(|asker| written(policy, asker)) else {
            continue;
        };
        questions.push(json!([table.name, action.word(), caller]));
        native.push((action, asked));
    }
    let answers = evaluator.filters(&questions).await?;
    for ((question, answer), (action, asked)) in questions.iter().zip(answers).zip(native) {
        let same = serde_json::to_value(reach(&asked))? == answer;
        bench
            .audit
            .heard(same, || wrong(table, question, &answer, action, &asked));
    }
    Ok(())
}

/// What the browser library should say.
fn reach(asked: &Asked) -> Reach {
    let wider = match &asked.residual {
        Residual::Superset(_, wider) => wider.clone(),
        _ => Vec::new(),
    };
    Reach {
        rows: asked.word(),
        filter: asked.filter.clone(),
        wider,
    }
}

fn wrong(
    table: &Table,
    question: &Value,
    answer: &Value,
    action: Action,
    asked: &Asked,
) -> WrongFilter {
    WrongFilter {
        table: table.name.clone(),
        caller: question.get(2).unwrap_or(&Value::Null).to_string(),
        action: action.word(),
        rows: asked.word(),
        filter: asked.filter.clone(),
        sql: asked.sql.clone().unwrap_or_default(),
        row: String::new(),
        what: format!("the browser library gives another filter: {answer}"),
        script: String::new(),
    }
}

/// A caller as a frontend describes one, if one can be in a browser.
fn written(policy: &Policy, asker: &Asker) -> Option<Value> {
    match asker.standing {
        Standing::Anon => return Some(Value::Null),
        Standing::Service => return None,
        Standing::NoSubject | Standing::Guest | Standing::User => {}
    }
    let memberships: Option<Vec<Value>> = asker
        .ranks
        .iter()
        .map(|membership| seat(policy, membership))
        .collect();
    Some(json!({
        "id": text(&asker.id),
        "email": text(&asker.email),
        "aal": text(&asker.aal),
        "anonymous": asker.standing == Standing::Guest,
        "memberships": memberships?,
    }))
}

fn seat(policy: &Policy, membership: &OwnedMembership) -> Option<Value> {
    let tenant = policy.tenant.as_ref()?;
    let mut attributes = serde_json::Map::new();
    if let Some((index, value)) = &membership.attribute {
        let attribute = tenant.attributes.get(usize::from(*index))?;
        attributes.insert(attribute.name.clone(), json!(text(value)));
    }
    Some(json!({
        "tenant": text(&membership.tenant),
        "role": tenant.role(membership.rank),
        "attributes": attributes,
    }))
}

/// A value as text; `None` is NULL.
fn text(value: &Datum) -> Option<String> {
    match value {
        Datum::NotYetKnown | Datum::Present | Datum::Null => None,
        Datum::Bool(value) => Some(value.to_string()),
        Datum::Int(value) => Some(value.to_string()),
        Datum::Text(text) | Datum::Decimal(text) => Some(text.to_string()),
        Datum::Uuid(value) => Some(uuid_text(*value)),
        Datum::Timestamp(at) => Some(timestamp_text(*at)),
        Datum::Date(day) => Some(date_text(*day)),
    }
}
