//! `run --from D --to D`: a run for each date, in order, of what did not run on it. Who ran is
//! asked of the ledger of slots, which each run settles.

use jiff::civil::Date;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::global::Global;
use crate::cli::args::selected::planned_range;
use crate::cli::args::selection::SelectionArgs;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::release_check::check_releases;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::unusable;
use crate::cli::shell::summary::SummaryFiles;
use crate::cli::verbs::run::manual_run::ManualRun;
use crate::cli::verbs::run::session::Session;
use crate::cli::verbs::run::unsettled::claim_unsettled;
use crate::events::Summary;
use crate::model::{Clock, DateRange, Plan, Schedule, SkipCause, SystemClock, TaskStatus};

/// A range of dates to be run.
pub(crate) struct RangeRun<'a> {
    pub(crate) selection: &'a SelectionArgs,
    pub(crate) execution: &'a ExecutionArgs,
    pub(crate) stop_on_failure: bool,
}

impl RangeRun<'_> {
    /// Runs date after date.
    ///
    /// # Errors
    /// The selection cannot be, or the machine or the database would not.
    pub(crate) fn run(
        &self,
        global: &Global,
        settings: &CliSettings,
        schedule: &Schedule,
        range: DateRange,
    ) -> Result<VerbExit, Failure> {
        let mut plans = planned_range(settings, schedule, self.selection, range, check_releases)?;
        for plan in &mut plans {
            plan.follow_groups(schedule);
            plan.set_overlap_by_hand(Some(schedule), self.execution.overlap);
        }
        settings.warn_of_unset();
        let files = SummaryFiles::open(self.execution, settings)?;
        let session = Session::open(global, settings, self.execution)?;
        if !self.selection.again {
            session
                .ask(async |store| store.check_rights_to_schedule().await)
                .map_err(unusable)?;
        }
        let mut runs = Vec::new();
        let ended = self.run_dates(session, plans, &mut runs);
        // Also where it could not go on: what ran is to be read.
        files.write_range(&runs)?;
        ended
    }

    /// Returns the exit of the worst run, or what a signal between two of them made of it.
    fn run_dates(
        &self,
        session: Session<'_>,
        plans: Vec<Plan>,
        runs: &mut Vec<(Date, Summary)>,
    ) -> Result<VerbExit, Failure> {
        let ended_by = session.remember_signals()?;
        let (mut last, mut worst, mut left) = (None, 0, plans.len());
        for mut plan in plans {
            if let Some(by) = ended_by.get() {
                worst = VerbExit::from(*by) as u8;
                break;
            }
            left -= 1;
            say_left_out(&session, &mut plan)?;
            if plan.tasks.is_empty() {
                continue;
            }
            let date = plan.date;
            let executed = ManualRun {
                plan,
                label: self.selection.kind()?.to_owned(),
                group: self.selection.one_group(),
                stop_on_failure: self.stop_on_failure,
            }
            .execute(&session)?;
            session.told().tell(&executed.summary);
            runs.push((date, executed.summary.clone()));
            let exit = session.told().judge(&executed)? as u8;
            worst = worst.max(exit);
            let stops = was_ended(&executed.summary)
                || was_held_back(&executed.summary)
                || (self.stop_on_failure && exit != 0);
            last = Some(executed);
            if stops {
                break;
            }
        }
        if left > 0 {
            print_words!("Stopped: {left} later dates were not looked at.");
        } else if runs.is_empty() {
            print_words!("Nothing is left to run.");
        }
        if let Some(last) = last {
            session.close(&last);
        }
        Ok(VerbExit::of_run(worst))
    }
}

/// Claims what did not run on the date, and says what else there was.
fn say_left_out(session: &Session<'_>, plan: &mut Plan) -> Result<(), Failure> {
    let now = SystemClock.now();
    let date = plan.date;
    let left_out = session
        .ask(async |store| claim_unsettled(store, plan, now).await)
        .map_err(unusable)?;
    if let Some(words) = left_out.words(now) {
        print_words!("{date}: {words}");
    }
    if !plan.tasks.is_empty() {
        print_words!("{date}:");
    }
    Ok(())
}

/// Whether somebody wanted the run to end, whoever it was.
fn was_ended(summary: &Summary) -> bool {
    let cancelled = |outcome| outcome == TaskStatus::Cancelled;
    summary.exit_code > 128 || summary.tasks.iter().any(|task| cancelled(task.outcome))
}

/// Whether all of it was left to other runs, which go on: the next date would be, too.
fn was_held_back(summary: &Summary) -> bool {
    let held_back = |reason: &str| SkipCause::of_reason(reason) == SkipCause::Overlap;
    let mut tasks = summary.tasks.iter();
    tasks.all(|task| task.outcome == TaskStatus::Skipped && held_back(&task.reason))
}
