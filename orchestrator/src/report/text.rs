//! The summary for people: a table, then each failure with its cause, hint, log
//! and last lines of output, then the line that counts.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table, presets};

use crate::events::summary::{Summary, TaskSummary};
use crate::model::TaskStatus;
use crate::text::human_duration;
use crate::text::safe::make_safe;

/// The style of an outcome's keyword, wherever one is shown.
pub fn outcome_style(outcome: &str) -> Style {
    match outcome {
        "succeeded" => AnsiColor::Green.on_default(),
        "skipped" | "suspect" => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Red.on_default().bold(),
    }
}

/// The whole summary, with ANSI styles; the stream strips them where they do not
/// belong. `state_dir` is put before the paths of logs.
pub fn summary_text(summary: &Summary, state_dir: &Path) -> String {
    let mut text = String::new();
    if !summary.tasks.is_empty() {
        text.push_str(&table(summary));
        text.push('\n');
    }
    for task in summary.tasks.iter().filter(|task| is_failure(task)) {
        failure(&mut text, task, state_dir);
    }
    for task in summary.tasks.iter().filter(|task| !task.warnings.is_empty()) {
        warnings(&mut text, task);
    }
    let suspect = match summary.suspect {
        0 => String::new(),
        suspect => format!(" {suspect} suspect."),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nSummary: {} succeeded, {} failed, {} skipped.{suspect}",
        summary.succeeded, summary.failed, summary.skipped
    );
    text
}

fn is_failure(task: &TaskSummary) -> bool {
    !matches!(task.outcome, TaskStatus::Succeeded | TaskStatus::Skipped)
}

fn table(summary: &Summary) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", "Task", "Outcome", "Exit", "Time", "Lines", "Notes"]);
    for task in &summary.tasks {
        let word = task.word();
        let style = outcome_style(word);
        let exit = match (&task.signal, task.exit_code) {
            (Some(signal), _) => signal.clone(),
            (None, Some(code)) => code.to_string(),
            (None, None) => "-".to_owned(),
        };
        let ran = task.attempts > 0;
        table.add_row([
            task.position.to_string(),
            make_safe(&format!("{}/{}", task.group, task.name)).into_owned(),
            format!("{style}{word}{style:#}"),
            exit,
            if ran {
                human_duration(Duration::from_millis(task.duration_ms))
            } else {
                "-".to_owned()
            },
            if ran {
                task.lines.to_string()
            } else {
                "-".to_owned()
            },
            notes(task),
        ]);
    }
    for column in [0, 3, 4, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    // Padding of the last column is only noise in a pipe.
    table.trim_fmt()
}

/// What the outcome alone does not say.
fn notes(task: &TaskSummary) -> String {
    let mut notes = Vec::new();
    if task.outcome != TaskStatus::Succeeded {
        notes.push(make_safe(&task.reason).into_owned());
    }
    notes.extend(task.suspect.as_deref().map(|why| make_safe(why).into_owned()));
    notes.extend(task.records.map(|counts| counts.to_string()));
    if task.attempts > 1 {
        notes.push(format!("{} attempts", task.attempts));
    }
    if task.leaked {
        notes.push("left processes behind (killed)".to_owned());
    }
    if task.truncated {
        notes.push("log truncated".to_owned());
    }
    notes.join("; ")
}

/// What is wrong with what it brought, and what it warned of.
fn warnings(text: &mut String, task: &TaskSummary) {
    let style = AnsiColor::Yellow.on_default();
    let name = format!("{}/{}", task.group, task.name);
    let _ = writeln!(text, "\n{style}warnings{style:#}: {}", make_safe(&name));
    for warning in &task.warnings {
        let _ = writeln!(text, "  | {}", make_safe(warning));
    }
}

fn failure(text: &mut String, task: &TaskSummary, state_dir: &Path) {
    let style = outcome_style(task.outcome.as_str());
    let name = format!("{}/{}", task.group, task.name);
    let _ = writeln!(
        text,
        "\n{style}{}{style:#}: {}",
        make_safe(&name),
        make_safe(&task.reason)
    );
    if let Some(hint) = &task.hint {
        let _ = writeln!(text, "  hint: {}", make_safe(hint));
    }
    if let Some(log) = &task.log {
        let _ = writeln!(text, "  log: {}", state_dir.join(log).display());
    }
    for line in &task.tail {
        let _ = writeln!(text, "  | {}", make_safe(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::summary::tests::summary;

    #[test]
    fn durations_are_short() {
        let show = |ms| human_duration(Duration::from_millis(ms));
        assert_eq!(
            [show(812), show(59_960), show(185_000), show(7_620_000)],
            ["812ms", "59.9s", "3m 05s", "2h 07m"]
        );
    }

    #[test]
    fn the_summary_tells_cause_hint_log_and_last_lines() {
        let text =
            anstream::adapter::strip_str(&summary_text(&summary(), Path::new(".orchestrate"))).to_string();
        insta::assert_snapshot!(text, @r#"
        Task          Outcome    Exit   Time  Lines  Notes
     1  github/run_a  succeeded     0  812ms      2
     2  github/run_b  failed        3  812ms      2  exited with code 3
     3  github/run_c  skipped       -      -      -  stopped after run_b exited with code 3

    github/run_b: exited with code 3
      log: .orchestrate/runs/r/2-run_b.log
      | no such host

    Summary: 1 succeeded, 1 failed, 1 skipped.
    "#);
    }
}
