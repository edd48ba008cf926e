//! The fields of the query language, by their English and Chinese names.

use shouwang_proto::vocabulary;

use super::{Filters, date};
use crate::search::{
    analysis::{Cut, folded, words},
    document::Kind,
};

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Kind,
    Member,
    Sector,
    Hazard,
    Operation,
    Standard,
    Language,
    Tag,
    Date,
}

const NAMES: [(Field, &[&str]); 9] = [
    (Field::Kind, &["kind", "类型", "种类"]),
    (Field::Member, &["member", "成员", "企业", "单位"]),
    (Field::Sector, &["sector", "行业", "分联盟"]),
    (Field::Hazard, &["hazard", "致害类型", "事故类型", "危害"]),
    (Field::Operation, &["operation", "特殊作业", "作业"]),
    (Field::Standard, &["standard", "标准", "规范"]),
    (Field::Language, &["language", "lang", "语言", "语种"]),
    (Field::Tag, &["tag", "标签"]),
    (Field::Date, &["date", "日期", "发布日期"]),
];

const KINDS: [(Kind, &[&str]); 3] = [
    (Kind::Practice, &["practice", "practices", "实践", "最佳实践", "经验", "做法"]),
    (Kind::Course, &["course", "courses", "课程", "菜单", "培训"]),
    (Kind::Resource, &["resource", "resources", "资源", "互援资源", "应急资源"]),
];

const LANGUAGES: [(&str, &[&str]); 2] =
    [("zh", &["中文", "汉语", "chinese"]), ("en", &["英文", "英语", "english"])];

/// The field with this name, in any script, case or width.
pub(super) fn field(name: &str) -> Option<Field> {
    let name = folded(name);
    NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(field, _)| *field)
}

/// The key of a standard: its letters and numbers with a space between, so that every spelling is one. `GB30871—2022`
/// and `gb 30871-2022` are `gb 30871 2022`.
#[must_use]
pub fn standard_key(text: &str) -> String {
    words(text, Cut::Singles).join(" ")
}

/// The key of a tag: folded.
#[must_use]
pub fn tag_key(text: &str) -> String {
    folded(text)
}

/// Adds a value to the filters, or says what is wrong with it.
pub(super) fn add(field: Field, value: &str, filters: &mut Filters) -> Result<(), String> {
    match field {
        Field::Kind => {
            let key = folded(value);
            let found = KINDS.iter().find(|(_, names)| names.contains(&key.as_str()));
            let (kind, _) = found.ok_or_else(|| {
                format!(
                    "kind: no such kind {value:?}; practice, course or resource （类型可为 实践、课程、资源）"
                )
            })?;
            filters.kinds.insert(*kind);
        }
        Field::Member => {
            let id = value.strip_prefix("members/").unwrap_or(value).to_lowercase();
            filters.members.insert(id.parse().map_err(|error| format!("member: {value:?} {error}"))?);
        }
        Field::Sector => drop(filters.sectors.insert(code("sector", value)?)),
        Field::Hazard => drop(filters.hazards.insert(code("hazard", value)?)),
        Field::Operation => drop(filters.operations.insert(code("operation", value)?)),
        Field::Standard => {
            let key = standard_key(value);
            if key.is_empty() {
                return Err(format!("standard: {value:?} has no letters or digits （标准号应含字母或数字）"));
            }
            filters.standards.insert(key);
        }
        Field::Language => {
            let key = value.to_lowercase();
            let named = LANGUAGES.iter().find(|(_, names)| names.contains(&folded(value).as_str()));
            filters.languages.insert(named.map_or(key, |(tag, _)| (*tag).to_owned()));
        }
        Field::Tag => drop(filters.tags.insert(tag_key(value))),
        Field::Date => {
            let (from, before) = date::range(value).ok_or_else(|| {
                format!("date: {value:?} is no date; write 2025, 2025-03, 2025-03-01 or 2025-01..2025-06 （日期格式有误）")
            })?;
            filters.published_from_ms = filters.published_from_ms.max(from);
            filters.published_before_ms = match (filters.published_before_ms, before) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
    Ok(())
}

/// The code of a vocabulary term that was written as code, name or the only name that contains it (动火: 动火作业).
fn code(list: &str, value: &str) -> Result<String, String> {
    let key = folded(value);
    let terms = vocabulary::list(list).map_or(&[][..], |list| &list.terms[..]);
    let is =
        |term: &&vocabulary::Term| [&term.code, &term.zh, &term.en].iter().any(|name| folded(name) == key);
    let has = |term: &&vocabulary::Term| folded(&term.zh).contains(&key) || folded(&term.en).contains(&key);
    let mut partly = terms.iter().filter(has);
    let only = match (partly.next(), partly.next()) {
        (Some(only), None) if !key.is_empty() => Some(only),
        _ => None,
    };
    let found = terms.iter().find(is).or(only);
    found.map(|term| term.code.clone()).ok_or_else(|| {
        let names: Vec<&str> = terms.iter().map(|term| term.zh.as_str()).collect();
        format!("{list}: no such term {value:?}; one of （可为） {}", names.join("、"))
    })
}
