//! What collectors bring: the events file that each attempt may write, what is taken
//! from it and kept, and how it is read back. Called by the engine (while an attempt
//! runs and when it has ended) and by the verbs. It knows the tables of records and
//! nothing of how a run proceeds.

pub(crate) mod brought;
pub(crate) mod changes;
pub(crate) mod delivery;
pub(crate) mod error;
pub(crate) mod events_file;
pub(crate) mod export;
pub(crate) mod ingest;
pub(crate) mod kept_states;
pub(crate) mod lineage;
pub(crate) mod merge;
pub(crate) mod postgres;
pub(crate) mod prune;
pub(crate) mod states;
// The type that the folder is about.
#[expect(
    clippy::module_inception,
    reason = "the folder's own concept has the folder's name"
)]
pub(crate) mod records;
pub(crate) mod sighting;
pub(crate) mod sqlite;

pub use changes::{ChangeFilter, ChangesCut, RecordChange, RecordChangeKind};
pub use delivery::{Delivery, SettledReleases, Undelivered};
pub use error::RecordsError;
pub use events_file::event::{
    CollectorEvent, FailureReport, LONGEST_COLLECTION, LONGEST_KEY, LineFault, Progress, Record, parse_event,
};
pub use events_file::examination::{Examination, LARGEST_STATE, MOST_FAULTS, Messages};
pub use events_file::follow::{Examined, Follower};
pub use events_file::given_state::{GivenState, JudgedState};
pub use events_file::lines::LONGEST_LINE;
pub use events_file::schema::event_schema;
pub use export::{Collection, Kept, Wanted};
pub use kept_states::KeptState;
pub use lineage::{CollectionUse, Edge};
pub use merge::Ingested;
pub use records::Records;
pub use states::CollectorMemory;
