//! What the answers are made of.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use crate::events::SchedulerStatus;
use crate::model::Clock;
use crate::report::Metrics;
use crate::store::Store;
use crate::web::access::entrance::Entrance;
use crate::web::access::sign_in_tries::SignInTries;
use crate::web::actions::Acting;
use crate::web::live::hub::LiveHub;
use crate::web::schedule_text::ReadSchedule;

/// Everything that handlers may read.
pub(crate) struct Site {
    /// What is remembered.
    pub(crate) store: Store,
    /// How the scheduler stands.
    pub(crate) standing: watch::Receiver<SchedulerStatus>,
    /// What was counted.
    pub(crate) metrics: Metrics,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where the directories of runs are, and in them the logs.
    pub(crate) state_dir: PathBuf,
    /// Reads the schedule file as it is now.
    pub(crate) read_schedule: ReadSchedule,
    /// Who may search a log now: a search reads the whole of it.
    pub(crate) log_searches: Semaphore,
    /// Under which names it answers, and whom.
    pub(crate) entrance: Entrance,
    /// What pages are told while they are open.
    pub(crate) live: LiveHub,
    /// Does what operators want done.
    pub(crate) acting: Acting,
    /// Who has shown what is no token.
    pub(crate) tries: SignInTries,
}

/// As many logs are searched at a time.
pub(crate) const LOG_SEARCHES: usize = 4;
