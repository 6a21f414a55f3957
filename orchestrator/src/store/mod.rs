//! What is remembered: the run directory first, the database as its index.
//! Nothing outside knows SQL; nothing here knows how a run proceeds.
//!
//! On the way in: `journal` (disk), `recorder` (queue, retries), `write` (each event
//! exactly once). On the way out: `read`. After a crash: `recovery`.

mod beats;
mod bulk;
mod error;
mod health;
mod journal;
mod known;
mod notices;
mod owner;
mod pauses;
#[cfg(test)]
mod plans;
mod postgres;
mod prune;
mod read;
mod recorder;
mod recovery;
mod releases;
mod rows;
mod slots;
mod sql;
mod sqlite;
mod statistics;
// The type that the folder is about.
#[expect(
    clippy::module_inception,
    reason = "the folder's own concept has the folder's name"
)]
mod store;
mod tidy;
mod transition;
mod unrecorded;
mod write;

pub use beats::{Beat, Lead};
pub use error::StoreError;
pub use health::StoreHealth;
pub use journal::{JOURNAL_NAME, Journal, goes_on, parse_journal_line, wait_for_end};
pub use known::KnownTask;
pub use notices::{Delivery, Notice, TaskEnd};
pub use owner::this_process;
pub use pauses::Pause;
pub use prune::{Pruned, Retention};
pub use read::{Attempt, HistoryFilter, LastOutcome, RunHeader, RunRecord, TaskState};
pub use recorder::{DRAIN, RecorderEnd, record, record_until};
pub use recovery::Recovered;
pub use releases::{HandledBy, KnownRelease, NotedReleases};
pub use slots::{Claim, LedgerRow, PassedSlot, SlotState, SlotTask};
pub use statistics::{Durations, EndedRun, Statistics, StatisticsFilter};
pub use store::{MigrationState, Store};
pub use transition::{Change, State};
pub use unrecorded::unrecorded_runs;
