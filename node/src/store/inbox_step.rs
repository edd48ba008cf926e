//! The steps of the inbox: what a notice, a word and a decision change in it. Each runs inside the transaction of its
//! operation; what is right is decided in [`crate::inbox`].

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::wire::{self, member_command::Word};
use shouwang_serving::store::{StoreError, Tx};

use super::{
    alert::{NewAlert, alerts_insert, call_insert, silence},
    command::{KeptCommand, command_find, command_result_put, commands_about},
    notice::{Closed, notice_close, notice_find, notice_insert, notice_see, notices_about, notices_reopen},
};
use crate::inbox::{duty::AlarmPlan, notice::Facts, shown};

/// A decision is handed to the hooks for so long.
const DECISION_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Keeps a new notice, closes what it overtakes and plans its alarms; false when it was here before.
pub(super) async fn receive(
    tx: &mut Tx,
    notice: &wire::Notice,
    facts: &Facts,
    plan: &AlarmPlan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if notice_find(tx, &facts.name).await?.is_some() {
        return Ok(false);
    }
    let now_ms = now.as_millisecond();
    let mut overtaken = false;
    for other in notices_about(tx, facts.assignment.as_deref(), &facts.incident).await? {
        let others = other.facts()?;
        overtaken |= others.overtakes(facts);
        if other.closed.is_none() && facts.overtakes(&others) {
            notice_close(tx, &others.name, Closed::Superseded, None).await?;
            silence(tx, &others.name, now_ms).await?;
        }
    }
    notice_insert(tx, notice, facts, now_ms).await?;
    if overtaken {
        notice_close(tx, &facts.name, Closed::Superseded, None).await?;
        return Ok(true);
    }
    if let Some(answer) = answered_before(tx, facts).await? {
        notice_close(tx, &facts.name, Closed::Answered, Some(&answer.command.command_id)).await?;
        notice_see(tx, &facts.name, &answer.command.actor, now_ms).await?;
        return Ok(true);
    }
    let id = facts.name.trim_start_matches("notices/");
    let came = NewAlert {
        message_id: &format!("notice_{id}"),
        silenced_with: None,
        body: &shown::notice_came(notice),
        expires: facts.expires,
    };
    alerts_insert(tx, &plan.channels, &came, now_ms).await?;
    for call in plan.calls(facts, now) {
        call_insert(tx, &facts.name, &call).await?;
    }
    Ok(true)
}

/// What people said before a notice came that answers it: a word that the hub had not decided when it wrote the notice.
async fn answered_before(tx: &mut Tx, facts: &Facts) -> Result<Option<KeptCommand>, StoreError> {
    let Some(assignment) = &facts.assignment else { return Ok(None) };
    let said = commands_about(tx, assignment).await?;
    let answer = said.into_iter().rev().find(|known| {
        let Some(Word::Action(action)) = &known.command.word else { return false };
        let unknown_to_it = match &known.result {
            None => true,
            Some((result, _)) => {
                result.assignment.as_ref().is_some_and(|decided| decided.version > facts.version)
            }
        };
        unknown_to_it && !known.is_refused() && facts.is_answered_by(action)
    });
    Ok(answer)
}

/// Closes the notices that a new word answers; whoever says it has seen them.
pub(super) async fn close_answered(
    tx: &mut Tx,
    command: &wire::MemberCommand,
    action: &wire::AssignmentAction,
    now: Timestamp,
) -> Result<(), StoreError> {
    let now_ms = now.as_millisecond();
    for known in notices_about(tx, Some(&action.assignment), "").await? {
        let facts = known.facts()?;
        let open = known.closed.is_none();
        let knows = facts.is_answered_by(action) || facts.is_known_from(action);
        if open && facts.is_answered_by(action) {
            notice_close(tx, &facts.name, Closed::Answered, Some(&command.command_id)).await?;
        }
        if open && knows && known.seen.is_none() {
            notice_see(tx, &facts.name, &command.actor, now_ms).await?;
            silence(tx, &facts.name, now_ms).await?;
        }
    }
    Ok(())
}

/// Keeps a decision, opens again what was answered in vain, and tells people of bad news; false when nobody here said such
/// a word.
pub(super) async fn decide(
    tx: &mut Tx,
    result: &wire::MemberCommandResult,
    plan: &AlarmPlan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(known) = command_find(tx, &result.command_id).await? else { return Ok(false) };
    if known.result.is_some() {
        return Ok(true);
    }
    let now_ms = now.as_millisecond();
    command_result_put(tx, result, now_ms).await?;
    let refused = result.outcome() == wire::CommandOutcome::Refused;
    if refused {
        for name in notices_reopen(tx, &result.command_id).await? {
            close_if_overtaken(tx, &name).await?;
        }
    }
    let bad_news = refused || result.outcome() == wire::CommandOutcome::BecameOffer;
    if bad_news && !matches!(known.command.word, Some(Word::SeenNotice(_))) {
        let alert = NewAlert {
            message_id: &format!("decision_{}", result.command_id),
            silenced_with: None,
            body: &shown::decided(&known.command, result),
            expires: now.checked_add(DECISION_LIFE).ok(),
        };
        alerts_insert(tx, &plan.channels, &alert, now_ms).await?;
    }
    Ok(true)
}

/// A notice that was opened again may have been overtaken meanwhile.
async fn close_if_overtaken(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    let Some(known) = notice_find(tx, name).await? else { return Ok(()) };
    let facts = known.facts()?;
    for other in notices_about(tx, facts.assignment.as_deref(), &facts.incident).await? {
        if other.facts()?.overtakes(&facts) {
            return notice_close(tx, name, Closed::Superseded, None).await;
        }
    }
    Ok(())
}
