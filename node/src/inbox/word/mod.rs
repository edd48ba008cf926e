//! What people of this node say, checked: all wrong fields at once. What only the hub can know is left to the hub.

mod action;
mod submission;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    id::{MemberId, PublicationName},
    publication::{
        text::{TextRule, read_code},
        time_from_wire, time_to_wire,
    },
    refusal::{Refusal, Violations},
    vocabulary, wire,
};
use uuid::Uuid;
use wire::member_command::Word;

/// Largest encoded word, so that it fits the control link.
const WORD_BYTES: usize = 48 * 1024;
/// Most characters of a person's name.
const ACTOR_LENGTH: usize = 60;
/// Most characters of a note.
const NOTE_LENGTH: usize = 500;
/// Largest quantity, as of a need line.
const MOST_QUANTITY: u64 = 1_000_000_000;
/// Longest way in seconds: a week.
const LONGEST_WAY: u32 = 604_800;

/// The id in a name such as `notices/{uuid}`.
#[must_use]
pub fn id_of(prefix: &str, name: &str) -> Option<Uuid> {
    name.strip_prefix(prefix).filter(|id| id.len() == 36).and_then(|id| Uuid::parse_str(id).ok())
}

/// A word about an assignment, with its wrong fields still collected: the newest order may yet have to be found.
#[derive(Debug)]
pub struct Draft {
    context: wire::OwnContext,
    word: Option<Word>,
    wrong: Violations,
}

impl Draft {
    /// An answer or a report about an assignment.
    #[must_use]
    pub fn answer(request: wire::AnswerRequest) -> Self {
        let wire::AnswerRequest { context, action } = request;
        let mut wrong = Violations::new();
        let word = action::read("action", action, &mut wrong).map(Word::Action);
        Self { context: context.unwrap_or_default(), word, wrong }
    }

    /// A call for help.
    #[must_use]
    pub fn call(request: wire::CallForHelpRequest) -> Self {
        let wire::CallForHelpRequest { context, submission } = request;
        let mut wrong = Violations::new();
        let word = submission::read(submission, &mut wrong).map(Word::Submission);
        Self { context: context.unwrap_or_default(), word, wrong }
    }

    /// Help offered unasked, or already under way, with a resource of this member.
    #[must_use]
    pub fn volunteer(request: wire::VolunteerAidRequest, own: &MemberId) -> Self {
        use wire::volunteer_aid_request::Aid;
        let wire::VolunteerAidRequest { context, aid } = request;
        let mut wrong = Violations::new();
        let word = match aid {
            None => {
                wrong.add("aid", "is required: offer or deployment （必填：主动提供或自行出动）");
                None
            }
            Some(Aid::Offer(offer)) => {
                let wire::UnsolicitedOffer { request, line, resource, offer } = offer;
                check_target("offer", &request, line, &resource, own, &mut wrong);
                let offer = action::read_offer("offer.offer", offer.unwrap_or_default(), &mut wrong);
                Some(Word::Offer(wire::UnsolicitedOffer { request, line, resource, offer: Some(offer) }))
            }
            Some(Aid::Deployment(deployment)) => {
                let wire::SelfDeployment { request, line, resource, quantity, on_scene, note } = deployment;
                check_target("deployment", &request, line, &resource, own, &mut wrong);
                check_quantity("deployment.quantity", quantity, &mut wrong);
                let note = note_of("deployment.note", &note, &mut wrong);
                Some(Word::SelfDeployment(wire::SelfDeployment {
                    request,
                    line,
                    resource,
                    quantity,
                    on_scene,
                    note,
                }))
            }
        };
        Self { context: context.unwrap_or_default(), word, wrong }
    }

    /// The assignment whose newest order the speaker means without naming it, if there is one.
    #[must_use]
    pub fn open_epoch(&self) -> Option<&str> {
        match &self.word {
            Some(Word::Action(action)) if action.epoch == 0 && action::needs_epoch(action) => {
                Some(&action.assignment)
            }
            Some(
                Word::Action(_)
                | Word::Submission(_)
                | Word::Offer(_)
                | Word::SeenNotice(_)
                | Word::SelfDeployment(_),
            )
            | None => None,
        }
    }

    /// The newest order of [`Draft::open_epoch`], 0 if this node has none.
    pub fn set_epoch(&mut self, newest: u64) {
        if newest == 0 {
            self.wrong.add(
                "action.epoch",
                "is required: this node has no order of this assignment （必填：本节点没有该调派的指令）",
            );
        } else if let Some(Word::Action(action)) = &mut self.word {
            action.epoch = newest;
        }
    }

    /// The finished word.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with all wrong fields.
    pub fn finish(self, now: Timestamp) -> Result<wire::MemberCommand, Refusal> {
        let Self { context, word, mut wrong } = self;
        let wire::OwnContext { request_id, actor, occurred_at } = context;
        let id = Uuid::parse_str(&request_id).map_err(|_| "must be a UUID （须为 UUID）");
        let id = wrong.check("context.request_id", id);
        let actor = actor_of("context.actor", &actor, &mut wrong);
        let occurred_at = match occurred_at {
            None => Some(now),
            Some(_) => time_of("context.occurred_at", occurred_at.as_ref(), &mut wrong),
        };
        let command = wrong.finish(|| {
            Some(wire::MemberCommand {
                command_id: id?.to_string(),
                actor,
                occurred_at: occurred_at.map(time_to_wire),
                channel: wire::Channel::Node as i32,
                word: Some(word?),
            })
        })?;
        if command.encoded_len() > WORD_BYTES {
            let words = "is larger than 48 KiB as a whole; shorten the texts （整体超过 48 KiB，请缩短文字）";
            return Err(Refusal::field("request", words));
        }
        Ok(command)
    }
}

/// That a person has seen a notice.
///
/// # Errors
/// INVALID_ARGUMENT with all wrong fields.
pub fn seen(
    request: &wire::MarkSeenRequest,
    id: Uuid,
    now: Timestamp,
) -> Result<wire::MemberCommand, Refusal> {
    let wire::MarkSeenRequest { name, actor } = request;
    let mut wrong = Violations::new();
    if id_of("notices/", name).is_none() {
        wrong.add("name", "must have the form notices/{uuid} （格式须为 notices/{uuid}）");
    }
    let actor = actor_of("actor", actor, &mut wrong);
    wrong.finish(|| {
        Some(wire::MemberCommand {
            command_id: id.to_string(),
            actor,
            occurred_at: Some(time_to_wire(now)),
            channel: wire::Channel::Node as i32,
            word: Some(Word::SeenNotice(name.clone())),
        })
    })
}

fn check_target(
    field: &str,
    request: &str,
    line: u32,
    resource: &str,
    own: &MemberId,
    wrong: &mut Violations,
) {
    check_name(&format!("{field}.request"), "requests/", request, wrong);
    if line == 0 {
        wrong.add(format!("{field}.line"), "is required: 1 or more （必填，从 1 起）");
    }
    let at = format!("{field}.resource");
    if let Some(name) = wrong.check(at.clone(), resource.parse::<PublicationName>())
        && name.member != *own
    {
        wrong.add(at, "must be a resource of this member （须为本单位的资源）");
    }
}

fn check_name(field: &str, prefix: &str, name: &str, wrong: &mut Violations) {
    if id_of(prefix, name).is_none() {
        wrong.add(field, format!("must have the form {prefix}{{uuid}} （格式须为 {prefix}{{uuid}}）"));
    }
}

fn check_quantity(field: &str, quantity: u64, wrong: &mut Violations) {
    if !(1..=MOST_QUANTITY).contains(&quantity) {
        wrong.add(field, "must be 1 to 1000000000 （须为 1–1000000000）");
    }
}

fn check_way(field: &str, seconds: u32, wrong: &mut Violations) {
    if seconds > LONGEST_WAY {
        wrong.add(field, "must be at most 604800 seconds, a week （最多 604800 秒）");
    }
}

fn actor_of(field: &str, actor: &str, wrong: &mut Violations) -> String {
    TextRule::line(1, ACTOR_LENGTH).read(field, actor, wrong)
}

fn note_of(field: &str, note: &str, wrong: &mut Violations) -> String {
    TextRule::lines(NOTE_LENGTH).read(field, note, wrong)
}

fn time_of(field: &str, time: Option<&prost_types::Timestamp>, wrong: &mut Violations) -> Option<Timestamp> {
    let Some(time) = time else {
        wrong.add(field, "is required （必填）");
        return None;
    };
    wrong.check(field, time_from_wire(time).ok_or("is not a time of this calendar （时间无效）"))
}

/// A term of a list. A list that this build does not have is the hub's to check.
fn term_of(field: &str, list: &str, written: &str, wrong: &mut Violations) -> String {
    if vocabulary::list(list).is_none() {
        return TextRule::line(1, 60).read(field, written, wrong);
    }
    read_code(field, list, written, wrong).unwrap_or_default()
}

pub(super) fn place_of(field: &str, place: wire::Location, wrong: &mut Violations) -> wire::Location {
    let wire::Location { latitude, longitude, address } = place;
    if !(-90.0..=90.0).contains(&latitude) {
        wrong.add(format!("{field}.latitude"), "must be -90 to 90 degrees （须为 -90 至 90 度）");
    }
    if !(-180.0..=180.0).contains(&longitude) {
        wrong.add(format!("{field}.longitude"), "must be -180 to 180 degrees （须为 -180 至 180 度）");
    }
    let address = TextRule::line(0, 200).read(&format!("{field}.address"), &address, wrong);
    wire::Location { latitude, longitude, address }
}

fn contact_of(field: &str, contact: wire::DutyContact, wrong: &mut Violations) -> wire::DutyContact {
    let wire::DutyContact { name, phone, duty } = contact;
    if !is_phone(&phone) {
        wrong.add(
            format!("{field}.phone"),
            "must be 3 to 32 digits, spaces, + and - （须为 3–32 位电话号码）",
        );
    }
    wire::DutyContact {
        name: TextRule::line(1, 60).read(&format!("{field}.name"), &name, wrong),
        phone,
        duty: TextRule::line(0, 60).read(&format!("{field}.duty"), &duty, wrong),
    }
}

/// A number as it is dialled: 3 to 32 digits, spaces, `+` and `-`.
#[must_use]
pub fn is_phone(phone: &str) -> bool {
    (3..=32).contains(&phone.len())
        && phone.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'+' | b'-'))
}
