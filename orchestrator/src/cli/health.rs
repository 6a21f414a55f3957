//! `health`: whether database and runs are well, for probes.

use super::args::{Format, Global, HealthArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{print_json, print_text};
use super::settings::Settings;
use super::store::{connect_store, runtime, unusable};
use crate::store::{StoreHealth, this_process};

/// Looks and changes nothing: it may be asked every second.
pub(super) fn health(global: &Global, args: &HealthArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let here = this_process().map_err(Failure::infrastructure)?;
    let health = runtime()?.block_on(async {
        let store = connect_store(&settings).await?;
        let health = store.health(&settings.state_dir, &here).await.map_err(unusable);
        store.close().await;
        health
    })?;
    let problems = problems(&health);
    match args.format {
        Format::Json => {
            let mut json = serde_json::to_value(&health).map_err(Failure::infrastructure)?;
            json["ok"] = problems.is_empty().into();
            json["problems"] = problems.clone().into();
            print_json(&json)?;
        }
        Format::Text if problems.is_empty() => print_text(&format!(
            "well: {}, {} running\n",
            health.database,
            health.running.len()
        ))?,
        Format::Text => print_text(&format!("{}\n", problems.join("\n")))?,
    }
    Ok(if problems.is_empty() {
        Exit::Success
    } else {
        Exit::Infrastructure
    })
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
