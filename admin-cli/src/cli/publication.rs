//! `shouwang publication`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use shouwang_proto::{
    id::PublicationName,
    publication::Kind,
    wire::{
        GetOwnPublicationRequest, GetPublicationRequest, ListPublicationsRequest, Publication,
        PublicationState, WithdrawPublicationRequest,
    },
};

use super::{
    document::{self, ExportArguments, TemplateArguments},
    download::{self, DownloadArguments},
    fork::{self, ForkVerb},
    publish::{self, PublishArguments},
};
use crate::{
    connection::{Hub, Node},
    exit::Exit,
    failure::{Failure, Outcome},
    import::stream::{Source, import},
    output::Format,
    render::publication::{PublicationList, PublicationView},
    session::Session,
    words::words,
};

#[derive(Debug, Subcommand)]
pub(super) enum PublicationVerb {
    /// Import a workbook, a table, a Word text, a PDF, or a file with one JSON object a line; what is right is taken, everything
    /// else is named row by row （导入 Excel、CSV、Word、PDF 或 JSONL）
    Import(ImportArguments),
    /// Write a workbook to fill in and import （Excel 导入模板）
    Template(TemplateArguments),
    /// Write own publications to a workbook or a CSV table, which can be imported again （导出）
    Export(ExportArguments),
    /// Publish one publication from a file, or a draft by its name （发布）
    Publish(PublishArguments),
    /// List own publications, newest change first （本单位发布物列表）
    List(ListArguments),
    /// Read one: an own one by name or external id, any other by name （查看）
    Get {
        /// `members/{member}/publications/{uuid}`, or an own external id （编号）
        name: String,
    },
    /// Save its attachments, checked against what the owner published （下载附件）
    Download(DownloadArguments),
    /// Take a published one back; nobody finds it any more （撤回）
    Withdraw {
        /// `members/{member}/publications/{uuid}`, or the external id （编号）
        name: String,
        /// Why; kept at the node （原因）
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// When publishing is held because the log was written twice: look, and end it （日志分叉）
    #[command(subcommand)]
    Fork(ForkVerb),
}

#[derive(Args, Debug)]
pub(super) struct ImportArguments {
    /// FILE.xlsx, .xls, .csv, .docx or .pdf, read by the node; any other, or - for standard input, has one JSON object a
    /// line （文件，- 表示标准输入）
    pub(super) file: PathBuf,
    /// Leave them drafts instead of publishing them （仅存为草稿）
    #[arg(long)]
    pub(super) draft: bool,
    /// Only show what a document would become, row by row; change nothing （仅预览）
    #[arg(long)]
    pub(super) preview: bool,
    /// What the rows of a table are when neither a column, the sheet nor the headings say it （类型）
    #[arg(long)]
    pub(super) kind: Option<Kind>,
    /// The own number of a Word text or PDF; importing it again revises it （外部编号）
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(super) external_id: String,
    /// Attach the document itself （附上原文件）
    #[arg(long)]
    pub(super) attach: bool,
}

#[derive(Args, Debug)]
pub(super) struct ListArguments {
    /// Only this kind; may be repeated （类型）
    #[arg(long, value_name = "KIND")]
    kind: Vec<Kind>,
    /// Only in this state; may be repeated （状态）
    #[arg(long, value_enum, value_name = "STATE")]
    state: Vec<StateName>,
    /// Most rows, at most 1000 （最多条数）
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on after the page that gave this token （翻页标记）
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    page_token: String,
}

/// States by the names people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StateName {
    /// Only the owner sees it
    Draft,
    /// Its audience may see it
    Published,
    /// Taken back
    Withdrawn,
}

impl StateName {
    pub(super) fn to_wire(self) -> PublicationState {
        match self {
            Self::Draft => PublicationState::Draft,
            Self::Published => PublicationState::Published,
            Self::Withdrawn => PublicationState::Withdrawn,
        }
    }
}

pub(super) async fn run(session: &Session, verb: PublicationVerb) -> Outcome<Exit> {
    match verb {
        PublicationVerb::Import(arguments) if document::is_document(&arguments.file) => {
            document::import(session, arguments).await
        }
        PublicationVerb::Import(arguments) => import_file(session, arguments).await,
        PublicationVerb::Template(arguments) => document::template(session, arguments).await,
        PublicationVerb::Export(arguments) => document::export(session, arguments).await,
        PublicationVerb::Publish(arguments) => publish::run(session, arguments).await,
        PublicationVerb::List(arguments) => list(session, arguments).await,
        PublicationVerb::Get { name } => get(session, name).await,
        PublicationVerb::Download(arguments) => download::run(session, arguments).await,
        PublicationVerb::Withdraw { name, reason } => withdraw(session, name, reason).await,
        PublicationVerb::Fork(verb) => fork::run(session, verb).await,
    }
}

async fn import_file(session: &Session, arguments: ImportArguments) -> Outcome<Exit> {
    let ImportArguments { file, draft, preview, kind, external_id, attach } = arguments;
    if preview || kind.is_some() || !external_id.is_empty() || attach {
        return Err(Failure::usage(words!(
            "--preview、--kind、--external-id、--attach 只用于 .xlsx、.xls、.csv、.docx、.pdf 文件",
            "--preview, --kind, --external-id and --attach are for .xlsx, .xls, .csv, .docx and .pdf files"
        )));
    }
    let source = Source::open(&file)?;
    let node = session.node().await?;
    let bar = progress(session, &file, source.size);
    let report = import(&node, source, draft, &mut |position, report| {
        bar.set_position(position);
        bar.set_message(report.lines().to_string());
    })
    .await;
    bar.finish_and_clear();
    let report = report?;
    session.output.answer(&report);
    Ok(report.exit())
}

/// A bar over the bytes of the file when somebody watches; counting lines would mean reading it twice.
fn progress(session: &Session, file: &Path, size: Option<u64>) -> ProgressBar {
    if !session.output.is_watched() || session.output.format() == Format::Json {
        return ProgressBar::hidden();
    }
    let (bar, template) = match size {
        Some(size) => (ProgressBar::new(size), "{prefix} {bar:30} {percent:>3}% {msg} 行/lines {eta}"),
        None => (ProgressBar::new_spinner(), "{prefix} {spinner} {bytes} {msg} 行/lines {elapsed}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_prefix(file.display().to_string())
}

async fn list(session: &Session, arguments: ListArguments) -> Outcome<Exit> {
    let ListArguments { kind, state, limit, page_token } = arguments;
    let request = ListPublicationsRequest {
        page_size: limit,
        page_token,
        kinds: kind.into_iter().map(|kind| kind.to_wire() as i32).collect(),
        states: state.into_iter().map(|state| state.to_wire() as i32).collect(),
    };
    let node = session.node().await?;
    let page = node.publishing().list_publications(request).await.map_err(|status| node.failure(&status))?;
    session.output.answer(&PublicationList::from(page.into_inner()));
    Ok(Exit::Done)
}

/// The own node knows most about own publications: drafts, delivery. What it does not have, or cannot say because it is
/// away, is asked of the hub.
async fn get(session: &Session, name: String) -> Outcome<Exit> {
    let (context_name, context) = session.context()?;
    let is_name = name.parse::<PublicationName>().is_ok();
    let mut failure = None;
    if let Some(server) = &context.node {
        match Node::connect(server).await {
            Ok(node) => match own(&node, &name).await {
                Ok(publication) => return Ok(show(session, publication)),
                Err(failed) => failure = Some(failed),
            },
            Err(failed) => failure = Some(failed),
        }
    }
    if let (true, Some(server)) = (is_name, &context.hub) {
        let hub = Hub::connect(server).await?;
        let answer = hub.search().get_publication(GetPublicationRequest { name }).await;
        return Ok(show(session, answer.map_err(|status| hub.failure(&status))?.into_inner()));
    }
    Err(failure.unwrap_or_else(|| no_server(&context_name)))
}

fn no_server(context: &str) -> Failure {
    Failure::usage(words!(
        "上下文 {context} 没有本单位节点，无法按外部编号查找",
        "the context {context} has no node, so an external id means nothing"
    ))
}

fn show(session: &Session, publication: Publication) -> Exit {
    session.output.answer(&PublicationView::from(publication));
    Exit::Done
}

/// An own publication by name or external id.
pub(super) async fn own(node: &Node, name: &str) -> Outcome<Publication> {
    let request = GetOwnPublicationRequest { name: name.to_owned() };
    let answer = node.publishing().get_publication(request).await;
    Ok(answer.map_err(|status| node.failure(&status))?.into_inner())
}

/// The name of an own publication, from a name or an external id.
pub(super) async fn own_name(node: &Node, name: String) -> Outcome<String> {
    if name.parse::<PublicationName>().is_ok() { Ok(name) } else { Ok(own(node, &name).await?.name) }
}

async fn withdraw(session: &Session, name: String, reason: String) -> Outcome<Exit> {
    let node = session.node().await?;
    let name = own_name(&node, name).await?;
    let request_id = session.world.random_id().to_string();
    let request = WithdrawPublicationRequest { name, reason, request_id };
    let answer = node.publishing().withdraw_publication(request).await;
    let publication = answer.map_err(|status| node.failure(&status))?.into_inner();
    Ok(show(session, publication))
}
