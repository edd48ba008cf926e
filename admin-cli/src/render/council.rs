//! Members, tokens, thesaurus and quarantine as people and programs read them.

use jiff::Timestamp;
use serde::Serialize;
use shouwang_proto::wire::{
    InviteMemberResponse, IssueTokenResponse, Member, MemberLink, MemberState, QuarantinedEntry,
    ThesaurusGroup,
};

use super::{facts, table, time};
use crate::{
    output::{Answer, Style},
    words::Lang,
};

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct MemberView {
    /// Member id.
    pub(crate) id: String,
    /// Name as people write it.
    pub(crate) display_name: String,
    /// `invited`, `active` or `suspended`.
    pub(crate) state: &'static str,
    /// Groups besides `alliance`.
    pub(crate) groups: Vec<String>,
    /// When it was first invited.
    pub(crate) create_time: Option<Timestamp>,
    /// When its node joined.
    pub(crate) join_time: Option<Timestamp>,
    /// The node's link.
    pub(crate) link: LinkView,
}

/// How the hub sees a member's node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct LinkView {
    /// True while the control link is open.
    pub(crate) connected: bool,
    /// When it was last heard.
    pub(crate) heard_time: Option<Timestamp>,
    /// Newest entry of the node.
    pub(crate) head: u64,
    /// Durable at the hub.
    pub(crate) durable: u64,
    /// Searchable.
    pub(crate) searchable: u64,
    /// Live records at the hub.
    pub(crate) live_count: u64,
    /// Entries in quarantine.
    pub(crate) quarantined: u64,
    /// True when the hub's copy differs.
    pub(crate) diverged: bool,
    /// What is wrong; empty when nothing is.
    pub(crate) problem: String,
    /// The node's software version.
    pub(crate) software_version: String,
    /// When its certificate ends.
    pub(crate) certificate_expire_time: Option<Timestamp>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let state = match member.state() {
            MemberState::Invited => "invited",
            MemberState::Active => "active",
            MemberState::Suspended => "suspended",
            MemberState::Unspecified => "",
        };
        let Member { name, display_name, state: _, groups, create_time, join_time, link } = member;
        Self {
            id: name.strip_prefix("members/").unwrap_or(&name).to_owned(),
            display_name,
            state,
            groups,
            create_time: time::read(create_time.as_ref()),
            join_time: time::read(join_time.as_ref()),
            link: link.map(LinkView::from).unwrap_or_default(),
        }
    }
}

impl From<MemberLink> for LinkView {
    fn from(link: MemberLink) -> Self {
        let seq =
            |position: Option<shouwang_proto::wire::LogPosition>| position.map_or(0, |position| position.seq);
        Self {
            connected: link.connected,
            heard_time: time::read(link.heard_time.as_ref()),
            head: seq(link.head),
            durable: seq(link.durable),
            searchable: seq(link.searchable),
            live_count: link.live_count,
            quarantined: link.quarantined,
            diverged: link.diverged,
            problem: link.problem,
            software_version: link.software_version,
            certificate_expire_time: time::read(link.certificate_expire_time.as_ref()),
        }
    }
}

impl MemberView {
    fn state_label(&self, lang: Lang) -> &str {
        match self.state {
            "invited" => lang.pick("已邀请", "invited"),
            "active" => lang.pick("已入网", "active"),
            "suspended" => lang.pick("已停用", "suspended"),
            other => other,
        }
    }

    fn link_label(&self, lang: Lang) -> String {
        let link = &self.link;
        let open =
            if link.connected { lang.pick("在线", "connected") } else { lang.pick("离线", "away") };
        let diverged = if link.diverged { lang.pick("，副本不一致", ", diverged") } else { "" };
        let problem = if link.problem.is_empty() { String::new() } else { format!(": {}", link.problem) };
        format!("{open}{diverged}{problem}")
    }
}

impl Answer for MemberView {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let name = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        let LinkView { head, durable, searchable, .. } = &self.link;
        facts(&[
            (name("单位", "member"), format!("{} {}", self.id, self.display_name)),
            (name("状态", "state"), self.state_label(lang).to_owned()),
            (name("分组", "groups"), self.groups.join(", ")),
            (name("邀请时间", "invited at"), time::show(self.create_time)),
            (name("入网时间", "joined at"), time::show(self.join_time)),
            (name("链路", "link"), self.link_label(lang)),
            (name("最近联系", "last heard"), time::show(self.link.heard_time)),
            (
                name("日志 节点/送达/可检索", "log head/durable/searchable"),
                format!("{head}/{durable}/{searchable}"),
            ),
            (name("在用记录", "live records"), self.link.live_count.to_string()),
            (name("隔离记录", "quarantined"), self.link.quarantined.to_string()),
            (name("软件版本", "software"), self.link.software_version.clone()),
            (name("证书到期", "certificate ends"), time::show(self.link.certificate_expire_time)),
        ])
    }
}

/// Members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct MemberList {
    /// By id.
    pub(crate) members: Vec<MemberView>,
}

impl Answer for MemberList {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let headings = match lang {
            Lang::Zh => ["编号", "名称", "状态", "分组", "链路", "送达/节点", "在用"],
            Lang::En => ["ID", "NAME", "STATE", "GROUPS", "LINK", "DURABLE/HEAD", "LIVE"],
        };
        let row = |member: &MemberView| {
            vec![
                member.id.clone(),
                member.display_name.clone(),
                member.state_label(lang).to_owned(),
                member.groups.join(", "),
                member.link_label(lang),
                format!("{}/{}", member.link.durable, member.link.head),
                member.link.live_count.to_string(),
            ]
        };
        table(&headings, self.members.iter().map(row).collect())
    }
}

/// An invite; the line is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InviteView {
    /// Whom it is for.
    pub(crate) member: String,
    /// One line for `shouwang-node join`.
    pub(crate) invite: String,
    /// When it expires.
    pub(crate) expire_time: Option<Timestamp>,
}

impl From<InviteMemberResponse> for InviteView {
    fn from(answer: InviteMemberResponse) -> Self {
        let InviteMemberResponse { member, invite, expire_time } = answer;
        let member = member.map(|member| MemberView::from(member).id).unwrap_or_default();
        Self { member, invite, expire_time: time::read(expire_time.as_ref()) }
    }
}

impl Answer for InviteView {
    fn text(&self, _style: Style) -> String {
        self.invite.clone()
    }
}

/// A token; the secret is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TokenView {
    /// For revoking.
    pub(crate) token_id: String,
    /// For `authorization: Bearer`; empty when it was written to a file.
    pub(crate) secret: String,
    /// When it expires.
    pub(crate) expire_time: Option<Timestamp>,
}

impl From<IssueTokenResponse> for TokenView {
    fn from(answer: IssueTokenResponse) -> Self {
        let IssueTokenResponse { token_id, secret, expire_time } = answer;
        Self { token_id, secret, expire_time: time::read(expire_time.as_ref()) }
    }
}

impl Answer for TokenView {
    fn text(&self, _style: Style) -> String {
        if self.secret.is_empty() { self.token_id.clone() } else { self.secret.clone() }
    }
}

/// Groups of synonyms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ThesaurusView {
    /// By id.
    pub(crate) groups: Vec<GroupView>,
}

/// Terms that mean the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct GroupView {
    /// Id.
    pub(crate) id: String,
    /// Terms.
    pub(crate) terms: Vec<String>,
}

impl From<ThesaurusGroup> for GroupView {
    fn from(group: ThesaurusGroup) -> Self {
        let ThesaurusGroup { id, terms } = group;
        Self { id, terms }
    }
}

impl Answer for ThesaurusView {
    fn text(&self, style: Style) -> String {
        let headings = match style.lang {
            Lang::Zh => ["编号", "同义词"],
            Lang::En => ["ID", "TERMS"],
        };
        let row = |group: &GroupView| vec![group.id.clone(), group.terms.join(" = ")];
        table(&headings, self.groups.iter().map(row).collect())
    }
}

impl Answer for GroupView {
    fn text(&self, _style: Style) -> String {
        format!("{}  {}", self.id, self.terms.join(" = "))
    }
}

/// Entries that are stored but not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct QuarantineView {
    /// Newest first.
    pub(crate) entries: Vec<QuarantinedView>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct QuarantinedView {
    /// Whose.
    pub(crate) member: String,
    /// Its number in the log.
    pub(crate) seq: u64,
    /// Publication.
    pub(crate) publication: String,
    /// Stable reason.
    pub(crate) reason: String,
    /// In words.
    pub(crate) detail: String,
    /// Since when.
    pub(crate) quarantine_time: Option<Timestamp>,
}

impl From<QuarantinedEntry> for QuarantinedView {
    fn from(entry: QuarantinedEntry) -> Self {
        let QuarantinedEntry { member_id, position, publication, reason, detail, quarantine_time } = entry;
        Self {
            member: member_id,
            seq: position.map_or(0, |position| position.seq),
            publication,
            reason,
            detail,
            quarantine_time: time::read(quarantine_time.as_ref()),
        }
    }
}

impl Answer for QuarantineView {
    fn text(&self, style: Style) -> String {
        let headings = match style.lang {
            Lang::Zh => ["单位", "序号", "原因", "说明", "时间", "发布物"],
            Lang::En => ["MEMBER", "SEQ", "REASON", "DETAIL", "SINCE", "PUBLICATION"],
        };
        let row = |entry: &QuarantinedView| {
            vec![
                entry.member.clone(),
                entry.seq.to_string(),
                entry.reason.clone(),
                entry.detail.clone(),
                time::show(entry.quarantine_time),
                entry.publication.clone(),
            ]
        };
        table(&headings, self.entries.iter().map(row).collect())
    }
}

/// What trying quarantined entries again gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RetryView {
    /// Now shown.
    pub(crate) released: u64,
    /// Still in quarantine.
    pub(crate) kept: u64,
}

impl Answer for RetryView {
    fn text(&self, style: Style) -> String {
        let Self { released, kept } = self;
        match style.lang {
            Lang::Zh => format!("已放行 {released}，仍隔离 {kept}"),
            Lang::En => format!("{released} released, {kept} kept"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_away_says_why() {
        let member = MemberView::from(Member {
            name: "members/hengrui-foundry".to_owned(),
            display_name: "恒锐铸造".to_owned(),
            state: MemberState::Suspended as i32,
            link: Some(MemberLink { problem: "certificate revoked".to_owned(), ..MemberLink::default() }),
            ..Member::default()
        });
        let style = Style { lang: Lang::Zh, colour: false };
        insta::assert_snapshot!(MemberList { members: vec![member.clone()] }.text(style), @"
        编号             名称      状态    分组  链路                       送达/节点  在用
        hengrui-foundry  恒锐铸造  已停用        离线: certificate revoked  0/0        0
        ");
        assert_eq!(serde_json::to_value(member).unwrap()["state"], "suspended");
    }
}
