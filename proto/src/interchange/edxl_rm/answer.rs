//! From an answer of another system to a word about one of our assignments.

use super::{
    Message, MessageKind, Quantity, ResourceInformation, Response, ResponseType, ScheduleType,
    assignment::{DECLINE, message_id},
};
use crate::{
    mutual_aid::{MOST_SECONDS, term::DeclineReason},
    refusal::{Refusal, Violations},
    wire::{AssignmentAction, ConfirmAction, DeclineAction, OfferAction, assignment_action::Action},
};

impl Message {
    /// What an answer says about this assignment. `epoch`: the order that it answers, for an answer that names no message
    /// of ours; what the answer itself names comes first, so that a yes to an older order never binds anybody to a newer.
    ///
    /// # Errors
    /// What it lacks for that: it is no answer, answers another assignment or several things, names no order, or says
    /// neither yes nor no to one.
    pub fn to_action(&self, assignment: &str, epoch: Option<u64>) -> Result<AssignmentAction, Refusal> {
        let mut wrong = Violations::new();
        let root = self.kind.word();
        if !self.kind.is_answer() {
            wrong.add(
                "document",
                "must be a ResponseToRequestResource or CommitResource （须为答复或承诺消息）",
            );
        }
        let answered: Vec<_> = self.resources.iter().filter(|found| found.response.is_some()).collect();
        let found = match answered.as_slice() {
            [found] => Some(*found),
            [] | [_, ..] => {
                let words =
                    "must be one with a response: one document for each assignment （每个文件只能答复一项）";
                wrong.add(format!("{root}/ResourceInformation"), words);
                None
            }
        };
        let epoch = match self.order(assignment) {
            Ok(named) => named.or(epoch),
            Err(words) => {
                wrong.add(format!("{root}/PrecedingMessageID"), words);
                None
            }
        };
        if self.kind == MessageKind::CommitResource && epoch.is_none() {
            let words = "names no order of ours; say which one is answered （未指明所答复的调用序号）";
            wrong.add(format!("{root}/PrecedingMessageID"), words);
        }
        let action = found.and_then(|found| {
            let response = found.response.as_ref()?;
            self.action(found, response, &mut wrong)
        });
        wrong.finish(|| {
            Some(AssignmentAction {
                assignment: assignment.to_owned(),
                epoch: epoch.filter(|_| self.kind == MessageKind::CommitResource).unwrap_or_default(),
                action: Some(action?),
            })
        })
    }

    /// The number of the order that is answered, when the message before is one of ours.
    fn order(&self, assignment: &str) -> Result<Option<u64>, &'static str> {
        let Some((before, number)) = self.preceding_message_id.rsplit_once('.') else { return Ok(None) };
        let words = [MessageKind::RequestResource, MessageKind::RequisitionResource].map(MessageKind::word);
        let is_ours = before.starts_with("urn:uuid:")
            && words.iter().any(|word| before.ends_with(&format!(":{word}")))
            && number.parse::<u64>().is_ok();
        let number: u64 = number.parse().unwrap_or_default();
        let expected = match self.kind {
            MessageKind::CommitResource => MessageKind::RequisitionResource,
            MessageKind::RequestResource
            | MessageKind::ResponseToRequestResource
            | MessageKind::RequisitionResource
            | MessageKind::ReportResourceDeploymentStatus
            | MessageKind::RequestReturn
            | MessageKind::ReleaseResource => MessageKind::RequestResource,
        };
        if !is_ours {
            return Ok(None);
        }
        if self.preceding_message_id == message_id(expected, assignment, number) {
            Ok(Some(number))
        } else {
            Err("answers another assignment （答复的是其他调派）")
        }
    }

    fn action(
        &self,
        found: &ResourceInformation,
        response: &Response,
        wrong: &mut Violations,
    ) -> Option<Action> {
        let path = format!("{}/ResourceInformation[1]", self.kind.word());
        let commits = self.kind == MessageKind::CommitResource;
        match response.kind {
            ResponseType::Decline if commits => Some(Action::Refuse(decline(response))),
            ResponseType::Decline => Some(Action::Decline(decline(response))),
            ResponseType::Accept if commits => {
                Some(Action::Confirm(ConfirmAction { eta_seconds: self.eta(found), lead: None }))
            }
            ResponseType::Provisional if commits => {
                let words =
                    "must be Accept or Decline: an order is confirmed or refused （调用须明确确认或拒绝）";
                wrong.add(format!("{path}/ResponseInformation/ResponseType"), words);
                None
            }
            ResponseType::Accept | ResponseType::Provisional => {
                let quantity = match &found.quantity {
                    Some(Quantity::Measured { amount, .. }) => *amount,
                    Some(Quantity::Text(text)) => text.trim().parse().unwrap_or_default(),
                    None => 0,
                };
                if quantity == 0 {
                    let words = "must be a whole number, more than 0 （须为大于 0 的整数）";
                    wrong.add(format!("{path}/AssignmentInformation/Quantity"), words);
                }
                let conditions = response.reason.chars().take(500).collect();
                Some(Action::Offer(OfferAction {
                    quantity,
                    eta_seconds: self.eta(found),
                    conditions,
                    valid_seconds: 0,
                }))
            }
        }
    }

    /// Seconds from the sending until it is expected; 0 when it does not say.
    fn eta(&self, found: &ResourceInformation) -> u32 {
        let arrival = found.schedules.iter().find(|schedule| schedule.kind == ScheduleType::EstimatedArrival);
        let seconds = arrival
            .and_then(|schedule| schedule.time)
            .map_or(0, |time| time.duration_since(self.sent).as_secs().clamp(0, MOST_SECONDS.into()));
        u32::try_from(seconds).unwrap_or(0)
    }
}

/// Our own code when the answer carries one.
fn decline(response: &Response) -> DeclineAction {
    let codes = response.codes.iter().filter(|codes| codes.list == DECLINE).flat_map(|codes| &codes.values);
    let known = codes.filter_map(|code| code.parse::<DeclineReason>().ok()).next();
    DeclineAction {
        reason: known.map_or_else(|| "other".to_owned(), String::from),
        note: response.reason.chars().take(500).collect(),
    }
}
