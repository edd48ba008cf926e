//! Who is called when nobody has seen a notice.

use jiff::{SignedDuration, Timestamp};
use shouwang_serving::alerts::AlertChannel;

use super::notice::Facts;

/// One of the duty chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyPerson {
    /// Name or desk.
    pub name: String,
    /// Telephone number.
    pub phone: String,
    /// Seconds after a notice came until this one is called, if nobody has seen it.
    pub after_seconds: u32,
}

/// Whom this node alarms, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmPlan {
    /// The duty chain, in order.
    pub chain: Vec<DutyPerson>,
    /// The hooks.
    pub channels: Vec<AlertChannel>,
}

/// One call of the duty chain that was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Step of the chain, 0 first.
    pub step: u32,
    /// Who.
    pub person: DutyPerson,
    /// When, unless somebody has seen the notice by then.
    pub due: Timestamp,
}

impl AlarmPlan {
    /// Whom to call for a notice that came now, and when: from the step that the hub names on, which is called as soon as
    /// its turn comes after the steps that are left out. A step beyond the chain means its last one.
    #[must_use]
    pub fn calls(&self, notice: &Facts, now: Timestamp) -> Vec<Call> {
        let Some(last) = self.chain.len().checked_sub(1).filter(|_| notice.alarm) else { return Vec::new() };
        let first = usize::try_from(notice.duty_step).unwrap_or(usize::MAX).min(last);
        // A chain that begins later than its first step was passed over: the others have had their time.
        let passed = if first == 0 { 0 } else { self.chain.get(first).map_or(0, |one| one.after_seconds) };
        let planned = (0_u32..).zip(&self.chain).skip(first).map(|(step, person)| {
            let after = SignedDuration::from_secs(i64::from(person.after_seconds.saturating_sub(passed)));
            Call { step, person: person.clone(), due: now.checked_add(after).unwrap_or(Timestamp::MAX) }
        });
        planned.collect()
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::{clock::from_millis, wire};

    use super::*;

    fn plan() -> AlarmPlan {
        let person = |name: &str, after_seconds| DutyPerson {
            name: name.to_owned(),
            phone: "110".to_owned(),
            after_seconds,
        };
        AlarmPlan {
            chain: vec![person("甲", 0), person("乙", 60), person("丙", 180)], channels: Vec::new()
        }
    }

    fn calls(alarm: bool, duty_step: u32, mode: wire::IncidentMode) -> Vec<(u32, i64)> {
        let notice = wire::Notice {
            name: "notices/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39".to_owned(),
            alarm,
            duty_step,
            mode: mode as i32,
            ..Default::default()
        };
        let now = from_millis(0);
        let facts = Facts::of(&notice, now).unwrap();
        plan().calls(&facts, now).iter().map(|call| (call.step, call.due.as_second())).collect()
    }

    #[test]
    fn the_chain_is_called_step_by_step_from_where_the_hub_says() {
        let actual = wire::IncidentMode::Actual;
        assert_eq!(calls(true, 0, actual), [(0, 0), (1, 60), (2, 180)]);
        assert_eq!(calls(true, 1, actual), [(1, 0), (2, 120)]);
        assert_eq!(calls(true, 9, actual), [(2, 0)]);
        assert_eq!(calls(false, 0, actual), []);
        assert_eq!(calls(true, 0, wire::IncidentMode::Test), [], "a technical test wakes nobody");
        assert_eq!(calls(true, 0, wire::IncidentMode::Exercise).len(), 3);
    }
}
