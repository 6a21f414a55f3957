//! What is remembered: the run directory first, the database as its index.
//! Nothing outside knows SQL; nothing here knows how a run proceeds.

mod journal;
mod read;
mod recorder;
mod sqlite;

pub use journal::Journal;
pub use read::{Attempt, HistoryFilter, LastOutcome, RunHeader, RunRecord, TaskState};
pub use recorder::{RecorderEnd, record};
pub use sqlite::{Store, StoreError};
