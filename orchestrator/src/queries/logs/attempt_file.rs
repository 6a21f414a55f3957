//! The log of one attempt of a recorded run, opened so that it is that log and nothing else: the
//! collector runs as we do, and could have put a link in place of its own log.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::input::open_below;
use crate::model::{RunId, TaskStatus};
use crate::store::{RecordedAttempt, RunRecord, TaskState};

/// Which log: both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LogPlace {
    pub(crate) position: usize,
    pub(crate) attempt: u32,
}

impl LogPlace {
    /// Reads `2.1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (position, attempt) = text.split_once('.')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(position) || !is_number(attempt) {
            return None;
        }
        let place = Self {
            position: position.parse().ok()?,
            attempt: attempt.parse().ok()?,
        };
        (place.position > 0 && place.attempt > 0).then_some(place)
    }

    /// The task, and the attempt if there was one; `None` if the run has no such task.
    pub(crate) fn find(self, record: &RunRecord) -> Option<(&TaskState, Option<&RecordedAttempt>)> {
        let task = record
            .tasks
            .iter()
            .find(|task| task.summary.position == self.position)?;
        let attempt = task
            .attempt_list
            .iter()
            .find(|attempt| attempt.number == self.attempt);
        Some((task, attempt))
    }
}

/// Whether nothing will be written to the log any more.
pub(crate) fn has_ended(task: &TaskState, attempt: &RecordedAttempt) -> bool {
    attempt.finished_at.is_some() || !matches!(task.summary.outcome, TaskStatus::Running)
}

/// Opens the log.
///
/// # Errors
/// What is recorded of it is not `runs/<the run>/<one name>`, a link or something else stands in
/// its place ([`io::ErrorKind::InvalidInput`]), it is gone, or it cannot be read.
pub(crate) fn open_attempt_log(state_dir: &Path, run: &RunId, attempt: &RecordedAttempt) -> io::Result<File> {
    let refused = || {
        let words = format!("what is recorded of the log of run {run} leads elsewhere");
        io::Error::new(io::ErrorKind::InvalidInput, words)
    };
    let name = attempt
        .log
        .strip_prefix(&format!("runs/{run}/"))
        .filter(|name| !name.is_empty() && !name.contains('/'))
        .ok_or_else(refused)?;
    open_below(state_dir, &Path::new("runs").join(run.as_str()).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_two_numbers_from_one() {
        let place = |position, attempt| Some(LogPlace { position, attempt });
        assert_eq!(LogPlace::parse("2.1"), place(2, 1));
        for other in [
            "",
            "1",
            "1.",
            ".1",
            "0.1",
            "1.0",
            "-1.1",
            "+1.1",
            "1.1.1",
            "1.99999999999",
            "a.b",
        ] {
            assert_eq!(LogPlace::parse(other), None, "{other}");
        }
    }
}
