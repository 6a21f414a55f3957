//! A run that somebody wants now, from its plan to its end.

use std::time::Duration;

use jiff::Timestamp;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::global::Global;
use crate::cli::shell::executor::not_executed;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::summary::SummaryFiles;
use crate::cli::verbs::look::plan::warn_of_missing;
use crate::cli::verbs::run::session::Session;
use crate::engine::OperatorSignals;
use crate::execution::{Executed, LocalAdmission, Orders, RunPlan};
use crate::fleet::FleetAdmission;
use crate::model::{Plan, RunId};

/// A plan and how it is to be executed.
pub(crate) struct ManualRun {
    pub(crate) plan: Plan,
    pub(crate) label: String,
    pub(crate) group: Option<String>,
    pub(crate) stop_on_failure: bool,
}

impl ManualRun {
    /// Something that a person wants now, whatever the schedule says.
    pub(crate) fn by_hand(plan: Plan, label: String, stop_on_failure: bool) -> Self {
        Self {
            plan,
            label,
            group: None,
            stop_on_failure,
        }
    }

    /// Executes it, from the first check to the last report.
    ///
    /// # Errors
    /// The machine or the database would not; what a collector does is in the exit.
    pub(crate) fn run(
        self,
        global: &Global,
        settings: &CliSettings,
        args: &ExecutionArgs,
    ) -> Result<VerbExit, Failure> {
        settings.warn_of_unset();
        let files = SummaryFiles::open(args, settings)?;
        let session = Session::open(global, settings, args)?;
        let executed = self.execute(&session)?;
        let told = session.close(&executed);
        told.tell(&executed.summary);
        files.write(&executed.summary)?;
        told.judge(&executed)
    }

    /// Executes it, and returns when it has ended.
    ///
    /// # Errors
    /// It could not be executed.
    pub(crate) fn execute(self, session: &Session<'_>) -> Result<Executed, Failure> {
        warn_of_missing(session.settings(), &self.plan);
        session.run(async |executor| {
            let mut orders = Orders::new();
            orders
                .accept_from(OperatorSignals)
                .map_err(Failure::infrastructure)?;
            let mut plan = self.plan_of(executor.now(), session.timeout());
            plan.quiet = session.is_quiet();
            let quiet = plan.quiet;
            let admission = FleetAdmission {
                local: LocalAdmission::new(1, executor.state_dir()),
                store: executor.store.clone(),
            };
            let permit = executor.await_admission(&admission, &mut plan, &mut orders).await;
            let permit = permit.map_err(not_executed)?;
            let executed = executor
                .execute(plan, session.audience(), orders)
                .await
                .map_err(not_executed)?;
            // What is told afterwards is in nobody's way.
            drop(permit);
            let signalled = !quiet
                && executor
                    .notify_end(&executed.summary)
                    .await
                    .map_err(Failure::infrastructure)?;
            if executed.recorded.failure.is_none() && !signalled {
                // What stood in the way is in the log, and tried again by whoever comes next.
                let _ = executor.tidy().await;
            }
            Ok(executed)
        })
    }

    fn plan_of(self, now: Timestamp, timeout: Option<Duration>) -> RunPlan {
        let mut plan = self.plan;
        if let Some(timeout) = timeout {
            for planned in &mut plan.tasks {
                planned.task.policy.timeout = Some(timeout);
            }
        }
        // By hand a task stands for now, unless it was asked for a day.
        plan.set_slot(now);
        RunPlan {
            run: RunId::at(now, fastrand::u32(..)),
            schedule: self.label,
            group: self.group,
            slot: None,
            stop_on_failure: self.stop_on_failure,
            quiet: false,
            plan,
        }
    }
}
