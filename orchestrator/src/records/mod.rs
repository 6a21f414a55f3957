//! What collectors bring: the events file that each attempt may write, what is taken
//! from it and kept, and how it is read back. Called by the engine (while an attempt
//! runs and when it has ended) and by the verbs. It knows the tables of records and
//! nothing of how a run proceeds.

mod delivery;
mod error;
mod event;
mod examination;
mod export;
mod follow;
mod ingest;
mod lines;
mod merge;
mod postgres;
mod prune;
mod recall;
mod shelf;
mod sighting;
mod sqlite;

pub use delivery::{Delivery, Undelivered};
pub use error::RecordsError;
pub use event::{
    CollectorEvent, Fault, LONGEST_COLLECTION, LONGEST_KEY, Progress, Record, Told, parse_event,
};
pub use examination::{Examination, LARGEST_STATE, MOST_FAULTS, Messages};
pub use export::{Collection, Kept, Wanted};
pub use follow::{Examined, Follower};
pub use ingest::Ingested;
pub use lines::LONGEST_LINE;
pub use recall::Remembered;
pub use shelf::Shelf;
