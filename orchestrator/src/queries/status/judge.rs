//! What became of a task, and whether it needs a look. Pure: facts in, a line out.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Cadence, Exit, OutcomeKind, SkipCause, TaskStatus};
use crate::queries::status::answer::{NightLine, NightState};
use crate::queries::status::facts::{NightFacts, NightWindow, QueuedTask};
use crate::queries::status::next_step::next_step;
use crate::store::{LedgerRow, LedgerState, TaskRun};

/// A slot is given so long to begin before it counts as passed over.
const BEGINNING: SignedDuration = SignedDuration::from_mins(1);

/// What decides the line of a task.
enum Deciding<'a> {
    /// Its newest run.
    Run(&'a TaskRun),
    /// The ledger's word on a slot that no run of it reached.
    Slot(&'a LedgerRow),
    /// A run that waits for a worker.
    Queued(&'a QueuedTask),
    /// A slot that nobody knows of.
    Unserved(Timestamp),
    /// Nothing of the window.
    Nothing,
}

/// The line of a task.
pub(crate) fn judge(facts: &NightFacts, window: NightWindow) -> NightLine {
    let mut line = blank(facts);
    match decide(facts, window) {
        Deciding::Run(run) => of_run(&mut line, run, facts.slots.newest.as_ref()),
        Deciding::Slot(row) => of_slot(&mut line, row),
        Deciding::Queued(queued) => of_queued(&mut line, queued, facts.slots.newest.as_ref()),
        Deciding::Unserved(slot) if facts.busy.is_some() => {
            line.state = NightState::Waiting;
            line.slot = Some(slot);
            let run = facts.busy.as_ref();
            line.cause = run.map(|run| format!("waits until run {run} of its group has ended"));
        }
        Deciding::Unserved(slot) => {
            line.state = NightState::Missed;
            line.slot = Some(slot);
            line.cause = Some("nothing ran it: no scheduler was there, and nobody ran it by hand".to_owned());
        }
        Deciding::Nothing => line.cause = not_due(facts),
    }
    if matches!(
        line.state,
        NightState::Missed | NightState::Skipped | NightState::Unknown
    ) {
        // What an older run has is not what became of this slot.
        line.duration_ms = None;
        line.records = None;
    }
    line.attention = needs_a_look(&line);
    line.command_line = line.attention.then(|| next_step(&line, facts));
    line
}

/// Without what happened: its last values, and nothing due.
fn blank(facts: &NightFacts) -> NightLine {
    let task = &facts.task;
    let newest = facts.newest.as_ref();
    let ended = newest.filter(|run| run.begun_at.is_some() && facts.open_run().is_none());
    NightLine {
        group: task.group.clone(),
        command: task.command.clone(),
        name: task.name.clone(),
        args: task.args.clone(),
        schedule: task.cadence.as_ref().map_or("", Cadence::keyword),
        slot: None,
        state: NightState::NotDue,
        outcome: None,
        suspect: None,
        cause: None,
        attention: false,
        command_line: None,
        run: newest.map(|run| run.run.clone()),
        started_at: newest.map(|run| run.begun_at.unwrap_or(run.run_started_at)),
        duration_ms: ended.map(|run| run.duration_ms),
        usual_ms: facts.usual_ms,
        records: newest.and_then(|run| run.records),
        failed_in_row: facts.streak.count,
        failing_since: facts.streak.since,
        last_success: newest.and_then(|run| run.last_success),
        next: facts.next,
        paused: facts.paused_since.is_some(),
        slots: facts.slots.slots,
        failed_slots: facts.slots.failed,
    }
}

/// The newest of what the window has. What goes on comes first: whoever was skipped because
/// of it will hear of it from its end.
fn decide(facts: &NightFacts, window: NightWindow) -> Deciding<'_> {
    let when = |run: &TaskRun| run.slot.unwrap_or(run.run_started_at);
    let run = facts.newest.as_ref();
    let open = facts.open_run().is_some();
    let run = run.filter(|run| open || when(run) >= window.since);
    let row = facts.slots.newest.as_ref();
    // After a loss the run itself waits, and its task stays open meanwhile.
    let is_back =
        |queued: &QueuedTask, run: &TaskRun| run.status == TaskStatus::Pending && run.run == queued.run;
    if let Some(queued) = &facts.queued
        && (!open || run.is_some_and(|run| is_back(queued, run)))
    {
        return Deciding::Queued(queued);
    }
    let seen = match (run, row) {
        (Some(run), _) if open => Deciding::Run(run),
        (Some(run), Some(row)) if row.run.as_ref() == Some(&run.run) => Deciding::Run(run),
        (Some(run), Some(row)) if row.slot > run.run_started_at.max(when(run)) => Deciding::Slot(row),
        (Some(run), _) => Deciding::Run(run),
        (None, Some(row)) => Deciding::Slot(row),
        (None, None) => Deciding::Nothing,
    };
    match unserved(facts, run, window) {
        Some(slot) => Deciding::Unserved(slot),
        None => seen,
    }
}

/// Its newest slot, where there should be a trace of it and is none. A timetable that is new,
/// and times at which cron calls `run`, are not known to us: where no scheduler ever led, any
/// run of the window will do, and a task that never ran has missed nothing.
fn unserved(facts: &NightFacts, run: Option<&TaskRun>, window: NightWindow) -> Option<Timestamp> {
    let slot = facts.due?;
    let waits_for_release = facts.task.cadence == Some(Cadence::OnRelease);
    if !facts.task.enabled || waits_for_release || facts.paused_since.is_some() {
        return None;
    }
    let began_by_now = window.now.duration_since(slot) <= BEGINNING;
    let has_row = facts.slots.newest.as_ref().is_some_and(|row| row.slot >= slot);
    if began_by_now || has_row {
        return None;
    }
    let unserved = match facts.known_since {
        Some(since) => {
            since < slot && run.is_none_or(|run| facts.open_run().is_none() && run.run_started_at < slot)
        }
        None => run.is_none() && facts.newest.is_some(),
    };
    unserved.then_some(slot)
}

/// How its newest run went.
fn of_run(line: &mut NightLine, run: &TaskRun, row: Option<&LedgerRow>) {
    let own = row.filter(|row| row.run.as_ref() == Some(&run.run));
    line.slot = run.slot.or_else(|| own.map(|row| row.slot));
    line.outcome = outcome(run.status);
    line.suspect = run.suspect.clone();
    line.state = match run.status {
        TaskStatus::Running => NightState::Running,
        TaskStatus::Pending => NightState::Waiting,
        TaskStatus::Skipped if is_no_turn(&run.reason) => NightState::NotDue,
        TaskStatus::Skipped => NightState::Skipped,
        TaskStatus::Lost if own.is_some_and(|row| row.state == LedgerState::Unknown) => NightState::Unknown,
        _ => NightState::Ran,
    };
    if line.state == NightState::NotDue {
        line.outcome = None;
    }
    line.cause = cause_of_run(run);
}

fn outcome(status: TaskStatus) -> Option<OutcomeKind> {
    OutcomeKind::parse(status.as_str())
}

/// What no worker has taken: how long, and why.
fn of_queued(line: &mut NightLine, queued: &QueuedTask, row: Option<&LedgerRow>) {
    let own = row.filter(|row| row.run.as_ref() == Some(&queued.run));
    line.state = NightState::Waiting;
    line.slot = own.map(|row| row.slot);
    line.run = Some(queued.run.clone());
    line.started_at = None;
    line.duration_ms = None;
    line.records = None;
    line.cause = Some(queued.waits.clone());
}

/// The cause in a line; none where all is well.
pub(crate) fn cause_of_run(run: &TaskRun) -> Option<String> {
    if let Some(why) = &run.suspect {
        return Some(format!("succeeded, but {why}"));
    }
    match run.status {
        TaskStatus::Succeeded | TaskStatus::Running => None,
        TaskStatus::Pending => Some(format!("waits for its turn in run {}", run.run)),
        status => {
            let said = run.last_line.as_deref().filter(|_| status == TaskStatus::Failed);
            Some(told_cause(&run.reason, run.attempts, said))
        }
    }
}

/// A reason with how often it was tried, and the line that tells why where the reason is only how
/// it ended.
pub(crate) fn told_cause(reason: &str, attempts: u32, said: Option<&str>) -> String {
    let mut cause = reason.to_owned();
    if attempts > 1 {
        cause.push_str(&format!(", tried {attempts} times"));
    }
    let said = said.map(str::trim).filter(|said| !said.is_empty());
    if let Some(said) = said.filter(|_| Exit::begins(reason)) {
        cause.push_str(&format!(": {said}"));
    }
    cause
}

/// What the ledger says of a slot that no run of it reached.
fn of_slot(line: &mut NightLine, row: &LedgerRow) {
    line.slot = Some(row.slot);
    line.run.clone_from(&row.run);
    line.started_at = None;
    line.cause.clone_from(&row.cause);
    line.state = match row.state {
        LedgerState::Due => NightState::Waiting,
        LedgerState::Ran => NightState::Ran,
        LedgerState::Skipped if row.cause.as_deref().is_some_and(is_no_turn) => NightState::NotDue,
        LedgerState::Skipped => NightState::Skipped,
        LedgerState::Missed => NightState::Missed,
        LedgerState::Unknown => NightState::Unknown,
    };
    if line.state == NightState::Skipped {
        line.outcome = Some(OutcomeKind::Skipped);
    }
    if line.state == NightState::Waiting && line.cause.is_none() {
        line.cause = Some("its slot is taken, and its run has not begun".to_owned());
    }
}

/// Whether a task that was skipped for this reason was not due at all.
fn is_no_turn(reason: &str) -> bool {
    matches!(
        SkipCause::of_reason(reason),
        SkipCause::Disabled
            | SkipCause::NotDue
            | SkipCause::New
            | SkipCause::Paused
            | SkipCause::NoNewRelease
            | SkipCause::Superseded
    )
}

fn not_due(facts: &NightFacts) -> Option<String> {
    if !facts.task.enabled && facts.task.cadence.is_some() {
        return Some("disabled in the schedule".to_owned());
    }
    facts.paused_since.map(|_| "its group is paused".to_owned())
}

/// What its failed predecessor stopped has that one to stand for it.
fn needs_a_look(line: &NightLine) -> bool {
    if line.suspect.is_some() && line.state == NightState::Ran {
        return true;
    }
    match line.state {
        NightState::Missed | NightState::Unknown => true,
        NightState::Ran => line
            .outcome
            .is_some_and(|outcome| outcome != OutcomeKind::Succeeded),
        NightState::Skipped => {
            let cause = line.cause.as_deref().map(SkipCause::of_reason);
            matches!(cause, Some(SkipCause::ReleaseUnknown | SkipCause::Overlap))
        }
        NightState::Running | NightState::Waiting | NightState::NotDue => false,
    }
}

#[cfg(test)]
mod tests;
