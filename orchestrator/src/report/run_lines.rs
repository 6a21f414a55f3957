//! The run on a terminal: one aligned line an end, as nextest and cargo have it. The log of the
//! service says the same with its fields; whoever has a screen before them is spared those.

use std::io::Write;
use std::time::Duration;

use anstream::adapter::strip_str;
use console::measure_text_width;

use crate::events::bus::Listener;
use crate::events::event::RunEvent;
use crate::events::summary::TaskSummary;
use crate::model::TaskStatus;
use crate::report::terminal::Terminal;
use crate::report::text::{notes, outcome_style, outcome_word};
use crate::text::safe::make_safe;
use crate::text::{counted, cut_line, human_duration, pad_left, pad_right};

/// As wide as the longest word, `not started`.
const WORD: usize = 11;

/// As wide as most durations: `59m 59s`.
const TIME: usize = 7;

/// Names are aligned up to this width; a longer one moves what follows it.
const WIDEST_NAME: usize = 40;

/// The listener that shows it.
pub struct RunLines {
    terminal: Terminal,
    /// How wide the terminal is; asked at each line, because people change that.
    width: fn() -> Option<usize>,
    lines: Lines,
}

impl RunLines {
    /// With `quiet` what went well is not said.
    pub fn new(terminal: Terminal, width: fn() -> Option<usize>, quiet: bool) -> Self {
        let lines = Lines {
            quiet,
            total: 0,
            name_width: 0,
        };
        Self {
            terminal,
            width,
            lines,
        }
    }
}

impl Listener for RunLines {
    fn event(&mut self, event: &RunEvent) {
        let width = (self.width)();
        for line in self.lines.of(event) {
            let mut line = cut_line(&line, width) + "\n";
            if !self.terminal.colour() {
                line = strip_str(&line).to_string();
            }
            // A terminal that is gone shows nothing, and nothing follows from that.
            let _ = self.terminal.write_all(line.as_bytes());
        }
    }
}

/// What is said, as text.
struct Lines {
    quiet: bool,
    total: usize,
    name_width: usize,
}

impl Lines {
    fn of(&mut self, event: &RunEvent) -> Vec<String> {
        match event {
            RunEvent::RunStarted {
                run, schedule, tasks, ..
            } => {
                let names = tasks.iter().map(|listed| &listed.task);
                let names = names.map(|task| measure_text_width(&full_name(&task.group, &task.name)));
                self.name_width = names.max().unwrap_or_default().min(WIDEST_NAME);
                self.total = tasks.len();
                let what = counted(tasks.len(), "collector");
                let rest = format!("{what} ({}), run {run}", make_safe(schedule));
                let begins = line(&outcome_word("running"), "", &rest);
                if self.quiet { Vec::new() } else { vec![begins] }
            }
            RunEvent::TaskRetry {
                task,
                attempt,
                delay_ms,
            } => {
                let took = attempt.finished_at.duration_since(attempt.started_at);
                let took = human_duration(Duration::try_from(took).unwrap_or_default());
                let why = format!(
                    "{}; attempt {} follows in {}",
                    make_safe(&attempt.reason),
                    attempt.number + 1,
                    human_duration(Duration::from_millis(*delay_ms))
                );
                let rest = self.rest(task.position, &full_name(&task.group, &task.name), &why);
                vec![line(&warning("retry"), &took, &rest)]
            }
            RunEvent::TaskFinished { task, .. } | RunEvent::TaskSkipped { task, .. } => self.of_end(task),
            // The live view shows what runs, and the summary follows the end.
            RunEvent::TaskStarted { .. } | RunEvent::RunFinished(_) => Vec::new(),
        }
    }

    fn of_end(&self, task: &TaskSummary) -> Vec<String> {
        let mut lines = Vec::new();
        let well = task.outcome == TaskStatus::Succeeded && task.suspect.is_none();
        if !(well && self.quiet) {
            let took = match task.attempts {
                0 => "-".to_owned(),
                _ => human_duration(Duration::from_millis(task.duration_ms)),
            };
            let name = full_name(&task.group, &task.name);
            let rest = self.rest(task.position, &name, &notes(task));
            lines.push(line(&outcome_word(task.word()), &took, &rest));
        }
        let warnings = task.warnings.iter();
        lines.extend(warnings.map(|said| line(&warning("warning"), "", &make_safe(said))));
        lines
    }

    /// `3/12  group/name  what is said of it`.
    fn rest(&self, position: usize, name: &str, said: &str) -> String {
        let total = self.total.to_string();
        let place = pad_left(&position.to_string(), total.len());
        format!("{place}/{total}  {}  {said}", pad_right(name, self.name_width))
    }
}

fn line(word: &str, time: &str, rest: &str) -> String {
    format!("{}  {}  {rest}", pad_left(word, WORD), pad_left(time, TIME))
}

fn warning(word: &str) -> String {
    let style = outcome_style("suspect");
    format!("{style}{word}{style:#}")
}

fn full_name(group: &str, name: &str) -> String {
    make_safe(&format!("{group}/{name}")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::RecordCounts;
    use crate::events::summary::tests::summary;

    fn screen(width: usize) -> String {
        let lines = Lines {
            quiet: false,
            total: 12,
            name_width: 34,
        };
        let mut text = String::new();
        for mut task in summary().tasks {
            task.name = format!("{}_of_the_whole_project", task.name);
            if task.outcome == TaskStatus::Succeeded {
                task.records = Some(RecordCounts {
                    new: 180,
                    changed: 3,
                    unchanged: 9,
                });
                task.warnings = vec!["2 of 40 repositories were not there".to_owned()];
            }
            for line in lines.of_end(&task) {
                text.push_str(&cut_line(&line, Some(width)));
                text.push('\n');
            }
        }
        strip_str(&text).to_string()
    }

    #[test]
    fn a_run_fits_the_screen() {
        insta::assert_snapshot!("run_80", screen(80));
        insta::assert_snapshot!("run_120", screen(120));
        insta::assert_snapshot!("run_200", screen(200));
    }
}
