//! Where a timetable stands, by the database and by what this process knows: slots that
//! were settled stay so, and nothing is older than its entry.

use crate::model::{Entry, Schedule};
use crate::scheduler::dispatch::slots::Slots;
use crate::scheduler::planning::due_slots::Timeline;
use crate::scheduler::planning::rows::{Circumstances, since, timetable_row};
use crate::scheduler::planning::situation::Situation;
use crate::store::StoreError;

impl Slots {
    /// Reads the situation of `timetable`, which is that of `schedule`.
    pub(crate) async fn read_situation<'t, 'a>(
        &self,
        schedule: &'a Schedule,
        timetable: &'t [Entry<'a>],
    ) -> Result<(Timeline<'t, 'a>, Situation<'t, 'a>), StoreError> {
        let now = self.now();
        let tasks: Vec<_> = timetable
            .iter()
            .flat_map(|entry| entry.tasks().iter().map(|task| timetable_row(entry, task)))
            .collect();
        let circumstances = Circumstances {
            since: self.store.update_timetable(&tasks, now).await?,
            pauses: self.store.pauses().await?,
        };
        let mut settled = Vec::with_capacity(timetable.len());
        for entry in timetable {
            let last = self.store.last_slot_until(&entry.key().to_string(), now).await?;
            let offered = self.planner.queues.offered(entry.key());
            let offered = offered.filter(|&offered| offered <= now);
            let since = since(entry, &circumstances).unwrap_or(now);
            settled.push(last.max(offered).map_or(since, |settled| settled.max(since)));
        }
        let situation = Situation {
            schedule,
            timetable,
            circumstances,
            claimed: self.dispatcher.claimed(),
        };
        Ok((Timeline::new(timetable, settled), situation))
    }
}
