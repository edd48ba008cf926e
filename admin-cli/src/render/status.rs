//! How the hub and the node of a context are.

use jiff::Timestamp;
use serde::Serialize;
use shouwang_proto::wire::{HubStatus, LinkState, NodeStatus};

use super::{facts, time};
use crate::{
    failure::Failure,
    output::{Answer, Style},
    words::Lang,
};

/// Both servers of a context.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StatusView {
    /// Name of the context.
    pub(crate) context: String,
    /// The hub; null when the context has none or it did not answer.
    pub(crate) hub: Option<HubView>,
    /// The node; null when the context has none or it did not answer.
    pub(crate) node: Option<NodeView>,
    /// Why a server of the context did not answer.
    pub(crate) problems: Vec<String>,
}

/// A hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct HubView {
    /// Address.
    pub(crate) address: String,
    /// Alliance id.
    pub(crate) alliance: String,
    /// Software version.
    pub(crate) software_version: String,
    /// `sqlite` or `postgres`.
    pub(crate) database_engine: String,
    /// Members whose node has joined.
    pub(crate) members_active: u64,
    /// Control links open now.
    pub(crate) members_connected: u64,
    /// Live publications.
    pub(crate) publications: u64,
    /// Last position of the hub's log.
    pub(crate) hub_log_head: u64,
    /// Position the index has applied.
    pub(crate) index_position: u64,
    /// When the index last caught up.
    pub(crate) index_time: Option<Timestamp>,
    /// Entries in quarantine.
    pub(crate) quarantined: u64,
    /// Members whose copy differs.
    pub(crate) diverged: u64,
    /// The hub's clock.
    pub(crate) hub_time: Option<Timestamp>,
    /// When the hub's certificate ends.
    pub(crate) certificate_expire_time: Option<Timestamp>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NodeView {
    /// Address.
    pub(crate) address: String,
    /// Member id; empty before joining.
    pub(crate) member: String,
    /// Member's name.
    pub(crate) display_name: String,
    /// Alliance id.
    pub(crate) alliance: String,
    /// Software version.
    pub(crate) software_version: String,
    /// Control link: `not_joined`, `connecting`, `connected`, `refused`.
    pub(crate) control: &'static str,
    /// Sync link, likewise.
    pub(crate) sync: &'static str,
    /// Why the link is not connected; empty when it is.
    pub(crate) link_problem: String,
    /// Newest entry.
    pub(crate) head: u64,
    /// Durable at the hub.
    pub(crate) durable: u64,
    /// Searchable at the hub.
    pub(crate) searchable: u64,
    /// When the hub was last heard.
    pub(crate) hub_heard_time: Option<Timestamp>,
    /// Own drafts.
    pub(crate) drafts: u64,
    /// Own published publications.
    pub(crate) published: u64,
    /// Own records in the hub's quarantine.
    pub(crate) quarantined: u64,
    /// True when publishing is held because the log has forked.
    pub(crate) publishing_held: bool,
    /// When the node's certificate ends.
    pub(crate) certificate_expire_time: Option<Timestamp>,
    /// True when the hub's copy differs.
    pub(crate) diverged: bool,
}

impl HubView {
    /// A hub's answer.
    pub(crate) fn new(address: &str, status: HubStatus) -> Self {
        let HubStatus {
            alliance_id,
            software_version,
            database_engine,
            members_active,
            members_connected,
            publications,
            hub_log_head,
            index_position,
            index_time,
            quarantined,
            diverged,
            hub_time,
            certificate_expire_time,
        } = status;
        Self {
            address: address.to_owned(),
            alliance: alliance_id,
            software_version,
            database_engine,
            members_active,
            members_connected,
            publications,
            hub_log_head,
            index_position,
            index_time: time::read(index_time.as_ref()),
            quarantined,
            diverged,
            hub_time: time::read(hub_time.as_ref()),
            certificate_expire_time: time::read(certificate_expire_time.as_ref()),
        }
    }

    fn text(&self, lang: Lang) -> String {
        let name = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        facts(&[
            (name("中心", "hub"), format!("{} ({})", self.address, self.alliance)),
            (name("软件版本", "software"), self.software_version.clone()),
            (name("数据库", "database"), self.database_engine.clone()),
            (
                name("成员 在线/入网", "members connected/active"),
                format!("{}/{}", self.members_connected, self.members_active),
            ),
            (name("在用发布物", "live publications"), self.publications.to_string()),
            (name("索引/日志", "index/log"), format!("{}/{}", self.index_position, self.hub_log_head)),
            (name("隔离记录", "quarantined"), self.quarantined.to_string()),
            (name("副本不一致", "diverged members"), self.diverged.to_string()),
            (name("证书到期", "certificate ends"), time::show(self.certificate_expire_time)),
        ])
    }
}

fn link_code(state: LinkState) -> &'static str {
    match state {
        LinkState::NotJoined => "not_joined",
        LinkState::Connecting => "connecting",
        LinkState::Connected => "connected",
        LinkState::Refused => "refused",
        LinkState::Unspecified => "",
    }
}

fn link_label(code: &str, lang: Lang) -> &str {
    match code {
        "not_joined" => lang.pick("未入网", "not joined"),
        "connecting" => lang.pick("连接中", "connecting"),
        "connected" => lang.pick("已连接", "connected"),
        "refused" => lang.pick("被拒绝", "refused"),
        other => other,
    }
}

impl NodeView {
    /// A node's answer.
    pub(crate) fn new(address: &str, status: NodeStatus) -> Self {
        let (control, sync) = (link_code(status.control()), link_code(status.sync()));
        let seq = |position: Option<&shouwang_proto::wire::LogPosition>| {
            position.map_or(0, |position| position.seq)
        };
        Self {
            address: address.to_owned(),
            control,
            sync,
            head: seq(status.head.as_ref()),
            durable: seq(status.durable.as_ref()),
            searchable: seq(status.searchable.as_ref()),
            hub_heard_time: time::read(status.hub_heard_time.as_ref()),
            certificate_expire_time: time::read(status.certificate_expire_time.as_ref()),
            member: status.member_id,
            display_name: status.display_name,
            alliance: status.alliance_id,
            software_version: status.software_version,
            link_problem: status.link_problem,
            drafts: status.drafts,
            published: status.published,
            quarantined: status.quarantined,
            publishing_held: status.publishing_held,
            diverged: status.diverged,
        }
    }

    fn text(&self, lang: Lang) -> String {
        let name = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        let links = format!("{}/{}", link_label(self.control, lang), link_label(self.sync, lang));
        let Self { head, durable, searchable, .. } = self;
        let yes = |is: bool| if is { name("是", "yes").to_owned() } else { String::new() };
        facts(&[
            (name("节点", "node"), self.address.clone()),
            (name("单位", "member"), format!("{} {}", self.member, self.display_name)),
            (name("软件版本", "software"), self.software_version.clone()),
            (name("链路 控制/同步", "links control/sync"), links),
            (name("链路问题", "link problem"), self.link_problem.clone()),
            (name("最近收到中心", "hub last heard"), time::show(self.hub_heard_time)),
            (
                name("日志 本地/送达/可检索", "log head/durable/searchable"),
                format!("{head}/{durable}/{searchable}"),
            ),
            (name("已发布/草稿", "published/drafts"), format!("{}/{}", self.published, self.drafts)),
            (name("隔离记录", "quarantined"), self.quarantined.to_string()),
            (name("暂停发布（日志分叉）", "publishing held (log forked)"), yes(self.publishing_held)),
            (name("副本不一致", "diverged"), yes(self.diverged)),
            (name("证书到期", "certificate ends"), time::show(self.certificate_expire_time)),
        ])
    }
}

impl StatusView {
    /// Keeps what was answered and says what was not.
    pub(crate) fn note(&mut self, failure: &Failure, lang: Lang) {
        self.problems.push(failure.text(lang));
    }
}

impl Answer for StatusView {
    fn text(&self, style: Style) -> String {
        let label = style.lang.pick("上下文", "context");
        let mut parts = vec![format!("{label}: {}", self.context)];
        parts.extend(self.hub.as_ref().map(|hub| hub.text(style.lang)));
        parts.extend(self.node.as_ref().map(|node| node.text(style.lang)));
        parts.extend(self.problems.iter().cloned());
        parts.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::wire::LogPosition;

    use super::*;

    #[test]
    fn a_node_that_waits_for_the_hub_shows_how_far_it_is() {
        let at = |seq| Some(LogPosition { epoch: 1, seq, entry_hash: Vec::new() });
        let node = NodeView::new(
            "127.0.0.1:8450",
            NodeStatus {
                member_id: "chenghu-chem".to_owned(),
                display_name: "澄湖化工".to_owned(),
                control: LinkState::Connecting as i32,
                sync: LinkState::Connecting as i32,
                link_problem: "nobody listens there".to_owned(),
                head: at(46),
                durable: at(40),
                searchable: at(39),
                published: 46,
                ..NodeStatus::default()
            },
        );
        let view =
            StatusView { context: "demo".to_owned(), hub: None, node: Some(node), problems: Vec::new() };
        insta::assert_snapshot!(view.text(Style { lang: Lang::En, colour: false }), @"
        context: demo

        node                         127.0.0.1:8450
        member                       chenghu-chem 澄湖化工
        links control/sync           connecting/connecting
        link problem                 nobody listens there
        log head/durable/searchable  46/40/39
        published/drafts             46/0
        quarantined                  0
        ");
    }
}
