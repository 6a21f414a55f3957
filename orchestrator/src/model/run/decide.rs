//! How a run proceeds: `decide(event) -> actions`, one task after another.
//!
//! Pure: the engine turns what happens into an [`Event`], asks [`RunState::decide`],
//! and carries the [`RunAction`]s out in order. Nothing here waits, reads a clock or
//! starts a process, so every order of events can be tried in a test.

use std::time::Duration;

use crate::model::ids::{GroupName, TaskName};
use crate::model::run::category::Category;
use crate::model::run::order::{CancelCause, Order};
use crate::model::run::outcome::{Because, Outcome};
use crate::model::schedule::Retry;

/// A pause between two attempts never grows beyond this.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// Whoever asks to come back later than this is not waited for: the tasks that follow
/// have a right to their night.
const LONGEST_TOLD: Duration = Duration::from_secs(6 * 3600);

/// What the run knows of a task.
#[derive(Debug, Clone)]
pub struct RunTask {
    /// Its group; a group may stop on its first failure.
    pub group: GroupName,
    /// Its name, told in the reasons of tasks that it stopped.
    pub name: TaskName,
    /// Whether and when a failed attempt is tried again.
    pub retry: Retry,
    /// Whether its failure ends its group's part of the run.
    pub stops_group: bool,
    /// Known before the run starts: why it is not run.
    pub skip: Option<Because>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run may start. The first event, and only once.
    Begin,
    /// The attempt that was started last has ended and its process tree is gone.
    Ended {
        /// How.
        outcome: Outcome,
        /// What the collector itself said, where it did.
        told: ReportedFailure,
    },
    /// The pause before a further attempt is over.
    Rested,
    /// Somebody wants the run to end politely.
    Cancel(CancelCause),
    /// Somebody wants it to end now.
    Kill(CancelCause),
}

impl From<Order> for Event {
    fn from(order: Order) -> Self {
        match order {
            Order::Cancel(cause) => Self::Cancel(cause),
            Order::Kill(cause) => Self::Kill(cause),
        }
    }
}

/// What a collector says of its own failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReportedFailure {
    /// The kind of failure; the exit code's where it says nothing.
    pub category: Option<Category>,
    /// Another try makes no sense before this.
    pub retry_after: Option<Duration>,
}

/// Something to do. Tasks are named by their place in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunAction {
    /// Start this attempt (1 for the first).
    Start {
        /// Its place in the plan, counted from 0.
        task: usize,
        /// Counted from 1.
        attempt: u32,
    },
    /// Wait, then send [`Event::Rested`].
    Rest {
        /// Its place in the plan, counted from 0.
        task: usize,
        /// Counted from 1; the next one follows the rest.
        failed_attempt: u32,
        /// How long, at least.
        delay: Duration,
        /// And a random part of this on top, so that many who failed together do not
        /// come back together.
        spread: Duration,
        /// How the attempt ended.
        outcome: Outcome,
    },
    /// End the running attempt politely.
    Cancel(CancelCause),
    /// End the running attempt now.
    Kill(CancelCause),
    /// This is how the task ended; it never changes again.
    Settle {
        /// Its place in the plan, counted from 0.
        task: usize,
        /// How.
        outcome: Outcome,
    },
    /// Every task is settled. The last action.
    Finish,
}

#[derive(Debug, Clone)]
enum Phase {
    Fresh,
    Running {
        task: usize,
        attempt: u32,
    },
    Resting {
        task: usize,
        attempt: u32,
        outcome: Outcome,
    },
    Finished,
}

/// Where a run stands.
#[derive(Debug, Clone)]
pub struct RunState {
    tasks: Vec<RunTask>,
    outcomes: Vec<Option<Outcome>>,
    stop_on_failure: bool,
    cancelled: Option<CancelCause>,
    phase: Phase,
}

impl RunState {
    /// A run of these tasks in this order. With `stop_on_failure` the first
    /// failure skips all that follows, whatever its group.
    pub fn new(tasks: Vec<RunTask>, stop_on_failure: bool) -> Self {
        let outcomes = vec![None; tasks.len()];
        Self::resume(tasks, stop_on_failure, outcomes)
    }

    /// The same behind what has ended already, one outcome a task: that is not done again, and
    /// what it stops is stopped.
    pub fn resume(tasks: Vec<RunTask>, stop_on_failure: bool, mut outcomes: Vec<Option<Outcome>>) -> Self {
        outcomes.resize(tasks.len(), None);
        let mut state = Self {
            tasks,
            outcomes,
            stop_on_failure,
            cancelled: None,
            phase: Phase::Fresh,
        };
        for task in 0..state.tasks.len() {
            if let Some(outcome) = state.outcomes[task].clone() {
                state.stop_later(task, &outcome);
            }
        }
        state
    }

    /// What follows from an event. An event that cannot happen in this phase
    /// (a second `Begin`, an `Ended` with nothing running) has no effect.
    pub fn decide(&mut self, event: Event) -> Vec<RunAction> {
        let mut actions = Vec::new();
        match (event, self.phase.clone()) {
            (Event::Begin, Phase::Fresh) => self.advance(0, &mut actions),
            (Event::Ended { outcome, told }, Phase::Running { task, attempt }) => {
                self.ended(task, attempt, outcome, told, &mut actions);
            }
            (Event::Rested, Phase::Resting { task, attempt, .. }) => {
                self.start(task, attempt + 1, &mut actions);
            }
            (Event::Cancel(cause), phase) => {
                self.cancel(cause, phase, &mut actions, RunAction::Cancel(cause));
            }
            (Event::Kill(cause), phase) => self.cancel(cause, phase, &mut actions, RunAction::Kill(cause)),
            _ => {}
        }
        actions
    }

    /// How each task ended; `None` while it is not settled.
    pub fn outcomes(&self) -> &[Option<Outcome>] {
        &self.outcomes
    }

    /// Who cancelled the run, if anybody did.
    pub fn cancelled(&self) -> Option<CancelCause> {
        self.cancelled
    }

    fn ended(
        &mut self,
        task: usize,
        attempt: u32,
        outcome: Outcome,
        told: ReportedFailure,
        actions: &mut Vec<RunAction>,
    ) {
        let retry = &self.tasks[task].retry;
        let category = told.category.or(outcome.category());
        let again = self.cancelled.is_none()
            && outcome.is_failure()
            && !matches!(outcome, Outcome::Cancelled { .. })
            && attempt <= retry.limit
            && category.is_some_and(|category| category.may_pass() && retry.on.contains(&category))
            && told.retry_after.is_none_or(|wait| wait <= LONGEST_TOLD);
        if again {
            let doubled = retry.delay.saturating_mul(2_u32.saturating_pow(attempt - 1));
            let delay = doubled
                .min(LONGEST_REST)
                .max(told.retry_after.unwrap_or_default());
            let spread = match category {
                Some(Category::Network | Category::Temporary) => delay / 2,
                _ => Duration::ZERO,
            };
            self.phase = Phase::Resting {
                task,
                attempt,
                outcome: outcome.clone(),
            };
            actions.push(RunAction::Rest {
                task,
                failed_attempt: attempt,
                delay,
                spread,
                outcome,
            });
            return;
        }
        self.settle_attempted(task, outcome, actions);
    }

    /// Settles a task that was tried, and what its failure stops, and goes on.
    fn settle_attempted(&mut self, task: usize, outcome: Outcome, actions: &mut Vec<RunAction>) {
        if self.cancelled.is_none() {
            self.stop_later(task, &outcome);
        }
        self.settle(task, outcome, actions);
        self.advance(task + 1, actions);
    }

    /// What a failure keeps from running is skipped when its turn comes.
    fn stop_later(&mut self, task: usize, outcome: &Outcome) {
        if !outcome.is_failure() {
            return;
        }
        let because = Because::StoppedAfter {
            name: self.tasks[task].name.to_string(),
            exit: outcome.reason(),
        };
        let group = self.tasks[task]
            .stops_group
            .then(|| self.tasks[task].group.clone());
        for later in task + 1..self.tasks.len() {
            let stopped = self.stop_on_failure || group.as_ref() == Some(&self.tasks[later].group);
            if stopped && self.tasks[later].skip.is_none() {
                self.tasks[later].skip = Some(because.clone());
            }
        }
    }

    /// Settles what is to be skipped and starts the next task, from `next` on.
    fn advance(&mut self, next: usize, actions: &mut Vec<RunAction>) {
        for task in next..self.tasks.len() {
            if self.outcomes[task].is_some() {
                continue;
            }
            let cancelled = self.cancelled.map(Because::Cancelled);
            match cancelled.or_else(|| self.tasks[task].skip.clone()) {
                Some(because) => self.settle(task, Outcome::Skipped(because), actions),
                None => return self.start(task, 1, actions),
            }
        }
        self.phase = Phase::Finished;
        actions.push(RunAction::Finish);
    }

    fn start(&mut self, task: usize, attempt: u32, actions: &mut Vec<RunAction>) {
        self.phase = Phase::Running { task, attempt };
        actions.push(RunAction::Start { task, attempt });
    }

    fn settle(&mut self, task: usize, outcome: Outcome, actions: &mut Vec<RunAction>) {
        self.outcomes[task] = Some(outcome.clone());
        actions.push(RunAction::Settle { task, outcome });
    }

    fn cancel(&mut self, cause: CancelCause, phase: Phase, actions: &mut Vec<RunAction>, running: RunAction) {
        if matches!(phase, Phase::Finished) {
            return;
        }
        self.cancelled.get_or_insert(cause);
        match phase {
            Phase::Running { .. } => actions.push(running),
            // The last attempt's own outcome stands: it did fail.
            Phase::Resting { task, outcome, .. } => self.settle_attempted(task, outcome, actions),
            Phase::Fresh => self.advance(0, actions),
            Phase::Finished => {}
        }
    }
}

#[cfg(test)]
mod tests;
