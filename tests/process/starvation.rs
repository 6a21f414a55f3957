//! Edge case 12: no descriptors, no processes. In processes of their own, whose
//! limits may be lowered.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use orchestrator::model::Outcome;
use orchestrator::process::{ForkServer, LaunchError};

use crate::support::{Kept, Lab, ORCHESTRATE, allowed, is_part, parent_of, run_part, within};

#[test]
fn edge_12_no_descriptors_left() {
    run_part(&[], "starvation::without_descriptors");
}

#[tokio::test]
#[ignore = "a part of another test"]
async fn without_descriptors() {
    if !is_part() {
        return;
    }
    let lab = Lab::new();
    lab.run_fake("exit 0").await;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let spec = lab.fake("out here");
    let (mut refused, mut started) = (0, 0);
    // From nothing to more than is open now and needed for a launch.
    for limit in 0..48 {
        // With a fork server that is there, and with one that must be started.
        for server in [lab.server.clone(), ForkServer::with_executable(ORCHESTRATE)] {
            setrlimit(Resource::RLIMIT_NOFILE, limit, hard).unwrap();
            let launched = within(server.launch(&spec)).await;
            setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
            match launched {
                Ok(attempt) => {
                    let (end, kept) = lab.finish(attempt).await;
                    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "here\n"));
                    started += 1;
                }
                Err(error) => {
                    let told = error.hint().is_some() || matches!(error, LaunchError::ForkServer { .. });
                    assert!(told, "{error:?}");
                    refused += 1;
                }
            }
        }
        // Whatever happened, the next one is none the worse.
        let (end, kept) = lab.run_fake("out next").await;
        assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "next\n"));
    }
    println!("{refused} refused, {started} started");
    assert!(refused > 0 && started > 0);
    lab.close().await;
}

#[test]
fn edge_12_no_processes_left() {
    // RLIMIT_NPROC counts all of a user, and root is exempt: a user whom nobody else is.
    let user = (2_000_000_000 + std::process::id()).to_string();
    let nobody = ["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"];
    // Such a user must also get at what the test needs (test(1)).
    let scratch = std::env::temp_dir();
    let reach = [
        "test",
        "-w",
        scratch.to_str().unwrap(),
        "-a",
        "-x",
        ORCHESTRATE,
        "-a",
        "-n",
    ];
    if allowed(&[&nobody[..], &reach].concat()) {
        run_part(&nobody, "starvation::without_processes");
    }
}

/// Another process's limit (prlimit(2)).
fn limit_processes(pid: i32, soft: u64) {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: reads and writes a local of the right type.
    let result = unsafe { libc::prlimit(pid, libc::RLIMIT_NPROC, std::ptr::null(), &raw mut limit) };
    assert_eq!(result, 0);
    limit.rlim_cur = soft.min(limit.rlim_max);
    // SAFETY: reads a local of the right type.
    let result = unsafe { libc::prlimit(pid, libc::RLIMIT_NPROC, &raw const limit, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}

#[tokio::test]
#[ignore = "a part of another test"]
async fn without_processes() {
    if !is_part() {
        return;
    }
    let lab = Lab::new();
    let running = lab.launch(&lab.fake("hang")).await;
    let supervisor = parent_of(running.pid().unwrap());
    let fork_server = parent_of(supervisor);
    let refused = async |server: &ForkServer| {
        let error = within(server.launch(&lab.fake("out no"))).await.unwrap_err();
        assert!(matches!(error, LaunchError::Process(_)), "{error:?}");
        assert!(error.hint().unwrap().contains("limit of processes"), "{error:?}");
    };
    // No supervisor can be forked.
    limit_processes(fork_server, 0);
    refused(&lab.server).await;
    limit_processes(fork_server, u64::MAX);
    running
        .controller()
        .kill(orchestrator::model::CancelCause::Operator);
    within(running.run(&mut Kept::default())).await;
    // The supervisor that waits now can start no collector.
    limit_processes(supervisor, 0);
    refused(&lab.server).await;
    limit_processes(supervisor, u64::MAX);
    let (end, kept) = lab.run_fake("out next").await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "next\n"));
    lab.close().await;
}
