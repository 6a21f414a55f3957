//! A scheduler put together: who leads, what becomes of slots, where the timetable comes
//! from. What it does with them, from signal to signal, is in `event_loop` and `drain`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::events::SchedulerStatus;
use crate::execution::LocalAdmission;
use crate::scheduler::background::SideWork;
use crate::scheduler::dispatch::by_hand::RunsByHand;
use crate::scheduler::dispatch::dispatcher::Dispatcher;
use crate::scheduler::dispatch::local::LocalDispatcher;
use crate::scheduler::dispatch::queue::QueueDispatcher;
use crate::scheduler::dispatch::slots::{Slots, Starters};
use crate::scheduler::leadership::Leadership;
use crate::scheduler::reload::ScheduleSource;
use crate::scheduler::settings::{SchedulerSettings, StaleSchedule};
use crate::scheduler::status::Status;

/// Runs a timetable until a signal ends it: who leads, which slots have come, what goes on beside.
pub struct Scheduler {
    pub(crate) status: Status,
    pub(crate) leadership: Leadership,
    pub(crate) slots: Slots,
    pub(crate) source: ScheduleSource,
    pub(crate) drain_timeout: Duration,
}

impl Scheduler {
    /// One that has done nothing yet, and how it stands at any time.
    pub fn new(settings: SchedulerSettings) -> (Self, watch::Receiver<SchedulerStatus>) {
        let SchedulerSettings {
            executor,
            schedule_file,
            schedule,
            stale,
            load,
            audience,
            queue,
            concurrency,
            drain_timeout,
            metrics,
        } = settings;
        let clock = Arc::clone(&executor.engine.clock);
        let read_at = stale.as_ref().map_or_else(|| clock.now(), |stale| stale.good_at);
        let status = Status::new(schedule, read_at);
        if let Some(StaleSchedule { error, .. }) = stale {
            status.set_schedule_error(&error);
        }
        let standing = status.subscribe();
        let admission = LocalAdmission::new(concurrency, executor.state_dir());
        let (told, places) = (Arc::clone(&audience), admission.clone());
        let local = LocalDispatcher::new(executor.clone(), audience, admission, metrics.clone());
        let by_hand = RunsByHand::new(executor.clone(), told, places, local.running());
        let side_work = SideWork::start(&executor, local.running(), &status);
        let to_queue = queue.is_some();
        let dispatcher: Box<dyn Dispatcher> = match queue {
            None => Box::new(local),
            Some(to) => Box::new(QueueDispatcher::new(executor.clone(), to, metrics.clone())),
        };
        let scheduler = Self {
            leadership: Leadership::new(executor.clone(), &schedule_file, to_queue, status.clone()),
            slots: Slots::new(
                executor.store.clone(),
                Arc::clone(&clock),
                metrics,
                Starters { dispatcher, by_hand },
                side_work,
                status.clone(),
            ),
            source: ScheduleSource {
                file: schedule_file,
                load,
                clock,
                status: status.clone(),
            },
            drain_timeout,
            status,
        };
        (scheduler, standing)
    }

    /// Where runs are asked for by hand.
    pub fn by_hand(&self) -> RunsByHand {
        self.slots.by_hand.clone()
    }
}
