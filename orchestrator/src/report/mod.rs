//! Telling people and programs what happens: events and output, and their
//! listeners (console, JSON Lines, log files, summary). Never decides anything.

pub(crate) mod console;
pub(crate) mod exposition;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod metrics;
pub(crate) mod rows;
pub(crate) mod run_lines;
pub(crate) mod service_log;
pub(crate) mod service_stderr;
pub(crate) mod terminal;
pub(crate) mod text;
pub(crate) mod xml;

pub use console::{Console, LineForm};
pub use exposition::Exposition;
pub use json::{JsonLines, Unwritten};
pub(crate) use junit::range_junit;
pub use junit::summary_junit;
pub use markdown::summary_markdown;
pub use metrics::Metrics;
pub use rows::{Column, ListRow, rows_text};
pub use run_lines::RunLines;
pub use service_log::ServiceLog;
pub use terminal::Terminal;
pub use text::{SummaryView, outcome_style, outcome_word, summary_text};
