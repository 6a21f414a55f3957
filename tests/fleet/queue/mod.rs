//! What the queue promises, the same on both databases: each run is one worker's at a time,
//! and whoever lost one writes nothing any more.

mod claims;
mod leases;
mod log_chunks;
mod slots;

use std::sync::Arc;
use std::time::Duration;

use orchestrator::model::{LossPolicy, Outcome, RunId};
use orchestrator::store::{
    FleetQueue, NewQueuedRun, RunFence, RunGrant, ShownRun, Store, WorkerBeat, WorkerMeans, WorkerState,
    this_process,
};

use crate::run_events::{Home, Story, at};

pub(super) fn run(id: &str, entry: &str) -> NewQueuedRun {
    NewQueuedRun {
        run: RunId::new(id),
        entry: entry.into(),
        schedule: "default".into(),
        group: Some("g".into()),
        plan: ("{}".into(), 1),
        tasks: Vec::new(),
        labels: Vec::new(),
        secrets: Vec::new(),
        lease: Duration::from_secs(60),
        on_lost: LossPolicy::Resume,
    }
}

pub(super) fn means(name: &str) -> WorkerMeans {
    WorkerMeans {
        name: name.into(),
        labels: Vec::new(),
        secrets: Vec::new(),
        plan_version: 1,
        lacks_commands: Vec::new(),
    }
}

/// A worker that is there, can do all and has one place.
pub(super) fn beat(name: &str) -> WorkerBeat {
    WorkerBeat {
        name: name.into(),
        owner: this_process().unwrap(),
        state: WorkerState::Working,
        capacity: 1,
        labels: Vec::new(),
        lacks: Vec::new(),
        lacks_commands: Vec::new(),
        secrets: Vec::new(),
        plan_version: 1,
        started_at: at(0),
    }
}

pub(super) async fn open(home: &Home) -> (Store, FleetQueue) {
    let store = home.open().await;
    let queue = store.open_queue().await.unwrap();
    (store, queue)
}

pub(super) async fn shown(queue: &FleetQueue, worker: &str) -> Vec<ShownRun> {
    queue.show(&means(worker), 10).await.unwrap()
}

pub(super) fn names(shown: &[ShownRun]) -> Vec<&str> {
    shown.iter().map(|one| one.run.as_str()).collect()
}

/// Tells it as the holder of a claim, with `recorded` events before it; in words why not.
pub(super) async fn tell_fenced(
    story: &Story,
    store: &Store,
    fence: &RunFence,
    recorded: u64,
) -> Result<(), String> {
    let events = story.events.iter().cloned().map(Arc::new);
    let numbered: Vec<_> = (recorded + 1..).zip(events).collect();
    let told = store.apply_claimed(fence, &numbered).await;
    told.map_err(|error| error.to_string())
}

pub(super) async fn take(queue: &FleetQueue, worker: &str) -> RunGrant {
    let shown = shown(queue, worker).await;
    queue.claim(&shown[0], worker).await.unwrap().unwrap()
}

pub(super) fn fence(grant: &RunGrant) -> RunFence {
    RunFence {
        run: grant.run.clone(),
        epoch: grant.epoch,
    }
}

/// Waits for what only the clock of the database brings.
pub(super) async fn until_shown(queue: &FleetQueue, worker: &str) -> ShownRun {
    for _ in 0..400 {
        if let Some(one) = shown(queue, worker).await.pop() {
            return one;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("no run is shown");
}

/// Tells the run to its end.
pub(super) async fn finish(store: &Store, grant: &RunGrant) {
    let mut story = Story::new(grant.run.as_str(), 0, &["a"], this_process().unwrap());
    story.does(Outcome::Succeeded).finish();
    tell_fenced(&story, store, &fence(grant), grant.recorded)
        .await
        .unwrap();
}
