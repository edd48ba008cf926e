//! The council's charts: publications, calls for help and how soon they were answered, and how fresh the members are. Each
//! is a drawing made here and the same numbers as a table under it.

mod drawing;
mod figures;

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{Lang, age, frame::Place, trouble::Trouble};
use shouwang_proto::{mutual_aid::term::Priority, publication::Kind};

use self::{
    drawing::{Column, Drawing, Part, Scale, draw},
    figures::{EVENTS, LIMIT_SECONDS, Response as Answered, WEEK_MS},
};
use super::{
    asked::{Asked, Knowing as _},
    council_nav, members_page,
    route::to,
};
use crate::{
    council::permission::rpc,
    search::analysis::pinyin::spelled,
    store::{
        Conn,
        catalog::catalog_spans,
        mutual_aid::response::{requests_since, timeline_events},
    },
};

/// Requests that are looked at, and those of which each has a column.
const REQUESTS: u32 = 200;
const COLUMNS: usize = 30;
/// Columns end at this many times the limit.
const CUT: u64 = 5;
/// Styles of three things in one column.
const KINDS: [&str; 3] = ["practice", "course", "resource"];
const PRIORITIES: [&str; 3] = ["p1", "p2", "p3"];

struct Key {
    style: &'static str,
    label: String,
}

struct Chart {
    id: &'static str,
    title: &'static str,
    /// What it says in one sentence.
    summary: String,
    /// Of the numbers at the left.
    unit: &'static str,
    /// What the line across means; empty without one.
    line_label: String,
    keys: Vec<Key>,
    drawing: Drawing,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "charts.html")]
struct ChartsPage {
    lang: Lang,
    places: Vec<Place>,
    charts: Vec<Chart>,
    now: String,
}

/// `GET /charts`.
pub(super) async fn show(asked: Asked<to::ShowCharts>) -> Result<Response, Trouble> {
    let (lang, now) = (asked.lang(), asked.site().world.now());
    let first = figures::first_week(now);
    let members = asked.site().council.everybody(&asked.authorized::<rpc::ListMembers>()?);
    let read = async move |conn: &mut Conn| {
        let spans = catalog_spans(conn, first.as_millisecond(), WEEK_MS).await?;
        let mut answered = Vec::new();
        for request in requests_since(conn, first, REQUESTS).await? {
            let entries = timeline_events(conn, request.id, &EVENTS).await?;
            answered.extend(figures::response(&request, &entries));
        }
        Ok((spans, answered))
    };
    let (spans, mut answered) = asked.site().council.oversight().store.read(read).await?;
    answered.sort_by_key(|answered| answered.submitted);
    let weeks = figures::weeks(first);
    let kinds = Kind::ALL.map(|kind| in_words(lang, kind.labels()));
    let priorities: Vec<_> = Priority::ALL.iter().map(|priority| in_words(lang, priority.labels())).collect();
    let published = figures::publications(&spans);
    let asked_for = figures::requests(first, &answered);
    let mut charts = vec![
        weekly(lang, ("publications", "charts.publications"), &weeks, &published, KINDS, &kinds),
        weekly(lang, ("requests", "charts.requests"), &weeks, &asked_for, PRIORITIES, &priorities),
    ];
    let newest = &answered[answered.len().saturating_sub(COLUMNS)..];
    charts.push(times(lang, ("acknowledged", "charts.acknowledged"), newest, |one| one.acknowledged));
    charts.push(times(lang, ("promised", "charts.promised"), newest, |one| one.promised));
    charts.push(times(lang, ("arrived", "charts.arrived"), newest, |one| one.arrived));
    charts.push(freshness(lang, members, now));
    let shown = ChartsPage { lang, places: council_nav::places("/charts"), charts, now: age::exact(now) };
    asked.page(lang.say("charts.title").to_owned(), &shown, &[])
}

fn in_words(lang: Lang, (zh, en): (&str, &str)) -> String {
    lang.pick(zh, en).to_owned()
}

fn words(lang: Lang, key: &str) -> &'static str {
    lang.find(key).unwrap_or_default()
}

/// Three counts for each week.
fn weekly(
    lang: Lang,
    (id, title): (&'static str, &str),
    weeks: &[Timestamp],
    counts: &[[u64; 3]],
    styles: [&'static str; 3],
    labels: &[String],
) -> Chart {
    let part = |(style, value): (&'static str, &u64)| Part { style, value: *value };
    let columns: Vec<_> = weeks
        .iter()
        .zip(counts)
        .map(|(week, counts)| Column {
            label: age::day(*week).get(5..).unwrap_or_default().to_owned(),
            parts: styles.into_iter().zip(counts).map(part).collect(),
        })
        .collect();
    let row = |(week, counts): (&Timestamp, &[u64; 3])| {
        let sum = counts.iter().sum::<u64>();
        let counts = counts.iter().chain([&sum]).map(u64::to_string);
        [age::day(*week)].into_iter().chain(counts).collect()
    };
    let total: u64 = counts.iter().flatten().sum();
    let heads = [words(lang, "charts.week").to_owned()].into_iter().chain(labels.iter().cloned());
    Chart {
        id,
        title: words(lang, title),
        summary: lang.with("charts.weeks-total", "count", &total),
        unit: words(lang, "charts.unit-count"),
        line_label: String::new(),
        keys: styles
            .into_iter()
            .zip(labels.iter().cloned())
            .map(|(style, label)| Key { style, label })
            .collect(),
        drawing: draw(&columns, Scale { unit: 1, line: None, cap: None }),
        heads: heads.chain([words(lang, "charts.sum").to_owned()]).collect(),
        rows: weeks.iter().zip(counts).map(row).collect(),
    }
}

/// `3:05`.
fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// How long one step took, of each request.
fn times(
    lang: Lang,
    (id, title): (&'static str, &str),
    answered: &[Answered],
    of: fn(&Answered) -> Option<u64>,
) -> Chart {
    let column = |(number, one): (usize, &Answered)| {
        let style = |value| if value > LIMIT_SECONDS { "late" } else { "good" };
        let part = of(one).map(|value| Part { style: style(value), value });
        Column { label: (number + 1).to_string(), parts: part.into_iter().collect() }
    };
    let row = |(number, one): (usize, &Answered)| {
        let took = of(one).map_or_else(|| words(lang, "charts.not-yet").to_owned(), minutes);
        let priority = in_words(lang, one.priority.labels());
        vec![(number + 1).to_string(), one.title.clone(), priority, age::exact(one.submitted), took]
    };
    let seconds: Vec<_> = answered.iter().filter_map(of).collect();
    let summary = figures::middle(&seconds).map_or_else(
        || words(lang, "charts.nothing").to_owned(),
        |(within, middle)| {
            let (all, middle) = (seconds.len(), minutes(middle));
            lang.fill("charts.within", &[("within", &within), ("all", &all), ("middle", &middle)])
        },
    );
    let columns: Vec<_> = answered.iter().enumerate().map(column).collect();
    let scale = Scale { unit: 60, line: Some(LIMIT_SECONDS), cap: Some(LIMIT_SECONDS * CUT) };
    let heads = ["charts.number", "charts.request", "charts.priority", "charts.submitted", "charts.took"];
    Chart {
        id,
        title: words(lang, title),
        summary,
        unit: words(lang, "charts.unit-minutes"),
        line_label: words(lang, "charts.limit").to_owned(),
        keys: vec![
            Key { style: "good", label: words(lang, "charts.in-time").to_owned() },
            Key { style: "late", label: words(lang, "charts.late").to_owned() },
        ],
        drawing: draw(&columns, scale),
        heads: heads.map(|key| words(lang, key).to_owned()).into(),
        rows: answered.iter().enumerate().map(row).collect(),
    }
}

/// When each member's node was last heard.
fn freshness(lang: Lang, mut members: Vec<shouwang_proto::wire::Member>, now: Timestamp) -> Chart {
    members.retain(|member| member.link.is_some());
    members.sort_by_cached_key(|member| spelled(&member.display_name).full);
    let heard = |member: &shouwang_proto::wire::Member| {
        let time = member.link.as_ref()?.heard_time?;
        let heard = shouwang_proto::publication::time_from_wire(&time)?;
        Some(u64::try_from(now.duration_since(heard).as_secs()).unwrap_or(0))
    };
    let part = |value| Part { style: if value > LIMIT_SECONDS { "late" } else { "good" }, value };
    let columns: Vec<_> = members
        .iter()
        .map(|member| Column {
            label: member.display_name.chars().take(5).collect(),
            parts: heard(member).map(part).into_iter().collect(),
        })
        .collect();
    let fresh = members.iter().filter_map(heard).filter(|seconds| *seconds <= LIMIT_SECONDS).count();
    let heads = ["field.member", "members.link", "members.heard", "members.behind", "members.unindexed"];
    let rows = members.into_iter().map(|member| {
        let view = members_page::member_view(lang, member, now);
        let link = view.link.map_or_else(Vec::new, |link| {
            let heard =
                link.heard.map_or_else(|| words(lang, "members.not-heard").to_owned(), |age| age.words);
            vec![link.state.to_owned(), heard, link.behind.to_string(), link.unindexed.to_string()]
        });
        [view.name].into_iter().chain(link).collect()
    });
    let rows: Vec<Vec<String>> = rows.collect();
    Chart {
        id: "freshness",
        title: words(lang, "charts.freshness"),
        summary: lang.fill("charts.fresh", &[("fresh", &fresh), ("all", &rows.len())]),
        unit: words(lang, "charts.unit-minutes"),
        line_label: words(lang, "charts.limit").to_owned(),
        keys: Vec::new(),
        drawing: draw(
            &columns,
            Scale { unit: 60, line: Some(LIMIT_SECONDS), cap: Some(LIMIT_SECONDS * CUT) },
        ),
        heads: heads.map(|key| words(lang, key).to_owned()).into(),
        rows,
    }
}
