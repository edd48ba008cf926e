//! A case being changed: what is touched is copied, what happened is written down, and at the end all of it becomes
//! changes to save.

mod saving;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        id::{AssignmentId, IncidentId, LineId, LineNumber, RequestId},
        term::{Mode, NoticeKind, Role},
    },
};

use super::{
    assignment::Assignment,
    broken::Stop,
    case::Case,
    change::{Page, Whom},
    command::{Body, Context, Party},
    escalation::Subject,
    fulfilment::Fulfilment,
    incident::Incident,
    invariant::View,
    ledger::{Ledger, LedgerKey},
    refused,
    request::{Line, Request},
    timeline::{About, Entry, Event, Stream, Told},
};

/// What a thing was and is.
struct Touched<T> {
    was: u64,
    bump: bool,
    now: T,
}

/// A case being changed.
pub(super) struct Working<'a> {
    case: &'a Case,
    pub(super) cx: &'a Context,
    incidents: BTreeMap<IncidentId, Touched<Incident>>,
    requests: BTreeMap<RequestId, Touched<Request>>,
    assignments: BTreeMap<AssignmentId, Touched<Assignment>>,
    ledgers: BTreeMap<LedgerKey, Touched<Ledger>>,
    entries: Vec<Entry>,
    told: Vec<Tell>,
    pages: Vec<Page>,
    then: Vec<Body>,
    ids: u32,
}

/// A member is told something.
pub(super) struct Tell {
    pub(super) recipient: MemberId,
    pub(super) kind: NoticeKind,
    pub(super) alarm: bool,
    pub(super) incident: IncidentId,
    pub(super) request: Option<RequestId>,
    pub(super) line: Option<LineNumber>,
    pub(super) assignment: Option<AssignmentId>,
    pub(super) duty_step: u32,
    pub(super) zh: String,
    pub(super) en: String,
}

/// Something happened.
pub(super) struct Happened {
    pub(super) event: Event,
    pub(super) about: About,
    pub(super) noted_only: bool,
    pub(super) alarm: bool,
    pub(super) zh: String,
    pub(super) en: String,
}

impl Happened {
    /// Something that needs no further words.
    pub(super) fn new(event: Event, about: About) -> Self {
        Self { event, about, noted_only: false, alarm: false, zh: String::new(), en: String::new() }
    }

    /// With words.
    pub(super) fn words(self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into(), ..self }
    }

    /// Somebody must look.
    pub(super) fn alarm(self) -> Self {
        Self { alarm: true, ..self }
    }

    /// It changed nothing.
    pub(super) fn noted(self) -> Self {
        Self { noted_only: true, ..self }
    }
}

impl<'a> Working<'a> {
    pub(super) fn new(case: &'a Case, cx: &'a Context) -> Self {
        Self {
            case,
            cx,
            incidents: BTreeMap::new(),
            requests: BTreeMap::new(),
            assignments: BTreeMap::new(),
            ledgers: BTreeMap::new(),
            entries: Vec::new(),
            told: Vec::new(),
            pages: Vec::new(),
            then: Vec::new(),
            ids: 0,
        }
    }

    /// Ten bytes for the next id: different for each, the same for the same seed.
    pub(super) fn random(&mut self) -> [u8; 10] {
        self.ids += 1;
        let digest = Sha256::new().chain_update(self.cx.seed).chain_update(self.ids.to_be_bytes()).finalize();
        let mut out = [0; 10];
        out.copy_from_slice(&digest[..10]);
        out
    }

    pub(super) fn open_drills(&self) -> &BTreeSet<IncidentId> {
        &self.case.open_drills
    }

    pub(super) fn incident(&self, id: IncidentId) -> Result<&Incident, Stop> {
        let touched = self.incidents.get(&id).map(|touched| &touched.now);
        touched
            .or_else(|| self.case.incidents.get(&id).map(AsRef::as_ref))
            .ok_or_else(|| refused::incident_unknown(id).into())
    }

    pub(super) fn request(&self, id: RequestId) -> Result<&Request, Stop> {
        let touched = self.requests.get(&id).map(|touched| &touched.now);
        touched
            .or_else(|| self.case.requests.get(&id).map(AsRef::as_ref))
            .ok_or_else(|| refused::request_unknown(id).into())
    }

    pub(super) fn line(&self, id: LineId) -> Result<&Line, Stop> {
        self.request(id.request)?.line(id.number).ok_or_else(|| refused::line_unknown(id).into())
    }

    pub(super) fn assignment(&self, id: AssignmentId) -> Result<&Assignment, Stop> {
        let touched = self.assignments.get(&id).map(|touched| &touched.now);
        touched
            .or_else(|| self.case.assignments.get(&id).map(AsRef::as_ref))
            .ok_or_else(|| refused::assignment_unknown(id).into())
    }

    pub(super) fn ledger(&self, key: &LedgerKey) -> Result<&Ledger, Stop> {
        let touched = self.ledgers.get(key).map(|touched| &touched.now);
        touched
            .or_else(|| self.case.ledgers.get(key).map(AsRef::as_ref))
            .ok_or_else(|| refused::resource_unknown(&key.resource).into())
    }

    /// All assignments as they are now.
    pub(super) fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        let untouched = self.case.assignments.iter().filter(|(id, _)| !self.assignments.contains_key(id));
        untouched
            .map(|(_, found)| found.as_ref())
            .chain(self.assignments.values().map(|touched| &touched.now))
    }

    /// All requests as they are now.
    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        let untouched = self.case.requests.iter().filter(|(id, _)| !self.requests.contains_key(id));
        untouched.map(|(_, found)| found.as_ref()).chain(self.requests.values().map(|touched| &touched.now))
    }

    pub(super) fn of_request(&self, request: RequestId) -> impl Iterator<Item = &Assignment> {
        self.assignments().filter(move |assignment| assignment.line.request == request)
    }

    /// The active assignment of a resource on a line; there is at most one.
    pub(super) fn active_pair(&self, line: LineId, resource: &PublicationName) -> Option<&Assignment> {
        self.of_request(line.request)
            .find(|found| found.line == line && found.resource == *resource && found.is_active())
    }

    /// The ids of the assignments that use something of a ledger.
    pub(super) fn users_of(&self, key: &LedgerKey) -> Vec<AssignmentId> {
        self.assignments()
            .filter(|found| {
                found.uses().is_some() && found.book == key.book && found.resource == key.resource
            })
            .map(|found| found.id)
            .collect()
    }

    pub(super) fn fulfilment(&self, line: LineId) -> Result<Fulfilment, Stop> {
        Ok(Fulfilment::of(self.line(line)?, line, self.of_request(line.request)))
    }

    /// An incident to change. `bump`: people's facts or the state change, so the version rises.
    pub(super) fn incident_mut(&mut self, id: IncidentId, bump: bool) -> Result<&mut Incident, Stop> {
        if !self.incidents.contains_key(&id) {
            let found = self.incident(id)?.clone();
            self.incidents.insert(id, Touched { was: found.version, bump, now: found });
        }
        let touched = self.incidents.get_mut(&id).ok_or_else(|| refused::incident_unknown(id))?;
        touched.bump |= bump;
        Ok(&mut touched.now)
    }

    /// A request to change; `bump` as for incidents.
    pub(super) fn request_mut(&mut self, id: RequestId, bump: bool) -> Result<&mut Request, Stop> {
        if !self.requests.contains_key(&id) {
            let found = self.request(id)?.clone();
            self.requests.insert(id, Touched { was: found.version, bump, now: found });
        }
        let touched = self.requests.get_mut(&id).ok_or_else(|| refused::request_unknown(id))?;
        touched.bump |= bump;
        Ok(&mut touched.now)
    }

    pub(super) fn assignment_mut(&mut self, id: AssignmentId) -> Result<&mut Assignment, Stop> {
        if !self.assignments.contains_key(&id) {
            let found = self.assignment(id)?.clone();
            self.assignments.insert(id, Touched { was: found.version, bump: true, now: found });
        }
        let touched = self.assignments.get_mut(&id).ok_or_else(|| refused::assignment_unknown(id))?;
        Ok(&mut touched.now)
    }

    pub(super) fn ledger_mut(&mut self, key: &LedgerKey) -> Result<&mut Ledger, Stop> {
        if !self.ledgers.contains_key(key) {
            let found = self.ledger(key)?.clone();
            self.ledgers.insert(key.clone(), Touched { was: found.version, bump: true, now: found });
        }
        let touched = self.ledgers.get_mut(key).ok_or_else(|| refused::resource_unknown(&key.resource))?;
        Ok(&mut touched.now)
    }

    pub(super) fn add_incident(&mut self, incident: Incident) {
        self.incidents.insert(incident.id, Touched { was: 0, bump: true, now: incident });
    }

    pub(super) fn add_request(&mut self, request: Request) {
        self.requests.insert(request.id, Touched { was: 0, bump: true, now: request });
    }

    pub(super) fn add_assignment(&mut self, assignment: Assignment) {
        self.assignments.insert(assignment.id, Touched { was: 0, bump: true, now: assignment });
    }

    /// In what part the caller acts towards a request and an owner.
    pub(super) fn role(&self, requester: Option<&MemberId>, owner: Option<&MemberId>) -> Role {
        match &self.cx.party {
            Party::Dispatcher => Role::Dispatcher,
            Party::System => Role::System,
            Party::Member(member) if owner == Some(member) => Role::Supplier,
            Party::Member(member) if requester == Some(member) => Role::Requester,
            Party::Member(_) if owner.is_some() => Role::Supplier,
            Party::Member(_) => Role::Requester,
        }
    }

    fn told(&self, role: Role) -> Told {
        Told {
            actor: self.cx.actor.clone(),
            role,
            on_behalf_of: self.cx.on_behalf_of.clone(),
            channel: self.cx.channel,
            occurred: self.cx.occurred.min(self.cx.now),
        }
    }

    /// Writes down what happened in an incident.
    pub(super) fn note(&mut self, incident: IncidentId, happened: Happened) -> Result<(), Stop> {
        let request = happened.about.request.and_then(|request| self.request(request).ok());
        let requester = request.map(|request| request.requester.clone());
        let owner = happened.about.resource.as_ref().map(|resource| &resource.member);
        let told = self.told(self.role(requester.as_ref(), owner));
        let now = self.cx.now;
        let found = self.incident_mut(incident, false)?;
        found.sequence += 1;
        let sequence = found.sequence;
        self.entries.push(entry(Stream::Incident(incident), sequence, happened, told, now));
        Ok(())
    }

    /// Writes down what an owner says of a resource outside any incident.
    pub(super) fn note_ledger(&mut self, key: &LedgerKey, happened: Happened) -> Result<(), Stop> {
        let told = self.told(self.role(None, Some(&key.resource.member)));
        // The version that the ledger has after this decision.
        let sequence = self.ledger(key)?.version + 1;
        self.entries.push(entry(Stream::Ledger(key.clone()), sequence, happened, told, self.cx.now));
        Ok(())
    }

    /// What an entry about an assignment concerns.
    pub(super) fn about(&self, id: AssignmentId) -> Result<About, Stop> {
        let found = self.assignment(id)?;
        Ok(About {
            request: Some(found.line.request),
            line: Some(found.line.number),
            assignment: Some(id),
            resource: Some(found.resource.clone()),
        })
    }

    /// Writes down what happened to an assignment.
    pub(super) fn note_assignment(
        &mut self,
        id: AssignmentId,
        happened: impl FnOnce(About) -> Happened,
    ) -> Result<(), Stop> {
        let incident = self.assignment(id)?.incident;
        let happened = happened(self.about(id)?);
        self.note(incident, happened)
    }

    /// Tells a member.
    pub(super) fn tell(&mut self, tell: Tell) {
        self.told.push(tell);
    }

    /// Calls people of the council.
    pub(super) fn page(
        &mut self,
        whom: Whom,
        incident: IncidentId,
        about: Subject,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Result<(), Stop> {
        let real = self.incident(incident)?.mode == Mode::Actual;
        let (zh, en) = (zh.into(), en.into());
        let incident = Some(incident);
        self.pages.push(Page { whom, incident, about, real, until_taken_up: false, zh, en });
        Ok(())
    }

    /// Calls people of the council until somebody has taken up the request.
    pub(super) fn page_until_taken_up(
        &mut self,
        whom: Whom,
        (incident, request): (IncidentId, RequestId),
        zh: String,
        en: String,
    ) -> Result<(), Stop> {
        self.page(whom, incident, Subject::Request(request), zh, en)?;
        if let Some(page) = self.pages.last_mut() {
            page.until_taken_up = true;
        }
        Ok(())
    }

    /// What the hub has to decide next.
    pub(super) fn then(&mut self, body: Body) {
        self.then.push(body);
    }
}

impl View for Working<'_> {
    fn find_request(&self, id: RequestId) -> Option<&Request> {
        self.request(id).ok()
    }

    fn find_ledger(&self, key: &LedgerKey) -> Option<&Ledger> {
        self.ledger(key).ok()
    }

    fn all_assignments(&self) -> Vec<&Assignment> {
        self.assignments().collect()
    }
}

fn entry(stream: Stream, sequence: u64, happened: Happened, told: Told, recorded: jiff::Timestamp) -> Entry {
    let Happened { event, about, noted_only, alarm, zh, en } = happened;
    let (label_zh, label_en) = event.labels();
    let with = |label: &str, words: &str, colon: &str| {
        if words.is_empty() { label.to_owned() } else { format!("{label}{colon}{words}") }
    };
    Entry {
        stream,
        sequence,
        about,
        event,
        noted_only,
        alarm,
        zh: with(label_zh, &zh, "："),
        en: with(label_en, &en, ": "),
        told,
        recorded,
    }
}
