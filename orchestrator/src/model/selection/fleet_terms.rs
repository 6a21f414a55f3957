//! On which terms a worker has a run: said by its groups, and kept with each task of a plan, so that
//! whoever gives the run to the queue needs nothing else of the schedule. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::words::words;

words! {
    /// What becomes of a run whose worker was lost.
    #[derive(Default)]
    pub enum LossPolicy {
        /// It goes on at the interrupted collector, with another worker.
        #[default]
        Resume = "resume",
        /// It ends as lost.
        Fail = "fail",
    }
}

/// Something that a worker has, and that a run may need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerLabel(String);

impl WorkerLabel {
    /// What a label may be, for people.
    pub const RULE: &'static str = "a label is of A-Z, a-z, 0-9, `-`, `_` and `.`, and has at most 64";

    /// A label; `None` for what [`Self::RULE`] does not allow.
    pub fn parse(text: &str) -> Option<Self> {
        let is_usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let fits = !text.is_empty() && text.len() <= 64 && text.chars().all(is_usable);
        fits.then(|| Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a group says of the workers of its runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetTerms {
    /// How long a worker keeps a run without a word; `None` as the settings say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<Duration>,
    /// What becomes of a run whose worker was lost.
    pub on_lost: LossPolicy,
    /// Labels that its worker must have.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub runs_on: BTreeSet<WorkerLabel>,
}

impl FleetTerms {
    /// A lease is never shorter: the clocks and the kill need their time.
    pub const SHORTEST_LEASE: Duration = Duration::from_secs(2);
    /// Nor longer: a worker that is dead is noticed that much later.
    pub const LONGEST_LEASE: Duration = Duration::from_secs(3600);

    /// Whether nothing was said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The terms of a run with tasks of several groups, which has one worker at a time: it must be
    /// right for each of them, no collector is ended earlier than its group allows, and none is
    /// run again whose group does not want that.
    #[must_use]
    pub fn joined<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.fold(Self::default(), |mut joined, terms| {
            joined.lease = joined.lease.max(terms.lease);
            joined.on_lost = joined.on_lost.max(terms.on_lost);
            joined.runs_on.extend(terms.runs_on.iter().cloned());
            joined
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_several_groups_has_terms_that_are_right_for_each() {
        let seconds = Duration::from_secs;
        let one = FleetTerms {
            lease: Some(seconds(60)),
            on_lost: LossPolicy::Fail,
            runs_on: [WorkerLabel::parse("gpu").unwrap()].into(),
        };
        let other = FleetTerms {
            lease: Some(seconds(5)),
            runs_on: ["eu", "gpu"]
                .map(|label| WorkerLabel::parse(label).unwrap())
                .into(),
            ..FleetTerms::default()
        };
        let joined = FleetTerms::joined([&FleetTerms::default(), &one, &other].into_iter());
        assert_eq!(joined.lease, Some(seconds(60)));
        assert_eq!(joined.on_lost, LossPolicy::Fail);
        let labels: Vec<&str> = joined.runs_on.iter().map(WorkerLabel::as_str).collect();
        assert_eq!(labels, ["eu", "gpu"]);
        assert!(FleetTerms::joined([].into_iter()).is_default());
    }

    #[test]
    fn a_label_is_short_and_plain() {
        assert!(WorkerLabel::parse("eu-1.gpu_a").is_some());
        for bad in ["", "a b", "a,b", "\u{fc}ber", &"x".repeat(65)] {
            assert_eq!(WorkerLabel::parse(bad), None, "{bad}");
        }
    }
}
