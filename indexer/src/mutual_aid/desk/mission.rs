//! The mission order (调令): all that stands on its one page.

use shouwang_proto::refusal::Refusal;
use shouwang_proto::{mutual_aid::term::Mode, publication::time_to_wire, refusal::Violations, wire};
use shouwang_serving::store::{Conn, StoreError};

use super::{Desk, lookups::concerned_assignment, read};
use crate::{
    council::caller::Caller,
    mutual_aid::{
        machine::{
            assignment::{Assignment, Order},
            incident::Incident,
            request::Request,
        },
        unknown, write,
    },
    store::mutual_aid::{
        agreement::agreement_find, assignment::assignments_of_request, incident::incident_find,
    },
};

/// Hours that Chinese time is ahead of UTC.
const CHINA: jiff::tz::Offset = jiff::tz::offset(8);

impl Desk {
    pub(super) async fn mission_order(
        &self,
        by: &Caller,
        message: wire::GetMissionOrderRequest,
    ) -> Result<wire::MissionOrder, StoreError> {
        let mut wrong = Violations::new();
        let id = read::assignment("name", &message.name, &mut wrong);
        let (id, member) = (read::whole(wrong, || id)?, by.member.clone());
        let read = async move |conn: &mut Conn| {
            let (assignment, request) = concerned_assignment(conn, id, member.as_ref()).await?;
            let incident = incident_find(conn, assignment.incident).await?;
            let incident = incident.ok_or_else(|| unknown::incident(assignment.incident))?;
            let all = assignments_of_request(conn, request.id).await?;
            let Some(mission) = assignment.state.mission().cloned() else {
                return Err(no_mission_order().into());
            };
            let basis = basis_words(conn, &mission.order).await?;
            Ok((assignment, request, incident, all, mission, basis))
        };
        let (assignment, request, incident, all, mission, basis) = self.store.read(read).await?;
        let roster = self.roster.snapshot();
        let name = |id| roster.member(id).map(|member| member.display_name.clone()).unwrap_or_default();
        let offered = self.room.shared.shelf.find(&assignment.resource);
        let title = offered.map(|offered| offered.title.clone()).unwrap_or_default();
        let (owner, requester) = (name(assignment.owner()), name(&request.requester));
        let number = number_of(&assignment, &all, mission.order.at);
        let text_zh =
            page([&number, &owner, &requester, &title, &basis], (&assignment, &request, &incident), &mission);
        let mut shown = write::request(&request, &all);
        shown.lines.retain(|line| line.number == assignment.line.number.get());
        shown.fulfilment.retain(|met| met.line == assignment.line.number.get());
        Ok(wire::MissionOrder {
            number,
            assignment: Some(assignment.view().to_wire()),
            request: Some(shown),
            incident: Some(write::incident(&incident)),
            owner_display_name: owner,
            requester_display_name: requester,
            resource_title: title,
            issued_by: mission.order.by.clone(),
            issue_time: Some(time_to_wire(mission.order.at)),
            confirmed_by: mission.confirmed_by.clone(),
            confirm_time: Some(time_to_wire(mission.confirmed)),
            text_zh,
        })
    }
}

/// On what ground, in words; with the paper that it stands on.
async fn basis_words(conn: &mut Conn, order: &Order) -> Result<String, StoreError> {
    let (basis, _) = order.basis.labels();
    let agreement = match order.agreement {
        Some(id) => agreement_find(conn, id).await?,
        None => None,
    };
    Ok(agreement.map_or_else(|| basis.to_owned(), |kept| format!("{basis}（{}）", kept.agreement.title)))
}

fn no_mission_order() -> Refusal {
    Refusal::precondition(
        "NO_MISSION_ORDER",
        "there is no mission order before the owner has confirmed （尚无调令：支援方未确认）",
    )
}

/// A number for people: the day, and which of the request's missions it is; unique with the request's own number.
fn number_of(assignment: &Assignment, all: &[Assignment], at: jiff::Timestamp) -> String {
    let place = all.iter().position(|other| other.id == assignment.id).unwrap_or(0) + 1;
    let day = CHINA.to_datetime(at).date();
    let uuid = assignment.line.request.to_string();
    let short = uuid.get(uuid.len().saturating_sub(4)..).unwrap_or_default().to_uppercase();
    format!("调令 {}-{:02}{:02}-{short}-{place:02}", day.year(), day.month(), day.day())
}

fn page(
    [number, owner, requester, title, basis]: [&str; 5],
    (assignment, request, incident): (&Assignment, &Request, &Incident),
    mission: &crate::mutual_aid::machine::assignment::Mission,
) -> String {
    let time = |at: jiff::Timestamp| CHINA.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
    let drill = match incident.mode {
        Mode::Actual => "",
        Mode::Exercise => "**【演练】**\n\n",
        Mode::Test => "**【测试】**\n\n",
    };
    let place = request.facts.place.as_ref().unwrap_or(&incident.facts.place);
    let arrival = mission.order.arrival.map_or_else(|| "未定".to_owned(), time);
    let contact = &request.facts.contact;
    format!(
        "{drill}# {number}\n\n- 支援单位：{owner}\n- 资源：{title}，{} {}\n- 依据：{basis}\n- 请求单位：{requester}\n\
         - 事件：{}\n- 集结地点：{}（{:.5}, {:.5}）\n- 现场联系人：{} {}\n- 预计到场：{arrival}\n- 下达：{}，{}\n\
         - 确认：{}，{}\n",
        mission.order.quantity,
        assignment.unit,
        incident.facts.title,
        place.address,
        place.latitude,
        place.longitude,
        contact.name,
        contact.phone,
        mission.order.by,
        time(mission.order.at),
        mission.confirmed_by,
        time(mission.confirmed),
    )
}
