//! Edge cases 56 to 65: what a collector inherits, and the truth about what it used.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{SigHandler, Signal, signal};
use orchestrator::model::{Exit, Outcome};
use orchestrator::process::{ForkServer, raise_open_files};

use crate::support::{Kept, Lab, ORCHESTRATE, within};

async fn says(lab: &Lab, verb: &str) -> String {
    let (end, kept) = lab.run_fake(verb).await;
    assert_eq!(end.outcome, Outcome::Succeeded, "{}", kept.err());
    kept.out().trim_end().to_owned()
}

#[tokio::test]
async fn edge_56_only_three_descriptors() {
    let lab = Lab::new();
    // Two that are inheritable, before and after the fork server starts.
    let file = std::fs::File::open("/dev/null").unwrap();
    let first = fcntl(file.as_fd(), FcntlArg::F_DUPFD(50)).unwrap();
    assert_eq!(says(&lab, "fds").await, "0 1 2");
    let second = fcntl(file.as_fd(), FcntlArg::F_DUPFD(60)).unwrap();
    // At once: the second one gets a new supervisor.
    let attempts = [
        lab.launch(&lab.fake("fds")).await,
        lab.launch(&lab.fake("fds")).await,
    ];
    for attempt in attempts {
        let mut kept = Kept::default();
        within(attempt.run(&mut kept)).await;
        assert_eq!(kept.out(), "0 1 2\n");
    }
    for fd in [first, second] {
        nix::unistd::close(fd).unwrap();
    }
    lab.close().await;
}

#[tokio::test]
async fn edge_57_no_signal_ignored_or_blocked() {
    let lab = Lab::new();
    // As under nohup.
    // SAFETY: no code is installed.
    let before = unsafe { signal(Signal::SIGHUP, SigHandler::SigIgn) }.unwrap();
    assert_eq!(says(&lab, "signals").await, "0000000000000000 0000000000000000");
    // SAFETY: what it was before.
    unsafe { signal(Signal::SIGHUP, before) }.unwrap();
    lab.close().await;
}

#[tokio::test]
async fn edge_58_own_session_and_no_terminal() {
    let lab = Lab::new();
    assert_eq!(says(&lab, "session").await, "true");
    assert_eq!(says(&lab, "tty").await, "ENXIO");
    lab.close().await;
}

#[tokio::test]
async fn edge_59_stdin_is_at_its_end() {
    let lab = Lab::new();
    assert_eq!(says(&lab, "stdin").await, "0");
    lab.close().await;
}

#[tokio::test]
async fn edge_10_path_of_the_task_is_what_its_collector_sees() {
    let lab = Lab::new();
    assert_eq!(
        says(&lab, "dump-env").await,
        format!("ORCHESTRATE_RUN_ID={}", lab.run_id),
        "the environment is what was given, and nothing else"
    );
    // A PATH of its own is for what the collector calls.
    let script = lab.script("calls", b"#!/bin/sh\nhelper\n");
    std::fs::create_dir(lab.path("bin")).unwrap();
    lab.script("bin/helper", b"#!/bin/sh\necho helped\n");
    let mut spec = lab.spec(script, [""; 0]);
    spec.env.push(("PATH".into(), lab.path("bin").into()));
    let (_, kept) = lab.run(&spec).await;
    assert_eq!(kept.out(), "helped\n", "{}", kept.err());
    lab.close().await;
}

#[tokio::test]
async fn edge_61_umask_and_working_directory() {
    let lab = Lab::new();
    let umask = std::fs::read_to_string("/proc/self/status").unwrap();
    let umask = umask
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))
        .unwrap()
        .trim();
    assert_eq!(says(&lab, "umask").await, umask);
    assert_eq!(
        says(&lab, "cwd").await,
        std::env::current_dir().unwrap().to_str().unwrap()
    );
    let mut spec = lab.fake("cwd");
    spec.working_directory = Some("/".into());
    assert_eq!(lab.run(&spec).await.1.out(), "/\n");
    lab.close().await;
}

#[tokio::test]
async fn edge_62_limit_of_open_files_is_not_ours() {
    let mut lab = Lab::new();
    lab.server = ForkServer::with_executable(ORCHESTRATE).with_open_files(500);
    assert_eq!(says(&lab, "nofile").await, "500");
    lab.close().await;
}

#[tokio::test]
async fn edge_63_memory_of_the_orchestrator_is_not_the_collectors() {
    let lab = Lab::new();
    let mut large = vec![0_u8; 300 << 20];
    large.chunks_mut(4096).for_each(|page| page[0] = 1);
    let (end, _) = lab.run_fake("rss 50000000").await;
    let rss = end.usage.max_rss_bytes;
    assert!((50_000_000..100_000_000).contains(&rss), "{rss}");
    let (end, _) = lab.run_fake("exit 0").await;
    assert!(
        end.usage.max_rss_bytes < 20_000_000,
        "{}",
        end.usage.max_rss_bytes
    );
    std::hint::black_box(large);
    lab.close().await;
}

#[tokio::test]
async fn edge_64_cpu_time_of_descendants_counts() {
    let lab = Lab::new();
    let (end, _) = lab.run_fake("cpu 100ms cpu-child 200ms").await;
    let cpu = end.usage.user_cpu + end.usage.system_cpu;
    assert!(cpu >= Duration::from_millis(300), "{cpu:?}");
    assert!(cpu < Duration::from_secs(10), "{cpu:?}");
    lab.close().await;
}

#[tokio::test]
async fn edge_65_five_hundred_at_once() {
    let soft = raise_open_files().unwrap();
    let mut lab = Lab::new();
    lab.server = ForkServer::with_executable(ORCHESTRATE).with_open_files(soft);
    let mut all = tokio::task::JoinSet::new();
    for index in 0..500_u32 {
        let (server, spec) = (
            lab.server.clone(),
            lab.fake(&format!("out {index} exit {}", index % 256)),
        );
        all.spawn(async move {
            let mut kept = Kept::default();
            let end = server.launch(&spec).await.unwrap().run(&mut kept).await;
            (index, end, kept)
        });
    }
    while let Some(done) = within(all.join_next()).await {
        let (index, end, kept) = done.unwrap();
        assert_eq!(kept.out(), format!("{index}\n"));
        let code = i32::try_from(index % 256).unwrap();
        let expected = if code == 0 {
            Outcome::Succeeded
        } else {
            Outcome::Failed(Exit::Code(code))
        };
        assert_eq!(end.outcome, expected);
    }
    lab.close().await;
}

#[tokio::test]
async fn limits_of_memory_cpu_time_and_open_files() {
    let lab = Lab::new();
    let mut spec = lab.fake("rss 500000000 out no");
    spec.limits.memory = Some(200 << 20);
    let (end, kept) = lab.run(&spec).await;
    assert!(end.outcome.is_failure() && kept.stdout.is_empty(), "{end:?}");
    let mut spec = lab.fake("cpu 30s");
    spec.limits.cpu_time = Some(Duration::from_millis(700));
    let (end, _) = lab.run(&spec).await;
    assert_eq!(
        end.outcome.reason(),
        "CPU time limit of 1s reached, then killed by SIGXCPU"
    );
    // The same signal without the use.
    spec.args = ["raise", "XCPU"].map(Into::into).into();
    let (end, _) = lab.run(&spec).await;
    assert_eq!(end.outcome.reason(), "killed by SIGXCPU");
    let mut spec = lab.fake("nofile");
    spec.limits.open_files = Some(77);
    let (_, kept) = lab.run(&spec).await;
    assert_eq!(kept.out(), "77\n");
    lab.close().await;
}
