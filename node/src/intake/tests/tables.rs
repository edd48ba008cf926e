//! Tables: what becomes of rows, and that what is written is read again.

use shouwang_proto::publication::{Content, time_to_wire};

use super::*;

/// What a member's list of vehicles looks like: a banner, headings in two rows, merged cells, gaps, numbers where texts belong.
fn vehicles() -> Vec<u8> {
    workbook("车辆台账", |sheet| {
        let plain = Look::new();
        let day = Look::new().set_num_format("yyyy-mm-dd");
        sheet.merge_range(0, 0, 0, 10, "恒锐铸造应急车辆台账（2026年）", &plain).unwrap();
        let above = ["编号", "资源名称", "资源类别", "数量", "单位", "集结时间（分钟）", "下次检验日期"];
        for (at, heading) in (0..).zip(above) {
            sheet.merge_range(2, at, 3, at, heading, &plain).unwrap();
        }
        sheet.merge_range(2, 7, 2, 8, "值班联系人", &plain).unwrap();
        texts(sheet, 3, &["", "", "", "", "", "", "", "姓名", "电话"]);
        sheet.merge_range(2, 9, 3, 9, "车牌", &plain).unwrap();
        texts(sheet, 4, &["V-1", "泡沫消防车", "", "２", "台", "３分钟", "", "岳长缨"]);
        sheet.merge_range(4, 2, 5, 2, "车辆", &plain).unwrap();
        sheet.write_datetime_with_format(4, 6, ExcelDateTime::from_ymd(2027, 3, 31).unwrap(), &day).unwrap();
        sheet.write_number(4, 8, 13_900_001_111.0).unwrap();
        sheet.write_string(4, 9, "苏E·12345").unwrap();
        texts(sheet, 5, &["V-2", "吊车", "", "", "辆", "马上", "", "傅鸣岐"]);
        sheet.write_number(5, 3, 1.0).unwrap();
        sheet.write_number(5, 6, 46_477.0).unwrap();
        sheet.write_string(5, 8, "（０５１２）５５５０－０１２４").unwrap();
        // An empty row, and one of blanks.
        texts(sheet, 7, &[" ", "\u{3000}"]);
        texts(sheet, 9, &["V-3", "=1+1", "烧烤", "1", "1", "5", "无", "值班室", "119"]);
    })
}

#[test]
fn a_members_own_list_becomes_resources_and_says_what_is_wrong() {
    let reading = read_all("台账.xlsx", &vehicles());
    assert_eq!(reading.format, Format::Xlsx);
    let lines: Vec<u64> = reading.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [5, 6, 10], "as the spreadsheet numbers them, without the empty ones");
    let notes: Vec<_> =
        reading.notes.iter().map(|note| (note.place.as_str(), note.words.contains("车牌"))).collect();
    assert_eq!(notes, [("车辆台账 J", true)]);

    let first = &reading.rows[0];
    assert_eq!(first.violations, [], "{:?}", first.violations);
    let publication = first.publication.as_ref().unwrap();
    assert_eq!((publication.external_id.as_str(), publication.title.as_str()), ("V-1", "泡沫消防车"));
    let engine = resource(first);
    assert_eq!((engine.resource_kind.as_str(), engine.quantity, engine.unit.as_str()), ("vehicle", 2.0, "1"));
    assert_eq!((engine.muster_minutes, engine.inspection_due.as_str()), (3, "2027-03-31"));
    assert_eq!(engine.duty_contacts[0].phone, "13900001111");
    assert_eq!(paths(&first.remarks), ["resource.unit", "title"]);

    let second = &reading.rows[1];
    assert_eq!(paths(&second.violations), ["resource.muster_minutes"], "{:?}", second.violations);
    assert_eq!(
        resource(second).resource_kind,
        "车辆",
        "the merged cell counts for both rows; names become codes when all is well"
    );
    assert_eq!(resource(second).inspection_due, "2027-03-31");
    assert!(paths(&second.remarks).contains(&"resource.inspection_due"), "a bare number may be no day");
    assert_eq!(resource(second).duty_contacts[0].phone, "0512-5550-0124");

    let third = &reading.rows[2];
    assert_eq!(paths(&third.violations), ["resource.resource_kind"]);
    assert_eq!(third.publication.as_ref().unwrap().title, "=1+1", "a text, whatever it looks like");
}

const HEAD: &str = "类型,编号,标题,正文,致害类型,特殊作业";
const ROW: &str = "最佳实践,P-1,进罐五步法,先通风，再检测。,窒息；中毒,受限空间作业";

#[track_caller]
fn check_text(name: &str, bytes: &[u8], note: Option<&str>) {
    let reading = read_all(name, bytes);
    assert_eq!((reading.format, reading.rows.len()), (Format::Csv, 1), "{name}");
    let row = &reading.rows[0];
    assert_eq!((row.line, row.violations.as_slice()), (2, &[][..]), "{name}");
    let publication = row.publication.as_ref().unwrap();
    assert_eq!(
        (publication.title.as_str(), publication.body.as_str()),
        ("进罐五步法", "先通风，再检测。"),
        "{name}"
    );
    let Some(Detail::Practice(practice)) = &publication.detail else { panic!("{name}") };
    assert_eq!(
        (practice.hazards.len(), practice.operations.as_slice()),
        (2, &["confined-space".to_owned()][..])
    );
    let words: String = reading.notes.iter().map(|note| note.words.as_str()).collect();
    assert_eq!(words.contains("编码"), note.is_some(), "{words}");
    assert!(words.contains(note.unwrap_or_default()), "{words}");
}

#[test]
fn tables_are_read_in_the_encodings_of_chinese_offices() {
    let text = format!("{HEAD}\r\n{ROW}\r\n");
    check_text("a.csv", text.as_bytes(), None);
    check_text("bom.csv", format!("\u{FEFF}{text}").as_bytes(), None);
    let (gbk, _, lossy) = encoding_rs::GBK.encode(&text);
    assert!(!lossy);
    check_text("gbk.csv", &gbk, Some("gb18030"));
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(text.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    check_text("unicode.txt", &utf16, None);
    check_text("semicolon.csv", text.replace(',', ";").replace("；", "、").as_bytes(), None);
    assert_eq!(refused("broken.csv", b"\xB1\xEA\xCC\xE2,\xFF\xFF\xFF").reason, "DOCUMENT_UNREADABLE");
}

#[test]
fn the_kind_is_said_by_row_sheet_caller_or_headings_in_this_order() {
    let sheet = |name: &str| {
        workbook(name, |sheet| {
            texts(sheet, 0, &["标题", "正文"]);
            texts(sheet, 1, &["班前会", "三分钟讲清风险"]);
        })
    };
    let kind = |row: &Row| row.publication.as_ref().and_then(super::super::written::kind_of);
    assert_eq!(kind(&read_all("a.xlsx", &sheet("最佳实践（车间）")).rows[0]), Some(Kind::Practice));
    let unknown = read_all("a.xlsx", &sheet("Sheet1"));
    assert_eq!((kind(&unknown.rows[0]), paths(&unknown.rows[0].violations)), (None, vec!["kind"]));
    let asked = read("a.xlsx", &sheet("Sheet1"), Some(Kind::Practice), &Limits::default()).unwrap();
    assert_eq!(kind(&asked.rows[0]), Some(Kind::Practice));
    let mixed = "类型,标题,正文,学时\n最佳实践,甲,文,\n菜单课程,乙,文,三\n最佳实践,丙,文,2\n怪物,丁,文,\n";
    let mixed = read_all("a.csv", mixed.as_bytes());
    assert_eq!(
        mixed.rows.iter().map(kind).collect::<Vec<_>>()[..2],
        [Some(Kind::Practice), Some(Kind::Course)]
    );
    assert_eq!(mixed.rows[0].violations, []);
    assert!(paths(&mixed.rows[1].violations).contains(&"course.duration_hours"));
    assert_eq!(
        paths(&mixed.rows[2].violations),
        ["course.duration_hours"],
        "a value of another kind is not dropped silently"
    );
    assert_eq!(paths(&mixed.rows[3].violations), ["kind"]);
}

#[test]
fn a_table_without_headings_is_told_and_not_guessed() {
    let reading = read_all("a.csv", "甲,乙\n1,2\n".as_bytes());
    assert_eq!((reading.rows.len(), reading.notes.len()), (0, 2), "{:?}", reading.notes);
    let gaps = read_all(
        "a.csv",
        "标题,正文,类型\r\n\r\n\r\n甲,\"两\r\n行\",practice\r\n\n乙,文,practice".as_bytes(),
    );
    assert_eq!(gaps.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [4, 7]);
    let repeated = read_all("a.csv", "标题,名称,正文\n甲,乙,文\n".as_bytes());
    assert!(repeated.notes[0].words.contains("名称"), "{:?}", repeated.notes);
}

/// One of each kind, with everything in it that could go wrong on the way.
fn publications() -> Vec<wire::Publication> {
    let moment = |text: &str| Some(time_to_wire(text.parse().unwrap()));
    let common = |id: &str, title: &str, detail| wire::Publication {
        external_id: id.to_owned(),
        title: title.to_owned(),
        summary: "一句话".to_owned(),
        tags: vec!["甲".to_owned(), "乙".to_owned()],
        sectors: vec!["hot-work".to_owned()],
        language: "zh-CN".to_owned(),
        audience: vec!["alliance".to_owned()],
        detail: Some(detail),
        ..wire::Publication::default()
    };
    let practice = wire::Practice {
        hazards: vec!["on-site-vehicle".to_owned(), "fire".to_owned()],
        operations: vec!["hot-work".to_owned()],
        standards: vec!["GB 30871-2022".to_owned(), "《特种设备、压力容器》".to_owned()],
        evidence: "两年无事故\n三次抽查合格".to_owned(),
    };
    let session = |day: &str| wire::CourseSession {
        starts_at: moment(&format!("{day}T01:00:00Z")),
        ends_at: moment(&format!("{day}T09:30:00Z")),
        place: "培训楼，二楼".to_owned(),
        seats: 20,
    };
    let course = wire::Course {
        provider: "恒锐铸造".to_owned(),
        attendees: "班组长".to_owned(),
        duration_hours: 7.5,
        format: "classroom".to_owned(),
        seats: 30,
        sessions: vec![session("2026-12-16"), session("2027-04-08")],
    };
    let contact = |name: &str, phone: &str| wire::DutyContact {
        name: name.to_owned(),
        phone: phone.to_owned(),
        duty: "24h".to_owned(),
    };
    let pump = wire::MutualAidResource {
        resource_kind: "equipment".to_owned(),
        resource_type: "排水泵".to_owned(),
        capabilities: vec!["排水".to_owned()],
        quantity: 2.0,
        unit: "1".to_owned(),
        location: Some(wire::Location {
            latitude: 31.3252,
            longitude: 120.7281,
            address: "熔铸路3号".to_owned(),
        }),
        muster_minutes: 12,
        inspection_due: "2027-09-30".to_owned(),
        duty_contacts: vec![contact("岳长缨", "+86 512 5550"), contact("值班室", "0512-5550-0121")],
        pre_authorised: true,
        floor: 0.5,
    };
    vec![
        wire::Publication {
            body: "=HYPERLINK(\"http://x\")\n第二行，“引号”与, 逗号".to_owned(),
            ..common("-P1", "@动火", Detail::Practice(practice.clone()))
        },
        wire::Publication {
            body: "长文。\n".repeat(12_000).trim().to_owned(),
            ..common("P-2", "长文", Detail::Practice(practice))
        },
        common("C-1", "粉尘防爆", Detail::Course(course)),
        common("R-1", "排水泵", Detail::Resource(pump)),
    ]
}

#[track_caller]
fn check_round_trip(name: &str, bytes: &[u8]) {
    let reading = read_all(name, bytes);
    assert_eq!(reading.notes, [], "{name}");
    for row in &reading.rows {
        assert_eq!(row.violations, [], "{name} {}", row.line);
    }
    let read: Vec<_> = reading.rows.into_iter().filter_map(|row| row.publication).collect();
    for (read, written) in read.iter().zip(publications()) {
        assert_eq!(*read, Content::from_wire(written).unwrap().to_wire(), "{name}");
    }
    assert_eq!(read.len(), publications().len(), "{name}");
}

#[test]
fn what_is_exported_is_read_again() {
    let table = csv(&publications()).unwrap();
    check_round_trip("a.csv", &table);
    check_round_trip("a.xlsx", &xlsx(&publications()).unwrap());
    let text = String::from_utf8(table).unwrap();
    assert!(text.starts_with('\u{FEFF}'));
    for guarded in ["'-P1", "'@动火", "\"'=HYPERLINK", "'+86 512 5550"] {
        assert!(text.contains(guarded), "{guarded}");
    }
    assert_eq!(
        xlsx(&publications()).unwrap(),
        xlsx(&publications()).unwrap(),
        "nothing depends on the moment"
    );
}

#[test]
fn the_template_is_read_without_a_question() {
    let reading = read_all("模板.xlsx", &template(None).unwrap());
    let words: Vec<_> = reading.notes.iter().map(|note| note.words.as_str()).collect();
    assert_eq!((reading.rows.len(), words), (0, vec!["no row with data was found （没有找到数据行）"]));
    let limits = Limits::default();
    let sheets =
        super::super::workbook::read(&template(Some(Kind::Course)).unwrap(), &limits, &mut Vec::new())
            .unwrap();
    let names: Vec<_> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(names, ["菜单课程", "说明 Notes", "词表 Codes"]);
    let told = sheets[1].rows.iter().any(|row| row.cells.iter().any(|cell| cell.text().contains("联合演练")));
    assert!(told, "the notes name the allowed values");
}
