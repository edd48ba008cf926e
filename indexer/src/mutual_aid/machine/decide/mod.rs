//! The decision: one command, one case, and what follows.

mod access;
mod answering;
mod cover;
mod incident;
mod lines;
mod mission;
mod moves;
mod ordering;
mod request;
mod stock;
mod timer;
mod unasked;

use super::{
    broken::Stop,
    case::{Case, Recorded},
    change::{Answer, Decision},
    command::{Body, Command, Context},
    refused,
    working::Working,
};

/// Decides what a command changes and what is answered.
///
/// Everything in [`Decision::changes`] is saved in one transaction together with the answer under the command's key.
/// When the same command comes again, [`Case::recorded`] holds that answer, and nothing changes. Refusals are kept in the
/// same way ([`Answer::refused`]), so that a late second copy cannot do what the first was refused. Commands of the hub
/// itself ([`Origin::System`](super::command::Origin::System)) need not be kept: what they want follows from the state.
///
/// # Errors
/// [`Stop::Refused`]: meant for the caller, nothing changes. [`Stop::Broken`]: the state does not agree with itself, or a
/// change would make it so; nothing may be saved.
pub fn decide(case: &Case, cx: &Context, command: &Command) -> Result<Decision, Stop> {
    if let Some(recorded) = &case.recorded {
        return repeated(recorded, command);
    }
    let mut w = Working::new(case, cx);
    let answer = carry_out(&mut w, &command.body)?;
    cover::settle(&mut w)?;
    w.into_decision(answer)
}

fn repeated(recorded: &Recorded, command: &Command) -> Result<Decision, Stop> {
    if recorded.fingerprint != command.fingerprint {
        return Err(refused::key_reused().into());
    }
    Ok(Decision { changes: Vec::new(), answer: recorded.answer.clone(), then: Vec::new() })
}

fn carry_out(w: &mut Working<'_>, body: &Body) -> Result<Answer, Stop> {
    match body {
        Body::OpenIncident(new) => incident::open(w, new),
        Body::UpdateIncident { incident, expected, facts } => {
            incident::update(w, *incident, *expected, facts)
        }
        Body::CloseIncident { incident, expected, note } => incident::close(w, *incident, *expected, note),
        Body::HaltDrill { incident, cause } => incident::halt(w, *incident, cause),
        Body::Submit { requester, submission, draft } => request::submit(w, requester, submission, *draft),
        Body::SubmitDraft(decided) => request::submit_draft(w, *decided),
        Body::Accept(decided) => request::accept(w, *decided),
        Body::Reject(decided, reason) => request::reject(w, *decided, reason),
        Body::Amend(decided, written) => request::amend(w, *decided, written),
        Body::Merge { from, into, carry } => request::merge(w, *from, *into, carry),
        Body::StandDown(decided, reason) => request::stand_down(w, *decided, reason),
        Body::Close(decided) => request::close(w, *decided),
        Body::Review { request, text, lessons } => request::review(w, *request, text, lessons),
        Body::Solicit { request, line, resources, quantity } => {
            ordering::solicit(w, *request, *line, resources, *quantity)
        }
        Body::Order(wish) => ordering::order(w, wish),
        Body::Act { action, expected } => answering::act(w, action, *expected),
        Body::Offer(offer) => unasked::offer(w, offer),
        Body::SelfDeploy(deployment) => unasked::self_deploy(w, deployment),
        Body::SetTerms { ledger, expected, terms, recount } => {
            stock::set_terms(w, ledger, *expected, terms, *recount)
        }
        Body::Seen(assignment) => answering::seen(w, *assignment),
        Body::Reached(reach) => timer::reached(w, reach),
        Body::Due(deadline) => timer::due(w, deadline),
    }
}
