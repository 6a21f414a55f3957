//! `cancel`: asks a run of another process to end.

use clap::Args;

use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::with_store;
use crate::model::{CancelCause, Order, RunId};
use crate::queries::find_run::find_run;
use crate::rundir::{ControlFifo, StateDir, goes_on, wait_for_end};
use crate::store::this_process;

/// Ask a run of another process to end
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate cancel last
  orchestrate cancel 20261125-041000 --kill --no-wait")]
pub(crate) struct CancelArgs {
    /// A run's id, or a part of one that no other has, or `last`
    pub(crate) run: String,
    /// End it now, without time to clean up
    #[arg(long)]
    pub(crate) kill: bool,
    /// Do not wait until it has ended
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Gives the order and waits until nobody executes the run any more.
pub(crate) fn cancel(global: &Global, args: &CancelArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let header = with_store(&settings, async |store| Ok(find_run(store, &args.run).await?))?.header;
    let run = &header.run;
    if let Some(end) = header.finished_at {
        let end = end.strftime("%Y-%m-%d %H:%M:%SZ");
        return Err(Failure::usage(format!(
            "run {run} does not go on: it ended {end}"
        )));
    }
    let here = this_process().map_err(Failure::infrastructure)?;
    if header.owner.host != here.host {
        return Err(Failure::usage(format!(
            "run {run} goes on as {}, and this is {}",
            header.owner, here.host
        ))
        .hint("cancel it there"));
    }
    let dir = StateDir(&settings.state_dir).run(run);
    let order = if args.kill {
        Order::Kill(CancelCause::Operator)
    } else {
        Order::Cancel(CancelCause::Operator)
    };
    let taken = ControlFifo::of(&dir).send(order).map_err(|error| {
        Failure::infrastructure(anyhow::Error::new(error).context(dir.display().to_string()))
    })?;
    // It listens to nobody any more and has not let go its journal: it is about to end.
    if !taken && goes_on(&dir) {
        wait_for_end(&dir).map_err(Failure::infrastructure)?;
        print_text(&format!(
            "Run {run} has ended by itself; the order came too late.\n"
        ))?;
        return Ok(VerbExit::Success);
    }
    if !taken && has_ended(&settings, run)? {
        return Err(Failure::usage(format!(
            "run {run} does not go on: it has just ended"
        )));
    }
    if !taken {
        return Err(
            Failure::usage(format!("run {run} takes no orders in {}", dir.display()))
                .hint(format!("its process ({}) takes SIGTERM", header.owner)),
        );
    }
    if args.no_wait {
        print_text(&format!("Run {run} was asked to end.\n"))?;
        return Ok(VerbExit::Success);
    }
    wait_for_end(&dir).map_err(Failure::infrastructure)?;
    print_text(&format!("Run {run} has ended.\n"))?;
    Ok(VerbExit::Success)
}

/// Whether the database has its end by now.
fn has_ended(settings: &CliSettings, run: &RunId) -> Result<bool, Failure> {
    let found = with_store(settings, async |store| Ok(find_run(store, run.as_str()).await?))?;
    Ok(found.header.finished_at.is_some())
}
