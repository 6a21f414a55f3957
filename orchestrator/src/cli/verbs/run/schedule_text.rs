//! The schedule file for the page that shows it: its lines, and what is wrong at which of them.

use std::path::PathBuf;

use crate::cli::shell::schedule::masked;
use crate::config::{self, Diagnostic, Severity};
use crate::input::read_regular;
use crate::text::NamedSecrets;
use crate::web::{ReadSchedule, ScheduleProblem, ScheduleText};

/// More of a file is not shown.
const LIMIT: u64 = 1 << 20;

/// Reads the file each time that it is asked for; values of secrets are masked.
pub(crate) fn schedule_text(file: PathBuf, secrets: NamedSecrets) -> ReadSchedule {
    Box::new(move || {
        let text = read_regular(&file, LIMIT).map_err(|error| error.to_string());
        let diagnostics = match config::load_schedule(&file) {
            Ok(loaded) => loaded.warnings,
            Err(error) => error.diagnostics().to_vec(),
        };
        ScheduleText {
            path: file.display().to_string(),
            text: text.map(|bytes| secrets.masked(&String::from_utf8_lossy(&bytes))),
            problems: masked(&diagnostics, &secrets).iter().map(problem).collect(),
        }
    })
}

fn problem(diagnostic: &Diagnostic) -> ScheduleProblem {
    ScheduleProblem {
        line: diagnostic.line,
        column: diagnostic.column,
        is_error: diagnostic.severity == Severity::Error,
        code: diagnostic.code.as_str(),
        message: diagnostic.message.clone(),
        hint: diagnostic.hint.clone(),
    }
}
