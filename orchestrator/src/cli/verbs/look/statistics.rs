//! `history --collector X --stats`: how a collector does.

use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::args::format::ListFormat;
use crate::cli::args::task_word::tasks_meant;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::cli::times::Times;
use crate::queries::history::collector_statistics;
use crate::store::{EndedRun, Statistics, StatisticsFilter};
use crate::text::{counted, human_duration, make_safe};

/// Of which runs: as `history` takes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatisticsRange {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// The newest so many.
    pub(crate) last: u32,
}

/// Prints the numbers of the task that `word` means.
pub(crate) fn statistics(
    settings: &CliSettings,
    word: &str,
    group: Option<&str>,
    range: StatisticsRange,
    format: ListFormat,
) -> Result<VerbExit, Failure> {
    if format == ListFormat::Csv {
        return Err(Failure::usage("--stats has no form of CSV").hint("use --format table or json"));
    }
    let numbers = with_look(settings, async |look| {
        let filter = StatisticsFilter {
            tasks: tasks_meant(&look.store, schedule_if_usable(settings).as_ref(), word, group).await?,
            group: group.map(str::to_owned),
            since: range.since,
            until: range.until,
            last: range.last,
        };
        let numbers = collector_statistics(&look.store, &filter).await;
        numbers.map_err(Failure::infrastructure)
    })?;
    if format == ListFormat::Json {
        print_json(&numbers)?;
    } else {
        print_text(&text(&numbers))?;
    }
    Ok(VerbExit::Success)
}

fn text(numbers: &Statistics) -> String {
    let name = match &numbers.group {
        Some(group) => format!("{group}/{}", numbers.name),
        None => numbers.name.clone(),
    };
    let name = make_safe(&name);
    let times = Times::of_output();
    let mut text = match (numbers.first, numbers.last) {
        (Some(first), Some(last)) => format!(
            "{name}: {}, from {} to {}.\n",
            counted(numbers.runs, "run"),
            times.second(first),
            times.second(last)
        ),
        _ => format!("{name}: no runs.\n"),
    };
    let outcomes: Vec<String> = numbers
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{count} {}", make_safe(outcome)))
        .collect();
    // Writing to a String cannot fail.
    if !outcomes.is_empty() {
        let _ = writeln!(text, "  Outcomes      {}", outcomes.join(", "));
    }
    if let Some(rate) = numbers.success_rate {
        let _ = writeln!(text, "  Success rate  {}", percent(rate));
    }
    if let Some(took) = numbers.duration {
        let human = |ms| human_duration(Duration::from_millis(ms));
        let _ = writeln!(
            text,
            "  A success     takes {} (median), {} (95 of 100), {} at most",
            human(took.median_ms),
            human(took.p95_ms),
            human(took.max_ms)
        );
    }
    let _ = writeln!(
        text,
        "  Last success  {}",
        ended(numbers.last_success.as_ref(), &times)
    );
    let _ = writeln!(
        text,
        "  Last failure  {}",
        ended(numbers.last_failure.as_ref(), &times)
    );
    text
}

/// With a decimal, and never rounded up to a perfection that was not.
fn percent(rate: f64) -> String {
    let tenths = (rate * 1000.0).floor();
    format!("{:.1} %", tenths / 10.0)
}

fn ended(run: Option<&EndedRun>, times: &Times) -> String {
    match run {
        None => "none".to_owned(),
        Some(run) => format!(
            "{} in run {}: {}",
            times.second(run.started_at),
            run.run,
            make_safe(&run.reason)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_in_ten_thousand_is_no_perfection() {
        assert_eq!(percent(1.0), "100.0 %");
        assert_eq!(percent(0.9999), "99.9 %");
        assert_eq!(percent(0.5), "50.0 %");
    }
}
