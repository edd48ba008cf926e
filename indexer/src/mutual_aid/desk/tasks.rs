//! What waits for people, and what they have done of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shouwang_proto::{
    mutual_aid::id::IncidentId,
    page,
    publication::text::TextRule,
    refusal::{Refusal, Violations},
    wire,
};
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::{Desk, lookups::cut, read};
use crate::{
    council::caller::Caller,
    link::board::LinkBoard,
    mutual_aid::{
        coordinator::carry_out,
        load::load,
        machine::{
            case::Scope,
            command::{Body, Command, Context, Fingerprint, Key, Origin, Reach},
            incident::Incident,
            timeline::Entry,
        },
        room::{MutualAid, Shared},
        tasks::{Finder, Open, Rank},
        write,
    },
    store::{
        hub::hub_restored,
        mutual_aid::{
            delivery::undelivered,
            incident::incidents_going_on,
            ledger::{LedgerAfter, LedgerFilter, ledgers_list},
            task::{task_do, tasks_done},
            timeline::timeline_reached,
        },
    },
};

/// Most ledgers of a book that are looked at.
const LEDGERS: u32 = 1_000;
/// Most entries of an incident's timeline that are looked at for who was reached.
const ENTRIES: u32 = 200;
/// How many of them a task shows.
const SHOWN: usize = 5;

impl Desk {
    pub(super) async fn tasks(
        &self,
        message: wire::ListTasksRequest,
    ) -> Result<wire::ListTasksResponse, StoreError> {
        let mut wrong = Violations::new();
        let only = read::optional(&message.incident, "incident", IncidentId::from_name, &mut wrong);
        let kinds = read::terms("kinds", &message.kinds, kind, &mut wrong);
        read::whole(wrong, || Some(()))?;
        let after: Option<Rank> = page::decode(&message.page_token)?;
        let size = page::size(message.page_size, 100, 1_000);
        let (room, now) = (self.room.clone(), self.gate.now());
        let read = async move |conn: &mut Conn| {
            let mut found = open_tasks(conn, &room.shared, now).await?;
            found.retain(|open| {
                only.is_none_or(|only| open.task.incident == only.name())
                    && (kinds.is_empty() || kinds.contains(&open.task.kind()))
                    && after.as_ref().is_none_or(|after| open.rank > *after)
            });
            let next_page_token = cut(&mut found, size, |last| page::encode(&last.rank));
            add_reached(conn, &mut found).await?;
            let tasks = found.into_iter().map(|open| open.task).collect();
            Ok(wire::ListTasksResponse { tasks, next_page_token })
        };
        self.store.read(read).await
    }

    pub(super) async fn task_complete(
        &self,
        by: &Caller,
        message: wire::CompleteTaskRequest,
    ) -> Result<wire::CompleteTaskResponse, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let now = self.gate.now();
        let said = read::said(by, message.context, now, &mut wrong);
        let who = TextRule::line(0, 60).read("who", &message.who, &mut wrong);
        let note = TextRule::lines(500).read("note", &message.note, &mut wrong);
        let said = read::whole(wrong, || said)?;
        let (room, name, reached) = (self.room.clone(), message.name, !message.not_reached);
        let (cx, actor) = (self.room.context(by, &said), by.actor());
        let key = Key { origin: Origin::Token(by.token_id.clone()), id: said.id };
        let work = async move |tx: &mut Tx| {
            let found = open_tasks(tx, &room.shared, now).await?.into_iter();
            let open = found.into_iter().find(|open| open.task.name == name).ok_or_else(|| unknown(&name))?;
            if let Some(command) = open.command() {
                return Err(needs(command).into());
            }
            let who = if who.is_empty() { open.task.member.clone() } else { who };
            let words = if note.is_empty() { open.task.text_zh.clone() } else { note };
            if let Some(reach) = reach(&open.task, &cx, (who, words, reached)) {
                book(tx, &room, &cx, Command { fingerprint: fingerprint(&name), body: reach, key }, &actor)
                    .await?;
            }
            if reached {
                task_do(tx, &name, open.stage, now).await?;
            }
            let mut done = vec![open];
            add_reached(tx, &mut done).await?;
            Ok(wire::CompleteTaskResponse { task: done.pop().map(|open| open.task) })
        };
        let done = self.room.note(by, ("CompleteTask", said), &kept, "task.complete", work);
        Box::pin(done).await
    }
}

fn kind(number: i32) -> Result<wire::AidTaskKind, &'static str> {
    let known = wire::AidTaskKind::try_from(number).ok();
    known
        .filter(|kind| *kind != wire::AidTaskKind::Unspecified)
        .ok_or("is no kind of task （没有该任务类型）")
}

fn unknown(name: &str) -> Refusal {
    Refusal::not_found(
        "TASK_UNKNOWN",
        format!("there is no open task {name}, or its cause is gone （没有该待办，或其起因已消除）"),
    )
}

fn needs(command: &str) -> Refusal {
    Refusal::precondition(
        "TASK_NEEDS_COMMAND",
        format!("this task ends with a command: {command} （此待办须用命令办理：{command}）"),
    )
}

fn fingerprint(name: &str) -> Fingerprint {
    Fingerprint::of(name.as_bytes())
}

/// What the timeline will say; none for what belongs to no incident.
fn reach(task: &wire::AidTask, cx: &Context, (who, note, reached): (String, String, bool)) -> Option<Body> {
    use shouwang_proto::mutual_aid::id::{AssignmentId, RequestId};
    Some(Body::Reached(Reach {
        incident: IncidentId::from_name(&task.incident).ok()?,
        request: RequestId::from_name(&task.request).ok(),
        assignment: AssignmentId::from_name(&task.assignment).ok(),
        who,
        channel: cx.channel,
        reached,
        note,
    }))
}

async fn book(
    tx: &mut Tx,
    room: &MutualAid,
    cx: &Context,
    command: Command,
    actor: &str,
) -> Result<(), StoreError> {
    match carry_out(tx, &room.shared.shelf, cx, command, actor).await? {
        Ok(_) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// All tasks that nobody has done, in their order.
async fn open_tasks(conn: &mut Conn, shared: &Shared, now: Timestamp) -> Result<Vec<Open>, StoreError> {
    let Shared { parts, shelf, .. } = shared;
    let finder = Finder { shelf, policy: &parts.policy };
    let mut found = Vec::new();
    let going_on: BTreeMap<IncidentId, Incident> =
        incidents_going_on(conn).await?.into_iter().map(|incident| (incident.id, incident)).collect();
    for (id, incident) in &going_on {
        let scope = Scope { incidents: BTreeSet::from([*id]), ..Scope::default() };
        let case = load(conn, &scope, shelf, now).await?;
        found.extend(finder.of_incident(&case, incident));
    }
    let drills = going_on.values().map(|incident| incident.book().incident());
    for book in drills.chain([None]).collect::<BTreeSet<_>>() {
        let filter = LedgerFilter { incident: book, shortfall_only: true, ..LedgerFilter::default() };
        let short = ledgers_list(conn, &filter, &LedgerAfter::default(), LEDGERS).await?;
        found.extend(short.iter().filter_map(|ledger| finder.of_ledger(ledger)));
    }
    for waits in undelivered(conn, now).await? {
        if let Some(incident) = going_on.get(&waits.incident)
            && is_away(&parts.board, &waits.member)
        {
            found.push(finder.of_undelivered(&waits, incident));
        }
    }
    found.extend(hub_restored(conn).await?.iter().map(|restored| finder.of_restore(restored)));
    let done = tasks_done(conn).await?;
    found.retain(|open| done.get(&open.task.name).is_none_or(|stage| *stage < open.stage));
    found.sort_by(|one, other| one.rank.cmp(&other.rank));
    Ok(found)
}

fn is_away(board: &LinkBoard, member: &shouwang_proto::id::MemberId) -> bool {
    !board.row(member).is_some_and(|row| row.is_reachable())
}

/// Adds who was reached about each task, and who was not.
async fn add_reached(conn: &mut Conn, tasks: &mut [Open]) -> Result<(), StoreError> {
    let mut known: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for open in tasks {
        let Ok(id) = IncidentId::from_name(&open.task.incident) else { continue };
        if !known.contains_key(&open.task.incident) {
            known.insert(open.task.incident.clone(), timeline_reached(conn, id, ENTRIES).await?);
        }
        let entries = known.get(&open.task.incident).map(Vec::as_slice).unwrap_or_default();
        let about = entries.iter().filter(|entry| is_about(entry, &open.task));
        open.task.reached = about.take(SHOWN).map(write::entry).collect();
    }
    Ok(())
}

fn is_about(entry: &Entry, task: &wire::AidTask) -> bool {
    let request = entry.about.request.map(|id| id.name()).unwrap_or_default();
    let assignment = entry.about.assignment.map(|id| id.name()).unwrap_or_default();
    request == task.request && assignment == task.assignment
}
