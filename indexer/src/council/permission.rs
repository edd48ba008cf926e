//! What each role may ask: one table for every rpc that people and programs call.
//!
//! An rpc is a type here, and its handler takes an [`Authorized`] of that type, which only this file can make. So a
//! handler without a row does not compile, and a row without an rpc (or an rpc without a row) fails the test below.

use std::{marker::PhantomData, ops::Deref};

use shouwang_proto::refusal::Refusal;

use super::caller::{Caller, Role};

/// An rpc and who may call it.
pub trait Rpc {
    /// `Service/Method` without the package.
    const NAME: &'static str;
    /// The roles that may call it.
    const ROLES: &'static [Role];
}

/// A caller that may call `R`.
#[derive(Clone, Debug)]
pub struct Authorized<R> {
    caller: Caller,
    rpc: PhantomData<fn() -> R>,
}

impl<R: Rpc> Authorized<R> {
    /// Lets the caller through, if its role is in the table.
    ///
    /// # Errors
    /// PERMISSION_DENIED (ROLE_MISSING).
    pub fn check(caller: Caller) -> Result<Self, Refusal> {
        if R::ROLES.contains(&caller.role) {
            return Ok(Self { caller, rpc: PhantomData });
        }
        let roles: Vec<_> = R::ROLES.iter().map(|role| role.as_str()).collect();
        Err(Refusal::denied(
            "ROLE_MISSING",
            format!(
                "{} is for the roles {}, and this token is for the role {} （当前角色无权执行此操作）",
                R::NAME,
                roles.join(", "),
                caller.role.as_str()
            ),
        ))
    }

    /// The caller.
    #[must_use]
    pub fn into_caller(self) -> Caller {
        self.caller
    }
}

impl<R> Deref for Authorized<R> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Any caller with a valid token.
const ANYONE: &[Role] = &Role::ALL;
/// Those who look after the alliance.
const COUNCIL: &[Role] = &[Role::Council, Role::Operator];
/// Those who dispatch mutual aid.
const DISPATCH: &[Role] = &[Role::Dispatcher, Role::Council, Role::Operator];
/// Those who dispatch, and members for what is theirs: whose it is, the decision looks at itself.
const CONCERNED: &[Role] = &[Role::Member, Role::Dispatcher, Role::Council, Role::Operator];
/// Those who run the hub.
const OPERATOR: &[Role] = &[Role::Operator];

macro_rules! table {
    ($($service:ident { $($rpc:ident: $roles:expr,)+ })+) => {
        /// One type for each rpc.
        pub mod rpc {
            use super::{ANYONE, CONCERNED, COUNCIL, DISPATCH, OPERATOR, Role, Rpc};
            $($(
                #[doc = concat!("`", stringify!($service), "/", stringify!($rpc), "`.")]
                #[derive(Clone, Copy, Debug)]
                pub struct $rpc;

                impl Rpc for $rpc {
                    const NAME: &'static str = concat!(stringify!($service), "/", stringify!($rpc));
                    const ROLES: &'static [Role] = $roles;
                }
            )+)+
        }

        /// Every row: the rpc and its roles.
        pub const TABLE: &[(&str, &[Role])] =
            &[$($((<rpc::$rpc as Rpc>::NAME, <rpc::$rpc as Rpc>::ROLES),)+)+];
    };
}

table! {
    CouncilService {
        InviteMember: OPERATOR,
        ListMembers: COUNCIL,
        GetMember: COUNCIL,
        SuspendMember: OPERATOR,
        ReinstateMember: OPERATOR,
        SetMemberGroups: OPERATOR,
        IssueToken: OPERATOR,
        RevokeToken: OPERATOR,
        ListQuarantine: COUNCIL,
        RetryQuarantine: OPERATOR,
        ListThesaurus: ANYONE,
        PutThesaurusGroup: COUNCIL,
        DeleteThesaurusGroup: COUNCIL,
        GetHubStatus: ANYONE,
    }
    AccountService {
        InviteAccount: OPERATOR,
        ListAccounts: OPERATOR,
        ResetAccount: OPERATOR,
        DisableAccount: OPERATOR,
    }
    SearchService {
        Search: ANYONE,
        Suggest: ANYONE,
        GetPublication: ANYONE,
        DownloadAttachment: ANYONE,
    }
    MutualAidService {
        OpenIncident: CONCERNED,
        UpdateIncident: DISPATCH,
        GetIncident: ANYONE,
        ListIncidents: ANYONE,
        CloseIncident: DISPATCH,
        HaltDrill: DISPATCH,
        SubmitRequest: CONCERNED,
        AcceptRequest: DISPATCH,
        RejectRequest: DISPATCH,
        AmendRequest: CONCERNED,
        MergeRequest: DISPATCH,
        StandDownRequest: CONCERNED,
        CloseRequest: CONCERNED,
        ReviewRequest: CONCERNED,
        GetRequest: ANYONE,
        ListRequests: ANYONE,
        WatchRequest: ANYONE,
        ListTimeline: ANYONE,
        ListCandidates: DISPATCH,
        ProposePlan: DISPATCH,
        ApplyPlan: DISPATCH,
        Solicit: DISPATCH,
        Order: DISPATCH,
        ActOnAssignment: CONCERNED,
        OfferUnsolicited: CONCERNED,
        BookSelfDeployment: CONCERNED,
        GetAssignment: ANYONE,
        ListAssignments: ANYONE,
        GetMissionOrder: ANYONE,
        ListDeliveries: DISPATCH,
        ListTasks: DISPATCH,
        CompleteTask: DISPATCH,
        GetLedger: ANYONE,
        ListLedger: ANYONE,
        SetQuota: CONCERNED,
        UploadRoadGraph: DISPATCH,
        AddClosure: DISPATCH,
        RemoveClosure: DISPATCH,
        ListClosures: ANYONE,
        PutAgreement: DISPATCH,
        ListAgreements: ANYONE,
        EndAgreement: DISPATCH,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;

    use super::*;

    /// Services whose callers prove themselves by something else than a token.
    const WITHOUT_TOKEN: &[&str] = &[
        "AccountLinkService",
        "EnrolmentService",
        "InboxService",
        "LinkService",
        "MutualAidLinkService",
        "PublishingService",
    ];

    fn rpcs_of_the_contract() -> BTreeSet<String> {
        let set = prost_types::FileDescriptorSet::decode(shouwang_proto::FILE_DESCRIPTOR_SET).unwrap();
        let ours = set.file.iter().filter(|file| file.package() == "shouwang.v1");
        ours.flat_map(|file| &file.service)
            .filter(|service| !WITHOUT_TOKEN.contains(&service.name()))
            .flat_map(|service| {
                service.method.iter().map(|method| format!("{}/{}", service.name(), method.name()))
            })
            .collect()
    }

    #[test]
    fn every_rpc_of_the_contract_has_a_row_and_every_row_an_rpc() {
        let rows: BTreeSet<_> = TABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(rows, rpcs_of_the_contract());
    }
}
