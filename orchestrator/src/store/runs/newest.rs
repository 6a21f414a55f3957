//! The newest run of each of many tasks, and since when those that fail do: one statement
//! each, whatever their number. Every look-up is a step into an index, so the answer takes
//! as long after a million runs.

use jiff::Timestamp;
use sqlx::types::Json;

use crate::database::arg::{Arg, args};
use crate::database::columns::Micros;
use crate::events::RecordCounts;
use crate::model::{RunId, TaskStatus, telling_line};
use crate::store::error::StoreError;
use crate::store::runs::rows::number;
use crate::store::store::Store;

/// A run in which a task took part, as it went for the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRun {
    /// Its id.
    pub run: RunId,
    /// When the run began.
    pub run_started_at: Timestamp,
    /// When its first attempt was started; `None` if there was none.
    pub begun_at: Option<Timestamp>,
    /// The slot that the run had, or that the task settled; `None` by hand.
    pub slot: Option<Timestamp>,
    /// How it ended, or how far it is.
    pub status: TaskStatus,
    /// The cause in words.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Why its success is not believed, if it is not.
    pub suspect: Option<String>,
    /// Attempts that were made.
    pub attempts: u32,
    /// How long it took.
    pub duration_ms: u64,
    /// The last line of what it wrote, of a failure; untrusted text.
    pub last_line: Option<String>,
    /// What it brought.
    pub records: Option<RecordCounts>,
    /// When the newest run began in which the task succeeded; `None` also where that is not asked.
    pub last_success: Option<Timestamp>,
}

/// How often in a row a task has failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FailingStreak {
    /// Since its last success.
    pub count: u64,
    /// When the first of these runs began.
    pub since: Option<Timestamp>,
}

/// The tasks that are asked about, a JSON array of arrays, in whose order the places count.
macro_rules! asked {
    (sqlite $more:literal) => {
        concat!(
            "with asked as (select key as place, value ->> 0 as group_name, value ->> 1 as name",
            $more,
            " from json_each($1)) "
        )
    };
    (postgres $more:literal) => {
        concat!(
            "with asked as (select x.place - 1 as place, x.value ->> 0 as group_name, x.value ->> 1 as name",
            $more,
            " from jsonb_array_elements(cast($1 as jsonb)) with ordinality as x(value, place)) "
        )
    };
}
pub(in crate::store) use asked;

/// What is read of a task `t` and its delivery `i`.
macro_rules! run_columns {
    () => {
        "t.run_id, t.run_started_at, t.outcome, t.reason, t.hint, t.suspect, t.attempts,
             t.duration_ms, t.tail, i.added, i.changed, i.unchanged,
             (select b.started_at from attempts b
                 where b.run_id = t.run_id and b.position = t.position and b.number = 1) as begun_at,
             coalesce((select max(l.slot) from ledger l
                 where l.run_id = t.run_id and l.position = t.position),
                 (select max(s.slot) from slots s where s.run_id = t.run_id)) as slot"
    };
}
pub(super) use run_columns;

macro_rules! columns {
    () => {
        concat!(
            "select a.place, ",
            run_columns!(),
            ", case t.outcome when 'succeeded' then t.run_started_at else
                 (select p.run_started_at from tasks p
                  where p.group_name = a.group_name and p.name = a.name and p.outcome = 'succeeded'
                  order by p.run_started_at desc limit 1) end as last_success "
        )
    };
}

macro_rules! newest {
    ($columns:literal) => {
        concat!(
            "(select ",
            $columns,
            " from tasks n where n.group_name = a.group_name and n.name = a.name
              order by n.run_started_at desc, n.run_id desc, n.position desc limit 1)"
        )
    };
}

macro_rules! delivery {
    () => {
        " left join ingests i on i.run_id = t.run_id and i.position = t.position"
    };
}
pub(super) use delivery;

/// A cross join begins with what stands first (<https://sqlite.org/lang_select.html#crossjoin>);
/// without statistics SQLite would guess.
const NEWEST: (&str, &str) = (
    concat!(
        asked!(sqlite ""),
        columns!(),
        "from asked a cross join tasks t on (t.run_id, t.position) = ",
        newest!("n.run_id, n.position"),
        delivery!()
    ),
    concat!(
        asked!(postgres ""),
        columns!(),
        "from asked a cross join lateral ",
        newest!("n.*"),
        " t",
        delivery!()
    ),
);

/// In a query of its own for each task: to group what a join finds, SQLite would sort all of it.
macro_rules! streaks {
    ($array:literal) => {
        concat!(
            "select a.place, (select ",
            $array,
            "(count(*), min(t.run_started_at)) from tasks t
              where t.group_name = a.group_name and t.name = a.name and t.run_started_at > a.since
                and t.outcome in ('failed', 'timed_out', 'cancelled', 'not_started', 'lost'))
             from asked a"
        )
    };
}

const STREAKS: (&str, &str) = (
    concat!(asked!(sqlite ", value ->> 2 as since"), streaks!("json_array")),
    concat!(
        asked!(postgres ", cast(x.value ->> 2 as bigint) as since"),
        streaks!("json_build_array")
    ),
);

#[derive(sqlx::FromRow)]
pub(super) struct TaskRunColumns {
    run_id: String,
    run_started_at: Micros,
    outcome: Option<String>,
    reason: Option<String>,
    hint: Option<String>,
    suspect: Option<String>,
    attempts: i64,
    duration_ms: i64,
    tail: Json<Vec<String>>,
    added: Option<i64>,
    changed: Option<i64>,
    unchanged: Option<i64>,
    begun_at: Option<Micros>,
    slot: Option<Micros>,
}

#[derive(sqlx::FromRow)]
struct Answer {
    place: i64,
    last_success: Option<Micros>,
    #[sqlx(flatten)]
    run: TaskRunColumns,
}

impl TaskRunColumns {
    pub(super) fn read(self) -> Result<TaskRun, StoreError> {
        let run = RunId::new(self.run_id);
        let status = match (&self.outcome, self.begun_at) {
            (Some(word), _) => TaskStatus::parse(word)
                .ok_or_else(|| StoreError::unknown_word("the outcome of a task", word))?,
            (None, Some(_)) => TaskStatus::Running,
            (None, None) => TaskStatus::Pending,
        };
        let records = match (self.added, self.changed, self.unchanged) {
            (Some(added), Some(changed), Some(unchanged)) => Some(RecordCounts {
                new: number(&run, added)?,
                changed: number(&run, changed)?,
                unchanged: number(&run, unchanged)?,
            }),
            _ => None,
        };
        Ok(TaskRun {
            run_started_at: self.run_started_at.0,
            begun_at: self.begun_at.map(Timestamp::from),
            slot: self.slot.map(Timestamp::from),
            status,
            reason: self.reason.unwrap_or_default(),
            hint: self.hint,
            suspect: self.suspect,
            attempts: number(&run, self.attempts)?,
            duration_ms: number(&run, self.duration_ms)?,
            last_line: telling_line(&self.tail.0).map(str::to_owned),
            records,
            last_success: None,
            run,
        })
    }
}

impl Store {
    /// The newest run of each of these tasks (group and name), in the order of the questions;
    /// `None` where no run of it is recorded.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn newest_runs(&self, tasks: &[(&str, &str)]) -> Result<Vec<Option<TaskRun>>, StoreError> {
        let asked: serde_json::Value = tasks.iter().map(|&(group, name)| [group, name]).collect();
        let sql = self.database.text(NEWEST.0, NEWEST.1);
        let rows: Vec<Answer> = self.database.fetch(sql, &args![&asked.to_string()]).await?;
        let mut newest = vec![None; tasks.len()];
        for row in rows {
            if let Some(slot) = at(&mut newest, row.place) {
                *slot = Some(TaskRun {
                    last_success: row.last_success.map(Timestamp::from),
                    ..row.run.read()?
                });
            }
        }
        Ok(newest)
    }

    /// How often in a row each of these tasks (group, name, last success) has failed, in the
    /// order of the questions.
    ///
    /// # Errors
    /// The database fails.
    pub async fn failing_streaks(
        &self,
        tasks: &[(&str, &str, Option<Timestamp>)],
    ) -> Result<Vec<FailingStreak>, StoreError> {
        let ask = |&(group, name, since): &(&str, &str, Option<Timestamp>)| {
            let since = since.map_or(0, Timestamp::as_microsecond);
            serde_json::json!([group, name, since])
        };
        let asked: serde_json::Value = tasks.iter().map(ask).collect();
        let sql = self.database.text(STREAKS.0, STREAKS.1);
        let args: [Arg; 1] = args![&asked.to_string()];
        type Streak = Json<(u64, Option<Micros>)>;
        let rows: Vec<(i64, Streak)> = self.database.fetch(sql, &args).await?;
        let mut streaks = vec![FailingStreak::default(); tasks.len()];
        for (place, Json((count, since))) in rows {
            if let Some(streak) = at(&mut streaks, place) {
                let since = since.map(Timestamp::from);
                *streak = FailingStreak { count, since };
            }
        }
        Ok(streaks)
    }
}

fn at<T>(answers: &mut [T], place: i64) -> Option<&mut T> {
    usize::try_from(place)
        .ok()
        .and_then(|place| answers.get_mut(place))
}
