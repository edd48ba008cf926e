//! Documents that somebody makes to do harm, and those that are merely too much.

use super::*;

#[test]
fn what_unpacks_to_far_more_than_it_is_is_refused() {
    let blanks = vec![b' '; 4 * 1024 * 1024];
    let few = Limits { unpacked_bytes: 2 * 1024 * 1024, ratio: u64::MAX, ..Limits::default() };
    let tight = Limits { unpacked_bytes: u64::MAX, ..Limits::default() };
    for (part, limits) in [("xl/workbook.xml", few), ("xl/workbook.xml", tight), ("word/document.xml", tight)]
    {
        let bomb = package(&[(part, &blanks)]);
        assert!(bomb.len() < 16 * 1024, "{}", bomb.len());
        let refusal = read("bomb.xlsx", &bomb, None, &limits).unwrap_err();
        assert_eq!(refusal.reason, "DOCUMENT_TOO_LARGE", "{part} {limits:?}");
    }
    let names: Vec<String> = (0..2_001).map(|number| format!("xl/{number}")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(refused("parts.xlsx", &package(&parts)).reason, "DOCUMENT_TOO_LARGE");
}

#[test]
fn xml_that_expands_or_nests_is_refused() {
    let word = |document: String| package(&[("word/document.xml", document.as_bytes())]);
    let laughs = "<!DOCTYPE d [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><d><p><t>&b;</t></p></d>";
    assert_eq!(refused("laughs.docx", &word(laughs.to_owned())).reason, "DOCUMENT_UNREADABLE");
    assert_eq!(
        refused("entity.docx", &word("<d><p><t>&b;</t></p></d>".to_owned())).reason,
        "DOCUMENT_UNREADABLE"
    );
    let deep = format!("{}{}", "<p>".repeat(100_000), "</p>".repeat(100_000));
    assert_eq!(refused("deep.docx", &word(deep)).reason, "DOCUMENT_UNREADABLE");
    assert_eq!(refused("half.docx", &word("<d><p>".to_owned())).reason, "DOCUMENT_UNREADABLE");
}

#[test]
fn a_workbook_cannot_make_its_reader_reserve_memory() {
    for hidden in ["<sst uniqueCount=\"99999999999999\"/>", "<sst uniqueCount = '99999999999999999999999'>"] {
        let bomb =
            package(&[("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", hidden.as_bytes())]);
        assert_eq!(refused("reserve.xlsx", &bomb).reason, "DOCUMENT_TOO_LARGE", "{hidden}");
    }
    let utf16: Vec<u8> = "<sst/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hidden = package(&[("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", &utf16)]);
    assert_eq!(refused("utf16.xlsx", &hidden).reason, "DOCUMENT_UNREADABLE");
    let far = workbook("最佳实践", |sheet| {
        texts(sheet, 0, &["标题", "正文"]);
        sheet.write_string(1_048_575, 16_383, "far away").unwrap();
    });
    assert_eq!(refused("far.xlsx", &far).reason, "DOCUMENT_TOO_LARGE");
    let below = workbook("最佳实践", |sheet| {
        texts(sheet, 0, &["标题", "正文"]);
        texts(sheet, 1_048_575, &["甲", "文"]);
    });
    assert_eq!(read_all("below.xlsx", &below).rows[0].line, 1_048_576);
}

#[test]
fn ten_thousand_rows_are_taken_and_one_more_is_not() {
    let table = |rows: usize| format!("标题,正文,类型\n{}", "甲,文,practice\n".repeat(rows));
    assert_eq!(read_all("a.csv", table(9_999).as_bytes()).rows.len(), 9_999);
    let refusal = refused("a.csv", table(10_000).as_bytes());
    assert_eq!(refusal.reason, "DOCUMENT_TOO_LARGE");
    assert!(refusal.message.contains("10000"), "{refusal}");
    let wide = format!("标题,正文{}\n", ",x".repeat(600));
    assert_eq!(refused("wide.csv", wide.as_bytes()).reason, "DOCUMENT_TOO_LARGE");
    let large = vec![b'a'; 16 * 1024 * 1024 + 1];
    let refusal = refused("large.csv", &large);
    assert_eq!((refusal.reason.as_ref(), refusal.message.contains("16 MiB")), ("DOCUMENT_TOO_LARGE", true));
}

#[test]
fn bytes_say_what_a_document_is_and_names_do_not() {
    let book = workbook("最佳实践", |sheet| texts(sheet, 0, &["标题", "正文"]));
    assert_eq!(read_all("report.docx", &book).format, Format::Xlsx);
    for (name, bytes) in [
        ("a.exe", &b"MZ\x90\0\x03"[..]),
        ("a.csv", b"a\0b"),
        ("a.zip", &package(&[("readme.txt", b"x")])),
        ("a.xlsx", b"not a workbook"),
        ("noending", b"text"),
    ] {
        assert_eq!(refused(name, bytes).reason, "DOCUMENT_FORMAT_UNKNOWN", "{name}");
    }
    for (name, bytes) in
        [("empty.csv", &b""[..]), ("cut.xlsx", &book[..book.len() / 2]), ("a.xlsx", b"PK\x03\x04xxxx")]
    {
        assert_eq!(refused(name, bytes).reason, "DOCUMENT_UNREADABLE", "{name}");
    }
    assert_eq!(file_name("../../etc/\u{202E}pass\u{0}wd\n.csv"), "passwd.csv");
    assert_eq!(file_name("C:\\台账\\车.xlsx"), "车.xlsx");
    assert_eq!(file_name(&"长".repeat(300)).chars().count(), 200);
}

/// A record of an old workbook.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes(), &length.to_le_bytes(), data].concat()
}

fn label(row: u16, column: u16, text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let head = [row, column, 0, u16::try_from(units.len()).unwrap()];
    let mut data: Vec<u8> = head.into_iter().flat_map(u16::to_le_bytes).collect();
    data.push(1);
    data.extend(units.into_iter().flat_map(u16::to_le_bytes));
    record(0x0204, &data)
}

/// A workbook of Excel 97: one sheet with a heading row and one row, in the records of MS-XLS.
fn old_workbook(dimensions: [u32; 2], more: &[u8]) -> Vec<u8> {
    let begin =
        |what: u16| record(0x0809, &[0x0600_u16, what, 0, 0, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
    let name: Vec<u8> = "最佳实践".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sheet = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 4, 1], &name].concat());
    let head = [begin(5), record(0x0042, &1200_u16.to_le_bytes()), sheet(0), record(0x000A, &[])].concat();
    let at = u32::try_from(head.len()).unwrap();
    let mut out =
        [begin(5), record(0x0042, &1200_u16.to_le_bytes()), sheet(at), record(0x000A, &[])].concat();
    let [first, last] = dimensions;
    out.extend(begin(0x10));
    out.extend(record(
        0x0200,
        &[&first.to_le_bytes()[..], &last.to_le_bytes(), &[0, 0, 5, 0, 0, 0]].concat(),
    ));
    for (column, (heading, text)) in (0..).zip([("标题", "进罐五步法"), ("正文", "先通风"), ("编号", "P-1")])
    {
        out.extend(label(0, column, heading));
        out.extend(label(1, column, text));
    }
    out.extend(more);
    out.extend(record(0x000A, &[]));
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/Workbook").unwrap().write_all(&out).unwrap();
    file.flush().unwrap();
    file.into_inner().into_inner()
}

#[test]
fn an_old_workbook_is_read_whatever_it_announces() {
    for dimensions in [[0, 2], [0, u32::MAX], [u32::MAX, 1]] {
        let reading = read_all("旧.xls", &old_workbook(dimensions, &[]));
        assert_eq!((reading.format, reading.rows.len()), (Format::Xls, 1), "{dimensions:?}");
        let publication = reading.rows[0].publication.clone().unwrap();
        assert_eq!((publication.title.as_str(), publication.external_id.as_str()), ("进罐五步法", "P-1"));
        assert_eq!((reading.rows[0].line, reading.rows[0].violations.as_slice()), (2, &[][..]));
    }
    let far = label(65_535, 255, "far away");
    assert_eq!(refused("far.xls", &old_workbook([0, 2], &far)).reason, "DOCUMENT_TOO_LARGE");
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/EncryptedPackage").unwrap().write_all(b"secret").unwrap();
    let refusal = refused("secret.xlsx", &file.into_inner().into_inner());
    assert!(refusal.reason == "DOCUMENT_UNREADABLE" && refusal.message.contains("password"), "{refusal}");
}
