//! Whether state directory, database, schedulers and runs are well, for probes. Looks, and
//! leaves nothing behind: it may be asked every second.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::{Owner, RunId};
use crate::rundir::probe_state_dir;
use crate::store::{Heartbeat, HistoryFilter, Store, StoreError, StoreHealth, WorkerLine};
use crate::text::{counted, human_duration, make_safe};

/// A scheduler says every ten seconds that it is there.
const RECENT: SignedDuration = SignedDuration::from_secs(60);

/// What counts as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HealthBounds {
    /// Whether a scheduler must be there.
    pub(crate) scheduler: bool,
    /// A run that has gone on for longer is stuck.
    pub(crate) stuck_after: Duration,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    #[serde(flatten)]
    pub(crate) store: StoreHealth,
    /// The one that leads first.
    pub(crate) schedulers: Vec<Heartbeat>,
    pub(crate) ok: bool,
    pub(crate) problems: Vec<String>,
    /// What somebody should know and what no restart would mend.
    pub(crate) warnings: Vec<String>,
}

/// Asks the store and judges what it says.
///
/// # Errors
/// The database fails.
pub(crate) async fn health(
    store: &Store,
    state_dir: &Path,
    here: &Owner,
    bounds: HealthBounds,
    now: Timestamp,
) -> Result<Health, StoreError> {
    let found = store.health(state_dir, here).await?;
    // What a schema lacks cannot be asked.
    let (schedulers, running) = if found.missing_migrations.is_empty() {
        (store.heartbeats().await?, running(store).await?)
    } else {
        (Vec::new(), Vec::new())
    };
    let workers = match schedulers.iter().any(|beat| beat.to_queue == Some(false)) {
        true => store.workers().await?,
        false => Vec::new(),
    };
    let mut problems = problem_of_state_dir(state_dir);
    problems.extend(problems_of_store(&found));
    problems.extend(problems_of_schedulers(&schedulers, bounds, now));
    problems.extend(stuck_runs(&running, bounds, now));
    Ok(Health {
        store: found,
        warnings: warnings(&schedulers, &workers),
        schedulers,
        ok: problems.is_empty(),
        problems,
    })
}

/// The answer where there is no database, or one that cannot be asked.
pub(crate) fn health_without(
    store: StoreHealth,
    state_dir: &Path,
    problem: Option<String>,
    bounds: HealthBounds,
) -> Health {
    let mut problems = problem_of_state_dir(state_dir);
    problems.extend(problem);
    problems.extend(problems_of_schedulers(&[], bounds, Timestamp::UNIX_EPOCH));
    Health {
        store,
        schedulers: Vec::new(),
        ok: problems.is_empty(),
        problems,
        warnings: Vec::new(),
    }
}

/// Runs that go on, and since when.
async fn running(store: &Store) -> Result<Vec<(RunId, Timestamp)>, StoreError> {
    let filter = HistoryFilter {
        outcome: Some("running".to_owned()),
        last: 1000,
        ..HistoryFilter::default()
    };
    let running = store.history(&filter).await?;
    Ok(running.into_iter().map(|run| (run.run, run.started_at)).collect())
}

/// Every run must write there, whatever the database is.
fn problem_of_state_dir(state_dir: &Path) -> Vec<String> {
    match probe_state_dir(state_dir) {
        Ok(_) => Vec::new(),
        Err(error) => vec![format!(
            "the state directory {} cannot be written: {error}",
            state_dir.display()
        )],
    }
}

fn problems_of_store(health: &StoreHealth) -> Vec<String> {
    let mut problems = Vec::new();
    if !health.missing_migrations.is_empty() {
        problems.push(format!(
            "{} lacks {} of its schema: orchestrate db migrate",
            health.database,
            counted(health.missing_migrations.len(), "step")
        ));
    }
    match health.abandoned.as_slice() {
        [] => {}
        [run] => problems.push(format!(
            "run {run} has lost its process; whatever verb comes next records that"
        )),
        [first, ..] => problems.push(format!(
            "{} runs have lost their process, {first} the first; whatever verb comes next records that",
            health.abandoned.len()
        )),
    }
    match health.unrecorded.as_slice() {
        [] => {}
        [run] => problems.push(format!(
            "run {run} is not whole in the database: orchestrate db import-journal"
        )),
        [first, ..] => problems.push(format!(
            "{} runs are not whole in the database, {first} the first: orchestrate db import-journal",
            health.unrecorded.len()
        )),
    }
    problems
}

fn problems_of_schedulers(schedulers: &[Heartbeat], bounds: HealthBounds, now: Timestamp) -> Vec<String> {
    let mut problems = Vec::new();
    if bounds.scheduler && schedulers.is_empty() {
        problems.push("no scheduler is there: orchestrate beat or orchestrate serve".to_owned());
    }
    for beat in schedulers {
        let silent = now.duration_since(beat.seen_at);
        if silent > RECENT {
            problems.push(format!(
                "the scheduler {} has said nothing for {}",
                beat.owner,
                human_duration(Duration::from_secs(silent.unsigned_abs().as_secs()))
            ));
        }
        if let Some(error) = &beat.schedule_error {
            problems.push(format!(
                "the scheduler {} cannot use {} as it is now and keeps the timetable that it had: {error}",
                beat.owner, beat.schedule_file
            ));
        }
    }
    problems
}

fn stuck_runs(running: &[(RunId, Timestamp)], bounds: HealthBounds, now: Timestamp) -> Vec<String> {
    let stuck = |since: Timestamp| {
        Duration::try_from(now.duration_since(since)).is_ok_and(|going| going > bounds.stuck_after)
    };
    running
        .iter()
        .filter(|(_, since)| stuck(*since))
        .map(|(run, since)| format!("run {run} has gone on since {since}: orchestrate cancel {run}"))
        .collect()
}

fn warnings(schedulers: &[Heartbeat], workers: &[WorkerLine]) -> Vec<String> {
    let worker = workers.iter().find(|worker| worker.is_there());
    let in_vain = |beat: &Heartbeat| {
        let worker = worker.filter(|_| beat.to_queue == Some(false))?;
        let warning = format!(
            "the scheduler {} executes its runs itself, while workers wait for them ({}): --execute queue gives them \
             to workers",
            beat.owner, worker.worker
        );
        Some(make_safe(&warning).into_owned())
    };
    let releases = |beat: &Heartbeat| {
        let reason = beat.release_error.as_ref()?;
        let warning = format!("nobody can tell whether there is a new release: {reason}");
        Some(make_safe(&warning).into_owned())
    };
    let each = schedulers.iter();
    each.flat_map(|beat| releases(beat).into_iter().chain(in_vain(beat)))
        .collect()
}
