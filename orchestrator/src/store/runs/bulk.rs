//! Many rows in one statement. A night of quick collectors ends hundreds of attempts
//! between two commits, and each statement costs more in waking threads than in work.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::events::{AttemptRecord, ListedTask, TaskSummary};
use crate::model::{Category, RunId};
use crate::store::change::change_all;
use crate::store::error::StoreError;
use crate::store::runs::transition::StateChange;

/// A statement over the rows of a JSON array of arrays: `value ->> 3` is the fourth
/// value of a row. Only the way to unfold it differs. Without the limit, which limits
/// nothing, SQLite takes the subquery apart and looks through the array once for each
/// task of the run (<https://sqlite.org/optoverview.html#flattening>).
macro_rules! over_rows {
    ($before:literal, $after:literal) => {
        (
            concat!(
                $before,
                " from (select value from json_each($2) limit -1) as x ",
                $after
            ),
            concat!(
                $before,
                " from jsonb_array_elements(cast($2 as jsonb)) as x(value) ",
                $after
            ),
        )
    };
}

/// Tasks become part of a run's plan.
pub(crate) async fn plan_tasks(
    sql: &mut Transaction,
    run: &RunId,
    at: Timestamp,
    tasks: &[ListedTask],
) -> Result<(), StoreError> {
    const TEXT: (&str, &str) = over_rows!(
        "insert into tasks (run_id, position, run_started_at, group_name, name, command, args, schedule)
         select $1, cast(value ->> 0 as bigint), cast(value ->> 1 as bigint), value ->> 2, value ->> 3,
             value ->> 4, value -> 5, value ->> 6",
        ""
    );
    let rows = tasks.iter().map(|planned| {
        let ListedTask {
            task, args, schedule, ..
        } = planned;
        args![
            task.position,
            at,
            &task.group,
            &task.name,
            &task.command,
            args,
            schedule
        ]
    });
    change_all(sql, StateChange::PlanTask, TEXT, run, &rows.collect::<Vec<_>>()).await
}

/// Attempts end, named by the position of their task, which has not ended itself. The start
/// of one may be missing: it is in the same batch, or a full disk kept the journal from
/// taking it.
pub(crate) async fn end_attempts(
    sql: &mut Transaction,
    run: &RunId,
    attempts: &[(usize, &AttemptRecord)],
) -> Result<(), StoreError> {
    const TEXT: (&str, &str) = over_rows!(
        "insert into attempts
             (run_id, position, number, started_at, finished_at, outcome, exit_code, signal, reason, log,
              isolation, max_rss_bytes, cpu_ms, leftovers, timeout_ms)
         select $1, cast(value ->> 0 as bigint), cast(value ->> 1 as bigint), cast(value ->> 2 as bigint),
             cast(value ->> 3 as bigint), value ->> 4, cast(value ->> 5 as bigint), value ->> 6, value ->> 7,
             value ->> 8, value ->> 9, cast(value ->> 10 as bigint), cast(value ->> 11 as bigint),
             value -> 12, cast(value ->> 13 as bigint)",
        "where exists (select 1 from tasks
             where tasks.run_id = $1 and tasks.position = cast(value ->> 0 as bigint) and tasks.outcome is null)
         on conflict (run_id, position, number) do update set
             finished_at = excluded.finished_at, outcome = excluded.outcome,
             exit_code = excluded.exit_code, signal = excluded.signal, reason = excluded.reason,
             isolation = excluded.isolation, max_rss_bytes = excluded.max_rss_bytes,
             cpu_ms = excluded.cpu_ms, leftovers = excluded.leftovers,
             timeout_ms = coalesce(attempts.timeout_ms, excluded.timeout_ms)
         where attempts.finished_at is null"
    );
    let rows = attempts.iter().map(|&(position, attempt)| {
        args![
            position,
            attempt.number,
            attempt.started_at,
            attempt.finished_at,
            attempt.outcome.as_str(),
            attempt.exit_code,
            &attempt.signal,
            &attempt.reason,
            &attempt.log,
            &attempt.isolation,
            attempt.max_rss_bytes,
            attempt.cpu_ms,
            &attempt.leftovers,
            attempt.timeout_ms
        ]
    });
    change_all(sql, StateChange::EndAttempt, TEXT, run, &rows.collect::<Vec<_>>()).await
}

/// Their outcomes are written, in one statement for all.
pub(crate) async fn end_tasks(
    sql: &mut Transaction,
    run: &RunId,
    tasks: &[&TaskSummary],
) -> Result<(), StoreError> {
    const TEXT: (&str, &str) = over_rows!(
        "update tasks set outcome = value ->> 1, exit_code = cast(value ->> 2 as bigint), signal = value ->> 3,
             reason = value ->> 4, category = value ->> 5, hint = value ->> 6,
             attempts = cast(value ->> 7 as bigint), duration_ms = cast(value ->> 8 as bigint),
             max_rss_bytes = cast(value ->> 9 as bigint), cpu_ms = cast(value ->> 10 as bigint),
             stdout_bytes = cast(value ->> 11 as bigint), stderr_bytes = cast(value ->> 12 as bigint),
             lines = cast(value ->> 13 as bigint), truncated = cast(value ->> 14 as boolean),
             leftovers = value -> 15, log = value ->> 16, tail = value -> 17, suspect = value ->> 18,
             warnings = value -> 19",
        "where tasks.run_id = $1 and tasks.position = cast(value ->> 0 as bigint) and tasks.outcome is null"
    );
    let rows = tasks.iter().map(|task| {
        args![
            task.position,
            task.outcome.as_str(),
            task.exit_code,
            &task.signal,
            &task.reason,
            task.category.map(Category::as_str),
            &task.hint,
            task.attempts,
            task.duration_ms,
            task.max_rss_bytes,
            task.cpu_ms,
            task.stdout_bytes,
            task.stderr_bytes,
            task.lines,
            task.truncated,
            &task.leftovers,
            &task.log,
            &task.tail,
            &task.suspect,
            &task.warnings
        ]
    });
    change_all(sql, StateChange::EndTask, TEXT, run, &rows.collect::<Vec<_>>()).await
}
