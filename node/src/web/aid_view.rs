//! What a member is asked in an emergency, what can be answered now, and what was said. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::{self, Age},
    wrong::Wrong,
};
use shouwang_proto::{mutual_aid::term::Worded as _, publication::time_from_wire, wire};
use wire::{AssignmentState, assignment_action::Action, member_command::Word};

use super::{
    act::{Act, Tried},
    form_view::{Input, dialled},
};

/// What people of this node said, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What.
    pub words: String,
    /// Who.
    pub actor: String,
    /// When.
    pub when: Option<Age>,
    /// Class of its state.
    pub state: &'static str,
    /// Its state in words.
    pub state_label: String,
    /// What the hub said to it.
    pub detail: String,
}

/// A thing that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActView {
    /// As the form sends it.
    pub code: &'static str,
    /// What the button says.
    pub label: String,
    /// True for the answer that is hoped for: it takes one tap.
    pub is_main: bool,
    /// True when somebody tried it and something was wrong.
    pub is_open: bool,
    /// What can be said with it.
    pub inputs: Vec<Input>,
    /// The same form sent again is taken once.
    pub key: String,
}

/// One matter: an assignment, or a notice without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The newest notice about it.
    pub notice: String,
    /// The assignment; empty without one.
    pub assignment: String,
    /// The order that an answer means.
    pub epoch: u64,
    /// Name of the incident.
    pub title: String,
    /// `P1` to `P3`; empty when nobody said.
    pub priority: &'static str,
    /// That it is a drill or a test; empty when it is real.
    pub mode: String,
    /// What is asked, in words.
    pub text: String,
    /// What is needed.
    pub need: String,
    /// Where to come to.
    pub place: String,
    /// Who is called back on the scene.
    pub contact: String,
    /// Number as people write it.
    pub phone: String,
    /// Number as a link dials it.
    pub dial: String,
    /// Until when an answer is wanted; empty when none is.
    pub answer_by: String,
    /// When it came.
    pub received: Option<Age>,
    /// Who saw it, and when; empty when nobody has.
    pub seen: String,
    /// State of the assignment in words; empty without one.
    pub state_label: String,
    /// What can be answered now.
    pub acts: Vec<ActView>,
    /// What was said.
    pub said: Vec<Said>,
    /// True when it waits for an answer.
    pub is_open: bool,
    /// True while a team of this member is bound or out.
    pub is_out: bool,
    /// True when it is too old to be of use.
    pub is_expired: bool,
}

/// What the cards are made of.
pub struct Desk<'a> {
    /// Language.
    pub lang: Lang,
    /// Time.
    pub now: Timestamp,
    /// This member; empty before joining.
    pub own: &'a str,
    /// Names of notices that want an answer and have none.
    pub open: &'a BTreeSet<String>,
    /// Whether the reader may answer.
    pub answers: bool,
    /// What somebody has just tried, and what is wrong with it.
    pub tried: Option<&'a Tried>,
}

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Desk").field("own", &self.own).finish_non_exhaustive()
    }
}

impl Desk<'_> {
    /// The cards: what waits for an answer first, then teams that are out, then the rest; the newest first. `key` makes
    /// keys for forms.
    #[must_use]
    pub fn cards(&self, items: &[wire::InboxItem], mut key: impl FnMut() -> String) -> Vec<Card> {
        let mut matters: Vec<(String, Vec<&wire::InboxItem>)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for item in items {
            let Some(notice) = &item.notice else { continue };
            let name = notice.assignment.as_ref().map_or(&notice.name, |known| &known.name).clone();
            let place = *places.entry(name.clone()).or_insert_with(|| {
                matters.push((name, Vec::new()));
                matters.len() - 1
            });
            matters[place].1.push(item);
        }
        let mut cards: Vec<Card> =
            matters.iter().filter_map(|(_, items)| self.card(items, &mut key)).collect();
        cards.sort_by_key(|card| (!card.is_open, !card.is_out));
        cards
    }

    fn card(&self, items: &[&wire::InboxItem], key: &mut impl FnMut() -> String) -> Option<Card> {
        let newest = items.first()?;
        let notice = newest.notice.as_ref()?;
        let assignment = newest_assignment(items);
        let state = assignment.map_or(AssignmentState::Unspecified, wire::Assignment::state);
        let is_ours = assignment.is_some_and(|known| {
            let rest = known.resource.strip_prefix("members/").and_then(|rest| rest.strip_prefix(self.own));
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        let is_expired = items.iter().all(|item| item.expired);
        let acts = if self.answers && is_ours { acts_of(state) } else { &[] };
        let contact = notice.contact.clone().unwrap_or_default();
        let is_open = items
            .iter()
            .any(|item| item.notice.as_ref().is_some_and(|notice| self.open.contains(&notice.name)));
        let answer_by = notice.answer_by.as_ref().and_then(time_from_wire).filter(|_| is_open);
        Some(Card {
            notice: notice.name.clone(),
            assignment: assignment.map(|known| known.name.clone()).unwrap_or_default(),
            epoch: assignment.map_or(0, |known| known.epoch),
            title: notice.incident_title.clone(),
            priority: match notice.priority() {
                wire::RequestPriority::P1 => "P1",
                wire::RequestPriority::P2 => "P2",
                wire::RequestPriority::P3 => "P3",
                wire::RequestPriority::Unspecified => "",
            },
            mode: self.mode(notice.mode()),
            text: self.lang.pick(&notice.text_zh, &notice.text_en).clone(),
            need: notice.line.as_ref().map(|line| self.need(line)).unwrap_or_default(),
            place: notice.place.as_ref().map(place_words).unwrap_or_default(),
            contact: [contact.name.as_str(), contact.duty.as_str()].join(" ").trim().to_owned(),
            dial: dialled(&contact.phone),
            phone: contact.phone,
            answer_by: answer_by.map(age::exact).unwrap_or_default(),
            received: newest
                .receive_time
                .as_ref()
                .and_then(time_from_wire)
                .map(|came| Age::of(self.lang, came, self.now)),
            seen: self.seen(newest),
            state_label: state_words(self.lang, state),
            acts: acts.iter().map(|act| self.act(*act, assignment, notice.line.as_ref(), key())).collect(),
            said: newest.commands.iter().map(|command| self.said(command)).collect(),
            is_open,
            is_out: is_ours && is_out(state),
            is_expired,
        })
    }

    fn mode(&self, mode: wire::IncidentMode) -> String {
        let key = match mode {
            wire::IncidentMode::Actual => return String::new(),
            wire::IncidentMode::Exercise => "aid.exercise",
            wire::IncidentMode::Test | wire::IncidentMode::Unspecified => "aid.test",
        };
        self.lang.say(key).to_owned()
    }

    fn need(&self, line: &wire::NeedLine) -> String {
        let unit = if line.unit == "1" { "" } else { line.unit.as_str() };
        let mut words = format!("{} × {}{unit}", line.what, line.requested);
        if !line.capabilities.is_empty() {
            words.push_str(self.lang.pick("（", " ("));
            words.push_str(&line.capabilities.join(self.lang.pick("、", ", ")));
            words.push_str(self.lang.pick("）", ")"));
        }
        words
    }

    fn seen(&self, item: &wire::InboxItem) -> String {
        let at = item.seen_time.as_ref().and_then(time_from_wire);
        at.map(|at| self.lang.fill("aid.seen-by", &[("name", &item.seen_by), ("time", &age::time(at))]))
            .unwrap_or_default()
    }

    fn act(
        &self,
        act: Act,
        assignment: Option<&wire::Assignment>,
        line: Option<&wire::NeedLine>,
        fresh: String,
    ) -> ActView {
        let bound = assignment.map(|known| known.quantity).filter(|quantity| *quantity > 0);
        let quantity = bound.or(line.map(|line| line.requested)).unwrap_or(1);
        let tried = self.tried.filter(|tried| {
            tried.act == Some(act) && assignment.is_some_and(|known| known.name == tried.assignment)
        });
        let (typed, wrong) = match tried {
            Some(tried) => (tried.typed.clone(), tried.wrong.clone()),
            None => (act.blank(quantity), Wrong::default()),
        };
        ActView {
            code: act.code(),
            label: self.lang.find(act.key()).unwrap_or_default().to_owned(),
            is_main: act.is_main(),
            is_open: tried.is_some(),
            inputs: act.inputs(self.lang, &typed, &wrong),
            key: tried.map_or(fresh, |tried| tried.typed.first("key").to_owned()),
        }
    }

    /// What somebody said, and what became of it.
    #[must_use]
    pub fn said(&self, own: &wire::OwnCommand) -> Said {
        let command = own.command.clone().unwrap_or_default();
        let result = own.result.clone().unwrap_or_default();
        let (state, key) = match (own.state(), result.outcome()) {
            (wire::OwnCommandState::Waiting | wire::OwnCommandState::Unspecified, _) => {
                ("invited", "aid.waits-for-hub")
            }
            (wire::OwnCommandState::Answered, wire::CommandOutcome::Refused) => ("disabled", "aid.refused"),
            (wire::OwnCommandState::Answered, wire::CommandOutcome::BecameOffer) => {
                ("invited", "aid.became-offer")
            }
            (wire::OwnCommandState::Answered, wire::CommandOutcome::Noted) => ("invited", "aid.noted"),
            (
                wire::OwnCommandState::Answered,
                wire::CommandOutcome::Accepted | wire::CommandOutcome::Unspecified,
            ) => ("active", "aid.accepted"),
        };
        let when = command.occurred_at.as_ref().and_then(time_from_wire);
        Said {
            words: self.word(command.word.as_ref()),
            actor: command.actor,
            when: when.map(|when| Age::of(self.lang, when, self.now)),
            state,
            state_label: self.lang.say(key).to_owned(),
            detail: self.lang.part(&result.detail).to_owned(),
        }
    }

    fn word(&self, word: Option<&Word>) -> String {
        let key = match word {
            Some(Word::Action(action)) => match &action.action {
                Some(action) => said_key(action),
                None => "",
            },
            Some(Word::Submission(submission)) => {
                let title = submission.request.as_ref().map(|request| request.title.clone());
                return self.lang.with("aid.said-call", "title", &title.unwrap_or_default());
            }
            Some(Word::Offer(_)) => "aid.said-volunteer",
            Some(Word::SelfDeployment(_)) => "aid.said-deployed",
            Some(Word::SeenNotice(_)) => "aid.said-seen",
            None => "",
        };
        self.lang.find(key).unwrap_or_default().to_owned()
    }
}

/// The assignment as the newest of the notices and of the hub's decisions has it.
fn newest_assignment<'a>(items: &[&'a wire::InboxItem]) -> Option<&'a wire::Assignment> {
    let told = items.iter().filter_map(|item| item.notice.as_ref()?.assignment.as_ref());
    let decided = items.iter().flat_map(|item| &item.commands);
    let decided = decided.filter_map(|command| command.result.as_ref()?.assignment.as_ref());
    told.chain(decided).max_by_key(|assignment| assignment.version)
}

fn place_words(place: &wire::Location) -> String {
    if place.address.is_empty() {
        format!("{:.5}, {:.5}", place.latitude, place.longitude)
    } else {
        place.address.clone()
    }
}

/// What an owner can say of an assignment that stands so.
#[must_use]
pub fn acts_of(state: AssignmentState) -> &'static [Act] {
    match state {
        AssignmentState::Solicited => &[Act::Offer, Act::Decline],
        AssignmentState::Offered => &[Act::Decline],
        AssignmentState::Held => &[Act::Confirm, Act::Refuse],
        AssignmentState::Committed => &[Act::Depart, Act::Muster, Act::Withdraw],
        AssignmentState::Mobilising => &[Act::Depart, Act::Withdraw],
        AssignmentState::EnRoute => &[Act::Arrive, Act::Stage, Act::Withdraw],
        AssignmentState::Staged => &[Act::Arrive, Act::Withdraw],
        AssignmentState::OnScene => &[Act::Release, Act::HeadCount, Act::Withdraw],
        AssignmentState::Returning => &[Act::Return],
        AssignmentState::Unspecified
        | AssignmentState::Returned
        | AssignmentState::Settled
        | AssignmentState::Declined
        | AssignmentState::Lapsed
        | AssignmentState::StoodDown
        | AssignmentState::Failed => &[],
    }
}

fn is_out(state: AssignmentState) -> bool {
    match state {
        AssignmentState::Held
        | AssignmentState::Committed
        | AssignmentState::Mobilising
        | AssignmentState::EnRoute
        | AssignmentState::Staged
        | AssignmentState::OnScene
        | AssignmentState::Returning => true,
        AssignmentState::Unspecified
        | AssignmentState::Solicited
        | AssignmentState::Offered
        | AssignmentState::Returned
        | AssignmentState::Settled
        | AssignmentState::Declined
        | AssignmentState::Lapsed
        | AssignmentState::StoodDown
        | AssignmentState::Failed => false,
    }
}

fn state_words(lang: Lang, state: AssignmentState) -> String {
    if state == AssignmentState::Unspecified {
        return String::new();
    }
    let (zh, en) = state.words();
    lang.pick(zh, en).to_owned()
}

fn said_key(action: &Action) -> &'static str {
    match action {
        Action::Offer(_) => Act::Offer.key(),
        Action::Decline(_) => Act::Decline.key(),
        Action::Confirm(_) => Act::Confirm.key(),
        Action::Refuse(_) => Act::Refuse.key(),
        Action::Withdraw(_) => Act::Withdraw.key(),
        Action::Muster(_) => Act::Muster.key(),
        Action::Depart(_) => Act::Depart.key(),
        Action::Stage(_) => Act::Stage.key(),
        Action::Arrive(_) => Act::Arrive.key(),
        Action::Release(_) => Act::Release.key(),
        Action::Return(_) => Act::Return.key(),
        Action::HeadCount(_) => Act::HeadCount.key(),
        Action::Extend(_)
        | Action::Recall(_)
        | Action::Settle(_)
        | Action::Contact(_)
        | Action::StandDown(_) => "aid.said-other",
    }
}
