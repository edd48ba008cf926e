//! What is said to the machine and what it says.

use shouwang_proto::log::{Hash, chain::Position};

use super::hub::HubShown;

/// How the hub sees this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumeCase {
    /// The log continues the hub's copy.
    Normal,
    /// The hub has nothing of this node.
    FirstContact,
    /// The hub lost something that it had acknowledged.
    HubRestored,
    /// This node lost something that the hub has.
    NodeRestored,
}

/// What the hub says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// How it sees this node.
    pub case: ResumeCase,
    /// Its durable cursor.
    pub cursor: Position,
    /// Bytes that may be under way.
    pub credit: u64,
    /// Which hub it is.
    pub hub: HubShown,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The stream is open and the hello with this head is sent.
    Connected {
        /// The newest own entry.
        head: Position,
    },
    /// The hub answered the hello.
    Welcomed {
        /// What it says.
        welcome: Welcome,
        /// Hash of the own entry at the hub's cursor; `None` beyond the own head.
        own: Option<Hash>,
    },
    /// The log was read as asked: how much there is for a batch.
    Loaded {
        /// The last entry; `None` when nothing fits or nothing is there.
        last: Option<Position>,
        /// Size of the batch in bytes.
        bytes: u64,
        /// True when the next entry was left out because of its size.
        cut: bool,
    },
    /// The hub has a batch.
    Acked {
        /// Its durable cursor.
        cursor: Position,
        /// Credit given back in bytes.
        credit: u64,
    },
    /// The log has grown to here.
    Grew {
        /// Sequence number of the newest entry.
        seq: u64,
    },
    /// The own entries are back and a new epoch has begun.
    Restored {
        /// The newest own entry.
        head: Position,
    },
    /// The hub says that the log has forked, or what it sent back does not continue the own log.
    ForkFound,
    /// The stream is over.
    Disconnected,
}

/// Why publishing is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// Own entry and hub's copy differ here.
    Differs {
        /// Sequence number.
        seq: u64,
    },
    /// The hub has entries beyond the own head that are not this log's.
    Beyond {
        /// Sequence number of the hub's cursor.
        cursor: u64,
        /// Sequence number of the own head.
        head: u64,
    },
    /// The hub says so.
    Told,
}

/// Why the link is given up for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The hub broke the rules of the conversation.
    Protocol(&'static str),
    /// The hub's credit is too small for the next entry.
    CreditTooSmall,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read entries after `after`, at most `most_bytes` together, and tell with [`Event::Loaded`].
    Read {
        /// The last entry that was sent.
        after: u64,
        /// Most bytes.
        most_bytes: u64,
    },
    /// Send the batch that was just read.
    Send,
    /// Let go of what was just read.
    Discard,
    /// The hub is durable up to here: show it, and wake who waits for it.
    Progress(Position),
    /// Keep the hub's position in the store.
    Remember(Position),
    /// Keep in the store that this hub has taken the place of the one before.
    RememberHub(HubShown),
    /// The hub that is known is on an older copy of its disk: it hears again what people said.
    SayAgain,
    /// Keep the log from being written, fetch the own entries from `from` up to `until` (perhaps none), begin a new
    /// epoch, and tell with [`Event::Restored`].
    Fetch {
        /// First sequence number wanted.
        from: u64,
        /// The hub's cursor.
        until: Position,
    },
    /// Let the log be written again.
    Release,
    /// Hold publishing until a person has looked, and leave.
    Hold(Fork),
    /// This is an old copy of the hub come back to life: leave.
    RefuseHub {
        /// The hub that was seen last.
        seen: HubShown,
        /// This one.
        shown: HubShown,
    },
    /// Leave and try again later.
    Leave(Fault),
}
