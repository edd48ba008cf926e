//! What waits for people.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{AidTask, CompleteTaskResponse, IncidentMode, ListTasksResponse, RequestPriority},
};

use super::{Look, more, tail, timeline};
use crate::render::time;

/// Until when, as people count it: `剩 12 分` or `已超 3 分`.
fn countdown(task: &AidTask, look: Look) -> String {
    let Some(due) = time::read(task.due_time.as_ref()) else { return String::new() };
    let seconds = due.as_second() - look.now.as_second();
    let minutes = (seconds.unsigned_abs()).div_ceil(60);
    if seconds >= 0 {
        format!(" · {} {minutes} min", look.say("剩", "left"))
    } else {
        format!(" · ‼ {} {minutes} min", look.say("已超", "late by"))
    }
}

/// One task: what to do, whom to phone, who was reached, and its name for `task done`.
pub(crate) fn one(task: &AidTask, look: Look) -> String {
    let mode = if task.mode() == IncidentMode::Actual {
        String::new()
    } else {
        format!("【{}】", look.pick(task.mode().words()))
    };
    let priority = if task.priority() == RequestPriority::Unspecified {
        String::new()
    } else {
        format!("{} ", look.pick(task.priority().words()))
    };
    let text = look.say(&task.text_zh, &task.text_en);
    let mut out = format!("{mode}{priority}{}{}", crate::words::harmless(text), countdown(task, look));
    let since = super::when::age(task.since_time.as_ref(), look);
    if !since.is_empty() {
        out.push_str(&format!(" · {since}"));
    }
    for phone in &task.phones {
        out.push_str(&format!("\n    ☎ {}", crate::words::harmless(phone)));
    }
    for reached in &task.reached {
        out.push_str(&format!("\n    {}", timeline::entry(reached, look).trim_start()));
    }
    out.push_str(&format!("\n    {}", tail(&task.name)));
    out
}

/// A page of tasks.
pub(crate) fn list(page: &ListTasksResponse, look: Look) -> String {
    if page.tasks.is_empty() {
        return look.say("没有待办", "nothing waits for a person").to_owned();
    }
    let lines: Vec<String> = page.tasks.iter().map(|task| one(task, look)).collect();
    lines.join("\n") + &more(&page.next_page_token, look)
}

/// What was done.
pub(crate) fn done(answer: &CompleteTaskResponse, look: Look) -> String {
    answer.task.as_ref().map(|task| one(task, look)).unwrap_or_default()
}
