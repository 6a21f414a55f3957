//! A run: from a plan to a summary.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::engine::attempt::{Attempted, Job, Ordered, attempt};
use crate::engine::context::Context;
use crate::engine::memory::Memory;
use crate::engine::tally::Ledger;
use crate::events::{Bus, PlannedTask, RunEvent, SlotRef, Summary, TaskRef};
use crate::model::{Event, Order, Owner, Plan, Planned, RunAction, RunId, RunState, RunTask};
use crate::records::Delivery;
use crate::rundir::RunDir;

/// A run to be executed.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Its id.
    pub run: RunId,
    /// What was asked for, as the record will call it.
    pub schedule: String,
    /// The group it was narrowed to, if it was.
    pub group: Option<String>,
    /// What to run. Its order is the order of execution.
    pub plan: Plan,
    /// Whether the first failure skips all that follows.
    pub stop_on_failure: bool,
    /// Groups whose part of the run ends with their first failure.
    pub stopping_groups: Vec<String>,
    /// For each task of the plan the instant that it stands for.
    pub slots: Vec<Timestamp>,
    /// The slot of the timetable that it is for; `None` for a run by hand.
    pub slot: Option<SlotRef>,
    /// The process that executes it.
    pub owner: Owner,
}

/// Executes the plan, one collector after another, and tells `bus` everything.
/// Always ends with a summary in which every task of the plan has its outcome.
pub async fn run(
    context: &Context,
    request: RunRequest,
    dir: &RunDir,
    bus: &Bus,
    orders: mpsc::Receiver<Order>,
) -> Summary {
    let state = RunState::new(
        request
            .plan
            .tasks
            .iter()
            .map(|planned| run_task(&request, planned))
            .collect(),
        request.stop_on_failure,
    );
    let refs: Vec<Arc<TaskRef>> = request.plan.tasks.iter().zip(1..).map(task_ref).collect();
    let mut running = Running {
        ledger: Ledger::new(&request, &refs, context.clock.now()),
        context,
        request: &request,
        refs,
        dir,
        bus,
        attempts: JoinSet::new(),
        current: None,
        rest: None,
        memory: Memory::new(),
        pending: Vec::new(),
    };
    running.told_start().await;
    running.drive(state, orders).await
}

fn run_task(request: &RunRequest, planned: &Planned) -> RunTask {
    let group = planned.task.group.clone();
    RunTask {
        stops_group: request.stopping_groups.iter().any(|name| name == group.as_str()),
        group,
        command: planned.task.command.clone(),
        retry: planned.task.policy.retry.clone(),
        skip: planned.skip.clone(),
    }
}

fn task_ref((planned, position): (&Planned, usize)) -> Arc<TaskRef> {
    Arc::new(TaskRef {
        position,
        group: planned.task.group.to_string(),
        command: planned.task.command.to_string(),
    })
}

struct Running<'a> {
    context: &'a Context,
    request: &'a RunRequest,
    refs: Vec<Arc<TaskRef>>,
    dir: &'a RunDir,
    bus: &'a Bus,
    ledger: Ledger,
    /// At most one, but a set: dropping it ends what it holds.
    attempts: JoinSet<Attempted>,
    current: Option<Current>,
    rest: Option<Instant>,
    memory: Memory,
    /// What the database could not take when it should have.
    pending: Vec<Delivery>,
}

/// The hand on the attempt that runs. Orders may come before its collector does.
struct Current {
    orders: mpsc::UnboundedSender<Ordered>,
}

impl Running<'_> {
    async fn told_start(&self) {
        let tasks = self
            .request
            .plan
            .tasks
            .iter()
            .zip(&self.refs)
            .map(|(planned, task)| PlannedTask {
                task: (**task).clone(),
                args: planned.task.args.clone(),
                schedule: planned.task.cadence.keyword().to_owned(),
            })
            .collect();
        self.bus
            .publish(RunEvent::RunStarted {
                run: self.request.run.clone(),
                schedule: self.request.schedule.clone(),
                group: self.request.group.clone(),
                at: self.ledger.started_at(),
                owner: self.request.owner.clone(),
                slot: self.request.slot.clone(),
                tasks,
            })
            .await;
    }

    async fn drive(&mut self, mut state: RunState, mut orders: mpsc::Receiver<Order>) -> Summary {
        let mut actions = state.decide(Event::Begin);
        loop {
            for action in actions {
                if action == RunAction::Finish {
                    return self.finish(&state).await;
                }
                self.act(action).await;
            }
            let event = self.next_event(&mut orders).await;
            actions = state.decide(event);
        }
    }

    /// Waits for whatever comes first. Orders come first if several are there.
    async fn next_event(&mut self, orders: &mut mpsc::Receiver<Order>) -> Event {
        let rest = self.rest;
        tokio::select! {
            biased;
            Some(order) = orders.recv() => {
                self.rest = None;
                match order {
                    Order::Cancel(cause) => Event::Cancel(cause),
                    Order::Kill(cause) => Event::Kill(cause),
                }
            }
            Some(joined) = self.attempts.join_next() => {
                self.current = None;
                // An attempt that panics is a defect of ours; the run goes on and says so.
                let attempted = joined.unwrap_or_else(|error| Attempted::lost(&error.to_string(), self.context.clock.now()));
                let (outcome, told) = (attempted.outcome.clone(), attempted.harvest.told);
                self.pending.extend(attempted.harvest.pending.clone());
                if attempted.harvest.counts.is_some() {
                    self.memory.forget();
                }
                self.ledger.attempted(attempted);
                Event::Ended { outcome, told }
            }
            () = sleep_until(rest), if rest.is_some() => {
                self.rest = None;
                Event::Rested
            }
        }
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
            RunAction::Cancel(cause) => self.order(Ordered::Cancel(cause)),
            RunAction::Kill(cause) => self.order(Ordered::Kill(cause)),
            RunAction::Settle { task, outcome } => {
                let event = self.ledger.settle(task, &outcome, self.context.clock.now());
                self.bus.publish(event).await;
            }
            RunAction::Finish => {}
        }
    }

    async fn start(&mut self, task: usize, number: u32) {
        let planned = &self.request.plan.tasks[task].task;
        let log = self.dir.log(task + 1, planned.command.as_str(), number);
        let events = self.dir.events(task + 1, planned.command.as_str(), number);
        let remembered = self.memory.of(task, &self.refs, &self.context.shelf).await;
        let at = self.context.clock.now();
        self.bus
            .publish(RunEvent::TaskStarted {
                task: (*self.refs[task]).clone(),
                attempt: number,
                at,
                timeout_ms: planned.policy.timeout.map(milliseconds),
                usual_ms: remembered.usual.map(milliseconds),
                log: log.display().to_string(),
            })
            .await;
        let (orders, receiver) = mpsc::unbounded_channel();
        self.current = Some(Current { orders });
        self.ledger.started(task, number, at, &log);
        self.attempts.spawn(attempt(Job {
            context: self.context.clone(),
            task: planned.clone(),
            task_ref: Arc::clone(&self.refs[task]),
            run: self.request.run.clone(),
            releases: self.request.plan.tasks[task].releases.clone(),
            slot: self.request.slots.get(task).copied().unwrap_or(at),
            number,
            log: self.dir.resolve(&log),
            events,
            state: remembered.state,
            bus: self.bus.clone(),
            orders: receiver,
        }));
    }

    /// The database may be back: what it could not take is tried once more.
    async fn deliver_pending(&mut self) {
        for delivery in std::mem::take(&mut self.pending) {
            let state_dir = &self.context.state_dir;
            match self.context.shelf.ingest(state_dir, &delivery).await {
                Ok(taken) => {
                    self.ledger.delivered(delivery.position, taken.counts);
                    if let Err(error) = delivery.forget(state_dir) {
                        // Harmless: the next start finds that it has been taken.
                        tracing::debug!("{error}");
                    }
                }
                Err(error) => {
                    tracing::error!(
                        "what {} brought is not in the database: {error}",
                        delivery.command
                    );
                }
            }
        }
    }

    async fn retry(&self, task: usize, delay: Duration) {
        if let Some(attempt) = self.ledger.last_attempt() {
            let event = RunEvent::TaskRetry {
                task: (*self.refs[task]).clone(),
                attempt,
                delay_ms: milliseconds(delay),
            };
            self.bus.publish(event).await;
        }
    }

    fn order(&self, order: Ordered) {
        if let Some(current) = &self.current {
            // The attempt may have ended in this very moment: nothing is left to order.
            let _ = current.orders.send(order);
        }
    }

    async fn finish(&mut self, state: &RunState) -> Summary {
        self.deliver_pending().await;
        let summary = self.ledger.summary(state, self.context.clock.now());
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

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
