//! How a run proceeds, in every order of events.

use super::*;
use crate::model::Exit;
use proptest::prelude::*;

fn task(name: &str) -> RunTask {
    RunTask {
        group: GroupName::new("g"),
        name: TaskName::new(name),
        retry: Retry::default(),
        stops_group: false,
        skip: None,
    }
}

fn ended(outcome: Outcome) -> Event {
    Event::Ended {
        outcome,
        told: ReportedFailure::default(),
    }
}

const FAILED: Outcome = Outcome::Failed(Exit::Code(3));

/// A worker was lost in the middle of it: what had ended is not done again.
#[test]
fn a_run_goes_on_behind_what_has_ended() {
    let one = |name: &str| RunTask {
        group: GroupName::new("g"),
        name: TaskName::new(name),
        retry: Retry::default(),
        stops_group: true,
        skip: None,
    };
    let tasks = || ["a", "b", "c"].map(one).to_vec();
    let mut state = RunState::resume(tasks(), false, vec![Some(Outcome::Succeeded)]);
    assert_eq!(
        state.decide(Event::Begin),
        [RunAction::Start { task: 1, attempt: 1 }]
    );
    // A recorded failure stops what it would have stopped.
    let failed = Outcome::Lost("exited with code 3".to_owned());
    let mut state = RunState::resume(tasks(), false, vec![Some(Outcome::Succeeded), Some(failed)]);
    let actions = state.decide(Event::Begin);
    let stopped = Because::StoppedAfter {
        name: "b".to_owned(),
        exit: "exited with code 3".to_owned(),
    };
    assert_eq!(
        actions,
        [
            RunAction::Settle {
                task: 2,
                outcome: Outcome::Skipped(stopped)
            },
            RunAction::Finish
        ]
    );
    let all = vec![Some(Outcome::Succeeded); 3];
    assert_eq!(
        RunState::resume(tasks(), false, all).decide(Event::Begin),
        [RunAction::Finish]
    );
}

#[test]
fn one_after_another_in_order() {
    let mut run = RunState::new(vec![task("a"), task("b")], false);
    assert_eq!(
        run.decide(Event::Begin),
        [RunAction::Start { task: 0, attempt: 1 }]
    );
    assert_eq!(
        run.decide(ended(FAILED)),
        [
            RunAction::Settle {
                task: 0,
                outcome: FAILED
            },
            RunAction::Start { task: 1, attempt: 1 }
        ]
    );
    assert_eq!(
        run.decide(ended(Outcome::Succeeded)),
        [
            RunAction::Settle {
                task: 1,
                outcome: Outcome::Succeeded
            },
            RunAction::Finish
        ]
    );
}

#[test]
fn nothing_due_finishes_at_once() {
    assert_eq!(
        RunState::new(vec![], false).decide(Event::Begin),
        [RunAction::Finish]
    );
}

#[test]
fn stop_on_failure_names_the_predecessor_and_its_exit() {
    let mut run = RunState::new(vec![task("a"), task("b"), task("c")], true);
    run.decide(Event::Begin);
    let actions = run.decide(ended(FAILED));
    assert_eq!(actions.len(), 4, "{actions:?}");
    let RunAction::Settle { task: 2, outcome } = &actions[2] else {
        panic!("{actions:?}")
    };
    assert_eq!(outcome.reason(), "stopped after a exited with code 3");
    assert_eq!(actions[3], RunAction::Finish);
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
        RunAction::Settle {
            task: 1,
            outcome: Outcome::Skipped(_)
        }
    ));
    assert_eq!(actions[2], RunAction::Start { task: 2, attempt: 1 });
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
            let RunAction::Rest {
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
                [RunAction::Start {
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
            RunAction::Settle {
                task: 0,
                outcome: temporary
            },
            RunAction::Finish
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
    assert_eq!(run.decide(ended(configuration)).last(), Some(&RunAction::Finish));
}

#[test]
fn what_the_collector_tells_outranks_its_exit_code() {
    let mut limited = task("a");
    limited.retry.limit = 1;
    let mut run = RunState::new(vec![limited], false);
    run.decide(Event::Begin);
    let told = ReportedFailure {
        category: Some(Category::RateLimit),
        retry_after: Some(Duration::from_secs(900)),
    };
    let actions = run.decide(Event::Ended {
        outcome: FAILED,
        told,
    });
    assert!(
        matches!(&actions[0], RunAction::Rest { delay, .. } if delay.as_secs() == 900),
        "{actions:?}"
    );
}

#[test]
fn cancel_ends_the_running_one_and_skips_the_rest() {
    let mut run = RunState::new(vec![task("a"), task("b")], false);
    run.decide(Event::Begin);
    let cause = CancelCause::Interrupt;
    assert_eq!(run.decide(Event::Cancel(cause)), [RunAction::Cancel(cause)]);
    assert_eq!(run.decide(Event::Kill(cause)), [RunAction::Kill(cause)]);
    let cancelled = Outcome::Cancelled {
        by: cause,
        exit: Some(Exit::Code(0)),
    };
    assert_eq!(
        run.decide(ended(cancelled.clone())),
        [
            RunAction::Settle {
                task: 0,
                outcome: cancelled
            },
            RunAction::Settle {
                task: 1,
                outcome: Outcome::Skipped(Because::Cancelled(cause))
            },
            RunAction::Finish
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
        RunAction::Settle {
            task: 0,
            outcome: temporary
        }
    );
    assert_eq!(actions.last(), Some(&RunAction::Finish));
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
    ("[ab]", 0_u32..3, any::<bool>(), any::<bool>()).prop_map(|(group, limit, stops_group, skip)| RunTask {
        group: GroupName::new(group),
        name: TaskName::new("c"),
        retry: Retry {
            limit,
            ..Retry::default()
        },
        stops_group,
        skip: skip.then_some(Because::NoNewRelease),
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
                    RunAction::Start { task, attempt } => {
                        prop_assert!(running.is_none() && !resting, "two at a time");
                        prop_assert!(task >= last && !cancelled && tasks[task].skip.is_none());
                        prop_assert!(!(stop && failed), "started after a stopping failure");
                        prop_assert!(attempt <= tasks[task].retry.limit + 1);
                        running = Some(task);
                        last = task;
                    }
                    RunAction::Rest { delay, .. } => {
                        prop_assert!(delay <= LONGEST_REST);
                        resting = true;
                    }
                    RunAction::Settle { task, outcome } => {
                        settled[task] += 1;
                        failed |= outcome.is_failure();
                        resting = false;
                    }
                    RunAction::Cancel(_) | RunAction::Kill(_) => prop_assert!(running.is_some()),
                    RunAction::Finish => finished = true,
                }
            }
        }
        prop_assert!(finished);
        prop_assert_eq!(settled, vec![1; count]);
    }
}
