//! Every change is attempted under a key of whoever wants it. The first attempt decides; every other one gets the same
//! answer, also when that was a refusal, and changes nothing.

use jiff::Timestamp;
use prost::Message;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    id::MemberId,
    mutual_aid::id::CommandId,
    refusal::{Refusal, Violation},
};
use shouwang_serving::store::{StoreError, Tx};
use tonic::Code;

use crate::{
    council::caller::Caller,
    store::mutual_aid::{
        aid_lock,
        command::{AnsweredCommand, command_add, command_find},
    },
};

/// One attempt to change something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    sender: String,
    id: CommandId,
    content: [u8; 32],
}

/// What an attempt led to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answered {
    /// Done, now or before: the encoded answer.
    Done(Vec<u8>),
    /// Refused, now or before.
    Refused(Refusal),
}

impl Attempt {
    /// Of somebody at the people port.
    pub(crate) fn by_caller(caller: &Caller, id: CommandId, rpc: &str, message: &impl Message) -> Self {
        let sender = match &caller.member {
            Some(member) => format!("people/{member}"),
            // All at the desk see everything, and a retry may come with another token of the same person.
            None => "desk".to_owned(),
        };
        Self { sender, id, content: content(rpc, message) }
    }

    /// Of a member's node.
    pub(crate) fn by_node(member: &MemberId, id: CommandId, message: &impl Message) -> Self {
        Self { sender: format!("node/{member}"), id, content: content("MemberCommand", message) }
    }

    /// Of the hub itself; the key names what is done, so that it is done once.
    pub(crate) fn id(&self) -> CommandId {
        self.id
    }
}

fn content(kind: &str, message: &impl Message) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(kind.as_bytes());
    hasher.update([0]);
    hasher.update(message.encode_to_vec());
    hasher.finalize().into()
}

/// Does the work of an attempt, unless it was decided before. The work gives the encoded answer, or refuses **before it
/// has written anything**: a refusal is an answer and is kept.
///
/// # Errors
/// ALREADY_EXISTS (REQUEST_ID_REUSED) when the key was used for something else; what the store said. Nothing is changed
/// then.
pub(crate) async fn once<F>(
    tx: &mut Tx,
    attempt: &Attempt,
    now: Timestamp,
    work: F,
) -> Result<Answered, StoreError>
where
    F: AsyncFnOnce(&mut Tx) -> Result<Result<Vec<u8>, Refusal>, StoreError>,
{
    // Before the look at what was decided: another hub may be deciding it at this moment.
    aid_lock(tx).await?;
    if let Some(known) = command_find(tx, &attempt.sender, attempt.id).await? {
        return known_answer(attempt, known);
    }
    let decided = work(tx).await?;
    let (refused, answer) = match &decided {
        Ok(answer) => (false, answer.clone()),
        Err(refusal) => (true, write_refusal(refusal)),
    };
    let answered = AnsweredCommand { content: attempt.content, refused, answer };
    command_add(tx, &attempt.sender, attempt.id, &answered, now).await?;
    Ok(match decided {
        Ok(answer) => Answered::Done(answer),
        Err(refusal) => Answered::Refused(refusal),
    })
}

fn known_answer(attempt: &Attempt, known: AnsweredCommand) -> Result<Answered, StoreError> {
    if known.content != attempt.content {
        return Err(Refusal::new(
            Code::AlreadyExists,
            "REQUEST_ID_REUSED",
            "this request_id was used for something else; make a new one （该 request_id 已用于其他操作）",
        )
        .into());
    }
    if known.refused {
        read_refusal(&known.answer).map(Answered::Refused)
    } else {
        Ok(Answered::Done(known.answer))
    }
}

#[derive(Serialize, Deserialize)]
struct KeptRefusal {
    code: i32,
    reason: String,
    message: String,
    violations: Vec<(String, String)>,
}

fn write_refusal(refusal: &Refusal) -> Vec<u8> {
    let violations = refusal.violations.iter();
    let kept = KeptRefusal {
        code: refusal.code.into(),
        reason: refusal.reason.clone().into_owned(),
        message: refusal.message.clone(),
        violations: violations.map(|wrong| (wrong.field.clone(), wrong.description.clone())).collect(),
    };
    serde_json::to_vec(&kept).unwrap_or_default()
}

fn read_refusal(answer: &[u8]) -> Result<Refusal, StoreError> {
    let KeptRefusal { code, reason, message, violations } = serde_json::from_slice(answer)
        .map_err(|error| crate::store::bad_row("aid_command", "answer", "a refusal", error))?;
    let violations = violations.into_iter();
    Ok(Refusal {
        code: code.into(),
        reason: reason.into(),
        message,
        violations: violations.map(|(field, description)| Violation { field, description }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_being_kept() {
        let mut refusal = Refusal::field("lines", "must have 1 to 50 lines");
        assert_eq!(read_refusal(&write_refusal(&refusal)).unwrap(), refusal);
        refusal = Refusal::new(Code::Aborted, "ORDER_SUPERSEDED", "there is a newer order");
        assert_eq!(read_refusal(&write_refusal(&refusal)).unwrap(), refusal);
        assert!(read_refusal(b"?").is_err());
    }
}
