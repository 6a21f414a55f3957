//! One run, from its directory to its last row.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::engine::CollectorStates;
use crate::events::{Bus, Listener, Summary, report};
use crate::execution::admission::Admission;
use crate::execution::await_recorder::await_recorder;
use crate::execution::error::ExecutionError;
use crate::execution::executor::Executor;
use crate::execution::orders::Orders;
use crate::execution::watch_length::watch_length;
use crate::model::{Order, RunId};
use crate::rundir::{ControlFifo, Journal, RunDir, RunPlan};
use crate::store::{DRAIN, RecorderEnd, record};

/// Who is told while it goes on, besides the journal and the database.
#[derive(Default)]
pub struct Audience {
    /// In a thread of their own, which is started only if there are any.
    pub listeners: Vec<Box<dyn Listener>>,
    /// Whether they want to hear what collectors write.
    pub with_output: bool,
}

/// What became of it.
#[derive(Debug)]
pub struct Executed {
    /// How its collectors ended.
    pub summary: Summary,
    /// Whether the database has it whole.
    pub recorded: RecorderEnd,
}

impl Executor {
    /// Executes `plan` and returns when everybody has been told its last event.
    ///
    /// # Errors
    /// What its collectors left cannot be read, or the run's directory cannot be written:
    /// nothing was started. Or a part of ours ended too early.
    pub async fn execute(
        &self,
        mut plan: RunPlan,
        audience: Audience,
        mut orders: Orders,
    ) -> Result<Executed, ExecutionError> {
        let (id, quiet) = (plan.run.clone(), plan.quiet);
        plan.fill_arguments(self.now());
        // Whoever made it may have known fewer of them.
        plan.hide_secrets(&self.engine.secrets);
        let states = self.read_states(&plan, &mut orders).await?;
        let dir = RunDir::create(self.state_dir(), &id).map_err(state(self.state_dir()))?;
        let written = plan.clone().with_placeholders(&self.engine.secrets);
        written.write(&dir).map_err(state(&dir.path()))?;
        let journal = Journal::create(&dir).map_err(state(&dir.path()))?;

        let mut bus = Bus::new(vec![Box::new(journal)]);
        let reporter = reporter(&mut bus, audience);
        let watcher = self.length_watcher(&id, quiet, &mut bus);
        let enough = Arc::new(Notify::new());
        let recorder = tokio::spawn(record(
            self.store.clone(),
            id,
            self.state_dir().to_owned(),
            bus.subscribe(false),
            DRAIN,
            Arc::clone(&enough),
        ));
        if let Err(error) = orders.accept_from(ControlFifo::of(&dir.path())) {
            tracing::warn!("orchestrate cancel will not reach this run: {error}");
        }

        let summary = self
            .engine
            .run(plan, states, &dir, &bus, orders.into_receiver())
            .await;

        // The queues end with the last publisher; what they hold is told before we go on.
        drop(bus);
        let recorded = await_recorder(recorder, &enough)
            .await
            .map_err(|error| part("recorder", &error))?;
        if let Some(watcher) = watcher {
            watcher.await.map_err(|error| part("watcher", &error))?;
        }
        if let Some(reporter) = reporter {
            tokio::task::spawn_blocking(move || reporter.join())
                .await
                .map_err(|error| part("reporter", &error))?
                .map_err(|_| part("reporter", &"it panicked"))?;
        }
        Ok(Executed { summary, recorded })
    }

    /// Somebody who listens for tasks that take unusually long, if anybody wants to know.
    fn length_watcher(&self, run: &RunId, quiet: bool, bus: &mut Bus) -> Option<JoinHandle<()>> {
        if quiet || !self.notifier.watches_length() {
            return None;
        }
        let (notifier, store) = (self.notifier.clone(), self.store.clone());
        let watching = watch_length(notifier, store, run.clone(), bus.subscribe(false));
        Some(tokio::spawn(watching))
    }

    /// Waits until the run of `plan` may begin; what is held back of it is not run. An order that
    /// comes meanwhile is its end.
    ///
    /// # Errors
    /// That order, or nobody can tell what goes on.
    pub async fn await_admission<A: Admission>(
        &self,
        admission: &A,
        plan: &mut RunPlan,
        orders: &mut Orders,
    ) -> Result<A::Permit, ExecutionError> {
        let admitted = tokio::select! {
            admitted = admission.admit(plan) => admitted.map_err(state(self.state_dir()))?,
            Some(Order::Cancel(by) | Order::Kill(by)) = orders.receiver.recv() => {
                return Err(ExecutionError::Cancelled(by));
            }
        };
        plan.plan.hold_back(&admitted.held_back);
        if admitted.waited {
            self.leave_out_handled(plan).await?;
        }
        Ok(admitted.permit)
    }

    /// Who was waited for may have dealt with the releases that this run is for.
    async fn leave_out_handled(&self, plan: &mut RunPlan) -> Result<(), ExecutionError> {
        let tasks = plan.plan.tasks.iter();
        let sources: BTreeSet<String> = tasks
            .filter_map(|planned| planned.release_source.clone())
            .collect();
        for source in sources {
            let handled = self.store.handled_releases(&source).await;
            let handled = handled.map_err(|source| ExecutionError::Releases { source })?;
            plan.plan.leave_out_handled(&source, &handled);
        }
        Ok(())
    }

    /// An order that comes meanwhile is the end of a run that has not begun.
    async fn read_states(
        &self,
        plan: &RunPlan,
        orders: &mut Orders,
    ) -> Result<CollectorStates, ExecutionError> {
        tokio::select! {
            states = self.engine.read_states(plan) => {
                states.map_err(|source| ExecutionError::CollectorStates { source })
            }
            Some(Order::Cancel(by) | Order::Kill(by)) = orders.receiver.recv() => {
                Err(ExecutionError::Cancelled(by))
            }
        }
    }
}

fn reporter(bus: &mut Bus, audience: Audience) -> Option<std::thread::JoinHandle<()>> {
    let Audience {
        mut listeners,
        with_output,
    } = audience;
    if listeners.is_empty() {
        return None;
    }
    let told = bus.subscribe(with_output);
    Some(std::thread::spawn(move || report(told, &mut listeners)))
}

fn state(path: &Path) -> impl FnOnce(std::io::Error) -> ExecutionError {
    let path = path.to_owned();
    move |source| ExecutionError::State { path, source }
}

fn part(part: &'static str, reason: &dyn ToString) -> ExecutionError {
    ExecutionError::Part {
        part,
        reason: reason.to_string(),
    }
}
