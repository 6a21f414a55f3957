//! The state directory and the directory of each run: every path in it, the journal, the
//! logs of attempts, orders to a run, and the watch on what changes.

pub(crate) mod holds;
pub(crate) mod journal;
pub(crate) mod liveness;
pub(crate) mod logs;
pub(crate) mod missing_names;
pub(crate) mod orders;
pub(crate) mod paths;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod protection;
pub(crate) mod reader_settings;
pub(crate) mod replace;
pub(crate) mod scheduler;
pub(crate) mod task_secrets;
pub(crate) mod unrecorded;
pub(crate) mod watch;
pub(crate) mod workspaces;

pub use holds::{Collision, Hold, HoldRequest, Holder, Holds, LockedHolds, Taken};
pub(crate) use journal::LONGEST_EVENT;
pub use journal::{JOURNAL_NAME, Journal, JournalState, goes_on, parse_journal_line, wait_for_end};
pub(crate) use liveness::is_worked_on;
pub use liveness::{journalled_runs, unrecorded_runs};
pub use logs::attempt_log::{AttemptLog, DEFAULT_CAP, LogEnd, LogRecord};
pub use logs::log_chunk::unpack_chunk;
pub use logs::log_page::{LogPage, read_page, tail_start};
pub use logs::new_pieces::{KEPT_OF_LOG, LogCursor, LogFileEnd, LogPiece, NewPieces, read_new_pieces};
pub use orders::{ControlFifo, OrderSource};
pub use paths::{RunDir, StateDir, file_name};
pub use plan::{PLAN_NAME, PlanError, RunPlan};
pub(crate) use probe::{StateProbe, probe_state_dir};
pub use reader_settings::ReaderDatabase;
pub(crate) use reader_settings::ReaderSettings;
pub(crate) use replace::replace_file;
pub(crate) use scheduler::heartbeat_file::{HeartbeatFile, find_heartbeat_files};
pub(crate) use scheduler::last_good::LastGood;
pub(crate) use task_secrets::store_secrets;
pub use watch::{DirectoryChange, Watch};
pub(crate) use workspaces::Workspaces;
