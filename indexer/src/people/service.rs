//! The AccountService's and the AccountLinkService's edge: messages in, messages out.

use shouwang_proto::{page, wire};
use tonic::{Request, Response, Status};

use super::{
    coordinator::{Linked, People, Taking},
    messages as read,
};
use crate::council::{gate::Gate, permission::rpc};

/// Accounts on a page when none is asked for, and at most.
const PAGE: (u32, u32) = (100, 1_000);

/// Serves the operator, and whoever holds a link.
#[derive(Clone, Debug)]
pub struct AccountDesk {
    people: People,
    gate: Gate,
    web: String,
}

impl AccountDesk {
    /// A desk whose links lead to pages at `web` (`https://host:port`).
    #[must_use]
    pub fn new(people: People, gate: Gate, web: String) -> Self {
        Self { people, gate, web }
    }

    fn link(&self, linked: &Linked) -> String {
        format!("{}{}", self.web, linked.path())
    }
}

#[tonic::async_trait]
impl wire::account_service_server::AccountService for AccountDesk {
    async fn invite_account(
        &self,
        request: Request<wire::InviteAccountRequest>,
    ) -> Result<Response<wire::InviteAccountResponse>, Status> {
        let caller = self.gate.admit::<rpc::InviteAccount, _>(&request)?;
        let linked = self.people.invite(&caller, read::read_invitation(request.into_inner())?).await?;
        Ok(Response::new(wire::InviteAccountResponse {
            account: Some(read::write_account(&linked.account)),
            link: self.link(&linked),
            expire_time: Some(shouwang_proto::publication::time_to_wire(linked.expires)),
        }))
    }

    async fn list_accounts(
        &self,
        request: Request<wire::ListAccountsRequest>,
    ) -> Result<Response<wire::ListAccountsResponse>, Status> {
        self.gate.admit::<rpc::ListAccounts, _>(&request)?;
        let wire::ListAccountsRequest { page_size, page_token } = request.into_inner();
        let (after, size) = (page::decode::<String>(&page_token)?, page::size(page_size, PAGE.0, PAGE.1));
        let all = self.people.accounts().await?;
        let start = after.map_or(0, |after| {
            all.iter().position(|account| account.id == after).map_or(all.len(), |index| index + 1)
        });
        let end = start.saturating_add(size as usize).min(all.len());
        let accounts = all[start..end].iter().map(read::write_account).collect();
        let next_page_token = if end < all.len() { page::encode(&all[end - 1].id) } else { String::new() };
        Ok(Response::new(wire::ListAccountsResponse { accounts, next_page_token }))
    }

    async fn reset_account(
        &self,
        request: Request<wire::ResetAccountRequest>,
    ) -> Result<Response<wire::ResetAccountResponse>, Status> {
        let caller = self.gate.admit::<rpc::ResetAccount, _>(&request)?;
        let id = read::read_name(&request.into_inner().name)?;
        let linked = self.people.reset(&caller, id).await?;
        Ok(Response::new(wire::ResetAccountResponse {
            account: Some(read::write_account(&linked.account)),
            link: self.link(&linked),
            expire_time: Some(shouwang_proto::publication::time_to_wire(linked.expires)),
        }))
    }

    async fn disable_account(
        &self,
        request: Request<wire::DisableAccountRequest>,
    ) -> Result<Response<wire::DisableAccountResponse>, Status> {
        let caller = self.gate.admit::<rpc::DisableAccount, _>(&request)?;
        let id = read::read_name(&request.into_inner().name)?;
        let account = self.people.disable(&caller, id).await?;
        Ok(Response::new(wire::DisableAccountResponse { account: Some(read::write_account(&account)) }))
    }
}

#[tonic::async_trait]
impl wire::account_link_service_server::AccountLinkService for AccountDesk {
    async fn take_account_link(
        &self,
        request: Request<wire::TakeAccountLinkRequest>,
    ) -> Result<Response<wire::TakeAccountLinkResponse>, Status> {
        self.gate.admit_stranger(&request)?;
        let wire::TakeAccountLinkRequest { secret, display_name, login, password } = request.into_inner();
        let account = self.people.take(&secret, Taking { display_name, login, password }).await?;
        Ok(Response::new(wire::TakeAccountLinkResponse { account: Some(read::write_account(&account)) }))
    }
}
