//! What helps to ask: suggestions while typing and likelier spellings.

use super::*;

fn park() -> Hub {
    let mut documents = vec![
        practice(1, "动火作业分级审批", "动火前三十分钟内分析。"),
        practice(2, "特级动火作业监护", "监火人不离岗。"),
        practice(3, "有限空间作业：先通风、再检测", "受限空间同此。"),
        practice(4, "Confined space entry permit", "Test the atmosphere."),
        practice(5, "天然气泄漏应急处置卡", "先关阀。"),
        practice(6, "GB30871动火作业培训", "八大特殊作业。"),
    ];
    documents[0].tags = strings(&["动火作业", "审批"]);
    documents[1].tags = strings(&["動火", "动火作业"]);
    let hub = Hub::with(documents);
    hub.index.set_thesaurus(thesaurus());
    hub
}

fn suggestions(hub: &Hub, caller: &Caller, typed: &str) -> String {
    let all = hub.index.searcher(caller.clone()).suggest(typed, 5);
    all.iter().map(|one| format!("{} {}", one.source.name(), one.text)).collect::<Vec<_>>().join(" | ")
}

#[test]
fn typing_in_characters_sounds_and_initials_is_completed() {
    let hub = park();
    #[track_caller]
    fn check(hub: &Hub, typed: &str, expected: &str) {
        assert_eq!(suggestions(hub, &member(), typed), expected, "{typed}");
    }
    check(&hub, "动火", "tag 動火 | tag 动火作业 | title 动火作业分级审批 | title GB30871动火作业培训");
    check(&hub, "動", "tag 動火 | tag 动火作业 | title 动火作业分级审批 | title GB30871动火作业培训");
    check(&hub, "dongh", "tag 動火 | tag 动火作业 | title 动火作业分级审批 | title GB30871动火作业培训");
    check(&hub, "dhzyf", "title 动火作业分级审批");
    check(&hub, "动huo", "tag 動火 | tag 动火作业 | title 动火作业分级审批 | title GB30871动火作业培训");
    check(&hub, "洞火", "tag 動火 | tag 动火作业 | title 动火作业分级审批 | title GB30871动火作业培训");
    check(&hub, "再检", "title 有限空间作业：先通风、再检测");
    check(&hub, "confined", "thesaurus confined space | title Confined space entry permit");
    check(&hub, "space e", "title Confined space entry permit");
    check(&hub, "loto", "thesaurus LOTO");
    check(&hub, "ssgp", "thesaurus 上锁挂牌");
    check(&hub, "youxian", "thesaurus 有限空间 | title 有限空间作业：先通风、再检测");
    check(&hub, "gb 30871 动", "title GB30871动火作业培训");
    check(&hub, "xyz", "");
    check(&hub, "，", "");
    check(&hub, "", "");
}

#[test]
fn misspelt_queries_get_a_likelier_spelling() {
    let hub = park();
    #[track_caller]
    fn check(hub: &Hub, query: &str, expected: Option<&str>) {
        assert_eq!(hub.ask(query).did_you_mean.as_deref(), expected, "{query}");
    }
    check(&hub, "动伙作业", Some("动火作业"));
    check(&hub, "动伙作业 kind:practice -培训", Some("动火作业 kind:practice -培训"));
    check(&hub, "天燃气泄漏", Some("天然气泄漏"));
    check(&hub, "受限空问", Some("受限空间"));
    check(&hub, "confned space", Some("confined space"));
    check(&hub, "动火作业", None);
    check(&hub, "监火人", None);
    check(&hub, "", None);
}

#[test]
fn suggestions_follow_changes_and_restarts() {
    let mut hub = park();
    let mut again = practice(1, "焊接烟尘治理", "");
    again.tags = strings(&["焊接"]);
    hub.put([again.clone()]);
    assert_eq!(suggestions(&hub, &member(), "动火作业分"), "");
    assert_eq!(suggestions(&hub, &member(), "hanjie"), "tag 焊接 | title 焊接烟尘治理");
    // A withdrawal counts at once, the commit may come later.
    hub.index.apply(&[IndexChange::Remove(again.key)]).unwrap();
    assert_eq!(suggestions(&hub, &member(), "hanjie"), "");
    hub.change(&[]);
    let Hub { folder, index, position } = hub;
    drop(index);
    let index = SearchIndex::open(folder.path(), IndexSettings::default()).unwrap();
    let hub = Hub { folder, index, position };
    assert_eq!(suggestions(&hub, &member(), "hanjie"), "");
    assert_eq!(suggestions(&hub, &member(), "动火作业"), "tag 动火作业 | title GB30871动火作业培训");
}

#[test]
fn many_small_commits_suggest_the_same_as_one() {
    let documents: Vec<Document> = (0..60)
        .map(|number| {
            let mut one = practice(number, &format!("动火实践{}", number % 7), "");
            one.tags = vec![format!("标签{}", number % 5)];
            one
        })
        .collect();
    let one = Hub::with(documents.clone());
    let mut other = Hub::new();
    for document in documents {
        other.put([document]);
    }
    for typed in ["动", "biao", "dhsj", "标签3", "6"] {
        assert_eq!(suggestions(&one, &member(), typed), suggestions(&other, &member(), typed), "{typed}");
    }
}
