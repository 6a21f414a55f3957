//! Decisions about slots are carried out, and what a person should know of them is said.

use jiff::Timestamp;

use crate::execution::Executed;
use crate::model::EntryKey;
use crate::scheduler::dispatch::dispatcher::StartEnd;
use crate::scheduler::dispatch::slots::Slots;
use crate::scheduler::planning::decision::{Decision, SlotSkip};
use crate::scheduler::planning::planner::SlotEnd;
use crate::scheduler::planning::skip_reason::SkipReason;

impl Slots {
    /// Does what was decided, in that order.
    pub(crate) fn carry_out(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            match decision {
                Decision::PassOver(skip) => self.pass_over(skip),
                Decision::NotifyMissed(missed) => self.side_work.notices.report_missed(missed),
                Decision::CheckReleases { key, slot, source } => {
                    self.side_work.release_checks.request(key, slot, source);
                }
                Decision::ReportReleases { answer, unknown } => {
                    self.metrics.count_release_answer(answer);
                    self.status.set_release_error(unknown);
                }
                Decision::Start(start) => {
                    let older = self.unsettled.before(&start.key, start.slot);
                    self.dispatcher.start(*start, older);
                }
                Decision::Leave { key, slot } => {
                    tracing::info!("{key} of {slot} has not begun; the next scheduler finds it");
                    self.unsettled.leave_from(&key, slot);
                }
                Decision::Drop { key, slot } => {
                    tracing::warn!("{key} of {slot} is dropped: the timetable has this entry no more");
                }
            }
        }
    }

    fn pass_over(&mut self, skip: SlotSkip) {
        let SlotSkip {
            key,
            passed,
            causes,
            said,
        } = skip;
        if let Some(reason) = said {
            say_passed(&key, passed.slot.at, &reason);
        }
        for cause in causes {
            self.metrics.count_skip(cause);
        }
        self.unsettled.push(key, passed);
    }

    /// What was started for a slot is over: said, notified, and what it means for what
    /// follows.
    pub(crate) fn report_end(&self, key: &EntryKey, slot: Timestamp, end: StartEnd) -> SlotEnd {
        match end {
            StartEnd::Ran(executed) => self.report_run(key, slot, &executed),
            StartEnd::Taken(by) => {
                let by = by.map_or("passed over".to_owned(), |run| format!("run {run}'s"));
                tracing::debug!("{key} of {slot} is {by} already");
            }
            StartEnd::Failed(reason) => tracing::error!("{key} of {slot} could not be run: {reason}"),
            StartEnd::Busy(run) => return SlotEnd::Busy(run),
            StartEnd::Waited => return SlotEnd::Waited,
            StartEnd::Stopped => return SlotEnd::Stopped,
        }
        SlotEnd::Over
    }

    fn report_run(&self, key: &EntryKey, slot: Timestamp, executed: &Executed) {
        if let Some((missing, error)) = &executed.recorded.failure {
            tracing::error!(
                "{missing} events of run {} ({key} of {slot}) are not in the database: {error}; its journal is \
                 complete, and is brought in when the database is back",
                executed.summary.run
            );
        }
        self.side_work.report_run(executed.summary.success);
    }
}

/// Somebody counts on a slot of the timetable, and nobody on a release check.
fn say_passed(key: &EntryKey, slot: Timestamp, reason: &SkipReason) {
    match reason {
        SkipReason::Superseded(_) => tracing::info!("{key} of {slot} is skipped: {reason}"),
        SkipReason::Missed(_) => tracing::warn!("{key} of {slot} is missed: {reason}"),
        _ => tracing::warn!("{key} of {slot} is skipped: {reason}"),
    }
}
