//! Which session speaks for a member. A node that was restarted, or cut off, dials again before the hub has noticed
//! that its old connection is dead, so the newest session always wins and nothing is said about it. Two nodes with one
//! identity are told apart from that by their return: each dials again whenever it is displaced, so the boot id of the
//! first comes back after the second was heard. A restarted process never does that, its boot id is new.

use std::collections::VecDeque;

/// How many boot ids are remembered of one member.
const REMEMBERED: usize = 8;
/// How long two nodes with one identity stay a problem after they were last seen, in milliseconds: ten minutes.
const ALARM_MS: i64 = 600_000;

/// Random for each start of a node's process.
pub type BootId = [u8; 16];

/// The two streams of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// Heartbeats and directives.
    Control,
    /// Entries.
    Sync,
}

/// A session, by number.
pub type Ticket = u64;

/// The sessions of one member.
#[derive(Clone, Debug, Default)]
pub struct Lease {
    next: Ticket,
    control: Option<Ticket>,
    sync: Option<Ticket>,
    /// Boot ids heard, the present one last.
    boots: VecDeque<BootId>,
    clone_seen_ms: Option<i64>,
}

impl Lease {
    /// Gives the line to a new session. Whoever had it finds that out with [`Lease::holds`].
    pub fn take(&mut self, line: Line, boot: BootId, now_ms: i64) -> Ticket {
        self.next += 1;
        *self.slot(line) = Some(self.next);
        if self.boots.back() != Some(&boot) {
            if let Some(index) = self.boots.iter().position(|heard| *heard == boot) {
                self.clone_seen_ms = Some(now_ms);
                self.boots.remove(index);
            }
            // The other line still belongs to the node that was displaced.
            *self.slot(line.other()) = None;
            self.boots.push_back(boot);
            if self.boots.len() > REMEMBERED {
                self.boots.pop_front();
            }
        }
        self.next
    }

    /// Does the session still hold its line?
    #[must_use]
    pub fn holds(&self, line: Line, ticket: Ticket) -> bool {
        match line {
            Line::Control => self.control == Some(ticket),
            Line::Sync => self.sync == Some(ticket),
        }
    }

    /// Gives the line back; false when another session has it already.
    pub fn give_back(&mut self, line: Line, ticket: Ticket) -> bool {
        let held = self.holds(line, ticket);
        if held {
            *self.slot(line) = None;
        }
        held
    }

    /// Were two nodes with this identity alive at once lately?
    #[must_use]
    pub fn is_cloned(&self, now_ms: i64) -> bool {
        self.clone_seen_ms.is_some_and(|seen| (0..ALARM_MS).contains(&now_ms.saturating_sub(seen)))
    }

    fn slot(&mut self, line: Line) -> &mut Option<Ticket> {
        match line {
            Line::Control => &mut self.control,
            Line::Sync => &mut self.sync,
        }
    }
}

impl Line {
    fn other(self) -> Self {
        match self {
            Self::Control => Self::Sync,
            Self::Sync => Self::Control,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: BootId = [1; 16];
    const B: BootId = [2; 16];

    #[test]
    fn the_newest_session_of_a_line_holds_it() {
        let mut lease = Lease::default();
        let control = lease.take(Line::Control, A, 0);
        let sync = lease.take(Line::Sync, A, 0);
        assert!(lease.holds(Line::Control, control) && lease.holds(Line::Sync, sync));
        let again = lease.take(Line::Sync, A, 1);
        assert!(!lease.holds(Line::Sync, sync) && lease.holds(Line::Sync, again));
        assert!(lease.holds(Line::Control, control), "the other line is the same node's");
        assert!(!lease.give_back(Line::Sync, sync) && lease.give_back(Line::Sync, again));
    }

    #[test]
    fn a_restarted_node_takes_both_lines_and_is_no_clone() {
        let mut lease = Lease::default();
        let control = lease.take(Line::Control, A, 0);
        let sync = lease.take(Line::Sync, A, 0);
        lease.take(Line::Sync, B, 1);
        assert!(!lease.holds(Line::Control, control) && !lease.holds(Line::Sync, sync));
        assert!(!lease.is_cloned(1));
    }

    #[test]
    fn a_boot_id_that_comes_back_is_a_clone_until_ten_quiet_minutes_later() {
        let mut lease = Lease::default();
        lease.take(Line::Control, A, 0);
        lease.take(Line::Control, B, 1_000);
        lease.take(Line::Control, A, 2_000);
        assert!(lease.is_cloned(2_000) && lease.is_cloned(2_000 + ALARM_MS - 1));
        assert!(!lease.is_cloned(2_000 + ALARM_MS));
    }

    proptest! {
        /// Any number of restarts and reconnects of one node, however its dead connections linger, is no clone.
        #[test]
        fn reconnecting_never_looks_like_a_clone(steps in proptest::collection::vec((any::<bool>(), any::<bool>()), 0..60)) {
            let mut lease = Lease::default();
            let mut boot = 0_u8;
            for (time, (restart, control)) in steps.into_iter().enumerate() {
                boot += u8::from(restart);
                let line = if control { Line::Control } else { Line::Sync };
                let ticket = lease.take(line, [boot; 16], time as i64);
                prop_assert!(lease.holds(line, ticket));
                prop_assert!(!lease.is_cloned(time as i64));
            }
        }
    }
}
