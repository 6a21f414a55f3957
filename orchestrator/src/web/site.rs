//! What the answers are made of.

use std::sync::Arc;

use tokio::sync::watch;

use crate::events::SchedulerStatus;
use crate::model::Clock;
use crate::report::Metrics;
use crate::store::Store;
use crate::web::entrance::Entrance;

/// Everything that handlers may read.
pub(crate) struct Site {
    /// What is remembered.
    pub(crate) store: Store,
    /// How the scheduler stands.
    pub(crate) standing: watch::Receiver<SchedulerStatus>,
    /// What was counted.
    pub(crate) metrics: Metrics,
    pub(crate) clock: Arc<dyn Clock>,
    /// Under which names it answers, and whom.
    pub(crate) entrance: Entrance,
}
