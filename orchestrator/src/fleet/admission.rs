//! May a run by hand begin beside what workers execute? Asked of the database after the state
//! directory: what a worker has of the same group is in its way as a run of this machine would be.
//! A worker that takes a run in the moment after is not kept from it: a run by hand holds nothing in
//! the queue.

use crate::execution::{Admission, AdmissionError, Admitted, LocalAdmission, LocalPermit, RunPlan};
use crate::fleet::worker::bell::Bell;
use crate::model::{HoldKey, Overlap};
use crate::store::{QueueHolder, Store, StoreError};

/// Asks both.
pub(crate) struct FleetAdmission {
    /// This machine.
    pub(crate) local: LocalAdmission,
    /// The database of the queue, if there is one.
    pub(crate) store: Store,
}

impl Admission for FleetAdmission {
    type Permit = LocalPermit;

    async fn admit(&self, plan: &RunPlan) -> Result<Admitted<LocalPermit>, AdmissionError> {
        let mut waited = false;
        loop {
            let mut admitted = self.local.admit(plan).await?;
            let in_the_way = self.holders(plan).await?;
            let waits = in_the_way.iter().find(|(_, mode, _)| *mode == Overlap::Queue);
            let Some((key, _, holder)) = waits else {
                let left_out = in_the_way.into_iter().map(|(key, _, holder)| (key, holder.run));
                admitted.held_back.extend(left_out);
                admitted.waited |= waited;
                return Ok(admitted);
            };
            waited = true;
            tracing::warn!(
                "waits for run {}, which still goes on, on worker {}",
                holder.run,
                holder.worker
            );
            // Meanwhile nobody here need wait for this one.
            drop(admitted.permit);
            self.released(key).await?;
        }
    }
}

impl FleetAdmission {
    /// What workers have that tasks of the plan must not overlap with, each with what that means.
    async fn holders(&self, plan: &RunPlan) -> Result<Vec<(HoldKey, Overlap, QueueHolder)>, StoreError> {
        let rules = plan
            .plan
            .tasks
            .iter()
            .filter_map(|planned| planned.overlap.as_ref());
        let mut wanted: Vec<(HoldKey, Overlap)> = Vec::new();
        for rule in rules.filter(|rule| rule.mode != Overlap::Allow) {
            if !wanted.iter().any(|(key, _)| *key == rule.with) {
                wanted.push((rule.with.clone(), rule.mode));
            }
        }
        let entries: Vec<String> = wanted.iter().map(|(key, _)| key.to_string()).collect();
        let holders = self.going_with(&entries).await?;
        let known = |holder: QueueHolder| {
            let (key, mode) = wanted.iter().find(|(key, _)| key.to_string() == holder.entry)?;
            Some((key.clone(), *mode, holder))
        };
        Ok(holders.into_iter().filter_map(known).collect())
    }

    async fn going_with(&self, entries: &Vec<String>) -> Result<Vec<QueueHolder>, StoreError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.store.going_with(entries).await
    }

    /// Until no worker has anything with it. Its queue is there, since somebody has taken from it.
    async fn released(&self, key: &HoldKey) -> Result<(), StoreError> {
        let queue = self.store.open_queue().await?;
        let mut bell = Bell::with_ends(queue);
        let entries = vec![key.to_string()];
        while !self.going_with(&entries).await?.is_empty() {
            bell.ring().await;
        }
        Ok(())
    }
}
