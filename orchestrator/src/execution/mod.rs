//! A plan, executed and remembered: run directory, journal, events, recorder, orders
//! and the engine, put together in one place. The verbs that run something and the
//! scheduler call it. It decides neither what runs nor when, and prints nothing itself.

pub(crate) mod admission;
pub(crate) mod await_recorder;
pub(crate) mod error;
pub(crate) mod execute;
pub(crate) mod executor;
pub(crate) mod heartbeat_file;
pub(crate) mod ingest;
pub(crate) mod notices;
pub(crate) mod orders;
pub(crate) mod plan_view;
pub(crate) mod queueing;
pub(crate) mod releases;
pub(crate) mod reporter;
pub(crate) mod retention;
pub(crate) mod suspend;
pub(crate) mod tenure;

pub use crate::notify::{NoticedTask, SlotNotice, StopSwitch};
pub use crate::rundir::RunPlan;
pub use admission::{Admission, AdmissionError, Admitted, LocalAdmission, LocalPermit};
pub use error::ExecutionError;
pub use execute::Executed;
pub use executor::{Executor, ExecutorSettings, records_in};
pub(crate) use heartbeat_file::{HeartbeatFile, begin_heartbeat_file};
pub use ingest::ingest_deliveries;
pub use orders::Orders;
pub use plan_view::{PlanView, TaskView};
pub use queueing::{QueueTerms, queue_entry};
pub use reporter::Audience;
pub use tenure::{RunTenure, TenureKeeper, TenureNews};
