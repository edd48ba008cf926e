//! Notices and words as people see them.

use jiff::Timestamp;
use shouwang_proto::{publication::time_to_wire, wire};

use crate::store::{InboxChange, InboxItem, KeptCommand};

/// A notice with what was said about its assignment.
pub(super) fn show_item(item: &InboxItem, now: Timestamp) -> wire::InboxItem {
    let (kept, commands) = item;
    let (seen_time, seen_by) = kept.seen.clone().unzip();
    wire::InboxItem {
        notice: Some(kept.notice.clone()),
        receive_time: Some(time_to_wire(kept.received)),
        seen_time: seen_time.map(time_to_wire),
        seen_by: seen_by.unwrap_or_default(),
        expired: kept.is_expired(now),
        commands: commands.iter().map(show_command).collect(),
    }
}

/// A word and what became of it.
pub(super) fn show_command(kept: &KeptCommand) -> wire::OwnCommand {
    let (result, result_time) = kept.result.clone().unzip();
    let state = match result {
        Some(_) => wire::OwnCommandState::Answered,
        None => wire::OwnCommandState::Waiting,
    };
    wire::OwnCommand {
        command: Some(kept.command.clone()),
        state: state as i32,
        create_time: Some(time_to_wire(kept.created)),
        result,
        result_time: result_time.map(time_to_wire),
    }
}

/// A word as it was when it was said: the first answer.
pub(super) fn show_first(kept: &KeptCommand) -> wire::OwnCommand {
    show_command(&KeptCommand { result: None, ..kept.clone() })
}

/// A change for whoever follows the inbox.
pub(super) fn show_change(change: &InboxChange, now: Timestamp) -> wire::WatchInboxResponse {
    use wire::watch_inbox_response::What;
    let what = match change {
        InboxChange::Notice(item) => What::Item(show_item(item, now)),
        InboxChange::Command(command) => What::Command(show_command(command)),
    };
    wire::WatchInboxResponse { change: change.number(), what: Some(what) }
}
