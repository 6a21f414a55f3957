//! `workers`: who executes queued runs.

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::table::TextTable;
use crate::model::{Clock, SystemClock};
use crate::store::WorkerLine;
use crate::text::{human_duration, make_safe};

/// Show the workers: what they run, and when they were last there
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate workers
  orchestrate workers --format json")]
pub(crate) struct WorkersArgs {
    /// Form of the list
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Lists them; those that are gone, for a day.
pub(crate) fn workers(global: &Global, args: &WorkersArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let workers = with_look(&settings, async |look| {
        look.store.workers().await.map_err(Failure::infrastructure)
    })?;
    match args.format {
        Format::Json => print_json(&workers)?,
        Format::Text => print_text(&text(&workers))?,
    }
    Ok(VerbExit::Success)
}

fn text(workers: &[WorkerLine]) -> String {
    if workers.is_empty() {
        return "There is no worker.\n".to_owned();
    }
    let now = SystemClock.now();
    let mut table = TextTable::new(["Worker", "State", "Runs", "Labels", "Seen", "Clock", "Version"]);
    for line in workers {
        let seen = std::time::Duration::try_from(now.duration_since(line.seen_at)).unwrap_or_default();
        let mut running = format!("{} of {}", line.running.len(), line.capacity);
        for run in &line.running {
            running.push_str(&format!("\n{run}"));
        }
        let mut labels = line.labels.join(", ");
        for name in line.lacks.iter().chain(&line.lacks_commands) {
            labels.push_str(&format!("\nlacks {name}"));
        }
        for left in &line.leaves {
            running.push_str(&format!("\nleaves {}: {}", left.run, make_safe(&left.why)));
        }
        let skew = line
            .clock_skew_ms
            .map_or("?".to_owned(), |ms| format!("{ms:+} ms"));
        let cells = [
            make_safe(&line.worker).into_owned(),
            line.state.to_string(),
            running,
            make_safe(&labels).into_owned(),
            format!("{} ago", human_duration(seen)),
            skew,
            make_safe(&line.version).into_owned(),
        ];
        table.row(cells);
    }
    table.text()
}
