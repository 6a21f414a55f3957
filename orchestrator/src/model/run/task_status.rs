//! Where a task of a run stands, as one word: how it ended, or that it has not. Shown and
//! recorded; the why is an `Outcome`.

use crate::model::run::outcome::OutcomeKind;
use crate::model::words::words;

words! {
    /// What is said of a task first.
    pub enum TaskStatus {
        /// Its turn has not come.
        Pending = "pending",
        /// An attempt was started, and there is no end yet.
        Running = "running",
        Succeeded = "succeeded",
        Failed = "failed",
        TimedOut = "timed_out",
        Cancelled = "cancelled",
        NotStarted = "not_started",
        Skipped = "skipped",
        Lost = "lost",
    }
}

impl TaskStatus {
    /// Whether it ended, and not as it should.
    pub fn is_failure(self) -> bool {
        !matches!(
            self,
            Self::Pending | Self::Running | Self::Succeeded | Self::Skipped
        )
    }
}

impl From<OutcomeKind> for TaskStatus {
    fn from(outcome: OutcomeKind) -> Self {
        match outcome {
            OutcomeKind::Succeeded => Self::Succeeded,
            OutcomeKind::Failed => Self::Failed,
            OutcomeKind::TimedOut => Self::TimedOut,
            OutcomeKind::Cancelled => Self::Cancelled,
            OutcomeKind::NotStarted => Self::NotStarted,
            OutcomeKind::Skipped => Self::Skipped,
            OutcomeKind::Lost => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_keeps_its_word() {
        for outcome in OutcomeKind::ALL {
            assert_eq!(TaskStatus::from(outcome).as_str(), outcome.as_str());
        }
    }
}
