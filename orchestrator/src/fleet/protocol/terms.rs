//! What inputs and effects both speak of: which run, under which fence, which part of it.

/// A message of the queue (`msg_id`). A run has one, and it is the run's for as long as the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub i64);

/// How often the queue had shown the message when this worker was shown it (`read_ct`).
/// The queue never shows the same number twice, so it tells claims of one run apart, and
/// orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i32);

/// The fencing token of a claim: whatever is written for it is refused once a later epoch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence {
    /// Which run, by its message.
    pub message: MessageId,
    /// Which showing of it.
    pub epoch: Epoch,
}

/// A place in the journal of a run: of its events, counted from 1; 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// One start of a task's collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptKey {
    /// Its task's place in the plan, counted from 0.
    pub task: usize,
    /// Counted from 1, over all workers.
    pub number: u32,
}

/// One transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Write {
    /// Take what the collector of the task at this place in the plan delivered.
    Deliver(usize),
    /// Have the journal up to here.
    Record(Sequence),
    /// End the run and delete its message; where its tasks say how, with what is left of the
    /// journal.
    Finish(Verdict),
    /// Give the run back to the queue.
    Release {
        /// With it an attempt ends as lost, with the reason; that counts as a loss of the run.
        lost_attempt: bool,
    },
}

/// What the end of a run is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// What its tasks say.
    OfTasks,
    /// Its workers were lost; what is not settled is lost, or skipped.
    Lost,
}

/// Why a worker leaves a message to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unfit {
    /// The plan is of a newer version than this worker knows.
    NewerPlan,
    /// `runs_on:` names a label that it does not have.
    Labels,
    /// A collector of the plan is not on this machine.
    Executable,
    /// A secret that the plan names has no value here.
    Secret,
}
