//! The rules of EDXL-RM 1.0: those that its schemas say, and those that its tables say of each message.

use std::collections::BTreeSet;

use super::{
    super::{forms, take::Mistakes},
    Listed, Message, MessageKind, Quantity, ResourceInformation, ResponseType,
};
use crate::refusal::Refusal;

impl Message {
    /// Checks the rules for a message made here.
    ///
    /// # Errors
    /// Every mistake with the path of its element.
    pub fn check(&self) -> Result<(), Refusal> {
        let mistakes = Mistakes::default();
        for (name, text) in
            [("MessageID", &self.message_id), ("OriginatingMessageID", &self.originating_message_id)]
        {
            if text.is_empty() {
                mistakes.note(&format!("{}/{name}", self.kind.word()), "is empty （不能为空）");
            }
        }
        self.check_with(&mistakes);
        mistakes.finish(Some(()))
    }

    pub(super) fn check_with(&self, mistakes: &Mistakes) {
        let root = self.kind.word();
        if self.kind.is_answer() && self.preceding_message_id.is_empty() {
            let words = "is required: the message that is answered （必填：所答复的消息）";
            mistakes.note(&format!("{root}/PrecedingMessageID"), words);
        }
        if self.contacts.is_empty() {
            mistakes.note(&format!("{root}/ContactInformation"), "is required （必填）");
        }
        if self.resources.is_empty() {
            mistakes.note(&format!("{root}/ResourceInformation"), "is required （必填）");
        }
        for (index, incident) in self.incidents.iter().enumerate() {
            if incident.id.is_empty() && incident.description.is_empty() {
                let path = format!("{root}/IncidentInformation[{}]", index + 1);
                mistakes.note(&path, "needs IncidentID or IncidentDescription （至少一项）");
            }
        }
        let mut ids = BTreeSet::new();
        for (index, needed) in self.resources.iter().enumerate() {
            let path = format!("{root}/ResourceInformation[{}]", index + 1);
            if !ids.insert(needed.id.as_str()) {
                mistakes.note(&format!("{path}/ResourceInfoElementID"), "is used twice （重复）");
            }
            needed.check_with(self.kind, &path, mistakes);
        }
    }
}

impl ResourceInformation {
    /// A no may leave out of what; everything else says it.
    fn is_no(&self) -> bool {
        self.response.as_ref().is_some_and(|response| response.kind == ResponseType::Decline)
    }

    /// Whether the message says how much.
    fn counts(&self, kind: MessageKind) -> bool {
        match kind {
            MessageKind::RequestResource | MessageKind::RequisitionResource => true,
            MessageKind::ResponseToRequestResource | MessageKind::CommitResource => !self.is_no(),
            MessageKind::ReportResourceDeploymentStatus
            | MessageKind::RequestReturn
            | MessageKind::ReleaseResource => false,
        }
    }

    fn check_with(&self, kind: MessageKind, path: &str, mistakes: &Mistakes) {
        let response = format!("{path}/ResponseInformation");
        match &self.response {
            None if kind.is_answer() => mistakes.note(&response, "is required （必填）"),
            Some(_) if !kind.is_answer() => mistakes.note(&response, "is not expected here （此处不应出现）"),
            Some(said) if said.preceding.is_empty() => {
                mistakes.note(&format!("{response}/PrecedingResourceInfoElementID"), "is empty （不能为空）");
            }
            Some(_) | None => {}
        }
        let resource = &self.resource;
        let is_named = !resource.id.is_empty() || !resource.name.is_empty() || resource.kind.is_some();
        if !is_named && !self.is_no() {
            let words = "needs ResourceID, Name or TypeStructure （至少一项）";
            mistakes.note(&format!("{path}/Resource"), words);
        }
        if self.quantity.is_none() && self.counts(kind) {
            mistakes.note(&format!("{path}/AssignmentInformation/Quantity"), "is required （必填）");
        }
        let unit = match &self.quantity {
            Some(Quantity::Measured { unit, .. }) => unit.as_ref(),
            Some(Quantity::Text(_)) | None => None,
        };
        let codes = self.response.iter().flat_map(|response| &response.codes);
        let lists = resource.kind.iter().chain(&resource.keywords).chain(&resource.status).chain(unit);
        if lists.chain(codes).any(|Listed { list, values }| list.is_empty() || values.is_empty()) {
            mistakes.note(path, "has a list without URN or value （列表缺少 URN 或值）");
        }
        for point in self.schedules.iter().filter_map(|schedule| schedule.point) {
            if let Err(words) = forms::point_fits(point) {
                mistakes.note(&format!("{path}/ScheduleInformation"), words);
            }
        }
    }
}
