//! Whatever is valid survives being written and read; whatever is not does no harm.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    cap::{self, Alert},
    edxl_rm::{self, Message},
};

/// Text that XML carries unchanged once it is trimmed.
fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9<>&\"'消防 ;:\\-\n]{0,24}".prop_map(|text| text.trim().to_owned())
}

fn token() -> impl Strategy<Value = String> {
    "[a-z0-9.:@-]{1,20}"
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn point() -> impl Strategy<Value = (f64, f64)> {
    (-90.0..=90.0_f64, -180.0..=180.0_f64)
}

fn area() -> impl Strategy<Value = cap::Area> {
    let polygon = prop::collection::vec(point(), 3..6).prop_map(|mut points| {
        points.push(points[0]);
        points
    });
    (
        token(),
        prop::collection::vec(polygon, 0..3),
        prop::collection::vec((point(), 0.0..1_000.0_f64), 0..3),
        prop::option::of(0.0..9_000.0_f64),
    )
        .prop_map(|(description, polygons, circles, altitude)| cap::Area {
            description,
            polygons,
            circles,
            geocodes: vec![cap::Named { name: "GB/T 2260".to_owned(), value: "320500".to_owned() }],
            altitude,
            ceiling: altitude.map(|feet| feet + 1.5),
        })
}

prop_compose! {
    fn info()(
        texts in prop::collection::vec(words(), 6),
        event in token(),
        categories in prop::collection::vec(prop::sample::select(cap::Category::ALL), 1..4),
        response_types in prop::collection::vec(prop::sample::select(cap::ResponseType::ALL), 0..3),
        urgency in prop::sample::select(cap::Urgency::ALL),
        severity in prop::sample::select(cap::Severity::ALL),
        certainty in prop::sample::select(cap::Certainty::ALL),
        times in prop::option::of((moment(), 0_i64..9_999)),
        areas in prop::collection::vec(area(), 0..3),
        size in prop::option::of(any::<u64>()),
    ) -> cap::Info {
        let [headline, description, instruction, contact, value, audience]: [String; 6] = texts.try_into().unwrap();
        let effective = times.map(|(time, _)| time);
        let expires = times.and_then(|(time, more)| Timestamp::from_second(time.as_second() + more).ok());
        cap::Info {
            language: "zh-CN".to_owned(), categories, event, response_types, urgency, severity, certainty, audience,
            event_codes: Vec::new(), effective, onset: effective, expires,
            sender_name: String::new(), headline, description, instruction,
            web: String::new(), contact, parameters: vec![cap::Named { name: "x".to_owned(), value }],
            resources: vec![cap::Resource {
                description: "map".to_owned(), mime_type: "image/png".to_owned(), size,
                uri: String::new(), deref_uri: String::new(), digest: String::new(),
            }],
            areas,
        }
    }
}

prop_compose! {
    fn alert()(
        identifier in token(), sender in token(), sent in moment(), note in words(),
        status in prop::sample::select(cap::Status::ALL),
        codes in prop::collection::vec(token(), 0..3),
        infos in prop::collection::vec(info(), 0..3),
    ) -> Alert {
        Alert {
            references: format!("{sender},{identifier},2026-07-12T06:00:00-00:00"),
            identifier, sender, sent, status, msg_type: cap::MsgType::Update, source: String::new(),
            scope: cap::Scope::Restricted, restriction: "alliance".to_owned(), addresses: String::new(),
            codes, note, incidents: String::new(), infos,
        }
    }
}

prop_compose! {
    fn needed(id: usize)(
        name in token(), description in words(),
        amount in any::<u64>(),
        text in prop::option::of(token()),
        values in prop::collection::vec(token(), 1..3),
        kind in prop::sample::select(edxl_rm::ScheduleType::ALL),
        time in prop::option::of(moment()), place in words(), point in prop::option::of(point()),
    ) -> edxl_rm::ResourceInformation {
        let listed = edxl_rm::Listed { list: "urn:x".to_owned(), values };
        edxl_rm::ResourceInformation {
            id: id.to_string(),
            response: None,
            resource: edxl_rm::Resource {
                id: String::new(), name, kind: Some(listed.clone()), keywords: vec![listed.clone()], description,
                status: None,
            },
            quantity: Some(match text {
                Some(text) => edxl_rm::Quantity::Text(text),
                None => edxl_rm::Quantity::Measured { amount, unit: Some(listed) },
            }),
            schedules: vec![edxl_rm::Schedule { kind, time, place, point }],
        }
    }
}

prop_compose! {
    fn message()(
        message_id in token(), sent in moment(), description in words(), contact in words(),
        role in prop::option::of(prop::sample::select(edxl_rm::ContactRole::ALL)),
        first in needed(1), second in needed(2),
    ) -> Message {
        Message {
            kind: edxl_rm::MessageKind::RequestResource,
            originating_message_id: message_id.clone(), message_id, sent, description,
            preceding_message_id: String::new(),
            incidents: vec![edxl_rm::IncidentInformation { id: "1".to_owned(), description: String::new() }],
            contacts: vec![edxl_rm::Contact { description: contact, role }],
            resources: vec![first, second],
        }
    }
}

proptest! {
    #[test]
    fn alerts_survive_xml(alert in alert()) {
        alert.check().unwrap();
        prop_assert_eq!(Alert::parse(&alert.to_xml()).unwrap(), alert);
    }

    #[test]
    fn messages_survive_xml(message in message()) {
        message.check().unwrap();
        prop_assert_eq!(Message::parse(&message.to_xml()).unwrap(), message);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[<>/a:&;!?\\[\\]\"= xmlns#0-9-]{0,80}") {
        let _ = Alert::parse(&text);
    }
}
