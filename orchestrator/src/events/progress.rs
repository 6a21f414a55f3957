//! How far a running collector says it is. Shown, and kept nowhere: it travels beside
//! the events, as output does.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::events::event::TaskRef;
use crate::text::human_duration;

/// What a collector said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskProgress {
    /// Who.
    #[serde(flatten)]
    pub task: Arc<TaskRef>,
    /// When it was read.
    pub at: Timestamp,
    /// How much is done.
    pub current: u64,
    /// Of how much, if it knows.
    pub total: Option<u64>,
    /// With what it is busy; untrusted text, secrets masked.
    pub message: Option<String>,
    /// How long it will take still, in milliseconds, if it goes on as it did.
    pub eta_ms: Option<u64>,
}

/// How long it takes still, after `elapsed`; `None` where nothing can be said.
pub fn time_left(elapsed: Duration, current: u64, total: Option<u64>) -> Option<Duration> {
    let total = total.filter(|total| current > 0 && *total >= current)?;
    let left = elapsed.as_secs_f64() * (total - current) as f64 / current as f64;
    Duration::try_from_secs_f64(left).ok()
}

/// How long it takes still, for people: what the collector says wins over what it usually
/// takes, of which `elapsed` is over; nothing where neither is known.
pub(crate) fn remaining(told: Option<Duration>, elapsed: Duration, usual: Option<Duration>) -> String {
    match (told, usual) {
        (Some(left), _) => format!("  {} left", human_duration(left)),
        (None, Some(usual)) if usual > elapsed => {
            format!("  about {} left", human_duration(usual - elapsed))
        }
        (None, Some(usual)) => format!("  usually {}", human_duration(usual)),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_as_what_was_done() {
        let left =
            |current, total| time_left(Duration::from_secs(60), current, total).map(|left| left.as_secs());
        assert_eq!(left(15, Some(60)), Some(180));
        assert_eq!(left(60, Some(60)), Some(0));
        assert_eq!(left(0, Some(60)), None);
        assert_eq!(left(61, Some(60)), None);
        assert_eq!(left(5, None), None);
        assert_eq!(left(1, Some(u64::MAX)), None, "no such span");
    }

    #[test]
    fn earlier_runs_tell_where_the_collector_does_not() {
        let seconds = Duration::from_secs;
        let shown = |told: Option<u64>, elapsed, usual: Option<u64>| {
            remaining(told.map(seconds), seconds(elapsed), usual.map(seconds))
        };
        assert_eq!(shown(Some(5), 60, Some(300)), "  5.0s left");
        assert_eq!(shown(None, 60, Some(72)), "  about 12.0s left");
        assert_eq!(shown(None, 73, Some(72)), "  usually 1m 12s");
        assert_eq!(shown(None, 73, None), "");
    }
}
