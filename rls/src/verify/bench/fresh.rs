//! Statements that add rows where nothing stands in their way.

use countersign_wasm::batch::{Act, Answer, Datum, OwnedMembership};
use policy_core::columns::ColumnSet;
use policy_core::model::Place;

use super::super::error::VerifyError;
use super::super::ledger::Shape;
use super::super::schema::at;
use super::super::sql;
use super::super::statement::back;
use super::Bench;
use super::existing::written;
use super::plan::Proposal;

impl Bench<'_> {
    /// Every proposal of every caller, inserted in every way.
    pub(super) async fn insert_everything(&mut self) -> Result<(), VerifyError> {
        self.plant(&[]).await?;
        for caller in 0..self.scene.people.len() {
            let proposals = self.plans.get(caller).map(|plan| plan.proposals.clone());
            for proposal in proposals.unwrap_or_default() {
                self.pose_insert(caller, &proposal, false);
                self.pose_insert(caller, &proposal, true);
                self.pose_ignore(caller, &proposal, None, true);
                self.pose_ignore(caller, &proposal, None, false);
                self.pose_merge(caller, &proposal, None);
                self.pose_founding(caller, &proposal);
            }
        }
        self.flush().await
    }

    /// Whoever creates a tenant is its top role in the next statement: it changes what no lower
    /// rank may change.
    fn pose_founding(&mut self, caller: usize, proposal: &Proposal) {
        let founded = self.scene.policy.tenant.as_ref();
        let founded = founded.and_then(|tenant| Some((tenant.found?, tenant.top())));
        let Some((found, top)) = founded else {
            return;
        };
        let table = self.scene.table;
        let new = self.row(caller, &proposal.row);
        let insert = self.question(
            caller,
            ColumnSet::EMPTY,
            proposal.written,
            Act::Insert(new, false),
        );
        let Place::Root(key) = table.place else {
            return;
        };
        let payload = self
            .plans
            .get(caller)
            .and_then(|plan| plan.payloads.first());
        let (Some(payload), Answer::Applies(_)) = (payload.cloned(), self.answer(&insert)) else {
            return;
        };
        let Some((asker, _)) = self.askers.get(caller) else {
            return;
        };
        let mut founder = asker.clone();
        let root = table.columns.get(at(key)).zip(proposal.row.get(at(key)));
        let Some((column, id)) = root else { return };
        let id = Datum::read(column.kind, id.as_deref());
        founder.ranks.push(OwnedMembership {
            tenant: id,
            rank: top,
            attribute: None,
        });
        let number = self.ledger.asker(&founder);
        let change = vec![payload];
        let after = self.updated(&proposal.row, &change);
        let act = Act::Update(new, self.row(caller, &after));
        // A key that is a default is never the same twice, so then it is the tenant that the
        // caller has founded just now.
        let (read, place) = if proposal.written.contains(key) {
            (self.key(), self.writer.at(&proposal.row))
        } else {
            let [author, stamp] =
                [found.author, found.stamp].map(|column| self.writer.columns([at(column)]));
            let person = self.scene.people.get(caller);
            let subject = person.and_then(|person| person.subject.as_deref());
            let subject = sql::literal(subject);
            let read = ColumnSet::EMPTY.with(found.author).with(found.stamp);
            (
                read,
                format!(" where {author} = {subject} and {stamp} = now()"),
            )
        };
        let mut update = self.question(caller, read, written(&change), act);
        update.caller = number;
        let insert = self.writer.insert(&proposal.row, proposal.written, "");
        let change = self.writer.update(&change, &place, "");
        let sql = format!("{insert}; {change}");
        self.ledger.add(caller, sql, Shape::Count, &[update]);
    }

    pub(super) fn pose_insert(&mut self, caller: usize, proposal: &Proposal, returning: bool) {
        let new = self.row(caller, &proposal.row);
        let (read, rest, kind) = if returning {
            (
                self.key(),
                back(&self.writer.identity()),
                "insert returning",
            )
        } else {
            (ColumnSet::EMPTY, String::new(), "insert")
        };
        let act = Act::Insert(new, returning);
        let question = self.question(caller, read, proposal.written, act);
        let sql = self.writer.insert(&proposal.row, proposal.written, &rest);
        self.pose(caller, kind, sql, Shape::Count, &[question]);
    }
}
