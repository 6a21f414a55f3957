//! What is told of a run of this process when it has ended, and what its verb exits with.

use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, print_text, shown_path};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::undelivered;
use crate::database::Database;
use crate::events::Summary;
use crate::execution::Executed;
use crate::report::{SummaryView, Unwritten, summary_text};
use crate::store::StoreError;
use crate::text::counted;

/// What a run that the database lacks has, where its journal was written to the end.
const IN_JOURNAL: &str =
    "its journal is complete; the next start brings it in, or orchestrate db import-journal";

/// What is told when a run has ended.
pub(crate) struct Told<'a> {
    pub(crate) settings: &'a CliSettings,
    /// Whether events go to standard output, in place of the summary for people.
    pub(crate) json: bool,
    pub(crate) unwritten: Unwritten,
    /// Asked in the end whether it is still where it was.
    pub(crate) database: Database,
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
        let Executed {
            summary,
            recorded,
            journal_failure,
        } = executed;
        if let Some((missing, error)) = &recorded.failure {
            let way = match journal_failure {
                Some(failure) => {
                    format!("its journal lacks events, too ({failure}): this summary is all there is of them")
                }
                None => error.way_back().unwrap_or(IN_JOURNAL).to_owned(),
            };
            let are = if *missing == 1 { "is" } else { "are" };
            let missing = counted(*missing, "event");
            let error = anyhow::anyhow!(
                "{missing} of run {} {are} not in the database: {error}",
                summary.run
            );
            return Err(Failure::infrastructure(error).hint(way));
        }
        undelivered::none_left(&self.settings.state_dir, &summary.run)?;
        // What was written into a file that somebody has removed since is gone with it.
        if let Err(error) = self.database.check_in_place() {
            let error = StoreError::from(error);
            let way = error.way_back().unwrap_or_default();
            let error = anyhow::Error::new(error).context(format!("run {} is not recorded", summary.run));
            return Err(Failure::infrastructure(error).hint(way));
        }
        match self.unwritten.reason() {
            Some(error) if summary.success => Err(Failure::infrastructure(anyhow::anyhow!(
                "not all events of run {} are on standard output: {error}",
                summary.run
            ))),
            _ => Ok(VerbExit::of_run(summary.exit_code)),
        }
    }
}
