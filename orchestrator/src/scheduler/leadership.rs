//! One scheduler leads, others stand by: the heartbeat in the database, and what it
//! says. No clock of another machine is trusted: one that leads is silent if what it
//! last said has not changed for a while by our own elapsed time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::execution::{Executor, HeartbeatFile, begin_heartbeat_file};
use crate::model::Owner;
use crate::scheduler::host::systemd;
use crate::scheduler::status::Status;
use crate::store::{Heartbeat, Leader, StoreError};

/// How often a scheduler says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long one that leads may say nothing before another one takes over.
const SILENCE: Duration = Duration::from_secs(45);

/// Our part in who leads.
pub(crate) struct Leadership {
    executor: Arc<Executor>,
    schedule_file: String,
    /// Whether workers execute what it begins.
    to_queue: bool,
    started_at: Timestamp,
    status: Status,
    leader: LeaderWatch,
    /// `None` where it could not be made.
    heartbeat_file: Option<HeartbeatFile>,
}

/// What the one that leads said last, and since when it says nothing new.
#[derive(Debug, Default)]
struct LeaderWatch {
    last: Option<(Owner, Timestamp, Instant)>,
}

impl LeaderWatch {
    /// The one that leads has said this. Returns it if that is nothing new for too long.
    fn observe(&mut self, owner: &Owner, seen_at: Timestamp, now: Instant) -> Option<Owner> {
        match &self.last {
            Some((who, what, since)) if who == owner && *what == seen_at => {
                (now.duration_since(*since) > SILENCE).then(|| owner.clone())
            }
            _ => {
                self.last = Some((owner.clone(), seen_at, now));
                None
            }
        }
    }

    fn is_known(&self, owner: &Owner) -> bool {
        self.last.as_ref().is_some_and(|(who, ..)| who == owner)
    }
}

/// How often to report: more often if a watchdog wants to hear from us.
pub(crate) fn heartbeat_interval() -> Duration {
    systemd::watchdog_limit().map_or(HEARTBEAT, |limit| HEARTBEAT.min(limit / 3))
}

impl Leadership {
    pub(crate) fn new(executor: Arc<Executor>, schedule_file: &Path, to_queue: bool, status: Status) -> Self {
        let heartbeat_file = begin_heartbeat_file(&executor).inspect_err(|error| {
            tracing::warn!("health --live will not see this scheduler: {error}");
        });
        Self {
            heartbeat_file: heartbeat_file.ok(),
            started_at: executor.now(),
            executor,
            schedule_file: schedule_file.display().to_string(),
            to_queue,
            status,
            leader: LeaderWatch::default(),
        }
    }

    /// The loop turns, and whoever watches for that is told.
    pub(crate) fn turn(&self) {
        systemd::notify_alive();
        self.status.set_turned();
        if let Some(Err(error)) = self.heartbeat_file.as_ref().map(HeartbeatFile::beat) {
            tracing::debug!("health --live will not see that the loop turns: {error}");
        }
    }

    /// Says that we are there; whether we lead. A database that does not answer changes
    /// nothing: who led leads, who stood by stands by. One whose file is gone leads nobody.
    pub(crate) async fn report(&mut self) -> bool {
        self.turn();
        let led = self.status.leads();
        let answer = self.send_heartbeat().await;
        let leads = match answer {
            Ok((Leader::Ours, _)) => {
                self.status.set_database_error(None);
                true
            }
            Ok((Leader::Other(other), known)) => {
                self.status.set_database_error(None);
                if led {
                    tracing::warn!("the scheduler {} leads now; this one stands by", other.owner);
                } else if !known {
                    tracing::info!("the scheduler {} leads; this one stands by", other.owner);
                }
                false
            }
            Err(error) => {
                self.status.set_database_error(Some(&error));
                // Whoever opens the database now opens another one, and leads by that.
                let leads = led && !error.is_displaced();
                if led && !leads {
                    tracing::warn!("this scheduler stands by: its database is not where it was");
                }
                leads
            }
        };
        self.status.set_leads(leads);
        systemd::notify_status(self.status.read().words());
        leads
    }

    /// Who leads by the database, and whether we knew.
    async fn send_heartbeat(&mut self) -> Result<(Leader, bool), StoreError> {
        let (store, heartbeat) = (&self.executor.store, self.heartbeat());
        let Leader::Other(other) = store.report_heartbeat(&heartbeat, None).await? else {
            return Ok((Leader::Ours, true));
        };
        let known = self.leader.is_known(&other.owner);
        let silent = self.leader.observe(&other.owner, other.seen_at, Instant::now());
        let Some(silent) = silent else {
            return Ok((Leader::Other(other), known));
        };
        tracing::warn!(
            "the scheduler {silent} has been silent for {} s",
            SILENCE.as_secs()
        );
        let lead = store.report_heartbeat(&heartbeat, Some(&silent)).await?;
        let known = matches!(&lead, Leader::Other(other) if self.leader.is_known(&other.owner));
        Ok((lead, known))
    }

    fn heartbeat(&self) -> Heartbeat {
        let standing = self.status.read();
        Heartbeat {
            owner: self.executor.owner.clone(),
            started_at: self.started_at,
            seen_at: self.executor.now(),
            ticked_at: standing.ticked_at,
            next_at: standing.next_at,
            schedule_file: self.schedule_file.clone(),
            schedule_error: standing.schedule_error.clone(),
            release_error: standing.release_error.clone(),
            to_queue: Some(self.to_queue),
        }
    }

    /// Before we lead: what became of the runs of those who are gone.
    pub(crate) async fn recover_runs(&self) {
        let (executor, now) = (&self.executor, self.executor.now());
        match executor
            .store
            .recover(executor.state_dir(), &self.executor.owner, now)
            .await
        {
            Ok(found) => {
                for (run, reason) in found.lost {
                    tracing::warn!("run {run} is lost: {reason}");
                }
                for problem in found.problems {
                    tracing::warn!("{problem}");
                }
            }
            Err(error) => self.status.set_database_error(Some(&error)),
        }
    }

    /// We lead and stand by no more: another scheduler may lead at once.
    pub(crate) async fn resign(&self) {
        if let Err(error) = self.executor.store.end_heartbeat(&self.executor.owner).await {
            tracing::warn!("other schedulers cannot be told that this one ends: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_that_says_nothing_new_for_long_is_silent() {
        let owner = Owner {
            host: "h".into(),
            boot: "b".into(),
            pid: 1,
            started: 1,
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let (mut leader, start) = (LeaderWatch::default(), Instant::now());
        let long = SILENCE + Duration::from_secs(1);
        assert_eq!(leader.observe(&owner, at(1), start), None);
        assert_eq!(leader.observe(&owner, at(1), start + SILENCE), None);
        // Whatever its clock says, it has moved.
        assert_eq!(leader.observe(&owner, at(0), start + long), None);
        assert_eq!(leader.observe(&owner, at(0), start + long + SILENCE), None);
        assert_eq!(leader.observe(&owner, at(0), start + long + long), Some(owner));
    }
}
