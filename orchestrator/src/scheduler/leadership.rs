//! One scheduler leads, others stand by: the heartbeat in the database, and what it
//! tells. No clock of another machine is trusted: one that leads is silent if what it
//! last said has not changed for a while by our own elapsed time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::model::Owner;
use crate::scheduler::host::systemd;
use crate::scheduler::scheduler::Scheduler;
use crate::store::Leader;

/// How often a scheduler says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long one that leads may say nothing before another one takes over.
const SILENCE: Duration = Duration::from_secs(45);

/// What was heard of the one that leads.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    last: Option<(Owner, Timestamp, Instant)>,
}

impl Heard {
    /// The one that leads has said this. Returns it if that is nothing new for too long.
    fn hear(&mut self, owner: &Owner, seen_at: Timestamp, now: Instant) -> Option<Owner> {
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
}

/// How often to report: more often if a watchdog wants to hear from us.
pub(crate) fn heartbeat() -> Duration {
    systemd::watchdog().map_or(HEARTBEAT, |limit| HEARTBEAT.min(limit / 3))
}

impl Scheduler {
    /// Says that we are there; whether we lead. A database that does not answer changes
    /// nothing: who led leads, who stood by stands by.
    pub(crate) async fn report(&mut self, heard: &mut Heard) -> bool {
        systemd::alive();
        let leading = self.standing.borrow().leading;
        let store = &self.setup.executor.store;
        let known = heard.last.as_ref().map(|(who, ..)| who.clone());
        let lead = match store.report_heartbeat(&self.beat(), None).await {
            Ok(Leader::Other(other)) => match heard.hear(&other.owner, other.seen_at, Instant::now()) {
                Some(silent) => {
                    tracing::warn!(
                        "the scheduler {silent} has been silent for {} s",
                        SILENCE.as_secs()
                    );
                    store.report_heartbeat(&self.beat(), Some(&silent)).await
                }
                None => Ok(Leader::Other(other)),
            },
            other => other,
        };
        let now_leading = match lead {
            Ok(Leader::Ours) => {
                self.database(None);
                true
            }
            Ok(Leader::Other(other)) => {
                self.database(None);
                if leading {
                    tracing::warn!("the scheduler {} leads now; this one stands by", other.owner);
                } else if known.as_ref() != Some(&other.owner) {
                    tracing::info!("the scheduler {} leads; this one stands by", other.owner);
                }
                false
            }
            Err(error) => {
                self.database(Some(error.to_string()));
                leading
            }
        };
        self.standing.send_if_modified(|standing| {
            let differs = standing.leading != now_leading;
            standing.leading = now_leading;
            differs
        });
        systemd::status(self.standing.borrow().words());
        now_leading
    }

    /// Before we lead: what became of the runs of those who are gone.
    pub(crate) async fn inherit(&self) {
        let executor = &self.setup.executor;
        match executor
            .store
            .recover(executor.state_dir(), &executor.owner, self.now())
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
            Err(error) => self.database(Some(error.to_string())),
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
        let (mut heard, start) = (Heard::default(), Instant::now());
        let long = SILENCE + Duration::from_secs(1);
        assert_eq!(heard.hear(&owner, at(1), start), None);
        assert_eq!(heard.hear(&owner, at(1), start + SILENCE), None);
        // Whatever its clock says, it has moved.
        assert_eq!(heard.hear(&owner, at(0), start + long), None);
        assert_eq!(heard.hear(&owner, at(0), start + long + SILENCE), None);
        assert_eq!(heard.hear(&owner, at(0), start + long + long), Some(owner));
    }
}
