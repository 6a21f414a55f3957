//! The files that a run's summary is written to, where they were asked for. They are opened
//! before anything starts, so that what cannot be written is said while it costs nothing.

use std::path::Path;

use jiff::civil::Date;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::target::Target;
use crate::events::Summary;
use crate::report::{range_junit, summary_junit, summary_markdown};

/// Where a summary goes when its run is over.
pub(crate) struct SummaryFiles {
    json: Option<Target>,
    junit: Option<Target>,
    markdown: Option<Target>,
}

impl SummaryFiles {
    /// Opens `--summary-file`, `--junit` and `GITHUB_STEP_SUMMARY`.
    ///
    /// # Errors
    /// One of them cannot be written.
    pub(crate) fn open(args: &ExecutionArgs, settings: &CliSettings) -> Result<Self, Failure> {
        let markdown = settings.environment.get("GITHUB_STEP_SUMMARY").map(Path::new);
        Ok(Self {
            json: open(args.summary_file.as_deref())?,
            junit: open(args.junit.as_deref())?,
            markdown: open(markdown)?,
        })
    }

    /// Writes all of them, the later ones also where an earlier one cannot be written.
    ///
    /// # Errors
    /// What was asked for was not written whole; the first such file is named.
    pub(crate) fn write(self, summary: &Summary) -> Result<(), Failure> {
        let json = || serde_json::to_string_pretty(summary).map(|text| text + "\n");
        let written = [
            write(self.json, |target| Ok(target.write(&json()?)?)),
            write(self.junit, |target| Ok(target.write(&summary_junit(summary)?)?)),
            write(self.markdown, |target| {
                Ok(target.append(&summary_markdown(summary))?)
            }),
        ];
        written.into_iter().collect()
    }

    /// Writes the summaries of the runs of several dates: as JSON a line each, as JUnit a suite
    /// each.
    ///
    /// # Errors
    /// Those of [`SummaryFiles::write`].
    pub(crate) fn write_range(self, runs: &[(Date, Summary)]) -> Result<(), Failure> {
        let json = || {
            let lines = runs.iter().map(|(_, summary)| serde_json::to_string(summary));
            let lines = lines.collect::<Result<Vec<_>, _>>()?;
            Ok::<_, serde_json::Error>(lines.iter().map(|line| format!("{line}\n")).collect::<String>())
        };
        let markdown: String = runs
            .iter()
            .map(|(_, summary)| summary_markdown(summary))
            .collect();
        let written = [
            write(self.json, |target| Ok(target.write(&json()?)?)),
            write(self.junit, |target| Ok(target.write(&range_junit(runs)?)?)),
            write(self.markdown, |target| Ok(target.append(&markdown)?)),
        ];
        written.into_iter().collect()
    }
}

fn open(path: Option<&Path>) -> Result<Option<Target>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let target = Target::open(path).map_err(|error| cannot(path, error.into()))?;
    if target.is_unread() {
        print_words!(
            "warning: nobody reads the FIFO {}: nothing is written to it",
            path.display()
        );
    }
    Ok(Some(target))
}

fn write(
    target: Option<Target>,
    write: impl FnOnce(Target) -> Result<(), anyhow::Error>,
) -> Result<(), Failure> {
    let Some(target) = target else { return Ok(()) };
    let path = target.named().to_owned();
    write(target).map_err(|error| cannot(&path, error))
}

fn cannot(path: &Path, error: anyhow::Error) -> Failure {
    Failure::infrastructure(error.context(format!("cannot write {}", path.display())))
}
