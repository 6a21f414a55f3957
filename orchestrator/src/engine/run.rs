//! A run: from a plan to a summary.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::engine::attempt::make_attempt;
use crate::engine::deliverer::{self, Deliverer, LateDelivery};
use crate::engine::engine::Engine;
use crate::engine::finished_attempt::FinishedAttempt;
use crate::engine::states::CollectorStates;
use crate::engine::tally::RunTally;
use crate::engine::task_attempt::TaskAttempt;
use crate::engine::usual_durations::UsualDurations;
use crate::events::{Bus, ListedTask, RunEvent, RunPast, SlotRef, Summary, TaskRef};
use crate::model::{
    CancelCause, Event, Order, Outcome, PlannedTask, ReportedFailure, RunAction, RunState, RunTask,
};
use crate::rundir::{RunDir, RunPlan};
use crate::text::milliseconds;

impl Engine {
    /// Executes the plan, one collector after another, and tells `bus` everything.
    /// Always ends with a summary in which every task of the plan has its outcome.
    pub async fn run(
        self: &Arc<Self>,
        plan: RunPlan,
        (states, past): (CollectorStates, RunPast),
        dir: &RunDir,
        bus: &Bus,
        orders: mpsc::Receiver<Order>,
    ) -> Summary {
        let planned = plan.plan.tasks.iter();
        let state = RunState::resume(
            planned.clone().map(run_task).collect(),
            plan.stop_on_failure,
            planned
                .enumerate()
                .map(|(place, planned)| past.outcome(place, planned))
                .collect(),
        );
        let refs: Vec<Arc<TaskRef>> = plan.plan.tasks.iter().zip(1..).map(task_ref).collect();
        let usual = UsualDurations::ask(self.records.clone(), refs.clone());
        let mut running = Running {
            tally: RunTally::new(&plan, &refs, &past, self.clock.now()),
            engine: self,
            plan: &plan,
            refs,
            dir,
            bus,
            attempts: JoinSet::new(),
            current: None,
            rest: None,
            usual,
            states,
            deliverer: Deliverer::start(self.records.clone(), self.state_dir.clone(), past.gate.clone()),
            late: Vec::new(),
            past,
            refused: Refused::No,
        };
        running.publish_start().await;
        running.drive(state, orders).await
    }
}

fn run_task(planned: &PlannedTask) -> RunTask {
    RunTask {
        group: planned.task.group.clone(),
        name: planned.task.name.clone(),
        stops_group: planned.stops_group,
        retry: planned.task.policy.retry.clone(),
        skip: planned.skip.clone(),
    }
}

/// The slot that a task settles by itself.
fn settled_slot(planned: &PlannedTask) -> Option<SlotRef> {
    let (entry, at) = planned.entry.clone().zip(planned.slot)?;
    Some(SlotRef { entry, at })
}

fn task_ref((planned, position): (&PlannedTask, usize)) -> Arc<TaskRef> {
    Arc::new(TaskRef {
        position,
        group: planned.task.group.to_string(),
        name: planned.task.name.to_string(),
        command: planned.task.command.to_string(),
    })
}

struct Running<'a> {
    engine: &'a Arc<Engine>,
    plan: &'a RunPlan,
    refs: Vec<Arc<TaskRef>>,
    dir: &'a RunDir,
    bus: &'a Bus,
    tally: RunTally,
    /// At most one, but a set: dropping it ends what it holds.
    attempts: JoinSet<FinishedAttempt>,
    current: Option<Current>,
    rest: Option<Instant>,
    usual: UsualDurations,
    states: CollectorStates,
    deliverer: Deliverer,
    /// What the database had not taken when the run went on.
    late: Vec<LateDelivery>,
    past: RunPast,
    refused: Refused,
}

/// Whether the attempt that is due may not be started any more, and how far that is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    No,
    Cancels,
    Ends,
}

/// The hand on the attempt that runs. Orders may come before its collector does.
struct Current {
    task: usize,
    orders: mpsc::UnboundedSender<Order>,
}

impl Running<'_> {
    async fn publish_start(&self) {
        let tasks = self
            .plan
            .plan
            .tasks
            .iter()
            .zip(&self.refs)
            .map(|(planned, task)| ListedTask {
                task: (**task).clone(),
                args: planned.task.args.clone(),
                schedule: planned.task.cadence.keyword().to_owned(),
                slot: settled_slot(planned),
            })
            .collect();
        self.bus
            .publish(RunEvent::RunStarted {
                run: self.plan.run.clone(),
                schedule: self.plan.schedule.clone(),
                group: self.plan.group.clone(),
                at: self.tally.started_at(),
                owner: self.engine.owner.clone(),
                slot: self.plan.slot.clone(),
                epoch: self.past.epoch,
                quiet: self.plan.quiet,
                tasks,
            })
            .await;
    }

    async fn drive(&mut self, mut state: RunState, mut orders: mpsc::Receiver<Order>) -> Summary {
        // One that was cancelled before it began starts nothing.
        let first = orders.try_recv().map_or(Event::Begin, Event::from);
        let mut actions = state.decide(first);
        loop {
            for action in actions {
                if action == RunAction::Finish {
                    return self.finish(&state, &mut orders).await;
                }
                self.act(action).await;
            }
            let event = self.next_event(&mut orders).await;
            actions = state.decide(event);
        }
    }

    /// Waits for whatever comes first. Orders come first if several are there.
    async fn next_event(&mut self, orders: &mut mpsc::Receiver<Order>) -> Event {
        if let Some(event) = self.refusal() {
            return event;
        }
        let rest = self.rest;
        tokio::select! {
            biased;
            Some(order) = orders.recv() => {
                self.rest = None;
                order.into()
            }
            Some(joined) = self.attempts.join_next() => {
                // An attempt that panics is a defect of ours; the run goes on and says so.
                let finished = joined.unwrap_or_else(|error| FinishedAttempt::lost(&error.to_string(), self.engine.clock.now()));
                self.end_attempt(finished)
            }
            () = sleep_until(rest), if rest.is_some() => {
                self.rest = None;
                Event::Rested
            }
        }
    }

    /// What the engine is told where nothing may be started any more.
    fn refusal(&mut self) -> Option<Event> {
        let by = CancelCause::LeaseLost;
        match self.refused {
            Refused::No => None,
            Refused::Cancels => {
                self.refused = Refused::Ends;
                Some(Event::Cancel(by))
            }
            Refused::Ends => {
                self.refused = Refused::No;
                Some(Event::Ended {
                    outcome: Outcome::Cancelled { by, exit: None },
                    told: ReportedFailure::default(),
                })
            }
        }
    }

    fn end_attempt(&mut self, mut finished: FinishedAttempt) -> Event {
        let results = &mut finished.results;
        if let Some(current) = self.current.take() {
            let memory = std::mem::take(&mut results.memory);
            self.states.update(&self.refs[current.task], memory);
        }
        self.late.extend(results.late.take());
        let (outcome, told) = (finished.outcome.clone(), results.reported);
        self.tally.end(finished);
        Event::Ended { outcome, told }
    }

    async fn act(&mut self, action: RunAction) {
        match action {
            RunAction::Start { task, attempt } => self.start(task, attempt).await,
            RunAction::Rest {
                task,
                failed_attempt: _,
                delay,
                spread,
                outcome: _,
            } => {
                let delay = delay + spread.mul_f64(fastrand::f64());
                self.rest = Some(Instant::now() + delay);
                self.retry(task, delay).await;
            }
            RunAction::Cancel(cause) => self.order(Order::Cancel(cause)),
            RunAction::Kill(cause) => self.order(Order::Kill(cause)),
            RunAction::Settle { task, outcome } => {
                let event = self.tally.settle(task, &outcome, self.engine.clock.now());
                self.bus.publish(event).await;
            }
            RunAction::Finish => {}
        }
    }

    async fn start(&mut self, task: usize, number: u32) {
        let planned = &self.plan.plan.tasks[task].task;
        let number = number + self.past.attempts(task);
        let log = self.dir.log(task + 1, planned.command.as_str(), number);
        let events = self.dir.events(task + 1, planned.command.as_str(), number);
        let usual = self.usual.of(task).await;
        let at = self.engine.clock.now();
        self.bus
            .publish(RunEvent::TaskStarted {
                task: (*self.refs[task]).clone(),
                attempt: number,
                at,
                timeout_ms: planned.policy.timeout.map(milliseconds),
                usual_ms: usual.map(milliseconds),
                log: log.display().to_string(),
            })
            .await;
        if let Some(gate) = &self.past.gate
            && !gate.pass(task, number, self.bus.published()).await
        {
            self.refused = Refused::Cancels;
            return;
        }
        let (orders, receiver) = mpsc::unbounded_channel();
        self.current = Some(Current { task, orders });
        let timeout_ms = planned.policy.timeout.map(milliseconds);
        self.tally.begin(task, number, at, &log, timeout_ms);
        self.attempts.spawn(make_attempt(TaskAttempt {
            engine: Arc::clone(self.engine),
            task: planned.clone(),
            task_ref: Arc::clone(&self.refs[task]),
            run: self.plan.run.clone(),
            releases: self.plan.plan.tasks[task].releases.clone(),
            release_source: self.plan.plan.tasks[task].release_source.clone(),
            slot: self.plan.plan.tasks[task].slot.unwrap_or(at),
            number,
            executable: self.plan.plan.tasks[task].executable.clone(),
            overlap: self.plan.plan.tasks[task]
                .overlap
                .as_ref()
                .map(|rule| rule.mode)
                .unwrap_or_default(),
            epoch: self.past.epoch,
            log: self.dir.resolve(&log),
            events,
            memory: self.states.of(&self.refs[task]),
            deliveries: self.deliverer.queue(),
            lease: self.past.lease.clone(),
            bus: self.bus.clone(),
            orders: receiver,
        }));
    }

    /// The database may be back: what is late has its last chance in this run, unless somebody
    /// has waited enough. What does not come in is noted.
    async fn bring_in_late(&mut self, orders: &mut mpsc::Receiver<Order>) {
        if self.late.is_empty() {
            return;
        }
        self.deliverer.hurry();
        for late in std::mem::take(&mut self.late) {
            let (position, what) = (late.delivery.position, deliverer::name(&late.delivery));
            let reads = late.delivery.only_reads.then(|| late.delivery.clone());
            let taken = tokio::select! {
                taken = late.taken() => taken,
                Some(_) = orders.recv() => return,
            };
            match (taken, reads) {
                (Some(Ok(_)), Some(_)) => {}
                (Some(Ok(taken)), None) => self.tally.deliver(position, taken.counts),
                (not_taken, Some(reads)) => match reads.note(&self.engine.state_dir) {
                    Ok(()) => tracing::debug!("{what} is noted later: {not_taken:?}"),
                    Err(error) => tracing::warn!("{what} is not noted: {error}"),
                },
                (Some(Err(error)), None) => tracing::error!("{what} is not in the database: {error}"),
                (None, None) => tracing::error!("{what} is not in the database"),
            }
        }
    }

    async fn retry(&self, task: usize, delay: Duration) {
        if let Some(attempt) = self.tally.last_attempt() {
            let event = RunEvent::TaskRetry {
                task: (*self.refs[task]).clone(),
                attempt,
                delay_ms: milliseconds(delay),
            };
            self.bus.publish(event).await;
        }
    }

    fn order(&self, order: Order) {
        if let Some(current) = &self.current {
            // The attempt may have ended in this very moment: nothing is left to order.
            let _ = current.orders.send(order);
        }
    }

    async fn finish(&mut self, state: &RunState, orders: &mut mpsc::Receiver<Order>) -> Summary {
        self.bring_in_late(orders).await;
        let summary = self.tally.summary(state, self.engine.clock.now());
        self.bus
            .publish(RunEvent::RunFinished(Box::new(summary.clone())))
            .await;
        summary
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline).await;
    }
}
