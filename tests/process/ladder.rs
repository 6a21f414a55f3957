//! Edge cases 21 to 30: how an attempt is brought to its end.

use std::time::{Duration, Instant};

use orchestrator::model::{CancelCause, Exit, Outcome, TimeLimit};
use orchestrator::process::{Attempt, AttemptSpec};

use crate::support::{Kept, Lab, is_alive, stat, until, wait_for_fifo, within};

const TERM: Exit = Exit::Signal { no: 15, core: false };
const KILL: Exit = Exit::Signal { no: 9, core: false };

fn by_operator(exit: Exit) -> Outcome {
    Outcome::Cancelled {
        by: CancelCause::Operator,
        exit: Some(exit),
    }
}

/// Launches the fake collector and waits until it has come to `fifo-write`.
async fn ready(lab: &Lab, before: &str, after: &str, change: impl FnOnce(&mut AttemptSpec)) -> Attempt {
    let fifo = lab.fifo("ready");
    let mut spec = lab.fake(&format!("{before} fifo-write {} {after}", fifo.display()));
    change(&mut spec);
    let attempt = lab.launch(&spec).await;
    wait_for_fifo(&fifo).await;
    attempt
}

#[tokio::test]
async fn edge_21_polite_end() {
    let lab = Lab::new();
    let attempt = ready(&lab, "", "hang", |_| {}).await;
    attempt.controller().cancel(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, by_operator(TERM));
    assert_eq!(end.leftover_count, 0);
    lab.close().await;
}

#[tokio::test]
async fn edge_22_ignored_term_becomes_kill_after_the_grace() {
    let lab = Lab::new();
    let grace = Duration::from_millis(300);
    let attempt = ready(&lab, "ignore TERM", "hang", |spec| spec.grace = grace).await;
    let start = Instant::now();
    attempt.controller().cancel(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, by_operator(KILL));
    assert!(start.elapsed() >= grace);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    lab.close().await;
}

#[tokio::test]
async fn edge_23_no_grace_means_kill() {
    let lab = Lab::new();
    let attempt = ready(&lab, "trap TERM 0", "hang", |spec| spec.grace = Duration::ZERO).await;
    attempt.controller().cancel(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, by_operator(KILL));
    lab.close().await;
}

#[tokio::test]
async fn edge_24_a_stopped_process_gets_its_term() {
    let lab = Lab::new();
    let attempt = ready(&lab, "trap TERM 3", "stop hang", |_| {}).await;
    let pid = attempt.pid().unwrap();
    until("it stops", || stat(pid).is_some_and(|(state, _)| state == 'T')).await;
    attempt.controller().cancel(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, by_operator(Exit::Code(3)));
    lab.close().await;
}

#[tokio::test]
async fn edge_25_the_leader_obeys_and_a_member_does_not() {
    let lab = Lab::new();
    let attempt = ready(&lab, "spawn-stubborn", "hang", |_| {}).await;
    attempt.controller().cancel(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, by_operator(TERM));
    assert_eq!(
        (end.leftover_count, end.leftovers[0].name.as_str()),
        (1, "fake-collector")
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_26_a_cancel_during_the_grace_of_a_timeout_leaves_the_timeout_as_the_cause() {
    let lab = Lab::new();
    let told = lab.fifo("told");
    let verbs = format!("await TERM fifo-write {} hang", told.display());
    // On a busy machine SIGTERM may come before it is awaited: longer then.
    for millis in [100, 400, 1600, 6400] {
        let timeout = Duration::from_millis(millis);
        let mut spec = lab.fake(&verbs);
        (spec.timeout, spec.grace) = (Some(timeout), Duration::from_millis(500));
        let attempt = lab.launch(&spec).await;
        let controller = attempt.controller();
        let mut kept = Kept::default();
        let mut cancelled = false;
        let end = {
            let run = attempt.run(&mut kept);
            tokio::pin!(run);
            tokio::select! {
                end = &mut run => end,
                () = wait_for_fifo(&told) => {
                    cancelled = true;
                    controller.cancel(CancelCause::Operator);
                    within(run).await
                }
            }
        };
        let Outcome::TimedOut {
            limit: TimeLimit::Total(_),
            exit,
        } = end.outcome
        else {
            panic!("{:?}", end.outcome)
        };
        if cancelled {
            assert_eq!(exit, KILL);
            assert!(end.usage.wall >= timeout + Duration::from_millis(500));
            lab.close().await;
            return;
        }
        assert_eq!(exit, TERM);
    }
    panic!("SIGTERM was never awaited in time");
}

#[tokio::test]
async fn edge_27_the_second_cancel_kills() {
    let lab = Lab::new();
    let attempt = ready(&lab, "ignore TERM", "hang", |spec| {
        spec.grace = Duration::from_secs(3600);
    })
    .await;
    let controller = attempt.controller();
    controller.cancel(CancelCause::Interrupt);
    controller.cancel(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    // The first cause stays the cause.
    assert_eq!(
        end.outcome,
        Outcome::Cancelled {
            by: CancelCause::Interrupt,
            exit: Some(KILL)
        }
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_28_the_clock_stands_still_during_a_pause() {
    let lab = Lab::new();
    let timeout = Duration::from_millis(300);
    let mut spec = lab.fake("hang");
    (spec.timeout, spec.idle_timeout) = (Some(timeout), Some(timeout * 2));
    let attempt = lab.launch(&spec).await;
    let (controller, pid) = (attempt.controller(), attempt.pid().unwrap());
    controller.pause();
    let paused = Instant::now();
    let mut kept = Kept::default();
    let script = async {
        until("it stops", || stat(pid).is_some_and(|(state, _)| state == 'T')).await;
        // Time that passes is what this test is about: nothing else tells of it.
        tokio::time::sleep(timeout * 3).await;
        assert!(is_alive(pid));
        controller.resume();
        paused.elapsed()
    };
    let (end, pause) = within(async { tokio::join!(attempt.run(&mut kept), script) }).await;
    assert_eq!(
        end.outcome,
        Outcome::TimedOut {
            limit: TimeLimit::Total(timeout),
            exit: TERM
        }
    );
    assert!(end.usage.wall >= pause, "{:?} < {pause:?}", end.usage.wall);
    lab.close().await;
}

#[tokio::test]
async fn all_that_go_on_are_paused_together_and_what_begins_then_is_paused_too() {
    let lab = Lab::new();
    let (one, two) = (
        lab.launch(&lab.fake("hang")).await,
        lab.launch(&lab.fake("hang")).await,
    );
    let ended = lab.launch(&lab.fake("exit 0")).await;
    assert_eq!(ended.run(&mut Kept::default()).await.outcome, Outcome::Succeeded);
    let pids = [one.pid().unwrap(), two.pid().unwrap()];
    let controllers = [one.controller(), two.controller()];
    let stopped = |pid: i32| stat(pid).is_some_and(|(state, _)| state == 'T');
    let script = async {
        lab.server.pause().await;
        // The signal was sent before; what it does may take a moment.
        until("both to stop", || pids.into_iter().all(stopped)).await;
        let late = lab.launch(&lab.fake("hang")).await;
        let pid = late.pid().unwrap();
        until("the late one to stop", || stopped(pid)).await;
        lab.server.resume();
        until("all to go on", || {
            pids.into_iter().chain([pid]).all(|pid| !stopped(pid))
        })
        .await;
        for controller in controllers.iter().chain([&late.controller()]) {
            controller.kill(CancelCause::Operator);
        }
        late
    };
    let (mut first, mut second, mut third) = (Kept::default(), Kept::default(), Kept::default());
    let ends = within(async {
        let (one, two, late) = tokio::join!(one.run(&mut first), two.run(&mut second), script);
        [one, two, late.run(&mut third).await]
    })
    .await;
    for end in ends {
        assert!(matches!(end.outcome, Outcome::Cancelled { .. }), "{end:?}");
    }
    lab.close().await;
}

#[tokio::test]
async fn edge_29_what_does_not_die_is_given_up_and_named() {
    let lab = Lab::new();
    // Memory takes time to be taken apart: longer than no time at all.
    let attempt = ready(&lab, "rss 1000000000", "hang", |spec| {
        spec.kill_wait = Duration::ZERO;
    })
    .await;
    let pid = attempt.pid().unwrap();
    attempt.controller().kill(CancelCause::Operator);
    let end = within(attempt.run(&mut Kept::default())).await;
    assert_eq!(
        end.unkillable
            .iter()
            .map(|process| process.pid)
            .collect::<Vec<_>>(),
        [pid]
    );
    let Outcome::Lost(why) = end.outcome else {
        panic!("{:?}", end.outcome)
    };
    assert!(why.contains(&format!("fake-collector (pid {pid})")), "{why}");
    // The next one has another supervisor, and the fork server buries the dead.
    until("it dies after all", || stat(pid).is_none()).await;
    let (end, _) = lab.run_fake("exit 0").await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    lab.close().await;
}

#[tokio::test]
async fn edge_30_a_hydra_is_caught() {
    let lab = Lab::new();
    for _ in 0..5 {
        let (end, _) = lab.run_fake("hydra hydra exit 0").await;
        assert_eq!(end.outcome, Outcome::Succeeded);
        assert!(end.leftover_count >= 2, "{}", end.leftover_count);
        assert_eq!(end.unkillable, []);
    }
    lab.close().await;
}

#[tokio::test]
async fn an_idle_timeout_counts_from_the_last_output() {
    let lab = Lab::new();
    let idle = Duration::from_millis(400);
    let mut spec = lab.fake("out a sleep 150ms out b sleep 150ms err c sleep 150ms out d hang");
    spec.idle_timeout = Some(idle);
    let (end, kept) = lab.run(&spec).await;
    assert_eq!(
        end.outcome,
        Outcome::TimedOut {
            limit: TimeLimit::Idle(idle),
            exit: TERM
        }
    );
    assert_eq!((kept.out(), kept.err()), ("a\nb\nd\n", "c\n"));
    lab.close().await;
}

#[tokio::test]
async fn a_controller_of_an_attempt_that_is_over_does_not_touch_the_next_one() {
    let lab = Lab::new();
    let attempt = lab.launch(&lab.fake("parent")).await;
    let stale = attempt.controller();
    let (_, kept) = lab.finish(attempt).await;
    let first: i32 = kept.out().trim().parse().unwrap();
    let (ready, go) = (lab.fifo("ready"), lab.fifo("go"));
    let verbs = format!("fifo-write {} fifo-read {} exit 5", ready.display(), go.display());
    let attempt = lab.launch(&lab.fake(&verbs)).await;
    // The same supervisor runs it.
    assert_eq!(crate::support::parent_of(attempt.pid().unwrap()), first);
    wait_for_fifo(&ready).await;
    stale.cancel(CancelCause::Operator);
    stale.kill(CancelCause::Operator);
    std::fs::write(&go, ".").unwrap();
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, Outcome::Failed(Exit::Code(5)));
    lab.close().await;
}

#[tokio::test]
async fn a_dropped_attempt_is_cancelled() {
    let lab = Lab::new();
    let attempt = ready(&lab, "spawn-session", "hang", |_| {}).await;
    drop(attempt);
    until("its tree is gone", || {
        crate::support::survivors(&lab.run_id).is_empty()
    })
    .await;
    lab.close().await;
}
