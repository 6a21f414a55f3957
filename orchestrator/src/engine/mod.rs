//! The one loop that turns what happens into `decide()` and its actions into work.
//! Every verb that executes collectors goes through [`run()`]. It decides nothing
//! itself and knows neither the schedule file nor the database.

mod attempt;
mod channel;
mod context;
mod control;
mod ending;
mod harvest;
mod memory;
mod run;
mod signals;
mod sink;
mod tail;
mod watch;

pub use context::Context;
pub use control::{forward_control, send_order};
pub use run::{Order, RunRequest, run};
pub use signals::{ending_signal, forward_signals};
pub use watch::{Change, Watch};
