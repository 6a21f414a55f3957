//! The schedule file as it is read, line by line, with what is wrong in it: a narrow port, as this
//! room may not read configuration. Implemented where `serve` is wired.

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct ScheduleText {
    /// As it was named.
    pub(crate) path: String,
    /// Its text, without the values of secrets; else why it cannot be read.
    pub(crate) text: Result<String, String>,
    /// What is wrong or odd, in the order of the file.
    pub(crate) problems: Vec<ScheduleProblem>,
}

/// Something at a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScheduleProblem {
    /// Counted from 1.
    pub(crate) line: usize,
    /// Counted from 1, in characters.
    pub(crate) column: usize,
    /// Whether the file cannot be used because of it.
    pub(crate) is_error: bool,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Reads the file anew.
pub(crate) type ReadSchedule = Box<dyn Fn() -> ScheduleText + Send + Sync>;
