//! The process tree of a collector and the supervisor above it, which outlives the worker.

use super::super::lease::Deadline;
use super::super::terms::Fence;
use super::now;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tree {
    /// On which machine.
    pub node: usize,
    pub fence: Fence,
    pub task: u8,
    pub until: Deadline,
    /// The worker that started it is gone.
    pub is_orphan: bool,
    /// It was asked to end.
    pub is_asked: bool,
    /// It was killed.
    pub is_killed: bool,
    /// How it ended, where its worker has not noticed yet.
    pub ended: Option<Ended>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ended {
    /// By itself, and well.
    Well,
    Interrupted,
}

impl Tree {
    pub(super) fn is_alive(&self) -> bool {
        self.ended.is_none()
    }

    /// Its supervisor, its worker or nobody's being there ends it.
    pub(super) fn is_being_ended(&self) -> bool {
        self.is_orphan || self.is_asked || self.is_killed || self.until.terminate_at <= now()
    }

    /// No more time may pass before it is gone: 75 % of the lease are over, and the kernel
    /// needs less than a tick, which is an eighth of it.
    pub(super) fn must_be_gone(&self) -> bool {
        self.is_alive() && (self.is_killed || self.until.kill_at <= now())
    }
}
