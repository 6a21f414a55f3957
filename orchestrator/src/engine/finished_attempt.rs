//! An attempt that is over: how it ended, what it wrote and what it brought.

use jiff::Timestamp;

use crate::engine::results::AttemptResults;
use crate::engine::sink::Written;
use crate::model::Outcome;
use crate::process::{Isolation, Usage};
use crate::text::Secrets;

/// An attempt that is over.
#[derive(Debug)]
pub(crate) struct FinishedAttempt {
    pub(crate) outcome: Outcome,
    pub(crate) usage: Usage,
    pub(crate) written: Written,
    pub(crate) finished_at: Timestamp,
    pub(crate) truncated: bool,
    /// What was left over and had to be killed, with name and process id.
    pub(crate) leftovers: Vec<String>,
    /// Whether there is a log file.
    pub(crate) logged: bool,
    pub(crate) tail: Vec<String>,
    pub(crate) hint: Option<String>,
    /// What held its tree together; `None` if none ran, or nobody knows.
    pub(crate) isolation: Option<Isolation>,
    pub(crate) results: AttemptResults,
}

impl FinishedAttempt {
    /// An attempt of which nothing is known but its end.
    pub(crate) fn lost(why: &str, finished_at: Timestamp) -> Self {
        Self {
            logged: true,
            ..Self::never_begun(Outcome::Lost(why.to_owned()), finished_at)
        }
    }

    /// An attempt whose collector was never started, and which has no log.
    pub(crate) fn never_begun(outcome: Outcome, finished_at: Timestamp) -> Self {
        let hint = match &outcome {
            Outcome::NotStarted(error) => error.hint.clone(),
            _ => None,
        };
        Self {
            outcome,
            usage: Usage::default(),
            written: Written::default(),
            finished_at,
            truncated: false,
            leftovers: Vec::new(),
            logged: false,
            tail: Vec::new(),
            hint,
            isolation: None,
            results: AttemptResults::default(),
        }
    }

    /// Whatever a collector or the system has a say in, without its secrets. The tail is
    /// of output that was masked before.
    pub(crate) fn masked(mut self, secrets: &Secrets) -> Self {
        for name in &mut self.leftovers {
            *name = secrets.masked(name);
        }
        self.hint = self.hint.map(|hint| secrets.masked(&hint));
        if let Outcome::NotStarted(error) = &mut self.outcome {
            error.message = secrets.masked(&error.message);
            error.hint = error.hint.take().map(|hint| secrets.masked(&hint));
        }
        self
    }
}
