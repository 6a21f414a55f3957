//! A worker process of the model: the step function that ships, the requests that are under
//! way, and the least that an engine does.

use super::super::effect::EndCause;
use super::super::input::{ClaimReply, Reply};
use super::super::lease::Deadline;
use super::super::terms::{Fence, Write};
use super::super::worker::Worker;
use super::RUNS;

/// A request to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ask {
    Claim,
    Renew { is_fenced: bool },
    Write { write: Write, is_fenced: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ModelAnswer {
    Claimed(ClaimReply),
    Plain(Reply),
}

/// It is sent; while its worker stands still the database may have answered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ModelRequest {
    pub fence: Fence,
    pub ask: Ask,
    pub answer: Option<ModelAnswer>,
}

/// Which of the requests that a claim has under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RequestLane {
    /// The claim itself, then its writes.
    Main,
    Renewal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// It has asked to start the next task.
    Waiting,
    /// It may, but the supervisor has not been told.
    Starting(Deadline),
    Running,
    Delivering,
    Done,
}

/// What drives the tasks of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TaskDriver {
    pub fence: Fence,
    /// The task that is next, or runs.
    pub task: u8,
    pub phase: Phase,
    pub stop: Option<EndCause>,
}

/// All that a worker process has of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Desk {
    pub main: Option<ModelRequest>,
    pub renewal: Option<ModelRequest>,
    /// Only where an error is planted: comes before `main`.
    pub delete: Option<Fence>,
    pub engine: Option<TaskDriver>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct WorkerNode {
    pub worker: Worker,
    pub desks: [Desk; RUNS],
    pub is_stalled: bool,
    /// Its clock has lost a tick once.
    pub is_slow: bool,
}

impl WorkerNode {
    pub(super) fn new(worker: Worker) -> Self {
        Self {
            worker,
            desks: [Desk::default(); RUNS],
            is_stalled: false,
            is_slow: false,
        }
    }
}

impl Desk {
    pub(super) fn lane(&mut self, lane: RequestLane) -> &mut Option<ModelRequest> {
        match lane {
            RequestLane::Main => &mut self.main,
            RequestLane::Renewal => &mut self.renewal,
        }
    }

    pub(super) fn request(&self, lane: RequestLane) -> Option<ModelRequest> {
        match lane {
            RequestLane::Main => self.main,
            RequestLane::Renewal => self.renewal,
        }
    }
}
