//! The protocol's inputs and effects in the real world: what happens is made an input, with the
//! clock as it is at that moment, and what follows is carried out. Nothing is decided here.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::time_since_boot;
use crate::events::DeliveryEnd;
use crate::execution::{Audience, Executor, TenureNews};
use crate::fleet::protocol::{
    AttemptKey, BootMoment, Epoch, Fence, MessageId, Reply, RunOver, Worker, WorkerInput, WorkerSettings,
    Write,
};
use crate::fleet::worker::desk::{DueAttempt, RunDesk};
use crate::fleet::worker::log_sender::LogSender;
use crate::fleet::worker::news::{News, RunEnd};
use crate::fleet::worker::requests::Requests;
use crate::model::CancelCause;
use crate::store::{ShownRun, WorkerMeans};

/// Between the end of one task and what follows it there is no wait, so that both go into the record
/// with one commit. What does not follow by then is not waited for.
const TOGETHER: Duration = Duration::from_millis(3);

/// A worker's claims, and the hands on them.
pub(super) struct WorkerShell {
    pub(super) machine: Worker,
    pub(super) requests: Requests,
    pub(super) executor: Arc<Executor>,
    pub(super) means: WorkerMeans,
    pub(super) audience: Box<dyn Fn() -> Audience>,
    /// Sends what collectors write to the database, for those who are elsewhere.
    pub(super) log_sender: LogSender,
    pub(super) desks: BTreeMap<MessageId, RunDesk>,
    /// A look into the queue is under way.
    is_looking: bool,
    /// There may be more in the queue than was seen.
    pub(super) wants_look: bool,
    is_asking_for_cancelled: bool,
    /// Why runs were cancelled, if they were because this worker is to end.
    pub(super) cancelled: Option<CancelCause>,
    /// Until when the events of the last moment are held together.
    together_until: Option<BootMoment>,
}

impl WorkerShell {
    pub(super) fn new(
        settings: WorkerSettings,
        requests: Requests,
        (executor, means): (Arc<Executor>, WorkerMeans),
        (audience, log_sender): (Box<dyn Fn() -> Audience>, LogSender),
    ) -> Self {
        Self {
            machine: Worker::new(settings),
            requests,
            executor,
            means,
            audience,
            log_sender,
            desks: BTreeMap::new(),
            is_looking: false,
            wants_look: true,
            is_asking_for_cancelled: false,
            cancelled: None,
            together_until: None,
        }
    }

    /// Looks into the queue, if there is room and a reason.
    pub(super) fn look(&mut self) {
        let free = self.machine.free();
        if free > 0 && self.wants_look && !self.is_looking {
            self.wants_look = false;
            self.is_looking = true;
            self.requests.look(self.means.clone(), free);
        }
    }

    /// The queue has said something, or has been silent for long.
    pub(super) fn hear(&mut self) {
        self.wants_look = true;
        if !self.desks.is_empty() && !self.is_asking_for_cancelled {
            self.is_asking_for_cancelled = true;
            self.requests.look_for_cancelled();
        }
    }

    /// How long nothing has to be done if nothing happens; `None`: as long as that.
    ///
    /// # Errors
    /// There is no clock.
    pub(super) fn pause(&self) -> io::Result<Option<Duration>> {
        let wakes = self.machine.wake_at().into_iter().chain(self.together_until);
        let Some(wake) = wakes.min() else {
            return Ok(None);
        };
        // Timers stand still in suspend, and this clock does not.
        let left = wake.as_duration().saturating_sub(time_since_boot()?);
        Ok(Some(left.min(Duration::from_secs(1))))
    }

    /// Time has passed.
    ///
    /// # Errors
    /// There is no clock.
    pub(super) fn tick(&mut self) -> io::Result<()> {
        let now = moment()?;
        if self.together_until.is_some_and(|until| until <= now) {
            self.tell_journals(true)?;
        }
        self.step(WorkerInput::Tick)
    }

    /// Takes news; what they have in common with the next ones is told by [`Self::settle`].
    ///
    /// # Errors
    /// There is no clock.
    pub(super) fn take(&mut self, news: News) -> io::Result<()> {
        match news {
            News::Looked(shown) => self.looked(shown),
            News::Claimed { fence, reply, grant } => {
                if let Some(desk) = self.desk(fence) {
                    desk.grant = grant.map(|grant| *grant);
                }
                self.step(WorkerInput::Claimed { fence, reply })
            }
            News::Renewed {
                fence,
                reply,
                cancelled,
            } => {
                self.step(WorkerInput::Renewed { fence, reply })?;
                if cancelled {
                    self.cancel(fence.message)?;
                }
                Ok(())
            }
            News::Written {
                fence,
                write,
                reply,
                why,
            } => {
                if let Some(desk) = self.desk(fence) {
                    desk.note_written(write, reply, why);
                }
                self.step(WorkerInput::Written { fence, write, reply })
            }
            News::Cancelled(runs) => {
                self.is_asking_for_cancelled = false;
                let is_one = |desk: &&RunDesk| runs.contains(&desk.shown.run);
                let messages = self.desks.values().filter(is_one).map(|desk| desk.fence.message);
                for message in messages.collect::<Vec<_>>() {
                    self.cancel(message)?;
                }
                Ok(())
            }
            News::OfRun(fence, news) => self.of_run(fence, news),
            News::Over(fence, end) => self.over(fence, end),
        }
    }

    /// What came together is told.
    ///
    /// # Errors
    /// There is no clock.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.tell_journals(false)
    }

    fn looked(&mut self, shown: Vec<ShownRun>) -> io::Result<()> {
        self.is_looking = false;
        // Where there was one, there may be another.
        self.wants_look |= !shown.is_empty();
        for shown in shown {
            let Ok(epoch) = i32::try_from(shown.shown) else {
                tracing::error!("run {} was shown more often than can be counted", shown.run);
                continue;
            };
            let fence = Fence {
                message: MessageId(shown.message),
                epoch: Epoch(epoch),
            };
            // One that is in hand is renewed, or fenced by its own answer.
            self.desks
                .entry(fence.message)
                .or_insert_with(|| RunDesk::new(fence, shown));
            self.step(WorkerInput::Shown { fence, unfit: None })?;
        }
        Ok(())
    }

    fn cancel(&mut self, message: MessageId) -> io::Result<()> {
        let cause = CancelCause::Operator;
        self.step(WorkerInput::Cancel { message, cause })
    }

    fn of_run(&mut self, fence: Fence, news: TenureNews) -> io::Result<()> {
        let Some(desk) = self.desk(fence) else {
            return Ok(());
        };
        match news {
            TenureNews::Journaled { number, event } => {
                let is_end = desk.feed.take(number, event);
                if is_end {
                    self.step(WorkerInput::Gone { fence })?;
                }
                self.ask_for_due(fence)
            }
            TenureNews::Due {
                task,
                attempt: number,
                upto,
                go,
            } => {
                let attempt = AttemptKey { task, number };
                desk.due = Some(DueAttempt { attempt, upto, go });
                self.ask_for_due(fence)
            }
            TenureNews::DeliveryDue { task, go } => {
                desk.delivery.is_withdrawn = false;
                if desk.delivery.asked.is_some() {
                    // An engine that waits no more says so.
                    let _ = go.send(());
                    return Ok(());
                }
                desk.delivery.go = Some(go);
                self.step(WorkerInput::Gone { fence })?;
                self.step(WorkerInput::DeliveryDue { fence, task })
            }
            TenureNews::Delivered { task: _, end } => {
                let reply = match end {
                    DeliveryEnd::Taken => Reply::Stored,
                    DeliveryEnd::Refused => Reply::Refused,
                    DeliveryEnd::Fenced => Reply::Fenced,
                    DeliveryEnd::Lost => Reply::Lost,
                };
                self.delivered(fence, reply)
            }
        }
    }

    /// The answer to the protocol's question, or to the one that it is about to ask.
    fn delivered(&mut self, fence: Fence, reply: Reply) -> io::Result<()> {
        let Some(desk) = self.desk(fence) else {
            return Ok(());
        };
        let Some(task) = desk.delivery.asked.take() else {
            desk.delivery.is_withdrawn |= reply == Reply::Refused;
            return Ok(());
        };
        let write = Write::Deliver(task);
        self.step(WorkerInput::Written { fence, write, reply })
    }

    /// An attempt that is due is asked for, once all events before it are here.
    fn ask_for_due(&mut self, fence: Fence) -> io::Result<()> {
        let Some(desk) = self.desk(fence) else {
            return Ok(());
        };
        let feed = &desk.feed;
        let Some(due) = desk.due.take_if(|due| feed.has_reached(due.upto)) else {
            return Ok(());
        };
        desk.start = Some(due.go);
        if let Some(upto) = desk.feed.tell() {
            self.step(WorkerInput::Journaled { fence, upto })?;
        }
        let attempt = due.attempt;
        self.step(WorkerInput::Due { fence, attempt })
    }

    /// Tells what came into the journals, `all` or only those of which nothing more follows at once.
    fn tell_journals(&mut self, all: bool) -> io::Result<()> {
        self.together_until = None;
        let now = moment()?;
        let mut told = Vec::new();
        for desk in self.desks.values_mut() {
            if !all && desk.feed.expects_more() {
                self.together_until = Some(now.after(TOGETHER));
            } else if let Some(upto) = desk.feed.tell() {
                told.push((desk.fence, upto));
            }
        }
        for (fence, upto) in told {
            self.step(WorkerInput::Journaled { fence, upto })?;
        }
        Ok(())
    }

    fn over(&mut self, fence: Fence, end: RunEnd) -> io::Result<()> {
        // What the engine took back with its end was never answered.
        self.delivered(fence, Reply::Refused)?;
        let Some(desk) = self.desk(fence) else {
            return Ok(());
        };
        let mut counts = desk.feed.has_open_attempt();
        match end {
            RunEnd::Executed { exit_code } => {
                tracing::debug!("run {} is over, with {exit_code}", desk.shown.run);
            }
            RunEnd::Failed { reason, counts: also } => {
                desk.reason = Some(format!("could not execute it: {reason}"));
                counts |= also;
            }
        }
        let over = match desk.feed.is_complete() {
            true => RunOver::Complete,
            false => RunOver::Interrupted { lost_attempt: counts },
        };
        if let Some(upto) = desk.feed.tell() {
            self.step(WorkerInput::Journaled { fence, upto })?;
        }
        self.step(WorkerInput::Over { fence, over })
    }

    pub(super) fn desk(&mut self, fence: Fence) -> Option<&mut RunDesk> {
        self.desks
            .get_mut(&fence.message)
            .filter(|desk| desk.fence == fence)
    }
}

/// CLOCK_BOOTTIME, as it is.
pub(super) fn moment() -> io::Result<BootMoment> {
    Ok(BootMoment::since_boot(time_since_boot()?))
}
