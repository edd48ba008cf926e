//! Follows one member's log entry by entry: whose it is, that it continues the chain, that the key valid at that seq
//! signed it. What does not pass here was not written by the member's node as it should be, and is refused.

use shouwang_proto::{
    id::{AllianceId, MemberId},
    log::{
        chain::{ChainError, Position},
        entry::{BATCH_BYTES, BATCH_ENTRIES, EntryKind},
        key::LogPublicKey,
        sealed::SealedEntry,
    },
    refusal::Refusal,
};
use tonic::Code;

use crate::council::membership::LogKeyStanding;

/// Why a batch is refused as a whole. Nothing of it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// No entry at all.
    #[error("the batch is empty （批次为空）")]
    Empty,
    /// More than a batch may hold.
    #[error("the batch has {entries} entries and {bytes} bytes; at most 200 and 2 MiB （批次过大）")]
    TooLarge {
        /// Entries found.
        entries: usize,
        /// Bytes found.
        bytes: usize,
    },
    /// A header that cannot be read, so that nothing after it can be chained.
    #[error("an entry's header is malformed at `{field}` （日志条目头部无法解析）")]
    Malformed {
        /// The field.
        field: &'static str,
    },
    /// Another alliance's or member's entry.
    #[error("entry {seq} belongs to another member or alliance （日志条目不属于本成员）")]
    Foreign {
        /// The entry.
        seq: u64,
    },
    /// The entry does not follow the one before.
    #[error("{0} （日志链断裂）")]
    Broken(ChainError),
    /// The log parted from the hub's copy.
    #[error("entry {seq} is not the one the hub has, or does not continue the hub's copy （日志分叉）")]
    Forked {
        /// The entry.
        seq: u64,
    },
    /// Not signed by the key valid there.
    #[error("entry {seq} is not signed by the key that is valid there （签名无效）")]
    Signature {
        /// The entry.
        seq: u64,
    },
    /// Written in an epoch that is over: by an old copy of a node that was restored or replaced since.
    #[error("entry {seq} is of epoch {epoch}, but epoch {minimum} has begun without it （纪元已过期）")]
    Stale {
        /// The entry.
        seq: u64,
        /// Its epoch.
        epoch: u64,
        /// The least that is taken.
        minimum: u64,
    },
    /// A KEY entry that names no usable key.
    #[error("entry {seq} names no usable key （密钥无效）")]
    Key {
        /// The entry.
        seq: u64,
    },
}

impl From<BatchError> for Refusal {
    fn from(error: BatchError) -> Self {
        let (code, reason) = match error {
            BatchError::Empty => (Code::InvalidArgument, "BATCH_EMPTY"),
            BatchError::TooLarge { .. } => (Code::ResourceExhausted, "BATCH_TOO_LARGE"),
            BatchError::Malformed { .. } | BatchError::Broken(_) => (Code::DataLoss, "CHAIN_BROKEN"),
            BatchError::Foreign { .. } => (Code::PermissionDenied, "ENTRY_FOREIGN"),
            BatchError::Forked { .. } => (Code::FailedPrecondition, "LOG_FORKED"),
            BatchError::Stale { .. } => (Code::FailedPrecondition, "EPOCH_STALE"),
            BatchError::Signature { .. } => (Code::DataLoss, "SIGNATURE_INVALID"),
            BatchError::Key { .. } => (Code::DataLoss, "KEY_INVALID"),
        };
        Self::new(code, reason, error.to_string())
    }
}

/// Checks the size of a batch before anything is done with it.
///
/// # Errors
/// [`BatchError::Empty`], [`BatchError::TooLarge`].
pub fn check_size(sizes: impl Iterator<Item = usize>) -> Result<usize, BatchError> {
    let (entries, bytes) = sizes.fold((0, 0_usize), |(n, sum), size| (n + 1, sum.saturating_add(size)));
    if entries == 0 {
        return Err(BatchError::Empty);
    }
    if entries > BATCH_ENTRIES || bytes > BATCH_BYTES {
        return Err(BatchError::TooLarge { entries, bytes });
    }
    Ok(bytes)
}

/// What an entry is to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// It continues the copy.
    New,
    /// It was sent before. Whether it is the same is known at the latest from [`Tracker::undecided`].
    Known,
}

/// Stores keep signed numbers of 64 bits; no honest log comes near their end.
fn check_numbers(entry: &SealedEntry) -> Result<(), BatchError> {
    let header = entry.header();
    let fields = [("epoch", header.epoch), ("seq", header.seq), ("revision", header.revision)];
    let beyond = fields.into_iter().find(|(_, value)| i64::try_from(*value).is_err());
    beyond.map_or(Ok(()), |(field, _)| Err(BatchError::Malformed { field }))
}

/// What came before in the batch.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// Nothing.
    Nothing,
    /// An entry that was sent before.
    Known(Position),
    /// A new entry.
    New,
}

/// Where the hub's copy of one log stands, in memory, ahead of what is durable by the batches under way.
#[derive(Clone, Debug)]
pub struct Tracker {
    alliance: AllianceId,
    member: MemberId,
    /// By the first seq they sign; the last one that reaches down to a seq is the one valid there.
    keys: Vec<LogKeyStanding>,
    /// The least epoch in which the member's node may write.
    minimum_epoch: u64,
    position: Position,
    /// True until a new entry was admitted: what does not follow then is a fork, not a hole in a batch.
    at_cursor: bool,
    before: Before,
    turned: Vec<LogKeyStanding>,
}

impl Tracker {
    /// Goes on after `position`, with the keys and the minimum epoch that the roster has.
    #[must_use]
    pub fn new(
        alliance: AllianceId,
        member: MemberId,
        position: Position,
        keys: Vec<LogKeyStanding>,
        minimum_epoch: u64,
    ) -> Self {
        Self {
            alliance,
            member,
            keys,
            minimum_epoch,
            position,
            at_cursor: true,
            before: Before::Nothing,
            turned: Vec::new(),
        }
    }

    /// The newest entry admitted.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The keys that the member has or had.
    pub fn keys(&self) -> impl Iterator<Item = &LogPublicKey> {
        self.keys.iter().map(|standing| &standing.key)
    }

    /// Begins a batch.
    pub fn begin_batch(&mut self) {
        self.before = Before::Nothing;
    }

    /// Looks at the next entry of the batch.
    ///
    /// # Errors
    /// [`BatchError`]; the tracker must not be used afterwards.
    pub fn admit(&mut self, entry: &SealedEntry) -> Result<Admitted, BatchError> {
        let header = entry.header();
        let seq = header.seq;
        if header.alliance != self.alliance || header.member != self.member {
            return Err(BatchError::Foreign { seq });
        }
        check_numbers(entry)?;
        if seq <= self.position.seq {
            return self.admit_again(entry);
        }
        if let Before::Known(known) = self.before
            && known.seq != self.position.seq
        {
            return Err(BatchError::Broken(ChainError::Gap { expected: known.seq + 1, found: seq }));
        }
        let next = self.position.follow(header, entry.hash()).map_err(|error| match error {
            ChainError::Forked { seq } if self.at_cursor => BatchError::Forked { seq },
            ChainError::Forked { .. } | ChainError::Gap { .. } | ChainError::Epoch { .. } => {
                BatchError::Broken(error)
            }
        })?;
        if next.epoch < self.minimum_epoch {
            return Err(BatchError::Stale { seq, epoch: next.epoch, minimum: self.minimum_epoch });
        }
        let key = self.keys.iter().rev().find(|standing| standing.valid_from_seq <= seq);
        if !key.is_some_and(|standing| entry.verifies(&standing.key)) {
            return Err(BatchError::Signature { seq });
        }
        self.turn_key(entry)?;
        self.position = next;
        self.at_cursor = false;
        self.before = Before::New;
        Ok(Admitted::New)
    }

    /// An entry at or before the cursor: it must be chained to the ones before it in the batch, and the last of them
    /// decides for all, because the chain binds them.
    fn admit_again(&mut self, entry: &SealedEntry) -> Result<Admitted, BatchError> {
        let header = entry.header();
        let seq = header.seq;
        let gap = |expected| BatchError::Broken(ChainError::Gap { expected, found: seq });
        match self.before {
            Before::Nothing => {}
            Before::Known(known) if seq != known.seq + 1 => return Err(gap(known.seq + 1)),
            Before::Known(known) if header.previous != known.hash => {
                return Err(BatchError::Broken(ChainError::Forked { seq }));
            }
            Before::Known(_) => {}
            Before::New => return Err(gap(self.position.seq + 1)),
        }
        if seq == self.position.seq && entry.hash() != self.position.hash {
            return Err(BatchError::Forked { seq });
        }
        self.before = Before::Known(Position { epoch: header.epoch, seq, hash: entry.hash() });
        Ok(Admitted::Known)
    }

    /// The newest entry sent again, when the batch ended before the cursor: the stored hash there must be the same.
    #[must_use]
    pub fn undecided(&self) -> Option<Position> {
        match self.before {
            Before::Known(known) if known.seq < self.position.seq => Some(known),
            Before::Known(_) | Before::New | Before::Nothing => None,
        }
    }

    /// The keys that became valid with the entries admitted since this was last asked.
    #[must_use]
    pub fn take_turned(&mut self) -> Vec<LogKeyStanding> {
        std::mem::take(&mut self.turned)
    }

    fn turn_key(&mut self, entry: &SealedEntry) -> Result<(), BatchError> {
        let header = entry.header();
        if header.kind != EntryKind::Key {
            return Ok(());
        }
        let key = LogPublicKey::from_slice(entry.payload()).ok_or(BatchError::Key { seq: header.seq })?;
        let next = LogKeyStanding { key, valid_from_seq: header.seq + 1 };
        self.keys.push(next);
        self.turned.push(next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shouwang_proto::log::key::LogKey;

    use super::*;
    use crate::link::script::{Script, member};

    fn tracker(script: &Script, after: u64) -> Tracker {
        let position = script.position(after);
        Tracker::new(script.alliance.clone(), member(), position, vec![from(1, &script.key)], 0)
    }

    fn from(valid_from_seq: u64, key: &LogKey) -> LogKeyStanding {
        LogKeyStanding { key: key.public(), valid_from_seq }
    }

    fn run(tracker: &mut Tracker, entries: &[SealedEntry]) -> Result<Vec<Admitted>, BatchError> {
        tracker.begin_batch();
        entries.iter().map(|entry| tracker.admit(entry)).collect()
    }

    #[test]
    fn sizes_have_limits() {
        assert_eq!(check_size([].into_iter()), Err(BatchError::Empty));
        assert_eq!(check_size([10; 200].into_iter()), Ok(2_000));
        assert_eq!(check_size([10; 201].into_iter()), Err(BatchError::TooLarge { entries: 201, bytes: 2_010 }));
        let large = BATCH_BYTES + 1;
        assert_eq!(check_size([large].into_iter()), Err(BatchError::TooLarge { entries: 1, bytes: large }));
    }

    #[test]
    fn entries_sent_again_are_known_and_another_history_is_not() {
        let mut script = Script::new();
        for record in 0..6 {
            script.put(record, "课程");
        }
        let mut at_four = tracker(&script, 4);
        assert_eq!(
            run(&mut at_four, &script.entries[2..6]),
            Ok(vec![Admitted::Known, Admitted::Known, Admitted::New, Admitted::New])
        );
        assert_eq!(at_four.position(), script.position(6));
        assert_eq!(run(&mut at_four, &script.entries[..3]).map(|found| found.len()), Ok(3));
        assert_eq!(at_four.undecided(), Some(script.position(3)));

        let mut other = Script::new();
        for record in 0..6 {
            other.put(record, "另一份");
        }
        assert_eq!(run(&mut tracker(&script, 4), &other.entries[4..]), Err(BatchError::Forked { seq: 5 }));
        assert_eq!(run(&mut tracker(&script, 4), &other.entries[2..4]), Err(BatchError::Forked { seq: 4 }));
        // Sent again below the cursor: only the store can tell.
        let mut before = tracker(&script, 4);
        assert!(run(&mut before, &other.entries[..3]).is_ok());
        assert_eq!(before.undecided(), Some(other.position(3)));
    }

    #[test]
    fn holes_strangers_and_wrong_signatures_are_refused() {
        let mut script = Script::new();
        for record in 0..4 {
            script.put(record, "课程");
        }
        let all = &script.entries;
        let gap = |expected, found| Err(BatchError::Broken(ChainError::Gap { expected, found }));
        assert_eq!(run(&mut tracker(&script, 0), &all[1..]), gap(1, 2));
        let hole = [all[0].clone(), all[2].clone()];
        assert_eq!(run(&mut tracker(&script, 0), &hole), gap(2, 3));
        assert_eq!(run(&mut tracker(&script, 3), &hole), gap(2, 3));
        let twice = [all[0].clone(), all[0].clone()];
        assert_eq!(run(&mut tracker(&script, 0), &twice), gap(2, 1));

        let mut stranger = tracker(&script, 0);
        stranger.member = "south".parse().unwrap();
        assert_eq!(run(&mut stranger, all), Err(BatchError::Foreign { seq: 1 }));
        let mut elsewhere = tracker(&script, 0);
        elsewhere.alliance = "elsewhere".parse().unwrap();
        assert_eq!(run(&mut elsewhere, all), Err(BatchError::Foreign { seq: 1 }));
        let mut other_key = tracker(&script, 0);
        other_key.keys = vec![from(1, &LogKey::from_secret([9; 32]))];
        assert_eq!(run(&mut other_key, all), Err(BatchError::Signature { seq: 1 }));
    }

    #[test]
    fn a_key_entry_turns_the_key_and_the_old_one_is_worth_nothing_after_it() {
        let mut script = Script::new();
        script.put(1, "课程");
        let (old, new) = (script.key.clone(), LogKey::from_secret([8; 32]));
        script.turn_key(new.clone());
        script.put(2, "课程");
        let mut turning =
            Tracker::new(script.alliance.clone(), member(), Position::default(), vec![from(1, &old)], 0);
        assert!(run(&mut turning, &script.entries).is_ok());
        assert_eq!(turning.take_turned(), vec![from(3, &new)]);
        let mut back = script.clone();
        back.key = old;
        back.put(3, "课程");
        assert_eq!(run(&mut turning, &back.entries[3..]), Err(BatchError::Signature { seq: 4 }));
    }

    #[test]
    fn a_replaced_node_goes_on_with_its_new_key_in_a_new_epoch_and_the_lost_one_does_not() {
        let mut script = Script::new();
        script.put(1, "课程");
        let (old, new) = (script.key.clone(), LogKey::from_secret([8; 32]));
        let keys = vec![from(1, &old), from(2, &new)];
        let replaced =
            Tracker::new(script.alliance.clone(), member(), script.position(1), keys, 2);

        let mut lost = script.clone();
        lost.put(2, "课程");
        let stale = Err(BatchError::Stale { seq: 2, epoch: 1, minimum: 2 });
        assert_eq!(run(&mut replaced.clone(), &lost.entries[1..]), stale);
        let mut old_key = script.clone();
        old_key.begin_epoch(2);
        assert_eq!(run(&mut replaced.clone(), &old_key.entries[1..]), Err(BatchError::Signature { seq: 2 }));

        script.key = new;
        script.begin_epoch(2);
        script.put(2, "课程");
        assert!(run(&mut replaced.clone(), &script.entries[1..]).is_ok());
        assert!(run(&mut replaced.clone(), &script.entries).is_ok(), "what was sent before is not judged again");
    }

    proptest! {
        /// However a log is cut into batches and whatever is sent again, the tracker ends where the log ends.
        #[test]
        fn any_cut_and_any_repeat_ends_at_the_head(cuts in proptest::collection::vec((0_u64..12, 1_u64..6), 1..12)) {
            let mut script = Script::new();
            for record in 0..12 {
                script.put(record, "课程");
            }
            let mut tracker = tracker(&script, 0);
            for (start, length) in cuts {
                let start = start.min(tracker.position().seq);
                let end = (start + length).min(12);
                let batch = &script.entries[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
                prop_assert!(run(&mut tracker, batch).is_ok() || batch.is_empty());
                if let Some(known) = tracker.undecided() {
                    prop_assert_eq!(known, script.position(known.seq));
                }
                prop_assert_eq!(tracker.position(), script.position(tracker.position().seq.max(end)));
            }
        }
    }
}
