//! The search page, which works without script, and the suggestions for one that has it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use shouwang_pages::{
    Fields, Lang,
    age::{self, Age},
    icon, reply,
    trouble::Trouble,
};
use shouwang_proto::{
    publication::{Kind, time_from_wire},
    wire,
};
use tonic::Code;

use super::{
    asked::{Asked, Knowing as _},
    route::to,
    search_view::{Chip, FacetView, HitView, KindTab, chips, facet_views, hit_view, kind_tabs},
};
use crate::council::permission::rpc;

/// Hits of a page.
pub(super) const PAGE_SIZE: u32 = 10;
/// Fields of an address that say where in the answer one is, and not what was asked.
const PLACE: [&str; 3] = ["after", "page", "lang"];
/// The index is expected to be this fresh.
const LATE_SECONDS: i64 = 60;
/// Suggestions shown.
const SUGGESTIONS: u32 = 8;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    lang: Lang,
    question: String,
    /// Filters that the form carries on.
    kept: Vec<(String, String)>,
    tabs: Vec<KindTab>,
    facets: Vec<FacetView>,
    chips: Vec<Chip>,
    hits: Vec<HitView>,
    total: u64,
    from: u64,
    range: String,
    next: String,
    first: String,
    also: Vec<String>,
    literal: String,
    did_you_mean: String,
    did_you_mean_address: String,
    without_filters: String,
    /// What was asked, for feeds.
    feed_query: String,
    /// True when there are courses among the hits.
    has_courses: bool,
    is_browsing: bool,
    problem: String,
    index: Option<Age>,
    is_late: bool,
}

/// `GET /`.
pub(super) async fn show(asked: Asked<to::ShowSearch>) -> Result<Response, Trouble> {
    let desk = &asked.site().search;
    let fields = asked.fields();
    let found = desk.find(asked.authorized::<rpc::Search>()?, question(fields)).await;
    let found = match found {
        Ok(found) => Ok(found),
        // The place in the list is gone: the list begins again.
        Err(status) if status.code() == Code::Aborted => {
            return Ok(reply::see_other(&format!("/{}", without_place(fields).query())));
        }
        Err(status) => Err(Trouble::from(status)),
    };
    let (status, problem, found) = match found {
        Ok(found) => (StatusCode::OK, String::new(), found),
        Err(Trouble::Broken(number)) => return Err(Trouble::Broken(number)),
        Err(trouble @ (Trouble::SignInFirst | Trouble::Refused(_))) => {
            (trouble.status(), trouble.words(asked.lang()), wire::SearchResponse::default())
        }
    };
    let kinds = if fields.all("kind").is_empty() {
        found.facets.clone()
    } else {
        // The tabs count as if no kind had been chosen, so that one sees what the others hold.
        let mut every = question(&fields.without("kind").without("after"));
        every.page_size = 1;
        let every = desk.find(asked.authorized::<rpc::Search>()?, every).await;
        every.map(|found| found.facets).unwrap_or_default()
    };
    let page = page(&asked, found, &kinds, problem);
    let title = match fields.first("q") {
        "" => asked.lang().say("search.title").to_owned(),
        words => asked.lang().with("search.title-of", "words", &words),
    };
    asked.base.page(status, title, &page, &["htmx-2.0.11.min.js", "search.js"])
}

fn page(
    asked: &Asked<to::ShowSearch>,
    found: wire::SearchResponse,
    kinds: &[wire::Facet],
    problem: String,
) -> SearchPage {
    let (lang, fields, now) = (asked.lang(), without_place(asked.fields()), asked.site().world.now());
    let wire::SearchResponse {
        hits,
        total,
        facets,
        next_page_token,
        also_searched,
        did_you_mean,
        index_time,
        took: _,
    } = found;
    let number = asked.fields().first("page").parse().unwrap_or(1_u64).clamp(1, 100);
    let before = (number - 1) * u64::from(PAGE_SIZE);
    let roster = asked.site().roster.snapshot();
    let index = index_time.and_then(|time| time_from_wire(&time));
    let hits: Vec<_> = hits.into_iter().map(|hit| hit_view(lang, hit, now)).collect();
    let until = before + u64::try_from(hits.len()).unwrap_or_default();
    let question = fields.first("q").to_owned();
    let next_page = fields.clone().and("after", &next_page_token).and("page", &(number + 1).to_string());
    SearchPage {
        lang,
        kept: kept(&fields),
        tabs: kind_tabs(lang, &fields, kinds),
        facets: facet_views(lang, &fields, facets),
        chips: chips(lang, &fields, &roster),
        total,
        from: before + 1,
        range: lang.fill("search.range", &[("from", &(before + 1)), ("until", &until)]),
        next: if next_page_token.is_empty() { String::new() } else { next_page.query() },
        first: if number > 1 { format!("/{}", fields.query()) } else { String::new() },
        also: also_searched,
        literal: fields.clone().and("literal", "1").query(),
        did_you_mean_address: fields.without("q").and("q", &did_you_mean).query(),
        did_you_mean,
        without_filters: Fields::default().and("q", &question).query(),
        feed_query: fields.query(),
        has_courses: hits.iter().any(|hit| hit.kind == Kind::Course.code()),
        is_browsing: question.is_empty(),
        problem,
        is_late: index.is_none_or(|time| now.as_second() - time.as_second() > LATE_SECONDS),
        index: index.map(|time| clock_time(lang, time, now)),
        hits,
        question,
    }
}

/// Until when: the time of day, with the day when it was another one.
fn clock_time(lang: Lang, then: Timestamp, now: Timestamp) -> Age {
    let age = Age::of(lang, then, now);
    if age::day(then) == age::day(now) {
        Age { words: age::time(then), ..age }
    } else {
        Age { words: age.exact.clone(), ..age }
    }
}

/// What the address asks for, as the contract says it. A kind that is none is handed on, to be refused by
/// name with all that is wrong.
pub(super) fn question(fields: &Fields) -> wire::SearchRequest {
    let kinds = fields.all("kind");
    let kinds = kinds.iter().map(|kind| kind.parse::<Kind>().map_or(i32::MAX, |kind| kind.to_wire().into()));
    wire::SearchRequest {
        query: fields.first("q").to_owned(),
        filter: Some(wire::SearchFilter {
            kinds: kinds.collect(),
            members: fields.all("member"),
            sectors: fields.all("sector"),
            hazards: fields.all("hazard"),
            operations: fields.all("operation"),
            standards: fields.all("standard"),
            languages: fields.all("language"),
            tags: fields.all("tag"),
            published_after: None,
            published_before: None,
        }),
        page_size: PAGE_SIZE,
        page_token: fields.first("after").to_owned(),
        min_applied: Vec::new(),
        literal: fields.has("literal", "1"),
    }
}

fn without_place(fields: &Fields) -> Fields {
    PLACE.iter().fold(fields.clone(), |fields, name| fields.without(name))
}

fn kept(fields: &Fields) -> Vec<(String, String)> {
    let names = ["kind", "member", "sector", "hazard", "operation", "standard", "language", "tag"];
    names
        .iter()
        .flat_map(|name| fields.all(name).into_iter().map(|value| ((*name).to_owned(), value)))
        .collect()
}

struct SuggestionView {
    text: String,
    source: &'static str,
}

#[derive(Template)]
#[template(path = "suggestions.html")]
struct Suggestions {
    suggestions: Vec<SuggestionView>,
}

/// `GET /suggest`.
pub(super) async fn suggest(asked: Asked<to::Suggest>) -> Result<Response, Trouble> {
    let prefix = asked.fields().first("q").chars().take(64).collect();
    let request = wire::SuggestRequest { prefix, limit: SUGGESTIONS };
    let found = asked.site().search.complete(asked.authorized::<rpc::Suggest>()?, request).await?;
    let lang = asked.lang();
    let view = |found: wire::Suggestion| SuggestionView {
        source: lang
            .find(match found.source.as_str() {
                "thesaurus" => "suggest.thesaurus",
                "tag" => "suggest.tag",
                _ => "suggest.title",
            })
            .unwrap_or_default(),
        text: found.text,
    };
    let page = Suggestions { suggestions: found.suggestions.into_iter().map(view).collect() };
    Ok(reply::html(StatusCode::OK, page.render()?, &asked.base.headers))
}
