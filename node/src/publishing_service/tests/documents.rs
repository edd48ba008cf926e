//! Documents over the wire: what they would become, the template, the export.

use super::*;
use crate::intake;

fn pieces(name: &str, bytes: &[u8], kind: Option<Kind>) -> Vec<wire::ReadDocumentRequest> {
    let kind = kind.map_or(wire::PublicationKind::Unspecified, Kind::to_wire) as i32;
    let first = wire::ReadDocumentRequest { file_name: name.to_owned(), kind, chunk: Vec::new() };
    let rest = bytes.chunks(700).map(|chunk| wire::ReadDocumentRequest {
        chunk: chunk.to_vec(),
        ..wire::ReadDocumentRequest::default()
    });
    std::iter::once(first).chain(rest).collect()
}

impl Lonely {
    async fn read(
        &mut self,
        name: &str,
        bytes: &[u8],
        kind: Option<Kind>,
    ) -> Result<Vec<wire::ReadDocumentResponse>, Refusal> {
        let requests = futures::stream::iter(pieces(name, bytes, kind));
        let answers = refusal(self.caller.read_document(requests).await)?;
        let answers: Vec<_> = futures::StreamExt::collect(answers).await;
        Ok(answers.into_iter().map(Result::unwrap).collect())
    }

    async fn export(&mut self, format: wire::DocumentFormat) -> Vec<u8> {
        let request = wire::ExportPublicationsRequest {
            format: format as i32,
            ..wire::ExportPublicationsRequest::default()
        };
        let answers = self.caller.export_publications(request).await.unwrap();
        let answers: Vec<_> = futures::StreamExt::collect(answers.into_inner()).await;
        answers.into_iter().flat_map(|piece| piece.unwrap().chunk).collect()
    }
}

#[tokio::test]
async fn a_table_is_read_imported_exported_and_read_again() {
    let mut lonely = Lonely::new().await;
    let table = "编号,标题,正文,特殊作业\nP-1,动火监护,一看二测三清,动火作业\nP-2,,缺标题,烧烤\n";
    let answers = lonely.read("经验.csv", table.as_bytes(), Some(Kind::Practice)).await.unwrap();
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!((answer.format(), answer.row_count), (wire::DocumentFormat::Csv, 2));
    let [good, bad] = answer.rows.as_slice() else { panic!("{answer:?}") };
    assert_eq!((good.line, good.violations.as_slice()), (2, &[][..]));
    let fields: Vec<_> = bad.violations.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!((bad.line, fields), (3, vec!["title", "practice.operations[0]"]));
    let listed = lonely.caller.list_publications(wire::ListPublicationsRequest::default()).await.unwrap();
    assert_eq!(listed.into_inner().total, 0, "reading changes nothing");

    let imported = lonely.import(vec![good.publication.clone().unwrap()]).await;
    assert_eq!(imported[0].outcome(), ImportOutcome::Created);
    for format in [wire::DocumentFormat::Xlsx, wire::DocumentFormat::Csv] {
        let exported = lonely.export(format).await;
        // Its name may say what it likes, but that it is a table of text.
        let name = "导出.csv";
        let rows = lonely.read(name, &exported, None).await.unwrap().remove(0).rows;
        assert_eq!(rows[0].publication, good.publication, "{format:?}");
        let unchanged = lonely.import(vec![rows[0].publication.clone().unwrap()]).await;
        assert_eq!(unchanged[0].outcome(), ImportOutcome::Unchanged, "{format:?}");
    }
}

#[tokio::test]
async fn many_rows_come_in_several_responses() {
    let mut lonely = Lonely::new().await;
    let row = format!("最佳实践,甲,{}\n", "一二三四五六七八九十".repeat(2_000));
    let table = format!("类型,标题,正文\n{}", row.repeat(60));
    let answers = lonely.read("多.csv", table.as_bytes(), None).await.unwrap();
    assert!(answers.len() > 2 && answers[0].row_count == 60, "{}", answers.len());
    let lines: Vec<u64> = answers.iter().flat_map(|answer| answer.rows.iter().map(|row| row.line)).collect();
    assert_eq!(lines, (2..62).collect::<Vec<u64>>());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_reason() {
    let mut lonely = Lonely::new().await;
    let reason =
        |answer: Result<Vec<wire::ReadDocumentResponse>, Refusal>| answer.unwrap_err().reason.into_owned();
    assert_eq!(reason(lonely.read("a.exe", b"MZ\0", None).await), "DOCUMENT_FORMAT_UNKNOWN");
    assert_eq!(reason(lonely.read("a.xlsx", b"PK\x03\x04", None).await), "DOCUMENT_UNREADABLE");
    let large = vec![b'a'; intake::Limits::default().file_bytes + 1];
    let first =
        wire::ReadDocumentRequest { file_name: "a.csv".to_owned(), ..wire::ReadDocumentRequest::default() };
    let rest = large.chunks(1024 * 1024).map(|chunk| wire::ReadDocumentRequest {
        chunk: chunk.to_vec(),
        ..wire::ReadDocumentRequest::default()
    });
    let requests: Vec<_> = std::iter::once(first).chain(rest).collect();
    let answer = lonely.caller.read_document(futures::stream::iter(requests)).await;
    assert_eq!(refusal(answer).map(|_| ()).unwrap_err().reason, "DOCUMENT_TOO_LARGE");
    let answer = lonely.caller.read_document(futures::stream::iter(pieces("", b"x", None))).await;
    assert_eq!(fields(&refusal(answer).map(|_| ()).unwrap_err()), ["file_name"]);
    let request =
        wire::ExportPublicationsRequest { kinds: vec![9], ..wire::ExportPublicationsRequest::default() };
    let answer = lonely.caller.export_publications(request).await;
    assert_eq!(fields(&refusal(answer).map(|_| ()).unwrap_err()), ["format", "kinds[0]"]);
}

#[tokio::test]
async fn the_template_can_be_had_and_a_text_becomes_a_draft() {
    let mut lonely = Lonely::new().await;
    let request = wire::GetImportTemplateRequest { kind: PublicationKind::Course as i32 };
    let workbook = lonely.caller.get_import_template(request).await.unwrap().into_inner().workbook;
    let answers = lonely.read("模板.xlsx", &workbook, None).await.unwrap();
    assert_eq!((answers[0].format(), answers[0].row_count), (wire::DocumentFormat::Xlsx, 0));
    let wrong = lonely.caller.get_import_template(wire::GetImportTemplateRequest { kind: 7 }).await;
    assert_eq!(fields(&refusal(wrong).unwrap_err()), ["kind"]);
}
