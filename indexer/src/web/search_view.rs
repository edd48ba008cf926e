//! What the search page shows of an answer. Pure.

use jiff::Timestamp;
use shouwang_pages::{Fields, Lang, age::Age};
use shouwang_proto::{
    id::PublicationName,
    publication::{Kind, time_from_wire},
    vocabulary, wire,
};

use crate::{council::roster::RosterSnapshot, search};

/// Values of a facet that are shown at once; the rest is behind one more step.
const SHOWN: usize = 6;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// True when it is what was searched for.
    pub(super) is_match: bool,
}

/// Cuts a text at the parts to highlight.
pub(super) fn pieces(text: Option<wire::HighlightedText>) -> Vec<Piece> {
    let Some(wire::HighlightedText { text, ranges }) = text else { return Vec::new() };
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, character) in (0_u32..).zip(text.chars()) {
        let is_match = ranges.iter().any(|range| (range.start..range.end).contains(&index));
        match pieces.last_mut() {
            Some(last) if last.is_match == is_match => last.text.push(character),
            Some(_) | None => pieces.push(Piece { text: character.to_string(), is_match }),
        }
    }
    pieces
}

/// A value that leads to a search for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lead {
    pub(super) label: String,
    pub(super) address: String,
}

/// A search for one value of a field alone.
pub(super) fn lead(field: &str, value: &str, label: &str) -> Lead {
    Lead { label: label.to_owned(), address: format!("/{}", Fields::default().and(field, value).query()) }
}

/// A hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HitView {
    pub(super) kind: &'static str,
    pub(super) kind_label: &'static str,
    pub(super) address: String,
    pub(super) title: Vec<Piece>,
    pub(super) snippet: Vec<Piece>,
    pub(super) owner: Lead,
    pub(super) published: Option<Age>,
    pub(super) revision: u64,
    pub(super) language: String,
    pub(super) tags: Vec<Lead>,
}

/// The address of a publication's page; the search when the name is none.
pub(super) fn publication_address(name: &str) -> String {
    name.parse::<PublicationName>()
        .map_or_else(|_| "/".to_owned(), |PublicationName { member, record }| format!("/p/{member}/{record}"))
}

pub(super) fn kind_words(lang: Lang, kind: Kind) -> &'static str {
    let (zh, en) = kind.labels();
    lang.pick(zh, en)
}

pub(super) fn hit_view(lang: Lang, hit: wire::SearchHit, now: Timestamp) -> HitView {
    let wire::SearchHit {
        name,
        kind,
        member_id,
        member_display_name,
        title,
        snippet,
        score: _,
        sectors: _,
        tags,
        language,
        publish_time,
        revision,
    } = hit;
    let kind = Kind::from_wire(kind);
    HitView {
        kind: kind.map_or("", Kind::code),
        kind_label: kind.map_or("", |kind| kind_words(lang, kind)),
        address: publication_address(&name),
        title: pieces(title),
        snippet: pieces(snippet),
        owner: lead("member", &member_id, &member_display_name),
        published: publish_time.and_then(|time| time_from_wire(&time)).map(|time| Age::of(lang, time, now)),
        revision,
        language,
        tags: tags.iter().take(5).map(|tag| lead("tag", tag, tag)).collect(),
    }
}

/// A kind above the hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KindTab {
    pub(super) kind: &'static str,
    pub(super) label: String,
    pub(super) count: u64,
    pub(super) address: String,
    pub(super) is_here: bool,
}

/// All kinds and each of them, with the counts of an answer that no kind was chosen for.
pub(super) fn kind_tabs(lang: Lang, fields: &Fields, facets: &[wire::Facet]) -> Vec<KindTab> {
    let counts = facets.iter().find(|facet| facet.field == "kind").map_or(&[][..], |facet| &facet.counts);
    let plain = fields.without("kind");
    let all = KindTab {
        kind: "",
        label: lang.say("search.all-kinds").to_owned(),
        count: counts.iter().map(|count| count.count).sum(),
        address: format!("/{}", plain.query()),
        is_here: fields.all("kind").is_empty(),
    };
    let tab = |kind: Kind| KindTab {
        kind: kind.code(),
        label: kind_words(lang, kind).to_owned(),
        count: counts.iter().find(|count| count.value == kind.code()).map_or(0, |count| count.count),
        address: format!("/{}", plain.clone().and("kind", kind.code()).query()),
        is_here: fields.has("kind", kind.code()),
    };
    std::iter::once(all).chain(Kind::ALL.map(tab)).collect()
}

/// A field to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FacetView {
    pub(super) field: String,
    pub(super) label: &'static str,
    pub(super) shown: Vec<ValueView>,
    pub(super) more: Vec<ValueView>,
}

/// A value to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ValueView {
    /// Names the link on the page, so that the focus finds it again after a choice.
    pub(super) id: String,
    pub(super) label: String,
    pub(super) count: u64,
    pub(super) address: String,
    pub(super) is_chosen: bool,
}

/// The fields in which a choice makes a difference.
pub(super) fn facet_views(lang: Lang, fields: &Fields, facets: Vec<wire::Facet>) -> Vec<FacetView> {
    let views = facets.into_iter().filter_map(|wire::Facet { field, counts }| {
        let label = facet_label(lang, &field)?;
        let values: Vec<_> =
            counts.into_iter().map(|count| value_view(lang, fields, &field, count)).collect();
        // One value that everything has is nothing to choose.
        if values.len() < 2 && !values.iter().any(|value| value.is_chosen) {
            return None;
        }
        let (chosen, others): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| value.is_chosen);
        let mut shown: Vec<_> = chosen.into_iter().chain(others).collect();
        let more = shown.split_off(shown.len().min(SHOWN));
        Some(FacetView { field, label, shown, more })
    });
    views.collect()
}

fn facet_label(lang: Lang, field: &str) -> Option<&'static str> {
    let key = match field {
        "member" => "facet.member",
        "sector" => "facet.sector",
        "hazard" => "facet.hazard",
        "operation" => "facet.operation",
        "language" => "facet.language",
        // Above the hits.
        _ => return None,
    };
    lang.find(key)
}

fn value_view(lang: Lang, fields: &Fields, field: &str, count: wire::FacetCount) -> ValueView {
    let wire::FacetCount { value, label_zh, label_en, count } = count;
    let is_chosen = fields.has(field, &value);
    let next =
        if is_chosen { fields.without_value(field, &value) } else { fields.clone().and(field, &value) };
    let id = format!("{field}-{value}").replace(|one: char| !one.is_ascii_alphanumeric(), "-");
    ValueView {
        id,
        label: lang.pick(label_zh, label_en),
        count,
        address: format!("/{}", next.query()),
        is_chosen,
    }
}

/// A filter that holds, and the address without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chip {
    pub(super) field: &'static str,
    pub(super) label: String,
    pub(super) address: String,
}

/// All filters that hold but the kind, which the tabs show.
pub(super) fn chips(lang: Lang, fields: &Fields, roster: &RosterSnapshot) -> Vec<Chip> {
    let mut chips = Vec::new();
    for (name, key) in [
        ("member", "facet.member"),
        ("sector", "facet.sector"),
        ("hazard", "facet.hazard"),
        ("operation", "facet.operation"),
        ("language", "facet.language"),
        ("tag", "facet.tag"),
        ("standard", "facet.standard"),
    ] {
        for value in fields.all(name) {
            let address = format!("/{}", fields.without_value(name, &value).query());
            let label = value_words(lang, name, &value, roster);
            chips.push(Chip { field: lang.find(key).unwrap_or_default(), label, address });
        }
    }
    if fields.has("literal", "1") {
        let address = format!("/{}", fields.without("literal").query());
        let label = lang.say("search.literal").to_owned();
        chips.push(Chip { field: "", label, address });
    }
    chips
}

/// What a value of a filter is called.
fn value_words(lang: Lang, field: &str, value: &str, roster: &RosterSnapshot) -> String {
    let of_index = search::FacetField::ALL.into_iter().find(|known| known.name() == field);
    of_index.map_or_else(
        || value.to_owned(),
        |field| {
            let (zh, en) = search::labels(field, value, roster);
            lang.pick(zh, en)
        },
    )
}

/// What a code of a vocabulary is called; the code itself when it is in none.
pub(super) fn term_words(lang: Lang, list: &str, code: &str) -> String {
    vocabulary::term(list, code).map_or_else(|| code.to_owned(), |term| lang.pick(&term.zh, &term.en).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_matched() {
        let ranges =
            vec![wire::CharacterRange { start: 1, end: 3 }, wire::CharacterRange { start: 4, end: 5 }];
        let cut = pieces(Some(wire::HighlightedText { text: "在动火前看".to_owned(), ranges }));
        let shown: Vec<_> = cut.iter().map(|piece| (piece.text.as_str(), piece.is_match)).collect();
        assert_eq!(shown, [("在", false), ("动火", true), ("前", false), ("看", true)]);
        assert!(pieces(None).is_empty());
    }

    #[test]
    fn a_choice_is_added_and_taken_back() {
        let count = |value: &str| wire::FacetCount {
            value: value.to_owned(),
            label_zh: "动火".to_owned(),
            label_en: "Hot work".to_owned(),
            count: 3,
        };
        let facet =
            || vec![wire::Facet { field: "sector".to_owned(), counts: vec![count("x"), count("hot-work")] }];
        let fields = Fields::read(b"q=a");
        let views = facet_views(Lang::En, &fields, facet());
        assert_eq!(views[0].shown[1].address, "/?q=a&sector=hot-work");
        assert_eq!((views[0].label, views[0].shown[1].label.as_str()), ("Sector", "Hot work"));
        let fields = Fields::read(b"q=a&sector=hot-work");
        let views = facet_views(Lang::Zh, &fields, facet());
        assert!(views[0].shown[0].is_chosen, "what is chosen stands first");
        assert_eq!(views[0].shown[0].address, "/?q=a");
    }

    #[test]
    fn tabs_lead_to_one_kind_each_and_back_to_all() {
        let fields = Fields::read(b"q=a&kind=course");
        let tabs = kind_tabs(Lang::En, &fields, &[]);
        let addresses: Vec<_> = tabs.iter().map(|tab| tab.address.as_str()).collect();
        assert_eq!(addresses, ["/?q=a", "/?q=a&kind=practice", "/?q=a&kind=course", "/?q=a&kind=resource"]);
        assert_eq!(tabs.iter().filter(|tab| tab.is_here).count(), 1);
    }
}
