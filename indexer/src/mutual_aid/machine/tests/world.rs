//! A small park to test in: two members that ask for help, two that own things, and a driver that decides, checks every
//! step, and applies it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{
    id::{MemberId, PublicationName, RecordId},
    mutual_aid::{
        action::{Action, AssignmentAction},
        command::{About, Submission},
        id::{AgreementId, AssignmentId, CommandId, IncidentId, LineNumber, RequestId},
        incident::{Casualties, IncidentFacts, NewIncident},
        request::{Need, RequestFacts, WrittenLine, WrittenRequest},
        term::{Basis, Channel, Mode, Priority},
    },
    publication::{DutyContact, Location},
    refusal::Refusal,
};
use uuid::Uuid;

use super::steps;
use crate::mutual_aid::machine::{
    assignment::Assignment,
    broken::Stop,
    case::{Case, Recorded},
    change::{Answer, Change, Decision},
    command::{Body, Command, Context, Decided, Fingerprint, Key, OrderWish, Origin, Party},
    decide::decide,
    escalation::{Deadline, Subject},
    fulfilment::Fulfilment,
    ledger::{Book, Ledger, LedgerKey, Terms},
    policy::Policy,
    timeline::Entry,
};

/// Who asks for help in the stories.
pub(super) const CHEM: &str = "chenghu-chem";
/// The other who asks for help.
pub(super) const ELECTRONICS: &str = "lanting-electronics";
/// The owner of the crane.
pub(super) const FOUNDRY: &str = "hengrui-foundry";
/// The owner of the foam trucks.
pub(super) const AUTO: &str = "qihang-auto";

pub(super) fn member(id: &str) -> MemberId {
    id.parse().unwrap()
}

/// One crane: one thing, in one place.
pub(super) fn crane() -> PublicationName {
    PublicationName { member: member(FOUNDRY), record: RecordId::from_bytes([1; 16]) }
}

/// Two foam trucks.
pub(super) fn foam() -> PublicationName {
    PublicationName { member: member(AUTO), record: RecordId::from_bytes([2; 16]) }
}

pub(super) fn terms(resource: &PublicationName) -> Terms {
    let one = *resource == crane();
    Terms {
        title: if one { "吊车" } else { "泡沫车" }.to_owned(),
        unit: "1".to_owned(),
        serialised: one,
        pre_authorised: false,
        quota: if one { 1 } else { 2 },
    }
}

pub(super) fn facts(title: &str) -> IncidentFacts {
    IncidentFacts {
        title: title.to_owned(),
        place: Location { latitude: 31.3, longitude: 120.7, address: "星湖街 8 号".to_owned() },
        accident_type: "fire".to_owned(),
        accident_level: None,
        substances: vec![],
        casualties: Casualties::default(),
        description: String::new(),
        member: None,
        reports: vec![],
    }
}

pub(super) fn written(title: &str, priority: Priority, requested: u64) -> WrittenRequest {
    let need = Need {
        resource_kind: "vehicle".to_owned(),
        what: "救援车辆".to_owned(),
        capabilities: vec![],
        requested,
        minimum: 1,
        unit: "1".to_owned(),
        needed_by: None,
    };
    let contact = DutyContact { name: "李工".into(), phone: "0512 6666".into(), duty: String::new() };
    WrittenRequest {
        facts: RequestFacts {
            priority,
            title: title.to_owned(),
            description: String::new(),
            place: None,
            contact,
        },
        lines: vec![WrittenLine { number: None, need }],
    }
}

/// The first line of every request here.
pub(super) fn line() -> LineNumber {
    LineNumber::new(1).unwrap()
}

/// Drives the machines, checks every step, and remembers what was written down.
#[derive(Clone)]
pub(super) struct World {
    pub(super) case: Case,
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    pub(super) entries: Vec<Entry>,
    pub(super) told: Vec<String>,
    pub(super) answers: BTreeMap<Key, Recorded>,
    count: u64,
}

impl World {
    /// A park with an incident in each of the two modes named first, a crane and two foam trucks.
    pub(super) fn new() -> Self {
        let mut world = Self {
            case: Case::default(),
            now: "2026-07-12T03:00:00Z".parse().unwrap(),
            policy: Policy::default(),
            entries: vec![],
            told: vec![],
            answers: BTreeMap::new(),
            count: 0,
        };
        for resource in [crane(), foam()] {
            world.lend(Book::Actual, &resource);
        }
        world
    }

    pub(super) fn lend(&mut self, book: Book, resource: &PublicationName) {
        let key = LedgerKey { resource: resource.clone(), book };
        let ledger = Ledger::open(key.clone(), terms(resource), self.now);
        self.case.ledgers.insert(key, ledger.into());
    }

    pub(super) fn later(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    pub(super) fn context(&self, who: &str) -> Context {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.count.to_be_bytes());
        let mut cx = Context::system(self.now, seed, self.policy.clone());
        match who {
            "system" => {}
            "dispatcher" => {
                cx.party = Party::Dispatcher;
                cx.actor = "周调度".to_owned();
                cx.channel = Channel::Hub;
            }
            id => {
                cx.party = Party::Member(member(id));
                cx.actor = format!("{id} 值班");
                cx.channel = Channel::Node;
            }
        }
        cx
    }

    pub(super) fn command(&mut self, body: Body) -> Command {
        self.count += 1;
        let id = CommandId::from_uuid(Uuid::from_u128(u128::from(self.count)));
        let fingerprint = Fingerprint::of(format!("{body:?}").as_bytes());
        Command { key: Key { origin: Origin::Token("t".into()), id }, fingerprint, body }
    }

    /// Says something, checks the step and applies it. What the hub decides next is decided, too.
    #[track_caller]
    pub(super) fn say(&mut self, who: &str, body: Body) -> Result<Answer, Refusal> {
        let command = self.command(body);
        let cx = self.context(who);
        self.give(&cx, &command)
    }

    /// Gives a command, perhaps again.
    #[track_caller]
    pub(super) fn give(&mut self, cx: &Context, command: &Command) -> Result<Answer, Refusal> {
        self.case.recorded = self.answers.get(&command.key).cloned();
        let decided = decide(&self.case, cx, command);
        let part = self.case.part(&command.body.scope());
        assert_eq!(decide(&part, cx, command), decided, "what is loaded must do: {:?}", command.body);
        self.case.recorded = None;
        let decision = match decided {
            Ok(decision) => decision,
            Err(Stop::Refused(refusal)) => {
                let answer = Answer::refused(&refusal);
                let recorded = Recorded { fingerprint: command.fingerprint, answer };
                self.answers.entry(command.key.clone()).or_insert(recorded);
                return Err(refusal);
            }
            Err(Stop::Broken(broken)) => panic!("{broken}: {:?}", command.body),
        };
        let before = self.case.clone();
        self.take(&decision);
        let found = steps::violations(&before, &self.case, cx, command, &decision);
        assert!(found.is_empty(), "{found:#?}\nafter {:?}", command.body);
        let recorded = Recorded { fingerprint: command.fingerprint, answer: decision.answer.clone() };
        self.answers.entry(command.key.clone()).or_insert(recorded);
        for (index, body) in decision.then.into_iter().enumerate() {
            let next = command.follow_up(index, body);
            let cx = Context::system(cx.now, next.fingerprint.0, cx.policy.clone());
            self.give(&cx, &next)?;
        }
        match decision.answer.refusal() {
            Some(refusal) => Err(refusal),
            None => Ok(decision.answer),
        }
    }

    fn take(&mut self, decision: &Decision) {
        self.case.apply(&decision.changes);
        for change in &decision.changes {
            match change {
                Change::Entry(entry) => self.entries.push(entry.clone()),
                Change::Notice(notice) => {
                    let alarm = if notice.alarm { "!" } else { "" };
                    self.told.push(format!(
                        "{} {}{alarm} {}",
                        notice.recipient,
                        notice.kind.code(),
                        notice.text_zh
                    ));
                }
                Change::Page(page) => self.told.push(format!("{} page {}", page.whom.labels().1, page.zh)),
                Change::Incident(_)
                | Change::Request(_)
                | Change::Assignment(_)
                | Change::Ledger(_)
                | Change::Standing(..) => {}
            }
        }
    }

    /// Opens an incident.
    #[track_caller]
    pub(super) fn incident(&mut self, mode: Mode, title: &str) -> IncidentId {
        let new = NewIncident { mode, occurred: self.now, facts: facts(title) };
        let opened = self.say("dispatcher", Body::OpenIncident(new)).unwrap().incident.unwrap();
        if mode != Mode::Actual {
            for resource in [crane(), foam()] {
                self.lend(Book::of(mode, opened), &resource);
            }
        }
        opened
    }

    /// A member asks for help.
    #[track_caller]
    pub(super) fn submit(
        &mut self,
        who: &str,
        incident: IncidentId,
        title: &str,
        priority: Priority,
        requested: u64,
    ) -> RequestId {
        let submission =
            Submission { about: About::Known(incident), request: written(title, priority, requested) };
        let body = Body::Submit { requester: member(who), submission: Box::new(submission), draft: false };
        self.say(who, body).unwrap().request.unwrap()
    }

    /// A request as it stands, for a decision about it.
    pub(super) fn decided(&self, request: RequestId) -> Decided {
        Decided { request, expected: self.case.requests[&request].version }
    }

    /// What a dispatcher would order.
    pub(super) fn wish(&self, request: RequestId, resource: &PublicationName, quantity: u64) -> OrderWish {
        OrderWish {
            request: self.decided(request),
            line: line(),
            resource: resource.clone(),
            quantity,
            basis: Basis::Agreement,
            agreement: Some(AgreementId::from_uuid(Uuid::from_u128(1))),
            expected_ledger: None,
            overcommit: false,
            eta_seconds: Some(600),
            preempt: None,
            alternatives: vec![],
        }
    }

    #[track_caller]
    pub(super) fn order(
        &mut self,
        request: RequestId,
        resource: &PublicationName,
        quantity: u64,
    ) -> Result<AssignmentId, Refusal> {
        let wish = self.wish(request, resource, quantity);
        Ok(self.say("dispatcher", Body::Order(Box::new(wish)))?.assignments[0])
    }

    /// Says something about an assignment, answering its newest order.
    #[track_caller]
    pub(super) fn act(&mut self, who: &str, id: AssignmentId, action: Action) -> Result<Answer, Refusal> {
        let epoch = self.assignment(id).state.order().map_or(0, |order| order.epoch);
        self.answer(who, id, epoch, action)
    }

    /// Says something about an assignment, answering this order.
    #[track_caller]
    pub(super) fn answer(
        &mut self,
        who: &str,
        id: AssignmentId,
        epoch: u64,
        action: Action,
    ) -> Result<Answer, Refusal> {
        let decides = matches!(action, Action::Recall(_) | Action::StandDown(_));
        let expected = decides.then(|| self.assignment(id).version);
        let action = AssignmentAction { assignment: id, epoch, action };
        self.say(who, Body::Act { action, expected })
    }

    pub(super) fn assignment(&self, id: AssignmentId) -> &Assignment {
        &self.case.assignments[&id]
    }

    pub(super) fn ledger(&self, resource: &PublicationName) -> &Ledger {
        &self.case.ledgers[&LedgerKey { resource: resource.clone(), book: Book::Actual }]
    }

    pub(super) fn fulfilment(&self, request: RequestId) -> Fulfilment {
        self.case.fulfilment(self.case.requests[&request].line_id(line())).unwrap()
    }

    /// Held, committed, deployed, consumed, damaged, free.
    pub(super) fn counts(&self, resource: &PublicationName) -> [u64; 6] {
        let ledger = self.ledger(resource);
        [ledger.held, ledger.committed, ledger.deployed, ledger.consumed, ledger.damaged, ledger.free()]
    }

    pub(super) fn ledger_version(&self, resource: &PublicationName) -> u64 {
        self.ledger(resource).version
    }

    /// All deadlines as they follow from the state now, earliest first.
    pub(super) fn deadlines(&self) -> Vec<Deadline> {
        let incidents = self.case.incidents.keys().copied().map(Subject::Incident);
        let requests = self.case.requests.keys().copied().map(Subject::Request);
        let assignments = self.case.assignments.keys().copied().map(Subject::Assignment);
        let subjects = incidents.chain(requests).chain(assignments);
        let mut all: Vec<_> = subjects
            .filter_map(|subject| self.case.standing(&subject, &self.policy))
            .flat_map(|standing| standing.deadlines)
            .collect();
        all.sort_by_key(|deadline| deadline.due);
        all
    }

    /// Lets time pass, and every deadline come when it is due.
    #[track_caller]
    pub(super) fn pass(&mut self, seconds: i64) {
        let end = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        while let Some(next) = self.deadlines().into_iter().find(|deadline| deadline.due <= end) {
            self.now = self.now.max(next.due);
            let command = Command::due(next);
            let cx = self.context("system");
            self.give(&cx, &command).unwrap();
        }
        self.now = end;
    }

    /// What was written down since the last time, one line each.
    pub(super) fn story(&mut self) -> String {
        let lines: Vec<_> = std::mem::take(&mut self.entries)
            .into_iter()
            .map(|entry| {
                let mark = match (entry.alarm, entry.noted_only) {
                    (true, _) => "!",
                    (false, true) => "~",
                    (false, false) => "-",
                };
                format!("{mark} {} [{}] {}", entry.event.code(), entry.told.role.code(), entry.zh)
            })
            .collect();
        lines.join("\n")
    }

    /// What members and the council were told since the last time.
    pub(super) fn messages(&mut self) -> String {
        std::mem::take(&mut self.told).join("\n")
    }
}
