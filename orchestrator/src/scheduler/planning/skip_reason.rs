//! Why a task does not run at a slot: the sentence goes into the ledger, its cause into the
//! metrics. Pure.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::{Because, Cadence, Entry, SkipCause};
use crate::store::{Pause, SlotState};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// `enabled: false`.
    Disabled,
    /// Its cadence does not fall on the slot's date.
    NotDue(Cadence, Option<Date>),
    /// It came into the timetable after the slot.
    New(Timestamp),
    /// Its group is or was paused.
    Paused(Pause),
    /// There is no new release.
    NoNewRelease,
    /// Nobody can tell whether there is one, for this reason.
    ReleaseUnknown(String),
    /// It was a release check that was not made, for this reason; the next one sees what it
    /// would have seen.
    Superseded(String),
    /// The entry was busy, as this says.
    Overlap(String),
    /// The slot passed, for this reason.
    Missed(String),
}

impl SkipReason {
    /// Why a slot that passed is not run late.
    pub(crate) fn missed(entry: &Entry<'_>, reason: String) -> Self {
        match entry.is_release_check() {
            true => Self::Superseded(reason),
            false => Self::Missed(reason),
        }
    }

    /// Why a slot that came while its queue was busy is not run.
    pub(crate) fn overlap(entry: &Entry<'_>, reason: String) -> Self {
        match entry.is_release_check() {
            true => Self::Superseded(reason),
            false => Self::Overlap(reason),
        }
    }

    /// Whether the log says so: somebody counted on the slot, or on the next one of its kind.
    pub(crate) fn is_news(&self) -> bool {
        matches!(self, Self::Superseded(_) | Self::Overlap(_) | Self::Missed(_))
    }

    /// What is counted of it.
    pub(crate) fn cause(&self) -> SkipCause {
        match self {
            Self::Disabled => SkipCause::Disabled,
            Self::NotDue(..) => SkipCause::NotDue,
            Self::New(_) => SkipCause::New,
            Self::Paused(_) => SkipCause::Paused,
            Self::NoNewRelease => SkipCause::NoNewRelease,
            Self::ReleaseUnknown(_) => SkipCause::ReleaseUnknown,
            Self::Superseded(_) => SkipCause::Superseded,
            Self::Overlap(_) => SkipCause::Overlap,
            Self::Missed(_) => SkipCause::Missed,
        }
    }

    /// As the ledger has it.
    pub(crate) fn state(&self) -> SlotState {
        match self {
            Self::Missed(_) => SlotState::Missed(self.to_string()),
            _ => SlotState::Skipped(self.to_string()),
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("it is disabled in the schedule"),
            Self::NotDue(cadence, Some(date)) => write!(f, "it is not due on {date}: {cadence}"),
            Self::NotDue(cadence, None) => write!(f, "it is not due: {cadence}"),
            Self::New(since) => write!(f, "it is in the timetable only since {since}, which is later"),
            Self::Paused(Pause {
                group,
                from,
                until: None,
            }) => write!(f, "group {group} is paused since {from}"),
            Self::Paused(Pause {
                group,
                from,
                until: Some(until),
            }) => write!(f, "group {group} was paused from {from} to {until}"),
            Self::NoNewRelease => write!(f, "{}", Because::NoNewRelease),
            Self::ReleaseUnknown(reason) => write!(f, "{}", Because::ReleaseUnknown(reason.clone())),
            Self::Superseded(reason) => {
                write!(f, "{reason}; the next look for releases takes its place")
            }
            Self::Overlap(reason) | Self::Missed(reason) => f.write_str(reason),
        }
    }
}
