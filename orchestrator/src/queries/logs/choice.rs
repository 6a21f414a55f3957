//! Which logs of a run are wanted. Pure.

use crate::model::Stream;
use crate::queries::logs::line::LogOwner;
use crate::store::{RunRecord, TaskState};

/// Everything, where nothing is said.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogChoice {
    /// Only this collector.
    pub(crate) command: Option<String>,
    /// Only the collector at this place of the run's plan, counted from 1.
    pub(crate) position: Option<usize>,
    /// Not the last attempt but this one.
    pub(crate) attempt: Option<u32>,
    /// Only what was written there.
    pub(crate) stream: Option<Stream>,
}

/// The log of one attempt.
#[derive(Debug, Clone)]
pub(crate) struct CollectorLog {
    /// Its file, relative to the state directory.
    pub(crate) path: String,
    /// The place of its collector in the run's plan.
    pub(crate) position: usize,
    pub(crate) owner: LogOwner,
}

impl LogChoice {
    /// Whether a collector is one of those that are wanted.
    pub(crate) fn wants(&self, position: usize, command: &str) -> bool {
        self.command.as_deref().is_none_or(|wanted| wanted == command)
            && self.position.is_none_or(|wanted| wanted == position)
    }

    /// Whether the run has the collector that is wanted, if a certain one is.
    pub(crate) fn is_in(&self, record: &RunRecord) -> bool {
        let any = self.command.is_none() && self.position.is_none();
        any || self.tasks(record).next().is_some()
    }

    /// The logs that are wanted, of tasks that had an attempt, in order.
    pub(crate) fn logs(&self, record: &RunRecord) -> Vec<CollectorLog> {
        self.tasks(record)
            .filter_map(|task| {
                Some(CollectorLog {
                    path: self.log_of(task)?,
                    position: task.summary.position,
                    owner: LogOwner {
                        group: task.summary.group.clone(),
                        command: task.summary.command.clone(),
                    },
                })
            })
            .collect()
    }

    fn tasks<'a>(&self, record: &'a RunRecord) -> impl Iterator<Item = &'a TaskState> {
        let wanted = |task: &&TaskState| self.wants(task.summary.position, &task.summary.command);
        record.tasks.iter().filter(wanted)
    }

    fn log_of(&self, task: &TaskState) -> Option<String> {
        let Some(number) = self.attempt else {
            return task.summary.log.clone();
        };
        let attempt = task.attempt_list.iter().find(|attempt| attempt.number == number);
        attempt.map(|attempt| attempt.log.clone())
    }
}
