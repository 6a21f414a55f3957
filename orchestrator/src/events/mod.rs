//! What happens in a run, as values, and how it travels to whoever listens. Decides and
//! prints nothing.

pub(crate) mod bus;
pub(crate) mod event;
pub(crate) mod output;
pub(crate) mod past;
pub(crate) mod progress;
pub(crate) mod scheduler_status;
pub(crate) mod summary;

pub use bus::{Bus, Listener, Message, report};
pub use event::{AttemptRecord, ListedTask, RunEvent, SlotRef, TaskRef};
pub use output::Output;
pub use past::{AttemptGate, DeliveryEnd, GateAnswer, RunPast, TaskPast};
pub use progress::{TaskProgress, time_left};
pub(crate) use scheduler_status::LOOP_PATIENCE;
pub use scheduler_status::{SchedulerStatus, SideWorkStatus};
pub use summary::{OutcomeWords, RecordCounts, RunVerdict, Summary, TaskSummary};
