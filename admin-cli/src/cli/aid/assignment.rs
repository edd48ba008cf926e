//! `shouwang assignment`: aid that was asked, ordered, sent.

use clap::{Args, Subcommand, ValueEnum};
use shouwang_proto::interchange::edxl_rm::MessageKind;
use shouwang_proto::wire::{
    ActOnAssignmentRequest, AssignmentState, BookSelfDeploymentRequest, GetMissionOrderRequest,
    ListAssignmentsRequest, OfferUnsolicitedRequest, SelfDeployment, SolicitRequest, UnsolicitedOffer,
};

use super::{
    PageArguments,
    action::{ActionVerb, OfferFlags},
    interchange,
    order::{self, OrderArguments},
    refer,
    said::Said,
    show, told,
};
use crate::{
    exit::Exit,
    failure::Outcome,
    output::Format,
    render::aid::{self, Look, Shown},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum AssignmentVerb {
    /// Ask owners whether they can help （询问）
    Solicit(SolicitArguments),
    /// Order a resource for a line: holds it until the owner confirms （下令）
    Order(OrderArguments),
    #[command(flatten)]
    Action(ActionVerb),
    /// Book help that an owner offers unasked （登记主动支援）
    Volunteer(VolunteerArguments),
    /// Book aid that came without an order （补登自行出动）
    SelfDeployed(SelfDeployedArguments),
    /// List assignments, newest change first （列表）
    List(ListArguments),
    /// Show one （查看）
    Show {
        /// Its name, UUID, or `last` （调派编号）
        assignment: String,
    },
    /// Print one as an EDXL-RM 1.0 message, XML: the newest that its state calls for （导出 EDXL-RM）
    Export {
        /// Its name, UUID, or `last` （调派编号）
        assignment: String,
        /// Another message that its state allows （消息类型）
        #[arg(long, value_enum, value_name = "MESSAGE")]
        message: Option<MessageName>,
    },
    /// Say what an EDXL-RM 1.0 answer says: accept or decline （导入 EDXL-RM 答复）
    Import {
        /// The assignment that is answered: its name, UUID, or `last` （调派编号）
        assignment: String,
        /// File, or - for standard input （文件）
        file: std::path::PathBuf,
        /// The order that is answered, when the message names none of ours （所答复的调用序号）
        #[arg(long, value_name = "N")]
        epoch: Option<u64>,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// The mission order on one page; --output html to print it （调令）
    OrderSheet {
        /// Its name, UUID, or `last` （调派编号）
        assignment: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct SolicitArguments {
    /// The request: its name, UUID, or `last` （请求）
    request: String,
    /// Number of the line （行号）
    line: u32,
    /// Resources: full name, UUID, or words of a candidate's title or owner （资源）
    #[arg(required = true)]
    resources: Vec<String>,
    /// How much each is asked for; without it what is missing （数量）
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    quantity: u64,
    #[command(flatten)]
    said: Said,
}

/// A resource for a line of a request.
#[derive(Args, Debug)]
pub(crate) struct Serving {
    /// The request: its name, UUID, or `last` （请求）
    pub(super) request: String,
    /// Number of the line （行号）
    pub(super) line: u32,
    /// The resource: full name or own external id at the node, UUID or words of a candidate at the hub （资源）
    pub(super) resource: String,
}

#[derive(Args, Debug)]
pub(crate) struct VolunteerArguments {
    #[command(flatten)]
    serving: Serving,
    #[command(flatten)]
    offer: OfferFlags,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct SelfDeployedArguments {
    #[command(flatten)]
    serving: Serving,
    /// How much （数量）
    #[arg(long, value_name = "N")]
    quantity: u64,
    /// It is on the scene already; without it: on the way （已在现场）
    #[arg(long)]
    on_scene: bool,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only of this request （请求）
    #[arg(long)]
    request: Option<String>,
    /// Only of this owner （支援单位）
    #[arg(long, value_name = "MEMBER")]
    owner: Option<String>,
    /// Only those that are not over （未结束的）
    #[arg(long)]
    active: bool,
    /// Only in this state; may be repeated （状态）
    #[arg(long, value_enum, value_name = "STATE")]
    state: Vec<StateName>,
    #[command(flatten)]
    page: PageArguments,
}

/// States by the names people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StateName {
    Solicited,
    Offered,
    Held,
    Committed,
    Mobilising,
    EnRoute,
    Staged,
    OnScene,
    Returning,
    Returned,
    Settled,
    Declined,
    Lapsed,
    StoodDown,
    Failed,
}

/// EDXL-RM messages by the names people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageName {
    /// RequestResource （询问）
    Request,
    /// ResponseToRequestResource （答复询问）
    Response,
    /// RequisitionResource （下令）
    Requisition,
    /// CommitResource （确认或拒绝）
    Commit,
    /// ReportResourceDeploymentStatus （在途与现场）
    Status,
    /// RequestReturn （召回）
    RequestReturn,
    /// ReleaseResource （撤离）
    Release,
}

impl MessageName {
    fn kind(self) -> MessageKind {
        match self {
            Self::Request => MessageKind::RequestResource,
            Self::Response => MessageKind::ResponseToRequestResource,
            Self::Requisition => MessageKind::RequisitionResource,
            Self::Commit => MessageKind::CommitResource,
            Self::Status => MessageKind::ReportResourceDeploymentStatus,
            Self::RequestReturn => MessageKind::RequestReturn,
            Self::Release => MessageKind::ReleaseResource,
        }
    }
}

impl StateName {
    fn to_wire(self) -> AssignmentState {
        match self {
            Self::Solicited => AssignmentState::Solicited,
            Self::Offered => AssignmentState::Offered,
            Self::Held => AssignmentState::Held,
            Self::Committed => AssignmentState::Committed,
            Self::Mobilising => AssignmentState::Mobilising,
            Self::EnRoute => AssignmentState::EnRoute,
            Self::Staged => AssignmentState::Staged,
            Self::OnScene => AssignmentState::OnScene,
            Self::Returning => AssignmentState::Returning,
            Self::Returned => AssignmentState::Returned,
            Self::Settled => AssignmentState::Settled,
            Self::Declined => AssignmentState::Declined,
            Self::Lapsed => AssignmentState::Lapsed,
            Self::StoodDown => AssignmentState::StoodDown,
            Self::Failed => AssignmentState::Failed,
        }
    }

    /// Those in which something is held or somebody has to answer.
    const ACTIVE: [Self; 9] = [
        Self::Solicited,
        Self::Offered,
        Self::Held,
        Self::Committed,
        Self::Mobilising,
        Self::EnRoute,
        Self::Staged,
        Self::OnScene,
        Self::Returning,
    ];
}

pub(super) async fn run(session: &Session, verb: AssignmentVerb) -> Outcome<Exit> {
    match verb {
        AssignmentVerb::Solicit(arguments) => solicit(session, arguments).await,
        AssignmentVerb::Order(arguments) => order::run(session, arguments).await,
        AssignmentVerb::Action(verb) => act(session, verb).await,
        AssignmentVerb::Volunteer(arguments) => volunteer(session, arguments).await,
        AssignmentVerb::SelfDeployed(arguments) => self_deployed(session, arguments).await,
        AssignmentVerb::List(arguments) => list(session, arguments).await,
        AssignmentVerb::Show { assignment } => {
            let hub = session.hub().await?;
            Ok(show(session, refer::assignment(&hub, &assignment).await?, aid::assignment::one))
        }
        AssignmentVerb::OrderSheet { assignment } => order_sheet(session, &assignment).await,
        AssignmentVerb::Export { assignment, message } => {
            interchange::export_assignment(session, &assignment, message.map(MessageName::kind)).await
        }
        AssignmentVerb::Import { assignment, file, epoch, said } => {
            interchange::import_answer(session, &assignment, &file, epoch, &said).await
        }
    }
}

async fn solicit(session: &Session, arguments: SolicitArguments) -> Outcome<Exit> {
    let SolicitArguments { request, line, resources, quantity, said } = arguments;
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let mut names = Vec::with_capacity(resources.len());
    for written in resources {
        names.push(order::resource(&hub, &request.name, line, written).await?.name);
    }
    let (attempt, context) = said.at_hub(session)?;
    let ask = SolicitRequest {
        context: Some(context),
        expected_version: said.version(request.version),
        request: request.name,
        line,
        resources: names,
        quantity,
    };
    let answer = hub.aid().solicit(ask).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::assignment::solicited))
}

/// Reports or decides something. What the hub needs to know besides is read from the assignment.
async fn act(session: &Session, verb: ActionVerb) -> Outcome<Exit> {
    let mut written = verb.written(session.world.now())?;
    let hub = session.hub().await?;
    let mut name = refer::named("assignments", &written.assignment);
    let mut expected_version = written.said.said_version();
    let reads_epoch = written.answers_an_order() && written.epoch == 0;
    let reads_version = written.needs_version() && expected_version == 0;
    if written.assignment == refer::LAST || reads_epoch || reads_version {
        let now = refer::assignment(&hub, &written.assignment).await?;
        if reads_epoch {
            written.epoch = now.epoch;
        }
        if reads_version {
            expected_version = now.version;
        }
        name = now.name;
    }
    let (attempt, context) = written.said.at_hub(session)?;
    let action = Some(written.on(name));
    let request = ActOnAssignmentRequest { context: Some(context), action, expected_version };
    let answer = hub.aid().act_on_assignment(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::assignment::acted))
}

async fn volunteer(session: &Session, arguments: VolunteerArguments) -> Outcome<Exit> {
    let VolunteerArguments { serving: Serving { request, line, resource }, offer, said } = arguments;
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let resource = order::resource(&hub, &request.name, line, resource).await?.name;
    let (attempt, context) = said.at_hub(session)?;
    let offer = UnsolicitedOffer { request: request.name, line, resource, offer: Some(offer.into()) };
    let request = OfferUnsolicitedRequest { context: Some(context), offer: Some(offer) };
    let answer = hub.aid().offer_unsolicited(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::assignment::one))
}

async fn self_deployed(session: &Session, arguments: SelfDeployedArguments) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let SelfDeployedArguments {
        serving: Serving { request, line, resource },
        quantity,
        on_scene,
        note,
        said,
    } = arguments;
    let request = refer::request(&hub, &request).await?;
    let resource = order::resource(&hub, &request.name, line, resource).await?.name;
    let (attempt, context) = said.at_hub(session)?;
    let deployment = SelfDeployment { request: request.name, line, resource, quantity, on_scene, note };
    let request = BookSelfDeploymentRequest { context: Some(context), deployment: Some(deployment) };
    let answer = hub.aid().book_self_deployment(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::assignment::one))
}

impl SelfDeployedArguments {
    /// At the node: the request and the resource by their names.
    pub(super) fn at_node(self) -> (Serving, SelfDeployment, Said) {
        let Self { serving, quantity, on_scene, note, said } = self;
        let deployment = SelfDeployment { quantity, on_scene, note, ..SelfDeployment::default() };
        (serving, deployment, said)
    }
}

impl VolunteerArguments {
    /// At the node: the request and the resource by their names.
    pub(super) fn at_node(self) -> (Serving, OfferFlags, Said) {
        (self.serving, self.offer, self.said)
    }
}

async fn list(session: &Session, arguments: ListArguments) -> Outcome<Exit> {
    let ListArguments { request, owner, active, mut state, page } = arguments;
    let hub = session.hub().await?;
    let request = match request.as_deref() {
        Some(refer::LAST) => refer::request(&hub, refer::LAST).await?.name,
        Some(written) => refer::named("requests", written),
        None => String::new(),
    };
    if active {
        state.extend(StateName::ACTIVE);
    }
    let question = ListAssignmentsRequest {
        page_size: page.limit,
        page_token: page.page_token,
        request,
        owner: owner.as_deref().map(refer::member).unwrap_or_default(),
        states: state.into_iter().map(|state| state.to_wire() as i32).collect(),
    };
    let answer = told(&hub, hub.aid().list_assignments(question).await)?;
    Ok(show(session, answer, aid::assignment::list))
}

async fn order_sheet(session: &Session, assignment: &str) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let name = match assignment {
        refer::LAST => refer::assignment(&hub, assignment).await?.name,
        written => refer::named("assignments", written),
    };
    let order = told(&hub, hub.aid().get_mission_order(GetMissionOrderRequest { name }).await)?;
    let now = session.world.now();
    match session.output.format() {
        Format::Html => {
            let look = Look { lang: session.output.lang(), now };
            session.output.raw(&aid::order_sheet::html(&order, look));
        }
        Format::Table | Format::Json => {
            session.output.answer(&Shown { message: order, now, text: aid::order_sheet::text });
        }
    }
    Ok(Exit::Done)
}
