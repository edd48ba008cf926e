//! Messages in: checked in the first lines, all wrong fields at once.

use std::{fmt::Display, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        id::{AssignmentId, CommandId, IncidentId, LineNumber, RequestId},
        term::Channel,
    },
    publication::{text::TextRule, time_from_wire},
    refusal::{Refusal, Violations},
    wire,
};

use crate::{
    council::caller::Caller,
    mutual_aid::{coordinator::Said, machine::command::Decided},
};

/// How far in the future something may be told to have happened: clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Longest name of a person.
const ACTOR: usize = 60;

/// Who changes something, through what.
pub(super) fn said(
    caller: &Caller,
    context: Option<wire::ChangeContext>,
    now: Timestamp,
    wrong: &mut Violations,
) -> Option<Said> {
    let Some(context) = context else {
        wrong.add("context", "is required （必填）");
        return None;
    };
    let wire::ChangeContext { request_id, on_behalf_of, channel, occurred_at, actor } = context;
    let id = wrong.check("context.request_id", request_id.parse::<CommandId>());
    let on_behalf_of = optional(&on_behalf_of, "context.on_behalf_of", MemberId::from_name, wrong);
    let channel = match channel {
        0 => Some(Channel::Hub),
        number => wrong.check("context.channel", Channel::from_wire(number)),
    };
    let occurred = match occurred_at {
        None => None,
        Some(time) => {
            let told = time_from_wire(&time).filter(|told| *told <= now.saturating_add(AHEAD).unwrap_or(now));
            let told = told.ok_or(
                "must be a time, at most five minutes in the future （时间无效或晚于当前 5 分钟以上）",
            );
            wrong.check("context.occurred_at", told)
        }
    };
    let actor = TextRule::line(0, ACTOR).read("context.actor", &actor, wrong);
    let actor = if actor.is_empty() { caller.label.chars().take(ACTOR).collect() } else { actor };
    Some(Said { id: id?, actor, on_behalf_of, channel: channel?, occurred })
}

/// A name that may be missing.
pub(super) fn optional<T, E: Display>(
    text: &str,
    field: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
    wrong: &mut Violations,
) -> Option<T> {
    if text.is_empty() { None } else { wrong.check(field, read(text)) }
}

pub(super) fn incident(field: &str, name: &str, wrong: &mut Violations) -> Option<IncidentId> {
    wrong.check(field, IncidentId::from_name(name))
}

pub(super) fn request(field: &str, name: &str, wrong: &mut Violations) -> Option<RequestId> {
    wrong.check(field, RequestId::from_name(name))
}

pub(super) fn assignment(field: &str, name: &str, wrong: &mut Violations) -> Option<AssignmentId> {
    wrong.check(field, AssignmentId::from_name(name))
}

pub(super) fn resource(field: &str, name: &str, wrong: &mut Violations) -> Option<PublicationName> {
    wrong.check(field, PublicationName::from_str(name))
}

pub(super) fn line(field: &str, number: u32, wrong: &mut Violations) -> Option<LineNumber> {
    wrong.check(field, LineNumber::new(number).ok_or("must be the number of a line, from 1 （须为行号）"))
}

/// A request and the version it was read in.
pub(super) fn decided(name: &str, expected_version: u64, wrong: &mut Violations) -> Option<Decided> {
    let request = request("name", name, wrong);
    Some(Decided { request: request?, expected: expected("expected_version", expected_version, wrong)? })
}

/// A version that has to be given.
pub(super) fn expected(field: &str, version: u64, wrong: &mut Violations) -> Option<u64> {
    if version == 0 {
        wrong.add(field, "is required: the version that you have read （必填：所读到的版本）");
        return None;
    }
    Some(version)
}

/// A text of 1 to `most` characters.
pub(super) fn words(field: &str, text: &str, most: usize, wrong: &mut Violations) -> String {
    TextRule { least: 1, ..TextRule::lines(most) }.read(field, text, wrong)
}

/// Terms of a filter.
pub(super) fn terms<T, E: Display>(
    field: &str,
    numbers: &[i32],
    read: impl Fn(i32) -> Result<T, E>,
    wrong: &mut Violations,
) -> Vec<T> {
    if numbers.len() > 16 {
        wrong.add(field, "has more than 16 values （超过 16 项）");
        return Vec::new();
    }
    let each = numbers.iter().enumerate();
    each.filter_map(|(index, number)| wrong.check(format!("{field}[{index}]"), read(*number))).collect()
}

/// What was read, if nothing is wrong.
pub(super) fn whole<T>(wrong: Violations, value: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
    wrong.finish(value)
}
