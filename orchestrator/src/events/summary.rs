//! The summary of a run: what the JSON contract calls it, and how it is counted.
//! The numbers are derived from the tasks in one place, so that table, JSON,
//! JUnit and exit code cannot disagree.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Because, CancelCause, Category, Exit, Outcome, OutcomeKind, RunId, TaskStatus, signal_name,
};

/// A whole run, ended. Its serialized form is a contract: keys may be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Names the directory of the run, too.
    pub run: RunId,
    /// What was asked for: `daily`, `run-all`, ...
    pub schedule: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When its last task was settled.
    pub finished_at: Timestamp,
    /// Tasks that did what they should.
    pub succeeded: usize,
    /// Tasks that failed, timed out, were cancelled, could not start or were lost.
    pub failed: usize,
    /// Tasks that were not run.
    pub skipped: usize,
    /// Tasks that succeeded and did not bring what they should; counted as succeeded.
    #[serde(default)]
    pub suspect: usize,
    /// Whether every task that should have run succeeded.
    pub success: bool,
    /// What `orchestrate` exits with.
    pub exit_code: u8,
    /// Every task of the plan, in order.
    pub tasks: Vec<TaskSummary>,
}

/// One task of the run, ended. Its serialized form is a contract: keys may be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// Its place in the plan, counted from 1.
    pub position: usize,
    /// As in the schedule.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its collector.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// How it ended.
    pub outcome: TaskStatus,
    /// Its exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The name of the signal that killed it, if one did.
    pub signal: Option<String>,
    /// The cause in words.
    pub reason: String,
    /// The kind of failure, for a failure.
    pub category: Option<Category>,
    /// What to do about it, where we know.
    pub hint: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// From the first start to the end of the last attempt, in milliseconds.
    pub duration_ms: u64,
    /// The largest resident set of any process of the last attempt's tree that we waited for, in bytes.
    pub max_rss_bytes: u64,
    /// User and system time of the last attempt's tree, in milliseconds.
    pub cpu_ms: u64,
    /// Bytes written to stdout in the last attempt.
    pub stdout_bytes: u64,
    /// Bytes written to stderr in the last attempt.
    pub stderr_bytes: u64,
    /// Lines written in the last attempt, both streams.
    pub lines: u64,
    /// Whether the log lacks a part of the output (cap, full disk).
    pub truncated: bool,
    /// Whether processes were left over and had to be killed.
    pub leaked: bool,
    /// Which: the first few of them, with name and process id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<String>,
    /// What it brought; `None` if nothing was taken from it.
    pub records: Option<RecordCounts>,
    /// The releases that it was run for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<String>,
    /// Where these were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_source: Option<String>,
    /// Those of them that it has not dealt with, by its own word; it is given them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<String>,
    /// Why its success is not believed, if it is not.
    #[serde(default)]
    pub suspect: Option<String>,
    /// Bad lines of its events file and what it warned of, the first of each; untrusted text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The last attempt's log file, relative to the state directory; `None` if none was made.
    pub log: Option<String>,
    /// The last lines of output of a failure, oldest first; untrusted text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<String>,
}

impl TaskSummary {
    /// The word that people read: `suspect` for a success that is not believed.
    pub fn word(&self) -> &'static str {
        match self.suspect {
            Some(_) => "suspect",
            None => self.outcome.as_str(),
        }
    }
}

/// What an attempt brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCounts {
    /// Keys seen for the first time.
    pub new: u64,
    /// Keys whose data changed.
    pub changed: u64,
    /// Keys whose data is as it was.
    pub unchanged: u64,
}

impl std::fmt::Display for RecordCounts {
    /// "3 new, 1 changed, 96 unchanged".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} new, {} changed, {} unchanged",
            self.new, self.changed, self.unchanged
        )
    }
}

/// How [`TaskSummary`] spells an outcome: keyword, exit code, signal, reason, category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeWords {
    /// `succeeded`, `failed`, ...
    pub outcome: OutcomeKind,
    /// Exit code, if it exited.
    pub exit_code: Option<i32>,
    /// Signal name, if one killed it.
    pub signal: Option<String>,
    /// The cause in words.
    pub reason: String,
    /// The kind of failure.
    pub category: Option<Category>,
}

impl From<&Outcome> for OutcomeWords {
    fn from(outcome: &Outcome) -> Self {
        let (exit_code, signal) = match outcome.exit() {
            Some(Exit::Code(code)) => (Some(code), None),
            Some(Exit::Signal { no, .. }) => (None, Some(signal_name(no))),
            None => (None, None),
        };
        Self {
            outcome: outcome.kind(),
            exit_code,
            signal,
            reason: outcome.reason(),
            category: outcome.category(),
        }
    }
}

/// What a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunVerdict {
    /// Tasks that did what they should.
    pub succeeded: usize,
    /// Tasks that did not.
    pub failed: usize,
    /// Tasks that were not run.
    pub skipped: usize,
    /// Whether every task that should have run succeeded.
    pub success: bool,
    /// 0, 1, 129, 130 or 143; see the exit codes of `cli`.
    pub exit_code: u8,
}

impl RunVerdict {
    /// Counts outcomes. A skip is green only if there was nothing to do: not
    /// when a failure, a cancel or a question without an answer caused it. An order to end
    /// that came when all had succeeded has ended nothing, and is no reason to fail.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>, cancelled: Option<CancelCause>) -> Self {
        let (mut succeeded, mut failed, mut skipped, mut success) = (0, 0, 0, true);
        for outcome in outcomes {
            match outcome {
                Outcome::Succeeded => succeeded += 1,
                Outcome::Skipped(because) => {
                    skipped += 1;
                    success &= matches!(because, Because::NoNewRelease);
                }
                _ => failed += 1,
            }
        }
        success &= failed == 0;
        let cancelled = cancelled.filter(|_| !success || succeeded + skipped == 0);
        success &= cancelled.is_none();
        let exit_code = match cancelled {
            Some(CancelCause::Hangup) => 129,
            Some(CancelCause::Interrupt) => 130,
            Some(CancelCause::Terminate) => 143,
            _ => u8::from(!success),
        };
        Self {
            succeeded,
            failed,
            skipped,
            success,
            exit_code,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run with a success, a failure and a skip.
    pub(crate) fn summary() -> Summary {
        let failed = Outcome::Failed(Exit::Code(3));
        let skipped = Outcome::Skipped(Because::StoppedAfter {
            name: "run_b".into(),
            exit: failed.reason(),
        });
        let tasks: Vec<_> = [
            ("run_a", Outcome::Succeeded),
            ("run_b", failed),
            ("run_c", skipped),
        ]
        .iter()
        .zip(1..)
        .map(|((command, outcome), position)| {
            let words = OutcomeWords::from(outcome);
            let ran = !matches!(outcome, Outcome::Skipped(_));
            TaskSummary {
                position,
                group: "github".into(),
                name: (*command).into(),
                command: (*command).into(),
                args: vec![],
                outcome: words.outcome.into(),
                exit_code: words.exit_code,
                signal: words.signal,
                reason: words.reason,
                category: words.category,
                hint: None,
                attempts: u32::from(ran),
                duration_ms: 812,
                max_rss_bytes: 1 << 20,
                cpu_ms: 7,
                stdout_bytes: 10,
                stderr_bytes: 0,
                lines: 2,
                truncated: false,
                leaked: false,
                leftovers: vec![],
                records: None,
                releases: Vec::new(),
                release_source: None,
                deferred: Vec::new(),
                suspect: None,
                warnings: vec![],
                log: ran.then(|| format!("runs/r/{position}-{command}.log")),
                tail: if outcome.is_failure() {
                    vec!["no such host".into()]
                } else {
                    vec![]
                },
            }
        })
        .collect();
        Summary {
            run: RunId::new("20261125-041000-3fa9c1"),
            schedule: "daily".into(),
            started_at: "2026-11-25T04:10:00Z".parse().unwrap(),
            finished_at: "2026-11-25T04:10:02Z".parse().unwrap(),
            succeeded: 1,
            failed: 1,
            skipped: 1,
            suspect: 0,
            success: false,
            exit_code: 1,
            tasks,
        }
    }

    #[test]
    fn the_exit_code_is_0_only_when_all_succeeded() {
        let ok = Outcome::Succeeded;
        let bad = Outcome::Failed(Exit::Code(3));
        let none = Outcome::Skipped(Because::NoNewRelease);
        let unknown = Outcome::Skipped(Because::ReleaseUnknown("no git".into()));
        let code = |outcomes: &[&Outcome], by| RunVerdict::of(outcomes.iter().copied(), by).exit_code;
        assert_eq!(code(&[], None), 0);
        assert_eq!(code(&[&ok, &none], None), 0);
        assert_eq!(code(&[&ok, &bad], None), 1);
        assert_eq!(code(&[&ok, &unknown], None), 1);
        let left_out = |by| Outcome::Skipped(Because::Cancelled(by));
        for (by, expected) in [
            (CancelCause::Hangup, 129),
            (CancelCause::Interrupt, 130),
            (CancelCause::Terminate, 143),
            (CancelCause::Operator, 1),
        ] {
            assert_eq!(code(&[&ok, &left_out(by)], Some(by)), expected);
            // Nothing had begun; and all had ended well.
            assert_eq!(code(&[], Some(by)), expected);
            assert_eq!(code(&[&ok, &none], Some(by)), 0);
        }
    }

    #[test]
    fn outcomes_are_spelled_as_the_contract_says() {
        let words = OutcomeWords::from(&Outcome::Failed(Exit::Signal { no: 11, core: false }));
        assert_eq!(
            (
                words.outcome.as_str(),
                words.exit_code,
                words.signal.as_deref(),
                words.category.map(Category::as_str)
            ),
            ("failed", None, Some("SIGSEGV"), Some("signal"))
        );
    }
}
