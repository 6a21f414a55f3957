//! Telling people and programs what happens: events and output, and their
//! listeners (console, JSON Lines, log files, summary). Never decides anything.

mod attempt_log;
mod bus;
mod console;
mod diary;
mod event;
mod exposition;
mod firing;
mod json;
mod junit;
mod log_page;
mod markdown;
mod metrics;
mod output;
mod progress;
mod redact;
mod rundir;
mod standing;
mod summary;
mod text;

pub use attempt_log::{AttemptLog, DEFAULT_CAP, LogEnd, Record};
pub use bus::{Bus, Listener, Message, report};
pub use console::{Console, Terminal};
pub use diary::Diary;
pub use event::{AttemptRecord, PlannedTask, RunEvent, SlotRef, TaskRef};
pub use exposition::Exposition;
pub use firing::{FiringTask, FiringView};
pub use json::JsonLines;
pub use junit::summary_junit;
pub use log_page::{LogPage, read_page, tail_start};
pub use markdown::summary_markdown;
pub use metrics::Metrics;
pub use output::{Output, neutralised, push_neutralised};
pub use progress::{TaskProgress, time_left};
pub use redact::{Redactor, SHORTEST, Secrets};
pub use rundir::{RunDir, file_name};
pub use standing::Standing;
pub use summary::{OutcomeWords, RecordCounts, Summary, TaskSummary, Verdict};
pub use text::{human_duration, outcome_style, summary_text};
