//! From an answer of the index to the wire.

use shouwang_proto::{clock::from_millis, id::PublicationName, publication::time_to_wire, vocabulary, wire};

use super::{Facet, FacetField, Highlighted, Hit, document::Kind};
use crate::council::roster::RosterSnapshot;

pub(super) fn hit(hit: Hit, roster: &RosterSnapshot) -> wire::SearchHit {
    let Hit { key, kind, title, snippet, score, sectors, tags, language, published_ms, revision } = hit;
    let display_name =
        roster.member(&key.member).map_or_else(String::new, |member| member.display_name.clone());
    wire::SearchHit {
        member_id: key.member.to_string(),
        name: PublicationName { member: key.member, record: key.record }.to_string(),
        kind: kind.to_wire().into(),
        member_display_name: display_name,
        title: Some(highlighted(title)),
        snippet: Some(highlighted(snippet)),
        score,
        sectors,
        tags,
        language,
        publish_time: Some(time_to_wire(from_millis(published_ms))),
        revision,
    }
}

fn highlighted(text: Highlighted) -> wire::HighlightedText {
    let Highlighted { text, ranges } = text;
    let ranges = ranges.into_iter().map(|(start, end)| wire::CharacterRange { start, end }).collect();
    wire::HighlightedText { text, ranges }
}

pub(super) fn facet(facet: Facet, roster: &RosterSnapshot) -> wire::Facet {
    let Facet { field, counts } = facet;
    let count = |(value, count): (String, u64)| {
        let (label_zh, label_en) = labels(field, &value, roster);
        wire::FacetCount { value, label_zh, label_en, count }
    };
    wire::Facet { field: field.name().to_owned(), counts: counts.into_iter().map(count).collect() }
}

/// What people call a value, in Chinese and English; the value itself when nobody has a name for it.
pub(crate) fn labels(field: FacetField, value: &str, roster: &RosterSnapshot) -> (String, String) {
    let of_list = |list| vocabulary::term(list, value).map(|term| (term.zh.clone(), term.en.clone()));
    let both = |(zh, en): (&str, &str)| (zh.to_owned(), en.to_owned());
    let found = match field {
        FacetField::Kind => value.parse().ok().map(|kind: Kind| both(kind.labels())),
        FacetField::Member => value.parse().ok().and_then(|id| {
            let name = roster.member(&id)?.display_name.clone();
            Some((name.clone(), name))
        }),
        FacetField::Sector => of_list("sector"),
        FacetField::Hazard => of_list("hazard"),
        FacetField::Operation => of_list("operation"),
        FacetField::Language => match value {
            "zh-CN" => Some(both(("中文", "Chinese"))),
            "en" => Some(both(("英文", "English"))),
            _ => None,
        },
    };
    found.unwrap_or_else(|| (value.to_owned(), value.to_owned()))
}
