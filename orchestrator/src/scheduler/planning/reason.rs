//! Why a task does not run at a slot. Pure; the words go into the ledger, the keyword
//! into the metrics.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::{Because, Cadence, Entry};
use crate::store::{Pause, SlotState};

/// The reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
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
    /// It was a look for releases that was not made, for this reason; the next one sees
    /// what it would have seen.
    Superseded(String),
    /// The entry was busy, as this says.
    Overlap(String),
    /// The slot passed, for this reason.
    Missed(String),
}

impl Reason {
    /// Why a slot that passed is not run late.
    pub(crate) fn missed(entry: &Entry<'_>, reason: String) -> Self {
        match entry.is_release_check() {
            true => Self::Superseded(reason),
            false => Self::Missed(reason),
        }
    }

    /// Why a slot that came while its lane was busy is not run.
    pub(crate) fn overlap(entry: &Entry<'_>, reason: String) -> Self {
        match entry.is_release_check() {
            true => Self::Superseded(reason),
            false => Self::Overlap(reason),
        }
    }

    /// One of a few words.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::NotDue(..) => "not_due",
            Self::New(_) => "new",
            Self::Paused(_) => "paused",
            Self::NoNewRelease => "no_new_release",
            Self::ReleaseUnknown(_) => "release_unknown",
            Self::Superseded(_) => "superseded",
            Self::Overlap(_) => "overlap",
            Self::Missed(_) => "missed",
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

impl fmt::Display for Reason {
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
