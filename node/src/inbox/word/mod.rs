//! What people of this node say, checked: all wrong fields at once, by the same rules as at the hub. What only the hub can
//! know is left to the hub.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        action::{Action, AssignmentAction},
        command::{SelfDeployment, Submission, UnsolicitedOffer},
        id::{CommandId, NoticeId},
    },
    publication::{text::TextRule, time_from_wire, time_to_wire},
    refusal::{Refusal, Violations},
    wire,
};
use uuid::Uuid;
use wire::member_command::Word;

/// Largest encoded word, so that it fits the control link.
const WORD_BYTES: usize = 48 * 1024;
/// Who says it.
const ACTOR: TextRule = TextRule::line(1, 60);

/// A word with its wrong fields still collected: the newest order may yet have to be found.
#[derive(Debug)]
pub struct Draft {
    context: wire::OwnContext,
    word: Option<Word>,
    wrong: Violations,
    /// An answer to an order that was not named.
    open: Option<String>,
}

impl Draft {
    fn new(context: Option<wire::OwnContext>, word: Option<Word>, wrong: Violations) -> Self {
        Self { context: context.unwrap_or_default(), word, wrong, open: None }
    }

    /// An answer or a report about an assignment.
    #[must_use]
    pub fn answer(request: wire::AnswerRequest) -> Self {
        let wire::AnswerRequest { context, action } = request;
        let mut wrong = Violations::new();
        let Some(action) = action else {
            wrong.add("action", "is required （必填）");
            return Self::new(context, None, wrong);
        };
        let read = AssignmentAction::read("action", action, &mut wrong);
        let open = read.as_ref().filter(|read| read.epoch == 0 && read.action.answers_order());
        let open = open.map(|read| read.assignment.name());
        if read.as_ref().is_some_and(|read| matches!(read.action, Action::Contact(_))) {
            wrong.add("action.contact", "is said by dispatchers at the hub only （仅由枢纽调度员操作）");
        }
        let word = read.map(|read| Word::Action(read.to_wire()));
        Self { open, ..Self::new(context, word, wrong) }
    }

    /// A call for help. It goes to the hub as people wrote it; the hub reads it by the same rules.
    #[must_use]
    pub fn call(request: wire::CallForHelpRequest) -> Self {
        let wire::CallForHelpRequest { context, submission } = request;
        let mut wrong = Violations::new();
        match &submission {
            Some(submission) => drop(Submission::read("submission", submission.clone(), &mut wrong)),
            None => wrong.add("submission", "is required （必填）"),
        }
        Self::new(context, submission.map(Word::Submission), wrong)
    }

    /// Help offered unasked, or already under way, with a resource of this member.
    #[must_use]
    pub fn volunteer(request: wire::VolunteerAidRequest, own: &MemberId) -> Self {
        use wire::volunteer_aid_request::Aid;
        let wire::VolunteerAidRequest { context, aid } = request;
        let mut wrong = Violations::new();
        let (resource, field, word) = match aid {
            None => {
                wrong.add("aid", "is required: offer or deployment （必填：主动提供或自行出动）");
                return Self::new(context, None, wrong);
            }
            Some(Aid::Offer(offer)) => {
                drop(UnsolicitedOffer::read("offer", offer.clone(), &mut wrong));
                (offer.resource.clone(), "offer.resource", Word::Offer(offer))
            }
            Some(Aid::Deployment(deployment)) => {
                drop(SelfDeployment::read("deployment", deployment.clone(), &mut wrong));
                (deployment.resource.clone(), "deployment.resource", Word::SelfDeployment(deployment))
            }
        };
        if resource.parse::<PublicationName>().is_ok_and(|name| name.member != *own) {
            wrong.add(field, "must be a resource of this member （须为本单位的资源）");
        }
        Self::new(context, Some(word), wrong)
    }

    /// The assignment whose newest order the speaker means without naming it, if there is one.
    #[must_use]
    pub fn open_epoch(&self) -> Option<&str> {
        self.open.as_deref()
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
        let Self { context, word, mut wrong, open: _ } = self;
        let wire::OwnContext { request_id, actor, occurred_at } = context;
        let id = wrong.check("context.request_id", request_id.parse::<CommandId>());
        let actor = ACTOR.read("context.actor", &actor, &mut wrong);
        let occurred = match &occurred_at {
            None => Some(now),
            Some(told) => wrong.check(
                "context.occurred_at",
                time_from_wire(told).ok_or("is not a time of this calendar （时间无效）"),
            ),
        };
        let command = wrong.finish(|| Some(command(id?.uuid(), actor, occurred?, word?)))?;
        if command.encoded_len() > WORD_BYTES {
            let words = "is larger than 48 KiB as a whole; shorten the texts （整体超过 48 KiB，请缩短文字）";
            return Err(Refusal::field("request", words));
        }
        Ok(command)
    }
}

fn command(id: Uuid, actor: String, occurred: Timestamp, word: Word) -> wire::MemberCommand {
    wire::MemberCommand {
        command_id: id.to_string(),
        actor,
        occurred_at: Some(time_to_wire(occurred)),
        channel: wire::Channel::Node as i32,
        word: Some(word),
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
) -> Result<(NoticeId, wire::MemberCommand), Refusal> {
    let wire::MarkSeenRequest { name, actor } = request;
    let mut wrong = Violations::new();
    let notice = wrong.check("name", NoticeId::from_name(name));
    let actor = ACTOR.read("actor", actor, &mut wrong);
    wrong.finish(|| {
        let notice = notice?;
        Some((notice, command(id, actor, now, Word::SeenNotice(notice.name()))))
    })
}

/// A number as it is dialled: 3 to 32 digits, spaces, `+` and `-`.
#[must_use]
pub fn is_phone(phone: &str) -> bool {
    (3..=32).contains(&phone.len())
        && phone.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'+' | b'-'))
}
