//! What is made of an events file when its attempt has ended: of a success everything
//! is taken, in one transaction, before the next task starts; of a failure nothing but
//! what it says of itself.

use std::time::Duration;

use jiff::Timestamp;

use crate::engine::task_attempt::TaskAttempt;
use crate::events::RecordCounts;
use crate::model::{Brought, CancelCause, Exit, Order, Outcome, ReportedFailure, suspicion};
use crate::records::{Delivery, Examined, Ingested, RecordsError};

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
    /// What it left for its next attempt, once that is delivered or waits to be.
    pub(crate) state: Option<String>,
    /// Releases that it was run for and has not dealt with.
    pub(crate) deferred: Vec<String>,
    /// What the database could not take now.
    pub(crate) pending: Option<Delivery>,
}

/// AttemptResultss. A success that brought what cannot be taken becomes a failure.
pub(crate) async fn read_results(
    attempt: &mut TaskAttempt,
    outcome: &mut Outcome,
    examined: Result<Examined, String>,
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
        return results;
    }
    if let Some(why) = said.refusal() {
        *outcome = Outcome::Refused(format!("{why}; nothing of it was taken"));
        return results;
    }
    let now = attempt.engine.clock.now();
    let taken = if said.brings_something() {
        match results.take(attempt, outcome, &examined, now).await {
            Some(taken) => Some(taken),
            None => return results,
        }
    } else {
        None
    };
    results.suspect = match &said.failure {
        Some(failure) => Some(format!(
            "it exited with code 0 and told of a failure: {}",
            failure.message.as_deref().unwrap_or("without a message")
        )),
        None => results.suspicion(attempt, taken, now).await,
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
                "{} records and {} were not taken, because it failed; they are in {}",
                said.records,
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
        now: Timestamp,
    ) -> Option<Ingested> {
        let delivery = Delivery {
            run: attempt.run.clone(),
            position: attempt.task_ref.position,
            group: attempt.task_ref.group.clone(),
            name: attempt.task_ref.name.clone(),
            command: attempt.task_ref.command.clone(),
            at: now,
            events: attempt.events.clone(),
            bytes: examined.bytes,
            state: examined.examination.state.clone(),
        };
        match ingest(attempt, &delivery).await {
            Err(by) => {
                *outcome = Outcome::Cancelled {
                    by,
                    exit: Some(Exit::Code(0)),
                };
                None
            }
            Ok(Ok(taken)) => {
                self.counts = Some(taken.counts);
                self.state = delivery.state;
                Some(taken)
            }
            Ok(Err(error)) if error.may_pass() => {
                self.warnings.push(postpone(attempt, &delivery, &error));
                self.state.clone_from(&delivery.state);
                self.pending = Some(delivery);
                None
            }
            Ok(Err(error)) => {
                *outcome = Outcome::Refused(format!(
                    "what it brought was refused: {error}; nothing of it was taken"
                ));
                None
            }
        }
    }

    async fn suspicion(
        &self,
        attempt: &TaskAttempt,
        taken: Option<Ingested>,
        now: Timestamp,
    ) -> Option<String> {
        let expect = &attempt.task.policy.expect;
        let counts = self.counts.unwrap_or_default();
        let fresh_at = match (taken, expect.max_age) {
            (Some(taken), _) => taken.fresh_at,
            (None, None) => None,
            (None, Some(_)) => {
                let (group, name) = (&attempt.task_ref.group, &attempt.task_ref.name);
                match attempt.engine.records.fresh_at(group, name).await {
                    Ok(fresh_at) => fresh_at,
                    Err(error) => {
                        tracing::warn!(
                            "{}: how old its records are is not known: {error}",
                            attempt.name()
                        );
                        return None;
                    }
                }
            }
        };
        let brought = Brought {
            records: counts.new + counts.changed + counts.unchanged,
            // A clock that was set back makes nothing older.
            newest: fresh_at.map(|at| Duration::try_from(now.duration_since(at)).unwrap_or_default()),
        };
        suspicion(expect, brought)
    }
}

/// Takes it; or who wanted the run to end now, and then nothing was taken.
async fn ingest(
    attempt: &mut TaskAttempt,
    delivery: &Delivery,
) -> Result<Result<Ingested, RecordsError>, CancelCause> {
    let (shelf, state_dir) = (&attempt.engine.records, &attempt.engine.state_dir);
    let taking = shelf.ingest(state_dir, delivery);
    tokio::pin!(taking);
    loop {
        tokio::select! {
            taken = &mut taking => return Ok(taken),
            Some(order) = attempt.orders.recv() => if let Order::Kill(by) = order {
                return Err(by);
            },
        }
    }
}

/// The events file stays the truth; the note leads a later start to it.
fn postpone(attempt: &TaskAttempt, delivery: &Delivery, error: &RecordsError) -> String {
    if let Err(error) = delivery.note(&attempt.engine.state_dir) {
        tracing::error!("{}: {error}; the end of this run tries again", attempt.name());
    }
    format!(
        "what it brought is not in the database yet: {error}; it is in {} and is brought in later",
        delivery.events.display()
    )
}
