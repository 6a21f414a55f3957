//! What collectors keep in their workspaces, where several workers may have their runs: a workspace is
//! the worker's. Pure; who keeps something is asked of the state directory by whoever calls it.

use crate::model::{GroupName, Schedule, Task};
use crate::store::WorkerLine;
use crate::text::counted;

/// So many tasks of a group are named.
const NAMED: usize = 3;

/// A group whose tasks keep something that its next run may not find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkspacesApart {
    group: GroupName,
    /// Those that keep something, in the order of the file.
    tasks: Vec<String>,
    /// How many workers that are there may have its runs; 0 where none is there yet.
    workers: usize,
}

impl WorkspacesApart {
    /// For people.
    pub(super) fn message(&self) -> String {
        let mut named = self.tasks[..self.tasks.len().min(NAMED)].join(", ");
        if self.tasks.len() > NAMED {
            named.push_str(&format!(" and {} more", self.tasks.len() - NAMED));
        }
        let who = match self.workers {
            0 => "any worker may have its runs".to_owned(),
            count => format!("{} may have its runs", counted(count, "worker")),
        };
        format!(
            "in group {}, {named} keep something in a workspace, which only the worker has that ran them: {who}",
            self.group
        )
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> String {
        format!(
            "`runs_on:` in group {} and a label that one worker has keep it there; else what is missing in a \
             workspace must be made again",
            self.group
        )
    }
}

/// The groups that are pinned to no worker and whose enabled tasks keep something.
pub(super) fn workspaces_apart(
    schedule: &Schedule,
    workers: &[WorkerLine],
    keeps: impl Fn(&Task) -> bool,
) -> Vec<WorkspacesApart> {
    let there: Vec<&WorkerLine> = workers.iter().filter(|worker| worker.is_there()).collect();
    let mut found = Vec::new();
    for group in &schedule.groups {
        let labels = &group.fleet.runs_on;
        let has = |worker: &&&WorkerLine| {
            let has = |label: &String| worker.labels.contains(label);
            labels.iter().map(ToString::to_string).all(|label| has(&label))
        };
        let fit = there.iter().filter(has).count();
        let is_pinned = match there.is_empty() {
            true => !labels.is_empty(),
            false => fit <= 1,
        };
        if is_pinned {
            continue;
        }
        let tasks = group.tasks.iter().filter(|task| task.enabled && keeps(task));
        let tasks: Vec<String> = tasks.map(|task| task.name.to_string()).collect();
        if !tasks.is_empty() {
            found.push(WorkspacesApart {
                group: group.name.clone(),
                tasks,
                workers: fit,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::fixtures::{group, schedule};
    use crate::model::{Cadence, WorkerLabel};
    use crate::store::WorkerState;

    fn worker(labels: &[&str], state: WorkerState) -> WorkerLine {
        WorkerLine {
            worker: "w".into(),
            host: "h".into(),
            version: "1".into(),
            state,
            capacity: 1,
            running: Vec::new(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            lacks: Vec::new(),
            lacks_commands: Vec::new(),
            seen_at: Timestamp::UNIX_EPOCH,
            clock_skew_ms: None,
            leaves: Vec::new(),
            offer: None,
        }
    }

    #[test]
    fn who_keeps_something_is_warned_of_unless_one_worker_has_the_group() {
        let tasks = ["a", "b", "c", "d", "e"].map(|name| (name, Cadence::Daily));
        let mut schedule = schedule([
            group("g", "UTC", "04:10", &tasks),
            group("pinned", "UTC", "04:10", &tasks[..1]),
        ]);
        schedule.groups[1].fleet.runs_on = [WorkerLabel::parse("gpu").unwrap()].into();
        schedule.groups[0].tasks[3].enabled = false;
        let keeps = |task: &Task| task.name.as_str() != "b";
        let of = |workers: &[WorkerLine]| {
            let found = workspaces_apart(&schedule, workers, keeps);
            found
                .iter()
                .map(|apart| apart.group.to_string())
                .collect::<Vec<_>>()
        };
        use WorkerState::{Gone, Working};
        assert_eq!(of(&[]), ["g"]);
        assert_eq!(of(&[worker(&[], Working), worker(&[], Gone)]), [""; 0]);
        assert_eq!(of(&[worker(&["gpu"], Working), worker(&[], Working)]), ["g"]);
        let both = [worker(&["gpu"], Working), worker(&["eu", "gpu"], Working)];
        assert_eq!(of(&both), ["g", "pinned"]);
        let apart = &workspaces_apart(&schedule, &both, keeps)[0];
        assert_eq!(
            apart.message(),
            "in group g, a, c, e keep something in a workspace, which only the worker has that ran them: \
             2 workers may have its runs"
        );
        assert_eq!(workspaces_apart(&schedule, &both, |_| false), []);
    }
}
