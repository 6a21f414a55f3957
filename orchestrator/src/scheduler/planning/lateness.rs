//! Slots that begin late, and who is to be notified of it. A slot is late by its own time,
//! jitter included, whatever the reason: no scheduler was there, or it had to wait. Pure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::events::SlotRef;
use crate::execution::{NoticedTask, SlotNotice};
use crate::model::{EntryKey, NoticeChannel, NoticeKind, Plan, judge_late};

/// How often each entry began late in a row, for each channel. Repeats are notified when
/// their number has doubled, as for failures. Cheap to clone; not kept over a restart.
#[derive(Clone, Default)]
pub(crate) struct Lateness(Arc<Mutex<HashMap<(EntryKey, String), u64>>>);

/// The start of a slot, late or not.
pub(crate) struct LateStart {
    /// Whom it concerns, and why it is late, in words.
    pub(crate) notice: SlotNotice,
    pub(crate) lag: Duration,
}

impl LateStart {
    /// A slot begins `lag` after it should, and `waited` of that in this scheduler.
    pub(crate) fn of(slot: &SlotRef, plan: &Plan, lag: Duration, waited: Duration) -> Self {
        let running = plan.tasks.iter().filter(|planned| planned.skip.is_none());
        let notice = SlotNotice {
            slot: slot.clone(),
            tasks: running.map(|planned| NoticedTask::from(&planned.task)).collect(),
            reason: reason(lag, waited.min(lag)),
        };
        Self { notice, lag }
    }
}

/// How late, and why, in words.
fn reason(lag: Duration, waited: Duration) -> String {
    let seconds = |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs()));
    let late = format!("it began {} late", seconds(lag));
    if waited < lag / 2 {
        return format!("{late}: no scheduler was there to begin it");
    }
    format!(
        "{late}: it waited {} for the run before it, for a place among --concurrency, or for the database",
        seconds(waited)
    )
}

impl Lateness {
    /// A slot began so late: the channels that are to be notified, and of how many in a row.
    pub(crate) fn count(
        &self,
        channels: &[NoticeChannel],
        key: &EntryKey,
        lag: Duration,
    ) -> Vec<(String, u64)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notified = Vec::new();
        for channel in channels
            .iter()
            .filter(|channel| channel.kinds.contains(&NoticeKind::Late))
        {
            let count = counts.entry((key.clone(), channel.name.clone())).or_default();
            let (in_a_row, notify) = judge_late(*count, lag, channel.late_after);
            *count = in_a_row;
            notified.extend(notify.then(|| (channel.name.clone(), in_a_row)));
        }
        notified
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;

    fn channel(name: &str, kind: NoticeKind, minutes: u64) -> NoticeChannel {
        NoticeChannel {
            name: name.to_owned(),
            address: Address::Command(vec!["true".to_owned()]),
            kinds: vec![kind],
            after: 1,
            late_after: Duration::from_secs(minutes * 60),
            long_after: Duration::MAX,
            digest: true,
            groups: Vec::new(),
            tasks: Vec::new(),
        }
    }

    #[test]
    fn each_channel_has_its_own_patience_and_hears_of_repeats_less_and_less() {
        let channels = [
            channel("quick", NoticeKind::Late, 1),
            channel("slow", NoticeKind::Late, 30),
            channel("other", NoticeKind::Failure, 1),
        ];
        let lateness = Lateness::default();
        let told =
            |key: &EntryKey, minutes: u64| lateness.count(&channels, key, Duration::from_secs(minutes * 60));
        let told_quick = |in_a_row| vec![("quick".to_owned(), in_a_row)];
        let key = EntryKey::Workflow;
        assert_eq!(told(&key, 1), [], "not more than that");
        assert_eq!(told(&key, 2), told_quick(1));
        assert_eq!(
            told(&EntryKey::Group(crate::model::GroupName::new("g")), 2),
            told_quick(1)
        );
        assert_eq!(told(&key, 31), [("quick".to_owned(), 2), ("slow".to_owned(), 1)]);
        assert_eq!(told(&key, 2), []);
        assert_eq!(told(&key, 2), told_quick(4));
        assert_eq!(told(&key, 0), []);
        assert_eq!(told(&key, 2), told_quick(1), "it had been on time");
    }

    #[test]
    fn the_reason_says_who_was_late() {
        let said = |lag, waited| reason(Duration::from_millis(lag), Duration::from_millis(waited));
        assert_eq!(
            said(3_600_400, 300),
            "it began 1h late: no scheduler was there to begin it"
        );
        assert!(said(3_600_000, 3_599_000).contains("it waited 59m 59s for the run before it"));
    }
}
