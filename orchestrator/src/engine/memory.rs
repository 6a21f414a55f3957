//! What is known of the collectors that come next in a run. Asked of the database for
//! several at once, because a question costs a collector that does nothing more than
//! all its other book-keeping. It must never be believed for long: another run may
//! bring something meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::events::TaskRef;
use crate::records::{Records, Remembered};

/// As many tasks as are asked for together.
const AHEAD: usize = 32;

/// How long an answer is believed. Collectors that take longer are asked for one by one
/// in effect, and do not feel it.
const BELIEVED: Duration = Duration::from_secs(1);

/// The answers that have not been needed yet, by task.
#[derive(Debug)]
pub(crate) struct Memory {
    answers: HashMap<usize, Remembered>,
    asked: Instant,
}

impl Memory {
    /// Knows nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            answers: HashMap::new(),
            asked: Instant::now(),
        }
    }

    /// Something has changed: nothing is known any more.
    pub(crate) fn forget(&mut self) {
        self.answers.clear();
    }

    /// What is known of a task. One that cannot be told runs as if for the first time:
    /// keys make that harmless.
    pub(crate) async fn of(&mut self, task: usize, tasks: &[Arc<TaskRef>], shelf: &Records) -> Remembered {
        if self.asked.elapsed() >= BELIEVED {
            self.forget();
        }
        if let Some(known) = self.answers.remove(&task) {
            return known;
        }
        let next = &tasks[task..tasks.len().min(task + AHEAD)];
        let collectors: Vec<(&str, &str)> = next
            .iter()
            .map(|task| (task.group.as_str(), task.command.as_str()))
            .collect();
        self.asked = Instant::now();
        match shelf.recall(&collectors).await {
            Ok(answers) => {
                self.answers = (task..).zip(answers).collect();
                self.answers.remove(&task).unwrap_or_default()
            }
            Err(error) => {
                let TaskRef { group, command, .. } = &*tasks[task];
                tracing::warn!(
                    "what is known of {group}/{command} cannot be read, it starts afresh: {error}"
                );
                Remembered::default()
            }
        }
    }
}
