//! What can happen in a state.

use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{
        action::{Account, Action, AssignmentAction, Confirm, Decline, Departure, Note, Offer, Reason},
        id::{AssignmentId, RequestId},
        term::Basis,
    },
};

use super::{Explorer, Park};
use crate::mutual_aid::machine::{
    assignment::Assignment,
    command::{Body, Decided, OrderWish, Preempt},
    escalation::{Deadline, Subject, Wait},
    ledger::{Book, LedgerKey, Terms},
    request,
    tests::world::*,
};

impl Explorer {
    /// Everything that can happen in a state: who, and what.
    pub(super) fn moves(&self, park: &Park) -> Vec<(&'static str, Body)> {
        let mut moves = Vec::new();
        for request in self.requests {
            self.dispatching(park, request, &mut moves);
        }
        for id in &park.born {
            let found = &park.case.assignments[id];
            let owner = if *found.owner() == member(FOUNDRY) { FOUNDRY } else { AUTO };
            let again = self.attempts(park, found) < self.space.attempts;
            answers(park, found, owner, again, &mut moves);
            if found.is_active() {
                reports(found, owner, &mut moves);
            }
        }
        if !park.lowered {
            let ledger = LedgerKey { resource: foam(), book: Book::Actual };
            let terms = Terms { quota: 1, ..terms(&foam()) };
            moves.push((AUTO, Body::SetTerms { ledger, expected: None, terms, recount: false }));
        }
        moves
    }

    fn dispatching(&self, park: &Park, id: RequestId, moves: &mut Vec<(&'static str, Body)>) {
        let request = &park.case.requests[&id];
        let decided = Decided { request: id, expected: request.version };
        match &request.state {
            request::State::StandingDown { .. } => moves.push(("dispatcher", Body::Close(decided))),
            request::State::Open { .. } => {
                moves.push(("dispatcher", Body::StandDown(decided, "结束".to_owned())));
            }
            request::State::Draft { .. }
            | request::State::Submitted { .. }
            | request::State::Closed { .. }
            | request::State::Reviewed { .. }
            | request::State::Rejected { .. }
            | request::State::Merged { .. }
            | request::State::Expired { .. } => {}
        }
        if !request.is_open() {
            return;
        }
        for resource in self.space.resources.clone() {
            let pair = |one: &&AssignmentId| {
                let found = &park.case.assignments[*one];
                found.line.request == id && found.resource == resource
            };
            let attempts = park.born.iter().filter(pair).count();
            let active = park.born.iter().filter(pair).any(|one| park.case.assignments[one].is_active());
            let ledger = &park.case.ledgers[&LedgerKey { resource: resource.clone(), book: Book::Actual }];
            if !active && attempts < self.space.attempts {
                let body = Body::Solicit {
                    request: decided,
                    line: line(),
                    resources: vec![resource.clone()],
                    quantity: Some(1),
                };
                moves.push(("dispatcher", body));
            }
            if ledger.epoch >= self.space.orders || (!active && attempts >= self.space.attempts) {
                continue;
            }
            for quantity in 1..=ledger.terms.quota {
                moves.push(("dispatcher", order(park, id, &resource, quantity, None)));
            }
            let victims: Vec<_> = (park.born.iter().copied())
                .filter(|one| {
                    let found = &park.case.assignments[one];
                    found.line.request != id
                        && found.resource == resource
                        && found.uses().is_some()
                        && !found.is_out()
                })
                .collect();
            if request.is_p1() && !victims.is_empty() {
                moves.push(("dispatcher", order(park, id, &resource, 1, Some(victims))));
            }
        }
    }
}

fn order(
    park: &Park,
    request: RequestId,
    resource: &PublicationName,
    quantity: u64,
    victims: Option<Vec<AssignmentId>>,
) -> Body {
    let preempt = victims.map(|from| Preempt { from, reason: "救人".to_owned() });
    let request = Decided { request, expected: park.case.requests[&request].version };
    Body::Order(Box::new(OrderWish {
        request,
        line: line(),
        resource: resource.clone(),
        quantity,
        basis: Basis::Voluntary,
        agreement: None,
        expected_ledger: None,
        overcommit: false,
        eta_seconds: None,
        preempt,
        alternatives: vec![],
    }))
}

fn act(assignment: AssignmentId, epoch: u64, action: Action) -> Body {
    Body::Act { action: AssignmentAction { assignment, epoch, action }, expected: None }
}

/// What the owner may say, however late: to every order that was ever sent, as often as it likes.
fn answers(
    park: &Park,
    found: &Assignment,
    owner: &'static str,
    may_begin_again: bool,
    moves: &mut Vec<(&'static str, Body)>,
) {
    let no = Decline { reason: "in-use".parse().unwrap(), note: String::new() };
    let again = found.is_active() || may_begin_again;
    for (id, epoch) in park.issued.keys().filter(|(id, _)| *id == found.id) {
        if again {
            moves.push((owner, act(*id, *epoch, Action::Confirm(Confirm::default()))));
        }
        moves.push((owner, act(*id, *epoch, Action::Refuse(no.clone()))));
    }
    if again {
        let offer = Offer { quantity: 1, eta_seconds: 600, conditions: String::new(), valid_seconds: None };
        moves.push((owner, act(found.id, 0, Action::Offer(offer))));
    }
    moves.push((owner, act(found.id, 0, Action::Decline(no.clone()))));
    moves.push((owner, act(found.id, 0, Action::Withdraw(no))));
}

/// What the team and the dispatcher report and decide, in any order.
fn reports(found: &Assignment, owner: &'static str, moves: &mut Vec<(&'static str, Body)>) {
    let quantity = found.state.quantity();
    moves.push((owner, act(found.id, 0, Action::Depart(Departure::default()))));
    moves.push((owner, act(found.id, 0, Action::Arrive(Note::default()))));
    moves.push((owner, act(found.id, 0, Action::Release(Note::default()))));
    let account = Account { returned: quantity, ..Account::default() };
    moves.push((owner, act(found.id, 0, Action::Return(account))));
    let reason = Reason { reason: "换人".to_owned() };
    let action = AssignmentAction { assignment: found.id, epoch: 0, action: Action::StandDown(reason) };
    moves.push(("dispatcher", Body::Act { action, expected: Some(found.version) }));
    if let Some(due) = found.expires() {
        let subject = Subject::Assignment(found.id);
        moves.push(("system", Body::Due(Deadline { subject, kind: Wait::Expiry, due })));
    }
}
