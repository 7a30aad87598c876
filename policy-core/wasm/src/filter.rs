//! Which rows a caller can reach, as a filter that supabase-js and PostgREST take.

use policy_core::Policy;
use policy_core::model::Action;
use policy_core::residual::{Residual, Widening, residual};
use serde::{Deserialize, Serialize};

use crate::question::{Facts, Person, QuestionError, action, named};

/// What is asked; `types.d.ts` has the words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterQuestion {
    #[serde(default)]
    caller: Option<Person>,
    table: String,
    #[serde(deserialize_with = "action")]
    action: Action,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// `everything`, `nothing`, `exact` or `superset`.
    pub rows: &'static str,
    /// What goes into `or=(...)`; none where nothing can be left out, or nothing is left.
    pub filter: Option<String>,
    /// Why more rows than the caller's may pass the filter.
    pub wider: Vec<Widening>,
}

impl FilterQuestion {
    /// Finds the filter.
    ///
    /// # Errors
    /// If the question names what the policy does not have.
    pub fn answer(&self, policy: &Policy) -> Result<Reach, QuestionError> {
        let table = named(policy, &self.table)?;
        let facts = Facts::of(policy, self.caller.as_ref())?;
        let ranks = facts.ranks();
        let caller = facts.caller(ranks.as_deref());
        let (rows, filter, wider) = match residual(policy, table, self.action, &caller) {
            Residual::Everything => ("everything", None, Vec::new()),
            Residual::Nothing => ("nothing", None, Vec::new()),
            Residual::Exact(filter) => ("exact", Some(filter), Vec::new()),
            Residual::Superset(filter, wider) => ("superset", filter, wider),
        };
        Ok(Reach {
            rows,
            filter: filter.map(|filter| filter.postgrest(table)),
            wider,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy() -> Policy {
        let column = |name: &str, kind: &str, nullable: bool| json!({ "name": name, "type": kind, "nullable": nullable });
        let catalogue = json!({
            "schema": "s",
            "relations": [
                { "name": "orgs", "kind": "table", "primary_key": ["id"], "columns": [column("id", "uuid", false)] },
                { "name": "members", "kind": "table", "primary_key": ["org", "who"], "columns": [
                    column("org", "uuid", false), column("who", "uuid", false), column("role", "text", false)
                ] },
                { "name": "notes", "kind": "table", "primary_key": ["id"], "columns": [
                    column("id", "uuid", false), column("org", "uuid", false), column("owner", "uuid", true),
                    column("author", "uuid", true), column("body", "text", true), column("Open?", "boolean", true),
                    column("secret", "text", true), column("until", "timestamp with time zone", true)
                ] }
            ]
        });
        let source = r#"app a in schema s; caller id uuid;
            tenant orgs (id) members members (org, who, role) roles boss > clerk;
            on notes tenant org {
              hidden secret;
              clerk: select where "Open?" and (until is null or until > now());
              self owner: select where not (body like 'a\_%' or body in ('x, y', 'it''s'));
              boss: select, update where author = owner, delete where secret = 'x' or body like '%*%';
              never delete where body is not distinct from 'kept';
            }"#;
        policy_core::compile(source, &serde_json::from_value(catalogue).unwrap())
            .unwrap()
            .0
    }

    /// Uuids are cut short to keep the lines readable.
    const EXPECTED: &str = r#"stranger select: nothing  []
stranger update: nothing  []
stranger delete: nothing  []
clerk select: exact and(org.eq.1~0,"Open?".is.true,or(until.is.null,until.gt.now)),and(owner.eq.a~1,org.eq.1~0,body.not.like."a\\_*",body.not.in.("x, y","it's")) []
clerk update: nothing  []
clerk delete: nothing  []
boss and clerk select: exact and(org.in.(1~0,2~0),"Open?".is.true,or(until.is.null,until.gt.now)),and(owner.eq.a~1,org.in.(1~0,2~0),body.not.like."a\\_*",body.not.in.("x, y","it's")),org.eq.1~0 []
boss and clerk update: superset and(or(and(org.in.(1~0,2~0),"Open?".is.true,or(until.is.null,until.gt.now)),and(owner.eq.a~1,org.in.(1~0,2~0),body.not.like."a\\_*",body.not.in.("x, y","it's")),org.eq.1~0),org.eq.1~0,author.not.is.null,owner.not.is.null) [TwoColumns]
boss and clerk delete: superset and(or(and(org.in.(1~0,2~0),"Open?".is.true,or(until.is.null,until.gt.now)),and(owner.eq.a~1,org.in.(1~0,2~0),body.not.like."a\\_*",body.not.in.("x, y","it's")),org.eq.1~0),org.eq.1~0,or(body.neq.kept,body.is.null)) [HiddenColumn, Star]
not known select: superset  [Memberships]
not known update: superset and(author.not.is.null,owner.not.is.null) [TwoColumns, Memberships]
not known delete: superset body.neq.kept,body.is.null [HiddenColumn, Star, Memberships]
"#;

    fn ask(action: &str, memberships: &serde_json::Value) -> String {
        let me = "a0000000-0000-4000-8000-000000000001";
        let caller = json!({ "id": me, "memberships": memberships });
        let question = json!({ "table": "notes", "action": action, "caller": caller });
        let question: FilterQuestion = serde_json::from_value(question).unwrap();
        let Reach {
            rows,
            filter,
            wider,
        } = question.answer(&policy()).unwrap();
        format!("{rows} {} {wider:?}", filter.unwrap_or_default())
    }

    #[test]
    fn each_action_has_its_filter() {
        let org = |role: &str, n: u8| json!({ "tenant": format!("{n}0000000-0000-4000-8000-000000000000"), "role": role });
        let mut text = String::new();
        for (who, memberships) in [
            ("stranger", json!([])),
            ("clerk", json!([org("clerk", 1)])),
            ("boss and clerk", json!([org("boss", 1), org("clerk", 2)])),
            ("not known", serde_json::Value::Null),
        ] {
            for action in ["select", "update", "delete"] {
                text += &format!("{who} {action}: {}\n", ask(action, &memberships));
            }
        }
        let text = text.replace("0000000-0000-4000-8000-00000000000", "~");
        assert_eq!(text, EXPECTED);
    }

    #[test]
    fn whoever_is_granted_nothing_gets_nothing() {
        let question = json!({ "table": "notes", "action": "select", "caller": null });
        let question: FilterQuestion = serde_json::from_value(question).unwrap();
        assert_eq!(question.answer(&policy()).unwrap().rows, "nothing");
    }
}
