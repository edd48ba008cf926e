//! `shouwang request`.

mod amend;
mod draft;
mod follow;
mod submit;

use clap::{Args, Subcommand, ValueEnum};
use shouwang_proto::wire::{
    AcceptRequestRequest, CloseRequestRequest, ListRequestsRequest, MergeRequestRequest,
    RejectRequestRequest, RequestState, Review, ReviewRequestRequest, StandDownRequestRequest,
};

use self::{
    amend::AmendArguments,
    follow::{DeliveriesArguments, TimelineArguments},
    submit::{ExportArguments, ImportArguments, SubmitArguments},
};
use super::{PageArguments, content::ModeName, interchange, refer, said::Said, show, told};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum RequestVerb {
    /// Call for help, by flags or from a JSON file （提交请求）
    Submit(SubmitArguments),
    /// Take a request up; marks a P1 request as verified （受理）
    Accept(OneArguments),
    /// Do not take it up （不受理）
    Reject(ReasonArguments),
    /// Change priority, words, place, contact and lines （变更）
    Amend(AmendArguments),
    /// End a request that reports the same as another （合并）
    Merge(MergeArguments),
    /// List requests: life in danger first, then oldest first （请求列表）
    List(ListArguments),
    /// Show one with the gap of each line （查看）
    Show {
        /// Its name, UUID, or `last` （请求编号）
        request: String,
    },
    /// Follow one, or a whole incident; with --output json one object a line （持续关注）
    Watch {
        /// A request or `incidents/…`; `last`: the newest request （请求编号）
        what: String,
        /// Go on after this sequence （从此序号之后）
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        after: u64,
    },
    /// End the search and call back what is out; cancels a request, too （收队）
    StandDown(ReasonArguments),
    /// Close a request that is standing down （关闭）
    Close(OneArguments),
    /// Write down what was learnt from a closed one （复盘）
    Review(ReviewArguments),
    /// Print a practice drafted from its review, with measured times; edit it, then `publication publish FILE.json`
    /// （复盘成稿）
    Draft {
        /// Its name, UUID, or `last` （请求编号）
        request: String,
    },
    /// What happened, oldest first （时间线）
    Timeline(TimelineArguments),
    /// Whom the notices have reached, and whom to phone （送达情况）
    Deliveries(DeliveriesArguments),
    /// Print one as an EDXL-RM 1.0 RequestResource message, XML （导出 EDXL-RM）
    Export(ExportArguments),
    /// Submit one from an EDXL-RM 1.0 RequestResource message （导入 EDXL-RM）
    Import(ImportArguments),
}

#[derive(Args, Debug)]
pub(crate) struct OneArguments {
    /// Its name, UUID, or `last` （请求编号）
    request: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct ReasonArguments {
    /// Its name, UUID, or `last` （请求编号）
    request: String,
    /// Why （原因）
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct MergeArguments {
    /// The one that ends （结束的请求）
    request: String,
    /// The one that goes on （继续的请求）
    #[arg(long, value_name = "REQUEST")]
    into: String,
    /// A line that the other takes over as a new one; may be repeated （带过去的行）
    #[arg(long = "carry", value_name = "LINE")]
    carry: Vec<u32>,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct ReviewArguments {
    /// Its name, UUID, or `last` （请求编号）
    request: String,
    /// What was learnt （总结）
    #[arg(long)]
    text: String,
    /// What shall be done differently; may be repeated （改进项）
    #[arg(long, value_name = "WORDS")]
    lesson: Vec<String>,
    /// Print a practice drafted from it instead of the request （打印复盘成稿）
    #[arg(long)]
    draft_practice: bool,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only of this incident: its name, UUID, or `last` （事件）
    #[arg(long)]
    incident: Option<String>,
    /// Only of this member （求援单位）
    #[arg(long, value_name = "MEMBER")]
    requester: Option<String>,
    /// Only in this state; may be repeated （状态）
    #[arg(long, value_enum, value_name = "STATE")]
    state: Vec<StateName>,
    /// Only of this mode; may be repeated （性质）
    #[arg(long, value_enum, value_name = "MODE")]
    mode: Vec<ModeName>,
    #[command(flatten)]
    page: PageArguments,
}

/// States by the names people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StateName {
    Draft,
    Submitted,
    Open,
    StandingDown,
    Closed,
    Reviewed,
    Rejected,
    Merged,
    Expired,
}

impl StateName {
    fn to_wire(self) -> RequestState {
        match self {
            Self::Draft => RequestState::Draft,
            Self::Submitted => RequestState::Submitted,
            Self::Open => RequestState::Open,
            Self::StandingDown => RequestState::StandingDown,
            Self::Closed => RequestState::Closed,
            Self::Reviewed => RequestState::Reviewed,
            Self::Rejected => RequestState::Rejected,
            Self::Merged => RequestState::Merged,
            Self::Expired => RequestState::Expired,
        }
    }
}

pub(super) async fn run(session: &Session, verb: RequestVerb) -> Outcome<Exit> {
    match verb {
        RequestVerb::Submit(arguments) => submit::run(session, arguments).await,
        RequestVerb::Accept(arguments) => accept(session, arguments).await,
        RequestVerb::Reject(arguments) => reject(session, arguments).await,
        RequestVerb::Amend(arguments) => amend::run(session, arguments).await,
        RequestVerb::Merge(arguments) => merge(session, arguments).await,
        RequestVerb::List(arguments) => list(session, arguments).await,
        RequestVerb::Show { request } => {
            let hub = session.hub().await?;
            Ok(show(session, refer::request(&hub, &request).await?, aid::request::one))
        }
        RequestVerb::Watch { what, after } => follow::watch(session, &what, after).await,
        RequestVerb::StandDown(arguments) => stand_down(session, arguments).await,
        RequestVerb::Close(arguments) => close(session, arguments).await,
        RequestVerb::Review(arguments) => review(session, arguments).await,
        RequestVerb::Draft { request } => draft::run(session, &request).await,
        RequestVerb::Timeline(arguments) => follow::timeline(session, arguments).await,
        RequestVerb::Deliveries(arguments) => follow::deliveries(session, arguments).await,
        RequestVerb::Export(arguments) => interchange::export_request(session, &arguments.request).await,
        RequestVerb::Import(arguments) => submit::import(session, arguments).await,
    }
}

async fn accept(session: &Session, OneArguments { request, said }: OneArguments) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let (attempt, context) = said.at_hub(session)?;
    let expected_version = said.version(request.version);
    let change = AcceptRequestRequest { context: Some(context), name: request.name, expected_version };
    let answer = hub.aid().accept_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}

async fn reject(session: &Session, arguments: ReasonArguments) -> Outcome<Exit> {
    let ReasonArguments { request, reason, said } = arguments;
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let (attempt, context) = said.at_hub(session)?;
    let expected_version = said.version(request.version);
    let change =
        RejectRequestRequest { context: Some(context), name: request.name, expected_version, reason };
    let answer = hub.aid().reject_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}

async fn merge(session: &Session, arguments: MergeArguments) -> Outcome<Exit> {
    let MergeArguments { request, into, carry, said } = arguments;
    let hub = session.hub().await?;
    let ends = refer::request(&hub, &request).await?;
    let goes_on = refer::request(&hub, &into).await?;
    let (attempt, context) = said.at_hub(session)?;
    let change = MergeRequestRequest {
        context: Some(context),
        expected_version: said.version(ends.version),
        name: ends.name,
        into: goes_on.name,
        expected_into_version: goes_on.version,
        carry_lines: carry,
    };
    let answer = hub.aid().merge_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}

async fn list(session: &Session, arguments: ListArguments) -> Outcome<Exit> {
    let ListArguments { incident, requester, state, mode, page } = arguments;
    let hub = session.hub().await?;
    let incident = match incident.as_deref() {
        Some(refer::LAST) => refer::incident(&hub, refer::LAST).await?.name,
        Some(written) => refer::named("incidents", written),
        None => String::new(),
    };
    let question = ListRequestsRequest {
        page_size: page.limit,
        page_token: page.page_token,
        incident,
        states: state.into_iter().map(|state| state.to_wire() as i32).collect(),
        modes: mode.into_iter().map(|mode| mode.to_wire() as i32).collect(),
        requester: requester.as_deref().map(refer::member).unwrap_or_default(),
    };
    let answer = told(&hub, hub.aid().list_requests(question).await)?;
    Ok(show(session, answer, aid::request::list))
}

async fn stand_down(session: &Session, arguments: ReasonArguments) -> Outcome<Exit> {
    let ReasonArguments { request, reason, said } = arguments;
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let (attempt, context) = said.at_hub(session)?;
    let expected_version = said.version(request.version);
    let change =
        StandDownRequestRequest { context: Some(context), name: request.name, expected_version, reason };
    let answer = hub.aid().stand_down_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}

async fn close(session: &Session, OneArguments { request, said }: OneArguments) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let (attempt, context) = said.at_hub(session)?;
    let expected_version = said.version(request.version);
    let change = CloseRequestRequest { context: Some(context), name: request.name, expected_version };
    let answer = hub.aid().close_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}

async fn review(session: &Session, arguments: ReviewArguments) -> Outcome<Exit> {
    let ReviewArguments { request, text, lesson, draft_practice, said } = arguments;
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let (attempt, context) = said.at_hub(session)?;
    let change = ReviewRequestRequest {
        context: Some(context),
        expected_version: said.version(request.version),
        name: request.name,
        review: Some(Review { text, lessons: lesson, review_time: None }),
    };
    let answer = attempt.by_hub(&hub, hub.aid().review_request(change).await)?;
    if draft_practice {
        return draft::print(session, &hub, &answer).await;
    }
    Ok(show(session, answer, aid::request::one))
}
