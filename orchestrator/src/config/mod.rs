//! YAML, settings and environment become a validated model, or every problem
//! at once, each with its place in the file, a code and what to write instead.
//!
//! The way of a file: `load` reads it, `guard` refuses what is hostile,
//! `yaml::reader` turns the text into a tree of nodes that know where they stand,
//! `schedule`, `group`, `task` and `policy` walk that tree against the tables
//! in `keys`, and `report` gathers whatever is wrong into [`Diagnostic`]s.
//!
//! Called by the shells (`cli`, `beat`). Never touches the process environment,
//! never prints, never exits.

pub(crate) mod load;
pub(crate) mod problems;
pub(crate) mod schedule;
pub(crate) mod settings;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod values;
pub(crate) mod yaml;

pub use load::{LoadError, Loaded, load_schedule, load_settings, parse_schedule, parse_settings};
pub use problems::codes::Code;
pub use problems::diagnostic::{Diagnostic, Severity};
pub use problems::render::render;
pub use problems::report::NeededVariable;
pub use schedule::schema::{schedule_schema, settings_schema};
pub use settings::dotenv::parse_dotenv;
pub use settings::file::Settings;
pub use values::size::{parse, parse as parse_size};
