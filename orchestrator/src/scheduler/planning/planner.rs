//! What becomes of slots: a situation and what happened in it go in, decisions come out.
//! Pure, as the core of a run is: the loop around it brings the time, and `dispatch` does
//! what is decided here.

use jiff::Timestamp;

use crate::execution::{NoticedTask, RunPlan, SlotNotice};
use crate::model::{Entry, EntryKey, Overlap, Release, ReleaseSource, RunId};
use crate::scheduler::planning::decision::{Decision, SlotSkip, SlotStart, slot_ref};
use crate::scheduler::planning::due_slots::{Due, SlotVerdict};
use crate::scheduler::planning::jitter::delay;
use crate::scheduler::planning::overlap_queue::{Offered, OverlapQueues};
use crate::scheduler::planning::rows::{Row, asks_for_release, planned, rows};
use crate::scheduler::planning::situation::Situation;
use crate::scheduler::planning::skip_reason::SkipReason;
use crate::store::PassedSlot;

/// What happened to slots.
#[derive(Debug)]
pub(crate) enum SlotEvent {
    /// They have come, each with its verdict.
    Due(Vec<Due>),
    /// It is known whether there is a release where it was looked for.
    ReleasesChecked {
        key: EntryKey,
        slot: Timestamp,
        release: Release,
        source: ReleaseSource,
    },
    /// What was started for a slot is over.
    Ended {
        key: EntryKey,
        slot: Timestamp,
        end: SlotEnd,
    },
}

/// How it ended, as far as it decides what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SlotEnd {
    /// It ran, could not be run, or is somebody else's.
    Over,
    /// A run of another process is in its way, and it may not wait for that.
    Busy(RunId),
    /// Such a run was waited for: what is due is to be found out anew.
    Waited,
    /// Nothing is to begin any more, and the slot is still free.
    Stopped,
}

/// Keeps what waits in the overlap queues, and decides.
pub(crate) struct Planner {
    pub(crate) queues: OverlapQueues,
    /// Names a run that begins at this instant.
    new_run: fn(Timestamp) -> RunId,
}

impl Planner {
    pub(crate) fn new(new_run: fn(Timestamp) -> RunId) -> Self {
        Self {
            queues: OverlapQueues::default(),
            new_run,
        }
    }

    /// What is to be done, in this order, now that `event` has happened at `now`.
    pub(crate) fn decide(
        &mut self,
        situation: &Situation<'_, '_>,
        event: SlotEvent,
        now: Timestamp,
    ) -> Vec<Decision> {
        let mut deciding = Deciding {
            planner: self,
            situation,
            now,
            decisions: Vec::new(),
        };
        match event {
            SlotEvent::Due(due) => due.into_iter().for_each(|due| deciding.come(due)),
            SlotEvent::ReleasesChecked {
                key,
                slot,
                release,
                source,
            } => match situation.entry(&key) {
                // It was looked for elsewhere before the schedule changed.
                Some(entry) if source != situation.schedule.release => deciding.begin(entry, slot),
                Some(entry) => deciding.plan(entry, slot, release),
                None => deciding.leave(&key, slot),
            },
            SlotEvent::Ended { key, slot, end } => deciding.end(&key, slot, end),
        }
        deciding.decisions
    }
}

struct Deciding<'p, 's, 't, 'a> {
    planner: &'p mut Planner,
    situation: &'s Situation<'t, 'a>,
    now: Timestamp,
    decisions: Vec<Decision>,
}

impl Deciding<'_, '_, '_, '_> {
    /// Slots of an entry have come: what is to run is queued, the rest gets its rows.
    fn come(&mut self, Due { entry, slots }: Due) {
        let entry = &self.situation.timetable[entry];
        let (mut to_run, mut missed) = (Vec::new(), None);
        for (slot, verdict) in slots {
            match verdict {
                SlotVerdict::Run => to_run.push(slot),
                SlotVerdict::Idle => self.pass_over(entry, slot, None),
                SlotVerdict::Missed(reason) => {
                    let reason = SkipReason::missed(entry, reason);
                    self.pass_over(entry, slot, Some(&reason));
                    missed = Some((slot, reason));
                }
            }
        }
        // After a long absence one for each entry: the newest stands for them.
        if let Some((slot, reason)) = missed {
            self.notify_missed(entry, slot, &reason);
        }
        if !to_run.is_empty() {
            self.queue(entry, &to_run);
        }
    }

    fn queue(&mut self, entry: &Entry<'_>, slots: &[Timestamp]) {
        let queues = &mut self.planner.queues;
        let Offered {
            start,
            beside,
            skipped,
        } = queues.offer(
            entry.key(),
            slots,
            overlap(entry),
            self.now,
            &self.situation.claimed,
        );
        for (slot, reason) in skipped {
            let reason = SkipReason::overlap(entry, reason);
            self.pass_over(entry, slot, Some(&reason));
            self.notify_missed(entry, slot, &reason);
        }
        for queued in start.into_iter().chain(beside) {
            self.begin(entry, queued.slot);
        }
    }

    /// The queue was taken for a slot: it is planned and started, once it is known whether
    /// there is a release if that matters.
    fn begin(&mut self, entry: &Entry<'_>, slot: Timestamp) {
        if !asks_for_release(&rows(entry, slot, &self.situation.circumstances, None)) {
            return self.plan(entry, slot, Release::NotChecked);
        }
        self.decisions.push(Decision::CheckReleases {
            key: entry.key().clone(),
            slot,
            source: self.situation.schedule.release.clone(),
        });
    }

    /// It is known whether there is a release, where it matters.
    fn plan(&mut self, entry: &Entry<'_>, slot: Timestamp, release: Release) {
        let checked = !matches!(release, Release::NotChecked);
        let unknown = match &release {
            Release::Unknown(reason) => Some(reason.clone()),
            _ => None,
        };
        // A run of tasks that are all skipped tells nobody more than their rows do.
        let nothing = unknown
            .clone()
            .filter(|_| entry.is_release_check())
            .map(SkipReason::ReleaseUnknown);
        let planned = planned(entry, slot, &self.situation.circumstances, release);
        if let Some((plan, _)) = planned.as_ref().filter(|_| checked) {
            self.decisions.push(Decision::ReportReleases {
                answer: plan.release.keyword(),
                unknown,
            });
        }
        let due = planned.filter(|(plan, _)| nothing.is_none() && !plan.tasks.is_empty());
        let Some((mut plan, rows)) = due else {
            let reason = nothing.unwrap_or(SkipReason::NoNewRelease);
            self.pass_over(entry, slot, Some(&reason));
            return self.begin_next(entry.key(), slot);
        };
        let run = (self.planner.new_run)(self.now);
        let queues = &mut self.planner.queues;
        queues.set_run(entry.key(), slot, run.clone());
        plan.follow_groups(self.situation.schedule);
        plan.set_slot(slot);
        plan.set_overlap_of_entry(entry.key(), overlap_elsewhere(entry));
        self.decisions.push(Decision::Start(Box::new(SlotStart {
            key: entry.key().clone(),
            slot,
            plan: RunPlan {
                run,
                schedule: plan.selection.clone(),
                group: entry.group().map(|group| group.name.to_string()),
                slot: Some(slot_ref(entry.key(), slot)),
                stop_on_failure: false,
                quiet: false,
                plan,
            },
            causes: causes(&rows),
            rows: rows.iter().map(Row::slot_task).collect(),
            planned_for: slot.checked_add(delay(entry)).unwrap_or(slot),
            found_at: queues.found_at(entry.key(), slot).unwrap_or(self.now),
            overlap: overlap(entry),
        })));
    }

    /// What was started for a slot is over.
    fn end(&mut self, key: &EntryKey, slot: Timestamp, end: SlotEnd) {
        let entry = self.situation.entry(key);
        match (end, entry) {
            (SlotEnd::Waited, Some(entry)) => return self.begin(entry, slot),
            (SlotEnd::Busy(run), Some(entry)) => {
                let reason = format!("run {run} of another process still went on (overlap: skip)");
                self.pass_over(entry, slot, Some(&SkipReason::overlap(entry, reason)));
            }
            (SlotEnd::Stopped, _) => return self.leave(key, slot),
            (SlotEnd::Over | SlotEnd::Busy(_) | SlotEnd::Waited, _) => {}
        }
        self.begin_next(key, slot);
    }

    fn leave(&mut self, key: &EntryKey, slot: Timestamp) {
        self.decisions.push(Decision::Leave {
            key: key.clone(),
            slot,
        });
        self.begin_next(key, slot);
    }

    /// A slot is over: what waits in its queue follows, unless the timetable has it no more.
    fn begin_next(&mut self, key: &EntryKey, slot: Timestamp) {
        let mut over = (key.clone(), slot);
        while let Some(next) = self.planner.queues.advance(&over.0, over.1) {
            over = (next.key.clone(), next.slot);
            match self.situation.entry(&next.key) {
                Some(entry) => return self.begin(entry, next.slot),
                None => self.decisions.push(Decision::Drop {
                    key: next.key,
                    slot: next.slot,
                }),
            }
        }
    }

    fn pass_over(&mut self, entry: &Entry<'_>, slot: Timestamp, reason: Option<&SkipReason>) {
        let rows = rows(entry, slot, &self.situation.circumstances, reason);
        self.decisions.push(Decision::PassOver(SlotSkip {
            key: entry.key().clone(),
            passed: PassedSlot {
                slot: slot_ref(entry.key(), slot),
                tasks: rows.iter().map(Row::slot_task).collect(),
            },
            causes: causes(&rows),
            said: reason.filter(|reason| reason.is_news()).cloned(),
        }));
    }

    /// Those who want to know are notified of tasks that did not run at a slot.
    fn notify_missed(&mut self, entry: &Entry<'_>, slot: Timestamp, reason: &SkipReason) {
        // Nobody counts on a release check.
        if entry.is_release_check() {
            return;
        }
        let rows = rows(entry, slot, &self.situation.circumstances, Some(reason));
        let for_it = rows.iter().filter(|row| row.reason.as_ref() == Some(reason));
        self.decisions.push(Decision::NotifyMissed(SlotNotice {
            slot: slot_ref(entry.key(), slot),
            tasks: for_it.map(|row| NoticedTask::from(row.task)).collect(),
            reason: reason.to_string(),
        }));
    }
}

fn causes(rows: &[Row<'_>]) -> Vec<crate::model::SkipCause> {
    rows.iter()
        .filter_map(|row| Some(row.reason.as_ref()?.cause()))
        .collect()
}

/// What happens when a slot comes while its queue is busy. A release check beside the batch would
/// find what that deals with.
fn overlap(entry: &Entry<'_>) -> Overlap {
    match entry.group().map(|group| group.overlap) {
        Some(Overlap::Allow) if entry.is_release_check() => Overlap::Skip,
        overlap => overlap.unwrap_or_default(),
    }
}

/// The same where a run of another process is in the way: for that a release check never waits.
fn overlap_elsewhere(entry: &Entry<'_>) -> Overlap {
    match entry.is_release_check() {
        true => Overlap::Skip,
        false => overlap(entry),
    }
}

#[cfg(test)]
mod tests;
