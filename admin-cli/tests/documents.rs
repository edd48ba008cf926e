//! Documents as scripts see them: what is sent to the node, what is told, how it ends.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod fake;

use prost::Message as _;
use shouwang_proto::wire::{
    CreatePublicationRequest, DocumentFormat, DocumentNote, DocumentRow, ExportPublicationsRequest,
    ExportPublicationsResponse, FieldViolation, GetImportTemplateResponse, ImportOutcome,
    ImportPublicationsRequest, ImportPublicationsResponse, Practice, Publication, ReadDocumentRequest,
    ReadDocumentResponse, publication::Detail,
};
use tonic::Status;

use fake::Fake;

fn practice(external_id: &str, title: &str) -> Publication {
    Publication {
        external_id: external_id.to_owned(),
        title: title.to_owned(),
        body: "文".to_owned(),
        detail: Some(Detail::Practice(Practice::default())),
        ..Publication::default()
    }
}

fn row(line: u64, publication: Publication, wrong: &[&str]) -> DocumentRow {
    let violation = |field: &&str| FieldViolation {
        field: (*field).to_owned(),
        description: "is required （必填）".to_owned(),
    };
    DocumentRow {
        sheet: "经验".to_owned(),
        line,
        publication: Some(publication),
        violations: wrong.iter().map(violation).collect(),
        remarks: Vec::new(),
    }
}

/// A node that finds two good rows, one without a number, and a bad one between them.
fn node() -> Fake {
    Fake::start(|method, _| match method {
        "ReadDocument" => {
            let first = ReadDocumentResponse {
                format: DocumentFormat::Xlsx as i32,
                notes: vec![DocumentNote {
                    place: "经验 C".to_owned(),
                    description: "the column “车牌” is not known （不认识的列“车牌”）".to_owned(),
                }],
                row_count: 3,
                rows: vec![row(2, practice("P-1", "甲"), &[]), row(3, practice("P-2", ""), &["title"])],
            };
            let more = ReadDocumentResponse {
                rows: vec![row(4, practice("", "丙"), &[])],
                ..ReadDocumentResponse::default()
            };
            Ok(vec![first.encode_to_vec(), more.encode_to_vec()])
        }
        "ImportPublications" => {
            let taken = ImportPublicationsResponse {
                line: 0,
                outcome: ImportOutcome::Created as i32,
                ..ImportPublicationsResponse::default()
            };
            Ok(vec![taken.encode_to_vec()])
        }
        "CreatePublication" => Ok(vec![practice("", "丙").encode_to_vec()]),
        "GetImportTemplate" => {
            Ok(vec![GetImportTemplateResponse { workbook: b"PK-template".to_vec() }.encode_to_vec()])
        }
        "ExportPublications" => Ok([b"one,".as_slice(), b"two"]
            .iter()
            .map(|chunk| ExportPublicationsResponse { chunk: chunk.to_vec() }.encode_to_vec())
            .collect()),
        other => Err(Status::unimplemented(other.to_owned())),
    })
}

#[test]
fn a_preview_tells_row_by_row_and_changes_nothing() {
    let (fake, folder) = (node(), tempfile::tempdir().unwrap());
    let file = folder.path().join("经验.xlsx");
    std::fs::write(&file, vec![7; 300_000]).unwrap();
    let file = file.display().to_string();
    let (code, out, err) = fake.run(&["publication", "import", &file, "--preview", "--kind", "practice"]);
    assert_eq!(code, 7, "{err}");
    for told in
        ["经验 line 2  practice  P-1  甲  可导入", "经验 line 3", "✗ title: 必填", "车牌", "可导入 2，有误 1"]
    {
        assert!(out.contains(told), "{told}\n{out}");
    }
    assert_eq!(fake.methods(), ["ReadDocument"]);
    let sent: Vec<ReadDocumentRequest> = fake.asked("ReadDocument");
    assert_eq!((sent[0].file_name.as_str(), sent[0].kind), ("经验.xlsx", 1));
    assert_eq!(sent.iter().map(|piece| piece.chunk.len()).sum::<usize>(), 300_000);
    let (code, out, _) = fake.run(&["publication", "import", &file, "--preview", "--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["rows"][1]["violations"][0]["field"]), (7, &"title".into()));
}

#[test]
fn an_import_takes_the_good_rows_and_names_the_others() {
    let (fake, folder) = (node(), tempfile::tempdir().unwrap());
    let file = folder.path().join("经验.CSV");
    std::fs::write(&file, "x").unwrap();
    let file = file.display().to_string();
    let (code, out, err) = fake.run(&["publication", "import", &file, "--draft"]);
    assert_eq!(code, 7, "{err}");
    assert!(
        out.contains("经验 line 3: title: 必填") && out.contains("新建 2，修订 0，未变 0，拒绝 1"),
        "{out}"
    );
    assert!(err.contains("车牌"), "{err}");
    assert_eq!(fake.methods(), ["ReadDocument", "ImportPublications", "CreatePublication"]);
    let imported: Vec<ImportPublicationsRequest> = fake.asked("ImportPublications");
    assert_eq!((imported.len(), imported[0].draft), (1, true));
    let created: CreatePublicationRequest = fake.asked("CreatePublication").remove(0);
    fake.run(&["publication", "import", &file, "--draft"]);
    let again: CreatePublicationRequest = fake.asked("CreatePublication").remove(0);
    assert!(!created.publish && created.request_id == again.request_id, "the same row is taken once");
}

#[test]
fn template_and_export_write_files_and_replace_none() {
    let (fake, folder) = (node(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (code, _, err) = fake.run(&["publication", "template", "--kind", "course", "--out", &path("t.xlsx")]);
    assert_eq!((code, std::fs::read(path("t.xlsx")).unwrap()), (0, b"PK-template".to_vec()), "{err}");
    let (code, _, err) = fake.run(&["publication", "export", "--out", &path("e.csv"), "--kind", "course"]);
    assert_eq!((code, std::fs::read(path("e.csv")).unwrap()), (0, b"one,two".to_vec()), "{err}");
    let asked: ExportPublicationsRequest = fake.asked("ExportPublications").remove(0);
    assert_eq!((asked.format(), asked.kinds.as_slice()), (DocumentFormat::Csv, &[2][..]));
    for wrong in ["e.csv", "e.docx"] {
        assert_eq!(fake.run(&["publication", "export", "--out", &path(wrong)]).0, 2, "{wrong}");
    }
    let (code, _, err) = fake.run(&["publication", "import", &path("lines.jsonl"), "--preview"]);
    assert_eq!(code, 2, "{err}");
}
