//! Emergency mutual aid: one file for each noun, and what they share.

mod action;
mod agreement;
mod assignment;
mod candidates;
mod content;
mod drill;
mod inbox;
mod incident;
mod interchange;
mod ledger;
mod moment;
mod need;
mod order;
mod plan;
mod refer;
mod request;
pub(crate) mod road_file;
mod roads;
mod said;
mod task;

#[cfg(test)]
mod tests;

use clap::Subcommand;
use shouwang_proto::json::Contract;
use tonic::{Response, Status};

use crate::{
    connection::Hub,
    exit::Exit,
    failure::Outcome,
    output::Format,
    render::aid::{Look, Shown},
    session::Session,
};

/// The nouns of mutual aid.
#[derive(Debug, Subcommand)]
pub(crate) enum AidVerb {
    /// Emergencies: open, update, close, exchange as CAP 1.2 （突发事件）
    #[command(subcommand)]
    Incident(incident::IncidentVerb),
    /// Calls for help: submit, take up, amend, watch, stand down, close, review （互援请求）
    #[command(subcommand)]
    Request(Box<request::RequestVerb>),
    /// Who could serve a line of a request, and why the others cannot （候选资源）
    Candidates(candidates::CandidatesArguments),
    /// Joint plans over several requests （联合方案）
    #[command(subcommand)]
    Plan(plan::PlanVerb),
    /// Aid that was asked, ordered, sent: at the hub, also for what came by phone （调派）
    #[command(subcommand)]
    Assignment(Box<assignment::AssignmentVerb>),
    /// What the own member was told, and what its people answer: at the own node, also without the hub （收件箱）
    #[command(subcommand)]
    Inbox(Box<inbox::InboxVerb>),
    /// Drills on a copy of the ledgers （演练）
    #[command(subcommand)]
    Drill(drill::DrillVerb),
    /// What waits for a person of the council （待办）
    #[command(subcommand)]
    Task(Box<task::TaskVerb>),
    /// How much of a resource is free （资源台账）
    #[command(subcommand)]
    Ledger(ledger::LedgerVerb),
    /// The park's roads and what is closed （道路）
    #[command(subcommand)]
    Roads(roads::RoadsVerb),
    /// What members have signed: who owes whom aid, of what kinds （救援协议）
    #[command(subcommand)]
    Agreement(agreement::AgreementVerb),
}

impl AidVerb {
    /// True for the one verb that can make a page to print.
    pub(super) fn prints_a_page(&self) -> bool {
        matches!(self, Self::Assignment(verb) if matches!(**verb, assignment::AssignmentVerb::OrderSheet { .. }))
    }
}

pub(super) async fn run(session: &Session, verb: AidVerb) -> Outcome<Exit> {
    match verb {
        AidVerb::Incident(verb) => incident::run(session, verb).await,
        AidVerb::Request(verb) => request::run(session, *verb).await,
        AidVerb::Candidates(arguments) => candidates::run(session, arguments).await,
        AidVerb::Plan(verb) => plan::run(session, verb).await,
        AidVerb::Assignment(verb) => assignment::run(session, *verb).await,
        AidVerb::Inbox(verb) => inbox::run(session, *verb).await,
        AidVerb::Drill(verb) => drill::run(session, verb).await,
        AidVerb::Task(verb) => task::run(session, *verb).await,
        AidVerb::Ledger(verb) => ledger::run(session, verb).await,
        AidVerb::Roads(verb) => roads::run(session, verb).await,
        AidVerb::Agreement(verb) => agreement::run(session, verb).await,
    }
}

/// Prints a message of the contract.
fn show<M: Contract>(session: &Session, message: M, text: fn(&M, Look) -> String) -> Exit {
    session.output.answer(&Shown { message, now: session.world.now(), text });
    Exit::Done
}

/// Prints one message of a stream: a line of JSON, or words.
fn show_line<M: Contract>(session: &Session, message: M, text: fn(&M, Look) -> String) {
    session.output.line(&Shown { message, now: session.world.now(), text });
}

/// An answer of the hub to a question.
fn told<M>(hub: &Hub, answer: Result<Response<M>, Status>) -> Outcome<M> {
    answer.map(Response::into_inner).map_err(|status| hub.failure(&status))
}

/// True when answers are for programs.
fn is_json(session: &Session) -> bool {
    session.output.format() == Format::Json
}

/// Page of a list.
#[derive(clap::Args, Debug)]
pub(crate) struct PageArguments {
    /// Most rows, at most 1000 （最多条数）
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on after the page that gave this token （翻页标记）
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    page_token: String,
}
