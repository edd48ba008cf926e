//! `shouwang inbox`: the own node, with or without the hub.

mod answer;

use clap::{Args, Subcommand};
use shouwang_proto::wire::{
    FindNearbyRequest, GetNoticeRequest, GetOfflinePackRequest, InboxItem, ListCommandsRequest,
    ListNoticesRequest, MarkSeenRequest, WatchInboxRequest,
};
use tonic::{Response, Status};

use self::answer::{AnswerArguments, CallArguments, NodeSelfDeployed, NodeVolunteer};
use super::{
    PageArguments,
    content::PlaceFlags,
    refer::{LAST, named},
    said::Said,
    show, show_line,
};
use crate::{
    connection::Node,
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
    words::words,
};

#[derive(Debug, Subcommand)]
pub(crate) enum InboxVerb {
    /// What the member was told, newest first （通知列表）
    List {
        /// Only those that want an answer and have none （只列待答复的）
        #[arg(long)]
        open: bool,
        /// Only of this incident （事件）
        #[arg(long)]
        incident: Option<String>,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show one with what was answered （查看）
    Show {
        /// Its name, UUID, or `last` （通知编号）
        notice: String,
    },
    /// Follow the inbox; with --output json one object a line （持续关注）
    Watch {
        /// Go on after this change （从此变更之后）
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        after: u64,
    },
    /// Say that you have seen a notice; promises nothing （已阅）
    Seen {
        /// Its name, UUID, or `last` （通知编号）
        notice: String,
        #[command(flatten)]
        said: Said,
    },
    /// Answer and report: offer, confirm, depart, arrive, return … （答复与报告）
    Answer(Box<AnswerArguments>),
    /// Call for help; it is on the node's disk at once, also without the hub （求援）
    Call(Box<CallArguments>),
    /// Offer help unasked （主动支援）
    Volunteer(NodeVolunteer),
    /// Book aid that neighbours arranged while the hub was away （补登自行出动）
    SelfDeployed(NodeSelfDeployed),
    /// Who nearby has …: searches the offline pack （附近资源）
    Nearby(NearbyArguments),
    /// What the offline pack holds and how old it is （离线包）
    Pack,
    /// What people of this node said and what became of it （本单位发出的话）
    Commands {
        /// Only those the hub has not decided （仅待答复的）
        #[arg(long)]
        waiting: bool,
        #[command(flatten)]
        page: PageArguments,
    },
}

#[derive(Args, Debug)]
pub(crate) struct NearbyArguments {
    /// Words that must be in title, type or capabilities （检索词）
    #[arg(default_value = "", hide_default_value = true)]
    query: String,
    /// Only this kind of resource, code or name （资源类别）
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<String>,
    #[command(flatten)]
    place: PlaceFlags,
    /// Most rows, at most 100 （最多条数）
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
}

fn kind(text: &str) -> Result<String, String> {
    shouwang_proto::vocabulary::code_of("resource-kind", text)
        .map(str::to_owned)
        .ok_or_else(|| format!("`{text}` is no kind of resource （没有这个资源类别）"))
}

/// An answer of the node to a question.
fn told<M>(node: &Node, answer: Result<Response<M>, Status>) -> Outcome<M> {
    answer.map(Response::into_inner).map_err(|status| node.failure(&status))
}

pub(super) async fn run(session: &Session, verb: InboxVerb) -> Outcome<Exit> {
    match verb {
        InboxVerb::Answer(arguments) => answer::answer(session, *arguments).await,
        InboxVerb::Call(arguments) => answer::call(session, *arguments).await,
        InboxVerb::Volunteer(arguments) => answer::volunteer(session, arguments).await,
        InboxVerb::SelfDeployed(arguments) => answer::self_deployed(session, arguments).await,
        InboxVerb::Watch { after } => watch(session, after).await,
        InboxVerb::Seen { notice, said } => seen(session, &notice, &said).await,
        InboxVerb::Nearby(arguments) => nearby(session, arguments).await,
        InboxVerb::Show { notice } => {
            let node = session.node().await?;
            Ok(show(session, self::notice(&node, &notice).await?, aid::inbox::one))
        }
        InboxVerb::List { open, incident, page } => {
            let node = session.node().await?;
            let question = ListNoticesRequest {
                page_size: page.limit,
                page_token: page.page_token,
                open_only: open,
                incident: incident.map(|written| named("incidents", &written)).unwrap_or_default(),
            };
            let answer = told(&node, node.inbox().list_notices(question).await)?;
            Ok(show(session, answer, aid::inbox::list))
        }
        InboxVerb::Pack => {
            let node = session.node().await?;
            let answer = told(&node, node.inbox().get_offline_pack(GetOfflinePackRequest {}).await)?;
            Ok(show(session, answer, aid::inbox::pack))
        }
        InboxVerb::Commands { waiting, page } => {
            let node = session.node().await?;
            let question = ListCommandsRequest {
                page_size: page.limit,
                page_token: page.page_token,
                waiting_only: waiting,
            };
            let answer = told(&node, node.inbox().list_commands(question).await)?;
            Ok(show(session, answer, aid::inbox::commands))
        }
    }
}

/// Reads a notice.
async fn notice(node: &Node, written: &str) -> Outcome<InboxItem> {
    if written == LAST {
        let question = ListNoticesRequest { page_size: 1, ..ListNoticesRequest::default() };
        let page = told(node, node.inbox().list_notices(question).await)?;
        return page
            .items
            .into_iter()
            .next()
            .ok_or_else(|| Failure::usage(words!("收件箱是空的", "the inbox is empty")));
    }
    let question = GetNoticeRequest { name: named("notices", written) };
    told(node, node.inbox().get_notice(question).await)
}

async fn seen(session: &Session, written: &str, said: &Said) -> Outcome<Exit> {
    let node = session.node().await?;
    let name = match written {
        LAST => notice(&node, LAST).await?.notice.unwrap_or_default().name,
        written => named("notices", written),
    };
    let answer = node.inbox().mark_seen(MarkSeenRequest { name, actor: said.actor() }).await;
    Ok(show(session, told(&node, answer)?, aid::inbox::one))
}

async fn watch(session: &Session, after: u64) -> Outcome<Exit> {
    let node = session.node().await?;
    let answer = node.inbox().watch_inbox(WatchInboxRequest { after_change: after }).await;
    let mut changes = told(&node, answer)?;
    let mut last = after;
    loop {
        match changes.message().await {
            Ok(Some(change)) => {
                last = change.change;
                show_line(session, change, aid::inbox::watched);
            }
            Ok(None) => return Ok(Exit::Done),
            Err(status) => {
                return Err(node
                    .failure(&status)
                    .hint(words!("加 --after {last} 从断点继续", "go on with --after {last}")));
            }
        }
    }
}

async fn nearby(session: &Session, arguments: NearbyArguments) -> Outcome<Exit> {
    let NearbyArguments { query, kind, place, limit } = arguments;
    let place = place.over(None)?;
    let node = session.node().await?;
    let question =
        FindNearbyRequest { query, resource_kind: kind.unwrap_or_default(), place, page_size: limit };
    let answer = told(&node, node.inbox().find_nearby(question).await)?;
    Ok(show(session, answer, aid::inbox::nearby))
}
