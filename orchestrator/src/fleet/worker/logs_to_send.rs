//! Which logs of a worker have something that the database has not: told by the runs as it
//! happens, taken by the sender when it has time. In memory only, and bounded: a log that is not
//! sent is missing elsewhere, and in its file all the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::events::{Listener, Output, RunEvent};
use crate::rundir::{LogCursor, LogFileEnd};
use crate::store::RunFence;

/// More logs do not wait for a database that is away: the oldest that have ended are left out.
const MOST_WAITING: usize = 10_000;

/// A log, and how much of it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogToSend {
    /// The claim under which it is written.
    pub(crate) fence: RunFence,
    /// Its file, relative to the state directory.
    pub(crate) log: String,
    /// How far it was sent.
    pub(crate) cursor: LogCursor,
    /// Whether there may be more than that.
    pub(crate) grown: bool,
    /// Whether its writer is still there.
    pub(crate) end: LogFileEnd,
}

/// The logs of all runs of a worker. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogsToSend(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    logs: Mutex<Vec<LogToSend>>,
    changed: Notify,
}

impl LogsToSend {
    /// Hears of the logs of one claimed run.
    pub(crate) fn listener(&self, fence: RunFence) -> RunLogs {
        RunLogs {
            all: self.clone(),
            fence,
            open: HashMap::new(),
        }
    }

    /// Waits until there may be something to send.
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Wakes the sender.
    pub(crate) fn wake(&self) {
        self.0.changed.notify_one();
    }

    /// Those that have something to send.
    pub(crate) fn waiting(&self) -> Vec<LogToSend> {
        let logs = self.lock();
        let waits = |log: &&LogToSend| log.grown || log.end != LogFileEnd::Open;
        logs.iter().filter(waits).cloned().collect()
    }

    /// Notes how far a log was sent; one of which nothing more comes is forgotten.
    pub(crate) fn note(&self, sent: &LogToSend, is_all: bool) {
        let mut logs = self.lock();
        let Some(place) = logs.iter().position(|log| is_same(log, &sent.fence, &sent.log)) else {
            return;
        };
        let log = &mut logs[place];
        log.cursor = sent.cursor;
        // It may have ended while it was sent: then its end goes next.
        if is_all && log.end == sent.end && log.end != LogFileEnd::Open {
            logs.swap_remove(place);
        } else {
            log.grown |= !is_all;
        }
    }

    /// Before it is read: what is written from now on is told again.
    pub(crate) fn begin(&self, sent: &LogToSend) {
        if let Some(log) = find(&mut self.lock(), &sent.fence, &sent.log) {
            log.grown = false;
        }
    }

    fn change(&self, fence: &RunFence, name: &str, change: impl FnOnce(&mut LogToSend)) {
        if let Some(log) = find(&mut self.lock(), fence, name) {
            change(log);
        }
        self.wake();
    }

    fn add(&self, log: LogToSend) {
        let mut logs = self.lock();
        if logs.len() >= MOST_WAITING
            && let Some(oldest) = logs.iter().position(|log| log.end != LogFileEnd::Open)
        {
            let oldest = logs.remove(oldest);
            tracing::warn!(
                "{} is not sent to the database: too many logs wait for it",
                oldest.log
            );
        }
        logs.push(log);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<LogToSend>> {
        self.0.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From the end, where most of those are that are written: with each line one is looked for, and of
/// those that have ended there may be thousands.
fn find<'a>(logs: &'a mut [LogToSend], fence: &RunFence, name: &str) -> Option<&'a mut LogToSend> {
    logs.iter_mut().rfind(|log| is_same(log, fence, name))
}

fn is_same(log: &LogToSend, fence: &RunFence, name: &str) -> bool {
    log.log == name && log.fence == *fence
}

/// What one run tells of its logs. When it is dropped nobody writes them any more.
pub(crate) struct RunLogs {
    all: LogsToSend,
    fence: RunFence,
    /// The log of the attempt that goes on at each place of the plan.
    open: HashMap<usize, String>,
}

impl RunLogs {
    fn ended(&mut self, position: usize, log: &str) {
        self.open.remove(&position);
        self.all
            .change(&self.fence, log, |log| log.end = LogFileEnd::Whole);
    }
}

impl Listener for RunLogs {
    fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::TaskStarted { task, log, .. } => {
                self.open.insert(task.position, log.clone());
                self.all.add(LogToSend {
                    fence: self.fence.clone(),
                    log: log.clone(),
                    cursor: LogCursor::default(),
                    grown: false,
                    end: LogFileEnd::Open,
                });
            }
            RunEvent::TaskRetry { task, attempt, .. } => self.ended(task.position, &attempt.log),
            RunEvent::TaskFinished {
                task, last_attempt, ..
            } => self.ended(task.position, &last_attempt.log),
            RunEvent::RunStarted { .. } | RunEvent::TaskSkipped { .. } | RunEvent::RunFinished(_) => {}
        }
    }

    fn output(&mut self, output: &Output) {
        if let Some(log) = self.open.get(&output.task.position) {
            self.all.change(&self.fence, log, |log| log.grown = true);
        }
    }
}

impl Drop for RunLogs {
    fn drop(&mut self) {
        for log in self.open.values() {
            self.all
                .change(&self.fence, log, |log| log.end = LogFileEnd::Abandoned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunId;

    fn fence() -> RunFence {
        RunFence {
            run: RunId::new("r"),
            epoch: 1,
        }
    }

    fn add(logs: &LogsToSend, name: &str) {
        logs.add(LogToSend {
            fence: fence(),
            log: name.into(),
            cursor: LogCursor::default(),
            grown: false,
            end: LogFileEnd::Open,
        });
    }

    #[test]
    fn what_grows_or_ends_while_it_is_sent_waits_again() {
        let logs = LogsToSend::default();
        add(&logs, "a");
        assert!(logs.waiting().is_empty(), "nothing was written");
        logs.change(&fence(), "a", |log| log.grown = true);
        let mut sent = logs.waiting().remove(0);
        logs.begin(&sent);
        logs.change(&fence(), "a", |log| log.grown = true);
        sent.cursor.until = 10;
        logs.note(&sent, true);
        let mut sent = logs.waiting().remove(0);
        assert_eq!(sent.cursor.until, 10);
        logs.begin(&sent);
        logs.change(&fence(), "a", |log| log.end = LogFileEnd::Whole);
        sent.cursor.until = 20;
        logs.note(&sent, true);
        let sent = logs.waiting().remove(0);
        assert_eq!((sent.cursor.until, sent.end), (20, LogFileEnd::Whole));
        logs.begin(&sent);
        logs.note(&sent, true);
        assert!(logs.lock().is_empty());
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_written_stays() {
        let logs = LogsToSend::default();
        add(&logs, "open");
        for number in 0..MOST_WAITING + 5 {
            let name = number.to_string();
            add(&logs, &name);
            logs.change(&fence(), &name, |log| log.end = LogFileEnd::Whole);
        }
        let left = logs.lock();
        assert_eq!(left.len(), MOST_WAITING);
        assert_eq!((left[0].log.as_str(), left[1].log.as_str()), ("open", "6"));
    }
}
