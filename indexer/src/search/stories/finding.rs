//! What is found, in which order, and what is told about it.

use super::*;
use crate::search::Highlighted;

fn park() -> Hub {
    let mut confined = practice(
        1,
        "有限空间作业“先通风、再检测、后作业”",
        "进入污水井前强制通风三十分钟，四合一检测仪泵吸检测。",
    );
    confined.sectors = strings(&["confined-space", "general"]);
    confined.hazards = strings(&["asphyxiation", "poisoning"]);
    confined.operations = strings(&["confined-space"]);
    confined.standards = strings(&["GB 30871-2022"]);
    confined.tags = strings(&["有限空间", "气体检测"]);
    let mut hot = practice(2, "动火作业三点采样", "动火分析合格，按GB30871—2022分级审批。监火人不得离开。");
    hot.sectors = strings(&["hot-work"]);
    hot.hazards = strings(&["fire"]);
    hot.operations = strings(&["hot-work"]);
    hot.standards = strings(&["GB 30871-2022", "GB/T 33000-2016"]);
    let mut course = practice(3, "監火人培訓課程", "動火作業監火人的職責與實訓。");
    course.kind = Kind::Course;
    course.key.member = "chenghu-chem".parse().unwrap();
    course.language = "zh-TW".to_owned();
    let mut lock = practice(
        4,
        "Lockout and tagout for press maintenance",
        "Apply LOTO to every energy source. 上锁挂牌前先试启动。",
    );
    lock.language = "en".to_owned();
    lock.key.member = "chenghu-chem".parse().unwrap();
    let mut foam = practice(5, "泡沫消防车一台", "氨泄漏、油品火灾处置。");
    foam.kind = Kind::Resource;
    Hub::with([confined, hot, course, lock, foam])
}

#[test]
fn queries_find_the_right_publications_best_first() {
    let hub = park();
    #[track_caller]
    fn check(hub: &Hub, query: &str, expected: &str) {
        assert_eq!(hub.titles(query), expected, "{query}");
    }
    let (confined, hot, course) =
        ("有限空间作业“先通风、再检测、后作业”", "动火作业三点采样", "監火人培訓課程");
    let (lock, foam) = ("Lockout and tagout for press maintenance", "泡沫消防车一台");
    check(&hub, "有限空间 通风 检测", confined);
    check(&hub, "限空", confined);
    check(&hub, "动火", &format!("{hot} | {course}"));
    check(&hub, "動火作業", &format!("{hot} | {course} | {confined}"));
    check(&hub, "監火人培訓", &format!("{course} | {hot}"));
    check(&hub, "gb30871", &format!("{hot} | {confined}"));
    check(&hub, "ＧＢ　３０８７１—２０２２", &format!("{hot} | {confined}"));
    check(&hub, "氨", foam);
    check(&hub, "车", foam);
    check(&hub, "TAGOUT loto", lock);
    check(&hub, "\"动火作业\"", &format!("{hot} | {course}"));
    check(&hub, "\"作业动火\"", "");
    check(&hub, "\"分级审批\" 检测", hot);
    check(&hub, "动火 -课程", hot);
    check(&hub, "动火 -监火人", "");
    check(&hub, "作业 -动火作业", confined);
    check(&hub, "作业 -采样", &format!("{confined} | {course}"));
    check(&hub, "不存在的东西", "");
    check(&hub, "kind:course", course);
    check(&hub, "", &format!("{foam} | {lock} | {course} | {hot} | {confined}"));
    check(&hub, "-动火", &format!("{foam} | {lock} | {confined}"));
    check(&hub, "动火 -类型:课程", hot);
    check(&hub, "行业:有限空间,动火", &format!("{hot} | {confined}"));
    check(&hub, "作业 hazard:火灾", hot);
    check(&hub, "作业:受限", confined);
    check(&hub, "标准:GB30871", &format!("{hot} | {confined}"));
    check(&hub, "标准:GB30871-2019", "");
    check(&hub, "标准:gb/t33000", hot);
    check(&hub, "-标准:gb/t33000 标准:gb30871", confined);
    check(&hub, "tag:有限空間", confined);
    check(&hub, "语言:英文", lock);
    check(&hub, "语言:中文 动火", &format!("{hot} | {course}"));
    check(&hub, "member:chenghu-chem", &format!("{lock} | {course}"));
    check(&hub, "-member:chenghu-chem 动火", hot);
    check(&hub, "date:2025-06-17..2025-06-18", &format!("{course} | {hot}"));
}

#[test]
fn facets_count_everything_that_matches() {
    let hub = park();
    let found = hub.ask("作业");
    let shown: Vec<String> = found
        .facets
        .iter()
        .map(|facet| {
            let counts: Vec<String> =
                facet.counts.iter().map(|(value, count)| format!("{value} {count}")).collect();
            format!("{}: {}", facet.field.name(), counts.join(", "))
        })
        .collect();
    insta::assert_snapshot!(format!("{}\n{}", found.total, shown.join("\n")), @r"
    3
    kind: practice 2, course 1
    member: hengrui 2, chenghu-chem 1
    sector: confined-space 1, general 1, hot-work 1
    hazard: asphyxiation 1, fire 1, poisoning 1
    operation: confined-space 1, hot-work 1
    language: zh-CN 2, zh-TW 1
    ");
}

#[test]
fn hits_say_what_matched_and_where() {
    let hub = park();
    let hit = hub.ask("三点采样 监火").hits.remove(0);
    let text =
        |text: &str, ranges: &[(u32, u32)]| Highlighted { text: text.to_owned(), ranges: ranges.to_vec() };
    assert_eq!(hit.title, text("动火作业三点采样", &[(4, 8)]));
    assert_eq!(hit.snippet, text("…监火人不得离开。", &[(1, 3)]));
    assert_eq!((hit.kind, hit.language.as_str(), hit.revision), (Kind::Practice, "zh-CN", 1));
    assert_eq!((hit.sectors, hit.tags), (strings(&["hot-work"]), vec![]));
}

#[test]
fn the_thesaurus_finds_the_other_name_and_says_so() {
    let hub = park();
    assert_eq!(hub.titles("受限空间"), "有限空间作业“先通风、再检测、后作业”");
    assert_eq!(hub.ask("confined space").total, 0);
    hub.index.set_thesaurus(thesaurus());
    let found = hub.ask("confined space");
    assert_eq!(titles(&found), "有限空间作业“先通风、再检测、后作业”");
    assert_eq!(found.also_searched, ["有限空间", "受限空间"]);
    let literal = SearchParameters { literal: true, ..parameters("confined space") };
    let found = hub.index.searcher(member()).search(&literal).unwrap();
    assert_eq!((found.total, found.also_searched), (0, Vec::new()));
}

#[test]
fn a_revision_replaces_and_a_removal_removes() {
    let mut hub = park();
    let mut again = practice(2, "动火作业四点采样", "改版");
    again.revision = 2;
    let key = again.key.clone();
    hub.put([again]);
    assert_eq!(hub.titles("采样"), "动火作业四点采样");
    assert_eq!(hub.ask("").total, 5);
    hub.change(&[IndexChange::Remove(key.clone()), IndexChange::Remove(key)]);
    assert_eq!(hub.titles("采样"), "");
    assert_eq!(hub.ask("").total, 4);
}

#[test]
fn pages_do_not_shift_while_the_index_changes() {
    let numbers = 1..=25;
    let mut hub =
        Hub::with(numbers.clone().map(|number| practice(number, &format!("动火实践{number}"), "动火作业")));
    let mut asked = parameters("动火");
    let mut seen = Vec::new();
    for page in 0..3 {
        let found = hub.index.searcher(member()).search(&asked).unwrap();
        assert_eq!(found.total, 25, "page {page}");
        seen.extend(found.hits.into_iter().map(|hit| hit.key));
        asked.page_token = found.next_page_token;
        hub.put([practice(100 + page, "动火 动火 动火", "动火")]);
    }
    assert_eq!(asked.page_token, "");
    let different: BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), different.len()), (25, 25));
}

#[test]
fn page_tokens_of_other_questions_and_old_ones_are_refused() {
    let mut hub = Hub::with((1..=12).map(|number| practice(number, "动火", "动火作业")));
    let token = hub.ask("动火").next_page_token;
    let ask = |hub: &Hub, query: &str, token: &str, later: u64| {
        let now = Instant::now() + Duration::from_secs(later);
        let asked = SearchParameters { page_token: token.to_owned(), now, ..parameters(query) };
        hub.index.searcher(member()).search(&asked).map(|found| found.hits.len())
    };
    assert!(matches!(ask(&hub, "动火", &token, 0), Ok(2)));
    assert!(matches!(ask(&hub, "动火作业", &token, 0), Err(SearchError::Refused(_))));
    assert!(matches!(ask(&hub, "动火", "garbage", 0), Err(SearchError::Refused(_))));
    hub.put([practice(50, "动火", "")]);
    assert!(matches!(ask(&hub, "动火", &token, 299), Ok(2)));
    assert!(matches!(ask(&hub, "动火", &token, 299 + 301), Err(SearchError::PageExpired)));
}

#[test]
fn a_search_stops_at_its_deadline_and_when_nobody_waits() {
    let hub = Hub::with((0..=255).flat_map(|number| {
        (0..20_u8).map(move |other| {
            let mut one = practice(number, "动火", "动火作业");
            one.key.member = format!("member-{other}").parse().unwrap();
            one
        })
    }));
    let mut asked = parameters("动火");
    assert_eq!(hub.index.searcher(member()).search(&asked).unwrap().total, 5_120);
    asked.deadline = Deadline::at(asked.now);
    assert!(matches!(hub.index.searcher(member()).search(&asked), Err(SearchError::OutOfTime)));
    let asked = parameters("动火");
    asked.deadline.gone.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(hub.index.searcher(member()).search(&asked), Err(SearchError::OutOfTime)));
}
