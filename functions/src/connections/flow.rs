//! What every app's way to a connection has in common: beginning, coming back, keeping what was
//! granted, ending.

use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::issuer::Issuer;
use super::oauth::{COOKIE, LIFETIME_SECONDS, State, Way, Whose, begin, resume};
use super::sealed::{Place, Sealer};
use super::{Connection, Held, Tables};
use crate::apps::Asked;
use crate::database::Database;
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::budget::milliseconds;
use crate::providers::failure::{Failure, Kind};
use crate::providers::oauth::Grant;
use crate::time;
use crate::transport::Runtime;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// Where the browser is to go on to when it comes back: a page of an origin in ALLOWED_ORIGINS.
    return_to: Option<String>,
}

/// Gives the address of the provider's page of consent, and sets the cookie that belongs to it. The
/// connection is to be the tenant's.
///
/// # Errors
/// If the body is not what this takes.
pub fn start<S>(
    issuer: Issuer<'_>,
    sealer: &Sealer<'_>,
    tables: &Tables,
    whose: Whose<'_>,
    now_ms: u64,
    asked: &Asked<'_>,
) -> Result<Response<S>, Problem> {
    let start = match &asked.body {
        Some(body) if !body.is_empty() => asked.json()?,
        _ => Start::default(),
    };
    let ours = |page: &String| {
        Url::parse(page).is_ok_and(|url| asked.origins.lists(&url.origin().ascii_serialization()))
    };
    if start.return_to.as_ref().is_some_and(|page| !ours(page)) {
        return Err(Problem::bad_request(
            "`return_to` is no page of an origin in ALLOWED_ORIGINS",
        ));
    }
    let way = way(issuer, tables);
    let begun = begin(sealer, way, whose, start.return_to, now_ms / 1_000)?;
    let url = issuer.authorize_url(&begun.state, &begun.challenge);
    let answer = json!({ "url": url.as_str(), "expires_in": LIFETIME_SECONDS });
    let mut response = Response::json(StatusCode::OK, &answer);
    // Lax: the provider's page sends the browser back with a plain link.
    let attributes = format!("Max-Age={LIFETIME_SECONDS}; Path=/; HttpOnly; Secure; SameSite=Lax");
    response.set(
        "set-cookie",
        &format!("{COOKIE}={}; {attributes}", begun.cookie),
    );
    Ok(response)
}

/// What was begun, believed for its state and its cookie.
///
/// # Errors
/// If this browser did not begin it.
pub fn came_back(
    issuer: Issuer<'_>,
    sealer: &Sealer<'_>,
    tables: &Tables,
    now_ms: u64,
    asked: &Asked<'_>,
) -> Result<State, Problem> {
    let cookies = asked
        .headers
        .get("cookie")
        .and_then(|cookies| cookies.to_str().ok());
    let state = asked.parameter("state").unwrap_or_default();
    let way = way(issuer, tables);
    resume(sealer, way, state, cookies, now_ms / 1_000).ok_or_else(|| {
        let name = issuer.provider().name();
        Problem::bad_request(format!(
            "this browser did not begin to connect {name}, or more than ten minutes ago"
        ))
        .hint("begin again")
    })
}

fn way(issuer: Issuer<'_>, tables: &Tables) -> Way {
    Way {
        app: tables.app,
        provider: issuer.provider().word(),
    }
}

/// Stores a grant as a connection of `row`, and has it used. Until its last step the connection is one
/// that has to be made again, which is what it is if that step is never reached: `row` says what that is
/// called.
///
/// # Errors
/// If the database does not take it.
pub async fn keep<R: Runtime>(
    service: &Database<'_, R>,
    sealer: &Sealer<'_>,
    of: (Issuer<'_>, &'static Tables),
    row: Map<String, Value>,
    grant: &Grant,
    now_ms: u64,
) -> Result<Connection, Problem> {
    let connection = store(service, sealer, of, row, grant, now_ms).await?;
    mark(service, of.1, &connection.id, "active", None).await?;
    Ok(connection)
}

/// Likewise but for the last step, which is left to the caller: nobody uses the connection before.
///
/// # Errors
/// If the database does not take it.
pub async fn store<R: Runtime>(
    service: &Database<'_, R>,
    sealer: &Sealer<'_>,
    (issuer, tables): (Issuer<'_>, &'static Tables),
    mut row: Map<String, Value>,
    grant: &Grant,
    now_ms: u64,
) -> Result<Connection, Problem> {
    let ends = now_ms.saturating_add(milliseconds(grant.lifetime));
    row.insert("scopes".to_owned(), json!(grant.scopes));
    row.insert("last_error".to_owned(), "CONNECTING".into());
    row.insert("token_expires_at".to_owned(), time::iso(ends).into());
    // Whose it is never changes, so it is no update of a row that is there.
    let of_tenant = row.remove(tables.tenant).unwrap_or_default();
    let key = tables.provider.unwrap_or(tables.external);
    let named = row.remove(key).unwrap_or_default();
    let keys = [(tables.tenant, of_tenant), (key, named)];
    let made = put(service, tables.connections, &keys, row, tables.columns).await?;
    let malformed = || Failure::new(issuer.provider(), "oauth.exchange", Kind::Malformed);
    let connection: Connection = made.ok_or_else(malformed)?;
    let place = Place::of(tables, issuer.provider(), &connection);
    let Value::Object(secrets) = sealer.row(&place, &grant.access, &grant.refresh)? else {
        return Err(malformed().into());
    };
    let mut keys = vec![("connection_id", connection.id.as_str().into())];
    // Where connections are an account's, so are their tokens.
    if tables.provider.is_some() {
        keys.push((tables.tenant, connection.tenant.as_str().into()));
    }
    put::<R, Value>(service, tables.secrets, &keys, secrets, "id").await?;
    Ok(connection)
}

/// Ends a connection: its tokens are deleted here whatever the provider says to it. Says whether it
/// ended them, too.
///
/// # Errors
/// If the database does not take it.
pub async fn end<R: Runtime>(held: &Held<'_, R>) -> Result<bool, Problem> {
    let revoked = match held.refresh_token().await {
        Ok(token) => held.issuer.revoke(&held.line, &token).await,
        Err(_) => Some(false),
    };
    let id = &held.connection.id;
    held.service
        .rows::<Value>(held.tables.secrets, |table| {
            table.delete().eq("connection_id", id).select("id")
        })
        .await?;
    let error = (revoked == Some(false)).then_some("REVOCATION_FAILED");
    mark(&held.service, held.tables, id, "revoked", error).await?;
    Ok(revoked == Some(true))
}

/// Writes the row of these keys: changes it if it is there, and else adds it. Whoever adds it at the
/// same time is a conflict, which is an error: nothing is written over unseen.
async fn put<R: Runtime, T: DeserializeOwned>(
    service: &Database<'_, R>,
    table: &str,
    keys: &[(&str, Value)],
    mut row: Map<String, Value>,
    columns: &str,
) -> Result<Option<T>, Problem> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = Value::Object(row.clone()).to_string();
    let changed = service.rows(table, |table| {
        let write = keys.iter().fold(table.update(changes), |write, (of, key)| {
            write.eq(*of, text(key))
        });
        write.select(columns)
    });
    let mut changed: Vec<T> = changed.await?;
    if let Some(changed) = changed.pop() {
        return Ok(Some(changed));
    }
    row.extend(keys.iter().map(|(of, key)| ((*of).to_owned(), key.clone())));
    let row = Value::Object(row).to_string();
    let added = service.rows(table, |table| table.insert(row).select(columns));
    let mut added: Vec<T> = added.await?;
    Ok(added.pop())
}

/// Says how a connection stands, and why.
///
/// # Errors
/// If the database does not take it.
pub async fn mark<R: Runtime>(
    service: &Database<'_, R>,
    tables: &Tables,
    id: &str,
    status: &str,
    error: Option<&str>,
) -> Result<(), Problem> {
    let changes = json!({ "status": status, "last_error": error });
    let marked = service.rows::<Value>(tables.connections, |table| {
        table.update(changes.to_string()).eq("id", id).select("id")
    });
    marked.await.map(drop)
}

/// The end of the way: on to the page that was asked for, or an answer to read.
pub fn back<S>(
    issuer: Issuer<'_>,
    return_to: Option<&str>,
    outcome: &str,
    more: Map<String, Value>,
) -> Response<S> {
    let word = issuer.provider().word();
    let page = return_to.and_then(|page| Url::parse(page).ok());
    let mut response = match page {
        Some(mut page) => {
            page.query_pairs_mut().append_pair(word, outcome);
            let mut response = Response::empty(StatusCode::SEE_OTHER);
            response.set("location", page.as_str());
            response
        }
        None => {
            let mut answer = more;
            answer.insert(word.to_owned(), outcome.into());
            Response::json(StatusCode::OK, &Value::Object(answer))
        }
    };
    response.set(
        "set-cookie",
        &format!("{COOKIE}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"),
    );
    response.set("referrer-policy", "no-referrer");
    response
}
