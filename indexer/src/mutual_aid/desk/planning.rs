//! Who could help, and who should go where.

use std::sync::Arc;

use jiff::Timestamp;
use shouwang_proto::{
    mutual_aid::{
        agreement::KeptAgreement,
        id::{CommandId, LineId, LineNumber, PlanId, RequestId},
        term::{Basis, Mode},
    },
    publication::time_to_wire,
    refusal::{Refusal, Violations},
    wire,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{Desk, lookups::concerned_request, read};
use crate::{
    council::caller::Caller,
    mutual_aid::{
        candidates::{LineWanted, Scene, View, key_of, write_reason},
        machine::{
            assignment::Assignment, command::OrderWish, incident::Incident, ledger::Book, request::Request,
        },
        matching::{Question, amount::Unit, plan, rank},
        planning::{Attempts, line_wanted},
        unknown,
    },
    store::mutual_aid::{
        agreement::agreements_for,
        assignment::assignments_of_request,
        incident::incident_find,
        plan::{plan_add, plan_find},
        request::{RequestFilter, request_find, requests_list},
    },
};

/// Most requests in one plan.
const REQUESTS: u32 = 200;

/// A request with all that its lines depend on.
struct Whole {
    incident: Incident,
    request: Request,
    assignments: Vec<Assignment>,
    /// When aid shall stand on an agreement: those that may be its ground.
    agreements: Option<Arc<[KeptAgreement]>>,
}

/// On what ground aid shall be given, and the time of asking.
type Ground = (Option<Basis>, Timestamp);

async fn whole(conn: &mut Conn, id: RequestId, ground: Ground) -> Result<Whole, StoreError> {
    let (request, assignments) = concerned_request(conn, id, None).await?;
    with_incident(conn, request, assignments, ground).await
}

async fn with_incident(
    conn: &mut Conn,
    request: Request,
    assignments: Vec<Assignment>,
    (basis, now): Ground,
) -> Result<Whole, StoreError> {
    let incident = incident_find(conn, request.incident).await?;
    let incident = incident.ok_or_else(|| unknown::incident(request.incident))?;
    let agreements = match basis {
        Some(Basis::Agreement) => Some(agreements_for(conn, &request.requester, now).await?.into()),
        Some(Basis::Command | Basis::Voluntary) | None => None,
    };
    Ok(Whole { incident, request, assignments, agreements })
}

impl Whole {
    /// The line as matching wants it, and the attempts so far.
    fn line(&self, number: LineNumber) -> Option<(LineWanted, Attempts)> {
        let (wanted, attempts) = line_wanted(&self.incident, &self.request, &self.assignments, number)?;
        Some((LineWanted { agreements: self.agreements.clone(), ..wanted }, attempts))
    }
}

/// The ground that a question names; none when it names none.
fn ground(number: i32, wrong: &mut Violations) -> Option<Basis> {
    (number != 0).then(|| wrong.check("basis", Basis::from_wire(number))).flatten()
}

impl Desk {
    pub(super) async fn candidates(
        &self,
        message: wire::ListCandidatesRequest,
    ) -> Result<wire::ListCandidatesResponse, StoreError> {
        let mut wrong = Violations::new();
        let id = read::request("request", &message.request, &mut wrong);
        let number = read::line("line", message.line, &mut wrong);
        let ground = (ground(message.basis, &mut wrong), self.gate.now());
        let (id, number) = read::whole(wrong, || Some((id?, number?)))?;
        let of = self.store.read(async move |conn| whole(conn, id, ground).await).await?;
        let scene = self.room.scene(of.request.book).await?;
        let Some((wanted, attempts)) = of.line(number) else {
            return Err(line_unknown(LineId { request: id, number }).into());
        };
        let limit = shouwang_proto::page::size(message.page_size, 10, 200);
        Ok(answer(&scene.look(), &wanted, &attempts, limit, message.with_excluded))
    }

    /// The next candidates in words, for whoever comes too late.
    pub(super) async fn alternatives(&self, wish: &OrderWish) -> Result<Vec<String>, StoreError> {
        let (id, ground) = (wish.request.request, (Some(wish.basis), self.gate.now()));
        let found = self.store.read(async move |conn| match request_find(conn, id).await? {
            Some(_) => whole(conn, id, ground).await.map(Some),
            None => Ok(None),
        });
        let Some(of) = found.await? else { return Ok(Vec::new()) };
        let Some((wanted, attempts)) = of.line(wish.line) else { return Ok(Vec::new()) };
        let scene = self.room.scene(of.request.book).await?;
        let answer = answer(&scene.look(), &wanted, &attempts, 4, false);
        let others =
            answer.candidates.into_iter().filter(|other| other.resource != wish.resource.to_string());
        Ok(others
            .take(3)
            .map(|other| {
                let minutes = other.eta_seconds.div_ceil(60);
                format!("{} · {}（{minutes} min）", other.member_display_name, other.title)
            })
            .collect())
    }

    pub(super) async fn plan_propose(
        &self,
        message: wire::ProposePlanRequest,
    ) -> Result<wire::PlanProposal, StoreError> {
        let mut wrong = Violations::new();
        if message.requests.len() > REQUESTS as usize {
            wrong.add("requests", format!("has more than {REQUESTS} values （超过 {REQUESTS} 项）"));
        }
        let names = message.requests.iter().take(REQUESTS as usize).enumerate();
        let ids: Vec<_> = names
            .filter_map(|(index, name)| read::request(&format!("requests[{index}]"), name, &mut wrong))
            .collect();
        let mode = match message.mode {
            0 => Some(Mode::Actual),
            number => wrong.check("mode", Mode::from_wire(number)),
        };
        let ground = (ground(message.basis, &mut wrong), self.gate.now());
        let mode = read::whole(wrong, || mode)?;
        let of = self.store.read(async move |conn| planned_requests(conn, ids, mode, ground).await).await?;
        // Requests of one book only: what a drill has is not free for another.
        let book = of.first().map_or(Book::Actual, |of| of.request.book);
        let of: Vec<_> = of.into_iter().filter(|of| of.request.book == book).collect();
        let scene = self.room.scene(book).await?;
        let parts = &self.room.shared.parts;
        let (now, id) = (parts.world.now(), PlanId::new(parts.world.now(), parts.world.random()));
        let mut plan = proposal(&scene.look(), &of);
        plan.name = id.name();
        plan.create_time = Some(time_to_wire(now));
        let kept = plan.clone();
        self.store.write(async move |tx| plan_add(tx, id, &kept, now).await).await?;
        Ok(plan)
    }

    pub(super) async fn plan_apply(
        &self,
        by: &Caller,
        message: wire::ApplyPlanRequest,
    ) -> Result<wire::ApplyPlanResponse, StoreError> {
        let mut wrong = Violations::new();
        let said = read::said(by, message.context.clone(), self.gate.now(), &mut wrong);
        let id = wrong.check("name", PlanId::from_name(&message.name));
        wrong.check("basis", Basis::from_wire(message.basis));
        let (said, id) = read::whole(wrong, || Some((said?, id?)))?;
        let plan = self.store.read(async move |conn| plan_find(conn, id).await).await?;
        let plan = plan.ok_or_else(|| unknown::plan(id))?;
        let chosen =
            |line: &&wire::PlanLine| message.lines.is_empty() || message.lines.contains(&line.number);
        let mut results = Vec::new();
        for line in plan.lines.iter().filter(chosen) {
            let order = order_of(&plan, line, &message, said.id);
            let mut result = wire::PlanLineResult { line: line.number, ..wire::PlanLineResult::default() };
            match Box::pin(self.aid_order(by, order)).await {
                Ok(ordered) => result.assignment = ordered.assignment,
                Err(StoreError::Refused(refusal)) => {
                    (result.reason, result.detail) =
                        (refusal.reason.clone().into_owned(), refusal.to_string());
                }
                Err(other) => return Err(other),
            }
            results.push(result);
        }
        Ok(wire::ApplyPlanResponse { results })
    }
}

/// Each line is an ordinary order with a key of its own, made from the plan's, so that applying it again orders nothing
/// twice.
fn order_of(
    plan: &wire::PlanProposal,
    line: &wire::PlanLine,
    message: &wire::ApplyPlanRequest,
    id: CommandId,
) -> wire::OrderRequest {
    use sha2::{Digest as _, Sha256};
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"shouwang plan line")
        .chain_update(id.uuid().as_bytes())
        .chain_update(line.number.to_be_bytes())
        .finalize()
        .into();
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    let context = message.context.clone().unwrap_or_default();
    let request_id = uuid::Builder::from_custom_bytes(key).into_uuid().to_string();
    let planned = plan.requests.iter().find(|planned| planned.request == line.request);
    let candidate = line.candidate.clone().unwrap_or_default();
    wire::OrderRequest {
        context: Some(wire::ChangeContext { request_id, ..context }),
        request: line.request.clone(),
        line: line.line,
        resource: candidate.resource,
        quantity: line.quantity,
        basis: message.basis,
        expected_version: planned.map_or(0, |planned| planned.version),
        eta_seconds: candidate.eta_seconds,
        ..wire::OrderRequest::default()
    }
}

async fn planned_requests(
    conn: &mut Conn,
    ids: Vec<RequestId>,
    mode: Mode,
    ground: Ground,
) -> Result<Vec<Whole>, StoreError> {
    let mut found = Vec::new();
    if ids.is_empty() {
        let states = vec![shouwang_proto::mutual_aid::term::RequestState::Open];
        let filter = RequestFilter { states, modes: vec![mode], ..RequestFilter::default() };
        for request in requests_list(conn, &filter, None, REQUESTS).await? {
            let assignments = assignments_of_request(conn, request.id).await?;
            found.push(with_incident(conn, request, assignments, ground).await?);
        }
    }
    for id in ids {
        found.push(whole(conn, id, ground).await?);
    }
    Ok(found)
}

fn line_unknown(id: LineId) -> Refusal {
    Refusal::not_found("LINE_UNKNOWN", format!("there is no {id} （没有该需求行）"))
}

fn answer(
    scene: &View<'_>,
    wanted: &LineWanted,
    attempts: &Attempts,
    limit: u32,
    with_excluded: bool,
) -> wire::ListCandidatesResponse {
    let considered = u64::try_from(scene.inventory().len()).unwrap_or(u64::MAX);
    let nothing = wire::ListCandidatesResponse { considered, ..wire::ListCandidatesResponse::default() };
    let Some(need) = scene.need(wanted) else { return nothing };
    let (owners, travel, policy) = (scene.owners(wanted), scene.travel(need.destination), Scene::policy());
    let question = Question { need: &need, owners: &owners, travel: &travel, policy: &policy, attempts };
    let Ok(ranking) = rank(scene.inventory(), question, limit as usize) else {
        tracing::error!("a question was put to another ledger than its own");
        return nothing;
    };
    let candidates = ranking.candidates().iter();
    let candidates =
        candidates.filter_map(|candidate| scene.write_candidate(candidate, wanted, None)).collect();
    let excluded = if with_excluded { 200 } else { 0 };
    let excluded = ranking.excluded().take(excluded).map(|(resource, reasons)| {
        let words = ranking.explain(&resource.id).unwrap_or_default();
        let words: Vec<_> = words.iter().map(|exclusion| exclusion.words().0).collect();
        let offered = scene.offered(&resource.id);
        let mut shown: Vec<i32> = reasons.iter().map(|reason| write_reason(reason).into()).collect();
        shown.dedup();
        wire::ExcludedResource {
            resource: resource.id.to_string(),
            title: offered.map(|offered| offered.title.clone()).unwrap_or_default(),
            member_display_name: scene.display_name(&resource.id.member),
            reasons: shown,
            detail: words.join("；"),
        }
    });
    wire::ListCandidatesResponse {
        candidates,
        excluded: excluded.collect(),
        considered,
        total: u64::try_from(ranking.eligible()).unwrap_or(u64::MAX),
    }
}

fn proposal(scene: &View<'_>, of: &[Whole]) -> wire::PlanProposal {
    let mut lines = Vec::new();
    for of in of {
        for line in &of.request.lines {
            lines.extend(of.line(line.number).and_then(|(wanted, attempts)| {
                let need = scene.need(&wanted)?;
                let travel = scene.travel(need.destination);
                let owners = scene.owners(&wanted);
                Some((wanted, attempts, need, travel, owners))
            }));
        }
    }
    let policy = Scene::policy();
    let questions: Vec<_> = (lines.iter())
        .map(|(_, attempts, need, travel, owners)| Question {
            need,
            owners,
            travel,
            policy: &policy,
            attempts,
        })
        .collect();
    let requests = of
        .iter()
        .map(|of| wire::PlannedRequest { request: of.request.id.name(), version: of.request.version });
    let mut plan = wire::PlanProposal { requests: requests.collect(), ..wire::PlanProposal::default() };
    let Ok(proposed) = plan::propose(scene.inventory(), &questions) else {
        tracing::error!("a question was put to another ledger than its own");
        return plan;
    };
    let wanted_of = |key| lines.iter().find(|(wanted, ..)| key_of(wanted.line) == key).map(|found| &found.0);
    for assignment in &proposed.assignments {
        let Some(wanted) = wanted_of(assignment.line) else { continue };
        let quantity = assignment.quantity;
        let Some(candidate) = scene.write_candidate(&assignment.candidate, wanted, Some(quantity)) else {
            continue;
        };
        plan.lines.push(wire::PlanLine {
            number: u32::try_from(plan.lines.len() + 1).unwrap_or(u32::MAX),
            request: wanted.line.request.name(),
            line: wanted.line.number.get(),
            quantity: candidate.quantity,
            candidate: Some(candidate),
        });
    }
    for short in &proposed.shortfalls {
        let Some(wanted) = wanted_of(short.line) else { continue };
        let unit = Unit::new(&wanted.need.unit);
        plan.gaps.push(wire::PlanGap {
            request: wanted.line.request.name(),
            line: wanted.line.number.get(),
            unmet: whole_up(unit.value(short.asked.minus(short.planned))),
        });
    }
    plan.cost_seconds = whole_up(proposed.joint.unit_seconds);
    plan.greedy_cost_seconds = whole_up(proposed.one_by_one.unit_seconds);
    plan.greedy_unmet = whole_up(proposed.one_by_one.unmet_units);
    plan
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and saturates")]
fn whole_up(value: f64) -> u64 {
    value.ceil() as u64
}
