//! Who is asking: functions that read the claims of the request.

use policy_core::condition::Operand;
use policy_core::model::{Subject, Table};
use policy_core::value::Kind;

use super::{Context, Section};

const SCHEMA: &str = "create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;
";

const UUID: &str = "
-- The caller's id. Only the 36 characters of a uuid count: any other subject is nobody, and never an error.
-- Three plain tests, because one regular expression that counts takes twice as long, in every statement.
create or replace function countersign.caller_id() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  sub text := coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub',
    current_setting('request.jwt.claim.sub', true));
begin
  if sub like '________-____-____-____-____________'
    and length(replace(sub, '-', '')) = 32
    and sub !~ '[^0-9A-Fa-f-]'
  then
    return sub::uuid;
  end if;
  return null;
end $$;
revoke execute on function countersign.caller_id() from public, anon;
grant execute on function countersign.caller_id() to authenticated;

-- Whether the caller signed in with an identity; an anonymous sign-in is a guest.
create or replace function countersign.caller_is_user() returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return countersign.caller_id() is not null
    and (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'is_anonymous') is distinct from 'true';
end $$;
revoke execute on function countersign.caller_is_user() from public, anon;
grant execute on function countersign.caller_is_user() to authenticated;
";

const TEXT: &str = "
-- The caller's id, in apps whose ids are text.
create or replace function countersign.caller_text_id() returns text
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return nullif(coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub',
    current_setting('request.jwt.claim.sub', true)), '');
end $$;
revoke execute on function countersign.caller_text_id() from public, anon;
grant execute on function countersign.caller_text_id() to authenticated;

-- Whether the caller signed in with an identity; an anonymous sign-in is a guest.
create or replace function countersign.caller_text_is_user() returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return countersign.caller_text_id() is not null
    and (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'is_anonymous') is distinct from 'true';
end $$;
revoke execute on function countersign.caller_text_is_user() from public, anon;
grant execute on function countersign.caller_text_is_user() to authenticated;
";

/// The functions every app with these ids shares; the same text from each of them.
pub(super) fn section(context: &Context<'_>) -> Section {
    let mut body = SCHEMA.to_owned();
    body.push_str(if context.policy.caller_id == Kind::Text {
        TEXT
    } else {
        UUID
    });
    for (operand, claim, what) in [
        (
            Operand::CallerEmail,
            "email",
            "e-mail, which may never have been verified",
        ),
        (Operand::CallerAal, "aal", "authenticator assurance level"),
    ] {
        if context
            .policy
            .tables
            .iter()
            .any(|table| names(table, &operand))
        {
            body.push_str(&claim_function(claim, what));
        }
    }
    let heading = vec!["Who is asking".to_owned()];
    Section {
        name: "callers".to_owned(),
        heading,
        body,
    }
}

fn claim_function(claim: &str, what: &str) -> String {
    format!(
        "
-- The caller's {what}.
create or replace function countersign.caller_{claim}() returns text
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> '{claim}';
end $$;
revoke execute on function countersign.caller_{claim}() from public, anon;
grant execute on function countersign.caller_{claim}() to authenticated;
"
    )
}

fn names(table: &Table, wanted: &Operand) -> bool {
    let rules = table
        .rules
        .iter()
        .filter(|rule| rule.subject != Subject::Service);
    let of_rules = rules.flat_map(|rule| [&rule.condition, &rule.check]);
    let of_never = table
        .never
        .iter()
        .flat_map(|never| [&never.condition, &never.check]);
    let mut found = false;
    for condition in of_rules.chain(of_never).flatten() {
        condition.for_each_operand(&mut |operand| found |= operand == wanted);
    }
    found
}
