//! The CouncilService's edge: messages in, messages out. The pages ask the same drawers, with the same authorisation.

use std::sync::Arc;

use shouwang_proto::{page, wire};
use shouwang_serving::store::StoreError;
use tonic::{Request, Response, Status};

use super::{
    authority::Authority,
    coordinator::{Council, member_unknown},
    gate::Gate,
    membership::MemberStanding,
    messages as read,
    oversight::{Oversight, write_quarantine},
    permission::{Authorized, rpc},
};
use crate::link::quarantine::Retried;

/// Members on a page when none is asked for, and at most.
const PAGE: (u32, u32) = (100, 1_000);

/// Serves the council and the operator.
#[derive(Clone, Debug)]
pub struct CouncilDesk {
    council: Council,
    gate: Gate,
    authority: Arc<Authority>,
    oversight: Oversight,
    people_address: String,
}

impl CouncilDesk {
    /// A desk whose invites lead to `people_address` (`host:port`).
    #[must_use]
    pub fn new(
        council: Council,
        gate: Gate,
        authority: Arc<Authority>,
        oversight: Oversight,
        people_address: String,
    ) -> Self {
        Self { council, gate, authority, oversight, people_address }
    }

    fn member(&self, member: &MemberStanding) -> wire::Member {
        read::write_member(member, self.oversight.link(member))
    }

    fn invite_line(&self, secret: &str) -> String {
        format!("shouwang-invite:1:{}:{}:{secret}", self.people_address, self.authority.fingerprint())
    }

    /// What it stands on, for what no rpc asks.
    #[must_use]
    pub fn oversight(&self) -> &Oversight {
        &self.oversight
    }

    /// All members, by id.
    #[must_use]
    pub fn everybody(&self, _caller: &Authorized<rpc::ListMembers>) -> Vec<wire::Member> {
        self.council.roster().snapshot().members().map(|member| self.member(member)).collect()
    }
}

/// One method for each rpc: through the gate, then to the drawer, which the pages open too.
macro_rules! drawers {
    ($($name:ident: $rpc:ident($question:ident) -> $answer:ident, |$desk:ident, $caller:ident, $message:ident| $work:block)+) => {
        impl CouncilDesk {
            $(
                #[doc = concat!("`CouncilService/", stringify!($rpc), "`.")]
                ///
                /// # Errors
                /// As the contract says.
                pub async fn $name(
                    &self,
                    caller: &Authorized<rpc::$rpc>,
                    message: wire::$question,
                ) -> Result<wire::$answer, StoreError> {
                    let ($desk, $caller, $message) = (self, caller, message);
                    $work
                }
            )+
        }

        #[tonic::async_trait]
        impl wire::council_service_server::CouncilService for CouncilDesk {
            $(
                async fn $name(
                    &self,
                    request: Request<wire::$question>,
                ) -> Result<Response<wire::$answer>, Status> {
                    let caller = self.gate.admit::<rpc::$rpc, _>(&request)?;
                    Ok(Response::new(CouncilDesk::$name(self, &caller, request.into_inner()).await?))
                }
            )+
        }
    };
}

drawers! {
    invite_member: InviteMember(InviteMemberRequest) -> InviteMemberResponse, |desk, caller, message| {
        let invited = desk.council.invite(caller, read::read_invite(message)?).await?;
        Ok(wire::InviteMemberResponse {
            member: Some(desk.member(&invited.member)),
            invite: desk.invite_line(&invited.secret),
            expire_time: Some(read::write_time(invited.expires)),
        })
    }
    list_members: ListMembers(ListMembersRequest) -> ListMembersResponse, |desk, _caller, message| {
        let wire::ListMembersRequest { page_size, page_token } = message;
        let after: Option<String> = page::decode(&page_token)?;
        let size = usize::try_from(page::size(page_size, PAGE.0, PAGE.1)).unwrap_or(usize::MAX);
        let snapshot = desk.council.roster().snapshot();
        let mut rest = snapshot
            .members()
            .filter(|member| after.as_deref().is_none_or(|after| member.id.as_str() > after));
        let shown: Vec<_> = rest.by_ref().take(size).collect();
        let next_page_token = match (rest.next(), shown.last()) {
            (Some(_), Some(last)) => page::encode(&last.id),
            (_, _) => String::new(),
        };
        let members = shown.into_iter().map(|member| desk.member(member)).collect();
        Ok(wire::ListMembersResponse { members, next_page_token })
    }
    get_member: GetMember(GetMemberRequest) -> Member, |desk, _caller, message| {
        let id = read::read_member_name(&message.name)?;
        let snapshot = desk.council.roster().snapshot();
        let member = snapshot.member(&id).ok_or_else(|| member_unknown(&id))?;
        Ok(desk.member(member))
    }
    suspend_member: SuspendMember(SuspendMemberRequest) -> Member, |desk, caller, message| {
        let (id, reason) = read::read_suspension(message)?;
        Ok(desk.member(&desk.council.suspend(caller, id, reason).await?))
    }
    reinstate_member: ReinstateMember(ReinstateMemberRequest) -> Member, |desk, caller, message| {
        let id = read::read_member_name(&message.name)?;
        Ok(desk.member(&desk.council.reinstate(caller, id).await?))
    }
    set_member_groups: SetMemberGroups(SetMemberGroupsRequest) -> Member, |desk, caller, message| {
        let (id, groups) = read::read_new_groups(message)?;
        Ok(desk.member(&desk.council.set_groups(caller, id, groups).await?))
    }
    issue_token: IssueToken(IssueTokenRequest) -> IssueTokenResponse, |desk, caller, message| {
        let token = desk.council.issue_token(caller, read::read_token(message)?).await?;
        Ok(wire::IssueTokenResponse {
            token_id: token.id,
            secret: token.secret,
            expire_time: Some(read::write_time(token.expires)),
        })
    }
    revoke_token: RevokeToken(RevokeTokenRequest) -> RevokeTokenResponse, |desk, caller, message| {
        let id = read::read_id("token_id", &message.token_id)?;
        desk.council.revoke_token(caller, id.to_string()).await?;
        Ok(wire::RevokeTokenResponse {})
    }
    list_quarantine: ListQuarantine(ListQuarantineRequest) -> ListQuarantineResponse, |desk, _caller, message| {
        let wire::ListQuarantineRequest { member_id, page_size, page_token } = message;
        let member = read::read_member_filter(&member_id)?;
        let (after, size) = (page::decode(&page_token)?, page::size(page_size, PAGE.0, PAGE.1));
        Ok(write_quarantine(desk.oversight.quarantine(member, after, size).await?))
    }
    retry_quarantine: RetryQuarantine(RetryQuarantineRequest) -> RetryQuarantineResponse, |desk, caller, message| {
        let member = read::read_member_filter(&message.member_id)?;
        let Retried { released, kept } = desk.oversight.retry(caller, member).await?;
        Ok(wire::RetryQuarantineResponse { released, kept })
    }
    list_thesaurus: ListThesaurus(ListThesaurusRequest) -> ListThesaurusResponse, |desk, _caller, _message| {
        let groups = desk.council.thesaurus().groups().iter().map(read::write_group).collect();
        Ok(wire::ListThesaurusResponse { groups })
    }
    put_thesaurus_group: PutThesaurusGroup(PutThesaurusGroupRequest) -> ThesaurusGroup, |desk, caller, message| {
        let (id, terms) = read::read_group(message)?;
        Ok(read::write_group(&desk.council.put_group(caller, id, terms).await?))
    }
    delete_thesaurus_group: DeleteThesaurusGroup(DeleteThesaurusGroupRequest) -> DeleteThesaurusGroupResponse, |desk, caller, message| {
        desk.council.delete_group(caller, read::read_id("id", &message.id)?).await?;
        Ok(wire::DeleteThesaurusGroupResponse {})
    }
    get_hub_status: GetHubStatus(GetHubStatusRequest) -> HubStatus, |desk, _caller, _message| {
        desk.oversight.status().await
    }
}
