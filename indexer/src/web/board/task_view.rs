//! What waits for people, and what has happened. Pure.

use shouwang_pages::{
    Lang,
    age::{self, Age},
};
use shouwang_proto::{
    mutual_aid::term::{Channel, Mode, Priority, Role},
    publication::time_from_wire,
    wire::{self, AidTaskKind},
};

use super::{
    form::{Form, Maker},
    forms,
    view::{Due, Light, code},
    words::{self, dialled, member, said},
};

/// Somebody to phone.
pub(super) struct PhoneView {
    pub(super) words: String,
    pub(super) dialled: String,
}

/// Something that waits for a person.
pub(super) struct TaskView {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) kind_label: &'static str,
    pub(super) mode: &'static str,
    pub(super) mode_label: &'static str,
    pub(super) priority_label: &'static str,
    pub(super) text: String,
    pub(super) since: Option<Age>,
    pub(super) due: Option<Due>,
    pub(super) phones: Vec<PhoneView>,
    /// Who was reached about it, and who was not.
    pub(super) reached: Vec<EntryView>,
    /// The page where it is done; empty when there is none.
    pub(super) address: String,
    pub(super) forms: Vec<Form>,
}

/// An entry of a timeline.
pub(super) struct EntryView {
    pub(super) when: Option<Age>,
    pub(super) time: String,
    pub(super) text: String,
    pub(super) who: String,
    pub(super) is_alarm: bool,
    /// Told late or for nothing: it changed nothing.
    pub(super) is_noted_only: bool,
}

impl Light<'_> {
    /// A task, with the forms by which it is done.
    pub(super) fn task(&self, task: &wire::AidTask, maker: &Maker<'_>) -> TaskView {
        let mode = Mode::from_wire(task.mode);
        let address =
            if task.request.is_empty() { String::new() } else { format!("/board/{}", task.request) };
        let phone = |words: &String| PhoneView { words: words.clone(), dialled: dialled(words) };
        TaskView {
            name: task.name.clone(),
            kind: if is_urgent(task.kind()) { "urgent" } else { "" },
            kind_label: self.lang.find(words::task(task.kind())).unwrap_or_default(),
            mode: code(mode.clone(), Mode::code),
            mode_label: said(self.lang, mode, Mode::labels),
            priority_label: said(self.lang, Priority::from_wire(task.priority), Priority::labels),
            text: self.lang.pick(&task.text_zh, &task.text_en).clone(),
            since: self.age(task.since_time.as_ref()),
            due: self.due(task.due_time.as_ref()),
            phones: task.phones.iter().map(phone).collect(),
            reached: task.reached.iter().map(|entry| self.entry(entry)).collect(),
            address,
            forms: forms::of_task(maker, task, self.now),
        }
    }

    /// An entry of a timeline.
    pub(super) fn entry(&self, entry: &wire::TimelineEntry) -> EntryView {
        let occurred = entry.occurred_at.as_ref().and_then(time_from_wire);
        let role = said(self.lang, Role::from_wire(entry.role), Role::labels);
        let channel = said(self.lang, Channel::from_wire(entry.channel), Channel::labels);
        let mut who = format!("{}（{role}，{channel}）", entry.actor);
        if self.lang == Lang::En {
            who = format!("{} ({role}, {channel})", entry.actor);
        }
        if !entry.on_behalf_of.is_empty() {
            let owner = member(self.roster, &entry.on_behalf_of);
            who = format!("{who} · {}", self.lang.with("board.behalf", "member", &owner));
        }
        EntryView {
            when: self.age(entry.occurred_at.as_ref()),
            time: occurred.map_or_else(String::new, age::time),
            text: self.lang.pick(&entry.text_zh, &entry.text_en).clone(),
            who,
            is_alarm: entry.alarm,
            is_noted_only: entry.noted_only,
        }
    }
}

/// Somebody should come running.
fn is_urgent(kind: AidTaskKind) -> bool {
    match kind {
        AidTaskKind::TakeUp
        | AidTaskKind::Verify
        | AidTaskKind::Call119
        | AidTaskKind::FindTeam
        | AidTaskKind::Overdue
        | AidTaskKind::Report
        | AidTaskKind::Restored => true,
        AidTaskKind::Unspecified
        | AidTaskKind::Widen
        | AidTaskKind::Surplus
        | AidTaskKind::PhoneOwner
        | AidTaskKind::AwaitRelease
        | AidTaskKind::Shortfall
        | AidTaskKind::Close
        | AidTaskKind::MergeCandidates
        | AidTaskKind::Unreachable => false,
    }
}
