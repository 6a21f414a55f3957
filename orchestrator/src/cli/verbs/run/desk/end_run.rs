//! A run is asked to end, wherever it goes on: here, beside us in the same state directory, or with a
//! worker of the queue.

use crate::execution::Executor;
use crate::model::{CancelCause, Order, RunId};
use crate::queries::find_run::{FindRunError, find_run};
use crate::rundir::{ControlFifo, StateDir};
use crate::scheduler::RunsByHand;
use crate::store::{QueuedCancel, QueuedState, RunRecord, StoreError};
use crate::web::{ActionRefusal, RefusalKind};

/// Where a run is that can be asked to end.
pub(super) enum GoingRun {
    /// It waits for its turn, and has no record.
    Waiting,
    /// It goes on, or waits with a record.
    Recorded(Box<RunRecord>),
    /// It is of the queue; with its record, if some worker has begun it.
    Queued(Option<Box<RunRecord>>),
}

/// Finds a run that has not ended.
///
/// # Errors
/// There is none, it has ended, or it goes on where nobody is asked.
pub(super) async fn find_going(
    executor: &Executor,
    by_hand: &RunsByHand,
    run: &RunId,
) -> Result<GoingRun, ActionRefusal> {
    let store = &executor.store;
    let record = match find_run(store, run.as_str()).await {
        Ok(record) => Some(record),
        Err(FindRunError::Store(error)) => return Err(error.into()),
        Err(_) => None,
    };
    if let Some(end) = record.as_ref().and_then(|record| record.header.finished_at) {
        let end = end.strftime("%a %-d %b %H:%M:%S UTC");
        let message = format!("run {run} does not go on: it ended {end}");
        return Err(ActionRefusal::new(RefusalKind::Conflict, message));
    }
    let queued = store.queued_run(run).await?;
    if queued.is_some_and(|queued| queued.state != QueuedState::Ended) {
        return Ok(GoingRun::Queued(record.map(Box::new)));
    }
    match record {
        Some(record) if record.header.owner.host != executor.owner.host => Err(ActionRefusal::new(
            RefusalKind::Conflict,
            format!(
                "run {run} goes on as {}, and this is {}",
                record.header.owner, executor.owner.host
            ),
        )
        .hint("cancel it there")),
        Some(record) => Ok(GoingRun::Recorded(Box::new(record))),
        None if by_hand.has(run) => Ok(GoingRun::Waiting),
        None => Err(
            ActionRefusal::new(RefusalKind::Unknown, format!("no run has the id {run}"))
                .hint("the page Runs lists them"),
        ),
    }
}

/// Gives the order.
///
/// # Errors
/// Nobody takes it any more.
pub(super) async fn end_run(
    executor: &Executor,
    by_hand: &RunsByHand,
    run: &RunId,
) -> Result<(), ActionRefusal> {
    let going = find_going(executor, by_hand, run).await?;
    let order = Order::Cancel(CancelCause::Operator);
    if let GoingRun::Queued(_) = going {
        return cancel_queued(executor, run).await;
    }
    if by_hand.order(run, order) {
        return Ok(());
    }
    let fifo = ControlFifo::of(&StateDir(executor.state_dir()).run(run));
    match fifo.send(order) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ActionRefusal::new(
            RefusalKind::Conflict,
            format!("run {run} takes no orders: it has just ended, or its process is gone"),
        )),
        Err(error) => Err(ActionRefusal::new(
            RefusalKind::Broken,
            format!("run {run} cannot be told: {error}"),
        )),
    }
}

async fn cancel_queued(executor: &Executor, run: &RunId) -> Result<(), ActionRefusal> {
    let told: Result<QueuedCancel, StoreError> = async {
        let queue = executor.store.open_queue().await?;
        queue.cancel(run, executor.now()).await
    }
    .await;
    match told? {
        QueuedCancel::Waits | QueuedCancel::Told(_) => Ok(()),
        QueuedCancel::Ended | QueuedCancel::Unknown => Err(ActionRefusal::new(
            RefusalKind::Conflict,
            format!("run {run} does not go on: it has just ended"),
        )),
    }
}
