//! The vocabularies: the lists from which publications and requests take their codes, and how often each is used. Whoever
//! is signed in may look; the lists are part of the program, so nobody can change them here.

use askama::Template;
use axum::response::Response;
use shouwang_pages::{Lang, frame::Place, trouble::Trouble};
use shouwang_proto::{
    vocabulary::{self, List, Term},
    wire,
};

use super::{
    asked::{Asked, Knowing as _},
    council_nav,
    route::to,
    search_view::lead,
};
use crate::{council::permission::rpc, search::FacetField};

struct TermView {
    code: &'static str,
    zh: &'static str,
    en: &'static str,
    /// What it is called now; empty while it is used.
    replaced_by: String,
    /// How many publications the reader may see have it; none when the search has no such filter.
    count: Option<u64>,
    /// The search for them.
    address: String,
}

struct ListView {
    id: &'static str,
    title: &'static str,
    edition: &'static str,
    source: &'static str,
    is_counted: bool,
    terms: Vec<TermView>,
}

#[derive(Template)]
#[template(path = "vocabulary.html")]
struct VocabularyPage {
    lang: Lang,
    places: Vec<Place>,
    lists: Vec<ListView>,
}

/// How many have this value, by what the search counted.
fn count_of(facets: &[wire::Facet], field: &str, value: &str) -> u64 {
    let counts = facets.iter().filter(|facet| facet.field == field).flat_map(|facet| &facet.counts);
    counts.filter(|count| count.value == value).map(|count| count.count).sum()
}

fn list_view(lang: Lang, list: &'static List, facets: &[wire::Facet]) -> ListView {
    // A list that the search can filter by has the name of the filter.
    let is_counted = FacetField::ALL.iter().any(|field| field.name() == list.list);
    let term = |term: &'static Term| TermView {
        code: &term.code,
        zh: &term.zh,
        en: &term.en,
        replaced_by: term
            .replaced_by
            .as_ref()
            .map(|code| super::search_view::term_words(lang, &list.list, code))
            .unwrap_or_default(),
        count: is_counted.then(|| count_of(facets, &list.list, &term.code)),
        address: lead(&list.list, &term.code, "").address,
    };
    ListView {
        id: &list.list,
        title: lang.pick(&list.zh, &list.en),
        edition: &list.edition,
        source: &list.source,
        is_counted,
        terms: list.terms.iter().map(term).collect(),
    }
}

/// Those that say how often they are used first, then by name.
fn list_views(lang: Lang, facets: &[wire::Facet]) -> Vec<ListView> {
    let mut lists: Vec<_> = vocabulary::lists().map(|list| list_view(lang, list, facets)).collect();
    lists.sort_by_key(|list| !list.is_counted);
    lists
}

/// `GET /vocabulary`.
pub(super) async fn show(asked: Asked<to::ShowVocabulary>) -> Result<Response, Trouble> {
    let question = wire::SearchRequest { page_size: 1, ..wire::SearchRequest::default() };
    let found = asked.site().search.find(asked.authorized::<rpc::Search>()?, question).await?;
    let lang = asked.lang();
    let shown = VocabularyPage {
        lang,
        // Whoever may only look has no other pages of the council.
        places: asked
            .authorized::<rpc::ListMembers>()
            .map_or_else(|_| Vec::new(), |_| council_nav::places("/vocabulary")),
        lists: list_views(lang, &found.facets),
    };
    asked.page(lang.say("vocabulary.title").to_owned(), &shown, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_of_a_filter_is_counted_and_leads_to_its_search() {
        let count =
            |value: &str, count| wire::FacetCount { value: value.to_owned(), count, ..Default::default() };
        let facet = |field: &str, counts| wire::Facet { field: field.to_owned(), counts };
        let facets =
            [facet("operation", vec![count("hot-work", 3)]), facet("sector", vec![count("hot-work", 9)])];
        let views = list_views(Lang::En, &facets);
        assert_eq!(views.len(), vocabulary::lists().count());
        let counted: Vec<_> = views.iter().take_while(|list| list.is_counted).map(|list| list.id).collect();
        assert_eq!(counted, ["hazard", "operation", "sector"]);
        let term = |list: &str, code: &str| {
            let list = views.iter().find(|view| view.id == list).unwrap();
            let term = list.terms.iter().find(|term| term.code == code).unwrap();
            (term.count, term.address.clone())
        };
        assert_eq!(term("operation", "hot-work"), (Some(3), "/?operation=hot-work".to_owned()));
        assert_eq!(term("operation", "confined-space").0, Some(0));
        assert_eq!(term("resource-kind", "team").0, None);
    }
}
