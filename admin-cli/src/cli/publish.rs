//! `shouwang publication publish`: from a JSON file, from a text, or a draft by name.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::{Map, Value, json};
use shouwang_proto::{
    publication::Kind,
    wire::{
        CreatePublicationRequest, DeliveryState, GetPublicationRequest, ImportOutcome,
        ImportPublicationsRequest, Publication, PublicationState, PublishPublicationRequest, SearchRequest,
    },
};

use super::{
    publication::{own, own_name},
    search::own_position,
};
use crate::{
    connection::Node,
    exit::Exit,
    failure::{Failure, Outcome},
    import::{
        attach::Attacher,
        line::{self, Record},
        stream::{Source, import},
    },
    render::publication::PublicationView,
    session::Session,
    words::words,
};

/// Largest file that is read whole, in bytes.
const FILE_LIMIT: u64 = 1024 * 1024;
/// Longest wait for `--wait`.
const WAIT_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks at the delivery.
const WAIT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Args, Debug)]
pub(super) struct PublishArguments {
    /// FILE.json with one JSON object, FILE.jsonl with one a line, FILE.md or FILE.txt with a text, or the name or
    /// external id of a draft （文件，或草稿编号）
    #[arg(required_unless_present = "body_file", conflicts_with = "body_file")]
    what: Option<String>,
    /// Title, for a text; without it the first heading of the Markdown file （标题）
    #[arg(long)]
    title: Option<String>,
    /// File with the text, - for standard input （正文文件）
    #[arg(long, value_name = "FILE", requires = "title")]
    body_file: Option<PathBuf>,
    /// Kind of a text; courses and resources have fields of their own and come from JSON （类型）
    #[arg(long, default_value = "practice")]
    kind: Kind,
    /// The own number of a text; publishing it again revises it （外部编号）
    #[arg(long, default_value = "", hide_default_value = true)]
    external_id: String,
    /// Only save it as a draft （仅存为草稿）
    #[arg(long)]
    draft: bool,
    /// Wait until it is searchable at the hub, at most 30 seconds （等待可检索）
    #[arg(long, conflicts_with = "draft")]
    wait: bool,
}

/// What is to be published.
enum What {
    /// A draft or withdrawn one, by name or external id.
    Known(String),
    /// Many, one a line.
    Lines(PathBuf),
    /// One, with the folder where paths of attachments begin.
    One(Box<Record>, PathBuf),
}

pub(super) async fn run(session: &Session, arguments: PublishArguments) -> Outcome<Exit> {
    let (draft, wait) = (arguments.draft, arguments.wait);
    let what = what(arguments)?;
    let node = session.node().await?;
    let mut publication = match what {
        What::Lines(file) => {
            let report = import(&node, Source::open(&file)?, draft, &mut |_, _| ()).await?;
            session.output.answer(&report);
            return Ok(report.exit());
        }
        What::Known(name) => publish_known(session, &node, name).await?,
        What::One(record, folder) => publish_one(session, &node, *record, folder, draft).await?,
    };
    if wait {
        publication = searchable(session, &node, publication).await?;
    }
    let delivery = publication.delivery();
    session.output.answer(&PublicationView::from(publication));
    match delivery {
        DeliveryState::Quarantined => Err(Failure::failed(words!(
            "中心已收到但未予展示，请查看隔离原因",
            "the hub has it but does not show it; the quarantine says why"
        ))
        .hint(words!("shouwang quarantine list", "shouwang quarantine list"))),
        DeliveryState::Searchable
        | DeliveryState::Delivered
        | DeliveryState::Local
        | DeliveryState::Unspecified => Ok(Exit::Done),
    }
}

fn what(arguments: PublishArguments) -> Outcome<What> {
    let PublishArguments { what, title, body_file, kind, external_id, draft: _, wait: _ } = arguments;
    if let Some(file) = body_file {
        let text = read_text(&file)?;
        return one(text_object(kind, &external_id, title, &text), Path::new("."));
    }
    // clap requires one of the two.
    let what = what.unwrap_or_default();
    let path = PathBuf::from(&what);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let folder = path.parent().unwrap_or(Path::new("."));
    match ending.as_str() {
        "jsonl" | "ndjson" => Ok(What::Lines(path)),
        "json" => {
            let record = line::read(Some(read_text(&path)?.as_bytes())).map_err(Failure::fields)?;
            Ok(What::One(Box::new(record), folder.to_owned()))
        }
        "md" | "markdown" | "txt" => one(text_object(kind, &external_id, title, &read_text(&path)?), folder),
        _ => Ok(What::Known(what)),
    }
}

fn one(object: Map<String, Value>, folder: &Path) -> Outcome<What> {
    let record = line::read_object(object).map_err(Failure::fields)?;
    Ok(What::One(Box::new(record), folder.to_owned()))
}

fn read_text(path: &Path) -> Outcome<String> {
    use std::io::Read as _;
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(FILE_LIMIT + 1).read_to_string(&mut text)
    } else {
        fs::File::open(path).map_err(failed)?.take(FILE_LIMIT + 1).read_to_string(&mut text)
    };
    if read.map_err(failed)? as u64 > FILE_LIMIT {
        return Err(Failure::file(path, &"超过 1 MiB （larger than 1 MiB）"));
    }
    Ok(text)
}

/// A text as an import would have it. The first heading of a Markdown text is its title unless another is given.
fn text_object(kind: Kind, external_id: &str, title: Option<String>, text: &str) -> Map<String, Value> {
    let text = text.trim_start_matches('\u{FEFF}').trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let heading = first.strip_prefix('#').map(|heading| heading.trim_start_matches('#').trim());
    let (title, body) = match (title, heading) {
        (Some(title), _) => (title, text),
        (None, Some(heading)) => (heading.to_owned(), rest.trim()),
        (None, None) => (String::new(), text),
    };
    let mut object = Map::new();
    object.insert("kind".to_owned(), json!(kind.code()));
    object.insert("external_id".to_owned(), json!(external_id));
    object.insert("title".to_owned(), json!(title));
    object.insert("body".to_owned(), json!(body));
    object
}

fn request_id(session: &Session) -> String {
    session.world.random_id().to_string()
}

async fn publish_known(session: &Session, node: &Node, name: String) -> Outcome<Publication> {
    let name = own_name(node, name).await?;
    let request = PublishPublicationRequest { name, request_id: request_id(session) };
    let answer = node.publishing().publish_publication(request).await;
    Ok(answer.map_err(|status| node.failure(&status))?.into_inner())
}

async fn publish_one(
    session: &Session,
    node: &Node,
    record: Record,
    folder: PathBuf,
    draft: bool,
) -> Outcome<Publication> {
    let Record { mut publication, attachments } = record;
    if !attachments.is_empty() {
        let attached = Attacher::new(node.clone(), folder).attach(&attachments).await?;
        publication.attachments = attached.map_err(Failure::fields)?;
    }
    if !publication.external_id.is_empty() {
        return create_or_revise(node, publication, draft).await;
    }
    let request = CreatePublicationRequest {
        publication: Some(publication),
        request_id: request_id(session),
        publish: !draft,
    };
    let answer = node.publishing().create_publication(request).await;
    Ok(answer.map_err(|status| node.failure(&status))?.into_inner())
}

/// With an own number, publishing again revises: an import of one record.
async fn create_or_revise(node: &Node, publication: Publication, draft: bool) -> Outcome<Publication> {
    let request = ImportPublicationsRequest { line: 1, publication: Some(publication), draft };
    let answers = node.publishing().import_publications(tokio_stream::once(request)).await;
    let mut answers = answers.map_err(|status| node.failure(&status))?.into_inner();
    let answer = answers.message().await.map_err(|status| node.failure(&status))?.unwrap_or_default();
    match answer.outcome() {
        ImportOutcome::Created | ImportOutcome::Revised | ImportOutcome::Unchanged => {
            own(node, &answer.name).await
        }
        ImportOutcome::Refused | ImportOutcome::Unspecified => {
            let violations = answer.violations.into_iter().map(|wrong| shouwang_proto::refusal::Violation {
                field: wrong.field,
                description: wrong.description,
            });
            Err(Failure::fields(violations.collect()))
        }
    }
}

/// Waits until the hub has indexed it. The hub knows first; the node hears of it some seconds later, and is asked when
/// the context has no hub or the hub cannot say.
async fn searchable(session: &Session, node: &Node, publication: Publication) -> Outcome<Publication> {
    let name = publication.name.clone();
    let look = async {
        let mut publication = publication;
        while publication.state() == PublicationState::Published {
            match publication.delivery() {
                DeliveryState::Searchable | DeliveryState::Quarantined => break,
                DeliveryState::Local | DeliveryState::Delivered | DeliveryState::Unspecified => {}
            }
            if shown_by_hub(session, node, &publication).await {
                publication.set_delivery(DeliveryState::Searchable);
                break;
            }
            tokio::time::sleep(WAIT_PAUSE).await;
            publication = own(node, &name).await?;
        }
        Ok(publication)
    };
    match tokio::time::timeout(WAIT_LIMIT, look).await {
        Ok(found) => found,
        Err(_) => Err(Failure::unreachable(words!(
            "{name} 已在本单位节点保存，但中心尚未检索到",
            "{name} is safe at the node, but not searchable at the hub yet"
        ))
        .hint(words!(
            "节点会自动继续发送；用 shouwang status 查看链路",
            "the node goes on by itself; `shouwang status` shows the link"
        ))),
    }
}

/// True when the hub's index holds the own log as it is now and the hub shows this revision to the caller.
async fn shown_by_hub(session: &Session, node: &Node, publication: &Publication) -> bool {
    let Ok(hub) = session.hub().await else { return false };
    let Ok(own_position) = own_position(node).await else { return false };
    let request = SearchRequest { page_size: 1, min_applied: vec![own_position], ..SearchRequest::default() };
    if hub.search().search(request).await.is_err() {
        return false;
    }
    let request = GetPublicationRequest { name: publication.name.clone() };
    let shown = hub.search().get_publication(request).await;
    shown.is_ok_and(|shown| shown.into_inner().revision >= publication.revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_markdown_heading_is_the_title() {
        let object = text_object(Kind::Practice, "", None, "\u{FEFF}## 班前会 \n\n三分钟讲清风险。\n");
        assert_eq!((&object["title"], &object["body"]), (&json!("班前会"), &json!("三分钟讲清风险。")));
        let object = text_object(Kind::Practice, "P-1", Some("班前会".to_owned()), "# 一\n二");
        assert_eq!((&object["title"], &object["body"]), (&json!("班前会"), &json!("# 一\n二")));
    }

    #[test]
    fn a_text_without_a_title_is_refused_before_it_travels() {
        let object = text_object(Kind::Practice, "", None, "没有标题");
        let Err(failure) = one(object, Path::new(".")).map(|_| ()) else { panic!("refused") };
        assert_eq!(failure.violations[0].field, "title");
    }
}
