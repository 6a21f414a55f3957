//! `run`, `run-all` and `run-one`: from a plan to an exit code.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::command_line::{ExecutionArgs, Format, Global, RunAllArgs, RunArgs, RunOneArgs};
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::means::{means, not_executed};
use crate::cli::shell::output::{colour_on_stderr, print_text};
use crate::cli::shell::schedule::{load, planned};
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::{open_store, runtime, shelf, unusable};
use crate::cli::shell::summary::SummaryFiles;
use crate::cli::shell::undelivered;
use crate::cli::shell::{logging, schedule};
use crate::cli::verbs::look::plan;
use crate::engine::{RunRequest, forward_signals};
use crate::events::Listener;
use crate::execution::{Audience, Executed, Means, Orders, execute, tell_end, tidy};
use crate::model::{Clock, Day, GroupName, Plan, Planned, RunId, Schedule, SystemClock, plan_workflow};
use crate::report::{Console, Diary, JsonLines, Terminal, Unwritten, summary_text};
use crate::store::this_process;

/// `run`: selects from the schedule and runs.
pub(crate) fn run(global: &Global, args: &RunArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let schedule = load(&settings)?;
    let mut job = Job {
        plan: planned(&settings, &schedule, &args.selection)?,
        label: args.selection.kind()?.to_owned(),
        group: args.selection.group.clone(),
        stop_on_failure: args.stop_on_failure,
        stopping_groups: stopping_groups(&schedule),
        slots: args
            .selection
            .date
            .map(|date| schedule::slots_on(&schedule, date))
            .unwrap_or_default(),
    };
    if args.dry_run {
        return plan::show(&settings, &job.plan, args.execution.format);
    }
    job.run(global, &settings, &args.execution)
}

/// `run-all`: the fixed list.
pub(crate) fn run_all(global: &Global, args: &RunAllArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let schedule = load(&settings)?;
    let mut job = Job {
        plan: plan_workflow(&schedule, Day::At(SystemClock.now())).map_err(Failure::usage)?,
        label: "run-all".to_owned(),
        group: None,
        stop_on_failure: args.stop_on_failure,
        stopping_groups: Vec::new(),
        slots: BTreeMap::new(),
    };
    if args.dry_run {
        return plan::show(&settings, &job.plan, args.execution.format);
    }
    job.run(global, &settings, &args.execution)
}

/// `run-one`: one collector by hand.
pub(crate) fn run_one(global: &Global, args: &RunOneArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let plan = schedule::planned_one(&settings, args)?;
    let mut job = Job::by_hand(plan, "run-one".to_owned(), false);
    job.run(global, &settings, &args.execution)
}

fn stopping_groups(schedule: &Schedule) -> Vec<String> {
    schedule
        .groups
        .iter()
        .filter(|group| group.stop_on_failure)
        .map(|group| group.name.to_string())
        .collect()
}

/// A plan and how it is to be executed.
pub(crate) struct Job {
    plan: Plan,
    label: String,
    group: Option<String>,
    stop_on_failure: bool,
    stopping_groups: Vec<String>,
    /// Where a date was given: the slot of each group on it.
    slots: BTreeMap<GroupName, Timestamp>,
}

impl Job {
    /// Something that a person wants now, whatever the schedule says.
    pub(crate) fn by_hand(plan: Plan, label: String, stop_on_failure: bool) -> Self {
        Self {
            plan,
            label,
            group: None,
            stop_on_failure,
            stopping_groups: Vec::new(),
            slots: BTreeMap::new(),
        }
    }

    /// Executes it, from the first check to the last report.
    ///
    /// # Errors
    /// The machine or the database would not; what a collector does is in the exit.
    pub(crate) fn run(
        &mut self,
        global: &Global,
        settings: &Settings,
        args: &ExecutionArgs,
    ) -> Result<Exit, Failure> {
        if let Some(timeout) = args.timeout {
            for planned in &mut self.plan.tasks {
                planned.task.policy.timeout = Some(timeout);
            }
        }
        settings.warn_of_unset();
        let json = args.format == Format::Json;
        let terminal = Terminal::new(
            !json && std::env::var_os("NO_COLOR").is_none(),
            !json && colour_on_stderr(),
        );
        let files = SummaryFiles::open(args, settings)?;
        let runtime = runtime()?;
        let unwritten = Unwritten::default();
        let Executed { summary, recorded } = {
            let store = runtime.block_on(open_store(settings))?;
            runtime.block_on(store.check_rights_to_run()).map_err(unusable)?;
            runtime.block_on(undelivered::bring_in(&shelf(&store), &settings.state_dir))?;
            let _logging = logging::start(global, settings, &terminal)?;
            let means = means(settings, store, Arc::new(SystemClock))?;
            let audience = Audience {
                listeners: listeners(global, terminal, json.then(|| unwritten.clone())),
                with_output: json || !global.quiet,
            };
            runtime.block_on(self.execute(means, settings, audience))?
        };
        if !json {
            // It is in the database too: who cannot see it here loses nothing.
            if let Err(failure) = print_text(&summary_text(&summary, &settings.state_dir)) {
                failure.tell();
            }
        }
        files.write(&summary)?;
        if let Some((missing, error)) = recorded.failure {
            let error = anyhow::anyhow!(
                "{missing} events of run {} are not in the database: {error}",
                summary.run
            );
            return Err(Failure::infrastructure(error).hint(
                "its journal is complete; the next start brings it in, or orchestrate db import-journal",
            ));
        }
        undelivered::none_left(&settings.state_dir, &summary.run)?;
        match unwritten.reason() {
            Some(error) if summary.success => Err(Failure::infrastructure(anyhow::anyhow!(
                "not all events of run {} are on standard output: {error}",
                summary.run
            ))),
            _ => Ok(Exit::of_run(summary.exit_code)),
        }
    }

    /// What each task stands for: its group's slot on the day that was asked for, else now.
    fn slots(&self, now: Timestamp) -> Vec<Timestamp> {
        let slot = |planned: &Planned| self.slots.get(&planned.task.group).copied().unwrap_or(now);
        self.plan.tasks.iter().map(slot).collect()
    }

    async fn execute(
        &self,
        means: Means,
        settings: &Settings,
        audience: Audience,
    ) -> Result<Executed, Failure> {
        let orders = Orders::new();
        forward_signals(orders.sender()).map_err(Failure::infrastructure)?;
        let now = means.context.clock.now();
        let request = RunRequest {
            run: RunId::at(now, fastrand::u32(..)),
            schedule: self.label.clone(),
            group: self.group.clone(),
            plan: self.plan.clone(),
            stop_on_failure: self.stop_on_failure,
            stopping_groups: self.stopping_groups.clone(),
            slots: self.slots(now),
            slot: None,
            owner: this_process().map_err(Failure::infrastructure)?,
        };
        plan::warn_of_missing(settings, &self.plan);
        let executed = execute(&means, request, audience, orders)
            .await
            .map_err(not_executed)?;
        let signalled = tell_end(&means, &executed.summary)
            .await
            .map_err(Failure::infrastructure)?;
        if executed.recorded.failure.is_none() {
            if !signalled {
                tidy(&means).await;
            }
            means.close().await;
        } else {
            // A database that was waited for already is not waited for to say farewell.
            means.context.fork_server.shutdown().await;
        }
        Ok(executed)
    }
}

fn listeners(global: &Global, terminal: Terminal, json: Option<Unwritten>) -> Vec<Box<dyn Listener>> {
    let mut listeners: Vec<Box<dyn Listener>> =
        vec![Box::new(Console::new(terminal, !global.quiet)), Box::new(Diary)];
    if let Some(unwritten) = json {
        listeners.push(Box::new(JsonLines::new(std::io::stdout(), unwritten)));
    }
    listeners
}
