//! Documents in and out: what a file would become, the template, the export.

use std::pin::Pin;

use futures::{Stream, stream};
use prost::Message as _;
use shouwang_proto::{
    publication::Kind,
    refusal::{Refusal, Violation, Violations},
    wire,
};
use shouwang_serving::grpc::internal;
use tonic::{Code, Status, Streaming};

use super::{Publishing, read_all, shown::state_from_wire};
use crate::{
    attachments::PIECE_LIMIT,
    intake::{self, Format, Note, Reading, Row},
    store::ListQuery,
};

/// Bytes of rows in one response, about; one row has at most 256 KiB and its findings.
const RESPONSE_BYTES: usize = 1024 * 1024;
/// Bytes of an exported document in one response.
const EXPORT_PIECE: usize = 256 * 1024;
/// Most publications, and bytes of them, in one export.
const EXPORT_ROWS: usize = 10_000;
const EXPORT_BYTES: usize = 64 * 1024 * 1024;
/// Publications read from the store at once.
const PAGE: u32 = 500;

pub(super) type ReadStream = Pin<Box<dyn Stream<Item = Result<wire::ReadDocumentResponse, Status>> + Send>>;
pub(super) type ExportStream =
    Pin<Box<dyn Stream<Item = Result<wire::ExportPublicationsResponse, Status>> + Send>>;

/// A kind that need not be said.
pub(super) fn kind(written: i32) -> Result<Option<Kind>, Refusal> {
    if written == wire::PublicationKind::Unspecified as i32 {
        return Ok(None);
    }
    let known =
        Kind::from_wire(written).ok_or_else(|| Refusal::field("kind", "is not known （取值无效）"))?;
    Ok(Some(known))
}

/// The workbook to fill in.
pub(super) async fn template(kind: Option<Kind>) -> Result<Vec<u8>, Status> {
    let made = tokio::task::spawn_blocking(move || intake::template(kind)).await;
    made.map_err(|error| internal(&error))?.map_err(|error| internal(&error))
}

impl Publishing {
    pub(super) async fn read(
        &self,
        mut requests: Streaming<wire::ReadDocumentRequest>,
    ) -> Result<ReadStream, Status> {
        let empty = || Refusal::field("file_name", "is required in the first message （首条消息必填）");
        let first = requests.message().await?.ok_or_else(empty)?;
        let wire::ReadDocumentRequest { file_name, kind: written, chunk } = first;
        let name = intake::file_name(&file_name);
        if name.is_empty() {
            return Err(empty().into());
        }
        let kind = kind(written)?;
        let mut bytes = Vec::new();
        let mut chunk = Some(chunk);
        while let Some(piece) = chunk {
            if piece.len() > PIECE_LIMIT {
                return Err(Refusal::field("chunk", "has at most 1 MiB （每片最大 1 MiB）").into());
            }
            if bytes.len() + piece.len() > self.documents.limits().file_bytes {
                return Err(intake::file_too_large(self.documents.limits()).into());
            }
            bytes.extend_from_slice(&piece);
            chunk = requests.message().await?.map(|request| request.chunk);
        }
        let reading = self.documents.read(name, bytes, kind).await?;
        Ok(Box::pin(stream::iter(responses(reading).into_iter().map(Ok))))
    }

    pub(super) async fn export(
        &self,
        request: wire::ExportPublicationsRequest,
    ) -> Result<ExportStream, Status> {
        let wire::ExportPublicationsRequest { format, kinds, states } = request;
        let mut wrong = Violations::new();
        let as_workbook = match wire::DocumentFormat::try_from(format) {
            Ok(wire::DocumentFormat::Xlsx) => Some(true),
            Ok(wire::DocumentFormat::Csv) => Some(false),
            Ok(
                wire::DocumentFormat::Unspecified
                | wire::DocumentFormat::Xls
                | wire::DocumentFormat::Docx
                | wire::DocumentFormat::Pdf,
            )
            | Err(_) => {
                wrong.add(
                    "format",
                    "must be DOCUMENT_FORMAT_XLSX or DOCUMENT_FORMAT_CSV （须为 XLSX 或 CSV）",
                );
                None
            }
        };
        let kinds = read_all("kinds", &kinds, Kind::from_wire, &mut wrong);
        let standings = read_all("states", &states, state_from_wire, &mut wrong);
        let as_workbook = wrong.finish(|| as_workbook)?;
        let publications = self.all(ListQuery { kinds, standings, after: None, limit: PAGE }).await?;
        let written = tokio::task::spawn_blocking(move || -> Result<Vec<u8>, Status> {
            if as_workbook {
                intake::xlsx(&publications).map_err(|error| internal(&error))
            } else {
                intake::csv(&publications).map_err(|error| internal(&error))
            }
        });
        let written = written.await.map_err(|error| internal(&error))??;
        let pieces: Vec<_> = written
            .chunks(EXPORT_PIECE)
            .map(|piece| Ok(wire::ExportPublicationsResponse { chunk: piece.to_vec() }))
            .collect();
        Ok(Box::pin(stream::iter(pieces)))
    }

    /// All publications that a query means.
    async fn all(&self, mut query: ListQuery) -> Result<Vec<wire::Publication>, Status> {
        let mut found = Vec::new();
        let mut bytes = 0;
        loop {
            let (items, _) = self.store.list(query.clone()).await?;
            let Some(last) = items.last() else { return Ok(found) };
            query.after = Some((last.updated, last.record));
            for item in &items {
                let publication = item.content.to_wire();
                bytes += publication.encoded_len();
                found.push(publication);
            }
            if found.len() > EXPORT_ROWS || bytes > EXPORT_BYTES {
                return Err(Refusal::new(
                    Code::ResourceExhausted,
                    "EXPORT_TOO_LARGE",
                    "more than 10,000 publications or 64 MiB: choose kinds or states （超过 10,000 条或 64 MiB，请按类型或状态筛选）",
                )
                .into());
            }
        }
    }
}

fn responses(reading: Reading) -> Vec<wire::ReadDocumentResponse> {
    let Reading { format, rows, notes } = reading;
    let note = |Note { place, words }| wire::DocumentNote { place, description: words };
    let mut responses = vec![wire::ReadDocumentResponse {
        format: format_to_wire(format) as i32,
        notes: notes.into_iter().map(note).collect(),
        row_count: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        rows: Vec::new(),
    }];
    let mut room = RESPONSE_BYTES;
    for row in rows.into_iter().map(row_to_wire) {
        let size = row.encoded_len();
        if room < size {
            responses.push(wire::ReadDocumentResponse::default());
            room = RESPONSE_BYTES;
        }
        room = room.saturating_sub(size);
        if let Some(last) = responses.last_mut() {
            last.rows.push(row);
        }
    }
    responses
}

fn row_to_wire(row: Row) -> wire::DocumentRow {
    let Row { sheet, line, publication, violations, remarks } = row;
    let all = |found: Vec<Violation>| {
        let one = |Violation { field, description }| wire::FieldViolation { field, description };
        found.into_iter().map(one).collect()
    };
    wire::DocumentRow { sheet, line, publication, violations: all(violations), remarks: all(remarks) }
}

fn format_to_wire(format: Format) -> wire::DocumentFormat {
    match format {
        Format::Xlsx => wire::DocumentFormat::Xlsx,
        Format::Xls => wire::DocumentFormat::Xls,
        Format::Csv => wire::DocumentFormat::Csv,
        Format::Docx => wire::DocumentFormat::Docx,
        Format::Pdf => wire::DocumentFormat::Pdf,
    }
}
