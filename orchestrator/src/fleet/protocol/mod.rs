//! The fleet's protocol: claim, renew, lose, fence, resume, finish, cancel, drain, as one
//! pure state machine, [`Worker::step`]. It reads no clock, waits for nothing and talks to
//! nobody; a test may show it every order of events, and the model check does.
//!
//! # How a shell drives it
//!
//! One [`Worker`] for a worker process, in one loop. Whatever happens becomes an [`WorkerInput`],
//! with CLOCK_BOOTTIME as it is *at that moment* ([`BootMoment`], never one kept from before a
//! wait); the [`Effect`]s that come back are carried out in their order. Between two inputs
//! the loop sleeps until [`Worker::wake_at`], and then sends [`WorkerInput::Tick`].
//!
//! * While [`Worker::free`] is above zero, read that many messages and send [`WorkerInput::Shown`]
//!   for each.
//! * Every request effect (`Claim`, `Renew`, `Write`) is answered by exactly one input, in
//!   bounded time: an eighth of the lease is a good limit. Whatever is no clear answer
//!   (a timeout, a broken connection, a commit of unknown fate) is [`Reply::Lost`], and the
//!   machine asks again when it is time; the shell itself never does.
//! * `Begin` hands the plan to the engine, behind what is recorded. The engine asks before
//!   each attempt ([`WorkerInput::Due`], and waits for [`Effect::Start`]), says when its tree is
//!   gone ([`WorkerInput::Gone`]), brings what a collector delivered by [`WorkerInput::DeliveryDue`], and
//!   tells the newest entry of the journal that must not be forgotten ([`WorkerInput::Journaled`]).
//!   When it has no more to do it says [`WorkerInput::Over`], after the last tree is gone. The last
//!   entries of a journal that is complete need not be told before: `Finish` takes them along.
//! * The supervisor is given the [`Deadline`] of `Start`, refuses to start behind it, takes
//!   the later ones of `Extend`, and ends the tree by itself: SIGTERM at the first moment,
//!   SIGKILL at the second. `End` for [`EndCause::LeaseRunsOut`] tells the engine the same
//!   news; the supervisor must not count it as a second request.
//!
//! # What the database promises
//!
//! Each request is one transaction, and sees one row of the run under its lock.
//!
//! * **Claim**: granted where `epoch < fence.epoch`, the run has not ended, no other run of
//!   its entry is running, nobody paused it, and the row's own `lease_until` has passed (or
//!   it was given back). It sets `epoch`, `lease_until` and the message's visibility to the
//!   lease. Granted again, and prolonged, where `epoch = fence.epoch`: the answer was lost,
//!   since each `read_ct` is shown once. Refused otherwise; then the same transaction sets
//!   the message's visibility to when a further look makes sense, or deletes the message of a
//!   run that has ended. A delivery that was committed for a task without an end settles
//!   that task as a success. A claim of a run that was still running counts one loss, and
//!   its open attempt ends as lost. Another run of the entry whose lease has passed keeps nobody
//!   out: the claim puts it back into the queue, which is a loss of that run. Its message need
//!   not be the head of its group (commits may overtake each other), and then nobody would be
//!   shown it while it is in the way.
//! * **Renew**: where `epoch = fence.epoch`, the run is running and `lease_until` has not
//!   passed, both it and the message's visibility are set to the lease; else [`Reply::Fenced`]. A
//!   renewal that arrives later than that would keep the run from others for one lease more.
//! * **Write**: where `epoch = fence.epoch` and the run is running; else `Fenced`, except
//!   that what is there already under this very epoch is [`Reply::Stored`]. `Finish` also
//!   deletes the message, in the same transaction; `Release` gives the run back to the queue
//!   and makes the message visible.

mod claim;
mod effect;
mod flaw;
mod input;
mod lease;
#[cfg(test)]
mod model_check;
mod request;
mod tenure;
mod terms;
#[cfg(test)]
mod tests;
mod worker;

pub use effect::{CloseCause, Effect, EndCause, Ending, LeaveCause};
pub use input::{ClaimReply, Grant, OnLost, Reply, RunOver, WorkerInput};
pub use lease::{BootMoment, Deadline, Lease};
pub use terms::{AttemptKey, Epoch, Fence, MessageId, Sequence, Unfit, Verdict, Write};
pub use worker::{Worker, WorkerSettings};
