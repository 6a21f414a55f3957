//! What a worker has to do. Only [`super::Worker::step`] makes these.

use std::time::Duration;

use crate::model::CancelCause;

use super::lease::Deadline;
use super::terms::{AttemptKey, Fence, Sequence, Unfit, Write};

/// Something to do, in the order in which it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Ask the database for the run. Answer: [`super::WorkerInput::Claimed`].
    Claim(Fence),
    /// Make the message visible again after `pause`, for others.
    Leave {
        /// Which.
        fence: Fence,
        /// How long it stays hidden.
        pause: Duration,
        /// Why.
        cause: LeaveCause,
    },
    /// Give the plan to the engine, behind what is recorded.
    Begin {
        /// Which.
        fence: Fence,
        /// Up to here the database knows how it went: that is not done again.
        recorded: Sequence,
    },
    /// Start the attempt that was due, unless its deadline has come by then.
    Start {
        /// Which claim.
        fence: Fence,
        /// Which.
        attempt: AttemptKey,
        /// For the supervisor.
        until: Deadline,
    },
    /// Give the supervisor of the running attempt a later deadline.
    Extend {
        /// Which claim.
        fence: Fence,
        /// The later one.
        until: Deadline,
    },
    /// Let the engine start nothing more, and end what runs.
    End {
        /// Which claim.
        fence: Fence,
        /// How.
        ending: Ending,
        /// Why; says whether the tasks that are left are settled or stay open.
        cause: EndCause,
    },
    /// Prolong the lease. Answer: [`super::WorkerInput::Renewed`].
    Renew(Fence),
    /// Write under the fence. Answer: [`super::WorkerInput::Written`].
    Write(Fence, Write),
    /// The claim is over; nothing of it is running. What was not stored is a note in the
    /// run's own directory, and changes nothing.
    Close(Fence, CloseCause),
    /// Planted: a write that does not look at the epoch.
    #[cfg(test)]
    WriteUnfenced(Fence, Write),
    /// Planted: a renewal that does not look at the epoch.
    #[cfg(test)]
    RenewUnfenced(Fence),
    /// Planted: the message goes in a transaction of its own.
    #[cfg(test)]
    Delete(Fence),
}

/// How strongly; the second is the stronger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// SIGTERM, and what the ladder does next.
    Terminate,
    /// SIGKILL to the whole tree.
    Kill,
}

/// Why a run is ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndCause {
    /// Somebody wants it: every task that is left is settled as cancelled.
    Cancelled(CancelCause),
    /// No renewal was acknowledged for too long: tasks that are left stay open.
    LeaseRunsOut,
    /// Another worker has it: tasks that are left stay open.
    Fenced,
    /// The database refuses its record: tasks that are left stay open.
    Unwritable,
}

/// Why a message is left in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaveCause {
    /// This worker cannot run it.
    Unfit(Unfit),
    /// It has no place for one more.
    Full,
    /// It is about to end.
    Draining,
}

/// How a claim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCause {
    /// The end of the run is recorded.
    Finished,
    /// The run is back in the queue.
    Released,
    /// It was not granted, or not asked for again.
    Refused,
    /// Another worker has it, or it was ended without us.
    Fenced,
    /// The database refuses even its end: it is left to its lease.
    Unwritable,
}
