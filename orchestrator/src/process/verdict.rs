//! What the end of an attempt means. Pure.

use std::time::Duration;

use super::ladder::Cause;
use super::protocol::Over;
use super::spec::AttemptSpec;
use crate::model::{Exit, Outcome, TimeLimit};

/// The outcome of an attempt that its supervisor has seen to the end.
pub(super) fn outcome(over: &Over, spec: &Limits) -> Outcome {
    let Some(exit) = over.exit else {
        let processes: Vec<_> = over
            .unkillable
            .iter()
            .map(|process| format!("{} (pid {})", process.name, process.pid))
            .collect();
        let wait = humantime::format_duration(spec.kill_wait);
        return Outcome::Lost(format!(
            "still alive {wait} after SIGKILL: {}",
            processes.join(", ")
        ));
    };
    match over.cause {
        None if exit.is_success() => Outcome::Succeeded,
        None => Outcome::Failed(exit),
        Some(Cause::Timeout) => timed_out(TimeLimit::Total(spec.timeout.unwrap_or_default()), exit),
        Some(Cause::Idle) => timed_out(TimeLimit::Idle(spec.idle_timeout.unwrap_or_default()), exit),
        Some(Cause::Cancelled(by)) => Outcome::Cancelled { by, exit: Some(exit) },
    }
}

fn timed_out(limit: TimeLimit, exit: Exit) -> Outcome {
    Outcome::TimedOut { limit, exit }
}

/// The limits of time that a reason may name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub timeout: Option<Duration>,
    pub idle_timeout: Option<Duration>,
    pub kill_wait: Duration,
}

impl From<&AttemptSpec> for Limits {
    fn from(spec: &AttemptSpec) -> Self {
        Self {
            timeout: spec.timeout,
            idle_timeout: spec.idle_timeout,
            kill_wait: spec.kill_wait,
        }
    }
}
