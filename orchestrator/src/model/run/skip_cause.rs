//! Why tasks do not run, as one of a few words: what is counted. The sentence that people
//! read is elsewhere (`Because` in a run, `SkipReason` at a slot), and each of them knows
//! its word.

use crate::model::run::outcome::{Because, Outcome};
use crate::model::words::words;

words! {
    /// What keeps a task from running, at a slot or in a run.
    pub enum SkipCause {
        Disabled = "disabled",
        NotDue = "not_due",
        New = "new",
        Paused = "paused",
        NoNewRelease = "no_new_release",
        ReleaseUnknown = "release_unknown",
        Superseded = "superseded",
        Overlap = "overlap",
        Missed = "missed",
        StopOnFailure = "stop_on_failure",
        Cancelled = "cancelled",
        Other = "other",
    }
}

impl SkipCause {
    /// How reasons begin by which a slot is only of others: those of `Disabled`, `NotDue`, `New`.
    pub const NOT_ITS_TURN: [&str; 3] = [
        "it is disabled in the schedule",
        "it is not due",
        "it is in the timetable only since ",
    ];

    /// How reasons of `Cancelled` begin.
    pub const NOT_STARTED: &str = "not started: ";

    /// How reasons of `ReleaseUnknown` begin.
    pub const UNKNOWN_RELEASE: &str = "release unknown: ";

    /// For a task that ended without an attempt.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Skipped(Because::StoppedAfter { .. }) => Self::StopOnFailure,
            Outcome::Skipped(Because::Cancelled(_)) => Self::Cancelled,
            Outcome::Skipped(Because::Overlap { .. }) => Self::Overlap,
            Outcome::Skipped(Because::NoNewRelease) => Self::NoNewRelease,
            Outcome::Skipped(Because::ReleaseUnknown(_)) => Self::ReleaseUnknown,
            _ => Self::Other,
        }
    }

    /// For a row that has only the sentence: the record keeps what people read. What none of
    /// the other sentences is says which run was in the way.
    pub fn of_reason(reason: &str) -> Self {
        let paused = |word: &str| reason.starts_with("group ") && reason.contains(word);
        match reason {
            "it is disabled in the schedule" => Self::Disabled,
            "no new release" => Self::NoNewRelease,
            _ if reason.starts_with("it is not due") => Self::NotDue,
            _ if reason.starts_with("it is in the timetable only since ") => Self::New,
            _ if reason.starts_with(Self::UNKNOWN_RELEASE) => Self::ReleaseUnknown,
            _ if reason.starts_with("stopped after ") => Self::StopOnFailure,
            _ if reason.starts_with(Self::NOT_STARTED) => Self::Cancelled,
            _ if reason.ends_with("; the next look for releases takes its place") => Self::Superseded,
            _ if paused(" is paused since ") || paused(" was paused from ") => Self::Paused,
            _ => Self::Overlap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CancelCause, RunId};

    #[test]
    fn slots_of_others_are_told_by_their_beginning() {
        let words = SkipCause::NOT_ITS_TURN.map(|reason| SkipCause::of_reason(reason).as_str());
        assert_eq!(words, ["disabled", "not_due", "new"]);
    }

    #[test]
    fn every_reason_of_a_run_has_its_word() {
        for (because, word) in [
            (
                Because::StoppedAfter {
                    name: "a".into(),
                    exit: "exited with code 3".into(),
                },
                "stop_on_failure",
            ),
            (Because::Cancelled(CancelCause::Operator), "cancelled"),
            (Because::ReleaseUnknown("x".into()), "release_unknown"),
            (Because::NoNewRelease, "no_new_release"),
            (Because::Overlap { run: RunId::new("r") }, "overlap"),
        ] {
            let reason = because.to_string();
            let cause = SkipCause::of(&Outcome::Skipped(because));
            assert_eq!(cause.as_str(), word);
            assert_eq!(SkipCause::of_reason(&reason), cause);
        }
    }
}
