//! Reads a query. Every text is either a query or refused with the reasons; none makes it panic.

use shouwang_proto::refusal::{Refusal, Violations};

use super::{
    Filters, Query,
    fields::{self, Field},
};
use crate::search::analysis::runs;

/// Longest query in Unicode scalar values.
pub const CHARACTER_LIMIT: usize = 256;
/// Most words, phrases, exclusions and filter values together.
pub const CLAUSE_LIMIT: usize = 64;
/// Longest phrase in words; two ideographs count as one.
pub const PHRASE_LIMIT: usize = 12;

/// Reads a query.
///
/// # Errors
/// INVALID_ARGUMENT on `query`: `QUERY_TOO_LONG`, `QUERY_TOO_COMPLEX`, or `FIELDS_INVALID` with every filter value that
/// does not exist.
pub fn parse(text: &str) -> Result<Query, Refusal> {
    let characters = text.chars().count();
    if characters > CHARACTER_LIMIT {
        let why = format!(
            "has {characters} characters, at most {CHARACTER_LIMIT} （查询最长 {CHARACTER_LIMIT} 个字符）"
        );
        return Err(refused("QUERY_TOO_LONG", why));
    }
    let query = Query { text: text.to_owned(), ..Query::default() };
    let mut reader = Reader { rest: text, query, clauses: 0, wrong: Violations::new() };
    while reader.clause() {
        if reader.clauses > CLAUSE_LIMIT {
            let why = format!("has more than {CLAUSE_LIMIT} parts （查询最多 {CLAUSE_LIMIT} 个词或条件）");
            return Err(refused("QUERY_TOO_COMPLEX", why));
        }
    }
    let long =
        reader.query.phrases.iter().chain(&reader.query.without).find(|text| length(text) > PHRASE_LIMIT);
    if let Some(phrase) = long {
        let why = format!(
            "phrase {phrase:?} has more than {PHRASE_LIMIT} words （短语最长 {PHRASE_LIMIT} 个词，即 24 个汉字）"
        );
        return Err(refused("QUERY_TOO_COMPLEX", why));
    }
    let Reader { query, wrong, .. } = reader;
    wrong.finish(|| Some(query))
}

fn refused(reason: &'static str, why: String) -> Refusal {
    let mut refusal = Violations::one("query", why).into_refusal();
    refusal.reason = reason.into();
    refusal
}

/// Words of a phrase; two ideographs count as one.
fn length(phrase: &str) -> usize {
    runs(phrase).iter().map(|run| if run.ideographs { run.text.chars().count().div_ceil(2) } else { 1 }).sum()
}

struct Reader<'a> {
    rest: &'a str,
    query: Query,
    clauses: usize,
    wrong: Violations,
}

impl<'a> Reader<'a> {
    /// Reads one word, phrase or filter; false at the end.
    fn clause(&mut self) -> bool {
        self.rest = self.rest.trim_start_matches(is_space);
        if self.rest.is_empty() {
            return false;
        }
        let negated = self.negation();
        if let Some(phrase) = self.quoted() {
            self.phrase(phrase, negated);
        } else {
            let end = self.rest.find(is_space).unwrap_or(self.rest.len());
            let word = &self.rest[..end];
            match split_field(word) {
                Some((field, value)) => {
                    self.rest = &self.rest[word.len() - value.len()..];
                    self.filter(field, negated);
                }
                None => {
                    self.rest = &self.rest[end..];
                    self.word(word, negated);
                }
            }
        }
        true
    }

    /// Takes a minus that stands before something.
    fn negation(&mut self) -> bool {
        match self.rest.strip_prefix(['-', '－', '−']) {
            Some(rest) if !rest.starts_with(|next| is_space(next) || is_minus(next)) && !rest.is_empty() => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes a quoted text if one begins here and ends somewhere; a quote that never ends is literal.
    fn quoted(&mut self) -> Option<&'a str> {
        let opening = self.rest.chars().next()?;
        let closing = match opening {
            '"' => '"',
            '＂' => '＂',
            '“' => '”',
            '「' => '」',
            '『' => '』',
            _ => return None,
        };
        let (inside, rest) = self.rest[opening.len_utf8()..].split_once(closing)?;
        self.rest = rest;
        Some(inside)
    }

    fn phrase(&mut self, phrase: &str, negated: bool) {
        if runs(phrase).is_empty() {
            return;
        }
        self.clauses += 1;
        let list = if negated { &mut self.query.without } else { &mut self.query.phrases };
        list.push(phrase.to_owned());
    }

    fn word(&mut self, word: &str, negated: bool) {
        if runs(word).is_empty() {
            return;
        }
        self.clauses += 1;
        if negated {
            self.query.without.push(word.to_owned());
        } else {
            if !self.query.words.is_empty() {
                self.query.words.push(' ');
            }
            self.query.words.push_str(word);
        }
    }

    fn filter(&mut self, field: Field, negated: bool) {
        if negated && field == Field::Date {
            self.wrong
                .add("query", "date: cannot be excluded; write the range that is wanted （日期不能排除）");
        }
        let filters = if negated { &mut self.query.excluded } else { &mut self.query.filters };
        let mut add = |value: &str, filters: &mut Filters| {
            self.clauses += 1;
            if let Err(why) = fields::add(field, value, filters) {
                self.wrong.add("query", why);
            }
        };
        let mut inner =
            Reader { rest: self.rest, query: Query::default(), clauses: 0, wrong: Violations::new() };
        if let Some(value) = inner.quoted() {
            self.rest = inner.rest;
            add(value, filters);
            return;
        }
        let end = self.rest.find(is_space).unwrap_or(self.rest.len());
        let values = &self.rest[..end];
        self.rest = &self.rest[end..];
        for value in values.split([',', '，', '、']).filter(|value| !value.is_empty()) {
            add(value, filters);
        }
    }
}

/// The field and what follows its colon, when the word begins with a field's name and something follows.
fn split_field(word: &str) -> Option<(Field, &str)> {
    let (name, value) = word.split_once([':', '：'])?;
    if value.is_empty() {
        return None;
    }
    fields::field(name).map(|field| (field, value))
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

fn is_minus(character: char) -> bool {
    matches!(character, '-' | '－' | '−')
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn show(query: &Query) -> String {
        let mut out = format!("[{}]", query.words);
        for phrase in &query.phrases {
            write!(out, " +{phrase}").unwrap();
        }
        for text in &query.without {
            write!(out, " -{text}").unwrap();
        }
        for (sign, filters) in [("", &query.filters), ("-", &query.excluded)] {
            for kind in &filters.kinds {
                write!(out, " {sign}kind={}", kind.code()).unwrap();
            }
            for member in &filters.members {
                write!(out, " {sign}member={member}").unwrap();
            }
            for (name, values) in [
                ("sector", &filters.sectors),
                ("hazard", &filters.hazards),
                ("operation", &filters.operations),
                ("standard", &filters.standards),
                ("language", &filters.languages),
                ("tag", &filters.tags),
            ] {
                for value in values {
                    write!(out, " {sign}{name}={value}").unwrap();
                }
            }
            if let Some(from) = filters.published_from_ms {
                write!(out, " {sign}from={from}").unwrap();
            }
            if let Some(before) = filters.published_before_ms {
                write!(out, " {sign}before={before}").unwrap();
            }
        }
        out
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match parse(text) {
            Ok(query) => show(&query),
            Err(refusal) => {
                assert!(refusal.violations.iter().all(|wrong| wrong.field == "query"), "{refusal}");
                let words: Vec<&str> = refusal
                    .violations
                    .iter()
                    .map(|wrong| wrong.description.split([':', ' ']).next().unwrap_or_default())
                    .collect();
                format!("{} {}", refusal.reason, words.join(" "))
            }
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn queries_are_read() {
        check("", "[]");
        check(" 　\t ", "[]");
        check("有限空间 通风 检测", "[有限空间 通风 检测]");
        check("GB30871-2022 动火", "[GB30871-2022 动火]");
        check("\"上锁挂牌\" 能量", "[能量] +上锁挂牌");
        check("“上锁挂牌”「挂牌」", "[] +上锁挂牌 +挂牌");
        check("动火 -培训 -\"外包 单位\"", "[动火] -培训 -外包 单位");
        check("动火 - 培训 --x -", "[动火 培训 --x]");
        check("kind:course 类型：实践", "[] kind=practice kind=course");
        check("行业:有限空间,动火作业 -sector:food", "[] sector=confined-space sector=hot-work -sector=food");
        check("作业：动火 hazard:\"Dust explosion\"", "[] hazard=dust-explosion operation=hot-work");
        check(
            "standard:\"GB 30871—2022\" 标准:ＧＢ３０８７１",
            "[] standard=gb 30871 standard=gb 30871 2022",
        );
        check("語言:英文 lang:zh-CN tag:动火", "[] language=en language=zh-cn tag=动火");
        check("member:chenghu-chem 成员:members/ab", "[] member=ab member=chenghu-chem");
        check("date:2025", "[] from=1735660800000 before=1767196800000");
        check("date:2025.. date:..2026-01", "[] from=1735660800000 before=1769875200000");
    }

    #[test]
    fn what_is_not_known_is_literal() {
        check("foo:bar (a OR b) AND /x*/~2^3", "[foo:bar (a OR b) AND /x*/~2^3]");
        check("kind: \"never ends", "[kind: \"never ends]");
        check("比例1:2 https://example.org", "[比例1:2 https://example.org]");
        check("\"\" “……” -", "[]");
        check(&"(".repeat(200), "[]");
    }

    #[test]
    fn limits_and_wrong_values_are_refused() {
        check(&"字".repeat(257), "QUERY_TOO_LONG has");
        check(&"a ".repeat(65), "QUERY_TOO_COMPLEX has");
        check(&format!("kind:{}", "course,".repeat(21)), "[] kind=course");
        check(&format!("\"{}\"", "字".repeat(25)), "QUERY_TOO_COMPLEX phrase");
        check(&format!("\"{}\"", "字".repeat(24)), &format!("[] +{}", "字".repeat(24)));
        check("kind:book sector:太空 date:soon", "FIELDS_INVALID kind sector date");
        check("member:不存在 operation:作业", "FIELDS_INVALID member operation");
        check("-date:2025 standard:！", "FIELDS_INVALID date standard");
    }

    proptest! {
        #[test]
        fn every_text_is_a_query_or_refused(text in "\\PC{0,300}") {
            drop(parse(&text));
        }

        #[test]
        fn pieces_of_the_language_in_any_order(
            parts in prop::collection::vec(
                prop::sample::select(vec!["-", "\"", "“", "”", ":", "：", " ", ",", "kind", "类型", "date", "2025", "..", "动火", "ｇ", "\u{301}", "\0"]),
                0..60,
            )
        ) {
            drop(parse(&parts.concat()));
        }
    }
}
