//! Until when a collector may run whose worker has its run for a while only. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Two instants, as times since the machine was booted (CLOCK_BOOTTIME): of use on this machine
/// and within this boot only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseDeadline {
    /// SIGTERM; from here on nothing is started either.
    pub terminate_at: Duration,
    /// SIGKILL to the whole tree, whatever the grace of the task.
    pub kill_at: Duration,
}

impl LeaseDeadline {
    /// For a lease whose last renewal that counts was sent at `anchor`. The database counts it
    /// from later, and another worker is given the run at its end at the earliest: what is left
    /// between is for the kill to take effect.
    pub fn of(anchor: Duration, lease: Duration) -> Self {
        Self {
            terminate_at: anchor.saturating_add(lease * 60 / 100),
            kill_at: anchor.saturating_add(lease * 75 / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_leaves_time_for_a_kill() {
        let second = Duration::from_secs(1);
        let deadline = LeaseDeadline::of(second, 20 * second);
        assert_eq!(
            (deadline.terminate_at, deadline.kill_at),
            (13 * second, 16 * second)
        );
    }
}
