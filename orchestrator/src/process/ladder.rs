//! The ladder: by which rungs an attempt is brought to its end. A pure state
//! machine; the supervisor feeds it time and events and does what it says.
//! It must never look at a clock or at a process itself.
//!
//! ```text
//! Running --deadline, idle, cancel--> Terminating --grace--> Killing --kill_wait--> Over
//!    \--main exits, others remain--> Draining --drain----------^
//! ```
//! Whenever no process is left, it is over at once. The first cause wins and is
//! kept; what comes after the main process has exited is not a cause of its end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::CancelCause;

/// A point in time: what `CLOCK_MONOTONIC` said.
pub(crate) type Moment = Duration;

/// What a collector gets at most when nobody is left to wait for its result.
pub(crate) const ORPHAN_GRACE: Duration = Duration::from_secs(5);

/// Why an attempt is ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// The deadline passed.
    Timeout,
    /// No output for too long (the orchestrator sees that).
    Idle,
    /// Somebody asked for it.
    Cancelled(CancelCause),
}

/// How long each rung lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timings {
    /// From the start to SIGTERM; `None` for no limit.
    pub timeout: Option<Duration>,
    /// From SIGTERM to SIGKILL; zero means SIGKILL at once.
    pub grace: Duration,
    /// From the end of the main process to SIGKILL for what it left behind.
    pub drain: Duration,
    /// From the first SIGKILL until we give up.
    pub kill_wait: Duration,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// Nothing but the passing of time.
    Tick,
    /// The main process has been reaped.
    MainExited,
    /// The tree is empty.
    NoneLeft,
    /// End it politely; a second request of this kind means `Kill`.
    Cancel(Cause),
    /// End it now.
    Kill(Cause),
    /// The orchestrator's end of the control socket is closed.
    OrchestratorGone,
    /// Stop it and its clock.
    Pause,
    /// Let it and its clock go on.
    Resume,
}

/// What the supervisor shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// SIGTERM, then SIGCONT, to the main process group.
    Terminate,
    /// SIGKILL to every descendant, now and whenever one is found, until it is over.
    KillTree,
    /// SIGSTOP to the main process group.
    Stop,
    /// SIGCONT to the main process group.
    Continue,
}

/// Where the attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rung {
    Running {
        deadline: Option<Moment>,
        stopped_at: Option<Moment>,
    },
    Terminating {
        kill_at: Moment,
    },
    Draining {
        kill_at: Moment,
    },
    Killing {
        give_up_at: Moment,
    },
    Over {
        all_gone: bool,
    },
}

/// The state of one attempt's way to its end.
#[derive(Debug, Clone)]
pub(crate) struct Ladder {
    timings: Timings,
    rung: Rung,
    cause: Option<Cause>,
    main_exited: bool,
    cancelled: bool,
}

impl Ladder {
    /// An attempt whose main process starts at `now`.
    pub(crate) fn new(timings: Timings, now: Moment) -> Self {
        Self {
            timings,
            rung: Rung::Running {
                deadline: timings.timeout.map(|timeout| now.saturating_add(timeout)),
                stopped_at: None,
            },
            cause: None,
            main_exited: false,
            cancelled: false,
        }
    }

    /// Takes one event and says what is to be done about it.
    pub(crate) fn step(&mut self, now: Moment, input: Input) -> Option<Action> {
        if self.is_over() {
            return None;
        }
        match input {
            Input::Tick => self.tick(now),
            Input::MainExited => self.main_exited(now),
            Input::NoneLeft => {
                self.rung = Rung::Over { all_gone: true };
                None
            }
            Input::Cancel(cause) => self.cancel(now, cause),
            Input::Kill(cause) => {
                self.note(cause);
                self.kill(now)
            }
            Input::OrchestratorGone => self.orchestrator_gone(now),
            Input::Pause => self.pause(now),
            Input::Resume => self.resume(now),
        }
    }

    /// When `step(Tick)` is next needed; `None` if only an event can change anything.
    pub(crate) fn wake_at(&self) -> Option<Moment> {
        match self.rung {
            Rung::Running {
                deadline,
                stopped_at: None,
            } => deadline,
            Rung::Terminating { kill_at } | Rung::Draining { kill_at } => Some(kill_at),
            Rung::Killing { give_up_at } => Some(give_up_at),
            Rung::Running { .. } | Rung::Over { .. } => None,
        }
    }

    /// Why the main process was ended, if it was not by itself.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// Whether the main process has been reaped.
    pub(crate) fn has_main_exited(&self) -> bool {
        self.main_exited
    }

    /// Whether every process found must be killed.
    pub(crate) fn is_killing(&self) -> bool {
        matches!(self.rung, Rung::Killing { .. })
    }

    /// Whether the attempt has ended: nothing is left, or we gave up.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.rung, Rung::Over { .. })
    }

    /// Whether it ended because nothing is left.
    pub(crate) fn all_gone(&self) -> bool {
        self.rung == (Rung::Over { all_gone: true })
    }

    fn tick(&mut self, now: Moment) -> Option<Action> {
        match self.rung {
            Rung::Running {
                deadline: Some(deadline),
                stopped_at: None,
            } if now >= deadline => {
                self.note(Cause::Timeout);
                self.terminate(now, self.timings.grace)
            }
            Rung::Terminating { kill_at } | Rung::Draining { kill_at } if now >= kill_at => self.kill(now),
            Rung::Killing { give_up_at } if now >= give_up_at => {
                self.rung = Rung::Over { all_gone: false };
                None
            }
            _ => None,
        }
    }

    fn main_exited(&mut self, now: Moment) -> Option<Action> {
        self.main_exited = true;
        let drained = now.saturating_add(self.timings.drain);
        match self.rung {
            Rung::Running { stopped_at, .. } => {
                self.rung = Rung::Draining { kill_at: drained };
                // What it left behind cannot finish while it is stopped.
                stopped_at.map(|_| Action::Continue)
            }
            Rung::Terminating { kill_at } => {
                self.rung = Rung::Terminating {
                    kill_at: kill_at.min(drained),
                };
                None
            }
            _ => None,
        }
    }

    fn cancel(&mut self, now: Moment, cause: Cause) -> Option<Action> {
        let repeated = matches!(cause, Cause::Cancelled(_)) && std::mem::replace(&mut self.cancelled, true);
        self.note(cause);
        match self.rung {
            _ if repeated => self.kill(now),
            Rung::Running { .. } => self.terminate(now, self.timings.grace),
            Rung::Draining { kill_at } => {
                let grace = kill_at.saturating_sub(now).min(self.timings.grace);
                self.terminate(now, grace)
            }
            _ => None,
        }
    }

    fn orchestrator_gone(&mut self, now: Moment) -> Option<Action> {
        self.note(Cause::Cancelled(CancelCause::OrchestratorGone));
        let latest = now.saturating_add(ORPHAN_GRACE);
        match &mut self.rung {
            Rung::Running { .. } => self.terminate(now, self.timings.grace.min(ORPHAN_GRACE)),
            Rung::Terminating { kill_at } | Rung::Draining { kill_at } => {
                *kill_at = latest.min(*kill_at);
                None
            }
            Rung::Killing { .. } | Rung::Over { .. } => None,
        }
    }

    fn pause(&mut self, now: Moment) -> Option<Action> {
        match &mut self.rung {
            Rung::Running {
                stopped_at: stopped_at @ None,
                ..
            } => {
                *stopped_at = Some(now);
                Some(Action::Stop)
            }
            // What is already on its way out is not held up.
            _ => None,
        }
    }

    fn resume(&mut self, now: Moment) -> Option<Action> {
        let Rung::Running { deadline, stopped_at } = &mut self.rung else {
            return None;
        };
        let since = stopped_at.take()?;
        *deadline = deadline.map(|deadline| deadline.saturating_add(now.saturating_sub(since)));
        Some(Action::Continue)
    }

    fn terminate(&mut self, now: Moment, grace: Duration) -> Option<Action> {
        if grace.is_zero() {
            return self.kill(now);
        }
        self.rung = Rung::Terminating {
            kill_at: now.saturating_add(grace),
        };
        Some(Action::Terminate)
    }

    fn kill(&mut self, now: Moment) -> Option<Action> {
        if self.is_killing() {
            return None;
        }
        self.rung = Rung::Killing {
            give_up_at: now.saturating_add(self.timings.kill_wait),
        };
        Some(Action::KillTree)
    }

    fn note(&mut self, cause: Cause) {
        if !self.main_exited {
            self.cause.get_or_insert(cause);
        }
    }
}

#[cfg(test)]
mod tests;
