//! Every route of the pages, and who may take it: one table.
//!
//! A route is a type, and its handler takes an [`Asked`](super::asked::Asked) of that type, which only a request that
//! has passed this table becomes. So a handler without a row does not compile; a row without a handler fails a test.

use crate::council::caller::Role;

/// What a route gives, and so how it says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A page: who is not signed in is led to the sign-in.
    Page,
    /// What a form sends: as a page.
    Form,
    /// A piece of a page, asked for by a script: 401 and 403.
    Fragment,
    /// JSON for programs, also with a token: 401 and 403 with the reason.
    Api,
}

/// Who may take a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Also who is not signed in.
    Everybody,
    /// Who is signed in with one of these roles.
    Roles(&'static [Role]),
}

/// The two methods there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Looks.
    Get,
    /// Changes something.
    Post,
}

/// A route and who may take it.
pub trait Route: Send + Sync + 'static {
    /// Its row.
    const ROW: Row;
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The route's name.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path, with `{names}`.
    pub path: &'static str,
    /// What it gives.
    pub manner: Manner,
    /// Who may take it.
    pub who: Who,
}

/// Whoever is signed in.
const ANYONE: Who = Who::Roles(&Role::ALL);
/// Those who run the hub.
const OPERATOR: Who = Who::Roles(&[Role::Operator]);
/// Those who dispatch mutual aid.
const DISPATCH: Who = Who::Roles(&[Role::Dispatcher, Role::Council, Role::Operator]);
/// Those who dispatch, and those who only look on.
const BOARD: Who = Who::Roles(&[Role::Regulator, Role::Dispatcher, Role::Council, Role::Operator]);
/// Those who look after the alliance.
const COUNCIL: Who = Who::Roles(&[Role::Council, Role::Operator]);
/// Also who is not signed in.
const EVERYBODY: Who = Who::Everybody;

macro_rules! table {
    ($($name:ident: $method:ident $path:literal $manner:ident $who:expr,)+) => {
        /// One type for each route.
        pub mod to {
            use super::{ANYONE, BOARD, COUNCIL, DISPATCH, EVERYBODY, Manner, Method, OPERATOR, Route, Row};
            $(
                #[doc = concat!("`", stringify!($method), " ", $path, "`.")]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;

                impl Route for $name {
                    const ROW: Row = Row {
                        name: stringify!($name),
                        method: Method::$method,
                        path: $path,
                        manner: Manner::$manner,
                        who: $who,
                    };
                }
            )+
        }

        /// Every row.
        pub const TABLE: &[Row] = &[$(<to::$name as Route>::ROW,)+];
    };
}

table! {
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
