//! YAML, settings and environment files become a validated model, or every problem at
//! once, each with its place in the file, a code and what to write instead.
//!
//! The way of a file: `load` reads it, `yaml::guard` refuses what is hostile,
//! `yaml::reader` turns the text into a tree of nodes that know where they stand,
//! `schedule::file` or `settings::file` walk that tree against the tables of keys
//! (`schedule::keys`, `settings::keys`) with the readers of `values`, and
//! `problems::gather` turns whatever is wrong into [`Diagnostic`]s.
//!
//! Called by `cli`, which alone merges files with flags and the environment. Never reads
//! the environment of the process, never prints, never exits.

pub(crate) mod describe;
pub(crate) mod load;
pub(crate) mod problems;
pub(crate) mod schedule;
pub(crate) mod settings;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod values;
pub(crate) mod yaml;

pub use load::parse_schedule;
pub(crate) use load::{
    LoadError, load_dotenv, load_schedule, load_settings, read_schedule_file, warn_of_yaml_11,
};
pub use problems::codes::{Code, Severity};
pub use problems::diagnostic::Diagnostic;
pub(crate) use problems::gather::NeededVariable;
pub use problems::render::render;
pub use schedule::schema::settings_schema;
pub(crate) use schedule::schema::{name_schema, schedule_schema};
pub(crate) use settings::file::Settings;
pub(crate) use settings::keys::{COLLECTORS_DIR, LOG_LEVELS, SCHEDULE_FILE, STATE_DIR};
pub(crate) use values::size::parse;
