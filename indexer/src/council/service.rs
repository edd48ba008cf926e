//! The CouncilService's edge: messages in, messages out.

use std::sync::Arc;

use shouwang_proto::{page, wire};
use tonic::{Request, Response, Status};

use super::{
    authority::Authority,
    coordinator::{Council, member_unknown},
    gate::Gate,
    membership::MemberStanding,
    messages as read,
    oversight::{Oversight, write_quarantine},
    permission::rpc,
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
}

#[tonic::async_trait]
impl wire::council_service_server::CouncilService for CouncilDesk {
    async fn invite_member(
        &self,
        request: Request<wire::InviteMemberRequest>,
    ) -> Result<Response<wire::InviteMemberResponse>, Status> {
        let caller = self.gate.admit::<rpc::InviteMember, _>(&request)?;
        let invited = self.council.invite(&caller, read::read_invite(request.into_inner())?).await?;
        Ok(Response::new(wire::InviteMemberResponse {
            member: Some(self.member(&invited.member)),
            invite: self.invite_line(&invited.secret),
            expire_time: Some(read::write_time(invited.expires)),
        }))
    }

    async fn list_members(
        &self,
        request: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        self.gate.admit::<rpc::ListMembers, _>(&request)?;
        let wire::ListMembersRequest { page_size, page_token } = request.into_inner();
        let after: Option<String> = page::decode(&page_token)?;
        let size = usize::try_from(page::size(page_size, PAGE.0, PAGE.1)).unwrap_or(usize::MAX);
        let snapshot = self.council.roster().snapshot();
        let mut rest = snapshot
            .members()
            .filter(|member| after.as_deref().is_none_or(|after| member.id.as_str() > after));
        let shown: Vec<_> = rest.by_ref().take(size).collect();
        let next_page_token = match (rest.next(), shown.last()) {
            (Some(_), Some(last)) => page::encode(&last.id),
            (_, _) => String::new(),
        };
        let members = shown.into_iter().map(|member| self.member(member)).collect();
        Ok(Response::new(wire::ListMembersResponse { members, next_page_token }))
    }

    async fn get_member(
        &self,
        request: Request<wire::GetMemberRequest>,
    ) -> Result<Response<wire::Member>, Status> {
        self.gate.admit::<rpc::GetMember, _>(&request)?;
        let wire::GetMemberRequest { name } = request.into_inner();
        let id = read::read_member_name(&name)?;
        let snapshot = self.council.roster().snapshot();
        let member = snapshot.member(&id).ok_or_else(|| member_unknown(&id))?;
        Ok(Response::new(self.member(member)))
    }

    async fn suspend_member(
        &self,
        request: Request<wire::SuspendMemberRequest>,
    ) -> Result<Response<wire::Member>, Status> {
        let caller = self.gate.admit::<rpc::SuspendMember, _>(&request)?;
        let (id, reason) = read::read_suspension(request.into_inner())?;
        let member = self.council.suspend(&caller, id, reason).await?;
        Ok(Response::new(self.member(&member)))
    }

    async fn reinstate_member(
        &self,
        request: Request<wire::ReinstateMemberRequest>,
    ) -> Result<Response<wire::Member>, Status> {
        let caller = self.gate.admit::<rpc::ReinstateMember, _>(&request)?;
        let wire::ReinstateMemberRequest { name } = request.into_inner();
        let member = self.council.reinstate(&caller, read::read_member_name(&name)?).await?;
        Ok(Response::new(self.member(&member)))
    }

    async fn set_member_groups(
        &self,
        request: Request<wire::SetMemberGroupsRequest>,
    ) -> Result<Response<wire::Member>, Status> {
        let caller = self.gate.admit::<rpc::SetMemberGroups, _>(&request)?;
        let (id, groups) = read::read_new_groups(request.into_inner())?;
        let member = self.council.set_groups(&caller, id, groups).await?;
        Ok(Response::new(self.member(&member)))
    }

    async fn issue_token(
        &self,
        request: Request<wire::IssueTokenRequest>,
    ) -> Result<Response<wire::IssueTokenResponse>, Status> {
        let caller = self.gate.admit::<rpc::IssueToken, _>(&request)?;
        let token = self.council.issue_token(&caller, read::read_token(request.into_inner())?).await?;
        Ok(Response::new(wire::IssueTokenResponse {
            token_id: token.id,
            secret: token.secret,
            expire_time: Some(read::write_time(token.expires)),
        }))
    }

    async fn revoke_token(
        &self,
        request: Request<wire::RevokeTokenRequest>,
    ) -> Result<Response<wire::RevokeTokenResponse>, Status> {
        let caller = self.gate.admit::<rpc::RevokeToken, _>(&request)?;
        let wire::RevokeTokenRequest { token_id } = request.into_inner();
        let id = read::read_id("token_id", &token_id)?;
        self.council.revoke_token(&caller, id.to_string()).await?;
        Ok(Response::new(wire::RevokeTokenResponse {}))
    }

    async fn list_quarantine(
        &self,
        request: Request<wire::ListQuarantineRequest>,
    ) -> Result<Response<wire::ListQuarantineResponse>, Status> {
        self.gate.admit::<rpc::ListQuarantine, _>(&request)?;
        let wire::ListQuarantineRequest { member_id, page_size, page_token } = request.into_inner();
        let member = read::read_member_filter(&member_id)?;
        let (after, size) = (page::decode(&page_token)?, page::size(page_size, PAGE.0, PAGE.1));
        let page = self.oversight.quarantine(member, after, size).await?;
        Ok(Response::new(write_quarantine(page)))
    }

    async fn retry_quarantine(
        &self,
        request: Request<wire::RetryQuarantineRequest>,
    ) -> Result<Response<wire::RetryQuarantineResponse>, Status> {
        let caller = self.gate.admit::<rpc::RetryQuarantine, _>(&request)?;
        let wire::RetryQuarantineRequest { member_id } = request.into_inner();
        let Retried { released, kept } =
            self.oversight.retry(&caller, read::read_member_filter(&member_id)?).await?;
        Ok(Response::new(wire::RetryQuarantineResponse { released, kept }))
    }

    async fn list_thesaurus(
        &self,
        request: Request<wire::ListThesaurusRequest>,
    ) -> Result<Response<wire::ListThesaurusResponse>, Status> {
        self.gate.admit::<rpc::ListThesaurus, _>(&request)?;
        let groups = self.council.thesaurus().groups().iter().map(read::write_group).collect();
        Ok(Response::new(wire::ListThesaurusResponse { groups }))
    }

    async fn put_thesaurus_group(
        &self,
        request: Request<wire::PutThesaurusGroupRequest>,
    ) -> Result<Response<wire::ThesaurusGroup>, Status> {
        let caller = self.gate.admit::<rpc::PutThesaurusGroup, _>(&request)?;
        let (id, terms) = read::read_group(request.into_inner())?;
        let group = self.council.put_group(&caller, id, terms).await?;
        Ok(Response::new(read::write_group(&group)))
    }

    async fn delete_thesaurus_group(
        &self,
        request: Request<wire::DeleteThesaurusGroupRequest>,
    ) -> Result<Response<wire::DeleteThesaurusGroupResponse>, Status> {
        let caller = self.gate.admit::<rpc::DeleteThesaurusGroup, _>(&request)?;
        let wire::DeleteThesaurusGroupRequest { id } = request.into_inner();
        self.council.delete_group(&caller, read::read_id("id", &id)?).await?;
        Ok(Response::new(wire::DeleteThesaurusGroupResponse {}))
    }

    async fn get_hub_status(
        &self,
        request: Request<wire::GetHubStatusRequest>,
    ) -> Result<Response<wire::HubStatus>, Status> {
        self.gate.admit::<rpc::GetHubStatus, _>(&request)?;
        Ok(Response::new(self.oversight.status().await?))
    }
}
