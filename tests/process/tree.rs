//! Edge cases 31 to 37 and 39: nothing of a collector's tree survives its end.

use std::time::Duration;

use orchestrator::model::{CancelCause, Exit, Outcome};
use orchestrator::process::AttemptEnd;

use crate::support::{
    Kept, Lab, allowed, kill9, kill9_fork_server_of, parent_of, processes, stat, until, wait_for_fifo, within,
};

/// Ends well itself, but leaves `count` processes behind.
async fn leaves(verbs: &str, count: u64) -> AttemptEnd {
    let lab = Lab::new();
    let (end, kept) = lab.run_fake(&format!("{verbs} err done exit 0")).await;
    assert_eq!((&end.outcome, kept.err()), (&Outcome::Succeeded, "done\n"));
    assert_eq!(end.leftover_count, count, "{:?}", end.leftovers);
    assert!(
        end.leftovers
            .iter()
            .all(|leftover| leftover.name == "fake-collector"),
        "{:?}",
        end.leftovers
    );
    assert_eq!(end.unkillable, []);
    lab.close().await;
    end
}

#[tokio::test]
async fn edge_31_background_child_holding_the_pipe() {
    leaves("spawn-bg", 1).await;
}

#[tokio::test]
async fn edge_32_background_child_that_never_stops_writing() {
    leaves("chatty", 1).await;
}

#[tokio::test]
async fn edge_33_child_in_its_own_session() {
    leaves("spawn-session", 1).await;
}

#[tokio::test]
async fn edge_34_daemon() {
    leaves("daemonize", 1).await;
}

#[tokio::test]
async fn edge_35_child_that_is_a_subreaper_itself() {
    leaves("subreaper", 2).await;
}

#[tokio::test]
async fn edge_35_child_in_its_own_pid_namespace() {
    if !allowed(&["unshare", "--pid", "--fork"]) {
        return;
    }
    let lab = Lab::new();
    let ready = lab.fifo("ready");
    let inner = format!("setsid sleep 1000 & echo > {}; sleep 1000", ready.display());
    let script = format!("#!/bin/sh\nunshare --pid --fork sh -c '{inner}' &\nwait\n");
    let attempt = lab
        .launch(&lab.spec(lab.script("namespace", script.as_bytes()), [""; 0]))
        .await;
    wait_for_fifo(&ready).await;
    attempt.controller().kill(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    // unshare, the shell that is PID 1 there, and two sleepers; the kernel may be first.
    assert!((2..=4).contains(&end.leftover_count), "{:?}", end.leftovers);
    lab.close().await;
}

#[tokio::test]
async fn edge_36_mixed_tree() {
    let end = leaves("tree 32", 40).await;
    assert_eq!(end.leftovers.len(), 16);
}

#[tokio::test]
async fn edge_36_mixed_tree_on_a_timeout() {
    let lab = Lab::new();
    let ready = lab.fifo("ready");
    let attempt = lab
        .launch(&lab.fake(&format!(
            "ignore TERM tree 32 fifo-write {} hang",
            ready.display()
        )))
        .await;
    wait_for_fifo(&ready).await;
    attempt.controller().kill(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    // The main process is not a leftover.
    assert_eq!(end.leftover_count, 40);
    lab.close().await;
}

#[tokio::test]
async fn edge_37_no_zombies() {
    let lab = Lab::new();
    let (end, kept) = lab.run_fake("parent tree 8 exit 1").await;
    let supervisor: i32 = kept.out().trim().parse().unwrap();
    let fork_server = parent_of(supervisor);
    assert_eq!(end.outcome, Outcome::Failed(Exit::Code(1)));
    let ours = [supervisor, fork_server];
    let zombies: Vec<_> = processes()
        .into_iter()
        .filter(|pid| stat(*pid).is_some_and(|(state, parent)| state == 'Z' && ours.contains(&parent)))
        .collect();
    assert_eq!(zombies, Vec::<i32>::new());
    lab.close().await;
    assert_eq!((stat(supervisor), stat(fork_server)), (None, None));
}

#[tokio::test]
async fn edge_39_killed_supervisor() {
    let lab = Lab::new();
    for round in 0..5 {
        let ready = lab.fifo(&format!("ready{round}"));
        let verbs = format!(
            "spawn-session daemonize subreaper fifo-write {} hang",
            ready.display()
        );
        let attempt = lab.launch(&lab.fake(&verbs)).await;
        wait_for_fifo(&ready).await;
        let supervisor = parent_of(attempt.pid().unwrap());
        kill9(supervisor);
        // `finish` proves that nothing is left at the moment of the report.
        let (end, _) = lab.finish(attempt).await;
        assert_eq!(end.outcome, Outcome::Lost("its supervisor was killed".to_owned()));
        assert_eq!(stat(supervisor), None);
        let (next, kept) = lab.run_fake("out next").await;
        assert_eq!((next.outcome, kept.out()), (Outcome::Succeeded, "next\n"));
    }
    lab.close().await;
}

/// A supervisor that is killed while it waits is not missed.
#[tokio::test]
async fn edge_39_killed_while_waiting_for_work() {
    let lab = Lab::new();
    let (_, kept) = lab.run_fake("parent").await;
    let supervisor: i32 = kept.out().trim().parse().unwrap();
    kill9(supervisor);
    until("it is buried", || stat(supervisor).is_none()).await;
    let (end, kept) = lab.run_fake("out next").await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "next\n"));
    lab.close().await;
}

/// It is killed and not even buried yet: nothing was started, so another one starts it.
#[tokio::test]
async fn edge_39_killed_just_before_a_launch() {
    let lab = Lab::new();
    let ledger = lab.path("ledger");
    for round in 1..=20 {
        let (_, kept) = lab.run_fake("parent").await;
        let supervisor: i32 = kept.out().trim().parse().unwrap();
        // Stopped, it dies without having looked at its socket.
        let stopped = nix::unistd::Pid::from_raw(supervisor);
        nix::sys::signal::kill(stopped, nix::sys::signal::Signal::SIGSTOP).unwrap();
        let spec = lab.fake(&format!("append {} x", ledger.display()));
        let launch = lab.server.launch(&spec);
        let kill = async { kill9(supervisor) };
        let (attempt, ()) = within(async { tokio::join!(launch, kill) }).await;
        let (end, _) = lab.finish(attempt.unwrap()).await;
        assert_eq!(end.outcome, Outcome::Succeeded);
        assert_eq!(std::fs::read(&ledger).unwrap().len(), 2 * round, "started once");
    }
    lab.close().await;
}

/// The fork server dies while it buries: having reaped its supervisor, it has told nobody
/// so, and what is left comes to the orchestrator.
#[tokio::test]
async fn edge_39_killed_a_moment_before_its_fork_server() {
    let lab = Lab::new();
    for round in 0..crate::support::shots() {
        let ready = lab.fifo(&format!("ready{round}"));
        let verbs = format!(
            "spawn-session daemonize subreaper fifo-write {} hang",
            ready.display()
        );
        let attempt = lab.launch(&lab.fake(&verbs)).await;
        wait_for_fifo(&ready).await;
        let supervisor = parent_of(attempt.pid().unwrap());
        let server = parent_of(supervisor);
        kill9(supervisor);
        // From nothing to more than the burial takes. This is no waiting for a condition:
        // the moment is the test's input.
        let moment = Duration::from_micros(fastrand::u64(0..1500));
        let start = std::time::Instant::now();
        while start.elapsed() < moment {
            std::hint::spin_loop();
        }
        kill9(server);
        let (end, _) = lab.finish(attempt).await;
        assert_eq!(end.outcome, Outcome::Lost("its supervisor was killed".to_owned()));
    }
    lab.close().await;
}

/// Nobody is left to sweep up the orphans but the orchestrator itself.
#[tokio::test]
async fn edge_39_killed_after_its_fork_server() {
    let lab = Lab::new();
    for round in 0..5 {
        let ready = lab.fifo(&format!("ready{round}"));
        let verbs = format!(
            "spawn-session daemonize subreaper fifo-write {} hang",
            ready.display()
        );
        let attempt = lab.launch(&lab.fake(&verbs)).await;
        wait_for_fifo(&ready).await;
        let supervisor = parent_of(attempt.pid().unwrap());
        // One that lives on must not be touched: its supervisor is ours then, too.
        // Until it has executed its program, its environment does not show whose it is.
        let executed = lab.fifo(&format!("executed{round}"));
        let verbs = format!("fifo-write {} hang", executed.display());
        let spared = lab.launch(&lab.fake(&verbs)).await;
        wait_for_fifo(&executed).await;
        kill9_fork_server_of(supervisor);
        kill9(supervisor);
        let end = within(attempt.run(&mut Kept::default())).await;
        assert_eq!(end.outcome, Outcome::Lost("its supervisor was killed".to_owned()));
        assert_eq!(stat(supervisor), None);
        assert_eq!(
            crate::support::survivors(&lab.run_id),
            [format!("{} fake-collector", spared.pid().unwrap())]
        );
        spared.controller().kill(CancelCause::Operator);
        let (end, _) = lab.finish(spared).await;
        assert!(
            matches!(end.outcome, Outcome::Cancelled { .. }),
            "{:?}",
            end.outcome
        );
    }
    lab.close().await;
}

/// Somebody outside the tree holds the pipe: the end of the output never comes.
#[tokio::test]
async fn a_pipe_held_by_a_stranger_does_not_delay_the_end() {
    let lab = Lab::new();
    let (ready, go) = (lab.fifo("ready"), lab.fifo("go"));
    let verbs = format!(
        "out before fifo-write {} fifo-read {}",
        ready.display(),
        go.display()
    );
    let attempt = lab.launch(&lab.fake(&verbs)).await;
    wait_for_fifo(&ready).await;
    let pipe = std::fs::OpenOptions::new()
        .write(true)
        .open(format!("/proc/{}/fd/1", attempt.pid().unwrap()))
        .unwrap();
    std::fs::write(&go, ".").unwrap();
    let (end, kept) = within(lab.finish(attempt)).await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "before\n"));
    drop(pipe);
    lab.close().await;
}
