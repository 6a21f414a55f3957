//! How a task ended, and why. One enum, so that no pair of fields can disagree.
//! Written by `process` (attempts) and `run` (skips); read by reports and the store.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The end of one attempt, or of a task that had none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Succeeded,
    /// It ended by itself, but not well.
    Failed(Exit),
    /// It exited with code 0, and nothing of what it brought could be taken, for this
    /// reason.
    Refused(String),
    /// We ended it because a limit of time was reached.
    TimedOut {
        /// Which limit.
        limit: TimeLimit,
        /// How it then ended.
        exit: Exit,
    },
    /// The kernel ended it because it used more than `limits:` gives it.
    OverLimit {
        /// Which limit.
        limit: ResourceLimit,
        /// How it then ended.
        exit: Exit,
    },
    /// We ended it because somebody asked for it.
    Cancelled {
        /// Who or what.
        by: CancelCause,
        /// How it then ended; `None` if it never started.
        exit: Option<Exit>,
    },
    /// The executable could not be started.
    NotStarted(SpawnError),
    /// It was not run.
    Skipped(Because),
    /// Nobody knows how it ended.
    Lost(String),
}

/// A limit of time that ended an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// `timeout:`, since the start.
    Total(Duration),
    /// `idle_timeout:`, since the last byte of output.
    Idle(Duration),
}

/// A limit of use that ended an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceLimit {
    /// `cpu_time:` of one process (RLIMIT_CPU, which counts whole seconds).
    CpuTime(Duration),
    /// `memory:` of the whole tree in bytes (`memory.max` of its cgroup).
    Memory(u64),
}

impl fmt::Display for ResourceLimit {
    /// "CPU time limit of 10s reached", "memory limit of 200 MiB reached".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match *self {
            Self::CpuTime(limit) => {
                let limit = humantime::format_duration(limit);
                write!(f, "CPU time limit of {limit} reached")
            }
            Self::Memory(bytes) => {
                let exact = UNITS.iter().find(|(_, size)| bytes.is_multiple_of(*size));
                let (unit, size) = exact.unwrap_or(&("bytes", 1));
                write!(f, "memory limit of {} {unit} reached", bytes / size)
            }
        }
    }
}

/// How a process ended (wait(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It called exit with this code, 0 to 255.
    Code(i32),
    /// A signal killed it.
    Signal {
        /// Its number.
        no: i32,
        /// Whether a core was dumped.
        core: bool,
    },
}

impl Exit {
    /// Exit code 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    /// "exited with code 3", "killed by SIGSEGV (core dumped)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal { no, core } => {
                let core = if core { " (core dumped)" } else { "" };
                write!(f, "killed by {}{core}", signal_name(no))
            }
        }
    }
}

/// The name of a Linux signal (signal(7)): `SIGKILL`, `SIGRTMIN+2`, or
/// `signal 99` for a number that has none. The kernel's first real-time signal
/// is 32; glibc keeps two for itself, so its SIGRTMIN is 34.
pub fn signal_name(no: i32) -> String {
    const NAMES: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    match no {
        1..=31 => NAMES[usize::try_from(no - 1).unwrap_or(0)].to_owned(),
        34 => "SIGRTMIN".to_owned(),
        35..=64 => format!("SIGRTMIN+{}", no - 34),
        _ => format!("signal {no}"),
    }
}

/// Who or what ended an attempt before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    /// Ctrl-C or SIGINT to the orchestrator.
    Interrupt,
    /// SIGTERM to the orchestrator.
    Terminate,
    /// SIGHUP to the orchestrator: its terminal was closed.
    Hangup,
    /// `orchestrate cancel`.
    Operator,
    /// The orchestrator vanished; the supervisor ended the attempt.
    OrchestratorGone,
}

impl fmt::Display for CancelCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "interrupted (SIGINT)",
            Self::Terminate => "orchestrate was asked to end (SIGTERM)",
            Self::Hangup => "the terminal was closed (SIGHUP)",
            Self::Operator => "cancelled by the operator",
            Self::OrchestratorGone => "orchestrate itself was gone",
        })
    }
}

/// Why an executable could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnError {
    /// What failed, with the path and the system's word for it.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Why a task was not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// An earlier task failed and the run stops on failure.
    StoppedAfter {
        /// The failed predecessor.
        command: String,
        /// How it ended: "exited with code 3".
        exit: String,
    },
    /// The run was cancelled before its turn.
    Cancelled(CancelCause),
    /// It waits for a release and there is none.
    NoNewRelease,
    /// It waits for a release and nobody could tell whether there is one.
    ReleaseUnknown(String),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoppedAfter { command, exit } => write!(f, "stopped after {command} {exit}"),
            Self::Cancelled(cause) => write!(f, "not started: {cause}"),
            Self::NoNewRelease => f.write_str("no new release"),
            Self::ReleaseUnknown(why) => write!(f, "release unknown: {why}"),
        }
    }
}

/// The kind of a failure, as far as the exit code or the collector itself tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Wrong arguments (EX_USAGE, 64).
    Usage,
    /// Bad data (EX_DATAERR, 65).
    Validation,
    /// A service could not be reached (EX_UNAVAILABLE, 69).
    Network,
    /// Worth another try (EX_TEMPFAIL, 75).
    Temporary,
    /// Not allowed (EX_NOPERM, 77).
    Auth,
    /// Wrong settings (EX_CONFIG, 78).
    Configuration,
    /// A service asked to come back later.
    RateLimit,
    /// Our limit of time.
    Timeout,
    /// A signal ended it.
    Signal,
    /// It could not be started.
    Spawn,
    /// Anything else.
    Failed,
}

impl Category {
    /// What a retry may change.
    pub const RETRYABLE: [Self; 4] = [Self::Network, Self::Temporary, Self::RateLimit, Self::Timeout];

    /// The category that an exit code names (sysexits.h).
    pub fn of_code(code: i32) -> Self {
        match code {
            64 => Self::Usage,
            65 => Self::Validation,
            69 => Self::Network,
            75 => Self::Temporary,
            77 => Self::Auth,
            78 => Self::Configuration,
            _ => Self::Failed,
        }
    }

    /// Whether another attempt may end otherwise. What is not allowed, badly set or bad
    /// in itself stays so, whatever the schedule says.
    pub fn may_pass(self) -> bool {
        !matches!(self, Self::Auth | Self::Validation | Self::Configuration)
    }

    /// The word in YAML and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Validation => "validation",
            Self::Network => "network",
            Self::Temporary => "temporary",
            Self::Auth => "auth",
            Self::Configuration => "configuration",
            Self::RateLimit => "rate_limit",
            Self::Timeout => "timeout",
            Self::Signal => "signal",
            Self::Spawn => "spawn",
            Self::Failed => "failed",
        }
    }
}

impl Outcome {
    /// The word in JSON, in the database and in the summary.
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed(_) | Self::Refused(_) | Self::OverLimit { .. } => "failed",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled { .. } => "cancelled",
            Self::NotStarted(_) => "not_started",
            Self::Skipped(_) => "skipped",
            Self::Lost(_) => "lost",
        }
    }

    /// How the process ended, where there was one and somebody saw it.
    pub fn exit(&self) -> Option<Exit> {
        match self {
            Self::Succeeded | Self::Refused(_) => Some(Exit::Code(0)),
            Self::Failed(exit) | Self::TimedOut { exit, .. } | Self::OverLimit { exit, .. } => Some(*exit),
            Self::Cancelled { exit, .. } => *exit,
            Self::NotStarted(_) | Self::Skipped(_) | Self::Lost(_) => None,
        }
    }

    /// Whether the task did what it should.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded)
    }

    /// Whether the task ran, or should have, and did not do what it should.
    /// A skip is neither a success nor a failure of the task itself.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Succeeded | Self::Skipped(_))
    }

    /// The kind of failure; `None` for a success or a skip.
    pub fn category(&self) -> Option<Category> {
        match self {
            Self::Succeeded | Self::Skipped(_) => None,
            Self::Refused(_) => Some(Category::Validation),
            Self::Failed(Exit::Code(code)) => Some(Category::of_code(*code)),
            Self::Failed(Exit::Signal { .. }) | Self::OverLimit { .. } => Some(Category::Signal),
            Self::TimedOut { .. } => Some(Category::Timeout),
            Self::NotStarted(_) => Some(Category::Spawn),
            Self::Cancelled { .. } | Self::Lost(_) => Some(Category::Failed),
        }
    }

    /// The cause in words, complete enough to stand alone in a summary.
    pub fn reason(&self) -> String {
        match self {
            Self::Succeeded => "exited with code 0".to_owned(),
            Self::Refused(why) => why.clone(),
            Self::Failed(exit) => match exit {
                Exit::Code(126) => format!("{exit} (a command it called is not executable)"),
                Exit::Code(127) => format!("{exit} (a command it called was not found)"),
                Exit::Code(code) if Category::of_code(*code) != Category::Failed => {
                    format!("{exit} ({})", Category::of_code(*code).as_str().replace('_', " "))
                }
                Exit::Signal { no: 9, .. } => format!("{exit}, not by orchestrate"),
                _ => exit.to_string(),
            },
            Self::TimedOut { limit, exit } => {
                let limit = match limit {
                    TimeLimit::Total(after) => {
                        format!("timed out after {}", humantime::format_duration(*after))
                    }
                    TimeLimit::Idle(after) => format!("no output for {}", humantime::format_duration(*after)),
                };
                format!("{limit}, then {exit}")
            }
            Self::OverLimit { limit, exit } => format!("{limit}, then {exit}"),
            Self::Cancelled { by, exit: Some(exit) } => format!("{by}, then {exit}"),
            Self::Cancelled { by, exit: None } => by.to_string(),
            Self::NotStarted(error) => error.message.clone(),
            Self::Skipped(because) => because.to_string(),
            Self::Lost(why) => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_the_names_of_signal_7() {
        assert_eq!(signal_name(9), "SIGKILL");
        assert_eq!(signal_name(31), "SIGSYS");
        assert_eq!(signal_name(34), "SIGRTMIN");
        assert_eq!(signal_name(36), "SIGRTMIN+2");
        assert_eq!(signal_name(99), "signal 99");
    }

    #[test]
    fn reasons_stand_alone() {
        let timed_out = Outcome::TimedOut {
            limit: TimeLimit::Total(Duration::from_secs(90)),
            exit: Exit::Signal { no: 15, core: false },
        };
        assert_eq!(
            timed_out.reason(),
            "timed out after 1m 30s, then killed by SIGTERM"
        );
        assert_eq!(
            Outcome::Failed(Exit::Code(75)).reason(),
            "exited with code 75 (temporary)"
        );
        assert_eq!(Outcome::Failed(Exit::Code(3)).reason(), "exited with code 3");
        assert_eq!(
            Outcome::Failed(Exit::Signal { no: 9, core: false }).reason(),
            "killed by SIGKILL, not by orchestrate"
        );
        assert_eq!(
            Outcome::Failed(Exit::Signal { no: 11, core: true }).reason(),
            "killed by SIGSEGV (core dumped)"
        );
    }

    #[test]
    fn limits_are_told_in_the_units_they_are_given_in() {
        let exit = Exit::Signal { no: 9, core: false };
        let reason = |limit| Outcome::OverLimit { limit, exit }.reason();
        assert_eq!(
            reason(ResourceLimit::CpuTime(Duration::from_secs(90))),
            "CPU time limit of 1m 30s reached, then killed by SIGKILL"
        );
        for (bytes, told) in [(200 << 20, "200 MiB"), (3 << 30, "3 GiB"), (1025, "1025 bytes")] {
            let memory = reason(ResourceLimit::Memory(bytes));
            assert_eq!(
                memory,
                format!("memory limit of {told} reached, then killed by SIGKILL")
            );
        }
    }

    #[test]
    fn a_skip_is_neither_success_nor_failure() {
        let skip = Outcome::Skipped(Because::NoNewRelease);
        assert!(!skip.is_success() && !skip.is_failure());
        assert_eq!(skip.category(), None);
    }

    #[test]
    fn categories_follow_sysexits() {
        assert_eq!(
            Outcome::Failed(Exit::Code(69)).category(),
            Some(Category::Network)
        );
        assert_eq!(Outcome::Failed(Exit::Code(1)).category(), Some(Category::Failed));
    }
}
