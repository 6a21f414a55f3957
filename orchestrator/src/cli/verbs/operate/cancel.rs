//! `cancel`: asks a run of another process to end; one of the queue, wherever it is.

use clap::Args;

use crate::cli::args::global::Global;
use crate::cli::shell::database::queue::open_queue;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{unusable, with_store};
use crate::cli::times::Times;
use crate::fleet::Bell;
use crate::model::{CancelCause, Clock, Order, RunId, SystemClock};
use crate::queries::find_run::find_run;
use crate::rundir::{ControlFifo, StateDir, goes_on, wait_for_end};
use crate::store::{QueuedCancel, QueuedState, Store, this_process};

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
    let wanted = with_store(&settings, async |store| {
        if let Some(run) = find_in_queue(store, &args.run).await? {
            cancel_queued(store, &run, args).await?;
            return Ok(None);
        }
        Ok(Some(find_run(store, &args.run).await?))
    })?;
    let Some(record) = wanted else {
        return Ok(VerbExit::Success);
    };
    let header = record.header;
    let run = &header.run;
    if let Some(end) = header.finished_at {
        let end = Times::of_failures().second(end);
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

/// The run that is meant, if it is one of the queue that has not ended. One that waits for its
/// first worker has no record yet, and is found by its whole id.
async fn find_in_queue(store: &Store, word: &str) -> Result<Option<RunId>, Failure> {
    let exact = RunId::new(word);
    let run = match store.queued_run(&exact).await.map_err(unusable)? {
        Some(queued) => Some(queued),
        None => match find_run(store, word).await {
            Ok(record) => store.queued_run(&record.header.run).await.map_err(unusable)?,
            // It is told by whoever looks for it next.
            Err(_) => None,
        },
    };
    Ok(run
        .filter(|queued| queued.state != QueuedState::Ended)
        .map(|queued| queued.run))
}

/// Tells whoever has it, or will have it, and waits for its end.
async fn cancel_queued(store: &Store, run: &RunId, args: &CancelArgs) -> Result<(), Failure> {
    if args.kill {
        return Err(Failure::usage(format!(
            "run {run} is in the queue: its worker ends it politely, and kills what does not go"
        ))
        .hint("leave --kill out"));
    }
    let queue = open_queue(store, "a queued run").await?;
    let told = queue.cancel(run, SystemClock.now()).await.map_err(unusable)?;
    // A worker may be long in coming.
    if told == QueuedCancel::Waits {
        return print_text(&format!(
            "Run {run} was asked to end: no worker has it, and the one that takes it starts nothing.\n"
        ));
    }
    if args.no_wait {
        return print_text(&format!("Run {run} was asked to end.\n"));
    }
    let mut bell = Bell::with_ends(queue);
    loop {
        let queued = store.queued_run(run).await.map_err(unusable)?;
        if queued.is_none_or(|queued| queued.state == QueuedState::Ended) {
            return print_text(&format!("Run {run} has ended.\n"));
        }
        bell.ring().await;
    }
}

/// Whether the database has its end by now.
fn has_ended(settings: &CliSettings, run: &RunId) -> Result<bool, Failure> {
    let found = with_store(settings, async |store| Ok(find_run(store, run.as_str()).await?))?;
    Ok(found.header.finished_at.is_some())
}
