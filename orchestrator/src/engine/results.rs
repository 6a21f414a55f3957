//! What is made of an events file when its attempt has ended: of a success everything
//! is taken, in one transaction, and if the database is well before the next task starts;
//! of a failure nothing but what it says of itself.

use std::time::Duration;

use jiff::Timestamp;

use crate::engine::deliverer::{Delivered, LateDelivery, PATIENCE};
use crate::engine::task_attempt::TaskAttempt;
use crate::events::RecordCounts;
use crate::model::{Brought, Exit, Outcome, ReportedFailure, suspicion};
use crate::records::{CollectorMemory, Delivery, Examined, Ingested, SettledReleases};
use crate::text::counted;

/// What an attempt brought, and what it said.
#[derive(Debug, Default)]
pub(crate) struct AttemptResults {
    /// What was taken.
    pub(crate) counts: Option<RecordCounts>,
    /// Why the success is not believed.
    pub(crate) suspect: Option<String>,
    pub(crate) warnings: Vec<String>,
    /// What decides whether and when it is tried again.
    pub(crate) reported: ReportedFailure,
    /// Its failure in its own words.
    pub(crate) said: Option<String>,
    /// Releases that it was run for and has not dealt with.
    pub(crate) deferred: Vec<String>,
    /// What is to be remembered of it, once that is delivered or on its way.
    pub(crate) memory: CollectorMemory,
    /// What the database has not taken yet.
    pub(crate) late: Option<LateDelivery>,
}

/// Reads them; the attempt ended at `at`. A success that brought what cannot be taken becomes
/// a failure.
pub(crate) async fn read_results(
    attempt: &mut TaskAttempt,
    outcome: &mut Outcome,
    examined: Result<Examined, String>,
    at: Timestamp,
) -> AttemptResults {
    let examined = match examined {
        Ok(examined) => examined,
        Err(why) => {
            if outcome.is_success() {
                *outcome = Outcome::Refused(why);
                return AttemptResults::default();
            }
            return AttemptResults {
                warnings: vec![why],
                ..AttemptResults::default()
            };
        }
    };
    let said = &examined.examination;
    for note in &said.notes.first {
        tracing::info!("{} notes: {}", attempt.name(), crate::text::make_safe(note));
    }
    let mut results = AttemptResults {
        warnings: said.complaints(),
        deferred: said.deferred(&attempt.releases),
        ..AttemptResults::default()
    };
    if !outcome.is_success() {
        results.failed(attempt, &examined);
        results.hand_over_reads(attempt, &examined, at);
        return results;
    }
    if let Some(why) = said.refusal() {
        *outcome = Outcome::Refused(format!("{why}; nothing of it was taken"));
        results.hand_over_reads(attempt, &examined, at);
        return results;
    }
    let taken = if said.brings_something() {
        match results.take(attempt, outcome, &examined, at).await {
            Some(taken) => Some(taken),
            None => return results,
        }
    } else {
        results.hand_over_reads(attempt, &examined, at);
        None
    };
    results.suspect = match &said.failure {
        Some(failure) => Some(format!(
            "it exited with code 0 and told of a failure: {}",
            failure.message.as_deref().unwrap_or("without a message")
        )),
        None => said
            .brought_only_faults()
            .or_else(|| results.suspicion(attempt, taken, at)),
    };
    results
}

impl AttemptResults {
    fn failed(&mut self, attempt: &TaskAttempt, examined: &Examined) {
        let said = &examined.examination;
        if let Some(failure) = &said.failure {
            self.reported = ReportedFailure {
                category: failure.category,
                retry_after: failure.retry_after,
            };
            self.said.clone_from(&failure.message);
        }
        if said.brings_something() {
            self.warnings.push(format!(
                "{} and {} were not taken, because it failed; they are in {}",
                counted(said.records, "record"),
                if said.state.is_some() {
                    "a state"
                } else {
                    "no state"
                },
                attempt.events.display()
            ));
        }
    }

    /// Takes it, unless somebody wants the run to end now. `None` if there is nothing
    /// more to say: the outcome or the warnings say it.
    async fn take(
        &mut self,
        attempt: &mut TaskAttempt,
        outcome: &mut Outcome,
        examined: &Examined,
        at: Timestamp,
    ) -> Option<Ingested> {
        let delivery = delivery(attempt, examined, at);
        let (queue, state_dir) = (&attempt.deliveries, &attempt.engine.state_dir);
        let delivered = queue.deliver(&delivery, state_dir, &mut attempt.orders);
        self.late = match delivered.await {
            Delivered::TakenBack(by) => {
                *outcome = Outcome::Cancelled {
                    by,
                    exit: Some(Exit::Code(0)),
                };
                return None;
            }
            Delivered::Done(Ok(taken)) => {
                self.counts = Some(taken.counts);
                self.memory = CollectorMemory {
                    state: delivery.state,
                    fresh_at: taken.fresh_at,
                };
                return Some(taken);
            }
            Delivered::Done(Err(error)) if !error.may_pass() => {
                *outcome = Outcome::Refused(format!(
                    "what it brought was refused: {error}; nothing of it was taken"
                ));
                return None;
            }
            Delivered::Done(Err(_)) => None,
            Delivered::Late(late) => Some(*late),
        };
        self.warnings.push(format!(
            "what it brought is not in the database yet, after {} s; it is in {} and is brought in later",
            PATIENCE.as_secs(),
            delivery.events.display()
        ));
        self.memory.state = delivery.state;
        None
    }

    /// What was read is noted whatever became of the attempt, and nobody waits for that.
    fn hand_over_reads(&mut self, attempt: &TaskAttempt, examined: &Examined, at: Timestamp) {
        let delivery = delivery(attempt, examined, at);
        if !delivery.reads.is_empty() {
            self.late = Some(attempt.deliveries.hand_over(&Delivery {
                bytes: 0,
                state: None,
                complete: Vec::new(),
                settles: None,
                only_reads: true,
                ..delivery
            }));
        }
    }

    fn suspicion(&self, attempt: &TaskAttempt, taken: Option<Ingested>, at: Timestamp) -> Option<String> {
        let counts = self.counts.unwrap_or_default();
        // What brought nothing asks nobody: it is known since before the run.
        let fresh_at = taken.map_or(attempt.memory.fresh_at, |taken| taken.fresh_at);
        let brought = Brought {
            records: counts.new + counts.changed + counts.unchanged,
            // A clock that was set back makes nothing older.
            newest: fresh_at.map(|then| Duration::try_from(at.duration_since(then)).unwrap_or_default()),
        };
        suspicion(&attempt.task.policy.expect, brought)
    }
}

fn delivery(attempt: &TaskAttempt, examined: &Examined, at: Timestamp) -> Delivery {
    let said = &examined.examination;
    Delivery {
        run: attempt.run.clone(),
        epoch: attempt.epoch,
        position: attempt.task_ref.position,
        group: attempt.task_ref.group.clone(),
        name: attempt.task_ref.name.clone(),
        command: attempt.task_ref.command.clone(),
        at,
        events: attempt.events.clone(),
        bytes: examined.bytes,
        state: said.state.clone(),
        reads: said.reads(),
        complete: said.complete(),
        settles: settles(attempt, &said.deferred(&attempt.releases)),
        only_reads: false,
    }
}

/// The releases that it was run for and has not put off.
fn settles(attempt: &TaskAttempt, deferred: &[String]) -> Option<SettledReleases> {
    let tags = attempt.releases.iter().filter(|tag| !deferred.contains(tag));
    Some(SettledReleases {
        source: attempt.release_source.clone()?,
        tags: tags.cloned().collect(),
    })
}
