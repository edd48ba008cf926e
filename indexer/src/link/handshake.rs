//! Where a node and the hub go on. The hub's durable cursor is the only authority; what the node remembers as
//! acknowledged is a hint that only names the case.

use shouwang_proto::{
    log::{Hash, chain::Position},
    refusal::Refusal,
};

/// What a node says of itself, its signature checked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Its newest entry.
    pub head: Position,
    /// What it remembers as acknowledged.
    pub acknowledged: Position,
}

/// How the hub sees a node whose log may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The node's log continues the hub's copy, as far as can be seen before its next entry comes.
    Normal,
    /// The hub has nothing: the log is taken from its first entry, never from "now".
    FirstContact,
    /// The node remembers more acknowledged than the hub has: the hub was restored and takes it again.
    HubRestored,
    /// The node's log is a clean prefix of the hub's copy: it was restored and fetches its own entries.
    NodeRestored,
}

/// The hub's answer to a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on after the hub's cursor.
    Go(Resume, Position),
    /// Both have an entry at this seq, and not the same one.
    Forked {
        /// The seq of the node's head or of the hub's cursor, whichever is lower.
        seq: u64,
    },
    /// The node's log is a prefix of the hub's copy, while another node of the member is alive: it is a clone.
    Behind {
        /// The seq of the node's head.
        seq: u64,
    },
    /// A newer epoch has begun without this node: it is an old copy.
    Stale {
        /// The node's epoch.
        epoch: u64,
        /// The least that is heard.
        minimum: u64,
    },
}

/// Decides on a hello.
///
/// `cursor` is what the hub has durably of this member, `None` when nothing; `hash_at_node_head` is the hash of the
/// hub's own copy of the entry at the node's head seq, when it has one; `minimum_epoch` is the least epoch that is
/// heard, raised when a node is replaced. A node is not stale when its log is empty, or when it has all that the hub
/// has: it may begin the new epoch (the tracker takes nothing else from it).
///
/// `rival` says that another node of this member was heard just now. Then one that is behind was not restored but
/// cloned, such as a snapshot of a machine that was started again: letting it go on would fork the log of the true
/// one. If the true one is gone indeed, it is silent, and the next try is let in.
#[must_use]
pub fn decide(
    cursor: Option<Position>,
    hello: &Hello,
    hash_at_node_head: Option<Hash>,
    minimum_epoch: u64,
    rival: bool,
) -> Verdict {
    let Hello { head, acknowledged } = *hello;
    let has_all = cursor.is_some_and(|cursor| cursor.seq > 0 && cursor == head);
    if head.seq > 0 && head.epoch < minimum_epoch && !has_all {
        return Verdict::Stale { epoch: head.epoch, minimum: minimum_epoch };
    }
    let Some(cursor) = cursor.filter(|cursor| cursor.seq > 0) else {
        return Verdict::Go(Resume::FirstContact, Position::default());
    };
    if head.seq > cursor.seq {
        // Epochs never fall along a chain, so this head cannot continue the cursor.
        if head.epoch < cursor.epoch {
            return Verdict::Forked { seq: cursor.seq };
        }
        let resume = if acknowledged.seq > cursor.seq { Resume::HubRestored } else { Resume::Normal };
        return Verdict::Go(resume, cursor);
    }
    if head.seq == cursor.seq {
        return match head == cursor {
            true if head.epoch < minimum_epoch => Verdict::Go(Resume::NodeRestored, cursor),
            true => Verdict::Go(Resume::Normal, cursor),
            false => Verdict::Forked { seq: cursor.seq },
        };
    }
    let is_prefix =
        if head.seq == 0 { head.hash == Hash::ZERO } else { hash_at_node_head == Some(head.hash) };
    match is_prefix {
        true if rival => Verdict::Behind { seq: head.seq },
        true => Verdict::Go(Resume::NodeRestored, cursor),
        false => Verdict::Forked { seq: head.seq },
    }
}

impl Verdict {
    /// The case and the cursor, or what the node is told.
    ///
    /// # Errors
    /// FAILED_PRECONDITION: LOG_FORKED, NODE_BEHIND, EPOCH_STALE.
    pub fn into_result(self) -> Result<(Resume, Position), Refusal> {
        match self {
            Self::Go(resume, cursor) => Ok((resume, cursor)),
            Self::Forked { seq } => Err(Refusal::precondition(
                "LOG_FORKED",
                format!(
                    "this node's log and the hub's copy differ at or before entry {seq}: compare with the hub's entries \
                     (FetchEntries), keep the hub's, and publish what is missing again in a new epoch \
                     （本节点日志与中心副本在第 {seq} 条或之前分叉）"
                ),
            )),
            Self::Behind { seq } => Err(Refusal::precondition(
                "NODE_BEHIND",
                format!(
                    "this node's log ends at entry {seq}, and another node of this member that has more was heard within \
                     half a minute: switch one of the two off （本节点日志止于第 {seq} 条，而该成员的另一节点仍在线，请停用其一）"
                ),
            )),
            Self::Stale { epoch, minimum } => Err(Refusal::precondition(
                "EPOCH_STALE",
                format!(
                    "this node is in epoch {epoch}, but epoch {minimum} has begun without it: fetch the member's entries \
                     (FetchEntries) and begin a new epoch, or switch this copy off \
                     （本节点处于旧纪元 {epoch}，当前最低为 {minimum}）"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The entry at `seq` of the one true log; epoch 2 begins at entry 8.
    fn at(seq: u64) -> Position {
        match seq {
            0 => Position::default(),
            _ => Position {
                epoch: if seq < 8 { 1 } else { 2 },
                seq,
                hash: Hash([u8::try_from(seq).unwrap(); 32]),
            },
        }
    }

    /// Another entry at the same seq.
    fn other(seq: u64) -> Position {
        Position { hash: Hash([0xEE; 32]), ..at(seq) }
    }

    #[track_caller]
    fn check(cursor: u64, head: Position, acknowledged: u64, minimum: u64, expected: &str) {
        let stored = (head.seq > 0 && head.seq <= cursor).then(|| at(head.seq).hash);
        let hello = Hello { head, acknowledged: at(acknowledged) };
        let cursor = (cursor > 0).then(|| at(cursor));
        let said = match decide(cursor, &hello, stored, minimum, false) {
            Verdict::Go(resume, position) => {
                assert_eq!(position, cursor.unwrap_or_default());
                format!("{resume:?} from {}", position.seq + 1)
            }
            Verdict::Forked { seq } => format!("forked at {seq}"),
            Verdict::Behind { seq } => format!("behind at {seq}"),
            Verdict::Stale { epoch, minimum } => format!("stale {epoch} < {minimum}"),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn every_row_of_the_hello_table() {
        // cursor, head, acknowledged, minimum epoch
        check(5, at(5), 5, 0, "Normal from 6");
        check(5, at(7), 5, 0, "Normal from 6");
        check(5, at(7), 3, 0, "Normal from 6"); // an acknowledgement was lost
        check(5, at(9), 5, 0, "Normal from 6"); // the epoch rose since
        check(0, at(0), 0, 0, "FirstContact from 1");
        check(0, at(7), 0, 0, "FirstContact from 1");
        check(0, at(7), 7, 0, "FirstContact from 1"); // hub rebuilt from nothing
        check(5, at(7), 7, 0, "HubRestored from 6");
        check(5, at(3), 3, 0, "NodeRestored from 6");
        check(5, at(3), 5, 0, "NodeRestored from 6");
        check(5, at(0), 0, 0, "NodeRestored from 6"); // its disk was lost altogether
        check(5, other(5), 5, 0, "forked at 5");
        check(5, other(3), 3, 0, "forked at 3");
        check(9, Position { epoch: 1, ..other(10) }, 7, 0, "forked at 9");
        check(9, at(7), 7, 2, "stale 1 < 2");
        check(9, other(12), 9, 3, "stale 2 < 3");
        check(0, at(7), 0, 2, "stale 1 < 2");
        check(9, at(0), 0, 2, "NodeRestored from 10"); // nothing to go on with: not stale
        check(9, at(9), 9, 2, "Normal from 10");
        check(7, at(7), 7, 2, "NodeRestored from 8"); // replaced, has fetched everything: begins epoch 2
    }

    #[test]
    fn a_head_that_lies_about_the_start_or_the_epoch_is_no_prefix() {
        let hello = Hello { head: Position { hash: Hash([1; 32]), ..at(0) }, acknowledged: at(0) };
        assert_eq!(decide(Some(at(5)), &hello, None, 0, false), Verdict::Forked { seq: 0 });
        let hello = Hello { head: Position { epoch: 2, ..at(5) }, acknowledged: at(5) };
        assert_eq!(decide(Some(at(5)), &hello, Some(at(5).hash), 0, false), Verdict::Forked { seq: 5 });
        let hello = Hello { head: at(3), acknowledged: at(3) };
        assert_eq!(decide(Some(at(5)), &hello, None, 0, false), Verdict::Forked { seq: 3 });
    }

    #[test]
    fn a_node_that_is_behind_while_another_is_alive_is_a_clone_and_a_restarted_one_is_not() {
        let said = |seq| Hello { head: at(seq), acknowledged: at(seq) };
        let decided = |seq: u64| decide(Some(at(5)), &said(seq), Some(at(seq).hash), 0, true);
        assert_eq!(decided(3), Verdict::Behind { seq: 3 });
        assert_eq!(decided(0), Verdict::Behind { seq: 0 });
        assert_eq!(decided(5), Verdict::Go(Resume::Normal, at(5)));
        assert_eq!(decided(7), Verdict::Go(Resume::HubRestored, at(5)));
    }

    proptest! {
        /// Whatever copies are restored, a node of the one true log is heard or, after a newer epoch, told it is stale.
        #[test]
        fn an_honest_node_is_never_called_forked(
            cursor in 0_u64..20, head in 0_u64..20, acknowledged in 0_u64..20, minimum in 0_u64..4,
        ) {
            let stored = (head > 0 && head <= cursor).then(|| at(head).hash);
            let hello = Hello { head: at(head), acknowledged: at(acknowledged) };
            let verdict = decide((cursor > 0).then(|| at(cursor)), &hello, stored, minimum, false);
            match verdict {
                Verdict::Forked { .. } | Verdict::Behind { .. } => prop_assert!(false, "{verdict:?}"),
                Verdict::Stale { epoch, .. } => prop_assert!(head > 0 && epoch < minimum && head != cursor),
                Verdict::Go(resume, position) => {
                    prop_assert_eq!(position, at(cursor));
                    let complete = head == cursor && at(head).epoch < minimum;
                    prop_assert_eq!(resume == Resume::NodeRestored, cursor > 0 && (head < cursor || complete));
                }
            }
        }

        /// A head that is not the hub's own entry at a seq the hub has is never told to go on.
        #[test]
        fn a_different_entry_at_a_common_seq_is_a_fork(cursor in 1_u64..20, head in 1_u64..20) {
            prop_assume!(head <= cursor);
            let hello = Hello { head: other(head), acknowledged: at(head) };
            prop_assert_eq!(
                decide(Some(at(cursor)), &hello, Some(at(head).hash), 0, false),
                Verdict::Forked { seq: head }
            );
        }
    }
}
