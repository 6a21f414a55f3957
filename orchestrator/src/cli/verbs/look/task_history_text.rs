//! The history of tasks: a table for people, CSV, JSON.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::args::format::ListFormat;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, print_json, print_text};
use crate::cli::times::Times;
use crate::queries::status::NightState;
use crate::queries::task_history::TaskHistoryRow;
use crate::report::{Column, ListRow, outcome_word, rows_text};
use crate::text::{human_duration, make_safe, push_csv_row};

/// Prints the rows in a form.
///
/// # Errors
/// They cannot be written.
pub(crate) fn print_task_history(
    rows: &[TaskHistoryRow],
    now: Timestamp,
    format: ListFormat,
) -> Result<VerbExit, Failure> {
    match format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Csv => print_text(&csv(rows))?,
        ListFormat::Table => print_text(&table(rows, now, &Times::of_output(), output_width()))?,
    }
    Ok(VerbExit::Success)
}

fn csv(rows: &[TaskHistoryRow]) -> String {
    let mut text = String::from(
        "run,slot,group,command,name,state,outcome,cause,started_at,duration_ms,new,changed,unchanged,result\n",
    );
    for row in rows {
        let count = |of: &dyn Fn(&crate::events::RecordCounts) -> u64| {
            row.records
                .as_ref()
                .map(|counts| of(counts).to_string())
                .unwrap_or_default()
        };
        let fields = [
            row.run.as_ref().map(ToString::to_string).unwrap_or_default(),
            row.slot.map(|at| at.to_string()).unwrap_or_default(),
            row.group.clone(),
            row.command.clone(),
            row.name.clone(),
            row.state.as_str().to_owned(),
            row.outcome
                .map(|outcome| outcome.as_str().to_owned())
                .unwrap_or_default(),
            row.cause.clone().unwrap_or_default(),
            row.started_at.map(|at| at.to_string()).unwrap_or_default(),
            row.duration_ms.map(|ms| ms.to_string()).unwrap_or_default(),
            count(&|counts| counts.new),
            count(&|counts| counts.changed),
            count(&|counts| counts.unchanged),
            row.result.to_owned(),
        ];
        push_csv_row(&mut text, fields.iter().map(String::as_str));
    }
    text
}

fn table(rows: &[TaskHistoryRow], now: Timestamp, times: &Times, width: Option<usize>) -> String {
    if rows.is_empty() {
        return "Nothing is recorded of it.\n".to_owned();
    }
    let name = |row: &TaskHistoryRow| make_safe(&format!("{}/{}", row.group, row.name)).into_owned();
    // One name in every row says nothing.
    let names: BTreeSet<String> = rows.iter().map(name).collect();
    let several = names.len() > 1;
    let mut columns = vec![Column::left("When")];
    columns.extend(several.then(|| Column::left("Task")));
    columns.extend([
        Column::left("Result"),
        Column::right("Time"),
        Column::left("Run").to_spare(),
    ]);
    let row = |row: &TaskHistoryRow| {
        let mut cells = vec![times.minute(row.started_at.unwrap_or(row.at))];
        cells.extend(several.then(|| name(row)));
        cells.extend([
            outcome_word(row.result),
            time(row, now).map_or_else(|| "-".to_owned(), human_duration),
            row.run
                .as_ref()
                .map_or_else(|| "-".to_owned(), ToString::to_string),
        ]);
        ListRow {
            cells,
            prose: prose(row),
        }
    };
    let rows: Vec<ListRow> = rows.iter().map(row).collect();
    let title = match names.first() {
        Some(only) if !several => format!("{only}\n"),
        _ => String::new(),
    };
    title + &rows_text(&columns, "What it brought, or why", &rows, width)
}

/// How long it took, or has taken so far.
fn time(row: &TaskHistoryRow, now: Timestamp) -> Option<Duration> {
    match row.state {
        NightState::Running => Duration::try_from(now.duration_since(row.started_at?)).ok(),
        _ => row.duration_ms.map(Duration::from_millis),
    }
}

fn prose(row: &TaskHistoryRow) -> String {
    let cause = row.cause.as_deref().map(|cause| make_safe(cause).into_owned());
    let brought = row.records.map(|counts| counts.to_string());
    cause.into_iter().chain(brought).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::events::RecordCounts;
    use crate::model::{OutcomeKind, RunId};

    const NAME: &str = "run_github_activity_tracker";

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    fn row(day: &str, state: NightState, result: &'static str, cause: Option<&str>) -> TaskHistoryRow {
        let started_at = matches!(state, NightState::Ran | NightState::Running).then(|| at(day));
        TaskHistoryRow {
            run: started_at.map(|_| RunId::new("20261125-041000-3fa9c1")),
            slot: Some(at(day)),
            group: "github".into(),
            command: NAME.into(),
            name: NAME.into(),
            state,
            outcome: OutcomeKind::parse(result),
            suspect: None,
            cause: cause.map(str::to_owned),
            started_at,
            duration_ms: (state == NightState::Ran).then_some(124_000),
            records: (result == "succeeded").then_some(RecordCounts {
                new: 180,
                changed: 3,
                unchanged: 9,
            }),
            result,
            at: at(day),
        }
    }

    /// The last row is of another task.
    fn screen(width: Option<usize>, zone: &str, last: &str) -> String {
        let times = Times {
            zone: TimeZone::get(zone).unwrap(),
        };
        let mut rows = [
            row("25T09:58", NightState::Running, "running", None),
            row(
                "25T04:10",
                NightState::Ran,
                "timed_out",
                Some("timed out after 30m, then killed by SIGKILL"),
            ),
            row(
                "24T04:10",
                NightState::Missed,
                "missed",
                Some("no scheduler was running"),
            ),
            row(
                "23T04:10",
                NightState::Skipped,
                "release_unknown",
                Some("release unknown: github.com cannot be reached: connection timed out"),
            ),
            row("22T04:10", NightState::Ran, "succeeded", None),
        ];
        rows[4].name = last.to_owned();
        strip_str(&table(&rows, at("25T10:00"), &times, width)).to_string()
    }

    #[test]
    fn what_became_of_a_task_fits_the_screen() {
        insta::assert_snapshot!("task_history_80", screen(Some(80), "Europe/Berlin", "run_export"));
        insta::assert_snapshot!("task_history_of_one_80", screen(Some(80), "Europe/Berlin", NAME));
        insta::assert_snapshot!("task_history_120", screen(Some(120), "UTC", "run_export"));
        insta::assert_snapshot!("task_history_200", screen(Some(200), "UTC", "run_export"));
    }
}
