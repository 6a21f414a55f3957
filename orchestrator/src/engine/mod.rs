//! The one loop that turns what happens into `decide()` and its actions into work.
//! Every verb that executes collectors goes through [`Engine::run`]. It decides nothing
//! itself and knows neither the schedule file nor the database.

#![allow(clippy::module_inception, reason = "the engine is the room's type")]

pub(crate) mod attempt;
pub(crate) mod deliverer;
pub(crate) mod engine;
pub(crate) mod events_file;
pub(crate) mod finished_attempt;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod signals;
pub(crate) mod sink;
pub(crate) mod start;
pub(crate) mod states;
pub(crate) mod tail;
pub(crate) mod tally;
pub(crate) mod task_attempt;
pub(crate) mod usual_durations;

pub(crate) use crate::process::time_since_boot;
pub use engine::Engine;
pub(crate) use signals::EndingSignals;
pub use signals::{Hangups, OperatorSignals, TerminalStops, ending_signal};
pub use states::CollectorStates;
