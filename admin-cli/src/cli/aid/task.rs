//! `shouwang task`.

use clap::{Args, Subcommand, ValueEnum};
use shouwang_proto::wire::{AidTaskKind, CompleteTaskRequest, ListTasksRequest};

use super::{PageArguments, refer, said::Said, show, told};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum TaskVerb {
    /// List what waits for a person, the most urgent first （待办列表）
    List(ListArguments),
    /// Say that one is done, or that nobody was reached: whom, through what （办结待办）
    Done(DoneArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only of this incident （事件）
    #[arg(long, value_name = "INCIDENT")]
    incident: Option<String>,
    /// Only this kind; may be repeated （类型）
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Vec<KindName>,
    #[command(flatten)]
    page: PageArguments,
}

#[derive(Args, Debug)]
pub(crate) struct DoneArguments {
    /// The task, as `task list` names it （待办）
    task: String,
    /// Who was spoken to （联系了谁）
    #[arg(long, value_name = "PERSON", default_value = "", hide_default_value = true)]
    who: String,
    /// Nobody was reached: the task stays, and the timeline says that it was tried （未联系上）
    #[arg(long)]
    not_reached: bool,
    /// What was said （备注）
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KindName {
    TakeUp,
    Verify,
    Widen,
    #[value(name = "call-119")]
    Call119,
    Surplus,
    PhoneOwner,
    Overdue,
    FindTeam,
    AwaitRelease,
    Shortfall,
    Report,
    Close,
    MergeCandidates,
    Unreachable,
    Restored,
}

impl KindName {
    fn to_wire(self) -> AidTaskKind {
        match self {
            Self::TakeUp => AidTaskKind::TakeUp,
            Self::Verify => AidTaskKind::Verify,
            Self::Widen => AidTaskKind::Widen,
            Self::Call119 => AidTaskKind::Call119,
            Self::Surplus => AidTaskKind::Surplus,
            Self::PhoneOwner => AidTaskKind::PhoneOwner,
            Self::Overdue => AidTaskKind::Overdue,
            Self::FindTeam => AidTaskKind::FindTeam,
            Self::AwaitRelease => AidTaskKind::AwaitRelease,
            Self::Shortfall => AidTaskKind::Shortfall,
            Self::Report => AidTaskKind::Report,
            Self::Close => AidTaskKind::Close,
            Self::MergeCandidates => AidTaskKind::MergeCandidates,
            Self::Unreachable => AidTaskKind::Unreachable,
            Self::Restored => AidTaskKind::Restored,
        }
    }
}

pub(super) async fn run(session: &Session, verb: TaskVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    match verb {
        TaskVerb::List(ListArguments { incident, kind, page }) => {
            let incident = match incident {
                Some(written) => refer::incident(&hub, &written).await?.name,
                None => String::new(),
            };
            let question = ListTasksRequest {
                page_size: page.limit,
                page_token: page.page_token,
                incident,
                kinds: kind.into_iter().map(|kind| kind.to_wire().into()).collect(),
            };
            let answer = told(&hub, hub.aid().list_tasks(question).await)?;
            Ok(show(session, answer, aid::task::list))
        }
        TaskVerb::Done(DoneArguments { task, who, not_reached, note, said }) => {
            let (attempt, context) = said.at_hub(session)?;
            let name = refer::named("tasks", &task);
            let request = CompleteTaskRequest { context: Some(context), name, who, not_reached, note };
            let answer = hub.aid().complete_task(request).await;
            Ok(show(session, attempt.by_hub(&hub, answer)?, aid::task::done))
        }
    }
}
