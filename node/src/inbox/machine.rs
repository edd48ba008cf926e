//! What a node says next about emergencies on its control link. Pure: no I/O, no time.
//!
//! One machine lives as long as one stream. Acknowledgements of stored notices go first; then words of the member's
//! people in the order in which they were said. A word is said on every stream until its decision came, so a cut or a
//! crash at any point costs a repetition and never a word; the hub takes it once by its id.

use std::collections::{BTreeMap, VecDeque};

use shouwang_proto::wire;

/// Most words under way on a stream without a decision.
pub const MOST_UNDER_WAY: usize = 32;
/// Most notices in one acknowledgement, as the contract says.
pub const MOST_ACKNOWLEDGED: usize = 200;
/// A word without a decision after so many heartbeats is said again on the same stream.
pub const REPEAT_AFTER_BEATS: u64 = 10;

/// A word that waits, with its place in the order in which words were said.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Its place, from 1.
    pub seq: u64,
    /// The word.
    pub command: wire::MemberCommand,
}

/// Which waiting words the machine wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Those after this place.
    pub after: u64,
    /// At most so many.
    pub most: usize,
}

/// What to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Say {
    /// These deliveries are on disk.
    Acknowledge(Vec<u64>),
    /// A word of the member's people.
    Word(Box<wire::MemberCommand>),
}

#[derive(Clone, Debug)]
struct Said {
    id: String,
    beat: u64,
}

/// The machine of one stream.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// Does the hub take acknowledgements and words?
    spoken: bool,
    stored: VecDeque<u64>,
    loaded: VecDeque<Waiting>,
    under_way: BTreeMap<u64, Said>,
    /// Everything up to here was loaded on this stream.
    loaded_to: u64,
    /// May there be more in the store after `loaded_to`?
    more: bool,
    beats: u64,
}

impl Mail {
    /// For a stream on which the hub said that it speaks this version of mutual aid; 0: none.
    #[must_use]
    pub fn new(hub_version: u32) -> Self {
        let spoken = hub_version > 0;
        Self { spoken, more: spoken, ..Self::default() }
    }

    /// The notice of this delivery is on disk, now or from before. Never to be called earlier.
    pub fn stored(&mut self, delivery_id: u64) {
        if !self.stored.contains(&delivery_id) {
            self.stored.push_back(delivery_id);
        }
    }

    /// People may have said more.
    pub fn grew(&mut self) {
        self.more = self.spoken;
    }

    /// Words that were decided wait again: all that waits is looked through from the beginning.
    pub fn begin_again(&mut self) {
        self.loaded.clear();
        self.loaded_to = 0;
        self.more = self.spoken;
    }

    /// A heartbeat was sent: what the hub has left undecided for too long is said again.
    pub fn beat(&mut self) {
        self.beats += 1;
        let late = self.beats.saturating_sub(REPEAT_AFTER_BEATS);
        let overdue: Vec<u64> =
            self.under_way.iter().filter(|(_, said)| said.beat < late).map(|(seq, _)| *seq).collect();
        for seq in &overdue {
            self.under_way.remove(seq);
        }
        if let Some(first) = overdue.first() {
            self.loaded_to = self.loaded_to.min(first - 1);
            self.loaded.clear();
            self.more = true;
        }
    }

    /// Which words to load from the store, if any.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted> {
        let taken = self.under_way.len() + self.loaded.len();
        (self.more && taken < MOST_UNDER_WAY)
            .then_some(Wanted { after: self.loaded_to, most: MOST_UNDER_WAY })
    }

    /// The words that were wanted, in order.
    pub fn loaded(&mut self, wanted: Wanted, words: Vec<Waiting>) {
        self.more = words.len() >= wanted.most;
        for waiting in words {
            let room = self.under_way.len() + self.loaded.len() < MOST_UNDER_WAY;
            if self.under_way.contains_key(&waiting.seq) {
                self.loaded_to = waiting.seq;
            } else if room {
                self.loaded_to = waiting.seq;
                self.loaded.push_back(waiting);
            } else {
                self.more = true;
                return;
            }
        }
    }

    /// The hub has decided about a word, and the decision is on disk.
    pub fn decided(&mut self, command_id: &str) {
        self.under_way.retain(|_, said| said.id != command_id);
        self.loaded.retain(|waiting| waiting.command.command_id != command_id);
    }

    /// True when there is something to say.
    #[must_use]
    pub fn has_mail(&self) -> bool {
        self.spoken && !(self.stored.is_empty() && self.loaded.is_empty())
    }

    /// What to say now.
    pub fn say(&mut self) -> Option<Say> {
        if !self.spoken {
            return None;
        }
        if !self.stored.is_empty() {
            let many = self.stored.len().min(MOST_ACKNOWLEDGED);
            return Some(Say::Acknowledge(self.stored.drain(..many).collect()));
        }
        let Waiting { seq, command } = self.loaded.pop_front()?;
        self.under_way.insert(seq, Said { id: command.command_id.clone(), beat: self.beats });
        Some(Say::Word(Box::new(command)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(seq: u64) -> Waiting {
        let command = wire::MemberCommand { command_id: format!("c{seq}"), ..Default::default() };
        Waiting { seq, command }
    }

    /// Answers what the machine wants out of a store in which these words wait.
    fn load(mail: &mut Mail, waiting: &[u64]) {
        while let Some(wanted) = mail.wanted() {
            let after = waiting.iter().filter(|seq| **seq > wanted.after);
            mail.loaded(wanted, after.take(wanted.most).map(|seq| word(*seq)).collect());
        }
    }

    fn said(mail: &mut Mail) -> Vec<String> {
        std::iter::from_fn(|| mail.say())
            .map(|say| match say {
                Say::Acknowledge(ids) => format!("{ids:?}"),
                Say::Word(command) => command.command_id,
            })
            .collect()
    }

    #[test]
    fn acknowledgements_go_first_and_words_in_order() {
        let mut mail = Mail::new(1);
        load(&mut mail, &[3, 7]);
        mail.stored(11);
        mail.stored(12);
        mail.stored(11);
        assert_eq!(said(&mut mail), ["[11, 12]", "c3", "c7"]);
        assert!(!mail.has_mail());
        mail.stored(11);
        assert_eq!(said(&mut mail), ["[11]"], "a repeated delivery is acknowledged again");
    }

    #[test]
    fn a_hub_that_does_not_speak_it_hears_nothing() {
        let mut mail = Mail::new(0);
        mail.grew();
        mail.stored(1);
        assert_eq!((mail.wanted(), mail.has_mail(), mail.say()), (None, false, None));
    }

    #[test]
    fn a_window_of_words_moves_with_the_decisions() {
        let all: Vec<u64> = (1..=100).collect();
        let mut mail = Mail::new(1);
        load(&mut mail, &all);
        assert_eq!(said(&mut mail).len(), MOST_UNDER_WAY);
        mail.decided("c5");
        let waiting: Vec<u64> = all.iter().copied().filter(|seq| *seq != 5).collect();
        load(&mut mail, &waiting);
        assert_eq!(said(&mut mail), ["c33"]);
    }

    #[test]
    fn what_stays_undecided_is_said_again() {
        let mut mail = Mail::new(1);
        load(&mut mail, &[1, 2]);
        assert_eq!(said(&mut mail), ["c1", "c2"]);
        mail.decided("c2");
        for _ in 0..=REPEAT_AFTER_BEATS {
            load(&mut mail, &[1]);
            assert!(!mail.has_mail());
            mail.beat();
        }
        load(&mut mail, &[1]);
        assert_eq!(said(&mut mail), ["c1"]);
    }

    #[test]
    fn what_was_decided_and_waits_again_is_said_again_and_what_is_under_way_is_not() {
        let mut mail = Mail::new(1);
        load(&mut mail, &[1, 2, 3]);
        assert_eq!(said(&mut mail), ["c1", "c2", "c3"]);
        mail.decided("c1");
        mail.decided("c2");
        mail.grew();
        load(&mut mail, &[1, 2, 3]);
        assert!(!mail.has_mail(), "nobody looks back");
        mail.begin_again();
        load(&mut mail, &[1, 2, 3]);
        assert_eq!(said(&mut mail), ["c1", "c2"]);
        let mut deaf = Mail::new(0);
        deaf.begin_again();
        assert_eq!(deaf.wanted(), None);
    }

    proptest! {
        /// Whatever comes when: on one stream every word is said, in order the first time, and never more than fit.
        #[test]
        fn every_word_is_said_and_decided(steps in prop::collection::vec((0_u8..4, any::<prop::sample::Index>()), 0..200)) {
            let mut mail = Mail::new(1);
            let mut waiting: Vec<u64> = Vec::new();
            let mut heard: Vec<String> = Vec::new();
            let mut next = 1;
            for (step, index) in steps {
                match step {
                    0 => { waiting.push(next); next += 1; mail.grew(); }
                    1 => { load(&mut mail, &waiting); heard.extend(said(&mut mail)); }
                    2 => mail.beat(),
                    _ if !waiting.is_empty() => {
                        let seq = waiting.remove(index.index(waiting.len()));
                        let id = format!("c{seq}");
                        if heard.contains(&id) { mail.decided(&id); } else { waiting.push(seq); waiting.sort_unstable(); }
                    }
                    _ => {}
                }
                prop_assert!(mail.under_way.len() <= MOST_UNDER_WAY);
            }
            while !waiting.is_empty() {
                load(&mut mail, &waiting);
                heard.extend(said(&mut mail));
                let before = waiting.len();
                waiting.retain(|seq| {
                    let id = format!("c{seq}");
                    let here = heard.contains(&id);
                    if here { mail.decided(&id); }
                    !here
                });
                prop_assert!(waiting.len() < before, "stuck with {waiting:?}");
            }
            let mut first: Vec<u64> = Vec::new();
            for id in &heard {
                let seq = id[1..].parse().unwrap();
                if !first.contains(&seq) { first.push(seq); }
            }
            prop_assert!(first.is_sorted());
        }
    }
}
