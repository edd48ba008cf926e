use super::*;

fn wrong(line: &str) -> String {
    match read(Some(line.as_bytes())) {
        Ok(record) => format!("accepted: {record:?}"),
        Err(violations) => violations
            .iter()
            .map(|Violation { field, description }| format!("{field}: {description}"))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn a_practice_needs_only_title_and_body() {
    let record =
        read(Some(r#"{"kind":"practice","external_id":"1","title":"动火","body":"监护"}"#.as_bytes()))
            .unwrap();
    assert_eq!(record.publication.title, "动火");
    assert_eq!(record.publication.detail, Some(Detail::Practice(wire::Practice::default())));
    Content::from_wire(record.publication).unwrap();
}

#[test]
fn every_line_of_the_demo_corpus_is_accepted() {
    let mut count = 0;
    for member in crate::demo::park::MEMBERS {
        for line in member.corpus.lines() {
            let record = read(Some(line.as_bytes()))
                .unwrap_or_else(|wrong| panic!("{}: {line}: {wrong:?}", member.id));
            Content::from_wire(record.publication)
                .unwrap_or_else(|wrong| panic!("{}: {line}: {wrong}", member.id));
            count += 1;
        }
    }
    assert!(count > 200, "{count}");
}

#[test]
fn lines_that_are_no_object_are_named_as_a_whole() {
    for (line, expected) in [
        ("{", ": the line is not JSON at column 1: EOF while parsing an object （第 1 列不是有效的 JSON）"),
        ("[]", ": must be a JSON object, found a list （须为 JSON 对象）"),
        ("7", ": must be a JSON object, found a number （须为 JSON 对象）"),
        (r#"{"a":1}x"#, ": the line is not JSON at column 8: trailing characters （第 8 列不是有效的 JSON）"),
    ] {
        assert_eq!(wrong(line), expected, "{line}");
    }
    assert!(wrong(&"[".repeat(100_000)).contains("recursion limit"));
    let described = |bytes: Option<&[u8]>| read(bytes).unwrap_err()[0].description.clone();
    assert!(described(None).contains("1 MiB"));
    assert!(described(Some(b"{\"title\":\"\xC3\x28\"}")).contains("not UTF-8 at byte 11"));
}

#[test]
fn every_missing_or_wrong_field_is_named_at_once() {
    insta::assert_snapshot!(wrong(r#"{"external_id":"1"}"#), @"
    kind: is required （必填）
    title: is required （必填）
    ");
    insta::assert_snapshot!(wrong(r#"{"kind":"recipe","title":"x"}"#), @"kind: must be practice, course or resource （须为 practice、course 或 resource）");
    insta::assert_snapshot!(wrong(r#"{"kind":"course","external_id":"1","title":"x","seats":"24","provider":null,"format":"party","teacher":1,
        "sessions":[{"starts_at":"tomorrow","ends_at":"2027-03-11T09:00:00+08:00","place":"A","room":2},5]}"#), @"
    course.provider: is required （必填）
    course.duration_hours: is required （必填）
    course.seats: must be a whole number 0 to 4294967295, found a text （类型不对）
    course.sessions[0].starts_at: must be a time such as 2027-03-11T09:00:00+08:00 （须为带时区的时间）
    course.sessions[0].room: is not a known field （未知字段）
    course.sessions[1]: must be an object, found a number （须为对象）
    teacher: is not a known field （未知字段）
    course.format: “party” is not in the list `course-format` （不在词表 course-format 中）
    ");
    insta::assert_snapshot!(wrong(r#"{"kind":"resource","external_id":"1","title":"x","quantity":-1,"location":{"latitude":"north"},"tags":["a",1],"pre_authorised":"yes"}"#), @"
    tags[1]: must be a text, found a number （须为文本）
    resource.duty_contacts: is required （必填）
    resource.resource_kind: is required （必填）
    resource.resource_type: is required （必填）
    resource.unit: is required （必填）
    resource.location.latitude: must be a number, found a text （类型不对）
    resource.location.longitude: is required （必填）
    resource.muster_minutes: is required （必填）
    resource.pre_authorised: must be true or false, found a text （类型不对）
    resource.quantity: must be more than 0 and at most 1000000000 （须大于 0 且不超过 1000000000）
    resource.floor: must be 0 up to the quantity （须在 0 与数量之间）
    ");
}

#[test]
fn a_body_that_is_too_long_is_found_before_it_travels() {
    let line =
        format!(r#"{{"kind":"practice","external_id":"1","title":"x","body":"{}"}}"#, "长".repeat(100_000));
    insta::assert_snapshot!(wrong(&line), @"body: has 100000 characters, more than 60000 （100000 个字符，超过 60000 个）");
}

#[test]
fn whole_numbers_may_be_written_as_spreadsheets_do() {
    let line =
        r#"{"kind":"course","title":"x","provider":"y","duration_hours":2,"format":"online","seats":24.0}"#;
    let record = read(Some(line.as_bytes())).unwrap();
    let Some(Detail::Course(course)) = record.publication.detail else { panic!("a course") };
    assert_eq!(course.seats, 24);
}
