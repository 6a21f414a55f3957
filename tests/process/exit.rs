//! Edge cases 14 to 20: how an end is told.

use std::time::Duration;

use nix::sys::signal::Signal;
use orchestrator::model::{CancelCause, Exit, Outcome, TimeLimit};

use crate::support::{Kept, Lab, wait_for_fifo, within};

#[tokio::test]
async fn edge_14_exit_codes() {
    let lab = Lab::new();
    for code in [1, 42, 126, 127, 255] {
        let (end, _) = lab.run_fake(&format!("exit {code}")).await;
        assert_eq!(end.outcome, Outcome::Failed(Exit::Code(code)));
        let (end, _) = lab.run_fake(&format!("_exit {code}")).await;
        assert_eq!(end.outcome, Outcome::Failed(Exit::Code(code)));
    }
    let (end, _) = lab.run_fake("exit 0").await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    assert_eq!(end.leftovers, []);
    lab.close().await;
}

#[tokio::test]
async fn edge_15_every_fatal_signal_is_told() {
    let lab = Lab::new();
    let harmless = [
        Signal::SIGCHLD,
        Signal::SIGCONT,
        Signal::SIGSTOP,
        Signal::SIGTSTP,
        Signal::SIGTTIN,
        Signal::SIGTTOU,
        Signal::SIGURG,
        Signal::SIGWINCH,
    ];
    for signal in Signal::iterator().filter(|signal| !harmless.contains(signal)) {
        let name = signal.as_str().trim_start_matches("SIG");
        let mut spec = lab.fake(&format!("raise {name}"));
        // Where a core file may lie.
        spec.working_directory = Some(lab.directory.path().to_owned());
        let (end, _) = lab.run(&spec).await;
        let Outcome::Failed(Exit::Signal { no, .. }) = end.outcome else {
            panic!("{name}: {:?}", end.outcome)
        };
        assert_eq!(no, signal as i32);
        assert!(
            end.outcome.reason().contains(signal.as_str()),
            "{}",
            end.outcome.reason()
        );
    }
    let mut spec = lab.fake("crash");
    spec.working_directory = Some(lab.directory.path().to_owned());
    let (end, _) = lab.run(&spec).await;
    assert!(
        matches!(end.outcome, Outcome::Failed(Exit::Signal { no: 11, .. })),
        "{:?}",
        end.outcome
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_16_its_own_sigkill_is_not_ours() {
    let lab = Lab::new();
    let (end, _) = lab.run_fake("raise KILL").await;
    let killed = Exit::Signal { no: 9, core: false };
    assert_eq!(end.outcome, Outcome::Failed(killed));
    let attempt = lab.launch(&lab.fake("hang")).await;
    attempt.controller().kill(CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    assert_eq!(
        end.outcome,
        Outcome::Cancelled {
            by: CancelCause::Operator,
            exit: Some(killed)
        }
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_17_a_trapped_term_is_still_a_timeout() {
    let lab = Lab::new();
    // On a busy machine SIGTERM may come before the trap is set: longer then.
    for millis in [100, 400, 1600, 6400] {
        let timeout = Duration::from_millis(millis);
        let mut spec = lab.fake("trap TERM 143 hang");
        spec.timeout = Some(timeout);
        let (end, _) = lab.run(&spec).await;
        let Outcome::TimedOut { limit, exit } = end.outcome else {
            panic!("{:?}", end.outcome)
        };
        assert_eq!(limit, TimeLimit::Total(timeout));
        assert!(end.usage.wall >= timeout);
        if exit == Exit::Code(143) {
            lab.close().await;
            return;
        }
        assert_eq!(exit, Exit::Signal { no: 15, core: false });
    }
    panic!("the trap was never set in time");
}

#[tokio::test]
async fn edge_18_an_exit_at_the_deadline_is_one_or_the_other() {
    let lab = Lab::new();
    for millis in 20..40 {
        let mut spec = lab.fake("sleep 30ms");
        spec.timeout = Some(Duration::from_millis(millis));
        let (end, _) = lab.run(&spec).await;
        let by_us = matches!(
            end.outcome,
            Outcome::TimedOut {
                exit: Exit::Signal { no: 15, .. } | Exit::Code(0),
                ..
            }
        );
        assert!(by_us || end.outcome == Outcome::Succeeded, "{:?}", end.outcome);
    }
    lab.close().await;
}

#[tokio::test]
async fn edge_19_closed_output_is_no_exit() {
    let lab = Lab::new();
    let (ready, go) = (lab.fifo("ready"), lab.fifo("go"));
    let verbs = format!(
        "out last close 1 close 2 fifo-write {} fifo-read {} exit 7",
        ready.display(),
        go.display()
    );
    let attempt = lab.launch(&lab.fake(&verbs)).await;
    let pid = attempt.pid().unwrap();
    let mut kept = Kept::default();
    let script = async {
        wait_for_fifo(&ready).await;
        assert!(crate::support::is_alive(pid));
        std::fs::write(&go, ".").unwrap();
    };
    let (end, ()) = within(async { tokio::join!(attempt.run(&mut kept), script) }).await;
    assert_eq!(
        (end.outcome, kept.out()),
        (Outcome::Failed(Exit::Code(7)), "last\n")
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_20_nothing_of_a_short_life_is_lost() {
    let lab = Lab::new();
    for index in 0..200 {
        let (end, kept) = lab.run_fake(&format!("out {index} err {index}")).await;
        assert_eq!(end.outcome, Outcome::Succeeded);
        assert_eq!(
            (kept.out(), kept.err()),
            (format!("{index}\n").as_str(), format!("{index}\n").as_str())
        );
    }
    lab.close().await;
}
