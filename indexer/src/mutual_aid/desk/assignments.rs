//! Assignments and ledgers: what callers change.

use shouwang_proto::{
    mutual_aid::{
        action::AssignmentAction,
        command::{SelfDeployment, UnsolicitedOffer},
        id::AssignmentId,
        term::Basis,
    },
    refusal::Violations,
    wire,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{Desk, agreements, read};
use crate::{
    council::caller::Caller,
    mutual_aid::{
        machine::{
            command::{Body, Decided, OrderWish, Preempt},
            ledger::{Book, LedgerKey, Terms},
        },
        unknown, write,
    },
    store::mutual_aid::ledger::ledger_find,
};

/// Most resources asked at once.
const ASKED: usize = 50;
/// Most assignments that one order takes a resource from.
const PREEMPTED: usize = 16;

impl Desk {
    pub(super) async fn aid_solicit(
        &self,
        by: &Caller,
        message: wire::SolicitRequest,
    ) -> Result<wire::SolicitResponse, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let request = read::request("request", &message.request, &mut wrong);
        let expected = read::expected("expected_version", message.expected_version, &mut wrong);
        let line = read::line("line", message.line, &mut wrong);
        if !(1..=ASKED).contains(&message.resources.len()) {
            wrong.add("resources", format!("must be 1 to {ASKED} （须为 1–{ASKED} 项）"));
        }
        let resources = message.resources.iter().take(ASKED).enumerate();
        let resources: Vec<_> = resources
            .filter_map(|(index, name)| read::resource(&format!("resources[{index}]"), name, &mut wrong))
            .collect();
        let quantity = (message.quantity > 0).then_some(message.quantity);
        let (said, body) = read::whole(wrong, || {
            let request = Decided { request: request?, expected: expected? };
            Some((said?, Body::Solicit { request, line: line?, resources, quantity }))
        })?;
        let change = self.room.change(
            by,
            ("Solicit", said),
            &kept,
            async move |_| Ok(body),
            async |conn, answer| {
                Ok(wire::SolicitResponse { assignments: write::stored_assignments(conn, answer).await? })
            },
        );
        Box::pin(change).await
    }

    pub(super) async fn aid_order(
        &self,
        by: &Caller,
        message: wire::OrderRequest,
    ) -> Result<wire::OrderResponse, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context.clone(), self.gate.now(), &mut wrong);
        let wish = order_wish(message, &mut wrong);
        let (said, mut wish) = read::whole(wrong, || Some((said?, wish?)))?;
        // In words, for whoever comes second; what they say may be old by then, and binds nobody.
        wish.alternatives = self.alternatives(&wish).await?;
        let now = self.gate.now();
        let body = async move |conn: &mut Conn| {
            wish.agreement = agreements::ground(conn, &wish, now).await?;
            Ok(Body::Order(Box::new(wish)))
        };
        let change = self.room.change(by, ("Order", said), &kept, body, async |conn, answer| {
            let mut assignments = write::stored_assignments(conn, answer).await?.into_iter();
            Ok(wire::OrderResponse { assignment: assignments.next(), preempted: assignments.collect() })
        });
        Box::pin(change).await
    }

    pub(super) async fn aid_act(
        &self,
        by: &Caller,
        message: wire::ActOnAssignmentRequest,
    ) -> Result<wire::ActOnAssignmentResponse, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let action = AssignmentAction::read("action", message.action.unwrap_or_default(), &mut wrong);
        let expected = (message.expected_version > 0).then_some(message.expected_version);
        let (said, action) = read::whole(wrong, || Some((said?, action?)))?;
        let body = Body::Act { action, expected };
        let change = self.room.change(
            by,
            ("ActOnAssignment", said),
            &kept,
            async move |_| Ok(body),
            async |conn, answer| {
                let assignment = write::stored_assignments(conn, answer).await?.into_iter().next();
                let (reason, _) = write::because(answer);
                let outcome = answer.outcome.to_wire().into();
                Ok(wire::ActOnAssignmentResponse { outcome, reason, assignment })
            },
        );
        Box::pin(change).await
    }

    pub(super) async fn aid_offer(
        &self,
        by: &Caller,
        message: wire::OfferUnsolicitedRequest,
    ) -> Result<wire::Assignment, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let offer = UnsolicitedOffer::read("offer", message.offer.unwrap_or_default(), &mut wrong);
        let (said, offer) = read::whole(wrong, || Some((said?, offer?)))?;
        self.booked(by, ("OfferUnsolicited", said), kept, Body::Offer(offer)).await
    }

    pub(super) async fn aid_book(
        &self,
        by: &Caller,
        message: wire::BookSelfDeploymentRequest,
    ) -> Result<wire::Assignment, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let booked = SelfDeployment::read("deployment", message.deployment.unwrap_or_default(), &mut wrong);
        let (said, booked) = read::whole(wrong, || Some((said?, booked?)))?;
        self.booked(by, ("BookSelfDeployment", said), kept, Body::SelfDeploy(booked)).await
    }

    async fn booked<M: prost::Message>(
        &self,
        by: &Caller,
        attempt: (&'static str, crate::mutual_aid::coordinator::Said),
        message: M,
        body: Body,
    ) -> Result<wire::Assignment, StoreError> {
        let change = self.room.change(
            by,
            attempt,
            &message,
            async move |_| Ok(body),
            async |conn, answer| {
                Ok(write::stored_assignments(conn, answer).await?.into_iter().next().unwrap_or_default())
            },
        );
        Box::pin(change).await
    }

    pub(super) async fn quota_set(
        &self,
        by: &Caller,
        message: wire::SetQuotaRequest,
    ) -> Result<wire::LedgerEntry, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let said = read::said(by, message.context, self.gate.now(), &mut wrong);
        let resource = read::resource("resource", &message.resource, &mut wrong);
        let expected = read::expected("expected_version", message.expected_version, &mut wrong);
        let most = shouwang_proto::mutual_aid::MOST_QUANTITY;
        if message.quota > most {
            wrong.add("quota", format!("must be at most {most} （最多 {most}）"));
        }
        let (said, resource, expected) = read::whole(wrong, || Some((said?, resource?, expected?)))?;
        let (quota, recount) = (message.quota, message.recount);
        let key = LedgerKey { resource, book: Book::Actual };
        let shown = key.clone();
        let body = async move |conn: &mut Conn| {
            let found = ledger_find(conn, &key).await?.ok_or_else(|| unknown::resource(&key.resource))?;
            let terms = Terms { quota, ..found.terms };
            Ok(Body::SetTerms { ledger: key, expected: Some(expected), terms, recount })
        };
        let change = self.room.change(by, ("SetQuota", said), &kept, body, async move |conn, _| {
            Ok(write::stored_ledger(conn, &shown).await?.unwrap_or_default())
        });
        Box::pin(change).await
    }
}

fn order_wish(message: wire::OrderRequest, wrong: &mut Violations) -> Option<OrderWish> {
    let request = read::request("request", &message.request, wrong);
    let expected = read::expected("expected_version", message.expected_version, wrong);
    let line = read::line("line", message.line, wrong);
    let resource = read::resource("resource", &message.resource, wrong);
    let basis = wrong.check("basis", Basis::from_wire(message.basis));
    let most = shouwang_proto::mutual_aid::MOST_QUANTITY;
    if !(1..=most).contains(&message.quantity) {
        wrong.add("quantity", format!("must be 1 to {most} （须为 1–{most}）"));
    }
    if message.eta_seconds > shouwang_proto::mutual_aid::MOST_SECONDS {
        wrong.add("eta_seconds", "must be at most 604800 （最多 604800 秒）");
    }
    if message.preempt.len() > PREEMPTED {
        wrong.add("preempt", format!("has more than {PREEMPTED} values （超过 {PREEMPTED} 项）"));
    }
    let preempt = if message.preempt.is_empty() {
        None
    } else {
        let from: Vec<AssignmentId> = (message.preempt.iter().take(PREEMPTED).enumerate())
            .filter_map(|(index, name)| read::assignment(&format!("preempt[{index}]"), name, wrong))
            .collect();
        let reason = read::words("preempt_reason", &message.preempt_reason, 500, wrong);
        Some(Preempt { from, reason })
    };
    let version = message.expected_ledger_version;
    Some(OrderWish {
        request: Decided { request: request?, expected: expected? },
        line: line?,
        resource: resource?,
        quantity: message.quantity,
        basis: basis?,
        agreement: None,
        expected_ledger: (version > 0).then_some(version),
        overcommit: message.overcommit,
        eta_seconds: (message.eta_seconds > 0).then_some(message.eta_seconds),
        preempt,
        alternatives: Vec::new(),
    })
}
