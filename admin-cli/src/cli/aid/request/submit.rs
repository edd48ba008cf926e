//! `shouwang request submit` and `import`: a call for help.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use shouwang_proto::wire::{MutualAidRequest, SubmitRequestRequest};

use super::super::{
    content::{RequestFlags, requester},
    interchange, refer,
    said::Said,
    show,
};
use crate::{
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
    words::words,
};

#[derive(Args, Debug)]
pub(crate) struct SubmitArguments {
    /// Submit this draft instead of a new request （提交草稿）
    #[arg(value_name = "DRAFT")]
    draft_name: Option<String>,
    /// The incident: its name, UUID, or `last` （事件）
    #[arg(long)]
    incident: Option<String>,
    /// Who asks; without it the member where it happens （求援单位）
    #[arg(long, value_name = "MEMBER")]
    requester: Option<String>,
    #[command(flatten)]
    content: RequestFlags,
    /// Only write it down, for prepared scripts （仅存草稿）
    #[arg(long, conflicts_with = "draft_name")]
    draft: bool,
    #[command(flatten)]
    said: Said,
}

/// Forms of requests elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// EDXL Resource Messaging 1.0, RequestResource
    EdxlRm,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// Its name, UUID, or `last` （请求编号）
    pub(super) request: String,
    /// Form （格式）
    #[arg(long, value_enum, default_value = "edxl-rm")]
    format: FormatName,
}

#[derive(Args, Debug)]
pub(crate) struct ImportArguments {
    /// File, or - for standard input （文件）
    file: PathBuf,
    /// Form （格式）
    #[arg(long, value_enum, default_value = "edxl-rm")]
    format: FormatName,
    /// The incident: its name, UUID, or `last` （事件）
    #[arg(long, required_unless_present = "check")]
    incident: Option<String>,
    /// Who asks; without it the member where it happens （求援单位）
    #[arg(long, value_name = "MEMBER")]
    requester: Option<String>,
    /// Check only; nothing is sent （仅检查）
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    said: Said,
}

pub(super) async fn run(session: &Session, arguments: SubmitArguments) -> Outcome<Exit> {
    let SubmitArguments { draft_name, incident, requester: who, content, draft, said } = arguments;
    if let Some(written) = draft_name {
        return submit_draft(session, &written, &said).await;
    }
    let mut request = content.request(session)?;
    // Never guessed: a call for help in the wrong incident would be looked for in vain.
    let named = incident.or_else(|| Some(request.incident.clone()).filter(|name| !name.is_empty()));
    let named = named.ok_or_else(|| {
        Failure::usage(words!("请用 --incident 指明事件", "say which incident with --incident"))
            .hint(words!("shouwang incident list", "shouwang incident list"))
    })?;
    let hub = session.hub().await?;
    let incident = refer::incident(&hub, &named).await?;
    if who.is_some() || request.requester.is_empty() {
        request.requester = requester(who.as_deref(), &incident)?;
    }
    request.incident = incident.name;
    let (attempt, context) = said.at_hub(session)?;
    let change =
        SubmitRequestRequest { context: Some(context), request: Some(request), draft, expected_version: 0 };
    let answer = hub.aid().submit_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}

async fn submit_draft(session: &Session, written: &str, said: &Said) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let kept = refer::request(&hub, written).await?;
    let (attempt, context) = said.at_hub(session)?;
    let change = SubmitRequestRequest {
        context: Some(context),
        expected_version: said.version(kept.version),
        request: Some(MutualAidRequest { name: kept.name, ..MutualAidRequest::default() }),
        draft: false,
    };
    let answer = hub.aid().submit_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}

/// Submits what another system wrote. It names incidents and members of its own, so both are said here.
pub(super) async fn import(session: &Session, arguments: ImportArguments) -> Outcome<Exit> {
    let ImportArguments { file, format: FormatName::EdxlRm, incident, requester: who, check, said } =
        arguments;
    let mut request = interchange::read_request(&file)?;
    if check {
        return Ok(show(session, request, aid::request::one));
    }
    let hub = session.hub().await?;
    let incident = refer::incident(&hub, incident.as_deref().unwrap_or(refer::LAST)).await?;
    request.requester = requester(who.as_deref(), &incident)?;
    request.incident = incident.name;
    let (attempt, context) = said.imported(session)?;
    let change = SubmitRequestRequest {
        context: Some(context),
        request: Some(request),
        draft: false,
        expected_version: 0,
    };
    let answer = hub.aid().submit_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}
