//! Looks at the disks again and again while everything happens: what must be true at every moment is checked at many, not
//! only in the end.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::wire::{self, AssignmentState, CommandOutcome, assignment_action::Action};

use super::{
    check,
    evidence::{self, AidDisk, NodeAid},
    policy,
};
use crate::{
    ledger::Moment,
    plan::Host,
    stage::{Phase, Stage, Violation},
};

/// Simulated milliseconds between two looks.
const EVERY: Moment = 500;

/// Looks on.
pub struct Lookout {
    stage: Stage,
    next: Moment,
    /// Said once, however often it is seen.
    told: BTreeSet<String>,
    /// A deadline passed while the hub was away.
    missed: bool,
}

impl Lookout {
    /// Looks at everything from now on.
    #[must_use]
    pub fn new(stage: &Stage) -> Self {
        Self { stage: stage.clone(), next: 0, told: BTreeSet::new(), missed: false }
    }

    /// Looks, if it is time. Only between two steps, when nothing writes.
    ///
    /// # Errors
    /// When a disk cannot be read.
    pub fn look(&mut self, now: Moment) -> anyhow::Result<()> {
        if !self.stage.plan().aid || now < self.next {
            return Ok(());
        }
        self.next = now + EVERY;
        let disk = evidence::hub(&self.stage.disk(Host::Hub))?;
        let (clock, policy) = (self.clock(now), policy());
        let mut found = check::books(&disk);
        found.extend(self.stage.aid(|aid| aid.take_findings()));
        let passed = disk.next_deadline.is_some_and(|due| due <= clock.as_millisecond());
        match self.stage.hub_up_since() {
            Some(since) => {
                found.extend(check::deadlines(&disk, &policy, clock, self.clock(since)));
                if self.missed && !passed {
                    self.stage.hit("aid: deadline came after the hub was away");
                    self.missed = false;
                }
            }
            None => self.missed |= passed,
        }
        for Violation { promise, seen } in found {
            if self.told.insert(format!("{promise} {seen}")) && self.told.len() < 8 {
                self.stage.broken_at(now, promise, seen);
            }
        }
        if self.stage.phase() == Phase::Healing {
            let word = self.undecided(&disk)?;
            // The dispatcher who closes everything waits for this, and says no words of a member.
            self.stage.set_words_wait(word.is_some() || self.stage.at_work() > 1);
            let why = self.unsettled(&disk, word);
            self.stage.set_unsettled(why);
        }
        Ok(())
    }

    /// The time by the hub's clock.
    fn clock(&self, now: Moment) -> Timestamp {
        let skew = self.stage.plan().skews.first().copied().unwrap_or(0);
        let passed = SignedDuration::from_millis(i64::try_from(now).unwrap_or(i64::MAX));
        self.stage.epoch().checked_add(passed + SignedDuration::from_secs(skew)).unwrap_or(self.stage.epoch())
    }

    /// Why not everybody knows everything yet.
    fn unsettled(&self, disk: &AidDisk, undecided: Option<String>) -> Option<String> {
        if undecided.is_some() {
            return undecided;
        }
        if !self.stage.is_idle() {
            return Some("people are still at work".to_owned());
        }
        let waiting = disk.notices.iter().find(|notice| matches!(&*notice.state, "queued" | "sent"));
        waiting.map(|notice| format!("{} waits for {}", notice.name, notice.recipient))
    }

    /// A word at a node that the hub has not decided, or will have to once more.
    fn undecided(&self, hub: &AidDisk) -> anyhow::Result<Option<String>> {
        for member in 0..self.stage.plan().members {
            let node = evidence::node(&self.stage.disk(Host::Node(member)))?;
            if node.hub != hub.incarnation {
                return Ok(Some(format!("{} has not met the hub that there is", Host::Node(member).name())));
            }
            if let Some((id, _)) = node.words.iter().find(|(_, word)| word.decided.is_none()) {
                return Ok(Some(format!("word {id} of {} is not decided", Host::Node(member).name())));
            }
        }
        Ok(None)
    }
}

/// What is on the disks in the end, beside what people know.
///
/// # Errors
/// When a disk cannot be read.
pub fn judge(stage: &Stage) -> anyhow::Result<Vec<Violation>> {
    let hub = evidence::whole_hub(&stage.disk(Host::Hub))?;
    let mut found = check::books(&hub);
    for member in 0..stage.plan().members {
        let mut node = evidence::node(&stage.disk(Host::Node(member)))?;
        count(stage, &node);
        // Of two machines that speak for one member, the hub tells the one that it heard last.
        if stage.has_served(Host::Clone(member)) {
            node.notices.extend(evidence::node(&stage.disk(Host::Clone(member)))?.notices);
        }
        let decided = node.words.values().filter_map(|word| word.decided.as_ref());
        let shown = decided.filter_map(|decided| decided.assignment.clone());
        // Shown at some time before; if files went back, perhaps with numbers that came again.
        if !stage.aid(|aid| aid.ever_went_back()) {
            stage.aid(|aid| shown.for_each(|assignment| aid.saw(&assignment, None)));
        }
        let forgotten = stage.has_forgotten(member);
        found.extend(stage.aid(|aid| check::member(member, &hub, &node, forgotten, aid)));
    }
    if stage.aid(|aid| aid.lost()) > 0 {
        stage.hit("aid: lost with the hub's disk");
    }
    found.extend(stage.aid(|aid| aid.take_findings()));
    found.extend(stage.aid(|aid| check::granted(&hub, aid)));
    found.extend(check::closed(&hub));
    Ok(found)
}

/// What was reached at this node, for the campaign's table.
fn count(stage: &Stage, node: &NodeAid) {
    for (id, word) in &node.words {
        let Some(decided) = &word.decided else { continue };
        let away = stage.aid(|aid| aid.words().any(|(known, word)| known == id && word.hub_away));
        if away {
            stage.hit("aid: answer kept while the hub was away");
        }
        let reason = if decided.reason.is_empty() { String::new() } else { format!(" {}", decided.reason) };
        stage.hit(format!("aid: word {:?}{reason}", decided.outcome()));
        if decided.outcome() == CommandOutcome::BecameOffer {
            stage.hit("aid: late yes became an offer");
        }
        let Some(wire::member_command::Word::Action(action)) = &word.said.word else { continue };
        let state = decided.assignment.as_ref().map(wire::Assignment::state);
        let turned = state == Some(AssignmentState::Returning);
        if matches!(action.action, Some(Action::Withdraw(_))) && turned {
            stage.hit("aid: withdrawn on the road");
        }
    }
}
