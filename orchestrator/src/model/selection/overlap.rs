//! What must not go on twice at the same time, and what happens where it would. Said once for each
//! task when a plan is made, and kept with it: whoever admits the run, here or elsewhere, needs
//! nothing else of the schedule. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::schedule::{Cadence, Overlap, Schedule, Task, WORKFLOW_GROUP};
use crate::model::timetable::slots::EntryKey;

/// Something that one run or attempt holds while it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldKey(String);

impl HoldKey {
    /// An entry of the timetable, with those that share its overlap queue.
    pub fn entry(key: &EntryKey) -> Self {
        Self(key.overlap_queue().to_string())
    }

    /// A task, by its group and name.
    pub fn task(task: &Task) -> Self {
        // Quoted: a group may have any character in its name.
        Self(format!("task:{:?}/{:?}", task.group.as_str(), task.name.as_str()))
    }

    /// The directory that a collector keeps from run to run.
    pub fn workspace(directory: &str) -> Self {
        Self(format!("workspace:{directory}"))
    }
}

impl fmt::Display for HoldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a task of a run must not overlap with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapRule {
    /// No two runs that hold the same go on at the same time, unless one of them may.
    pub with: HoldKey,
    /// What happens where they would.
    pub mode: Overlap,
}

/// The entry that a task is of when it is selected by hand. One that is in no group of the
/// schedule, nor in the fixed list, has only itself. What an entry of no group does is the default,
/// as it is for a scheduler.
pub(super) fn rule_by_hand(
    task: &Task,
    schedule: Option<&Schedule>,
    asked_for: Option<Overlap>,
) -> OverlapRule {
    let mut groups = schedule.into_iter().flat_map(|schedule| &schedule.groups);
    let group = groups.find(|group| group.name == task.group);
    let (key, mode) = match (&task.cadence, group) {
        _ if task.group.as_str() == WORKFLOW_GROUP => (Some(EntryKey::Workflow), None),
        (_, None) => (None, None),
        (Cadence::Interval(minutes), Some(_)) => (Some(EntryKey::Interval(*minutes)), None),
        (Cadence::Cron(cron), Some(group)) => (Some(EntryKey::cron(cron, &group.timezone)), None),
        (_, Some(group)) => (Some(EntryKey::Group(group.name.clone())), Some(group.overlap)),
    };
    OverlapRule {
        with: key.map_or_else(|| HoldKey::task(task), |key| HoldKey::entry(&key)),
        mode: asked_for.or(mode).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GroupName;
    use crate::model::fixtures;

    #[test]
    fn a_task_collides_with_its_group_or_with_its_entry() {
        let mut every = fixtures::task("g", "run_e", fixtures::interval(15));
        let batch = fixtures::task("g", "run_b", Cadence::Daily);
        let mut group = fixtures::group("g", "UTC", "04:10", &[]);
        group.overlap = Overlap::Queue;
        let schedule = fixtures::schedule([group]);
        let rule = |task: &Task, asked_for| {
            let OverlapRule { with, mode } = rule_by_hand(task, Some(&schedule), asked_for);
            (with.to_string(), mode)
        };
        assert_eq!(rule(&batch, None), ("group:g".to_owned(), Overlap::Queue));
        assert_eq!(
            rule(&batch, Some(Overlap::Allow)),
            ("group:g".to_owned(), Overlap::Allow)
        );
        assert_eq!(rule(&every, None), ("interval:15".to_owned(), Overlap::Skip));
        every.group = GroupName::new(WORKFLOW_GROUP);
        assert_eq!(rule(&every, None), ("workflow".to_owned(), Overlap::Skip));
        let alone = fixtures::task("by-hand", "./x", Cadence::Daily);
        assert_eq!(
            rule(&alone, None),
            (r#"task:"by-hand"/"./x""#.to_owned(), Overlap::Skip)
        );
    }
}
