//! The ladder under examples and under random histories.

use proptest::prelude::*;

use super::*;

const OPERATOR: Cause = Cause::Cancelled(CancelCause::Operator);

fn secs(seconds: u64) -> Moment {
    Duration::from_secs(seconds)
}

fn timings() -> Timings {
    Timings {
        timeout: Some(secs(60)),
        grace: secs(10),
        drain: secs(2),
        kill_wait: secs(10),
    }
}

fn ladder() -> Ladder {
    Ladder::new(timings(), secs(0))
}

#[test]
fn a_timeout_terminates_then_kills_then_gives_up() {
    let mut ladder = ladder();
    assert_eq!(ladder.wake_at(), Some(secs(60)));
    assert_eq!(ladder.step(secs(59), Input::Tick), None);
    assert_eq!(ladder.step(secs(60), Input::Tick), Some(Action::Terminate));
    assert_eq!(ladder.wake_at(), Some(secs(70)));
    assert_eq!(ladder.step(secs(70), Input::Tick), Some(Action::KillTree));
    assert!(ladder.is_killing());
    assert_eq!(ladder.step(secs(80), Input::Tick), None);
    assert!(ladder.is_over() && !ladder.all_gone());
    assert_eq!(ladder.cause(), Some(Cause::Timeout));
}

#[test]
fn an_exit_with_nobody_left_is_over_at_once() {
    let mut ladder = ladder();
    ladder.step(secs(1), Input::MainExited);
    ladder.step(secs(1), Input::NoneLeft);
    assert!(ladder.all_gone());
    assert_eq!(ladder.cause(), None);
    assert_eq!(ladder.wake_at(), None);
}

#[test]
fn leftovers_are_killed_after_the_drain_and_are_no_cause() {
    let mut ladder = ladder();
    ladder.step(secs(1), Input::MainExited);
    assert_eq!(ladder.wake_at(), Some(secs(3)));
    assert_eq!(ladder.step(secs(3), Input::Tick), Some(Action::KillTree));
    assert_eq!(ladder.cause(), None);
}

#[test]
fn the_exit_at_the_deadline_is_an_exit() {
    let mut ladder = ladder();
    ladder.step(secs(60), Input::MainExited);
    ladder.step(secs(60), Input::Tick);
    assert_eq!(ladder.cause(), None);
}

#[test]
fn zero_grace_kills_at_once() {
    let mut ladder = Ladder::new(
        Timings {
            grace: Duration::ZERO,
            ..timings()
        },
        secs(0),
    );
    assert_eq!(ladder.step(secs(60), Input::Tick), Some(Action::KillTree));
}

#[test]
fn when_the_main_process_obeys_the_rest_gets_the_drain_only() {
    let mut ladder = ladder();
    ladder.step(secs(60), Input::Tick);
    ladder.step(secs(61), Input::MainExited);
    assert_eq!(ladder.wake_at(), Some(secs(63)));
}

#[test]
fn a_cancel_during_the_grace_of_a_timeout_changes_nothing_but_the_next_one_kills() {
    let mut ladder = ladder();
    ladder.step(secs(60), Input::Tick);
    assert_eq!(ladder.step(secs(61), Input::Cancel(OPERATOR)), None);
    assert_eq!(ladder.wake_at(), Some(secs(70)));
    assert_eq!(
        ladder.step(secs(62), Input::Cancel(OPERATOR)),
        Some(Action::KillTree)
    );
    assert_eq!(ladder.cause(), Some(Cause::Timeout));
}

#[test]
fn a_cancel_during_the_drain_is_polite_and_no_longer_than_the_drain() {
    let mut ladder = ladder();
    ladder.step(secs(1), Input::MainExited);
    assert_eq!(
        ladder.step(secs(2), Input::Cancel(OPERATOR)),
        Some(Action::Terminate)
    );
    assert_eq!(ladder.wake_at(), Some(secs(3)));
    assert_eq!(ladder.cause(), None);
}

#[test]
fn without_an_orchestrator_the_grace_is_short() {
    let mut ladder = ladder();
    assert_eq!(
        ladder.step(secs(1), Input::OrchestratorGone),
        Some(Action::Terminate)
    );
    assert_eq!(ladder.wake_at(), Some(secs(1) + ORPHAN_GRACE));
}

#[test]
fn a_pause_stops_the_clock_and_the_end_is_not_held_up_by_it() {
    let mut ladder = ladder();
    assert_eq!(ladder.step(secs(50), Input::Pause), Some(Action::Stop));
    assert_eq!(ladder.wake_at(), None);
    assert_eq!(ladder.step(secs(500), Input::Tick), None);
    assert_eq!(ladder.step(secs(500), Input::Resume), Some(Action::Continue));
    assert_eq!(ladder.wake_at(), Some(secs(510)));
    ladder.step(secs(501), Input::Pause);
    assert_eq!(
        ladder.step(secs(502), Input::Cancel(OPERATOR)),
        Some(Action::Terminate)
    );
    assert_eq!(ladder.wake_at(), Some(secs(512)));
}

#[test]
fn what_a_stopped_process_leaves_behind_is_let_go_on() {
    let mut ladder = ladder();
    ladder.step(secs(1), Input::Pause);
    assert_eq!(ladder.step(secs(2), Input::MainExited), Some(Action::Continue));
}

fn inputs() -> impl Strategy<Value = Input> {
    let causes = prop_oneof![
        Just(OPERATOR),
        Just(Cause::Cancelled(CancelCause::Interrupt)),
        Just(Cause::Idle),
    ];
    prop_oneof![
        8 => Just(Input::Tick),
        2 => causes.clone().prop_map(Input::Cancel),
        1 => causes.prop_map(Input::Kill),
        1 => Just(Input::MainExited),
        1 => Just(Input::OrchestratorGone),
        2 => Just(Input::Pause),
        2 => Just(Input::Resume),
    ]
}

fn histories() -> impl Strategy<Value = (Timings, Vec<(u64, Input)>)> {
    let timings = (prop::option::of(0..100_u64), 0..20_u64, 0..5_u64, 0..20_u64).prop_map(
        |(timeout, grace, drain, kill_wait)| Timings {
            timeout: timeout.map(secs),
            grace: secs(grace),
            drain: secs(drain),
            kill_wait: secs(kill_wait),
        },
    );
    (timings, prop::collection::vec((0..15_u64, inputs()), 0..40))
}

/// Runs a history, ticking whenever the ladder wants to be woken, as the
/// supervisor does. `see` gets every step.
fn play(
    timings: Timings,
    history: &[(u64, Input)],
    mut see: impl FnMut(Moment, Input, Option<Action>, &Ladder),
) -> Ladder {
    let mut ladder = Ladder::new(timings, secs(0));
    let mut now = secs(0);
    let mut exited = false;
    for (pause, input) in history {
        let until = now + secs(*pause);
        while let Some(at) = ladder.wake_at().filter(|at| *at <= until) {
            now = now.max(at);
            let action = ladder.step(now, Input::Tick);
            see(now, Input::Tick, action, &ladder);
        }
        now = until;
        // A process exits once.
        if *input == Input::MainExited && std::mem::replace(&mut exited, true) {
            continue;
        }
        let action = ladder.step(now, *input);
        see(now, *input, action, &ladder);
    }
    ladder
}

proptest! {
    #[test]
    fn kill_comes_after_term_and_grace_unless_asked_for((timings, history) in histories()) {
        let mut term_at = None;
        let mut cancels = 0;
        let mut hurry = false;
        let mut failure = None;
        play(timings, &history, |now, input, action, _| {
            match input {
                Input::Cancel(Cause::Cancelled(_)) => cancels += 1,
                Input::Kill(_) | Input::OrchestratorGone | Input::MainExited => hurry = true,
                _ => {}
            }
            match action {
                Some(Action::Terminate) => term_at = Some(now),
                Some(Action::KillTree) if !hurry && cancels < 2 => {
                    let earliest = term_at.map_or(now + timings.grace, |at| at + timings.grace);
                    if now != earliest {
                        failure = Some(format!("KILL at {now:?} instead of {earliest:?}"));
                    }
                }
                _ => {}
            }
        });
        prop_assert_eq!(failure, None);
    }

    #[test]
    fn each_action_once_and_only_downwards((timings, history) in histories()) {
        let rank = |action| match action {
            Action::Stop | Action::Continue => 0,
            Action::Terminate => 1,
            Action::KillTree => 2,
        };
        let mut lowest = 0;
        let mut steps = Vec::new();
        play(timings, &history, |_, _, action, _| {
            if let Some(action) = action {
                steps.push((rank(action), lowest));
                lowest = lowest.max(rank(action));
            }
        });
        for (step, before) in steps {
            prop_assert!(step > before || step == 0 && before == 0, "{} after {}", step, before);
        }
    }

    #[test]
    fn the_first_cause_wins((timings, history) in histories()) {
        let mut first = None;
        let mut failure = None;
        play(timings, &history, |_, _, _, ladder| {
            if first.is_none() {
                first = ladder.cause();
            } else if ladder.cause() != first {
                failure = Some(ladder.cause());
            }
        });
        prop_assert_eq!(failure, None);
    }

    #[test]
    fn it_always_ends_once_ending((timings, history) in histories()) {
        let mut ladder = play(timings, &history, |_, _, _, _| {});
        let mut now = secs(10_000);
        ladder.step(now, Input::Resume);
        ladder.step(now, Input::Cancel(OPERATOR));
        for _ in 0..4 {
            let Some(at) = ladder.wake_at() else { break };
            now = now.max(at);
            ladder.step(now, Input::Tick);
        }
        prop_assert!(ladder.is_over());
    }

    #[test]
    fn pauses_do_not_count(timeout in 1..100_u64, pauses in prop::collection::vec((0..30_u64, 0..1000_u64), 0..8)) {
        let mut ladder = Ladder::new(Timings { timeout: Some(secs(timeout)), ..timings() }, secs(0));
        let (mut now, mut ran) = (secs(0), 0);
        for (run, pause) in pauses {
            if ran + run >= timeout {
                break;
            }
            ran += run;
            now += secs(run);
            prop_assert_eq!(ladder.step(now, Input::Tick), None);
            prop_assert_eq!(ladder.step(now, Input::Pause), Some(Action::Stop));
            now += secs(pause);
            prop_assert_eq!(ladder.step(now, Input::Tick), None);
            prop_assert_eq!(ladder.step(now, Input::Resume), Some(Action::Continue));
        }
        prop_assert_eq!(ladder.wake_at(), Some(now + secs(timeout - ran)));
    }
}
