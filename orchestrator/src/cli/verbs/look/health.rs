//! `health`: whether database and runs are well, for probes.

use std::time::Duration;

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::limit::positive_duration;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{connect_store, runtime, unusable};
use crate::model::{Clock, SystemClock};
use crate::queries;
use crate::queries::health::{Health, HealthBounds};
use crate::store::this_process;

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
    let bounds = HealthBounds {
        scheduler: args.beat,
        stuck_after: args.stuck_after,
    };
    let mut health = runtime()?.block_on(async {
        let store = connect_store(&settings).await?;
        let health = queries::health::health(&store, &settings.state_dir, &here, bounds, SystemClock.now());
        let health = health.await.map_err(unusable);
        store.close().await;
        health
    })?;
    health
        .warnings
        .extend(settings.unset().iter().map(ToString::to_string));
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
