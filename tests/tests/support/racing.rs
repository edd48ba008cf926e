//! Dispatchers and owners who race for the same few cranes at a hub that is killed meanwhile, and who write down what
//! they saw.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{RngExt as _, rngs::SmallRng};
use shouwang_proto::{
    refusal::Refusal,
    wire::{self, assignment_action::Action},
};
use shouwang_tests::{
    linearizable::{Act, Asked, Call, Did, Heard, Ledger, Shown},
    processes::MutualAid,
};
use tokio::{
    sync::watch,
    time::{interval, timeout},
};
use tonic::{Code, Status};
use uuid::Uuid;

/// What all of them share.
pub(crate) struct Scene {
    /// Requests that want all the cranes.
    pub(crate) requests: Vec<wire::MutualAidRequest>,
    /// The cranes' names.
    pub(crate) cranes: Vec<String>,
    /// Their owner, `members/{member}`.
    pub(crate) owner: String,
    /// A number for each beginning and each end of a call.
    pub(crate) clock: AtomicU64,
    /// What was seen.
    pub(crate) seen: Mutex<Seen>,
    /// Calls that have ended, one way or another.
    pub(crate) ended: watch::Sender<u64>,
    /// Attempts that nobody answered.
    pub(crate) unanswered: AtomicU64,
}

/// What was seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// The calls about each crane.
    pub(crate) calls: Vec<Vec<Call<Ledger>>>,
    /// Names of the assignments; a number is a place in it.
    assignments: Vec<String>,
    /// Orders of each crane, oldest first: assignment and number.
    orders: Vec<Vec<(u32, u64)>>,
}

impl Scene {
    pub(crate) fn new(requests: Vec<wire::MutualAidRequest>, cranes: Vec<String>, owner: &str) -> Self {
        let seen = Seen {
            calls: vec![Vec::new(); cranes.len()],
            orders: vec![Vec::new(); cranes.len()],
            ..Seen::default()
        };
        Self {
            requests,
            cranes,
            owner: format!("members/{owner}"),
            clock: AtomicU64::new(1),
            seen: Mutex::new(seen),
            ended: watch::Sender::new(0),
            unanswered: AtomicU64::new(0),
        }
    }

    pub(crate) fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// The ledger of a crane, as a call of its own.
    pub(crate) async fn read(&self, aid: &mut MutualAid, crane: usize) -> Result<Call<Ledger>, Status> {
        let began = self.tick();
        let message =
            wire::GetLedgerRequest { resource: self.cranes[crane].clone(), incident: String::new() };
        let found = aid.get_ledger(message).await?.into_inner();
        let wire::LedgerEntry { held, committed, deployed, epoch, .. } = found;
        let shown = Shown { held, committed, deployed, epoch };
        Ok(Call { began, asked: Asked::Read, answered: Some((self.tick(), Heard::Read(shown))) })
    }

    fn context(&self, attempt: Uuid) -> Option<wire::ChangeContext> {
        Some(wire::ChangeContext {
            request_id: attempt.to_string(),
            on_behalf_of: self.owner.clone(),
            ..wire::ChangeContext::default()
        })
    }

    /// The number of an assignment; a new one is remembered as an order that can be answered.
    fn ordered(&self, crane: usize, assignment: &wire::Assignment) -> Heard {
        let mut seen = self.seen.lock().unwrap();
        let known = seen.assignments.iter().position(|name| *name == assignment.name);
        let number = known.unwrap_or_else(|| {
            seen.assignments.push(assignment.name.clone());
            seen.assignments.len() - 1
        });
        let number = u32::try_from(number).unwrap();
        seen.orders[crane].push((number, assignment.epoch));
        Heard::Ordered(number, assignment.epoch)
    }

    async fn order(
        &self,
        aid: &mut MutualAid,
        crane: usize,
        request: u32,
        attempt: Uuid,
    ) -> Result<Heard, Status> {
        let of = &self.requests[request as usize];
        let message = wire::OrderRequest {
            context: self.context(attempt),
            request: of.name.clone(),
            line: 1,
            resource: self.cranes[crane].clone(),
            quantity: 1,
            basis: wire::MissionBasis::Voluntary.into(),
            expected_version: of.version,
            overcommit: true,
            ..wire::OrderRequest::default()
        };
        match aid.order(message).await {
            Ok(answer) => Ok(self.ordered(crane, &answer.into_inner().assignment.unwrap())),
            Err(status) => match reason(&status)?.as_str() {
                "RESOURCE_TAKEN" => Ok(Heard::Taken),
                "STATE_UNFIT" => Ok(Heard::OwnAlready),
                other => panic!("an order may not be refused so: {other}: {status}"),
            },
        }
    }

    async fn act(
        &self,
        aid: &mut MutualAid,
        (act, assignment, epoch): (Act, u32, u64),
        attempt: Uuid,
    ) -> Result<Heard, Status> {
        let assignment = self.seen.lock().unwrap().assignments[assignment as usize].clone();
        let message = wire::ActOnAssignmentRequest {
            context: self.context(attempt),
            action: Some(wire::AssignmentAction { assignment, epoch, action: Some(written(act)) }),
            expected_version: 0,
        };
        match aid.act_on_assignment(message).await {
            Ok(answer) => Ok(Heard::Acted(match answer.into_inner().outcome() {
                wire::CommandOutcome::Accepted => Did::Taken,
                wire::CommandOutcome::Noted | wire::CommandOutcome::BecameOffer => Did::Nothing,
                other @ (wire::CommandOutcome::Unspecified | wire::CommandOutcome::Refused) => {
                    panic!("{other:?}")
                }
            })),
            Err(status) => match reason(&status)?.as_str() {
                "ORDER_SUPERSEDED" | "ORDER_UNKNOWN" | "ORDER_ENDED" | "CONFIRMED_ALREADY"
                | "STATE_UNFIT" | "NO_MISSION_ORDER" => Ok(Heard::Acted(Did::Nothing)),
                other => panic!("{act:?} may not be refused so: {other}: {status}"),
            },
        }
    }
}

/// Why it was refused; an error when nobody knows what became of the call.
fn reason(status: &Status) -> Result<String, Status> {
    match Refusal::from_status(status) {
        Some(refusal) if !matches!(status.code(), Code::ResourceExhausted | Code::Unavailable) => {
            Ok(refusal.reason.into_owned())
        }
        Some(_) | None => Err(status.clone()),
    }
}

fn written(act: Act) -> Action {
    let decline = || wire::DeclineAction { reason: "in-use".to_owned(), note: String::new() };
    match act {
        Act::Confirm => Action::Confirm(wire::ConfirmAction::default()),
        Act::Refuse => Action::Refuse(decline()),
        Act::Withdraw => Action::Withdraw(decline()),
        Act::Depart => Action::Depart(wire::DepartAction::default()),
        Act::Release => Action::Release(wire::ReportAction::default()),
        Act::Return => Action::Return(wire::Return { returned: 1, ..wire::Return::default() }),
    }
}

/// One who orders and answers, as it comes.
pub(crate) struct Racer {
    pub(crate) aid: MutualAid,
    pub(crate) scene: Arc<Scene>,
    pub(crate) random: SmallRng,
}

impl Racer {
    /// What to do next about a crane.
    fn wish(&mut self, crane: usize) -> Asked {
        let seen = self.scene.seen.lock().unwrap();
        let orders = &seen.orders[crane];
        let request = u32::try_from(self.random.random_range(0..self.scene.requests.len())).unwrap();
        if orders.is_empty() || self.random.random_ratio(3, 10) {
            return Asked::Order { request };
        }
        // The newest orders: late answers to older ones have to bind nobody.
        let back = self.random.random_range(0..orders.len().min(3));
        let (assignment, epoch) = orders[orders.len() - 1 - back];
        let act = match self.random.random_range(0..20) {
            0..6 => Act::Confirm,
            6..8 => Act::Refuse,
            8..9 => Act::Withdraw,
            9..12 => Act::Depart,
            12..14 => Act::Release,
            14..17 => Act::Return,
            _ => return Asked::Read,
        };
        Asked::Act { act, assignment, epoch }
    }

    async fn attempt(&mut self, crane: usize, asked: &Asked, attempt: Uuid) -> Result<Heard, Status> {
        let Self { aid, scene, .. } = self;
        match asked {
            Asked::Order { request } => scene.order(aid, crane, *request, attempt).await,
            Asked::Act { act, assignment, epoch } => {
                scene.act(aid, (*act, *assignment, *epoch), attempt).await
            }
            Asked::Read => {
                let call = scene.read(aid, crane).await?;
                Ok(call.answered.unwrap().1)
            }
        }
    }

    /// One call: tried again with the same `request_id` until there is an answer, or given up after the first attempt
    /// that nobody answered.
    async fn call(&mut self, crane: usize) {
        let asked = self.wish(crane);
        let id = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
        let patient = self.random.random_ratio(2, 3);
        let began = self.scene.tick();
        let mut pause = interval(Duration::from_millis(20));
        let answered = loop {
            let answer = timeout(Duration::from_secs(10), self.attempt(crane, &asked, id)).await;
            if let Ok(Ok(heard)) = answer {
                break Some((self.scene.tick(), heard));
            }
            self.scene.unanswered.fetch_add(1, Ordering::Relaxed);
            if !patient {
                break None;
            }
            pause.tick().await;
        };
        // A look that nobody answered says nothing.
        if answered.is_some() || !matches!(asked, Asked::Read) {
            self.scene.seen.lock().unwrap().calls[crane].push(Call { began, asked, answered });
        }
        self.scene.ended.send_modify(|ended| *ended += 1);
    }

    /// So many calls, one after the other.
    pub(crate) async fn race(mut self, calls: u64) {
        for _ in 0..calls {
            let crane = self.random.random_range(0..self.scene.cranes.len());
            self.call(crane).await;
        }
    }
}
