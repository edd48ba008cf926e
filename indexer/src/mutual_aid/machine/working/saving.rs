//! Everything that was changed, as changes to save.

use std::collections::{BTreeMap, BTreeSet};

use shouwang_proto::mutual_aid::{
    id::{NoticeId, RequestId},
    notice::{AboutIncident, AboutRequest, Notice},
    term::{Mode, NoticeKind},
};

use super::{Tell, Touched, Working};
use crate::mutual_aid::machine::{
    assignment::Assignment,
    broken::{Broken, Stop},
    change::{Answer, Change, Decision, Saved},
    escalation::{self, Subject},
    invariant,
};

impl Working<'_> {
    /// The requests that something of this decision concerns.
    pub(in crate::mutual_aid::machine) fn touched_requests(&self) -> BTreeSet<RequestId> {
        let by_assignment = self.assignments.values().map(|touched| touched.now.line.request);
        self.requests.keys().copied().chain(by_assignment).collect()
    }

    /// All of it as changes to save.
    ///
    /// # Errors
    /// [`Broken`] when what would be saved breaks an invariant: better no answer than a wrong state.
    pub(in crate::mutual_aid::machine) fn into_decision(mut self, answer: Answer) -> Result<Decision, Stop> {
        let requests = self.touched_requests();
        let found = invariant::violations(&self, &requests, &self.ledgers.keys().cloned().collect());
        if !found.is_empty() {
            return Err(Broken::new(found.join("; ")).into());
        }
        for touched in self.incidents.values_mut() {
            touched.now.version = touched.was + u64::from(touched.bump);
        }
        for touched in self.requests.values_mut() {
            touched.now.version = touched.was + u64::from(touched.bump);
        }
        for touched in self.assignments.values_mut() {
            touched.now.version = touched.was + 1;
        }
        for touched in self.ledgers.values_mut() {
            touched.now.version = touched.was + 1;
        }
        let standings = self.standings()?;
        let told = std::mem::take(&mut self.told);
        let mut notices = Vec::with_capacity(told.len());
        for tell in told {
            notices.push(Change::Notice(Box::new(self.notice(tell)?)));
        }
        let mut changes = Vec::new();
        changes.extend(saved(self.incidents, Change::Incident));
        changes.extend(saved(self.requests, Change::Request));
        changes.extend(saved(self.ledgers, Change::Ledger));
        changes.extend(saved(self.assignments, Change::Assignment));
        changes.extend(self.entries.into_iter().map(Change::Entry));
        changes.extend(notices);
        changes.extend(self.pages.into_iter().map(Change::Page));
        changes.extend(standings);
        Ok(Decision { changes, answer, then: self.then })
    }

    fn standings(&self) -> Result<Vec<Change>, Stop> {
        let policy = &self.cx.policy;
        let mut out = Vec::new();
        for (id, touched) in &self.incidents {
            let standing = escalation::of_incident(&touched.now, policy);
            out.push(Change::Standing(Subject::Incident(*id), standing));
        }
        for id in self.touched_requests() {
            let all_home = !self.of_request(id).any(Assignment::is_active);
            let standing = escalation::of_request(self.request(id)?, all_home, policy);
            out.push(Change::Standing(Subject::Request(id), standing));
        }
        for (id, touched) in &self.assignments {
            let standing = escalation::of_assignment(&touched.now, policy);
            out.push(Change::Standing(Subject::Assignment(*id), standing));
        }
        for (key, touched) in &self.ledgers {
            out.push(Change::Standing(Subject::Ledger(key.clone()), escalation::of_ledger(&touched.now)));
        }
        Ok(out)
    }

    fn notice(&mut self, tell: Tell) -> Result<Notice, Stop> {
        let random = self.random();
        let incident = self.incident(tell.incident)?;
        let request = tell.request.map(|id| self.request(id)).transpose()?;
        let assignment = tell.assignment.map(|id| self.assignment(id)).transpose()?;
        let line = match (request, tell.line) {
            (Some(request), Some(number)) => request.line(number).map(|line| (number, line.need.clone())),
            (_, None) | (None, Some(_)) => None,
        };
        let wants_answer =
            matches!(tell.kind, NoticeKind::Solicitation | NoticeKind::Order | NoticeKind::Reminder);
        let answer_by = assignment.and_then(Assignment::expires).filter(|_| wants_answer);
        let now = self.cx.now;
        let expire_seconds = answer_by
            .and_then(|by| u32::try_from(by.duration_since(now).as_secs()).ok())
            .filter(|seconds| *seconds > 0);
        let place = request.and_then(|request| request.facts.place.clone());
        Ok(Notice {
            id: NoticeId::new(now, random),
            recipient: tell.recipient,
            kind: tell.kind,
            mode: incident.mode,
            alarm: tell.alarm && incident.mode != Mode::Test,
            created: now,
            expire_seconds,
            incident: AboutIncident {
                id: incident.id,
                title: incident.facts.title.clone(),
                accident_type: incident.facts.accident_type.clone(),
                substances: incident.facts.substances.clone(),
                place: place.unwrap_or_else(|| incident.facts.place.clone()),
            },
            request: request.map(|request| AboutRequest {
                id: request.id,
                requester: request.requester.clone(),
                priority: request.facts.priority,
                contact: request.facts.contact.clone(),
            }),
            line,
            assignment: assignment.map(Assignment::view),
            answer_by,
            duty_step: tell.duty_step,
            text_zh: tell.zh,
            text_en: tell.en,
        })
    }
}

fn saved<K, T>(
    touched: BTreeMap<K, Touched<T>>,
    change: impl Fn(Saved<T>) -> Change,
) -> impl Iterator<Item = Change> {
    touched.into_values().map(move |touched| change(Saved { was: touched.was, now: touched.now }))
}
