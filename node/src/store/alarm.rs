//! The alarms that come out of the inbox: deadlines that pass, alerts that are handed out.

use jiff::Timestamp;
use shouwang_serving::{
    alerts::{Alert, AlertChannel, AlertOutcome, AlertRows},
    store::{StoreError, Tx},
};
use tokio::sync::watch;

use super::{
    NodeStore,
    alert::{
        NewAlert, alert_next, alert_put_off, alert_settle, alerts_due, alerts_insert, call_settle, calls_due,
        deadline_next,
    },
    notice::{Closed, notice_close, notice_find, notices_overdue},
};
use crate::inbox::{
    duty::{AlarmPlan, Call},
    shown,
};

impl NodeStore {
    /// Lets deadlines pass: hands out the calls that are due, and notes what grew too old. Answers when the next one
    /// passes.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has passed then.
    pub async fn deadlines_pass(
        &self,
        plan: AlarmPlan,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let next = self.store.read(async |conn| deadline_next(conn).await).await?;
        if next.is_none_or(|next| next > now) {
            return Ok(next);
        }
        self.inbox_write(async move |tx| {
            for name in notices_overdue(tx, now.as_millisecond()).await? {
                tracing::warn!(notice = name, "a notice grew too old before anybody closed it");
                notice_close(tx, &name, Closed::Expired, None).await?;
            }
            for (notice, call) in calls_due(tx, now.as_millisecond()).await? {
                call_out(tx, &notice, &call, &plan, now).await?;
            }
            deadline_next(tx).await
        })
        .await
    }

    /// What is to be handed to a hook now, and when there is more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alerts_due(
        &self,
        channel: AlertChannel,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<Alert>, Option<Timestamp>), StoreError> {
        let now_ms = now.as_millisecond();
        self.store
            .read(async move |conn| {
                let due = alerts_due(conn, channel, now_ms, limit).await?;
                Ok((due, alert_next(conn, channel, now_ms).await?))
            })
            .await
    }

    /// It is over with an alert.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alert_settle(
        &self,
        id: i64,
        outcome: AlertOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.inbox_write(async move |tx| alert_settle(tx, id, outcome, now.as_millisecond()).await).await
    }

    /// A hook failed; it is tried again later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alert_put_off(&self, id: i64, problem: String, due: Timestamp) -> Result<(), StoreError> {
        self.inbox_write(async move |tx| alert_put_off(tx, id, &problem, due.as_millisecond()).await).await
    }
}

impl AlertRows for NodeStore {
    fn changed(&self) -> watch::Receiver<u64> {
        self.alarms_changed()
    }

    async fn due(
        &self,
        channel: AlertChannel,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<Alert>, Option<Timestamp>), StoreError> {
        self.alerts_due(channel, now, limit).await
    }

    async fn settle(
        &self,
        alert: &Alert,
        _channel: AlertChannel,
        outcome: AlertOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.alert_settle(alert.id, outcome, now).await
    }

    async fn put_off(&self, alert: &Alert, problem: String, due: Timestamp) -> Result<(), StoreError> {
        self.alert_put_off(alert.id, problem, due).await
    }
}

/// Calls somebody of the duty chain, unless that has become needless.
async fn call_out(
    tx: &mut Tx,
    notice: &str,
    call: &Call,
    plan: &AlarmPlan,
    now: Timestamp,
) -> Result<(), StoreError> {
    let now_ms = now.as_millisecond();
    let Some(known) = notice_find(tx, notice).await? else { return Ok(()) };
    let not_made = if known.is_expired(now) {
        Some(AlertOutcome::Expired)
    } else if known.seen.is_some() || known.closed.is_some() {
        Some(AlertOutcome::Silenced)
    } else {
        None
    };
    call_settle(tx, notice, call.step, not_made, now_ms).await?;
    if let Some(why) = not_made {
        tracing::info!(notice, step = call.step, ?why, "nobody is called any more");
        return Ok(());
    }
    tracing::warn!(
        notice,
        step = call.step,
        "nobody has seen a notice: the next of the duty chain is called"
    );
    let alert = NewAlert {
        message_id: &format!("duty_{}_{}", notice.trim_start_matches("notices/"), call.step),
        silenced_with: Some(notice),
        body: &shown::duty_called(&known.notice, call),
        expires: known.expires,
    };
    alerts_insert(tx, &plan.channels, &alert, now_ms).await
}
