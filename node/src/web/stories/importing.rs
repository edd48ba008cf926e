//! Documents as members have them become publications.

use std::io::{Cursor, Write as _};

use axum::body::Body;
use http::{StatusCode, header};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Answer, House, request};
use crate::{
    intake::{self, Limits},
    people::account::Post,
    trial::PATIENCE,
};

/// A list as a member keeps it: the second row says a wrong thing and lacks another, the third has no number.
const LIST: &str = "编号,标题,正文,特殊作业\r\nP-1,动火监护,一看二测三清,动火作业\r\nP-2,,缺标题,烧烤\r\n,交接班五必问,接班前问清设备与人员状态,\r\n";

async fn publisher(house: &House) -> String {
    let administrator = house.administrator().await;
    house.invite(&administrator, Post::Publisher, "publisher").await
}

impl House {
    async fn upload(&self, cookie: &str, name: &str, bytes: &[u8], kind: &str) -> Answer {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n\
             --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat();
        let request = request("POST", "/import", cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        self.send(request, Body::from(body)).await
    }

    /// Uploads a table and answers where one looks at it, and the form that imports it.
    async fn look(&self, cookie: &str, name: &str, bytes: &[u8]) -> (String, String) {
        let uploaded = self.upload(cookie, name, bytes, "practice").await;
        assert_eq!(uploaded.status, StatusCode::SEE_OTHER, "{}", uploaded.text);
        let address = uploaded.location().to_owned();
        let (path, form) = address.split_once('?').expect("name and kind");
        (address.clone(), format!("{path}\n{form}"))
    }

    async fn import(&self, cookie: &str, form: &str, what: &str) -> String {
        let (path, form) = form.split_once('\n').unwrap();
        let imported = self.post(path, cookie, &format!("{form}&do={what}")).await;
        assert_eq!(imported.status, StatusCode::OK, "{}", imported.text);
        imported.text
    }
}

/// What a page says was created, revised, unchanged and not imported.
fn counts(page: &str) -> [usize; 4] {
    ["新建", "更新", "没有变化", "未导入"].map(|label| {
        let (_, rest) = page.split_once(&format!("<dt>{label}</dt><dd>")).expect(label);
        rest.split('<').next().unwrap().parse().unwrap()
    })
}

/// A Word text with a heading and a paragraph.
fn word() -> Vec<u8> {
    let document = r#"<w:document xmlns:w="w"><w:body><w:p><w:pPr><w:pStyle w:val="1"/></w:pPr><w:r><w:t>进罐五步法</w:t></w:r></w:p><w:p><w:r><w:t>先停机、上锁、挂牌，再通风三十分钟。</w:t></w:r></w:p></w:body></w:document>"#;
    let styles =
        r#"<w:styles xmlns:w="w"><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style></w:styles>"#;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in
        [("[Content_Types].xml", "<Types/>"), ("word/document.xml", document), ("word/styles.xml", styles)]
    {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gbk_table_is_looked_at_row_by_row_and_what_is_right_is_imported_once() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    let (gbk, _, _) = encoding_rs::GBK.encode(LIST);
    let (address, form) = house.look(&cookie, "经验.csv", &gbk).await;
    let page = house.get(&address, &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for words in ["第 3 行", "<strong>标题</strong>", "<strong>特殊作业</strong>", "交接班五必问", "共 3 行"]
    {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!((page.text.matches(">可以导入<").count(), page.text.matches(">有问题<").count()), (2, 1));
    let wrong = house.get(&format!("{address}&show=wrong"), &cookie).await.text;
    assert!(wrong.contains("第 3 行") && !wrong.contains("第 2 行"), "{wrong}");
    let english = house.get(&format!("{address}&lang=en"), &cookie).await.text;
    assert!(english.contains("line 3") && english.contains("<strong>Special operations</strong>"));
    assert!(
        house.get("/?lang=zh-CN", &cookie).await.text.contains("class=\"empty\""),
        "looking changes nothing"
    );

    let done = house.import(&cookie, &form, "publish").await;
    assert_eq!(counts(&done), [2, 0, 0, 1], "{done}");
    assert!(done.contains("第 3 行") && done.contains("<strong>标题</strong>"), "{done}");
    let shelf = house.get("/?state=published", &cookie).await.text;
    assert!(shelf.contains("动火监护") && shelf.contains("交接班五必问"), "{shelf}");
    assert_eq!(counts(&house.import(&cookie, &form, "publish").await), [0, 0, 2, 1], "it is taken once");

    let mended = LIST.replace("P-2,,缺标题,烧烤", "P-2,班前会,三分钟说清,").replace("三清", "三清理");
    let (_, form) = house.look(&cookie, "经验.csv", mended.as_bytes()).await;
    assert_eq!(counts(&house.import(&cookie, &form, "publish").await), [1, 1, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_imported_again_unchanged() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    let template = house.get("/template/resource", &cookie).await;
    assert_eq!(template.status, StatusCode::OK);
    assert!(template.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    let read = intake::read("t.xlsx", &template.bytes, None, &Limits::default()).unwrap();
    assert!(!read.rows.is_empty() || !read.notes.is_empty(), "the node reads its own template: {read:?}");

    let (_, form) = house
        .look(&cookie, "经验.csv", LIST.replace("P-2,,", "P-2,班前会,").replace(",烧烤", ",").as_bytes())
        .await;
    assert_eq!(counts(&house.import(&cookie, &form, "draft").await), [3, 0, 0, 0]);
    let shelf = house.get("/?state=draft", &cookie).await.text;
    assert!(shelf.contains("href=\"/export?state=draft\""), "{shelf}");
    let exported = house.get("/export?state=draft", &cookie).await;
    assert_eq!(exported.status, StatusCode::OK, "{}", exported.text);
    let read = intake::read("a.xlsx", &exported.bytes, None, &Limits::default()).unwrap();
    assert_eq!(read.rows.len(), 3, "{read:?}");
    let none = house.get("/export?state=withdrawn", &cookie).await;
    let none = intake::read("a.xlsx", &none.bytes, None, &Limits::default()).unwrap();
    assert_eq!(none.rows.len(), 0, "{none:?}");
    let (_, form) = house.look(&cookie, "导出.xlsx", &exported.bytes).await;
    assert_eq!(counts(&house.import(&cookie, &form, "draft").await), [0, 0, 3, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_text_fills_in_a_form_and_can_stay_beside_it() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    // The bytes say what it is, whatever it is called.
    let uploaded = house.upload(&cookie, "五步法.xlsx", &word(), "").await;
    assert_eq!(uploaded.status, StatusCode::SEE_OTHER, "{}", uploaded.text);
    let form = house.get(uploaded.location(), &cookie).await;
    assert!(
        form.text.contains("value=\"进罐五步法\"") && form.text.contains("再通风三十分钟"),
        "{}",
        form.text
    );
    assert!(form.text.contains("请核对后再发布") && form.text.contains("action=\"/new/practice\""));
    let original = form.hidden_before("name=\"keep_original\"", "original").to_owned();
    let typed = format!("original={original}&original_name=five.docx&keep_original=yes&do=draft&body=a");
    let refused = house.post("/new/practice", &cookie, &typed).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.text.contains("id=\"title-wrong\"") && refused.text.contains(&original),
        "{}",
        refused.text
    );
    let made = house.post("/new/practice", &cookie, &format!("{typed}&title=five")).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let own = house.get(made.location(), &cookie).await.text;
    assert!(own.contains("five.docx") && own.contains(&original), "{own}");
    let gone = typed.replace(&original, &"0".repeat(64));
    let refused = house.post("/new/practice", &cookie, &format!("{gone}&title=five")).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(
        refused.text.contains("请重新上传") && refused.text.contains("value=\"five\""),
        "{}",
        refused.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdf_that_cannot_be_read_says_so_and_asks_for_the_text() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    let uploaded = house.upload(&cookie, "扫描.pdf", b"%PDF-1.7 nothing of a PDF follows", "").await;
    assert_eq!(uploaded.status, StatusCode::SEE_OTHER, "{}", uploaded.text);
    let form = tokio::time::timeout(PATIENCE, house.get(uploaded.location(), &cookie)).await.unwrap();
    assert!(form.text.contains("请粘贴正文") && form.text.contains("id=\"body-wrong\""), "{}", form.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_in_words_and_changes_nothing() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    let blank = house.get("/import", &cookie).await;
    assert!(
        blank.text.contains("/template/course") && blank.text.contains("enctype=\"multipart/form-data\"")
    );
    let large = vec![b'a'; Limits::default().file_bytes + 1];
    for (name, bytes, words) in [
        ("large.csv", large.as_slice(), "最大 16 MiB"),
        ("program.xlsx", b"MZ\x90\0\x03 not a workbook", "无法识别的文件"),
        ("broken.xlsx", b"PK\x03\x04", "损坏"),
        ("empty.csv", b"", "文件为空"),
    ] {
        let refused = house.upload(&cookie, name, bytes, "").await;
        assert!(refused.status.is_client_error(), "{name}: {}", refused.status);
        assert!(refused.text.contains(words) && refused.text.contains(name), "{name}: {}", refused.text);
        assert!(refused.text.contains("role=\"alert\"") && refused.text.contains("name=\"file\""), "{name}");
    }
    let none = house.upload(&cookie, "", b"", "").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    assert!(none.text.contains("id=\"file-wrong\"") && none.text.contains("aria-invalid"), "{}", none.text);
    let gone = house.get(&format!("/import/{}?name=a.csv", "0".repeat(64)), &cookie).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text.contains("请重新上传"), "{}", gone.text);
    assert!(house.get("/", &cookie).await.text.contains("class=\"empty\""), "nothing was made");
}
