//! What the audit log says of a command.

use serde_json::json;

use super::machine::{
    change::Answer,
    command::{Body, Command, Context},
};
use crate::council::audit::Deed;

/// The row of a command that changed something.
pub(super) fn deed(cx: &Context, command: &Command, answer: &Answer, actor: &str) -> Deed {
    let subject = answer
        .assignments
        .first()
        .map(|id| id.name())
        .or_else(|| answer.request.map(|id| id.name()))
        .or_else(|| answer.incident.map(|id| id.name()))
        .or_else(|| answer.ledger.as_ref().map(|key| key.resource.to_string()));
    Deed {
        at: cx.now,
        actor: actor.to_owned(),
        action: action_word(&command.body),
        subject: subject.unwrap_or_else(|| "mutual aid".to_owned()),
        detail: json!({
            "command": command.key.id, "outcome": answer.outcome.code(), "person": cx.actor,
            "on_behalf_of": cx.on_behalf_of, "channel": cx.channel.code(), "occurred": cx.occurred,
        }),
    }
}

/// The word of the audit log for a command.
fn action_word(body: &Body) -> &'static str {
    match body {
        Body::OpenIncident(_) => "incident.open",
        Body::UpdateIncident { .. } => "incident.update",
        Body::CloseIncident { .. } => "incident.close",
        Body::HaltDrill { .. } => "incident.halt",
        Body::Submit { .. } | Body::SubmitDraft(_) => "request.submit",
        Body::Accept(_) => "request.accept",
        Body::Reject(..) => "request.reject",
        Body::Amend(..) => "request.amend",
        Body::Merge { .. } => "request.merge",
        Body::StandDown(..) => "request.stand-down",
        Body::Close(_) => "request.close",
        Body::Review { .. } => "request.review",
        Body::Solicit { .. } => "assignment.solicit",
        Body::Order(_) => "assignment.order",
        Body::Act { .. } => "assignment.act",
        Body::Offer(_) => "assignment.offer",
        Body::SelfDeploy(_) => "assignment.self-deploy",
        Body::SetTerms { .. } => "ledger.set",
        Body::Seen(_) => "notice.seen",
        Body::Reached(_) => "notice.reached",
        Body::Due(_) => "deadline.come",
    }
}
