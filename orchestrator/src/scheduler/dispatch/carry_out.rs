//! Decisions about slots are carried out, and what a person should know of them is said.

use jiff::Timestamp;

use crate::execution::Executed;
use crate::model::EntryKey;
use crate::scheduler::dispatch::dispatcher::StartEnd;
use crate::scheduler::dispatch::slots::Slots;
use crate::scheduler::planning::decision::{Decision, SlotSkip};
use crate::scheduler::planning::planner::SlotEnd;
use crate::scheduler::planning::skip_reason::SkipReason;
use crate::text::counted;

impl Slots {
    /// Does what was decided, in that order.
    pub(crate) fn carry_out(&mut self, decisions: Vec<Decision>) {
        for line in passed_lines(&decisions) {
            line.say();
        }
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
            said: _,
        } = skip;
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
            StartEnd::Queued(run) => tracing::info!("{key} of {slot} is queued as run {run}"),
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
            let journal = match &executed.journal_failure {
                None => "its journal is complete, and is brought in when the database is back".to_owned(),
                Some(failure) => format!("its journal lacks events, too: {failure}"),
            };
            tracing::error!(
                "the database lacks {} of run {} ({key} of {slot}): {error}; {journal}",
                counted(*missing, "event"),
                executed.summary.run
            );
        }
        self.side_work.report_run(executed.summary.success);
    }
}

/// Slots of an entry in a row that nobody runs, for the same kind of reason: after a long
/// absence there are thousands.
#[derive(Debug, PartialEq, Eq)]
struct PassedLine<'a> {
    key: &'a EntryKey,
    first: Timestamp,
    last: Timestamp,
    count: usize,
    /// That of the last one.
    reason: &'a SkipReason,
}

impl PassedLine<'_> {
    fn slots(&self) -> String {
        match self.count {
            1 => format!("{} of {} is", self.key, self.last),
            count => format!(
                "{count} slots of {} from {} to {} are",
                self.key, self.first, self.last
            ),
        }
    }

    /// Somebody counts on a slot of the timetable, and nobody on a release check.
    fn say(&self) {
        let (slots, reason) = (self.slots(), self.reason);
        match reason {
            SkipReason::Superseded(_) => tracing::info!("{slots} skipped: {reason}"),
            SkipReason::Missed(_) => tracing::warn!("{slots} missed: {reason}"),
            _ => tracing::warn!("{slots} skipped: {reason}"),
        }
    }
}

/// What the log says of slots that are passed over, in order.
fn passed_lines(decisions: &[Decision]) -> Vec<PassedLine<'_>> {
    let mut lines: Vec<PassedLine<'_>> = Vec::new();
    for decision in decisions {
        let Decision::PassOver(SlotSkip {
            key,
            passed,
            said: Some(reason),
            ..
        }) = decision
        else {
            continue;
        };
        let slot = passed.slot.at;
        match lines.last_mut() {
            Some(line) if line.key == key && line.reason.cause() == reason.cause() => {
                (line.last, line.reason, line.count) = (slot, reason, line.count + 1);
            }
            _ => lines.push(PassedLine {
                key,
                first: slot,
                last: slot,
                count: 1,
                reason,
            }),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::SlotRef;
    use crate::store::PassedSlot;

    fn passed(minute: i64, reason: Option<SkipReason>) -> Decision {
        let key: EntryKey = EntryKey::Workflow;
        let at = Timestamp::from_second(minute * 60).unwrap();
        Decision::PassOver(SlotSkip {
            passed: PassedSlot {
                slot: SlotRef {
                    entry: key.to_string(),
                    at,
                },
                tasks: Vec::new(),
            },
            key,
            causes: Vec::new(),
            said: reason,
        })
    }

    #[test]
    fn two_thousand_missed_slots_are_one_line() {
        let missed = |minute: i64| Some(SkipReason::Missed(format!("reason {minute}")));
        let mut decisions: Vec<Decision> = (0..2000).map(|minute| passed(minute, missed(minute))).collect();
        decisions.push(passed(2000, None));
        decisions.push(passed(2001, Some(SkipReason::Overlap("busy".to_owned()))));
        let lines = passed_lines(&decisions);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[0].slots(),
            "2000 slots of workflow from 1970-01-01T00:00:00Z to 1970-01-02T09:19:00Z are"
        );
        assert_eq!(lines[0].reason, &SkipReason::Missed("reason 1999".to_owned()));
        assert_eq!(lines[1].slots(), "workflow of 1970-01-02T09:21:00Z is");
    }
}
