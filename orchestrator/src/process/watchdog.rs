//! The watchdog: when a supervisor, or the fork server, is taken for hung. A pure
//! state machine: its driver looks at the process once per [`TICK`], tells what it
//! sees, and does what this says. It must never look at a clock or at a process itself.
//!
//! ```text
//! Well --stopped, or two pings unanswered--> Doubtful (SIGCONT) --2 s--> SIGKILL
//!   ^------goes on, answers, or we were away ourselves------'
//! ```
//! Only time in which we ran ourselves counts. After a gap (suspended, stopped, frozen,
//! or starved ourselves) it begins afresh, because whoever was away together with us
//! must get the chance to answer first.

use std::time::Duration;

use crate::process::ladder::Moment;

/// Between two looks.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// Between two pings, and how long each may remain unanswered.
const PING: Duration = Duration::from_secs(5);

/// So many in a row.
const UNANSWERED: u32 = 2;

/// From SIGCONT to SIGKILL.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// Who comes this much later than the last time was away.
const AWAY: Duration = Duration::from_secs(3);

/// What a process is seen doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Stopped by a signal.
    Stopped,
    /// It waits for something. With a ping to be read it should not.
    Asleep,
    /// It runs, or would if the machine let it.
    Busy,
    /// Its cgroup is frozen: whoever did that will also thaw it.
    Frozen,
    /// It has ended, but has not been reaped: a tracer may keep it.
    Dead,
}

/// What the driver shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchdogOrder {
    /// Ask whether it is there.
    Ping,
    /// SIGCONT.
    Continue(Trouble),
    /// SIGKILL, to it and to what it leaves.
    Kill(Trouble),
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Stopped,
    Silent,
    Dead,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Well { since: Moment, pings: u32 },
    Doubtful { since: Moment, trouble: Trouble },
}

/// One per process that is watched.
#[derive(Debug)]
pub(crate) struct Watchdog {
    looked: Moment,
    phase: Phase,
}

impl Watchdog {
    /// Of a process that is well at this moment.
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            looked: now,
            phase: Phase::Well { since: now, pings: 0 },
        }
    }

    /// Whether it matters if an idle process is frozen.
    pub(crate) fn is_in_doubt(&self) -> bool {
        !matches!(self.phase, Phase::Well { pings: 0, .. })
    }

    /// Takes what is seen now. `heard`: something came from it since the last look.
    pub(crate) fn look(&mut self, now: Moment, sight: Sight, heard: bool) -> Option<WatchdogOrder> {
        let away = now.saturating_sub(self.looked) > AWAY;
        self.looked = now;
        if away {
            *self = Self::new(now);
        }
        let trouble = match sight {
            Sight::Stopped => Some(Trouble::Stopped),
            Sight::Dead => Some(Trouble::Dead),
            Sight::Asleep if !heard => None,
            Sight::Asleep | Sight::Busy | Sight::Frozen => {
                *self = Self::new(now);
                return None;
            }
        };
        match self.phase {
            Phase::Well { since, pings } => self.look_at_healthy(now, since, pings, trouble),
            Phase::Doubtful {
                since,
                trouble: doubt,
            } => match (trouble, doubt) {
                // It goes on.
                (None, Trouble::Stopped | Trouble::Dead) => {
                    *self = Self::new(now);
                    None
                }
                (None, Trouble::Silent) | (Some(_), _) => {
                    let trouble = trouble.unwrap_or(doubt);
                    let is_last = now.saturating_sub(since) >= LAST_CHANCE;
                    // It may have been stopped a second time.
                    Some(match is_last {
                        true => self.kill(now, trouble),
                        false => WatchdogOrder::Continue(trouble),
                    })
                }
            },
        }
    }

    fn look_at_healthy(
        &mut self,
        now: Moment,
        since: Moment,
        pings: u32,
        trouble: Option<Trouble>,
    ) -> Option<WatchdogOrder> {
        let due = now.saturating_sub(since) >= PING;
        let silent = (due && pings == UNANSWERED).then_some(Trouble::Silent);
        if let Some(trouble) = trouble.or(silent) {
            self.phase = Phase::Doubtful { since: now, trouble };
            return Some(WatchdogOrder::Continue(trouble));
        }
        due.then(|| {
            self.phase = Phase::Well {
                since: now,
                pings: pings + 1,
            };
            WatchdogOrder::Ping
        })
    }

    /// Once more after a while, should it not have been enough.
    fn kill(&mut self, now: Moment, trouble: Trouble) -> WatchdogOrder {
        self.phase = Phase::Doubtful { since: now, trouble };
        WatchdogOrder::Kill(trouble)
    }
}

#[cfg(test)]
mod tests;
