//! `show`: one run, whole.

use super::args::{Format, Global, ShowArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{print_json, print_text};
use super::settings::Settings;
use super::store::with_store;
use crate::report::{Summary, summary_text};
use crate::store::{RunRecord, Store};

/// Shows a run.
pub(super) fn show(global: &Global, args: &ShowArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let record = with_store(&settings, async |store| find(store, &args.run).await)?;
    match args.format {
        Format::Json => print_json(&record)?,
        Format::Text => {
            let header = &record.header;
            let state = match header.finished_at {
                Some(end) => format!("ended {}", end.strftime("%Y-%m-%d %H:%M:%SZ")),
                None => "no end is recorded".to_owned(),
            };
            let begin = header.started_at.strftime("%Y-%m-%d %H:%M:%SZ");
            print_text(&format!(
                "Run {} ({}), started {begin}, {state}.\n\n",
                header.run, header.schedule
            ))?;
            print_text(&summary_text(&as_summary(record), &settings.state_dir))?;
        }
    }
    Ok(Exit::Success)
}

/// The run whose id begins with `prefix`.
///
/// # Errors
/// There is none, there are several, or the database fails.
pub(super) async fn find(store: &Store, prefix: &str) -> Result<RunRecord, Failure> {
    let mut found = store.find_run(prefix).await.map_err(Failure::infrastructure)?;
    let run = match (found.pop(), found.pop()) {
        (Some(run), None) => run,
        (None, _) => {
            let problem = if prefix == "last" {
                "there is no run yet".to_owned()
            } else {
                format!("there is no run {prefix:?}")
            };
            return Err(Failure::usage(problem).hint("orchestrate history lists the runs"));
        }
        (Some(one), Some(other)) => {
            return Err(Failure::usage(format!(
                "{prefix:?} is the beginning of several runs, {other} and {one} among them"
            )));
        }
    };
    let record = store.run(&run).await.map_err(Failure::infrastructure)?;
    record.ok_or_else(|| Failure::usage(format!("run {run} was removed meanwhile")))
}

/// What the table shows of a run, also of one without an end.
fn as_summary(record: RunRecord) -> Summary {
    let header = record.header;
    Summary {
        run: header.run,
        schedule: header.schedule,
        started_at: header.started_at,
        finished_at: header.finished_at.unwrap_or(header.started_at),
        succeeded: header.succeeded as usize,
        failed: header.failed as usize,
        skipped: header.skipped as usize,
        success: header.success.unwrap_or(false),
        exit_code: header.exit_code.unwrap_or(0),
        tasks: record.tasks.into_iter().map(|task| task.summary).collect(),
    }
}
