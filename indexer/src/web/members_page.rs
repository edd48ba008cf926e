//! The council's page of members: how their links are, and an invite for the next one.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::{self, Age},
    frame::Place,
    icon,
    shown::{Shown, shown},
    trouble::Trouble,
    wrong::Wrong,
};
use shouwang_proto::{publication::time_from_wire, refusal::Refusal, wire};

use super::{
    asked::{Asked, Knowing as _},
    council_nav,
    route::{Route, to},
};
use crate::{council::permission::rpc, search::analysis::pinyin::spelled};

/// How a link is, in the words of the page.
pub(super) struct LinkView {
    /// Style of the word.
    pub(super) light: &'static str,
    pub(super) state: &'static str,
    pub(super) heard: Option<Age>,
    /// Entries that the hub does not have yet.
    pub(super) behind: u64,
    /// Entries that cannot be found yet.
    pub(super) unindexed: u64,
    pub(super) digest_light: &'static str,
    pub(super) digest: &'static str,
    pub(super) quarantined: u64,
    pub(super) live: u64,
    pub(super) problem: String,
    pub(super) version: String,
    pub(super) certificate: String,
}

pub(super) struct MemberView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state_light: &'static str,
    pub(super) state: &'static str,
    pub(super) groups: String,
    pub(super) link: Option<LinkView>,
}

/// An invite, which is shown once.
struct InviteView {
    name: String,
    line: String,
    until: String,
}

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage {
    lang: Lang,
    places: Vec<Place>,
    problem: String,
    invite: Option<InviteView>,
    may_invite: bool,
    member_id: String,
    display_name: String,
    groups: String,
    groups_wrong: String,
    valid_hours: String,
    members: Vec<MemberView>,
    wrong: Wrong,
}

fn time(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    time.and_then(|time| time_from_wire(&time))
}

/// A member as the page shows it.
pub(super) fn member_view(lang: Lang, member: wire::Member, now: Timestamp) -> MemberView {
    let (state_light, key) = match member.state() {
        wire::MemberState::Active => ("on", "members.active"),
        wire::MemberState::Suspended => ("disabled", "members.suspended"),
        wire::MemberState::Invited | wire::MemberState::Unspecified => ("", "members.invited"),
    };
    MemberView {
        id: member.name.strip_prefix("members/").unwrap_or(&member.name).to_owned(),
        name: member.display_name,
        state_light,
        state: lang.find(key).unwrap_or_default(),
        groups: member.groups.join(lang.pick("、", ", ")),
        link: member.link.map(|link| link_view(lang, link, now)),
    }
}

fn link_view(lang: Lang, link: wire::MemberLink, now: Timestamp) -> LinkView {
    let seq = |position: &Option<wire::LogPosition>| position.as_ref().map_or(0, |position| position.seq);
    let (head, durable, searchable) = (seq(&link.head), seq(&link.durable), seq(&link.searchable));
    let (light, state) = match (link.connected, link.problem.is_empty()) {
        (true, true) => ("on", "members.online"),
        (true, false) => ("late", "members.online"),
        (false, _) => ("disabled", "members.offline"),
    };
    let behind = head.saturating_sub(durable);
    let (digest_light, digest) = match (link.diverged, behind) {
        (true, _) => ("disabled", "members.digest-differs"),
        (false, 0) => ("on", "members.digest-same"),
        (false, _) => ("", "members.digest-later"),
    };
    LinkView {
        light,
        state: lang.find(state).unwrap_or_default(),
        heard: time(link.heard_time).map(|heard| Age::of(lang, heard, now)),
        behind,
        unindexed: durable.saturating_sub(searchable),
        digest_light,
        digest: lang.find(digest).unwrap_or_default(),
        quarantined: link.quarantined,
        live: link.live_count,
        problem: lang.part(&link.problem).to_owned(),
        version: link.software_version,
        certificate: time(link.certificate_expire_time).map(age::day).unwrap_or_default(),
    }
}

/// Groups as they are written in one line: apart by spaces, commas or `、`.
pub(super) fn groups_in(text: &str) -> Vec<String> {
    let apart = |one: char| one.is_whitespace() || [',', '，', '、', ';', '；'].contains(&one);
    text.split(apart).filter(|group| !group.is_empty()).map(str::to_owned).collect()
}

fn page<R: Route>(
    asked: &Asked<R>,
    done: Result<Option<wire::InviteMemberResponse>, Refusal>,
) -> Result<Response, Trouble> {
    let (lang, now) = (asked.lang(), asked.site().world.now());
    let mut members = asked.site().council.everybody(&asked.authorized::<rpc::ListMembers>()?);
    members.sort_by_cached_key(|member| spelled(&member.display_name).full);
    let Shown { status, wrong, problem } = Shown::of(lang, done.as_ref().err());
    // After a refusal the form keeps what was typed; after an invitation it is ready for the next one.
    let typed = |name: &str| if done.is_err() { asked.form.first(name).to_owned() } else { String::new() };
    let shown = MembersPage {
        lang,
        places: council_nav::places("/members"),
        problem,
        may_invite: asked.authorized::<rpc::InviteMember>().is_ok(),
        member_id: typed("member_id"),
        display_name: typed("display_name"),
        groups: typed("groups"),
        groups_wrong: wrong.list(lang, "groups"),
        valid_hours: typed("valid_hours"),
        members: members.into_iter().map(|member| member_view(lang, member, now)).collect(),
        invite: done.ok().flatten().map(|invited| InviteView {
            name: invited.member.map(|member| member.display_name).unwrap_or_default(),
            line: invited.invite,
            until: time(invited.expire_time).map(age::exact).unwrap_or_default(),
        }),
        wrong,
    };
    asked.base.page(status, lang.say("members.title").to_owned(), &shown, &["page.js"])
}

/// `GET /members`.
pub(super) async fn show(asked: Asked<to::ShowMembers>) -> Result<Response, Trouble> {
    page(&asked, Ok(None))
}

/// `POST /members`.
pub(super) async fn invite(asked: Asked<to::InviteMember>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::InviteMember>()?;
    let hours = asked.form.first("valid_hours");
    let message = wire::InviteMemberRequest {
        member_id: asked.form.first("member_id").to_owned(),
        display_name: asked.form.first("display_name").to_owned(),
        groups: groups_in(asked.form.first("groups")),
        // What is no number is refused with everything else that is wrong.
        valid_hours: if hours.is_empty() { 0 } else { hours.parse().unwrap_or(u32::MAX) },
        replace_node: asked.form.has("replace_node", "1"),
    };
    let done = shown(asked.site().council.invite_member(&caller, message).await)?;
    page(&asked, done.map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_however_they_are_set_apart() {
        assert_eq!(groups_in(" hot-work、heights, 3d ；x"), ["hot-work", "heights", "3d", "x"]);
        assert_eq!(groups_in(""), Vec::<String>::new());
    }

    #[test]
    fn a_link_that_is_behind_is_not_called_equal() {
        let position = |seq| Some(wire::LogPosition { epoch: 1, seq, entry_hash: Vec::new() });
        let link = wire::MemberLink {
            connected: true,
            head: position(7),
            durable: position(5),
            searchable: position(4),
            ..wire::MemberLink::default()
        };
        let shown = link_view(Lang::En, link.clone(), Timestamp::UNIX_EPOCH);
        assert_eq!((shown.behind, shown.unindexed, shown.digest_light, shown.light), (2, 1, "", "on"));
        let equal = wire::MemberLink { durable: position(7), diverged: true, ..link };
        let shown = link_view(Lang::En, equal, Timestamp::UNIX_EPOCH);
        assert_eq!((shown.behind, shown.digest_light), (0, "disabled"));
    }
}
