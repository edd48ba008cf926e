//! Whom of the council a page calls, and how: the rows of the hub's alert hooks. They are written in the transaction of the
//! decision, handed out from the row afterwards, and the timeline says who was reached through what.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    mutual_aid::{
        id::{AssignmentId, CommandId, IncidentId, RequestId},
        term::Channel,
    },
    publication::DutyContact,
    refusal::Refusal,
};
use shouwang_serving::{
    alerts::{Alert, AlertChannel, AlertOutcome, AlertRows},
    store::{StoreError, Tx},
};
use tokio::sync::watch;

use super::{
    coordinator::carry_out,
    machine::{
        change::{Page, Whom},
        command::{Body, Command, Context, Fingerprint, Key, Origin, Reach},
        escalation::Subject,
    },
    room::{MutualAid, Shared},
};
use crate::{
    council::{audit::Deed, caller::Caller},
    store::{
        audit::audit_add,
        mutual_aid::{
            aid_lock,
            alert::{
                AlertRecord, AlertRow, NewAlert, alert_put_off, alert_settle, alerts_add, alerts_due,
                alerts_newest,
            },
        },
    },
};

/// How long a test is tried.
const TEST_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Longest chain.
pub const PEOPLE: usize = 32;

/// The council's people, in the order in which they are called, and the hooks by which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CouncilDuty {
    /// The dispatcher on duty, the deputy, everybody else.
    pub people: Vec<DutyContact>,
    /// The hooks.
    pub channels: Vec<AlertChannel>,
}

impl CouncilDuty {
    /// The people whom this means. Without a deputy it is the first one again.
    #[must_use]
    pub fn people_of(&self, whom: Whom) -> &[DutyContact] {
        let last = self.people.len().saturating_sub(1);
        match whom {
            Whom::Duty => self.people.get(..1),
            Whom::Deputy => self.people.get(1.min(last)..=1.min(last)),
            Whom::Council => Some(self.people.as_slice()),
        }
        .unwrap_or_default()
    }

    /// Who is called, in words.
    fn names(&self, whom: Whom) -> String {
        let (zh, _) = whom.labels();
        let people = self.people_of(whom).iter();
        let named: Vec<_> = people.map(|person| format!("{} {}", person.name, person.phone)).collect();
        if named.is_empty() { zh.to_owned() } else { format!("{zh} {}", named.join("、")) }
    }

    /// Writes the rows of the pages of one decision. In drills and tests nobody is called.
    ///
    /// # Errors
    /// What the store said.
    pub(super) async fn page(&self, tx: &mut Tx, pages: &[Page], cx: &Context) -> Result<(), StoreError> {
        let (now, life) = (cx.now, SignedDuration::from_secs(i64::from(cx.policy.cut_off)));
        for (index, page) in pages.iter().enumerate().filter(|(_, page)| page.real) {
            let (request, assignment) = about(&page.about);
            let alert = NewAlert {
                message_id: message_id(cx, index),
                incident: page.incident,
                request,
                assignment,
                until_taken_up: page.until_taken_up,
                who: self.names(page.whom),
                body: self.body(page, now),
                note: page.zh.clone(),
                expires: now.checked_add(life).ok(),
            };
            alerts_add(tx, &self.channels, &alert, now).await?;
        }
        Ok(())
    }

    /// What the hooks are handed: one JSON object. Programs read it, so its keys only ever grow in number.
    fn body(&self, page: &Page, now: Timestamp) -> String {
        let people = self.people_of(page.whom).iter();
        let people: Vec<_> = people
            .map(|person| json!({ "name": person.name, "phone": person.phone, "duty": person.duty }))
            .collect();
        let (request, assignment) = about(&page.about);
        let whom = match page.whom {
            Whom::Duty => "DUTY",
            Whom::Deputy => "DEPUTY",
            Whom::Council => "COUNCIL",
        };
        json!({
            "event": "page", "whom": whom, "people": people, "time": now.to_string(),
            "incident": page.incident.map(IncidentId::name).unwrap_or_default(),
            "request": request.map(RequestId::name).unwrap_or_default(),
            "assignment": assignment.map(AssignmentId::name).unwrap_or_default(),
            "text_zh": page.zh, "text_en": page.en,
        })
        .to_string()
    }
}

/// Another one for each page, the same for the same decision.
fn message_id(cx: &Context, index: usize) -> String {
    let digest = Sha256::new().chain_update(b"page").chain_update(cx.seed).chain_update(index.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.finalize()[..16]);
    format!("page_{}", uuid::Builder::from_custom_bytes(id).into_uuid())
}

fn about(subject: &Subject) -> (Option<RequestId>, Option<AssignmentId>) {
    match subject {
        Subject::Request(id) => (Some(*id), None),
        Subject::Assignment(id) => (None, Some(*id)),
        Subject::Incident(_) | Subject::Ledger(_) => (None, None),
    }
}

/// The rows as the hooks' tasks see them.
#[derive(Clone, Debug)]
pub struct CouncilAlerts {
    room: MutualAid,
}

impl CouncilAlerts {
    /// Of this room.
    #[must_use]
    pub fn new(room: MutualAid) -> Self {
        Self { room }
    }

    /// Whom an emergency calls, and how.
    #[must_use]
    pub fn duty(&self) -> &CouncilDuty {
        &self.room.shared.parts.duty
    }

    /// The newest alerts, newest first, at most `limit`.
    ///
    /// # Errors
    /// What the store said.
    pub async fn newest(&self, limit: u32) -> Result<Vec<AlertRecord>, StoreError> {
        let read = async move |conn: &mut _| alerts_newest(conn, limit).await;
        self.room.shared.parts.store.read(read).await
    }

    /// Hands a test to every hook, as an emergency would: from a row, with its audit row, until it is taken or too old.
    ///
    /// # Errors
    /// FAILED_PRECONDITION (NO_ALERT_HOOKS); what the store said.
    pub async fn test(&self, by: &Caller) -> Result<(), StoreError> {
        let parts = &self.room.shared.parts;
        if parts.duty.channels.is_empty() {
            return Err(no_hooks().into());
        }
        let (now, duty) = (parts.world.now(), std::sync::Arc::clone(&parts.duty));
        let id = parts.world.random_id();
        let (text_zh, text_en) = ("这是一次测试，无需处理。", "This is a test. There is nothing to do.");
        let body = json!({
            "event": "test", "time": now.to_string(), "by": by.label, "text_zh": text_zh, "text_en": text_en,
        });
        let alert = NewAlert {
            message_id: format!("test_{id}"),
            incident: None,
            request: None,
            assignment: None,
            until_taken_up: false,
            who: by.label.clone(),
            body: body.to_string(),
            note: text_zh.to_owned(),
            expires: now.checked_add(TEST_LIFE).ok(),
        };
        let channels: Vec<_> = duty.channels.iter().map(|channel| channel.code()).collect();
        let deed = Deed {
            at: now,
            actor: by.actor(),
            action: "alert.test",
            subject: format!("alerts/{}", alert.message_id),
            detail: json!({ "channels": channels }),
        };
        let add = async move |tx: &mut Tx| {
            alerts_add(tx, &duty.channels, &alert, now).await?;
            audit_add(tx, &deed).await
        };
        parts.store.write_urgent(add).await?;
        self.room.shared.alerts.send_modify(|alerts| *alerts += 1);
        Ok(())
    }

    /// The words of the timeline: who was reached through what.
    fn told(row: &AlertRow, channel: AlertChannel, reached: bool) -> Option<Body> {
        let through = match channel {
            AlertChannel::Command => "告警程序",
            AlertChannel::Webhook => "告警网址",
            AlertChannel::Mail => "告警邮件",
        };
        Some(Body::Reached(Reach {
            incident: row.incident?,
            request: row.request,
            assignment: row.assignment,
            who: format!("{} · {through}", row.who),
            channel: Channel::Message,
            reached,
            note: row.note.clone(),
        }))
    }
}

impl AlertRows for CouncilAlerts {
    fn changed(&self) -> watch::Receiver<u64> {
        self.room.shared.alerts.subscribe()
    }

    async fn due(
        &self,
        channel: AlertChannel,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<Alert>, Option<Timestamp>), StoreError> {
        let read = async move |conn: &mut _| alerts_due(conn, channel, now, limit).await;
        self.room.shared.parts.store.read(read).await
    }

    async fn settle(
        &self,
        alert: &Alert,
        channel: AlertChannel,
        outcome: AlertOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Shared { parts, shelf, .. } = &*self.room.shared;
        let (shelf, id) = (shelf.clone(), alert.id);
        let cx = Context::system(now, parts.world.random(), parts.policy.clone());
        let work = async move |tx: &mut Tx| {
            aid_lock(tx).await?;
            let Some(row) = alert_settle(tx, id, outcome, now).await? else { return Ok(()) };
            if let Some(body) = Self::told(&row, channel, outcome == AlertOutcome::Delivered) {
                let key = Key { origin: Origin::System, id: CommandId::new(now, seed_of(id)) };
                let fingerprint = Fingerprint::of(&id.to_be_bytes());
                let command = Command { key, fingerprint, body };
                if let Err(refusal) = carry_out(tx, &shelf, &cx, command, "hub alert").await? {
                    tracing::warn!(%refusal, "the timeline does not say who of the council was reached");
                }
            }
            Ok(())
        };
        parts.store.write_urgent(work).await?;
        self.room.touch();
        Ok(())
    }

    async fn put_off(&self, alert: &Alert, problem: String, due: Timestamp) -> Result<(), StoreError> {
        let id = alert.id;
        let work = async move |tx: &mut Tx| alert_put_off(tx, id, &problem, due).await;
        self.room.shared.parts.store.write_urgent(work).await
    }
}

fn no_hooks() -> Refusal {
    Refusal::precondition(
        "NO_ALERT_HOOKS",
        "no hook is set up: name one under [alerts] in the hub's configuration （尚未配置告警通道，请在枢纽配置的 [alerts] 中设置）",
    )
}

fn seed_of(id: i64) -> [u8; 10] {
    let mut seed = [0; 10];
    seed[..8].copy_from_slice(&id.to_be_bytes());
    seed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> DutyContact {
        DutyContact { name: name.to_owned(), phone: "0512-5550-0110".to_owned(), duty: String::new() }
    }

    #[test]
    fn the_chain_is_duty_deputy_everybody() {
        let names = |duty: &CouncilDuty, whom| -> Vec<String> {
            duty.people_of(whom).iter().map(|person| person.name.clone()).collect()
        };
        let all = CouncilDuty { people: ["甲", "乙", "丙"].map(person).to_vec(), channels: Vec::new() };
        assert_eq!(names(&all, Whom::Duty), ["甲"]);
        assert_eq!(names(&all, Whom::Deputy), ["乙"]);
        assert_eq!(names(&all, Whom::Council), ["甲", "乙", "丙"]);
        let one = CouncilDuty { people: vec![person("甲")], channels: Vec::new() };
        assert_eq!(names(&one, Whom::Deputy), ["甲"], "there is nobody else");
        let nobody = CouncilDuty::default();
        for whom in [Whom::Duty, Whom::Deputy, Whom::Council] {
            assert_eq!(nobody.people_of(whom), []);
        }
        assert_eq!(nobody.names(Whom::Duty), "值班调度员");
    }
}
