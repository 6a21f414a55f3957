//! One run, from its directory to its last row.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::engine::CollectorStates;
use crate::events::{Bus, Message, RunPast, Summary};
use crate::execution::admission::{Admission, AdmissionError};
use crate::execution::await_recorder::await_recorder;
use crate::execution::error::ExecutionError;
use crate::execution::executor::Executor;
use crate::execution::notices::watch_length::watch_length;
use crate::execution::orders::Orders;
use crate::execution::reporter::{Audience, Reporter};
use crate::execution::tenure::{RunTenure, tell_events};
use crate::model::{Order, RunId};
use crate::rundir::{ControlFifo, Journal, RunDir, RunPlan, unrecorded};
use crate::store::{DRAIN, RecorderEnd, record};

/// What became of it.
#[derive(Debug)]
pub struct Executed {
    /// How its collectors ended.
    pub summary: Summary,
    /// Whether the database has it whole.
    pub recorded: RecorderEnd,
    /// Why the journal has not, if it has not.
    pub journal_failure: Option<std::io::Error>,
}

impl Executor {
    /// Executes `plan` and returns when everybody has been told its last event.
    ///
    /// # Errors
    /// What its collectors left cannot be read, or the run's directory cannot be written:
    /// nothing was started. Or a part of ours ended too early.
    pub async fn execute(
        &self,
        plan: RunPlan,
        audience: Audience,
        orders: Orders,
    ) -> Result<Executed, ExecutionError> {
        self.execute_as(plan, audience, orders, None).await
    }

    /// The same for a run of the queue, for as long as this process has it. What happens is told to
    /// whoever keeps its claim, and recorded there.
    ///
    /// # Errors
    /// Those of [`Executor::execute`].
    pub async fn execute_claimed(
        &self,
        plan: RunPlan,
        audience: Audience,
        orders: Orders,
        tenure: RunTenure,
    ) -> Result<Executed, ExecutionError> {
        self.execute_as(plan, audience, orders, Some(tenure)).await
    }

    async fn execute_as(
        &self,
        mut plan: RunPlan,
        audience: Audience,
        mut orders: Orders,
        tenure: Option<RunTenure>,
    ) -> Result<Executed, ExecutionError> {
        let (id, quiet) = (plan.run.clone(), plan.quiet);
        plan.fill_arguments(self.now());
        if let Some(tenure) = &tenure {
            self.leave_out_handled_meanwhile(&mut plan, tenure).await?;
        }
        // Whoever made it may have known fewer of them.
        plan.hide_secrets(&self.engine.secrets);
        let states = self.read_states(&plan, &mut orders, tenure.is_some()).await?;
        // Nothing is made yet if it cannot be told.
        let reporter = Reporter::start(audience).map_err(ExecutionError::Reporter)?;
        let (dir, journal) = self.open_run_dir(&id, tenure.as_ref())?;
        let written = plan.clone().with_placeholders(&self.engine.secrets);
        written.write(&dir).map_err(state(&dir.path()))?;
        // Kept to the end: until then the run goes on, for whoever asks by the journal's lock.
        let journal_state = journal.state();
        let mut bus = Bus::new(vec![Box::new(journal)]);
        let reporting = reporter.map(|reporter| reporter.listen_to(&mut bus));
        let watcher = self.length_watcher(&id, quiet, &mut bus);
        let enough = Arc::new(Notify::new());
        let (recorder, past) = self.start_recorder(id, tenure, bus.subscribe(false), &enough);
        if let Err(error) = orders.accept_from(ControlFifo::of(&dir.path())) {
            tracing::warn!("orchestrate cancel will not reach this run: {error}");
        }

        let summary = self
            .engine
            .run(plan, (states, past), &dir, &bus, orders.into_receiver())
            .await;

        // The queues end with the last publisher; what they hold is told before we go on.
        drop(bus);
        let recorded = await_recorder(recorder, &enough)
            .await
            .map_err(|error| part("recorder", &error))?;
        if let Some(watcher) = watcher {
            watcher.await.map_err(|error| part("watcher", &error))?;
        }
        if let Some(reporting) = reporting {
            reporting.await.map_err(|_| part("reporter", &"it panicked"))?;
        }
        Ok(Executed {
            summary,
            recorded,
            journal_failure: journal_state.incomplete(),
        })
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
            admitted = admission.admit(plan) => admitted.map_err(|error| match error {
                AdmissionError::State(source) => state(self.state_dir())(source),
                AdmissionError::Queue(source) => ExecutionError::Queue { source },
            })?,
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

    /// A run of the queue was planned before the runs that went first, which may have dealt with the
    /// releases that it is for. One that goes on has begun with what it had then.
    async fn leave_out_handled_meanwhile(
        &self,
        plan: &mut RunPlan,
        tenure: &RunTenure,
    ) -> Result<(), ExecutionError> {
        match tenure.recorded {
            0 => self.leave_out_handled(plan).await,
            _ => Ok(()),
        }
    }

    /// The database has all of a run: a later start need not look for it.
    pub fn forget_unrecorded(&self, run: &RunId) {
        if let Err(error) = unrecorded::forget(self.state_dir(), run) {
            // Harmless: the next start finds that there is nothing to bring in.
            tracing::debug!("run {run} stays noted as unrecorded: {error}");
        }
    }

    /// Its directory and journal. The plan is written after them: see the journal.
    fn open_run_dir(
        &self,
        run: &RunId,
        tenure: Option<&RunTenure>,
    ) -> Result<(RunDir, Journal), ExecutionError> {
        let dir = match tenure {
            Some(tenure) if tenure.fence.epoch > 1 => {
                RunDir::resume(self.state_dir(), run, tenure.fence.epoch)
            }
            _ => RunDir::create(self.state_dir(), run),
        };
        let dir = dir.map_err(state(self.state_dir()))?;
        let journal = match tenure {
            Some(tenure) => Journal::create_after(&dir, tenure.recorded),
            None => Journal::create(&dir),
        };
        let journal = journal.map_err(state(&dir.path()))?;
        Ok((dir, journal))
    }

    /// Writes what happens into the database from now on, or tells whoever does; what is there of
    /// the run already is what the engine goes on from.
    fn start_recorder(
        &self,
        run: RunId,
        tenure: Option<RunTenure>,
        events: mpsc::Receiver<Message>,
        enough: &Arc<Notify>,
    ) -> (JoinHandle<RecorderEnd>, RunPast) {
        let (store, enough) = (self.store.clone(), Arc::clone(enough));
        let state_dir = self.state_dir().to_owned();
        match tenure {
            None => {
                let recorder = record(store, run, state_dir, events, DRAIN, enough);
                (tokio::spawn(recorder), RunPast::default())
            }
            Some(tenure) => {
                let past = tenure.past();
                let tell = tell_events(events, tenure.recorded, tenure.keeper);
                (tokio::spawn(tell), past)
            }
        }
    }

    /// An order that comes meanwhile is the end of a run that has not begun; one of the queue is
    /// begun all the same, since its end is to be recorded.
    async fn read_states(
        &self,
        plan: &RunPlan,
        orders: &mut Orders,
        claimed: bool,
    ) -> Result<CollectorStates, ExecutionError> {
        tokio::select! {
            states = self.engine.read_states(plan) => {
                states.map_err(|source| ExecutionError::CollectorStates { source })
            }
            Some(Order::Cancel(by) | Order::Kill(by)) = orders.receiver.recv(), if !claimed => {
                Err(ExecutionError::Cancelled(by))
            }
        }
    }
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
