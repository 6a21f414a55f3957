//! What a list of runs shows of each: its tasks in order, and the slot of the timetable that it
//! took. Two statements, however many runs are listed.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::events::{RecordCounts, SlotRef};
use crate::model::{RunId, TaskStatus};
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A task of a run in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRunTask {
    /// Its run.
    pub run: RunId,
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// How it ended, or how far it is.
    pub status: TaskStatus,
    /// Why its success is not believed, if it is not.
    pub suspect: Option<String>,
    /// The cause in words.
    pub reason: String,
    /// What it brought; `None` if nothing was taken from it.
    pub records: Option<RecordCounts>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    run_id: String,
    group_name: String,
    name: String,
    outcome: Option<String>,
    suspect: Option<String>,
    reason: Option<String>,
    begun: bool,
    added: Option<i64>,
    changed: Option<i64>,
    unchanged: Option<i64>,
}

/// A cross join begins with what stands first: the few runs.
macro_rules! tasks {
    () => {
        "select t.run_id, t.group_name, t.name, t.outcome, t.suspect, t.reason,
             exists (select 1 from attempts b where b.run_id = t.run_id and b.position = t.position) as begun,
             i.added, i.changed, i.unchanged
         from asked a cross join tasks t
         left join ingests i on i.run_id = t.run_id and i.position = t.position
         where t.run_id = a.run_id order by t.run_id, t.position limit $2"
    };
}

macro_rules! slots {
    () => {
        "select s.run_id, s.entry, s.slot from asked a cross join slots s where s.run_id = a.run_id"
    };
}

macro_rules! asked_runs {
    (sqlite) => {
        "with asked as (select value as run_id from json_each($1)) "
    };
    (postgres) => {
        "with asked as (select x.value as run_id from jsonb_array_elements_text(cast($1 as jsonb)) as x(value)) "
    };
}

const TASKS: (&str, &str) = (
    concat!(asked_runs!(sqlite), tasks!()),
    concat!(asked_runs!(postgres), tasks!()),
);

const SLOTS: (&str, &str) = (
    concat!(asked_runs!(sqlite), slots!()),
    concat!(asked_runs!(postgres), slots!()),
);

impl Store {
    /// The tasks of these runs by run and place, at most `most` of them.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn tasks_of_runs(&self, runs: &[&RunId], most: u32) -> Result<Vec<ListedRunTask>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.database.text(TASKS.0, TASKS.1);
        let rows: Vec<Columns> = self.database.fetch(sql, &args![&json(runs), most]).await?;
        rows.into_iter().map(Columns::read).collect()
    }

    /// The slots that these runs took, in no order; a run by hand took none.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn slots_of(&self, runs: &[&RunId]) -> Result<Vec<(RunId, SlotRef)>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.database.text(SLOTS.0, SLOTS.1);
        let rows: Vec<(String, String, Micros)> = self.database.fetch(sql, &args![&json(runs)]).await?;
        let read = |(run, entry, at): (String, String, Micros)| {
            let at = Timestamp::from(at);
            (RunId::new(run), SlotRef { entry, at })
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

fn json(runs: &[&RunId]) -> String {
    let asked: serde_json::Value = runs.iter().map(|run| run.as_str()).collect();
    asked.to_string()
}

impl Columns {
    fn read(self) -> Result<ListedRunTask, StoreError> {
        let status = match &self.outcome {
            Some(word) => TaskStatus::parse(word)
                .ok_or_else(|| StoreError::unknown_word("the outcome of a task", word))?,
            None if self.begun => TaskStatus::Running,
            None => TaskStatus::Pending,
        };
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let records = match (self.added, self.changed, self.unchanged) {
            (Some(added), Some(changed), Some(unchanged)) => Some(RecordCounts {
                new: number(added),
                changed: number(changed),
                unchanged: number(unchanged),
            }),
            _ => None,
        };
        Ok(ListedRunTask {
            run: RunId::new(self.run_id),
            group: self.group_name,
            name: self.name,
            status,
            suspect: self.suspect,
            reason: self.reason.unwrap_or_default(),
            records,
        })
    }
}
