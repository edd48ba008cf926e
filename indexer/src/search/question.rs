//! From the wire to a question of the index: every wrong field at once.

use prost_types::Timestamp as WireTimestamp;
use shouwang_proto::{
    id::MemberId,
    page,
    publication::{Kind, text::read_code, time_from_wire},
    refusal::{Refusal, Violations},
    wire,
};

use super::query::{self, Filters, Query, standard_key, tag_key};

/// Hits of a page unless the caller says otherwise, and at most.
const PAGE: (u32, u32) = (10, 100);
/// Most values of a filter.
const VALUES: usize = 64;

/// What was asked, checked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) query: Query,
    pub(super) filters: Filters,
    pub(super) literal: bool,
    pub(super) page_size: usize,
    pub(super) page_token: String,
    pub(super) min_applied: Vec<(MemberId, u64)>,
}

/// Reads a question.
///
/// # Errors
/// INVALID_ARGUMENT with every wrong field, or as [`query::parse`].
pub(super) fn read(request: wire::SearchRequest) -> Result<Question, Refusal> {
    let wire::SearchRequest { query, filter, page_size, page_token, min_applied, literal } = request;
    let query = query::parse(&query)?;
    let mut wrong = Violations::new();
    let filters = read_filter(filter.unwrap_or_default(), &mut wrong);
    if min_applied.len() > VALUES {
        wrong.add("min_applied", "has more than 64 values （超过 64 项）");
    }
    let min_applied: Vec<_> = min_applied
        .into_iter()
        .take(VALUES)
        .enumerate()
        .filter_map(|(index, wire::MinApplied { member_id, seq })| {
            let member =
                wrong.check(format!("min_applied[{index}].member_id"), member_id.parse::<MemberId>())?;
            Some((member, seq))
        })
        .collect();
    let page_size = page::size(page_size, PAGE.0, PAGE.1) as usize;
    wrong.finish(|| Some(Question { query, filters, literal, page_size, page_token, min_applied }))
}

fn read_filter(filter: wire::SearchFilter, wrong: &mut Violations) -> Filters {
    let wire::SearchFilter {
        kinds,
        members,
        sectors,
        hazards,
        operations,
        standards,
        languages,
        tags,
        published_after,
        published_before,
    } = filter;
    let kinds =
        few("kinds", kinds, wrong).filter_map(|(field, kind)| read_kind(&field, kind, wrong)).collect();
    let members = few("members", members, wrong)
        .filter_map(|(field, member)| wrong.check(field, member.parse::<MemberId>()))
        .collect();
    let mut codes = |name: &str, list: &str, values: Vec<String>| {
        few(name, values, wrong).filter_map(|(field, code)| read_code(&field, list, &code, wrong)).collect()
    };
    Filters {
        kinds,
        members,
        sectors: codes("sectors", "sector", sectors),
        hazards: codes("hazards", "hazard", hazards),
        operations: codes("operations", "operation", operations),
        standards: few("standards", standards, wrong).map(|(_, standard)| standard_key(&standard)).collect(),
        languages: few("languages", languages, wrong).map(|(_, language)| language.to_lowercase()).collect(),
        tags: few("tags", tags, wrong).map(|(_, tag)| tag_key(&tag)).collect(),
        published_from_ms: read_time("filter.published_after", published_after, wrong),
        published_before_ms: read_time("filter.published_before", published_before, wrong),
    }
}

/// The values of a filter with their field names; none when there are too many.
fn few<T>(
    name: &str,
    mut values: Vec<T>,
    wrong: &mut Violations,
) -> impl Iterator<Item = (String, T)> + use<T> {
    let field = format!("filter.{name}");
    if values.len() > VALUES {
        wrong.add(&field, "has more than 64 values （超过 64 项）");
        values.clear();
    }
    values.into_iter().enumerate().map(move |(index, value)| (format!("{field}[{index}]"), value))
}

fn read_kind(field: &str, kind: i32, wrong: &mut Violations) -> Option<Kind> {
    let read = Kind::from_wire(kind);
    wrong.check(
        field,
        read.ok_or("must be practice, course or resource （须为 practice、course 或 resource）"),
    )
}

fn read_time(field: &str, time: Option<WireTimestamp>, wrong: &mut Violations) -> Option<i64> {
    let read = time_from_wire(&time?).ok_or("is not a time of this calendar （时间无效）");
    wrong.check(field, read).map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let filter = wire::SearchFilter {
            kinds: vec![9],
            members: vec!["恒锐".to_owned()],
            sectors: vec!["动火作业".to_owned(), "烧烤".to_owned()],
            tags: vec![String::new(); 65],
            ..wire::SearchFilter::default()
        };
        let min_applied = vec![wire::MinApplied { member_id: "X".to_owned(), seq: 1 }];
        let request =
            wire::SearchRequest { filter: Some(filter), min_applied, ..wire::SearchRequest::default() };
        let refusal = read(request).unwrap_err();
        let fields: Vec<_> = refusal.violations.into_iter().map(|wrong| wrong.field).collect();
        assert_eq!(
            fields,
            [
                "filter.kinds[0]",
                "filter.members[0]",
                "filter.sectors[1]",
                "filter.tags",
                "min_applied[0].member_id"
            ]
        );
    }

    #[test]
    fn an_empty_question_asks_for_ten_of_everything() {
        let question = read(wire::SearchRequest::default()).unwrap();
        assert!(question.query.is_browsing() && question.filters.is_empty());
        assert_eq!(question.page_size, 10);
    }
}
