//! What is told of a run of this process when it has ended, and what its verb exits with.

use std::path::{Path, PathBuf};

use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, print_text, shown_path};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::undelivered;
use crate::events::Summary;
use crate::execution::Executed;
use crate::model::RunId;
use crate::report::{SummaryView, Unwritten, summary_text};

/// What is told when a run has ended.
pub(crate) struct Told<'a> {
    pub(crate) settings: &'a CliSettings,
    /// Whether events go to standard output, in place of the summary for people.
    pub(crate) json: bool,
    pub(crate) unwritten: Unwritten,
    /// The file that is the database, if one is.
    pub(crate) database: Option<PathBuf>,
}

impl Told<'_> {
    /// Shows the summary to people.
    pub(crate) fn tell(&self, summary: &Summary) {
        let view = SummaryView {
            state_dir: shown_path(&self.settings.state_dir),
            width: output_width(),
            ..SummaryView::default()
        };
        if !self.json
            // It is in the database too: who cannot see it here loses nothing.
            && let Err(failure) = print_text(&summary_text(summary, &view))
        {
            failure.print();
        }
    }

    /// What the verb exits with.
    ///
    /// # Errors
    /// The database does not have the run whole, or not all events could be written.
    pub(crate) fn judge(&self, executed: &Executed) -> Result<VerbExit, Failure> {
        let Executed { summary, recorded } = executed;
        if let Some((missing, error)) = &recorded.failure {
            let error = anyhow::anyhow!(
                "{missing} events of run {} are not in the database: {error}",
                summary.run
            );
            return Err(Failure::infrastructure(error).hint(
                "its journal is complete; the next start brings it in, or orchestrate db import-journal",
            ));
        }
        undelivered::none_left(&self.settings.state_dir, &summary.run)?;
        is_there(self.database.as_deref(), &summary.run)?;
        match self.unwritten.reason() {
            Some(error) if summary.success => Err(Failure::infrastructure(anyhow::anyhow!(
                "not all events of run {} are on standard output: {error}",
                summary.run
            ))),
            _ => Ok(VerbExit::of_run(summary.exit_code)),
        }
    }
}

/// What was written into a file that somebody has removed is gone with it.
fn is_there(database: Option<&Path>, run: &RunId) -> Result<(), Failure> {
    match database {
        Some(file) if !file.exists() => Err(Failure::infrastructure(anyhow::anyhow!(
            "{} was removed while run {run} went on",
            file.display()
        ))
        .hint(
            "every run has a journal: orchestrate db import-journal --all makes the database again of them",
        )),
        _ => Ok(()),
    }
}
