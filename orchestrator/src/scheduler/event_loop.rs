//! The loop: it sleeps until something is due or happens, and hands that on. Signals come
//! first, then the clock, then what has ended, the schedule file, and the heartbeat.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use crate::engine::Hangups;
use crate::model::{CancelCause, scheduler_timetable};
use crate::scheduler::host::alarm::{Alarm, AlarmCause};
use crate::scheduler::host::schedule_file::WatchedFile;
use crate::scheduler::host::signals::{OperatorRequest, Signals};
use crate::scheduler::host::systemd;
use crate::scheduler::leadership::heartbeat_interval;
use crate::scheduler::planning::due_slots::Timeline;
use crate::scheduler::planning::situation::Situation;
use crate::scheduler::scheduler::Scheduler;
use crate::scheduler::settings::SchedulerError;

/// How a scheduler ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Set if runs had to be cancelled for it.
    pub cancelled: Option<CancelCause>,
}

/// The pause before a database that cannot say how the timetable stands is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Where events come from.
struct Sources {
    signals: Signals,
    alarm: Alarm,
    file: WatchedFile,
    heartbeat: Interval,
}

impl Sources {
    fn new(scheduler: &Scheduler, hangups: Hangups) -> Result<Self, SchedulerError> {
        let mut heartbeat = interval(heartbeat_interval());
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            signals: Signals::new(hangups).map_err(SchedulerError::system("signal handlers"))?,
            alarm: Alarm::new().map_err(SchedulerError::system("timer"))?,
            file: WatchedFile::new(&scheduler.source.file),
            heartbeat,
        })
    }
}

/// What interrupts the work on a timetable.
enum Interrupt {
    /// Another timetable is in force, or the clock was set: the situation is read again.
    Restart,
    /// Another scheduler leads.
    Standby,
    /// The operator wants an end.
    Stop(CancelCause),
}

/// Leads or stands by until a signal ends it.
///
/// # Errors
/// The kernel does not give what it needs; nothing was started.
pub async fn run(mut scheduler: Scheduler, hangups: Hangups) -> Result<Stopped, SchedulerError> {
    let mut sources = Sources::new(&scheduler, hangups)?;
    systemd::notify_ready("starting");
    let cause = loop {
        if let Some(cause) = scheduler.stand_by(&mut sources).await {
            break cause;
        }
        scheduler.begin_to_lead().await;
        let interrupt = loop {
            match scheduler.lead(&mut sources).await {
                Interrupt::Restart => {}
                interrupt => break interrupt,
            }
        };
        if let Interrupt::Stop(cause) = interrupt {
            break cause;
        }
        // What waits has not been claimed: it is the other one's now.
        scheduler.slots.leave_waiting();
    };
    let cancelled = scheduler.drain(&mut sources.signals, cause).await;
    Ok(Stopped { cancelled })
}

impl Scheduler {
    /// Waits until this scheduler leads, or is to end for this cause.
    async fn stand_by(&mut self, sources: &mut Sources) -> Option<CancelCause> {
        loop {
            tokio::select! {
                biased;
                request = sources.signals.next() => match request {
                    OperatorRequest::Stop(cause) => return Some(cause),
                    OperatorRequest::Reload => { self.source.reload(); }
                },
                news = self.slots.next_news() => {
                    let schedule = self.status.schedule();
                    self.slots.handle(news, &mut Situation::without_entries(&schedule)).await;
                }
                () = sources.file.changed() => { self.source.reload(); }
                _ = sources.heartbeat.tick() => {
                    if self.leadership.report().await {
                        return None;
                    }
                }
            }
        }
    }

    async fn begin_to_lead(&mut self) {
        self.slots.planner.queues.forget_offered();
        tracing::info!("this scheduler leads");
        self.leadership.recover_runs().await;
        self.slots.side_work.report_lead();
    }

    /// Works on the timetable that is in force.
    async fn lead(&mut self, sources: &mut Sources) -> Interrupt {
        let schedule = self.status.schedule();
        let timetable = scheduler_timetable(&schedule);
        let (mut timeline, mut situation) = match self.slots.read_situation(&schedule, &timetable).await {
            Ok(read) => read,
            Err(error) => {
                self.status.set_database_error(Some(&error));
                return self.wait_for_database(sources).await;
            }
        };
        self.status.set_database_error(None);
        loop {
            self.slots.tick(&mut timeline, &mut situation).await;
            if let Err(interrupt) = self.next_event(sources, &timeline, &mut situation).await {
                return interrupt;
            }
        }
    }

    /// Not for ever: signals are heard, and another scheduler may lead by now.
    async fn wait_for_database(&mut self, sources: &mut Sources) -> Interrupt {
        tokio::select! {
            request = sources.signals.next() => match request {
                OperatorRequest::Stop(cause) => Interrupt::Stop(cause),
                OperatorRequest::Reload => {
                    self.source.reload();
                    Interrupt::Restart
                }
            },
            () = sleep(PAUSE) => match self.leadership.report().await {
                true => Interrupt::Restart,
                false => Interrupt::Standby,
            },
        }
    }

    /// Waits for one event and deals with it; an error is what interrupts the work.
    async fn next_event(
        &mut self,
        sources: &mut Sources,
        timeline: &Timeline<'_, '_>,
        situation: &mut Situation<'_, '_>,
    ) -> Result<(), Interrupt> {
        let next = timeline.next().map(|at| self.slots.clock.machine(at));
        if let Err(error) = sources.alarm.set(next) {
            tracing::error!("the timer cannot be set: {error}; the heartbeat stands in for it");
        }
        tokio::select! {
            biased;
            request = sources.signals.next() => match request {
                OperatorRequest::Stop(cause) => return Err(Interrupt::Stop(cause)),
                OperatorRequest::Reload => self.reload(sources)?,
            },
            woken = sources.alarm.wait() => self.answer_alarm(woken).await?,
            news = self.slots.next_news() => self.slots.handle(news, situation).await,
            () = sources.file.changed() => self.reload(sources)?,
            _ = sources.heartbeat.tick() => {
                self.slots.settle().await;
                if !self.leadership.report().await {
                    return Err(Interrupt::Standby);
                }
            }
        }
        Ok(())
    }

    fn reload(&self, sources: &mut Sources) -> Result<(), Interrupt> {
        // Health is to know at once.
        sources.heartbeat.reset_immediately();
        match self.source.reload() {
            true => Err(Interrupt::Restart),
            false => Ok(()),
        }
    }

    async fn answer_alarm(&mut self, woken: std::io::Result<AlarmCause>) -> Result<(), Interrupt> {
        match woken {
            Ok(AlarmCause::Time) => Ok(()),
            Ok(AlarmCause::ClockSet) => {
                tracing::info!("the clock was set; it is {} now", self.slots.now());
                self.slots.planner.queues.forget_offered();
                Err(Interrupt::Restart)
            }
            Err(error) => {
                tracing::error!("the timer fails: {error}; the heartbeat stands in for it");
                sleep(PAUSE).await;
                Ok(())
            }
        }
    }
}
