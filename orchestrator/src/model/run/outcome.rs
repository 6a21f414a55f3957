//! How a task ended, and why. One enum, so that no pair of fields can disagree.
//! Made by `process` (attempts) and `decide` (skips); read by reports and the store.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::RunId;
use crate::model::run::category::Category;
use crate::model::run::exit::Exit;
use crate::model::run::limit::{ResourceLimit, TimeLimit};
use crate::model::run::order::CancelCause;
use crate::model::words::words;

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
        /// Of the whole attempt, or of its silence.
        limit: TimeLimit,
        /// How it then ended.
        exit: Exit,
    },
    /// The kernel ended it because it used more than `limits:` gives it.
    OverLimit {
        /// Of CPU time, or of memory.
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

words! {
    /// How a task ended, without the why.
    pub enum OutcomeKind {
        Succeeded = "succeeded",
        Failed = "failed",
        TimedOut = "timed_out",
        Cancelled = "cancelled",
        NotStarted = "not_started",
        Skipped = "skipped",
        Lost = "lost",
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// An earlier task failed and the run stops on failure.
    StoppedAfter {
        /// The failed predecessor.
        #[serde(alias = "command")]
        name: String,
        /// How it ended: "exited with code 3".
        exit: String,
    },
    /// The run was cancelled before its turn.
    Cancelled(CancelCause),
    /// A run that it must not overlap with still went on.
    Overlap {
        /// That run.
        run: RunId,
    },
    /// It waits for a release and there is none.
    NoNewRelease,
    /// It waits for a release and nobody could tell whether there is one.
    ReleaseUnknown(String),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoppedAfter { name, exit } => write!(f, "stopped after {name} {exit}"),
            Self::Cancelled(cause) => write!(f, "not started: {cause}"),
            Self::Overlap { run } => write!(f, "run {run} still went on (overlap: skip)"),
            Self::NoNewRelease => f.write_str("no new release"),
            Self::ReleaseUnknown(why) => write!(f, "release unknown: {why}"),
        }
    }
}

impl Outcome {
    /// What is recorded and shown of it first.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Succeeded => OutcomeKind::Succeeded,
            Self::Failed(_) | Self::Refused(_) | Self::OverLimit { .. } => OutcomeKind::Failed,
            Self::TimedOut { .. } => OutcomeKind::TimedOut,
            Self::Cancelled { .. } => OutcomeKind::Cancelled,
            Self::NotStarted(_) => OutcomeKind::NotStarted,
            Self::Skipped(_) => OutcomeKind::Skipped,
            Self::Lost(_) => OutcomeKind::Lost,
        }
    }

    /// The word in JSON, in the database and in the summary.
    pub fn keyword(&self) -> &'static str {
        self.kind().as_str()
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
    use std::time::Duration;

    use super::*;

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
