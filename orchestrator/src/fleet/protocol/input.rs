//! What may happen to a worker: what the queue shows, what the database answers, what the
//! engine has to say, what people want.

use crate::model::CancelCause;

use super::lease::Lease;
use super::terms::{AttemptKey, Fence, MessageId, Sequence, Unfit, Write};

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkerInput {
    /// Nothing but the passing of time.
    Tick,
    /// The queue showed a message.
    Shown {
        /// Its id and `read_ct`.
        fence: Fence,
        /// Why this worker cannot run it, where it cannot.
        unfit: Option<Unfit>,
    },
    /// The answer to [`super::Effect::Claim`].
    Claimed {
        /// As asked.
        fence: Fence,
        /// What the database said.
        reply: ClaimReply,
    },
    /// The answer to [`super::Effect::Renew`].
    Renewed {
        /// As asked.
        fence: Fence,
        /// What the database said.
        reply: Reply,
    },
    /// The answer to [`super::Effect::Write`].
    Written {
        /// As asked.
        fence: Fence,
        /// As asked.
        write: Write,
        /// What the database said.
        reply: Reply,
    },
    /// The engine wants to start an attempt, and waits.
    Due {
        /// Of which claim.
        fence: Fence,
        /// Which.
        attempt: AttemptKey,
    },
    /// The tree of the attempt that was started last is gone.
    Gone {
        /// Of which claim.
        fence: Fence,
    },
    /// A collector succeeded and delivered; the engine waits until that is stored.
    DeliveryDue {
        /// Of which claim.
        fence: Fence,
        /// The task's place in the plan, counted from 0.
        task: usize,
    },
    /// The journal on disk has an entry that the database must have before anything else is started.
    Journaled {
        /// Of which claim.
        fence: Fence,
        /// The newest one.
        upto: Sequence,
    },
    /// The engine is done with the run, and no tree is left.
    Over {
        /// Of which claim.
        fence: Fence,
        /// How.
        over: RunOver,
    },
    /// Somebody cancelled the run.
    Cancel {
        /// Which.
        message: MessageId,
        /// Who.
        cause: CancelCause,
    },
    /// A signal that asks the worker to end: the first drains, the second cancels, the third kills.
    Signal {
        /// Which one it was.
        cause: CancelCause,
    },
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimReply {
    /// The run is this worker's.
    Granted(Grant),
    /// It is not to be had now, or at all; the database has seen to the message.
    Refused,
    /// Nobody knows.
    Lost,
}

/// What a worker is told with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant {
    /// How long it is kept for this worker; counted from before the claim was sent.
    pub lease: Lease,
    /// What of its journal is in the database.
    pub recorded: Sequence,
    /// How many claims before this one ended without a word.
    pub losses: u32,
    /// What that means for the run.
    pub on_lost: OnLost,
    /// It was cancelled while it waited.
    pub cancelled: Option<CancelCause>,
}

/// What becomes of a run whose worker was lost (`on_lost:`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnLost {
    /// It goes on at the interrupted collector, after at most this many losses.
    Resume {
        /// One more, and it ends as lost: a plan that kills its workers must not go round for ever.
        losses: u32,
    },
    /// It ends as lost.
    Fail,
}

/// What became of a renewal or a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It is committed, now or by an earlier request of the same claim.
    Stored,
    /// It was refused: the run is another claim's by now, or has ended.
    Fenced,
    /// Nobody knows; it may even happen later.
    Lost,
    /// The database answers that it will never take this, whoever asks and however often.
    Refused,
}

/// How the engine came to have nothing more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunOver {
    /// Every task is settled, and the journal says how.
    Complete,
    /// It was told to stop by [`super::Effect::End`] with a cause that leaves tasks open.
    Interrupted {
        /// An attempt was running then, and is lost.
        lost_attempt: bool,
    },
}
