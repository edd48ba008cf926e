//! The audit log: who did what, looked for by who, what and when, and whether its chain is whole.

use askama::Template;
use axum::response::Response;
use jiff::{Timestamp, civil::Date};
use shouwang_pages::{Fields, Lang, age, frame::Place, icon, shown::Shown, trouble::Trouble, wrong::Wrong};
use shouwang_proto::refusal::{Refusal, Violations};

use super::{
    asked::Asked,
    council_nav,
    route::{Route, to},
};
use crate::store::audit::{AuditEntry, AuditFilter};

/// Rows on a page.
const PAGE: u32 = 50;
/// Longest text that is looked for, in characters.
const SOUGHT: usize = 100;
/// What the first part of an action is about.
const AREAS: [(&str, &str); 13] = [
    ("account", "audit.account"),
    ("alert", "audit.alert"),
    ("assignment", "audit.assignment"),
    ("deadline", "audit.deadline"),
    ("hub", "audit.hub"),
    ("incident", "audit.incident"),
    ("ledger", "audit.ledger"),
    ("member", "audit.member"),
    ("notice", "audit.notice"),
    ("quarantine", "audit.quarantine"),
    ("request", "audit.request"),
    ("thesaurus", "audit.thesaurus"),
    ("token", "audit.token"),
];

struct AreaView {
    code: &'static str,
    label: &'static str,
    is_chosen: bool,
}

struct RowView {
    number: u64,
    at: String,
    machine: String,
    who: String,
    who_id: String,
    area: &'static str,
    action: String,
    subject: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    lang: Lang,
    places: Vec<Place>,
    checked: String,
    broken: String,
    problem: String,
    actor: String,
    subject: String,
    from: String,
    until: String,
    areas: Vec<AreaView>,
    rows: Vec<RowView>,
    is_filtered: bool,
    next: String,
    wrong: Wrong,
}

/// Where a day begins or ends in +08:00.
fn edge(text: &str, is_end: bool) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    age::midnight(if is_end { date.tomorrow().ok()? } else { date })
}

/// What the address asks for.
fn filter(fields: &Fields) -> Result<AuditFilter, Refusal> {
    let mut wrong = Violations::new();
    let text = |name: &str| fields.first(name).chars().take(SOUGHT).collect::<String>();
    let mut moment = |name: &'static str, is_end| match fields.first(name) {
        "" => None,
        text => {
            let moment = edge(text, is_end);
            wrong.check(name, moment.ok_or("must be a day such as 2026-11-22 （须为日期，如 2026-11-22）"))
        }
    };
    let (from, until) = (moment("from", false), moment("until", true));
    let area = AREAS.iter().find(|(code, _)| *code == fields.first("area"));
    let action = area.map_or_else(String::new, |(code, _)| format!("{code}."));
    wrong.finish(|| Some(AuditFilter { actor: text("actor"), action, subject: text("subject"), from, until }))
}

fn row_view(lang: Lang, row: AuditEntry) -> RowView {
    let AuditEntry { number, at, actor, action, subject, detail } = row;
    let (who_id, who) = actor.split_once(' ').unwrap_or(("", &actor));
    let area = AREAS.iter().find(|(code, _)| action.split('.').next() == Some(*code));
    RowView {
        number,
        at: age::exact(at),
        machine: at.to_string(),
        who: who.to_owned(),
        who_id: who_id.to_owned(),
        area: area.and_then(|(_, key)| lang.find(key)).unwrap_or_default(),
        action,
        subject,
        detail: if detail == "{}" { String::new() } else { detail },
    }
}

/// The page, with what the chain says if it was asked.
async fn page<R: Route>(asked: &Asked<R>, chain: Option<Result<u64, u64>>) -> Result<Response, Trouble> {
    let (lang, fields) = (asked.lang(), asked.fields());
    let before = fields.first("before").parse().ok();
    let filter = filter(fields);
    let (rows, next) = match filter.clone() {
        Ok(filter) => asked.site().council.oversight().audit(filter, before, PAGE).await?,
        Err(_) => (Vec::new(), None),
    };
    let Shown { status, wrong, problem } = Shown::of(lang, filter.as_ref().err());
    let area = |(code, key): (&'static str, &'static str)| AreaView {
        code,
        label: lang.find(key).unwrap_or_default(),
        is_chosen: fields.first("area") == code,
    };
    let next = next.map(|number| fields.without("before").without("lang").and("before", &number.to_string()));
    let shown = AuditPage {
        lang,
        places: council_nav::places("/audit"),
        checked: match chain {
            Some(Ok(rows)) => lang.with("audit.whole", "count", &rows),
            Some(Err(_)) | None => String::new(),
        },
        broken: match chain {
            Some(Err(number)) => lang.with("audit.broken", "number", &number),
            Some(Ok(_)) | None => String::new(),
        },
        problem,
        actor: fields.first("actor").to_owned(),
        subject: fields.first("subject").to_owned(),
        from: fields.first("from").to_owned(),
        until: fields.first("until").to_owned(),
        areas: AREAS.map(area).into(),
        rows: rows.into_iter().map(|row| row_view(lang, row)).collect(),
        is_filtered: filter.is_ok_and(|filter| filter != AuditFilter::default()),
        next: next.map(|fields| fields.query()).unwrap_or_default(),
        wrong,
    };
    asked.base.page(status, lang.say("audit.title").to_owned(), &shown, &["page.js"])
}

/// `GET /audit`.
pub(super) async fn show(asked: Asked<to::ShowAudit>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// `POST /audit/check`.
pub(super) async fn check(asked: Asked<to::CheckAudit>) -> Result<Response, Trouble> {
    let chain = asked.site().council.oversight().audit_check().await?;
    page(&asked, Some(chain)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_in_china() {
        let fields = Fields::read(b"from=2026-11-22&until=2026-11-22&area=member&actor=gu");
        let found = filter(&fields).unwrap();
        assert_eq!(found.from.unwrap().to_string(), "2026-11-21T16:00:00Z");
        assert_eq!(found.until.unwrap().to_string(), "2026-11-22T16:00:00Z");
        assert_eq!((found.action.as_str(), found.actor.as_str()), ("member.", "gu"));
        let wrong = filter(&Fields::read(b"from=yesterday&until=2026-13-01")).unwrap_err();
        let fields: Vec<_> = wrong.violations.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, ["from", "until"]);
    }

    #[test]
    fn a_row_tells_who_by_name() {
        let row = AuditEntry {
            number: 7,
            at: Timestamp::UNIX_EPOCH,
            actor: "accounts/1 顾思远".to_owned(),
            action: "member.suspend".to_owned(),
            subject: "members/x".to_owned(),
            detail: "{}".to_owned(),
        };
        let view = row_view(Lang::En, row.clone());
        assert_eq!((view.who.as_str(), view.who_id.as_str(), view.area), ("顾思远", "accounts/1", "Member"));
        let hub = row_view(Lang::En, AuditEntry { actor: "hub".to_owned(), ..row });
        assert_eq!((hub.who.as_str(), hub.who_id.as_str()), ("hub", ""));
    }
}
