use shouwang_proto::wire::{CharacterRange, FacetCount, PublicationKind};

use super::*;

fn answer() -> SearchView {
    let marked = |text: &str, start, end| {
        Some(HighlightedText { text: text.to_owned(), ranges: vec![CharacterRange { start, end }] })
    };
    let count = |value: &str, zh: &str, en: &str, count| FacetCount {
        value: value.to_owned(),
        label_zh: zh.to_owned(),
        label_en: en.to_owned(),
        count,
    };
    SearchView::from(SearchResponse {
        hits: vec![SearchHit {
            name: "members/chenghu-chem/publications/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39".to_owned(),
            kind: PublicationKind::Practice as i32,
            member_id: "chenghu-chem".to_owned(),
            member_display_name: "澄湖化工".to_owned(),
            title: marked("进罐前的有限空间通风", 4, 8),
            snippet: marked("先通风\n再检测", 0, 3),
            score: 3.5,
            ..SearchHit::default()
        }],
        total: 12,
        facets: vec![Facet {
            field: "kind".to_owned(),
            counts: vec![
                count("practice", "最佳实践", "Practice", 9),
                count("course", "菜单课程", "Course", 3),
            ],
        }],
        next_page_token: "abc".to_owned(),
        also_searched: vec!["受限空间".to_owned()],
        did_you_mean: String::new(),
        index_time: None,
        took: Some(prost_types::Duration { seconds: 0, nanos: 1_250_000 }),
    })
}

#[test]
fn people_see_kind_owner_id_and_counts() {
    insta::assert_snapshot!(answer().text(Style { lang: Lang::Zh, colour: false }), @"
    共 12 条，用时 1.2 毫秒
    同时检索: 受限空间
      1. [最佳实践] 进罐前的有限空间通风
         先通风 再检测
         澄湖化工 · members/chenghu-chem/publications/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39
    类型: 最佳实践 9 · 菜单课程 3
    下一页: --page-token abc
    ");
}

#[test]
fn matches_are_marked_on_a_terminal() {
    let text = answer().text(Style { lang: Lang::En, colour: true });
    assert!(text.contains("进罐前的\u{1b}[1;33m有限空间\u{1b}[0m通风"), "{text:?}");
}

#[test]
fn programs_see_the_contract() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer()).unwrap(), @r#"
    {
      "total": 12,
      "hits": [
        {
          "id": "members/chenghu-chem/publications/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39",
          "kind": "practice",
          "member": "chenghu-chem",
          "title": "进罐前的有限空间通风",
          "snippet": "先通风\n再检测",
          "score": 3.5
        }
      ],
      "facets": {
        "kind": [
          {
            "value": "practice",
            "label_zh": "最佳实践",
            "label_en": "Practice",
            "count": 9
          },
          {
            "value": "course",
            "label_zh": "菜单课程",
            "label_en": "Course",
            "count": 3
          }
        ]
      },
      "also_searched": [
        "受限空间"
      ],
      "did_you_mean": "",
      "next_page_token": "abc",
      "took_ms": 1.25
    }
    "#);
}
