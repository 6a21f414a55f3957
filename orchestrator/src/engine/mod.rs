//! The one loop that turns what happens into `decide()` and its actions into work.
//! Every verb that executes collectors goes through [`run()`]. It decides nothing
//! itself and knows neither the schedule file nor the database.

pub(crate) mod attempt;
pub(crate) mod context;
pub(crate) mod events_file;
pub(crate) mod memory;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod signals;
pub(crate) mod sink;
pub(crate) mod tail;
pub(crate) mod tally;

pub use context::Context;
pub use run::{RunRequest, run};
pub use signals::{ending_signal, forward_signals};
