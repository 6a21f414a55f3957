//! `health`: whether database and runs are well, for probes.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::limit::positive_duration;
use crate::cli::shell::collectors::{launcher, unusable_collectors};
use crate::cli::shell::database::address::address;
use crate::cli::shell::database::look::{Found, find};
use crate::cli::shell::database::refusal::Refusal;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{runtime, unusable};
use crate::model::{Clock, Owner, SystemClock};
use crate::queries;
use crate::queries::health::{Health, HealthBounds, health_without};
use crate::queries::liveness::find_liveness;
use crate::store::{SchemaState, StoreHealth, this_process};
use crate::text::make_safe;

/// Exit 0 when database, scheduler and runs are well, for probes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate health
  orchestrate health --beat --format json")]
pub(crate) struct HealthArgs {
    /// Not well either if no scheduler is there
    #[arg(long)]
    pub(crate) beat: bool,
    /// Only whether a scheduler of this state directory is alive: 0 also while a database is away
    /// or the schedule is broken, so that no probe ends it for that
    #[arg(long, conflicts_with = "beat")]
    pub(crate) live: bool,
    /// A run that has gone on for longer is stuck
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = positive_duration)]
    pub(crate) stuck_after: Duration,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Prints how things are; exits for a probe.
pub(crate) fn health(global: &Global, args: &HealthArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let here = this_process().map_err(Failure::infrastructure)?;
    if args.live {
        return live(&settings, &here, args.format);
    }
    let bounds = HealthBounds {
        scheduler: args.beat,
        stuck_after: args.stuck_after,
    };
    let mut health = runtime()?.block_on(ask(&settings, &here, bounds))?;
    health
        .warnings
        .extend(settings.unset().iter().map(ToString::to_string));
    let schedule = schedule_if_usable(&settings);
    health.warnings.extend(settings.unset_secrets(schedule.as_ref()));
    if let Some(schedule) = schedule {
        let unusable = unusable_collectors(&launcher(&settings), &schedule);
        health.warnings.extend(unusable);
    }
    match args.format {
        // As a value, because its keys are sorted.
        Format::Json => print_json(&serde_json::to_value(&health).map_err(Failure::infrastructure)?)?,
        Format::Text => print_text(&text(&health))?,
    }
    Ok(if health.ok {
        VerbExit::Success
    } else {
        VerbExit::Infrastructure
    })
}

/// The answer of `--live`.
#[derive(Serialize)]
struct LiveAnswer {
    ok: bool,
    problems: Vec<String>,
}

fn live(settings: &CliSettings, here: &Owner, format: Format) -> Result<VerbExit, Failure> {
    let liveness = find_liveness(&settings.state_dir, here).map_err(Failure::infrastructure)?;
    let answer = LiveAnswer {
        ok: liveness.alive,
        problems: liveness.problems,
    };
    match format {
        Format::Json => print_json(&answer)?,
        Format::Text if answer.ok => print_text("alive\n")?,
        Format::Text => print_text(&format!("{}\n", answer.problems.join("\n")))?,
    }
    Ok(match answer.ok {
        true => VerbExit::Success,
        false => VerbExit::Infrastructure,
    })
}

/// A database that no other verb would take is not well, whatever it answers.
async fn ask(settings: &CliSettings, here: &Owner, bounds: HealthBounds) -> Result<Health, Failure> {
    let address = address(settings).await?;
    let (refusal, missing_migrations) = match find(settings, &address).await? {
        Found::Usable(store) => {
            let now = SystemClock.now();
            let health = queries::health::health(&store, &settings.state_dir, here, bounds, now).await;
            store.close().await;
            return health.map_err(unusable);
        }
        Found::Refused(refusal, SchemaState::Behind(missing)) => (Some(refusal), missing),
        Found::Refused(refusal, _) => (Some(refusal), Vec::new()),
        Found::Nothing => (
            Refusal::of_journals(&settings.state_dir, &address.name())?,
            Vec::new(),
        ),
    };
    if refusal.is_none() {
        print_words!("There is no database yet: {}.", make_safe(&address.name()));
    }
    let store = StoreHealth {
        database: address.name(),
        missing_migrations,
        running: Vec::new(),
        abandoned: Vec::new(),
        unrecorded: Vec::new(),
    };
    let problem = refusal.map(|refusal| format!("{}: {}", refusal.message, refusal.hint));
    Ok(health_without(store, &settings.state_dir, problem, bounds))
}

fn text(health: &Health) -> String {
    let mut lines = health.problems.clone();
    if health.ok {
        lines.push(format!(
            "well: {}, {} running",
            health.store.database,
            health.store.running.len()
        ));
    }
    lines.extend(
        health
            .warnings
            .iter()
            .map(|warning| format!("warning: {warning}")),
    );
    format!("{}\n", lines.join("\n"))
}
