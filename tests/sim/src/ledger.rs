//! What the people outside the system know: what they asked, what was answered, and what must therefore be true.

mod mended;

pub use mended::Mended;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use self::mended::stands;
use crate::model::{Effect, Shelf, Step, Wish};

/// Simulated milliseconds since the run began.
pub type Moment = u64;

/// A publication by its owner's number, which the simulation knows before any node has seen it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Member id.
    pub member: String,
    /// The owner's number.
    pub external_id: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.member, self.external_id)
    }
}

/// What became of one wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// As the model says.
    AsExpected,
    /// The node knew another truth.
    Otherwise,
}

/// One granted wish.
#[derive(Clone, Copy, Debug)]
struct Done {
    effect: Option<Effect>,
    after: Shelf,
    at: Moment,
    /// When somebody saw that the hub had it.
    delivered: Option<Moment>,
}

/// One publication's history as its people know it.
#[derive(Clone, Debug, Default)]
struct Track {
    shelf: Shelf,
    done: Vec<Done>,
    /// Asked, not answered yet.
    open: Option<Wish>,
    /// Nobody touches it any more; what was open may have happened or not.
    closed: bool,
    /// After a restore of the node: so many of `done` must have survived.
    kept: Option<usize>,
}

/// What a publication's part of the log may be: all of `must`, then any number of the first of `may`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admissible {
    /// Acknowledged, and lost by no restore.
    pub must: Vec<Effect>,
    /// Unknown outcome, or acknowledged and lost with a disk.
    pub may: Vec<Effect>,
    /// Was still open when the node went back to an older disk, and may have been granted there.
    pub late: Option<Wish>,
}

impl Admissible {
    /// True when a log that says this of the publication keeps every promise.
    #[must_use]
    pub fn allows(&self, seen: &[Effect]) -> bool {
        let expected = self.must.iter().chain(&self.may);
        let agreed = seen.iter().zip(expected).take_while(|(seen, expected)| seen == expected).count();
        let late = seen.len() == agreed + 1 && self.late.is_some_and(|wish| could_leave(wish, seen[agreed]));
        agreed >= self.must.len() && (agreed == seen.len() || late)
    }
}

/// Could this wish leave this effect, whatever the publication was before?
fn could_leave(wish: Wish, effect: Effect) -> bool {
    match (wish, effect) {
        (
            Wish::Create { version: wanted, publish: true }
            | Wish::Revise { version: wanted }
            | Wish::Import { version: wanted },
            Effect::Put { version, .. },
        ) => wanted == version,
        (Wish::Publish, Effect::Put { .. }) | (Wish::Withdraw, Effect::Withdraw { .. }) => true,
        _ => false,
    }
}

/// Everything that was asked, by publication.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    tracks: BTreeMap<Key, Track>,
    /// Members of whom two machines write, and since when.
    cloned: BTreeMap<String, Moment>,
    /// Members whose node ever went back to an older disk.
    restored: BTreeSet<String>,
    /// Members of whom a person has ended a fork of the log.
    mended: BTreeSet<String>,
    acked: u64,
    unknown: u64,
}

impl Ledger {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers known to be good.
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Wishes whose outcome stayed unknown.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Where a publication stands as far as its people know.
    #[must_use]
    pub fn shelf(&self, key: &Key) -> Shelf {
        self.tracks.get(key).map_or(Shelf::Absent, |track| track.shelf)
    }

    /// True when nobody shall touch it any more.
    #[must_use]
    pub fn is_closed(&self, key: &Key) -> bool {
        self.tracks.get(key).is_some_and(|track| track.closed)
    }

    /// Every publication ever asked for.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.tracks.keys()
    }

    /// A wish goes out.
    pub fn asked(&mut self, key: &Key, wish: Wish) {
        self.tracks.entry(key.clone()).or_default().open = Some(wish);
    }

    /// A wish was granted; `seen` is what the node said the publication then is.
    ///
    /// A closed publication stays as it was: its answer came after a restore and binds nobody.
    pub fn granted(&mut self, key: &Key, seen: Option<Shelf>, now: Moment) -> Granted {
        let mended = self.mended.contains(&key.member);
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.closed) else {
            return Granted::AsExpected;
        };
        let Some(wish) = track.open.take() else { return Granted::Otherwise };
        self.acked += 1;
        let steps: Vec<Step> =
            stands(track.shelf, mended).filter_map(|shelf| shelf.step(wish).ok()).collect();
        let fits =
            |step: &&Step| seen.is_none_or(|seen| seen == step.after || mended && seen.is_like(step.after));
        let fitting = steps.iter().find(fits);
        let Some(step) = fitting.or(steps.first()) else { return Granted::Otherwise };
        track.shelf = step.after;
        track.done.push(Done { effect: step.effect, after: step.after, at: now, delivered: None });
        if fitting.is_some() { Granted::AsExpected } else { Granted::Otherwise }
    }

    /// A wish was refused for a reason that the model shares, or for one that concerns the node and not the wish.
    pub fn refused(&mut self, key: &Key, reason: &str, of_node: bool) -> Granted {
        let mended = self.mended.contains(&key.member);
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.closed) else {
            return Granted::AsExpected;
        };
        let Some(wish) = track.open.take() else { return Granted::Otherwise };
        if of_node || stands(track.shelf, mended).any(|shelf| shelf.step(wish).err() == Some(reason)) {
            Granted::AsExpected
        } else {
            Granted::Otherwise
        }
    }

    /// Nobody will ask again what became of the open wish.
    pub fn abandoned(&mut self, key: &Key) {
        if let Some(track) = self.tracks.get_mut(key).filter(|track| !track.closed) {
            track.closed = true;
            self.unknown += 1;
        }
    }

    /// Its people leave a publication alone from now on, although they know all about it.
    pub fn retired(&mut self, key: &Key) {
        if let Some(track) = self.tracks.get_mut(key) {
            track.closed = true;
        }
    }

    /// How many wishes of a publication were granted.
    #[must_use]
    pub fn granted_count(&self, key: &Key) -> usize {
        self.tracks.get(key).map_or(0, |track| track.done.len())
    }

    /// Does a seq of the member's log, told by its node, name the same entry at the hub? A node that was restored or
    /// copied may have written another one there, until somebody saw that the hub has what it wrote.
    #[must_use]
    pub fn is_one_log(&self, key: &Key, granted: usize) -> bool {
        let delivered = || {
            let done = self.tracks.get(key).and_then(|track| track.done.get(granted.checked_sub(1)?));
            done.is_some_and(|done| done.delivered.is_some())
        };
        !self.may_part(&key.member) || delivered()
    }

    /// Has anything happened for which a member's log may part in two?
    #[must_use]
    pub fn may_part(&self, member: &str) -> bool {
        self.restored.contains(member) || self.cloned.contains_key(member)
    }

    /// What readers may find of a publication once its first `granted` wishes are visible: version and revision, or
    /// nothing.
    #[must_use]
    pub fn visible_after(&self, key: &Key, granted: usize) -> Vec<Option<(u32, u64)>> {
        let Some(track) = self.tracks.get(key) else { return vec![None] };
        let shown = track.done.iter().skip(granted.saturating_sub(1)).map(|done| done.after.shown());
        let open = track.open.and_then(|wish| track.shelf.step(wish).ok()).map(|step| step.after.shown());
        shown.chain(open).collect()
    }

    /// Somebody saw that the hub had everything of a member that was acknowledged before `asked`, of the publications
    /// whose numbers begin with `prefix`.
    pub fn delivered(&mut self, member: &str, prefix: &str, asked: Moment, now: Moment) {
        let theirs = |key: &Key| key.member == member && key.external_id.starts_with(prefix);
        for (_, track) in self.tracks.iter_mut().filter(|(key, _)| theirs(key)) {
            // What a restored node may have lost is not in the log of which somebody saw the end.
            let kept = track.kept.unwrap_or(track.done.len());
            for done in track.done.iter_mut().take(kept).filter(|done| done.at < asked) {
                done.delivered.get_or_insert(now);
            }
        }
    }

    /// The hub went back to a copy of its disk: what it had seen since, it has to be told again. A node that went back
    /// itself and has not fetched everything again cannot tell it: `at_nodes` is what the logs on the disks of such nodes
    /// say. What is neither there nor in the hub's copy is lost with two disks, and no program has it. Gives how many
    /// publications that concerns; their people leave them alone from now on.
    pub fn hub_restored(&mut self, copied: Moment, at_nodes: &BTreeMap<Key, Vec<Effect>>) -> usize {
        let mut lost = 0;
        for (key, track) in &mut self.tracks {
            for done in &mut track.done {
                done.delivered = done.delivered.filter(|seen| *seen < copied);
            }
            if !self.restored.contains(&key.member) {
                continue;
            }
            let at_node = at_nodes.get(key).map_or(&[][..], Vec::as_slice);
            let is_left = |done: &Done| {
                done.delivered.is_some() || done.effect.is_some_and(|effect| at_node.contains(&effect))
            };
            let left = track.done.iter().rposition(is_left).map_or(0, |last| last + 1);
            let kept = track.kept.unwrap_or(track.done.len());
            if track.done[..kept].iter().skip(left).any(|done| done.effect.is_some()) {
                track.closed = true;
                track.kept = Some(left);
                lost += 1;
            }
        }
        lost
    }

    /// A person ends a fork of a member's log: its node counts revisions anew.
    pub fn mending(&mut self, member: &str) {
        self.mended.insert(member.to_owned());
    }

    /// Has somebody?
    #[must_use]
    pub fn is_mended(&self, member: &str) -> bool {
        self.mended.contains(member)
    }

    /// A node went back to a copy of its disk: what was acknowledged since and had not reached the hub may be gone.
    /// Its people leave those publications alone from now on.
    pub fn node_restored(&mut self, member: &str, copied: Moment) {
        self.restored.insert(member.to_owned());
        for (_, track) in self.tracks.iter_mut().filter(|(key, _)| key.member == member) {
            let sure = track.done.iter().rposition(|done| done.delivered.is_some() || done.at < copied);
            let sure = sure.map_or(0, |last| last + 1);
            if sure < track.done.len()
                || track.open.is_some()
                || track.done.iter().any(|done| done.at >= copied)
            {
                track.closed = true;
                track.kept = Some(track.kept.map_or(sure, |kept| kept.min(sure)));
            }
        }
    }

    /// From now on two machines write one member's log: the hub follows one of them, and what the other acknowledged is
    /// lost until a person looks.
    pub fn cloned(&mut self, member: &str, now: Moment) {
        self.cloned.entry(member.to_owned()).or_insert(now);
    }

    /// What the log may say of a publication.
    #[must_use]
    pub fn admissible(&self, key: &Key) -> Admissible {
        let Some(track) = self.tracks.get(key) else { return Admissible::default() };
        let mut kept = track.kept.unwrap_or(track.done.len());
        if let Some(cloned) = self.cloned.get(&key.member) {
            let sure = track.done.iter().rposition(|done| done.delivered.is_some() || done.at < *cloned);
            kept = kept.min(sure.map_or(0, |last| last + 1));
        }
        let effects = |done: &[Done]| done.iter().filter_map(|done| done.effect).collect::<Vec<_>>();
        let (sure, lost) = track.done.split_at(kept);
        let mut may = effects(lost);
        may.extend(track.open.and_then(|wish| track.shelf.step(wish).ok()).and_then(|step| step.effect));
        Admissible { must: effects(sure), may, late: track.open.filter(|_| track.kept.is_some()) }
    }

    /// What a hub that is still behind may have of a member whose log has parted: only what somebody saw there.
    #[must_use]
    pub fn admissible_at_hub(&self, key: &Key) -> Admissible {
        let Some(track) = self.tracks.get(key) else { return Admissible::default() };
        let Admissible { must, may, late } = self.admissible(key);
        let delivered =
            track.done.iter().rposition(|done| done.delivered.is_some()).map_or(0, |last| last + 1);
        let sure = track.done[..delivered].iter().filter(|done| done.effect.is_some()).count();
        let mut effects: Vec<_> = must.into_iter().chain(may).collect();
        let may = effects.split_off(sure.min(effects.len()));
        Admissible { must: effects, may, late }
    }

    /// Publications whose state is certain, with that state.
    pub fn certain(&self) -> impl Iterator<Item = (&Key, Shelf)> {
        self.tracks
            .iter()
            .filter(|(_, track)| track.open.is_none() && track.kept.is_none())
            .map(|(key, track)| (key, track.done.last().map_or(Shelf::Absent, |done| done.after)))
    }
}

#[cfg(test)]
mod tests;
