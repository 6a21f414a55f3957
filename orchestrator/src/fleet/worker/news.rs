//! What the parts of a worker tell its loop.

use crate::execution::TenureNews;
use crate::fleet::protocol::{ClaimReply, Fence, Reply, Write};
use crate::model::RunId;
use crate::store::{RunGrant, ShownRun};

/// Something that the loop has to know.
#[derive(Debug)]
pub(super) enum News {
    /// The queue was looked at; empty if that came to nothing.
    Looked(Vec<ShownRun>),
    /// A run was asked for.
    Claimed {
        fence: Fence,
        reply: ClaimReply,
        /// What was granted, in full.
        grant: Option<Box<RunGrant>>,
    },
    /// A lease was to be prolonged.
    Renewed {
        fence: Fence,
        reply: Reply,
        /// Somebody wants the run to end.
        cancelled: bool,
    },
    /// Something was to be written.
    Written {
        fence: Fence,
        write: Write,
        reply: Reply,
        /// In words, where it is not stored.
        why: Option<String>,
    },
    /// Runs of this worker that somebody wants to end.
    Cancelled(Vec<RunId>),
    /// A run has something to say or to ask.
    OfRun(Fence, TenureNews),
    /// The engine is done with a run, and no tree is left.
    Over(Fence, RunEnd),
}

/// How the engine came to be done.
#[derive(Debug)]
pub(super) enum RunEnd {
    /// It executed what there was to execute, or was told to stop.
    Executed { exit_code: u8 },
    /// It could not, for this reason. It `counts` as a loss where the next one will find the same.
    Failed { reason: String, counts: bool },
}
