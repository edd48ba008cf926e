//! `shouwang incident`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use shouwang_proto::{
    publication::time_to_wire,
    wire::{
        AuthorityReport, CloseIncidentRequest, Incident, IncidentState, ListIncidentsRequest,
        OpenIncidentRequest, UpdateIncidentRequest,
    },
};

use super::{
    PageArguments,
    content::{self, IncidentFlags, ModeName, PlaceFlags},
    interchange, refer,
    said::Said,
    show, told,
};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum IncidentVerb {
    /// Open an incident （建档）
    Open(Box<OpenArguments>),
    /// List incidents, newest first （事件列表）
    List(ListArguments),
    /// Show one （查看）
    Show {
        /// Its name, UUID, or `last` （事件编号）
        incident: String,
    },
    /// Change what is known: level, substances, people, place, authorities told （更新）
    Update(Box<UpdateArguments>),
    /// Close one; all its requests must have ended （结束）
    Close {
        /// Its name, UUID, or `last` （事件编号）
        incident: String,
        /// In words （说明）
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// Print one as a CAP 1.2 alert, XML: after the first an Update, of a closed one a Cancel （导出 CAP）
    Export {
        /// Its name, UUID, or `last` （事件编号）
        incident: String,
        /// As a first Alert, for whoever has none of those before （按首发消息导出）
        #[arg(long)]
        anew: bool,
        /// Form （格式）
        #[arg(long, value_enum, default_value = "cap")]
        format: FormatName,
    },
    /// Open one from a CAP 1.2 alert （导入 CAP）
    Import {
        /// File, or - for standard input （文件）
        file: PathBuf,
        /// Check only; nothing is sent （仅检查）
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        said: Box<Said>,
    },
}

/// Forms of incidents elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// Common Alerting Protocol 1.2
    Cap,
}

#[derive(Args, Debug)]
pub(crate) struct OpenArguments {
    /// Title, one line （标题）
    #[arg(long)]
    title: String,
    /// Whether it is real; a drill is opened with `shouwang drill open` （性质）
    #[arg(long, value_enum)]
    mode: Option<ModeName>,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    known: IncidentFlags,
    /// The member where it happens （发生单位）
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// More words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// When it happened; without it --occurred-at, else now （发生时间）
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    happened: Option<String>,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct UpdateArguments {
    /// Its name, UUID, or `last` （事件编号）
    incident: String,
    /// Title （标题）
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    known: IncidentFlags,
    /// More words （说明）
    #[arg(long)]
    description: Option<String>,
    /// An authority that was told now, AUTHORITY or AUTHORITY:NOTE; may be repeated （已报告）
    #[arg(long, value_name = "AUTHORITY:NOTE")]
    report: Vec<String>,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only in this state; may be repeated （状态）
    #[arg(long, value_enum, value_name = "STATE")]
    state: Vec<StateName>,
    /// Only of this mode; may be repeated （性质）
    #[arg(long, value_enum, value_name = "MODE")]
    mode: Vec<ModeName>,
    #[command(flatten)]
    page: PageArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StateName {
    /// Going on （进行中）
    Open,
    /// A drill stopped by a real emergency （已中止）
    Halted,
    /// Over （已结束）
    Closed,
}

impl StateName {
    fn to_wire(self) -> IncidentState {
        match self {
            Self::Open => IncidentState::Open,
            Self::Halted => IncidentState::Halted,
            Self::Closed => IncidentState::Closed,
        }
    }
}

pub(super) async fn run(session: &Session, verb: IncidentVerb) -> Outcome<Exit> {
    match verb {
        IncidentVerb::Open(arguments) => open(session, *arguments, ModeName::Actual).await,
        IncidentVerb::List(arguments) => list(session, arguments).await,
        IncidentVerb::Show { incident } => {
            let hub = session.hub().await?;
            Ok(show(session, refer::incident(&hub, &incident).await?, aid::incident::one))
        }
        IncidentVerb::Update(arguments) => update(session, *arguments).await,
        IncidentVerb::Close { incident, note, said } => close(session, &incident, note, &said).await,
        IncidentVerb::Export { incident, anew, format: FormatName::Cap } => {
            interchange::export_incident(session, &incident, anew).await
        }
        IncidentVerb::Import { file, check, said } => {
            interchange::import_incident(session, &file, check, &said).await
        }
    }
}

impl OpenArguments {
    /// The mode that was said, if any.
    pub(super) fn mode(&self) -> Option<ModeName> {
        self.mode
    }
}

/// Opens an incident or a drill; `mode` is what it is when nothing else was said.
pub(super) async fn open(session: &Session, arguments: OpenArguments, mode: ModeName) -> Outcome<Exit> {
    let OpenArguments { title, mode: said_mode, place, known, member, description, happened, said } =
        arguments;
    let mut incident = Incident {
        mode: said_mode.unwrap_or(mode).to_wire() as i32,
        title,
        description,
        member: member.as_deref().map(refer::member).unwrap_or_default(),
        place: place.over(None)?,
        ..Incident::default()
    };
    known.put_on(&mut incident);
    let (attempt, context) = said.at_hub(session)?;
    let happened = content::time(session, "--happened", happened.as_deref())?;
    let now = || Some(time_to_wire(session.world.now()));
    incident.occurred_at = happened.or(context.occurred_at).or_else(now);
    let hub = session.hub().await?;
    let request = OpenIncidentRequest { context: Some(context), incident: Some(incident) };
    let answer = hub.aid().open_incident(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::incident::one))
}

async fn list(session: &Session, arguments: ListArguments) -> Outcome<Exit> {
    let ListArguments { state, mode, page } = arguments;
    let hub = session.hub().await?;
    let question = ListIncidentsRequest {
        page_size: page.limit,
        page_token: page.page_token,
        states: state.into_iter().map(|state| state.to_wire() as i32).collect(),
        modes: mode.into_iter().map(|mode| mode.to_wire() as i32).collect(),
    };
    let answer = told(&hub, hub.aid().list_incidents(question).await)?;
    Ok(show(session, answer, aid::incident::list))
}

async fn update(session: &Session, arguments: UpdateArguments) -> Outcome<Exit> {
    let UpdateArguments { incident, title, place, known, description, report, said } = arguments;
    let hub = session.hub().await?;
    let mut incident = refer::incident(&hub, &incident).await?;
    content::put(&mut incident.title, title);
    content::put(&mut incident.description, description);
    incident.place = place.over(incident.place.take())?;
    known.put_on(&mut incident);
    let (attempt, context) = said.at_hub(session)?;
    let told_at = context.occurred_at.unwrap_or_else(|| time_to_wire(session.world.now()));
    incident.reports.extend(report.iter().map(|text| {
        let (authority, note) = text.split_once([':', '：']).unwrap_or((text, ""));
        AuthorityReport {
            authority: authority.trim().to_owned(),
            report_time: Some(told_at),
            note: note.trim().to_owned(),
        }
    }));
    let expected_version = said.version(incident.version);
    let request =
        UpdateIncidentRequest { context: Some(context), incident: Some(incident), expected_version };
    let answer = hub.aid().update_incident(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::incident::one))
}

async fn close(session: &Session, incident: &str, note: String, said: &Said) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let incident = refer::incident(&hub, incident).await?;
    let (attempt, context) = said.at_hub(session)?;
    let expected_version = said.version(incident.version);
    let request =
        CloseIncidentRequest { context: Some(context), name: incident.name, expected_version, note };
    let answer = hub.aid().close_incident(request).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::incident::one))
}
