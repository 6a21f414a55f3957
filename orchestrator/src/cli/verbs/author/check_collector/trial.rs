//! Runs the collector and looks: once to its end, once to see how it takes SIGTERM.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::cli::shell::failure::Failure;
use crate::cli::verbs::author::check_collector::finding::{Finding, error, ok, warning};
use crate::cli::verbs::author::check_collector::specimen::GRACE;
use crate::model::{CancelCause, Category, Exit as Ended, Outcome, Stream};
use crate::process::{AttemptEnd, AttemptSpec, ForkServer, OutputSink};
use crate::records::Follower;

/// What its events file says; nothing of it is kept.
pub(crate) fn check_events(events: &Path) -> Finding {
    let examined = match Follower::open(events).and_then(Follower::finish) {
        Ok(examined) => examined.examination,
        Err(why) => return error("events", format!("its events file cannot be read: {why}")),
    };
    match (examined.refusal(), examined.complaints().first()) {
        (Some(why), _) => error("events", why),
        (None, Some(first)) => warning("events", first),
        (None, None) => ok("events", format!("{} records", examined.records)),
    }
}

/// Notes that, and when, something was written.
struct Ear {
    written: u64,
    heard: Arc<Notify>,
}

impl OutputSink for Ear {
    async fn chunk(&mut self, _stream: Stream, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        self.heard.notify_one();
    }

    async fn quiet(&mut self) {}
}

/// Runs it to its end.
///
/// # Errors
/// It cannot be started.
pub(crate) async fn check_whole_run(
    server: &ForkServer,
    spec: &AttemptSpec,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let mut ear = Ear {
        written: 0,
        heard: Arc::default(),
    };
    let attempt = server.launch(spec).await.map_err(Failure::infrastructure)?;
    let end = attempt.run(&mut ear).await;
    findings.push(exit_code(&end));
    findings.push(match end.leftovers.as_slice() {
        [] => ok("children", "it left no process behind"),
        left => {
            let names: Vec<String> = left
                .iter()
                .map(|left| format!("{} (pid {})", left.name, left.pid))
                .collect();
            error(
                "children",
                format!(
                    "it left processes behind, which were killed: {}",
                    names.join(", ")
                ),
            )
        }
    });
    findings.push(match ear.written {
        0 => warning("output", "it wrote nothing: its log would not tell what it did"),
        bytes => ok("output", format!("{bytes} bytes")),
    });
    Ok(())
}

fn exit_code(end: &AttemptEnd) -> Finding {
    let check = "exit code";
    match &end.outcome {
        Outcome::Succeeded => ok(check, "0"),
        Outcome::Failed(Ended::Code(code)) if Category::of_code(*code) != Category::Failed || *code == 1 => {
            warning(
                check,
                format!(
                    "{} (in the contract, but it did not succeed here)",
                    end.outcome.reason()
                ),
            )
        }
        outcome => error(check, outcome.reason()),
    }
}

/// Asks it to end as soon as it has shown that it is at work, or after a second.
pub(crate) async fn check_sigterm(
    server: &ForkServer,
    spec: &AttemptSpec,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let heard = Arc::new(Notify::new());
    let mut ear = Ear {
        written: 0,
        heard: Arc::clone(&heard),
    };
    // Its limit of time must not come first.
    let unlimited = AttemptSpec {
        timeout: None,
        ..spec.clone()
    };
    let attempt = server.launch(&unlimited).await.map_err(Failure::infrastructure)?;
    let controller = attempt.controller();
    let ask = async {
        let _ = tokio::time::timeout(Duration::from_secs(1), heard.notified()).await;
        controller.cancel(CancelCause::Operator);
        std::future::pending::<()>().await;
    };
    let end = tokio::select! {
        end = attempt.run(&mut ear) => end,
        () = ask => return Ok(()),
    };
    let check = "SIGTERM";
    findings.push(match &end.outcome {
        Outcome::Cancelled {
            exit: Some(Ended::Signal { no: 9, .. }),
            ..
        } => error(
            check,
            format!(
                "it did not end within {}; it had to be killed",
                humantime::format_duration(GRACE)
            ),
        ),
        Outcome::Cancelled { exit: Some(exit), .. } => ok(check, format!("it ended: {exit}")),
        _ => ok(check, "it had ended before it could be asked to"),
    });
    Ok(())
}
