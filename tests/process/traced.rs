//! Collectors that ask their parent to trace them, as licence daemons do, and trees in
//! which processes trace each other: no difference to any other collector.

use std::time::Duration;

use orchestrator::model::{CancelCause, Exit, Outcome, TimeLimit};
use orchestrator::process::AttemptEnd;

use crate::support::{Kept, Lab, Tracer, stat, until, wait_for_fifo, within};

const TERM: Exit = Exit::Signal { no: 15, core: false };

async fn end_of(verbs: &str) -> (AttemptEnd, Kept) {
    let lab = Lab::new();
    let ended = lab.run_fake(verbs).await;
    lab.close().await;
    ended
}

#[tokio::test]
async fn a_traced_collector_ends_as_it_wants() {
    for code in [0, 7] {
        let (end, kept) = end_of(&format!("trace-me out on exit {code}")).await;
        assert_eq!(kept.out(), "on\n");
        let wanted = match code {
            0 => Outcome::Succeeded,
            code => Outcome::Failed(Exit::Code(code)),
        };
        assert_eq!((end.outcome, end.leftover_count), (wanted, 0));
    }
}

#[tokio::test]
async fn a_traced_collector_gets_its_signals() {
    // Ignored ones, too, stop it: it goes on.
    let (end, kept) = end_of("trace-me ignore USR1 signal-self USR1 out on").await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "on\n"));
    let (end, _) = end_of("trace-me trap USR2 5 signal-self USR2 hang").await;
    assert_eq!(end.outcome, Outcome::Failed(Exit::Code(5)));
    // More than one stop.
    let (end, kept) = end_of("ignore USR1 trace-me signal-self USR1 trace-me signal-self USR1 out on").await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "on\n"));
    for name in ["TERM", "KILL", "USR1", "TRAP", "ALRM"] {
        let (end, _) = end_of(&format!("trace-me raise {name}")).await;
        let Outcome::Failed(Exit::Signal { no, .. }) = end.outcome else {
            panic!("{name}: {:?}", end.outcome)
        };
        let wanted: nix::sys::signal::Signal = format!("SIG{name}").parse().unwrap();
        assert_eq!(no, wanted as i32, "{name}");
    }
}

#[tokio::test]
async fn a_traced_collector_may_execute_and_fork() {
    let (end, kept) = end_of("trace-me execute out there cpu-child 1ms exit 4").await;
    assert_eq!(
        (end.outcome, kept.out()),
        (Outcome::Failed(Exit::Code(4)), "there\n")
    );
}

/// As long as it is traced, a stop is not a stop; as under any parent it must be.
#[tokio::test]
async fn a_traced_collector_that_stops_gets_its_term() {
    let lab = Lab::new();
    let attempt = lab.launch(&lab.fake("trap TERM 3 trace-me stop hang")).await;
    let pid = attempt.pid().unwrap();
    let mut kept = Kept::default();
    let script = async {
        until("it stops", || stat(pid).is_some_and(|(state, _)| state == 'T')).await;
        attempt.controller().cancel(CancelCause::Operator);
    };
    script.await;
    let end = within(attempt.run(&mut kept)).await;
    let by = CancelCause::Operator;
    let exit = Some(Exit::Code(3));
    assert_eq!(end.outcome, Outcome::Cancelled { by, exit });
    lab.close().await;
}

#[tokio::test]
async fn a_traced_collector_can_be_paused() {
    let lab = Lab::new();
    let (ready, go) = (lab.fifo("ready"), lab.fifo("go"));
    let verbs = format!(
        "trace-me fifo-write {} fifo-read {} exit 6",
        ready.display(),
        go.display()
    );
    let attempt = lab.launch(&lab.fake(&verbs)).await;
    let (controller, pid) = (attempt.controller(), attempt.pid().unwrap());
    wait_for_fifo(&ready).await;
    controller.pause();
    until("it stops", || stat(pid).is_some_and(|(state, _)| state == 'T')).await;
    controller.resume();
    until("it goes on", || stat(pid).is_some_and(|(state, _)| state == 'S')).await;
    std::fs::write(&go, ".").unwrap();
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, Outcome::Failed(Exit::Code(6)));
    lab.close().await;
}

#[tokio::test]
async fn a_traced_tree_ends_at_its_timeout() {
    let lab = Lab::new();
    let timeout = Duration::from_millis(300);
    let mut spec = lab.fake("spawn-session daemonize subreaper trace-me hang");
    spec.timeout = Some(timeout);
    let (end, _) = lab.run(&spec).await;
    let limit = TimeLimit::Total(timeout);
    assert_eq!(end.outcome, Outcome::TimedOut { limit, exit: TERM });
    // One of them is in its group and obeys.
    assert_eq!(end.leftover_count, 3);
    lab.close().await;
}

/// The CPU time of a thread that is waited for by itself is not counted twice.
#[tokio::test]
async fn a_traced_thread_counts_once() {
    let (end, _) = end_of("cpu 300ms trace-a-thread exit 2").await;
    assert_eq!(end.outcome, Outcome::Failed(Exit::Code(2)));
    let used = end.usage.user_cpu + end.usage.system_cpu;
    assert!(used < Duration::from_millis(500), "{used:?}");
}

/// Its exit belongs to the tracer first, which never looks at it.
#[tokio::test]
async fn a_collector_whose_child_traces_it_comes_to_its_end() {
    let (end, kept) = end_of("traced-by-child out on exit 3").await;
    assert_eq!(
        (end.outcome, kept.out()),
        (Outcome::Failed(Exit::Code(3)), "on\n")
    );
    assert_eq!(end.leftover_count, 1);
}

/// Somebody outside the tree traces it and does not let go: said, and not waited for.
#[tokio::test]
async fn a_collector_whose_exit_a_stranger_keeps_is_lost() {
    let lab = Lab::new();
    let ready = lab.fifo("ready");
    let go = lab.fifo("go");
    let verbs = format!("fifo-write {} fifo-read {}", ready.display(), go.display());
    let mut spec = lab.fake(&verbs);
    spec.kill_wait = Duration::from_millis(200);
    let attempt = lab.launch(&spec).await;
    wait_for_fifo(&ready).await;
    let tracer = Tracer::new("attach", attempt.pid().unwrap());
    std::fs::write(&go, ".").unwrap();
    let end = within(attempt.run(&mut Kept::default())).await;
    assert_eq!(
        end.outcome.reason(),
        "it has ended, but a process that traces it keeps its exit code"
    );
    drop(tracer);
    let (end, _) = lab.run_fake("exit 0").await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    lab.close().await;
}
