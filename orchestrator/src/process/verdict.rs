//! What the end of an attempt means. Pure.

use std::time::Duration;

use crate::model::{Exit, Outcome, ResourceLimit, TimeLimit};
use crate::process::ladder::Cause;
use crate::process::protocol::Over;
use crate::process::spec::AttemptSpec;

/// The outcome of an attempt that its supervisor has seen to the end.
pub(crate) fn outcome(over: &Over, spec: &NamedLimits) -> Outcome {
    let Some(exit) = over.exit else {
        // Nobody is alive, and yet the main process was not ours to wait for.
        if over.unkillable.is_empty() {
            return Outcome::Lost(
                "it has ended, but a process that traces it keeps its exit code".to_owned(),
            );
        }
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
        None => match over_limit(over, exit, spec) {
            Some(limit) => Outcome::OverLimit { limit, exit },
            None => Outcome::Failed(exit),
        },
        Some(Cause::Timeout) => timed_out(TimeLimit::Total(spec.timeout.unwrap_or_default()), exit),
        Some(Cause::Idle) => timed_out(TimeLimit::Idle(spec.idle_timeout.unwrap_or_default()), exit),
        Some(Cause::Cancelled(by)) => Outcome::Cancelled { by, exit: Some(exit) },
    }
}

fn timed_out(limit: TimeLimit, exit: Exit) -> Outcome {
    Outcome::TimedOut { limit, exit }
}

/// The limit that the kernel enforced by this exit. Only where the kernel itself says
/// so: SIGXCPU after that much CPU time, or SIGKILL and a count of such kills.
fn over_limit(over: &Over, exit: Exit, spec: &NamedLimits) -> Option<ResourceLimit> {
    let Exit::Signal { no, .. } = exit else {
        return None;
    };
    match no {
        libc::SIGXCPU => {
            let limit = spec.cpu_time?;
            // The kernel holds the limit against counted ticks and tells the use as
            // measured; on a busy machine they differ by a tenth and more. Half of the
            // limit tells its SIGXCPU from anybody else's.
            let used = over.user_cpu + over.system_cpu;
            (used >= limit / 2).then_some(ResourceLimit::CpuTime(limit))
        }
        libc::SIGKILL if over.out_of_memory => spec.memory.map(ResourceLimit::Memory),
        _ => None,
    }
}

/// The limits that a reason may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedLimits {
    pub cpu_time: Option<Duration>,
    pub memory: Option<u64>,
    pub timeout: Option<Duration>,
    pub idle_timeout: Option<Duration>,
    pub kill_wait: Duration,
}

impl From<&AttemptSpec> for NamedLimits {
    fn from(spec: &AttemptSpec) -> Self {
        Self {
            cpu_time: spec.cpu_limit(),
            memory: spec.limits.memory,
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
        end_after(exit, cause, |_| {})
    }

    fn end_after(exit: Option<Exit>, cause: Option<Cause>, change: impl FnOnce(&mut Over)) -> Outcome {
        let mut over = Over {
            exit,
            cause,
            unkillable: vec![Leftover {
                pid: 7,
                name: "dd".to_owned(),
            }],
            ..Over::default()
        };
        change(&mut over);
        let limits = NamedLimits {
            cpu_time: Some(Duration::from_secs(10)),
            memory: Some(1 << 30),
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
    fn a_limit_is_the_cause_only_if_the_kernel_says_so() {
        let killed_by = |no| Some(Exit::Signal { no, core: false });
        let used = |seconds| move |over: &mut Over| over.user_cpu = Duration::from_secs(seconds);
        assert_eq!(
            end_after(killed_by(libc::SIGXCPU), None, used(10)).reason(),
            "CPU time limit of 10s reached, then killed by SIGXCPU"
        );
        // Somebody else's SIGXCPU.
        assert_eq!(
            end_after(killed_by(libc::SIGXCPU), None, used(3)).reason(),
            "killed by SIGXCPU"
        );
        let out_of_memory = |over: &mut Over| over.out_of_memory = true;
        assert_eq!(
            end_after(killed_by(9), None, out_of_memory).reason(),
            "memory limit of 1 GiB reached, then killed by SIGKILL"
        );
        assert_eq!(
            end(killed_by(9), None).reason(),
            "killed by SIGKILL, not by orchestrate"
        );
        // The first cause wins.
        assert_eq!(
            end_after(killed_by(9), Some(Cause::Timeout), out_of_memory).reason(),
            "timed out after 1m, then killed by SIGKILL"
        );
    }

    #[test]
    fn what_did_not_die_is_lost_and_named() {
        assert_eq!(
            end(None, Some(Cause::Timeout)).reason(),
            "still alive 10s after SIGKILL: dd (pid 7)"
        );
        let kept = end_after(None, None, |over| over.unkillable.clear());
        assert_eq!(
            kept.reason(),
            "it has ended, but a process that traces it keeps its exit code"
        );
    }
}
