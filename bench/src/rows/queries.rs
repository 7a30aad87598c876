//! The queries that frontends make, each in two forms.

use postgres::SimpleQueryMessage;

/// A query as a caller sends it, and as somebody would write it who filters by hand.
pub(crate) struct Query {
    pub(crate) name: &'static str,
    /// Under row-level security.
    pub(crate) plain: &'static str,
    /// Without it; `{tenants}` stands for the caller's.
    pub(crate) by_hand: &'static str,
    /// Whether the policies most people write mean the same.
    pub(crate) comparable: bool,
}

impl Query {
    /// How many rows came back or were changed, or what a count says.
    pub(crate) fn count(&self, answer: &[SimpleQueryMessage]) -> u64 {
        answer
            .iter()
            .map(|message| match message {
                SimpleQueryMessage::Row(row) if self.name == "count" => {
                    row.get(0).and_then(|text| text.parse().ok()).unwrap_or(0)
                }
                SimpleQueryMessage::CommandComplete(n) if self.name != "count" => *n,
                _ => 0,
            })
            .sum()
    }
}

pub(crate) const QUERIES: [Query; 8] = [
    Query {
        name: "count",
        plain: "select count(*) from scale.tasks",
        by_hand: "select count(*) from scale.tasks where org_id = any({tenants})",
        comparable: true,
    },
    Query {
        name: "list 50",
        plain: "select * from scale.tasks limit 50",
        by_hand: "select * from scale.tasks where org_id = any({tenants}) limit 50",
        comparable: true,
    },
    Query {
        name: "filter and order, 50",
        plain: "select * from scale.tasks where status = 'doing' order by created_at desc limit 50",
        by_hand: "select * from scale.tasks where org_id = any({tenants}) and status = 'doing'
                  order by created_at desc limit 50",
        comparable: true,
    },
    Query {
        name: "by id",
        plain: "select * from scale.tasks where id = '{id}'",
        by_hand: "select * from scale.tasks where id = '{id}' and org_id = any({tenants})",
        comparable: true,
    },
    Query {
        name: "update one",
        plain: "update scale.tasks set title = 'new' where id = '{id}'",
        by_hand: "update scale.tasks set title = 'new' where id = '{id}' and org_id = any({tenants})",
        comparable: false,
    },
    Query {
        name: "child through its parent, 50",
        plain: "select * from scale.steps order by created_at desc limit 50",
        by_hand: "select s.* from scale.steps s join scale.phases p on p.id = s.phase_id and p.org_id = s.org_id
                  where s.org_id = any({tenants}) and not p.hidden order by s.created_at desc limit 50",
        comparable: true,
    },
    Query {
        name: "embed, 50",
        plain: "select t.*, p.name from scale.tasks t
                left join lateral (select name from scale.phases where id = t.phase_id) p on true
                order by t.created_at desc limit 50",
        by_hand: "select t.*, p.name from scale.tasks t
                  left join lateral (select name from scale.phases where id = t.phase_id and org_id = any({tenants})
                                     and not hidden) p on true
                  where t.org_id = any({tenants}) order by t.created_at desc limit 50",
        comparable: true,
    },
    Query {
        name: "`!inner` embed, 50",
        plain: "select t.*, p.name from scale.tasks t join scale.phases p on p.id = t.phase_id
                order by t.created_at desc limit 50",
        by_hand: "select t.*, p.name from scale.tasks t join scale.phases p on p.id = t.phase_id
                  where t.org_id = any({tenants}) and p.org_id = any({tenants}) and not p.hidden
                  order by t.created_at desc limit 50",
        comparable: true,
    },
];
