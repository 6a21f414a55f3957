//! `health`: whether database and runs are well, for probes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cli::command_line::{Format, Global, HealthArgs};
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::{connect_store, runtime, unusable};
use crate::model::{Clock, Owner, RunId, SystemClock};
use crate::store::{Heartbeat, HistoryFilter, Store, StoreError, StoreHealth, this_process};
use crate::text::human_duration;
use crate::text::make_safe;

/// Looks and changes nothing: it may be asked every second.
pub(crate) fn health(global: &Global, args: &HealthArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let here = this_process().map_err(Failure::infrastructure)?;
    let looked = runtime()?.block_on(async {
        let store = connect_store(&settings).await?;
        let health = look(&store, &settings, &here).await.map_err(unusable);
        store.close().await;
        health
    })?;
    let Looked { health, .. } = &looked;
    let mut problems = problems(health);
    problems.extend(problems_of_schedulers(&looked, args, SystemClock.now()));
    let warnings = warnings(&looked);
    match args.format {
        Format::Json => {
            let mut json = serde_json::to_value(health).map_err(Failure::infrastructure)?;
            json["schedulers"] = serde_json::to_value(&looked.beats).map_err(Failure::infrastructure)?;
            json["ok"] = problems.is_empty().into();
            json["problems"] = problems.clone().into();
            json["warnings"] = warnings.clone().into();
            print_json(&json)?;
        }
        Format::Text => {
            let mut lines = problems.clone();
            if problems.is_empty() {
                lines.push(format!(
                    "well: {}, {} running",
                    health.database,
                    health.running.len()
                ));
            }
            lines.extend(warnings.iter().map(|warning| format!("warning: {warning}")));
            print_text(&format!("{}\n", lines.join("\n")))?;
        }
    }
    Ok(if problems.is_empty() {
        Exit::Success
    } else {
        Exit::Infrastructure
    })
}

/// What is to be judged.
struct Looked {
    health: StoreHealth,
    /// The one that leads first.
    beats: Vec<Heartbeat>,
    /// Runs that go on, and since when.
    running: Vec<(RunId, Timestamp)>,
}

async fn look(store: &Store, settings: &Settings, here: &Owner) -> Result<Looked, StoreError> {
    let health = store.health(&settings.state_dir, here).await?;
    // What a schema lacks cannot be asked.
    if !health.missing_migrations.is_empty() {
        return Ok(Looked {
            health,
            beats: Vec::new(),
            running: Vec::new(),
        });
    }
    let filter = HistoryFilter {
        outcome: Some("running".to_owned()),
        last: 1000,
        ..HistoryFilter::default()
    };
    let running = store.history(&filter).await?;
    Ok(Looked {
        health,
        beats: store.heartbeats().await?,
        running: running.into_iter().map(|run| (run.run, run.started_at)).collect(),
    })
}

/// A scheduler says every ten seconds that it is there.
const RECENT: SignedDuration = SignedDuration::from_secs(60);

fn problems_of_schedulers(looked: &Looked, args: &HealthArgs, now: Timestamp) -> Vec<String> {
    let mut problems = Vec::new();
    if args.beat && looked.beats.is_empty() {
        problems.push("no scheduler is there: orchestrate beat or orchestrate serve".to_owned());
    }
    for beat in &looked.beats {
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
    let stuck = |since: Timestamp| {
        Duration::try_from(now.duration_since(since)).is_ok_and(|going| going > args.stuck_after)
    };
    for (run, since) in looked.running.iter().filter(|(_, since)| stuck(*since)) {
        problems.push(format!(
            "run {run} has gone on since {since}: orchestrate cancel {run}"
        ));
    }
    problems
}

/// What somebody should know and what no restart would mend.
fn warnings(looked: &Looked) -> Vec<String> {
    let releases = |beat: &Heartbeat| {
        let reason = beat.release_error.as_ref()?;
        let told = format!("nobody can tell whether there is a new release: {reason}");
        Some(make_safe(&told).into_owned())
    };
    looked.beats.iter().filter_map(releases).collect()
}

fn problems(health: &StoreHealth) -> Vec<String> {
    let mut problems = Vec::new();
    if !health.missing_migrations.is_empty() {
        problems.push(format!(
            "{} lacks {} steps of its schema: orchestrate db migrate",
            health.database,
            health.missing_migrations.len()
        ));
    }
    if let Some(first) = health.abandoned.first() {
        problems.push(format!(
            "{} runs have lost their process, {first} the first; whatever verb comes next records that",
            health.abandoned.len()
        ));
    }
    if let Some(first) = health.unrecorded.first() {
        problems.push(format!(
            "{} runs are not whole in the database, {first} the first: orchestrate db import-journal",
            health.unrecorded.len()
        ));
    }
    problems
}
