//! Carries out commands: loads, lets the machine decide, saves its changes with outbox, timeline, audit and the answer's
//! own row, all in one transaction behind the writer. Nothing here decides, and nothing waits for a network.

use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;
use prost::Message;
use serde_json::json;
use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        command::{MemberCommand, Word},
        id::CommandId,
        term::{Channel, Outcome},
    },
    refusal::Refusal,
    wire,
};
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::{
    attempt::{Answered, Attempt, once},
    deed::deed,
    load::load,
    machine::{
        broken::{Broken, Stop},
        case::Case,
        change::Answer,
        command::{Body, Command, Context, Fingerprint, Key, Origin, Party},
        decide::decide,
        escalation::Deadline,
    },
    room::{MutualAid, Shared},
    save::{Aftermath, save},
    shelf::Shelf,
    write,
};
use crate::{
    council::{audit::Deed, caller::Caller},
    store::{audit::audit_add, bad_row, mutual_aid::outbox},
};

/// Most follow-ups of one command; more would be a circle.
const FOLLOW_UPS: usize = 1_000;
/// Longest word of a member's people, encoded.
const WORD_BYTES: usize = 48 * 1024;

/// Who says something, through what, when.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) id: CommandId,
    pub(super) actor: String,
    pub(super) on_behalf_of: Option<MemberId>,
    pub(super) channel: Channel,
    pub(super) occurred: Option<Timestamp>,
}

/// A decision that was saved.
pub(super) struct Carried {
    pub(super) answer: Answer,
    pub(super) after: Aftermath,
}

impl MutualAid {
    /// Carries out what a caller at the people port wants, once. `body` makes the command from what is stored;
    /// `render` writes the answer from what is stored then.
    ///
    /// # Errors
    /// The machine's refusals; ALREADY_EXISTS (REQUEST_ID_REUSED); what the store said.
    pub(super) async fn change<T, B, R>(
        &self,
        caller: &Caller,
        (rpc, said): (&'static str, Said),
        message: &impl Message,
        body: B,
        render: R,
    ) -> Result<T, StoreError>
    where
        T: Message + Default,
        B: AsyncFnOnce(&mut Conn) -> Result<Body, StoreError> + Send + 'static,
        R: AsyncFnOnce(&mut Conn, &Answer) -> Result<T, StoreError> + Send + 'static,
    {
        let attempt = Attempt::by_caller(caller, said.id, rpc, message);
        let cx = self.context(caller, &said);
        let origin = Origin::Token(caller.token_id.clone());
        let (shelf, actor) = (self.shared.shelf.clone(), caller.actor());
        let duty = Arc::clone(&self.shared.parts.duty);
        let work = async move |tx: &mut Tx| {
            let mut after = Aftermath::default();
            let now = cx.now;
            let answered = once(tx, &attempt, now, async |tx| {
                let body = match body(tx).await {
                    Ok(body) => body,
                    Err(StoreError::Refused(refusal)) => return Ok(Err(refusal)),
                    Err(other) => return Err(other),
                };
                let command = command(origin, attempt.id(), body);
                let carried = match carry_out(tx, &shelf, &cx, command, &actor).await? {
                    Ok(carried) => carried,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                after = carried.after;
                duty.page(tx, &after.pages, &cx).await?;
                if let Some(refusal) = carried.answer.refusal() {
                    return Ok(Err(refusal));
                }
                Ok(Ok(render(tx, &carried.answer).await?.encode_to_vec()))
            })
            .await?;
            Ok((answered, after))
        };
        let (answered, after) = self.shared.parts.store.write_urgent(work).await?;
        self.follow(after).await;
        match answered {
            Answered::Done(answer) => T::decode(answer.as_slice())
                .map_err(|error| bad_row("aid_command", "answer", "an answer", error)),
            Answered::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// Carries out something that no machine has to decide, once, with its audit row.
    ///
    /// # Errors
    /// What the work said; ALREADY_EXISTS (REQUEST_ID_REUSED); what the store said.
    pub(super) async fn note<T, W>(
        &self,
        caller: &Caller,
        (rpc, said): (&'static str, Said),
        message: &impl Message,
        action: &'static str,
        work: W,
    ) -> Result<T, StoreError>
    where
        T: Message + Default,
        W: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let attempt = Attempt::by_caller(caller, said.id, rpc, message);
        let now = self.shared.parts.world.now();
        let deed = Deed {
            at: now,
            actor: caller.actor(),
            action,
            subject: "mutual aid".to_owned(),
            detail: json!({ "command": said.id, "person": said.actor, "channel": said.channel.code() }),
        };
        let change = async move |tx: &mut Tx| {
            once(tx, &attempt, now, async |tx| match work(tx).await {
                Ok(answer) => {
                    audit_add(tx, &deed).await?;
                    Ok(Ok(answer.encode_to_vec()))
                }
                Err(StoreError::Refused(refusal)) => Ok(Err(refusal)),
                Err(other) => Err(other),
            })
            .await
        };
        let answered = self.shared.parts.store.write_urgent(change).await?;
        self.touch();
        match answered {
            Answered::Done(answer) => T::decode(answer.as_slice())
                .map_err(|error| bad_row("aid_command", "answer", "an answer", error)),
            Answered::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// What the hub says to a word of a member's people. The same each time it comes.
    ///
    /// # Errors
    /// What the store said: then the word has to come again.
    pub async fn hear(
        &self,
        member: &MemberId,
        message: wire::MemberCommand,
    ) -> Result<wire::MemberCommandResult, StoreError> {
        let command_id = message.command_id.clone();
        if message.encoded_len() > WORD_BYTES {
            let words = format!("a word has at most {WORD_BYTES} bytes （指令过长）");
            return Ok(write::refused_word(command_id, &Refusal::field("word", words)));
        }
        let said = match MemberCommand::from_wire(message.clone()) {
            Ok(said) => said,
            Err(refusal) => return Ok(write::refused_word(command_id, &refusal)),
        };
        let attempt = Attempt::by_node(member, said.id, &message);
        let (member, shelf, cx) = (member.clone(), self.shared.shelf.clone(), self.of_member(member, &said));
        let duty = Arc::clone(&self.shared.parts.duty);
        let id = command_id.clone();
        let work = async move |tx: &mut Tx| {
            let mut after = Aftermath::default();
            let answered = once(tx, &attempt, cx.now, async |tx| {
                let Some(body) = word_body(tx, &member, said.word, cx.now).await? else {
                    return Ok(Ok(write::nothing_to_do(id).encode_to_vec()));
                };
                let actor = format!("node/{member} {}", cx.actor);
                let command = command(Origin::Node(member), attempt.id(), body);
                let carried = match carry_out(tx, &shelf, &cx, command, &actor).await? {
                    Ok(carried) => carried,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                after = carried.after;
                duty.page(tx, &after.pages, &cx).await?;
                Ok(Ok(write::word_result(tx, id, &carried.answer).await?.encode_to_vec()))
            })
            .await?;
            Ok((answered, after))
        };
        let heard = self.shared.parts.store.write_urgent(work).await;
        let (answered, after) = match heard {
            Ok(heard) => heard,
            // Such as the same id for something else: an answer, which nobody keeps.
            Err(StoreError::Refused(refusal)) => return Ok(write::refused_word(command_id, &refusal)),
            Err(other) => return Err(other),
        };
        self.follow(after).await;
        match answered {
            Answered::Done(answer) => wire::MemberCommandResult::decode(answer.as_slice())
                .map_err(|error| bad_row("aid_command", "answer", "a result", error)),
            Answered::Refused(refusal) => Ok(write::refused_word(command_id, &refusal)),
        }
    }

    /// Lets a deadline come, if it is still set. False when it was not.
    pub(super) async fn come_due(&self, deadline: Deadline) -> Result<bool, StoreError> {
        let Shared { parts, shelf, .. } = &*self.shared;
        let cx = Context::system(parts.world.now(), parts.world.random(), parts.policy.clone());
        let (shelf, duty) = (shelf.clone(), Arc::clone(&parts.duty));
        let work = async move |tx: &mut Tx| {
            crate::store::mutual_aid::aid_lock(tx).await?;
            if !crate::store::mutual_aid::timer::timer_is_set(tx, &deadline).await? {
                return Ok(None);
            }
            // Whatever it leads to, it comes once.
            crate::store::mutual_aid::timer::timer_clear(tx, &deadline).await?;
            match carry_out(tx, &shelf, &cx, Command::due(deadline), "hub timer").await? {
                Ok(carried) => {
                    duty.page(tx, &carried.after.pages, &cx).await?;
                    Ok(Some(carried.after))
                }
                Err(refusal) => {
                    tracing::info!(%refusal, "a deadline came for nothing");
                    Ok(Some(Aftermath::default()))
                }
            }
        };
        let after = parts.store.write_urgent(work).await?;
        let came = after.is_some();
        self.follow(after.unwrap_or_default()).await;
        Ok(came)
    }

    /// What has to be done once it is on disk. If it is dropped on the way, [`MutualAid::follow_others`] rings.
    pub(super) async fn follow(&self, after: Aftermath) {
        for page in &after.pages {
            let (whom, _) = page.whom.labels();
            tracing::warn!(whom, real = page.real, incident = ?page.incident, "call the council: {}", page.zh);
            metrics::counter!("shouwang_council_pages_total").increment(1);
        }
        if !after.pages.is_empty() {
            self.shared.alerts.send_modify(|alerts| *alerts += 1);
        }
        if after.changes > 0 {
            self.touch();
        }
        if !after.recipients.is_empty() {
            self.bell().ring(&self.shared.parts.store, &after.recipients).await;
        }
    }

    pub(super) fn context(&self, caller: &Caller, said: &Said) -> Context {
        let parts = &self.shared.parts;
        let now = parts.world.now();
        let party = caller.member.clone().map_or(Party::Dispatcher, Party::Member);
        Context {
            occurred: said.occurred.unwrap_or(now),
            actor: said.actor.clone(),
            party,
            on_behalf_of: said.on_behalf_of.clone(),
            channel: said.channel,
            ..Context::system(now, parts.world.random(), parts.policy.clone())
        }
    }

    fn of_member(&self, member: &MemberId, said: &MemberCommand) -> Context {
        let parts = &self.shared.parts;
        Context {
            occurred: said.occurred,
            actor: said.actor.clone(),
            party: Party::Member(member.clone()),
            channel: said.channel,
            ..Context::system(parts.world.now(), parts.world.random(), parts.policy.clone())
        }
    }
}

fn command(origin: Origin, id: CommandId, body: Body) -> Command {
    // Keys and contents are compared before, by `attempt`.
    Command { key: Key { origin, id }, fingerprint: Fingerprint::of(id.uuid().as_bytes()), body }
}

/// The command of a word; none when there is nothing to decide.
async fn word_body(
    tx: &mut Tx,
    member: &MemberId,
    word: Word,
    now: Timestamp,
) -> Result<Option<Body>, StoreError> {
    Ok(match word {
        Word::Action(action) => Some(Body::Act { action, expected: None }),
        Word::Submission(submission) => {
            Some(Body::Submit { requester: member.clone(), submission, draft: false })
        }
        Word::Offer(offer) => Some(Body::Offer(offer)),
        Word::SelfDeployment(deployment) => Some(Body::SelfDeploy(deployment)),
        Word::Seen(notice) => outbox::notice_seen(tx, member, notice, now).await?.map(Body::Seen),
    })
}

/// Decides and saves a command and all that follows from it. A refusal of the command itself comes before anything is
/// written.
pub(super) async fn carry_out(
    tx: &mut Tx,
    shelf: &Shelf,
    cx: &Context,
    command: Command,
    actor: &str,
) -> Result<Result<Carried, Refusal>, StoreError> {
    let mut after = Aftermath::default();
    let mut answer: Option<Answer> = None;
    let mut waiting = VecDeque::from([command.clone()]);
    let mut followed = 0;
    while let Some(next) = waiting.pop_front() {
        let case = load(tx, &next.body.scope(), shelf, cx.now).await?;
        let system = Context::system(cx.now, seed_of(cx, followed), cx.policy.clone());
        let cx = if answer.is_none() { cx } else { &system };
        let decision = match decide(&case, cx, &next) {
            Ok(decision) => decision,
            Err(Stop::Refused(refusal)) if answer.is_none() => return Ok(Err(refusal)),
            Err(Stop::Refused(refusal)) => {
                tracing::warn!(%refusal, "what should follow from a command does not");
                continue;
            }
            Err(Stop::Broken(broken)) => return Err(inconsistent(&broken)),
        };
        // Before what is told now: that is not answered yet.
        note_answered(tx, &next.body, cx, &decision.answer, &case).await?;
        save(tx, &case, &next.body, decision.changes, (shelf, cx.now), &mut after).await?;
        answer.get_or_insert(decision.answer);
        for body in decision.then {
            waiting.push_back(command.follow_up(followed, body));
            followed += 1;
        }
        if followed > FOLLOW_UPS {
            return Err(inconsistent(&Broken::new("a command has more follow-ups than can be")));
        }
    }
    let answer = answer.unwrap_or_else(Answer::accepted);
    if after.changes > 0 {
        audit_add(tx, &deed(cx, &command, &answer, actor)).await?;
    }
    Ok(Ok(Carried { answer, after }))
}

/// What an owner said answers what it was told of the assignment.
async fn note_answered(
    tx: &mut Tx,
    body: &Body,
    cx: &Context,
    answer: &Answer,
    case: &Case,
) -> Result<(), StoreError> {
    if let Body::Act { action, .. } = body
        && answer.outcome != Outcome::Refused
        && let Some(assignment) = case.assignments.get(&action.assignment)
        && (cx.party == Party::Member(assignment.owner().clone())
            || cx.on_behalf_of.as_ref() == Some(assignment.owner()))
    {
        outbox::notices_answered(tx, assignment.owner(), assignment.id, cx.now).await?;
    }
    Ok(())
}

/// Other bytes for each follow-up, so that no id comes twice.
fn seed_of(cx: &Context, index: usize) -> [u8; 32] {
    use sha2::{Digest as _, Sha256};
    Sha256::new().chain_update(cx.seed).chain_update(index.to_be_bytes()).finalize().into()
}

fn inconsistent(broken: &Broken) -> StoreError {
    tracing::error!(%broken, "the state of mutual aid is inconsistent");
    bad_row("aid_incident", "body", "all", broken)
}
