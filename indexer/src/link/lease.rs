//! Which session speaks for a member. A node that was restarted, or cut off, dials again before the hub has noticed
//! that its old connection is dead, so the newest session always wins and nothing is said about it. Two nodes with one
//! identity are told apart from that by their return: each dials again whenever it is displaced, so the boot id of the
//! first comes back after the second was heard. A restarted process never does that, its boot id is new.
//!
//! Times are milliseconds of a clock that never goes back.

use std::collections::VecDeque;

/// How many boot ids are remembered of one member.
const REMEMBERED: usize = 8;
/// How long two nodes with one identity stay a problem after they were last seen, in milliseconds: ten minutes.
const ALARM_MS: u64 = 600_000;
/// A node that was heard within this time, in milliseconds, counts as alive although another displaced it.
const ALIVE_MS: u64 = 30_000;

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

/// The sessions of one member. The lines change hands apart from each other: a clone that is let in on the control line
/// only, because its log is behind, does not take the sync line from the true node.
#[derive(Clone, Debug, Default)]
pub struct Lease {
    next: Ticket,
    control: Hold,
    sync: Hold,
    clone_seen_ms: Option<u64>,
}

/// Who has one line, and who had it.
#[derive(Clone, Debug, Default)]
struct Hold {
    ticket: Option<Ticket>,
    /// Boot ids and when each was heard last on this line; the present one is the last.
    boots: VecDeque<(BootId, u64)>,
}

impl Lease {
    /// Gives the line to a new session. Whoever had it finds that out with [`Lease::holds`].
    pub fn take(&mut self, line: Line, boot: BootId, now_ms: u64) -> Ticket {
        self.next += 1;
        let ticket = self.next;
        let hold = self.hold_mut(line);
        hold.ticket = Some(ticket);
        let mut came_back = false;
        if hold.boots.back().is_none_or(|(present, _)| *present != boot) {
            if let Some(index) = hold.boots.iter().position(|(heard, _)| *heard == boot) {
                hold.boots.remove(index);
                came_back = true;
            }
            hold.boots.push_back((boot, now_ms));
            if hold.boots.len() > REMEMBERED {
                hold.boots.pop_front();
            }
        }
        if came_back {
            self.clone_seen_ms = Some(now_ms);
        }
        self.hear(line, now_ms);
        ticket
    }

    /// Whoever holds the line was heard on it.
    pub fn hear(&mut self, line: Line, now_ms: u64) {
        let hold = self.hold_mut(line);
        if hold.ticket.is_some()
            && let Some((_, heard)) = hold.boots.back_mut()
        {
            *heard = now_ms;
        }
    }

    /// Was another node with this identity heard just now?
    #[must_use]
    pub fn has_rival(&self, boot: BootId, now_ms: u64) -> bool {
        let mut heard = self.control.boots.iter().chain(&self.sync.boots);
        heard.any(|(other, heard)| *other != boot && now_ms.saturating_sub(*heard) < ALIVE_MS)
    }

    /// Does the session still hold its line?
    #[must_use]
    pub fn holds(&self, line: Line, ticket: Ticket) -> bool {
        self.hold(line).ticket == Some(ticket)
    }

    /// Gives the line back; false when another session has it already.
    pub fn give_back(&mut self, line: Line, ticket: Ticket) -> bool {
        let held = self.holds(line, ticket);
        if held {
            self.hold_mut(line).ticket = None;
        }
        held
    }

    /// Were two nodes with this identity alive at once lately?
    #[must_use]
    pub fn is_cloned(&self, now_ms: u64) -> bool {
        self.clone_seen_ms.is_some_and(|seen| now_ms.saturating_sub(seen) < ALARM_MS)
    }

    fn hold(&self, line: Line) -> &Hold {
        match line {
            Line::Control => &self.control,
            Line::Sync => &self.sync,
        }
    }

    fn hold_mut(&mut self, line: Line) -> &mut Hold {
        match line {
            Line::Control => &mut self.control,
            Line::Sync => &mut self.sync,
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
    fn a_restarted_node_takes_the_lines_one_by_one_and_is_no_clone() {
        let mut lease = Lease::default();
        let control = lease.take(Line::Control, A, 0);
        let sync = lease.take(Line::Sync, A, 0);
        lease.take(Line::Sync, B, 1);
        assert!(lease.holds(Line::Control, control) && !lease.holds(Line::Sync, sync));
        lease.take(Line::Control, B, 2);
        assert!(!lease.holds(Line::Control, control) && !lease.is_cloned(2));
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

    #[test]
    fn a_displaced_node_is_a_rival_until_it_was_silent_for_half_a_minute() {
        let mut lease = Lease::default();
        lease.take(Line::Control, A, 0);
        lease.hear(Line::Control, 1_000);
        assert!(!lease.has_rival(A, 1_000) && lease.has_rival(B, 1_000));
        lease.take(Line::Control, B, 2_000);
        lease.hear(Line::Control, 60_000);
        assert!(lease.has_rival(B, 1_000 + ALIVE_MS - 1) && lease.has_rival(A, 60_000));
        assert!(!lease.has_rival(B, 1_000 + ALIVE_MS));
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
                let ticket = lease.take(line, [boot; 16], time as u64);
                prop_assert!(lease.holds(line, ticket));
                prop_assert!(!lease.is_cloned(time as u64));
            }
        }
    }
}
