//! What is made of an events file when its attempt has ended: of a success everything
//! is taken, in one transaction, before the next task starts; of a failure nothing but
//! what it says of itself.

use std::time::Duration;

use jiff::Timestamp;

use crate::engine::attempt::{Job, Ordered};
use crate::events::RecordCounts;
use crate::model::{Brought, CancelCause, Exit, Outcome, ReportedFailure, suspicion};
use crate::records::{Delivery, Examined, Ingested, RecordsError};

/// What an attempt brought, and what it said.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    /// What was taken.
    pub(crate) counts: Option<RecordCounts>,
    /// Why the success is not believed.
    pub(crate) suspect: Option<String>,
    pub(crate) warnings: Vec<String>,
    /// What decides whether and when it is tried again.
    pub(crate) told: ReportedFailure,
    /// Its failure in its own words.
    pub(crate) said: Option<String>,
    /// What the database could not take now.
    pub(crate) pending: Option<Delivery>,
}

/// Harvests. A success that brought what cannot be taken becomes a failure.
pub(crate) async fn harvest(
    job: &mut Job,
    outcome: &mut Outcome,
    examined: Result<Examined, String>,
) -> Harvest {
    let examined = match examined {
        Ok(examined) => examined,
        Err(why) => {
            if outcome.is_success() {
                *outcome = Outcome::Refused(why);
                return Harvest::default();
            }
            return Harvest {
                warnings: vec![why],
                ..Harvest::default()
            };
        }
    };
    let said = &examined.examination;
    for note in &said.notes.first {
        tracing::info!("{} notes: {}", job.name(), crate::text::neutralised(note));
    }
    let mut harvest = Harvest {
        warnings: said.complaints(),
        ..Harvest::default()
    };
    if !outcome.is_success() {
        harvest.failed(job, &examined);
        return harvest;
    }
    if let Some(why) = said.refusal() {
        *outcome = Outcome::Refused(format!("{why}; nothing of it was taken"));
        return harvest;
    }
    let now = job.context.clock.now();
    let taken = if said.brings_something() {
        match harvest.take(job, outcome, &examined, now).await {
            Some(taken) => Some(taken),
            None => return harvest,
        }
    } else {
        None
    };
    harvest.suspect = match &said.failure {
        Some(failure) => Some(format!(
            "it exited with code 0 and told of a failure: {}",
            failure.message.as_deref().unwrap_or("without a message")
        )),
        None => harvest.suspicion(job, taken, now).await,
    };
    harvest
}

impl Harvest {
    fn failed(&mut self, job: &Job, examined: &Examined) {
        let said = &examined.examination;
        if let Some(failure) = &said.failure {
            self.told = ReportedFailure {
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
                job.events.display()
            ));
        }
    }

    /// Takes it, unless somebody wants the run to end now. `None` if there is nothing
    /// more to say: the outcome or the warnings say it.
    async fn take(
        &mut self,
        job: &mut Job,
        outcome: &mut Outcome,
        examined: &Examined,
        now: Timestamp,
    ) -> Option<Ingested> {
        let delivery = Delivery {
            run: job.run.clone(),
            position: job.task_ref.position,
            group: job.task_ref.group.clone(),
            command: job.task_ref.command.clone(),
            at: now,
            events: job.events.clone(),
            bytes: examined.bytes,
            state: examined.examination.state.clone(),
        };
        match ingest(job, &delivery).await {
            Err(by) => {
                *outcome = Outcome::Cancelled {
                    by,
                    exit: Some(Exit::Code(0)),
                };
                None
            }
            Ok(Ok(taken)) => {
                self.counts = Some(taken.counts);
                Some(taken)
            }
            Ok(Err(error)) if error.may_pass() => {
                self.warnings.push(put_off(job, &delivery, &error));
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

    async fn suspicion(&self, job: &Job, taken: Option<Ingested>, now: Timestamp) -> Option<String> {
        let expect = &job.task.policy.expect;
        let counts = self.counts.unwrap_or_default();
        let fresh_at = match (taken, expect.max_age) {
            (Some(taken), _) => taken.fresh_at,
            (None, None) => None,
            (None, Some(_)) => {
                let (group, command) = (&job.task_ref.group, &job.task_ref.command);
                match job.context.shelf.fresh_at(group, command).await {
                    Ok(fresh_at) => fresh_at,
                    Err(error) => {
                        tracing::warn!("{}: how old its records are is not known: {error}", job.name());
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
async fn ingest(job: &mut Job, delivery: &Delivery) -> Result<Result<Ingested, RecordsError>, CancelCause> {
    let (shelf, state_dir) = (&job.context.shelf, &job.context.state_dir);
    let taking = shelf.ingest(state_dir, delivery);
    tokio::pin!(taking);
    loop {
        tokio::select! {
            taken = &mut taking => return Ok(taken),
            Some(order) = job.orders.recv() => if let Ordered::Kill(by) = order {
                return Err(by);
            },
        }
    }
}

/// The events file stays the truth; the note leads a later start to it.
fn put_off(job: &Job, delivery: &Delivery, error: &RecordsError) -> String {
    if let Err(error) = delivery.note(&job.context.state_dir) {
        tracing::error!("{}: {error}; the end of this run tries again", job.name());
    }
    format!(
        "what it brought is not in the database yet: {error}; it is in {} and is brought in later",
        delivery.events.display()
    )
}
