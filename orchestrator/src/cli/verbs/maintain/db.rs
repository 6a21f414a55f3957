//! `db`: looking after the database.

use std::fmt::Write;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::moment::MomentArg;
use crate::cli::shell::database::address::address;
use crate::cli::shell::database::refusal::Refusal;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{
    connect_store, print_recovered, recover, runtime, shelf, unusable, warn_of_journals, with_store,
};
use crate::cli::shell::undelivered;
use crate::database::MigrationState;
use crate::model::{Clock, Retention, SystemClock};
use crate::store::{Looked, Pruned, SchemaState, Store};
use crate::text::{counted, make_safe};

/// Look after the database
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  orchestrate db status
  orchestrate db prune --older-than 90d --dry-run")]
pub(crate) enum DbVerb {
    /// Bring the schema up to date; every verb that writes does so by itself
    #[command(after_help = "\
Examples:
  orchestrate db migrate
  orchestrate db migrate --database-url postgres://orchestrate@db.example/orchestrate")]
    Migrate {
        /// Also into a database that has tables of another program
        #[arg(long)]
        here: bool,
    },
    /// Show which database it is and which steps its schema has
    #[command(after_help = "\
Examples:
  orchestrate db status
  orchestrate db status --format json")]
    Status {
        /// Form of the answer
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Forget old runs, but never a collector's last success or last failure
    #[command(after_help = "\
Examples:
  orchestrate db prune --older-than 90d
  orchestrate db prune --keep 1000 --max-size 20GiB --dry-run")]
    Prune(PruneArgs),
    /// Bring runs from their journals into the database; every start does so for what it lacks
    #[command(after_help = "\
Examples:
  orchestrate db import-journal
  orchestrate db import-journal --all")]
    ImportJournal {
        /// Of every run directory, into a database that is new or was restored
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct PruneBounds {
    /// Runs that began before then: 90d, 2026-01-01
    #[arg(long, value_name = "WHEN")]
    pub(crate) older_than: Option<MomentArg>,
    /// All but the newest so many runs
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<usize>,
    /// The oldest runs, until logs and journals fit into so much: 20GiB, 500MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    pub(crate) bounds: PruneBounds,
    /// Only show what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Bytes, as the schedule file writes them.
fn size(text: &str) -> Result<u64, String> {
    crate::config::parse(text).map_err(|error| error.to_string())
}

/// Does what the word after `db` says.
pub(crate) fn db(global: &Global, verb: &DbVerb) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    match verb {
        DbVerb::Migrate { here } => migrate(&settings, *here),
        DbVerb::Status { format } => status(&settings, *format),
        DbVerb::Prune(args) => prune(&settings, args),
        DbVerb::ImportJournal { all } => import(&settings, *all),
    }
}

fn migrate(settings: &CliSettings, here: bool) -> Result<VerbExit, Failure> {
    let (name, before, steps) = runtime()?.block_on(async {
        let store = connect_store(settings).await?;
        warn_of_journals(&store, &settings.state_dir).await?;
        let before = store.schema().await.map_err(unusable)?;
        let migrated = if here {
            store.migrate_here().await
        } else {
            store.migrate().await
        };
        migrated.map_err(unusable)?;
        let steps = store.migrations().await.map_err(unusable)?.len();
        let name = store.name();
        store.close().await;
        Ok::<_, Failure>((name, before, steps))
    })?;
    let what = match before {
        SchemaState::Current => "0 of them new".to_owned(),
        SchemaState::Behind(missing) => format!("{} of them new", missing.len()),
        SchemaState::InPublic => format!("the tables moved from public to {}", settings.database_schema),
        SchemaState::Absent | SchemaState::Foreign(_) | SchemaState::Newer(_) | SchemaState::Unusable(_) => {
            format!("{steps} of them new")
        }
    };
    print_text(&format!("{name}: {steps} steps, {what}\n"))?;
    Ok(VerbExit::Success)
}

fn status(settings: &CliSettings, format: Format) -> Result<VerbExit, Failure> {
    let (name, steps, refusal) = runtime()?.block_on(steps_of(settings))?;
    match format {
        Format::Json => print_json(&serde_json::json!({"database": name, "migrations": steps}))?,
        Format::Text => {
            let mut text = format!("{name}\n");
            for step in &steps {
                let state = if step.applied { "applied" } else { "missing" };
                // Writing to a String cannot fail.
                let _ = writeln!(text, "  {:04} {} {state}", step.version, step.name);
            }
            print_text(&text)?;
        }
    }
    refusal.map_or(Ok(VerbExit::Success), |refusal| Err(refusal.into()))
}

/// Which database it is, its steps, and why it cannot be used. One that only waits for its
/// next step can be.
async fn steps_of(settings: &CliSettings) -> Result<(String, Vec<MigrationState>, Option<Refusal>), Failure> {
    let address = address(settings).await?;
    let name = address.name();
    let Looked::There(store) = Store::look(&address).await.map_err(unusable)? else {
        print_words!("There is no database yet: {}.", make_safe(&name));
        let refusal = Refusal::of_journals(&settings.state_dir, &name)?;
        return Ok((name, no_steps().await?, refusal));
    };
    let state = store.schema().await.map_err(unusable)?;
    let steps = match state {
        SchemaState::Current | SchemaState::Behind(_) | SchemaState::Newer(_) | SchemaState::Unusable(_) => {
            store.migrations().await.map_err(unusable)?
        }
        SchemaState::Absent | SchemaState::InPublic | SchemaState::Foreign(_) => no_steps().await?,
    };
    store.close().await;
    let refusal = match state {
        SchemaState::Behind(_) => None,
        SchemaState::Absent => {
            print_words!("There is no database yet: {}.", make_safe(&name));
            Refusal::of_journals(&settings.state_dir, &name)?
        }
        _ => Refusal::of(&state, &name),
    };
    Ok((name, steps, refusal))
}

/// Every step, and a database that has none of them.
async fn no_steps() -> Result<Vec<MigrationState>, Failure> {
    let empty = Store::empty().await.map_err(unusable)?;
    let mut steps = empty.migrations().await.map_err(unusable)?;
    steps.iter_mut().for_each(|step| step.applied = false);
    Ok(steps)
}

fn prune(settings: &CliSettings, args: &PruneArgs) -> Result<VerbExit, Failure> {
    let now = SystemClock.now();
    let retention = Retention {
        age: args.bounds.older_than.map(|when| {
            // Nothing is younger than now.
            Duration::try_from(now.duration_since(when.resolve(now))).unwrap_or_default()
        }),
        count: args.bounds.keep,
        bytes: args.bounds.max_size,
    };
    let pruned = with_store(settings, async |store| {
        // The events file of a run that goes may be the only place of what it brought.
        undelivered::ingest(&shelf(store), &settings.state_dir).await?;
        store
            .prune(&settings.state_dir, &retention, now, args.dry_run)
            .await
            .map_err(unusable)
    })?;
    match args.format {
        Format::Json => print_json(&pruned)?,
        Format::Text => print_text(&text(&pruned, args.dry_run))?,
    }
    Ok(VerbExit::Success)
}

fn text(pruned: &Pruned, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let kept = match pruned.kept {
        0 => String::new(),
        kept => format!("; {kept} kept: each holds a collector's last success or last failure"),
    };
    format!(
        "{} of {} {would}forgotten, {} of logs and journals{kept}\n",
        pruned.runs,
        counted(pruned.seen, "run"),
        counted(pruned.bytes, "byte")
    )
}

fn import(settings: &CliSettings, all: bool) -> Result<VerbExit, Failure> {
    // To open the store brings in what was noted; what that found was told.
    let imported = runtime()?.block_on(async {
        let store = connect_store(settings).await?;
        if !all {
            warn_of_journals(&store, &settings.state_dir).await?;
        }
        let imported = bring_in(settings, &store, all).await;
        store.close().await;
        imported
    })?;
    match imported {
        Some(count) => print_text(&format!(
            "{} brought in from the journals\n",
            counted(count, "run")
        ))?,
        None => print_text("Every journal that was noted is in the database.\n")?,
    }
    Ok(VerbExit::Success)
}

/// How many runs came in, of all journals; or nothing but what was noted.
async fn bring_in(settings: &CliSettings, store: &Store, all: bool) -> Result<Option<usize>, Failure> {
    store.migrate().await.map_err(unusable)?;
    // First, so that those which were noted count as well.
    let imported = match all {
        true => {
            let found = store.import_all(&settings.state_dir).await.map_err(unusable)?;
            print_recovered(&found);
            Some(found.imported.len())
        }
        false => None,
    };
    recover(store, &settings.state_dir).await?;
    undelivered::ingest(&shelf(store), &settings.state_dir).await?;
    Ok(imported)
}
