//! One resource on its way, as others see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    action::{Account, Claim},
    id::{AgreementId, AssignmentId, LineId, LineNumber, RequestId},
    term::{AssignmentState, Basis, Mode, Role},
};
use crate::{
    id::PublicationName,
    publication::{time_from_wire, time_to_wire},
    refusal::Violations,
    wire,
};

/// An assignment at one moment; the meaning of each field is in `mutual_aid.proto`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssignmentView {
    /// Its id.
    pub id: AssignmentId,
    /// Counts the changes.
    pub version: u64,
    /// For which line.
    pub line: LineId,
    /// What.
    pub resource: PublicationName,
    /// The incident's mode.
    pub mode: Mode,
    /// State.
    pub state: AssignmentState,
    /// Asked for, offered or ordered.
    pub quantity: u64,
    /// UCUM unit.
    pub unit: String,
    /// Number of the newest order; 0 before the first.
    pub epoch: u64,
    /// Basis, once ordered.
    pub basis: Option<Basis>,
    /// The agreement that it stands on.
    pub agreement: Option<AgreementId>,
    /// Conditions of an offer.
    pub conditions: String,
    /// Offered unasked.
    pub unsolicited: bool,
    /// Came before any order.
    pub self_deployed: bool,
    /// When the state began.
    pub since: Timestamp,
    /// When the state ends by itself.
    pub expires: Option<Timestamp>,
    /// When it is expected on the scene.
    pub arrival: Option<Timestamp>,
    /// Until when it is needed.
    pub until: Option<Timestamp>,
    /// Expected and not there.
    pub overdue: bool,
    /// Nobody reaches the team.
    pub lost_contact: bool,
    /// Why it is asked home; empty when it is not.
    pub recall_reason: String,
    /// People at the last count.
    pub head_count: Option<(u32, Timestamp)>,
    /// Code of why it ended.
    pub reason: String,
    /// In words.
    pub reason_text: String,
    /// What came home.
    pub account: Option<Account>,
    /// Costs, and who agreed.
    pub settlement: Option<(Claim, Vec<Role>)>,
}

impl AssignmentView {
    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::Assignment {
        let view = self.clone();
        let (head_count, head_count_time) =
            view.head_count.map_or((0, None), |(count, at)| (count, Some(at)));
        wire::Assignment {
            name: view.id.name(),
            version: view.version,
            request: view.line.request.name(),
            line: view.line.number.get(),
            resource: view.resource.to_string(),
            mode: view.mode.to_wire().into(),
            state: view.state.to_wire().into(),
            quantity: view.quantity,
            unit: view.unit,
            epoch: view.epoch,
            basis: view.basis.map_or(0, |basis| basis.to_wire().into()),
            agreement: view.agreement.map(AgreementId::name).unwrap_or_default(),
            conditions: view.conditions,
            unsolicited: view.unsolicited,
            self_deployed: view.self_deployed,
            state_time: Some(time_to_wire(view.since)),
            expire_time: view.expires.map(time_to_wire),
            arrival_time: view.arrival.map(time_to_wire),
            until_time: view.until.map(time_to_wire),
            overdue: view.overdue,
            lost_contact: view.lost_contact,
            recall_reason: view.recall_reason,
            head_count,
            head_count_time: head_count_time.map(time_to_wire),
            reason: view.reason,
            reason_text: view.reason_text,
            r#return: view.account.map(|account| account.to_wire()),
            settlement: view.settlement.map(|(claim, agreed)| wire::Settlement {
                agreed_by: agreed.into_iter().map(|role| role.to_wire().into()).collect(),
                ..claim.to_wire()
            }),
        }
    }

    /// Reads the parts of a message that a machine needs: which assignment, whose, in what state, which order. The
    /// rest is for people, and is shown as it came.
    #[must_use]
    pub fn read_key(
        field: &str,
        assignment: &wire::Assignment,
        violations: &mut Violations,
    ) -> Option<AssignmentKey> {
        let at = |name: &str| format!("{field}.{name}");
        let id = violations.check(at("name"), AssignmentId::from_name(&assignment.name));
        let request = violations.check(at("request"), RequestId::from_name(&assignment.request));
        let number = LineNumber::new(assignment.line).ok_or("must be the number of a line （须为行号）");
        let number = violations.check(at("line"), number);
        let resource = violations.check(at("resource"), assignment.resource.parse());
        let state = violations.check(at("state"), AssignmentState::from_wire(assignment.state));
        Some(AssignmentKey {
            id: id?,
            version: assignment.version,
            line: LineId { request: request?, number: number? },
            resource: resource?,
            state: state?,
            epoch: assignment.epoch,
            expires: assignment.expire_time.as_ref().and_then(time_from_wire),
        })
    }
}

/// What a node has to know of an assignment to answer for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentKey {
    /// Its id.
    pub id: AssignmentId,
    /// Counts the changes: a later message with a lower one is older.
    pub version: u64,
    /// For which line.
    pub line: LineId,
    /// What.
    pub resource: PublicationName,
    /// State.
    pub state: AssignmentState,
    /// The newest order.
    pub epoch: u64,
    /// When the state ends by itself, by the hub's clock.
    pub expires: Option<Timestamp>,
}
