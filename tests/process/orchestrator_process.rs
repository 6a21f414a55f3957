//! An orchestrator in a process of its own, to be killed, stopped and measured:
//! this test binary again, running the one ignored test below.

use std::process::Stdio;
use std::time::Duration;

use orchestrator::model::Stream;
use orchestrator::process::{LineFramer, OutputSink};
use tokio::process::{Child, Command};

use crate::support::{Lab, ORCHESTRATE, part};

const RUN_ID: &str = "PROCESS_TEST_RUN_ID";
const VERBS: &str = "PROCESS_TEST_VERBS";
const TIMEOUT: &str = "PROCESS_TEST_TIMEOUT";

/// Starts one that runs the fake collector. It prints what came of it. `wrapper`
/// is a command line to start it with.
pub(crate) fn start(lab: &Lab, wrapper: &[&str], verbs: &str, timeout: Option<Duration>) -> Child {
    let mut command = Command::from(part(wrapper, "orchestrator_process::another_orchestrator"));
    command.env(RUN_ID, &lab.run_id).env(VERBS, verbs);
    if let Some(timeout) = timeout {
        command.env(TIMEOUT, timeout.as_millis().to_string());
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Counts bytes and lines.
#[derive(Default)]
struct Counting {
    framer: LineFramer,
    bytes: u64,
    lines: u64,
}

impl OutputSink for Counting {
    async fn chunk(&mut self, _: Stream, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.framer.push(bytes, &mut |_| self.lines += 1);
    }

    async fn quiet(&mut self) {}
}

#[tokio::test]
#[ignore = "a part of other tests"]
async fn another_orchestrator() {
    let (Ok(run_id), Ok(verbs)) = (std::env::var(RUN_ID), std::env::var(VERBS)) else {
        return;
    };
    let mut lab = Lab::new();
    lab.run_id = run_id;
    lab.server = orchestrator::process::ForkServer::with_executable(ORCHESTRATE);
    let mut spec = lab.fake(&verbs);
    let timeout = std::env::var(TIMEOUT).ok().and_then(|millis| millis.parse().ok());
    spec.timeout = timeout.map(Duration::from_millis);
    let mut sink = Counting::default();
    let attempt = lab.launch(&spec).await;
    println!("started");
    let end = attempt.run(&mut sink).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap()
        .trim();
    println!("outcome: {}", end.outcome.reason());
    println!("leftovers: {}", end.leftover_count);
    println!("bytes: {}", sink.bytes);
    println!("lines: {}", sink.lines);
    println!("peak: {peak}");
    lab.close().await;
    let zombies = crate::support::processes()
        .into_iter()
        .filter(|pid| {
            crate::support::stat(*pid).is_some_and(|(state, parent)| {
                state == 'Z' && u32::try_from(parent).ok() == Some(std::process::id())
            })
        })
        .count();
    println!("zombies: {zombies}");
}
