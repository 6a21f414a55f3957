//! The lines of the schedule file, each with what is wrong at it.

use crate::web::schedule_text::{ScheduleProblem, ScheduleText};
use crate::web::views::schedule::hide::hide_env;

/// More lines are not shown.
const LINES: usize = 3000;

/// A line of the file.
#[derive(Debug)]
pub(crate) struct SourceLine {
    pub(crate) number: usize,
    pub(crate) text: String,
    pub(crate) is_comment: bool,
    pub(crate) problems: Vec<ScheduleProblem>,
}

/// The lines; none where the file cannot be read.
pub(crate) fn source(read: &ScheduleText) -> Vec<SourceLine> {
    let Ok(text) = &read.text else {
        return Vec::new();
    };
    let at = |number: usize| {
        let problems = read.problems.iter();
        problems
            .filter(|problem| problem.line == number)
            .cloned()
            .collect()
    };
    hide_env(text)
        .into_iter()
        .take(LINES)
        .zip(1..)
        .map(|(text, number)| SourceLine {
            number,
            is_comment: text.trim_start().starts_with('#'),
            problems: at(number),
            text,
        })
        .collect()
}
