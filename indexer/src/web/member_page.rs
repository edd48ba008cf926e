//! The council's page of one member: its link, what of it is not shown and why, and what the operator may do.

use askama::Template;
use axum::response::Response;
use shouwang_pages::{
    Lang,
    age::{self, Age},
    icon,
    shown::{Shown, shown},
    trouble::Trouble,
    wrong::Wrong,
};
use shouwang_proto::{id::MemberId, publication::time_from_wire, refusal::Refusal, wire};

use super::{
    asked::{Asked, Knowing as _},
    members_page::{MemberView, groups_in, member_view},
    route::{Route, to},
};
use crate::council::permission::rpc;

/// Records in quarantine on a page.
const PAGE: u32 = 50;

struct KeptView {
    address: String,
    record: String,
    position: String,
    reason: String,
    detail: String,
    since: Option<Age>,
}

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage {
    lang: Lang,
    done: String,
    problem: String,
    member: MemberView,
    created: String,
    joined: String,
    /// The operator, who may change it.
    may_change: bool,
    is_suspended: bool,
    has_node: bool,
    groups: String,
    groups_wrong: String,
    reason: String,
    kept: Vec<KeptView>,
    next: String,
    wrong: Wrong,
}

/// The name of the member in the path. What cannot be one leads nowhere.
fn member_in<R: Route>(asked: &Asked<R>) -> Result<String, Trouble> {
    asked.name("member").parse::<MemberId>().map(|id| id.name()).map_err(|_| Trouble::nowhere())
}

fn kept_view(lang: Lang, kept: wire::QuarantinedEntry, now: jiff::Timestamp) -> KeptView {
    let path = kept.publication.replacen("members/", "/p/", 1).replacen("/publications/", "/", 1);
    let position = kept.position.map(|position| format!("{}.{}", position.epoch, position.seq));
    KeptView {
        record: kept.publication.rsplit('/').next().unwrap_or_default().to_owned(),
        address: path,
        position: position.unwrap_or_default(),
        reason: kept.reason,
        detail: lang.part(&kept.detail).to_owned(),
        since: kept
            .quarantine_time
            .and_then(|time| time_from_wire(&time))
            .map(|since| Age::of(lang, since, now)),
    }
}

/// The page, after this was done or refused.
async fn page<R: Route>(asked: &Asked<R>, done: Result<String, Refusal>) -> Result<Response, Trouble> {
    let (lang, now, council) = (asked.lang(), asked.site().world.now(), &asked.site().council);
    let caller = asked.authorized::<rpc::GetMember>()?;
    let member = council.get_member(&caller, wire::GetMemberRequest { name: member_in(asked)? }).await?;
    let question = wire::ListQuarantineRequest {
        member_id: asked.name("member").to_owned(),
        page_size: PAGE,
        page_token: asked.fields().first("after").to_owned(),
    };
    let kept = council.list_quarantine(&asked.authorized::<rpc::ListQuarantine>()?, question).await?;
    let next = asked.fields().without("after").and("after", &kept.next_page_token).query();
    let exactly = |time: Option<prost_types::Timestamp>| {
        time.and_then(|time| time_from_wire(&time)).map(age::exact).unwrap_or_default()
    };
    let Shown { status, wrong, problem } = Shown::of(lang, done.as_ref().err());
    let (typed, is_wrong) = (|name: &str| asked.form.first(name).to_owned(), done.is_err());
    let shown = MemberPage {
        lang,
        done: done.unwrap_or_default(),
        problem,
        created: exactly(member.create_time),
        joined: exactly(member.join_time),
        may_change: asked.authorized::<rpc::SetMemberGroups>().is_ok(),
        is_suspended: member.state() == wire::MemberState::Suspended,
        has_node: member.join_time.is_some(),
        groups: if is_wrong && R::ROW.name == to::SetMemberGroups::ROW.name {
            typed("groups")
        } else {
            member.groups.join(" ")
        },
        groups_wrong: wrong.list(lang, "groups"),
        reason: if is_wrong { typed("reason") } else { String::new() },
        kept: kept.entries.into_iter().map(|kept| kept_view(lang, kept, now)).collect(),
        next: if kept.next_page_token.is_empty() { String::new() } else { next },
        member: member_view(lang, member, now),
        wrong,
    };
    asked.base.page(status, shown.member.name.clone(), &shown, &["page.js"])
}

/// `GET /members/{member}`.
pub(super) async fn show(asked: Asked<to::ShowMember>) -> Result<Response, Trouble> {
    page(&asked, Ok(String::new())).await
}

/// What a page says of a member that was changed.
fn said<R: Route>(
    asked: &Asked<R>,
    key: &str,
    changed: Result<wire::Member, Refusal>,
) -> Result<String, Refusal> {
    changed.map(|member| asked.lang().with(key, "name", &member.display_name))
}

/// `POST /members/{member}/suspend`.
pub(super) async fn suspend(asked: Asked<to::SuspendMember>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::SuspendMember>()?;
    let message = wire::SuspendMemberRequest {
        name: member_in(&asked)?,
        reason: asked.form.first("reason").to_owned(),
    };
    let changed = shown(asked.site().council.suspend_member(&caller, message).await)?;
    page(&asked, said(&asked, "members.suspend-done", changed)).await
}

/// `POST /members/{member}/reinstate`.
pub(super) async fn reinstate(asked: Asked<to::ReinstateMember>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::ReinstateMember>()?;
    let message = wire::ReinstateMemberRequest { name: member_in(&asked)? };
    let changed = shown(asked.site().council.reinstate_member(&caller, message).await)?;
    page(&asked, said(&asked, "members.reinstate-done", changed)).await
}

/// `POST /members/{member}/groups`.
pub(super) async fn set_groups(asked: Asked<to::SetMemberGroups>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::SetMemberGroups>()?;
    let message = wire::SetMemberGroupsRequest {
        name: member_in(&asked)?,
        groups: groups_in(asked.form.first("groups")),
    };
    let changed = shown(asked.site().council.set_member_groups(&caller, message).await)?;
    page(&asked, said(&asked, "members.groups-done", changed)).await
}

/// `POST /members/{member}/retry`.
pub(super) async fn retry(asked: Asked<to::RetryQuarantine>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::RetryQuarantine>()?;
    let message = wire::RetryQuarantineRequest { member_id: asked.name("member").to_owned() };
    let retried = shown(asked.site().council.retry_quarantine(&caller, message).await)?;
    let words = retried.map(|wire::RetryQuarantineResponse { released, kept }| {
        asked.lang().fill("members.retry-done", &[("released", &released), ("kept", &kept)])
    });
    page(&asked, words).await
}
