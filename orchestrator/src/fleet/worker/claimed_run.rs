//! One run of the queue in the hands of the engine: from its plan to the moment at which nothing of
//! it runs any more. What it may do, and until when, is said by others.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::execution::{Audience, Executor, Orders, RunPlan, RunTenure, TenureKeeper, TenureNews};
use crate::fleet::protocol::Fence;
use crate::fleet::worker::news::{News, RunEnd};
use crate::model::LeaseDeadline;
use crate::store::{RunFence, RunGrant};

/// All that it needs.
pub(super) struct ClaimedRun {
    pub(super) executor: Arc<Executor>,
    pub(super) grant: RunGrant,
    pub(super) fence: Fence,
    pub(super) lease: watch::Receiver<LeaseDeadline>,
    pub(super) inbox: mpsc::UnboundedSender<News>,
}

/// Why it could not begin.
struct Failure {
    reason: String,
    /// Whether the next one will find the same.
    counts: bool,
}

impl Failure {
    fn for_good(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        let error = anyhow::Error::new(error);
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        Self {
            reason: causes.join(": "),
            counts: true,
        }
    }
}

impl ClaimedRun {
    /// Executes it in a task of its own, and tells the loop when it is over.
    pub(super) fn begin(self, audience: Audience, orders: Orders) {
        let (inbox, fence) = (self.inbox.clone(), self.fence);
        let work = tokio::spawn(async move { self.execute(audience, orders).await });
        tokio::spawn(async move {
            let end = match work.await {
                Ok(Ok(exit_code)) => RunEnd::Executed { exit_code },
                Ok(Err(Failure { reason, counts })) => RunEnd::Failed { reason, counts },
                Err(error) => RunEnd::Failed {
                    reason: format!("a defect of ours: {error}"),
                    counts: true,
                },
            };
            // A loop that is gone has nothing of any run any more.
            let _ = inbox.send(News::Over(fence, end));
        });
    }

    async fn execute(self, audience: Audience, orders: Orders) -> Result<u8, Failure> {
        let plan = RunPlan::parse(self.grant.plan.as_bytes()).map_err(Failure::for_good)?;
        let record = match self.grant.recorded {
            0 => None,
            _ => {
                let record = self.executor.store.run(&self.grant.run).await;
                record.map_err(|error| Failure {
                    reason: error.to_string(),
                    counts: !error.may_pass(),
                })?
            }
        };
        let (inbox, fence) = (self.inbox, self.fence);
        let keeper: TenureKeeper = Arc::new(move |news: TenureNews| {
            let _ = inbox.send(News::OfRun(fence, news));
        });
        let tenure = RunTenure {
            fence: RunFence {
                run: self.grant.run,
                epoch: self.grant.epoch,
            },
            recorded: self.grant.recorded,
            tasks: RunTenure::past_of(record.as_ref()),
            lease: self.lease,
            keeper,
        };
        let executed = self
            .executor
            .execute_claimed(plan, audience, orders, tenure)
            .await;
        let executed = executed.map_err(Failure::for_good)?;
        Ok(executed.summary.exit_code)
    }
}
