//! A run that was granted: its fence, its lease, what runs of it, and what is not stored yet.

use crate::model::CancelCause;

use super::effect::{CloseCause, Effect, EndCause, Ending};
#[cfg(test)]
use super::flaw::Flaw;
use super::flaw::Flaws;
use super::input::{Grant, OnLost, Reply, RunOver};
use super::lease::{BootMoment, Deadline, Lease};
use super::request::PendingRequest;
use super::terms::{AttemptKey, Fence, Sequence, Verdict, Write};

/// What stays the same of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Held {
    pub fence: Fence,
    pub flaws: Flaws,
}

/// What is known of the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Standing {
    /// It stands, and the lease goes on.
    Holds,
    /// Nobody has said that it fell, but the lease runs out: nothing is started or renewed.
    Lapsed {
        /// Whether the second step, SIGKILL, was taken.
        killed: bool,
    },
    /// It fell.
    Fenced,
}

/// How the run leaves this worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Last {
    Finish(Verdict),
    Release { lost_attempt: bool },
}

/// A run in this worker's hands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Tenure {
    lease: Lease,
    standing: Standing,
    /// Before the last acknowledged renewal was sent.
    anchor: BootMoment,
    /// When the one that is under way was sent.
    renewal: PendingRequest<BootMoment>,
    writing: PendingRequest<Write>,
    running: bool,
    due: Option<AttemptKey>,
    delivery: Option<usize>,
    journaled: Sequence,
    stored: Sequence,
    /// The strongest end that was asked for by people.
    asked: Option<Ending>,
    last: Option<Last>,
    /// The database refuses its record, and nothing that still happens counts.
    unwritable: bool,
    closed: Option<CloseCause>,
}

impl Tenure {
    /// What was granted to a claim that was sent at `sent`.
    pub(super) fn new(sent: BootMoment, grant: Grant) -> Self {
        let is_lost = match grant.on_lost {
            OnLost::Resume { losses } => grant.losses > losses,
            OnLost::Fail => grant.losses > 0,
        };
        Self {
            lease: grant.lease,
            standing: Standing::Holds,
            anchor: sent,
            renewal: PendingRequest::From(sent.after(grant.lease.renewal_interval())),
            writing: PendingRequest::From(sent),
            running: false,
            due: None,
            delivery: None,
            journaled: grant.recorded,
            stored: grant.recorded,
            asked: None,
            last: is_lost.then_some(Last::Finish(Verdict::Lost)),
            unwritable: false,
            closed: None,
        }
    }

    /// Whether the engine has, or gets, something to do with it.
    pub(super) fn is_open(&self) -> bool {
        self.last.is_none()
    }

    pub(super) fn closed(&self) -> Option<CloseCause> {
        self.closed
    }

    /// Whether its collectors would have to be ended by now.
    pub(super) fn is_overdue(&self, now: BootMoment) -> bool {
        now >= self.lease.deadline(self.anchor).terminate_at
    }

    /// Nothing was begun, and nothing shall be.
    pub(super) fn give_back(&mut self) {
        self.last.get_or_insert(Last::Release { lost_attempt: false });
    }

    /// What time alone brings. Comes before every input: an answer that was under way for
    /// too long must not hide that the lease has run out meanwhile.
    pub(super) fn pass(&mut self, now: BootMoment, held: Held, effects: &mut Vec<Effect>) {
        #[cfg(test)]
        if held.flaws.has(Flaw::NoSelfFence)
            || held.flaws.has(Flaw::RenewAfterFence) && matches!(self.renewal, PendingRequest::Sent(_))
        {
            return;
        }
        let deadline = self.lease.deadline(self.anchor);
        if self.standing == Standing::Holds && now >= deadline.terminate_at {
            self.standing = Standing::Lapsed { killed: false };
            self.due = None;
            self.end(held, Ending::Terminate, EndCause::LeaseRunsOut, effects);
        }
        if self.standing == (Standing::Lapsed { killed: false }) && now >= deadline.kill_at {
            self.standing = Standing::Lapsed { killed: true };
            self.end(held, Ending::Kill, EndCause::LeaseRunsOut, effects);
        }
    }

    pub(super) fn renewed(&mut self, now: BootMoment, held: Held, reply: Reply, effects: &mut Vec<Effect>) {
        let PendingRequest::Sent(sent) = self.renewal else {
            return;
        };
        self.renewal = PendingRequest::Never;
        match reply {
            // Too late, the supervisor has begun; whose the run is now, a write will tell.
            _ if self.standing != Standing::Holds => {}
            Reply::Stored => {
                self.anchor = sent;
                self.renewal = PendingRequest::From(sent.after(self.lease.renewal_interval()));
                if self.running {
                    let (fence, until) = (held.fence, self.deadline(held));
                    effects.push(Effect::Extend { fence, until });
                }
            }
            Reply::Lost | Reply::Refused => {
                self.renewal = PendingRequest::From(now.after(self.lease.retry_pause()));
            }
            // The end of the run may be why; its own answer will say.
            Reply::Fenced if self.last.is_some() => {}
            Reply::Fenced => self.fall(held, effects),
        }
    }

    pub(super) fn written(
        &mut self,
        now: BootMoment,
        held: Held,
        (write, reply): (Write, Reply),
        effects: &mut Vec<Effect>,
    ) {
        if self.writing != PendingRequest::Sent(write) {
            return;
        }
        #[cfg(test)]
        let reply = if held.flaws.has(Flaw::LostMeansStored) && reply == Reply::Lost {
            Reply::Stored
        } else {
            reply
        };
        self.writing = PendingRequest::From(now);
        match (reply, write) {
            (Reply::Lost, _) => self.writing = PendingRequest::From(now.after(self.lease.retry_pause())),
            (Reply::Fenced, _) => self.fall(held, effects),
            (Reply::Refused, Write::Deliver(_)) => self.delivery = None,
            (Reply::Refused, Write::Record(_) | Write::Finish(Verdict::OfTasks)) => {
                self.refuse(held, effects);
            }
            (Reply::Refused, Write::Finish(Verdict::Lost) | Write::Release { .. }) => {
                self.closed = Some(CloseCause::Unwritable);
            }
            (Reply::Stored, Write::Finish(_)) => self.closed = Some(CloseCause::Finished),
            (Reply::Stored, Write::Release { .. }) => self.closed = Some(CloseCause::Released),
            (Reply::Stored, Write::Deliver(_)) => self.delivery = None,
            (Reply::Stored, Write::Record(upto)) => self.stored = self.stored.max(upto),
        }
    }

    pub(super) fn due(&mut self, attempt: AttemptKey) {
        if self.standing == Standing::Holds && self.last.is_none() && !self.unwritable {
            self.due = Some(attempt);
        }
    }

    pub(super) fn gone(&mut self) {
        self.running = false;
    }

    pub(super) fn delivery_due(&mut self, task: usize) {
        self.delivery = Some(task);
    }

    pub(super) fn journaled(&mut self, upto: Sequence) {
        if !self.unwritable {
            self.journaled = self.journaled.max(upto);
        }
    }

    pub(super) fn over(&mut self, over: RunOver) {
        self.due = None;
        self.running = false;
        self.last.get_or_insert(match over {
            _ if self.unwritable => Last::Release { lost_attempt: true },
            RunOver::Complete => Last::Finish(Verdict::OfTasks),
            RunOver::Interrupted { lost_attempt } => Last::Release { lost_attempt },
        });
    }

    /// Somebody wants the run to end. One whose lease has run out is given back instead: whoever
    /// takes it next is told.
    pub(super) fn cancel(
        &mut self,
        held: Held,
        ending: Ending,
        cause: CancelCause,
        effects: &mut Vec<Effect>,
    ) {
        if self.standing == Standing::Holds && self.asked.is_none_or(|asked| asked < ending) {
            self.asked = Some(ending);
            self.end(held, ending, EndCause::Cancelled(cause), effects);
        }
    }

    pub(super) fn go_on(&mut self, now: BootMoment, held: Held, effects: &mut Vec<Effect>) {
        if self.standing == Standing::Fenced {
            if self.last.is_some() {
                self.closed.get_or_insert(CloseCause::Fenced);
            }
            return;
        }
        if self.closed.is_some() {
            return;
        }
        self.write_next(now, held, effects);
        self.start_due(held, effects);
        if self.standing == Standing::Holds && self.renewal.is_due(now) {
            self.renewal = PendingRequest::Sent(now);
            #[cfg(test)]
            if held.flaws.has(Flaw::RenewAfterFence) {
                effects.push(Effect::RenewUnfenced(held.fence));
                return;
            }
            effects.push(Effect::Renew(held.fence));
        }
    }

    pub(super) fn wake_at(&self) -> Option<BootMoment> {
        let deadline = self.lease.deadline(self.anchor);
        let ends = match self.standing {
            Standing::Holds => Some(deadline.terminate_at),
            Standing::Lapsed { killed: false } => Some(deadline.kill_at),
            Standing::Lapsed { killed: true } => None,
            Standing::Fenced => return None,
        };
        let renews = self.renewal.due_at().filter(|_| self.standing == Standing::Holds);
        let writes = self.writing.due_at().filter(|_| self.to_write().is_some());
        [ends, renews, writes].into_iter().flatten().min()
    }

    fn start_due(&mut self, held: Held, effects: &mut Vec<Effect>) {
        let is_stored = self.stored >= self.journaled && self.delivery.is_none();
        #[cfg(test)]
        let is_stored = is_stored || held.flaws.has(Flaw::StartBeforeRecord);
        if !is_stored || self.running {
            return;
        }
        if let Some(attempt) = self.due.take() {
            self.running = true;
            let (fence, until) = (held.fence, self.deadline(held));
            effects.push(Effect::Start {
                fence,
                attempt,
                until,
            });
        }
    }

    /// One write at a time, in the order in which things happened.
    fn write_next(&mut self, now: BootMoment, held: Held, effects: &mut Vec<Effect>) {
        let Some(write) = self.to_write().filter(|_| self.writing.is_due(now)) else {
            return;
        };
        self.writing = PendingRequest::Sent(write);
        #[cfg(test)]
        if matches!(write, Write::Finish(_)) {
            if held.flaws.has(Flaw::DeleteBeforeFinish) {
                effects.push(Effect::Delete(held.fence));
            } else if held.flaws.has(Flaw::UnfencedFinish) {
                effects.push(Effect::WriteUnfenced(held.fence, write));
                return;
            }
        }
        effects.push(Effect::Write(held.fence, write));
    }

    fn to_write(&self) -> Option<Write> {
        if let Some(task) = self.delivery {
            return Some(Write::Deliver(task));
        }
        // The end has the rest of the journal with it: one commit instead of two.
        let ends = matches!(self.last, Some(Last::Finish(Verdict::OfTasks)));
        if self.journaled > self.stored && !ends {
            return Some(Write::Record(self.journaled));
        }
        self.last.map(|last| match last {
            Last::Finish(verdict) => Write::Finish(verdict),
            Last::Release { lost_attempt } => Write::Release { lost_attempt },
        })
    }

    /// Another worker has the run, which counts on nothing of ours being left.
    fn fall(&mut self, held: Held, effects: &mut Vec<Effect>) {
        self.standing = Standing::Fenced;
        self.due = None;
        self.end(held, Ending::Kill, EndCause::Fenced, effects);
    }

    /// Nobody will ever have the record of this claim: what runs is for nothing.
    fn refuse(&mut self, held: Held, effects: &mut Vec<Effect>) {
        self.unwritable = true;
        self.due = None;
        self.journaled = self.stored;
        self.end(held, Ending::Terminate, EndCause::Unwritable, effects);
        if self.last.is_some() {
            self.last = Some(Last::Release { lost_attempt: true });
        }
    }

    /// Tells the engine, where it still has something to do.
    fn end(&self, held: Held, ending: Ending, cause: EndCause, effects: &mut Vec<Effect>) {
        if self.is_open() {
            effects.push(Effect::End {
                fence: held.fence,
                ending,
                cause,
            });
        }
    }

    /// The deadline that a supervisor is given.
    #[cfg_attr(not(test), expect(unused_variables, reason = "only tests plant errors"))]
    fn deadline(&self, held: Held) -> Deadline {
        #[cfg(test)]
        if held.flaws.has(Flaw::NoSelfFence) {
            return Lease::new(self.lease.length() * 1_000).deadline(self.anchor);
        }
        self.lease.deadline(self.anchor)
    }
}

#[cfg(test)]
impl Tenure {
    /// As a clock that stands still sees it `span` later.
    pub(super) fn age(&mut self, span: std::time::Duration, now: BootMoment) {
        let oldest = now.before(self.lease.length());
        self.anchor = self.anchor.aged(span, oldest);
        if let PendingRequest::Sent(sent) = &mut self.renewal {
            *sent = sent.aged(span, oldest);
        }
        self.renewal.age(span, now);
        self.writing.age(span, now);
    }
}
