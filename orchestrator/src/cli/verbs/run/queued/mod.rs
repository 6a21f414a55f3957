//! `run --queue`: what was selected is given to the queue, a run a group, and if somebody wants
//! to know, their output is shown and their ends are waited for.

mod wait;

use std::sync::Arc;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::queue::{open_queue, terms};
use crate::cli::shell::executor::executor;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::logging::line_form;
use crate::cli::shell::output::print_text;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::{colour_on_stderr, print_words};
use crate::cli::shell::store::{open_store, prepare_state_dir, runtime, unusable};
use crate::cli::verbs::run::queued::wait::QueuedRuns;
use crate::execution::{Executor, RunPlan, queue_entry};
use crate::model::{EntryKey, HoldKey, Overlap, Plan, RunId, SystemClock};
use crate::report::{Console, Terminal};
use crate::store::{FleetQueue, NewQueuedRun};
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
        global: &Global,
        settings: &CliSettings,
        args: &ExecutionArgs,
    ) -> Result<VerbExit, Failure> {
        if args.overlap.is_none() {
            self.plan.wait_instead_of_giving_way();
        }
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
            let exit = self.give(&executor, &queue, (global, settings), args).await;
            executor.close().await;
            exit
        })
    }

    async fn give(
        &self,
        executor: &Executor,
        queue: &FleetQueue,
        (global, settings): (&Global, &CliSettings),
        args: &ExecutionArgs,
    ) -> Result<VerbExit, Failure> {
        let runs = self.runs(executor, settings, args).await?;
        let mut held_back = false;
        if runs.is_empty() {
            print_words!("Nothing is due.");
        }
        // By hand it waits, unless somebody says otherwise (or its group, that it may go on beside others).
        let gives_way = args.overlap == Some(Overlap::Skip);
        let mut given = Vec::new();
        for run in runs {
            let busy = match gives_way {
                true => queue.enqueue_unless_busy(&run, executor.now()).await,
                false => queue.enqueue(&run, executor.now()).await.map(|()| None),
            };
            if let Some(other) = busy.map_err(unusable)? {
                let group = run.group.as_deref().unwrap_or_default();
                print_words!(
                    "{} is held back: run {other} of it waits or goes on",
                    make_safe(group)
                );
                held_back = true;
                continue;
            }
            given.push(run.run.clone());
            match args.format {
                Format::Text => print_text(&format!("{}\n", run.run))?,
                Format::Json => print_text(&format!("{}\n", serde_json::json!({ "run": run.run })))?,
            }
        }
        let exit = match self.wait {
            true => {
                let terminal = Terminal::new(false, colour_on_stderr());
                let console = Console::new(terminal, !global.quiet, line_form(global));
                QueuedRuns::new(executor, queue.clone(), console, given)
                    .wait()
                    .await?
            }
            false => VerbExit::Success,
        };
        Ok(match exit {
            VerbExit::Success if held_back => VerbExit::of_run(1),
            exit => exit,
        })
    }

    /// One of each group, in the order of the plan.
    async fn runs(
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
        let mut runs = Vec::new();
        for group in groups {
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
            // Tasks of an interval hold that, as those of a slot do.
            let key = plan.plan.common_hold().cloned();
            let key = key.unwrap_or_else(|| HoldKey::entry(&EntryKey::Group(group)));
            let entry = queue_entry(&key, plan.plan.overlap_mode(), &plan.run);
            let run = executor.for_queue(plan, entry, &terms(settings)).await;
            runs.push(run.map_err(Failure::infrastructure)?);
        }
        Ok(runs)
    }
}
