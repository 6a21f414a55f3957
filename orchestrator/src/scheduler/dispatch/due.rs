//! What a scheduler does with slots that have come: to each its verdict. What is to run
//! goes on in `firings`.

use jiff::Timestamp;

use crate::execution::SlotNotice;
use crate::model::{Entry, EntryKey, SkipCause};
use crate::scheduler::dispatch::upkeep::{Table, overlap, slot_ref};
use crate::scheduler::planning::overlap::Offered;
use crate::scheduler::planning::rows::{Circumstances, Row, known, rows, since};
use crate::scheduler::planning::skip_reason::SkipReason;
use crate::scheduler::planning::tick::{Due, Timeline, Verdict};
use crate::scheduler::scheduler::Scheduler;
use crate::store::{PassedSlot, StoreError};

impl Scheduler {
    /// Where a timetable stands, by the database and by what this process knows: slots
    /// that were settled stay so, and nothing is older than its entry.
    pub(crate) async fn stand<'t, 'a>(
        &self,
        timetable: &'t [Entry<'a>],
    ) -> Result<(Timeline<'t, 'a>, Circumstances), StoreError> {
        let (store, now) = (&self.setup.executor.store, self.now());
        let tasks: Vec<_> = timetable
            .iter()
            .flat_map(|entry| entry.tasks().iter().map(|task| known(entry, task)))
            .collect();
        let circumstances = Circumstances {
            known: store.update_timetable(&tasks, now).await?,
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
    pub(crate) async fn turn(
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
                        let reason = SkipReason::missed(entry, reason);
                        say_passed(entry, slot, &reason);
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
            let now = self.now();
            let offered = self.lanes.offer(entry.key(), &to_run, overlap(entry), now);
            let Offered { start, skipped } = offered;
            for (slot, reason) in skipped {
                let reason = SkipReason::overlap(entry, reason);
                say_passed(entry, slot, &reason);
                self.pass_over(entry, slot, circumstances, Some(&reason));
                self.tell_missed(entry, slot, circumstances, &reason);
            }
            if let Some(place) = start {
                let table = Table {
                    entries: timetable,
                    circumstances,
                };
                self.begin(entry, place.slot, table);
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
        reason: &SkipReason,
    ) {
        // Nobody counts on a look for releases.
        if entry.is_release_check() {
            return;
        }
        let of = |row: &Row<'_>| (row.task.group.to_string(), row.task.command.to_string());
        let tasks: Vec<_> = rows(entry, slot, circumstances, Some(reason))
            .iter()
            .filter(|row| row.reason.as_ref() == Some(reason))
            .map(of)
            .collect();
        self.telling.missed(SlotNotice {
            slot: slot_ref(entry.key(), slot),
            tasks,
            reason: reason.to_string(),
        });
    }

    pub(crate) async fn look_at_pauses(&self, circumstances: &mut Circumstances) {
        match self.setup.executor.store.pauses().await {
            Ok(pauses) => {
                circumstances.pauses = pauses;
                self.database(None);
            }
            // Those that are known still hold; nothing can be taken now in any case.
            Err(error) => self.database(Some(error.to_string())),
        }
    }

    pub(crate) fn pass_over(
        &mut self,
        entry: &Entry<'_>,
        slot: Timestamp,
        circumstances: &Circumstances,
        reason: Option<&SkipReason>,
    ) {
        self.pass_over_rows(entry, slot, &rows(entry, slot, circumstances, reason));
    }

    pub(crate) fn pass_over_rows(&mut self, entry: &Entry<'_>, slot: Timestamp, rows: &[Row<'_>]) {
        for cause in causes(rows) {
            self.setup.metrics.count_skip(cause);
        }
        let passed = PassedSlot {
            slot: slot_ref(entry.key(), slot),
            tasks: rows.iter().map(Row::slot_task).collect(),
        };
        self.unsettled.push((entry.key().clone(), passed));
    }

    /// A slot that was to be run is left to the next scheduler, and with it what came after
    /// it: whoever comes begins behind the newest slot that is settled.
    pub(crate) fn leave(&mut self, key: &EntryKey, slot: Timestamp) {
        self.unsettled
            .retain(|(other, passed)| other != key || passed.slot.at < slot);
    }

    /// All that waits in lanes is left to the next scheduler.
    pub(crate) fn leave_waiting(&mut self) {
        let lanes = &self.lanes;
        self.unsettled
            .retain(|(key, passed)| lanes.untaken(key).is_none_or(|first| passed.slot.at < first));
        self.lanes.clear_waiting();
    }

    /// Writes down what was passed over, and has told what is to be told. What the database
    /// cannot take now, it is given again later. Slots of an entry are settled in their
    /// order: one that was passed over waits for an older one that is about to be taken.
    pub(crate) async fn settle(&mut self) {
        let leading = self.standing.borrow().leading;
        self.telling.go_on(&self.setup.executor, leading);
        let lanes = &self.lanes;
        let in_order = |(key, passed): &(EntryKey, PassedSlot)| {
            lanes.untaken(key).is_none_or(|first| passed.slot.at < first)
        };
        let (ready, held): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unsettled)
            .into_iter()
            .partition(in_order);
        self.unsettled = held;
        if ready.is_empty() {
            return;
        }
        let slots: Vec<PassedSlot> = ready.iter().map(|(_, passed)| passed.clone()).collect();
        match self.setup.executor.store.pass_over(&slots, self.now()).await {
            Ok(_) => self.database(None),
            Err(error) => {
                self.unsettled.extend(ready);
                self.database(Some(error.to_string()));
            }
        }
    }
}

/// The keywords of what keeps tasks from running.
pub(crate) fn causes<'r>(rows: &'r [Row<'_>]) -> impl Iterator<Item = SkipCause> + use<'r> {
    rows.iter().filter_map(|row| Some(row.reason.as_ref()?.cause()))
}

/// Somebody counts on a slot of the timetable, and nobody on a look for releases.
fn say_passed(entry: &Entry<'_>, slot: Timestamp, reason: &SkipReason) {
    match reason {
        SkipReason::Superseded(_) => tracing::info!("{} of {slot} is skipped: {reason}", entry.key()),
        SkipReason::Missed(_) => tracing::warn!("{} of {slot} is missed: {reason}", entry.key()),
        _ => tracing::warn!("{} of {slot} is skipped: {reason}", entry.key()),
    }
}
