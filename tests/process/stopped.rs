//! Supervisors, the fork server and the orchestrator that somebody has stopped, in most
//! cases the collector itself: nothing hangs, nothing is lost that can go on, and
//! nothing is left.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use orchestrator::model::{Exit, Outcome, TimeLimit};
use orchestrator::process::AttemptEnd;

use crate::orchestrator_process::start;
use crate::support::{
    Kept, Lab, Tracer, is_alive, kill9, parent_of, send, stat, survivors, until, wait_for_fifo, within,
};

/// Far less than any timeout, grace or patience here; far more than a second's look.
const SOON: Duration = Duration::from_secs(25);

const TERM: Exit = Exit::Signal { no: 15, core: false };

/// Without a timeout nobody else would ever notice.
#[tokio::test]
async fn a_collector_that_stops_its_supervisor_comes_to_its_end() {
    for (stopped, code) in [("1", 0), ("2", 3), ("12", 4)] {
        let lab = Lab::new();
        let start = Instant::now();
        let (end, kept) = lab
            .run_fake(&format!("stop-ancestors {stopped} out on exit {code}"))
            .await;
        let wanted = match code {
            0 => Outcome::Succeeded,
            code => Outcome::Failed(Exit::Code(code)),
        };
        assert_eq!((end.outcome, kept.out()), (wanted, "on\n"));
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        lab.close().await;
    }
}

#[tokio::test]
async fn the_timeout_of_a_collector_that_stops_its_supervisor_is_kept() {
    let lab = Lab::new();
    let timeout = Duration::from_secs(2);
    let mut spec = lab.fake("stop-ancestors 1 spawn-session hang");
    spec.timeout = Some(timeout);
    let (end, _) = lab.run(&spec).await;
    let limit = TimeLimit::Total(timeout);
    assert_eq!(end.outcome, Outcome::TimedOut { limit, exit: TERM });
    assert!(end.usage.wall < SOON, "{:?}", end.usage.wall);
    lab.close().await;
}

/// A stopped fork server forks nothing and buries nobody.
#[tokio::test]
async fn a_stopped_fork_server_goes_on() {
    let lab = Lab::new();
    let ready = lab.fifo("ready");
    let verbs = format!("spawn-session fifo-write {} hang", ready.display());
    let attempt = lab.launch(&lab.fake(&verbs)).await;
    wait_for_fifo(&ready).await;
    let supervisor = parent_of(attempt.pid().unwrap());
    let server = parent_of(supervisor);
    send(server, Signal::SIGSTOP);
    kill9(supervisor);
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(end.outcome, Outcome::Lost("its supervisor was killed".to_owned()));
    send(server, Signal::SIGSTOP);
    let (end, _) = lab.run_fake("exit 0").await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    assert!(is_alive(server));
    send(server, Signal::SIGSTOP);
    // Ends although it is stopped.
    lab.close().await;
    assert_eq!(stat(server), None);
}

/// A tracer keeps the supervisor stopped, so that SIGCONT does not help: two pings,
/// SIGCONT, SIGKILL. Then the record must say so.
#[tokio::test]
async fn a_supervisor_that_hangs_is_killed() {
    let lab = Lab::new();
    let ready = lab.fifo("ready");
    let verbs = format!("spawn-session daemonize fifo-write {} hang", ready.display());
    let attempt = lab.launch(&lab.fake(&verbs)).await;
    wait_for_fifo(&ready).await;
    let supervisor = parent_of(attempt.pid().unwrap());
    let tracer = Tracer::new("attach-and-stop", supervisor);
    let start = Instant::now();
    let end = within(attempt.run(&mut Kept::default())).await;
    let lost = Outcome::Lost("its supervisor hung and was killed".to_owned());
    assert_eq!(end.outcome, lost);
    assert!(start.elapsed() > Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(survivors(&lab.run_id), Vec::<String>::new());
    drop(tracer);
    lab.close().await;
}

/// Runs the fake collector with these verbs as soon as its start has been reported.
async fn run_once_it_is_known(lab: &Lab, verbs: &str) -> (AttemptEnd, Kept) {
    let go = lab.fifo("go");
    let attempt = lab
        .launch(&lab.fake(&format!("fifo-read {} {verbs}", go.display())))
        .await;
    std::fs::write(&go, ".").unwrap();
    lab.finish(attempt).await
}

/// The same from within its tree, where the tracer also keeps the dead supervisor from
/// its fork server.
#[tokio::test]
async fn a_supervisor_that_is_traced_by_its_tree_is_killed_with_it() {
    let lab = Lab::new();
    let (end, _) = run_once_it_is_known(&lab, "trace-supervisor hang").await;
    let lost = Outcome::Lost("its supervisor hung and was killed".to_owned());
    assert_eq!(end.outcome, lost);
    lab.close().await;
}

/// Traced and killed by somebody else: its fork server hears nothing of its death.
#[tokio::test]
async fn a_supervisor_whose_death_is_kept_secret_is_missed() {
    let lab = Lab::new();
    let (end, _) = run_once_it_is_known(&lab, "trace-supervisor kill-ancestors 1 hang").await;
    assert_eq!(end.outcome, Outcome::Lost("its supervisor was killed".to_owned()));
    lab.close().await;
}

/// A supervisor under a debugger that lets it work is left alone.
#[tokio::test]
async fn a_supervisor_that_is_traced_and_works_is_left_alone() {
    let lab = Lab::new();
    let ready = lab.fifo("ready");
    let verbs = format!("fifo-write {} sleep 14s exit 6", ready.display());
    let attempt = lab.launch(&lab.fake(&verbs)).await;
    wait_for_fifo(&ready).await;
    let tracer = Tracer::new("attach-and-forward", parent_of(attempt.pid().unwrap()));
    let end = within(attempt.run(&mut Kept::default())).await;
    assert_eq!(end.outcome, Outcome::Failed(Exit::Code(6)));
    drop(tracer);
    lab.close().await;
}

/// A cgroup of version 2 for this test, if this user may make one.
fn cgroup() -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    let name = format!("orchestrate-test-{}", std::process::id());
    let cgroup = Path::new(mount.split(' ').nth(4)?).join(name);
    std::fs::create_dir(&cgroup).ok().map(|()| cgroup)
}

/// Frozen for longer than it takes to be taken for hung, and stopped in addition: who did
/// that will thaw it.
#[tokio::test]
async fn a_frozen_supervisor_is_left_alone() {
    let Some(cgroup) = cgroup() else {
        eprintln!("SKIPPED: this user may make no cgroup");
        return;
    };
    let lab = Lab::new();
    let ready = lab.fifo("ready");
    let attempt = lab
        .launch(&lab.fake(&format!("fifo-write {} exit 6", ready.display())))
        .await;
    let supervisor = parent_of(attempt.pid().unwrap());
    std::fs::write(cgroup.join("cgroup.procs"), supervisor.to_string()).unwrap();
    std::fs::write(cgroup.join("cgroup.freeze"), "1").unwrap();
    wait_for_fifo(&ready).await;
    let mut kept = Kept::default();
    let thaw = async {
        // Time that passes is what this test is about: nothing else tells of it.
        tokio::time::sleep(Duration::from_secs(14)).await;
        send(supervisor, Signal::SIGSTOP);
        tokio::time::sleep(Duration::from_secs(4)).await;
        std::fs::write(cgroup.join("cgroup.freeze"), "0").unwrap();
    };
    let (end, ()) = within(async { tokio::join!(attempt.run(&mut kept), thaw) }).await;
    assert_eq!(end.outcome, Outcome::Failed(Exit::Code(6)));
    lab.close().await;
    std::fs::remove_dir(cgroup).unwrap();
}

/// The supervisor and the fork server are stopped, and nobody is left who watches them.
#[tokio::test]
async fn an_orchestrator_killed_while_those_below_are_stopped_leaves_nothing() {
    for stopped in ["1", "2", "12", "21"] {
        let lab = Lab::new();
        let verbs = format!("spawn-session daemonize stop-ancestors {stopped} kill-ancestors 3 hang");
        let mut orchestrator = start(&lab, &[], &verbs, None);
        // It kills the orchestrator itself, and may be ended before it can say so.
        within(orchestrator.wait()).await.unwrap();
        until("all are gone", || survivors(&lab.run_id).is_empty()).await;
        until("the fork server is gone", || fork_servers_of_nobody().is_empty()).await;
        lab.close().await;
    }
}

/// Stopped only after the orchestrator is dead: they wake each other.
#[tokio::test]
async fn those_who_are_stopped_after_the_orchestrator_is_dead_leave_nothing() {
    for stopped in ["1", "2"] {
        let lab = Lab::new();
        let verbs = format!("ignore TERM spawn-session kill-ancestors 3 stop-ancestors {stopped} hang");
        let mut orchestrator = start(&lab, &[], &verbs, None);
        within(orchestrator.wait()).await.unwrap();
        until("all are gone", || survivors(&lab.run_id).is_empty()).await;
        until("the fork server is gone", || fork_servers_of_nobody().is_empty()).await;
        lab.close().await;
    }
}

/// Fork servers whose orchestrator is no more: their parent is no test and no orchestrate.
fn fork_servers_of_nobody() -> Vec<i32> {
    let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    crate::support::processes()
        .into_iter()
        .filter(|pid| is_alive(*pid) && name(*pid).starts_with("orch-forkserver"))
        .filter(|pid| stat(*pid).is_some_and(|(_, parent)| parent == 1))
        .collect()
}
