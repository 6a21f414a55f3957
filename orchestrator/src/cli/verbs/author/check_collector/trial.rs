//! Runs the collector and looks: once to its end, once to see how it takes SIGTERM.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::cli::shell::failure::Failure;
use crate::cli::verbs::author::check_collector::finding::{Finding, error, ok, skipped};
use crate::cli::verbs::author::check_collector::specimen::GRACE;
use crate::model::{CancelCause, Exit as Ended, Outcome, Stream};
use crate::process::{AttemptEnd, AttemptSpec, ForkServer, OutputSink};

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

/// Runs it to its end: how it ended, and how much it wrote.
///
/// # Errors
/// It cannot be started.
pub(crate) async fn run_whole(server: &ForkServer, spec: &AttemptSpec) -> Result<(AttemptEnd, u64), Failure> {
    let mut ear = Ear {
        written: 0,
        heard: Arc::default(),
    };
    let attempt = server.launch(spec).await.map_err(Failure::infrastructure)?;
    let end = attempt.run(&mut ear).await;
    Ok((end, ear.written))
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
        _ => skipped(check, "it had ended before it could be asked to"),
    });
    Ok(())
}
