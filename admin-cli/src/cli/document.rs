//! Documents as members have them: `shouwang publication import FILE.xlsx|xls|csv|docx|pdf`, `template`, `export`. The node reads
//! and writes them; this carries bytes and rows.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Args;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    publication::{Kind, unnumbered_request_id},
    refusal::{Refusal, Violation},
    wire::{
        CreatePublicationRequest, DocumentFormat, DocumentRow, ExportPublicationsRequest, FieldViolation,
        GetImportTemplateRequest, ImportPublicationsRequest, Publication, PublicationKind,
        ReadDocumentRequest, ReadDocumentResponse,
    },
};
use shouwang_serving::durable::{self, Readers};

use super::publication::{ImportArguments, StateName};
use crate::{
    connection::Node,
    exit::Exit,
    failure::{Failure, Outcome},
    import::{attach::Attacher, report::Report},
    render::{
        aid::Shown,
        document,
        download::{Downloaded, Downloads},
    },
    session::Session,
    words::words,
};

/// Largest document in bytes, as the node takes it.
const FILE_LIMIT: u64 = 16 * 1024 * 1024;
/// Bytes of a document sent in one message.
const CHUNK_BYTES: usize = 256 * 1024;

#[derive(Args, Debug)]
pub(super) struct TemplateArguments {
    /// Only the sheet of this kind; without it all three （类型）
    #[arg(long)]
    kind: Option<Kind>,
    /// Workbook to write; must not be there yet （保存为 .xlsx 文件）
    #[arg(long, value_name = "FILE.xlsx")]
    out: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct ExportArguments {
    /// File to write, .xlsx or .csv; must not be there yet （保存为 .xlsx 或 .csv 文件）
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only this kind; may be repeated （类型）
    #[arg(long, value_name = "KIND")]
    kind: Vec<Kind>,
    /// Only in this state; may be repeated （状态）
    #[arg(long, value_enum, value_name = "STATE")]
    state: Vec<StateName>,
}

/// The ending of a file's name in lower case.
fn ending(path: &Path) -> String {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// True for files that the node reads; all others have one JSON object a line.
pub(super) fn is_document(path: &Path) -> bool {
    ["xlsx", "xlsm", "xls", "csv", "tsv", "docx", "pdf"].contains(&ending(path).as_str())
}

/// Imports a document, or shows what it would become.
pub(super) async fn import(session: &Session, arguments: ImportArguments) -> Outcome<Exit> {
    let ImportArguments { file, draft, preview, kind, external_id, attach } = arguments;
    let bytes = read_file(&file)?;
    let node = session.node().await?;
    let mut reading = read(&node, &file, kind, bytes).await?;
    if let [row] = reading.rows.as_mut_slice()
        && is_text(reading.format)
        && let Some(publication) = &mut row.publication
    {
        publication.external_id = external_id;
    } else if !external_id.is_empty() {
        return Err(Failure::usage(words!(
            "--external-id 只用于一篇文档；表格请用“编号”列",
            "--external-id is for one text; a table has a column of its own for it"
        )));
    }
    if preview {
        let wrong = reading.rows.is_empty() || reading.rows.iter().any(|row| !row.violations.is_empty());
        let now = session.world.now();
        session.output.answer(&Shown { message: reading, now, text: document::preview });
        return Ok(if wrong { Exit::Partly } else { Exit::Done });
    }
    reading
        .notes
        .iter()
        .for_each(|note| session.output.talk_text(&document::note(note, session.output.lang())));
    if attach {
        attach_original(&node, &file, &mut reading.rows).await?;
    }
    let report = take(&node, reading.rows, draft).await?;
    session.output.answer(&report);
    Ok(report.exit())
}

/// True for formats that hold one text.
fn is_text(format: i32) -> bool {
    [DocumentFormat::Docx as i32, DocumentFormat::Pdf as i32].contains(&format)
}

fn read_file(path: &Path) -> Outcome<Vec<u8>> {
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(Failure::file(path, &"超过 16 MiB （larger than 16 MiB）"));
    }
    Ok(bytes)
}

/// Asks the node what the document would become; all responses as one.
async fn read(node: &Node, path: &Path, kind: Option<Kind>, bytes: Vec<u8>) -> Outcome<ReadDocumentResponse> {
    let failure = |status| node.failure(&status);
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = kind.map_or(PublicationKind::Unspecified, Kind::to_wire) as i32;
    let first = ReadDocumentRequest { file_name, kind, chunk: Vec::new() };
    let pieces: Vec<_> = bytes
        .chunks(CHUNK_BYTES)
        .map(|chunk| ReadDocumentRequest { chunk: chunk.to_vec(), ..ReadDocumentRequest::default() })
        .collect();
    let requests = tokio_stream::iter(std::iter::once(first).chain(pieces));
    let mut responses = node.publishing().read_document(requests).await.map_err(failure)?.into_inner();
    let mut whole = responses.message().await.map_err(failure)?.unwrap_or_default();
    while let Some(more) = responses.message().await.map_err(failure)? {
        whole.rows.extend(more.rows);
    }
    Ok(whole)
}

async fn attach_original(node: &Node, path: &Path, rows: &mut [DocumentRow]) -> Outcome<()> {
    let mut attacher = Attacher::new(node.clone(), PathBuf::from("."));
    for row in rows.iter_mut().filter(|row| row.violations.is_empty()) {
        if let Some(publication) = &mut row.publication {
            publication.attachments = attacher.attach(&[path.to_owned()]).await?.map_err(Failure::fields)?;
        }
    }
    Ok(())
}

/// Imports the rows that are right: with a number of their own they are created or revised, without one they are created.
async fn take(node: &Node, rows: Vec<DocumentRow>, draft: bool) -> Outcome<Report> {
    let failure = |status| node.failure(&status);
    let mut report = Report::default();
    let places: Vec<(String, u64)> = rows.iter().map(|row| (row.sheet.clone(), row.line)).collect();
    let place = |index: usize| places.get(index).cloned().unwrap_or_default();
    let (mut numbered, mut unnumbered) = (Vec::new(), Vec::new());
    for (index, row) in rows.into_iter().enumerate() {
        match row.publication {
            Some(publication) if row.violations.is_empty() && publication.external_id.is_empty() => {
                unnumbered.push((index, publication));
            }
            Some(publication) if row.violations.is_empty() => {
                let line = index as u64;
                numbered.push(ImportPublicationsRequest { line, publication: Some(publication), draft });
            }
            Some(_) | None => report.refuse_at(place(index), violations(row.violations)),
        }
    }
    if !numbered.is_empty() {
        let answers = node.publishing().import_publications(tokio_stream::iter(numbered)).await;
        let mut answers = answers.map_err(failure)?.into_inner();
        while let Some(answer) = answers.message().await.map_err(failure)? {
            let place = place(usize::try_from(answer.line).unwrap_or(usize::MAX));
            report.add_at(place, answer);
        }
    }
    for (index, publication) in unnumbered {
        match create(node, publication, draft).await? {
            Ok(()) => report.created += 1,
            Err(violations) => report.refuse_at(place(index), violations),
        }
    }
    // Those refused before anything travelled stand between the others again.
    let order: BTreeMap<_, _> =
        places.iter().zip(0_usize..).map(|((sheet, line), at)| ((sheet.as_str(), *line), at)).collect();
    report.refused.sort_by_key(|refused| order.get(&(refused.sheet.as_str(), refused.line)).copied());
    Ok(report)
}

fn violations(found: Vec<FieldViolation>) -> Vec<Violation> {
    let violation = |FieldViolation { field, description }| Violation { field, description };
    found.into_iter().map(violation).collect()
}

/// Creates one. The id of the request comes from its content: an import that broke off can be run again for a week.
async fn create(node: &Node, publication: Publication, draft: bool) -> Outcome<Result<(), Vec<Violation>>> {
    let request_id = unnumbered_request_id(&publication, draft).to_string();
    let request = CreatePublicationRequest { publication: Some(publication), request_id, publish: !draft };
    match node.publishing().create_publication(request).await {
        Ok(_) => Ok(Ok(())),
        Err(status) => match Refusal::from_status(&status) {
            Some(refusal) if !refusal.violations.is_empty() => Ok(Err(refusal.violations)),
            Some(_) | None => Err(node.failure(&status)),
        },
    }
}

pub(super) async fn template(session: &Session, arguments: TemplateArguments) -> Outcome<Exit> {
    let TemplateArguments { kind, out } = arguments;
    let out = fresh(out, &["xlsx"])?;
    let node = session.node().await?;
    let kind = kind.map_or(PublicationKind::Unspecified, Kind::to_wire) as i32;
    let answer = node.publishing().get_import_template(GetImportTemplateRequest { kind }).await;
    save(session, &out, &answer.map_err(|status| node.failure(&status))?.into_inner().workbook)
}

pub(super) async fn export(session: &Session, arguments: ExportArguments) -> Outcome<Exit> {
    let ExportArguments { out, kind, state } = arguments;
    let out = fresh(out, &["xlsx", "csv"])?;
    let node = session.node().await?;
    let format = if ending(&out) == "csv" { DocumentFormat::Csv } else { DocumentFormat::Xlsx };
    let request = ExportPublicationsRequest {
        format: format as i32,
        kinds: kind.into_iter().map(|kind| kind.to_wire() as i32).collect(),
        states: state.into_iter().map(|state| state.to_wire() as i32).collect(),
    };
    let failure = |status| node.failure(&status);
    let mut pieces = node.publishing().export_publications(request).await.map_err(failure)?.into_inner();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await.map_err(failure)? {
        bytes.extend_from_slice(&piece.chunk);
    }
    save(session, &out, &bytes)
}

/// A path that can be written to: with one of these endings, and not there yet.
fn fresh(path: PathBuf, endings: &[&str]) -> Outcome<PathBuf> {
    let shown = path.display();
    if !endings.contains(&ending(&path).as_str()) {
        let endings = endings.join(", .");
        return Err(Failure::usage(words!(
            "{shown} 须以 .{endings} 结尾",
            "{shown} must end with .{endings}"
        )));
    }
    if path.exists() {
        return Err(Failure::usage(words!(
            "{shown} 已存在，未作改动",
            "{shown} is there already and was not touched"
        )));
    }
    Ok(path)
}

fn save(session: &Session, path: &Path, bytes: &[u8]) -> Outcome<Exit> {
    durable::write(path, bytes, Readers::All).map_err(|error| Failure::file(path, &error))?;
    session.output.answer(&Downloads {
        files: vec![Downloaded {
            path: path.display().to_string(),
            size_bytes: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(bytes)),
        }],
    });
    Ok(Exit::Done)
}
