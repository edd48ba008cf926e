//! The thesaurus: groups of terms that mean the same. Whoever is signed in may look; the council keeps it.

use askama::Template;
use axum::response::Response;
use shouwang_pages::{
    Fields, Lang,
    frame::Place,
    icon,
    shown::{Shown, shown},
    trouble::Trouble,
    wrong::Wrong,
};
use shouwang_proto::{refusal::Refusal, wire};

use super::{
    asked::{Asked, Knowing as _},
    council_nav,
    route::{Route, to},
};
use crate::{council::permission::rpc, search::analysis::pinyin::spelled};

/// Groups on a page.
const PAGE: usize = 100;

struct GroupView {
    id: String,
    first: String,
    terms: String,
}

#[derive(Template)]
#[template(path = "thesaurus.html")]
struct ThesaurusPage {
    lang: Lang,
    places: Vec<Place>,
    done: &'static str,
    problem: String,
    may_change: bool,
    /// The group in the form; empty: a new one.
    id: String,
    terms: String,
    terms_wrong: String,
    question: String,
    heading: String,
    groups: Vec<GroupView>,
    before: String,
    next: String,
    wrong: Wrong,
}

/// Does a group have a term with this in it, as it is written or as it sounds?
fn answers(group: &wire::ThesaurusGroup, question: &str) -> bool {
    let question = question.to_lowercase();
    let sound: String = question.split_whitespace().collect();
    group.terms.iter().any(|term| {
        let spelling = spelled(term);
        term.to_lowercase().contains(&question)
            || spelling.full.starts_with(&sound)
            || spelling.initials.starts_with(&sound)
    })
}

/// Groups in the order in which people look for them: by the sound of the first term.
fn ordered(groups: &mut [wire::ThesaurusGroup]) {
    groups.sort_by_cached_key(|group| {
        let first = group.terms.first().cloned().unwrap_or_default();
        (spelled(&first).full, first)
    });
}

/// The terms of a form: one a line.
fn terms_in(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

async fn page<R: Route>(asked: &Asked<R>, done: Result<&'static str, Refusal>) -> Result<Response, Trouble> {
    let (lang, fields) = (asked.lang(), asked.fields());
    let caller = asked.authorized::<rpc::ListThesaurus>()?;
    let all = asked.site().council.list_thesaurus(&caller, wire::ListThesaurusRequest {}).await?.groups;
    let (mut id, mut terms) = (String::new(), String::new());
    if done.is_err() {
        (id, terms) = (asked.form.first("id").to_owned(), asked.form.first("terms").to_owned());
    } else if let Some(group) = all.iter().find(|group| group.id == fields.first("edit")) {
        (id, terms) = (group.id.clone(), group.terms.join("\n"));
    }
    let question = fields.first("q");
    let mut found: Vec<_> =
        all.into_iter().filter(|group| question.is_empty() || answers(group, question)).collect();
    ordered(&mut found);
    let total = found.len();
    let last = total.saturating_sub(1) / PAGE + 1;
    let number = fields.first("page").parse().unwrap_or(1_usize).clamp(1, last);
    let at = |number: usize| Fields::default().and("q", question).and("page", &number.to_string()).query();
    let view = |group: wire::ThesaurusGroup| GroupView {
        first: group.terms.first().cloned().unwrap_or_default(),
        terms: group.terms.join(lang.pick("、", ", ")),
        id: group.id,
    };
    let Shown { status, wrong, problem } = Shown::of(lang, done.as_ref().err());
    let shown = ThesaurusPage {
        lang,
        // Whoever may only look has no other pages of the council.
        places: asked
            .authorized::<rpc::ListMembers>()
            .map_or_else(|_| Vec::new(), |_| council_nav::places("/thesaurus")),
        done: done.ok().and_then(|key| lang.find(key)).unwrap_or_default(),
        problem,
        may_change: asked.authorized::<rpc::PutThesaurusGroup>().is_ok(),
        id,
        terms,
        terms_wrong: wrong.list(lang, "group.terms"),
        question: question.to_owned(),
        heading: lang.count("thesaurus.all", total),
        before: if number > 1 { at(number - 1) } else { String::new() },
        next: if number < last { at(number + 1) } else { String::new() },
        groups: found.into_iter().skip((number - 1) * PAGE).take(PAGE).map(view).collect(),
        wrong,
    };
    asked.base.page(status, lang.say("thesaurus.title").to_owned(), &shown, &["page.js"])
}

/// `GET /thesaurus`.
pub(super) async fn show(asked: Asked<to::ShowThesaurus>) -> Result<Response, Trouble> {
    page(&asked, Ok("")).await
}

/// `POST /thesaurus`.
pub(super) async fn put(asked: Asked<to::PutTerms>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::PutThesaurusGroup>()?;
    let (id, terms) = (asked.form.first("id").to_owned(), terms_in(asked.form.first("terms")));
    let message = wire::PutThesaurusGroupRequest { group: Some(wire::ThesaurusGroup { id, terms }) };
    let put = shown(asked.site().council.put_thesaurus_group(&caller, message).await)?;
    page(&asked, put.map(|_| "thesaurus.put-done")).await
}

/// `POST /thesaurus/{id}/delete`.
pub(super) async fn delete(asked: Asked<to::DeleteTerms>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::DeleteThesaurusGroup>()?;
    let message = wire::DeleteThesaurusGroupRequest { id: asked.name("id").to_owned() };
    let deleted = shown(asked.site().council.delete_thesaurus_group(&caller, message).await)?;
    page(&asked, deleted.map(|_| "thesaurus.delete-done")).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(terms: &[&str]) -> wire::ThesaurusGroup {
        let terms = terms.iter().map(|&term| term.to_owned()).collect();
        wire::ThesaurusGroup { id: String::new(), terms }
    }

    #[test]
    fn groups_are_in_the_order_of_their_sound() {
        let mut groups =
            [group(&["有限空间", "受限空间"]), group(&["叉车"]), group(&["LOTO"]), group(&["动火"])];
        ordered(&mut groups);
        let firsts: Vec<_> = groups.iter().map(|group| group.terms[0].as_str()).collect();
        assert_eq!(firsts, ["叉车", "动火", "LOTO", "有限空间"]);
    }

    #[test]
    fn a_group_is_found_by_word_and_by_sound() {
        let space = group(&["有限空间", "Confined Space"]);
        for question in ["限空", "yxkj", "youxian", "confined", "CONFINED"] {
            assert!(answers(&space, question), "{question}");
        }
        assert!(!answers(&space, "dhzy") && !answers(&space, "动火"));
    }

    #[test]
    fn empty_lines_are_no_terms() {
        assert_eq!(terms_in(" 动火 \r\n\r\nhot work\n"), ["动火", "hot work"]);
    }
}
