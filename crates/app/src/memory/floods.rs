//! Who caused how many events of a kind that can come in floods, so that a flood does not fill the audit log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::keys::AccountKey;

/// The events of one account, or of all strangers together, that stand in the log one by one within a minute. What comes
/// beyond is counted.
pub(crate) const SINGLE: u32 = 100;
/// How long a minute is, in ms.
const MINUTE_MS: i64 = 60_000;
/// Accounts remembered at most. Beyond it, events stand one by one.
const MOST: usize = 10_000;

/// The events of the last minute, by account; none stands for strangers.
#[derive(Debug, Default)]
pub(crate) struct Floods(Mutex<HashMap<Option<AccountKey>, Minute>>);

/// The events of one account since its minute began.
#[derive(Debug)]
struct Minute {
    began: i64,
    events: u32,
}

impl Floods {
    /// Whether one more event of an account stands in the log by itself.
    pub(crate) fn stands_alone(&self, by: Option<AccountKey>, now: i64) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |minute: &Minute| !(0..MINUTE_MS).contains(&(now - minute.began));
        if known.len() >= MOST && !known.contains_key(&by) {
            known.retain(|_, minute| !is_over(minute));
            if known.len() >= MOST {
                return true;
            }
        }
        let minute = known.entry(by).or_insert(Minute { began: now, events: 0 });
        if is_over(minute) {
            *minute = Minute { began: now, events: 0 };
        }
        minute.events = minute.events.saturating_add(1);
        minute.events <= SINGLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_number_of_events_a_minute() {
        let floods = Floods::default();
        let alone = |by: i64, at: i64| {
            let by = (by > 0).then(|| AccountKey::from_number(by));
            (0..SINGLE + 5).filter(|_| floods.stands_alone(by, at)).count()
        };
        let single = usize::try_from(SINGLE).unwrap();
        assert_eq!([alone(1, 0), alone(1, MINUTE_MS - 1), alone(1, MINUTE_MS)], [single, 0, single]);
        assert_eq!([alone(2, 0), alone(0, 0), alone(0, 1)], [single, single, 0]);
    }
}
