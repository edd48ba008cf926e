//! Random commands in random order, repeated and late: whatever comes, every step is checked, and in the end everything
//! can be closed.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{
        action::{
            Account, Action, AssignmentAction, Claim, Confirm, ContactReport, Decline, Departure, Extension,
            HeadCount, Note, Offer, Reason,
        },
        command::{SelfDeployment, UnsolicitedOffer},
        id::{AssignmentId, RequestId},
        term::{Basis, Mode, Payer, Priority},
    },
};

use super::world::*;
use crate::mutual_aid::machine::{
    command::{Body, Command, Context, Preempt},
    ledger::{Book, LedgerKey, Terms},
};

/// One thing that somebody tries. The numbers pick among what there is.
#[derive(Clone, Copy, Debug)]
struct Try {
    what: u8,
    first: u8,
    second: u8,
    number: u8,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>())
        .prop_map(|(what, first, second, number)| Try { what, first, second, number });
    prop::collection::vec(one, 1..90)
}

/// A world with three requests, one of them in a drill, and the commands given so far.
struct Alliance {
    world: World,
    requests: Vec<RequestId>,
    given: Vec<(Context, Command)>,
}

impl Alliance {
    fn new() -> Self {
        let mut world = World::new();
        let drill = world.incident(Mode::Exercise, "演练");
        let real = world.incident(Mode::Actual, "二车间火灾");
        let requests = vec![
            world.submit(CHEM, drill, "演练", Priority::P2, 2),
            world.submit(CHEM, real, "泡沫", Priority::P2, 3),
            world.submit(ELECTRONICS, real, "清障", Priority::P3, 1),
        ];
        Self { world, requests, given: vec![] }
    }

    fn request(&self, number: u8) -> RequestId {
        self.requests[usize::from(number) % self.requests.len()]
    }

    fn assignment(&self, number: u8) -> Option<AssignmentId> {
        let ids: Vec<_> = self.world.case.assignments.keys().copied().collect();
        (!ids.is_empty()).then(|| ids[usize::from(number) % ids.len()])
    }

    fn act(&mut self, one: Try) {
        let Try { what, first, second, number } = one;
        match what % 10 {
            0..=3 => self.speak(one),
            4 => self.order(first, second, number),
            5 => self.decide(first, number),
            6 => self.give("dispatcher", |alliance| {
                Some(Body::Solicit {
                    request: alliance.world.decided(alliance.request(first)),
                    line: line(),
                    resources: vec![resource(second)],
                    quantity: (number > 100).then_some(u64::from(number % 3) + 1),
                })
            }),
            7 => self.come(first, second, number),
            8 => {
                self.world.later(i64::from(number) * 3);
                let due = self.world.deadlines().into_iter().nth(usize::from(first % 4));
                if let Some(due) = due {
                    let cx = self.world.context("system");
                    drop(self.world.give(&cx, &Command::due(due)));
                }
            }
            _ => {
                // Something that was given before comes again.
                if !self.given.is_empty() {
                    let (cx, command) = self.given[usize::from(first) % self.given.len()].clone();
                    let before = self.world.case.clone();
                    drop(self.world.give(&cx, &command));
                    assert_eq!(self.world.case, before, "I5: {command:?}");
                }
            }
        }
    }

    fn give(&mut self, who: &str, body: impl FnOnce(&Self) -> Option<Body>) {
        let Some(body) = body(self) else { return };
        let command = self.world.command(body);
        let cx = self.world.context(who);
        drop(self.world.give(&cx, &command));
        self.given.push((cx, command));
    }

    /// A member or a dispatcher says something about an assignment; the epoch may be an old one or none at all.
    fn speak(&mut self, Try { what, first, second, number }: Try) {
        let Some(id) = self.assignment(first) else { return };
        let newest = self.world.assignment(id).state.order().map_or(0, |order| order.epoch);
        let (quantity, version) =
            (self.world.assignment(id).state.quantity(), self.world.assignment(id).version);
        let action = action(what / 10, number, quantity, self.world.now);
        let epoch = if second.is_multiple_of(4) { u64::from(second / 4 % 4) } else { newest };
        let owner = self.world.assignment(id).owner().to_string();
        let who = match second % 5 {
            0 => "dispatcher",
            1 => CHEM,
            2 => ELECTRONICS,
            _ => owner.as_str(),
        };
        self.give(who, |_| {
            let action = AssignmentAction { assignment: id, epoch, action };
            Some(Body::Act { action, expected: (number % 8 > 0).then_some(version) })
        });
    }

    fn order(&mut self, first: u8, second: u8, number: u8) {
        let victim = self.assignment(number / 7);
        self.give("dispatcher", |alliance| {
            let request = alliance.request(first);
            let mut wish = alliance.world.wish(request, &resource(second), u64::from(number % 3) + 1);
            wish.overcommit = number.is_multiple_of(5);
            if number > 170
                && let Some(victim) = victim
            {
                wish.preempt = Some(Preempt { from: vec![victim], reason: "救人".to_owned() });
            }
            Some(Body::Order(Box::new(wish)))
        });
    }

    /// A dispatcher decides about a request, or an owner lends more or less.
    fn decide(&mut self, first: u8, number: u8) {
        let owner = resource(first).member.to_string();
        let who = if number % 12 == 7 { owner.as_str() } else { "dispatcher" };
        self.give(who, |alliance| {
            let id = alliance.request(first);
            let decided = alliance.world.decided(id);
            Some(match number % 12 {
                0..=4 => Body::Accept(decided),
                5 => Body::StandDown(decided, "结束".to_owned()),
                6 => Body::Close(decided),
                7 => Body::SetTerms {
                    ledger: LedgerKey { resource: resource(first), book: Book::Actual },
                    expected: None,
                    terms: Terms {
                        quota: u64::from(number / 60),
                        pre_authorised: number > 200,
                        ..terms(&resource(first))
                    },
                    recount: number.is_multiple_of(2),
                },
                8 => {
                    let into = alliance.world.decided(alliance.request(number / 12));
                    Body::Merge { from: decided, into, carry: vec![line()] }
                }
                9 | 10 => {
                    let priority = if number > 200 { Priority::P1 } else { Priority::P2 };
                    let mut new = written("改", priority, u64::from(number % 4) + 1);
                    new.lines[0].number = Some(line());
                    Body::Amend(decided, Box::new(new))
                }
                _ => Body::Reject(decided, "误报".to_owned()),
            })
        });
    }

    /// Help that nobody ordered.
    fn come(&mut self, first: u8, second: u8, number: u8) {
        let owner = resource(second).member.to_string();
        self.give(&owner, |alliance| {
            let line = alliance.world.case.requests[&alliance.request(first)].line_id(line());
            let quantity = u64::from(number % 2) + 1;
            Some(if number > 180 {
                let on_scene = number.is_multiple_of(2);
                Body::SelfDeploy(SelfDeployment {
                    line,
                    resource: resource(second),
                    quantity,
                    on_scene,
                    note: String::new(),
                })
            } else {
                let offer = offer(quantity);
                Body::Offer(UnsolicitedOffer { line, resource: resource(second), offer })
            })
        });
    }

    /// Everything ends well: who is out comes home, and every request can be closed.
    fn close_all(&mut self) {
        for request in self.requests.clone() {
            if !self.world.case.requests[&request].is_alive() {
                continue;
            }
            let decided = self.world.decided(request);
            drop(self.world.say("dispatcher", Body::StandDown(decided, "结束".to_owned())));
            let out: Vec<_> = (self.world.case.of_request(request))
                .filter(|one| one.is_out())
                .map(|one| (one.id, one.state.quantity()))
                .collect();
            for (id, returned) in out {
                let home = Action::Return(Account { returned, ..Account::default() });
                self.world.act("dispatcher", id, home).unwrap();
            }
            let decided = self.world.decided(request);
            self.world.say("dispatcher", Body::Close(decided)).unwrap();
        }
        for ledger in self.world.case.ledgers.values() {
            assert_eq!(ledger.in_use(), 0, "{ledger:?}");
            survives(ledger.as_ref());
        }
        self.world.case.incidents.values().for_each(|incident| survives(incident.as_ref()));
        self.world.case.requests.values().for_each(|request| survives(request.as_ref()));
        self.world.case.assignments.values().for_each(|assignment| survives(assignment.as_ref()));
        self.world.entries.iter().for_each(survives);
    }
}

/// A store may keep it as JSON.
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(kept: &T) {
    let json = serde_json::to_string(kept).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *kept);
}

fn resource(number: u8) -> PublicationName {
    if number.is_multiple_of(2) { crane() } else { foam() }
}

fn offer(quantity: u64) -> Offer {
    Offer { quantity, eta_seconds: 300, conditions: String::new(), valid_seconds: Some(400) }
}

fn action(what: u8, number: u8, quantity: u64, now: jiff::Timestamp) -> Action {
    let no = Decline { reason: "broken".parse().unwrap(), note: String::new() };
    let why = Reason { reason: "换人".to_owned() };
    match what % 24 {
        0..=5 => Action::Confirm(Confirm::default()),
        6 => Action::Refuse(no),
        7 => Action::Withdraw(no),
        8 => Action::Decline(no),
        9 => Action::Offer(offer(u64::from(number % 3) + 1)),
        10 => Action::Muster(Note::default()),
        11 | 12 => Action::Depart(Departure::default()),
        13 => Action::Stage(Note::default()),
        14 | 15 => Action::Arrive(Note::default()),
        16 => Action::Extend(Extension { until: now, note: String::new() }),
        17 => Action::Recall(why),
        18 => Action::Release(Note::default()),
        19 => {
            let consumed = u64::from(number % 2).min(quantity);
            Action::Return(Account { returned: quantity - consumed, consumed, ..Account::default() })
        }
        20 => Action::Settle(Claim {
            cost_fen: u64::from(number % 2),
            payer: Payer::Requester,
            basis: Basis::Agreement,
            note: String::new(),
        }),
        21 => Action::HeadCount(HeadCount { people: number.into(), note: String::new() }),
        22 => Action::Contact(ContactReport { lost: number > 99, note: String::new() }),
        _ => Action::StandDown(why),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_ends_well(tries in tries()) {
        let mut alliance = Alliance::new();
        for one in tries {
            alliance.act(one);
        }
        alliance.close_all();
    }
}
