//! YAML, settings and environment become a validated model, or every problem
//! at once, each with its place in the file, a code and what to write instead.
//!
//! The way of a file: [`load`] reads it, `guard` refuses what is hostile,
//! `reader` turns the text into a tree of nodes that know where they stand,
//! `schedule`, `group`, `task` and `policy` walk that tree against the tables
//! in `keys`, and `report` gathers whatever is wrong into [`Diagnostic`]s.
//!
//! Called by the shells (`cli`, `beat`). Never touches the process environment,
//! never prints, never exits.

mod cadence;
mod codes;
mod diagnostic;
mod dotenv;
mod duration;
mod fields;
mod group;
mod guard;
mod keys;
mod load;
mod locate;
mod names;
mod node;
mod notify;
mod policy;
mod reader;
mod reading;
mod release;
mod render;
mod report;
mod retention;
mod scalar;
mod schedule;
mod schema;
mod seed;
mod settings;
mod settings_keys;
mod size;
mod source;
mod suggest;
mod table;
mod task;
mod time;

#[cfg(test)]
mod tests;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use dotenv::parse_dotenv;
pub use load::{LoadError, Loaded, load_schedule, load_settings, parse_schedule, parse_settings};
pub use render::render;
pub use retention::Retention;
pub use schema::{schedule_schema, settings_schema};
pub use settings::Settings;
pub use size::parse as parse_size;
