//! The rules of EDXL-RM 1.0 for RequestResource.

use std::collections::BTreeSet;

use super::{
    super::{forms, take::Mistakes},
    Listed, Quantity, RequestResource,
};
use crate::refusal::Refusal;

impl RequestResource {
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
                mistakes.note(&format!("RequestResource/{name}"), "is empty （不能为空）");
            }
        }
        self.check_with(&mistakes);
        mistakes.finish(Some(()))
    }

    pub(super) fn check_with(&self, mistakes: &Mistakes) {
        if self.contacts.is_empty() {
            mistakes.note("RequestResource/ContactInformation", "is required （必填）");
        }
        if self.resources.is_empty() {
            mistakes.note("RequestResource/ResourceInformation", "is required （必填）");
        }
        for (index, incident) in self.incidents.iter().enumerate() {
            if incident.id.is_empty() && incident.description.is_empty() {
                let path = format!("RequestResource/IncidentInformation[{}]", index + 1);
                mistakes.note(&path, "needs IncidentID or IncidentDescription （至少一项）");
            }
        }
        let mut ids = BTreeSet::new();
        for (index, needed) in self.resources.iter().enumerate() {
            let path = format!("RequestResource/ResourceInformation[{}]", index + 1);
            if !ids.insert(needed.id.as_str()) {
                mistakes.note(&format!("{path}/ResourceInfoElementID"), "is used twice （重复）");
            }
            let resource = &needed.resource;
            if resource.id.is_empty() && resource.name.is_empty() && resource.kind.is_none() {
                let words = "needs ResourceID, Name or TypeStructure （至少一项）";
                mistakes.note(&format!("{path}/Resource"), words);
            }
            let unit = match &needed.quantity {
                Quantity::Measured { unit, .. } => unit.as_ref(),
                Quantity::Text(_) => None,
            };
            let lists = resource.kind.iter().chain(&resource.keywords).chain(unit);
            if lists.into_iter().any(|Listed { list, values }| list.is_empty() || values.is_empty()) {
                mistakes.note(&path, "has a list without URN or value （列表缺少 URN 或值）");
            }
            for point in needed.schedules.iter().filter_map(|schedule| schedule.point) {
                if let Err(words) = forms::point_fits(point) {
                    mistakes.note(&format!("{path}/ScheduleInformation"), words);
                }
            }
        }
    }
}
