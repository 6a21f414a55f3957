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
