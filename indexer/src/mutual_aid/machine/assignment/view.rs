//! An assignment as others see it.

use jiff::Timestamp;
use shouwang_proto::mutual_aid::{
    action::{Account, Claim},
    assignment::AssignmentView,
    term::Role,
};

use super::{Assignment, Lapse, Offered, Outing, StandDownCause, State, decline_words};

impl Assignment {
    /// As it is shown and sent.
    #[must_use]
    pub fn view(&self) -> AssignmentView {
        let order = self.state.order();
        let mission = self.state.mission();
        let outing = self.state.outing();
        let (reason, reason_text) = self.ended_because();
        let offered = self.state.offered();
        AssignmentView {
            id: self.id,
            version: self.version,
            line: self.line,
            resource: self.resource.clone(),
            mode: self.book.mode(),
            state: self.state.word(),
            quantity: self.state.quantity(),
            unit: self.unit.clone(),
            epoch: order.map_or(0, |order| order.epoch),
            basis: order.map(|order| order.basis),
            agreement: order.and_then(|order| order.agreement),
            conditions: offered.map(|offered| offered.conditions.clone()).unwrap_or_default(),
            unsolicited: offered.is_some_and(|offered| offered.unsolicited),
            self_deployed: mission.is_some_and(|mission| mission.self_deployed),
            since: self.since,
            expires: self.expires(),
            arrival: self.arrival(),
            until: outing.and_then(|outing| outing.until),
            overdue: self.flags.overdue,
            lost_contact: self.flags.lost_contact,
            recall_reason: self.flags.recall.clone().unwrap_or_default(),
            head_count: outing.and_then(|outing| outing.counted).map(|count| (count.people, count.at)),
            reason,
            reason_text,
            account: self.account().cloned(),
            settlement: self.settlement(),
        }
    }

    /// When its state ends by itself.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        if let State::Solicited(question) = &self.state {
            Some(question.expires)
        } else if let State::Held(hold) = &self.state {
            Some(hold.expires)
        } else {
            self.state.offered().and_then(|offered| offered.expires)
        }
    }

    /// When it is, or was, expected on the scene.
    #[must_use]
    pub fn arrival(&self) -> Option<Timestamp> {
        let offered = self.state.offered().and_then(|offered| offered.arrival);
        offered.or_else(|| self.state.order().and_then(|order| order.arrival))
    }

    fn account(&self) -> Option<&Account> {
        if let State::Returned(returned) = &self.state {
            Some(&returned.account)
        } else if let State::Settled(settled) = &self.state {
            Some(&settled.account)
        } else {
            None
        }
    }

    fn settlement(&self) -> Option<(Claim, Vec<Role>)> {
        if let State::Settled(settled) = &self.state {
            return Some((settled.claim.clone(), settled.agreed_by.clone()));
        }
        let State::Returned(returned) = &self.state else { return None };
        let supplier = returned.claims.supplier.clone().map(|claim| (claim, vec![Role::Supplier]));
        let requester = returned.claims.requester.clone().map(|claim| (claim, vec![Role::Requester]));
        supplier.or(requester)
    }

    /// Code and words of why it ended; empty while it has not.
    fn ended_because(&self) -> (String, String) {
        let (code, words) = match &self.state {
            State::Declined(ended) | State::Failed(ended) => {
                (ended.why.reason.code(), decline_words(&ended.why).0)
            }
            State::Lapsed(ended) => match ended.why {
                Lapse::Question => ("question", "询援未答复".to_owned()),
                Lapse::Offer => ("offer", "应援已过期".to_owned()),
                Lapse::Order => ("order", "调用未确认".to_owned()),
            },
            State::StoodDown(ended) => match &ended.why {
                StandDownCause::Covered => ("covered", "需求已满足".to_owned()),
                StandDownCause::RequestStandsDown(reason) => ("request-stands-down", reason.clone()),
                StandDownCause::Person(reason) => ("person", reason.clone()),
                StandDownCause::Preempted { reason, .. } => ("preempted", reason.clone()),
            },
            State::Solicited(_)
            | State::Offered(_)
            | State::Held(_)
            | State::Committed(_)
            | State::Mobilising(_)
            | State::EnRoute(_)
            | State::Staged(_)
            | State::OnScene(_)
            | State::Returning(_)
            | State::Returned(_)
            | State::Settled(_) => return (String::new(), String::new()),
        };
        (code.to_owned(), words)
    }
}

impl State {
    /// The offer, while it is one.
    #[must_use]
    pub fn offered(&self) -> Option<&Offered> {
        if let Self::Offered(offered) = self { Some(offered) } else { None }
    }

    /// The outing, from the departure on.
    #[must_use]
    pub fn outing(&self) -> Option<&Outing> {
        match self {
            Self::EnRoute(outing)
            | Self::Staged(outing)
            | Self::OnScene(outing)
            | Self::Returning(outing) => Some(outing),
            Self::Returned(returned) => Some(&returned.outing),
            Self::Settled(settled) => Some(&settled.outing),
            Self::Solicited(_)
            | Self::Offered(_)
            | Self::Held(_)
            | Self::Committed(_)
            | Self::Mobilising(_)
            | Self::Declined(_)
            | Self::Lapsed(_)
            | Self::StoodDown(_)
            | Self::Failed(_) => None,
        }
    }
}
