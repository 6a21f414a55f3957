//! The summary for people: a table, then each failure with its cause, hint, log
//! and last lines of output, then the line that counts.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::events::summary::{Summary, TaskSummary};
use crate::model::TaskStatus;
use crate::report::rows::{Column, ListRow, rows_text};
use crate::text::human_duration;
use crate::text::safe::make_safe;
use crate::text::wrap_words;

/// The style of an outcome's keyword, wherever one is shown.
pub fn outcome_style(outcome: &str) -> Style {
    match outcome {
        "succeeded" => AnsiColor::Green.on_default(),
        "skipped" | "suspect" => AnsiColor::Yellow.on_default(),
        "running" | "pending" | "waiting" => AnsiColor::Cyan.on_default(),
        _ => AnsiColor::Red.on_default().bold(),
    }
}

/// An outcome's word for people, in its colour.
pub fn outcome_word(outcome: &str) -> String {
    let style = outcome_style(outcome);
    format!("{style}{}{style:#}", outcome.replace('_', " "))
}

/// How a summary is looked at.
#[derive(Debug, Clone, Default)]
pub struct SummaryView {
    /// Put before the paths of logs.
    pub state_dir: PathBuf,
    /// `None` where nothing is wrapped.
    pub width: Option<usize>,
    /// When each task was started, for a column of its own; empty for none.
    pub started: Vec<String>,
}

/// The whole summary, with ANSI styles; the stream strips them where they do not
/// belong.
pub fn summary_text(summary: &Summary, view: &SummaryView) -> String {
    let mut text = String::new();
    if !summary.tasks.is_empty() {
        text.push_str(&table(summary, view));
    }
    for task in summary.tasks.iter().filter(|task| task.outcome.is_failure()) {
        failure(&mut text, task, view);
    }
    for task in summary.tasks.iter().filter(|task| !task.warnings.is_empty()) {
        warnings(&mut text, task);
    }
    let suspect = match summary.suspect {
        0 => String::new(),
        suspect => format!(" {suspect} suspect."),
    };
    let open = |status: TaskStatus| match summary.tasks.iter().filter(|task| task.outcome == status).count() {
        0 => String::new(),
        count => format!(", {count} {}", status.as_str()),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nSummary: {} succeeded, {} failed, {} skipped{}{}.{suspect}",
        summary.succeeded,
        summary.failed,
        summary.skipped,
        open(TaskStatus::Running),
        open(TaskStatus::Pending)
    );
    text
}

fn table(summary: &Summary, view: &SummaryView) -> String {
    let mut columns = vec![Column::right(""), Column::left("Task"), Column::left("Outcome")];
    if !view.started.is_empty() {
        columns.push(Column::left("Started"));
    }
    columns.extend([
        Column::right("Exit").to_spare(),
        Column::right("Time"),
        Column::right("Lines").to_spare(),
    ]);
    let started = view.started.iter().map(Some).chain(std::iter::repeat(None));
    let rows: Vec<ListRow> = summary.tasks.iter().zip(started).map(row).collect();
    rows_text(&columns, "Notes", &rows, view.width)
}

fn row((task, started): (&TaskSummary, Option<&String>)) -> ListRow {
    let exit = match (&task.signal, task.exit_code) {
        (Some(signal), _) => signal.clone(),
        (None, Some(code)) => code.to_string(),
        (None, None) => "-".to_owned(),
    };
    let of_attempt = |text: String| match task.attempts {
        0 => "-".to_owned(),
        _ => text,
    };
    let mut cells = vec![
        task.position.to_string(),
        make_safe(&format!("{}/{}", task.group, task.name)).into_owned(),
        outcome_word(task.word()),
    ];
    cells.extend(started.cloned());
    cells.extend([
        exit,
        of_attempt(human_duration(Duration::from_millis(task.duration_ms))),
        of_attempt(task.lines.to_string()),
    ]);
    ListRow {
        cells,
        prose: notes(task),
    }
}

/// What the outcome alone does not say.
pub(super) fn notes(task: &TaskSummary) -> String {
    let mut notes = Vec::new();
    if task.outcome != TaskStatus::Succeeded {
        notes.push(make_safe(&task.reason).into_owned());
    }
    notes.retain(|note| !note.is_empty());
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

fn failure(text: &mut String, task: &TaskSummary, view: &SummaryView) {
    let style = outcome_style(task.outcome.as_str());
    let name = format!("{}/{}", task.group, task.name);
    let headline = format!(
        "{style}{}{style:#}: {}",
        make_safe(&name),
        make_safe(&task.reason)
    );
    // What follows in it stands below its first word.
    let _ = write!(text, "\n{}", wrap_words(&headline, 2, view.width).trim_start());
    if let Some(hint) = &task.hint {
        let _ = writeln!(text, "  hint: {}", make_safe(hint));
    }
    if let Some(log) = &task.log {
        let _ = writeln!(text, "  log: {}", view.state_dir.join(log).display());
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
        let view = SummaryView {
            state_dir: ".orchestrate".into(),
            ..SummaryView::default()
        };
        let text = anstream::adapter::strip_str(&summary_text(&summary(), &view)).to_string();
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

    #[test]
    fn a_long_reason_stays_on_the_screen() {
        let mut summary = summary();
        summary.tasks[1].reason = "exited with code 75 (temporary)".to_owned() + &": HTTP 503".repeat(9);
        let view = SummaryView {
            width: Some(80),
            ..SummaryView::default()
        };
        let text = anstream::adapter::strip_str(&summary_text(&summary, &view)).to_string();
        let headline = text.find("\ngithub/run_b: ").unwrap();
        insta::assert_snapshot!(&text[headline + 1..], @r#"
        github/run_b: exited with code 75 (temporary): HTTP 503: HTTP 503: HTTP 503:
          HTTP 503: HTTP 503: HTTP 503: HTTP 503: HTTP 503: HTTP 503
          log: runs/r/2-run_b.log
          | no such host

        Summary: 1 succeeded, 1 failed, 1 skipped.
        "#);
        assert!(
            text.lines().all(|line| console::measure_text_width(line) <= 80),
            "{text}"
        );
    }
}
