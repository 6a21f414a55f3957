//! How a run proceeds: `decide(event) -> actions`, one task after another.
//!
//! Pure: the engine turns what happens into an [`Event`], asks [`RunState::decide`],
//! and carries the [`Action`]s out in order. Nothing here waits, reads a clock or
//! starts a process, so every order of events can be tried in a test.

use std::time::Duration;

use super::ids::{CommandName, GroupName};
use super::outcome::{Because, CancelCause, Category, Outcome};
use super::schedule::Retry;

/// A pause between two attempts never grows beyond this.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// What the run knows of a task.
#[derive(Debug, Clone)]
pub struct RunTask {
    /// Its group; a group may stop on its first failure.
    pub group: GroupName,
    /// Its collector, named in the reasons of tasks that it stopped.
    pub command: CommandName,
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
        told: Told,
    },
    /// The pause before a further attempt is over.
    Rested,
    /// Somebody wants the run to end politely.
    Cancel(CancelCause),
    /// Somebody wants it to end now.
    Kill(CancelCause),
}

/// What a collector says of its own failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told {
    /// The kind of failure; the exit code's where it says nothing.
    pub category: Option<Category>,
    /// Another try makes no sense before this.
    pub retry_after: Option<Duration>,
}

/// Something to do. Tasks are named by their place in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Start this attempt (1 for the first).
    Start {
        /// Which task.
        task: usize,
        /// Counted from 1.
        attempt: u32,
    },
    /// Wait, then send [`Event::Rested`].
    Rest {
        /// Which task.
        task: usize,
        /// The attempt that failed.
        failed_attempt: u32,
        /// How long.
        delay: Duration,
        /// How the attempt ended.
        outcome: Outcome,
    },
    /// End the running attempt politely.
    Cancel(CancelCause),
    /// End the running attempt now.
    Kill(CancelCause),
    /// This is how the task ended; it never changes again.
    Settle {
        /// Which task.
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
        Self {
            tasks,
            outcomes,
            stop_on_failure,
            cancelled: None,
            phase: Phase::Fresh,
        }
    }

    /// What follows from an event. An event that cannot happen in this phase
    /// (a second `Begin`, an `Ended` with nothing running) has no effect.
    pub fn decide(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match (event, self.phase.clone()) {
            (Event::Begin, Phase::Fresh) => self.advance(0, &mut actions),
            (Event::Ended { outcome, told }, Phase::Running { task, attempt }) => {
                self.ended(task, attempt, outcome, told, &mut actions);
            }
            (Event::Rested, Phase::Resting { task, attempt, .. }) => {
                self.start(task, attempt + 1, &mut actions);
            }
            (Event::Cancel(cause), phase) => self.cancel(cause, phase, &mut actions, Action::Cancel(cause)),
            (Event::Kill(cause), phase) => self.cancel(cause, phase, &mut actions, Action::Kill(cause)),
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

    fn ended(&mut self, task: usize, attempt: u32, outcome: Outcome, told: Told, actions: &mut Vec<Action>) {
        let retry = &self.tasks[task].retry;
        let category = told.category.or(outcome.category());
        let again = self.cancelled.is_none()
            && outcome.is_failure()
            && !matches!(outcome, Outcome::Cancelled { .. })
            && attempt <= retry.limit
            && category.is_some_and(|category| retry.on.contains(&category));
        if again {
            let doubled = retry.delay.saturating_mul(2_u32.saturating_pow(attempt - 1));
            let delay = doubled
                .min(LONGEST_REST)
                .max(told.retry_after.unwrap_or_default());
            self.phase = Phase::Resting {
                task,
                attempt,
                outcome: outcome.clone(),
            };
            actions.push(Action::Rest {
                task,
                failed_attempt: attempt,
                delay,
                outcome,
            });
            return;
        }
        self.settle_attempted(task, outcome, actions);
    }

    /// Settles a task that was tried, and what its failure stops, and goes on.
    fn settle_attempted(&mut self, task: usize, outcome: Outcome, actions: &mut Vec<Action>) {
        let failed = outcome.is_failure();
        let because = Because::StoppedAfter {
            command: self.tasks[task].command.to_string(),
            exit: outcome.reason(),
        };
        self.settle(task, outcome, actions);
        if failed && self.cancelled.is_none() {
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
        self.advance(task + 1, actions);
    }

    /// Settles what is to be skipped and starts the next task, from `next` on.
    fn advance(&mut self, next: usize, actions: &mut Vec<Action>) {
        for task in next..self.tasks.len() {
            let cancelled = self.cancelled.map(Because::Cancelled);
            match cancelled.or_else(|| self.tasks[task].skip.clone()) {
                Some(because) => self.settle(task, Outcome::Skipped(because), actions),
                None => return self.start(task, 1, actions),
            }
        }
        self.phase = Phase::Finished;
        actions.push(Action::Finish);
    }

    fn start(&mut self, task: usize, attempt: u32, actions: &mut Vec<Action>) {
        self.phase = Phase::Running { task, attempt };
        actions.push(Action::Start { task, attempt });
    }

    fn settle(&mut self, task: usize, outcome: Outcome, actions: &mut Vec<Action>) {
        self.outcomes[task] = Some(outcome.clone());
        actions.push(Action::Settle { task, outcome });
    }

    fn cancel(&mut self, cause: CancelCause, phase: Phase, actions: &mut Vec<Action>, running: Action) {
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
mod tests {
    use super::*;
    use crate::model::Exit;
    use proptest::prelude::*;

    fn task(command: &str) -> RunTask {
        RunTask {
            group: GroupName::new("g"),
            command: CommandName::new(command),
            retry: Retry::default(),
            stops_group: false,
            skip: None,
        }
    }

    fn ended(outcome: Outcome) -> Event {
        Event::Ended {
            outcome,
            told: Told::default(),
        }
    }

    const FAILED: Outcome = Outcome::Failed(Exit::Code(3));

    #[test]
    fn one_after_another_in_order() {
        let mut run = RunState::new(vec![task("a"), task("b")], false);
        assert_eq!(run.decide(Event::Begin), [Action::Start { task: 0, attempt: 1 }]);
        assert_eq!(
            run.decide(ended(FAILED)),
            [
                Action::Settle {
                    task: 0,
                    outcome: FAILED
                },
                Action::Start { task: 1, attempt: 1 }
            ]
        );
        assert_eq!(
            run.decide(ended(Outcome::Succeeded)),
            [
                Action::Settle {
                    task: 1,
                    outcome: Outcome::Succeeded
                },
                Action::Finish
            ]
        );
    }

    #[test]
    fn nothing_due_finishes_at_once() {
        assert_eq!(
            RunState::new(vec![], false).decide(Event::Begin),
            [Action::Finish]
        );
    }

    #[test]
    fn stop_on_failure_names_the_predecessor_and_its_exit() {
        let mut run = RunState::new(vec![task("a"), task("b"), task("c")], true);
        run.decide(Event::Begin);
        let actions = run.decide(ended(FAILED));
        assert_eq!(actions.len(), 4, "{actions:?}");
        let Action::Settle { task: 2, outcome } = &actions[2] else {
            panic!("{actions:?}")
        };
        assert_eq!(outcome.reason(), "stopped after a exited with code 3");
        assert_eq!(actions[3], Action::Finish);
    }

    #[test]
    fn a_group_that_stops_on_failure_leaves_other_groups_alone() {
        let mut first = task("a");
        first.stops_group = true;
        let mut other = task("c");
        other.group = GroupName::new("other");
        let mut run = RunState::new(vec![first, task("b"), other], false);
        run.decide(Event::Begin);
        let actions = run.decide(ended(FAILED));
        assert!(matches!(
            &actions[1],
            Action::Settle {
                task: 1,
                outcome: Outcome::Skipped(_)
            }
        ));
        assert_eq!(actions[2], Action::Start { task: 2, attempt: 1 });
    }

    #[test]
    fn retries_back_off_and_end() {
        let mut flaky = task("a");
        flaky.retry = Retry {
            limit: 2,
            delay: Duration::from_secs(10),
            on: vec![Category::Temporary],
        };
        let temporary = Outcome::Failed(Exit::Code(75));
        let mut run = RunState::new(vec![flaky], false);
        run.decide(Event::Begin);
        let rests: Vec<u64> = (1..=2)
            .map(|attempt| {
                let Action::Rest {
                    delay,
                    failed_attempt,
                    ..
                } = run.decide(ended(temporary.clone())).remove(0)
                else {
                    panic!("no rest")
                };
                assert_eq!(failed_attempt, attempt);
                assert_eq!(
                    run.decide(Event::Rested),
                    [Action::Start {
                        task: 0,
                        attempt: attempt + 1
                    }]
                );
                delay.as_secs()
            })
            .collect();
        assert_eq!(rests, [10, 20]);
        assert_eq!(
            run.decide(ended(temporary.clone())),
            [
                Action::Settle {
                    task: 0,
                    outcome: temporary
                },
                Action::Finish
            ]
        );
    }

    #[test]
    fn what_a_retry_cannot_change_is_not_retried() {
        let mut strict = task("a");
        strict.retry.limit = 5;
        let mut run = RunState::new(vec![strict], false);
        run.decide(Event::Begin);
        let configuration = Outcome::Failed(Exit::Code(78));
        assert_eq!(run.decide(ended(configuration)).last(), Some(&Action::Finish));
    }

    #[test]
    fn what_the_collector_tells_outranks_its_exit_code() {
        let mut limited = task("a");
        limited.retry.limit = 1;
        let mut run = RunState::new(vec![limited], false);
        run.decide(Event::Begin);
        let told = Told {
            category: Some(Category::RateLimit),
            retry_after: Some(Duration::from_secs(900)),
        };
        let actions = run.decide(Event::Ended {
            outcome: FAILED,
            told,
        });
        assert!(
            matches!(&actions[0], Action::Rest { delay, .. } if delay.as_secs() == 900),
            "{actions:?}"
        );
    }

    #[test]
    fn cancel_ends_the_running_one_and_skips_the_rest() {
        let mut run = RunState::new(vec![task("a"), task("b")], false);
        run.decide(Event::Begin);
        let cause = CancelCause::Interrupt;
        assert_eq!(run.decide(Event::Cancel(cause)), [Action::Cancel(cause)]);
        assert_eq!(run.decide(Event::Kill(cause)), [Action::Kill(cause)]);
        let cancelled = Outcome::Cancelled {
            by: cause,
            exit: Some(Exit::Code(0)),
        };
        assert_eq!(
            run.decide(ended(cancelled.clone())),
            [
                Action::Settle {
                    task: 0,
                    outcome: cancelled
                },
                Action::Settle {
                    task: 1,
                    outcome: Outcome::Skipped(Because::Cancelled(cause))
                },
                Action::Finish
            ]
        );
    }

    #[test]
    fn cancel_while_resting_keeps_the_failure() {
        let mut flaky = task("a");
        flaky.retry.limit = 1;
        let temporary = Outcome::Failed(Exit::Code(75));
        let mut run = RunState::new(vec![flaky, task("b")], false);
        run.decide(Event::Begin);
        run.decide(ended(temporary.clone()));
        let actions = run.decide(Event::Cancel(CancelCause::Terminate));
        assert_eq!(
            actions[0],
            Action::Settle {
                task: 0,
                outcome: temporary
            }
        );
        assert_eq!(actions.last(), Some(&Action::Finish));
    }

    fn any_outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            Just(Outcome::Succeeded),
            (1..256).prop_map(|code| Outcome::Failed(Exit::Code(code))),
            (1..32).prop_map(|no| Outcome::Failed(Exit::Signal { no, core: false })),
            Just(Outcome::Lost("gone".to_owned())),
        ]
    }

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            1 => Just(Event::Begin),
            8 => any_outcome().prop_map(ended),
            4 => Just(Event::Rested),
            1 => Just(Event::Cancel(CancelCause::Interrupt)),
            1 => Just(Event::Kill(CancelCause::Terminate)),
        ]
    }

    fn any_task() -> impl Strategy<Value = RunTask> {
        ("[ab]", 0_u32..3, any::<bool>(), any::<bool>()).prop_map(|(group, limit, stops_group, skip)| {
            RunTask {
                group: GroupName::new(group),
                command: CommandName::new("c"),
                retry: Retry {
                    limit,
                    ..Retry::default()
                },
                stops_group,
                skip: skip.then_some(Because::NoNewRelease),
            }
        })
    }

    proptest! {
        /// For every order of events: never two at a time, order kept, each task
        /// settled at most once, nothing started after a cancel or a stopping
        /// failure, attempts bounded, and the end comes.
        #[test]
        fn every_order_of_events_is_safe(
            tasks in prop::collection::vec(any_task(), 0..6),
            stop in any::<bool>(),
            events in prop::collection::vec(any_event(), 0..60),
        ) {
            let count = tasks.len();
            let mut run = RunState::new(tasks.clone(), stop);
            let mut settled = vec![0; count];
            let (mut running, mut resting, mut last, mut finished, mut cancelled, mut failed) =
                (None, false, 0, false, false, false);
            // After the arbitrary events, whatever still runs ends well.
            let tail = std::iter::repeat_n([ended(Outcome::Succeeded), Event::Rested], 2 * count + 1).flatten();
            for event in [Event::Begin].into_iter().chain(events).chain(tail) {
                cancelled |= matches!(event, Event::Cancel(_) | Event::Kill(_)) && !finished;
                if matches!(event, Event::Ended { .. }) { running = None; }
                if matches!(event, Event::Rested) { resting = false; }
                for action in run.decide(event.clone()) {
                    prop_assert!(!finished, "an action after Finish");
                    match action {
                        Action::Start { task, attempt } => {
                            prop_assert!(running.is_none() && !resting, "two at a time");
                            prop_assert!(task >= last && !cancelled && tasks[task].skip.is_none());
                            prop_assert!(!(stop && failed), "started after a stopping failure");
                            prop_assert!(attempt <= tasks[task].retry.limit + 1);
                            running = Some(task);
                            last = task;
                        }
                        Action::Rest { delay, .. } => {
                            prop_assert!(delay <= LONGEST_REST);
                            resting = true;
                        }
                        Action::Settle { task, outcome } => {
                            settled[task] += 1;
                            failed |= outcome.is_failure();
                            resting = false;
                        }
                        Action::Cancel(_) | Action::Kill(_) => prop_assert!(running.is_some()),
                        Action::Finish => finished = true,
                    }
                }
            }
            prop_assert!(finished);
            prop_assert_eq!(settled, vec![1; count]);
        }
    }
}
