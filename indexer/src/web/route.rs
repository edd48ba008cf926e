//! Every route of the pages, and who may take it: one table.

pub use shouwang_pages::route::Route;
use shouwang_pages::route::{self, Who};

use crate::council::caller::Role;

/// A row of the hub's table.
pub type Row = route::Row<Role>;

/// Whoever is signed in.
const ANYONE: Who<Role> = Who::Roles(&Role::ALL);
/// Those who run the hub.
const OPERATOR: Who<Role> = Who::Roles(&[Role::Operator]);
/// Those who dispatch mutual aid.
const DISPATCH: Who<Role> = Who::Roles(&[Role::Dispatcher, Role::Council, Role::Operator]);
/// Those who dispatch, and those who only look on.
const BOARD: Who<Role> = Who::Roles(&[Role::Regulator, Role::Dispatcher, Role::Council, Role::Operator]);
/// Those who look after the alliance.
const COUNCIL: Who<Role> = Who::Roles(&[Role::Council, Role::Operator]);
/// Also who is not signed in.
const EVERYBODY: Who<Role> = Who::Everybody;

shouwang_pages::routes! { Role;
    ShowSearch: Get "/" Page ANYONE,
    Suggest: Get "/suggest" Fragment ANYONE,
    ShowPublication: Get "/p/{member}/{record}" Page ANYONE,
    GetFile: Get "/p/{member}/{record}/files/{sha256}" Page ANYONE,

    ShowSignIn: Get "/login" Page EVERYBODY,
    SignIn: Post "/login" Form EVERYBODY,
    SignOut: Post "/logout" Form ANYONE,
    ShowLink: Get "/link/{secret}" Page EVERYBODY,
    TakeLink: Post "/link/{secret}" Form EVERYBODY,

    ShowAccount: Get "/account" Page ANYONE,
    ChangePassword: Post "/account/password" Form ANYONE,
    EndOtherSessions: Post "/account/sessions/end" Form ANYONE,
    MakeToken: Post "/account/tokens" Form ANYONE,
    RevokeToken: Post "/account/tokens/{id}/revoke" Form ANYONE,

    ShowPeople: Get "/people" Page OPERATOR,
    InvitePerson: Post "/people" Form OPERATOR,
    ResetPerson: Post "/people/{id}/link" Form OPERATOR,
    DisablePerson: Post "/people/{id}/disable" Form OPERATOR,

    ShowBoard: Get "/board" Page BOARD,
    ShowWall: Get "/board/wall" Page BOARD,
    ShowMap: Get "/board/map" Page BOARD,
    ShowNewIncident: Get "/board/new" Page DISPATCH,
    OpenIncident: Post "/board/new" Form DISPATCH,
    FollowBoard: Get "/board/events" Fragment BOARD,
    CompleteAidTask: Post "/board/tasks" Form DISPATCH,
    ReportIncident: Post "/board/incidents/{id}/report" Form DISPATCH,
    CloseIncident: Post "/board/incidents/{id}/close" Form DISPATCH,
    ExportIncident: Get "/board/incidents/{id}/cap.xml" Page BOARD,
    ShowMissionOrder: Get "/board/assignments/{id}/order" Page BOARD,
    ExportAidRequest: Get "/board/requests/{id}/edxl-rm.xml" Page BOARD,
    ShowAidRequest: Get "/board/requests/{id}" Page BOARD,
    AcceptAid: Post "/board/requests/{id}/accept" Form DISPATCH,
    RejectAid: Post "/board/requests/{id}/reject" Form DISPATCH,
    SolicitAid: Post "/board/requests/{id}/solicit" Form DISPATCH,
    OrderAid: Post "/board/requests/{id}/order" Form DISPATCH,
    ActOnAid: Post "/board/requests/{id}/assignments/{assignment}" Form DISPATCH,
    StandDownAid: Post "/board/requests/{id}/stand-down" Form DISPATCH,
    CloseAid: Post "/board/requests/{id}/close" Form DISPATCH,
    ReviewAid: Post "/board/requests/{id}/review" Form DISPATCH,
    ShowAmendAid: Get "/board/requests/{id}/amend" Page DISPATCH,
    AmendAid: Post "/board/requests/{id}/amend" Form DISPATCH,
    ShowMergeAid: Get "/board/requests/{id}/merge" Page DISPATCH,
    MergeAid: Post "/board/requests/{id}/merge" Form DISPATCH,
    OfferAid: Post "/board/requests/{id}/offer" Form DISPATCH,
    BookAid: Post "/board/requests/{id}/self-deployed" Form DISPATCH,
    ShowPlans: Get "/board/plans" Page DISPATCH,
    ProposePlan: Post "/board/plans" Form DISPATCH,
    ShowPlan: Get "/board/plans/{id}" Page DISPATCH,
    ApplyPlan: Post "/board/plans/{id}" Form DISPATCH,
    AddClosure: Post "/board/map/closures" Form DISPATCH,
    RemoveClosure: Post "/board/map/closures/{id}/remove" Form DISPATCH,

    ShowMembers: Get "/members" Page COUNCIL,
    InviteMember: Post "/members" Form OPERATOR,
    ShowMember: Get "/members/{member}" Page COUNCIL,
    SuspendMember: Post "/members/{member}/suspend" Form OPERATOR,
    ReinstateMember: Post "/members/{member}/reinstate" Form OPERATOR,
    SetMemberGroups: Post "/members/{member}/groups" Form OPERATOR,
    RetryQuarantine: Post "/members/{member}/retry" Form OPERATOR,

    ShowThesaurus: Get "/thesaurus" Page ANYONE,
    PutTerms: Post "/thesaurus" Form COUNCIL,
    DeleteTerms: Post "/thesaurus/{id}/delete" Form COUNCIL,

    ShowVocabulary: Get "/vocabulary" Page ANYONE,

    ShowAudit: Get "/audit" Page COUNCIL,
    CheckAudit: Post "/audit/check" Form COUNCIL,

    ShowAlerts: Get "/alerts" Page COUNCIL,
    TestAlerts: Post "/alerts/test" Form OPERATOR,

    ShowCharts: Get "/charts" Page COUNCIL,

    ApiSearch: Get "/api/v1/search" Api ANYONE,
    ApiPublication: Get "/api/v1/publications/{member}/{record}" Api ANYONE,
    ApiMembers: Get "/api/v1/members" Api COUNCIL,
    ApiMember: Get "/api/v1/members/{member}" Api COUNCIL,
    ApiIncidents: Get "/api/v1/incidents" Api ANYONE,
    ApiIncident: Get "/api/v1/incidents/{id}" Api ANYONE,
    ApiIncidentCap: Get "/api/v1/incidents/{id}/cap" Api ANYONE,
    ApiIncidentFeed: Get "/api/v1/incidents.atom" Api ANYONE,
    ApiRequests: Get "/api/v1/requests" Api ANYONE,
    ApiRequest: Get "/api/v1/requests/{id}" Api ANYONE,
    ApiPublicationFeed: Get "/api/v1/publications.atom" Api ANYONE,
    ApiCourses: Get "/api/v1/courses.ics" Api ANYONE,
    ApiOpenApi: Get "/api/v1/openapi.json" Api EVERYBODY,
}

#[cfg(test)]
mod tests {
    use shouwang_pages::route::{Manner, Method};

    use super::*;

    #[test]
    fn rows_are_plain() {
        for row in TABLE {
            assert_eq!(row.method == Method::Post, row.manner == Manner::Form, "{}", row.name);
            assert_eq!(row.path.starts_with("/api/"), row.manner == Manner::Api, "{}", row.name);
            assert!(!matches!(row.who, Who::Roles([])), "{}", row.name);
        }
    }
}
