//! Collectors that run now, of whichever process, and by whom they are asked for: the timetable
//! or somebody's hand.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A task of a run, begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningTask {
    /// Its run.
    pub run: RunId,
    /// Its place in the plan, counted from 1.
    pub position: u64,
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// When its first attempt was started.
    pub started_at: Timestamp,
    /// How many attempts there were.
    pub attempts: u64,
}

/// Begins at the runs without an end, which are few; without statistics SQLite would not.
const RUNNING: &str = "select r.id, t.position, t.group_name, t.name, min(a.started_at), count(*)
     from (select id from runs where finished_at is null order by started_at desc, id desc limit $1) r
     cross join tasks t cross join attempts a
     where t.run_id = r.id and t.outcome is null and a.run_id = t.run_id and a.position = t.position
     group by r.id, t.position, t.group_name, t.name order by min(a.started_at) limit $1";

impl Store {
    /// The newest so many, those that began first in front.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn running_tasks(&self, most: u32) -> Result<Vec<RunningTask>, StoreError> {
        let rows: Vec<(String, i64, String, String, Micros, i64)> =
            self.database.fetch(RUNNING, &args![most]).await?;
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let read = |(run, position, group, name, started_at, attempts)| RunningTask {
            run: RunId::new(run),
            position: number(position),
            group,
            name,
            started_at: Timestamp::from(started_at),
            attempts: number(attempts),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
