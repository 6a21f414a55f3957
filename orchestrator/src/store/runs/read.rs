//! Reading runs back: the list, and one run whole.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::database::arg::{Arg, args};
use crate::database::columns::Micros;
use crate::model::{OutcomeKind, RunId};
use crate::store::error::StoreError;
use crate::store::runs::known_tasks::{KnownTask, is_one_of};
use crate::store::runs::record::{LastOutcome, RunHeader, RunRecord, TaskState};
use crate::store::runs::rows::{AttemptRow, LastRow, RunRow, TaskRow};
use crate::store::store::Store;

/// Which runs to list, or which tasks in them.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// Only runs in which one of these tasks took part; empty for any.
    pub tasks: Vec<KnownTask>,
    /// Only runs in which this group took part.
    pub group: Option<String>,
    /// Only runs in which a task (one of those, of that group) ended so;
    /// `running` for runs without an end, `suspect` for successes that are not believed.
    pub outcome: Option<String>,
    /// Only runs that began then or later.
    pub since: Option<Timestamp>,
    /// Only runs that began before this.
    pub until: Option<Timestamp>,
    /// Only runs older than this one: when it began, and its id. A list goes on from there, and
    /// new runs do not move it.
    pub before: Option<(Timestamp, RunId)>,
    /// The newest so many.
    pub last: u32,
}

impl Store {
    /// How a task of a group ended the last `count` times, newest first; its
    /// outcome is `running` or `pending` where it has not.
    ///
    /// # Errors
    /// The database fails.
    pub async fn last_outcomes(
        &self,
        group: &str,
        name: &str,
        count: u32,
    ) -> Result<Vec<LastOutcome>, StoreError> {
        let rows: Vec<LastRow> = self
            .database
            .fetch(
                "select run_id, run_started_at, command, args, outcome, reason, suspect,
                     exists (select 1 from attempts
                         where attempts.run_id = tasks.run_id and attempts.position = tasks.position) as begun
                 from tasks where name = $1 and group_name = $2
                 order by run_started_at desc, run_id desc, position desc limit $3",
                &args![name, group, count],
            )
            .await?;
        rows.into_iter().map(|row| row.last(group, name)).collect()
    }

    /// When the newest run began in which a task of a group succeeded.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn last_success(&self, group: &str, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let rows: Vec<(Micros,)> = self
            .database
            .fetch(
                "select run_started_at from tasks
                 where name = $1 and group_name = $2 and outcome = $3
                 order by run_started_at desc limit 1",
                &args![name, group, OutcomeKind::Succeeded.as_str()],
            )
            .await?;
        Ok(rows.first().map(|(at,)| at.0))
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn history(&self, filter: &HistoryFilter) -> Result<Vec<RunHeader>, StoreError> {
        let (sql, args) = history(filter);
        let rows: Vec<RunRow> = self.database.fetch(AssertSqlSafe(sql), &args).await?;
        rows.into_iter().map(RunRow::header).collect()
    }

    /// The ids that begin with `part`, else those that have it anywhere: the newest few, enough
    /// to list them. `last` stands for the newest run.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find_run(&self, part: &str) -> Result<Vec<RunId>, StoreError> {
        if part == "last" {
            let newest = "select id from runs order by started_at desc, id desc limit 1";
            return self.ids(newest, &[]).await;
        }
        // Ids are ASCII and compared byte by byte: what begins so is a range.
        let begins = "select id from runs where id >= $1 and id < $2 order by id desc limit 11";
        let begin = self.ids(begins, &args![part, &format!("{part}\u{7f}")]).await?;
        let may_be_a_part = part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !begin.is_empty() || part.is_empty() || !may_be_a_part {
            return Ok(begin);
        }
        // Nothing leads there: the ids are read, and only they.
        self.ids(
            "select id from runs where id like $1 order by id desc limit 11",
            &args![&format!("%{part}%")],
        )
        .await
    }

    async fn ids(&self, sql: &'static str, args: &[Arg]) -> Result<Vec<RunId>, StoreError> {
        let ids: Vec<(String,)> = self.database.fetch(sql, args).await?;
        Ok(ids.into_iter().map(|(id,)| RunId::new(id)).collect())
    }

    /// One run with its tasks and attempts, as of one moment; `None` if there is no
    /// such run.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn run(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
        let mut sql = self.database.snapshot().await?;
        let rows: Vec<RunRow> = sql.fetch("select * from runs where id = $1", &args![run]).await?;
        let tasks: Vec<TaskRow> = sql
            .fetch(
                "select tasks.*, added, changed, unchanged from tasks
                 left join ingests on ingests.run_id = tasks.run_id and ingests.position = tasks.position
                 where tasks.run_id = $1 order by tasks.position",
                &args![run],
            )
            .await?;
        let attempts: Vec<AttemptRow> = sql
            .fetch(
                "select * from attempts where run_id = $1 order by position, number",
                &args![run],
            )
            .await?;
        sql.commit().await?;
        let Some(header) = rows.into_iter().next() else {
            return Ok(None);
        };
        let mut attempts = attempts.into_iter().peekable();
        let tasks = tasks.into_iter().map(|row| {
            let position = row.position;
            let attempt_list =
                std::iter::from_fn(|| attempts.next_if(|attempt| attempt.position == position))
                    .map(|attempt| attempt.attempt(run))
                    .collect::<Result<Vec<_>, _>>()?;
            let (summary, schedule) = row.task(run, &attempt_list)?;
            Ok(TaskState {
                summary,
                schedule,
                attempt_list,
            })
        });
        Ok(Some(RunRecord {
            tasks: tasks.collect::<Result<_, StoreError>>()?,
            header: header.header()?,
        }))
    }
}

/// The conditions on rows of `tasks`; `place` takes a value and says how the statement calls it.
pub(super) fn of_task(
    filter: &HistoryFilter,
    outcome: Option<&str>,
    place: &mut impl FnMut(Arg) -> String,
) -> Vec<String> {
    let named = (!filter.tasks.is_empty()).then(|| is_one_of(&filter.tasks, place));
    let group = filter.group.as_deref();
    let group = group.map(|group| format!("group_name = {}", place(Arg::from(group))));
    let outcome = outcome.map(|word| match word {
        "running" => "outcome is null".to_owned(),
        "suspect" => "suspect is not null".to_owned(),
        word => format!("outcome = {}", place(Arg::from(word))),
    });
    group.into_iter().chain(outcome).chain(named).collect()
}

/// The statement for a list of runs. It starts where an index leads to the few rows
/// that are wanted: at the runs, or at their tasks.
pub(crate) fn history(filter: &HistoryFilter) -> (String, Vec<Arg>) {
    let mut args = Vec::new();
    let mut place = |arg: Arg| {
        args.push(arg);
        format!("${}", args.len())
    };
    let running = filter.outcome.as_deref() == Some("running");
    let outcome = filter.outcome.as_deref().filter(|_| !running);
    let of_task = of_task(filter, outcome, &mut place);
    let started = if of_task.is_empty() || running {
        "started_at"
    } else {
        "run_started_at"
    };
    let mut time = Vec::new();
    if let Some(since) = filter.since {
        time.push(format!("{started} >= {}", place(Arg::from(since))));
    }
    if let Some(until) = filter.until {
        time.push(format!("{started} < {}", place(Arg::from(until))));
    }
    if let Some((at, run)) = &filter.before {
        let id = if started == "started_at" { "id" } else { "run_id" };
        let (at, run) = (place(Arg::from(*at)), place(Arg::from(run)));
        time.push(format!("({started}, {id}) < ({at}, {run})"));
    }
    let last = place(Arg::from(filter.last));
    let sql =
        if running {
            // Few runs are without an end, and an index leads to just these.
            let mut all = vec!["finished_at is null".to_owned()];
            all.extend(of_task.iter().map(|condition| {
                format!("exists (select 1 from tasks where run_id = runs.id and {condition})")
            }));
            all.extend(time);
            format!(
                "select * from runs where {} order by started_at desc, id desc limit {last}",
                all.join(" and ")
            )
        } else if of_task.is_empty() {
            let condition = if time.is_empty() {
                "true".to_owned()
            } else {
                time.join(" and ")
            };
            format!("select * from runs where {condition} order by started_at desc, id desc limit {last}")
        } else {
            let condition: Vec<String> = of_task.into_iter().chain(time).collect();
            format!(
                "select runs.* from runs join
                 (select distinct run_started_at, run_id from tasks where {}
                  order by run_started_at desc, run_id desc limit {last}) as wanted
                 on runs.id = wanted.run_id
             order by runs.started_at desc, runs.id desc",
                condition.join(" and ")
            )
        };
    (sql, args)
}
