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
        Self { alliance, member, keys, minimum_epoch, position, before: Before::Nothing, turned: Vec::new() }
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
        let next =
            self.position.follow(header, entry.hash()).map_err(|error| match (error, self.before) {
                // What the batch itself has before this entry is chained to the copy already.
                (ChainError::Forked { .. }, Before::New) => BatchError::Broken(error),
                (ChainError::Forked { seq }, Before::Nothing | Before::Known(_)) => {
                    BatchError::Forked { seq }
                }
                (ChainError::Gap { .. } | ChainError::Epoch { .. }, _) => BatchError::Broken(error),
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
mod tests;
