//! What people say at their own node. It is on the node's disk when they get the answer; the hub decides later, and the
//! verbs wait a moment for that.

use std::time::Duration;

use clap::Args;
use shouwang_proto::{
    id::PublicationName,
    publication::time_to_wire,
    wire::{
        AnswerRequest, CallForHelpRequest, CommandOutcome, GetCommandRequest, GetNoticeRequest, Incident,
        ListNoticesRequest, OwnCommand, OwnCommandState, RequestSubmission, UnsolicitedOffer,
        VolunteerAidRequest, volunteer_aid_request::Aid,
    },
};
use tokio::time::{Instant, sleep};
use tonic::Code;

use super::{
    super::{
        action::ActionVerb,
        assignment::{SelfDeployedArguments, Serving, VolunteerArguments},
        content::{IncidentFlags, ModeName, RequestFlags},
        refer::{LAST, named},
        said::Said,
        show,
    },
    told,
};
use crate::{
    connection::Node,
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
    words::words,
};

/// Pause between two looks at the hub's decision.
const PAUSE: Duration = Duration::from_millis(100);

/// How long to wait for the hub.
#[derive(Args, Debug)]
struct Waiting {
    /// Seconds to wait for the hub's decision; what was said is kept and sent in any case （等待中心答复的秒数）
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    wait: u64,
}

#[derive(Args, Debug)]
pub(crate) struct AnswerArguments {
    #[command(flatten)]
    waiting: Waiting,
    #[command(subcommand)]
    verb: ActionVerb,
}

#[derive(Args, Debug)]
pub(crate) struct CallArguments {
    #[command(flatten)]
    content: RequestFlags,
    /// The incident, when there is one already （已有事件）
    #[arg(long)]
    incident: Option<String>,
    /// Whether the new incident is real （新事件性质）
    #[arg(long, value_enum, default_value = "actual", conflicts_with = "incident")]
    mode: ModeName,
    #[command(flatten)]
    known: IncidentFlags,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct NodeVolunteer {
    #[command(flatten)]
    arguments: VolunteerArguments,
    #[command(flatten)]
    waiting: Waiting,
}

#[derive(Args, Debug)]
pub(crate) struct NodeSelfDeployed {
    #[command(flatten)]
    arguments: SelfDeployedArguments,
    #[command(flatten)]
    waiting: Waiting,
}

pub(super) async fn answer(session: &Session, arguments: AnswerArguments) -> Outcome<Exit> {
    let AnswerArguments { waiting, verb } = arguments;
    let written = verb.written(session.world.now())?;
    let (attempt, context) = written.said.at_node(session)?;
    let node = session.node().await?;
    let assignment = assignment(&node, &written.assignment).await?;
    let request = AnswerRequest { context: Some(context), action: Some(written.on(assignment)) };
    let answer = node.inbox().answer(request).await;
    let said = attempt.by_node(&node, answer)?;
    finish(session, &node, said, &waiting).await
}

/// The assignment that is meant: by its name, by a notice about it, or the newest notice's.
async fn assignment(node: &Node, written: &str) -> Outcome<String> {
    if written.starts_with("assignments/") {
        return Ok(written.to_owned());
    }
    let none = || {
        Failure::usage(words!("这条通知不涉及调派", "this notice is about no assignment"))
            .hint(words!("shouwang inbox list 查看通知", "see `shouwang inbox list`"))
    };
    if written == LAST {
        let question = ListNoticesRequest { page_size: 50, ..ListNoticesRequest::default() };
        let page = told(node, node.inbox().list_notices(question).await)?;
        let newest = page.items.into_iter().filter_map(|item| item.notice?.assignment).next();
        return newest.map(|assignment| assignment.name).ok_or_else(none);
    }
    match node.inbox().get_notice(GetNoticeRequest { name: named("notices", written) }).await {
        Ok(item) => {
            let about = item.into_inner().notice.and_then(|notice| notice.assignment);
            about.map(|assignment| assignment.name).ok_or_else(none)
        }
        Err(status) if status.code() == Code::NotFound && !written.contains('/') => {
            Ok(named("assignments", written))
        }
        Err(status) => Err(node.failure(&status)),
    }
}

pub(super) async fn call(session: &Session, arguments: CallArguments) -> Outcome<Exit> {
    let CallArguments { content, incident, mode, known, waiting, said } = arguments;
    let request = content.request(session)?;
    let (attempt, context) = said.at_node(session)?;
    let new_incident = match &incident {
        Some(_) => None,
        None => {
            let happened = context.occurred_at.unwrap_or_else(|| time_to_wire(session.world.now()));
            let mut opened = Incident {
                mode: mode.to_wire() as i32,
                title: request.title.clone(),
                description: request.description.clone(),
                place: request.place.clone(),
                occurred_at: Some(happened),
                ..Incident::default()
            };
            known.put_on(&mut opened);
            Some(opened)
        }
    };
    let submission = RequestSubmission {
        incident: incident.map(|written| named("incidents", &written)).unwrap_or_default(),
        new_incident,
        request: Some(request),
    };
    let node = session.node().await?;
    let request = CallForHelpRequest { context: Some(context), submission: Some(submission) };
    let answer = node.inbox().call_for_help(request).await;
    let said = attempt.by_node(&node, answer)?;
    finish(session, &node, said, &waiting).await
}

/// An own resource by its name or external id.
async fn own_resource(node: &Node, written: String) -> Outcome<String> {
    if written.parse::<PublicationName>().is_ok() {
        return Ok(written);
    }
    crate::cli::own_publication_name(node, written).await
}

pub(super) async fn volunteer(session: &Session, arguments: NodeVolunteer) -> Outcome<Exit> {
    let NodeVolunteer { arguments, waiting } = arguments;
    let (Serving { request, line, resource }, offer, said) = arguments.at_node();
    let (attempt, context) = said.at_node(session)?;
    let node = session.node().await?;
    let resource = own_resource(&node, resource).await?;
    let request = named("requests", &request);
    let offer = UnsolicitedOffer { request, line, resource, offer: Some(offer.into()) };
    let aid = Some(Aid::Offer(offer));
    let answer = node.inbox().volunteer_aid(VolunteerAidRequest { context: Some(context), aid }).await;
    let said = attempt.by_node(&node, answer)?;
    finish(session, &node, said, &waiting).await
}

pub(super) async fn self_deployed(session: &Session, arguments: NodeSelfDeployed) -> Outcome<Exit> {
    let NodeSelfDeployed { arguments, waiting } = arguments;
    let (Serving { request, line, resource }, mut deployment, said) = arguments.at_node();
    let (attempt, context) = said.at_node(session)?;
    let node = session.node().await?;
    deployment.resource = own_resource(&node, resource).await?;
    deployment.request = named("requests", &request);
    deployment.line = line;
    let aid = Some(Aid::Deployment(deployment));
    let answer = node.inbox().volunteer_aid(VolunteerAidRequest { context: Some(context), aid }).await;
    let said = attempt.by_node(&node, answer)?;
    finish(session, &node, said, &waiting).await
}

/// Waits a moment for the hub's decision, prints how far the word has come, and fails when the hub refused it.
async fn finish(session: &Session, node: &Node, mut said: OwnCommand, waiting: &Waiting) -> Outcome<Exit> {
    let begun = Instant::now();
    let limit = Duration::from_secs(waiting.wait);
    let command_id = said.command.as_ref().map(|command| command.command_id.clone()).unwrap_or_default();
    while said.state() != OwnCommandState::Answered && begun.elapsed() < limit {
        sleep(PAUSE).await;
        let question = GetCommandRequest { command_id: command_id.clone() };
        said = told(node, node.inbox().get_command(question).await)?;
    }
    let refused = said
        .result
        .as_ref()
        .filter(|result| result.outcome() == CommandOutcome::Refused)
        .map(|result| Failure::decided(&result.reason, &result.detail));
    show(session, said, aid::inbox::command);
    refused.map_or(Ok(Exit::Done), Err)
}
