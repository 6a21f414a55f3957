//! Which logs of a run are wanted. Pure.

use crate::model::{Stream, TaskStatus};
use crate::queries::find_task::is_called;
use crate::queries::logs::line::LogOwner;
use crate::store::{RecordedAttempt, RunRecord, TaskState};

/// Everything, where nothing is said.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogChoice {
    /// Only this task.
    pub(crate) task: Option<TaskWord>,
    /// Only tasks of this group.
    pub(crate) group: Option<String>,
    /// Only the collector at this place of the run's plan, counted from 1.
    pub(crate) position: Option<usize>,
    /// Not the last attempt but this one.
    pub(crate) attempt: Option<u32>,
    /// Only what was written there.
    pub(crate) stream: Option<Stream>,
}

/// What somebody calls a task of a run: its name, or its command where no task of the run
/// has that name.
#[derive(Debug, Clone)]
pub(crate) enum TaskWord {
    Name(String),
    Command(String),
}

impl TaskWord {
    pub(crate) fn of(word: &str, record: &RunRecord) -> Self {
        match record
            .tasks
            .iter()
            .any(|task| is_called(&task.summary.group, &task.summary.name, word))
        {
            true => Self::Name(word.to_owned()),
            false => Self::Command(word.to_owned()),
        }
    }

    /// What was typed.
    pub(crate) fn as_str(&self) -> &str {
        let (Self::Name(word) | Self::Command(word)) = self;
        word
    }
}

/// The log of one attempt.
#[derive(Debug, Clone)]
pub(crate) struct CollectorLog {
    /// Its file, relative to the state directory.
    pub(crate) path: String,
    /// The place of its collector in the run's plan.
    pub(crate) position: usize,
    pub(crate) owner: LogOwner,
    /// Why it has no log, if it could not be started.
    pub(crate) not_started: Option<String>,
    /// Whether its attempt has ended.
    pub(crate) has_ended: bool,
    /// Whether it is known that the collector wrote nothing.
    pub(crate) is_silent: bool,
}

impl LogChoice {
    /// Whether a collector is one of those that are wanted.
    pub(crate) fn wants(&self, position: usize, (group, name): (&str, &str), command: &str) -> bool {
        let meant = match &self.task {
            None => true,
            Some(TaskWord::Name(wanted)) => is_called(group, name, wanted),
            Some(TaskWord::Command(wanted)) => wanted == command,
        };
        let in_group = self.group.as_deref().is_none_or(|wanted| wanted == group);
        meant && in_group && self.position.is_none_or(|wanted| wanted == position)
    }

    /// Whether the run has the collector that is wanted, if a certain one is.
    pub(crate) fn is_in(&self, record: &RunRecord) -> bool {
        !self.is_narrowed() || self.tasks(record).next().is_some()
    }

    /// Whether certain tasks are wanted.
    pub(crate) fn is_narrowed(&self) -> bool {
        self.task.is_some() || self.position.is_some() || self.group.is_some()
    }

    /// The tasks that are wanted and were never started, each with the reason.
    pub(crate) fn never_started<'a>(&self, record: &'a RunRecord) -> impl Iterator<Item = &'a TaskState> {
        self.tasks(record).filter(|task| task.attempt_list.is_empty())
    }

    /// The logs that are wanted, of tasks that had an attempt, in order.
    pub(crate) fn logs(&self, record: &RunRecord) -> Vec<CollectorLog> {
        self.tasks(record)
            .filter_map(|task| {
                let path = self.log_of(task)?;
                let attempt = task.attempt_list.iter().find(|attempt| attempt.log == path);
                Some(CollectorLog {
                    has_ended: attempt.is_some_and(|attempt| attempt.finished_at.is_some()),
                    is_silent: attempt.is_some_and(|attempt| is_silent(task, attempt)),
                    path,
                    position: task.summary.position,
                    owner: LogOwner {
                        group: task.summary.group.clone(),
                        name: task.summary.name.clone(),
                        command: task.summary.command.clone(),
                    },
                    not_started: (task.summary.outcome == TaskStatus::NotStarted)
                        .then(|| task.summary.reason.clone()),
                })
            })
            .collect()
    }

    pub(crate) fn tasks<'a>(&self, record: &'a RunRecord) -> impl Iterator<Item = &'a TaskState> {
        let wanted = |task: &&TaskState| {
            let task = &task.summary;
            self.wants(task.position, (&task.group, &task.name), &task.command)
        };
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

/// Whether it is known that an attempt wrote nothing.
pub(crate) fn is_silent(task: &TaskState, attempt: &RecordedAttempt) -> bool {
    // What was counted is of the last attempt, once that has ended.
    let is_settled = attempt.finished_at.is_some() && task.summary.log.as_deref() == Some(&*attempt.log);
    is_settled && task.summary.stdout_bytes + task.summary.stderr_bytes == 0
}
