//! Texts of Word and others.

use super::*;

const STYLES: &str = r#"<w:styles xmlns:w="w">
<w:style w:styleId="a3"><w:name w:val="Title"/></w:style>
<w:style w:styleId="1"><w:name w:val="heading 1"/></w:style></w:styles>"#;

fn word(body: &str) -> Vec<u8> {
    let document = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w" xmlns:mc="mc"><w:body>{body}</w:body></w:document>"#
    );
    package(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", document.as_bytes()),
        ("word/styles.xml", STYLES.as_bytes()),
    ])
}

fn paragraph(style: &str, text: &str) -> String {
    let style = if style.is_empty() {
        String::new()
    } else {
        format!(r#"<w:pPr><w:pStyle w:val="{style}"/></w:pPr>"#)
    };
    format!(r#"<w:p>{style}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>"#)
}

#[test]
fn a_word_text_becomes_a_practice() {
    let body = [
        paragraph("", "恒锐铸造有限公司"),
        paragraph("1", "进罐五步法 &amp; 监护"),
        paragraph("", "先停机、上锁、挂牌，再通风３０分钟。"),
        paragraph("1", "检测"),
        r#"<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>氧 19.5%&#8211;23.5%</w:t></w:r><w:del><w:r><w:delText>删去</w:delText></w:r></w:del></w:p>"#.to_owned(),
        r#"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>藏起来</w:t></w:r><w:r><w:t>看得见</w:t><w:tab/><w:instrText>PAGE</w:instrText></w:r></w:p>"#.to_owned(),
        r#"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>气体</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>限值</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"#.to_owned(),
        r#"<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing/></mc:Choice><mc:Fallback><w:p><w:r><w:t>两遍</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:r></w:p>"#.to_owned(),
    ];
    let reading = read_all("五步法.docx", &word(&body.concat()));
    assert_eq!((reading.format, reading.rows.len()), (Format::Docx, 1));
    let row = &reading.rows[0];
    assert_eq!(row.violations, []);
    let publication = row.publication.as_ref().unwrap();
    assert_eq!(publication.title, "进罐五步法 & 监护");
    assert_eq!(
        publication.body,
        "恒锐铸造有限公司\n先停机、上锁、挂牌，再通风30分钟。\n\n检测\n· 氧 19.5%–23.5%\n看得见\n气体 | 限值"
    );
    let notes: String = reading.notes.iter().map(|note| note.words.as_str()).collect();
    for told in ["图片", "隐藏文字", "自动编号"] {
        assert!(notes.contains(told), "{notes}");
    }
}

#[test]
fn a_text_without_headings_has_its_first_line_or_its_name_as_title() {
    let title =
        |name: &str, body: &str| read_all(name, &word(body)).rows[0].publication.clone().unwrap().title;
    let two = [paragraph("", "动火监护要点"), paragraph("", "一看二测三清。")].concat();
    assert_eq!(title("a.docx", &two), "动火监护要点");
    let prose = paragraph("", "这一段以句号结束，所以它不是标题。");
    assert_eq!(title("C:\\文件\\动火.2026.docx", &prose), "动火.2026");
    let empty = read_all("空.docx", &word(""));
    assert_eq!(paths(&empty.rows[0].violations), ["body"]);
    let long = paragraph("", &"长".repeat(60_001));
    let long = read_all("长.docx", &word(&long));
    assert!(long.rows[0].violations[0].description.contains("60001"), "{:?}", long.rows[0].violations);
}

#[test]
fn lines_of_a_pdf_are_joined_as_they_were_written() {
    let text = "动火作业监护\n\n动火前清理周围可燃物并检测可燃气体浓度，合格后方\n可作业。\n1. 监护人不得离开\n\u{C}第二页";
    let reading = from_text(Format::Pdf, "动火.pdf", text, Vec::new());
    let publication = reading.rows[0].publication.clone().unwrap();
    assert_eq!(publication.title, "动火作业监护");
    assert_eq!(
        publication.body,
        "动火前清理周围可燃物并检测可燃气体浓度，合格后方可作业。\n1. 监护人不得离开\n\n第二页"
    );
    let scanned = from_text(Format::Pdf, "扫描.pdf", " \u{C} ", Vec::new());
    assert!(scanned.notes[0].words.contains("扫描件") && paths(&scanned.rows[0].violations) == ["body"]);
}
