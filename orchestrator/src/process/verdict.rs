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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CancelCause;
    use crate::process::protocol::Leftover;

    fn end(exit: Option<Exit>, cause: Option<Cause>) -> Outcome {
        let over = Over {
            exit,
            cause,
            wall: Duration::ZERO,
            user_cpu: Duration::ZERO,
            system_cpu: Duration::ZERO,
            max_rss: 0,
            killed: Vec::new(),
            killed_count: 0,
            unkillable: vec![Leftover {
                pid: 7,
                name: "dd".to_owned(),
            }],
        };
        let limits = Limits {
            timeout: Some(Duration::from_secs(60)),
            idle_timeout: Some(Duration::from_secs(5)),
            kill_wait: Duration::from_secs(10),
        };
        outcome(&over, &limits)
    }

    #[test]
    fn the_cause_decides_whatever_the_exit_code() {
        let ok = Some(Exit::Code(0));
        assert_eq!(end(ok, None), Outcome::Succeeded);
        assert_eq!(end(Some(Exit::Code(143)), None), Outcome::Failed(Exit::Code(143)));
        assert_eq!(
            end(ok, Some(Cause::Timeout)).reason(),
            "timed out after 1m, then exited with code 0"
        );
        assert_eq!(
            end(ok, Some(Cause::Idle)).reason(),
            "no output for 5s, then exited with code 0"
        );
        let by = CancelCause::Operator;
        assert_eq!(
            end(ok, Some(Cause::Cancelled(by))),
            Outcome::Cancelled { by, exit: ok }
        );
    }

    #[test]
    fn what_did_not_die_is_lost_and_named() {
        assert_eq!(
            end(None, Some(Cause::Timeout)).reason(),
            "still alive 10s after SIGKILL: dd (pid 7)"
        );
    }
}
