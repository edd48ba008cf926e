//! `shouwang search` and `shouwang suggest`.

use clap::Args;
use jiff::Timestamp;
use shouwang_proto::{
    publication::{Kind, time_to_wire},
    wire::{GetNodeStatusRequest, MinApplied, SearchFilter, SearchRequest, SuggestRequest},
};

use crate::{
    connection::Node,
    exit::Exit,
    failure::{Failure, Outcome},
    render::search::{SearchView, SuggestView},
    session::Session,
    words::words,
};

#[derive(Args, Debug)]
pub(super) struct SearchArguments {
    /// Words, "exact phrases", -exclusions, field:value; empty lists everything, newest first （检索词）
    query: Vec<String>,
    /// Only this kind: practice, course or resource; may be repeated （类型）
    #[arg(long, value_name = "KIND")]
    kind: Vec<Kind>,
    /// Only this member; may be repeated （单位）
    #[arg(long, value_name = "MEMBER")]
    member: Vec<String>,
    /// Only this sector, by code; may be repeated （行业）
    #[arg(long, value_name = "CODE")]
    sector: Vec<String>,
    /// Only this hazard, by code; may be repeated （致害类型）
    #[arg(long, value_name = "CODE")]
    hazard: Vec<String>,
    /// Only this special operation, by code; may be repeated （特殊作业）
    #[arg(long, value_name = "CODE")]
    operation: Vec<String>,
    /// Only what cites this standard; may be repeated （标准号）
    #[arg(long, value_name = "STANDARD")]
    standard: Vec<String>,
    /// Only this language: zh-CN or en; may be repeated （语言）
    #[arg(long, value_name = "LANGUAGE")]
    language: Vec<String>,
    /// Only with this tag; may be repeated （标签）
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Published at or after this time, such as 2026-11-01T00:00:00+08:00 （发布不早于）
    #[arg(long, value_name = "TIME")]
    published_after: Option<Timestamp>,
    /// Published before this time （发布早于）
    #[arg(long, value_name = "TIME")]
    published_before: Option<Timestamp>,
    /// Most hits, at most 100 （最多条数）
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Go on after the page that gave this token （翻页标记）
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    page_token: String,
    /// Take the words as they are, without the thesaurus （不用同义词）
    #[arg(long)]
    literal: bool,
    /// Answer only when everything that the own node has published is searchable, waiting at most two seconds
    /// （等待本单位的发布物可检索）
    #[arg(long)]
    wait_for_own: bool,
}

#[derive(Args, Debug)]
pub(super) struct SuggestArguments {
    /// What was typed so far: Chinese, pinyin or initials （已输入的文字、拼音或首字母）
    prefix: String,
    /// Most completions, at most 20 （最多条数）
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    limit: u32,
}

pub(super) async fn search(session: &Session, arguments: SearchArguments) -> Outcome<Exit> {
    let min_applied =
        if arguments.wait_for_own { vec![own_position(&session.node().await?).await?] } else { Vec::new() };
    let SearchArguments {
        query,
        kind,
        member,
        sector,
        hazard,
        operation,
        standard,
        language,
        tag,
        published_after,
        published_before,
        limit,
        page_token,
        literal,
        wait_for_own: _,
    } = arguments;
    let request = SearchRequest {
        query: query.join(" "),
        filter: Some(SearchFilter {
            kinds: kind.into_iter().map(|kind| kind.to_wire() as i32).collect(),
            members: member,
            sectors: sector,
            hazards: hazard,
            operations: operation,
            standards: standard,
            languages: language,
            tags: tag,
            published_after: published_after.map(time_to_wire),
            published_before: published_before.map(time_to_wire),
        }),
        page_size: limit,
        page_token,
        min_applied,
        literal,
    };
    let hub = session.hub().await?;
    let answer = hub.search().search(request).await.map_err(|status| hub.failure(&status))?;
    session.output.answer(&SearchView::from(answer.into_inner()));
    Ok(Exit::Done)
}

/// Where the own log stands now.
pub(super) async fn own_position(node: &Node) -> Outcome<MinApplied> {
    let status = node.publishing().get_node_status(GetNodeStatusRequest {}).await;
    let status = status.map_err(|status| node.failure(&status))?.into_inner();
    if status.member_id.is_empty() {
        return Err(Failure::usage(words!(
            "本单位节点尚未入网，--wait-for-own 无从等待",
            "the node has not joined, so there is nothing to wait for"
        )));
    }
    Ok(MinApplied { member_id: status.member_id, seq: status.head.map_or(0, |head| head.seq) })
}

pub(super) async fn suggest(session: &Session, arguments: SuggestArguments) -> Outcome<Exit> {
    let SuggestArguments { prefix, limit } = arguments;
    let hub = session.hub().await?;
    let answer = hub.search().suggest(SuggestRequest { prefix, limit }).await;
    let answer = answer.map_err(|status| hub.failure(&status))?;
    session.output.answer(&SuggestView::from(answer.into_inner()));
    Ok(Exit::Done)
}
