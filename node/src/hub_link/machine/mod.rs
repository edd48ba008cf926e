//! What a sync link does next. Pure: no I/O, no time.
//!
//! The driver tells what happened ([`Event`]) and carries out what it is told ([`Command`]), in order. The hub's cursor
//! is the only authority about where to go on; what the node remembers is a hint.

mod hub;
#[cfg(test)]
mod tests;
mod words;

pub use hub::{HubJudged, HubMemory, HubShown, Incarnation};
pub use words::{Command, Event, Fault, Fork, ResumeCase, Welcome};

use std::collections::VecDeque;

use shouwang_proto::log::{Hash, chain::Position, entry::BATCH_BYTES};

/// Most batches under way. Bounds what waits in memory, whatever credit a hub gives.
pub const MOST_FLYING: usize = 16;
/// The hub's position is kept in the store after so many acknowledgements, and when a stream ends. It is a hint, not
/// worth a commit each.
const REMEMBER_EVERY: u32 = 64;
/// With batches under way, less credit than this waits for more instead of making tiny batches.
const WORTH_READING: u64 = 64 * 1024;
/// With a batch under way, fewer entries than this wait for its acknowledgement and travel together. A quiet node sends
/// each entry at once; under load batches grow as the hub's commits take longer, and each costs both sides one signed
/// head and the hub one transaction (Nagle's rule, RFC 896).
const WORTH_SENDING: u64 = 64;

#[derive(Clone, Debug)]
enum Phase {
    Apart,
    Greeting { head: Position },
    Restoring { until: Position, credit: u64 },
    Streaming(Stream),
}

#[derive(Clone, Debug)]
struct Stream {
    cursor: Position,
    sent: u64,
    credit: u64,
    /// The last entries of the batches under way.
    flying: VecDeque<Position>,
    reading: bool,
    /// The last read could not take all that there was.
    behind: bool,
    starved: bool,
    unremembered: u32,
}

/// The machine of one sync link.
#[derive(Clone, Debug)]
pub struct Machine {
    hub: HubMemory,
    /// The newest own entry that is known of; it may grow in any phase.
    head: u64,
    /// Is the log kept from being written, by a fork or by a restore that was cut short?
    closed: bool,
    phase: Phase,
}

impl Machine {
    /// A machine that has met these hubs; `held` when publishing is held from before.
    #[must_use]
    pub fn new(hub: HubMemory, held: bool) -> Self {
        Self { hub, head: 0, closed: held, phase: Phase::Apart }
    }

    /// Which hubs this node has met by now, also on its other link. To be told before every welcome: else a hub that the
    /// other link has left would be taken for the newest.
    pub fn has_met(&mut self, hubs: HubMemory) {
        self.hub = hubs;
    }

    /// True while an answer of the hub is due: then silence means a broken link.
    #[must_use]
    pub fn awaits_hub(&self) -> bool {
        match &self.phase {
            Phase::Apart | Phase::Restoring { .. } => false,
            Phase::Greeting { .. } => true,
            Phase::Streaming(stream) => !stream.flying.is_empty(),
        }
    }

    /// Takes an event and says what to do.
    pub fn handle(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Connected { head } => {
                self.head = head.seq;
                self.phase = Phase::Greeting { head };
                Vec::new()
            }
            Event::Welcomed { welcome, own } => self.welcomed(welcome, own),
            Event::Restored { head } => self.restored(head),
            Event::ForkFound => match self.phase {
                Phase::Restoring { until, .. } => self.hold(Fork::Differs { seq: until.seq }),
                Phase::Apart | Phase::Greeting { .. } | Phase::Streaming(_) => self.hold(Fork::Told),
            },
            Event::Disconnected => self.disconnected(),
            Event::Grew { seq } => {
                // Also between hello and welcome, where a growth that was forgotten would wait for the next one.
                self.head = self.head.max(seq);
                self.streaming(event)
            }
            Event::Loaded { .. } | Event::Acked { .. } => self.streaming(event),
        }
    }

    fn leave(&mut self, fault: Fault) -> Vec<Command> {
        let mut commands = self.disconnected();
        commands.push(Command::Leave(fault));
        commands
    }

    fn hold(&mut self, fork: Fork) -> Vec<Command> {
        self.closed = true;
        let mut commands = self.disconnected();
        commands.push(Command::Hold(fork));
        commands
    }

    fn disconnected(&mut self) -> Vec<Command> {
        match std::mem::replace(&mut self.phase, Phase::Apart) {
            Phase::Streaming(stream) if stream.unremembered > 0 => vec![Command::Remember(stream.cursor)],
            Phase::Apart | Phase::Greeting { .. } | Phase::Restoring { .. } | Phase::Streaming(_) => {
                Vec::new()
            }
        }
    }

    fn welcomed(&mut self, welcome: Welcome, own: Option<Hash>) -> Vec<Command> {
        let Phase::Greeting { head } = self.phase else {
            return self.leave(Fault::Protocol("a welcome that nobody waits for"));
        };
        let Welcome { case, cursor, credit, hub } = welcome;
        let mut commands = Vec::new();
        match self.hub.judge(hub) {
            // Nobody restored it as it should be done, or it would be another one. It cannot know; we do.
            HubJudged::Known if case == ResumeCase::HubRestored => commands.push(Command::SayAgain),
            HubJudged::Known => {}
            HubJudged::New => {
                self.hub.follow(hub);
                commands.push(Command::RememberHub(hub));
            }
            HubJudged::Old => {
                self.phase = Phase::Apart;
                return vec![Command::RefuseHub { seen: self.hub.last, shown: hub }];
            }
        }
        match own {
            Some(own) if own != cursor.hash => {
                commands.extend(self.hold(Fork::Differs { seq: cursor.seq }));
                return commands;
            }
            // Also with nothing to fetch: then the hub only asks for a new epoch.
            Some(_) | None if case == ResumeCase::NodeRestored && head.seq <= cursor.seq => {
                self.closed = true;
                self.phase = Phase::Restoring { until: cursor, credit };
                commands.push(Command::Fetch { from: head.seq + 1, until: cursor });
                return commands;
            }
            None => {
                commands.extend(self.hold(Fork::Beyond { cursor: cursor.seq, head: head.seq }));
                return commands;
            }
            Some(_) => {}
        }
        if std::mem::take(&mut self.closed) {
            commands.push(Command::Release);
        }
        commands.extend(self.begin(cursor, credit));
        commands
    }

    fn restored(&mut self, head: Position) -> Vec<Command> {
        let Phase::Restoring { until, credit } = self.phase else {
            return self.leave(Fault::Protocol("a restore that nobody waits for"));
        };
        self.closed = false;
        let mut commands = vec![Command::Release];
        self.head = head.seq;
        commands.extend(self.begin(until, credit));
        commands
    }

    /// Streams from the hub's cursor on.
    fn begin(&mut self, cursor: Position, credit: u64) -> Vec<Command> {
        let mut stream = Stream {
            cursor,
            sent: cursor.seq,
            credit,
            flying: VecDeque::new(),
            reading: false,
            behind: false,
            starved: false,
            unremembered: 0,
        };
        let mut commands = vec![Command::Progress(cursor), Command::Remember(cursor)];
        commands.extend(stream.read(self.head));
        self.phase = Phase::Streaming(stream);
        commands
    }

    fn streaming(&mut self, event: Event) -> Vec<Command> {
        let Phase::Streaming(stream) = &mut self.phase else {
            // What a finished conversation leaves behind, such as a read that was under way.
            return if matches!(event, Event::Loaded { .. }) { vec![Command::Discard] } else { Vec::new() };
        };
        let step = match event {
            Event::Loaded { last, bytes, cut } => stream.loaded(&mut self.head, last, bytes, cut),
            Event::Acked { cursor, credit } => stream.acked(self.head, cursor, credit),
            Event::Grew { .. } => Ok(stream.read(self.head).into_iter().collect()),
            Event::Connected { .. }
            | Event::Welcomed { .. }
            | Event::Restored { .. }
            | Event::ForkFound
            | Event::Disconnected => Ok(Vec::new()),
        };
        match step {
            Ok(commands) => commands,
            Err(Wrong::Fault(fault)) => self.leave(fault),
            Err(Wrong::Fork(fork)) => self.hold(fork),
        }
    }
}

/// Why a stream cannot go on.
enum Wrong {
    Fault(Fault),
    Fork(Fork),
}

impl Stream {
    /// The next read, if one makes sense now.
    fn read(&mut self, head: u64) -> Option<Command> {
        let may = !self.reading && !self.starved && self.flying.len() < MOST_FLYING;
        let bytes = if self.flying.is_empty() { 0 } else { WORTH_READING };
        let entries = if self.flying.is_empty() || self.behind { 1 } else { WORTH_SENDING };
        if !may || self.credit < bytes || head.saturating_sub(self.sent) < entries {
            return None;
        }
        self.reading = true;
        let whole = u64::try_from(BATCH_BYTES).unwrap_or(u64::MAX);
        Some(Command::Read { after: self.sent, most_bytes: self.credit.min(whole) })
    }

    fn loaded(
        &mut self,
        head: &mut u64,
        last: Option<Position>,
        bytes: u64,
        cut: bool,
    ) -> Result<Vec<Command>, Wrong> {
        if !std::mem::take(&mut self.reading) {
            return Ok(vec![Command::Discard]);
        }
        let Some(last) = last else {
            if !cut {
                // Somebody said that the log had grown before it had.
                *head = self.sent;
                return Ok(vec![Command::Discard]);
            }
            if self.flying.is_empty() {
                return Err(Wrong::Fault(Fault::CreditTooSmall));
            }
            self.starved = true;
            return Ok(vec![Command::Discard]);
        };
        self.behind = cut;
        self.credit = self.credit.saturating_sub(bytes);
        self.sent = last.seq;
        *head = (*head).max(last.seq);
        self.flying.push_back(last);
        let mut commands = vec![Command::Send];
        commands.extend(self.read(*head));
        Ok(commands)
    }

    fn acked(&mut self, head: u64, cursor: Position, credit: u64) -> Result<Vec<Command>, Wrong> {
        if cursor.seq > self.sent {
            return Err(Wrong::Fault(Fault::Protocol("an acknowledgement of what was not sent")));
        }
        if cursor.seq < self.cursor.seq {
            return Err(Wrong::Fault(Fault::Protocol("a cursor that goes back")));
        }
        while let Some(last) = self.flying.front().copied()
            && last.seq <= cursor.seq
        {
            if last.seq == cursor.seq && last.hash != cursor.hash {
                return Err(Wrong::Fork(Fork::Differs { seq: cursor.seq }));
            }
            self.flying.pop_front();
        }
        self.credit = self.credit.saturating_add(credit);
        self.starved = false;
        self.cursor = cursor;
        self.unremembered += 1;
        let mut commands = vec![Command::Progress(cursor)];
        if self.unremembered >= REMEMBER_EVERY {
            self.unremembered = 0;
            commands.push(Command::Remember(cursor));
        }
        commands.extend(self.read(head));
        Ok(commands)
    }
}
