//! `shouwang member`.

use clap::{Args, Subcommand};
use shouwang_proto::wire::{
    GetMemberRequest, InviteMemberRequest, ListMembersRequest, Member, ReinstateMemberRequest,
    SetMemberGroupsRequest, SuspendMemberRequest,
};
use tonic::{Response, Status};

use crate::{
    connection::Hub,
    exit::Exit,
    failure::Outcome,
    render::{
        council::{InviteView, MemberList, MemberView},
        time,
    },
    session::Session,
    words::words,
};

#[derive(Debug, Subcommand)]
pub(super) enum MemberVerb {
    /// Invite a member; prints one line for `shouwang-node join` （邀请成员）
    Invite(InviteArguments),
    /// List members with their links （成员列表）
    List,
    /// Show one member （查看成员）
    Show {
        /// Member id （单位编号）
        member: String,
    },
    /// Suspend a member: at once its links end and its publications vanish （停用成员）
    Suspend {
        /// Member id （单位编号）
        member: String,
        /// Why; kept in the audit log （原因）
        #[arg(long)]
        reason: String,
    },
    /// Take a suspension back （恢复成员）
    Reinstate {
        /// Member id （单位编号）
        member: String,
    },
    /// Replace the groups that a member is in （设置分组）
    SetGroups {
        /// Member id （单位编号）
        member: String,
        /// All groups besides `alliance`; none: leaves them all （全部分组）
        groups: Vec<String>,
    },
}

#[derive(Args, Debug)]
pub(super) struct InviteArguments {
    /// Member id: lower-case letters, digits, hyphens （单位编号）
    member: String,
    /// Name as people write it; required for a new member （单位名称）
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Group besides `alliance`; may be repeated （分组）
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Hours until the invite expires, at most 720 （有效小时数）
    #[arg(long, default_value_t = 72, value_name = "HOURS")]
    valid_hours: u32,
    /// The member's node was lost: the next node to join replaces it （替换丢失的节点）
    #[arg(long)]
    replace_node: bool,
}

pub(super) async fn run(session: &Session, verb: MemberVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let mut council = hub.council();
    let name = |member: &str| format!("members/{member}");
    match verb {
        MemberVerb::Invite(arguments) => return invite(session, &hub, arguments).await,
        MemberVerb::List => session.output.answer(&MemberList { members: all(&hub).await? }),
        MemberVerb::Show { member } => {
            show(session, &hub, council.get_member(GetMemberRequest { name: name(&member) }).await)?;
        }
        MemberVerb::Suspend { member, reason } => {
            let request = SuspendMemberRequest { name: name(&member), reason };
            show(session, &hub, council.suspend_member(request).await)?;
        }
        MemberVerb::Reinstate { member } => {
            let request = ReinstateMemberRequest { name: name(&member) };
            show(session, &hub, council.reinstate_member(request).await)?;
        }
        MemberVerb::SetGroups { member, groups } => {
            let request = SetMemberGroupsRequest { name: name(&member), groups };
            show(session, &hub, council.set_member_groups(request).await)?;
        }
    }
    Ok(Exit::Done)
}

fn show(session: &Session, hub: &Hub, answer: Result<Response<Member>, Status>) -> Outcome<()> {
    let member = answer.map_err(|status| hub.failure(&status))?.into_inner();
    session.output.answer(&MemberView::from(member));
    Ok(())
}

async fn invite(session: &Session, hub: &Hub, arguments: InviteArguments) -> Outcome<Exit> {
    let InviteArguments { member, name, groups, valid_hours, replace_node } = arguments;
    let request =
        InviteMemberRequest { member_id: member, display_name: name, groups, valid_hours, replace_node };
    let answer = hub.council().invite_member(request).await.map_err(|status| hub.failure(&status))?;
    let view = InviteView::from(answer.into_inner());
    let until = time::show(view.expire_time);
    session.output.talk(&words!(
        "请把下面这一行（保密，{until} 前有效）交给该单位，在其节点上运行：shouwang-node join --data 目录 '<这一行>'",
        "give this line (secret, valid until {until}) to the member, who runs: shouwang-node join --data DIR '<the line>'"
    ));
    session.output.answer(&view);
    Ok(Exit::Done)
}

/// All members, page by page.
pub(crate) async fn all(hub: &Hub) -> Outcome<Vec<MemberView>> {
    let mut members = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMembersRequest { page_size: 1_000, page_token };
        let page = hub.council().list_members(request).await.map_err(|status| hub.failure(&status))?;
        let page = page.into_inner();
        members.extend(page.members.into_iter().map(MemberView::from));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(members);
        }
    }
}
