use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn at(seq: u64) -> Position {
    match u8::try_from(seq) {
        Ok(0) => Position::default(),
        Ok(byte) => Position { epoch: 1, seq, hash: Hash([byte; 32]) },
        Err(_) => panic!("the tests' logs are short"),
    }
}

fn hub(epoch: u64) -> HubShown {
    HubShown { epoch, incarnation: Incarnation([7; 16]) }
}

fn met(epoch: u64) -> HubMemory {
    HubMemory { last: hub(epoch), ..HubMemory::default() }
}

fn welcome(case: ResumeCase, cursor: Position) -> Welcome {
    Welcome { case, cursor, credit: 1_000_000, hub: hub(3) }
}

fn connected(head: u64) -> Machine {
    let mut machine = Machine::new(met(3), false);
    assert_eq!(machine.handle(Event::Connected { head: at(head) }), []);
    assert!(machine.awaits_hub());
    machine
}

/// The commands after a hello at `head` and this welcome.
fn greeted(head: u64, welcome: Welcome, own: Option<Hash>) -> (Machine, Vec<Command>) {
    let mut machine = connected(head);
    let commands = machine.handle(Event::Welcomed { welcome, own });
    (machine, commands)
}

fn read(after: u64, most_bytes: u64) -> Command {
    Command::Read { after, most_bytes }
}

fn streaming_from(cursor: u64, head: u64) -> Machine {
    let (machine, commands) = greeted(head, welcome(ResumeCase::Normal, at(cursor)), Some(at(cursor).hash));
    assert_eq!(commands[..2], [Command::Progress(at(cursor)), Command::Remember(at(cursor))]);
    machine
}

/// A read that could not take everything.
fn loaded(last: u64, bytes: u64) -> Event {
    Event::Loaded { last: Some(at(last)), bytes, cut: true }
}

#[test]
fn few_entries_wait_for_the_acknowledgement_and_travel_together() {
    let mut machine = streaming_from(2, 3);
    let all = |last| Event::Loaded { last: Some(at(last)), bytes: 100, cut: false };
    assert_eq!(machine.handle(all(3)), [Command::Send]);
    assert_eq!(machine.handle(Event::Grew { seq: 4 }), []);
    assert_eq!(machine.handle(Event::Grew { seq: 9 }), []);
    let acked = machine.handle(Event::Acked { cursor: at(3), credit: 100 });
    assert_eq!(acked, [Command::Progress(at(3)), read(3, 1_000_000)]);
    assert_eq!(machine.handle(all(9)), [Command::Send]);
    assert_eq!(machine.handle(Event::Grew { seq: 9 + WORTH_SENDING }), [read(9, 999_900)], "worth a batch");
}

#[test]
fn batches_fly_within_the_credit_and_acknowledgements_give_it_back() {
    let mut machine = streaming_from(2, 9);
    assert_eq!(machine.handle(loaded(5, 600_000)), [Command::Send, read(5, 400_000)]);
    assert_eq!(machine.handle(loaded(7, 390_000)), [Command::Send]);
    assert!(machine.awaits_hub());
    let acked = machine.handle(Event::Acked { cursor: at(5), credit: 600_000 });
    assert_eq!(acked, [Command::Progress(at(5)), read(7, 610_000)]);
    assert_eq!(machine.handle(loaded(9, 500_000)), [Command::Send]);
    let acked = machine.handle(Event::Acked { cursor: at(9), credit: 890_000 });
    assert_eq!(acked, [Command::Progress(at(9))]);
    assert!(!machine.awaits_hub());
    assert_eq!(machine.handle(Event::Grew { seq: 10 }), [read(9, 1_000_000)]);
    assert_eq!(machine.handle(Event::Disconnected), [Command::Remember(at(9))]);
}

#[test]
fn an_entry_that_does_not_fit_waits_for_credit() {
    let mut machine = streaming_from(0, 3);
    machine.handle(loaded(1, 900_000));
    let nothing = Event::Loaded { last: None, bytes: 0, cut: true };
    assert_eq!(machine.handle(nothing), [Command::Discard]);
    assert_eq!(machine.handle(Event::Grew { seq: 4 }), [], "starved");
    let acked = machine.handle(Event::Acked { cursor: at(1), credit: 900_000 });
    assert_eq!(acked, [Command::Progress(at(1)), read(1, 1_000_000)]);
    let left = machine.handle(nothing);
    assert_eq!(left.last(), Some(&Command::Leave(Fault::CreditTooSmall)), "alone and still too large");
}

#[test]
fn never_more_than_the_most_batches_fly() {
    let mut machine = streaming_from(0, 200);
    let mut sent = 0;
    while machine.handle(loaded(sent + 1, 10)).len() == 2 {
        sent += 1;
    }
    assert_eq!(usize::try_from(sent + 1).unwrap(), MOST_FLYING);
}

#[test]
fn a_wake_that_came_too_early_is_harmless() {
    let mut machine = streaming_from(2, 2);
    assert_eq!(machine.handle(Event::Grew { seq: 3 }), [read(2, 1_000_000)]);
    assert_eq!(machine.handle(Event::Loaded { last: None, bytes: 0, cut: false }), [Command::Discard]);
    assert_eq!(machine.handle(Event::Grew { seq: 3 }), [read(2, 1_000_000)]);
}

#[test]
fn what_is_published_between_hello_and_welcome_is_not_forgotten() {
    let mut machine = connected(0);
    assert_eq!(machine.handle(Event::Grew { seq: 3 }), []);
    let event = Event::Welcomed { welcome: welcome(ResumeCase::FirstContact, at(0)), own: Some(Hash::ZERO) };
    assert_eq!(machine.handle(event).last(), Some(&read(0, 1_000_000)));
}

#[test]
fn the_hubs_cursor_wins_whatever_was_acknowledged() {
    let resumed = [Command::Progress(at(0)), Command::Remember(at(0)), read(0, 1_000_000)];
    for case in [ResumeCase::FirstContact, ResumeCase::Normal] {
        let (_, commands) = greeted(9, welcome(case, at(0)), Some(Hash::ZERO));
        assert_eq!(commands, resumed);
    }
    let (_, commands) = greeted(9, welcome(ResumeCase::HubRestored, at(0)), Some(Hash::ZERO));
    assert_eq!((commands[0], &commands[1..]), (Command::SayAgain, &resumed[..]));
}

#[test]
fn a_hub_with_a_lower_epoch_is_refused_and_a_higher_one_remembered() {
    let lower = Welcome { hub: hub(2), ..welcome(ResumeCase::Normal, at(5)) };
    let (mut machine, commands) = greeted(5, lower, Some(at(5).hash));
    assert_eq!(commands, [Command::RefuseHub { seen: hub(3), shown: hub(2) }]);
    assert_eq!(machine.handle(Event::Grew { seq: 6 }), [], "nothing is sent to it");
    let higher = Welcome { hub: hub(4), ..welcome(ResumeCase::Normal, at(5)) };
    let (mut machine, commands) = greeted(5, higher, Some(at(5).hash));
    assert_eq!(commands[0], Command::RememberHub(hub(4)));
    machine.handle(Event::Disconnected);
    machine.handle(Event::Connected { head: at(5) });
    let again = machine.handle(Event::Welcomed { welcome: welcome(ResumeCase::Normal, at(5)), own: None });
    assert_eq!(again, [Command::RefuseHub { seen: hub(4), shown: hub(3) }]);
}

#[test]
fn a_new_hub_is_remembered_also_when_the_log_is_held_there() {
    let higher = Welcome { hub: hub(4), ..welcome(ResumeCase::Normal, at(5)) };
    let (_, commands) = greeted(7, higher, Some(at(6).hash));
    assert_eq!(commands, [Command::RememberHub(hub(4)), Command::Hold(Fork::Differs { seq: 5 })]);
    let higher = Welcome { hub: hub(4), ..welcome(ResumeCase::Normal, at(9)) };
    let (_, commands) = greeted(7, higher, None);
    assert_eq!(commands, [Command::RememberHub(hub(4)), Command::Hold(Fork::Beyond { cursor: 9, head: 7 })]);
}

#[test]
fn a_second_restore_of_one_backup_is_followed_and_the_first_one_never_again() {
    let twin = HubShown { incarnation: Incarnation([8; 16]), ..hub(3) };
    let second = Welcome { hub: twin, ..welcome(ResumeCase::HubRestored, at(2)) };
    let (mut machine, commands) = greeted(5, second, Some(at(2).hash));
    assert_eq!(commands[..2], [Command::RememberHub(twin), Command::Progress(at(2))]);
    machine.handle(Event::Disconnected);
    machine.handle(Event::Connected { head: at(5) });
    let first = Event::Welcomed { welcome: welcome(ResumeCase::Normal, at(5)), own: Some(at(5).hash) };
    assert_eq!(machine.handle(first), [Command::RefuseHub { seen: twin, shown: hub(3) }]);
}

#[test]
fn a_hub_that_the_other_link_has_left_is_refused() {
    let (old, new) = (hub(3), HubShown { incarnation: Incarnation([8; 16]), ..hub(4) });
    let mut machine = streaming_from(2, 5);
    machine.handle(Event::Disconnected);
    machine.handle(Event::Connected { head: at(5) });
    let mut met = HubMemory { last: old, ..HubMemory::default() };
    met.follow(new);
    machine.has_met(met);
    let event = Event::Welcomed { welcome: welcome(ResumeCase::Normal, at(2)), own: Some(at(2).hash) };
    assert_eq!(machine.handle(event), [Command::RefuseHub { seen: new, shown: old }]);
}

#[test]
fn a_fork_holds_publishing_until_the_copies_agree() {
    let other = Position { hash: Hash([0xEE; 32]), ..at(5) };
    let (mut machine, commands) = greeted(9, welcome(ResumeCase::Normal, other), Some(at(5).hash));
    assert_eq!(commands, [Command::Hold(Fork::Differs { seq: 5 })]);
    assert_eq!(machine.handle(Event::Grew { seq: 10 }), []);
    machine.handle(Event::Connected { head: at(9) });
    let event = Event::Welcomed { welcome: welcome(ResumeCase::HubRestored, at(3)), own: Some(at(3).hash) };
    assert_eq!(machine.handle(event)[..2], [Command::SayAgain, Command::Release]);

    let (_, beyond) = greeted(4, welcome(ResumeCase::Normal, at(7)), None);
    assert_eq!(beyond, [Command::Hold(Fork::Beyond { cursor: 7, head: 4 })]);
    assert_eq!(connected(4).handle(Event::ForkFound), [Command::Hold(Fork::Told)]);
    let mut acked = streaming_from(0, 1);
    acked.handle(loaded(1, 10));
    let held = acked.handle(Event::Acked { cursor: Position { hash: other.hash, ..at(1) }, credit: 10 });
    assert_eq!(held, [Command::Hold(Fork::Differs { seq: 1 })]);
}

#[test]
fn a_restored_node_fetches_before_it_writes() {
    let (mut machine, commands) = greeted(4, welcome(ResumeCase::NodeRestored, at(7)), None);
    assert_eq!(commands, [Command::Fetch { from: 5, until: at(7) }]);
    assert_eq!(machine.handle(Event::Grew { seq: 7 }), []);
    let restored = machine.handle(Event::Restored { head: at(8) });
    assert_eq!(restored[0], Command::Release);
    assert_eq!(restored.last(), Some(&read(7, 1_000_000)));

    let (mut machine, _) = greeted(4, welcome(ResumeCase::NodeRestored, at(7)), None);
    assert_eq!(machine.handle(Event::ForkFound), [Command::Hold(Fork::Differs { seq: 7 })]);

    let (mut machine, _) = greeted(4, welcome(ResumeCase::NodeRestored, at(7)), None);
    machine.handle(Event::Disconnected);
    machine.handle(Event::Connected { head: at(6) });
    let event = Event::Welcomed { welcome: welcome(ResumeCase::Normal, at(6)), own: Some(at(6).hash) };
    assert_eq!(machine.handle(event)[0], Command::Release, "what was paused goes on");

    let (_, commands) = greeted(7, welcome(ResumeCase::NodeRestored, at(7)), Some(at(7).hash));
    assert_eq!(
        commands,
        [Command::Fetch { from: 8, until: at(7) }],
        "nothing to fetch, a new epoch to begin"
    );
}

#[test]
fn a_hub_that_breaks_the_rules_is_left() {
    let leaves =
        |mut machine: Machine, event| matches!(machine.handle(event).last(), Some(Command::Leave(_)));
    let mut sent = streaming_from(3, 5);
    sent.handle(loaded(5, 10));
    assert!(leaves(sent.clone(), Event::Acked { cursor: at(6), credit: 0 }));
    assert!(leaves(sent.clone(), Event::Acked { cursor: at(2), credit: 0 }));
    let event = Event::Welcomed { welcome: welcome(ResumeCase::Normal, at(5)), own: Some(at(5).hash) };
    assert!(leaves(sent, event));
    assert!(leaves(connected(1), Event::Restored { head: at(2) }));
}

/// A hub and a wire for the machine: entries have sizes, batches wait on the wire, and so do acknowledgements.
struct Model {
    machine: Machine,
    sizes: Vec<u64>,
    hub_cursor: u64,
    wire: VecDeque<(u64, u64, u64)>,
    acks: VecDeque<(u64, u64)>,
    credit: u64,
    sent: u64,
    open: bool,
    welcomed: bool,
}

const CREDIT: u64 = 300_000;

impl Model {
    fn new() -> Self {
        Self {
            machine: Machine::new(met(0), false),
            sizes: Vec::new(),
            hub_cursor: 0,
            wire: VecDeque::new(),
            acks: VecDeque::new(),
            credit: 0,
            sent: 0,
            open: false,
            welcomed: false,
        }
    }

    fn head(&self) -> u64 {
        self.sizes.len() as u64
    }

    fn tell(&mut self, event: Event) {
        let mut commands = VecDeque::from(self.machine.handle(event));
        let mut loaded = None;
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Read { after, most_bytes } => {
                    assert_eq!(after, self.sent, "no gap and no repeat within a stream");
                    let (mut last, mut bytes) = (after, 0);
                    let rest = &self.sizes[usize::try_from(after).unwrap()..];
                    for size in rest.iter().take_while(|size| {
                        bytes += **size;
                        bytes <= most_bytes
                    }) {
                        last += u64::from(*size > 0);
                    }
                    let bytes = self.sizes[usize::try_from(after).unwrap()..usize::try_from(last).unwrap()]
                        .iter()
                        .sum();
                    loaded = Some((after, last, bytes));
                    let position = (last > after).then(|| at(last));
                    let cut = last < self.head();
                    commands.extend(self.machine.handle(Event::Loaded { last: position, bytes, cut }));
                }
                Command::Send => {
                    let (after, last, bytes) = loaded.take().expect("something was read");
                    assert!(bytes <= self.credit, "{bytes} are sent on a credit of {}", self.credit);
                    self.credit -= bytes;
                    self.sent = last;
                    self.wire.push_back((after, last, bytes));
                    assert!(self.wire.len() + self.acks.len() <= MOST_FLYING);
                }
                Command::Discard => loaded = None,
                Command::Progress(_) | Command::Remember(_) | Command::RememberHub(_) => {}
                Command::Fetch { .. }
                | Command::SayAgain
                | Command::Release
                | Command::Hold(_)
                | Command::RefuseHub { .. }
                | Command::Leave(_) => panic!("an honest hub and node: {command:?}"),
            }
        }
    }

    /// Says hello, and the next time hears the welcome.
    fn connect(&mut self) {
        if self.welcomed {
            return;
        }
        if !self.open {
            (self.open, self.credit, self.sent) = (true, CREDIT, self.hub_cursor);
            return self.tell(Event::Connected { head: at(self.head()) });
        }
        self.welcomed = true;
        let cursor = at(self.hub_cursor);
        let welcome = Welcome { case: ResumeCase::Normal, cursor, credit: CREDIT, hub: hub(0) };
        self.tell(Event::Welcomed { welcome, own: Some(cursor.hash) });
    }

    fn disconnect(&mut self) {
        (self.open, self.welcomed) = (false, false);
        self.wire.clear();
        self.acks.clear();
        self.tell(Event::Disconnected);
    }

    fn step(&mut self, step: u8, value: u64) {
        match step % 8 {
            0..=2 if self.head() < 200 => {
                self.sizes.push(1 + value % 200_000);
                self.tell(Event::Grew { seq: self.head() });
            }
            3 | 4 => {
                if let Some((after, last, bytes)) = self.wire.pop_front() {
                    assert_eq!(after, self.hub_cursor, "the hub sees no gap");
                    self.hub_cursor = last;
                    self.acks.push_back((last, bytes));
                }
            }
            5 => {
                if let Some((cursor, bytes)) = self.acks.pop_front() {
                    self.credit += bytes;
                    self.tell(Event::Acked { cursor: at(cursor), credit: bytes });
                }
            }
            6 => self.connect(),
            // Also the hub may come back from a backup.
            7 if value.is_multiple_of(3) => {
                self.disconnect();
                self.hub_cursor = self.hub_cursor.min(value % 200);
            }
            _ => self.disconnect(),
        }
    }
}

proptest! {
    #[test]
    fn any_order_of_events_ends_with_everything_at_the_hub(
        steps in proptest::collection::vec((any::<u8>(), any::<u64>()), 0..300),
    ) {
        let mut model = Model::new();
        for (step, value) in steps {
            model.step(step, value);
        }
        model.connect();
        model.connect();
        for _ in 0..2_000 {
            model.step(3, 0);
            model.step(5, 0);
        }
        prop_assert_eq!(model.hub_cursor, model.head());
        prop_assert!(!model.machine.awaits_hub());
    }
}
