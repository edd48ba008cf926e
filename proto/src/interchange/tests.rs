//! Stories.

use jiff::Timestamp;

use super::{
    DEPTH_LIMIT, ELEMENT_LIMIT, SIZE_LIMIT,
    cap::{self, Alert},
    edxl_rm::{self, Message},
};
use crate::{
    publication::time_to_wire,
    refusal::Refusal,
    wire::{
        Casualties, DutyContact, Incident, IncidentMode, Location, MutualAidRequest, NeedLine,
        RequestPriority,
    },
};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn told(refusal: &Refusal) -> String {
    let lines: Vec<String> =
        refusal.violations.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.description)).collect();
    lines.join("\n")
}

pub(super) fn incident() -> Incident {
    Incident {
        name: "incidents/01980000-0000-7000-8000-000000000001".to_owned(),
        version: 3,
        mode: IncidentMode::Exercise as i32,
        title: "罐区 <甲苯> & 乙醇泄漏".to_owned(),
        place: Some(Location {
            latitude: 31.3242, longitude: 120.7364, address: "化工路8号罐区".to_owned()
        }),
        accident_type: "leak".to_owned(),
        substances: vec!["甲苯 UN1294".to_owned()],
        casualties: Some(Casualties { injured: 2, missing: 1, dead: 0 }),
        description: "围堰内积液，无明火".to_owned(),
        occurred_at: Some(time_to_wire(at("2026-07-12T05:58:00Z"))),
        ..Incident::default()
    }
}

pub(super) fn request() -> MutualAidRequest {
    MutualAidRequest {
        name: "requests/01980000-0000-7000-8000-000000000002".to_owned(),
        version: 1,
        priority: RequestPriority::P1 as i32,
        title: "请求泡沫支援".to_owned(),
        description: "罐区北侧\n注意风向".to_owned(),
        contact: Some(DutyContact {
            name: "李工".to_owned(),
            phone: "0512-5550-0101".to_owned(),
            duty: "现场".to_owned(),
        }),
        lines: vec![NeedLine {
            number: 1,
            resource_kind: "vehicle".to_owned(),
            what: "泡沫消防车".to_owned(),
            capabilities: vec!["抗溶泡沫".to_owned()],
            requested: 2,
            minimum: 1,
            unit: "1".to_owned(),
            needed_by: Some(time_to_wire(at("2026-07-12T06:20:00Z"))),
            overcommitted: 0,
        }],
        ..MutualAidRequest::default()
    }
}

#[test]
fn an_incident_is_told_as_an_alert_and_back() {
    let alert = Alert::from_incident(&incident(), "shouwang", at("2026-07-12T06:00:00Z")).unwrap();
    insta::assert_snapshot!(alert.to_xml(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
      <identifier>01980000-0000-7000-8000-000000000001.3</identifier>
      <sender>shouwang</sender>
      <sent>2026-07-12T14:00:00+08:00</sent>
      <status>Exercise</status>
      <msgType>Alert</msgType>
      <scope>Restricted</scope>
      <restriction>安全生产联盟成员与应急管理部门</restriction>
      <incidents>01980000-0000-7000-8000-000000000001</incidents>
      <info>
        <language>zh-CN</language>
        <category>CBRNE</category>
        <category>Safety</category>
        <event>泄漏</event>
        <responseType>Assess</responseType>
        <urgency>Immediate</urgency>
        <severity>Unknown</severity>
        <certainty>Observed</certainty>
        <eventCode>
          <valueName>GB 6441-2025</valueName>
          <value>leak</value>
        </eventCode>
        <onset>2026-07-12T13:58:00+08:00</onset>
        <headline>罐区 &lt;甲苯&gt; &amp; 乙醇泄漏</headline>
        <description>围堰内积液，无明火</description>
        <parameter>
          <valueName>substance</valueName>
          <value>甲苯 UN1294</value>
        </parameter>
        <parameter>
          <valueName>injured</valueName>
          <value>2</value>
        </parameter>
        <parameter>
          <valueName>missing</valueName>
          <value>1</value>
        </parameter>
        <parameter>
          <valueName>dead</valueName>
          <value>0</value>
        </parameter>
        <area>
          <areaDesc>化工路8号罐区</areaDesc>
          <circle>31.3242,120.7364 0</circle>
        </area>
      </info>
    </alert>
    "#);
    let back = Alert::parse(&alert.to_xml()).unwrap();
    assert_eq!(back, alert);
    let opened = back.to_incident().unwrap();
    let expected = Incident { name: String::new(), version: 0, ..incident() };
    assert_eq!(opened, expected);
}

#[test]
fn a_request_is_told_as_a_message() {
    let message = Message::from_request(&request(), &incident(), at("2026-07-12T06:01:00Z")).unwrap();
    insta::assert_snapshot!(message.to_xml(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <RequestResource xmlns="urn:oasis:names:tc:emergency:EDXL:RM:1.0:msg" xmlns:rm="urn:oasis:names:tc:emergency:EDXL:RM:1.0" xmlns:gml="http://www.opengis.net/gml">
      <MessageID>urn:uuid:01980000-0000-7000-8000-000000000002:1</MessageID>
      <SentDateTime>2026-07-12T14:01:00+08:00</SentDateTime>
      <MessageContentType>RequestResource</MessageContentType>
      <MessageDescription>请求泡沫支援

    罐区北侧
    注意风向</MessageDescription>
      <OriginatingMessageID>urn:uuid:01980000-0000-7000-8000-000000000002:1</OriginatingMessageID>
      <IncidentInformation>
        <rm:IncidentID>incidents/01980000-0000-7000-8000-000000000001</rm:IncidentID>
        <rm:IncidentDescription>罐区 &lt;甲苯&gt; &amp; 乙醇泄漏</rm:IncidentDescription>
      </IncidentInformation>
      <ContactInformation>
        <rm:ContactDescription>李工; 0512-5550-0101; 现场</rm:ContactDescription>
        <rm:ContactRole>Requester</rm:ContactRole>
      </ContactInformation>
      <ResourceInformation>
        <ResourceInfoElementID>001</ResourceInfoElementID>
        <Resource>
          <Name>泡沫消防车</Name>
          <TypeStructure>
            <rm:ValueListURN>urn:x-shouwang:resource-kind</rm:ValueListURN>
            <rm:Value>vehicle</rm:Value>
          </TypeStructure>
          <Keyword>
            <rm:ValueListURN>urn:x-shouwang:priority</rm:ValueListURN>
            <rm:Value>P1</rm:Value>
          </Keyword>
          <Keyword>
            <rm:ValueListURN>urn:x-shouwang:minimum</rm:ValueListURN>
            <rm:Value>1</rm:Value>
          </Keyword>
          <Keyword>
            <rm:ValueListURN>urn:x-shouwang:capability</rm:ValueListURN>
            <rm:Value>抗溶泡沫</rm:Value>
          </Keyword>
        </Resource>
        <AssignmentInformation>
          <Quantity>
            <rm:MeasuredQuantity>
              <rm:Amount>2</rm:Amount>
              <rm:UnitOfMeasure>
                <rm:ValueListURN>urn:oid:2.16.840.1.113883.6.8</rm:ValueListURN>
                <rm:Value>1</rm:Value>
              </rm:UnitOfMeasure>
            </rm:MeasuredQuantity>
          </Quantity>
        </AssignmentInformation>
        <ScheduleInformation>
          <ScheduleType>RequestedArrival</ScheduleType>
          <DateTime>2026-07-12T14:20:00+08:00</DateTime>
          <Location>
            <rm:LocationDescription>化工路8号罐区</rm:LocationDescription>
            <rm:TargetArea>
              <gml:Point>
                <gml:pos>31.3242 120.7364</gml:pos>
              </gml:Point>
            </rm:TargetArea>
          </Location>
        </ScheduleInformation>
      </ResourceInformation>
    </RequestResource>
    "#);
}

#[test]
fn a_message_is_read_back_as_the_request() {
    let message = Message::from_request(&request(), &incident(), at("2026-07-12T06:01:00Z")).unwrap();
    let back = Message::parse(&message.to_xml()).unwrap();
    assert_eq!(back, message);
    let mut asked = back.to_request().unwrap();
    assert_eq!(asked.place.take(), incident().place);
    let mut expected = MutualAidRequest { name: String::new(), version: 0, ..request() };
    expected.lines[0].number = 0;
    assert_eq!(asked, expected);
}

#[test]
fn a_foreign_alert_opens_an_incident() {
    let text = "<?xml version=\"1.0\"?>\n<c:alert xmlns:c=\"urn:oasis:names:tc:emergency:cap:1.2\">\
        <c:identifier>KSTO1055887203</c:identifier><c:sender>fire@example.org</c:sender>\
        <c:sent>2026-07-12T06:00:00-00:00</c:sent><c:status>Actual</c:status><c:msgType>Alert</c:msgType>\
        <c:scope>Public</c:scope><c:info><c:category>Fire</c:category><c:event>WAREHOUSE FIRE</c:event>\
        <c:urgency>Immediate</c:urgency><c:severity>Severe</c:severity><c:certainty>Observed</c:certainty>\
        <c:area><c:areaDesc>North park &amp; dock</c:areaDesc>\
        <c:polygon>31,120 31,122 33,122 33,120 31,120</c:polygon></c:area></c:info></c:alert>";
    let opened = Alert::parse(text).unwrap().to_incident().unwrap();
    assert_eq!((opened.title.as_str(), opened.accident_type.as_str()), ("WAREHOUSE FIRE", "fire"));
    let place = opened.place.unwrap();
    assert_eq!((place.latitude, place.longitude, place.address.as_str()), (32.0, 121.0, "North park & dock"));
}

#[test]
fn every_mistake_of_an_alert_is_named_with_its_path() {
    let text = "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><sender>a b</sender>\
        <identifier>1</identifier><sent>2026-07-12T06:00:00Z</sent><status>Real</status><msgType>Update</msgType>\
        <scope>Private</scope><info><event></event><urgency>Now</urgency><severity>Severe</severity>\
        <certainty>Observed</certainty><area><areaDesc>x</areaDesc><polygon>1,1 2,2 1,1</polygon>\
        <circle>91,0 1</circle><ceiling>9</ceiling></area><colour>red</colour></info></alert>";
    insta::assert_snapshot!(told(&Alert::parse(text).unwrap_err()), @"
    alert/sender[1]: stands in the wrong place （位置不对）
    alert/sent: `2026-07-12T06:00:00Z` is no time such as 2026-07-12T14:00:00+08:00 （须为带时区偏移的时间）
    alert/status: `Real` is none of Actual, Exercise, System, Test, Draft （不在枚举之内）
    alert/info[1]/event: is empty （不能为空）
    alert/info[1]/urgency: `Now` is none of Immediate, Expected, Future, Past, Unknown （不在枚举之内）
    alert/info[1]/area[1]/polygon[1]: needs at least four points （至少四个点）
    alert/info[1]/area[1]/circle[1]: `91,0` is not LATITUDE,LONGITUDE in degrees （须为 纬度,经度）
    alert/info[1]/colour: is not expected here （此处不应出现）
    alert/sender: must not have spaces, commas, < or & （不能含空格、逗号、< 或 &）
    alert/addresses: is required with scope Private （私密时必填）
    alert/references: is required with msgType Update （该消息类型必填）
    alert/info[1]/category: is required （必填）
    alert/info[1]/area[1]/ceiling: needs an altitude （须同时给出 altitude）
    ");
}

#[test]
fn rules_between_elements_hold_for_alerts_made_here_too() {
    let mut alert = Alert::from_incident(&incident(), "shouwang", at("2026-07-12T06:00:00Z")).unwrap();
    alert.msg_type = cap::MsgType::Update;
    alert.scope = cap::Scope::Private;
    alert.infos[0].categories.clear();
    alert.infos[0].areas[0].polygons.push(vec![(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)]);
    alert.infos[0].areas[0].ceiling = Some(3.0);
    insta::assert_snapshot!(told(&alert.check().unwrap_err()), @"
    alert/addresses: is required with scope Private （私密时必填）
    alert/references: is required with msgType Update （该消息类型必填）
    alert/info[1]/category: is required （必填）
    alert/info[1]/area[1]/polygon[1]: must end where it begins （首尾须为同一点）
    alert/info[1]/area[1]/ceiling: needs an altitude （须同时给出 altitude）
    ");
    assert!(Alert::from_incident(&incident(), "two words", at("2026-07-12T06:00:00Z")).is_err());
}

#[test]
fn every_mistake_of_a_message_is_named_with_its_path() {
    let text = "<RequestResource xmlns=\"urn:oasis:names:tc:emergency:EDXL:RM:1.0:msg\" \
        xmlns:rm=\"urn:oasis:names:tc:emergency:EDXL:RM:1.0\"><MessageID>1</MessageID>\
        <SentDateTime>yesterday</SentDateTime><MessageContentType>ReleaseResource</MessageContentType>\
        <IncidentInformation/><ContactInformation><rm:ContactRole>Boss</rm:ContactRole></ContactInformation>\
        <ResourceInformation><ResourceInfoElementID>1</ResourceInfoElementID><Resource/>\
        <AssignmentInformation><Quantity><rm:MeasuredQuantity><rm:Amount>1.5</rm:Amount></rm:MeasuredQuantity>\
        </Quantity></AssignmentInformation><ScheduleInformation><ScheduleType>Soon</ScheduleType>\
        </ScheduleInformation></ResourceInformation></RequestResource>";
    insta::assert_snapshot!(told(&Message::parse(text).unwrap_err()), @"
    RequestResource/SentDateTime: `yesterday` is no time such as 2026-07-12T14:00:00+08:00 （须为带时区偏移的时间）
    RequestResource/MessageContentType: `ReleaseResource` must be RequestResource （须为 RequestResource）
    RequestResource/OriginatingMessageID: is required （必填）
    RequestResource/ContactInformation[1]/ContactRole: `Boss` is none of Sender, Requester, SubjectMatterExpert, Approver, RespondingOrg, Owner （不在枚举之内）
    RequestResource/ResourceInformation[1]/AssignmentInformation/Quantity/MeasuredQuantity/Amount: `1.5` is no whole number （须为整数）
    RequestResource/ResourceInformation[1]/ScheduleInformation[1]/ScheduleType: `Soon` is none of RequestedArrival, EstimatedArrival, ActualArrival, RequestedDeparture, EstimatedDeparture, ActualDeparture, RequestedReturnDeparture, EstimatedReturnDeparture, ActualReturnDeparture, RequestedReturnArrival, EstimatedReturnArrival, ActualReturnArrival, BeginAvailable, EndAvailable, Committed, Current, ReportTo, Route （不在枚举之内）
    RequestResource/IncidentInformation[1]: needs IncidentID or IncidentDescription （至少一项）
    RequestResource/ResourceInformation[1]/Resource: needs ResourceID, Name or TypeStructure （至少一项）
    ");
}

#[test]
fn a_message_without_a_number_to_phone_cannot_be_submitted() {
    let mut message = Message::from_request(&request(), &incident(), at("2026-07-12T06:01:00Z")).unwrap();
    message.contacts[0].description = "Duty officer, tel +86-512-5550-0101, day and night".to_owned();
    let contact = message.to_request().unwrap().contact.unwrap();
    assert_eq!(contact.phone, "+86-512-5550-0101");
    message.contacts[0].description = "the boss".to_owned();
    message.resources[0].quantity = Some(edxl_rm::Quantity::Text("several".to_owned()));
    insta::assert_snapshot!(told(&message.to_request().unwrap_err()), @"
    RequestResource/ContactInformation: must say a telephone number in ContactDescription （联系说明中须有电话号码）
    RequestResource/ResourceInformation[1]/AssignmentInformation/Quantity: must be a whole number, more than 0 （须为大于 0 的整数）
    ");
}

#[test]
fn hostile_documents_are_refused_within_limits() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    for (text, words) in [
        (String::new(), "no element"),
        ("<a>".to_owned(), "not closed"),
        ("<a></b>".to_owned(), "well-formed"),
        ("<a/><b/>".to_owned(), "second root"),
        ("x<a/>".to_owned(), "outside"),
        ("<p:a/>".to_owned(), "undeclared prefix"),
        ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>".to_owned(), "document type"),
        ("<a>&x;</a>".to_owned(), "entity `x`"),
        ("<a>&#0;</a>".to_owned(), "well-formed"),
        ("<?php 1?><a/>".to_owned(), "processing instruction"),
        (nested(DEPTH_LIMIT + 1), "nested deeper"),
        (format!("<a>{}</a>", "<b/>".repeat(ELEMENT_LIMIT)), "elements"),
        ("x".repeat(SIZE_LIMIT + 1), "larger than 1 MiB"),
        (nested(DEPTH_LIMIT), "must be an alert"),
    ] {
        let refusal = Alert::parse(&text).unwrap_err();
        let start: String = text.chars().take(40).collect();
        assert!(told(&refusal).contains(words), "{start}: {}", told(&refusal));
        assert_eq!(refusal.violations[0].field, "document");
        assert!(Message::parse(&text).is_err());
    }
}
