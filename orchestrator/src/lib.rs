//! `orchestrate`: runs external collectors from a YAML timetable and keeps a
//! true record of what ran, what did not, and why.

pub mod config;
pub mod model;
pub mod process;
pub mod report;
pub mod store;
