//! Flags that say what is needed, where, and whom to phone; shared by the hub's and the node's verbs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use shouwang_proto::{
    json, vocabulary,
    wire::{Casualties, DutyContact, Incident, IncidentMode, Location, MutualAidRequest, RequestPriority},
};

use super::{moment, need, refer};
use crate::{
    failure::{Failure, Outcome},
    session::Session,
    words::{Words, words},
};

/// Largest file that is read whole, in bytes.
const FILE_LIMIT: u64 = 1024 * 1024;

/// What a request says.
#[derive(Args, Debug, Default)]
pub(crate) struct RequestFlags {
    /// How much depends on time: p1 life in danger, p2 it will grow worse, p3 support （紧急程度）
    #[arg(long, value_enum, value_name = "P")]
    pub(super) priority: Option<PriorityName>,
    /// Title, one line （标题）
    #[arg(long)]
    pub(super) title: Option<String>,
    /// More words （说明）
    #[arg(long)]
    pub(super) description: Option<String>,
    /// One need line; may be repeated （需求行）: `KIND/WHAT=QUANTITY[UNIT][,least=N][,by=TIME][,can=ABILITY]…`
    #[arg(long, value_name = "NEED")]
    pub(super) need: Vec<String>,
    /// Who is called back on the scene, NAME:PHONE or NAME:PHONE:DUTY （现场联系人）
    #[arg(long, value_name = "NAME:PHONE", value_parser = contact)]
    pub(super) contact: Option<DutyContact>,
    #[command(flatten)]
    pub(super) place: PlaceFlags,
    /// The whole request as a JSON object with the contract's field names; flags change it （JSON 文件）
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// Where.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PlaceFlags {
    /// WGS-84 degrees, LATITUDE,LONGITUDE （坐标）
    #[arg(long, value_name = "LAT,LON", value_parser = degrees, allow_hyphen_values = true)]
    at: Option<(f64, f64)>,
    /// The place in words （地址）
    #[arg(long, value_name = "WORDS")]
    address: Option<String>,
}

/// What is known of an incident.
#[derive(Args, Debug, Default)]
pub(crate) struct IncidentFlags {
    /// Kind of accident: code or name of the list `hazard` (GB 6441-2025), such as fire or 火灾 （致害类型）
    #[arg(long, value_name = "TYPE", value_parser = hazard)]
    pub(super) hazard: Option<String>,
    /// Level, code of the list `accident-level` （事故等级）
    #[arg(long, value_name = "LEVEL")]
    pub(super) level: Option<String>,
    /// What is leaking, burning or near; may be repeated （涉及物质）
    #[arg(long, value_name = "SUBSTANCE")]
    pub(super) substance: Vec<String>,
    /// People hurt （受伤）
    #[arg(long, value_name = "N")]
    pub(super) injured: Option<u32>,
    /// People missing or trapped （失联或被困）
    #[arg(long, value_name = "N")]
    pub(super) missing: Option<u32>,
    /// People dead （死亡）
    #[arg(long, value_name = "N")]
    pub(super) dead: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PriorityName {
    /// Life in danger: opens at once （危及生命）
    P1,
    /// It will grow worse （会恶化）
    P2,
    /// Support, relief, restocking （支援）
    P3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// Real （实战）
    Actual,
    /// A drill （演练）
    Exercise,
    /// A technical test （测试）
    Test,
}

impl PriorityName {
    pub(super) fn to_wire(self) -> RequestPriority {
        match self {
            Self::P1 => RequestPriority::P1,
            Self::P2 => RequestPriority::P2,
            Self::P3 => RequestPriority::P3,
        }
    }
}

impl ModeName {
    pub(super) fn to_wire(self) -> IncidentMode {
        match self {
            Self::Actual => IncidentMode::Actual,
            Self::Exercise => IncidentMode::Exercise,
            Self::Test => IncidentMode::Test,
        }
    }
}

/// Reads `NAME:PHONE` or `NAME:PHONE:DUTY`.
pub(super) fn contact(text: &str) -> Result<DutyContact, String> {
    let mut parts = text.splitn(3, [':', '：']).map(|part| part.trim().to_owned());
    let (name, phone) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if name.is_empty() || phone.is_empty() {
        return Err(format!("`{text}` is not NAME:PHONE （应为 姓名:电话）"));
    }
    Ok(DutyContact { name, phone, duty: parts.next().unwrap_or_default() })
}

/// Reads `LATITUDE,LONGITUDE`.
pub(super) fn degrees(text: &str) -> Result<(f64, f64), String> {
    let wrong = || format!("`{text}` is not LATITUDE,LONGITUDE in degrees （应为 纬度,经度）");
    let (latitude, longitude) = text.split_once([',', '，']).ok_or_else(wrong)?;
    let read =
        |part: &str, most: f64| part.trim().parse::<f64>().ok().filter(|degrees| degrees.abs() <= most);
    Ok((read(latitude, 90.0).ok_or_else(wrong)?, read(longitude, 180.0).ok_or_else(wrong)?))
}

fn hazard(text: &str) -> Result<String, String> {
    vocabulary::code_of("hazard", text).map(str::to_owned).ok_or_else(|| {
        format!("`{text}` is not in the list hazard （不在 GB 6441-2025 致害类型中）, such as fire 火灾, leak 泄漏")
    })
}

impl PlaceFlags {
    /// The place said, over the one known before.
    pub(super) fn over(&self, before: Option<Location>) -> Outcome<Option<Location>> {
        let mut place = match (self.at, before) {
            (Some((latitude, longitude)), before) => {
                let address = before.map(|place| place.address).unwrap_or_default();
                Location { latitude, longitude, address }
            }
            (None, Some(before)) => before,
            (None, None) if self.address.is_none() => return Ok(None),
            (None, None) => {
                return Err(Failure::usage(words!(
                    "--address 需要同时给出 --at 纬度,经度",
                    "--address needs --at LATITUDE,LONGITUDE"
                )));
            }
        };
        if let Some(address) = &self.address {
            place.address.clone_from(address);
        }
        Ok(Some(place))
    }
}

impl IncidentFlags {
    /// Puts what was said over what is known.
    pub(super) fn put_on(self, incident: &mut Incident) {
        let Self { hazard, level, substance, injured, missing, dead } = self;
        put(&mut incident.accident_type, hazard);
        put(&mut incident.accident_level, level);
        if !substance.is_empty() {
            incident.substances = substance;
        }
        if injured.or(missing).or(dead).is_some() {
            let before = incident.casualties.unwrap_or_default();
            incident.casualties = Some(Casualties {
                injured: injured.unwrap_or(before.injured),
                missing: missing.unwrap_or(before.missing),
                dead: dead.unwrap_or(before.dead),
            });
        }
    }
}

impl RequestFlags {
    /// The request that the file and the flags say.
    pub(super) fn request(self, session: &Session) -> Outcome<MutualAidRequest> {
        let before = match &self.file {
            Some(file) => read_json(file)?,
            None => MutualAidRequest::default(),
        };
        self.over(session, before)
    }

    /// Puts what was said over a request; need lines are added.
    pub(super) fn over(self, session: &Session, mut request: MutualAidRequest) -> Outcome<MutualAidRequest> {
        let Self { priority, title, description, need, contact, place, file: _ } = self;
        if let Some(priority) = priority {
            request.priority = priority.to_wire() as i32;
        }
        put(&mut request.title, title);
        put(&mut request.description, description);
        request.contact = contact.or(request.contact);
        request.place = place.over(request.place.take())?;
        let now = session.world.now();
        for text in need {
            let line = need::read(&text, now).map_err(|error| {
                let error = Words::from_server(&error);
                Failure::usage(Words {
                    zh: format!("--need：{}", error.zh),
                    en: format!("--need: {}", error.en),
                })
            })?;
            request.lines.push(line);
        }
        Ok(request)
    }
}

/// Replaces a text when a new one was said.
pub(super) fn put(place: &mut String, said: Option<String>) {
    if let Some(said) = said {
        *place = said;
    }
}

/// Reads a whole file of at most 1 MiB.
pub(super) fn read_file(path: &std::path::Path) -> Outcome<String> {
    use std::io::Read as _;
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().take(FILE_LIMIT + 1).read_to_string(&mut text).map_err(failed)?
    } else {
        std::fs::File::open(path)
            .map_err(failed)?
            .take(FILE_LIMIT + 1)
            .read_to_string(&mut text)
            .map_err(failed)?
    };
    if read as u64 > FILE_LIMIT {
        return Err(Failure::file(path, &"超过 1 MiB （is larger than 1 MiB）"));
    }
    Ok(text)
}

fn read_json(path: &std::path::Path) -> Outcome<MutualAidRequest> {
    json::read(&read_file(path)?).map_err(|error| Failure::file(path, &error))
}

/// Reads a time option for the wire, when it was given.
pub(super) fn time(
    session: &Session,
    option: &str,
    text: Option<&str>,
) -> Outcome<Option<prost_types::Timestamp>> {
    text.map(|text| moment::wire(session, option, text)).transpose()
}

/// The member who asks: as said, else the one where it happens.
pub(super) fn requester(said: Option<&str>, incident: &Incident) -> Outcome<String> {
    match said {
        Some(said) => Ok(refer::member(said)),
        None if !incident.member.is_empty() => Ok(incident.member.clone()),
        None => Err(Failure::usage(words!(
            "请用 --requester 指明求援单位（事件未注明单位）",
            "say who asks with --requester; the incident names no member"
        ))),
    }
}
