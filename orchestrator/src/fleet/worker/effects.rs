//! What follows from an input is carried out: asked of the database, told to the engine, logged.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use crate::execution::Orders;
use crate::fleet::protocol::{
    CloseCause, Deadline, Effect, EndCause, Ending, Fence, LeaveCause, Reply, Verdict, WorkerInput, Write,
};
use crate::fleet::worker::claimed_run::ClaimedRun;
use crate::fleet::worker::desk::RunDesk;
use crate::fleet::worker::journal_feed::JournalFeed;
use crate::fleet::worker::requests::WriteRequest;
use crate::fleet::worker::shell::{WorkerShell, moment};
use crate::model::{CancelCause, LossPolicy, Order};
use crate::store::RunGrant;

impl WorkerShell {
    /// Shows the protocol an input, and does what it says.
    ///
    /// # Errors
    /// There is no clock.
    pub(super) fn step(&mut self, input: WorkerInput) -> io::Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.machine.step(moment()?, input) {
                self.carry_out(effect, &mut inputs);
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect, inputs: &mut VecDeque<WorkerInput>) {
        match effect {
            Effect::Claim(fence) => {
                if let Some(shown) = self.desk(fence).map(|desk| desk.shown.clone()) {
                    self.requests.claim(fence, shown);
                }
            }
            Effect::Leave { fence, pause, cause } => {
                if let Some(desk) = self.desks.remove(&fence.message) {
                    let run = &desk.shown.run;
                    let why = match cause {
                        LeaveCause::Unfit(_) => "it is not for this worker",
                        LeaveCause::Full => "there is no room for it",
                        LeaveCause::Draining => "this worker is about to end",
                    };
                    tracing::debug!("run {run} is left in the queue: {why}");
                    self.requests.leave(desk.shown, pause);
                }
            }
            Effect::Begin { fence, .. } => self.begin(fence),
            Effect::Start { fence, until, .. } => self.start(fence, until),
            Effect::Extend { fence, until } => {
                if let Some(desk) = self.desk(fence) {
                    desk.deadline.send_replace(until.into());
                }
            }
            Effect::End { fence, ending, cause } => self.end(fence, ending, cause),
            Effect::Renew(fence) => {
                if let Some((run, lease)) = self.desk(fence).map(|desk| (desk.run_fence(), desk.lease())) {
                    self.requests.renew(fence, run, lease);
                }
            }
            Effect::Write(fence, write) => self.write(fence, write, inputs),
            Effect::Close(fence, cause) => self.close(fence, cause),
            #[cfg(test)]
            Effect::WriteUnfenced(..) | Effect::RenewUnfenced(_) | Effect::Delete(_) => {}
        }
    }

    fn begin(&mut self, fence: Fence) {
        let (executor, inbox) = (Arc::clone(&self.executor), self.requests.inbox.clone());
        let mut audience = (self.audience)();
        let Some(run) = self.desk(fence).map(|desk| desk.run_fence()) else {
            return;
        };
        let logs = self.log_sender.logs().listener(run);
        audience.listeners.push(Box::new(logs));
        audience.with_output = true;
        let Some(desk) = self.desk(fence) else { return };
        let Some(grant) = desk.grant.clone() else { return };
        tracing::info!("run {} is taken, for the {}. time", grant.run, grant.epoch);
        desk.feed = JournalFeed::after(grant.recorded);
        let orders = Orders::new();
        desk.orders = Some(orders.sender());
        let run = ClaimedRun {
            executor,
            grant,
            fence,
            lease: desk.deadline.subscribe(),
            inbox,
        };
        run.begin(audience, orders);
    }

    fn start(&mut self, fence: Fence, until: Deadline) {
        if let Some(desk) = self.desk(fence) {
            desk.deadline.send_replace(until.into());
            if let Some(go) = desk.start.take() {
                desk.feed.start();
                // One that waits no more has been told to end.
                let _ = go.send(());
            }
        }
    }

    fn end(&mut self, fence: Fence, ending: Ending, cause: EndCause) {
        let name = self.means.name.clone();
        let Some(desk) = self.desk(fence) else { return };
        let run = &desk.shown.run;
        let by = match cause {
            EndCause::Cancelled(by) => by,
            EndCause::LeaseRunsOut | EndCause::Fenced | EndCause::Unwritable => CancelCause::LeaseLost,
        };
        match cause {
            EndCause::Cancelled(_) => {}
            EndCause::LeaseRunsOut => {
                if ending == Ending::Terminate {
                    tracing::error!("the lease of run {run} could not be renewed: its collectors are ended");
                }
                desk.reason = Some(format!(
                    "worker {name} could not reach the database and ended it before its lease of the run ran out"
                ));
                desk.feed.let_go();
                // A delivery is still worth having: who takes the run next need not do it again.
                desk.due = None;
                desk.start = None;
            }
            EndCause::Fenced | EndCause::Unwritable => {
                desk.feed.let_go();
                desk.close_gates();
            }
        }
        desk.order(match ending {
            Ending::Terminate => Order::Cancel(by),
            Ending::Kill => Order::Kill(by),
        });
        if let EndCause::Cancelled(by) = cause
            && by != CancelCause::Operator
        {
            self.cancelled.get_or_insert(by);
        }
    }

    fn write(&mut self, fence: Fence, write: Write, inputs: &mut VecDeque<WorkerInput>) {
        let (name, now) = (self.means.name.clone(), self.executor.now());
        let requests = self.requests.clone();
        let Some(desk) = self.desk(fence) else { return };
        let what = WriteRequest {
            fence,
            write,
            run: desk.run_fence(),
            lease: desk.lease(),
        };
        match write {
            Write::Deliver(task) => desk.ask_for_delivery(task, inputs),
            Write::Record(upto) => requests.record(&what, desk.feed.up_to(Some(upto))),
            Write::Finish(Verdict::OfTasks) => requests.record(&what, desk.feed.up_to(None)),
            Write::Finish(Verdict::Lost) => {
                let reason = desk.grant.as_ref().map_or(String::new(), reason_to_give_up);
                requests.give_up(&what, reason, now);
            }
            Write::Release { lost_attempt } => {
                let reason = desk
                    .reason
                    .clone()
                    .unwrap_or_else(|| format!("worker {name} was asked to end, or heard of it too late"));
                requests.release(&what, reason, lost_attempt);
            }
        }
    }

    fn close(&mut self, fence: Fence, cause: CloseCause) {
        let is_it = self.desk(fence).is_some();
        let Some(desk) = self.desks.remove(&fence.message).filter(|_| is_it) else {
            return;
        };
        // There is room for another one.
        self.wants_look = true;
        let run = &desk.shown.run;
        match cause {
            CloseCause::Finished if desk.feed.is_complete() => {
                tracing::debug!("run {run} has its end in the record");
                self.executor.forget_unrecorded(run);
            }
            CloseCause::Finished => tracing::error!("run {run} is given up"),
            CloseCause::Released => {
                let reason = desk.reason.as_deref().unwrap_or("it was not begun");
                tracing::warn!("run {run} is given back: {reason}");
            }
            CloseCause::Refused => tracing::debug!("run {run} is not to be had"),
            CloseCause::Fenced => tracing::warn!("run {run} is another worker's by now"),
            CloseCause::Unwritable => {
                tracing::error!("run {run} is left to its lease: nothing of it can be written");
            }
        }
    }
}

impl RunDesk {
    /// The engine asks the database, if it still wants to.
    fn ask_for_delivery(&mut self, task: usize, inputs: &mut VecDeque<WorkerInput>) {
        if std::mem::take(&mut self.delivery.is_withdrawn) {
            inputs.push_back(WorkerInput::Written {
                fence: self.fence,
                write: Write::Deliver(task),
                reply: Reply::Refused,
            });
            return;
        }
        self.delivery.asked = Some(task);
        if let Some(go) = self.delivery.go.take() {
            // One that wants it no more says so.
            let _ = go.send(());
        }
    }
}

fn reason_to_give_up(grant: &RunGrant) -> String {
    match grant.on_lost {
        LossPolicy::Fail => "its worker was lost, and `on_lost` is `fail`".to_owned(),
        LossPolicy::Resume => format!("{} workers were lost with it", grant.losses),
    }
}
