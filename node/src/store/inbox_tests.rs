use jiff::SignedDuration;
use shouwang_proto::{clock::from_millis, wire};
use shouwang_serving::{
    alerts::{Alert, AlertChannel, AlertOutcome},
    store::StoreOptions,
};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use wire::{CommandOutcome, NoticeKind, assignment_action::Action, member_command::Word};

use super::*;
use crate::{
    hub_link::status::LinkState,
    inbox::{
        duty::{AlarmPlan, DutyPerson},
        notice::Facts,
    },
    trial::{Alliance, notice, wait_for},
};

/// A store and a clock that the test turns by hand.
struct Desk {
    store: NodeStore,
    plan: AlarmPlan,
    now: Timestamp,
    folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let person = |name: &str, after_seconds| DutyPerson {
            name: name.to_owned(),
            phone: "119".to_owned(),
            after_seconds,
        };
        let chain = vec![person("甲", 0), person("乙", 60), person("丙", 180)];
        let plan = AlarmPlan { chain, channels: vec![AlertChannel::Command] };
        Self { store, plan, now: from_millis(1_000_000), folder }
    }

    async fn restart(&mut self) {
        self.store.close().await;
        self.store = open(&self.folder).await;
    }

    fn later(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    async fn receive(&self, notice: &wire::Notice) -> bool {
        let facts = Facts::of(notice, self.now).unwrap();
        self.store.notice_receive(notice.clone(), facts, self.plan.clone(), self.now).await.unwrap()
    }

    /// Lets deadlines pass, hands out what is due, and answers the ids of it.
    async fn alarms(&self) -> Vec<String> {
        self.store.deadlines_pass(self.plan.clone(), self.now).await.unwrap();
        let (due, _) = self.store.alerts_due(AlertChannel::Command, self.now, 100).await.unwrap();
        for alert in &due {
            self.store.alert_settle(alert.id, AlertOutcome::Delivered, self.now).await.unwrap();
        }
        let short = |alert: Alert| {
            let mut parts = alert.message_id.split('_').map(str::to_owned);
            let (kind, id, step) = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
            format!(
                "{kind} {}{}",
                &id[id.len() - 2..],
                step.map(|step| format!(" {step}")).unwrap_or_default()
            )
        };
        due.into_iter().map(short).collect()
    }

    async fn say(&self, number: u8, epoch: u64, action: Action) -> KeptCommand {
        let assignment = notice(1, NoticeKind::Order, 1, 1).assignment.unwrap().name;
        let command = wire::MemberCommand {
            command_id: format!("7d4f4d3e-5d8b-4a3c-9f6e-0d1c2b3a4f{number:02}"),
            actor: "李".to_owned(),
            word: Some(Word::Action(wire::AssignmentAction { assignment, epoch, action: Some(action) })),
            ..Default::default()
        };
        self.store.command_say(command, [number; 32], self.now).await.unwrap()
    }

    async fn decide(&self, said: &KeptCommand, outcome: CommandOutcome, version: u64) {
        let result = wire::MemberCommandResult {
            command_id: said.command.command_id.clone(),
            outcome: outcome as i32,
            assignment: Some(wire::Assignment { version, ..Default::default() }),
            ..Default::default()
        };
        assert!(self.store.command_decide(result, self.plan.clone(), self.now).await.unwrap());
    }

    async fn closed(&self, number: u8) -> Option<Closed> {
        let name = notice(number, NoticeKind::Order, 1, 1).name;
        self.store.notice(name).await.unwrap().unwrap().0.closed
    }

    async fn open_notices(&self) -> Vec<String> {
        let query =
            NoticeQuery { open_only: true, incident: String::new(), after: None, limit: 100, now: self.now };
        let found = self.store.notices(query).await.unwrap();
        found.into_iter().map(|(kept, _)| kept.notice.name[42..].to_owned()).collect()
    }
}

async fn open(folder: &TempDir) -> NodeStore {
    NodeStore::open(&folder.path().join("data"), None, StoreOptions::default()).await.unwrap()
}

#[tokio::test]
async fn the_duty_chain_is_called_until_somebody_has_seen_it() {
    let mut desk = Desk::new().await;
    assert!(desk.receive(&notice(1, NoticeKind::Order, 3, 2)).await);
    assert!(!desk.receive(&notice(1, NoticeKind::Order, 3, 2)).await, "a repetition changes nothing");
    assert_eq!(desk.alarms().await, ["notice 01", "duty 01 0"]);
    desk.later(59);
    assert_eq!(desk.alarms().await, Vec::<String>::new());
    desk.restart().await;
    desk.later(1);
    assert_eq!(desk.alarms().await, ["duty 01 1"]);
    let word = wire::MemberCommand {
        command_id: "c".to_owned(),
        actor: "乙".to_owned(),
        word: Some(Word::SeenNotice(notice(1, NoticeKind::Order, 3, 2).name)),
        ..Default::default()
    };
    let name = notice(1, NoticeKind::Order, 3, 2).name;
    let (seen, _) = desk.store.notice_seen(name, word, desk.now).await.unwrap();
    assert_eq!(seen.seen, Some((desk.now, "乙".to_owned())));
    desk.later(1_000);
    assert_eq!(desk.alarms().await, Vec::<String>::new());
    assert_eq!(desk.open_notices().await, ["01"], "seeing promises nothing");
}

#[tokio::test]
async fn deadlines_that_passed_while_the_node_was_down_are_kept_and_old_ones_only_noted() {
    let mut desk = Desk::new().await;
    desk.receive(&notice(1, NoticeKind::Order, 3, 2)).await;
    let mut brief = notice(2, NoticeKind::Solicitation, 1, 0);
    brief.assignment.as_mut().unwrap().name = "assignments/b".to_owned();
    brief.expire_seconds = 30;
    desk.receive(&brief).await;
    desk.restart().await;
    desk.later(100);
    // Nobody was called for 100 s. What still counts is called now; what is too old is not.
    let alarms = desk.alarms().await;
    let duties: Vec<_> = alarms.iter().filter(|alarm| alarm.starts_with("duty")).collect();
    assert_eq!(duties, ["duty 01 0", "duty 01 1"]);
    assert_eq!(desk.closed(2).await, Some(Closed::Expired));
    assert_eq!(desk.open_notices().await, ["01"]);
    // An alert carries its end, so a hook that was broken for long does not hand it out either.
    desk.receive(&wire::Notice { expire_seconds: 7, ..notice(3, NoticeKind::Solicitation, 9, 0) }).await;
    let (due, _) = desk.store.alerts_due(AlertChannel::Command, desk.now, 9).await.unwrap();
    let end = desk.now.checked_add(SignedDuration::from_secs(7)).unwrap();
    assert_eq!(due.last().unwrap().expires, Some(end));
}

#[tokio::test]
async fn a_newer_order_takes_the_place_of_an_older_one_whichever_comes_first() {
    let desk = Desk::new().await;
    desk.receive(&notice(1, NoticeKind::Order, 3, 1)).await;
    desk.receive(&notice(2, NoticeKind::Order, 5, 2)).await;
    desk.receive(&notice(3, NoticeKind::OrderEnded, 4, 1)).await;
    assert_eq!(desk.open_notices().await, ["02"]);
    assert_eq!(desk.closed(1).await, Some(Closed::Superseded));
    let alarms = desk.alarms().await;
    assert!(
        !alarms.contains(&"duty 01 0".to_owned()) && alarms.contains(&"duty 02 0".to_owned()),
        "{alarms:?}"
    );
    assert!(!alarms.iter().any(|alarm| alarm.contains("03")), "what was overtaken wakes nobody: {alarms:?}");
    let assignment = notice(1, NoticeKind::Order, 3, 1).assignment.unwrap().name;
    assert_eq!(desk.store.newest_epoch(assignment).await.unwrap(), 2);
    assert_eq!(desk.store.newest_epoch("assignments/other".to_owned()).await.unwrap(), 0);
}

#[tokio::test]
async fn an_answer_silences_and_a_refused_one_opens_again() {
    let mut desk = Desk::new().await;
    desk.receive(&notice(1, NoticeKind::Order, 3, 2)).await;
    desk.alarms().await;
    let late = desk.say(1, 1, Action::Confirm(wire::ConfirmAction::default())).await;
    assert_eq!(desk.open_notices().await, ["01"], "an answer to an older order is none");
    desk.decide(&late, CommandOutcome::Refused, 3).await;
    assert_eq!(desk.alarms().await, ["decision 01"], "that it does not stand is told");
    let yes = desk.say(2, 2, Action::Confirm(wire::ConfirmAction::default())).await;
    assert_eq!((desk.open_notices().await.len(), desk.closed(1).await), (0, Some(Closed::Answered)));
    desk.later(500);
    assert_eq!(desk.alarms().await, Vec::<String>::new());
    desk.decide(&yes, CommandOutcome::Refused, 3).await;
    assert_eq!(desk.open_notices().await, ["01"]);
    // The first decision counts.
    desk.decide(&yes, CommandOutcome::Accepted, 4).await;
    assert!(desk.store.command(yes.command.command_id.clone()).await.unwrap().unwrap().is_refused());
    let again = desk.say(3, 2, Action::Confirm(wire::ConfirmAction::default())).await;
    desk.receive(&notice(2, NoticeKind::OrderEnded, 4, 2)).await;
    desk.decide(&again, CommandOutcome::Refused, 4).await;
    assert_eq!(desk.closed(1).await, Some(Closed::Superseded), "meanwhile it was overtaken");
    let unknown = wire::MemberCommandResult::default();
    assert!(!desk.store.command_decide(unknown, desk.plan.clone(), desk.now).await.unwrap());
}

#[tokio::test]
async fn a_reminder_of_what_was_answered_wakes_nobody_but_a_new_question_does() {
    let desk = Desk::new().await;
    desk.receive(&notice(1, NoticeKind::Solicitation, 1, 0)).await;
    let offer = desk.say(1, 0, Action::Offer(wire::OfferAction::default())).await;
    desk.alarms().await;
    desk.receive(&notice(2, NoticeKind::Reminder, 1, 0)).await;
    assert_eq!((desk.alarms().await.len(), desk.closed(2).await), (0, Some(Closed::Answered)));
    desk.decide(&offer, CommandOutcome::Accepted, 2).await;
    desk.receive(&notice(3, NoticeKind::Reminder, 1, 0)).await;
    assert_eq!(desk.alarms().await.len(), 0, "it was on its way when the hub decided");
    // The hub knows the offer and asks again: that is a new question.
    desk.receive(&notice(4, NoticeKind::Solicitation, 5, 0)).await;
    assert_eq!(desk.open_notices().await, ["04"]);
    assert_eq!(desk.alarms().await, ["notice 04", "duty 04 0"]);
}

#[tokio::test]
async fn a_halted_drill_silences_all_of_it() {
    let desk = Desk::new().await;
    desk.receive(&notice(1, NoticeKind::Order, 3, 2)).await;
    let mut halted = notice(2, NoticeKind::DrillHalted, 0, 0);
    (halted.assignment, halted.answer_by, halted.alarm) = (None, None, false);
    desk.receive(&halted).await;
    let mut late = notice(3, NoticeKind::Order, 1, 1);
    late.assignment.as_mut().unwrap().name = "assignments/b".to_owned();
    desk.receive(&late).await;
    assert_eq!(desk.open_notices().await, Vec::<String>::new());
    assert_eq!(desk.alarms().await, ["notice 01", "notice 02"], "known, but nobody is called");
}

#[tokio::test]
async fn changes_are_numbered_and_survive() {
    let mut desk = Desk::new().await;
    let changed = desk.store.inbox_changed();
    desk.receive(&notice(1, NoticeKind::Order, 3, 2)).await;
    assert!(changed.has_changed().unwrap());
    let said = desk.say(1, 2, Action::Confirm(wire::ConfirmAction::default())).await;
    assert_eq!(desk.say(1, 2, Action::Confirm(wire::ConfirmAction::default())).await, said);
    desk.restart().await;
    let changes = desk.store.inbox_after(0, 100).await.unwrap();
    assert_eq!(changes.len(), 2, "each thing once, as it is now");
    assert!(changes.is_sorted_by_key(InboxChange::number));
    let newest = changes.last().unwrap().number();
    assert_eq!(*desk.store.inbox_changed().borrow(), newest);
    assert_eq!(desk.store.inbox_after(newest, 100).await.unwrap(), []);
    assert_eq!(desk.store.inbox_after(0, 1).await.unwrap(), changes[..1]);
    assert_eq!(desk.store.inbox_pending(desk.now).await.unwrap(), (Vec::new(), newest), "it is answered");
    assert_eq!(desk.store.commands(None, true, 10).await.unwrap(), std::slice::from_ref(&said));
    assert_eq!(desk.store.commands(Some(said.seq), false, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_acknowledges_nothing() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    wait_for(&node, |status| status.control == LinkState::Connected && status.sync == LinkState::Connected)
        .await;
    let url = format!("sqlite:{}", alliance.data.join("node.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    let streams = alliance.hub.now().streams;
    let order = wire::NoticeDelivery { delivery_id: 7, notice: Some(notice(1, NoticeKind::Order, 3, 2)) };
    alliance.hub.change(|state| state.aid.outbox = vec![order]);
    // The write fails, so the link is dialled anew and the hub goes on phoning.
    let state = alliance.hub.wait_for(|state| state.streams > streams).await;
    assert!(state.aid.acked.is_empty());
    sqlx::query("rollback").execute(&mut other).await.unwrap();
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
}

#[tokio::test]
async fn what_is_over_and_old_is_forgotten_and_the_rest_is_kept() {
    let mut desk = Desk::new().await;
    desk.receive(&notice(1, NoticeKind::Order, 3, 2)).await;
    let said = desk.say(1, 3, Action::Confirm(wire::ConfirmAction::default())).await;
    let mut other = notice(2, NoticeKind::Order, 1, 1);
    other.assignment.as_mut().unwrap().name = "assignments/b".to_owned();
    desk.receive(&other).await;
    desk.alarms().await;
    let long_after = desk.now.checked_add(SignedDuration::from_hours(20_000)).unwrap();
    // What the hub has not decided is kept, and the notice that it answers is gone all the same: people are done with it.
    assert!(desk.store.inbox_forget(desk.now).await.unwrap() == 0, "nothing is older than now");
    assert!(desk.store.inbox_forget(long_after).await.unwrap() > 0);
    assert!(desk.store.command(said.command.command_id.clone()).await.unwrap().is_some());
    desk.decide(&said, CommandOutcome::Accepted, 3).await;
    while desk.store.inbox_forget(long_after).await.unwrap() > 0 {}
    assert_eq!(desk.store.command(said.command.command_id).await.unwrap(), None);
    assert_eq!(desk.store.notice(notice(1, NoticeKind::Order, 3, 2).name).await.unwrap(), None);
    assert_eq!(desk.open_notices().await, ["02"], "an order that nobody has answered is not over");
    desk.restart().await;
    assert_eq!(desk.open_notices().await, ["02"]);
}
