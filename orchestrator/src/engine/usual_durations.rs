//! How long the collectors of a run usually take, for whoever watches. Asked for beside the
//! run: what is not known in time is not shown, and nothing else comes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::events::TaskRef;
use crate::records::Records;

/// As many tasks as are asked for together.
const AT_ONCE: usize = 32;

/// A database beside us answers in a few milliseconds; no other one is waited for, and this one only once.
const PATIENCE: Duration = Duration::from_millis(50);

/// The answers so far, by task; there are no more when the sender is gone.
pub(crate) struct UsualDurations {
    answers: watch::Receiver<Vec<Option<Duration>>>,
    asking: AbortHandle,
    late: bool,
}

impl UsualDurations {
    /// Begins to ask.
    pub(crate) fn ask(records: Records, tasks: Vec<Arc<TaskRef>>) -> Self {
        let (sender, answers) = watch::channel(Vec::new());
        let asking = tokio::spawn(async move {
            for some in tasks.chunks(AT_ONCE) {
                let tasks: Vec<(&str, &str)> = some
                    .iter()
                    .map(|task| (task.group.as_str(), task.name.as_str()))
                    .collect();
                match records.usual_durations(&tasks).await {
                    Ok(usual) => sender.send_modify(|answers| answers.extend(usual)),
                    Err(error) => {
                        tracing::debug!("how long collectors usually take is not known: {error}");
                        return;
                    }
                }
            }
        });
        Self {
            answers,
            asking: asking.abort_handle(),
            late: false,
        }
    }

    /// That of a task, by its place from 0.
    pub(crate) async fn of(&mut self, task: usize) -> Option<Duration> {
        if !self.late {
            let known = self.answers.wait_for(|answers| answers.len() > task);
            self.late = timeout(PATIENCE, known).await.is_err();
        }
        self.answers.borrow().get(task).copied().flatten()
    }
}

impl Drop for UsualDurations {
    fn drop(&mut self) {
        self.asking.abort();
    }
}
