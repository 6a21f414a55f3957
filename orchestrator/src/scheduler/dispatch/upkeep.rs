//! Firings: from a lane that was taken for a slot, by way of the question whether there is a
//! release, to the end of its run and what follows in the lane.

use std::future::Future;

use jiff::Timestamp;
use tokio::task::{Id, JoinError};

use crate::events::SlotRef;
use crate::execution::{Executed, Orders, RunPlan};
use crate::model::{Entry, EntryKey, Overlap, Plan, Release, RunId};
use crate::scheduler::dispatch::due::causes;
use crate::scheduler::dispatch::start::{End, Ended, Firing};
use crate::scheduler::planning::jitter::delay;
use crate::scheduler::planning::rows::{Circumstances, Row, asks_for_release, planned, rows};
use crate::scheduler::planning::skip_reason::SkipReason;
use crate::scheduler::scheduler::Scheduler;
use crate::text::make_safe;

/// The timetable in force, and what decides besides.
#[derive(Clone, Copy)]
pub(crate) struct Table<'x, 'a> {
    pub(crate) entries: &'x [Entry<'a>],
    pub(crate) circumstances: &'x Circumstances,
}

impl<'x, 'a> Table<'x, 'a> {
    /// `None` if the timetable has it no more.
    fn entry(self, key: &EntryKey) -> Option<&'x Entry<'a>> {
        self.entries.iter().find(|entry| entry.key() == key)
    }
}

impl Scheduler {
    /// A lane was taken for a slot: it is planned and fired, once it is known whether
    /// there is a release if that matters.
    pub(crate) fn begin(&mut self, entry: &Entry<'_>, slot: Timestamp, table: Table<'_, '_>) {
        if !asks_for_release(&rows(entry, slot, table.circumstances, None)) {
            return self.fire(entry, slot, table, Release::NotChecked);
        }
        let (executor, asking) = (self.setup.executor.clone(), self.asking.clone());
        let source = self.schedule().release.clone();
        self.set_going(entry, slot, async move {
            let answer = asking.answer(&executor, &source).await;
            Ended::Answered(answer, source)
        });
    }

    /// It is known whether there is a release, where it matters.
    fn fire(&mut self, entry: &Entry<'_>, slot: Timestamp, table: Table<'_, '_>, release: Release) {
        let circumstances = table.circumstances;
        let asked = !matches!(release, Release::NotChecked);
        let unknown = match &release {
            Release::Unknown(reason) => Some(reason.clone()),
            _ => None,
        };
        // A run of tasks that are all skipped tells nobody more than their rows do.
        let nothing = unknown
            .clone()
            .filter(|_| entry.is_release_check())
            .map(SkipReason::ReleaseUnknown);
        let planned = planned(entry, slot, circumstances, release);
        if let Some((plan, _)) = planned.as_ref().filter(|_| asked) {
            self.answered(plan.release.keyword(), unknown);
        }
        let due = planned.filter(|(plan, _)| nothing.is_none() && !plan.tasks.is_empty());
        let Some((plan, rows)) = due else {
            let reason = nothing.unwrap_or(SkipReason::NoNewRelease);
            self.pass_over(entry, slot, circumstances, Some(&reason));
            return self.free(entry.key(), table);
        };
        let orders = Orders::new();
        let plan = self.run_plan(entry, slot, plan);
        self.lanes.running(entry.key(), plan.run.clone(), orders.sender());
        let firing = Firing {
            executor: self.setup.executor.clone(),
            plan,
            slot: slot_ref(entry.key(), slot),
            key: entry.key().clone(),
            planned_for: slot.checked_add(delay(entry)).unwrap_or(slot),
            came: self.lanes.came(entry.key()).unwrap_or_else(|| self.now()),
            lateness: self.lateness.clone(),
            taken: self.lanes.taken(entry.key()),
            causes: causes(&rows).collect(),
            rows: rows.iter().map(Row::slot_task).collect(),
            overlap: overlap(entry),
            audience: (self.setup.audience)(),
            orders,
            admission: self.admission.clone(),
            stop: self.stop.subscribe(),
            metrics: self.setup.metrics.clone(),
        };
        self.set_going(
            entry,
            slot,
            async move { Ended::Fired(Box::new(firing.fire().await)) },
        );
    }

    /// What was answered, to be shown. The reason is that of an answer that is none.
    fn answered(&self, answer: &'static str, unknown: Option<String>) {
        self.setup.metrics.count_release_answer(answer);
        self.standing.send_if_modified(|standing| {
            match (&standing.release_error, &unknown) {
                (before, Some(reason)) if before.as_ref() != Some(reason) => {
                    tracing::warn!(
                        "nobody can tell whether there is a new release: {}",
                        make_safe(reason)
                    );
                }
                (Some(_), None) => tracing::info!("it is known again whether there is a new release"),
                _ => {}
            }
            let differs = standing.release_error != unknown;
            standing.release_error = unknown;
            differs
        });
    }

    fn set_going(
        &mut self,
        entry: &Entry<'_>,
        slot: Timestamp,
        work: impl Future<Output = Ended> + Send + 'static,
    ) {
        let id = self.at_work.spawn(work).id();
        self.places.insert(id, (entry.key().clone(), slot));
    }

    fn run_plan(&self, entry: &Entry<'_>, slot: Timestamp, mut plan: Plan) -> RunPlan {
        plan.stop_groups(&self.schedule());
        plan.set_slot(slot);
        RunPlan {
            run: RunId::at(self.now(), fastrand::u32(..)),
            schedule: plan.selection.clone(),
            group: entry.group().map(|group| group.name.to_string()),
            slot: Some(slot_ref(entry.key(), slot)),
            stop_on_failure: false,
            plan,
        }
    }

    /// Something that was set going has ended. `timetable` is the one in force now.
    pub(crate) async fn ended(
        &mut self,
        ended: Result<(Id, Ended), JoinError>,
        timetable: &[Entry<'_>],
        circumstances: &mut Circumstances,
    ) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some((key, slot)) = self.places.remove(&id) else {
            return;
        };
        // What follows in the lane is judged by what is so now.
        self.look_at_pauses(circumstances).await;
        let table = Table {
            entries: timetable,
            circumstances,
        };
        match ended {
            Ok((_, Ended::Answered(release, source))) => match table.entry(&key) {
                // It was looked for elsewhere before the schedule changed.
                Some(entry) if source != self.schedule().release => self.begin(entry, slot, table),
                Some(entry) => self.fire(entry, slot, table, release),
                None => {
                    self.leave(&key, slot);
                    self.free(&key, table);
                }
            },
            Ok((_, Ended::Fired(end))) => self.fired(*end, &key, slot, table),
            Err(error) => {
                let defect = End::Failed(format!("a defect of ours: {error}"));
                self.fired(defect, &key, slot, table);
            }
        }
        self.settle().await;
    }

    fn fired(&mut self, end: End, key: &EntryKey, slot: Timestamp, table: Table<'_, '_>) {
        let entry = table.entry(key);
        match end {
            End::Ran(executed) => self.ran(key, slot, executed),
            End::Taken(by) => {
                let by = by.map_or("passed over".to_owned(), |run| format!("run {run}'s"));
                tracing::debug!("{key} of {slot} is {by} already");
            }
            End::Busy(run) => {
                let reason = format!("run {run} of another scheduler still went on (overlap: skip)");
                tracing::warn!("{key} of {slot} is skipped: {reason}");
                if let Some(entry) = entry {
                    let reason = SkipReason::overlap(entry, reason);
                    self.pass_over(entry, slot, table.circumstances, Some(&reason));
                }
            }
            End::Waited => {
                if let Some(entry) = entry {
                    return self.begin(entry, slot, table);
                }
            }
            End::Stopped => {
                tracing::info!("{key} of {slot} has not begun; the next scheduler finds it");
                self.leave(key, slot);
            }
            End::Failed(reason) => tracing::error!("{key} of {slot} could not be run: {reason}"),
        }
        self.free(key, table);
    }

    fn ran(&mut self, key: &EntryKey, slot: Timestamp, executed: Executed) {
        if let Some((missing, error)) = &executed.recorded.failure {
            tracing::error!(
                "{missing} events of run {} ({key} of {slot}) are not in the database: {error}; its journal is \
                 complete, and is brought in when the database is back",
                executed.summary.run
            );
        }
        self.telling.ran(executed.summary.success);
    }

    /// A lane is free: what waits in it follows, unless the timetable has it no more.
    fn free(&mut self, key: &EntryKey, table: Table<'_, '_>) {
        while let Some(place) = self.lanes.free(key) {
            match table.entry(&place.key) {
                Some(entry) => return self.begin(entry, place.slot, table),
                None => tracing::warn!(
                    "{} of {} is dropped: the timetable has this entry no more",
                    place.key,
                    place.slot
                ),
            }
        }
    }
}

/// What happens when a slot comes while its lane is busy.
pub(crate) fn overlap(entry: &Entry<'_>) -> Overlap {
    entry.group().map_or(Overlap::default(), |group| group.overlap)
}

/// The slot as the ledger knows it.
pub(crate) fn slot_ref(key: &EntryKey, slot: Timestamp) -> SlotRef {
    SlotRef {
        entry: key.to_string(),
        at: slot,
    }
}
