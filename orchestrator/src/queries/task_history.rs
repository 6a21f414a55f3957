//! What became of tasks, one row for each run and slot: the JSON contract of `history` where a
//! collector or a group is named.

use jiff::Timestamp;
use serde::Serialize;

use crate::events::RecordCounts;
use crate::model::{OutcomeKind, RunId, SkipCause, TaskStatus};
use crate::queries::queued_runs::{QueuedLine, queued_lines};
use crate::queries::status::NightState;
use crate::queries::status::judge::cause_of_run;
use crate::store::{
    HistoryFilter, KnownTask, LedgerRow, LedgerState, PastTask, SlotFilter, Store, StoreError,
};

/// A task in a run, or at a slot that no run of it reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TaskHistoryRow {
    pub(crate) run: Option<RunId>,
    pub(crate) slot: Option<Timestamp>,
    pub(crate) group: String,
    pub(crate) command: String,
    pub(crate) name: String,
    pub(crate) state: NightState,
    pub(crate) outcome: Option<OutcomeKind>,
    pub(crate) suspect: Option<String>,
    /// Why, in a line for people.
    pub(crate) cause: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) records: Option<RecordCounts>,
    /// All of that in a word.
    pub(crate) result: &'static str,
    /// By which it has its place in the list: when its run began; without one the slot.
    pub(crate) at: Timestamp,
}

/// The newest rows of `tasks`, newest first. `filter` may be narrowed to the same tasks by
/// their group.
///
/// # Errors
/// The database fails, or holds something that cannot be read.
pub(crate) async fn task_history(
    store: &Store,
    filter: &HistoryFilter,
    tasks: &[KnownTask],
) -> Result<Vec<TaskHistoryRow>, StoreError> {
    let runs = store.past_tasks(filter).await?;
    let slots = match filter.outcome.as_deref() {
        None | Some("skipped") => {
            let full = runs.len() as u64 >= u64::from(filter.last);
            let oldest = runs.last().filter(|_| full).map(|task| task.run.run_started_at);
            let wanted = SlotFilter {
                tasks,
                skipped_only: filter.outcome.is_some(),
                since: filter.since.max(oldest),
                until: filter.until,
                last: filter.last,
            };
            store.slots_not_run(&wanted).await?
        }
        Some(_) => Vec::new(),
    };
    let command = |row: &LedgerRow| {
        let mut known = tasks.iter();
        let task = known.find(|task| task.group == row.group && task.name == row.name);
        task.map_or_else(|| row.name.clone(), |task| task.command.clone())
    };
    let mut rows: Vec<TaskHistoryRow> = runs.into_iter().map(of_run).collect();
    rows.extend(slots.into_iter().map(|row| of_slot(command(&row), row)));
    if filter.outcome.is_none() {
        for line in queued_lines(store).await? {
            add_queued(&mut rows, &line, filter, tasks);
        }
    }
    // Stable: tasks of a run keep their order.
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    rows.truncate(filter.last as usize);
    Ok(rows)
}

/// The tasks of a run that waits: those that are listed already (its slot is taken, or a worker was
/// lost with it) say why, the others are rows as well.
fn add_queued(
    rows: &mut Vec<TaskHistoryRow>,
    line: &QueuedLine,
    filter: &HistoryFilter,
    tasks: &[KnownTask],
) {
    let cause = format!("in the queue: {}", line.waits);
    let in_time = filter.since.is_none_or(|since| line.queued_at >= since)
        && filter.until.is_none_or(|until| line.queued_at < until);
    for task in &line.tasks {
        let is_it = |group: &str, name: &str| group == task.group && name == task.name;
        if !tasks.iter().any(|wanted| is_it(&wanted.group, &wanted.name)) {
            continue;
        }
        let mut known = rows.iter_mut();
        let known = known.find(|row| row.run.as_ref() == Some(&line.run) && is_it(&row.group, &row.name));
        match known {
            Some(row) if row.state == NightState::Waiting => row.cause = Some(cause.clone()),
            Some(_) => {}
            None if in_time => rows.push(TaskHistoryRow {
                run: Some(line.run.clone()),
                slot: None,
                group: task.group.clone(),
                command: task.command.clone(),
                name: task.name.clone(),
                state: NightState::Waiting,
                outcome: None,
                suspect: None,
                cause: Some(cause.clone()),
                started_at: None,
                duration_ms: None,
                records: None,
                result: NightState::Waiting.as_str(),
                at: line.queued_at,
            }),
            None => {}
        }
    }
}

fn of_run(task: PastTask) -> TaskHistoryRow {
    let run = task.run;
    let state = match run.status {
        TaskStatus::Running => NightState::Running,
        TaskStatus::Pending => NightState::Waiting,
        TaskStatus::Skipped => NightState::Skipped,
        _ => NightState::Ran,
    };
    let has_time = run.begun_at.is_some() && state == NightState::Ran;
    let mut row = TaskHistoryRow {
        cause: cause_of_run(&run),
        outcome: OutcomeKind::parse(run.status.as_str()),
        at: run.run_started_at,
        run: Some(run.run),
        slot: run.slot,
        group: task.group,
        command: task.command,
        name: task.name,
        state,
        suspect: run.suspect,
        started_at: run.begun_at,
        duration_ms: has_time.then_some(run.duration_ms),
        records: run.records,
        result: "",
    };
    row.result = result(&row);
    row
}

fn of_slot(command: String, slot: LedgerRow) -> TaskHistoryRow {
    let (state, outcome) = match slot.state {
        LedgerState::Due => (NightState::Waiting, None),
        LedgerState::Ran => (NightState::Ran, None),
        LedgerState::Skipped => (NightState::Skipped, Some(OutcomeKind::Skipped)),
        LedgerState::Missed => (NightState::Missed, None),
        LedgerState::Unknown => (NightState::Unknown, None),
    };
    let mut row = TaskHistoryRow {
        run: slot.run,
        slot: Some(slot.slot),
        group: slot.group,
        command,
        name: slot.name,
        state,
        outcome,
        suspect: None,
        cause: slot.cause,
        started_at: None,
        duration_ms: None,
        records: None,
        result: "",
        at: slot.slot,
    };
    row.result = result(&row);
    row
}

fn result(row: &TaskHistoryRow) -> &'static str {
    let cause = row.cause.as_deref().map(SkipCause::of_reason);
    match (row.state, row.outcome) {
        _ if row.suspect.is_some() => "suspect",
        (NightState::Skipped, _) if cause == Some(SkipCause::ReleaseUnknown) => "release_unknown",
        (NightState::Ran, Some(outcome)) => outcome.as_str(),
        (state, _) => state.as_str(),
    }
}
