//! The people of one member at their own node: they answer what the hub asks, late, twice or not at all, report on the way,
//! withdraw, call for help, and see none of it wait for the hub.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use anyhow::Context as _;
use shouwang_proto::{
    publication::time_to_wire,
    wire::{
        self, AssignmentState, NoticeKind, assignment_action::Action,
        inbox_service_client::InboxServiceClient,
    },
};
use tonic::{Response, Status};

use super::{
    asking::{LATER, patience, request_id},
    memory::Word,
    papers,
};
use crate::{
    chance::Chance,
    people::calls::{Door, Ended, Line, PUBLISHING_PORT, ended},
    plan::Host,
    stage::{Phase, Stage},
};

/// Longest wait for something to read.
const READING: Duration = Duration::from_secs(3);
/// A late answer comes so many milliseconds after its order.
const LATE: std::ops::Range<u64> = 2_500..9_000;

type Node = InboxServiceClient<Line>;

/// The people of one member.
pub struct Owner {
    stage: Stage,
    member: usize,
    chance: Chance,
    node: Node,
    /// Notices that were looked at.
    looked: BTreeSet<String>,
    /// Teams under way: what is reported next, and how much of the resource it is.
    teams: BTreeMap<String, Team>,
    /// Answers that come late, and when.
    late: VecDeque<(u64, wire::AssignmentAction)>,
    calls: u32,
}

#[derive(Clone, Copy, Debug)]
struct Team {
    quantity: u64,
    step: u8,
}

/// What became of a word.
enum Taken {
    Yes,
    No,
}

impl Owner {
    /// The people in front of the member's node.
    ///
    /// # Errors
    /// When the node's files cannot be used.
    pub fn new(stage: &Stage, member: usize) -> anyhow::Result<Self> {
        let host = Host::Node(member);
        let (disk, name) = (stage.disk(host), host.name());
        let (root, token) = (disk.join("local-root.pem"), disk.join("publisher.token"));
        let door = Door {
            host: &name,
            port: PUBLISHING_PORT,
            server_name: "node.shouwang",
            root: &root,
            token: &token,
        };
        let line = door.open().with_context(|| format!("owner at {name}"))?;
        Ok(Self {
            stage: stage.clone(),
            member,
            chance: Chance::of(stage.plan().seed, &format!("owner {name}")),
            node: Node::new(line),
            looked: BTreeSet::new(),
            teams: BTreeMap::new(),
            late: VecDeque::new(),
            calls: 0,
        })
    }

    /// Works until the weather is good.
    ///
    /// # Errors
    /// None; people do not fail.
    pub async fn work(mut self) -> anyhow::Result<()> {
        while self.stage.phase() == Phase::Chaos {
            let pause = self.chance.within(50..self.stage.plan().manners.pause.max(60));
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.answer_late().await;
            if self.calls < 2 && self.chance.per_mille(40) {
                self.call_for_help().await;
            } else if self.chance.per_mille(450) {
                self.report().await;
            } else {
                self.look().await;
            }
        }
        self.stage.end_work();
        Ok(())
    }

    /// Looks into the inbox and does something about the first notice that nobody here has looked at.
    async fn look(&mut self) {
        let wanted = wire::ListNoticesRequest { page_size: 100, ..wire::ListNoticesRequest::default() };
        let Ended::Answered(found) = ended(READING, self.node.list_notices(wanted)).await else { return };
        let notices = found.into_inner().items.into_iter().filter_map(|item| item.notice);
        let Some(notice) = notices.into_iter().find(|notice| !self.looked.contains(&notice.name)) else {
            return;
        };
        self.looked.insert(notice.name.clone());
        self.stage.hit(format!("aid: notice {:?}", notice.kind()));
        self.stage.note(format!("{} reads {:?}", self.name(), notice.kind()));
        if self.chance.per_mille(200) {
            self.mark_seen(&notice).await;
        }
        match notice.kind() {
            NoticeKind::Order | NoticeKind::Reminder => self.answer_order(&notice).await,
            NoticeKind::Solicitation => self.answer_question(&notice).await,
            NoticeKind::MissionOrder => {
                let Some(assignment) = notice.assignment else { return };
                self.teams.insert(assignment.name, Team { quantity: assignment.quantity, step: 0 });
            }
            NoticeKind::Recall => {
                let Some(assignment) = notice.assignment else { return };
                self.act(&assignment.name, 0, Action::Release(wire::ReportAction::default())).await;
            }
            NoticeKind::StandDown | NoticeKind::OrderEnded => {
                let Some(assignment) = notice.assignment else { return };
                self.teams.remove(&assignment.name);
            }
            NoticeKind::Unspecified
            | NoticeKind::Extension
            | NoticeKind::RequestUpdate
            | NoticeKind::AidLost
            | NoticeKind::DrillHalted => {}
        }
    }

    async fn mark_seen(&mut self, notice: &wire::Notice) {
        let seen = wire::MarkSeenRequest { name: notice.name.clone(), actor: "值班员".to_owned() };
        let marked = ended(READING, self.node.mark_seen(seen)).await;
        if let Ended::Answered(_) = marked {
            self.stage.hit("aid: notice seen");
        }
    }

    async fn answer_order(&mut self, notice: &wire::Notice) {
        let Some(assignment) = &notice.assignment else { return };
        if assignment.state() != AssignmentState::Held {
            return;
        }
        let yes = Action::Confirm(wire::ConfirmAction { eta_seconds: 4, lead: Some(papers::contact()) });
        let no = Action::Refuse(papers::decline());
        let action = if self.chance.per_mille(850) { yes } else { no };
        match self.chance.within(0..100) {
            0..55 => {
                // 0: the node knows which order is the newest.
                let epoch = if self.chance.per_mille(200) { 0 } else { assignment.epoch };
                self.act(&assignment.name, epoch, action).await;
            }
            55..85 => {
                let at = self.stage.now() + self.chance.within(LATE);
                let word = wire::AssignmentAction {
                    assignment: assignment.name.clone(),
                    epoch: assignment.epoch,
                    action: Some(action),
                };
                self.late.push_back((at, word));
            }
            _ => {}
        }
    }

    async fn answer_late(&mut self) {
        let now = self.stage.now();
        let Some(index) = self.late.iter().position(|(at, _)| *at <= now) else { return };
        let Some((_, word)) = self.late.remove(index) else { return };
        let wire::AssignmentAction { assignment, epoch, action: Some(action) } = word else { return };
        self.stage.hit("aid: order answered late");
        self.act(&assignment, epoch, action).await;
    }

    async fn answer_question(&mut self, notice: &wire::Notice) {
        let Some(assignment) = &notice.assignment else { return };
        let action = if self.chance.per_mille(700) {
            let (quantity, eta_seconds) = (assignment.quantity.max(1), 5);
            Action::Offer(wire::OfferAction { quantity, eta_seconds, ..wire::OfferAction::default() })
        } else {
            Action::Decline(papers::decline())
        };
        self.act(&assignment.name, 0, action).await;
    }

    /// A team reports its next step, or one too many, or is called back by its owner.
    async fn report(&mut self) {
        let names: Vec<String> = self.teams.keys().cloned().collect();
        let Some(name) = self.chance.pick(&names).cloned() else { return };
        let Some(team) = self.teams.get(&name).copied() else { return };
        let report = wire::ReportAction::default();
        let drawn = self.chance.within(0..100);
        let (action, next) = match team.step {
            _ if drawn < 8 => (Action::Withdraw(papers::decline()), 3),
            0 if drawn < 25 => (Action::Muster(report), 0),
            0 => (Action::Depart(wire::DepartAction { eta_seconds: 3, ..wire::DepartAction::default() }), 1),
            1 if drawn < 20 => (Action::Stage(report), 1),
            1 => (Action::Arrive(report), 2),
            2 if drawn < 50 => {
                (Action::HeadCount(wire::HeadCountAction { people: 4, note: String::new() }), 2)
            }
            2 => (Action::Release(report), 3),
            3 => {
                let consumed = if team.quantity > 1 { self.chance.within(0..3) } else { 0 };
                let returned = team.quantity.saturating_sub(consumed);
                (Action::Return(wire::Return { returned, consumed, ..wire::Return::default() }), 4)
            }
            _ => {
                self.teams.remove(&name);
                return;
            }
        };
        if let Taken::Yes = self.act(&name, 0, action).await {
            self.teams.insert(name, Team { step: next, ..team });
        }
    }

    async fn act(&mut self, assignment: &str, epoch: u64, action: Action) -> Taken {
        let word =
            wire::AssignmentAction { assignment: assignment.to_owned(), epoch, action: Some(action.clone()) };
        let context = self.context();
        let id = context.request_id.clone();
        let request = wire::AnswerRequest { context: Some(context), action: Some(word) };
        let call = async |mut node: Node, request: wire::AnswerRequest| node.answer(request).await;
        let what = word_of(&action);
        if matches!(action, Action::Confirm(_)) && self.chance.per_mille(100) {
            // Two of the people answer the same order.
            let other = wire::AnswerRequest { context: Some(self.context()), ..request.clone() };
            let id = other.context.as_ref().map(|context| context.request_id.clone()).unwrap_or_default();
            Box::pin(self.say("confirm twice", (id, other), &call)).await;
        }
        Box::pin(self.say(what, (id, request), &call)).await
    }

    async fn call_for_help(&mut self) {
        self.calls += 1;
        let drill = self.chance.per_mille(250);
        let now = time_to_wire(self.stage.clock());
        let submission = wire::RequestSubmission {
            incident: String::new(),
            new_incident: Some(papers::incident(drill, self.member, now)),
            request: Some(papers::request("", self.member, &mut self.chance)),
        };
        let context = self.context();
        let id = context.request_id.clone();
        let request = wire::CallForHelpRequest { context: Some(context), submission: Some(submission) };
        let call =
            async |mut node: Node, request: wire::CallForHelpRequest| node.call_for_help(request).await;
        Box::pin(self.say("call for help", (id, request), &call)).await;
    }

    fn context(&mut self) -> wire::OwnContext {
        let request_id = request_id(&mut self.chance);
        wire::OwnContext { request_id, actor: "王队".to_owned(), occurred_at: None }
    }

    fn name(&self) -> String {
        Host::Node(self.member).name()
    }

    /// Says something at the node until the node has it, or nobody asks any more.
    async fn say<Q, F>(
        &mut self,
        what: &str,
        (id, request): (String, Q),
        call: &impl Fn(Node, Q) -> F,
    ) -> Taken
    where
        Q: Clone,
        F: Future<Output = Result<Response<wire::OwnCommand>, Status>>,
    {
        loop {
            let patience = patience(&self.stage, &mut self.chance);
            match ended(patience, call(self.node.clone(), request.clone())).await {
                Ended::Answered(answer) => {
                    let (member, hub_away) = (self.member, self.stage.hub_up_since().is_none());
                    let said = self.stage.now();
                    self.stage.aid(|aid| aid.said(&id, Word { member, hub_away, said }));
                    self.stage.note(format!("{} says {what}", self.name()));
                    if self.chance.per_mille(self.stage.plan().manners.repeat) {
                        let again = ended(READING, call(self.node.clone(), request.clone())).await;
                        self.compare(what, &answer.into_inner(), again);
                    }
                    return Taken::Yes;
                }
                Ended::Refused(refusal) if LATER.contains(&refusal.reason.as_ref()) => {}
                Ended::Refused(refusal) => {
                    self.stage.note(format!("{} may not say {what}: {}", self.name(), refusal.reason));
                    self.stage.hit(format!("aid: node refused: {}", refusal.reason));
                    return Taken::No;
                }
                Ended::Unknown(why) => {
                    self.stage.note(format!("{} says {what}: unknown {why}", self.name()));
                    let chaos = self.stage.phase() == Phase::Chaos;
                    if chaos && self.chance.per_mille(self.stage.plan().manners.abandon) {
                        self.stage.aid(|aid| aid.abandoned());
                        return Taken::No;
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(self.chance.within(20..400))).await;
        }
    }

    /// A word that is said again is the same word.
    fn compare(&self, what: &str, first: &wire::OwnCommand, again: Ended<Response<wire::OwnCommand>>) {
        let Ended::Answered(again) = again else { return };
        self.stage.hit("aid: word repeated");
        let again = again.into_inner();
        // A node that was restored has forgotten, and takes it as new.
        if !self.stage.has_forgotten(self.member) && again.command != first.command {
            self.stage.broken("P2", format!("{} {what} repeated: {again:?}, first {first:?}", self.name()));
        }
    }
}

fn word_of(action: &Action) -> &'static str {
    match action {
        Action::Offer(_) => "offer",
        Action::Decline(_) => "decline",
        Action::Confirm(_) => "confirm",
        Action::Refuse(_) => "refuse",
        Action::Withdraw(_) => "withdraw",
        Action::Muster(_) => "muster",
        Action::Depart(_) => "depart",
        Action::Stage(_) => "stage",
        Action::Arrive(_) => "arrive",
        Action::Extend(_) => "extend",
        Action::Recall(_) => "recall",
        Action::Release(_) => "release",
        Action::Return(_) => "return",
        Action::Settle(_) => "settle",
        Action::HeadCount(_) => "head count",
        Action::Contact(_) => "contact",
        Action::StandDown(_) => "stand down",
    }
}
