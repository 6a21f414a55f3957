//! Tasks in their runs, newest first: what `history` lists of a collector or a group. And how
//! runs without success came to that, for their list.

use sqlx::AssertSqlSafe;

use crate::database::arg::{Arg, args};
use crate::model::{RunId, SkipCause};
use crate::store::error::StoreError;
use crate::store::runs::newest::{TaskRun, TaskRunColumns, delivery, run_columns};
use crate::store::runs::read::{HistoryFilter, of_task};
use crate::store::store::Store;

/// A task in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTask {
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its collector.
    pub command: String,
    /// How it went.
    pub run: TaskRun,
}

#[derive(sqlx::FromRow)]
struct PastColumns {
    group_name: String,
    name: String,
    command: String,
    #[sqlx(flatten)]
    run: TaskRunColumns,
}

/// What the outcomes of a run's tasks say of a run that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsuccessful {
    /// The run.
    pub run: RunId,
    /// Whether somebody cancelled it.
    pub cancelled: bool,
    /// Whether a task waits for a release and nobody could tell whether there is one.
    pub release_unknown: bool,
}

macro_rules! unsuccessful {
    () => {
        "select t.run_id,
             count(case when t.outcome = 'cancelled' or substr(t.reason, 1, length($2)) = $2 then 1 end),
             count(case when substr(t.reason, 1, length($3)) = $3 then 1 end)
         from asked a cross join tasks t
         where t.run_id = a.run_id and t.outcome in ('cancelled', 'skipped') group by t.run_id"
    };
}

const UNSUCCESSFUL: (&str, &str) = (
    concat!(
        "with asked as (select value as run_id from json_each($1)) ",
        unsuccessful!()
    ),
    concat!(
        "with asked as (select x.value as run_id from jsonb_array_elements_text(cast($1 as jsonb)) as x(value)) ",
        unsuccessful!()
    ),
);

impl Store {
    /// Tasks in their runs, newest first; `running` stands for those without an end.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn past_tasks(&self, filter: &HistoryFilter) -> Result<Vec<PastTask>, StoreError> {
        let (sql, args) = past_tasks(filter);
        let rows: Vec<PastColumns> = self.database.fetch(AssertSqlSafe(sql), &args).await?;
        let read = |row: PastColumns| {
            Ok(PastTask {
                group: row.group_name,
                name: row.name,
                command: row.command,
                run: row.run.read()?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Why these runs had no success, where their counts do not tell; in no order.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unsuccessful(&self, runs: &[&RunId]) -> Result<Vec<Unsuccessful>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let asked: serde_json::Value = runs.iter().map(|run| run.as_str()).collect();
        let sql = self.database.text(UNSUCCESSFUL.0, UNSUCCESSFUL.1);
        let args = args![
            &asked.to_string(),
            SkipCause::NOT_STARTED,
            SkipCause::UNKNOWN_RELEASE
        ];
        let rows: Vec<(String, i64, i64)> = self.database.fetch(sql, &args).await?;
        let read = |(run, cancelled, unknown): (String, i64, i64)| Unsuccessful {
            run: RunId::new(run),
            cancelled: cancelled > 0,
            release_unknown: unknown > 0,
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

/// The statement for a list of tasks. It starts at the few rows that are wanted, in the order
/// of an index, and looks up the rest for them.
pub(crate) fn past_tasks(filter: &HistoryFilter) -> (String, Vec<Arg>) {
    let mut args = Vec::new();
    let mut place = |arg: Arg| {
        args.push(arg);
        format!("${}", args.len())
    };
    let mut condition = of_task(filter, filter.outcome.as_deref(), &mut place);
    if let Some(since) = filter.since {
        condition.push(format!("run_started_at >= {}", place(Arg::from(since))));
    }
    if let Some(until) = filter.until {
        condition.push(format!("run_started_at < {}", place(Arg::from(until))));
    }
    if let Some((at, run)) = &filter.before {
        let (at, run) = (place(Arg::from(*at)), place(Arg::from(run)));
        condition.push(format!("(run_started_at, run_id) < ({at}, {run})"));
    }
    let condition = match condition.as_slice() {
        [] => "true".to_owned(),
        all => all.join(" and "),
    };
    let last = place(Arg::from(filter.last));
    let sql = format!(
        "select t.group_name, t.name, t.command, {} from
             (select * from tasks where {condition}
              order by run_started_at desc, run_id desc, position desc limit {last}) as t{}
         order by t.run_started_at desc, t.run_id desc, t.position desc",
        run_columns!(),
        delivery!()
    );
    (sql, args)
}
