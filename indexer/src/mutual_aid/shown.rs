//! Incidents, requests, ledgers and timeline entries as they go over the wire.

use shouwang_proto::{
    mutual_aid::{
        id::LineId,
        incident::AuthorityReport,
        term::{FulfilmentState, RequestState},
    },
    publication::time_to_wire,
    wire,
};

use super::machine::{
    assignment::Assignment,
    change::Answer,
    fulfilment::Fulfilment,
    incident::{HaltCause, Incident, State as IncidentState},
    ledger::Ledger,
    request::{Request, State},
    timeline::{Entry, Stream},
};

/// An incident.
#[must_use]
pub fn incident(incident: &Incident) -> wire::Incident {
    let facts = incident.facts.clone();
    let close_time = match &incident.state {
        IncidentState::Open | IncidentState::Halted(_) => None,
        IncidentState::Closed { at, .. } => Some(time_to_wire(*at)),
    };
    let halted_by = match incident.halt().map(|halt| &halt.cause) {
        Some(HaltCause::Real(request)) => request.name(),
        Some(HaltCause::Person(_)) | None => String::new(),
    };
    wire::Incident {
        name: incident.id.name(),
        version: incident.version,
        mode: incident.mode.to_wire().into(),
        state: incident.word().to_wire().into(),
        title: facts.title,
        place: Some(facts.place.to_wire()),
        accident_type: facts.accident_type,
        accident_level: facts.accident_level.unwrap_or_default(),
        substances: facts.substances,
        casualties: Some(facts.casualties.to_wire()),
        description: facts.description,
        member: facts.member.map(|member| member.name()).unwrap_or_default(),
        occurred_at: Some(time_to_wire(incident.occurred)),
        open_time: Some(time_to_wire(incident.opened)),
        close_time,
        reports: facts.reports.iter().map(AuthorityReport::to_wire).collect(),
        sequence: incident.sequence,
        halted_by,
    }
}

/// A request, with how far it is met by these assignments.
#[must_use]
pub fn request<'a>(
    request: &Request,
    assignments: impl Iterator<Item = &'a Assignment> + Clone,
) -> wire::MutualAidRequest {
    let facts = request.facts.clone();
    let (reason, merged_into, review) = ending(&request.state);
    let verified = matches!(request.state, State::Open { verified: true, .. })
        || matches!(
            request.word(),
            RequestState::StandingDown | RequestState::Closed | RequestState::Reviewed
        ) && request.acknowledged.is_some();
    wire::MutualAidRequest {
        name: request.id.name(),
        version: request.version,
        incident: request.incident.name(),
        mode: request.book.mode().to_wire().into(),
        requester: request.requester.name(),
        priority: facts.priority.to_wire().into(),
        state: request.word().to_wire().into(),
        title: facts.title,
        description: facts.description,
        place: facts.place.map(|place| place.to_wire()),
        contact: Some(facts.contact.to_wire()),
        lines: request.lines.iter().map(|line| line.need.to_wire(line.number, line.overcommitted)).collect(),
        verified,
        submit_time: request.submitted.map(time_to_wire),
        acknowledge_time: request.acknowledged.map(time_to_wire),
        end_time: request.ended().map(time_to_wire),
        reason,
        merged_into,
        review,
        fulfilment: request
            .lines
            .iter()
            .map(|line| {
                let id = request.line_id(line.number);
                let sum = Fulfilment::of(line, id, assignments.clone());
                fulfilment(id, &sum, looks_for_aid(&request.state))
            })
            .collect(),
    }
}

fn ending(state: &State) -> (String, String, Option<wire::Review>) {
    match state {
        State::Draft { .. } | State::Submitted { .. } | State::Open { .. } | State::Expired { .. } => {
            (String::new(), String::new(), None)
        }
        State::StandingDown { reason, .. }
        | State::Closed { reason, .. }
        | State::Rejected { reason, .. } => (reason.clone(), String::new(), None),
        State::Merged { into, .. } => (String::new(), into.name(), None),
        State::Reviewed { reason, review, .. } => {
            let review = wire::Review {
                text: review.text.clone(),
                lessons: review.lessons.clone(),
                review_time: Some(time_to_wire(review.at)),
            };
            (reason.clone(), String::new(), Some(review))
        }
    }
}

fn looks_for_aid(state: &State) -> bool {
    match state {
        State::Draft { .. } | State::Submitted { .. } | State::Open { .. } => true,
        State::StandingDown { .. }
        | State::Closed { .. }
        | State::Reviewed { .. }
        | State::Rejected { .. }
        | State::Merged { .. }
        | State::Expired { .. } => false,
    }
}

/// How far a line is met. A request that does not look for aid any more misses nothing.
#[must_use]
pub fn fulfilment(line: LineId, sum: &Fulfilment, is_sought: bool) -> wire::LineFulfilment {
    let (missing, state) =
        if is_sought { (sum.missing(), sum.state()) } else { (0, FulfilmentState::NotSought) };
    wire::LineFulfilment {
        line: line.number.get(),
        requested: sum.requested,
        offered: sum.offered,
        held: sum.held,
        committed: sum.committed,
        under_way: sum.under_way,
        on_scene: sum.on_scene,
        missing,
        state: state.to_wire().into(),
    }
}

/// A ledger, with the assignments that use something of it.
#[must_use]
pub fn ledger<'a>(ledger: &Ledger, users: impl Iterator<Item = &'a Assignment>) -> wire::LedgerEntry {
    let uses = users.filter_map(|user| {
        let (_, quantity) = user.uses()?;
        Some(wire::LedgerUse {
            assignment: user.id.name(),
            request: user.line.request.name(),
            state: user.state.word().to_wire().into(),
            quantity,
            free_time: user.frees().map(time_to_wire),
        })
    });
    wire::LedgerEntry {
        resource: ledger.key.resource.to_string(),
        mode: ledger.key.book.mode().to_wire().into(),
        incident: ledger.key.book.incident().map(|incident| incident.name()).unwrap_or_default(),
        version: ledger.version,
        unit: ledger.terms.unit.clone(),
        serialised: ledger.terms.serialised,
        pre_authorised: ledger.terms.pre_authorised,
        quota: ledger.terms.quota,
        held: ledger.held,
        committed: ledger.committed,
        deployed: ledger.deployed,
        consumed: ledger.consumed,
        damaged: ledger.damaged,
        free: ledger.free(),
        shortfall: ledger.shortfall(),
        epoch: ledger.epoch,
        confirm_time: Some(time_to_wire(ledger.confirmed)),
        uses: uses.collect(),
    }
}

/// A timeline entry.
#[must_use]
pub fn entry(entry: &Entry) -> wire::TimelineEntry {
    let incident = match &entry.stream {
        Stream::Incident(incident) => incident.name(),
        Stream::Ledger(_) => String::new(),
    };
    let about = &entry.about;
    wire::TimelineEntry {
        incident,
        sequence: entry.sequence,
        request: about.request.map(|request| request.name()).unwrap_or_default(),
        line: about.line.map_or(0, |line| line.get()),
        assignment: about.assignment.map(|assignment| assignment.name()).unwrap_or_default(),
        resource: about.resource.as_ref().map(ToString::to_string).unwrap_or_default(),
        event: entry.event.code().to_owned(),
        noted_only: entry.noted_only,
        text_zh: entry.zh.clone(),
        text_en: entry.en.clone(),
        actor: entry.told.actor.clone(),
        role: entry.told.role.to_wire().into(),
        on_behalf_of: entry.told.on_behalf_of.as_ref().map(|member| member.name()).unwrap_or_default(),
        channel: entry.told.channel.to_wire().into(),
        occurred_at: Some(time_to_wire(entry.told.occurred)),
        recorded_at: Some(time_to_wire(entry.recorded)),
        alarm: entry.alarm,
    }
}

/// What became of a word of a member's people; `assignment`: the first that the answer concerns, as it stands now.
#[must_use]
pub fn result(
    command_id: String,
    answer: &Answer,
    assignment: Option<&Assignment>,
) -> wire::MemberCommandResult {
    let because = answer.because.as_ref();
    wire::MemberCommandResult {
        command_id,
        outcome: answer.outcome.to_wire().into(),
        reason: because.map(|because| because.reason.clone()).unwrap_or_default(),
        detail: because.map(|because| because.refusal().to_string()).unwrap_or_default(),
        assignment: assignment.map(|assignment| assignment.view().to_wire()),
        request: answer.request.map(|request| request.name()).unwrap_or_default(),
    }
}
