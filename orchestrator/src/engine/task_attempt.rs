//! An attempt that is about to be made: all that is known of it before.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::engine::deliverer::DeliveryQueue;
use crate::engine::engine::Engine;
use crate::events::{Bus, TaskRef};
use crate::model::{ContentHash, LeaseDeadline, Order, Overlap, RunId, Task};
use crate::records::CollectorMemory;
use crate::text::make_safe;

/// Everything about an attempt that is known before it starts.
pub(crate) struct TaskAttempt {
    pub(crate) engine: Arc<Engine>,
    pub(crate) task: Task,
    pub(crate) task_ref: Arc<TaskRef>,
    pub(crate) run: RunId,
    pub(crate) slot: Timestamp,
    /// What it is run for, if it waits for releases.
    pub(crate) releases: Vec<String>,
    /// The key of their source.
    pub(crate) release_source: Option<String>,
    pub(crate) number: u32,
    /// Which executable is meant, where the plan says so.
    pub(crate) executable: Option<ContentHash>,
    /// What happens where an attempt of another run has its workspace.
    pub(crate) overlap: Overlap,
    /// Which claim of a queued run it is made for.
    pub(crate) epoch: Option<i64>,
    pub(crate) log: PathBuf,
    /// Its events file, relative to the state directory.
    pub(crate) events: PathBuf,
    /// What is remembered of its collector.
    pub(crate) memory: CollectorMemory,
    /// Where what it brings is handed over.
    pub(crate) deliveries: DeliveryQueue,
    /// Until when it may run, where its run is this process's for a while only.
    pub(crate) lease: Option<watch::Receiver<LeaseDeadline>>,
    pub(crate) bus: Bus,
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
}

impl TaskAttempt {
    /// Who it is, for diagnostics.
    pub(crate) fn name(&self) -> String {
        let name = format!("{}/{}", self.task_ref.group, self.task_ref.name);
        make_safe(&name).into_owned()
    }
}
