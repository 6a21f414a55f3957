//! A plan, executed and remembered: run directory, journal, events, recorder, orders
//! and the engine, put together in one place. The verbs that run something and the
//! beat call it. It decides neither what runs nor when, and prints nothing itself.

pub(crate) mod bring_in;
pub(crate) mod detect;
pub(crate) mod drained;
pub(crate) mod error;
pub(crate) mod execute;
pub(crate) mod means;
pub(crate) mod plan_view;
pub(crate) mod reader_settings;
pub(crate) mod tell;
pub(crate) mod tidy;

pub use bring_in::{bring_in, take_undelivered};
pub use detect::{detect, look, note_found};
pub use error::ExecutionError;
pub use execute::{Audience, Executed, Orders, execute};
pub use means::{Means, fork_server};
pub use plan_view::{PlanView, TaskView};
pub use reader_settings::ReaderSettings;
pub use tell::{alive_every, tell, tell_end, tell_late, tell_missed, told_alive, told_success, until};
pub use tidy::tidy;
