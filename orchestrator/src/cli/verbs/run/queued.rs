//! `run --queue`: what was selected is given to the queue, a run a group, and if somebody wants
//! to know, their ends are waited for.

use std::sync::Arc;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::queue::{open_queue, terms};
use crate::cli::shell::executor::executor;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{open_store, prepare_state_dir, runtime, unusable};
use crate::engine::EndingSignals;
use crate::execution::{Executor, RunPlan};
use crate::fleet::Bell;
use crate::model::{CancelCause, Clock, EntryKey, Plan, RunId, SystemClock};
use crate::store::{FleetQueue, NewQueuedRun, QueuedState, Store};
use crate::text::make_safe;

/// A plan for the queue.
pub(crate) struct QueuedJob {
    pub(crate) plan: Plan,
    pub(crate) label: String,
    pub(crate) stop_on_failure: bool,
    pub(crate) wait: bool,
}

impl QueuedJob {
    /// Gives it to the queue, and waits if that is wanted.
    ///
    /// # Errors
    /// The database has no queue, or fails.
    pub(crate) fn run(
        mut self,
        _global: &Global,
        settings: &CliSettings,
        args: &ExecutionArgs,
    ) -> Result<VerbExit, Failure> {
        for planned in &mut self.plan.tasks {
            if let Some(timeout) = args.timeout {
                planned.task.policy.timeout = Some(timeout);
            }
        }
        let runtime = runtime()?;
        prepare_state_dir(settings)?;
        runtime.block_on(async {
            let store = open_store(settings).await?;
            let queue = open_queue(&store, "--queue").await?;
            let executor = executor(settings, store, Arc::new(SystemClock))?;
            let exit = self.give(&executor, &queue, settings, args).await;
            executor.close().await;
            exit
        })
    }

    async fn give(
        &self,
        executor: &Executor,
        queue: &FleetQueue,
        settings: &CliSettings,
        args: &ExecutionArgs,
    ) -> Result<VerbExit, Failure> {
        let runs = self.runs(executor, settings, args)?;
        if runs.is_empty() {
            print_words!("Nothing is due.");
        }
        for run in &runs {
            queue.enqueue(run, executor.now()).await.map_err(unusable)?;
            match args.format {
                Format::Text => print_text(&format!("{}\n", run.run))?,
                Format::Json => print_text(&format!("{}\n", serde_json::json!({ "run": run.run })))?,
            }
        }
        if !self.wait {
            return Ok(VerbExit::Success);
        }
        let runs: Vec<RunId> = runs.into_iter().map(|run| run.run).collect();
        wait(&executor.store, queue, &runs).await
    }

    /// One of each group, in the order of the plan.
    fn runs(
        &self,
        executor: &Executor,
        settings: &CliSettings,
        args: &ExecutionArgs,
    ) -> Result<Vec<NewQueuedRun>, Failure> {
        let mut groups = Vec::new();
        for planned in &self.plan.tasks {
            if !groups.contains(&planned.task.group) {
                groups.push(planned.task.group.clone());
            }
        }
        let now = executor.now();
        // Who does not wait for it does not sit before it.
        let quiet = args.no_notify || (self.wait && args.is_quiet());
        let run = |group| {
            let mut plan = self.plan.clone();
            plan.tasks.retain(|planned| planned.task.group == group);
            // By hand a task stands for now, unless it was asked for a day.
            plan.set_slot(now);
            let plan = RunPlan {
                run: RunId::at(now, fastrand::u32(..)),
                schedule: self.label.clone(),
                group: Some(group.to_string()),
                slot: None,
                stop_on_failure: self.stop_on_failure,
                quiet,
                plan,
            };
            let entry = EntryKey::Group(group).overlap_queue().to_string();
            executor
                .for_queue(plan, entry, &terms(settings))
                .map_err(Failure::infrastructure)
        };
        groups.into_iter().map(run).collect()
    }
}

/// Until all of them have ended. The first signal cancels them, the second lets them be.
async fn wait(store: &Store, queue: &FleetQueue, runs: &[RunId]) -> Result<VerbExit, Failure> {
    let mut signals = EndingSignals::new().map_err(Failure::infrastructure)?;
    let mut bell = Bell::new(queue.clone());
    let mut waiting = runs.to_vec();
    let mut cancelled: Option<CancelCause> = None;
    let mut worst = 0;
    loop {
        let mut left = Vec::new();
        for run in waiting {
            match end_of(store, &run).await {
                Some(code) => worst = worst.max(code),
                None => left.push(run),
            }
        }
        waiting = left;
        if waiting.is_empty() {
            return Ok(VerbExit::of_run(worst));
        }
        tokio::select! {
            biased;
            cause = signals.next() => {
                if let Some(cause) = cancelled {
                    print_words!("{cause}: what runs goes on without us.");
                    return Ok(match cause {
                        CancelCause::Interrupt => VerbExit::Interrupted,
                        _ => VerbExit::Terminated,
                    });
                }
                cancelled = Some(cause);
                print_words!("{cause}: the runs are cancelled; a second signal lets them be");
                for run in &waiting {
                    queue.cancel(run, SystemClock.now()).await.map_err(unusable)?;
                }
            }
            () = bell.ring() => {}
        }
    }
}

/// The exit code of a run that has ended, which is told; a database that is away tells nothing.
async fn end_of(store: &Store, run: &RunId) -> Option<u8> {
    let queued = store.queued_run(run).await.ok()??;
    if queued.state != QueuedState::Ended {
        return None;
    }
    let Some(record) = store.run(run).await.ok()? else {
        print_words!("run {run} was given up before anything of it was started");
        return Some(1);
    };
    let header = record.header;
    let reason = header
        .lost
        .as_deref()
        .map_or(String::new(), |lost| format!(": {}", make_safe(lost)));
    print_words!(
        "run {run} ended: {} succeeded, {} failed, {} skipped{reason}",
        header.succeeded,
        header.failed,
        header.skipped
    );
    Some(header.exit_code.unwrap_or(1))
}
