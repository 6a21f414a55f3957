//! The end of a lease, as the supervisor of an attempt sees it: whoever has the run may be
//! stopped, hung or cut off, and another worker will be given it. A pure state machine; its
//! driver asks it at each turn.

use std::time::Duration;

use crate::model::{CancelCause, LeaseDeadline};
use crate::process::ladder::{Cause, Input};

/// While there is a lease, waits are no longer than this: their clock stands still in suspend,
/// and that of the lease does not.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How far the end of the lease is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nothing,
    Terminate,
    Kill,
}

/// Watches one attempt's lease, if it has one.
#[derive(Debug)]
pub(super) struct LeaseWatch {
    deadline: Option<LeaseDeadline>,
    told: Told,
}

impl LeaseWatch {
    pub(super) fn new(deadline: Option<LeaseDeadline>) -> Self {
        Self {
            deadline,
            told: Told::Nothing,
        }
    }

    /// The lease was renewed; what was told is not taken back.
    pub(super) fn extend(&mut self, deadline: LeaseDeadline) {
        let later = self.deadline.is_none_or(|old| deadline.kill_at > old.kill_at);
        if later && self.told == Told::Nothing {
            self.deadline = Some(deadline);
        }
    }

    /// What is to be done at this time since the boot, each once.
    pub(super) fn due(&mut self, now: Duration) -> Option<Input> {
        let deadline = self.deadline?;
        if now >= deadline.kill_at {
            self.tell(Told::Kill)
        } else if now >= deadline.terminate_at {
            self.tell(Told::Terminate)
        } else {
            None
        }
    }

    /// A request for the same reason counts once, whoever comes first: us or the worker.
    pub(super) fn request(&mut self, input: Input) -> Option<Input> {
        const LOST: Cause = Cause::Cancelled(CancelCause::LeaseLost);
        match input {
            Input::Cancel(LOST) => self.tell(Told::Terminate),
            Input::Kill(LOST) => self.tell(Told::Kill),
            other => Some(other),
        }
    }

    /// How long may be waited; `None` for as long as the others like.
    pub(super) fn longest_wait(&self, now: Duration) -> Option<Duration> {
        let deadline = self.deadline?;
        let next = match self.told {
            Told::Nothing => deadline.terminate_at,
            Told::Terminate => deadline.kill_at,
            Told::Kill => return None,
        };
        Some(next.saturating_sub(now).min(LONGEST_WAIT))
    }

    fn tell(&mut self, what: Told) -> Option<Input> {
        const LOST: Cause = Cause::Cancelled(CancelCause::LeaseLost);
        if self.told >= what {
            return None;
        }
        self.told = what;
        Some(match what {
            Told::Kill => Input::Kill(LOST),
            _ => Input::Cancel(LOST),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: Cause = Cause::Cancelled(CancelCause::LeaseLost);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn lease(terminate: u64, kill: u64) -> LeaseDeadline {
        LeaseDeadline {
            terminate_at: at(terminate),
            kill_at: at(kill),
        }
    }

    #[test]
    fn each_rung_is_told_once_and_a_renewal_moves_both() {
        let mut watch = LeaseWatch::new(Some(lease(10, 20)));
        assert_eq!(watch.due(at(9)), None);
        assert_eq!(watch.longest_wait(at(9)), Some(at(1)));
        watch.extend(lease(30, 40));
        // Late news of an earlier renewal.
        watch.extend(lease(15, 25));
        assert_eq!(watch.due(at(29)), None);
        assert_eq!(watch.due(at(30)), Some(Input::Cancel(LOST)));
        assert_eq!(watch.due(at(31)), None);
        watch.extend(lease(50, 60));
        assert_eq!(watch.longest_wait(at(40)), Some(Duration::ZERO), "too late");
        assert_eq!(watch.due(at(40)), Some(Input::Kill(LOST)));
        assert_eq!((watch.due(at(41)), watch.longest_wait(at(41))), (None, None));
        // After a suspend there is nothing left to ask politely for.
        assert_eq!(
            LeaseWatch::new(Some(lease(1, 2))).due(at(3)),
            Some(Input::Kill(LOST))
        );
        assert_eq!(LeaseWatch::new(None).due(at(3)), None);
    }

    #[test]
    fn the_worker_and_the_supervisor_ask_once() {
        let mut watch = LeaseWatch::new(Some(lease(10, 20)));
        assert_eq!(watch.due(at(10)), Some(Input::Cancel(LOST)));
        assert_eq!(watch.request(Input::Cancel(LOST)), None);
        let operator = Input::Cancel(Cause::Cancelled(CancelCause::Operator));
        assert_eq!(watch.request(operator), Some(operator));
        assert_eq!(watch.request(Input::Kill(LOST)), Some(Input::Kill(LOST)));
        assert_eq!(watch.due(at(20)), None);
    }
}
