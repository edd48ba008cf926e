//! Answers of searches.

use std::collections::BTreeMap;

use serde::Serialize;
use shouwang_proto::{
    publication::Kind,
    wire::{Facet, HighlightedText, SearchHit, SearchResponse, SuggestResponse},
};

use crate::{
    output::{Answer, Style},
    words::{Lang, harmless},
};

/// Most values of one facet that are shown to people.
const FACET_VALUES_SHOWN: usize = 6;

/// An answer. The names are a contract for scripts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SearchView {
    /// Exact number of publications that fit, within the caller's scope.
    pub(crate) total: u64,
    /// The page, best first.
    pub(crate) hits: Vec<HitView>,
    /// Counts by field, most frequent first.
    pub(crate) facets: BTreeMap<String, Vec<CountView>>,
    /// Terms that the thesaurus added.
    pub(crate) also_searched: Vec<String>,
    /// A better spelling; empty when none is likely.
    pub(crate) did_you_mean: String,
    /// For the next page; empty on the last.
    pub(crate) next_page_token: String,
    /// Time the hub took, in milliseconds.
    pub(crate) took_ms: f64,
}

/// One hit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HitView {
    /// `members/{member}/publications/{uuid}`.
    pub(crate) id: String,
    /// `practice`, `course` or `resource`.
    pub(crate) kind: String,
    /// The owner's member id.
    pub(crate) member: String,
    /// Title.
    pub(crate) title: String,
    /// Best passage.
    pub(crate) snippet: String,
    /// Comparable within one answer only.
    pub(crate) score: f64,
    #[serde(skip)]
    shown: Shown,
}

/// What only people are shown.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    title: HighlightedText,
    snippet: HighlightedText,
    member_name: String,
}

/// How many publications have one value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CountView {
    /// Code.
    pub(crate) value: String,
    /// Chinese name.
    pub(crate) label_zh: String,
    /// English name.
    pub(crate) label_en: String,
    /// Number of publications.
    pub(crate) count: u64,
}

impl From<SearchResponse> for SearchView {
    fn from(answer: SearchResponse) -> Self {
        let SearchResponse {
            hits,
            total,
            facets,
            next_page_token,
            also_searched,
            did_you_mean,
            index_time: _,
            took,
        } = answer;
        let took_ms =
            took.map(|took| took.seconds as f64 * 1e3 + f64::from(took.nanos) / 1e6).unwrap_or_default();
        Self {
            total,
            hits: hits.into_iter().map(HitView::from).collect(),
            facets: facets.into_iter().map(facet).collect(),
            also_searched,
            did_you_mean,
            next_page_token,
            took_ms,
        }
    }
}

fn facet(facet: Facet) -> (String, Vec<CountView>) {
    let counts = facet.counts.into_iter().map(|count| CountView {
        value: count.value,
        label_zh: count.label_zh,
        label_en: count.label_en,
        count: count.count,
    });
    (facet.field, counts.collect())
}

impl From<SearchHit> for HitView {
    fn from(hit: SearchHit) -> Self {
        let title = hit.title.unwrap_or_default();
        let snippet = hit.snippet.unwrap_or_default();
        Self {
            id: hit.name,
            kind: Kind::from_wire(hit.kind).map(|kind| kind.code().to_owned()).unwrap_or_default(),
            member: hit.member_id,
            title: title.text.clone(),
            snippet: snippet.text.clone(),
            score: hit.score,
            shown: Shown { title, snippet, member_name: hit.member_display_name },
        }
    }
}

impl HitView {
    fn text(&self, number: usize, style: Style) -> String {
        let Shown { title, snippet, member_name } = &self.shown;
        let labels = self.kind.parse::<Kind>().map(Kind::labels).unwrap_or(("?", "?"));
        let kind = style.lang.pick(labels.0, labels.1);
        let owner = if member_name.is_empty() { &self.member } else { member_name };
        let mut out = format!("{number:>3}. [{kind}] {}\n", highlight(title, style));
        let passage = highlight(snippet, style).replace('\n', " ");
        if !passage.trim().is_empty() {
            out.push_str(&format!("     {passage}\n"));
        }
        out.push_str(&format!("     {} · {}", harmless(owner), harmless(&self.id)));
        out
    }
}

/// The text, its matching parts marked on a terminal.
fn highlight(text: &HighlightedText, style: Style) -> String {
    if !style.colour {
        return harmless(&text.text);
    }
    let mut out = String::new();
    for (index, shown) in text.text.chars().enumerate() {
        let begins = text.ranges.iter().any(|range| range.start as usize == index);
        let inside = |index| {
            text.ranges.iter().any(|range| (range.start as usize..range.end as usize).contains(&index))
        };
        if begins {
            out.push_str("\u{1b}[1;33m");
        }
        out.push_str(&harmless(shown.encode_utf8(&mut [0; 4])));
        if inside(index) && !inside(index + 1) {
            out.push_str("\u{1b}[0m");
        }
    }
    out
}

impl Answer for SearchView {
    fn text(&self, style: Style) -> String {
        let Self { total, took_ms, .. } = self;
        let mut rows = vec![match style.lang {
            Lang::Zh => format!("共 {total} 条，用时 {took_ms:.1} 毫秒"),
            Lang::En => format!("{total} found in {took_ms:.1} ms"),
        }];
        if !self.also_searched.is_empty() {
            let label = style.lang.pick("同时检索", "also searched");
            rows.push(format!("{label}: {}", harmless(&self.also_searched.join(", "))));
        }
        if !self.did_you_mean.is_empty() {
            let label = style.lang.pick("您是不是要找", "did you mean");
            rows.push(format!("{label}: {}", harmless(&self.did_you_mean)));
        }
        rows.extend(self.hits.iter().enumerate().map(|(index, hit)| hit.text(index + 1, style)));
        rows.extend(self.facets_text(style.lang));
        if !self.next_page_token.is_empty() {
            let label = style.lang.pick("下一页", "next page");
            rows.push(format!("{label}: --page-token {}", self.next_page_token));
        }
        rows.join("\n")
    }
}

impl SearchView {
    /// One line for each field that has values.
    fn facets_text(&self, lang: Lang) -> impl Iterator<Item = String> {
        let one = move |(field, counts): (&String, &Vec<CountView>)| {
            let values = counts.iter().take(FACET_VALUES_SHOWN).map(|count| {
                let label = lang.pick(&count.label_zh, &count.label_en);
                let label = if label.is_empty() { &count.value } else { label };
                format!("{} {}", harmless(label), count.count)
            });
            let more = if counts.len() > FACET_VALUES_SHOWN { " …" } else { "" };
            format!("{}: {}{more}", facet_label(field, lang), values.collect::<Vec<_>>().join(" · "))
        };
        self.facets.iter().filter(|(_, counts)| !counts.is_empty()).map(one)
    }
}

fn facet_label(field: &str, lang: Lang) -> &str {
    let zh = match field {
        "kind" => "类型",
        "member" => "单位",
        "sector" => "行业",
        "hazard" => "致害类型",
        "operation" => "特殊作业",
        "language" => "语言",
        other => other,
    };
    lang.pick(zh, field)
}

/// Completions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SuggestView {
    /// Best first.
    pub(crate) suggestions: Vec<SuggestionView>,
}

/// One completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SuggestionView {
    /// The text to search for.
    pub(crate) text: String,
    /// `title`, `tag` or `thesaurus`.
    pub(crate) source: String,
}

impl From<SuggestResponse> for SuggestView {
    fn from(answer: SuggestResponse) -> Self {
        let suggestion =
            |one: shouwang_proto::wire::Suggestion| SuggestionView { text: one.text, source: one.source };
        Self { suggestions: answer.suggestions.into_iter().map(suggestion).collect() }
    }
}

impl Answer for SuggestView {
    fn text(&self, _style: Style) -> String {
        self.suggestions.iter().map(|one| harmless(&one.text)).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
