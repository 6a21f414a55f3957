//! What a scheduler does with slots that have come, and with firings that have ended.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::{Id, JoinError};

use super::fire::{End, Ended, Firing};
use super::lanes::Offered;
use super::reason::Reason;
use super::rows::{Circumstances, Row, asks_for_release, known, planned, rows, since};
use super::scheduler::Scheduler;
use super::telling::MissedSlot;
use super::tick::{Due, Timeline, Verdict};
use crate::engine::RunRequest;
use crate::execution::{Executed, Orders, detect};
use crate::model::{Entry, EntryKey, Overlap, Plan, Release, RunId};
use crate::report::SlotRef;
use crate::store::{PassedSlot, StoreError};

impl Scheduler {
    /// Where a timetable stands, by the database and by what this process knows: slots
    /// that were settled stay so, and nothing is older than its entry.
    pub(super) async fn stand<'t, 'a>(
        &self,
        timetable: &'t [Entry<'a>],
    ) -> Result<(Timeline<'t, 'a>, Circumstances), StoreError> {
        let (store, now) = (&self.setup.means.store, self.now());
        let tasks: Vec<_> = timetable
            .iter()
            .flat_map(|entry| entry.tasks().iter().map(|task| known(entry, task)))
            .collect();
        let circumstances = Circumstances {
            known: store.know(&tasks, now).await?,
            pauses: store.pauses().await?,
        };
        let mut settled = Vec::with_capacity(timetable.len());
        for entry in timetable {
            let taken = store.last_slot_until(&entry.key().to_string(), now).await?;
            let offered = self.lanes.offered(entry.key()).filter(|&offered| offered <= now);
            let since = since(entry, &circumstances).unwrap_or(now);
            settled.push(taken.max(offered).map_or(since, |settled| settled.max(since)));
        }
        Ok((Timeline::new(timetable, settled), circumstances))
    }

    /// Slots have come: what is to run is started, the rest gets its rows.
    pub(super) async fn turn(
        &mut self,
        timetable: &[Entry<'_>],
        circumstances: &mut Circumstances,
        due: Vec<Due>,
    ) {
        self.look_at_pauses(circumstances).await;
        for Due { entry, slots } in due {
            let entry = &timetable[entry];
            let (mut to_run, mut missed) = (Vec::new(), None);
            for (slot, verdict) in slots {
                match verdict {
                    Verdict::Run => to_run.push(slot),
                    Verdict::Idle => self.pass_over(entry, slot, circumstances, None),
                    Verdict::Missed(reason) => {
                        tracing::warn!("{} of {slot} is missed: {reason}", entry.key());
                        let reason = Reason::Missed(reason);
                        self.pass_over(entry, slot, circumstances, Some(&reason));
                        missed = Some((slot, reason));
                    }
                }
            }
            // After a long absence one for each entry: the newest stands for them.
            if let Some((slot, reason)) = missed {
                self.tell_missed(entry, slot, circumstances, &reason);
            }
            if to_run.is_empty() {
                continue;
            }
            let Offered { start, skipped } = self.lanes.offer(entry.key(), &to_run, overlap(entry));
            for (slot, reason) in skipped {
                tracing::warn!("{} of {slot} is skipped: {reason}", entry.key());
                let reason = Reason::Overlap(reason);
                self.pass_over(entry, slot, circumstances, Some(&reason));
                self.tell_missed(entry, slot, circumstances, &reason);
            }
            if let Some(slot) = start {
                self.begin(entry, slot, circumstances);
            }
        }
        self.settle().await;
    }

    /// Those who want to know are told of tasks that did not run at a slot.
    fn tell_missed(
        &mut self,
        entry: &Entry<'_>,
        slot: Timestamp,
        circumstances: &Circumstances,
        reason: &Reason,
    ) {
        let of = |row: &Row<'_>| (row.task.group.to_string(), row.task.command.to_string());
        let tasks: Vec<_> = rows(entry, slot, circumstances, Some(reason))
            .iter()
            .filter(|row| row.reason.as_ref() == Some(reason))
            .map(of)
            .collect();
        self.telling.missed(MissedSlot {
            slot: slot_ref(entry.key(), slot),
            tasks,
            reason: reason.to_string(),
        });
    }

    async fn look_at_pauses(&self, circumstances: &mut Circumstances) {
        match self.setup.means.store.pauses().await {
            Ok(pauses) => {
                circumstances.pauses = pauses;
                self.database(None);
            }
            // Those that are known still hold; nothing can be taken now in any case.
            Err(error) => self.database(Some(error.to_string())),
        }
    }

    /// A lane was taken for a slot: it is planned and fired, once it is known whether
    /// there is a release if that matters.
    fn begin(&mut self, entry: &Entry<'_>, slot: Timestamp, circumstances: &Circumstances) {
        if !asks_for_release(&rows(entry, slot, circumstances, None)) {
            return self.fire(entry, slot, circumstances, Release::NotChecked);
        }
        let (means, schedule) = (self.setup.means.clone(), self.schedule());
        self.set_going(entry, slot, async move {
            Ended::Answered(detect(&means, &schedule.release).await)
        });
    }

    fn fire(&mut self, entry: &Entry<'_>, slot: Timestamp, circumstances: &Circumstances, release: Release) {
        let planned = planned(entry, slot, circumstances, release);
        let Some((plan, rows)) = planned.filter(|(plan, _)| !plan.tasks.is_empty()) else {
            self.pass_over_rows(
                entry,
                slot,
                &rows(entry, slot, circumstances, Some(&Reason::NoNewRelease)),
            );
            return self.free(entry, circumstances);
        };
        self.count(&rows);
        let orders = Orders::new();
        let request = self.request(entry, slot, plan);
        self.lanes
            .running(entry.key(), request.run.clone(), orders.sender());
        let firing = Firing {
            means: self.setup.means.clone(),
            request,
            slot: slot_ref(entry.key(), slot),
            planned_for: slot.checked_add(super::jitter::delay(entry)).unwrap_or(slot),
            rows: rows.iter().map(Row::slot_task).collect(),
            overlap: overlap(entry),
            audience: (self.setup.audience)(),
            orders,
            permits: Arc::clone(&self.permits),
            stop: self.stop.subscribe(),
            metrics: self.setup.metrics.clone(),
        };
        self.set_going(
            entry,
            slot,
            async move { Ended::Fired(Box::new(firing.fire().await)) },
        );
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

    fn request(&self, entry: &Entry<'_>, slot: Timestamp, plan: Plan) -> RunRequest {
        let schedule = self.schedule();
        let stopping = schedule.groups.iter().filter(|group| group.stop_on_failure);
        RunRequest {
            run: RunId::at(self.now(), fastrand::u32(..)),
            schedule: plan.selection.to_owned(),
            group: entry.group().map(|group| group.name.to_string()),
            slots: vec![slot; plan.tasks.len()],
            plan,
            stop_on_failure: false,
            stopping_groups: stopping.map(|group| group.name.to_string()).collect(),
            slot: Some(slot_ref(entry.key(), slot)),
            owner: self.setup.owner.clone(),
        }
    }

    /// Something that was set going has ended. `timetable` is the one in force now.
    pub(super) async fn ended(
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
        let end = match ended {
            Ok((_, Ended::Answered(release))) => {
                match timetable.iter().find(|entry| *entry.key() == key) {
                    Some(entry) => self.fire(entry, slot, circumstances, release),
                    None => self.gone(&key),
                }
                return self.settle().await;
            }
            Ok((_, Ended::Fired(end))) => end,
            Err(error) => Box::new(End::Failed(format!("a defect of ours: {error}"))),
        };
        let entry = timetable.iter().find(|entry| *entry.key() == key);
        match *end {
            End::Ran(executed) => self.ran(&key, slot, executed),
            End::Taken(by) => {
                let by = by.map_or("passed over".to_owned(), |run| format!("run {run}'s"));
                tracing::debug!("{key} of {slot} is {by} already");
            }
            End::Busy(run) => {
                let reason = format!("run {run} of another scheduler still went on (overlap: skip)");
                tracing::warn!("{key} of {slot} is skipped: {reason}");
                if let Some(entry) = entry {
                    self.pass_over(entry, slot, circumstances, Some(&Reason::Overlap(reason)));
                }
            }
            End::Stopped => tracing::info!("{key} of {slot} has not begun; the next scheduler finds it"),
            End::Failed(reason) => tracing::error!("{key} of {slot} could not be run: {reason}"),
        }
        match entry {
            Some(entry) => self.free(entry, circumstances),
            None => self.gone(&key),
        }
        self.settle().await;
    }

    fn ran(&mut self, key: &EntryKey, slot: Timestamp, executed: Executed) {
        if let Some((missing, error)) = &executed.recorded.failure {
            tracing::error!(
                "{missing} events of run {} ({key} of {slot}) are not in the database: {error}; its journal is \
                 complete, and the next start brings it in",
                executed.summary.run
            );
        }
        self.telling.ran(executed.summary);
    }

    /// A lane is free: what waits in it follows.
    fn free(&mut self, entry: &Entry<'_>, circumstances: &Circumstances) {
        if let Some(slot) = self.lanes.free(entry.key()) {
            self.begin(entry, slot, circumstances);
        }
    }

    /// A lane is free whose entry the timetable has no more: nothing follows.
    fn gone(&mut self, key: &EntryKey) {
        while let Some(slot) = self.lanes.free(key) {
            tracing::warn!("{key} of {slot} is dropped: the timetable has this entry no more");
        }
    }

    fn pass_over(
        &mut self,
        entry: &Entry<'_>,
        slot: Timestamp,
        circumstances: &Circumstances,
        reason: Option<&Reason>,
    ) {
        self.pass_over_rows(entry, slot, &rows(entry, slot, circumstances, reason));
    }

    fn pass_over_rows(&mut self, entry: &Entry<'_>, slot: Timestamp, rows: &[Row<'_>]) {
        self.count(rows);
        self.unsettled.push(PassedSlot {
            slot: slot_ref(entry.key(), slot),
            tasks: rows.iter().map(Row::slot_task).collect(),
        });
    }

    fn count(&self, rows: &[Row<'_>]) {
        for reason in rows.iter().filter_map(|row| row.reason.as_ref()) {
            self.setup.metrics.skipped(reason.keyword());
        }
    }

    /// Writes down what was passed over, and has told what is to be told. What the database
    /// cannot take now, it is given again later.
    pub(super) async fn settle(&mut self) {
        let leading = self.standing.borrow().leading;
        self.telling.go_on(&self.setup.means, leading);
        if self.unsettled.is_empty() {
            return;
        }
        match self
            .setup
            .means
            .store
            .pass_over(&self.unsettled, self.now())
            .await
        {
            Ok(_) => {
                self.unsettled.clear();
                self.database(None);
            }
            Err(error) => self.database(Some(error.to_string())),
        }
    }
}

fn overlap(entry: &Entry<'_>) -> Overlap {
    entry.group().map_or(Overlap::default(), |group| group.overlap)
}

fn slot_ref(key: &EntryKey, slot: Timestamp) -> SlotRef {
    SlotRef {
        entry: key.to_string(),
        at: slot,
    }
}
