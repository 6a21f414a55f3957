//! The loop: it sleeps until something is due or happens, and does what is to be done.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};

use crate::model::{CancelCause, Entry, changes, scheduler_timetable};
use crate::scheduler::host::alarm::{Alarm, Rang};
use crate::scheduler::host::file_watch::FileWatch;
use crate::scheduler::host::signals::{Signals, Word};
use crate::scheduler::host::systemd;
use crate::scheduler::leadership::{Heard, heartbeat};
use crate::scheduler::planning::rows::Circumstances;
use crate::scheduler::planning::tick::Timeline;
use crate::scheduler::scheduler::{BeatError, Scheduler};

/// How a scheduler ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Set if runs had to be cancelled for it.
    pub cancelled: Option<CancelCause>,
}

/// Whoever writes a file writes several times; it is read when it has been quiet so long.
const QUIET: Duration = Duration::from_millis(100);

/// The pause before a database that cannot say how the timetable stands is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Where events come from.
struct Sources {
    signals: Signals,
    alarm: Alarm,
    file: ScheduleFile,
    heartbeat: Interval,
    heard: Heard,
}

/// The schedule file, watched.
struct ScheduleFile {
    watch: Option<FileWatch>,
    /// When to read it, if it may have changed.
    read_at: Option<Instant>,
}

/// What interrupts the work on a timetable.
enum After {
    /// Another timetable is in force, or the clock was set: begin anew.
    Anew,
    /// Another scheduler leads.
    Standby,
    /// The operator wants an end.
    Stop(CancelCause),
}

/// Leads or stands by until a signal ends it.
///
/// # Errors
/// The kernel does not give what it needs; nothing was started.
pub async fn run(mut scheduler: Scheduler) -> Result<Stopped, BeatError> {
    let mut heartbeat = interval(heartbeat());
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sources = Sources {
        signals: Signals::new().map_err(BeatError::system("signal handlers"))?,
        alarm: Alarm::new().map_err(BeatError::system("timer"))?,
        file: ScheduleFile {
            watch: watch(&scheduler),
            read_at: None,
        },
        heartbeat,
        heard: Heard::default(),
    };
    systemd::ready("starting");
    let cause = loop {
        match scheduler.stand_by(&mut sources).await {
            After::Stop(cause) => break cause,
            After::Anew | After::Standby => {}
        }
        scheduler.lanes.forget_offered();
        tracing::info!("this scheduler leads");
        scheduler.inherit().await;
        let after = loop {
            match scheduler.lead(&mut sources).await {
                After::Anew => {}
                after => break after,
            }
        };
        if let After::Stop(cause) = after {
            break cause;
        }
        // What waits has not been taken: it is the other one's now.
        scheduler.leave_waiting();
    };
    let cancelled = scheduler.drain(&mut sources.signals, cause).await;
    Ok(Stopped { cancelled })
}

fn watch(scheduler: &Scheduler) -> Option<FileWatch> {
    let file = &scheduler.setup.schedule_file;
    FileWatch::on(file)
        .inspect_err(|error| {
            tracing::warn!(
                "changes of {} are not noticed ({error}); send SIGHUP",
                file.display()
            );
        })
        .ok()
}

impl Scheduler {
    /// Waits until this scheduler leads (`Anew`) or is to end.
    async fn stand_by(&mut self, sources: &mut Sources) -> After {
        loop {
            tokio::select! {
                biased;
                word = sources.signals.next() => match word {
                    Word::Stop(cause) => return After::Stop(cause),
                    Word::Reload => { self.reload(); }
                },
                Some(ended) = self.at_work.join_next_with_id(), if !self.at_work.is_empty() => {
                    self.ended(ended, &[], &mut Circumstances::default()).await;
                }
                () = sources.file.changed() => { self.reload(); }
                _ = sources.heartbeat.tick() => {
                    if self.report(&mut sources.heard).await {
                        return After::Anew;
                    }
                }
            }
        }
    }

    /// Works on the timetable that is in force.
    async fn lead(&mut self, sources: &mut Sources) -> After {
        let schedule = self.schedule();
        let timetable = scheduler_timetable(&schedule);
        let (mut timeline, mut circumstances) = match self.stand(&timetable).await {
            Ok(stands) => stands,
            Err(error) => {
                self.database(Some(error.to_string()));
                // Not for ever: signals are heard, and another scheduler may lead by now.
                return tokio::select! {
                    word = sources.signals.next() => match word {
                        Word::Stop(cause) => After::Stop(cause),
                        Word::Reload => { self.reload(); After::Anew }
                    },
                    () = sleep(PAUSE) => if self.report(&mut sources.heard).await { After::Anew } else { After::Standby },
                };
            }
        };
        self.database(None);
        self.tick(&timetable, &mut timeline, &mut circumstances).await;
        loop {
            if let Err(error) = self.arm(&mut sources.alarm, &timeline) {
                tracing::error!("the timer cannot be set: {error}; the heartbeat stands in for it");
            }
            tokio::select! {
                biased;
                word = sources.signals.next() => match word {
                    Word::Stop(cause) => return After::Stop(cause),
                    Word::Reload => {
                        sources.heartbeat.reset_immediately();
                        if self.reload() { return After::Anew }
                    }
                },
                rang = sources.alarm.ring() => match rang {
                    Ok(Rang::Time) => {}
                    Ok(Rang::ClockSet) => {
                        tracing::info!("the clock was set; it is {} now", self.now());
                        self.lanes.forget_offered();
                        return After::Anew;
                    }
                    Err(error) => {
                        tracing::error!("the timer fails: {error}; the heartbeat stands in for it");
                        sleep(PAUSE).await;
                    }
                },
                Some(ended) = self.at_work.join_next_with_id(), if !self.at_work.is_empty() => {
                    self.ended(ended, &timetable, &mut circumstances).await;
                    continue;
                }
                () = sources.file.changed() => {
                    // Health is to know at once.
                    sources.heartbeat.reset_immediately();
                    if self.reload() { return After::Anew }
                }
                _ = sources.heartbeat.tick() => {
                    self.settle().await;
                    let at_work = self.lanes.runs().cloned().collect();
                    self.arrears.go_on(&self.setup.executor, at_work);
                    if !self.report(&mut sources.heard).await {
                        return After::Standby;
                    }
                }
            }
            self.tick(&timetable, &mut timeline, &mut circumstances).await;
        }
    }

    /// Looks at the timetable: what has come is dealt with.
    pub(crate) async fn tick(
        &mut self,
        timetable: &[Entry<'_>],
        timeline: &mut Timeline<'_, '_>,
        circumstances: &mut Circumstances,
    ) {
        let now = self.now();
        let due = timeline.tick(now);
        if !due.is_empty() {
            self.turn(timetable, circumstances, due).await;
        }
        let next = timeline.next();
        self.standing.send_modify(|standing| {
            standing.ticked_at = Some(now);
            standing.next_at = next;
        });
    }

    fn arm(&self, alarm: &mut Alarm, timeline: &Timeline<'_, '_>) -> std::io::Result<()> {
        let next = timeline
            .next()
            .map(|at| self.setup.executor.engine.clock.machine(at));
        alarm.set(next)
    }

    /// Reads the schedule file again; whether another timetable is in force by that.
    fn reload(&mut self) -> bool {
        systemd::reloading();
        let anew = self.read_again();
        systemd::ready(self.standing.borrow().words());
        anew
    }

    /// A file that cannot be used changes nothing.
    fn read_again(&mut self) -> bool {
        let file = self.setup.schedule_file.display().to_string();
        let before = self.schedule();
        let schedule = match (self.setup.load)() {
            Ok(schedule) => schedule,
            Err(error) => {
                tracing::error!("{file} cannot be used; the timetable stays as it was:\n{error}");
                self.standing
                    .send_modify(|standing| standing.schedule_error = Some(error));
                return false;
            }
        };
        let changes = changes(&before, &schedule);
        let had_error = self.standing.borrow().schedule_error.is_some();
        if *before == schedule && !had_error {
            tracing::debug!("{file}: nothing differs");
            return false;
        }
        tracing::info!("{file} was read again: {} changes", changes.len());
        for change in &changes {
            tracing::info!("{change}");
        }
        let now = self.now();
        self.standing.send_modify(|standing| {
            if before.release != schedule.release {
                // It was said of another place.
                standing.release_error = None;
            }
            standing.schedule = std::sync::Arc::new(schedule);
            standing.loaded_at = now;
            standing.schedule_error = None;
        });
        true
    }
}

impl ScheduleFile {
    /// Waits until the file may have changed and has been quiet since. Safe to drop and to
    /// call again: what was noticed is kept.
    async fn changed(&mut self) {
        loop {
            let Some(watch) = &mut self.watch else {
                return std::future::pending().await;
            };
            tokio::select! {
                noticed = watch.changed() => match noticed {
                    Ok(()) => self.read_at = Some(Instant::now() + QUIET),
                    Err(error) => {
                        tracing::warn!("changes of the schedule file are no longer noticed ({error}); send SIGHUP");
                        self.watch = None;
                    }
                },
                () = sleep_until(self.read_at.unwrap_or_else(Instant::now)), if self.read_at.is_some() => {
                    self.read_at = None;
                    return;
                }
            }
        }
    }
}
