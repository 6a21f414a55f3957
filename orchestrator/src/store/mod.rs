//! What is remembered: the run directory first, the database as its index. The only
//! room that knows the tables of runs, timetable and notices; it knows nothing of how a run
//! proceeds.
//!
//! On the way in: the journal (disk), `recorder` (queue, retries), `write` (each event
//! exactly once). On the way out: `read`. After a crash: `recovery`.

pub(crate) mod access;
pub(crate) mod change;
pub(crate) mod error;
pub(crate) mod fleet;
pub(crate) mod health;
pub(crate) mod liveness;
pub(crate) mod notices;
pub(crate) mod overview;
pub(crate) mod owner;
#[cfg(test)]
pub(crate) mod plans;
pub(crate) mod public_views;
pub(crate) mod relations;
pub(crate) mod relocation;
pub(crate) mod retention;
pub(crate) mod runs;
pub(crate) mod schema;
// The type that the folder is about.
#[expect(
    clippy::module_inception,
    reason = "the folder's own concept has the folder's name"
)]
pub(crate) mod store;
pub(crate) mod timetable;

pub use access::action::{ActionKey, ActionOutcome, ActionVerb, BegunAction, KnownAction, NewAction};
pub use access::role::Role;
pub use access::secret_value::{SecretHash, SecretValue};
pub use access::sessions::SESSION;
pub use access::tokens::{KnownToken, Revocation, Visitor};
pub use error::StoreError;
pub use fleet::cancel::QueuedCancel;
pub use fleet::claim::RunGrant;
pub use fleet::enqueue::{EnqueuedSlot, NewQueuedRun};
pub use fleet::fence::RunFence;
pub use fleet::fit::{LeftRun, WorkerOffer};
pub use fleet::lease::Renewal;
pub use fleet::log_chunks::{KeptLog, LogChunk};
pub use fleet::looking::{QueueHolder, QueuedRun, QueuedState};
pub use fleet::queue::FleetQueue;
pub use fleet::show::{Candidate, ShownRun, WorkerMeans};
pub use fleet::wait_reason::{WaitReason, why_it_waits};
pub use fleet::waiting::WaitingRun;
pub use fleet::workers::{BeatAnswer, WorkerBeat, WorkerLine, WorkerState};
pub use health::StoreHealth;
pub use notices::after::NoticePlace;
pub use notices::notice::{Notice, NoticeState, RecordedNotice};
pub use notices::raise::TaskEnd;
pub use overview::nights::NightTally;
pub use overview::run_tasks::ListedRunTask;
pub use overview::running::RunningTask;
pub use overview::unserved::UnservedSlot;
pub(crate) use owner::is_gone;
pub use owner::this_process;
pub use retention::prune::Pruned;
pub use runs::known_tasks::KnownTask;
pub use runs::newest::{FailingStreak, TaskRun};
pub use runs::past_tasks::{PastTask, Unsuccessful};
pub use runs::read::HistoryFilter;
pub use runs::record::{LastOutcome, RecordedAttempt, RunHeader, RunRecord, RunStatus, TaskState};
pub use runs::recorder::{DRAIN, RecorderEnd, record};
pub use runs::recovery::Recovered;
pub use runs::statistics::{Durations, EndedRun, Statistics, StatisticsFilter};
pub use runs::transition::{RowState, StateChange};
pub use runs::under_way::UnderWay;
pub use schema::SchemaState;
pub use store::{Looked, Store};
pub use timetable::heartbeats::{Heartbeat, Leader, SchedulerRole};
pub use timetable::ledger::{LedgerRow, LedgerState, SlotOutcome};
pub use timetable::passed_slots::SlotFilter;
pub use timetable::pauses::Pause;
pub use timetable::releases::{HandledBy, KnownRelease, NotedReleases};
pub use timetable::rows::TimetableRow;
pub use timetable::slots::{Claim, PassedSlot, SlotRequest, SlotState, SlotTask};
