//! Edge cases 38, 40, 41 and 44: what becomes of a tree, and of the orchestrator
//! itself, when the orchestrator is killed, stopped, PID 1 or flooded.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;

use crate::orchestrator_process::start;
use crate::support::{Lab, allowed, is_alive, kill9, parent_of, survivors, until, wait_for_fifo, within};

/// The value behind `key: ` in what another orchestrator printed.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.split_once(": ").filter(|(name, _)| *name == key))
        .map_or_else(|| panic!("no {key} in {text}"), |(_, value)| value)
}

fn pid_of(child: &Child) -> i32 {
    i32::try_from(child.id().unwrap()).unwrap()
}

#[tokio::test]
async fn edge_38_killed_orchestrator_leaves_nothing() {
    for round in 0..10 {
        let lab = Lab::new();
        let ready = lab.fifo("ready");
        let verbs = format!(
            "spawn-session daemonize subreaper fifo-write {} hang",
            ready.display()
        );
        let mut orchestrator = start(&lab, &[], &verbs, None);
        wait_for_fifo(&ready).await;
        let tree = survivors(&lab.run_id);
        assert_eq!(tree.len(), 5, "{tree:?}");
        let one: i32 = tree[0].split(' ').next().unwrap().parse().unwrap();
        // Whoever of the tree it is: above it come the supervisor and the fork server.
        let supervisor = std::iter::successors(Some(one), |pid| Some(parent_of(*pid)))
            .find(|pid| {
                std::fs::read_to_string(format!("/proc/{pid}/comm"))
                    .unwrap()
                    .starts_with("orch-superv")
            })
            .unwrap();
        let fork_server = parent_of(supervisor);
        if round % 2 == 1 {
            // Both at once: now nobody can end the tree politely.
            kill9(supervisor);
        }
        kill9(pid_of(&orchestrator));
        within(orchestrator.wait()).await.unwrap();
        until("the tree is gone", || survivors(&lab.run_id).is_empty()).await;
        until("the supervisor is gone", || !is_alive(supervisor)).await;
        until("the fork server is gone", || !is_alive(fork_server)).await;
        lab.close().await;
    }
}

#[tokio::test]
async fn edge_40_a_stopped_orchestrator_does_not_stop_the_clock() {
    let lab = Lab::new();
    let mut orchestrator = start(&lab, &[], "spawn-session hang", Some(Duration::from_millis(500)));
    let pid = Pid::from_raw(pid_of(&orchestrator));
    let mut output = BufReader::new(orchestrator.stdout.take().unwrap());
    let mut text = String::new();
    while !text.ends_with("started\n") {
        assert_ne!(within(output.read_line(&mut text)).await.unwrap(), 0, "{text}");
    }
    kill(pid, Signal::SIGSTOP).unwrap();
    until("the tree is gone", || survivors(&lab.run_id).is_empty()).await;
    kill(pid, Signal::SIGCONT).unwrap();
    within(output.read_to_string(&mut text)).await.unwrap();
    within(orchestrator.wait()).await.unwrap();
    assert_eq!(
        value(&text, "outcome"),
        "timed out after 500ms, then killed by SIGTERM"
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_41_orchestrator_as_pid_1() {
    let lab = Lab::new();
    let unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    if !allowed(&unshare) {
        return;
    }
    let output = within(start(&lab, &unshare, "daemonize subreaper exit 3", None).wait_with_output())
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(value(&text, "outcome"), "exited with code 3");
    assert_eq!(value(&text, "leftovers"), "3");
    assert_eq!(value(&text, "zombies"), "0");
    lab.close().await;
}

#[tokio::test]
async fn edge_44_a_gibibyte_without_a_newline() {
    let lab = Lab::new();
    let output = within(start(&lab, &[], "flood 1073741824 nonl", None).wait_with_output())
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(value(&text, "outcome"), "exited with code 0", "{text}");
    assert_eq!(value(&text, "bytes"), "1073741824");
    // In pieces of 64 KiB; the last one is not finished.
    assert_eq!(value(&text, "lines"), "16383");
    let peak: u64 = value(&text, "peak").trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64 << 10, "{peak} KiB");
    lab.close().await;
}
