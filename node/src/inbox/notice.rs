//! When a notice is answered, overtaken or too old.

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{id::MemberId, mutual_aid::id::NoticeId, wire};
use wire::{AssignmentState, NoticeKind, assignment_action::Action};

/// What decides about a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// `notices/{uuid}`.
    pub name: String,
    /// Why it came; unspecified for a kind that a newer hub knows.
    pub kind: NoticeKind,
    /// `incidents/{uuid}`.
    pub incident: String,
    /// `assignments/{uuid}`, when one is concerned.
    pub assignment: Option<String>,
    /// Version of the assignment that it tells of.
    pub version: u64,
    /// Newest order of the assignment that it tells of.
    pub epoch: u64,
    /// Is it about an order, and not a question?
    pub order: bool,
    /// Does the hub want an answer?
    pub wants_answer: bool,
    /// Shall somebody be woken?
    pub alarm: bool,
    /// Step of the duty chain to begin with.
    pub duty_step: u32,
    /// From when on it is of no use, by this node's clock.
    pub expires: Option<Timestamp>,
}

/// Why a notice cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It has no name of the right form.
    #[error("it has no name")]
    Nameless,
    /// It is for another member.
    #[error("it is for another member")]
    Misdirected,
}

impl Facts {
    /// What decides about this notice, which came at this time.
    ///
    /// Its age counts from when it came, on one clock alone: a node whose clock is wrong must not take a call for help
    /// for an old one. The hub sends nothing that is too old by its own clock.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn of(notice: &wire::Notice, came: Timestamp) -> Result<Self, Unusable> {
        NoticeId::from_name(&notice.name).map_err(|_| Unusable::Nameless)?;
        let assignment = notice.assignment.as_ref();
        let kind = NoticeKind::try_from(notice.kind).unwrap_or(NoticeKind::Unspecified);
        let held = assignment.is_some_and(|known| known.state() == AssignmentState::Held);
        let age = SignedDuration::from_secs(i64::from(notice.expire_seconds));
        Ok(Self {
            name: notice.name.clone(),
            kind,
            incident: notice.incident.clone(),
            assignment: assignment.map(|known| known.name.clone()).filter(|name| !name.is_empty()),
            version: assignment.map_or(0, |known| known.version),
            epoch: assignment.map_or(0, |known| known.epoch),
            order: kind == NoticeKind::Order || held,
            wants_answer: notice.answer_by.is_some(),
            // A technical test alarms nobody, whatever else the notice says.
            alarm: notice.alarm && notice.mode() != wire::IncidentMode::Test,
            duty_step: notice.duty_step,
            expires: (notice.expire_seconds > 0).then(|| came.checked_add(age).unwrap_or(Timestamp::MAX)),
        })
    }

    /// Is it too old to be of use?
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// Does this word answer it?
    #[must_use]
    pub fn is_answered_by(&self, word: &wire::AssignmentAction) -> bool {
        if !self.wants_answer || self.assignment.as_deref() != Some(word.assignment.as_str()) {
            return false;
        }
        match &word.action {
            // A yes to an older order binds nobody, so it answers nothing either.
            Some(Action::Confirm(_) | Action::Refuse(_)) => word.epoch >= self.epoch,
            Some(Action::Offer(_) | Action::Decline(_)) => !self.order,
            Some(
                Action::Withdraw(_)
                | Action::Muster(_)
                | Action::Depart(_)
                | Action::Stage(_)
                | Action::Arrive(_)
                | Action::Extend(_)
                | Action::Release(_)
                | Action::Return(_),
            ) => true,
            Some(
                Action::Recall(_)
                | Action::Settle(_)
                | Action::HeadCount(_)
                | Action::Contact(_)
                | Action::StandDown(_),
            )
            | None => false,
        }
    }

    /// Does whoever says this know what it says, although it wants no answer? In doubt no: a recall goes on alarming
    /// while the team reports that it has arrived.
    #[must_use]
    pub fn is_known_from(&self, word: &wire::AssignmentAction) -> bool {
        if self.assignment.as_deref() != Some(word.assignment.as_str()) {
            return false;
        }
        let Some(action) = &word.action else { return false };
        let home = matches!(action, Action::Release(_) | Action::Return(_));
        match self.kind {
            NoticeKind::MissionOrder => {
                let moving = matches!(
                    action,
                    Action::Muster(_) | Action::Depart(_) | Action::Stage(_) | Action::Arrive(_)
                );
                home || moving || matches!(action, Action::Withdraw(_))
            }
            NoticeKind::Recall => home,
            NoticeKind::Reminder => home || matches!(action, Action::HeadCount(_)),
            NoticeKind::Solicitation
            | NoticeKind::Order
            | NoticeKind::OrderEnded
            | NoticeKind::StandDown
            | NoticeKind::Extension
            | NoticeKind::RequestUpdate
            | NoticeKind::AidLost
            | NoticeKind::DrillHalted
            | NoticeKind::Unspecified => false,
        }
    }

    /// Does it overtake another one, so that the other one has to be answered no more? The order in which they came does
    /// not count: the version of the assignment does.
    #[must_use]
    pub fn overtakes(&self, other: &Self) -> bool {
        if self.name == other.name {
            return false;
        }
        if self.kind == NoticeKind::DrillHalted {
            return other.kind != NoticeKind::DrillHalted && self.incident == other.incident;
        }
        let same = self.assignment.is_some() && self.assignment == other.assignment;
        // A reminder of the same thing goes on where the hub has come to in the duty chain.
        let reminds = self.kind == NoticeKind::Reminder
            && self.version == other.version
            && self.duty_step > other.duty_step;
        let newer = self.version > other.version || reminds;
        same && self.speaks_to_owner() && other.speaks_to_owner() && newer
    }

    fn speaks_to_owner(&self) -> bool {
        match self.kind {
            NoticeKind::Solicitation
            | NoticeKind::Order
            | NoticeKind::MissionOrder
            | NoticeKind::OrderEnded
            | NoticeKind::StandDown
            | NoticeKind::Recall
            | NoticeKind::Extension
            | NoticeKind::Reminder => true,
            NoticeKind::RequestUpdate
            | NoticeKind::AidLost
            | NoticeKind::DrillHalted
            | NoticeKind::Unspecified => false,
        }
    }
}

/// Refuses a notice for somebody else.
///
/// # Errors
/// [`Unusable::Misdirected`].
pub fn check_recipient(notice: &wire::Notice, own: &MemberId) -> Result<(), Unusable> {
    if notice.recipient == own.name() { Ok(()) } else { Err(Unusable::Misdirected) }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::clock::from_millis;

    use super::*;

    fn facts(number: u8, kind: NoticeKind, version: u64, epoch: u64) -> Facts {
        let notice = wire::Notice {
            name: format!("notices/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a{number:02}"),
            kind: kind as i32,
            incident: "incidents/i".to_owned(),
            assignment: Some(wire::Assignment {
                name: "assignments/a".to_owned(),
                version,
                epoch,
                ..Default::default()
            }),
            answer_by: Some(Default::default()),
            expire_seconds: 60,
            ..Default::default()
        };
        Facts::of(&notice, from_millis(1_000)).unwrap()
    }

    fn word(epoch: u64, action: Action) -> wire::AssignmentAction {
        wire::AssignmentAction { assignment: "assignments/a".to_owned(), epoch, action: Some(action) }
    }

    #[test]
    fn an_order_is_answered_by_a_word_to_it_or_a_newer_one() {
        let order = facts(1, NoticeKind::Order, 3, 2);
        assert!(order.is_answered_by(&word(2, Action::Confirm(Default::default()))));
        assert!(order.is_answered_by(&word(3, Action::Refuse(Default::default()))));
        assert!(!order.is_answered_by(&word(1, Action::Confirm(Default::default()))));
        assert!(!order.is_answered_by(&word(2, Action::Offer(Default::default()))));
        assert!(order.is_answered_by(&word(0, Action::Withdraw(Default::default()))));
        assert!(!order.is_answered_by(&word(0, Action::HeadCount(Default::default()))));
        let mut other = word(2, Action::Confirm(Default::default()));
        other.assignment = "assignments/b".to_owned();
        assert!(!order.is_answered_by(&other));
        let question = facts(2, NoticeKind::Solicitation, 1, 0);
        assert!(question.is_answered_by(&word(0, Action::Decline(Default::default()))));
    }

    #[test]
    fn only_what_shows_that_it_is_known_silences_what_wants_no_answer() {
        let know = |kind, action| facts(1, kind, 1, 1).is_known_from(&word(1, action));
        let report = wire::ReportAction::default;
        assert!(know(NoticeKind::MissionOrder, Action::Depart(Default::default())));
        assert!(!know(NoticeKind::MissionOrder, Action::HeadCount(Default::default())));
        assert!(!know(NoticeKind::Recall, Action::Arrive(report())), "it may not have heard of the recall");
        assert!(know(NoticeKind::Recall, Action::Release(report())));
        assert!(know(NoticeKind::Reminder, Action::HeadCount(Default::default())));
        assert!(!know(NoticeKind::StandDown, Action::Depart(Default::default())));
        let mut other = word(1, Action::Release(report()));
        other.assignment = "assignments/b".to_owned();
        assert!(!facts(1, NoticeKind::Recall, 1, 1).is_known_from(&other));
    }

    #[test]
    fn the_newer_version_overtakes_whichever_came_first() {
        let (order, ended) = (facts(1, NoticeKind::Order, 3, 2), facts(2, NoticeKind::OrderEnded, 4, 2));
        assert!(ended.overtakes(&order) && !order.overtakes(&ended) && !order.overtakes(&order));
        let mut reminder = facts(5, NoticeKind::Reminder, 3, 2);
        assert!(!reminder.overtakes(&order));
        reminder.duty_step = 1;
        assert!(reminder.overtakes(&order) && !order.overtakes(&reminder) && ended.overtakes(&reminder));
        let update = facts(3, NoticeKind::RequestUpdate, 9, 2);
        assert!(!update.overtakes(&order), "what a requester is told does not concern the owner's answer");
        let halted = facts(4, NoticeKind::DrillHalted, 0, 0);
        assert!(halted.overtakes(&order) && !order.overtakes(&halted));
    }

    #[test]
    fn age_counts_from_when_it_came() {
        let order = facts(1, NoticeKind::Order, 1, 1);
        assert!(!order.is_expired(from_millis(60_999)) && order.is_expired(from_millis(61_000)));
        let never = wire::Notice { name: order.name, ..Default::default() };
        assert!(!Facts::of(&never, from_millis(0)).unwrap().is_expired(Timestamp::MAX));
        assert_eq!(Facts::of(&wire::Notice::default(), from_millis(0)), Err(Unusable::Nameless));
    }
}
