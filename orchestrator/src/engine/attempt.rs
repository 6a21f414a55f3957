//! One attempt of one task, from its name to its end: make its events file and log, launch
//! it, pass its output on, obey orders, read its results.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::engine::events_file::EventsFile;
use crate::engine::finished_attempt::FinishedAttempt;
use crate::engine::results::{AttemptResults, read_results};
use crate::engine::sink::{Sink, SinkEnd};
use crate::engine::start::launch_spec::specify;
use crate::engine::start::workspace_hold::hold_workspace;
use crate::engine::task_attempt::TaskAttempt;
use crate::events::{TaskProgress, time_left};
use crate::model::{LeaseDeadline, Order, Outcome, SpawnError};
use crate::process::{AttemptEnd, AttemptSpec, Controller, Usage};
use crate::records::Progress;
use crate::rundir::{AttemptLog, DEFAULT_CAP};
use crate::text::{NamedSecrets, Secrets, milliseconds};

/// Makes the attempt. Whatever goes wrong becomes its outcome.
pub(crate) async fn make_attempt(mut attempt: TaskAttempt) -> FinishedAttempt {
    let known = attempt.engine.secrets.within(&attempt.task.policy.env);
    let finished = match hold_workspace(&mut attempt).await {
        Ok(workspace) => make_masked(&mut attempt, &known, workspace.path()).await,
        Err(outcome) => FinishedAttempt::never_begun(outcome, attempt.engine.clock.now()),
    };
    let finished = FinishedAttempt {
        hint: finished
            .hint
            .clone()
            .or_else(|| why_not_again(&attempt, &finished)),
        ..finished
    };
    match known.masker() {
        Some(secrets) => finished.masked(secrets),
        None => finished,
    }
}

/// Why no further attempt follows although the task may have some: whoever wrote `retry:` wonders.
fn why_not_again(attempt: &TaskAttempt, finished: &FinishedAttempt) -> Option<String> {
    let (retry, outcome) = (&attempt.task.policy.retry, &finished.outcome);
    if retry.limit == 0 || !outcome.is_failure() || matches!(outcome, Outcome::Cancelled { .. }) {
        return None;
    }
    let category = finished.results.reported.category.or(outcome.category())?;
    if !category.may_pass() {
        return Some(format!("not tried again: a failure of kind {category} stays one"));
    }
    if retry.on.contains(&category) {
        return None;
    }
    let kinds: Vec<&str> = retry.on.iter().map(|kind| kind.as_str()).collect();
    Some(format!(
        "not tried again: its retries are for {}, and this is {category}; orchestrate explain retry.on",
        kinds.join(", ")
    ))
}

async fn make_masked(attempt: &mut TaskAttempt, known: &NamedSecrets, workspace: &Path) -> FinishedAttempt {
    let secrets = known.masker().cloned();
    let events = open_events(attempt, secrets.clone());
    let spec = events
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|events| specify(attempt, known, (workspace, events.path())));
    let log = spec.as_ref().ok().and_then(|_| open_log(attempt));
    let logged = log.is_some();
    let clock = Arc::clone(&attempt.engine.clock);
    let doubt = look_at_executable(attempt);
    let started = Instant::now();
    let mut sink = Sink::new(
        Arc::clone(&attempt.task_ref),
        attempt.bus.clone(),
        clock,
        log,
        secrets,
    );
    let (mut end, events) = match (spec, events) {
        (Ok(spec), Ok(mut events)) => {
            let end = execute(attempt, &spec, &mut sink, &mut events, started).await;
            (end, Some(events))
        }
        (Err(error), _) | (_, Err(error)) => (Err(error), None),
    };
    // What comes after this is our own time or the database's, and none of the collector's.
    let finished_at = attempt.engine.clock.now();
    let written = sink.finish().await;
    let mut results = match (&mut end, events) {
        (Ok(end), Some(events)) => {
            let times = (started, finished_at);
            close_events(attempt, &mut end.outcome, events, times).await
        }
        _ => AttemptResults::default(),
    };
    if let Some(doubt) = doubt
        && let Ok(Some(warning)) = doubt.await
    {
        tracing::warn!("{}: {warning}", attempt.name());
        results.warnings.insert(0, warning);
    }
    FinishedAttempt {
        logged,
        results,
        ..conclude(attempt, end, written, finished_at)
    }
}

/// Beside the collector: it does not wait for that.
fn look_at_executable(attempt: &TaskAttempt) -> Option<JoinHandle<Option<String>>> {
    let (engine, command) = (Arc::clone(&attempt.engine), attempt.task.command.clone());
    let meant = attempt.executable.clone()?;
    Some(tokio::spawn(
        async move { engine.doubt_about(&command, &meant).await },
    ))
}

/// The file that the collector may write events into.
fn open_events(attempt: &TaskAttempt, secrets: Option<Secrets>) -> Result<EventsFile, SpawnError> {
    let path = attempt.engine.state_dir.join(&attempt.events);
    EventsFile::create(path.clone(), secrets).map_err(|error| SpawnError {
        message: format!("cannot make its events file {}: {error}", path.display()),
        hint: Some("the state directory must be writable and have room".to_owned()),
    })
}

/// Reads the file to its end; what was said after the last look is told as well.
async fn close_events(
    attempt: &mut TaskAttempt,
    outcome: &mut Outcome,
    events: EventsFile,
    (started, finished_at): (Instant, Timestamp),
) -> AttemptResults {
    let last_shown = events.shown();
    let examined = events.close().await;
    let last = examined
        .as_ref()
        .ok()
        .and_then(|examined| examined.examination.progress.clone());
    if let Some(progress) = last.filter(|last| last_shown.as_ref() != Some(last)) {
        let progress = describe_progress(attempt, progress, started.elapsed());
        attempt.bus.progress(progress).await;
    }
    read_results(attempt, outcome, examined, finished_at).await
}

fn open_log(attempt: &TaskAttempt) -> Option<AttemptLog> {
    let cap = attempt.task.policy.limits.output.unwrap_or(DEFAULT_CAP);
    AttemptLog::create(&attempt.log, cap)
        .inspect_err(|error| {
            tracing::error!(
                "cannot create {}: {error}; the collector runs without a log",
                attempt.log.display()
            );
        })
        .ok()
}

async fn execute(
    attempt: &mut TaskAttempt,
    spec: &AttemptSpec,
    sink: &mut Sink,
    events: &mut EventsFile,
    started: Instant,
) -> Result<AttemptEnd, SpawnError> {
    let launched = attempt
        .engine
        .launcher
        .fork_server
        .launch(spec)
        .await
        .map_err(|error| SpawnError {
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
        })?;
    let controller = launched.controller();
    let running = launched.run(sink);
    tokio::pin!(running);
    loop {
        tokio::select! {
            end = &mut running => return Ok(end),
            Some(order) = attempt.orders.recv() => obey(&controller, order),
            lease = next_lease(&mut attempt.lease) => controller.extend(lease),
            progress = events.progress() => {
                let progress = describe_progress(attempt, progress, started.elapsed());
                attempt.bus.progress(progress).await;
            }
        }
    }
}

/// The next renewal of the lease; never where there is none, or none will come.
async fn next_lease(lease: &mut Option<watch::Receiver<LeaseDeadline>>) -> LeaseDeadline {
    if let Some(lease) = lease
        && lease.changed().await.is_ok()
    {
        return *lease.borrow_and_update();
    }
    std::future::pending().await
}

/// Progress as it is shown.
fn describe_progress(attempt: &TaskAttempt, progress: Progress, elapsed: Duration) -> TaskProgress {
    let left = time_left(elapsed, progress.current, progress.total);
    TaskProgress {
        task: Arc::clone(&attempt.task_ref),
        at: attempt.engine.clock.now(),
        current: progress.current,
        total: progress.total,
        message: progress.message,
        eta_ms: left.map(milliseconds),
    }
}

fn obey(controller: &Controller, order: Order) {
    match order {
        Order::Cancel(cause) => controller.cancel(cause),
        Order::Kill(cause) => controller.kill(cause),
    }
}

fn conclude(
    attempt: &TaskAttempt,
    end: Result<AttemptEnd, SpawnError>,
    sink: SinkEnd,
    finished_at: Timestamp,
) -> FinishedAttempt {
    let (outcome, usage, leftovers, isolation) = match end {
        Ok(end) => (end.outcome, end.usage, end.leftovers, Some(end.isolation)),
        Err(error) => (Outcome::NotStarted(error), Usage::default(), Vec::new(), None),
    };
    let log = sink.log.unwrap_or_default();
    if let Some(error) = &log.failure {
        tracing::error!("{} is incomplete: {error}", attempt.log.display());
    }
    let hint = match &outcome {
        Outcome::NotStarted(error) => error.hint.clone(),
        _ => None,
    };
    FinishedAttempt {
        tail: if outcome.is_failure() {
            sink.tail.lines()
        } else {
            Vec::new()
        },
        outcome,
        usage,
        written: sink.written,
        finished_at,
        truncated: log.truncated,
        leftovers: leftovers
            .iter()
            .map(|left| format!("{} (pid {})", left.name, left.pid))
            .collect(),
        logged: true,
        hint,
        isolation,
        results: AttemptResults::default(),
    }
}
